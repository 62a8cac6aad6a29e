//! Deleting an account together with what it has said.

use super::chores;
use crate::store::error::Abort;
use crate::store::ops::accounts;
use crate::store::schema::tables::Tables;
use crate::store::{Refusal, Reply};

/// Deletes an account, if that was not done before, and notes that what it has said is to go.
pub(in crate::store) fn begin(
    tables: &mut Tables,
    name: &str,
    time_ms: u64,
) -> Result<Reply, Abort> {
    let account = accounts::find(tables, name)?.ok_or(Refusal::NoSuchUser)?.id;
    let left = match accounts::delete(tables, account, None, time_ms)? {
        Reply::Deleted(left) => left,
        _ => Vec::new(),
    };
    chores::add_account(tables, account);
    Ok(Reply::Purging { account, left })
}
