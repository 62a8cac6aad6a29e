//! A table as it stands, in memory before redb: the write buffer through which every read goes.
//!
//! Between two checkpoints the same few rows change with each message of a conversation. They are changed here, as decoded
//! records; the log makes the changes durable, and a checkpoint takes what has changed and writes it to redb, while reads
//! and further changes go on. Rows that were read are kept too, as long as there is room.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque, hash_map::Entry};
use std::ops::RangeBounds;
use std::sync::Arc;

use foldhash::HashMap;
use redb::{TableDefinition, WriteTransaction};

use super::checksum::encode;
use super::key::Key;
use super::merged::Merged;
use super::table::{Committed, ReadTable, Record, Row, is_empty};
use crate::protocol::ConversationId;
use crate::store::error::StoreError;

/// So many rows of a table that were read of redb are kept between groups. Chosen: those of ten
/// thousand people who write to each other, some megabytes.
const ROWS_MAX: usize = 32_768;

/// So many of a table that is read mostly at sign-ins. Chosen: those of the sign-ins under way are there, and a hundred
/// thousand sessions cost nothing in memory for having begun.
const ROWS_OF_SIGN_INS_MAX: usize = 1024;

/// The tables that are read mostly at sign-ins.
const OF_SIGN_INS: [&str; 5] = ["names", "disabled", "codes", "resets", "devices"];

/// What has become of a row.
#[derive(Debug, Clone)]
pub(super) enum Change<V> {
    Put(V),
    Removed,
}

impl<V> Change<V> {
    const fn record(&self) -> Option<&V> {
        match self {
            Self::Put(record) => Some(record),
            Self::Removed => None,
        }
    }

    const fn record_mut(&mut self) -> Option<&mut V> {
        match self {
            Self::Put(record) => Some(record),
            Self::Removed => None,
        }
    }
}

/// Rows that have changed.
struct Layer<K, V> {
    /// Peers choose some of the keys. foldhash withstands them less than `SipHash`, but its seed is random and nobody can see
    /// it; and there are a dozen look-ups for each message.
    rows: HashMap<K, Change<V>>,
    /// The same in order.
    keys: BTreeSet<K>,
}

impl<K, V> Default for Layer<K, V> {
    fn default() -> Self {
        Self {
            rows: HashMap::default(),
            keys: BTreeSet::new(),
        }
    }
}

impl<K: Key, V> Layer<K, V> {
    /// Notes a change; returns the one before it.
    fn note(&mut self, key: &K, change: Change<V>) -> Option<Change<V>> {
        match self.rows.entry(key.clone()) {
            Entry::Occupied(mut there) => Some(there.insert(change)),
            Entry::Vacant(place) => {
                place.insert(change);
                self.keys.insert(key.clone());
                None
            }
        }
    }

    fn record_mut(&mut self, key: &K) -> Option<&mut V> {
        self.rows.get_mut(key)?.record_mut()
    }

    fn forget(&mut self, key: &K) {
        self.rows.remove(key);
        self.keys.remove(key);
    }
}

/// How a change is taken back.
enum Undo<V> {
    /// What the layer had before.
    Whole(Option<Change<V>>),
    /// What gives a record its earlier form.
    Step(Box<dyn FnOnce(&mut V) + Send>),
}

/// A table with what has changed in it since the last checkpoint.
pub(in crate::store) struct Buffered<K: Key, V: Record> {
    committed: Committed<K, V>,
    /// What no checkpoint has taken.
    active: Layer<K, V>,
    /// What the last checkpoint has taken: it may be under way.
    taken: Arc<Layer<K, V>>,
    /// Rows that were read of redb.
    read: RefCell<HashMap<K, Option<V>>>,
    /// How many of them are kept between groups.
    rows_max: usize,
    /// What takes the group under way back, the last change last.
    undo: Vec<(K, Undo<V>)>,
}

impl<K: Key, V: Record> Buffered<K, V> {
    pub(super) fn new(committed: Committed<K, V>) -> Self {
        let is_of_sign_ins = OF_SIGN_INS.contains(&committed.name);
        Self {
            rows_max: if is_of_sign_ins {
                ROWS_OF_SIGN_INS_MAX
            } else {
                ROWS_MAX
            },
            committed,
            active: Layer::default(),
            taken: Arc::default(),
            read: RefCell::default(),
            undo: Vec::new(),
        }
    }

