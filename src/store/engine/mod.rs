//! The executor: a batch of requests in, their completions out, once everything that they write is durable.
//!
//! It waits for the disk, so it runs on a thread of its own in production and is called directly by a simulator.

mod apply;
mod execute;
pub(super) mod import;
pub(super) mod open_store;
pub(super) mod page;
pub(super) mod replay;
mod tidy;

use crate::store::files::schema as schema_file;
use crate::store::ops::epoch;
use std::path::Path;
use std::sync::Arc;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::catch_panic::guard;
use super::error::StoreError;
use super::files::open::OpenError;
use super::schema::buffer::Writing;
use super::schema::meta;
use super::{Append, Completion, CompletionBox, Outcome, Reply, Request, RequestId, Write};
use crate::store::blobs::BlobFiles;
use crate::store::files::in_place::InPlace;
use crate::store::files::open::Files;
use crate::store::log_loss::LogLoss;
use crate::store::snapshots::Snapshots;
use open_store::{Checkpoint, OpenStore, Written};
use page::Page;

/// How many requests share one record of the message log at most, and so one sync; a longer batch is cut into several.
/// Not several records to a sync: of those a crash may leave a later one without an earlier, which looks like damage.
/// Chosen: the datagrams that a turn of the network thread reads; with contents as long as they may be, a record of
/// 16 MiB.
pub(super) const RECORD_MAX: usize = 512;

/// How the engine gets its files back after a failure of the disk.
pub type Reopen = Box<dyn FnMut() -> Result<Files, OpenError> + Send>;

/// The synchronous executor over a database. Dropped, it brings the tables' file up to date and closes it.
pub struct Engine {
    /// None after a failure, until [`Engine::recover`] succeeds.
    store: Option<OpenStore>,
    /// The same, for those who read beside it.
    snapshots: Snapshots,
    reopen: Option<Reopen>,
    /// Where the files are, if they have names, and whether they were found elsewhere or gone.
    in_place: Option<InPlace>,
    is_displaced: bool,
    rng: ChaCha20Rng,
    epoch: u64,
    loss: Option<LogLoss>,
    commits: u64,
    /// Whoever has the engine makes the checkpoints that are due.
    has_checkpoints_beside: bool,
}

