//! Accounts that nobody may sign in to.

use std::collections::BTreeMap;

use crate::protocol::AccountId;
#[cfg(doc)]
use crate::store::Write;
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::ops::accounts;
use crate::store::schema::admin_records::DisabledRecord;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Refusal, Reply};

/// Disables an account, for this reason, or enables it: see [`Write::Disable`].
pub(in crate::store) fn set(
    tables: &mut Tables,
    id: AccountId,
    reason: Option<&str>,
) -> Result<Reply, Abort> {
    if accounts::require(tables, id)?.is_deleted() {
        return Err(Refusal::NoSuchUser.into());
    }
    let is_there = tables.disabled().has(&id.0)?;
    // One that is damaged is written again.
    let known = skip_damaged(tables.disabled().get(&id.0))?.flatten();
    match reason {
        None if !is_there => return Ok(Reply::Unchanged),
        // Who says it once more, and not why, takes nothing back.
        Some("") if is_there => return Ok(Reply::Unchanged),
        Some(reason) if known.is_some_and(|known| known.reason == reason) => {
            return Ok(Reply::Unchanged);
        }
        Some(reason) => {
            let reason = reason.to_owned();
            tables.disabled.insert(id.0, DisabledRecord { reason });
        }
        None => tables.disabled.remove(&id.0),
    }
    Ok(Reply::Nothing)
}

/// Refuses who wants to sign in to an account that is disabled.
pub(in crate::store) fn refuse(tables: &impl ReadTables, id: AccountId) -> Result<(), Abort> {
    match tables.disabled().get(&id.0) {
        Ok(None) => Ok(()),
        Ok(Some(record)) => Err(Refusal::Disabled(record.reason).into()),
        Err(error) if error.is_damage() => Err(Refusal::Disabled(String::new()).into()),
        Err(error) => Err(error.into()),
    }
}

/// All that are, and why.
pub(in crate::store) fn list(
    tables: &impl ReadTables,
) -> Result<BTreeMap<AccountId, String>, StoreError> {
    let rows = tables.disabled().rows()?.map(|row| {
        let (id, record) = row?;
        // That it is disabled holds all the same.
        let reason = skip_damaged(record)?.map(|record| record.reason);
        Ok((AccountId(id), reason.unwrap_or_default()))
    });
    rows.collect()
}
