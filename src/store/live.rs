//! An open database: the tables' file, the journal, and the transaction that is under way over many groups.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use redb::{Database, ReadableDatabase, StorageBackend, WriteTransaction};
use self_cell::self_cell;

use super::Request;
use super::error::StoreError;
use super::guard::{give_up, guard};
use super::journal::{Found, Journal, Note};
use super::meta;
use super::tables::{Snapshot, State, Tables};
use crate::protocol::ConversationId;

/// After so many requests the transaction is committed. Chosen: of ten thousand who write to each other each has said some
/// things by then, and all that they said in a conversation is one page to write instead of one for each. The commit takes
/// a tenth of a second or two at most; after a crash as many requests are made again, in half a second.
const CHECKPOINT_REQUESTS: usize = 65_536;

/// After so many bytes of journal likewise. Chosen: what is read in some milliseconds after a crash, and what may wait in
/// memory for its tables.
const CHECKPOINT_BYTES: u64 = 32 * 1024 * 1024;

/// The files of a store.
#[derive(Debug)]
pub struct Files {
    /// The tables.
    pub database: Database,
    /// The journal; a new one is empty.
    pub journal: Box<dyn StorageBackend>,
}

/// A transaction, and what belongs to it.
struct Ground {
    transaction: WriteTransaction,
    state: State,
}

self_cell! {
    /// A transaction with its tables, which stay open as long as it: to open all of them cost a group as much as some
    /// five messages.
    struct Tabled {
        owner: Ground,
        #[not_covariant]
        dependent: Tables,
    }
}

/// The transaction under way.
struct Open {
    tabled: Tabled,
    /// How many requests are in it.
    requests: usize,
}

impl Open {
    fn begin(database: &Database, state: State) -> Result<Self, StoreError> {
        let ground = Ground {
            transaction: database.begin_write()?,
            state,
        };
        let tabled = Tabled::try_new(ground, |ground| {
            Tables::open(&ground.transaction, &ground.state)
        })?;
        Ok(Self {
            tabled,
            requests: 0,
        })
    }
}

/// An open database.
pub(super) struct Live {
    database: Arc<Database>,
    journal: Journal,
    open: Option<Open>,
    /// What the last transaction knew of the tables, as it left them.
    known: State,
    /// Syncs of the journal and commits.
    commits: u64,
}

impl Live {
    /// Opens both files and makes again what the tables do not contain, as much of it as can be. `true`: something that
    /// was durable is damaged and lost.
    pub(super) fn new(files: Files, epoch: u64) -> Result<(Self, bool), StoreError> {
        let (mut live, mut found) = Self::open(files, epoch)?;
        live.repeat_readable(&mut found, epoch)?;
        Ok((live, found.is_damaged))
    }

    /// The same for a server that runs, which cannot lose anything now; none if something is damaged.
    pub(super) fn again(files: Files, epoch: u64) -> Result<Option<Self>, StoreError> {
        let (mut live, found) = Self::open(files, epoch)?;
        let is_whole = match live.repeat(&found, epoch) {
            Ok(()) => !found.is_damaged,
            Err(error) if error.is_damage() => false,
            Err(error) => return Err(error),
        };
        if !is_whole {
            live.give_up();
            return Ok(None);
        }
        Ok(Some(live))
    }

    fn open(files: Files, epoch: u64) -> Result<(Self, Found), StoreError> {
        let applied = {
            let snapshot = Snapshot::open(&files.database.begin_read()?)?;
            meta::journal(&snapshot)?.map_or(0, |note| note.applied)
        };
        let (journal, found) = Journal::open(files.journal, epoch, applied)?;
        let live = Self {
            database: Arc::new(files.database),
            journal,
            open: None,
            known: State::default(),
            commits: 0,
        };
        Ok((live, found))
    }

    /// The database has another epoch now: what the journal holds belongs to it no longer. The tables must be up to
    /// date.
    pub(super) const fn set_epoch(&mut self, epoch: u64) {
        self.journal.set_epoch(epoch);
    }

