//! The rows of a table in order: those of redb, with what has changed since in their place.

use std::collections::VecDeque;

use super::buffer::Change;
use super::key::Key;
use super::table::{Record, Row};
use crate::store::error::StoreError;

/// Rows of redb, and those that are newer in their place, from both ends.
pub(super) struct Merged<K, V, I> {
    older: I,
    /// The next of the older ones from each end, where it was looked at.
    front: Option<Result<Row<K, V>, StoreError>>,
    back: Option<Result<Row<K, V>, StoreError>>,
    newer: VecDeque<(K, Change<V>)>,
}

impl<K, V, I> Merged<K, V, I> {
    pub(super) const fn new(older: I, newer: VecDeque<(K, Change<V>)>) -> Self {
        Self {
            older,
            front: None,
            back: None,
            newer,
        }
    }
}

impl<K: Key, V: Record, I> Iterator for Merged<K, V, I>
where
    I: DoubleEndedIterator<Item = Result<Row<K, V>, StoreError>>,
{
    type Item = Result<Row<K, V>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.front.is_none() {
                self.front = self.older.next().or_else(|| self.back.take());
            }
            let older = match &self.front {
                Some(Err(_)) => return self.front.take(),
                Some(Ok((key, _))) => Some(key),
                None => None,
            };
            match (older, self.newer.front()) {
                (_, None) => return self.front.take(),
                (Some(older), Some((newer, _))) if older < newer => return self.front.take(),
                (older, Some((newer, _))) => {
                    if older == Some(newer) {
                        self.front = None;
                    }
                }
            }
            if let Some((key, Change::Put(record))) = self.newer.pop_front() {
                return Some(Ok((key, Ok(record))));
            }
        }
    }
}

impl<K: Key, V: Record, I> DoubleEndedIterator for Merged<K, V, I>
where
    I: DoubleEndedIterator<Item = Result<Row<K, V>, StoreError>>,
{
    fn next_back(&mut self) -> Option<Self::Item> {
        loop {
            if self.back.is_none() {
                self.back = self.older.next_back().or_else(|| self.front.take());
            }
            let older = match &self.back {
                Some(Err(_)) => return self.back.take(),
                Some(Ok((key, _))) => Some(key),
                None => None,
            };
            match (older, self.newer.back()) {
                (_, None) => return self.back.take(),
                (Some(older), Some((newer, _))) if older > newer => return self.back.take(),
                (older, Some((newer, _))) => {
                    if older == Some(newer) {
                        self.back = None;
                    }
                }
            }
            if let Some((key, Change::Put(record))) = self.newer.pop_back() {
                return Some(Ok((key, Ok(record))));
            }
        }
    }
}
