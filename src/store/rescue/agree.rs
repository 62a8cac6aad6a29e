//! The rows that are left, made to agree: what follows from other rows is derived again.
//!
//! A server does not write to a database whose tables contradict each other, and `store restore` refuses it.

use std::collections::{BTreeMap, BTreeSet};

use redb::{Key, ReadableTable};
use serde::de::DeserializeOwned;

use super::super::error::StoreError;
use super::super::ops::log::KEPT;
use super::super::ops::log::tolerant_scan::{is_lost, lost};
use super::super::ops::rooms::{BELONGS, put_room_of, successor};
use super::super::ops::{conversations, usage};
use super::super::schema::names::{self, NameOf};
use super::super::schema::records::{
    AccountRecord, ConversationRecord, Kind, MemberRecord, RoomRecord, SentRecord,
};
use super::super::schema::{meta, pair_ids, tables::Tables};
use super::Rescued;
use crate::protocol::{Access, AccountId, ConversationId, DeviceId, MemberRole};
use crate::store::schema::checksum::{RowKey, decode, decode_entry, encode, encode_entry};

/// What the tables make agree with: what is left of conversations, and the ids that anything refers to.
struct Left {
    records: BTreeMap<u64, ConversationRecord>,
    accounts: BTreeSet<u64>,
    names: BTreeMap<(u8, u64), String>,
    /// The last number of each (conversation, device).
    numbers: BTreeMap<(u64, u64), u64>,
}

/// Makes the tables agree. Each step relies on those before it.
pub(super) fn agree(
    tables: &mut Tables<'_>,
    secrets: &[&str],
    seed: [u8; 32],
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    let mut left = read(tables, rescued)?;
    logs(tables, &mut left, rescued)?;
    accounts(tables, &mut left, rescued)?;
    rooms(tables, &left, rescued)?;
    members(tables, &mut left, rescued)?;
    blocks(tables, &mut left)?;
    for (id, record) in &left.records {
        conversations::save(tables, ConversationId(*id), record)?;
    }
    usage::recount(tables)?;
    let mut next_device = 1;
    for ((id, device), number) in left.numbers {
        next_device = next_device.max(device + 1);
        let row = encode("senders", (id, device), &number);
        tables.senders.insert((id, device), &*row)?;
    }
    for row in tables.devices.iter()? {
        next_device = next_device.max(row?.0.value().1 + 1);
    }
    let mut are_missing = false;
    for name in secrets {
        if tables.secrets.get(*name)?.is_none() {
            are_missing = true;
            rescued.lose(format!(
                "the server's {name}: another is made at its next start"
            ));
        }
    }
    meta::let_secrets_be_made(tables, are_missing)?;
    meta::rebuild(tables, next_device, seed)
}

/// The records of a table.
fn records<
    K: Key + for<'k> redb::Value<SelfType<'k> = K> + RowKey + 'static,
    T: DeserializeOwned,
>(
    name: &'static str,
    table: &impl ReadableTable<K, &'static [u8]>,
) -> Result<Vec<(K, T)>, StoreError> {
    let rows = table.iter()?.map(|row| {
        let (key, value) = row?;
        Ok((key.value(), decode(name, key.value(), value.value())?))
    });
    rows.collect()
}

/// Reads what is left. A conversation without a record gets one: its id tells of which kind it is.
fn read(tables: &Tables<'_>, rescued: &mut Rescued) -> Result<Left, StoreError> {
    let mut left = Left {
        records: records("conversations", &*tables.conversations)?
            .into_iter()
            .collect(),
        accounts: BTreeSet::new(),
        names: BTreeMap::new(),
        numbers: BTreeMap::new(),
    };
    let mut ids = BTreeSet::from([ConversationId::EVERYONE.0]);
    for row in tables.members.iter()? {
        let (id, account) = row?.0.value();
        ids.insert(id);
        left.accounts.insert(account);
    }
    for row in tables.log.iter()? {
        ids.insert(row?.0.value().0);
    }
    for row in tables.rooms.iter()? {
        ids.insert(row?.0.value());
    }
    left.numbers = records("senders", &*tables.senders)?.into_iter().collect();
    ids.extend(left.numbers.keys().map(|(id, _)| *id));
    for row in tables.retention.iter()? {
        ids.insert(row?.0.value());
    }
    for id in ids {
        left.records.entry(id).or_insert_with(|| {
            rescued.lose(format!("conversation {id}: its record; it is rebuilt"));
            ConversationRecord::empty(pair_ids::kind_of(ConversationId(id)))
        });
    }
    for record in left.records.values() {
        if let Kind::Pair(low, high) = record.kind {
            left.accounts.extend([low, high]);
        }
    }
    for row in tables.devices.iter()? {
        left.accounts.insert(row?.0.value().0);
    }
    for row in tables.blocked.iter()? {
        let (account, other) = row?.0.value();
        left.accounts.extend([account, other]);
    }
    for row in tables.names.iter()? {
        let (key, id) = row?;
        let (of, name) = key.value();
        let id = decode("names", key.value(), id.value())?;
        left.names.insert((of, id), name.to_owned());
        if of == NameOf::Account.number() {
            left.accounts.insert(id);
        }
    }
    Ok(left)
}

