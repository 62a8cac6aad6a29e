//! Migrates a database from the schema of an older program to this one's.
//!
//! Forward only: the files are copied beside themselves first, and an operator who wants to go back restores that copy. All
//! steps and the new version are one transaction, so that a crash leaves either the old schema or the new one. What only the
//! old journal has is replayed after that, in another; a start that finds it left replays it. An older program refuses the newer
//! version by name.

pub(in crate::store) mod old_journal;
mod schema_6;
pub(in crate::store) mod unwritten;

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use redb::{Database, WriteTransaction};

use super::catch_panic::{FencedDatabase, guard};
use super::engine::Engine;
use super::error::StoreError;
use super::files::directory::require_database;
use super::files::new_file::{NewFile, beside, sync_directory_of};
use super::files::open::{self, DATABASE_FILE, Files, OpenError, old_journal_of, reopen};
use super::files::open::{look_at_segments, reopen_tables};
use super::files::regular::open_regular;
use super::files::schema as schema_file;
use super::log_loss::LogLoss;
use super::schema::meta::{self, SCHEMA_VERSION};

/// Changes the tables of one schema to those of the next.
#[derive(Clone, Copy)]
pub(in crate::store) struct Step {
    pub(in crate::store) change: fn(&WriteTransaction) -> Result<(), StoreError>,
    /// Whether it rewrites what is there, so that the file is copied first. Tables and fields that are only added need no
    /// copy: rows without them are read as they are.
    pub(in crate::store) rewrites: bool,
}

/// The steps to this program's schema, one a version. Older ones than 6 were not released.
pub(in crate::store) const STEPS: &[Step] = &[
    Step {
        change: schema_6::to_7,
        rewrites: true,
    },
    Step {
        change: |_| Ok(()),
        rewrites: false,
    },
];

/// What bringing a database forward has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The copy of the tables that was made before; none if that was at an earlier start, which did not come to its end.
    pub copy: Option<PathBuf>,
    /// What of its journal was found to be lost, if anything.
    pub loss: Option<LogLoss>,
}

/// Opens the database in a data directory as `open` does, and migrates it if an older program has written it; then it is
/// said what came of that. `unix_ms` is the time, which only names the copy; `seed` is for the epoch of a database that
/// has lost something.
///
/// # Errors
/// See [`OpenError`].
pub(in crate::store) fn open_current(
    data_dir: &Path,
    unix_ms: u64,
    seed: [u8; 32],
) -> Result<(Files, Option<Migrated>), OpenError> {
    open_with(data_dir, unix_ms, seed, STEPS)
}

pub(in crate::store) fn open_with(
    data_dir: &Path,
    unix_ms: u64,
    seed: [u8; 32],
    steps: &[Step],
) -> Result<(Files, Option<Migrated>), OpenError> {
    let files = open::open(data_dir)?;
    let path = data_dir.join(DATABASE_FILE);
    let due = due(&files.database, steps)?;
    if due.is_none() && !guard(|| unwritten::is_left(&files.database))? {
        remove_journal(&path, true);
        return Ok((files, None));
    }
    // Closed, the file needs no repair when its copy is opened.
    drop(files);
    let copied = due.filter(|(_, due)| due.iter().any(|step| step.rewrites));
    let copy = copied.map(|(found, _)| copy_name(&path, found, unix_ms));
    if let Some(copy) = &copy {
        copy_file(&path, copy)?;
        keep_journal(&path, copy)?;
    }
    let journal = read_journal(&path)?;
    let (tables, loss) = bring_forward(reopen_tables(data_dir)?, &journal, seed, steps)?;
    drop(tables);
    remove_journal(&path, false);
    Ok((reopen(data_dir)?, Some(Migrated { copy, loss })))
}

impl Engine {
    /// Opens the database in a data directory to read it. Nothing of it is written, also not what a crash has left to do, or
    /// what brings it forward: that is done in memory, and so is everything that is asked of this engine.
    ///
    /// # Errors
    /// See [`OpenError`]; among others if there is none, or a server holds it.
    pub fn look(data_dir: &Path, seed: [u8; 32]) -> Result<Self, OpenError> {
        let path = require_database(data_dir)?;
        let (database, migrated) = look_forward(open::look(&path)?, &path)?;
        let segments = look_at_segments(&path);
        let engine = Self::new(Files { database, segments }, seed)?;
        Ok(engine.with_loss(migrated.and_then(|migrated| migrated.loss)))
    }
}

