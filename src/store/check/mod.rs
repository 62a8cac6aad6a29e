//! What is wrong with a database: every row is read, and what rows say of each other is compared.

mod administration;
mod blocks;
mod files;
mod identities;
mod keys;
mod logs;
mod memberships;
mod relations;

use crate::store::files::schema as schema_file;
use crate::store::snapshots::Snapshots;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use redb::{DatabaseError, ReadableDatabase};
use serde::{Deserialize, Serialize};

use super::catch_panic::{FencedDatabase, guard};
use super::engine::open_store::OpenStore;
use super::error::StoreError;
use super::files::open::{self, Files, OpenError};
use super::log_loss::LogLoss;
use super::migration;
use super::schema::meta;
use super::schema::records::ConversationRecord;
use super::schema::tables::Snapshot;
use crate::protocol::AccountId;
use crate::store::blobs::{BlobDirectory, BlobFiles, BlobKey, FoundBlob};
use crate::store::copied_files::{Source, kept};
use crate::store::ops::files::reading::is_kept;
use crate::store::segments::SegmentReader;
use crate::store::segments::files::SegmentFiles;

/// How many findings a report names; more are counted. Chosen: nobody reads more.
const FINDINGS_MAX: usize = 1000;

/// What a check has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many rows were read.
    pub rows: u64,
    /// How many of them were entries of logs.
    pub entries: u64,
    /// What is wrong, up to a limit.
    pub findings: Vec<Finding>,
    /// How many findings more there were.
    pub omitted: u64,
    /// Attached files beside the tables that no message has: nothing is wrong with them.
    #[serde(default)]
    pub unneeded: Unneeded,
    /// Whether redb's own check was made too, of every page: it needs a database that no server holds.
    pub pages: bool,
}

/// Attached files that take room and that nobody needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unneeded {
    /// How many they are.
    pub files: u64,
    /// How long all of them are, in bytes.
    pub bytes: u64,
    /// The first of them, up to the same limit as findings.
    pub named: Vec<String>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The table's name, or the kind of thing that the tables disagree about.
    pub table: String,
    /// At which key, as far as that can be told.
    pub key: String,
    /// What.
    pub problem: String,
}

/// What [`Finding::table`] says of the file's pages themselves.
pub const PAGES: &str = "(pages)";

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, table: &str, key: impl std::fmt::Display, problem: impl Into<String>) {
        if self.findings.len() == FINDINGS_MAX {
            self.omitted += 1;
            return;
        }
        self.findings.push(Finding {
            table: table.into(),
            key: key.to_string(),
            problem: problem.into(),
        });
    }

    /// Counts a file that nobody needs.
    fn leave(&mut self, file: &FoundBlob) {
        let unneeded = &mut self.unneeded;
        unneeded.files += 1;
        unneeded.bytes += file.stream_bytes;
        if unneeded.named.len() < FINDINGS_MAX {
            let key = &file.key;
            unneeded
                .named
                .push(files::name((key.account.0, key.root.0)));
        }
    }

    /// Counts a row, and names it if it is damaged.
    fn row<T>(
        &mut self,
        table: &str,
        key: impl std::fmt::Display,
        row: Result<T, StoreError>,
    ) -> Option<T> {
        self.rows += 1;
        match row {
            Ok(row) => return Some(row),
            Err(StoreError::Damaged { reason, .. }) => self.find(table, key, reason),
            Err(other) => self.find(table, key, other.to_string()),
        }
        None
    }
}

/// A record that another row refers to; none if it is missing or damaged, which is found where its table is read.
fn readable<T>(record: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match record {
        Err(StoreError::Damaged { .. }) => Ok(None),
        record => record,
    }
}

/// A database file that is only looked at.
pub(super) struct Looked {
    pub(super) database: FencedDatabase,
    pub(super) segments: Option<Arc<SegmentReader>>,
    /// What of its log is lost, if anything.
    pub(super) loss: Option<LogLoss>,
    /// The schema of the file, if it says one. What brings an older one forward is in memory only.
    pub(super) schema: Option<u64>,
    /// Where the contents of its files are, if they are looked at.
    pub(super) files: Option<BlobDirectory>,
}

impl Looked {
    /// Its tables as they stand.
    pub(super) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Snapshot::open(&self.database.begin_read()?, self.segments.clone())
    }
}

/// Opens a database file that no server holds, with what only its log contains, without writing to either.
pub(super) fn open_to_look(path: &Path) -> Result<Looked, OpenError> {
    let database = open::look(path)?;
    // What is wrong with it is for the caller to find.
    let schema = guard(|| schema_file::schema_version(&database))
        .ok()
        .flatten();
    let (database, migrated) = migration::look_forward(database, path)?;
    // What is made from the seed stays in memory.
    let looked = with_log(database, path, [0; 32])?;
    let loss = migrated.and_then(|migrated| migrated.loss).or(looked.loss);
    Ok(Looked {
        loss,
        schema,
        files: Some(BlobDirectory::new(open::blobs_of(path))),
        ..looked
    })
}

