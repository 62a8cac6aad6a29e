//! What accounts, devices, names, and what the database knows of itself must be like.

use std::collections::BTreeMap;

use super::super::error::StoreError;
use super::{Walk, readable};
use crate::store::schema::meta as counts;
use crate::store::schema::names::NameOf;
use crate::store::schema::records::{AccountRecord, RoomRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{self, ReadTables};

pub(super) fn meta(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    let report = &mut walk.report;
    counts::each_row(walk.tables, |row, checked| {
        report.row("meta", row, checked);
    })
}

pub(super) fn secrets(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = tables::SECRETS;
    for row in walk.tables.secrets().rows()? {
        let (name, secret) = row?;
        walk.report.row(TABLE, name, secret);
    }
    Ok(())
}

pub(super) fn seen(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "seen";
    for row in walk.tables.seen().rows()? {
        let (id, seen_ms) = row?;
        walk.report.row(TABLE, id, seen_ms);
        if !walk.tables.accounts().has(&id)? {
            walk.report.find(TABLE, id, "its account is missing");
        }
    }
    Ok(())
}

pub(super) fn names(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "names";
    let tables = walk.tables;
    for row in tables.names().rows()? {
        let ((kind, name), id) = row?;
        let place = format!("{name:?}");
        let Some(id) = walk.report.row(TABLE, &place, id) else {
            continue;
        };
        let problem = match NameOf::of_number(kind) {
            Some(NameOf::Account) => match account(tables, id)? {
                Some(account) => (account.name != name).then_some("its account has another name"),
                None => Some("its account is missing"),
            },
            Some(NameOf::Former) => match account(tables, id)? {
                Some(account) => (account.name == name).then_some("its account has it now"),
                None => Some("its account is missing"),
            },
            Some(NameOf::AccountSkeleton | NameOf::FormerSkeleton) => {
                let is_missing = !tables.accounts().has(&id)?;
                is_missing.then_some("its account is missing")
            }
            Some(NameOf::Room | NameOf::PublicRoom) => match room(tables, id)? {
                Some(room) if room.name != name => Some("its room has another name"),
                Some(room) if kind == NameOf::PublicRoom.number() => {
                    room.access.is_private().then_some("its room is not public")
                }
                Some(_) => None,
                None => Some("its room is missing"),
            },
            Some(NameOf::RoomSkeleton) => {
                let is_missing = !tables.rooms().has(&id)?;
                is_missing.then_some("its room is missing")
            }
            None => Some("there is no such kind of name"),
        };
        if let Some(problem) = problem {
            walk.report.find(TABLE, place, problem);
        }
    }
    looks(walk)
}

/// A record that can be read; of a damaged one its own table tells.
fn account(tables: &impl ReadTables, id: u64) -> Result<Option<AccountRecord>, StoreError> {
    readable(tables.accounts().get(&id))
}

fn room(tables: &impl ReadTables, id: u64) -> Result<Option<RoomRecord>, StoreError> {
    readable(tables.rooms().get(&id))
}

/// Each account and each room has one name in the form that look-alikes share.
fn looks(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    let tables = walk.tables;
    let accounts = tables.accounts().rows()?.map(|row| Ok(row?.0));
    let accounts = one_each(walk, NameOf::AccountSkeleton, accounts.collect())?;
    let rooms = tables.rooms().rows()?.filter_map(|row| match row {
        Ok((_, Ok(room))) if room.is_deleted => None,
        row => Some(row.map(|(id, _)| id)),
    });
    let rooms = one_each(walk, NameOf::RoomSkeleton, rooms.collect())?;
    for (table, found) in [("accounts", accounts), ("rooms", rooms)] {
        for (id, count) in found {
            let problem = format!("{count} names in the form that look-alikes share point to it");
            walk.report.find(table, id, problem);
        }
    }
    Ok(())
}

/// Those to which not exactly one name of a kind points, and how many do.
fn one_each(
    walk: &Walk<'_>,
    of: NameOf,
    ids: Result<Vec<u64>, StoreError>,
) -> Result<BTreeMap<u64, u64>, StoreError> {
    let mut counts: BTreeMap<u64, u64> = ids?.into_iter().map(|id| (id, 0)).collect();
    let names = (of.number(), String::new())..(of.number() + 1, String::new());
    for row in walk.tables.names().range(names)? {
        let (_, id) = row?;
        if let Some(count) = id.ok().and_then(|id| counts.get_mut(&id)) {
            *count += 1;
        }
    }
    counts.retain(|_, count| *count != 1);
    Ok(counts)
}

pub(super) fn accounts(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "accounts";
    let counts = counts::counted(walk.tables)?;
    let report = &mut walk.report;
    let (mut found, mut deleted) = (0, 0);
    for row in walk.tables.accounts().rows()? {
        let (id, account) = row?;
        found += 1;
        if id >= counts.next_account {
            report.find(TABLE, id, "its id was never assigned");
        }
        let Some(account) = report.row(TABLE, id, account) else {
            continue;
        };
        deleted += u64::from(account.is_deleted());
        let name = (NameOf::Account.number(), account.name);
        if readable(walk.tables.names().get(&name))? != Some(id) {
            report.find(TABLE, id, "its name does not point to it");
        }
    }
    if found != counts.accounts {
        let problem = format!("{found} accounts are there, not {}", counts.accounts);
        report.find("meta", "accounts", problem);
    }
    let counted = counts::deleted_count(walk.tables)?;
    // Of a damaged account it is not known.
    if deleted > counted || report.is_sound() && deleted != counted {
        let problem = format!("{deleted} accounts were deleted, not {counted}");
        report.find("meta", "deleted accounts", problem);
    }
    Ok(())
}

pub(super) fn devices(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "devices";
    let counts = counts::counted(walk.tables)?;
    let report = &mut walk.report;
    for row in walk.tables.devices().rows()? {
        let ((account, device), record) = row?;
        let place = format!("account {account}, device {device}");
        report.row(TABLE, &place, record);
        if !walk.tables.accounts().has(&account)? {
            report.find(TABLE, &place, "its account is missing");
        }
        if device >= counts.next_device {
            report.find(TABLE, place, "its id was never assigned");
        }
    }
    Ok(())
}
