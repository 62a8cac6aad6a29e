//! The tables of the history: entries, how many there are of each conversation, and the words that they are found by.
//!
//! The words stand in a table of their own, with what a search asks of an entry, so that it reads little and decodes
//! nothing.

use redb::{
    AccessGuard, ReadTransaction, ReadableTable, ReadableTableMetadata, StorageError, Table,
    TableDefinition, WriteTransaction,
};

use super::entry::Entry;
use super::{StateError, decode};
use crate::protocol::{AccountId, ConversationId, EntryId, to_bytes};
use crate::text::words::words;

type RowRead<'a> = Result<(AccessGuard<'a, Key>, AccessGuard<'a, &'static [u8]>), StorageError>;

/// A conversation and an entry of it.
type Key = (u64, u64);

/// What is found of an entry: its time, its author, the entry before it, and its words.
type Value<'a> = (u64, u64, u64, &'a str);

pub(super) const HISTORY: TableDefinition<'_, Key, &[u8]> = TableDefinition::new("history");
/// How many entries the history has of each conversation.
const COUNTS: TableDefinition<'_, u64, u64> = TableDefinition::new("counts");
pub(super) const WORDS: TableDefinition<'_, Key, Value<'_>> = TableDefinition::new("words");

/// An entry as the tables have it.
pub(super) struct Row {
    pub(super) bytes: Vec<u8>,
    time_ms: u64,
    author: AccountId,
    prev: EntryId,
    /// Empty for an entry that says nothing.
    words: String,
}

impl Row {
    pub(super) fn of(conversation: ConversationId, entry: &Entry) -> Self {
        let text = entry.text(conversation);
        Self {
            bytes: to_bytes(entry),
            time_ms: entry.time_ms,
            author: entry.author,
            prev: entry.prev,
            words: text.map(|text| words(&text)).unwrap_or_default(),
        }
    }

    fn found(&self) -> Value<'_> {
        (self.time_ms, self.author.0, self.prev.0, &self.words)
    }
}

/// An entry that made room for another.
pub(super) struct Evicted {
    key: Key,
    /// The entry that it changes, if it does that.
    target: Option<EntryId>,
}

impl Evicted {
    /// Its place in the index of amendments.
    pub(super) fn as_amendment(&self) -> Option<(u64, u64, u64)> {
        let (conversation, at) = self.key;
        Some((conversation, self.target?.0, at))
    }
}

/// What is found of an entry without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    pub(crate) conversation: ConversationId,
    pub(crate) entry: EntryId,
    pub(crate) time_ms: u64,
    pub(crate) author: AccountId,
    pub(crate) prev: EntryId,
    pub(crate) words: &'a str,
}

/// The tables, while a batch is written.
pub(super) struct HistoryTables<'a> {
    entries: Table<'a, Key, &'static [u8]>,
    counts: Table<'a, u64, u64>,
    words: Table<'a, Key, Value<'static>>,
}

impl<'a> HistoryTables<'a> {
    /// Opens the tables, made if there are none.
    pub(super) fn open(transaction: &'a WriteTransaction) -> Result<Self, StateError> {
        Ok(Self {
            entries: transaction.open_table(HISTORY)?,
            counts: transaction.open_table(COUNTS)?,
            words: transaction.open_table(WORDS)?,
        })
    }

    /// Finds the words of entries that an earlier version has kept without them.
    pub(super) fn complete_words(&mut self) -> Result<(), StateError> {
        if self.words.len()? == self.entries.len()? {
            return Ok(());
        }
        for row in self.entries.iter()? {
            let (key, value) = row?;
            let entry = decode(value.value(), "history")?;
            let row = Row::of(ConversationId(key.value().0), &entry);
            self.words.insert(key.value(), row.found())?;
        }
        Ok(())
    }

    /// Keeps an entry; one beyond `entries_max` takes the place of another.
    pub(super) fn insert(
        &mut self,
        key: Key,
        row: &Row,
        entries_max: u64,
    ) -> Result<Option<Evicted>, StateError> {
        let is_new = self.entries.insert(key, row.bytes.as_slice())?.is_none();
        self.words.insert(key, row.found())?;
        if is_new {
            self.count(key.0, true)?;
        }
        if self.entries.len()? > entries_max {
            return self.evict();
        }
        Ok(None)
    }

    /// Puts the rows of an entry into fresh pages, together with those beside it; of one that is not here any longer, those
    /// between which it stood.
    pub(super) fn rewrite(&mut self, key: Key) -> Result<(), StateError> {
        if self.entries.get(key)?.is_some() {
            return self.rewrite_one(key);
        }
        let before = self.entries.range(..key)?.next_back().transpose()?;
        let before = before.map(|(key, _)| key.value());
        let behind = self.entries.range(key..)?.next().transpose()?;
        let behind = behind.map(|(key, _)| key.value());
        for key in before.into_iter().chain(behind) {
            self.rewrite_one(key)?;
        }
        Ok(())
    }

