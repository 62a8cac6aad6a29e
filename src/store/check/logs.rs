//! What conversations and their logs must be like, and what is kept for those who say something in them.

use crate::store::schema::pair_ids;
use std::collections::BTreeSet;

use redb::ReadableTable;

use super::super::error::StoreError;
use super::{Conversation, Walk, number};
use crate::protocol::{AccountId, ConversationId, DeviceId, Digest};
use crate::store::ops::log::KEPT;
use crate::store::ops::log::tolerant_scan::is_lost;
use crate::store::ops::usage as counts;
use crate::store::schema::checksum::{decode, decode_entry};
use crate::store::schema::meta;
use crate::store::schema::records::{ConversationRecord, Kind, RetentionRecord, SentRecord};
use crate::store::schema::tables::ReadTables;

pub(super) fn conversations(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "conversations";
    let report = &mut walk.report;
    let counts = meta::counted(walk.tables)?;
    for row in walk.tables.conversations().iter()? {
        let (id, value) = row?;
        let id = id.value();
        if walk.tables.conversations().get(id)?.is_none() {
            report.find(TABLE, id, "it is not found by its id");
        }
        let decoded = decode::<ConversationRecord>(TABLE, id, value.value());
        let Some(record) = report.row(TABLE, id, decoded) else {
            continue;
        };
        if record.log_start > record.head {
            report.find(TABLE, id, "its floor is above its head");
        }
        if id >= counts.next_conversation && !pair_ids::is_id(id) {
            report.find(TABLE, id, "its id was never assigned");
        }
        if record.kind != pair_ids::kind_of(ConversationId(id)) {
            report.find(TABLE, id, "its id is one of another kind of conversation");
        }
        if record.kind == Kind::Room && walk.tables.rooms().get(id)?.is_none() {
            report.find(TABLE, id, "its room is missing");
        }
        let conversation = Conversation {
            last: record.log_start,
            bytes: 0,
            members: 0,
            owners: 0,
            record,
        };
        walk.conversations.insert(id, conversation);
    }
    Ok(())
}

pub(super) fn log(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    let report = &mut walk.report;
    for row in walk.tables.log().iter()? {
        let (key, value) = row?;
        let (id, entry) = key.value();
        let place = format!("conversation {id}, entry {entry}");
        report.entries += 1;
        let bytes = value.value().len() as u64;
        let author = counts::author(key.value(), value.value());
        for account in BTreeSet::from([author, counts::ALL]) {
            *walk.written.entry(account).or_default() += bytes;
        }
        // Going from row to row does not show that the way to each is whole.
        if walk.tables.log().get((id, entry))?.is_none() {
            report.find("log", &place, "it is not found by its number");
        }
        let Some(log) = walk.conversations.get_mut(&id) else {
            report.find("log", place, "the conversation does not exist");
            continue;
        };
        if entry != log.last + 1 {
            let problem = format!("the entry before it is {}", log.last);
            report.find("log", &place, problem);
        }
        log.last = entry;
        log.bytes += value.value().len() as u64;
        let decoded = decode_entry(id, entry, value.value());
        let Some(row) = report.row("log", &place, decoded) else {
            continue;
        };
        if row.prev + 1 != entry {
            let problem = format!("it names {} as the entry before it", row.prev);
            report.find("log", &place, problem);
        }
        // What an earlier salvage has lost is known.
        if is_lost(&row) {
            continue;
        }
        if Digest::of(row.content) != row.digest {
            report.find("log", &place, "its content does not have its digest");
        }
        if walk.tables.accounts().get(row.author)?.is_none() {
            report.find("log", &place, "its author is no account");
        }
        if row.device != DeviceId::SERVER.0 {
            let last = walk.tables.senders().get((id, row.device))?;
            if number("senders", (id, row.device), last) < Some(row.number) {
                report.find("log", place, "its number is not one that was used");
            }
        }
    }
    ends(walk);
    Ok(())
}

