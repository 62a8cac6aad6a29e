//! What is kept of files must be what the entries of the logs say.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::super::error::StoreError;
use super::relations::is_deleted;
use super::{Walk, readable};
use crate::protocol::{AccountId, FileSize, FileTree, root_of};
use crate::store::blobs::{BlobFile, BlobFiles, BlobKey, FoundBlob, counted_bytes};
use crate::store::copied_files::{Content, Source, are_elsewhere, kept};
use crate::store::ops::files::reading::is_kept;
use crate::store::ops::usage::ALL;
use crate::store::schema::file_records::{AttachedRecord, FileKey};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables as _, Snapshot};
use crate::store::segments::stored::{EntryKey, LogRecord};

/// What was seen of files.
#[derive(Default)]
pub(super) struct Seen {
    /// How many entries have each.
    refs: BTreeMap<FileKey, u64>,
    /// How many bytes are kept for each account, and for all.
    bytes: BTreeMap<AccountId, u64>,
    /// What cannot be read may have any.
    is_damaged: bool,
}

/// Whether an entry that stands has a file which is not noted.
pub(super) fn is_missing(
    tables: &Snapshot,
    key: EntryKey,
    row: &LogRecord<'_>,
) -> Result<bool, StoreError> {
    let Some(root) = root_of(row.content) else {
        return Ok(false);
    };
    let noted = match tables.attached().get(&key) {
        // Its row is found damaged.
        Err(StoreError::Damaged { .. }) => return Ok(false),
        noted => noted?,
    };
    let account = row.author;
    Ok(noted != Some(AttachedRecord { account, root }))
}

pub(super) fn attached(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "attached";
    for row in walk.tables.attached().rows()? {
        let ((id, entry), record) = row?;
        let place = format!("conversation {id}, entry {entry}");
        let Some(record) = walk.report.row(TABLE, &place, record) else {
            walk.files.is_damaged = true;
            continue;
        };
        *walk.files.refs.entry(record.file()).or_default() += 1;
        let report = &mut walk.report;
        let Some(log) = walk.conversations.get(&id) else {
            report.find(TABLE, place, "the conversation does not exist");
            continue;
        };
        if entry <= log.record.log_start || entry > log.record.head {
            report.find(TABLE, place, "its entry is outside of the log");
            continue;
        }
        if let Some(stored) = readable(walk.tables.entry((id, entry)))?
            && is_deleted(&stored.row())
        {
            report.find(TABLE, place, "its entry was deleted");
        }
    }
    Ok(())
}

pub(super) fn files(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "files";
    for row in walk.tables.files().rows()? {
        let (key, record) = row?;
        let place = name(key);
        let refs = walk.files.refs.remove(&key).unwrap_or(0);
        let Some(record) = walk.report.row(TABLE, &place, record) else {
            walk.files.is_damaged = true;
            continue;
        };
        if !record.is_gone {
            for account in [AccountId(key.0), ALL] {
                *walk.files.bytes.entry(account).or_default() += counted_bytes(record.size);
            }
        }
        let report = &mut walk.report;
        if FileSize::new(record.size).is_none() {
            report.find(TABLE, &place, "no file is so large");
        }
        if !walk.tables.accounts().has(&key.0)? {
            report.find(TABLE, &place, "whose it is is no account");
        }
        if refs != record.refs && !walk.files.is_damaged {
            let problem = format!("{refs} entries have it, not {}", record.refs);
            report.find(TABLE, place, problem);
        }
    }
    for (key, refs) in std::mem::take(&mut walk.files.refs) {
        let problem = format!("{refs} entries have it, and it is missing");
        walk.report.find(TABLE, name(key), problem);
    }
    Ok(())
}

pub(super) fn usage(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "file_usage";
    let mut seen = std::mem::take(&mut walk.files.bytes);
    for row in walk.tables.file_usage().rows()? {
        let (account, bytes) = row?;
        let found = seen.remove(&AccountId(account)).unwrap_or(0);
        let Some(bytes) = walk.report.row(TABLE, account, bytes) else {
            continue;
        };
        if bytes != found && !walk.files.is_damaged {
            let problem = format!("{found} bytes of files are there, not {bytes}");
            walk.report.find(TABLE, account, problem);
        }
    }
    for (account, bytes) in seen {
        if bytes > 0 && !walk.files.is_damaged {
            let problem = format!("{bytes} bytes of files are not counted");
            walk.report.find(TABLE, account.0, problem);
        }
    }
    Ok(())
}

