//! An open database: the file of the tables, the journal, and one redb transaction that stays open over many groups,
//! because a commit for each group would write every page again that the group touches.

use crate::store::files::open::Files;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rand_chacha::ChaCha20Rng;
use redb::{Database, ReadableDatabase, WriteTransaction};
use self_cell::self_cell;

use super::journal::{Journal, Recovered, writes};
use crate::protocol::ConversationId;
use crate::store::Write;
use crate::store::catch_panic::{FencedDatabase, guard};
use crate::store::error::StoreError;
use crate::store::journal_loss::JournalLoss;
use crate::store::schema::journal_note::Note;
use crate::store::schema::meta;
use crate::store::schema::tables::{SECRETS, Snapshot, State, Tables};

/// After so many requests the transaction is committed. Chosen: of ten thousand who write to each other each has said some
/// things by then, and all that they said in a conversation is one page to write instead of one for each. The commit takes
/// a tenth of a second or two at most; after a crash as many requests are made again, in half a second.
/// The architecture in `lib.rs` names the number.
const CHECKPOINT_REQUESTS: usize = 65_536;

/// After so many bytes of journal likewise. Chosen: what is read in some milliseconds after a crash, and what may wait in
/// memory for its tables.
const CHECKPOINT_BYTES: u64 = 32 * 1024 * 1024;

/// The parts of a transaction under way that its tables borrow from.
struct TransactionParts {
    transaction: WriteTransaction,
    state: State,
}

self_cell! {
    /// A transaction with its tables, which stay open as long as it: to open all of them cost a group as much as some
    /// five messages.
    struct OpenTables {
        owner: TransactionParts,
        #[not_covariant]
        dependent: Tables,
    }
}

/// The transaction under way.
struct Open {
    tabled: OpenTables,
    /// How many requests are in it.
    requests: usize,
}

impl Open {
    fn begin(database: &Database, state: State) -> Result<Self, StoreError> {
        let parts = TransactionParts {
            transaction: database.begin_write()?,
            state,
        };
        let tabled = OpenTables::try_new(parts, |parts| {
            Tables::open(&parts.transaction, &parts.state)
        })?;
        Ok(Self {
            tabled,
            requests: 0,
        })
    }
}

/// An open database.
pub(in crate::store) struct OpenStore {
    database: Arc<FencedDatabase>,
    journal: Journal,
    /// For the salts of the journal's rounds.
    rng: ChaCha20Rng,
    open: Option<Open>,
    /// What the last transaction knew of the tables, as it left them.
    known: State,
    /// Syncs of the journal and commits.
    commits: u64,
}

impl OpenStore {
    /// Opens both files and replays the writes that the tables lack. Returns what of them is lost, if anything.
    pub(in crate::store) fn new(
        files: Files,
        epoch: u64,
        rng: ChaCha20Rng,
    ) -> Result<(Self, Option<JournalLoss>), StoreError> {
        let (mut store, mut found) = Self::open(files, rng)?;
        store.replay_readable(&mut found, epoch)?;
        Ok((store, found.loss))
    }

    /// Opens both files again while the server runs; none if something is damaged, because a running server must not lose
    /// stored messages without a new epoch.
    pub(in crate::store) fn reopen(
        files: Files,
        epoch: u64,
        rng: ChaCha20Rng,
    ) -> Result<Option<Self>, StoreError> {
        let (mut store, found) = Self::open(files, rng)?;
        let is_whole = match store.replay(&found, epoch) {
            Ok(()) => found.loss.is_none(),
            Err(error) if error.is_damage() => false,
            Err(error) => return Err(error),
        };
        if !is_whole {
            return Ok(None);
        }
        Ok(Some(store))
    }

    fn open(files: Files, rng: ChaCha20Rng) -> Result<(Self, Recovered), StoreError> {
        let note = {
            let snapshot = Snapshot::open(&files.database.begin_read()?)?;
            meta::journal(&snapshot)?.ok_or_else(|| StoreError::missing(SECRETS))?
        };
        let (journal, found) = Journal::open(files.journal, note)?;
        let store = Self {
            database: Arc::new(files.database),
            journal,
            rng,
            open: None,
            known: State::default(),
            commits: 0,
        };
        Ok((store, found))
    }

    pub(in crate::store) const fn database(&self) -> &Arc<FencedDatabase> {
        &self.database
    }

    /// The database alone, if nobody reads beside.
    pub(in crate::store) fn into_database(self) -> Option<FencedDatabase> {
        let database = Arc::clone(&self.database);
        drop(self);
        Arc::into_inner(database)
    }

