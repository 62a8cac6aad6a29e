//! Which rooms there are for somebody, and who belongs to one.

use std::collections::BTreeSet;

use redb::ReadableTable;

use super::super::error::{Stop, StoreError, readable};
use super::super::names::{self, NameOf};
use super::super::seal;
use super::super::tables::Look;
use super::super::{Member, Refusal, Reply, accounts, conversations};
use super::{ROOMS_LISTED_MAX, membership, require, require_member};
use crate::protocol::{AccountId, ConversationId, Room};

const INVITED: &str = "invited";
/// As what a withheld invitation is sealed.
const INVITED_WITHHELD: &str = "invited, withheld";

/// The rooms that an account belongs to, then those that it is invited to, then the public ones, each by name.
pub(in crate::store) fn rooms(look: &impl Look, account: AccountId) -> Result<Reply, Stop> {
    accounts::load(look, account)?.ok_or(Refusal::NoSuchUser)?;
    let mut told = BTreeSet::new();
    let mut all = Vec::new();
    let public = names::first(look, NameOf::PublicRoom, ROOMS_LISTED_MAX)?;
    for (belongs, ids) in [
        (true, membership::current(look, account)?),
        (false, invitations(look, account)?),
        (
            false,
            public
                .into_iter()
                .map(|(_, id)| ConversationId(id))
                .collect(),
        ),
    ] {
        let new = ids.into_iter().filter(|id| told.insert(*id));
        let mut rooms = Vec::new();
        for id in new {
            rooms.extend(readable(seen(look, id, account, belongs))?);
        }
        rooms.sort_by(|a, b| a.name.cmp(&b.name));
        all.append(&mut rooms);
    }
    Ok(Reply::Rooms(all))
}

/// The rooms that an account sees that it is invited to and has not joined.
pub(super) fn invitations(
    look: &impl Look,
    account: AccountId,
) -> Result<Vec<ConversationId>, StoreError> {
    let rows = look
        .invited()
        .range((account.0, 0)..=(account.0, u64::MAX))?;
    let mut rooms = Vec::new();
    for row in rows {
        let (key, kept) = row?;
        let key = key.value();
        if readable(Invitation::open(key, kept.value()))? == Some(Invitation::Shown) {
            rooms.push(ConversationId(key.1));
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

impl Invitation {
    /// What is kept of it.
    pub(super) fn row(self, key: (u64, u64)) -> u32 {
        match self {
            Self::Shown => seal::presence(INVITED, key),
            Self::Withheld => seal::presence(INVITED_WITHHELD, key),
        }
    }

    /// Reads it back.
    pub(in crate::store) fn open(key: (u64, u64), kept: u32) -> Result<Self, StoreError> {
        if kept == Self::Withheld.row(key) {
            return Ok(Self::Withheld);
        }
        seal::check_presence(INVITED, key, kept).map(|()| Self::Shown)
    }
}

/// The invitation of an account to a room, if it has one. A damaged one is none: it could be another's.
pub(super) fn invitation(
    look: &impl Look,
    account: AccountId,
    room: ConversationId,
) -> Result<Option<Invitation>, StoreError> {
    let key = (account.0, room.0);
    let Some(kept) = look.invited().get(key)? else {
        return Ok(None);
    };
    readable(Invitation::open(key, kept.value()))
}

/// A room as an account sees it; if it `belongs` to it, it has a role there.
fn seen(
    look: &impl Look,
    id: ConversationId,
    account: AccountId,
    belongs: bool,
) -> Result<Room, StoreError> {
    let record =
        conversations::load(look, id)?.ok_or_else(|| StoreError::missing("conversations"))?;
    let member = conversations::load_member(look, id, account)?;
    let role = member
        .filter(|member| member.until.is_none())
        .map(|member| member.role);
    if belongs && role.is_none() {
        return Err(StoreError::missing("members"));
    }
    Ok(require(look, id)?.seen(id, &record, role))
}

/// Who belongs to a room, by name; only a member may know.
pub(in crate::store) fn members(
    look: &impl Look,
    id: ConversationId,
    account: AccountId,
) -> Result<Reply, Stop> {
    require_member(look, id, account)?;
    let mut members = Vec::new();
    for (account, member) in membership::members(look, id)? {
        let record = readable(accounts::require(look, account))?;
        members.extend(record.map(|record| Member {
            account,
            name: record.name,
            role: member.role,
        }));
    }
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply::Members(members))
}
