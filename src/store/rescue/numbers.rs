//! What the logs say of themselves, and from it the numbers that devices have used.

use std::collections::{BTreeMap, BTreeSet};

use redb::ReadableTable;

use super::super::error::StoreError;
use crate::protocol::DeviceId;
use crate::store::ops::log::KEPT;
use crate::store::ops::log::tolerant_scan::is_lost;
use crate::store::schema::checksum;
use crate::store::schema::checksum::decode_entry;
use crate::store::schema::tables::Tables;

/// What is read off the logs.
#[derive(Default)]
pub(super) struct Talk {
    /// By conversation.
    pub(super) logs: BTreeMap<u64, Log>,
    pub(super) authors: BTreeSet<u64>,
    /// The last number of each (conversation, device).
    numbers: BTreeMap<(u64, u64), u64>,
    /// Above every device that is spoken of.
    pub(super) next_device: u64,
}

/// What is left of one log.
#[derive(Default, Clone, Copy)]
pub(super) struct Log {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) time_ms: u64,
}

/// Reads all logs.
pub(super) fn scan(tables: &Tables<'_>) -> Result<Talk, StoreError> {
    let mut talk = Talk {
        next_device: 1,
        ..Talk::default()
    };
    for row in tables.log.iter()? {
        let (key, value) = row?;
        let (id, entry) = key.value();
        let row = decode_entry(id, entry, value.value())?;
        let log = talk.logs.entry(id).or_insert(Log {
            first: entry,
            ..Log::default()
        });
        log.last = entry;
        log.time_ms = log.time_ms.max(row.time_ms);
        if is_lost(&row) {
            continue;
        }
        talk.authors.insert(row.author);
        if row.device != DeviceId::SERVER.0 {
            let last = talk.numbers.entry((id, row.device)).or_default();
            *last = row.number.max(*last);
            talk.next_device = talk.next_device.max(row.device.saturating_add(1));
        }
    }
    for row in tables.devices.iter()? {
        talk.next_device = talk.next_device.max(row?.0.value().1.saturating_add(1));
    }
    for row in tables.senders.iter()? {
        talk.next_device = talk.next_device.max(row?.0.value().1.saturating_add(1));
    }
    Ok(talk)
}

/// The last number of each device is no lower than what stands in a log, and what stands there under the last numbers is
/// found by them.
pub(super) fn senders(tables: &mut Tables<'_>, talk: &Talk) -> Result<(), StoreError> {
    let mut strangers = Vec::new();
    for row in tables.senders.iter()? {
        let key = row?.0.value();
        if tables.conversations.get(key.0)?.is_none() {
            strangers.push(key);
        }
    }
    for key in strangers {
        tables.senders.remove(key)?;
    }
    let mut used = talk.numbers.clone();
    for (key, number) in &mut used {
        let known = tables.senders.get(key)?.map_or(0, |last| last.value().0);
        *number = known.max(*number);
        let last = checksum::number("senders", *key, *number);
        tables.senders.insert(key, last)?;
    }
    let mut wrong = Vec::new();
    for row in tables.sent.iter()? {
        let (key, value) = row?;
        let ((id, device, slot), (number, digest, entry, _)) = (key.value(), value.value());
        let last = tables.senders.get((id, device))?;
        let is_used = last.is_some_and(|last| number <= last.value().0) && number % KEPT == slot;
        let is_there = match tables.log.get((id, entry))? {
            Some(row) => decode_entry(id, entry, row.value()).is_ok_and(|row| {
                is_lost(&row)
                    || (row.digest.0 == digest && row.device == device && row.number == number)
            }),
            None => false,
        };
        // What has expired is known by its number still.
        let has_expired = talk.logs.get(&id).is_none_or(|log| entry < log.first);
        if !is_used || !(is_there || has_expired) {
            wrong.push((id, device, slot));
        }
    }
    for key in wrong {
        tables.sent.remove(key)?;
    }
    let mut missing = Vec::new();
    for row in tables.log.iter()? {
        let (key, value) = row?;
        let (id, entry) = key.value();
        let row = decode_entry(id, entry, value.value())?;
        if row.device == DeviceId::SERVER.0 || is_lost(&row) {
            continue;
        }
        let last = used.get(&(id, row.device)).copied().unwrap_or(0);
        if row.number.saturating_add(KEPT) > last {
            let slot = (id, row.device, row.number % KEPT);
            let sent = checksum::sent(slot, row.number, row.digest.0, entry);
            missing.push((slot, sent));
        }
    }
    for (slot, sent) in missing {
        tables.sent.insert(slot, sent)?;
    }
    Ok(())
}
