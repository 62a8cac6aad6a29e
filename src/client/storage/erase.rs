//! Removes the bytes of what was deleted from the database's file.
//!
//! redb never writes over a page that is in use: a row that changes is written elsewhere, and its old page becomes free with
//! all that stands in it. So the rows that lost their content are put into fresh pages once more, which leaves no remains of
//! others beside them; the file is made as short as it can be, which takes most of the free pages off its end or writes over
//! them; and then every page that is still free is taken by filler and given back. What is still to be done stands in a table
//! that changes with the deletion itself, so that no crash forgets it.
//!
//! Without the second step each removal made the file twice as long: filler never fits exactly, a file that is full is doubled,
//! and the next removal had all of that to fill.

use redb::{ReadableTable as _, ReadableTableMetadata as _, TableDefinition};

use super::history::HistoryTables;
use super::{OUTBOX, StateError, guard};
use crate::fence::FencedDatabase;

/// Entries that have lost their content, whose bytes may still stand in the file.
pub(super) const ERASED: TableDefinition<'_, (u64, u64), u8> = TableDefinition::new("erased");

/// Rows that fill free pages.
const FILLER: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("filler");

/// redb's pages, in bytes; they cannot be chosen.
const PAGE_BYTES: usize = 4_096;

/// What a row of filler leaves of its page, for what redb adds to it, in bytes. Two rows must not fit one page.
const FILLER_MARGIN: usize = 256;

/// How many pages one step fills. Chosen: 8 MB, a few dozen milliseconds.
const STEP_PAGES: u64 = 2_048;

/// How far the removal has come.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Erasure {
    /// There is nothing to be removed.
    #[default]
    Done,
    /// Something is, since the last commit or the last run.
    Due,
    /// Free pages are being filled, so many more of them.
    Filling {
        from: u64,
        left: u64,
        done: Vec<(u64, u64)>,
    },
}

impl Erasure {
    /// What an earlier run has left.
    pub(super) const fn begin(is_due: bool) -> Self {
        if is_due { Self::Due } else { Self::Done }
    }

    pub(super) fn is_over(&self) -> bool {
        *self == Self::Done
    }

    /// Something more is to be removed. What is being removed is looked for again afterwards.
    pub(super) fn note(&mut self) {
        if self.is_over() {
            *self = Self::Due;
        }
    }

    /// Removes some of what has been committed. After an error nothing more is, until something is noted again or the next run
    /// begins.
    pub(super) fn step(&mut self, database: &mut FencedDatabase) -> Result<(), StateError> {
        let step = std::mem::take(self);
        *self = guard(|| match step {
            Self::Done => Ok(Self::Done),
            Self::Due => rewrite(database),
            Self::Filling { from, left, done } if left > 0 => {
                let count = left.min(STEP_PAGES);
                fill(database, from, count)?;
                Ok(Self::Filling {
                    from: from + count,
                    left: left - count,
                    done,
                })
            }
            Self::Filling { done, .. } => finish(database, &done),
        })?;
        Ok(())
    }
}

/// Puts the rows into fresh pages. The pages that they leave are free afterwards, and the file is made short.
fn rewrite(database: &mut FencedDatabase) -> Result<Erasure, StateError> {
    let transaction = database.begin_write()?;
    transaction.delete_table(FILLER)?;
    let mut done = Vec::new();
    {
        let mut history = HistoryTables::open(&transaction)?;
        for row in transaction.open_table(ERASED)?.iter()? {
            let key = row?.0.value();
            history.rewrite(key)?;
            done.push(key);
        }
        let mut outbox = transaction.open_table(OUTBOX)?;
        let mut rows = Vec::new();
        for row in outbox.iter()? {
            let (key, value) = row?;
            rows.push((key.value(), value.value().to_vec()));
        }
        for (key, _) in &rows {
            outbox.remove(key)?;
        }
        for (key, value) in rows {
            outbox.insert(key, value.as_slice())?;
        }
    }
    transaction.commit()?;
    if done.is_empty() {
        return Ok(Erasure::Done);
    }
    // What a commit leaves is free for those after it.
    for _ in 0..2 {
        database.begin_write()?.commit()?;
    }
    database.compact()?;
    let transaction = database.begin_write()?;
    let stats = transaction.stats()?;
    let used = {
        let history = HistoryTables::open(&transaction)?.fragmented_bytes()?;
        history + transaction.open_table(OUTBOX)?.stats()?.fragmented_bytes()
    };
    transaction.abort()?;
    // What is free in pages that are in use is counted with the free pages, apart from that of the largest tables: some
    // pages more are filled than are free, and the file is doubled, which the next removal undoes.
    let free_bytes = stats.fragmented_bytes().saturating_sub(used);
    let pages = free_bytes.div_ceil(PAGE_BYTES as u64);
    Ok(Erasure::Filling {
        from: 0,
        left: pages,
        done,
    })
}

