//! An open database: the tables as they stand, their file, and the log that makes changes durable.

use std::collections::BTreeSet;
use std::sync::Arc;

use rand_chacha::ChaCha20Rng;
use redb::ReadableDatabase;

use super::import;
use super::tidy::Tidying;
use crate::store::catch_panic::{FencedDatabase, guard};
use crate::store::error::{StoreError, skip_damaged};
use crate::store::files::open::Files;
use crate::store::log_loss::LogLoss;
use crate::store::schema::buffer::Writing;
use crate::store::schema::meta;
use crate::store::schema::records::ErasingRecord;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{AllChanges, ReadTables as _, SECRETS, Snapshot, Tables};
use crate::store::segments::erase::Erasure;
use crate::store::segments::files::SegmentFile;
use crate::store::segments::note::Note;
use crate::store::segments::{Recovered, SegmentReader, Segments, commands};
use crate::store::{ReplicaState, Write};

/// After so many rows have changed a checkpoint writes them. Chosen: some tens of megabytes, and what ten thousand people
/// who write to each other say in a conversation is one row to write instead of one for each message.
const CHECKPOINT_ROWS: usize = 131_072;

/// After so many requests likewise. Chosen: after a crash as many are done again, in less than half a second.
/// The architecture in `lib.rs` names the number.
const CHECKPOINT_REQUESTS: usize = 65_536;

/// After so many bytes of log likewise. Chosen: what is read in some milliseconds after a crash.
const CHECKPOINT_BYTES: u64 = 32 * 1024 * 1024;

/// What a checkpoint writes: it goes on beside everything else.
pub(in crate::store) struct Checkpoint {
    database: Arc<FencedDatabase>,
    changes: AllChanges,
    note: Note,
    /// Contents of deleted entries, to be overwritten once the tables' file says that they are deleted.
    erasures: Vec<Erasure>,
    /// The segments that are not emptied, if any content is to be overwritten.
    full: BTreeSet<u32>,
    /// To be synced before the tables note what is in it.
    unsynced: Option<SegmentFile>,
    segments: Arc<SegmentReader>,
}

impl Checkpoint {
    /// Writes it to the tables' file, and then overwrites what was deleted. Returns what was done.
    ///
    /// The commit makes redb's allocator state durable too (`set_quick_repair`), so that the file need not be walked
    /// after a crash. In every commit that would cost too much; in one of thousands of requests it does not count.
    pub(in crate::store) fn write(self, writing: &Writing) -> Result<Written, StoreError> {
        if let Some(file) = &self.unsynced {
            file.sync_data()?;
        }
        let mut transaction = self.database.begin_write()?;
        transaction.set_quick_repair(true);
        self.changes.write(&transaction, writing)?;
        transaction.commit()?;
        let erasures = self.erasures.len();
        let may_have_copies =
            |segment| segment < self.note.segment && !self.full.contains(&segment);
        let erased = self.segments.erase(self.erasures, may_have_copies);
        Ok(Written {
            note: self.note,
            is_erasing: erased.len() < erasures,
            erased,
        })
    }
}

/// What [`OpenStore::end_checkpoint`] needs to know.
pub(in crate::store) struct Written {
    note: Note,
    erased: Vec<Erasure>,
    /// Some contents could not be overwritten.
    is_erasing: bool,
}

/// An open database.
pub(in crate::store) struct OpenStore {
    database: Arc<FencedDatabase>,
    log: Segments,
    tables: Tables,
    /// How many requests the tables' file lacks.
    requests: usize,
    /// Contents are to be overwritten of which the tables' file says that they are deleted.
    is_erasing: bool,
    /// Syncs of the log and commits.
    commits: u64,
    pub(super) tidying: Tidying,
    /// How far it has followed the log of a cluster, if it belongs to one.
    pub(super) replica: Option<ReplicaState>,
}

impl OpenStore {
    /// Opens both files and replays the writes that the tables lack. Returns what of them is lost, if anything.
    pub(in crate::store) fn new(
        files: Files,
        epoch: u64,
        rng: ChaCha20Rng,
    ) -> Result<(Self, Option<LogLoss>), StoreError> {
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
        let (note, replica) = {
            let snapshot = Snapshot::open(&files.database.begin_read()?, None)?;
            let note = meta::log_note(&snapshot)?.ok_or_else(|| StoreError::missing(SECRETS))?;
            (note, ReplicaState::load(&snapshot)?)
        };
        let Some(replica) = replica else {
            return Self::noted(files, note, rng);
        };
        // What the tables do not contain comes again from the log that the servers share.
        let (mut store, found) = Self::noted(files, note.cut(), rng)?;
        store.follow(replica);
        Ok((store, found))
    }

