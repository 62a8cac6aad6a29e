//! Who belongs to what, made to agree in all tables that say it.

use std::collections::BTreeMap;

use redb::ReadableTable;

use super::super::error::StoreError;
use super::Rescued;
use crate::protocol::{AccountId, ConversationId, MemberRole};
use crate::store::ops::conversations::{load, load_member, put_joined, save, save_member};
use crate::store::ops::pairs;
use crate::store::ops::rooms::{BELONGS, heir, put_room_of};
use crate::store::schema::checksum::decode;
use crate::store::schema::records::{ConversationRecord, Kind, MemberRecord};
use crate::store::schema::tables::Tables;

/// Every account belongs to everyone, the two of a pair to it, and to a room whom any table says to. Whose record was
/// lost reads in a pair all that is left, elsewhere only what comes from now on: nobody knows what they were permitted.
pub(super) fn members(tables: &mut Tables<'_>, rescued: &mut Rescued) -> Result<(), StoreError> {
    let mut due: Vec<(ConversationId, AccountId, Option<u64>)> = Vec::new();
    for row in tables.accounts.iter()? {
        due.push((ConversationId::EVERYONE, AccountId(row?.0.value()), None));
    }
    for row in tables.rooms_of.iter()? {
        let (key, left_ms) = row?;
        let (account, room) = key.value();
        let left_ms = Some(left_ms.value().0).filter(|left_ms| *left_ms != BELONGS);
        due.push((ConversationId(room), AccountId(account), left_ms));
    }
    for (id, record) in records(tables)? {
        if let Kind::Pair(low, high) = record.kind {
            due.push((id, AccountId(low), None));
            due.push((id, AccountId(high), None));
        }
    }
    let mut count = 0;
    for (id, account, left_ms) in due {
        let Some(record) = load(tables, id)? else {
            continue;
        };
        // What was left is not worth a membership that reads nothing.
        if left_ms.is_some() || load_member(tables, id, account)?.is_some() {
            continue;
        }
        let is_pair = matches!(record.kind, Kind::Pair(..));
        let from = if is_pair { record.floor } else { record.head };
        save_member(tables, id, account, &MemberRecord::from(from))?;
        count += 1;
    }
    if count > 0 {
        rescued.lose(format!("how far readers had received in {count} cases"));
    }
    Ok(())
}

fn records(tables: &Tables<'_>) -> Result<Vec<(ConversationId, ConversationRecord)>, StoreError> {
    let mut records = Vec::new();
    for row in tables.conversations.iter()? {
        let (id, value) = row?;
        let id = id.value();
        records.push((
            ConversationId(id),
            decode("conversations", id, value.value())?,
        ));
    }
    Ok(records)
}

/// The lists that follow from the members: those of each account, of the pairs, and how many there are in a room, which
/// somebody owns.
pub(super) fn lists(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let records: BTreeMap<_, _> = records(tables)?.into_iter().collect();
    let mut members = Vec::new();
    for row in tables.members.iter()? {
        let (key, value) = row?;
        let key = key.value();
        let member: MemberRecord = decode("members", key, value.value())?;
        members.push((ConversationId(key.0), AccountId(key.1), member));
    }
    let mut left = BTreeMap::new();
    for row in tables.rooms_of.iter()? {
        let (key, left_ms) = row?;
        left.insert(key.value(), left_ms.value().0);
    }
    tables.joined.retain(|_, _| false)?;
    tables.rooms_of.retain(|_, _| false)?;
    tables.pairs.retain(|_, _| false)?;
    let mut counts = BTreeMap::<ConversationId, u32>::new();
    for (id, account, mut member) in members {
        let kind = records.get(&id).map(|record| record.kind);
        let belongs = match kind {
            Some(Kind::Everyone | Kind::Room) => true,
            Some(Kind::Pair(low, high)) => account.0 == low || account.0 == high,
            None => false,
        };
        let Some(record) = records.get(&id).filter(|_| belongs) else {
            tables.members.remove((id.0, account.0))?;
            continue;
        };
        if record.kind != Kind::Room {
            member.until = None;
        }
        member.until = member.until.map(|until| until.min(record.head));
        let last = member.until.unwrap_or(record.head);
        member.since = member.since.min(last);
        member.mark = member.mark.min(last);
        save_member(tables, id, account, &member)?;
        put_joined(tables, account, id)?;
        if record.kind == Kind::Room {
            let known = left.get(&(account.0, id.0)).copied();
            let left_ms = match member.until {
                None => BELONGS,
                Some(_) => known.unwrap_or(record.time_ms).max(BELONGS + 1),
            };
            put_room_of(tables, account, id, left_ms)?;
            *counts.entry(id).or_default() += u32::from(member.until.is_none());
        }
    }
    for (id, mut record) in records {
        match record.kind {
            Kind::Everyone => {}
            Kind::Pair(low, high) => pairs::put(tables, AccountId(low), AccountId(high), id)?,
            Kind::Room => {
                record.members = counts.get(&id).copied().unwrap_or(0);
                save(tables, id, &record)?;
                // Nobody has this id: everyone is another.
                if let Some((heir, mut member)) = heir(tables, id, AccountId(0))? {
                    member.role = MemberRole::Owner;
                    save_member(tables, id, heir, &member)?;
                }
            }
        }
    }
    invitations(tables)
}

/// Invitations to rooms that are there, of accounts that are and do not belong to them.
fn invitations(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let mut kept = Vec::new();
    for row in tables.invited.iter()? {
        let (account, room) = row?.0.value();
        let member = load_member(tables, ConversationId(room), AccountId(account))?;
        let is_member = member.is_some_and(|member| member.until.is_none());
        let is_there = tables.rooms.get(room)?.is_some() && tables.accounts.get(account)?.is_some();
        if is_there && !is_member {
            kept.push((account, room));
        }
    }
    tables.invited.retain(|key, _| kept.contains(&key))?;
    Ok(())
}