/// Brings a database up to date with what the log of a file contains, which is not written to. `seed` is for what is
/// made.
pub(super) fn with_log(
    database: FencedDatabase,
    path: &Path,
    seed: [u8; 32],
) -> Result<Looked, OpenError> {
    with_segments(database, open::look_at_segments(path), path, seed)
}

/// The same with a log that is given.
pub(super) fn with_segments(
    database: FencedDatabase,
    segments: Arc<dyn SegmentFiles>,
    path: &Path,
    seed: [u8; 32],
) -> Result<Looked, OpenError> {
    let alone = |database| Looked {
        database,
        segments: None,
        loss: None,
        schema: None,
        files: None,
    };
    let Ok(Some(epoch)) = guard(|| schema_file::check(&database)) else {
        // What is wrong with it is for the caller to find.
        return Ok(alone(database));
    };
    let has_log = |database: &FencedDatabase| -> Result<bool, StoreError> {
        Ok(meta::log_note(&Snapshot::open(&database.begin_read()?, None)?)?.is_some())
    };
    if !guard(|| has_log(&database)).unwrap_or(false) {
        // A copy; or that is damaged, which the caller finds.
        return Ok(alone(database));
    }
    let replay = || -> Result<_, StoreError> {
        let files = Files { database, segments };
        let (mut store, loss) = OpenStore::new(files, epoch, ChaCha20Rng::from_seed(seed))?;
        store.checkpoint()?;
        let segments = Some(Arc::clone(store.segments()));
        let database = store.into_database().ok_or(StoreError::Closed)?;
        Ok(Looked {
            database,
            segments,
            loss,
            schema: None,
            files: None,
        })
    };
    guard(replay).map_err(|error| match error {
        error if error.is_damage() => OpenError::Damaged {
            path: path.into(),
            reason: error.to_string(),
        },
        // Where a copy is made, its disk can be full.
        error => OpenError::Store(error),
    })
}

/// Checks a database file that no server holds, down to every page, without writing to it.
///
/// # Errors
/// If it cannot be opened at all: it is held, not a database, damaged beyond reading, of another schema.
pub fn check_file(path: &Path) -> Result<Report, OpenError> {
    let looked = open_to_look(path)?;
    let loss = looked.loss;
    let mut report = check_database(looked)?;
    if let Some(loss) = loss {
        report.find("(log)", "", format!("{loss}: stored messages are lost"));
    }
    Ok(report)
}

/// The same of a copy, which is put in a database's place without a log.
///
/// # Errors
/// As [`check_file`].
pub(super) fn check_copy(path: &Path) -> Result<Report, OpenError> {
    check_database(open_to_look(path)?)
}

/// The same without the contents of its files.
///
/// # Errors
/// As [`check_file`].
pub(super) fn check_tables(path: &Path) -> Result<Report, OpenError> {
    let looked = open_to_look(path)?;
    check_database(Looked {
        files: None,
        ..looked
    })
}

/// What is wrong with the content of a file, if anything.
pub(super) fn file_problem(source: &Source<'_>, blob: &BlobKey) -> Option<String> {
    files::problem(source, blob)
}

/// Checks a database that nobody else uses, down to every page.
///
/// # Errors
/// If it is not a database of this schema.
pub(super) fn check_database(looked: Looked) -> Result<Report, OpenError> {
    guard(|| schema_file::check(&looked.database))?.ok_or(OpenError::Foreign)?;
    let walked = guard(|| {
        let tables = looked.snapshot()?;
        let files = looked.files.as_ref();
        let source = files.map(|files| Source {
            tables: &tables,
            files: Some(files),
        });
        Ok(walk_with(&tables, source))
    });
    let mut report = walked.unwrap_or_else(|error: StoreError| {
        let mut report = Report::default();
        report.find("(all)", "", error.to_string());
        report
    });
    let mut database = looked.database;
    let pages: Result<Result<bool, DatabaseError>, StoreError> =
        guard(|| Ok(database.check_integrity()));
    match pages {
        Ok(Ok(true)) => report.pages = true,
        Ok(Ok(false)) => {
            report.pages = true;
            report.find(PAGES, "", "redb finds pages that do not fit each other");
        }
        Ok(Err(error)) => report.find(PAGES, "", format!("redb's own check: {error}")),
        Err(error) => report.find(PAGES, "", error.to_string()),
    }
    Ok(report)
}

/// What one conversation must be like, from its record, and what was seen of it.
struct Conversation {
    record: ConversationRecord,
    /// Of its log: the last entry, and what its entries count, in bytes.
    last: u64,
    bytes: u64,
    /// How many belong to it now, and how many of them own it.
    members: u64,
    owners: u64,
    /// An entry of its log cannot be read.
    is_damaged: bool,
}

