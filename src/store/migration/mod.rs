//! Migrates a database from the schema of an older program to this one's.
//!
//! Forward only: the file is copied beside itself first, and an operator who wants to go back restores that copy. All
//! steps and the new version are one transaction, so that a crash leaves either the old schema or the new one. An
//! older program refuses the newer version by name.

mod schema_6;

use crate::store::files::schema as schema_file;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use redb::{Database, WriteTransaction};

use super::files::new_file::{NewFile, beside};
use super::files::open::{self, DATABASE_FILE, Files, OpenError, reopen, reopen_tables};
use super::files::regular::open_regular;
use crate::store::catch_panic::guard;
use crate::store::error::StoreError;
use crate::store::schema::meta;
use crate::store::schema::meta::SCHEMA_VERSION;

/// Changes the tables of one schema to those of the next. The log is replayed on what it leaves.
pub(in crate::store) type Step = fn(&WriteTransaction) -> Result<(), StoreError>;

/// The steps to this program's schema, one a version. Older ones than 6 were not released.
const STEPS: &[Step] = &[schema_6::to_7];

/// Opens the database in a data directory as `open` does, and migrates it if an older program has written it; then
/// the path of the copy that was made first is returned too. `unix_ms` is the time, which only names the copy.
///
/// # Errors
/// See [`OpenError`].
pub(in crate::store) fn open_current(
    data_dir: &Path,
    unix_ms: u64,
) -> Result<(Files, Option<PathBuf>), OpenError> {
    open_with(data_dir, unix_ms, STEPS)
}

pub(in crate::store) fn open_with(
    data_dir: &Path,
    unix_ms: u64,
    steps: &[Step],
) -> Result<(Files, Option<PathBuf>), OpenError> {
    let files = open::open(data_dir)?;
    let Some((found, _)) = due(&files.database, steps)? else {
        return Ok((files, None));
    };
    // Closed, the file needs no repair when its copy is opened.
    drop(files);
    let file = data_dir.join(DATABASE_FILE);
    let copy = copy_name(&file, found, unix_ms);
    copy_file(&file, &copy)?;
    let tables = reopen_tables(data_dir)?;
    migrate(&tables, steps)?;
    drop(tables);
    Ok((reopen(data_dir)?, Some(copy)))
}

/// Opens the database in a data directory to read it: what brings it forward stays in memory too.
///
/// # Errors
/// See [`OpenError`].
pub(in crate::store) fn open_to_look(data_dir: &Path) -> Result<Files, OpenError> {
    let files = open::open_to_look(data_dir)?;
    migrate(&files.database, STEPS)?;
    Ok(files)
}

/// Takes the steps that are due, all of them or none.
pub(in crate::store) fn migrate(database: &Database, steps: &[Step]) -> Result<(), OpenError> {
    let Some((_, due)) = due(database, steps)? else {
        return Ok(());
    };
    guard(|| {
        let transaction = database.begin_write().map_err(StoreError::from)?;
        for step in due {
            step(&transaction)?;
        }
        meta::note_schema(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(())
    })
}

/// The schema that was found and the steps from it to the current one. None if it is new, current, newer, too old or
/// foreign: that is the engine's to judge.
fn due<'s>(database: &Database, steps: &'s [Step]) -> Result<Option<(u64, &'s [Step])>, OpenError> {
    let found = guard(|| schema_file::schema_version(database))?;
    Ok(found.and_then(|found| {
        let behind = usize::try_from(SCHEMA_VERSION.checked_sub(found)?).ok()?;
        let first = steps.len().checked_sub(behind)?;
        (behind > 0).then(|| (found, &steps[first..]))
    }))
}

/// The name of the copy of a database: its schema and the day (UTC).
fn copy_name(file: &Path, schema: u64, unix_ms: u64) -> PathBuf {
    let day = i64::try_from(unix_ms)
        .ok()
        .and_then(|time_ms| Timestamp::from_millisecond(time_ms).ok())
        .unwrap_or_default()
        .strftime("%Y-%m-%d");
    beside(file, &format!(".schema-{schema}.{day}"))
}

/// Copies a file for its owner only. The copy has its name once it is whole and durable.
fn copy_file(from: &Path, to: &Path) -> Result<(), OpenError> {
    let source = open_regular(from).map_err(|cause| OpenError::NotReadable {
        path: from.into(),
        cause,
    })?;
    let mut copy = NewFile::beside(to).map_err(OpenError::NoCopy)?;
    copy.fill(source).map_err(OpenError::NoCopy)?;
    copy.replace().map_err(OpenError::NoCopy)
}
