//! A device's database: identity, outbox, history, positions and awaited receipts.
//!
//! Changes are collected and committed together, once for each batch of the driver. Nothing that follows from a change
//! (a packet, a line on the screen) may leave before [`State::commit`] has returned.

use std::collections::{BTreeMap, HashMap};

use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::fence::FencedDatabase;
use crate::protocol::{AccountId, BlockedUser, ConversationId, DeviceId, EntryId, to_bytes};
use crate::text::words::words;
use change::Change;
use entry::Entry;
use erase::{ERASED, Erasure};
pub(super) use error::StateError;
use error::guard;
use history::{Found, HISTORY, HistoryTables, Row};
use lives::Life;
use records::{Awaited, IgnoredUser, OutboxEntry, StoredConversation};
use settings::Settings;
use transfers::Download;

/// The form of these tables. Any other is refused by number, except the one before: tables and last fields of rows have only
/// been added since.
pub(super) const SCHEMA: u64 = 4;

const SCHEMA_BEFORE: u64 = 3;

/// How many entries of history a device keeps. Chosen: years of talk, and with texts of a usual length less than
/// 100 MB. At the limit the oldest entry of the largest conversation makes room: it can be fetched again.
pub(super) const HISTORY_ENTRIES_MAX: u64 = 200_000;

const IDENTITY: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("identity");
const OUTBOX: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("outbox");
const POSITIONS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("positions");
const AWAITED: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("awaited");

const KEY_SCHEMA: &str = "schema";
const KEY_DEVICE: &str = "device";
const KEY_BLOCKED: &str = "blocked";
const KEY_SETTINGS: &str = "settings";
const KEY_IGNORED: &str = "ignored";
const KEY_PLACES: &str = "places";
const KEY_QUIET: &str = "quiet";
const KEY_LOGS_CHAT: &str = "logs_chat";
const KEY_TAILED: &str = "tailed";

/// Who this device is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) account: AccountId,
    pub(super) name: String,
    /// The device, unless its id had to be given up.
    pub(super) device: Option<DeviceId>,
    /// The epoch of the server's database in whose logs the positions are.
    pub(super) epoch: u64,
    /// The ticket for the next sign-in, unless it was forgotten.
    pub(super) ticket: Option<ByteBuf>,
}

#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// What has yet to be stored by the server.
    pub(super) outbox: Vec<(u64, OutboxEntry)>,
    /// Where the device stands.
    pub(super) conversations: Vec<(ConversationId, StoredConversation)>,
    /// Own entries whose receipts have not all come.
    pub(super) awaited: Vec<(ConversationId, EntryId, Awaited)>,
    /// Files that are being fetched.
    pub(super) downloads: Vec<transfers::Row>,
    pub(super) blocked: Vec<BlockedUser>,
    pub(super) ignored: Vec<IgnoredUser>,
    /// Conversations by their place, from 1.
    pub(super) places: BTreeMap<u8, String>,
    /// Whether the user does not want to be disturbed.
    pub(super) is_quiet: bool,
    /// Whether the last run has kept logs of what is said.
    pub(super) logs_chat: bool,
    /// Whether a program has read what came last, and nobody was shown it.
    pub(super) is_tailed: bool,
}

/// The tables of one device.
pub(super) struct State {
    database: FencedDatabase,
    identity: Option<Identity>,
    settings: Settings,
    changes: Vec<Change>,
    /// Where the last change of an entry stands among them.
    changed: HashMap<(ConversationId, EntryId), usize>,
    entries_max: u64,
    erasure: Erasure,
}

