//! Which rooms there are for somebody, and who belongs to one.

use std::collections::BTreeSet;

use redb::ReadableTable;

use super::super::error::{Stop, StoreError};
use super::super::names::{self, NameOf};
use super::super::tables::Look;
use super::super::{Member, Refusal, Reply, accounts, conversations};
use super::{ROOMS_LISTED_MAX, load_open, membership, require};
use crate::protocol::{AccountId, ConversationId, Room};

/// The rooms that an account belongs to, then those that it is invited to, then the public ones, each by name.
pub(in crate::store) fn rooms(look: &impl Look, account: AccountId) -> Result<Reply, Stop> {
    accounts::load(look, account)?.ok_or(Refusal::NoSuchUser)?;
    let mut told = BTreeSet::new();
    let mut all = Vec::new();
    let public = names::first(look, NameOf::PublicRoom, ROOMS_LISTED_MAX)?;
    for ids in [
        membership::current(look, account)?,
        invitations(look, account)?,
        public
            .into_iter()
            .map(|(_, id)| ConversationId(id))
            .collect(),
    ] {
        let new = ids.into_iter().filter(|id| told.insert(*id));
        let mut rooms = new
            .map(|id| seen(look, id, account))
            .collect::<Result<Vec<_>, _>>()?;
        rooms.sort_by(|a, b| a.name.cmp(&b.name));
        all.append(&mut rooms);
    }
    Ok(Reply::Rooms(all))
}

/// The rooms that an account is invited to and has not joined.
pub(super) fn invitations(
    look: &impl Look,
    account: AccountId,
) -> Result<Vec<ConversationId>, StoreError> {
    let rows = look
        .invited()
        .range((account.0, 0)..=(account.0, u64::MAX))?;
    rows.map(|row| Ok(ConversationId(row?.0.value().1)))
        .collect()
}

fn seen(look: &impl Look, id: ConversationId, account: AccountId) -> Result<Room, StoreError> {
    let record =
        conversations::load(look, id)?.ok_or_else(|| StoreError::missing("conversations"))?;
    let member = conversations::load_member(look, id, account)?;
    let role = member
        .filter(|member| member.until.is_none())
        .map(|member| member.role);
    Ok(require(look, id)?.seen(id, &record, role))
}

/// Who belongs to a room, by name; only a member may know.
pub(in crate::store) fn members(
    look: &impl Look,
    id: ConversationId,
    account: AccountId,
) -> Result<Reply, Stop> {
    load_open(look, id)?;
    let asker = conversations::load_member(look, id, account)?;
    if asker.is_none_or(|member| member.until.is_some()) {
        return Err(Refusal::NotPermitted.into());
    }
    let mut members = membership::members(look, id)?
        .into_iter()
        .map(|(account, member)| {
            Ok(Member {
                account,
                name: accounts::require(look, account)?.name,
                role: member.role,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply::Members(members))
}