impl Engine {
    /// Opens the database in a data directory, making both if they are not there, so that it gets itself back
    /// after a failure of the disk.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(data_dir: &Path, seed: [u8; 32]) -> Result<Self, OpenError> {
        let engine = Self::new(super::files::open::open(data_dir)?, seed)?;
        let data_dir = data_dir.to_owned();
        Ok(engine.with_reopen(Box::new(move || super::reopen(&data_dir))))
    }

    /// Takes a database over, making the schema in an empty one, and replaying what only its message log contains.
    /// `seed` is for secrets and the epoch.
    ///
    /// # Errors
    /// [`OpenError::NewerSchema`], [`OpenError::Foreign`], [`OpenError::Store`].
    pub fn new(files: Files, seed: [u8; 32]) -> Result<Self, OpenError> {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let mut epoch = guard(|| schema_file::prepare(&files.database, &mut rng))?;
        let log_rng = ChaCha20Rng::from_rng(&mut rng).expect("this generator does not fail");
        let (mut store, loss) = guard(|| OpenStore::new(files, epoch, log_rng))?;
        if let Some(loss) = &loss {
            tracing::error!(
                "{loss}: stored messages are lost; the database has a new epoch, so that clients notice"
            );
            epoch = store.update(|tables| epoch::renew_epoch(tables, &mut rng))?;
        }
        guard(|| store.begin_service())?;
        // Counted is what is made durable for requests.
        store.take_commits();
        Ok(Self {
            snapshots: Snapshots::of(store.database(), store.segments()),
            store: Some(store),
            reopen: None,
            in_place: None,
            is_displaced: false,
            rng,
            epoch,
            loss,
            commits: 0,
            has_checkpoints_beside: false,
        })
    }

    /// What the opening found to be lost of what was stored, if anything.
    #[must_use]
    pub const fn loss(&self) -> Option<LogLoss> {
        self.loss
    }

    /// The same, where bringing the database forward had found it.
    #[must_use]
    pub fn with_loss(mut self, loss: Option<LogLoss>) -> Self {
        self.loss = self.loss.or(loss);
        self
    }

    /// How often something was made durable: groups in the message log, and checkpoints.
    #[must_use]
    pub const fn commits(&self) -> u64 {
        self.commits
    }

    /// Says how to get the database back after a failure; without this a failure is for good.
    #[must_use]
    pub fn with_reopen(mut self, reopen: Reopen) -> Self {
        self.reopen = Some(reopen);
        self
    }

    /// From now on whoever has the engine makes the checkpoints that are due, see [`Engine::begin_checkpoint`].
    pub(in crate::store) const fn make_checkpoints_beside(&mut self) {
        self.has_checkpoints_beside = true;
    }

    /// Has nothing be stored while one of these files does not have its name.
    #[must_use]
    pub fn with_files_at(mut self, in_place: InPlace) -> Self {
        self.in_place = Some(in_place);
        self
    }

    /// The contents of files are here, for those who copy or check the database beside the engine.
    #[must_use]
    pub fn with_blobs(mut self, files: Arc<dyn BlobFiles + Sync>) -> Self {
        self.snapshots = self.snapshots.clone().with_files(files);
        self
    }

    /// Whether the files were removed or replaced when something was last asked.
    #[must_use]
    pub const fn is_displaced(&self) -> bool {
        self.is_displaced
    }

    /// The database's epoch: random, another one after a backup was restored.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether a failure has closed the database: everything is answered [`Outcome::Unknown`] until
    /// [`Engine::recover`] succeeds.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.store.is_none()
    }

    /// Opens the database again after a failure. Nothing is kept in memory that its files do not hold, so there is
    /// nothing else to restore.
    ///
    /// # Errors
    /// If it still cannot be opened, is another one now, or there is no way to it (see [`Engine::with_reopen`]).
    pub fn recover(&mut self) -> Result<(), OpenError> {
        if self.store.is_none() {
            let reopen = self
                .reopen
                .as_mut()
                .ok_or(OpenError::Store(StoreError::Closed))?;
            let files = reopen()?;
            if guard(|| schema_file::check(&files.database))? != Some(self.epoch) {
                return Err(OpenError::Replaced);
            }
            // Without a checkpoint, so that a full disk can be read from.
            let rng = ChaCha20Rng::from_rng(&mut self.rng).expect("this generator does not fail");
            let Some(store) = guard(|| OpenStore::reopen(files, self.epoch, rng))? else {
                // A restart gives it a new epoch.
                return Err(OpenError::Replaced);
            };
            self.snapshots.replace(store.database(), store.segments());
            self.store = Some(store);
            if let Some(in_place) = &mut self.in_place {
                in_place.renew()?;
            }
        }
        Ok(())
    }

    /// A way to read beside the engine, on other threads: what the last checkpoint has brought there.
    #[must_use]
    pub fn snapshots(&self) -> Snapshots {
        self.snapshots.clone()
    }

    /// How many accounts there are.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn account_count(&mut self) -> Result<u64, StoreError> {
        let store = self.store.as_ref().ok_or(StoreError::Closed)?;
        guard(|| meta::reader_count(store.tables()))
    }

    /// The secret of this name; if there is none yet, `make` makes it, and it is durable when this returns. All are
    /// made before there are accounts.
    ///
    /// # Errors
    /// If the database cannot be read or written, or there are accounts and the secret is missing.
    pub fn secret(
        &mut self,
        name: &str,
        make: impl FnOnce(&mut ChaCha20Rng) -> Vec<u8>,
    ) -> Result<Vec<u8>, StoreError> {
        let store = self.store.as_mut().ok_or(StoreError::Closed)?;
        let rng = &mut self.rng;
        let result: Result<_, StoreError> = guard(|| {
            let secret = store.update(|tables| meta::secret(tables, name, || make(rng)))?;
            store.checkpoint()?;
            Ok(secret)
        });
        if matches!(&result, Err(error) if error.is_fatal()) {
            self.close();
        }
        result
    }

    /// Closes the database after a failure.
    fn close(&mut self) {
        self.store = None;
    }

    /// [`Engine::execute_all`] for requests that are in no box.
    pub fn execute(&mut self, batch: Vec<(RequestId, Request)>) -> Vec<Completion> {
        let ask = |(id, request)| Completion::new(id, request, Outcome::Unknown).into();
        let mut asked: Vec<CompletionBox> = batch.into_iter().map(ask).collect();
        self.execute_all(&mut asked);
        asked.into_iter().map(|completion| *completion).collect()
    }

    /// Executes requests, which have no outcome yet, in order, and sets the outcome of each; what was written is durable when
    /// this returns. After a failure of the disk the outcomes of that commit are all [`Outcome::Unknown`]: its requests were
    /// done all or not at all.
    pub fn execute_all(&mut self, asked: &mut [CompletionBox]) {
        for group in asked.chunks_mut(RECORD_MAX) {
            self.execute_group(group);
            let is_asked = group
                .iter()
                .any(|asked| matches!(asked.request, Request::Checkpoint));
            if is_asked || !self.has_checkpoints_beside {
                self.checkpoint(is_asked);
            }
            if !self.has_checkpoints_beside {
                self.tidy();
            }
        }
    }

    /// Plans what a request is to fetch of a log; none if nothing.
    pub(in crate::store) fn plan(&self, request: &Request) -> Option<Page> {
        Page::plan(self.store.as_ref()?.tables(), request)
    }

    /// Answers a request after all that was executed before, with what was fetched for it.
    pub(in crate::store) fn answer(&mut self, alone: &mut [CompletionBox; 1], page: Option<Page>) {
        let [asked] = alone;
        let Some(store) = &self.store else {
            return;
        };
        if let (Some(page), Request::Read(read)) = (page, &asked.request)
            && let Ok(outcome) = guard(|| execute::outcome(page.answer(store.tables(), read)))
        {
            asked.outcome = outcome;
            return;
        }
        self.execute_group(alone);
    }

    /// Looks whether the files have their names still, and says so when that changes.
    fn look_for_files(&mut self) {
        let Some(in_place) = &self.in_place else {
            return;
        };
        let found = in_place.look();
        match &found {
            Err(displaced) if !self.is_displaced => tracing::error!(
                "{displaced}: nothing is stored until it is back; `udpchat store backup` may still save what the server has open"
            ),
            Ok(()) if self.is_displaced => tracing::warn!("the database's files are back"),
            _ => {}
        }
        self.is_displaced = found.is_err();
    }

    fn execute_group(&mut self, group: &mut [CompletionBox]) {
        self.look_for_files();
        let is_write = |asked: &CompletionBox| matches!(asked.request, Request::Write(_));
        if self.is_displaced && group.iter().any(is_write) {
            for single in group.chunks_mut(1).filter(|single| !is_write(&single[0])) {
                self.execute_group(single);
            }
            return;
        }
        let epoch = self.epoch;
        let result = match &mut self.store {
            Some(store) => run(store, epoch, group),
            None => Err(StoreError::Closed),
        };
        self.commits += self.store.as_mut().map_or(0, OpenStore::take_commits);
        let Err(error) = result else {
            return;
        };
        for asked in &mut *group {
            asked.outcome = Outcome::Unknown;
            asked.freed = Vec::new();
        }
        tracing::error!(%error, requests = group.len(), "the store could not answer");
        // One damaged record must not take the requests down that never touch it, nor a damaged page.
        if !error.is_damage() || self.account_count().is_err() {
            if error.is_fatal() || error.is_damage() {
                self.close();
            }
            return;
        }
        if group.len() > 1 {
            for single in group.chunks_mut(1) {
                self.execute_group(single);
            }
        }
    }

    /// What a checkpoint has to write, if one is due, or something has changed and it is to come `now`. It may be written
    /// on another thread; until [`Engine::end_checkpoint`] there is no other one.
    pub(in crate::store) fn begin_checkpoint(&mut self, now: bool) -> Option<Checkpoint> {
        let store = self.store.as_mut()?;
        let is_due = store.is_checkpoint_due() || (now && store.is_ahead());
        if !is_due {
            return None;
        }
        let begun = guard(|| store.begin_checkpoint());
        begun.map_err(|error| self.fail_checkpoint(&error)).ok()
    }

    /// Whether a segment of the log is being emptied.
    pub(in crate::store) fn has_to_tidy(&self) -> bool {
        self.store.as_ref().is_some_and(OpenStore::has_to_tidy)
    }

    /// Goes on with emptying a segment of which little is left: one step, of some 64 KiB.
    pub(in crate::store) fn tidy(&mut self) {
        let Some(store) = self.store.as_mut().filter(|_| !self.is_displaced) else {
            return;
        };
        let done = guard(|| store.tidy());
        self.commits += store.take_commits();
        if let Err(error) = done {
            tracing::error!(%error, "a segment of the log could not be emptied");
            self.close();
        }
    }

    /// Whether the tables' file lacks something.
    pub(in crate::store) fn is_ahead(&self) -> bool {
        self.store.as_ref().is_some_and(OpenStore::is_ahead)
    }

    /// A checkpoint has come to its end, or failed.
    pub(in crate::store) fn end_checkpoint(&mut self, written: Result<Written, StoreError>) {
        let Some(store) = &mut self.store else {
            return;
        };
        let done = written.and_then(|written| guard(|| store.end_checkpoint(written)));
        self.commits += store.take_commits();
        if let Err(error) = done {
            self.fail_checkpoint(&error);
        }
    }

    fn fail_checkpoint(&mut self, error: &StoreError) {
        tracing::error!(%error, "the tables' file could not be brought up to date");
        self.close();
    }

    /// Makes a checkpoint, and waits for it.
    fn checkpoint(&mut self, now: bool) {
        if let Some(checkpoint) = self.begin_checkpoint(now) {
            self.end_checkpoint(guard(|| checkpoint.write(&Writing::default())));
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(mut store) = self.store.take()
            && let Err(error) = guard(|| store.checkpoint())
        {
            tracing::warn!(%error, "cannot update the tables' file; the message log is up to date");
        }
    }
}