impl State {
    /// Opens the tables, made if there are none.
    pub(super) fn open(database: Database) -> Result<Self, StateError> {
        let database = FencedDatabase::from(database);
        guard(|| {
            let transaction = database.begin_write()?;
            let (identity, settings, is_erasure_due) = {
                let mut table = transaction.open_table(IDENTITY)?;
                match read::<u64>(&table, KEY_SCHEMA)? {
                    Some(SCHEMA) => {}
                    Some(found) if found > SCHEMA => return Err(StateError::Newer(found)),
                    None | Some(SCHEMA_BEFORE) => {
                        table.insert(KEY_SCHEMA, to_bytes(&SCHEMA).as_slice())?;
                    }
                    Some(found) => return Err(StateError::Older(found)),
                }
                transaction.open_table(OUTBOX)?;
                HistoryTables::open(&transaction)?.complete_words()?;
                transaction.open_table(POSITIONS)?;
                transaction.open_table(AWAITED)?;
                amendments::open(&transaction)?;
                lives::open(&transaction)?;
                transfers::open(&transaction)?;
                let is_erasure_due = !transaction.open_table(ERASED)?.is_empty()?;
                let settings = read(&table, KEY_SETTINGS)?.unwrap_or_default();
                (read(&table, KEY_DEVICE)?, settings, is_erasure_due)
            };
            transaction.commit()?;
            Ok(Self {
                database,
                identity,
                settings,
                changes: Vec::new(),
                changed: HashMap::new(),
                entries_max: HISTORY_ENTRIES_MAX,
                erasure: Erasure::begin(is_erasure_due),
            })
        })
    }

    /// Reads what is kept in memory while a session lasts.
    pub(super) fn load(&self) -> Result<Loaded, StateError> {
        guard(|| {
            let transaction = self.database.begin_read()?;
            let mut loaded = Loaded::default();
            for row in transaction.open_table(OUTBOX)?.iter()? {
                let (key, value) = row?;
                let unsent = decode(value.value(), "outbox")?;
                loaded.outbox.push((key.value(), unsent));
            }
            for row in transaction.open_table(POSITIONS)?.iter()? {
                let (key, value) = row?;
                let place = decode(value.value(), "positions")?;
                loaded
                    .conversations
                    .push((ConversationId(key.value()), place));
            }
            for row in transaction.open_table(AWAITED)?.iter()? {
                let (key, value) = row?;
                let (conversation, entry) = key.value();
                let awaited = decode(value.value(), "awaited")?;
                loaded
                    .awaited
                    .push((ConversationId(conversation), EntryId(entry), awaited));
            }
            loaded.downloads = transfers::load(&transaction)?;
            let settings = transaction.open_table(IDENTITY)?;
            loaded.blocked = read(&settings, KEY_BLOCKED)?.unwrap_or_default();
            loaded.ignored = read(&settings, KEY_IGNORED)?.unwrap_or_default();
            loaded.places = read(&settings, KEY_PLACES)?.unwrap_or_default();
            loaded.is_quiet = read(&settings, KEY_QUIET)?.unwrap_or_default();
            loaded.logs_chat = read(&settings, KEY_LOGS_CHAT)?.unwrap_or_default();
            loaded.is_tailed = read(&settings, KEY_TAILED)?.unwrap_or_default();
            Ok(loaded)
        })
    }

    /// Who this device is, as far as it is known.
    pub(super) const fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    pub(super) fn set_identity(&mut self, identity: Identity) {
        self.changes.push(Change::Identity(to_bytes(&identity)));
        self.identity = Some(identity);
    }

    /// What the user has set on this device.
    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn set_settings(&mut self, settings: &Settings) {
        self.put_setting(KEY_SETTINGS, settings);
        self.settings.clone_from(settings);
    }

    pub(super) fn put_blocked(&mut self, users: &[BlockedUser]) {
        self.put_setting(KEY_BLOCKED, &users);
    }

    pub(super) fn put_ignored(&mut self, users: &[IgnoredUser]) {
        self.put_setting(KEY_IGNORED, &users);
    }

    pub(super) fn put_places(&mut self, places: &BTreeMap<u8, String>) {
        self.put_setting(KEY_PLACES, places);
    }

    pub(super) fn put_quiet(&mut self, is_quiet: bool) {
        self.put_setting(KEY_QUIET, &is_quiet);
    }

    pub(super) fn put_tailed(&mut self, is_tailed: bool) {
        self.put_setting(KEY_TAILED, &is_tailed);
    }

    pub(super) fn put_logs_chat(&mut self, logs_chat: bool) {
        self.put_setting(KEY_LOGS_CHAT, &logs_chat);
    }

    fn put_setting<T: Serialize>(&mut self, key: &'static str, value: &T) {
        self.changes.push(Change::Setting(key, to_bytes(value)));
    }