/// A file, as a finding names it.
pub(super) fn name((account, root): FileKey) -> String {
    format!(
        "account {account}, root {}",
        blake3::Hash::from_bytes(root).to_hex()
    )
}

/// Each file that is kept has its content, and a copy has no other.
pub(super) fn contents(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "blobs";
    let Some(source) = walk.source else {
        return Ok(());
    };
    let kept = kept(walk.tables)?;
    let is_whole_here = !are_elsewhere(walk.tables)?;
    for blob in &kept {
        if !is_whole_here && !is_here(&source, blob)? {
            continue;
        }
        if let Some(problem) = problem(&source, blob) {
            let place = name((blob.account.0, blob.root.0));
            walk.report.find(TABLE, place, problem);
        }
    }
    if let Some(files) = source.files {
        for file in found(files)? {
            if !is_kept(walk.tables, &file.key)? {
                walk.report.leave(&file);
            }
        }
    }
    let kept: BTreeSet<FileKey> = kept.iter().map(|it| (it.account.0, it.root.0)).collect();
    for row in walk.tables.blobs().rows()? {
        let ((account, root, chunk), bytes) = row?;
        let place = format!("{}, chunk {chunk}", name((account, root)));
        walk.report.row(TABLE, &place, bytes);
        if !kept.contains(&(account, root)) {
            walk.report
                .find(TABLE, place, "no file is kept of which it is");
        }
    }
    Ok(())
}

/// The files that are there, the unfinished ones left out.
pub(super) fn found(files: &dyn BlobFiles) -> Result<Vec<FoundBlob>, StoreError> {
    let mut found = Vec::new();
    for first in 0..=u8::MAX {
        let listed = files.list(first)?;
        found.extend(listed.into_iter().filter(|file| !file.is_part));
    }
    Ok(found)
}

/// Whether there is anything of the content of a file.
fn is_here(source: &Source<'_>, blob: &BlobKey) -> Result<bool, StoreError> {
    let file = source.files.map(|files| files.open(blob));
    if matches!(&file, Some(Err(error)) if error.kind() != io::ErrorKind::NotFound)
        || matches!(file, Some(Ok(_)))
    {
        return Ok(true);
    }
    let first = (blob.account.0, blob.root.0, 0);
    source.tables.blobs().has(&first)
}

/// What is wrong with the content of a file, if anything.
pub(super) fn problem(source: &Source<'_>, blob: &BlobKey) -> Option<String> {
    let file = source.files.map(|files| files.open(blob));
    let read = match file {
        Some(Ok(file)) => look_at(file, blob),
        Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => {
            let first = (blob.account.0, blob.root.0, 0);
            match source.tables.blobs().has(&first) {
                Ok(true) => look(Content::of_rows(source.tables, blob), blob),
                Ok(false) if blob.size.bytes() == 0 => Ok(None),
                Ok(false) => Ok(Some("it is missing".into())),
                Err(error) => Err(io::Error::other(error)),
            }
        }
    };
    read.unwrap_or_else(|error| Some(format!("it cannot be read: {error}")))
}

fn look_at(file: Box<dyn BlobFile>, blob: &BlobKey) -> io::Result<Option<String>> {
    let (size, length) = (blob.size, file.length()?);
    if length != size.stream_bytes() {
        let problem = format!("it has {length} bytes, not {}", size.stream_bytes());
        return Ok(Some(problem));
    }
    let tree_bytes = usize::try_from(size.tree_bytes()).map_err(io::Error::other)?;
    let mut tree = vec![0; tree_bytes];
    file.read_at(0, &mut tree)?;
    if FileTree::verify(blob.root, size, &tree).is_none() {
        return Ok(Some("its tree does not have its root".into()));
    }
    look(Content::of_file(file, size), blob)
}

fn look(mut content: Content<'_>, blob: &BlobKey) -> io::Result<Option<String>> {
    let fits = content.tree(blob)?.is_some();
    Ok((!fits).then(|| "its content does not have its root".into()))
}
