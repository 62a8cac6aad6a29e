//! What accounts, devices, names, and what the database knows of itself must be like.

use std::collections::BTreeMap;

use redb::ReadableTable;
use serde::de::IgnoredAny;

use super::super::error::StoreError;
use super::{Walk, number};
use crate::protocol::Access;
use crate::store::schema::checksum::decode;
use crate::store::schema::meta as counts;
use crate::store::schema::names::NameOf;
use crate::store::schema::records::{AccountRecord, DeviceRecord, RoomRecord};
use crate::store::schema::tables::{self, ReadTables};

pub(super) fn meta(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    let report = &mut walk.report;
    counts::each_row(walk.tables, |row, checked| {
        report.row("meta", row, checked);
    })
}

pub(super) fn secrets(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = tables::SECRETS;
    for row in walk.tables.secrets().iter()? {
        let (name, secret) = row?;
        let name = name.value();
        let opened = decode::<IgnoredAny>(TABLE, name, secret.value());
        walk.report.row(TABLE, name, opened);
    }
    Ok(())
}

pub(super) fn names(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "names";
    let tables = walk.tables;
    for row in tables.names().iter()? {
        let (key, id) = row?;
        let (kind, name) = key.value();
        let place = format!("{name:?}");
        let opened = decode::<u64>(TABLE, (kind, name), id.value());
        let Some(id) = walk.report.row(TABLE, &place, opened) else {
            continue;
        };
        let problem = match NameOf::of_number(kind) {
            Some(NameOf::Account) => match account(tables, id)? {
                Some(account) => (account.name != name).then_some("its account has another name"),
                None => Some("its account is missing"),
            },
            Some(NameOf::AccountSkeleton) => {
                let is_missing = tables.accounts().get(id)?.is_none();
                is_missing.then_some("its account is missing")
            }
            Some(NameOf::Room | NameOf::PublicRoom) => match room(tables, id)? {
                Some(room) if room.name != name => Some("its room has another name"),
                Some(room) if kind == NameOf::PublicRoom.number() => {
                    (room.access != Access::Public).then_some("its room is not public")
                }
                Some(_) => None,
                None => Some("its room is missing"),
            },
            Some(NameOf::RoomSkeleton) => {
                let is_missing = tables.rooms().get(id)?.is_none();
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
    let value = tables.accounts().get(id)?;
    Ok(value.and_then(|value| decode("accounts", id, value.value()).ok()))
}

fn room(tables: &impl ReadTables, id: u64) -> Result<Option<RoomRecord>, StoreError> {
    let value = tables.rooms().get(id)?;
    Ok(value.and_then(|value| decode("rooms", id, value.value()).ok()))
}

/// Each account and each room has one name in the form that look-alikes share.
fn looks(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    let tables = walk.tables;
    let accounts = tables.accounts().iter()?.map(|row| Ok(row?.0.value()));
    let accounts = one_each(walk, NameOf::AccountSkeleton, accounts.collect())?;
    let rooms = tables.rooms().iter()?.map(|row| Ok(row?.0.value()));
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
    let names = (of.number(), "")..(of.number() + 1, "");
    for row in walk.tables.names().range(names)? {
        let (key, value) = row?;
        let id = number("names", key.value(), Some(value));
        if let Some(count) = id.and_then(|id| counts.get_mut(&id)) {
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
    let mut found = 0;
    for row in walk.tables.accounts().iter()? {
        let (id, value) = row?;
        let id = id.value();
        found += 1;
        if id >= counts.next_account {
            report.find(TABLE, id, "its id was never assigned");
        }
        let decoded = decode::<AccountRecord>(TABLE, id, value.value());
        let Some(account) = report.row(TABLE, id, decoded) else {
            continue;
        };
        let name = (NameOf::Account.number(), &*account.name);
        if number("names", name, walk.tables.names().get(name)?) != Some(id) {
            report.find(TABLE, id, "its name does not point to it");
        }
    }
    if found != counts.accounts {
        let problem = format!("{found} accounts are there, not {}", counts.accounts);
        report.find("meta", "accounts", problem);
    }
    Ok(())
}

pub(super) fn devices(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "devices";
    let counts = counts::counted(walk.tables)?;
    let report = &mut walk.report;
    for row in walk.tables.devices().iter()? {
        let (key, value) = row?;
        let (account, device) = key.value();
        let place = format!("account {account}, device {device}");
        let decoded = decode::<DeviceRecord>(TABLE, (account, device), value.value());
        report.row(TABLE, &place, decoded);
        if walk.tables.accounts().get(account)?.is_none() {
            report.find(TABLE, &place, "its account is missing");
        }
        if device >= counts.next_device {
            report.find(TABLE, place, "its id was never assigned");
        }
    }
    Ok(())
}
