//! A table to be read, and a table as redb has it.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable as _, Table, TableDefinition, TableError,
    WriteTransaction,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::checksum::{decode, encode, open};
use super::key::Key;
use crate::store::error::StoreError;

/// What a table's rows hold.
pub(in crate::store) trait Record:
    Serialize + DeserializeOwned + Clone + Send + Sync + 'static
{
}

impl<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Record for T {}

/// A row of a table: its key, and its record or what is wrong with that.
pub(in crate::store) type Row<K, V> = (K, Result<V, StoreError>);

/// Is given rows as they stand: the table's name, the key, and the value.
pub(in crate::store) type Visit<'v> = dyn FnMut(&'static str, &dyn Debug, &[u8]) + 'v;

/// What the write buffer and a snapshot have in common.
pub(in crate::store) trait ReadTable<K: Key, V: Record> {
    /// A record.
    fn get(&self, key: &K) -> Result<Option<V>, StoreError>;

    /// Reads a record where it is.
    fn read<T>(&self, key: &K, read: impl FnOnce(&V) -> T) -> Result<Option<T>, StoreError> {
        Ok(self.get(key)?.as_ref().map(read))
    }

    /// Whether there is a row, damaged or not.
    fn has(&self, key: &K) -> Result<bool, StoreError>;

    /// The rows of a range of keys, in order.
    fn range(
        &self,
        range: impl RangeBounds<K>,
    ) -> Result<impl Iterator<Item = Result<Row<K, V>, StoreError>>, StoreError>;

    /// The last row of a range of keys.
    fn last(&self, range: impl RangeBounds<K>) -> Result<Option<Row<K, V>>, StoreError>;

    /// All rows, in order.
    fn rows(&self) -> Result<impl Iterator<Item = Result<Row<K, V>, StoreError>>, StoreError> {
        self.range(..)
    }
}

/// A table as redb has it.
pub(in crate::store) struct Committed<K: Key, V> {
    pub(super) name: &'static str,
    /// None where there is no such table.
    table: Option<ReadOnlyTable<K::Redb, &'static [u8]>>,
    record: PhantomData<fn() -> V>,
}

impl<K: Key, V: Record> Committed<K, V> {
    pub(super) fn open(
        name: &'static str,
        transaction: &ReadTransaction,
    ) -> Result<Self, StoreError> {
        let table = match transaction.open_table(TableDefinition::new(name)) {
            Err(TableError::TableDoesNotExist(_)) => None,
            table => Some(table?),
        };
        Ok(Self {
            name,
            table,
            record: PhantomData,
        })
    }

    /// A table without rows.
    pub(super) const fn empty(name: &'static str) -> Self {
        Self {
            name,
            table: None,
            record: PhantomData,
        }
    }

    fn decode(&self, key: &K, bytes: &[u8]) -> Result<V, StoreError> {
        decode(self.name, key, bytes)
    }
}

impl<K: Key, V: Record> ReadTable<K, V> for Committed<K, V> {
    fn get(&self, key: &K) -> Result<Option<V>, StoreError> {
        let Some(table) = &self.table else {
            return Ok(None);
        };
        let row = table.get(key.to_redb())?;
        row.map(|row| self.decode(key, row.value())).transpose()
    }

    fn has(&self, key: &K) -> Result<bool, StoreError> {
        match &self.table {
            Some(table) => Ok(table.get(key.to_redb())?.is_some()),
            None => Ok(false),
        }
    }

    fn range(
        &self,
        range: impl RangeBounds<K>,
    ) -> Result<impl Iterator<Item = Result<Row<K, V>, StoreError>>, StoreError> {
        self.both_ways(range)
    }

    fn last(&self, range: impl RangeBounds<K>) -> Result<Option<Row<K, V>>, StoreError> {
        self.both_ways(range)?.next_back().transpose()
    }
}

