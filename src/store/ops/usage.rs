//! How many bytes of the logs each account has written, and all of them together: what quotas are held against.
//!
//! They change in the writes that add and remove entries, so they are exact after a crash too. An entry counts for its
//! author, wherever it stands and whoever has received it, until retention removes it; an event counts for who caused it, and the
//! operator's for nobody.

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::AccountId;
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::meta;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::segments::stored::LogRecord;
use crate::store::{Quota, Refusal, Reply, counted_bytes};

/// Under what all entries count together: no account has this id.
pub(in crate::store) const ALL: AccountId = AccountId(0);

/// From this part of the quota for all on, only accounts below their share of it may write. Chosen: a sixteenth is left
/// for those who have written little, and is enough to say why nothing goes on.
const RESERVE_SHARE: u64 = 16;

/// How many bytes an account has written that still stand. What is damaged counts as nothing.
fn of(tables: &impl ReadTables, account: AccountId) -> Result<u64, StoreError> {
    Ok(skip_damaged(tables.usage().get(&account.0))?
        .flatten()
        .unwrap_or(0))
}

/// Writes how many they are.
fn save(tables: &mut Tables, account: AccountId, bytes: u64) {
    if bytes == 0 {
        tables.usage.remove(&account.0);
    } else {
        tables.usage.insert(account.0, bytes);
    }
}

/// An entry was added.
pub(in crate::store) fn add(
    tables: &mut Tables,
    author: AccountId,
    bytes: u64,
) -> Result<(), StoreError> {
    for account in BTreeSet::from([author, ALL]) {
        let before = of(tables, account)?;
        save(tables, account, before.saturating_add(bytes));
    }
    Ok(())
}

/// Entries were removed: so many bytes of each author, those of nobody's under [`ALL`].
pub(in crate::store) fn subtract(
    tables: &mut Tables,
    removed: &BTreeMap<AccountId, u64>,
) -> Result<(), StoreError> {
    let mut all = 0_u64;
    for (author, bytes) in removed {
        all = all.saturating_add(*bytes);
        if *author != ALL {
            let before = of(tables, *author)?;
            save(tables, *author, before.saturating_sub(*bytes));
        }
    }
    let before = of(tables, ALL)?;
    save(tables, ALL, before.saturating_sub(all));
    Ok(())
}

/// Whose an entry is; [`ALL`] if nobody can tell.
pub(in crate::store) fn author(row: &LogRecord<'_>) -> AccountId {
    if row.is_lost() {
        ALL
    } else {
        AccountId(row.author)
    }
}

/// Whether an author may add so many bytes. It depends on nothing but what stands, so nothing is ever removed for it.
pub(in crate::store) fn check(
    tables: &impl ReadTables,
    author: AccountId,
    bytes: u64,
    quota: Quota,
) -> Result<(), Abort> {
    let stands = (of(tables, author)?, of(tables, ALL)?);
    within(tables, stands, bytes, quota)
}

/// Whether so many bytes may be added where these are there, of one account and of all.
fn within(
    tables: &impl ReadTables,
    (own, all): (u64, u64),
    bytes: u64,
    quota: Quota,
) -> Result<(), Abort> {
    let own = own.saturating_add(bytes);
    if let Some(most) = quota.account_bytes
        && own > most
    {
        return Err(Refusal::QuotaFull(most).into());
    }
    if let Some(most) = quota.all_bytes {
        let all = all.saturating_add(bytes);
        let is_scarce = all > most - most / RESERVE_SHARE;
        let is_above_share = || -> Result<bool, StoreError> {
            let share = most / meta::account_count(tables)?.max(1);
            Ok(own > share)
        };
        if all > most || (is_scarce && is_above_share()?) {
            return Err(Refusal::StorageFull.into());
        }
    }
    Ok(())
}

/// How many bytes of files are kept for an account, and for all. What is damaged counts as nothing.
pub(in crate::store) fn of_files(
    tables: &impl ReadTables,
    account: AccountId,
) -> Result<(u64, u64), StoreError> {
    let of = |account: AccountId| -> Result<u64, StoreError> {
        let bytes = skip_damaged(tables.file_usage().get(&account.0))?;
        Ok(bytes.flatten().unwrap_or(0))
    };
    Ok((of(account)?, of(ALL)?))
}

/// Whether a file of so many bytes may be kept for an account.
pub(in crate::store) fn check_files(
    tables: &impl ReadTables,
    account: AccountId,
    bytes: u64,
    quota: Quota,
) -> Result<(), Abort> {
    let bytes = counted_bytes(bytes);
    within(tables, of_files(tables, account)?, bytes, quota)
}

/// A file of so many bytes is kept for an account.
pub(in crate::store) fn add_file(
    tables: &mut Tables,
    account: AccountId,
    bytes: u64,
) -> Result<(), StoreError> {
    change_files(tables, account, |kept| {
        kept.saturating_add(counted_bytes(bytes))
    })
}

/// A file of so many bytes is kept for an account no longer.
pub(in crate::store) fn subtract_file(
    tables: &mut Tables,
    account: AccountId,
    bytes: u64,
) -> Result<(), StoreError> {
    change_files(tables, account, |kept| {
        kept.saturating_sub(counted_bytes(bytes))
    })
}

/// Changes how many bytes of files are kept, for an account and for all.
fn change_files(
    tables: &mut Tables,
    account: AccountId,
    change: impl Fn(u64) -> u64,
) -> Result<(), StoreError> {
    let (own, all) = of_files(tables, account)?;
    save_files(tables, account, change(own));
    save_files(tables, ALL, change(all));
    Ok(())
}

fn save_files(tables: &mut Tables, account: AccountId, bytes: u64) {
    if bytes == 0 {
        tables.file_usage.remove(&account.0);
    } else {
        tables.file_usage.insert(account.0, bytes);
    }
}

/// How much is stored, and how many accounts have come to a quota.
pub(in crate::store) fn tell(
    tables: &impl ReadTables,
    account_bytes: Option<u64>,
) -> Result<Reply, Abort> {
    let (mut all, mut full) = (0, 0);
    for row in tables.usage().rows()? {
        let (account, bytes) = row?;
        let bytes = skip_damaged(bytes)?.unwrap_or(0);
        if account == ALL.0 {
            all = bytes;
        } else {
            full += u64::from(account_bytes.is_some_and(|most| bytes >= most));
        }
    }
    Ok(Reply::Usage {
        bytes: all,
        full_accounts: full,
        accounts: meta::reader_count(tables)?,
        rooms: tables.rooms().rows()?.count() as u64,
        file_bytes: of_files(tables, ALL)?.1,
    })
}

/// Counts all of it again in a copy: after a rescue.
pub(in crate::store) fn recount(tables: &mut Tables) -> Result<(), StoreError> {
    let mut counts = BTreeMap::<AccountId, u64>::new();
    let mut all = 0_u64;
    for row in tables.log().rows()? {
        let (_, Ok(row)) = row? else {
            continue;
        };
        let record = row.record();
        let bytes = record.counted_bytes();
        all += bytes;
        let author = author(&record);
        if author != ALL {
            *counts.entry(author).or_default() += bytes;
        }
    }
    counts.insert(ALL, all);
    tables.usage.retain(|_, _| false)?;
    for (account, bytes) in counts {
        save(tables, account, bytes);
    }
    Ok(())
}
