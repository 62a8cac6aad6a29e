//! The keys of tables: as they are in memory, in redb, and in a row's checksum.

use std::fmt::Debug;
use std::hash::Hash;

use crc32fast::Hasher;

/// A key of a table.
pub(in crate::store) trait Key:
    Clone + Ord + Hash + Debug + Send + Sync + 'static
{
    type Redb: redb::Key + 'static;

    fn to_redb(&self) -> <Self::Redb as redb::Value>::SelfType<'_>;

    fn of_redb(key: <Self::Redb as redb::Value>::SelfType<'_>) -> Self;

    /// Adds it to a row's checksum.
    fn add_to(&self, sum: &mut Hasher);

    /// The number that it begins with, if it does.
    fn leading(&self) -> Option<u64>;
}

impl Key for u64 {
    type Redb = Self;

    fn to_redb(&self) -> Self {
        *self
    }

    fn of_redb(key: Self) -> Self {
        key
    }

    fn add_to(&self, sum: &mut Hasher) {
        sum.update(&self.to_le_bytes());
    }

    fn leading(&self) -> Option<u64> {
        Some(*self)
    }
}

impl Key for (u64, u64) {
    type Redb = Self;

    fn to_redb(&self) -> Self {
        *self
    }

    fn of_redb(key: Self) -> Self {
        key
    }

    fn add_to(&self, sum: &mut Hasher) {
        self.0.add_to(sum);
        self.1.add_to(sum);
    }

    fn leading(&self) -> Option<u64> {
        Some(self.0)
    }
}

impl Key for (u64, [u8; 32]) {
    type Redb = (u64, &'static [u8; 32]);

    fn to_redb(&self) -> (u64, &[u8; 32]) {
        (self.0, &self.1)
    }

    fn of_redb((number, hash): (u64, &[u8; 32])) -> Self {
        (number, *hash)
    }

    fn add_to(&self, sum: &mut Hasher) {
        self.0.add_to(sum);
        sum.update(&self.1);
    }

    fn leading(&self) -> Option<u64> {
        Some(self.0)
    }
}

impl Key for (u64, [u8; 32], u64) {
    type Redb = (u64, &'static [u8; 32], u64);

    fn to_redb(&self) -> (u64, &[u8; 32], u64) {
        (self.0, &self.1, self.2)
    }

    fn of_redb((number, hash, last): (u64, &[u8; 32], u64)) -> Self {
        (number, *hash, last)
    }

    fn add_to(&self, sum: &mut Hasher) {
        (self.0, self.1).add_to(sum);
        self.2.add_to(sum);
    }

    fn leading(&self) -> Option<u64> {
        Some(self.0)
    }
}

impl Key for (u64, u64, u64) {
    type Redb = Self;

    fn to_redb(&self) -> Self {
        *self
    }

    fn of_redb(key: Self) -> Self {
        key
    }

    fn add_to(&self, sum: &mut Hasher) {
        (self.0, self.1).add_to(sum);
        self.2.add_to(sum);
    }

    fn leading(&self) -> Option<u64> {
        Some(self.0)
    }
}

impl Key for String {
    type Redb = &'static str;

    fn to_redb(&self) -> &str {
        self
    }

    fn of_redb(key: &str) -> Self {
        key.to_owned()
    }

    fn add_to(&self, sum: &mut Hasher) {
        sum.update(self.as_bytes());
    }

    fn leading(&self) -> Option<u64> {
        None
    }
}

impl Key for (u8, String) {
    type Redb = (u8, &'static str);

    fn to_redb(&self) -> (u8, &str) {
        (self.0, &self.1)
    }

    fn of_redb((kind, name): (u8, &str)) -> Self {
        (kind, name.to_owned())
    }

    fn add_to(&self, sum: &mut Hasher) {
        sum.update(&[self.0]);
        self.1.add_to(sum);
    }

    fn leading(&self) -> Option<u64> {
        None
    }
}
