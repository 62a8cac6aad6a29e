//! Reading a log past what is damaged in it.
//!
//! An entry whose checksum does not fit, that is missing, or that stands on a page which redb cannot read must not
//! hide those after it. In its place comes one without content, under a digest of zeros, which is no content's: a
//! device finds it damaged, shows that, goes on, and never counts it as received.

use crate::protocol::{AccountId, ConversationId, DeviceId, DeviceSeq, Digest, EntryId};
use crate::store::Entry;
use crate::store::catch_panic::guard;
use crate::store::error::StoreError;
use crate::store::schema::meta;
use crate::store::schema::places::PlaceCursor;
use crate::store::schema::tables::ReadTables;
use crate::store::segments::stored::LogRecord;
use crate::store::segments::stored::Stored;

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
    let mut unreadable = 0;
    let mut take = take;
    let mut cursor = PlaceCursor::default();
    let mut is_wanted = |entry| -> Result<bool, StoreError> {
        let stored = match guard(|| tables.entry_at(&mut cursor, (conversation.0, entry))) {
            Ok(stored) => stored,
            Err(error @ StoreError::Damaged { .. }) => {
                tracing::error!(%error, "serving a placeholder for a damaged entry");
                return Ok(take(entry, None));
            }
            Err(error) if error.is_damaged_page() => {
                // Were it redb that has lost its way, and not this page, everything would seem damaged.
                guard::<_, StoreError>(|| meta::account_count(tables))?;
                unreadable += 1;
                None
            }
            Err(error) => return Err(error),
        };
        if stored.is_none() {
            let conversation = conversation.0;
            tracing::error!(conversation, entry, "an entry cannot be read");
        }
        let wants_more = take(entry, stored.as_ref().map(Stored::row));
        Ok(wants_more && unreadable < UNREADABLE_MAX)
    };
    match direction {
        Direction::Forward => {
            for entry in from..=to {
                if !is_wanted(entry)? {
                    break;
                }
            }
        }
        Direction::Backward => {
            for entry in (from..=to).rev() {
                if !is_wanted(entry)? {
                    break;
                }
            }
        }
    }
    Ok(())
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
            deleted: None,
            author_name: None,
            peer_name: None,
        },
    }
}