    fn noted(files: Files, note: Note, rng: ChaCha20Rng) -> Result<(Self, Recovered), StoreError> {
        let (log, found) = Segments::open(files.segments, note, rng)?;
        let database = Arc::new(files.database);
        let snapshot = snapshot_of(&database, log.reader())?;
        let is_erasing = snapshot.erasing().rows()?.next().is_some();
        let store = Self {
            database,
            log,
            is_erasing,
            tables: Tables::new(snapshot),
            requests: 0,
            commits: 0,
            tidying: Tidying::default(),
            replica: None,
        };
        Ok((store, found))
    }

    /// Opens tables that note no log, for work before they have one.
    pub(in crate::store) fn with_note(
        files: Files,
        note: Note,
        rng: ChaCha20Rng,
    ) -> Result<Self, StoreError> {
        Ok(Self::noted(files, note, rng)?.0)
    }

    /// From now on it follows the log of a cluster, and has come so far.
    pub(super) fn follow(&mut self, replica: ReplicaState) {
        self.log.sync_late();
        self.replica = Some(replica);
    }

    pub(in crate::store) const fn database(&self) -> &Arc<FencedDatabase> {
        &self.database
    }

    pub(in crate::store) const fn segments(&self) -> &Arc<SegmentReader> {
        self.log.reader()
    }

    pub(in crate::store) const fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The database alone, if nobody reads beside.
    pub(in crate::store) fn into_database(self) -> Option<FencedDatabase> {
        let Self {
            database, tables, ..
        } = self;
        drop(tables);
        Arc::into_inner(database)
    }

    /// Takes the number of commits since this was asked last.
    pub(in crate::store) const fn take_commits(&mut self) -> u64 {
        std::mem::replace(&mut self.commits, 0)
    }

    /// Works on the tables. After an error nothing has changed. What has is not durable before a checkpoint.
    pub(in crate::store) fn update<T>(
        &mut self,
        work: impl FnOnce(&mut Tables) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let done = self.work(work)?;
        self.tables.keep();
        Ok(done)
    }

    /// Does the requests of a group. Returns what came of them, and whether they have changed anything: then
    /// [`OpenStore::log_writes`] makes that durable. After an error nothing has changed.
    pub(in crate::store) fn execute<T>(
        &mut self,
        work: impl FnOnce(&mut Tables) -> Result<T, StoreError>,
    ) -> Result<(T, bool), StoreError> {
        self.log.begin(&mut self.tables.batch)?;
        let done = self.work(work)?;
        let is_changed = self.tables.is_changed();
        if !is_changed {
            self.tables.bound_rows();
        }
        Ok((done, is_changed))
    }

    fn work<T>(
        &mut self,
        work: impl FnOnce(&mut Tables) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let tables = &mut self.tables;
        let done = guard(|| work(tables));
        if done.is_err() {
            self.tables.take_back();
        }
        done
    }

    /// Makes the writes of a group durable in the log, with the entries that they have added. None stands for an append.
    pub(in crate::store) fn log_writes(
        &mut self,
        writes: &[Option<&Write>],
    ) -> Result<(), StoreError> {
        self.log
            .append(&mut self.tables.batch, &commands::encode(writes))?;
        self.tables.keep();
        self.commits += 1;
        self.requests += writes.len();
        Ok(())
    }

    /// Counts requests that the tables' file lacks.
    pub(in crate::store) const fn count(&mut self, requests: usize) {
        self.requests += requests;
    }

    /// Whether so much has changed that a checkpoint is due.
    pub(in crate::store) fn is_checkpoint_due(&self) -> bool {
        self.requests >= CHECKPOINT_REQUESTS
            || self.log.len_behind() >= CHECKPOINT_BYTES
            || self.tables.dirty() >= CHECKPOINT_ROWS
    }

    /// Whether the tables' file lacks something, or a content is to be overwritten.
    pub(in crate::store) fn is_ahead(&self) -> bool {
        self.tables.dirty() > 0 || self.is_erasing
    }

