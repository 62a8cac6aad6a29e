//! What is in a backup, without taking anything from it.

use std::fs;
use std::path::{Path, PathBuf};

use super::UNFINISHED_SUFFIX;
use crate::store::catch_panic::guard;
use crate::store::check::{self, Looked, Report};
use crate::store::copied_files::{are_elsewhere, has_rows, kept};
use crate::store::error::StoreError;
use crate::store::files::open::{DATABASE_FILE, OpenError, blobs_of, open_to_read};
use crate::store::schema::meta;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::ReadTables as _;

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct BackupContents {
    /// The schema of its tables.
    pub schema: u64,
    /// When it was made, in milliseconds since 1970 (UTC), if it says so.
    pub made_ms: Option<u64>,
    /// Accounts that were not deleted.
    pub accounts: u64,
    /// Rooms.
    pub rooms: u64,
    /// Entries of all logs: messages and events.
    pub entries: u64,
    /// Attached files.
    pub files: u64,
    /// How long they are, in bytes.
    pub file_bytes: u64,
    /// How long the file of the tables is, in bytes.
    pub table_bytes: u64,
}

/// The file of a backup that is one, or that is a directory.
///
/// # Errors
/// If it was never finished.
pub(super) fn file_of(backup: &Path) -> Result<PathBuf, OpenError> {
    let is_unfinished = |path: &Path| {
        path.as_os_str()
            .as_encoded_bytes()
            .ends_with(UNFINISHED_SUFFIX.as_bytes())
    };
    if backup.ancestors().take(2).any(is_unfinished) {
        let path = backup.into();
        return Err(OpenError::Unfinished { path });
    }
    if backup.is_dir() {
        return Ok(backup.join(DATABASE_FILE));
    }
    Ok(backup.into())
}

/// Reads and checks a backup, down to the contents of its files, and writes nothing.
///
/// # Errors
/// If it cannot be read, or is none. A report of damage is no error.
pub fn look_at_backup(backup: &Path) -> Result<(BackupContents, Report), OpenError> {
    let file = file_of(backup)?;
    drop(open_to_read(&file)?);
    let looked = check::open_to_look(&file).map_err(|error| error.at(&file))?;
    if let Some(loss) = looked.loss {
        return Err(OpenError::LacksLog { path: file, loss });
    }
    let failed = |error: StoreError| OpenError::from(error).at(&file);
    let contents = guard(|| contents(&looked, &file));
    let lacks_files = guard(|| lacks_files(&looked, &file)).map_err(failed)?;
    if lacks_files {
        return Err(OpenError::LacksFiles { path: file });
    }
    let report = check::check_database(looked).map_err(|error| error.at(&file))?;
    match contents {
        Ok(contents) => {
            let entries = report.entries;
            Ok((
                BackupContents {
                    entries,
                    ..contents
                },
                report,
            ))
        }
        // It is found where the table is read.
        Err(_) if !report.is_sound() => Ok((BackupContents::unknown(), report)),
        Err(error) => Err(failed(error)),
    }
}

impl BackupContents {
    const fn unknown() -> Self {
        Self {
            schema: 0,
            made_ms: None,
            accounts: 0,
            rooms: 0,
            entries: 0,
            files: 0,
            file_bytes: 0,
            table_bytes: 0,
        }
    }
}

fn contents(looked: &Looked, file: &Path) -> Result<BackupContents, StoreError> {
    let tables = looked.snapshot()?;
    let kept = kept(&tables)?;
    Ok(BackupContents {
        schema: looked.schema.unwrap_or_default(),
        made_ms: meta::copied_ms(&tables)?,
        accounts: meta::reader_count(&tables)?,
        rooms: tables.rooms().rows()?.count() as u64,
        entries: 0,
        files: kept.len() as u64,
        file_bytes: kept.iter().map(|blob| blob.size.bytes()).sum(),
        table_bytes: fs::metadata(file)?.len(),
    })
}

/// Whether it was copied without the directory of its files.
fn lacks_files(looked: &Looked, file: &Path) -> Result<bool, StoreError> {
    let tables = looked.snapshot()?;
    let has_content = |blob: &crate::store::BlobKey| blob.size.bytes() > 0;
    let is_missing = fs::symlink_metadata(blobs_of(file)).is_err();
    if are_elsewhere(&tables)? {
        return Ok(false);
    }
    Ok(is_missing && !has_rows(&tables)? && kept(&tables)?.iter().any(has_content))
}