    pub(super) const fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// The database alone, if nobody reads beside.
    pub(super) fn into_database(self) -> Option<Database> {
        Arc::into_inner(self.database)
    }

    /// Takes the number of commits since this was asked last.
    pub(super) const fn take_commits(&mut self) -> u64 {
        std::mem::replace(&mut self.commits, 0)
    }

    /// Whether the tables' file lacks something.
    pub(super) const fn is_ahead(&self) -> bool {
        self.open.is_some()
    }

    /// Does something in the transaction under way, and says whether that wrote anything. After an error the
    /// transaction may hold a part of it: see [`Live::start_over`].
    pub(super) fn perform<T>(
        &mut self,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, bool), StoreError> {
        let open = if let Some(open) = self.open.take() {
            self.open.insert(open)
        } else {
            let known = std::mem::take(&mut self.known);
            self.open.insert(Open::begin(&self.database, known)?)
        };
        open.tabled.with_dependent_mut(|ground, tables| {
            tables.is_cached = false;
            ground.state.changed.store(false, Ordering::Relaxed);
            let done = work(tables)?;
            tables.trim()?;
            Ok((done, ground.state.changed.load(Ordering::Relaxed)))
        })
    }

    /// Makes durable what was done, as these requests.
    pub(super) fn note(&mut self, requests: &[&Request]) -> Result<(), StoreError> {
        let record = rmp_serde::to_vec(requests).expect("writing to a Vec cannot fail");
        self.journal.append(&record)?;
        self.commits += 1;
        self.count(requests.len());
        let requests = self.open.as_ref().map_or(0, |open| open.requests);
        if requests >= CHECKPOINT_REQUESTS || self.journal.len() >= CHECKPOINT_BYTES {
            self.checkpoint()?;
        }
        Ok(())
    }

    /// Counts requests that the transaction under way has.
    pub(super) const fn count(&mut self, requests: usize) {
        if let Some(open) = &mut self.open {
            open.requests += requests;
        }
    }

    /// The conversation whose rows could not be written, after a failure of that.
    pub(super) fn unwritable(&self) -> Option<ConversationId> {
        let open = self.open.as_ref()?;
        open.tabled.borrow_owner().state.cache.writing.get()
    }

    /// Brings the tables' file up to date, and begins the journal again.
    ///
    /// The commit makes redb's allocator state durable too (`set_quick_repair`), so that the file need not be walked
    /// after a crash. In every commit that would cost too much; in one of thousands of requests it does not count.
    pub(super) fn checkpoint(&mut self) -> Result<(), StoreError> {
        let Some(mut open) = self.open.take() else {
            return Ok(());
        };
        let last = self.journal.last();
        open.tabled.with_dependent_mut(|_, tables| {
            tables.write_back()?;
            if let Some(note) = meta::journal(tables)? {
                let applied = last;
                Note { applied, ..note }.save(tables)?;
            }
            Ok::<_, StoreError>(())
        })?;
        let Ground {
            mut transaction,
            state,
        } = open.tabled.into_owner();
        transaction.set_quick_repair(true);
        transaction.commit()?;
        self.known = state;
        self.commits += 1;
        self.journal.restart();
        Ok(())
    }

    /// Gives the transaction under way up, in which something was done by halves, and does again what is durable.
    pub(super) fn start_over(&mut self, epoch: u64) -> Result<(), StoreError> {
        self.forget_open()?;
        let snapshot = Snapshot::open(&self.database.begin_read()?)?;
        let applied = meta::journal(&snapshot)?.map_or(0, |note| note.applied);
        let found = self.journal.read_again(applied)?;
        self.repeat(&found, epoch)?;
        self.checkpoint()
    }

    /// Gives the transaction under way up. redb may panic over it, after a failure.
    pub(super) fn forget_open(&mut self) -> Result<(), StoreError> {
        let open = self.open.take();
        guard(|| {
            drop(open);
            Ok(())
        })
    }

    /// Closes it after a failure.
    pub(super) fn give_up(mut self) {
        if let Err(error) = self.forget_open() {
            tracing::error!(%error, "the failed transaction could not be given up in order");
        }
        give_up(Some(self.database));
    }
}