/// In each log an entry stands at every place from its floor to its head: where one is lost, a row that says so. What is
/// stored under a number is found by it.
fn logs(tables: &mut Tables<'_>, left: &mut Left, rescued: &mut Rescued) -> Result<(), StoreError> {
    let Walked {
        mut holes,
        sent,
        ends,
    } = walk(tables, left)?;
    for (slot, row) in sent {
        let last = left.numbers.get(&(slot.0, slot.1)).copied().unwrap_or(0);
        if row.number.saturating_add(KEPT) > last {
            tables.sent.insert(slot, &*encode("sent", slot, &row))?;
        }
    }
    for (id, record) in &mut left.records {
        if !ends.contains_key(id) {
            record.bytes = 0;
        }
        let end = ends.get(id).copied();
        let (last, time_ms) = end.unwrap_or((record.log_start, record.time_ms));
        // The record can be older than the log: that of the last commit was on a damaged page.
        record.head = record.head.max(last);
        holes.extend((last + 1..=record.head).map(|hole| (*id, hole, time_ms)));
    }
    let mut counts = BTreeMap::<u64, u64>::new();
    for (id, hole, time_ms) in holes {
        let row = encode_entry(id, hole, &lost(hole, time_ms));
        tables.log.insert((id, hole), &*row)?;
        *counts.entry(id).or_default() += 1;
        if let Some(record) = left.records.get_mut(&id) {
            record.bytes += row.len() as u64;
        }
    }
    for (id, count) in counts {
        rescued.lose(format!("conversation {id}: {count} entries of its log"));
    }
    Ok(())
}

/// What the rows of the logs show.
#[derive(Default)]
struct Walked {
    /// The entries that are missing between two others: conversation, entry, and the time of the one before.
    holes: Vec<(u64, u64, u64)>,
    sent: Vec<((u64, u64, u64), SentRecord)>,
    /// Up to which entry each log was read, and that entry's time.
    ends: BTreeMap<u64, (u64, u64)>,
}

/// Reads all logs. The records and numbers that are left are brought up to them.
fn walk(tables: &Tables<'_>, left: &mut Left) -> Result<Walked, StoreError> {
    let mut walked = Walked::default();
    for row in tables.log.iter()? {
        let (key, value) = row?;
        let (id, entry) = key.value();
        let row = decode_entry(id, entry, value.value())?;
        let Some(record) = left.records.get_mut(&id) else {
            continue;
        };
        let (last, before_ms) = *walked.ends.entry(id).or_insert_with(|| {
            if record.head == 0 || record.log_start >= entry {
                record.log_start = entry - 1;
            }
            record.bytes = 0;
            (record.log_start, row.time_ms)
        });
        let holes = (last + 1..entry).map(|hole| (id, hole, before_ms));
        walked.holes.extend(holes);
        walked.ends.insert(id, (entry, row.time_ms));
        record.bytes += value.value().len() as u64;
        record.time_ms = row.time_ms;
        if is_lost(&row) {
            continue;
        }
        left.accounts.insert(row.author);
        if row.device != DeviceId::SERVER.0 {
            let last = left.numbers.entry((id, row.device)).or_default();
            *last = row.number.max(*last);
            let slot = (id, row.device, row.number % KEPT);
            let sent = SentRecord {
                number: row.number,
                digest: row.digest,
                entry,
                readers: 0,
            };
            walked.sent.push((slot, sent));
        }
    }
    Ok(walked)
}

/// Every account that anything speaks of is there. One that was lost keeps its id, its name where that is known, its
/// conversations and its devices with their tickets; its password is gone.
fn accounts(
    tables: &mut Tables<'_>,
    left: &mut Left,
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    for id in &left.accounts {
        if tables.accounts.get(id)?.is_some() {
            continue;
        }
        let name = left.names.get(&(NameOf::Account.number(), *id)).cloned();
        let name = name.unwrap_or_else(|| format!("lost-{id}"));
        rescued.lose(format!(
            "user {name}: the password; only devices that are signed in still can"
        ));
        let record = AccountRecord {
            name,
            record: Vec::new(),
            credential_identifier: [0; 16].into(),
            created_ms: 0,
            seen_ms: 0,
            rooms_made: 0,
        };
        let row = encode("accounts", *id, &record);
        tables.accounts.insert(id, &*row)?;
    }
    tables.names.retain(|_, _| false)?;
    for (id, record) in records::<u64, AccountRecord>("accounts", &*tables.accounts)? {
        names::put(tables, NameOf::Account, &record.name, id)?;
        names::put_skeleton(tables, NameOf::AccountSkeleton, &record.name, id)?;
        left.accounts.insert(id);
    }
    Ok(())
}

