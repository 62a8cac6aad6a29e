//! How much of each log is kept: by age, by number and by size, as the operator has said.
//!
//! Entries are removed from a log's start only, and its floor moves up behind them, so that what is left is always a
//! log's end without holes, and one number tells a late reader what has expired.

use std::collections::BTreeMap;

use super::conversations::{load, save};
use super::log::relations;
use super::rooms;
use super::{accounts, blocks, files, log, usage};
use crate::protocol::{AccountId, ConversationId, EVERYONE_NAME};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::meta;
use crate::store::schema::names;
use crate::store::schema::names::NameOf;
use crate::store::schema::pair_ids;
use crate::store::schema::places;
use crate::store::schema::records::{ConversationRecord, Kind, RetentionRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Refusal, Reply, Retention};

/// How many entries one step removes at most, and what refers to them counts too; the rest waits for the next step. Chosen: a commit of some 10 ms, that
/// delays nobody's message noticeably.
const REMOVED_MAX: u64 = 1000;

/// How many conversations one step looks at. Chosen: likewise.
const CONVERSATIONS_MAX: usize = 1000;

/// How many entries from a time ahead are passed over for one whose age is known. Chosen: what a busy room says in an hour,
/// and less work than a step's removals. Where there are more, they and those after them stay until their time has come.
const LOOKED_AT_MAX: u64 = 1000;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// How far the clock may have gone since the last pass before this one removes nothing. Chosen: the passes of a server that
/// runs are never that far apart. A clock that is wrong at start-up must not cost anybody their messages at once, and a
/// server that was off for days gives its readers the time between two passes.
pub(in crate::store) const JUMP_MS: u64 = DAY_MS;

const MEGABYTE: u64 = 1_000_000;

/// What is kept of one conversation, every limit given; the largest number where there is none.
#[derive(Clone, Copy)]
struct Limits {
    /// Entries at or after this time are kept.
    from_ms: u64,
    now_ms: u64,
    entries: u64,
    bytes: u64,
    /// Whether what goes is overwritten on the disk as well.
    is_erasing: bool,
}

impl Limits {
    /// Nothing is kept.
    const NOTHING: Self = Self {
        from_ms: 0,
        now_ms: 0,
        entries: 0,
        bytes: 0,
        is_erasing: true,
    };

    /// The last entry is kept.
    const LAST: Self = Self {
        entries: 1,
        bytes: u64::MAX,
        is_erasing: false,
        ..Self::NOTHING
    };

    fn new(keep: Retention, own: RetentionRecord, now_ms: u64) -> Self {
        let limit =
            |own: Option<u64>, common: Option<u64>| own.or(common).filter(|limit| *limit > 0);
        Self {
            is_erasing: false,
            now_ms,
            from_ms: limit(own.days, keep.days)
                .map_or(0, |days| now_ms.saturating_sub(days.saturating_mul(DAY_MS))),
            entries: limit(own.messages, keep.messages).unwrap_or(u64::MAX),
            bytes: limit(own.megabytes, keep.megabytes)
                .map_or(u64::MAX, |megabytes| megabytes.saturating_mul(MEGABYTE)),
        }
    }

    /// Whether the log is over a limit for which no entry needs to be looked at.
    const fn is_over(&self, record: &ConversationRecord) -> bool {
        record.head - record.log_start > self.entries || record.bytes > self.bytes
    }
}

/// One step of a pass.
pub(in crate::store) fn expire(
    tables: &mut Tables,
    from: ConversationId,
    keep: Retention,
    now_ms: u64,
) -> Result<Reply, Abort> {
    if from == ConversationId(0) {
        let passed = meta::retention_passed(tables)?;
        meta::note_retention(tables, now_ms);
        if let Some(passed) = passed.filter(|passed| passed.abs_diff(now_ms) > JUMP_MS) {
            return Ok(Reply::Expired {
                removed: 0,
                next: None,
                jumped_from_ms: Some(passed),
            });
        }
    }
    let mut ids = Vec::new();
    for row in tables
        .conversations()
        .range(from.0..)?
        .take(CONVERSATIONS_MAX + 1)
    {
        ids.push(row?.0);
    }
    let mut next = (ids.len() > CONVERSATIONS_MAX)
        .then(|| ids.pop())
        .flatten()
        .map(ConversationId);
    let mut removed = 0;
    let mut left = REMOVED_MAX;
    for id in ids.into_iter().map(ConversationId) {
        // Where it cannot be read what is to be kept, all is.
        if let Some(own) = skip_damaged(own(tables, id))? {
            let limits = if skip_damaged(is_nobodys(tables, id))? == Some(true) {
                Limits::NOTHING
            } else {
                Limits::new(keep, own, now_ms)
            };
            removed += skip_damaged(shorten(tables, id, limits, &mut left))?.unwrap_or(0);
        }
        if left == 0 {
            next = Some(id);
            break;
        }
    }
    Ok(Reply::Expired {
        removed,
        next,
        jumped_from_ms: None,
    })
}