    /// A row that has changed lately.
    fn newer(&self, key: &K) -> Option<&Change<V>> {
        self.active
            .rows
            .get(key)
            .or_else(|| self.taken.rows.get(key))
    }

    /// Puts a record into its row, which is made if it is not there.
    pub(in crate::store) fn insert(&mut self, key: K, record: V) {
        self.note(key, Change::Put(record));
    }

    /// Removes a row.
    pub(in crate::store) fn remove(&mut self, key: &K) {
        self.note(key.clone(), Change::Removed);
    }

    /// Removes the rows that are not to be kept; one that is damaged is not.
    pub(in crate::store) fn retain(
        &mut self,
        keep: impl Fn(&K, &V) -> bool,
    ) -> Result<(), StoreError> {
        self.retain_in(.., keep)
    }

    /// The same in a range of keys.
    pub(in crate::store) fn retain_in(
        &mut self,
        range: impl RangeBounds<K>,
        keep: impl Fn(&K, &V) -> bool,
    ) -> Result<(), StoreError> {
        let mut gone = Vec::new();
        for row in self.range(range)? {
            let (key, record) = row?;
            if !record.is_ok_and(|record| keep(&key, &record)) {
                gone.push(key);
            }
        }
        for key in gone {
            self.remove(&key);
        }
        Ok(())
    }

    fn note(&mut self, key: K, change: Change<V>) {
        let before = self.active.note(&key, change);
        self.undo.push((key, Undo::Whole(before)));
    }

    /// Changes a record where it is, or a new one; `step` returns what takes that back.
    pub(in crate::store) fn change<U: FnOnce(&mut V) + Send + 'static>(
        &mut self,
        key: &K,
        new: impl FnOnce() -> V,
        step: impl FnOnce(&mut V) -> U,
    ) -> Result<(), StoreError> {
        if let Some(record) = self.active.record_mut(key) {
            let back = step(record);
            self.undo.push((key.clone(), Undo::Step(Box::new(back))));
            return Ok(());
        }
        let mut record = self.get(key)?.unwrap_or_else(new);
        step(&mut record);
        self.note(key.clone(), Change::Put(record));
        Ok(())
    }

    /// Whether a row waits for the next checkpoint.
    pub(in crate::store) fn is_dirty(&self, key: &K) -> bool {
        self.active.rows.contains_key(key)
    }

    /// Whether the group under way has changed anything.
    pub(super) const fn is_changed(&self) -> bool {
        !self.undo.is_empty()
    }

    /// The group under way is durable.
    pub(super) fn keep(&mut self) {
        self.undo.clear();
    }

    /// Forgets the rows that were read if there are too many.
    pub(super) fn bound_rows(&mut self) {
        let read = self.read.get_mut();
        if read.len() > self.rows_max {
            *read = HashMap::default();
        }
    }

    /// Takes the group under way back.
    pub(super) fn take_back(&mut self) {
        for (key, undo) in std::mem::take(&mut self.undo).into_iter().rev() {
            match undo {
                Undo::Whole(Some(before)) => drop(self.active.note(&key, before)),
                Undo::Whole(None) => self.active.forget(&key),
                Undo::Step(back) => {
                    if let Some(record) = self.active.record_mut(&key) {
                        back(record);
                    }
                }
            }
        }
    }

    /// How many rows wait for the next checkpoint.
    pub(super) fn dirty(&self) -> usize {
        self.active.keys.len()
    }

    /// Takes what has changed. It is read here until [`Self::committed`].
    pub(super) fn take_changes(&mut self) -> Changes<K, V> {
        self.taken = Arc::new(std::mem::take(&mut self.active));
        // What was read of these rows is out of date when they are in redb.
        let read = self.read.get_mut();
        if !read.is_empty() {
            read.retain(|key, _| !self.taken.rows.contains_key(key));
        }
        Changes {
            name: self.committed.name,
            layer: Arc::clone(&self.taken),
        }
    }

    /// What was taken was not written, and waits again; nothing has changed since.
    pub(super) fn give_back(&mut self) {
        if let Some(taken) = Arc::into_inner(std::mem::take(&mut self.taken)) {
            self.active = taken;
        }
    }

    /// The changes that were taken are in redb, and this is the table there.
    pub(super) fn committed(&mut self, committed: Committed<K, V>) {
        self.committed = committed;
    }
}

