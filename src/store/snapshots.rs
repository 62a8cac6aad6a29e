//! Reading beside the engine, on other threads: from a snapshot, which waits for no commit and holds none up.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use redb::{Database, ReadableDatabase};

use crate::store::backup;
use crate::store::catch_panic::guard;
use crate::store::check;
use crate::store::check::Report;
use crate::store::error::StoreError;
use crate::store::files::open::OpenError;
use crate::store::schema::tables::Snapshot;

/// A way to the snapshots of an engine's database. It does not keep the database open: after a failure, and until
/// the engine has recovered, everything is answered with [`StoreError::Closed`].
#[derive(Debug, Clone)]
pub struct Snapshots {
    database: Arc<RwLock<Weak<Database>>>,
}

impl Snapshots {
    pub(in crate::store) fn of(database: &Arc<Database>) -> Self {
        Self {
            database: Arc::new(RwLock::new(Arc::downgrade(database))),
        }
    }

    /// The engine has opened its database again.
    pub(in crate::store) fn replace(&self, database: &Arc<Database>) {
        *self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(database);
    }

    /// What is wrong with the database, as far as its tables show it; redb's own check needs it alone.
    ///
    /// # Errors
    /// If it cannot be read at all.
    pub fn check(&self) -> Result<Report, StoreError> {
        let database = self.database()?;
        guard(|| Ok(check::walk(&Snapshot::open(&database.begin_read()?)?)))
    }

    /// Copies everything, as it stands now, into a database of its own; returns how many rows that were.
    ///
    /// # Errors
    /// If the file exists, or one of the two cannot be read or written.
    pub fn back_up(&self, path: &Path) -> Result<u64, OpenError> {
        let database = self.database()?;
        guard(|| -> Result<_, OpenError> {
            let transaction = database.begin_read().map_err(StoreError::from)?;
            backup::write(&Snapshot::open(&transaction)?, path)
        })
    }

    /// The same into a database that is open and empty.
    ///
    /// # Errors
    /// If one of the two cannot be read or written.
    pub fn back_up_into(&self, copy: &Database) -> Result<u64, StoreError> {
        let database = self.database()?;
        guard(|| {
            let transaction = database.begin_read()?;
            backup::fill(&Snapshot::open(&transaction)?, copy)
        })
    }

    fn database(&self) -> Result<Arc<Database>, StoreError> {
        self.database
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade()
            .ok_or(StoreError::Closed)
    }
}
