//! What the operator has done.

use super::Walk;
use crate::protocol::AccountId;
use crate::store::BanSubject;
use crate::store::error::StoreError;
use crate::store::ops::accounts;
use crate::store::ops::administration::audit::KEPT_MAX;
use crate::store::ops::administration::bans;
use crate::store::ops::administration::codes;
use crate::store::schema::meta;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::ReadTables as _;

pub(super) fn disabled(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "disabled";
    for row in walk.tables.disabled().rows()? {
        let (id, record) = row?;
        walk.report.row(TABLE, id, record);
        require_account(walk, TABLE, id)?;
    }
    Ok(())
}

pub(super) fn bans(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "bans";
    let mut count = 0;
    for row in walk.tables.bans().rows()? {
        let (key, record) = row?;
        count += 1;
        let shown = format!("{} {} {}", key.0, key.1, key.2);
        walk.report.row(TABLE, &shown, record);
        match bans::subject_of(key) {
            None => walk.report.find(TABLE, shown, "nobody is banned by it"),
            Some(BanSubject::Prefix(_)) => {}
            Some(BanSubject::Account(account)) => {
                if !walk.tables.accounts().has(&account.0)? {
                    walk.report.find(TABLE, shown, "its account is missing");
                } else if accounts::is_deleted(walk.tables, account).unwrap_or(false) {
                    walk.report.find(TABLE, shown, "its account was deleted");
                }
            }
        }
    }
    let noted = meta::ban_count(walk.tables)?;
    if noted != count {
        let problem = format!("{noted} are noted, and there are {count}");
        walk.report.find(TABLE, "all", problem);
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

pub(super) fn codes(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "codes";
    for row in walk.tables.codes().rows()? {
        let ((account, hash), record) = row?;
        let number = codes::number(&(account, hash));
        let place = format!("{account}, {number:08x}");
        walk.report.row(TABLE, &place, record);
        if account != codes::INVITATION {
            require_account(walk, TABLE, account)?;
        }
    }
    Ok(())
}

pub(super) fn resets(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "resets";
    for row in walk.tables.resets().rows()? {
        let (id, record) = row?;
        walk.report.row(TABLE, id, record);
        require_account(walk, TABLE, id)?;
    }
    Ok(())
}

pub(super) fn chores(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "chores";
    for row in walk.tables.chores().rows()? {
        let ((kind, id), record) = row?;
        let place = format!("{kind}, {id}");
        walk.report.row(TABLE, &place, record);
        let is_there = match kind {
            0 => walk.tables.rooms().has(&id)?,
            _ => walk.tables.accounts().has(&id)?,
        };
        if !is_there {
            walk.report
                .find(TABLE, place, "there is no such room or account");
        }
    }
    Ok(())
}

/// What is only of an account that was not deleted.
fn require_account(walk: &mut Walk<'_>, table: &'static str, id: u64) -> Result<(), StoreError> {
    if !walk.tables.accounts().has(&id)? {
        walk.report.find(table, id, "its account is missing");
    } else if accounts::is_deleted(walk.tables, AccountId(id)).unwrap_or(false) {
        walk.report.find(table, id, "its account was deleted");
    }
    Ok(())
}