    fn rewrite_one(&mut self, key: Key) -> Result<(), StateError> {
        let known = self
            .entries
            .remove(key)?
            .map(|known| known.value().to_vec());
        if let Some(bytes) = known {
            self.entries.insert(key, bytes.as_slice())?;
        }
        let known = self.words.remove(key)?.map(|known| {
            let (time_ms, author, prev, words) = known.value();
            (time_ms, author, prev, words.to_owned())
        });
        if let Some((time_ms, author, prev, words)) = known {
            self.words.insert(key, (time_ms, author, prev, &*words))?;
        }
        Ok(())
    }

    /// How much of the pages of these tables is empty.
    pub(super) fn fragmented_bytes(&self) -> Result<u64, StateError> {
        let (entries, words) = (self.entries.stats()?, self.words.stats()?);
        Ok(entries.fragmented_bytes() + words.fragmented_bytes())
    }

    /// Changes the words that an entry is found by, if it is here.
    pub(super) fn set_words(&mut self, key: Key, words: &str) -> Result<(), StateError> {
        let known = self.words.get(key)?.map(|found| {
            let (time_ms, author, prev, _) = found.value();
            (time_ms, author, prev)
        });
        if let Some((time_ms, author, prev)) = known {
            self.words.insert(key, (time_ms, author, prev, words))?;
        }
        Ok(())
    }

    pub(super) fn clear(&mut self) -> Result<(), StateError> {
        self.entries.retain(|_, _| false)?;
        self.counts.retain(|_, _| false)?;
        self.words.retain(|_, _| false)?;
        Ok(())
    }

    /// One entry more, or less, of a conversation.
    fn count(&mut self, conversation: u64, is_more: bool) -> Result<(), StateError> {
        let known = self
            .counts
            .get(conversation)?
            .map_or(0, |count| count.value());
        let count = if is_more {
            known.saturating_add(1)
        } else {
            known.saturating_sub(1)
        };
        self.counts.insert(conversation, count)?;
        Ok(())
    }

    /// Removes the oldest entry of the conversation that has most, and says which.
    fn evict(&mut self) -> Result<Option<Evicted>, StateError> {
        let mut largest = (0, 0);
        for row in self.counts.iter()? {
            let (conversation, entries) = row?;
            largest = largest.max((entries.value(), conversation.value()));
        }
        let (_, conversation) = largest;
        let oldest = self
            .entries
            .range((conversation, 0)..=(conversation, u64::MAX))?
            .next()
            .transpose()?
            .map(|(key, _)| key.value());
        let Some(key) = oldest else {
            return Ok(None);
        };
        let row = self.entries.remove(key)?;
        let row = row.map(|row| row.value().to_vec());
        self.words.remove(key)?;
        self.count(conversation, false)?;
        // What is damaged changes nothing that could be shown.
        let entry: Option<Entry> = row.and_then(|row| decode(&row, "history").ok());
        let target = entry.and_then(|entry| entry.amends());
        Ok(Some(Evicted { key, target }))
    }
}

/// The entries of a conversation after one place and up to another.
pub(super) fn between(
    transaction: &ReadTransaction,
    conversation: ConversationId,
    (after, upto): (EntryId, EntryId),
) -> Result<impl DoubleEndedIterator<Item = Result<(EntryId, Entry), StateError>>, StateError> {
    let first = (conversation.0, after.0.saturating_add(1));
    // An empty range is no error of redb.
    let last = (conversation.0, upto.0);
    let rows = transaction.open_table(HISTORY)?.range(first..=last)?;
    Ok(rows.map(read))
}

fn read(row: RowRead<'_>) -> Result<(EntryId, Entry), StateError> {
    let (key, value) = row?;
    Ok((EntryId(key.value().1), decode(value.value(), "history")?))
}

/// Calls `visit` with what is found of each entry of a conversation, or of all.
pub(super) fn visit_words(
    transaction: &ReadTransaction,
    conversation: Option<ConversationId>,
    mut visit: impl FnMut(Found<'_>) -> bool,
) -> Result<(), StateError> {
    let table = transaction.open_table(WORDS)?;
    let (first, last) = conversation.map_or((0, u64::MAX), |id| (id.0, id.0));
    for row in table.range((first, 0)..=(last, u64::MAX))? {
        let (key, value) = row?;
        let (conversation, entry) = key.value();
        let (time_ms, author, prev, words) = value.value();
        let is_enough = !visit(Found {
            conversation: ConversationId(conversation),
            entry: EntryId(entry),
            time_ms,
            author: AccountId(author),
            prev: EntryId(prev),
            words,
        });
        if is_enough {
            break;
        }
    }
    Ok(())
}
