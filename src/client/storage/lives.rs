//! What this device has learnt of its own messages, and when: for `why`.

use redb::{ReadableDatabase as _, Table, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::{Change, StateError, decode};
use crate::fence::FencedDatabase;
use crate::protocol::{AccountId, ConversationId, EntryId};

/// How many messages of one conversation are remembered: the last ones. Chosen: nobody asks about older ones.
const OF_CONVERSATION_MAX: usize = 200;

/// How many recipients of one message are remembered by name; of further ones only their number. Chosen: as many as receipts
/// name.
pub(crate) const NAMED_MAX: usize = 32;

const LIVES: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("lives");

/// All times are in milliseconds since 1970 (UTC), by this device's clock; 0 where they are not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Life {
    pub(crate) typed_ms: u64,
    /// When this device heard that it is stored.
    pub(crate) known_ms: u64,
    /// How many accounts it was for, and how many of these were online.
    pub(crate) recipients: u32,
    pub(crate) online: u32,
    /// Who has received it, what they are called, and when that was heard.
    pub(crate) received: Vec<(AccountId, String, u64)>,
    /// How many have, where only their number is told, and when that was heard.
    pub(crate) counted: Option<(u32, u64)>,
}

pub(super) type LivesTable<'a> = Table<'a, (u64, u64), &'static [u8]>;

pub(super) fn open(transaction: &WriteTransaction) -> Result<LivesTable<'_>, StateError> {
    Ok(transaction.open_table(LIVES)?)
}

/// Keeps what is known of a message, in the place of the oldest of its conversation if there are too many.
pub(super) fn write(
    table: &mut LivesTable<'_>,
    (conversation, entry): (ConversationId, EntryId),
    bytes: &[u8],
) -> Result<(), StateError> {
    let is_new = table.insert((conversation.0, entry.0), bytes)?.is_none();
    if is_new {
        let all = (conversation.0, 0)..=(conversation.0, u64::MAX);
        let (count, first) = {
            let mut rows = redb::ReadableTable::range(table, all)?;
            let first = rows.next().transpose()?.map(|(key, _)| key.value());
            (rows.count() + 1, first)
        };
        if let Some(first) = first.filter(|_| count > OF_CONVERSATION_MAX) {
            table.remove(first)?;
        }
    }
    Ok(())
}

/// What is known of an own message: by the changes that wait to be committed, or else by the table.
pub(super) fn find(
    changes: &[Change],
    database: &FencedDatabase,
    (conversation, entry): (ConversationId, EntryId),
) -> Result<Option<Life>, StateError> {
    let of_this_batch = changes.iter().rev().find_map(|change| match change {
        Change::Life(of, at, bytes) if (*of, *at) == (conversation, entry) => Some(bytes),
        _ => None,
    });
    if let Some(bytes) = of_this_batch {
        return decode(bytes, "lives").map(Some);
    }
    let table = database.begin_read()?.open_table(LIVES)?;
    let found = table.get((conversation.0, entry.0))?;
    found
        .map(|value| decode(value.value(), "lives"))
        .transpose()
}