    /// Takes the number of commits since this was asked last.
    pub(in crate::store) const fn take_commits(&mut self) -> u64 {
        std::mem::replace(&mut self.commits, 0)
    }

    /// Whether the tables' file lacks something.
    pub(in crate::store) const fn is_ahead(&self) -> bool {
        self.open.is_some()
    }

    /// Runs `work` in the transaction under way and returns whether it wrote anything. After an error the transaction
    /// may hold a part of it: see [`OpenStore::rollback_and_replay`].
    pub(in crate::store) fn execute<T>(
        &mut self,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, bool), StoreError> {
        let open = if let Some(open) = self.open.take() {
            self.open.insert(open)
        } else {
            let known = std::mem::take(&mut self.known);
            self.open.insert(Open::begin(&self.database, known)?)
        };
        open.tabled.with_dependent_mut(|parts, tables| {
            tables.is_cached = false;
            parts.state.changed.store(false, Ordering::Relaxed);
            let done = work(tables)?;
            tables.trim()?;
            Ok((done, parts.state.changed.load(Ordering::Relaxed)))
        })
    }

    /// Makes the writes of a group durable in the journal.
    pub(in crate::store) fn log_writes(&mut self, writes: &[&Write]) -> Result<(), StoreError> {
        self.journal.append(&writes::encode(writes))?;
        self.commits += 1;
        self.count(writes.len());
        let requests = self.open.as_ref().map_or(0, |open| open.requests);
        if requests >= CHECKPOINT_REQUESTS || self.journal.len() >= CHECKPOINT_BYTES {
            self.checkpoint()?;
        }
        Ok(())
    }

    /// Counts requests of the transaction under way, to know when to commit it.
    pub(in crate::store) const fn count(&mut self, requests: usize) {
        if let Some(open) = &mut self.open {
            open.requests += requests;
        }
    }

    /// The conversation whose rows could not be written, after a failure of that.
    pub(in crate::store) fn unwritable(&self) -> Option<ConversationId> {
        let open = self.open.as_ref()?;
        open.tabled.borrow_owner().state.cache.writing.get()
    }

    /// Begins a service of the database: from now on the tables need the journal.
    pub(in crate::store) fn begin_service(&mut self) -> Result<(), StoreError> {
        self.execute(|_| Ok(()))?;
        self.checkpoint()
    }

    /// Brings the tables' file up to date, and begins another round of the journal.
    pub(in crate::store) fn checkpoint(&mut self) -> Result<(), StoreError> {
        if self.open.is_none() {
            return Ok(());
        }
        let note = self.journal.prepare(&mut self.rng)?;
        self.commit(&note)?;
        self.journal.begin(note)
    }

    /// Brings the tables' file up to date, which needs no journal then.
    pub(in crate::store) fn end_service(&mut self) -> Result<(), StoreError> {
        self.execute(|_| Ok(()))?;
        let note = self.journal.closed();
        self.commit(&note)
    }

    /// Commits the transaction under way, with what the tables know of the journal from then on.
    ///
    /// The commit makes redb's allocator state durable too (`set_quick_repair`), so that the file need not be walked
    /// after a crash. In every commit that would cost too much; in one of thousands of requests it does not count.
    fn commit(&mut self, note: &Note) -> Result<(), StoreError> {
        let Some(mut open) = self.open.take() else {
            return Ok(());
        };
        open.tabled.with_dependent_mut(|_, tables| {
            tables.flush()?;
            note.save(tables)
        })?;
        let TransactionParts {
            mut transaction,
            state,
        } = open.tabled.into_owner();
        transaction.set_quick_repair(true);
        transaction.commit()?;
        self.known = state;
        self.commits += 1;
        Ok(())
    }

    /// Rolls back the transaction under way, which holds a part of a group, and replays the durable writes.
    pub(in crate::store) fn rollback_and_replay(&mut self, epoch: u64) -> Result<(), StoreError> {
        self.rollback()?;
        let last = self.journal.last();
        let found = self.journal.read()?;
        if found.loss.is_some() || self.journal.last() != last {
            // It was whole a moment ago: a restart says what is lost, by a new epoch.
            return Err(StoreError::Unreadable);
        }
        self.replay(&found, epoch)?;
        self.checkpoint()
    }

    /// Rolls back the transaction under way. redb may panic over it after a failure.
    pub(in crate::store) fn rollback(&mut self) -> Result<(), StoreError> {
        let open = self.open.take();
        guard(|| {
            drop(open);
            Ok(())
        })
    }
}

impl Drop for OpenStore {
    fn drop(&mut self) {
        if let Err(error) = self.rollback() {
            tracing::error!(%error, "the failed transaction could not be rolled back");
        }
    }
}
