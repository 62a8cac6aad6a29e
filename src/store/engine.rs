//! The executor: a batch of requests in, their completions out, everything that they write in one transaction.
//!
//! It waits for the disk, so it runs on a thread of its own in production and is called directly by a simulator.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use redb::{Database, ReadableDatabase};

use super::devices::{self, Resumption};
use super::error::{Stop, StoreError};
use super::guard::{give_up, guard};
use super::open::OpenError;
use super::snapshots::Snapshots;
use super::tables::{Look, Snapshot, Tables};
use super::{
    Completion, Outcome, Refusal, Reply, Request, RequestId, accounts, conversations, history, log,
    marks, meta, retention, rooms,
};

/// How many requests share one commit at most; a longer batch is cut into several. Chosen: one commit costs about
/// as much as 150 appends, so more would add waiting and little else.
pub const BATCH_MAX: usize = 128;

/// How the engine gets its database back after a failure of the disk.
pub type Reopen = Box<dyn FnMut() -> Result<Database, OpenError> + Send>;

/// The synchronous executor over a database.
pub struct Engine {
    /// None after a failure, until [`Engine::recover`] succeeds.
    database: Option<Arc<Database>>,
    /// The same, for those who read beside it.
    snapshots: Snapshots,
    reopen: Option<Reopen>,
    rng: ChaCha20Rng,
    epoch: u64,
    commits: u64,
}

impl Engine {
    /// Opens the database in a data directory, making both if they are not there, so that it gets itself back
    /// after a failure of the disk.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(data_dir: &Path, seed: [u8; 32]) -> Result<Self, OpenError> {
        let engine = Self::new(super::open(data_dir)?, seed)?;
        let data_dir = data_dir.to_owned();
        Ok(engine.with_reopen(Box::new(move || super::reopen(&data_dir))))
    }

    /// Takes a database over, making the schema in an empty one. `seed` is for secrets and the epoch.
    ///
    /// # Errors
    /// [`OpenError::NewerSchema`], [`OpenError::Foreign`], [`OpenError::Store`].
    pub fn new(database: Database, seed: [u8; 32]) -> Result<Self, OpenError> {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let epoch = guard(|| meta::prepare(&database, &mut rng))?;
        let database = Arc::new(database);
        Ok(Self {
            snapshots: Snapshots::of(&database),
            database: Some(database),
            reopen: None,
            rng,
            epoch,
            commits: 0,
        })
    }

    /// How many transactions of requests were made durable.
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

    /// The database's epoch: random, another one after a backup was restored.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether a failure has closed the database: everything is answered [`Outcome::Unknown`] until
    /// [`Engine::recover`] succeeds.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.database.is_none()
    }

    /// Opens the database again after a failure. Nothing is kept in memory that the database does not hold, so
    /// there is nothing else to restore.
    ///
    /// # Errors
    /// If it still cannot be opened, is another one now, or there is no way to it (see [`Engine::with_reopen`]).
    pub fn recover(&mut self) -> Result<(), OpenError> {
        if self.database.is_none() {
            let reopen = self
                .reopen
                .as_mut()
                .ok_or(OpenError::Store(StoreError::Closed))?;
            let database = reopen()?;
            if guard(|| meta::check(&database))? != Some(self.epoch) {
                return Err(OpenError::Replaced);
            }
            let database = Arc::new(database);
            self.snapshots.replace(&database);
            self.database = Some(database);
        }
        Ok(())
    }

    /// A way to read beside the engine, on other threads.
    #[must_use]
    pub fn snapshots(&self) -> Snapshots {
        self.snapshots.clone()
    }

    /// How many accounts there are.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn account_count(&self) -> Result<u64, StoreError> {
        let database = self.database.as_ref().ok_or(StoreError::Closed)?;
        guard(|| meta::account_count(&Snapshot::open(&database.begin_read()?)?))
    }

    /// The secret of this name; if there is none yet, `make` makes it, and it is durable when this returns.
    ///
    /// # Errors
    /// If the database cannot be read or written.
    pub fn secret(
        &mut self,
        name: &str,
        make: impl FnOnce(&mut ChaCha20Rng) -> Vec<u8>,
    ) -> Result<Vec<u8>, StoreError> {
        let database = self.database.as_ref().ok_or(StoreError::Closed)?;
        let rng = &mut self.rng;
        let secret = guard(|| meta::secret(database, name, || make(rng)));
        if secret.as_ref().is_err_and(StoreError::is_fatal) {
            give_up(self.database.take());
        }
        secret
    }

    /// Executes requests in order and answers each, in the same order; what was written is durable when this
    /// returns. After a failure of the disk the requests of that commit are all answered [`Outcome::Unknown`]: they
    /// were done all or not at all.
    pub fn execute(&mut self, batch: Vec<(RequestId, Request)>) -> Vec<Completion> {
        let outcomes: Vec<_> = batch
            .chunks(BATCH_MAX)
            .flat_map(|group| self.execute_group(group))
            .collect();
        batch
            .into_iter()
            .zip(outcomes)
            .map(|((id, _), outcome)| Completion { id, outcome })
            .collect()
    }

    fn execute_group(&mut self, group: &[(RequestId, Request)]) -> Vec<Outcome> {
        let is_reading = group.iter().all(|(_, request)| only_reads(request));
        let result = match &self.database {
            Some(database) => guard(|| run(database, self.epoch, group)),
            None => Err(StoreError::Closed),
        };
        match result {
            Ok((outcomes, is_written)) => {
                self.commits += u64::from(is_written);
                outcomes
            }
            // One damaged record must not take the requests down that never touch it: each by itself, then.
            Err(StoreError::Damaged { .. }) if group.len() > 1 => self.execute_each(group),
            Err(error) => {
                tracing::error!(%error, requests = group.len(), "the store could not answer");
                if is_reading && error.is_damaged_page() && self.reads_on() {
                    return match group {
                        [_] => vec![Outcome::Unknown],
                        _ => self.execute_each(group),
                    };
                }
                if error.is_fatal() {
                    give_up(self.database.take());
                }
                vec![Outcome::Unknown; group.len()]
            }
        }
    }

    /// Executes each request of a group by itself.
    fn execute_each(&mut self, group: &[(RequestId, Request)]) -> Vec<Outcome> {
        group
            .chunks(1)
            .flat_map(|single| self.execute_group(single))
            .collect()
    }

    /// Whether redb can still be asked after a failure of a reading.
    fn reads_on(&self) -> bool {
        self.account_count().is_ok()
    }
}