/// Runs a group; what it writes is durable then.
fn run(store: &mut OpenStore, epoch: u64, group: &mut [CompletionBox]) -> Result<(), StoreError> {
    let ((), is_changed) = store.execute(|tables| {
        for asked in &mut *group {
            (asked.outcome, asked.freed) = execute::execute(tables, epoch, &asked.request)?;
        }
        Ok(())
    })?;
    if is_changed {
        let keys = group.iter().filter_map(|asked| added(asked)?.key);
        let keyed: Vec<Write> = keys.map(|key| Write::Keyed { key }).collect();
        // In the order of the requests.
        let mut keyed = keyed.iter();
        let done: Vec<Option<&Write>> = group
            .iter()
            .filter_map(|asked| match (&asked.request, &asked.outcome) {
                (Request::Write(Write::Append(_)), _) => {
                    added(asked).map(|append| append.key.and_then(|_| keyed.next()))
                }
                (Request::Write(write), Outcome::Done(_)) => Some(Some(write)),
                _ => None,
            })
            .collect();
        store.log_writes(&done)?;
    }
    Ok(())
}

/// The append of an entry that did not stand already.
fn added(done: &Completion) -> Option<&Append> {
    match (&done.request, &done.outcome) {
        (Request::Write(Write::Append(append)), Outcome::Done(Reply::Stored(stored))) => {
            (!stored.repeated).then_some(append)
        }
        _ => None,
    }
}
