//! Reading beside the engine, on other threads: from a snapshot, which waits for no commit and holds none up.

use std::sync::{Arc, PoisonError, RwLock, Weak};

use crate::store::catch_panic::FencedDatabase;
use crate::store::error::StoreError;

/// A way to the snapshots of an engine's database. It does not keep the database open: after a failure, and until
/// the engine has recovered, everything is answered with [`StoreError::Closed`].
#[derive(Debug, Clone)]
pub struct Snapshots {
    database: Arc<RwLock<Weak<FencedDatabase>>>,
}

impl Snapshots {
    pub(in crate::store) fn of(database: &Arc<FencedDatabase>) -> Self {
        Self {
            database: Arc::new(RwLock::new(Arc::downgrade(database))),
        }
    }

    /// The engine has opened its database again.
    pub(in crate::store) fn replace(&self, database: &Arc<FencedDatabase>) {
        *self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(database);
    }

    pub(in crate::store) fn database(&self) -> Result<Arc<FencedDatabase>, StoreError> {
        self.database
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade()
            .ok_or(StoreError::Closed)
    }
}
