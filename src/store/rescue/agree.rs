//! The rows that are left, made to agree: what follows from other rows is derived again.
//!
//! A server does not write to a database whose tables contradict each other, and `store restore` refuses it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::error::StoreError;
use super::super::ops::administration::bans;
use super::super::ops::administration::codes::INVITATION;
use super::super::ops::log::{KEPT, copies};
use super::super::ops::rooms::{BELONGS, put_room_of, successor};
use super::super::ops::{conversations, usage};
use super::super::schema::names::{self, NameOf};
use super::super::schema::records::{
    AccountRecord, ConversationRecord, History, Kind, LogRow, MemberRecord, RoomRecord,
    SenderRecord, Sent,
};
use super::super::schema::tables::{ReadTables as _, Tables};
use super::super::schema::{meta, pair_ids};
use super::Rescued;
use crate::protocol::{Access, AccountId, ConversationId, DeviceId, MemberRole};
use crate::store::BanSubject;
use crate::store::schema::key::Key;
use crate::store::schema::table::{ReadTable, Record};
use crate::store::segments::stored::LogRecord;

/// What the tables make agree with: what is left of conversations, and the ids that anything refers to.
struct Left {
    records: BTreeMap<u64, ConversationRecord>,
    accounts: BTreeSet<u64>,
    names: BTreeMap<(u8, u64), String>,
    /// The last number of each (conversation, device).
    numbers: BTreeMap<(u64, u64), u64>,
    /// What their last numbers were used for.
    sent: BTreeMap<(u64, u64), VecDeque<Sent>>,
}

/// Makes the tables agree. Each step relies on those before it.
pub(super) fn agree(
    tables: &mut Tables,
    secrets: &[&str],
    seed: [u8; 32],
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    copies::note_relations(tables)?;
    let mut left = read(tables, rescued)?;
    logs(tables, &mut left, rescued)?;
    let floor = |id| left.records.get(&id).map(|record| record.log_start);
    copies::forget_expired(tables, floor)?;
    accounts(tables, &mut left, rescued)?;
    rooms(tables, &left, rescued)?;
    members(tables, &mut left, rescued)?;
    blocks(tables, &mut left)?;
    for (id, record) in &left.records {
        conversations::save(tables, ConversationId(*id), *record);
    }
    usage::recount(tables)?;
    let mut next_device = 1;
    for (key, last) in left.numbers {
        next_device = next_device.max(key.1 + 1);
        let mut sent = left.sent.remove(&key).unwrap_or_default();
        sent.retain(|sent| sent.number.saturating_add(KEPT as u64) > last);
        tables.senders.insert(key, SenderRecord { last, sent });
    }
    for row in tables.devices().rows()? {
        next_device = next_device.max(row?.0.1 + 1);
    }
    let mut are_missing = false;
    for name in secrets {
        if !tables.secrets().has(&(*name).to_owned())? {
            are_missing = true;
            rescued.lose(format!(
                "the server's {name}: another is made at its next start"
            ));
        }
    }
    renumber_audit(tables)?;
    meta::let_secrets_be_made(tables, are_missing);
    meta::rebuild(tables, next_device, seed)
}

/// Keys with what they name; nothing damaged is left by then.
fn records<K: Key, V: Record>(table: &impl ReadTable<K, V>) -> Result<Vec<(K, V)>, StoreError> {
    let rows = table.rows()?.map(|row| {
        let (key, record) = row?;
        Ok((key, record?))
    });
    rows.collect()
}

/// Reads what is left. A conversation without a record gets one: its id tells of which kind it is.
fn read(tables: &Tables, rescued: &mut Rescued) -> Result<Left, StoreError> {
    let mut left = Left {
        records: records(tables.conversations())?.into_iter().collect(),
        accounts: BTreeSet::new(),
        names: BTreeMap::new(),
        numbers: BTreeMap::new(),
        sent: BTreeMap::new(),
    };
    let mut ids = BTreeSet::from([ConversationId::EVERYONE.0]);
    for row in tables.members().rows()? {
        let (id, account) = row?.0;
        ids.insert(id);
        left.accounts.insert(account);
    }
    for row in tables.log().rows()? {
        ids.insert(row?.0.0);
    }
    for row in tables.rooms().rows()? {
        ids.insert(row?.0);
    }
    left.numbers = records(tables.senders())?
        .into_iter()
        .map(|(key, record)| (key, record.last))
        .collect();
    ids.extend(left.numbers.keys().map(|(id, _)| *id));
    for row in tables.retention().rows()? {
        ids.insert(row?.0);
    }
    for id in ids {
        left.records.entry(id).or_insert_with(|| {
            rescued.lose(format!("conversation {id}: its record; it is rebuilt"));
            ConversationRecord::empty(pair_ids::kind_of(ConversationId(id)))
        });
    }
    for record in left.records.values() {
        match record.kind {
            Kind::Pair(low, high) => left.accounts.extend([low, high]),
            Kind::Notes(account) => left.accounts.extend([account]),
            Kind::Everyone | Kind::Room => {}
        }
    }
    for row in tables.devices().rows()? {
        left.accounts.insert(row?.0.0);
    }
    for row in tables.blocked().rows()? {
        let (account, other) = row?.0;
        left.accounts.extend([account, other]);
    }
    for row in tables.names().rows()? {
        let ((of, name), id) = row?;
        let id = id?;
        left.names.insert((of, id), name);
        if of == NameOf::Account.number() {
            left.accounts.insert(id);
        }
    }
    Ok(left)
}

