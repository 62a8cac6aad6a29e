//! Files that users have brought, and which entries have them.
//!
//! A file is noted when its blob is durable, for the account that has brought it, and counted for each entry that has it. The
//! count changes in the write that adds or removes the entry; with the last entry the file's row goes, and the outcome of that
//! write names the blob, which can be dropped then. What an entry has is kept beside it, so that it is known even where the
//! entry itself is damaged.
//!
//! A file that expires although entries have it keeps its row, so that the count stays right if it is brought again.

pub(in crate::store) mod reading;
pub(in crate::store) mod upkeep;

use super::{accounts, usage};
use crate::protocol::{AccountId, Bytes, Digest, FileRoot, FileSize, root_of};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::file_records::{AttachedRecord, FileKey, FileRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::segments::stored::EntryKey;
use crate::store::{Append, BlobKey, Quota, Refusal, Reply};

/// Notes that a file is complete.
pub(in crate::store) fn add(
    tables: &mut Tables,
    (account, root): (AccountId, FileRoot),
    size: u64,
    time_ms: u64,
    quota: Quota,
) -> Result<Reply, Abort> {
    if accounts::is_deleted(tables, account)? {
        return Err(Refusal::NoSuchUser.into());
    }
    let key = (account.0, root.0);
    let is_noted = tables.files().has(&key)?;
    let before = skip_damaged(tables.files().get(&key))?.flatten();
    // What was damaged is counted already.
    let is_counted = is_noted && before.is_none_or(|record| !record.is_gone);
    if !is_counted {
        usage::check_files(tables, account, size, quota)?;
        usage::add_file(tables, account, size)?;
    }
    let refs = match before {
        Some(record) => record.refs,
        None if is_noted => count(tables, key)?,
        None => 0,
    };
    let record = FileRecord {
        size,
        refs,
        since_ms: time_ms,
        is_gone: false,
    };
    tables.files.insert(key, record);
    Ok(Reply::Nothing)
}

/// The file of an entry that is to be appended, which must be there.
pub(in crate::store) fn check(tables: &Tables, append: &Append) -> Result<Option<FileRoot>, Abort> {
    let is_replayed = tables.batch.is_replayed();
    if !append.has_file && !is_replayed {
        return Ok(None);
    }
    let Some(root) = root_of(&append.content) else {
        return Ok(None);
    };
    // What stands in a record was accepted then, and may be damaged by now.
    if is_replayed {
        let is_whole = Digest::of(&append.content) == append.digest;
        return Ok(is_whole.then_some(root));
    }
    let record = skip_damaged(tables.files().get(&(append.author.0, root.0)))?.flatten();
    match record {
        Some(record) if !record.is_gone => Ok(Some(root)),
        _ => Err(Refusal::NoSuchFile.into()),
    }
}

/// An entry was appended that has this file.
pub(in crate::store) fn attach(
    tables: &mut Tables,
    key: EntryKey,
    (account, root): (AccountId, FileRoot),
) -> Result<(), StoreError> {
    let attached = AttachedRecord {
        account: account.0,
        root,
    };
    tables.attached.insert(key, attached);
    if let Some(record) = skip_damaged(tables.files().get(&attached.file()))?.flatten() {
        let refs = record.refs.saturating_add(1);
        tables
            .files
            .insert(attached.file(), FileRecord { refs, ..record });
    }
    Ok(())
}

/// An entry was deleted, or has expired: it has no file any more.
pub(in crate::store) fn detach(tables: &mut Tables, key: EntryKey) -> Result<(), StoreError> {
    if !tables.attached().has(&key)? {
        return Ok(());
    }
    let attached = skip_damaged(tables.attached().get(&key))?.flatten();
    tables.attached.remove(&key);
    let Some(attached) = attached else {
        return Ok(());
    };
    let file = attached.file();
    // One whose row is damaged stays: nobody knows how many entries have it.
    let Some(record) = skip_damaged(tables.files().get(&file))?.flatten() else {
        return Ok(());
    };
    match record.refs.saturating_sub(1) {
        0 => forget(tables, file, record),
        refs => {
            tables.files.insert(file, FileRecord { refs, ..record });
            Ok(())
        }
    }
}

/// Forgets a file that no entry has.
fn forget(tables: &mut Tables, key: FileKey, record: FileRecord) -> Result<(), StoreError> {
    tables.files.remove(&key);
    free(tables, key, record)
}

/// A file is kept no longer, whether or not entries have it.
fn end(tables: &mut Tables, key: FileKey, record: FileRecord) -> Result<(), StoreError> {
    if record.refs == 0 {
        return forget(tables, key, record);
    }
    free(tables, key, record)?;
    let is_gone = true;
    tables.files.insert(key, FileRecord { is_gone, ..record });
    Ok(())
}

/// The blob of a file can be dropped, if that was not done before.
fn free(tables: &mut Tables, key: FileKey, record: FileRecord) -> Result<(), StoreError> {
    if record.is_gone {
        return Ok(());
    }
    usage::subtract_file(tables, AccountId(key.0), record.size)?;
    tables.freed.extend(blob(key, record));
    Ok(())
}

/// The blob of a file; none is as large as a damaged size may say.
pub(in crate::store) fn blob((account, root): FileKey, record: FileRecord) -> Option<BlobKey> {
    Some(BlobKey {
        account: AccountId(account),
        root: Bytes(root),
        size: FileSize::new(record.size)?,
    })
}

/// How many entries have a file.
fn count(tables: &impl ReadTables, key: FileKey) -> Result<u64, StoreError> {
    let mut count = 0;
    for row in tables.attached().rows()? {
        let record = skip_damaged(row?.1)?;
        count += u64::from(record.is_some_and(|record| record.file() == key));
    }
    Ok(count)
}