    pub(super) fn put_unsent(&mut self, sequence: u64, unsent: &OutboxEntry) {
        self.changes
            .push(Change::Outbox(sequence, Some(to_bytes(unsent))));
    }

    pub(super) fn remove_unsent(&mut self, sequence: u64) {
        self.changes.push(Change::Outbox(sequence, None));
    }

    /// Keeps an entry, and the words that it is found by.
    pub(super) fn put_entry(&mut self, conversation: ConversationId, entry: EntryId, what: &Entry) {
        let row = Row::of(conversation, what);
        self.changed
            .insert((conversation, entry), self.changes.len());
        self.changes.push(Change::History(conversation, entry, row));
    }

    /// Has an entry that is here found by the words of another text: the last of one that was edited, none of one that was
    /// deleted.
    pub(super) fn put_words(&mut self, conversation: ConversationId, entry: EntryId, text: &str) {
        self.changes
            .push(Change::Words(conversation, entry, words(text)));
    }

    pub(super) fn put_conversation(
        &mut self,
        conversation: ConversationId,
        place: &StoredConversation,
    ) {
        self.changes
            .push(Change::Conversation(conversation, to_bytes(place)));
    }

    pub(super) fn put_awaited(
        &mut self,
        conversation: ConversationId,
        entry: EntryId,
        awaited: Option<&Awaited>,
    ) {
        self.changes.push(Change::Awaited(
            conversation,
            entry,
            awaited.map(to_bytes::<Awaited>),
        ));
    }

    /// Has the file of an entry fetched, also in a later run.
    pub(super) fn put_download(
        &mut self,
        (conversation, entry): (ConversationId, EntryId),
        download: &Download,
    ) {
        let bytes = Some(to_bytes(download));
        self.changes
            .push(Change::Download(conversation, entry, bytes));
    }

    pub(super) fn remove_download(&mut self, (conversation, entry): (ConversationId, EntryId)) {
        self.changes
            .push(Change::Download(conversation, entry, None));
    }

    pub(super) fn put_life(&mut self, conversation: ConversationId, entry: EntryId, life: &Life) {
        self.changes
            .push(Change::Life(conversation, entry, to_bytes(life)));
    }

    /// What is known of an own message, durable or not.
    pub(super) fn life(
        &self,
        conversation: ConversationId,
        entry: EntryId,
    ) -> Result<Option<Life>, StateError> {
        guard(|| lives::find(&self.changes, &self.database, (conversation, entry)))
    }

    /// An entry that is put with this batch has lost its content, or one that was deleted has made room for others before.
    pub(super) fn erase(&mut self, conversation: ConversationId, entry: EntryId) {
        self.changes.push(Change::Erased(conversation, entry));
        self.erasure.note();
    }

    /// Whether bytes are still to be removed.
    pub(super) fn has_erasure(&self) -> bool {
        !self.erasure.is_over()
    }

    /// Removes some of them. What has not been committed yet is left for the next time.
    pub(super) fn erase_step(&mut self) -> Result<(), StateError> {
        self.erasure.step(&mut self.database)
    }

    /// Forgets all but the schema: the account that these tables were of is not there any more.
    pub(super) fn clear(&mut self) {
        self.changes.push(Change::Clear);
        self.identity = None;
        self.settings = Settings::default();
    }

    /// The last entries of a conversation after one place and up to another, at most so many, oldest first.
    pub(super) fn last_entries(
        &self,
        conversation: ConversationId,
        after: EntryId,
        upto: EntryId,
        limit: usize,
    ) -> Result<Vec<(EntryId, Entry)>, StateError> {
        guard(|| {
            let transaction = self.database.begin_read()?;
            let rows = history::between(&transaction, conversation, (after, upto))?;
            let mut entries: Vec<_> = rows.rev().take(limit).collect::<Result<_, _>>()?;
            entries.reverse();
            Ok(entries)
        })
    }

    /// The first durable entries of a conversation after one place and up to another, at most so many.
    pub(super) fn entries_after(
        &self,
        conversation: ConversationId,
        after: EntryId,
        upto: EntryId,
        limit: usize,
    ) -> Result<Vec<(EntryId, Entry)>, StateError> {
        guard(|| {
            let transaction = self.database.begin_read()?;
            let rows = history::between(&transaction, conversation, (after, upto))?;
            rows.take(limit).collect()
        })
    }

