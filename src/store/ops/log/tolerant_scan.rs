//! Reading a log past what is damaged in it.
//!
//! An entry whose checksum does not fit, that is missing, or that stands on a page which redb cannot read must not
//! hide those behind it. In its place comes one without content, under a digest of zeros, which is no content's: a
//! device finds it damaged, shows that, goes on, and never counts it as received.

use redb::ReadableTable;
use serde_bytes::Bytes;

use crate::protocol::{AccountId, ConversationId, DeviceId, DeviceSeq, Digest, EntryId};
use crate::store::Entry;
use crate::store::catch_panic::guard;
use crate::store::error::StoreError;
use crate::store::schema::checksum::decode_entry;
use crate::store::schema::meta;
use crate::store::schema::records::LogRecord;
use crate::store::schema::tables::ReadTables;

/// How many entries that redb cannot read are passed over in one reading; then it ends. Chosen: each can cost a panic
/// of redb, with its lines in the log.
const UNREADABLE_MAX: usize = 16;

/// In which order a log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Direction {
    Forward,
    Backward,
}

/// Reads the entries of a log from one to another, both included, until `take` has had enough and says `false`. None
/// stands for one that is damaged.
///
/// # Errors
/// If the database cannot be read.
pub(in crate::store) fn walk(
    tables: &impl ReadTables,
    conversation: ConversationId,
    (from, to): (u64, u64),
    direction: Direction,
    take: impl FnMut(u64, Option<LogRecord<'_>>) -> bool,
) -> Result<(), StoreError> {
    let mut places: Box<dyn Iterator<Item = u64>> = match direction {
        Direction::Forward => Box::new(from..=to),
        Direction::Backward => Box::new((from..=to).rev()),
    };
    let mut walk = Walk {
        conversation,
        next: places.next(),
        places,
        take,
    };
    if walk.next.is_none() {
        return Ok(());
    }
    let range = (conversation.0, from)..=(conversation.0, to);
    let walked: Result<(), StoreError> = guard(|| {
        let mut rows = tables.log().range(range)?;
        while walk.next.is_some() {
            let row = match direction {
                Direction::Forward => rows.next(),
                Direction::Backward => rows.next_back(),
            };
            match row {
                Some(row) => {
                    let (key, value) = row?;
                    walk.found(key.value().1, value.value());
                }
                None => walk.missing(),
            }
        }
        Ok(())
    });
    match walked {
        Err(error) if error.is_damaged_page() && tables.is_snapshot() => walk.one_by_one(tables),
        walked => walked,
    }
}

/// How far a reading has come.
struct Walk<'w, T> {
    conversation: ConversationId,
    /// The place that is read next, if more are wanted.
    next: Option<u64>,
    /// Those after it.
    places: Box<dyn Iterator<Item = u64> + 'w>,
    take: T,
}

impl<T: FnMut(u64, Option<LogRecord<'_>>) -> bool> Walk<'_, T> {
    /// The next row is this one; those before it are missing.
    fn found(&mut self, entry: u64, bytes: &[u8]) {
        while self.next.is_some_and(|next| next != entry) {
            self.missing();
        }
        match decode_entry(self.conversation.0, entry, bytes) {
            Ok(record) => self.step(Some(record)),
            Err(error) => {
                tracing::error!(%error, "serving a placeholder for a damaged entry");
                self.step(None);
            }
        }
    }

    /// The next row is not there, or nobody can read it.
    fn missing(&mut self) {
        if let Some(entry) = self.next {
            let conversation = self.conversation.0;
            tracing::error!(conversation, entry, "an entry cannot be read");
        }
        self.step(None);
    }

    fn step(&mut self, record: Option<LogRecord<'_>>) {
        if let Some(place) = self.next {
            let wants_more = (self.take)(place, record);
            self.next = self.places.next().filter(|_| wants_more);
        }
    }

    /// Goes on after redb has met a page that it cannot read: entry by entry, as the others may stand elsewhere.
    fn one_by_one(mut self, tables: &impl ReadTables) -> Result<(), StoreError> {
        let mut unreadable = 0;
        while let Some(entry) = self.next {
            let conversation = self.conversation.0;
            let got: Result<(), StoreError> = guard(|| {
                match tables.log().get((conversation, entry))? {
                    Some(value) => self.found(entry, value.value()),
                    None => self.missing(),
                }
                Ok(())
            });
            match got {
                Ok(()) => {}
                Err(error) if error.is_damaged_page() => {
                    // Were it redb that has lost its way, and not this page, everything would seem damaged.
                    guard::<_, StoreError>(|| meta::account_count(tables))?;
                    self.missing();
                    unreadable += 1;
                    if unreadable == UNREADABLE_MAX {
                        break;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What stands in a log in the place of an entry that an operator's salvage could not read: it looks as a damaged one
/// does when it is read, and is no finding any more.
pub(in crate::store) fn lost(place: u64, time_ms: u64) -> LogRecord<'static> {
    LogRecord {
        prev: place - 1,
        author: 0,
        device: DeviceId::SERVER.0,
        number: 0,
        time_ms,
        digest: Digest::default(),
        content: Bytes::new(&[]),
    }
}

/// Whether this row stands for a lost entry.
pub(in crate::store) fn is_lost(row: &LogRecord<'_>) -> bool {
    row.digest == Digest::default() && row.content.is_empty()
}

/// The entry as one sees it who was given `prev` before it; `time_ms` is what a damaged one is labelled with.
pub(in crate::store) fn entry(
    place: u64,
    record: Option<LogRecord<'_>>,
    prev: u64,
    time_ms: u64,
) -> Entry {
    match record {
        Some(record) => record.into_entry(EntryId(place), prev),
        None => Entry {
            entry: EntryId(place),
            prev: EntryId(prev),
            author: AccountId(0),
            device: DeviceId::SERVER,
            number: DeviceSeq(0),
            time_ms,
            digest: Digest::default(),
            content: Vec::new(),
            author_name: None,
            peer_name: None,
        },
    }
}