/// Whether nobody can read a conversation any more: the notes of an account that was deleted.
fn is_nobodys(tables: &impl ReadTables, id: ConversationId) -> Result<bool, StoreError> {
    match pair_ids::kind_of(id) {
        Kind::Notes(account) => accounts::is_deleted(tables, AccountId(account)),
        Kind::Everyone | Kind::Pair(..) | Kind::Room => Ok(false),
    }
}

/// Removes what stands before the last entry of a log, a bounded part of it; returns whether there was any.
pub(in crate::store) fn keep_last(
    tables: &mut Tables,
    id: ConversationId,
) -> Result<bool, StoreError> {
    Ok(shorten(tables, id, Limits::LAST, &mut { REMOVED_MAX })? > 0)
}

/// Removes an entry, whatever refers to it; returns for whom it counted, and how many bytes.
fn remove_entry(
    tables: &mut Tables,
    key: (u64, u64),
    is_erasing: bool,
) -> Result<(AccountId, u64), StoreError> {
    let stored = skip_damaged(tables.entry(key))?.flatten();
    let counted = match &stored {
        Some(stored) => (usage::author(&stored.row()), stored.counted_bytes()),
        // One that is missing is damage that `check` names; the floor goes past it with its neighbours.
        None => (usage::ALL, 0),
    };
    match places::place_of(tables, key)? {
        Some(place) => {
            if let Some(stored) = stored.filter(|_| is_erasing) {
                log::place::overwrite(tables, key, (place, &stored));
            }
            log::place::release(tables, place.segment)?;
        }
        // It is a row, or lost.
        None => tables.log.remove(&key),
    }
    Ok(counted)
}

/// Removes entries from the start of a log, and counts `left` down by them and by what refers to them; returns how many.
fn shorten(
    tables: &mut Tables,
    id: ConversationId,
    limits: Limits,
    left: &mut u64,
) -> Result<u64, StoreError> {
    let Some(mut record) = load(tables, id)? else {
        return Ok(0);
    };
    let mut removed = 0;
    let mut freed = BTreeMap::new();
    let mut aged = 0;
    let last = record.log_start.saturating_add(*left);
    let mut referred = relations::next(tables, (id.0, record.log_start + 1), last)?;
    let mut with_file = files::reading::next(tables, (id.0, record.log_start + 1), last)?;
    while *left > 0 && record.log_start < record.head {
        let key = (id.0, record.log_start + 1);
        let is_over = limits.is_over(&record);
        if !is_over && aged == 0 {
            aged = aged_entries(tables, id, &record, limits)?;
        }
        if !is_over && aged == 0 {
            break;
        }
        let (author, bytes) = remove_entry(tables, key, limits.is_erasing)?;
        *left -= 1;
        if referred == Some(key.1) {
            let rows = relations::forget(tables, key)?.len() as u64;
            *left = left.saturating_sub(rows);
            referred = relations::next(tables, (id.0, key.1 + 1), last)?;
        }
        if with_file == Some(key.1) {
            files::detach(tables, key)?;
            with_file = files::reading::next(tables, (id.0, key.1 + 1), last)?;
        }
        record.log_start += 1;
        record.bytes = record.bytes.saturating_sub(bytes);
        *freed.entry(author).or_default() += bytes;
        removed += 1;
        aged = aged.saturating_sub(1);
    }
    if removed > 0 {
        if record.log_start == record.head {
            record.bytes = 0;
        }
        places::forget_until(tables, id.0, record.log_start)?;
        usage::subtract(tables, &freed)?;
        blocks::forget_until(tables, id, &record)?;
        save(tables, id, record);
    }
    Ok(removed)
}

