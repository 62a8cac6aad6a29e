//! What redb can still read of a damaged database, in a new one.
//!
//! Every row that redb can read is taken over, table by table, if its own check value fits ([`rows`]); what the tables say
//! of each other is made to agree again ([`agree`]); and what the message log holds is replayed on that. What is lost is
//! said. The damaged file stays as it is.
//!
//! Nothing is searched for: bytes are taken for a row only where redb says that a row of this table stands, since what
//! users write is in the file too. Where redb cannot open the file at all, a backup is what helps.

mod agree;
mod entries;
mod rows;

use crate::store::files::schema as schema_file;
use std::collections::BTreeMap;
use std::path::Path;

use redb::{Database, ReadableDatabase as _};

use super::backup;
use super::blobs::{BlobDirectory, FoundBlob, all_blobs};
use super::catch_panic::{FencedDatabase, guard};
use super::check;
use super::copied_files::{Copied, Source, rescue_into};
use super::error::StoreError;
use super::files::cow_overlay;
use super::files::new_file::{Existing, NewFile};
use super::files::open::{OpenError, blobs_of, from_redb, open_new, open_to_read};
use super::migration;
use super::schema::meta::{self, SCHEMA_VERSION};
use super::schema::tables::{Snapshot, update};

/// What a rescue has brought back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rescued {
    /// How many rows were taken over.
    pub rows: u64,
    /// What was lost, or made again; nothing if the database was whole. At most 1,000 are told.
    pub lost: Vec<String>,
}

/// How much is said of what was lost, in sentences. Chosen: nobody reads more.
const LOST_MAX: usize = 1000;

impl Rescued {
    fn lose(&mut self, what: impl Into<String>) {
        if self.lost.len() < LOST_MAX {
            self.lost.push(what.into());
        }
    }
}

/// Reads what can be read of a damaged database file that no server holds, and writes it into a database of its own,
/// which is whole: `check` finds nothing wrong with it, and who opens it for service gives it a new epoch, so that
/// clients compare what they have with what is left. `secrets` are the names of those that a server has, `seed` is for the
/// epoch.
///
/// # Errors
/// If the file is held by a server, is no database or one of another schema, redb cannot open it, or the new one cannot be
/// written.
pub fn rescue(
    file: &Path,
    (path, existing): (&Path, Existing),
    secrets: &[&str],
    seed: [u8; 32],
) -> Result<Rescued, OpenError> {
    let new = NewFile::at(path, existing)?;
    let from = open(file)?;
    let rescued = fill(&from, file, open_new(&new)?, secrets, seed);
    let rescued = rescued?;
    new.place_where(existing)?;
    Ok(rescued)
}

/// Opens the damaged file without writing to it.
fn open(file: &Path) -> Result<FencedDatabase, OpenError> {
    let beyond = |reason| OpenError::BeyondRescue {
        path: file.into(),
        reason,
    };
    let damaged = open_to_read(file)?;
    let looked: Result<_, StoreError> = guard(|| Ok(cow_overlay::look(damaged)));
    let database = looked
        .map_err(|error| beyond(error.to_string()))?
        .map_err(|error| match from_redb(file, 0, error) {
            OpenError::Damaged { reason, .. } => beyond(reason),
            other => other,
        })?;
    let database = FencedDatabase::from(database);
    let known = SCHEMA_VERSION;
    // Where the schema cannot be read it is this one's as likely as not, and rows of another do not fit.
    match guard(|| schema_file::schema_version(&database)) {
        Ok(Some(found)) if found > known => Err(OpenError::NewerSchema { found, known }),
        _ => {
            let (database, _) = migration::look_forward(database, file)?;
            match guard(|| schema_file::schema_version(&database)) {
                Ok(Some(found)) if found < known => Err(OpenError::OlderSchema { found, known }),
                _ => Ok(database),
            }
        }
    }
}

fn fill(
    from: &Database,
    file: &Path,
    to: FencedDatabase,
    secrets: &[&str],
    seed: [u8; 32],
) -> Result<Rescued, OpenError> {
    let mut rescued = Rescued::default();
    let mut is_log_known = false;
    let copied: Result<(), OpenError> = guard(|| {
        let transaction = to.begin_write().map_err(StoreError::from)?;
        meta::note_schema(&transaction)?;
        rows::copy(from, &transaction, &mut rescued)?;
        transaction.commit().map_err(StoreError::from)?;
        if rescued.rows == 0 {
            return Err(OpenError::BeyondRescue {
                path: file.into(),
                reason: "no row can be read".into(),
            });
        }
        entries::copy(&to, file, &mut rescued)?;
        update(&to, |tables| {
            // Asked before it is marked as a copy, which may have none.
            is_log_known = meta::log_note(tables).is_ok();
            agree::agree(tables, secrets, seed, &mut rescued)
        })?;
        Ok(())
    });
    copied?;
    let looked = check::with_log(to, file, seed)?;
    if looked.loss.is_some() || !is_log_known {
        rescued.lose(
            "the end of the message log: some of the last messages, which do not fit the remaining rows",
        );
    }
    // The copy gets a log of its own.
    backup::make_copy(&looked)?;
    contents(from, file, &looked.database, &mut rescued)?;
    Ok(rescued)
}

/// The contents of files, from the directory beside the database, or from its rows if it is a copy.
fn contents(
    from: &Database,
    file: &Path,
    to: &Database,
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    let directory = blobs_of(file);
    let mut found = BTreeMap::new();
    for blob in all_blobs(&directory) {
        match blob {
            Ok(FoundBlob { key, is_part, .. }) if !is_part => {
                found.insert((key.account.0, key.root.0), key.size.bytes());
            }
            Ok(_) => {}
            Err(error) => rescued.lose(format!("files of {}: {error}", directory.display())),
        }
    }
    let tables = guard(|| Snapshot::open(&from.begin_read()?, None));
    let tables = tables.unwrap_or(Snapshot::empty());
    let files = BlobDirectory::new(directory);
    let source = Source {
        tables: &tables,
        files: Some(&files),
    };
    let Copied { rows, lost } = guard(|| rescue_into(&source, &found, to))?;
    rescued.rows += rows;
    if lost > 0 {
        rescued.lose(format!("{lost} files that users had attached"));
    }
    Ok(())
}
