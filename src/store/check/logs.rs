//! What conversations and their logs must be like, and what is kept for those who say something in them.

use crate::store::schema::pair_ids;
use std::collections::{BTreeMap, BTreeSet};

use super::super::error::StoreError;
use super::{Conversation, Walk, files, readable, relations};
use crate::protocol::{AccountId, ConversationId, DeviceId};
use crate::store::ops::usage as counts;
use crate::store::schema::records::{Kind, Sent};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::ReadTables;
use crate::store::schema::{meta, places};

pub(super) fn conversations(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "conversations";
    let report = &mut walk.report;
    let counts = meta::counted(walk.tables)?;
    for row in walk.tables.conversations().rows()? {
        let (id, record) = row?;
        if !walk.tables.conversations().has(&id)? {
            report.find(TABLE, id, "it is not found by its id");
        }
        let Some(record) = report.row(TABLE, id, record) else {
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
        if record.kind == Kind::Room && !walk.tables.rooms().has(&id)? {
            report.find(TABLE, id, "its room is missing");
        }
        let conversation = Conversation {
            last: record.log_start,
            bytes: 0,
            members: 0,
            owners: 0,
            is_damaged: false,
            record,
        };
        walk.conversations.insert(id, conversation);
    }
    Ok(())
}

pub(super) fn log(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    let ids: Vec<u64> = walk.conversations.keys().copied().collect();
    for id in ids {
        one_log(walk, id)?;
    }
    strays(walk)?;
    ends(walk);
    Ok(())
}

/// Every entry from a log's floor to its head is there.
fn one_log(walk: &mut Walk<'_>, id: u64) -> Result<(), StoreError> {
    let report = &mut walk.report;
    let Some(log) = walk.conversations.get_mut(&id) else {
        return Ok(());
    };
    for entry in log.record.log_start.saturating_add(1)..=log.record.head {
        let place = format!("conversation {id}, entry {entry}");
        let stored = match walk.tables.entry((id, entry)) {
            Ok(None) => {
                report.find("log", &place, "it is missing");
                (log.is_damaged, log.last) = (true, entry);
                continue;
            }
            Err(error) if error.is_fatal() => return Err(error),
            stored => report.row("log", &place, stored).flatten(),
        };
        report.entries += 1;
        log.last = entry;
        let Some(stored) = stored else {
            log.is_damaged = true;
            continue;
        };
        let row = stored.row();
        log.bytes += stored.counted_bytes();
        for account in BTreeSet::from([counts::author(&row), counts::ALL]) {
            *walk.written.entry(account).or_default() += stored.counted_bytes();
        }
        // What an earlier salvage has lost is known.
        if row.is_lost() {
            continue;
        }
        if let Some(relation) = row.relation
            && row.deleted.is_none()
            && relations::is_missing(walk.tables, log.record.log_start, (id, entry), relation)?
        {
            report.find("refs", &place, "it is not noted there");
        }
        if !row.is_whole() {
            report.find("log", &place, "its content does not have its digest");
        } else if row.deleted.is_none() && files::is_missing(walk.tables, (id, entry), &row)? {
            report.find("attached", &place, "its file is not noted");
        }
        let is_operators = row.author == AccountId::OPERATOR.0 && row.device == DeviceId::SERVER.0;
        if !is_operators && !walk.tables.accounts().has(&row.author)? {
            report.find("log", &place, "its author is no account");
        }
        if row.device != DeviceId::SERVER.0 {
            let sender = readable(walk.tables.senders().get(&(id, row.device)))?;
            if sender.is_none_or(|sender| sender.last < row.number) {
                report.find("log", place, "its number is not one that was used");
            }
        }
    }
    Ok(())
}

/// No entry stands where there is no log for it.
fn strays(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    let report = &mut walk.report;
    for row in walk.tables.places().rows()? {
        let ((id, first), _) = row?;
        match walk.conversations.get(&id) {
            None => report.find(
                "places",
                format!("{:?}", (id, first)),
                "the conversation does not exist",
            ),
            Some(log) if first > log.record.head => {
                report.find(
                    "places",
                    format!("{:?}", (id, first)),
                    "its entries are ahead of the log",
                );
            }
            Some(_) => {}
        }
    }
    for row in walk.tables.log().rows()? {
        let (id, entry) = row?.0;
        let place = format!("conversation {id}, entry {entry}");
        match walk.conversations.get(&id) {
            None => report.find("log", place, "the conversation does not exist"),
            Some(log) if entry > log.record.head || entry <= log.record.log_start => {
                report.find("log", place, "it is outside of its log");
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// What is kept of segments can be read, and is what the places say: else one is never removed, or too early, or what was
/// deleted is not overwritten.
pub(super) fn segments(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "segments";
    let is_known = !walk.conversations.values().any(|log| log.is_damaged);
    let mut read = BTreeMap::<u64, u64>::new();
    places::each(walk.tables, |_, place| {
        *read.entry(place.segment.into()).or_default() += 1;
    })?;
    for row in walk.tables.segments().rows()? {
        let (segment, record) = row?;
        let found = read.remove(&segment).unwrap_or(0);
        let Some(record) = walk.report.row(TABLE, segment, record) else {
            continue;
        };
        if record.read != found && is_known {
            let problem = format!("{found} entries are read there, not {}", record.read);
            walk.report.find(TABLE, segment, problem);
        }
    }
    for (segment, found) in read {
        let problem = format!("{found} entries that are read there are not counted");
        walk.report.find(TABLE, segment, problem);
    }
    for row in walk.tables.erasing().rows()? {
        let ((segment, at), record) = row?;
        let place = format!("segment {segment}, offset {at}");
        walk.report.row("erasing", place, record);
    }
    Ok(())
}

/// Each log ends, and weighs, as its conversation's record says.
fn ends(walk: &mut Walk<'_>) {
    let report = &mut walk.report;
    for (id, log) in &walk.conversations {
        if log.last != log.record.head {
            let problem = format!("its log ends at {}, not at {}", log.last, log.record.head);
            report.find("conversations", id, problem);
        } else if log.bytes != log.record.bytes && !log.is_damaged {
            let problem = format!("its log has {} bytes, not {}", log.bytes, log.record.bytes);
            report.find("conversations", id, problem);
        }
    }
}

pub(super) fn usage(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "usage";
    // Whose a damaged entry was is not known.
    let is_known = !walk.conversations.values().any(|log| log.is_damaged);
    for row in walk.tables.usage().rows()? {
        let (account, bytes) = row?;
        let Some(bytes) = walk.report.row(TABLE, account, bytes) else {
            walk.written.remove(&AccountId(account));
            continue;
        };
        let found = walk.written.remove(&AccountId(account)).unwrap_or(0);
        if bytes != found && is_known {
            let problem = format!("{found} bytes of logs are there, not {bytes}");
            walk.report.find(TABLE, account, problem);
        }
    }
    for (account, bytes) in std::mem::take(&mut walk.written) {
        if !is_known {
            break;
        }
        let problem = format!("{bytes} bytes of logs are not counted");
        walk.report.find(TABLE, account.0, problem);
    }
    Ok(())
}

pub(super) fn senders(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "senders";
    let counts = meta::counted(walk.tables)?;
    let report = &mut walk.report;
    for row in walk.tables.senders().rows()? {
        let ((id, device), record) = row?;
        let place = format!("conversation {id}, device {device}");
        let record = report.row(TABLE, &place, record);
        let Some(log) = walk.conversations.get(&id) else {
            report.find(TABLE, &place, "the conversation does not exist");
            continue;
        };
        if device >= counts.next_device {
            report.find(TABLE, &place, "the device's id was never assigned");
        }
        let Some(record) = record else {
            continue;
        };
        let mut before = 0;
        for sent in &record.sent {
            if sent.number <= before || sent.number > record.last {
                report.find(TABLE, &place, "its number is not one that was used");
            }
            before = sent.number;
            if sent.entry > log.record.head {
                report.find(TABLE, &place, "its entry is ahead of the log");
            }
            if let Ok(Some(stored)) = walk.tables.entry((id, sent.entry)) {
                let row = stored.row();
                let differs = Sent::part_of(row.digest) != sent.digest
                    || row.device != device
                    || row.number != sent.number;
                if differs && !row.is_lost() {
                    report.find(TABLE, &place, "its entry is another message");
                }
            }
        }
    }
    Ok(())
}

pub(super) fn retention(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "retention";
    let mut found = 0;
    for row in walk.tables.retention().rows()? {
        let (id, limits) = row?;
        found += 1;
        walk.report.row(TABLE, id, limits);
        match walk.conversations.get(&id).map(|log| log.record.kind) {
            Some(Kind::Everyone | Kind::Room) => {}
            Some(Kind::Pair(..) | Kind::Notes(_)) => {
                let problem = "a direct conversation has no limits of its own";
                walk.report.find(TABLE, id, problem);
            }
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
