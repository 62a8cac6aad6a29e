//! Which rooms there are for somebody, and who belongs to one.

use std::collections::BTreeSet;

use super::super::{accounts, conversations};
use super::{membership, require, require_member};
use crate::protocol::{AccountId, ConversationId, Room};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::names;
use crate::store::schema::names::NameOf;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::ReadTables;
use crate::store::{Member, Refusal, Reply, RoomUse};

/// If its `own` are wanted the rooms that an account belongs to, then those that it is invited to, each by name; then
/// those named here that are public still, in their order. None is named twice.
pub(in crate::store) fn rooms(
    tables: &impl ReadTables,
    account: AccountId,
    own: bool,
    public: &[ConversationId],
) -> Result<Reply, Abort> {
    accounts::load(tables, account)?.ok_or(Refusal::NoSuchUser)?;
    let mut told = BTreeSet::new();
    let mut all = Vec::new();
    for (belongs, ids) in [
        (true, membership::current(tables, account)?),
        (false, invitations(tables, account)?),
    ] {
        let new = ids.into_iter().filter(|id| told.insert(*id));
        let mut rooms = Vec::new();
        for id in new {
            rooms.extend(skip_damaged(seen(tables, id, account, belongs))?.flatten());
        }
        rooms.sort_by(|a, b| a.name.cmp(&b.name));
        all.append(&mut rooms);
    }
    if !own {
        all.clear();
    }
    for id in public.iter().filter(|id| told.insert(**id)) {
        let room = skip_damaged(seen(tables, *id, account, false))?.flatten();
        all.extend(room.filter(|room| !room.access.is_private()));
    }
    Ok(Reply::Rooms(all))
}

/// How much public rooms are used, by name, after one.
pub(in crate::store) fn uses(
    tables: &impl ReadTables,
    after: &str,
    count: usize,
) -> Result<Reply, Abort> {
    let named = names::after(tables, NameOf::PublicRoom, after, count)?;
    let next = named.last().filter(|_| named.len() == count);
    let next = next.map(|(name, _)| name.clone());
    let mut rooms = Vec::new();
    for (_, id) in named {
        // One whose row is damaged is in no list.
        let Some(id) = id.map(ConversationId) else {
            continue;
        };
        let record = skip_damaged(conversations::load(tables, id))?.flatten();
        rooms.extend(record.map(|record| RoomUse {
            conversation: id,
            members: record.members,
            time_ms: record.time_ms,
        }));
    }
    Ok(Reply::RoomUses { rooms, next })
}

/// The rooms that an account sees that it is invited to and has not joined.
pub(super) fn invitations(
    tables: &impl ReadTables,
    account: AccountId,
) -> Result<Vec<ConversationId>, StoreError> {
    let rows = tables
        .invited()
        .range((account.0, 0)..=(account.0, u64::MAX))?;
    let mut rooms = Vec::new();
    for row in rows {
        let ((_, room), is_withheld) = row?;
        if skip_damaged(is_withheld)? == Some(false) {
            rooms.push(ConversationId(room));
        }
    }
    Ok(rooms)
}

/// An invitation that has not been followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Invitation {
    /// The invited sees it.
    Shown,
    /// The invited blocks who invited them, and does not see it.
    Withheld,
}

/// The invitation of an account to a room, if it has one. A damaged one is none: it could be another's.
pub(super) fn invitation(
    tables: &impl ReadTables,
    account: AccountId,
    room: ConversationId,
) -> Result<Option<Invitation>, StoreError> {
    let is_withheld = skip_damaged(tables.invited().get(&(account.0, room.0)))?.flatten();
    Ok(is_withheld.map(|is_withheld| {
        if is_withheld {
            Invitation::Withheld
        } else {
            Invitation::Shown
        }
    }))
}

/// A room as an account sees it; if it `belongs` to it, it has a role there. Nobody sees one that was deleted.
fn seen(
    tables: &impl ReadTables,
    id: ConversationId,
    account: AccountId,
    belongs: bool,
) -> Result<Option<Room>, StoreError> {
    let room = require(tables, id)?;
    if room.is_deleted {
        return Ok(None);
    }
    let record =
        conversations::load(tables, id)?.ok_or_else(|| StoreError::missing("conversations"))?;
    let member = conversations::load_member(tables, id, account)?;
    let role = member
        .filter(|member| member.until.is_none())
        .map(|member| member.role);
    if belongs && role.is_none() {
        return Err(StoreError::missing("members"));
    }
    Ok(Some(room.seen(id, &record, role)))
}

/// Who belongs to a room, by name; only a member may know.
pub(in crate::store) fn members(
    tables: &impl ReadTables,
    id: ConversationId,
    account: AccountId,
) -> Result<Reply, Abort> {
    require_member(tables, id, account)?;
    let mut members = Vec::new();
    for (account, member) in membership::members(tables, id)? {
        let record = skip_damaged(accounts::require(tables, account))?;
        members.extend(record.map(|record| Member {
            account,
            is_bot: record.is_bot(),
            name: record.name,
            role: member.role,
        }));
    }
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let history = require(tables, id)?.history.last;
    Ok(Reply::Members { members, history })
}