/// Brings a database forward that is only looked at: that stays in memory. None if it is current, or of a schema that is
/// not this program's to read.
pub(in crate::store) fn look_forward(
    database: FencedDatabase,
    path: &Path,
) -> Result<(FencedDatabase, Option<Migrated>), OpenError> {
    let is_due = match due(&database, STEPS) {
        Ok(None) => guard(|| unwritten::is_left(&database)).unwrap_or(false),
        Ok(Some(_)) => true,
        // What is wrong with it is for the caller to find.
        Err(_) => false,
    };
    if !is_due {
        return Ok((database, None));
    }
    let journal = read_journal(path)?;
    let (database, loss) = bring_forward(database, &journal, [0; 32], STEPS)?;
    Ok((database, Some(Migrated { copy: None, loss })))
}

/// Takes the steps that are due, and replays what only the journal of these bytes has.
pub(in crate::store) fn bring_forward(
    database: FencedDatabase,
    journal: &[u8],
    seed: [u8; 32],
    steps: &[Step],
) -> Result<(FencedDatabase, Option<LogLoss>), OpenError> {
    let of_older = |error: OpenError| match error {
        OpenError::Store(cause) if cause.is_damage() => OpenError::OlderDamaged {
            reason: cause.to_string(),
        },
        other => other,
    };
    migrate(&database, steps).map_err(of_older)?;
    unwritten::replay(database, journal, seed).map_err(|error| of_older(error.into()))
}

/// Takes the steps that are due, all of them or none.
pub(in crate::store) fn migrate(database: &Database, steps: &[Step]) -> Result<(), OpenError> {
    let Some((_, due)) = due(database, steps)? else {
        return Ok(());
    };
    guard(|| {
        let transaction = database.begin_write().map_err(StoreError::from)?;
        for step in due {
            (step.change)(&transaction)?;
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
    let source = open_regular(from).map_err(|cause| not_readable(from, cause))?;
    let mut copy = NewFile::beside(to).map_err(OpenError::NoCopy)?;
    copy.fill(source).map_err(OpenError::NoCopy)?;
    copy.replace().map_err(OpenError::NoCopy)
}

fn not_readable(path: &Path, cause: io::Error) -> OpenError {
    let path = path.into();
    OpenError::NotReadable { path, cause }
}

/// Has the copy of a database have its journal. Where there can be two names for one file, nothing is copied: the journal is
/// never written to.
fn keep_journal(path: &Path, copy: &Path) -> Result<(), OpenError> {
    let (from, to) = (old_journal_of(path), old_journal_of(copy));
    if fs::symlink_metadata(&from).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(());
    }
    let link = || {
        match fs::remove_file(&to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::hard_link(&from, &to)?;
        sync_directory_of(&to)
    };
    link().or_else(|_| copy_file(&from, &to))
}

/// Removes the journal of an older program, which nobody needs now. `if_kept` says to look first whether it has another name
/// too, beside the copy: then a start that was killed has left it, and else perhaps an operator.
fn remove_journal(path: &Path, if_kept: bool) {
    let journal = old_journal_of(path);
    let Ok(metadata) = fs::symlink_metadata(&journal) else {
        return;
    };
    if if_kept && metadata.nlink() < 2 {
        return;
    }
    let removed = fs::remove_file(&journal).and_then(|()| sync_directory_of(&journal));
    if let Err(error) = removed {
        tracing::warn!(%error, "cannot remove the journal of the version before, which is no longer needed");
    }
}

/// The bytes of the journal of an older program; none if it is not there.
fn read_journal(path: &Path) -> Result<Vec<u8>, OpenError> {
    let journal = old_journal_of(path);
    let mut bytes = Vec::new();
    let read = open_regular(&journal)
        .and_then(|file| file.take(old_journal::MAX_BYTES).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(not_readable(&journal, error)),
        _ => Ok(bytes),
    }
}