/// Takes so many free pages.
fn fill(database: &FencedDatabase, from: u64, count: u64) -> Result<(), StateError> {
    let transaction = database.begin_write()?;
    {
        let filler = [0; PAGE_BYTES - FILLER_MARGIN];
        let mut table = transaction.open_table(FILLER)?;
        for number in from..from + count {
            table.insert(number, filler.as_slice())?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Gives the pages back, and forgets what has been removed.
fn finish(database: &FencedDatabase, done: &[(u64, u64)]) -> Result<Erasure, StateError> {
    let transaction = database.begin_write()?;
    let is_done = {
        transaction.delete_table(FILLER)?;
        let mut erased = transaction.open_table(ERASED)?;
        for key in done {
            erased.remove(key)?;
        }
        erased.is_empty()?
    };
    transaction.commit()?;
    Ok(if is_done { Erasure::Done } else { Erasure::Due })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use redb::Database;
    use serde_bytes::ByteBuf;

    use super::*;
    use crate::client::storage::State;
    use crate::client::storage::entry::Entry;
    use crate::client::storage::records::OutboxEntry;
    use crate::protocol::{
        AccountId, Bytes, ClientMessage, ConversationId, Deletion, DeviceId, DeviceSeq, EntryId,
        Origin, Text, seal,
    };

    const ROOM: ConversationId = ConversationId(7);

    fn said(number: u64) -> (Entry, String) {
        // Of some lengths, so that pages split and rows move.
        let secret = format!("secretno{number}x");
        let text = format!(
            "{secret} {}",
            "words ".repeat(usize::try_from(number % 40).unwrap())
        );
        let origin = Origin {
            conversation: ROOM,
            device: DeviceId(1),
            number: DeviceSeq(number),
        };
        let body = Text {
            sender: AccountId(2),
            receiver: ROOM,
            salt: Bytes([3; 16]),
            text,
        };
        let (content, digest) = seal(&ClientMessage::chat(origin, &body));
        let entry = Entry {
            author: AccountId(2),
            time_ms: number,
            content: ByteBuf::from(content),
            digest,
            prev: EntryId(number - 1),
            author_name: None,
            deleted: None,
            was_amendment: false,
        };
        (entry, secret)
    }

    fn open(path: &Path) -> State {
        State::open(Database::create(path).unwrap()).unwrap()
    }

    fn has(path: &Path, secret: &str) -> bool {
        let bytes = std::fs::read(path).unwrap();
        let mut windows = bytes.windows(secret.len());
        windows.any(|window| window == secret.as_bytes())
    }

    /// A history in which each message went through the outbox, and of which these were deleted.
    fn with_deleted(path: &Path, deleted: &[u64]) -> State {
        let mut state = open(path);
        for number in 1..=300 {
            let (entry, secret) = said(number);
            state.put_unsent(number, &OutboxEntry::new("#room".into(), secret));
            if number % 7 != 0 {
                state.commit().unwrap();
            }
            state.remove_unsent(number);
            state.put_entry(ROOM, EntryId(number), &entry);
            if number % 3 != 0 {
                state.commit().unwrap();
            }
        }
        for number in deleted {
            let (entry, _) = said(*number);
            let deletion = Deletion {
                by: AccountId(2),
                time_ms: 1,
                kind: None,
            };
            let left = entry.without_content(deletion);
            state.put_entry(ROOM, EntryId(*number), &left);
            state.erase(ROOM, EntryId(*number));
        }
        state.commit().unwrap();
        state
    }

    #[test]
    fn nothing_of_a_deleted_text_is_left_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.redb");
        let deleted = [1, 2, 80, 150, 151, 299, 300];
        let mut state = with_deleted(&path, &deleted);
        let is_left = |number: &u64| has(&path, &said(*number).1);
        assert!(
            deleted.iter().any(is_left),
            "there is nothing to be removed"
        );
        while state.has_erasure() {
            state.erase_step().unwrap();
        }
        for number in 1..=300 {
            let is_kept = !deleted.contains(&number);
            assert_eq!(is_left(&number), is_kept, "{number}");
        }
        drop(state);
        assert!(!deleted.iter().any(is_left));
        assert!(!open(&path).has_erasure());
    }

    /// Each removal made the file twice as large as the one before, up to gigabytes.
    #[test]
    fn file_does_not_grow_with_each_removal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.redb");
        let mut state = with_deleted(&path, &[1]);
        let mut lengths = Vec::new();
        for number in 2..8 {
            let (entry, _) = said(number);
            let deletion = Deletion {
                by: AccountId(2),
                time_ms: 1,
                kind: None,
            };
            state.put_entry(ROOM, EntryId(number), &entry.without_content(deletion));
            state.erase(ROOM, EntryId(number));
            state.commit().unwrap();
            while state.has_erasure() {
                state.erase_step().unwrap();
                if let Erasure::Filling { left, .. } = state.erasure {
                    assert!(left < 50, "{left} pages are filled for one message");
                }
            }
            lengths.push(std::fs::metadata(&path).unwrap().len());
        }
        assert!(lengths.iter().max() <= lengths.first(), "{lengths:?}");
    }

    #[test]
    fn what_made_room_for_others_before_it_was_deleted_is_removed_too() {
        for in_one_commit in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("device.redb");
            let mut state = open(&path);
            state.entries_max = 250;
            for number in 1..=300 {
                state.put_entry(ROOM, EntryId(number), &said(number).0);
                if !in_one_commit {
                    state.commit().unwrap();
                }
            }
            state.commit().unwrap();
            let evicted = [1, 7, 23, 49, 50];
            let is_left = |number: &u64| has(&path, &said(*number).1);
            assert!(
                in_one_commit || evicted.iter().any(is_left),
                "there is nothing to be removed"
            );
            for number in evicted {
                state.erase(ROOM, EntryId(number));
            }
            state.commit().unwrap();
            while state.has_erasure() {
                state.erase_step().unwrap();
            }
            assert!(!evicted.iter().any(is_left), "{in_one_commit}");
            assert!((51..=300).all(|number| is_left(&number)));
        }
    }

    #[test]
    fn what_is_deleted_during_a_removal_and_committed_after_it_is_removed_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.redb");
        let mut state = with_deleted(&path, &[5]);
        state.erase_step().unwrap();
        state.erase(ROOM, EntryId(7));
        while state.has_erasure() {
            state.erase_step().unwrap();
        }
        state.commit().unwrap();
        assert!(state.has_erasure());
        while state.has_erasure() {
            state.erase_step().unwrap();
        }
        drop(state);
        assert!(!open(&path).has_erasure());
    }

    #[test]
    fn removal_that_a_kill_has_stopped_is_made_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.redb");
        let mut state = with_deleted(&path, &[5, 200]);
        for step in 0..4 {
            // What a kill at this moment leaves.
            let left = folder.path().join(format!("left{step}.redb"));
            std::fs::copy(&path, &left).unwrap();
            let mut after = open(&left);
            while after.has_erasure() {
                after.erase_step().unwrap();
            }
            for number in [5, 200] {
                assert!(!has(&left, &said(number).1), "{number} after {step} steps");
            }
            assert!(has(&left, &said(6).1));
            if state.has_erasure() {
                state.erase_step().unwrap();
            }
        }
        assert!(!state.has_erasure());
    }
}
