//! What is asked about files: by those who upload and download them, and by who looks for files that nobody needs.

use super::blob;
use crate::protocol::{AccountId, ConversationId, EntryId, FileRoot};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::ops::access::permitted;
use crate::store::ops::blocks::Given;
use crate::store::ops::log::relations;
use crate::store::ops::usage;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::ReadTables;
use crate::store::segments::stored::EntryKey;
use crate::store::{BlobKey, Refusal, Reply};

/// A day, in milliseconds.
const DAY_MS: u64 = 24 * 3_600_000;

/// The file of an entry, for one who reads that.
pub(in crate::store) fn of_entry(
    tables: &impl ReadTables,
    conversation: ConversationId,
    entry: EntryId,
    reader: AccountId,
) -> Result<Reply, Abort> {
    let (record, member) = permitted(tables, conversation, reader)?;
    let first = member.reads_after().max(record.log_start);
    let is_given = first < entry.0
        && entry.0 <= record.head
        && Given::new(tables, conversation, &record, reader).has(entry.0)?;
    if !is_given {
        return Err(Refusal::NoSuchFile.into());
    }
    let key = (conversation.0, entry.0);
    let Some(attached) = tables.attached().get(&key)? else {
        let stored = skip_damaged(tables.entry(key))?.flatten();
        let is_deleted = stored.is_some_and(|stored| stored.row().deleted.is_some());
        return Err(if is_deleted {
            relations::DELETED.into()
        } else {
            Refusal::NoSuchFile.into()
        });
    };
    let file = attached.file();
    let record = tables.files().get(&file)?;
    let record = record.filter(|record| !record.is_gone);
    let found = record.and_then(|record| blob(file, record));
    Ok(Reply::File(found.ok_or(Refusal::NoSuchFile)?))
}

/// Whether a file is there, and how much is kept.
pub(in crate::store) fn has(
    tables: &impl ReadTables,
    account: AccountId,
    root: FileRoot,
    day_ms: Option<u64>,
) -> Result<Reply, Abort> {
    let key = (account.0, root.0);
    let record = skip_damaged(tables.files().get(&key))?.flatten();
    let record = record.filter(|record| !record.is_gone);
    let (account_bytes, all_bytes) = usage::of_files(tables, account)?;
    Ok(Reply::HasFile {
        size: record
            .and_then(|record| blob(key, record))
            .map(|blob| blob.size),
        account_bytes,
        all_bytes,
        day_bytes: day_ms
            .map(|now_ms| of_day(tables, account, now_ms))
            .transpose()?,
    })
}

/// How many bytes an account has brought in the day before a moment, as far as they are noted. Each file counts the less the
/// longer ago it came, as a budget recovers that comes in evenly.
fn of_day(tables: &impl ReadTables, account: AccountId, now_ms: u64) -> Result<u64, StoreError> {
    let mut bytes = 0_u64;
    let files = (account.0, [0; 32])..=(account.0, [0xff; 32]);
    for row in tables.files().range(files)? {
        let Some(record) = skip_damaged(row?.1)? else {
            continue;
        };
        let left_ms = DAY_MS.saturating_sub(now_ms.saturating_sub(record.since_ms));
        let counted = u128::from(record.size) * u128::from(left_ms) / u128::from(DAY_MS);
        bytes = bytes.saturating_add(u64::try_from(counted).unwrap_or(u64::MAX));
    }
    Ok(bytes)
}

/// Which of these files are kept.
pub(in crate::store) fn kept(tables: &impl ReadTables, files: &[BlobKey]) -> Result<Reply, Abort> {
    let mut kept = Vec::new();
    for file in files {
        if is_kept(tables, file)? {
            kept.push(*file);
        }
    }
    Ok(Reply::FilesKept(kept))
}

/// Whether a file is kept. One whose row is damaged may be.
pub(in crate::store) fn is_kept(
    tables: &impl ReadTables,
    file: &BlobKey,
) -> Result<bool, StoreError> {
    let key = (file.account.0, file.root.0);
    Ok(match skip_damaged(tables.files().get(&key))? {
        Some(Some(record)) => !record.is_gone && record.size == file.size.bytes(),
        Some(None) => false,
        None => true,
    })
}

/// The first entry from this one on, of those up to another, that has a file.
pub(in crate::store) fn next(
    tables: &impl ReadTables,
    (conversation, from): EntryKey,
    to: u64,
) -> Result<Option<u64>, StoreError> {
    let range = (conversation, from)..=(conversation, to);
    let found = tables.attached().range(range)?.next().transpose()?;
    Ok(found.map(|(key, _)| key.1))
}