/// A check that is under way.
struct Walk<'s> {
    tables: &'s Snapshot,
    report: Report,
    conversations: BTreeMap<u64, Conversation>,
    /// How many bytes of logs each account has written, and all, as that is counted.
    written: BTreeMap<AccountId, u64>,
    files: files::Seen,
    /// Where the contents of files are, if they are looked at.
    source: Option<Source<'s>>,
}

/// Reads one table.
type Part = fn(&mut Walk<'_>) -> Result<(), StoreError>;

/// Reads every table.
pub(super) fn walk(tables: &Snapshot) -> Report {
    walk_with(tables, None)
}

/// The same, with the contents of files, if it is said where they are.
fn walk_with(tables: &Snapshot, source: Option<Source<'_>>) -> Report {
    let mut walk = Walk {
        source,
        tables,
        report: Report::default(),
        conversations: BTreeMap::new(),
        written: BTreeMap::new(),
        files: files::Seen::default(),
    };
    // Conversations first: the others are compared with them. What each has counted is compared in the end.
    let parts: [(&str, Part); 35] = [
        ("meta", identities::meta),
        ("secrets", identities::secrets),
        ("conversations", logs::conversations),
        ("log", logs::log),
        ("refs", relations::refs),
        ("pins", relations::pins),
        ("keys", keys::keys),
        ("key_order", keys::order),
        ("usage", logs::usage),
        ("attached", files::attached),
        ("files", files::files),
        ("file_usage", files::usage),
        ("blobs", files::contents),
        ("segments", logs::segments),
        ("names", identities::names),
        ("accounts", identities::accounts),
        ("seen", identities::seen),
        ("disabled", administration::disabled),
        ("bans", administration::bans),
        ("audit", administration::audit),
        ("chores", administration::chores),
        ("codes", administration::codes),
        ("resets", administration::resets),
        ("devices", identities::devices),
        ("rooms", memberships::rooms),
        ("members", memberships::members),
        ("joined", memberships::joined),
        ("rooms_of", memberships::rooms_of),
        ("invited", memberships::invited),
        ("senders", logs::senders),
        ("retention", logs::retention),
        ("blocked", blocks::blocked),
        ("withheld", blocks::withheld),
        ("conversations", blocks::sides),
        ("conversations", memberships::counts),
    ];
    for (table, part) in parts {
        if let Err(error) = guard(|| part(&mut walk)) {
            let problem = format!("the rest cannot be read: {error}");
            walk.report.find(table, "", problem);
        }
    }
    walk.report
}

impl Snapshots {
    /// What is wrong with the database, as far as its tables show it; redb's own check needs it alone.
    ///
    /// # Errors
    /// If it cannot be read at all.
    pub fn check(&self) -> Result<Report, StoreError> {
        guard(|| {
            let (snapshot, _pin) = self.snapshot()?;
            Ok(walk(&snapshot))
        })
    }

    /// The files whose contents do not seem to be right, and why: they may have been deleted since.
    ///
    /// # Errors
    /// If they cannot be read at all.
    pub fn suspect_files(&self) -> Result<Vec<(BlobKey, String)>, StoreError> {
        guard(|| {
            let (tables, _pin) = self.snapshot()?;
            let source = Source {
                tables: &tables,
                files: self.files(),
            };
            let blobs = if source.files.is_some() {
                kept(&tables)?
            } else {
                Vec::new()
            };
            let problem = |blob| Some((blob, files::problem(&source, &blob)?));
            Ok(blobs.into_iter().filter_map(problem).collect())
        })
    }

    /// The files that are there now, the unfinished ones left out.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub fn found_files(&self) -> Result<Vec<FoundBlob>, StoreError> {
        self.files().map_or_else(|| Ok(Vec::new()), files::found)
    }

    /// Adds to a report which of these files nobody needs. They were found before the tables' last checkpoint, so that one
    /// that came meanwhile is not among them; one that went is left out.
    ///
    /// # Errors
    /// If the tables cannot be read at all.
    pub fn note_unneeded(
        &self,
        report: &mut Report,
        found: &[FoundBlob],
    ) -> Result<(), StoreError> {
        guard(|| {
            let (tables, _pin) = self.snapshot()?;
            for file in found {
                let is_there = |files: &dyn BlobFiles| files.open(&file.key).is_ok();
                if !is_kept(&tables, &file.key)? && self.files().is_some_and(is_there) {
                    report.leave(file);
                }
            }
            Ok(())
        })
    }

    /// Adds to a report which of these files are kept still.
    ///
    /// # Errors
    /// If they cannot be read at all.
    pub fn confirm(
        &self,
        report: &mut Report,
        suspects: Vec<(BlobKey, String)>,
    ) -> Result<(), StoreError> {
        guard(|| {
            let (tables, _pin) = self.snapshot()?;
            let kept: BTreeSet<BlobKey> = kept(&tables)?.into_iter().collect();
            for (blob, problem) in suspects {
                if kept.contains(&blob) {
                    let place = files::name((blob.account.0, blob.root.0));
                    report.find("blobs", place, problem);
                }
            }
            Ok(())
        })
    }
}
