//! What the operator has done.

use super::Walk;
use crate::protocol::AccountId;
use crate::store::error::StoreError;
use crate::store::ops::accounts;
use crate::store::ops::administration::audit::KEPT_MAX;
use crate::store::schema::meta;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::ReadTables as _;

pub(super) fn disabled(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "disabled";
    for row in walk.tables.disabled().rows()? {
        let (id, record) = row?;
        walk.report.row(TABLE, id, record);
        if !walk.tables.accounts().has(&id)? {
            walk.report.find(TABLE, id, "its account is missing");
        } else if accounts::is_deleted(walk.tables, AccountId(id)).unwrap_or(false) {
            walk.report.find(TABLE, id, "its account was deleted");
        }
    }
    Ok(())
}

pub(super) fn audit(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "audit";
    let (next, oldest) = meta::audit_range(walk.tables, KEPT_MAX)?;
    for row in walk.tables.audit().rows()? {
        let (number, record) = row?;
        walk.report.row(TABLE, number, record);
        if number < oldest || number >= next {
            walk.report.find(TABLE, number, "no action has this number");
        }
    }
    Ok(())
}
