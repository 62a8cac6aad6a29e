//! The conversations' records, their logs and the rooms, made to agree with each other.

use std::collections::BTreeMap;

use redb::ReadableTable;

use super::super::error::StoreError;
use super::Rescued;
use super::numbers::Talk;
use crate::protocol::{Access, ConversationId};
use crate::store::ops::conversations::{load, save};
use crate::store::ops::log::tolerant_scan::lost;
use crate::store::schema::checksum::{decode, decode_entry, encode, encode_entry};
use crate::store::schema::names::NameOf;
use crate::store::schema::records::{ConversationRecord, Kind, RoomRecord};
use crate::store::schema::tables::Tables;

/// Every conversation that anything speaks of has a record, and its head and floor are those of its log. What nobody
/// can tell the kind of is lost.
pub(super) fn records(
    tables: &mut Tables<'_>,
    talk: &mut Talk,
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    let kinds = kinds(tables)?;
    let mut ids: Vec<u64> = talk.logs.keys().chain(kinds.keys()).copied().collect();
    for row in tables.members.iter()? {
        ids.push(row?.0.value().0);
    }
    for row in tables.conversations.iter()? {
        ids.push(row?.0.value());
    }
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let conversation = ConversationId(id);
        let record = load(tables, conversation)?;
        let log = talk.logs.get(&id).copied();
        let mut record = match (record, kinds.get(&id)) {
            (Some(record), _) => record,
            (None, Some(kind)) => {
                rescued.lose(format!(
                    "conversation {id}: its record; it is made anew from what is left of its log"
                ));
                ConversationRecord {
                    floor: log.map_or(0, |log| log.first.saturating_sub(1)),
                    ..ConversationRecord::empty(*kind)
                }
            }
            (None, None) => {
                rescued.lose(format!("conversation {id}: nothing says whose it is"));
                forget(tables, id)?;
                talk.logs.remove(&id);
                continue;
            }
        };
        if let Some(log) = log {
            // The record can be older than the log: the last commit's was on the damaged page.
            record.head = record.head.max(log.last);
            record.floor = record.floor.min(log.first.saturating_sub(1));
            record.time_ms = record.time_ms.max(log.time_ms);
        }
        record.head = record.head.max(record.floor);
        save(tables, conversation, &record)?;
    }
    Ok(())
}

/// What kind a conversation is of, as other tables tell it.
fn kinds(tables: &Tables<'_>) -> Result<BTreeMap<u64, Kind>, StoreError> {
    let mut kinds = BTreeMap::from([(ConversationId::EVERYONE.0, Kind::Everyone)]);
    for row in tables.pairs.iter()? {
        let (key, id) = row?;
        let (low, high) = key.value();
        kinds.insert(id.value().0, Kind::Pair(low, high));
    }
    for row in tables.rooms.iter()? {
        kinds.insert(row?.0.value(), Kind::Room);
    }
    for row in tables.rooms_of.iter()? {
        kinds.insert(row?.0.value().1, Kind::Room);
    }
    Ok(kinds)
}

fn forget(tables: &mut Tables<'_>, id: u64) -> Result<(), StoreError> {
    let span = (id, 0)..=(id, u64::MAX);
    tables.log.retain_in(span.clone(), |_, _| false)?;
    tables.members.retain_in(span, |_, _| false)?;
    Ok(())
}

/// In each log something stands at every place from its floor to its head; in the place of what is lost, that it is.
pub(super) fn logs(
    tables: &mut Tables<'_>,
    talk: &Talk,
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    let mut ids = Vec::new();
    for row in tables.conversations.iter()? {
        ids.push(row?.0.value());
    }
    for id in ids {
        let conversation = ConversationId(id);
        let Some(mut record) = load(tables, conversation)? else {
            continue;
        };
        let mut holes = Vec::new();
        let (mut next, mut bytes, mut time_ms) = (record.floor + 1, 0_u64, 0);
        for row in tables.log.range((id, next)..=(id, u64::MAX))? {
            let (key, value) = row?;
            let entry = key.value().1;
            let row = decode_entry(id, entry, value.value())?;
            // A hole has the time of what stands before it, or behind it.
            let label_ms = if time_ms == 0 { row.time_ms } else { time_ms };
            holes.extend((next..entry).map(|hole| (hole, label_ms)));
            (next, time_ms) = (entry + 1, row.time_ms);
            bytes += value.value().len() as u64;
        }
        let label_ms = if time_ms == 0 {
            record.time_ms
        } else {
            time_ms
        };
        holes.extend((next..=record.head).map(|hole| (hole, label_ms)));
        for (hole, time_ms) in &holes {
            let row = encode_entry(id, *hole, &lost(*hole, *time_ms));
            bytes += row.len() as u64;
            tables.log.insert((id, *hole), &*row)?;
        }
        if !holes.is_empty() {
            let count = holes.len();
            rescued.lose(format!("conversation {id}: {count} entries of its log"));
        }
        if record.bytes != bytes {
            record.bytes = bytes;
            save(tables, conversation, &record)?;
        }
    }
    debug_assert!(
        talk.logs
            .keys()
            .all(|id| tables.conversations.get(id).is_ok())
    );
    Ok(())
}

/// Every room has its row; the name of one that was lost is that which still points to it.
pub(super) fn rooms(tables: &mut Tables<'_>, rescued: &mut Rescued) -> Result<(), StoreError> {
    let mut names = BTreeMap::new();
    let mut public = BTreeMap::new();
    for row in tables.names.iter()? {
        let (key, id) = row?;
        let (of, name) = key.value();
        if of == NameOf::Room.number() {
            names.insert(id.value().0, name.to_owned());
        } else if of == NameOf::PublicRoom.number() {
            public.insert(id.value().0, name.to_owned());
        }
    }
    let mut made = Vec::new();
    let mut kept = Vec::new();
    for row in tables.conversations.iter()? {
        let (id, value) = row?;
        let id = id.value();
        let record: ConversationRecord = decode("conversations", id, value.value())?;
        if record.kind != Kind::Room {
            continue;
        }
        if tables.rooms.get(id)?.is_some() {
            kept.push(id);
            continue;
        }
        let name = names.get(&id).or_else(|| public.get(&id));
        let name = name.cloned().unwrap_or_else(|| format!("#lost-{id}"));
        rescued.lose(format!("room {name}: its topic, and who may join it"));
        let access = if public.contains_key(&id) {
            Access::Public
        } else {
            Access::Private
        };
        let room = RoomRecord {
            name,
            topic: String::new(),
            access,
        };
        made.push((id, room));
    }
    for (id, room) in &made {
        kept.push(*id);
        tables.rooms.insert(id, &*encode("rooms", *id, room))?;
    }
    tables.rooms.retain(|id, _| kept.contains(&id))?;
    Ok(())
}

/// Only what can have limits of its own has them.
pub(super) fn limits(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let mut kept = Vec::new();
    for row in tables.retention.iter()? {
        let id = row?.0.value();
        let kind = load(tables, ConversationId(id))?.map(|record| record.kind);
        if matches!(kind, Some(Kind::Everyone | Kind::Room)) {
            kept.push(id);
        }
    }
    tables.retention.retain(|id, _| kept.contains(&id))?;
    Ok(())
}