    /// Begins a service of the database: entries that a copy has in its table come into the log, and from now on the
    /// tables need that.
    pub(in crate::store) fn begin_service(&mut self) -> Result<(), StoreError> {
        import::take_over(self, None)?;
        self.checkpoint()
    }

    /// Brings the tables' file up to date, and waits for that.
    pub(in crate::store) fn checkpoint(&mut self) -> Result<(), StoreError> {
        let checkpoint = self.begin_checkpoint()?;
        let written = checkpoint.write(&Writing::default())?;
        self.end_checkpoint(written)
    }

    /// Brings the tables' file up to date with what was done without the log.
    pub(in crate::store) fn commit_tables(&mut self) -> Result<(), StoreError> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_quick_repair(true);
        let changes = self.tables.take_changes();
        changes.write(&transaction, &Writing::default())?;
        Ok(transaction.commit()?)
    }

    /// Takes what a checkpoint writes. Until [`OpenStore::end_checkpoint`] there is no other; if it fails, the database is
    /// to be opened again.
    pub(in crate::store) fn begin_checkpoint(&mut self) -> Result<Checkpoint, StoreError> {
        let note = self.log.note()?;
        note.save(&mut self.tables);
        if let Some(replica) = &self.replica {
            replica.save(&mut self.tables);
        }
        self.tables.keep();
        self.requests = 0;
        let erasures = self.erasures()?;
        Ok(Checkpoint {
            database: Arc::clone(&self.database),
            full: if erasures.is_empty() {
                BTreeSet::new()
            } else {
                self.full()?
            },
            erasures,
            unsynced: self.log.unsynced(),
            segments: Arc::clone(self.log.reader()),
            changes: self.tables.take_changes(),
            note,
        })
    }

    /// The contents that are to be overwritten.
    fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        let mut erasures = Vec::new();
        for row in self.tables.erasing().rows()? {
            let ((segment, at), record) = row?;
            if let (Ok(segment), Some(record)) = (u32::try_from(segment), skip_damaged(record)?) {
                let ErasingRecord { len, key } = record;
                erasures.push(Erasure {
                    segment,
                    at,
                    len,
                    key,
                });
            }
        }
        Ok(erasures)
    }

    /// The tables' file has what was taken.
    pub(in crate::store) fn end_checkpoint(&mut self, written: Written) -> Result<(), StoreError> {
        let Written {
            note,
            erased,
            is_erasing,
        } = written;
        self.is_erasing = is_erasing;
        let snapshot = snapshot_of(&self.database, self.log.reader())?;
        // What is damaged may be used.
        let is_used = |segment: u32| {
            Ok(!matches!(
                snapshot.segments().get(&segment.into()),
                Ok(None)
            ))
        };
        self.log.noted(note);
        self.commits += 1;
        if let Err(error) = self.log.remove_unused(is_used) {
            tracing::warn!(%error, "cannot remove a segment of the log that nothing uses");
        }
        self.tables.committed(snapshot);
        for erasure in erased {
            self.tables
                .erasing
                .remove(&(erasure.segment.into(), erasure.at));
        }
        self.tables.keep();
        self.look_for_sparse()
    }

    /// Whether the log goes on in a later segment, and the tables' file knows that.
    pub(super) fn is_closed(&self, segment: u32) -> bool {
        self.log.is_closed(segment)
    }

    /// Writes what has changed into a transaction that is given up: whether there is a place for all of it.
    pub(in crate::store) fn try_to_write(&mut self, writing: &Writing) -> Result<(), StoreError> {
        if self.tables.dirty() == 0 {
            return Ok(());
        }
        let transaction = self.database.begin_write()?;
        let changes = self.tables.take_changes();
        changes.write(&transaction, writing)?;
        drop(changes);
        self.tables.give_back();
        Ok(transaction.abort()?)
    }

    /// Forgets what the tables' file lacks, to replay it again.
    pub(in crate::store) fn forget_changes(&mut self) -> Result<(), StoreError> {
        self.tables = Tables::new(snapshot_of(&self.database, self.log.reader())?);
        self.requests = 0;
        Ok(())
    }
}

/// The tables as they were last committed.
fn snapshot_of(
    database: &FencedDatabase,
    reader: &Arc<SegmentReader>,
) -> Result<Snapshot, StoreError> {
    Snapshot::open(&database.begin_read()?, Some(Arc::clone(reader)))
}
