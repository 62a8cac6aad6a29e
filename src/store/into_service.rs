//! Bringing a copy of a database into service: its entries, which it has in a table, go into segments of a log, and the
//! contents of files, which it has in another, into files.
//!
//! redb does not overwrite what it has removed, and a deleted entry must not stay legible in a page that nothing uses. So the
//! tables are copied without these into another file, which then gets the database's name. Until then the copy is as it
//! was, and after a crash this is done again.

use std::path::Path;
use std::sync::Arc;

use redb::ReadableDatabase as _;

use super::blobs::BlobDirectory;
use super::catch_panic::guard;
use super::copied_files::{has_rows, write_files};
use super::engine::import::import_copy;
use super::error::StoreError;
use super::files::new_file::NewFile;
use super::files::open::{DATABASE_FILE, Files, OpenError, blobs_of, open_new, reopen};
use super::migration::{self, Migrated};
use super::schema::meta;
use super::schema::table::ReadTable as _;
use super::schema::tables::{ReadTables as _, Snapshot};

/// Opens the database in a data directory, making it if there is none, in the form in which a server works on it: one that an
/// older program has written is brought forward, and then it is said what came of that. `unix_ms` is the time, which
/// names the copy that is made first; `seed` is for the log's secret, and the epoch of a database that has lost something.
///
/// # Errors
/// See [`OpenError`].
pub fn open_current(
    data_dir: &Path,
    unix_ms: u64,
    seed: [u8; 32],
) -> Result<(Files, Option<Migrated>), OpenError> {
    let (files, migrated) = migration::open_current(data_dir, unix_ms, seed)?;
    if !guard(|| is_copy(&files))? {
        return Ok((files, migrated));
    }
    let path = data_dir.join(DATABASE_FILE);
    let blobs = BlobDirectory::new(blobs_of(&path));
    guard(|| write_files(&snapshot_of(&files)?, &blobs))?;
    let fresh = NewFile::beside(&path)?;
    let to = Files {
        database: open_new(&fresh)?,
        segments: Arc::clone(&files.segments),
    };
    guard(|| {
        let transaction = to.database.begin_write()?;
        meta::note_schema(&transaction)?;
        snapshot_of(&files)?.copy_to(&transaction, &["log", "blobs"])?;
        transaction.commit()?;
        import_copy(&snapshot_of(&files)?, to, seed)
    })?;
    fresh.replace()?;
    drop(files);
    Ok((reopen(data_dir)?, migrated))
}

/// Whether it has entries or files in tables.
fn is_copy(files: &Files) -> Result<bool, StoreError> {
    let tables = snapshot_of(files)?;
    let has_entries = tables.log().rows()?.next().is_some();
    Ok(has_entries || has_rows(&tables)?)
}

fn snapshot_of(files: &Files) -> Result<Snapshot, StoreError> {
    Snapshot::open(&files.database.begin_read()?, None)
}
