//! Idempotency keys: what an account says twice under one key, from whatever devices, is stored once.
//!
//! A key is kept with its entry from the write that stores that, for a time and up to a number, whether or not the entry expires
//! or is deleted meanwhile. It is the account's: under it nothing is said to others either, nor another text.

use super::audience;
use crate::protocol::{AccountId, ConversationId, EntryId};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::ops::access::membership;
use crate::store::schema::records::KeyRecord;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Append, Refusal, SaidBefore, StoredEntry};

/// How many keys of an account are kept. At the limit the oldest is forgotten, and could be said again. Chosen: a program
/// that says something each minute is covered for days, and all of them take half a megabyte.
pub(in crate::store) const KEYS_MAX: u64 = 4096;

/// How long a key is kept, in milliseconds. Chosen: longer than somebody tries again.
pub(in crate::store) const KEPT_MS: u64 = 30 * 24 * 3_600_000;

/// How many old keys are removed with each new one. Chosen: more than one, so that they go although others come.
const REMOVED_MAX: usize = 2;

/// Refuses what was said before under the same key.
pub(super) fn check(tables: &impl ReadTables, append: &Append) -> Result<(), Abort> {
    let Some(place) = place(append) else {
        return Ok(());
    };
    let found = skip_damaged(tables.keys().get(&place))?.flatten();
    let Some(found) = found.filter(|found| is_kept(found, append.time_ms)) else {
        return Ok(());
    };
    let conversation = ConversationId(found.conversation);
    let (record, _) = membership(tables, conversation, append.author)?;
    // The name of the other one is told with the first entry, and never here.
    let prev = EntryId(found.entry);
    let audience = audience(tables, record, append.author, prev, None)?.with_readers(found.readers);
    Err(Refusal::SaidBefore(SaidBefore {
        conversation,
        entry: EntryId(found.entry),
        time_ms: found.time_ms,
        audience,
    })
    .into())
}

/// Keeps the key of an entry that is stored, and forgets old ones.
pub(super) fn note(
    tables: &mut Tables,
    append: &Append,
    stored: &StoredEntry,
) -> Result<(), StoreError> {
    let Some(place) = place(append) else {
        return Ok(());
    };
    let account = append.author.0;
    let of_account = (account, 0)..=(account, u64::MAX);
    let last = tables.key_order().last(of_account.clone())?;
    let count = last.map_or(1, |((_, last), _)| last.saturating_add(1));
    let mut old = Vec::new();
    for row in tables.key_order().range(of_account)?.take(REMOVED_MAX) {
        let ((_, at), halves) = row?;
        let found = match skip_damaged(halves)? {
            Some((high, low)) => {
                let place = (account, high, low);
                let found = skip_damaged(tables.keys().get(&place))?.flatten();
                // A key that came again after its time has a later row.
                found
                    .filter(|found| found.count == at)
                    .map(|found| (place, found))
            }
            None => None,
        };
        let is_full = count - at >= KEYS_MAX;
        if !is_full && found.is_some_and(|(_, found)| is_kept(&found, stored.time_ms)) {
            break;
        }
        old.push((at, found.map(|(place, _)| place)));
    }
    for (at, found) in old {
        tables.key_order.remove(&(account, at));
        if let Some(place) = found {
            tables.keys.remove(&place);
        }
    }
    let record = KeyRecord {
        conversation: append.conversation.0,
        entry: stored.entry.0,
        time_ms: stored.time_ms,
        readers: stored.audience.readers(),
        count,
    };
    tables.keys.insert(place, record);
    tables
        .key_order
        .insert((account, count), (place.1, place.2));
    Ok(())
}

/// Forgets the keys of an account that is deleted.
pub(in crate::store) fn forget_all(
    tables: &mut Tables,
    account: AccountId,
) -> Result<(), StoreError> {
    let AccountId(id) = account;
    let mut rows = Vec::new();
    for row in tables.keys().range((id, 0, 0)..=(id, u64::MAX, u64::MAX))? {
        rows.push(row?.0);
    }
    for key in rows {
        tables.keys.remove(&key);
    }
    let mut rows = Vec::new();
    for row in tables.key_order().range((id, 0)..=(id, u64::MAX))? {
        rows.push(row?.0);
    }
    for key in rows {
        tables.key_order.remove(&key);
    }
    Ok(())
}

const fn is_kept(record: &KeyRecord, now_ms: u64) -> bool {
    now_ms < record.time_ms.saturating_add(KEPT_MS)
}

/// Where the key of a message is kept, if it has one.
fn place(append: &Append) -> Option<(u64, u64, u64)> {
    let mut halves = [[0; 8]; 2];
    halves.as_flattened_mut().copy_from_slice(&append.key?);
    let [high, low] = halves.map(u64::from_be_bytes);
    Some((append.author.0, high, low))
}