    /// One entry, if it is here, durable or not.
    pub(super) fn entry(
        &self,
        conversation: ConversationId,
        entry: EntryId,
    ) -> Result<Option<Entry>, StateError> {
        guard(|| {
            let changed = self.changed.get(&(conversation, entry));
            if let Some(Change::History(_, _, row)) = changed.and_then(|at| self.changes.get(*at)) {
                return decode(&row.bytes, "history").map(Some);
            }
            let table = self.database.begin_read()?.open_table(HISTORY)?;
            let found = table.get((conversation.0, entry.0))?;
            found
                .map(|value| decode(value.value(), "history"))
                .transpose()
        })
    }

    /// The last entry of a conversation before a place, durable or not.
    pub(super) fn entry_before(
        &self,
        conversation: ConversationId,
        before: EntryId,
    ) -> Result<Option<(EntryId, Entry)>, StateError> {
        let changed = self.changed.keys();
        let changed = changed.filter(|(id, at)| *id == conversation && *at < before);
        let changed = changed.map(|(_, at)| *at).max();
        let durable = self.durable_before(conversation, before)?;
        let is_behind = |at: &EntryId| durable.as_ref().is_none_or(|(durable, _)| *at >= *durable);
        match changed.filter(is_behind) {
            Some(at) => Ok(self.entry(conversation, at)?.map(|entry| (at, entry))),
            None => Ok(durable),
        }
    }

    fn durable_before(
        &self,
        conversation: ConversationId,
        before: EntryId,
    ) -> Result<Option<(EntryId, Entry)>, StateError> {
        guard(|| {
            let table = self.database.begin_read()?.open_table(HISTORY)?;
            let last = table
                .range((conversation.0, 0)..(conversation.0, before.0))?
                .next_back()
                .transpose()?;
            last.map(|(key, value)| Ok((EntryId(key.value().1), decode(value.value(), "history")?)))
                .transpose()
        })
    }

    /// Calls `visit` with what is found of each entry of a conversation, or of all, in order, until it says that this is
    /// enough.
    pub(super) fn visit_words(
        &self,
        conversation: Option<ConversationId>,
        visit: impl FnMut(Found<'_>) -> bool,
    ) -> Result<(), StateError> {
        guard(|| history::visit_words(&self.database.begin_read()?, conversation, visit))
    }

    /// Whether a further entry has to take the place of another.
    pub(super) fn is_full(&self) -> Result<bool, StateError> {
        guard(|| {
            let table = self.database.begin_read()?.open_table(HISTORY)?;
            Ok(table.len()? >= self.entries_max)
        })
    }

    /// Whether anything was put since the last commit.
    pub(super) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Makes everything that was put since the last time durable.
    pub(super) fn commit(&mut self) -> Result<(), StateError> {
        guard(|| {
            if self.changes.is_empty() {
                return Ok(());
            }
            let transaction = self.database.begin_write()?;
            change::write(&self.changes, self.entries_max, &transaction)?;
            transaction.commit()?;
            let is_erased = |change: &Change| matches!(change, Change::Erased(..));
            if self.changes.iter().any(is_erased) {
                // The removal that was under way when they were deleted may be over without these.
                self.erasure.note();
            }
            self.changes.clear();
            self.changed.clear();
            Ok(())
        })
    }
}

fn read<T: DeserializeOwned>(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    key: &str,
) -> Result<Option<T>, StateError> {
    table
        .get(key)?
        .map(|value| decode(value.value(), "identity"))
        .transpose()
}

fn decode<T: DeserializeOwned>(bytes: &[u8], table: &'static str) -> Result<T, StateError> {
    rmp_serde::from_slice(bytes).map_err(|_| StateError::Damaged(table))
}

mod amendments;
mod change;
pub(super) mod entry;
mod erase;
mod error;
pub(super) mod history;
pub(super) mod lives;
pub(super) mod records;
pub(super) mod settings;
#[cfg(test)]
mod tests;
pub(super) mod transfers;
