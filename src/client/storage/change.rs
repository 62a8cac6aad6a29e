//! What is to become of the rows of a device's database, collected until it is committed.

use redb::WriteTransaction;

use super::amendments::{self, Indexed};
use super::erase::ERASED;
use super::error::StateError;
use super::history::{HistoryTables, Row};
use super::{
    AWAITED, IDENTITY, KEY_BLOCKED, KEY_DEVICE, KEY_IGNORED, KEY_LOGS_CHAT, KEY_PLACES, KEY_QUIET,
    KEY_SETTINGS, OUTBOX, POSITIONS, lives, transfers,
};
use crate::protocol::{ConversationId, EntryId};

/// A change of one row, or of all.
pub(super) enum Change {
    Identity(Vec<u8>),
    /// What this user has set.
    Setting(&'static str, Vec<u8>),
    Outbox(u64, Option<Vec<u8>>),
    History(ConversationId, EntryId, Row),
    Words(ConversationId, EntryId, String),
    Conversation(ConversationId, Vec<u8>),
    Awaited(ConversationId, EntryId, Option<Vec<u8>>),
    Amendment(Indexed),
    Erased(ConversationId, EntryId),
    Life(ConversationId, EntryId, Vec<u8>),
    Download(ConversationId, EntryId, Option<Vec<u8>>),
    Clear,
}

/// What another user does not take over.
const KEYS_OF_USER: [&str; 7] = [
    KEY_DEVICE,
    KEY_BLOCKED,
    KEY_SETTINGS,
    KEY_IGNORED,
    KEY_PLACES,
    KEY_QUIET,
    KEY_LOGS_CHAT,
];

/// Writes changes to the tables, in their order. Of the history at most so many entries stay. Long: one arm for each change.
pub(super) fn write(
    changes: &[Change],
    entries_max: u64,
    transaction: &WriteTransaction,
) -> Result<(), StateError> {
    let mut identity = transaction.open_table(IDENTITY)?;
    let mut outbox = transaction.open_table(OUTBOX)?;
    let mut history = HistoryTables::open(transaction)?;
    let mut positions = transaction.open_table(POSITIONS)?;
    let mut awaited = transaction.open_table(AWAITED)?;
    let mut amendments = amendments::open(transaction)?;
    let mut erased = transaction.open_table(ERASED)?;
    let mut lives = lives::open(transaction)?;
    let mut downloads = transfers::open(transaction)?;
    for change in changes {
        match change {
            Change::Identity(bytes) => {
                identity.insert(KEY_DEVICE, bytes.as_slice())?;
            }
            Change::Setting(key, bytes) => {
                identity.insert(*key, bytes.as_slice())?;
            }
            Change::Outbox(sequence, Some(bytes)) => {
                outbox.insert(sequence, bytes.as_slice())?;
            }
            Change::Outbox(sequence, None) => {
                outbox.remove(sequence)?;
            }
            Change::History(conversation, entry, row) => {
                let key = (conversation.0, entry.0);
                if let Some(evicted) = history.insert(key, row, entries_max)? {
                    amendments::evicted(&mut amendments, &evicted)?;
                }
            }
            Change::Words(conversation, entry, words) => {
                history.set_words((conversation.0, entry.0), words)?;
            }
            Change::Conversation(conversation, bytes) => {
                positions.insert(conversation.0, bytes.as_slice())?;
            }
            Change::Awaited(conversation, entry, Some(bytes)) => {
                awaited.insert((conversation.0, entry.0), bytes.as_slice())?;
            }
            Change::Awaited(conversation, entry, None) => {
                awaited.remove((conversation.0, entry.0))?;
            }
            Change::Amendment(indexed) => indexed.write(&mut amendments)?,
            Change::Life(conversation, entry, bytes) => {
                lives::write(&mut lives, (*conversation, *entry), bytes)?;
            }
            Change::Download(conversation, entry, bytes) => {
                let place = (*conversation, *entry);
                transfers::write(&mut downloads, place, bytes.as_deref())?;
            }
            Change::Erased(conversation, entry) => {
                erased.insert((conversation.0, entry.0), 0)?;
            }
            Change::Clear => {
                amendments.retain(|_, _| false)?;
                erased.retain(|_, _| false)?;
                lives.retain(|_, _| false)?;
                downloads.retain(|_, _| false)?;
                for key in KEYS_OF_USER {
                    identity.remove(key)?;
                }
                outbox.retain(|_, _| false)?;
                history.clear()?;
                positions.retain(|_, _| false)?;
                awaited.retain(|_, _| false)?;
            }
        }
    }
    Ok(())
}
