//! The rows of a table in order: those of redb, with what has changed since in their place.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::iter::Peekable;

use super::buffer::Change;
use super::key::Key;
use super::table::{Record, Row};
use crate::store::error::StoreError;

/// Rows of redb, and those that are newer in their place.
pub(super) struct Merged<K, V, I: Iterator> {
    older: Peekable<I>,
    newer: VecDeque<(K, Change<V>)>,
}

impl<K, V, I: Iterator> Merged<K, V, I> {
    pub(super) fn new(older: I, newer: VecDeque<(K, Change<V>)>) -> Self {
        Self {
            older: older.peekable(),
            newer,
        }
    }
}

impl<K: Key, V: Record, I> Iterator for Merged<K, V, I>
where
    I: Iterator<Item = Result<Row<K, V>, StoreError>>,
{
    type Item = Result<Row<K, V>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((newer, _)) = self.newer.front() else {
                return self.older.next();
            };
            let order = match self.older.peek() {
                Some(Ok((older, _))) => older.cmp(newer),
                Some(Err(_)) => Ordering::Less,
                None => Ordering::Greater,
            };
            match order {
                Ordering::Less => return self.older.next(),
                Ordering::Equal => drop(self.older.next()),
                Ordering::Greater => {}
            }
            if let Some((key, Change::Put(record))) = self.newer.pop_front() {
                return Some(Ok((key, Ok(record))));
            }
        }
    }
}
