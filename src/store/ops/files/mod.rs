//! Files that users have brought, and which entries have them.
//!
//! A file is noted when its blob is durable, for the account that has brought it, and counted for each entry that has it. The
//! count changes in the write that adds or removes the entry; with the last entry the file's row goes, and the outcome of that
//! write names the blob, which can be dropped then. What an entry has is kept beside it, so that it is known even where the
//! entry itself is damaged.
//!
//! A file that expires although entries have it keeps its row, so that the count stays right if it is brought again.

use std::collections::BTreeMap;

use super::access::permitted;
use super::blocks::Given;
use super::retention::JUMP_MS;
use super::{accounts, usage};
use crate::protocol::{
    AccountId, Bytes, ConversationId, Digest, EntryId, FileRoot, FileSize, root_of,
};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::file_records::{AttachedRecord, FileKey, FileRecord};
use crate::store::schema::meta;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::segments::stored::EntryKey;
use crate::store::{Append, BlobKey, Quota, Refusal, Reply};

/// How long a file is kept that no entry has, in milliseconds. Chosen: who has just brought it says so within seconds, or within
/// hours where the link breaks.
pub(in crate::store) const UNUSED_MS: u64 = 24 * 3_600_000;

/// How many files one step of a pass looks at. Chosen: as many as retention removes entries.
const STEP_MAX: usize = 1000;

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

/// How many entries have a file.
fn count(tables: &impl ReadTables, key: FileKey) -> Result<u64, StoreError> {
    let mut count = 0;
    for row in tables.attached().rows()? {
        let record = skip_damaged(row?.1)?;
        count += u64::from(record.is_some_and(|record| record.file() == key));
    }
    Ok(count)
}

/// The file of an entry that is to be appended, which must be there.
pub(in crate::store) fn check(tables: &Tables, append: &Append) -> Result<Option<FileRoot>, Abort> {
    let Some(root) = root_of(&append.content) else {
        return Ok(None);
    };
    // What stands in a record was accepted then, and may be damaged by now.
    if tables.batch.is_replayed() {
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

/// One step of a pass.
pub(in crate::store) fn sweep(
    tables: &mut Tables,
    after: Option<(AccountId, FileRoot)>,
    kept_ms: Option<u64>,
    now_ms: u64,
) -> Result<Reply, Abort> {
    if after.is_none() {
        let passed = meta::files_passed(tables)?;
        meta::note_files_passed(tables, now_ms);
        if passed.is_some_and(|passed| passed.abs_diff(now_ms) > JUMP_MS) {
            return Ok(Reply::FilesSwept {
                removed: 0,
                next: None,
            });
        }
    }
    let after = after.map(|(account, root)| (account.0, root.0));
    let from = after.unwrap_or((0, [0; 32]));
    let rows = tables.files().range(from..)?;
    let mut rows = rows.filter(|row| !matches!(row, Ok((key, _)) if Some(*key) == after));
    let some: Vec<_> = rows.by_ref().take(STEP_MAX).collect::<Result<_, _>>()?;
    let has_more = rows.next().transpose()?.is_some();
    drop(rows);
    let last = some.last().map(|(key, _)| *key);
    let mut removed = 0;
    for (key, record) in some {
        let Some(record) = skip_damaged(record)? else {
            continue;
        };
        let is_over = |kept_ms: u64| record.since_ms.saturating_add(kept_ms) <= now_ms;
        if record.refs == 0 && is_over(UNUSED_MS) {
            forget(tables, key, record)?;
        } else if !record.is_gone && kept_ms.is_some_and(is_over) {
            end(tables, key, record)?;
        } else {
            continue;
        }
        removed += 1;
    }
    let next = last.filter(|_| has_more);
    Ok(Reply::FilesSwept {
        removed,
        next: next.map(|(account, root)| (AccountId(account), Bytes(root))),
    })
}

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
    let attached = tables.attached().get(&(conversation.0, entry.0))?;
    let file = attached.ok_or(Refusal::NoSuchFile)?.file();
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
    })
}

/// Which of these files are kept.
pub(in crate::store) fn kept(tables: &impl ReadTables, files: &[BlobKey]) -> Result<Reply, Abort> {
    let mut kept = Vec::new();
    for file in files {
        let key = (file.account.0, file.root.0);
        let is_kept = match skip_damaged(tables.files().get(&key))? {
            Some(Some(record)) => !record.is_gone && record.size == file.size.bytes(),
            Some(None) => false,
            None => true,
        };
        if is_kept {
            kept.push(*file);
        }
    }
    Ok(Reply::FilesKept(kept))
}

/// In a copy, which does not have these files: they are gone, and what has them is as it was.
pub(in crate::store) fn lose(tables: &mut Tables, lost: &[BlobKey]) -> Result<(), StoreError> {
    for file in lost {
        let key = (file.account.0, file.root.0);
        let Some(record) = skip_damaged(tables.files().get(&key))?.flatten() else {
            continue;
        };
        end(tables, key, record)?;
    }
    Ok(())
}

/// In a copy that was rescued: what is kept of files follows from its entries. `found` are the files whose contents are there.
pub(in crate::store) fn mend(
    tables: &mut Tables,
    found: &BTreeMap<FileKey, u64>,
) -> Result<(), StoreError> {
    tables.attached.retain(|_, _| false)?;
    tables.file_usage.retain(|_, _| false)?;
    let (mut attached, mut refs) = (Vec::new(), BTreeMap::<FileKey, (u64, u64)>::new());
    for row in tables.log().rows()? {
        let (key, Ok(row)) = row? else {
            continue;
        };
        let row = row.record();
        let root = root_of(row.content).filter(|_| row.deleted.is_none() && row.is_whole());
        if let Some(root) = root {
            let account = row.author;
            let record = AttachedRecord { account, root };
            attached.push((key, record));
            let (count, _) = refs.entry(record.file()).or_insert((0, row.time_ms));
            *count += 1;
        }
    }
    for (key, record) in attached {
        tables.attached.insert(key, record);
    }
    let mut files = BTreeMap::new();
    for row in tables.files().rows()? {
        let (key, record) = row?;
        if let Some(record) = skip_damaged(record)? {
            let (count, _) = refs.remove(&key).unwrap_or_default();
            files.insert(
                key,
                FileRecord {
                    refs: count,
                    ..record
                },
            );
        }
    }
    for (key, (refs, since_ms)) in refs {
        let size = found.get(&key);
        let record = FileRecord {
            size: size.copied().unwrap_or(0),
            refs,
            since_ms,
            is_gone: size.is_none(),
        };
        files.insert(key, record);
    }
    tables.files.retain(|_, _| false)?;
    for (key, record) in files {
        let is_nobodys = !tables.accounts().has(&key.0)?;
        if record.refs == 0 && (record.is_gone || is_nobodys) {
            continue;
        }
        if !record.is_gone {
            usage::add_file(tables, AccountId(key.0), record.size)?;
        }
        tables.files.insert(key, record);
    }
    Ok(())
}