/// In each log an entry stands at every place from its floor to its head: where one is lost, a row that says so. What is
/// stored under a number is found by it.
fn logs(tables: &mut Tables, left: &mut Left, rescued: &mut Rescued) -> Result<(), StoreError> {
    let Walked {
        mut holes,
        sent,
        ends,
    } = walk(tables, left)?;
    left.sent = sent;
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
        let lost = LogRecord::lost(time_ms);
        tables.log.insert((id, hole), LogRow::new(hole, &lost));
        *counts.entry(id).or_default() += 1;
        if let Some(record) = left.records.get_mut(&id) {
            record.bytes += lost.counted_bytes();
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
    sent: BTreeMap<(u64, u64), VecDeque<Sent>>,
    /// Up to which entry each log was read, and that entry's time.
    ends: BTreeMap<u64, (u64, u64)>,
}

/// Reads all logs. The records and numbers that are left are brought up to them.
fn walk(tables: &Tables, left: &mut Left) -> Result<Walked, StoreError> {
    let mut walked = Walked::default();
    for row in tables.log().rows()? {
        let ((id, entry), row) = row?;
        let row = row?;
        let row = row.record();
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
        record.bytes += row.counted_bytes();
        record.time_ms = row.time_ms;
        if row.is_lost() {
            continue;
        }
        if row.author != AccountId::OPERATOR.0 {
            left.accounts.insert(row.author);
        }
        if row.device != DeviceId::SERVER.0 {
            let last = left.numbers.entry((id, row.device)).or_default();
            *last = row.number.max(*last);
            let sent = walked.sent.entry((id, row.device)).or_default();
            if sent.len() == KEPT {
                sent.pop_front();
            }
            sent.push_back(Sent {
                number: row.number,
                digest: Sent::part_of(row.digest),
                entry,
                readers: 0,
            });
        }
    }
    Ok(walked)
}

/// Every account that anything speaks of is there. One that was lost keeps its id, its name where that is known, its
/// conversations and its devices with their tickets; its password is gone.
fn accounts(tables: &mut Tables, left: &mut Left, rescued: &mut Rescued) -> Result<(), StoreError> {
    for id in &left.accounts {
        if tables.accounts().has(id)? {
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
            mark: None,
        };
        tables.accounts.insert(*id, record);
    }
    tables.seen.retain(|id, _| left.accounts.contains(id))?;
    tables.disabled.retain(|id, _| left.accounts.contains(id))?;
    tables.resets.retain(|id, _| left.accounts.contains(id))?;
    tables
        .codes
        .retain(|(id, _), _| *id == INVITATION || left.accounts.contains(id))?;
    tables.bans.retain(|key, _| match bans::subject_of(*key) {
        Some(BanSubject::Account(account)) => left.accounts.contains(&account.0),
        subject => subject.is_some(),
    })?;
    let former = [NameOf::Former, NameOf::FormerSkeleton].map(NameOf::number);
    tables
        .names
        .retain(|(of, _), id| former.contains(of) && left.accounts.contains(id))?;
    for (id, record) in records(tables.accounts())? {
        names::put(tables, NameOf::Account, &record.name, id);
        names::put_skeleton(tables, NameOf::AccountSkeleton, &record.name, id)?;
        left.accounts.insert(id);
    }
    Ok(())
}

/// The actions that are left of the audit log count up from zero, in their order.
fn renumber_audit(tables: &mut Tables) -> Result<(), StoreError> {
    let left = records(tables.audit())?;
    tables.audit.retain(|_, _| false)?;
    meta::clear_audit(tables);
    for (_, record) in left {
        let number = meta::next_audit(tables)?;
        tables.audit.insert(number, record);
    }
    Ok(())
}

/// Every room has its row; the name of one that was lost is that which still points to it.
fn rooms(tables: &mut Tables, left: &Left, rescued: &mut Rescued) -> Result<(), StoreError> {
    for (id, record) in &left.records {
        if record.kind != Kind::Room || tables.rooms().has(id)? {
            continue;
        }
        let public = left.names.get(&(NameOf::PublicRoom.number(), *id));
        let name = left.names.get(&(NameOf::Room.number(), *id)).or(public);
        let room = RoomRecord {
            name: name.map_or_else(|| format!("#lost-{id}"), Clone::clone),
            topic: String::new(),
            access: public.map_or(Access::Private, |_| Access::Public),
            history: History::NONE,
            is_deleted: false,
        };
        rescued.lose(format!("room {}: its topic", room.name));
        tables.rooms.insert(*id, room);
    }
    for (id, room) in records(tables.rooms())? {
        if room.is_deleted {
            continue;
        }
        names::put(tables, NameOf::Room, &room.name, id);
        names::put_skeleton(tables, NameOf::RoomSkeleton, &room.name, id)?;
        if !room.access.is_private() {
            names::put(tables, NameOf::PublicRoom, &room.name, id);
        }
    }
    Ok(())
}

/// Every account belongs to everyone and the two of a pair to it. Whose record was lost reads in a pair all that is left,
/// of everyone only what comes from now on; in a room they are no member any more.
fn members(tables: &mut Tables, left: &mut Left, rescued: &mut Rescued) -> Result<(), StoreError> {
    let mut members: BTreeMap<(u64, u64), MemberRecord> =
        records(tables.members())?.into_iter().collect();
    let known = members.len();
    join(left, &mut members);
    let count = members.len() - known;
    if count > 0 {
        rescued.lose(format!("how far readers had received in {count} cases"));
    }
    let deleted: BTreeSet<u64> = records(tables.rooms())?
        .into_iter()
        .filter_map(|(id, room)| room.is_deleted.then_some(id))
        .collect();
    let mut belong = BTreeSet::new();
    for ((id, account), mut member) in members {
        let (account, conversation) = (AccountId(account), ConversationId(id));
        let Some(record) = left.records.get_mut(&id) else {
            continue;
        };
        member.until = member.until.map(|until| until.min(record.head));
        if deleted.contains(&id) {
            member.until = member.until.or(Some(record.head));
        }
        let last = member.until.unwrap_or(record.head);
        member.joined_after = member.joined_after.min(last);
        member.delivered_up_to = member.delivered_up_to.min(last);
        member.reading.up_to = member.reading.up_to.min(last);
        conversations::save_member(tables, conversation, account, member);
        conversations::put_joined(tables, account, conversation);
        if record.kind == Kind::Room {
            let left_ms = member
                .until
                .map_or(BELONGS, |_| record.time_ms.max(BELONGS + 1));
            put_room_of(tables, account, conversation, left_ms);
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
    tables.invited.retain(|key, _| is_open(key))?;
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
            Kind::Notes(account) => {
                let member = members.entry((*id, account));
                member.or_insert_with(|| record.log_start.into());
            }
            Kind::Room => {}
        }
    }
}

/// Every room with members has an owner.
fn owners(tables: &mut Tables, left: &Left) -> Result<(), StoreError> {
    let rooms = left
        .records
        .iter()
        .filter(|(_, record)| record.kind == Kind::Room);
    for (id, _) in rooms {
        // Nobody has the id zero: everyone is another.
        if let Some((heir, mut member)) = successor(tables, ConversationId(*id), AccountId(0))? {
            member.role = MemberRole::Owner;
            conversations::save_member(tables, ConversationId(*id), heir, member);
        }
    }
    Ok(())
}

/// The pairs' records and the table of blocks say the same. What was withheld in a pair whose record was lost is given out.
fn blocks(tables: &mut Tables, left: &mut Left) -> Result<(), StoreError> {
    for record in left.records.values_mut() {
        let Kind::Pair(low, high) = record.kind else {
            continue;
        };
        for key in [(low, high), (high, low)] {
            let Some(side) = record.side_mut(AccountId(key.0)) else {
                continue;
            };
            side.is_blocking |= tables.blocked().has(&key)?;
            if side.is_blocking {
                tables.blocked.insert(key, ());
            }
        }
    }
    tables.withheld.retain(|key, last| {
        let record = left.records.get(&key.0);
        record.is_some_and(|record| *last < record.side(AccountId(key.1)).run.0)
    })?;
    Ok(())
}
