//! The attached files of a copy, as files beside it.
//!
//! What has not changed since an earlier backup is the same file there and here (a hard link): a blob never changes. Each is
//! read and compared with its root first, so that one that a disk has damaged is copied again and not passed on.

use redb::{Database, ReadableDatabase as _};

use crate::store::blobs::{BlobDirectory, BlobFiles, BlobKey};
use crate::store::check;
use crate::store::copied_files::{Source, kept, lose, write_file};
use crate::store::error::StoreError;
use crate::store::schema::tables::Snapshot;

/// What came of the files of a copy.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Beside {
    /// How many there are.
    pub(super) files: u64,
    /// How long they are, in bytes.
    pub(super) bytes: u64,
    /// How much of that was copied, and not linked.
    pub(super) new_bytes: u64,
    /// How many are gone: they were deleted meanwhile, or are damaged.
    pub(super) lost: u64,
}

/// Has the contents of a copy's files be in a directory, linked to those of an earlier copy where that has them. One that is
/// not whole anywhere is gone in the copy.
pub(super) fn write_beside(
    from: &Source<'_>,
    copy: &Database,
    to: &BlobDirectory,
    earlier: Option<&BlobDirectory>,
) -> Result<Beside, StoreError> {
    let tables = Snapshot::open(&copy.begin_read()?, None)?;
    let (mut beside, mut lost) = (Beside::default(), Vec::new());
    for blob in kept(&tables)? {
        let bytes = blob.size.stream_bytes();
        if earlier.is_some_and(|earlier| link(&tables, &blob, to, earlier)) {
            tracing::trace!(?blob, "linked");
        } else if let Some((tree, content)) = from.whole(&blob) {
            write_file(&blob, &tree, content, to)?;
            require_whole(&tables, &blob, to)?;
            beside.new_bytes += bytes;
        } else {
            lost.push(blob);
            continue;
        }
        beside.files += 1;
        beside.bytes += bytes;
    }
    to.sync()?;
    lose(copy, &lost)?;
    beside.lost = lost.len() as u64;
    Ok(beside)
}

fn problem(tables: &Snapshot, blob: &BlobKey, files: &dyn BlobFiles) -> Option<String> {
    let files = Some(files);
    check::file_problem(&Source { tables, files }, blob)
}

/// Links a file that is whole in an earlier copy. Where file systems have no links it is copied.
fn link(tables: &Snapshot, blob: &BlobKey, to: &BlobDirectory, earlier: &BlobDirectory) -> bool {
    if earlier.open(blob).is_err() {
        return false;
    }
    if let Some(problem) = problem(tables, blob, earlier) {
        tracing::warn!(?blob, %problem, "a file of the last backup is damaged, and is copied again");
        return false;
    }
    to.link(earlier, blob).is_ok()
}

/// Refuses what was not written as it should be.
fn require_whole(
    tables: &Snapshot,
    blob: &BlobKey,
    files: &dyn BlobFiles,
) -> Result<(), StoreError> {
    problem(tables, blob, files).map_or(Ok(()), |problem| {
        let what = format!("an attached file was not copied as it is: {problem}");
        Err(std::io::Error::other(what).into())
    })
}