/// Every room has its row; the name of one that was lost is that which still points to it.
fn rooms(tables: &mut Tables<'_>, left: &Left, rescued: &mut Rescued) -> Result<(), StoreError> {
    for (id, record) in &left.records {
        if record.kind != Kind::Room || tables.rooms.get(id)?.is_some() {
            continue;
        }
        let public = left.names.get(&(NameOf::PublicRoom.number(), *id));
        let name = left.names.get(&(NameOf::Room.number(), *id)).or(public);
        let room = RoomRecord {
            name: name.map_or_else(|| format!("#lost-{id}"), Clone::clone),
            topic: String::new(),
            access: public.map_or(Access::Private, |_| Access::Public),
        };
        rescued.lose(format!("room {}: its topic", room.name));
        tables.rooms.insert(id, &*encode("rooms", *id, &room))?;
    }
    for (id, room) in records::<u64, RoomRecord>("rooms", &*tables.rooms)? {
        names::put(tables, NameOf::Room, &room.name, id)?;
        names::put_skeleton(tables, NameOf::RoomSkeleton, &room.name, id)?;
        if room.access == Access::Public {
            names::put(tables, NameOf::PublicRoom, &room.name, id)?;
        }
    }
    Ok(())
}

/// Every account belongs to everyone and the two of a pair to it. Whose record was lost reads in a pair all that is left,
/// of everyone only what comes from now on; in a room they are no member any more.
fn members(
    tables: &mut Tables<'_>,
    left: &mut Left,
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    let mut members: BTreeMap<(u64, u64), MemberRecord> =
        records("members", &*tables.members)?.into_iter().collect();
    let known = members.len();
    join(left, &mut members);
    let count = members.len() - known;
    if count > 0 {
        rescued.lose(format!("how far readers had received in {count} cases"));
    }
    let mut belong = BTreeSet::new();
    for ((id, account), mut member) in members {
        let (account, conversation) = (AccountId(account), ConversationId(id));
        let Some(record) = left.records.get_mut(&id) else {
            continue;
        };
        member.until = member.until.map(|until| until.min(record.head));
        let last = member.until.unwrap_or(record.head);
        member.joined_after = member.joined_after.min(last);
        member.delivered_up_to = member.delivered_up_to.min(last);
        conversations::save_member(tables, conversation, account, &member)?;
        conversations::put_joined(tables, account, conversation)?;
        if record.kind == Kind::Room {
            let left_ms = member
                .until
                .map_or(BELONGS, |_| record.time_ms.max(BELONGS + 1));
            put_room_of(tables, account, conversation, left_ms)?;
            record.members += u32::from(member.until.is_none());
        }
        if member.until.is_none() {
            belong.insert((account.0, id));
        }
    }
    let is_open = |key: &(u64, u64)| {
        let record = left.records.get(&key.1);
        record.is_some_and(|it| it.kind == Kind::Room)
            && left.accounts.contains(&key.0)
            && !belong.contains(key)
    };
    tables.invited.retain(|key, _| is_open(&key))?;
    owners(tables, left)
}

/// Who belongs to everyone and to a pair follows from the accounts.
fn join(left: &mut Left, members: &mut BTreeMap<(u64, u64), MemberRecord>) {
    for (id, record) in &mut left.records {
        record.members = 0;
        match record.kind {
            Kind::Everyone => {
                for account in &left.accounts {
                    let member = members.entry((*id, *account));
                    member.or_insert_with(|| record.head.into());
                }
            }
            Kind::Pair(low, high) => {
                for account in [low, high] {
                    let member = members.entry((*id, account));
                    member.or_insert_with(|| record.log_start.into());
                }
            }
            Kind::Room => {}
        }
    }
}

/// Every room with members has an owner.
fn owners(tables: &mut Tables<'_>, left: &Left) -> Result<(), StoreError> {
    let rooms = left
        .records
        .iter()
        .filter(|(_, record)| record.kind == Kind::Room);
    for (id, _) in rooms {
        // Nobody has the id zero: everyone is another.
        if let Some((heir, mut member)) = successor(tables, ConversationId(*id), AccountId(0))? {
            member.role = MemberRole::Owner;
            conversations::save_member(tables, ConversationId(*id), heir, &member)?;
        }
    }
    Ok(())
}

/// The pairs' records and the table of blocks say the same. What was withheld in a pair whose record was lost is given out.
fn blocks(tables: &mut Tables<'_>, left: &mut Left) -> Result<(), StoreError> {
    for record in left.records.values_mut() {
        let Kind::Pair(low, high) = record.kind else {
            continue;
        };
        for key in [(low, high), (high, low)] {
            let Some(side) = record.side_mut(AccountId(key.0)) else {
                continue;
            };
            side.is_blocking |= tables.blocked.get(key)?.is_some();
            if side.is_blocking {
                tables.blocked.insert(key, &*encode("blocked", key, &()))?;
            }
        }
    }
    tables.withheld.retain(|key, row| {
        let last = decode::<u64>("withheld", key, row);
        let record = left.records.get(&key.0).zip(last.ok());
        record.is_some_and(|(record, last)| last < record.side(AccountId(key.1)).run.0)
    })?;
    Ok(())
}