/// How many entries at a log's start are too old. One whose time has not come yet was written while the clock was ahead; it
/// goes together with the next one whose time can be true.
fn aged_entries(
    tables: &impl ReadTables,
    id: ConversationId,
    record: &ConversationRecord,
    limits: Limits,
) -> Result<u64, StoreError> {
    if limits.from_ms == 0 {
        return Ok(0);
    }
    let last = record.head.min(record.log_start + LOOKED_AT_MAX);
    for entry in record.log_start + 1..=last {
        let key = (id.0, entry);
        let stored = skip_damaged(tables.entry(key))?.flatten();
        // Of a damaged one nobody knows its time: it goes together with the one before it.
        let time_ms = stored.map(|stored| stored.row().time_ms);
        match time_ms {
            Some(time_ms) if time_ms > limits.now_ms => {}
            Some(time_ms) if time_ms >= limits.from_ms => return Ok(0),
            Some(_) => return Ok(entry - record.log_start),
            None if entry == record.log_start + 1 => return Ok(1),
            None => {}
        }
    }
    Ok(0)
}

/// Says what is kept of a conversation.
pub(in crate::store) fn retain(
    tables: &mut Tables,
    name: &str,
    keep: Retention,
) -> Result<Reply, Abort> {
    let id = named(tables, name)?.ok_or(Refusal::NoSuchRoom)?;
    if keep == Retention::default() {
        forget_own(tables, id)?;
        return Ok(Reply::Nothing);
    }
    let record = RetentionRecord {
        days: keep.days,
        messages: keep.messages,
        megabytes: keep.megabytes,
    };
    if skip_damaged(own(tables, id))? != Some(record) {
        if !tables.retention().has(&id.0)? {
            let limits = meta::limits(tables)?;
            meta::note_limits(tables, limits + 1);
        }
        tables.retention.insert(id.0, record);
    }
    Ok(Reply::Nothing)
}

/// A conversation has no limits of its own.
pub(in crate::store) fn forget_own(
    tables: &mut Tables,
    id: ConversationId,
) -> Result<(), StoreError> {
    if tables.retention().has(&id.0)? {
        tables.retention.remove(&id.0);
        let limits = meta::limits(tables)?;
        meta::note_limits(tables, limits.saturating_sub(1));
    }
    Ok(())
}

/// The conversations with limits of their own.
pub(in crate::store) fn list(tables: &impl ReadTables) -> Result<Reply, Abort> {
    let mut retained = Vec::new();
    for row in tables.retention().rows()? {
        let (id, own) = row?;
        let Some(own) = skip_damaged(own)? else {
            continue;
        };
        let name = skip_damaged(name_of(tables, ConversationId(id)))?;
        let name = name.unwrap_or_else(|| format!("conversation {id}"));
        retained.push((name, own.into()));
    }
    Ok(Reply::Retained(retained))
}

/// The limits of one conversation's own.
pub(in crate::store) fn show(tables: &impl ReadTables, name: &str) -> Result<Reply, Abort> {
    let id = named(tables, name)?.ok_or(Refusal::NoSuchRoom)?;
    let keep = own(tables, id)?.into();
    Ok(Reply::Retained(vec![(name.to_owned(), keep)]))
}

impl From<RetentionRecord> for Retention {
    fn from(record: RetentionRecord) -> Self {
        Self {
            days: record.days,
            messages: record.messages,
            megabytes: record.megabytes,
        }
    }
}

fn own(tables: &impl ReadTables, id: ConversationId) -> Result<RetentionRecord, StoreError> {
    Ok(tables.retention().get(&id.0)?.unwrap_or_default())
}

/// The conversation of this name, if it is one that can have limits of its own.
fn named(tables: &impl ReadTables, name: &str) -> Result<Option<ConversationId>, StoreError> {
    if name == EVERYONE_NAME {
        return Ok(Some(ConversationId::EVERYONE));
    }
    Ok(names::find(tables, NameOf::Room, name)?.map(ConversationId))
}

fn name_of(tables: &impl ReadTables, id: ConversationId) -> Result<String, StoreError> {
    match load(tables, id)?.map(|record| record.kind) {
        Some(Kind::Everyone) => Ok(EVERYONE_NAME.into()),
        Some(Kind::Room) => Ok(rooms::require(tables, id)?.name),
        _ => Ok(format!("conversation {}", id.0)),
    }
}
