//! Accounts and their names.

use std::collections::{BTreeMap, BTreeSet};

use redb::ReadableTable;

use super::super::error::StoreError;
use super::Rescued;
use super::numbers::Talk;
use crate::protocol::Access;
use crate::store::schema::checksum::{decode, encode};
use crate::store::schema::meta;
use crate::store::schema::names;
use crate::store::schema::names::NameOf;
use crate::store::schema::records::{AccountRecord, ConversationRecord, Kind, RoomRecord};
use crate::store::schema::tables::Tables;

/// Every account that anything speaks of is there. One that was lost keeps its id, its name where that is known, its
/// conversations and its devices with their tickets; its password is gone.
pub(super) fn accounts(
    tables: &mut Tables<'_>,
    talk: &Talk,
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    let mut spoken_of: BTreeSet<u64> = talk.authors.clone();
    let mut known = BTreeMap::new();
    for row in tables.names.iter()? {
        let (key, id) = row?;
        let ((of, name), (id, _)) = (key.value(), id.value());
        if of == NameOf::Account.number() {
            known.insert(id, name.to_owned());
        }
        if of <= NameOf::AccountSkeleton.number() {
            spoken_of.insert(id);
        }
    }
    for row in tables.members.iter()? {
        spoken_of.insert(row?.0.value().1);
    }
    for row in tables.devices.iter()? {
        spoken_of.insert(row?.0.value().0);
    }
    for row in tables.pairs.iter()? {
        let (low, high) = row?.0.value();
        spoken_of.extend([low, high]);
    }
    for row in tables.conversations.iter()? {
        let (id, value) = row?;
        let record: ConversationRecord = decode("conversations", id.value(), value.value())?;
        if let Kind::Pair(low, high) = record.kind {
            spoken_of.extend([low, high]);
        }
    }
    for id in spoken_of {
        if tables.accounts.get(id)?.is_some() {
            continue;
        }
        let name = known.get(&id).cloned();
        let name = name.unwrap_or_else(|| format!("lost-{id}"));
        rescued.lose(format!(
            "user {name}: the password; only devices that are signed in still can"
        ));
        let record = AccountRecord {
            name,
            record: Vec::new(),
            credential_identifier: [0; 16].into(),
            created_ms: 0,
            seen_ms: 0,
            rooms_made: 0,
        };
        let row = encode("accounts", id, &record);
        tables.accounts.insert(id, &*row)?;
    }
    Ok(())
}

/// All names, made anew from accounts and rooms.
pub(super) fn names(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    tables.names.retain(|_, _| false)?;
    let mut all = Vec::new();
    for row in tables.accounts.iter()? {
        let (id, value) = row?;
        let id = id.value();
        let record: AccountRecord = decode("accounts", id, value.value())?;
        all.push((NameOf::Account, record.name, id));
    }
    for row in tables.rooms.iter()? {
        let (id, value) = row?;
        let id = id.value();
        let room: RoomRecord = decode("rooms", id, value.value())?;
        if room.access == Access::Public {
            all.push((NameOf::PublicRoom, room.name.clone(), id));
        }
        all.push((NameOf::Room, room.name, id));
    }
    for (of, name, id) in all {
        names::put(tables, of, &name, id)?;
    }
    names::put_skeletons(tables)
}

/// Says which secrets will be made anew: those that the database does not have any more.
pub(super) fn secrets(
    tables: &mut Tables<'_>,
    expected: &[&str],
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    let mut names = Vec::new();
    for row in tables.secrets.iter()? {
        names.push(row?.0.value().to_owned());
    }
    // A server that has begun has all of them.
    let missing = expected
        .iter()
        .filter(|name| !names.iter().any(|found| found == *name));
    let mut is_missing = false;
    for name in missing {
        is_missing = true;
        rescued.lose(format!(
            "the server's {name}: another is made at its next start"
        ));
    }
    meta::let_secrets_be_made(tables, is_missing)
}