impl<K: Key, V: Record> Committed<K, V> {
    /// The rows of a range of keys, in order or against it.
    pub(super) fn both_ways(
        &self,
        range: impl RangeBounds<K>,
    ) -> Result<impl DoubleEndedIterator<Item = Result<Row<K, V>, StoreError>>, StoreError> {
        let rows = match &self.table {
            Some(table) if !is_empty(&range) => {
                let bounds = (
                    range.start_bound().map(Key::to_redb),
                    range.end_bound().map(Key::to_redb),
                );
                Some(table.range::<<K::Redb as redb::Value>::SelfType<'_>>(bounds)?)
            }
            _ => None,
        };
        let name = self.name;
        Ok(rows.into_iter().flatten().map(move |row| {
            let (key, row) = row?;
            let key = K::of_redb(key.value());
            let record = decode(name, &key, row.value());
            Ok((key, record))
        }))
    }
}

/// Puts many rows into a table of redb, past any buffer: for copies, which nobody works on yet.
pub(in crate::store) struct Bulk<'t, K: Key, V> {
    name: &'static str,
    table: Table<'t, K::Redb, &'static [u8]>,
    record: PhantomData<fn() -> V>,
}

impl<'t, K: Key, V: Record> Bulk<'t, K, V> {
    pub(in crate::store) fn open(
        name: &'static str,
        transaction: &'t WriteTransaction,
    ) -> Result<Self, StoreError> {
        let table = transaction.open_table(TableDefinition::new(name))?;
        Ok(Self {
            name,
            table,
            record: PhantomData,
        })
    }

    /// The table's name.
    pub(in crate::store) const fn name(&self) -> &'static str {
        self.name
    }

    /// Puts a row; whether there was none of this key.
    pub(in crate::store) fn insert(&mut self, key: &K, record: &V) -> Result<bool, StoreError> {
        let row = encode(self.name, key, record);
        Ok(self.table.insert(key.to_redb(), &*row)?.is_none())
    }

    /// Puts a row as it stands in another database, if its check value fits; whether it does, and there was none.
    pub(in crate::store) fn insert_sealed(
        &mut self,
        key: <K::Redb as redb::Value>::SelfType<'_>,
        row: &[u8],
    ) -> Result<Option<bool>, StoreError> {
        let key = K::of_redb(key);
        if open(self.name, &key, row).is_none() {
            return Ok(None);
        }
        Ok(Some(self.table.insert(key.to_redb(), row)?.is_none()))
    }

    /// Removes all rows.
    pub(in crate::store) fn clear(&mut self) -> Result<(), StoreError> {
        Ok(self.table.retain(|_, _| false)?)
    }
}

impl<K: Key, V: Record> Committed<K, V> {
    /// Copies the rows as they stand, damaged or not; returns how many.
    pub(super) fn copy_to(&self, transaction: &WriteTransaction) -> Result<u64, StoreError> {
        let mut to = Bulk::<K, V>::open(self.name, transaction)?;
        let mut rows = 0;
        if let Some(table) = &self.table {
            for row in table.iter()? {
                let (key, row) = row?;
                to.table.insert(key.value(), row.value())?;
                rows += 1;
            }
        }
        Ok(rows)
    }

    /// Visits the rows as they stand, in order: table, key and value.
    pub(super) fn visit(&self, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        if let Some(table) = &self.table {
            for row in table.iter()? {
                let (key, row) = row?;
                visit(self.name, &K::of_redb(key.value()), row.value());
            }
        }
        Ok(())
    }
}

/// Whether no key is in a range: the standard library's maps panic over one that ends before it begins.
pub(super) fn is_empty<K: Ord>(range: &impl RangeBounds<K>) -> bool {
    match (range.start_bound(), range.end_bound()) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(start), Bound::Included(end)) => start > end,
        (
            Bound::Included(start) | Bound::Excluded(start),
            Bound::Included(end) | Bound::Excluded(end),
        ) => start >= end,
    }
}