/// Each log ends, and weighs, as its conversation's record says.
fn ends(walk: &mut Walk<'_>) {
    let report = &mut walk.report;
    for (id, log) in &walk.conversations {
        if log.last != log.record.head {
            let problem = format!("its log ends at {}, not at {}", log.last, log.record.head);
            report.find("conversations", id, problem);
        } else if log.bytes != log.record.bytes {
            let problem = format!("its log has {} bytes, not {}", log.bytes, log.record.bytes);
            report.find("conversations", id, problem);
        }
    }
}

pub(super) fn usage(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "usage";
    for row in walk.tables.usage().iter()? {
        let (account, kept) = row?;
        let account = account.value();
        let opened = decode::<u64>(TABLE, account, kept.value());
        let Some(bytes) = walk.report.row(TABLE, account, opened) else {
            walk.written.remove(&AccountId(account));
            continue;
        };
        let found = walk.written.remove(&AccountId(account)).unwrap_or(0);
        if bytes != found {
            let problem = format!("{found} bytes of logs are there, not {bytes}");
            walk.report.find(TABLE, account, problem);
        }
    }
    for (account, bytes) in std::mem::take(&mut walk.written) {
        let problem = format!("{bytes} bytes of logs are not counted");
        walk.report.find(TABLE, account.0, problem);
    }
    Ok(())
}

pub(super) fn senders(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "senders";
    let counts = meta::counted(walk.tables)?;
    let report = &mut walk.report;
    for row in walk.tables.senders().iter()? {
        let (key, last) = row?;
        let (id, device) = key.value();
        let place = format!("conversation {id}, device {device}");
        report.row(
            TABLE,
            &place,
            decode::<u64>(TABLE, (id, device), last.value()),
        );
        if !walk.conversations.contains_key(&id) {
            report.find(TABLE, &place, "the conversation does not exist");
        }
        if device >= counts.next_device {
            report.find(TABLE, place, "the device's id was never assigned");
        }
    }
    Ok(())
}

pub(super) fn sent(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "sent";
    let report = &mut walk.report;
    for row in walk.tables.sent().iter()? {
        let (key, value) = row?;
        let (id, device, slot) = key.value();
        let place = format!("conversation {id}, device {device}, slot {slot}");
        let opened = decode::<SentRecord>(TABLE, (id, device, slot), value.value());
        let Some(sent) = report.row(TABLE, &place, opened) else {
            continue;
        };
        let Some(log) = walk.conversations.get(&id) else {
            report.find(TABLE, place, "the conversation does not exist");
            continue;
        };
        let last = walk.tables.senders().get((id, device))?;
        let last = number("senders", (id, device), last);
        if sent.number % KEPT != slot || last < Some(sent.number) {
            report.find(TABLE, &place, "its number is not one that was used");
        }
        if sent.entry > log.record.head {
            report.find(TABLE, &place, "its entry is ahead of the log");
        }
        if let Some(value) = walk.tables.log().get((id, sent.entry))? {
            let row = decode_entry(id, sent.entry, value.value());
            let differs = row.is_ok_and(|row| {
                !is_lost(&row)
                    && (row.digest != sent.digest
                        || row.device != device
                        || row.number != sent.number)
            });
            if differs {
                report.find(TABLE, place, "its entry is another message");
            }
        }
    }
    Ok(())
}

pub(super) fn retention(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "retention";
    let mut found = 0;
    for row in walk.tables.retention().iter()? {
        let (id, value) = row?;
        let id = id.value();
        found += 1;
        let decoded = decode::<RetentionRecord>(TABLE, id, value.value());
        walk.report.row(TABLE, id, decoded);
        match walk.conversations.get(&id).map(|log| log.record.kind) {
            Some(Kind::Everyone | Kind::Room) => {}
            Some(Kind::Pair(..)) => walk
                .report
                .find(TABLE, id, "a pair has no limits of its own"),
            None => walk
                .report
                .find(TABLE, id, "the conversation does not exist"),
        }
    }
    let due = meta::limits(walk.tables)?;
    if found != due {
        let problem = format!("{found} conversations have limits of their own, not {due}");
        walk.report.find(TABLE, "", problem);
    }
    Ok(())
}