impl<K: Key, V: Record> ReadTable<K, V> for Buffered<K, V> {
    fn get(&self, key: &K) -> Result<Option<V>, StoreError> {
        self.read(key, V::clone)
    }

    fn read<T>(&self, key: &K, read: impl FnOnce(&V) -> T) -> Result<Option<T>, StoreError> {
        if let Some(change) = self.newer(key) {
            return Ok(change.record().map(read));
        }
        if let Some(record) = self.read.borrow().get(key) {
            return Ok(record.as_ref().map(read));
        }
        let record = self.committed.get(key)?;
        let done = record.as_ref().map(read);
        self.read.borrow_mut().insert(key.clone(), record);
        Ok(done)
    }

    fn has(&self, key: &K) -> Result<bool, StoreError> {
        match self.newer(key) {
            Some(change) => Ok(change.record().is_some()),
            None => self.committed.has(key),
        }
    }

    fn range(
        &self,
        range: impl RangeBounds<K>,
    ) -> Result<impl Iterator<Item = Result<Row<K, V>, StoreError>>, StoreError> {
        let mut newer = VecDeque::new();
        if !is_empty(&range) {
            let bounds = (range.start_bound(), range.end_bound());
            let layers = [&self.active.keys, &self.taken.keys];
            let keys: BTreeSet<&K> = layers
                .into_iter()
                .flat_map(|keys| keys.range::<K, _>(bounds))
                .collect();
            newer.extend(
                keys.into_iter()
                    .filter_map(|key| Some((key.clone(), self.newer(key)?.clone()))),
            );
        }
        Ok(Merged::new(self.committed.range(range)?, newer))
    }

    /// Without a copy of all that is newer in the range.
    fn last(&self, range: impl RangeBounds<K>) -> Result<Option<Row<K, V>>, StoreError> {
        if is_empty(&range) {
            return Ok(None);
        }
        let bounds = (range.start_bound(), range.end_bound());
        let last_of = |keys: &BTreeSet<K>| {
            keys.range::<K, _>(bounds).rev().find_map(|key| {
                let record = self.newer(key)?.record()?;
                Some((key.clone(), Ok(record.clone())))
            })
        };
        let newer = [&self.active.keys, &self.taken.keys]
            .into_iter()
            .filter_map(last_of);
        let newer = newer.max_by(|(one, _), (other, _)| one.cmp(other));
        let mut older = self.committed.both_ways(range)?.rev();
        let older = loop {
            match older.next().transpose()? {
                Some((key, _)) if self.newer(&key).is_some() => {}
                older => break older,
            }
        };
        Ok(match (newer, older) {
            (Some(newer), Some(older)) => Some(if newer.0 > older.0 { newer } else { older }),
            (newer, older) => newer.or(older),
        })
    }
}

/// Of which conversation rows are being written just now: after a failure it says which of them could not.
#[derive(Debug, Default)]
pub(in crate::store) struct Writing(Cell<Option<u64>>);

impl Writing {
    /// Which it is, if that is known.
    pub(in crate::store) fn get(&self) -> Option<ConversationId> {
        self.0.get().map(ConversationId)
    }
}

/// The tables whose keys begin with a conversation.
const OF_CONVERSATIONS: [&str; 8] = [
    "conversations",
    "members",
    "senders",
    "places",
    "withheld",
    "refs",
    "pins",
    "attached",
];

/// What a checkpoint writes to a table.
pub(in crate::store) struct Changes<K, V> {
    name: &'static str,
    layer: Arc<Layer<K, V>>,
}

impl<K: Key, V: Record> Changes<K, V> {
    /// Writes it in the order of the keys: neighbours stand on the same pages.
    pub(super) fn write(
        &self,
        transaction: &WriteTransaction,
        writing: &Writing,
    ) -> Result<(), StoreError> {
        let definition = TableDefinition::<K::Redb, &[u8]>::new(self.name);
        let mut table = transaction.open_table(definition)?;
        let is_of_conversations = OF_CONVERSATIONS.contains(&self.name);
        for key in &self.layer.keys {
            writing
                .0
                .set(is_of_conversations.then(|| key.leading()).flatten());
            match self.layer.rows.get(key) {
                Some(Change::Put(record)) => {
                    table.insert(key.to_redb(), &*encode(self.name, key, record))?;
                }
                Some(Change::Removed) => {
                    table.remove(key.to_redb())?;
                }
                None => {}
            }
        }
        writing.0.set(None);
        Ok(())
    }
}
