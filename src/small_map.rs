//! Tables of a few entries, as most of a session's are: one allocation with room for what is in them, and none before the
//! first entry, for which a tree takes a node of eleven places.

/// A sorted list of keys with their values. To insert or remove one moves those after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmallMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord + Copy, V> SmallMap<K, V> {
    fn place(&self, key: K) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, |(key, _)| *key)
    }

    pub fn get(&self, key: K) -> Option<&V> {
        let place = self.place(key).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let place = self.place(key).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    /// The value of a key, which is made if there is none.
    pub fn get_or_insert(&mut self, key: K, value: V) -> &mut V {
        let place = self.place(key).unwrap_or_else(|place| {
            // One more at a time while there are few.
            if self.0.len() < 4 {
                self.0.reserve_exact(1);
            }
            self.0.insert(place, (key, value));
            place
        });
        &mut self.0[place].1
    }

    /// Removes a key. Most of the room of what was removed is given back in time.
    pub fn remove(&mut self, key: K) -> Option<V> {
        let place = self.place(key).ok()?;
        let (_, value) = self.0.remove(place);
        if self.0.len() * 4 < self.0.capacity() && self.0.capacity() > 4 {
            self.0.shrink_to(self.0.len() * 2);
        }
        Some(value)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (K, &V)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = K> {
        self.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    pub const fn len(&self) -> usize {
        self.0.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_behaves_as_a_tree(steps in proptest::collection::vec((0_u8..3, 0_u8..20, 0_u8..9), 0..200)) {
            let (mut map, mut tree) = (SmallMap::default(), BTreeMap::new());
            for (what, key, value) in steps {
                match what {
                    0 => prop_assert_eq!(map.remove(key), tree.remove(&key)),
                    1 => {
                        let there = tree.entry(key).or_insert(value);
                        prop_assert_eq!(map.get_or_insert(key, value), there);
                    }
                    _ => prop_assert_eq!(map.get_mut(key), tree.get_mut(&key)),
                }
                prop_assert_eq!(map.get(key), tree.get(&key));
                prop_assert!(map.iter().eq(tree.iter().map(|(key, value)| (*key, value))));
                prop_assert_eq!((map.len(), map.is_empty()), (tree.len(), tree.is_empty()));
                prop_assert!(map.0.capacity() <= 8.max(4 * map.len()));
            }
        }
    }

    #[test]
    fn one_entry_takes_the_room_of_one() {
        let mut map = SmallMap::default();
        assert_eq!(map.0.capacity(), 0);
        map.get_or_insert(7_u64, 1_u64);
        assert_eq!(map.0.capacity(), 1);
    }
}
