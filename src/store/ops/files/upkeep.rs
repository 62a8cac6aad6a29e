//! What is done to files beside requests: those that nobody needs are forgotten, and a copy's are made to fit its entries.

use std::collections::BTreeMap;

use super::{end, forget};
use crate::protocol::{AccountId, Bytes, FileRoot, root_of};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::ops::retention::JUMP_MS;
use crate::store::ops::usage;
use crate::store::schema::file_records::{AttachedRecord, FileKey, FileRecord};
use crate::store::schema::meta;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables as _, Tables};
use crate::store::{BlobKey, Reply};

/// How long a file is kept that no entry has, in milliseconds. Chosen: who has just brought it says so within seconds, or within
/// hours where the link breaks.
pub(in crate::store) const UNUSED_MS: u64 = 24 * 3_600_000;

/// How many files one step of a pass looks at. Chosen: as many as retention removes entries.
const STEP_MAX: usize = 1000;

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
    let mut refs = attach_again(tables)?;
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
    tables.file_usage.retain(|_, _| false)?;
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

/// Finds again which entries have a file. Returns how many have each, and since when.
fn attach_again(tables: &mut Tables) -> Result<BTreeMap<FileKey, (u64, u64)>, StoreError> {
    tables.attached.retain(|_, _| false)?;
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
    Ok(refs)
}
