//! Reading beside the engine, on other threads: from a snapshot, which waits for no commit and holds none up.

use std::sync::{Arc, PoisonError, RwLock, Weak};

use redb::ReadableDatabase as _;

use crate::store::blobs::BlobFiles;
use crate::store::catch_panic::FencedDatabase;
use crate::store::error::StoreError;
use crate::store::schema::tables::Snapshot;
use crate::store::segments::{Pin, SegmentReader};

/// The files of an engine, as long as they are open.
#[derive(Debug, Clone)]
struct Open {
    database: Weak<FencedDatabase>,
    segments: Arc<SegmentReader>,
}

/// A way to the snapshots of an engine's database. It does not keep the database open: after a failure, and until
/// the engine has recovered, everything is answered with [`StoreError::Closed`].
#[derive(Debug, Clone)]
pub struct Snapshots {
    open: Arc<RwLock<Open>>,
    /// Where the contents of files are.
    files: Option<Arc<dyn BlobFiles + Sync>>,
}

impl Snapshots {
    pub(in crate::store) fn of(
        database: &Arc<FencedDatabase>,
        segments: &Arc<SegmentReader>,
    ) -> Self {
        let open = Open {
            database: Arc::downgrade(database),
            segments: Arc::clone(segments),
        };
        Self {
            open: Arc::new(RwLock::new(open)),
            files: None,
        }
    }

    /// The contents of files are here.
    pub(in crate::store) fn with_files(self, files: Arc<dyn BlobFiles + Sync>) -> Self {
        let files = Some(files);
        Self { files, ..self }
    }

    pub(in crate::store) fn files(&self) -> Option<&dyn BlobFiles> {
        Some(&**self.files.as_ref()?)
    }

    /// The engine has opened its database again.
    pub(in crate::store) fn replace(
        &self,
        database: &Arc<FencedDatabase>,
        segments: &Arc<SegmentReader>,
    ) {
        let open = Open {
            database: Arc::downgrade(database),
            segments: Arc::clone(segments),
        };
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = open;
    }

    pub(in crate::store) fn database(&self) -> Result<Arc<FencedDatabase>, StoreError> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.database.upgrade().ok_or(StoreError::Closed)
    }

    /// Everything as the last checkpoint left it; while the pin is held its entries stay.
    pub(in crate::store) fn snapshot(&self) -> Result<(Snapshot, Pin), StoreError> {
        let database = self.database()?;
        let segments = {
            let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&open.segments)
        };
        let pin = segments.pin();
        Ok((
            Snapshot::open(&database.begin_read()?, Some(segments))?,
            pin,
        ))
    }
}
