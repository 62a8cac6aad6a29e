//! The files that are being fetched, and where each is to go. What is to be sent stands in the outbox.

use redb::{ReadTransaction, ReadableTable as _, Table, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::{StateError, decode};
use crate::client::transfers::{SaveAs, TransferId};
use crate::protocol::{ConversationId, EntryId, FileRoot};

const DOWNLOADS: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("downloads");

/// A file that is being fetched, as the entry describes it that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Download {
    /// What is here of it.
    pub(crate) id: TransferId,
    pub(crate) save_as: SaveAs,
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) root: FileRoot,
}

pub(super) type DownloadsTable<'a> = Table<'a, (u64, u64), &'static [u8]>;

pub(super) fn open(transaction: &WriteTransaction) -> Result<DownloadsTable<'_>, StateError> {
    Ok(transaction.open_table(DOWNLOADS)?)
}

pub(super) fn write(
    table: &mut DownloadsTable<'_>,
    (conversation, entry): (ConversationId, EntryId),
    bytes: Option<&[u8]>,
) -> Result<(), StateError> {
    let key = (conversation.0, entry.0);
    match bytes {
        Some(bytes) => table.insert(key, bytes)?,
        None => table.remove(key)?,
    };
    Ok(())
}

/// A conversation and an entry of it, with the file that belongs to that.
pub(super) type Row = ((ConversationId, EntryId), Download);

pub(super) fn load(transaction: &ReadTransaction) -> Result<Vec<Row>, StateError> {
    let mut downloads = Vec::new();
    for row in transaction.open_table(DOWNLOADS)?.iter()? {
        let (key, value) = row?;
        let (conversation, entry) = key.value();
        let download = decode(value.value(), "downloads")?;
        downloads.push(((ConversationId(conversation), EntryId(entry)), download));
    }
    Ok(downloads)
}