/// Runs a group in one transaction, and says whether that wrote anything; a group that only asks gets a snapshot
/// instead.
fn run(
    database: &Database,
    epoch: u64,
    group: &[(RequestId, Request)],
) -> Result<(Vec<Outcome>, bool), StoreError> {
    if group.iter().all(|(_, request)| only_reads(request)) {
        let snapshot = Snapshot::open(&database.begin_read()?)?;
        let outcomes = group
            .iter()
            .map(|(_, request)| outcome(answer(&snapshot, request)))
            .collect::<Result<_, _>>()?;
        return Ok((outcomes, false));
    }
    let transaction = database.begin_write()?;
    let changed = Cell::new(false);
    let outcomes = {
        let mut tables = Tables::open(&transaction, &changed)?;
        group
            .iter()
            .map(|(_, request)| outcome(perform(&mut tables, epoch, request)))
            .collect::<Result<_, _>>()?
    };
    if changed.get() {
        transaction.commit()?;
    } else {
        transaction.abort()?;
    }
    Ok((outcomes, changed.get()))
}

/// Whether a request never writes, so that a snapshot is enough for it.
pub(super) const fn only_reads(request: &Request) -> bool {
    matches!(
        request,
        Request::FindAccount { .. }
            | Request::ListAccounts
            | Request::Read { .. }
            | Request::Marks { .. }
            | Request::ListRetained
            | Request::Rooms { .. }
            | Request::Members { .. }
            | Request::ReadBack { .. }
    )
}

fn outcome(result: Result<Reply, Stop>) -> Result<Outcome, StoreError> {
    match result {
        Ok(reply) => Ok(Outcome::Done(reply)),
        Err(Stop::Refused(refusal)) => Ok(Outcome::Refused(refusal)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Answers a request that only reads.
fn answer(look: &impl Look, request: &Request) -> Result<Reply, Stop> {
    match request {
        Request::FindAccount { name } => accounts::find(look, name)?
            .map(Reply::Account)
            .ok_or_else(|| Refusal::NoSuchUser.into()),
        Request::ListAccounts => accounts::list(look),
        Request::Read {
            conversation,
            reader,
            after,
            max_bytes,
        } => log::read(look, *conversation, *reader, *after, *max_bytes),
        Request::Marks {
            conversation,
            account,
        } => marks::list(look, *conversation, *account),
        Request::ListRetained => retention::list(look),
        Request::Rooms { account } => rooms::rooms(look, *account),
        Request::Members {
            conversation,
            account,
        } => rooms::members(look, *conversation, *account),
        Request::ReadBack {
            conversation,
            reader,
            before,
            max_entries,
            max_bytes,
        } => history::read_back(
            look,
            *conversation,
            *reader,
            *before,
            *max_entries,
            *max_bytes,
        ),
        _ => unreachable!("only_reads names exactly the requests above"),
    }
}

/// Performs any request. One that is refused has written nothing.
fn perform(tables: &mut Tables<'_>, epoch: u64, request: &Request) -> Result<Reply, Stop> {
    match request {
        Request::CreateAccount(new) => accounts::create(tables, new),
        Request::OpenDevice {
            account,
            device,
            ticket,
            expires_ms,
        } => devices::open(tables, epoch, *account, *device, *ticket, *expires_ms),
        Request::Resume {
            account,
            device,
            ticket,
            successor,
            now_ms,
            expires_ms,
        } => devices::resume(
            tables,
            epoch,
            &Resumption {
                account: *account,
                device: *device,
                ticket: *ticket,
                successor: *successor,
                now_ms: *now_ms,
                expires_ms: *expires_ms,
            },
        ),
        Request::RevokeTickets { account, device } => devices::revoke(tables, *account, *device),
        Request::Hello {
            account,
            device,
            epoch: named,
            positions,
        } => {
            let earlier = named.filter(|named| *named != epoch);
            conversations::hello(tables, (*account, *device), earlier, positions)
        }
        Request::Resolve {
            account,
            device,
            name,
        } => conversations::resolve(tables, *account, *device, name),
        Request::Append(append) => log::append(tables, append),
        Request::Void {
            conversation,
            account,
            device,
            number,
        } => log::void(tables, *conversation, *account, *device, *number),
        Request::Advance { marks, seen } => marks::advance(tables, marks, seen),
        Request::Expire { from, keep, now_ms } => retention::expire(tables, *from, *keep, *now_ms),
        Request::Retain { name, keep } => retention::retain(tables, name, *keep),
        Request::Join { .. } | Request::Leave { .. } | Request::ChangeRoom { .. } => {
            rooms::perform(tables, request)
        }
        Request::FindAccount { .. }
        | Request::ListAccounts
        | Request::Read { .. }
        | Request::Marks { .. }
        | Request::ListRetained
        | Request::Rooms { .. }
        | Request::Members { .. }
        | Request::ReadBack { .. } => answer(tables, request),
    }
}
