//! Tables by numbers that this end has chosen, in sequence or at random: nobody else chooses them, so that one multiplication
//! is hash enough. A packet and the messages in it cause a dozen look-ups.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A table by such a number: a session's, a request's, a connection id of this end, an account's or a room's, which a server
/// gives in sequence. Nothing may depend on its order.
pub type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// 2^64 divided by the golden ratio: the table takes the highest and the lowest bits of the product.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(Debug, Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write_u64(&mut self, id: u64) {
        self.0 = id.wrapping_mul(MULTIPLIER);
    }

    /// Only for keys that are no single number, of which there are none here.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0.rotate_left(8) ^ u64::from(*byte)).wrapping_mul(MULTIPLIER);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher as _;

    use super::*;

    #[test]
    fn ids_in_sequence_share_neither_their_places_nor_their_tags() {
        let build = BuildHasherDefault::<IdHasher>::default();
        let hashes: Vec<u64> = (1..=1024_u64).map(|id| build.hash_one(id)).collect();
        let places: HashSet<u64> = hashes.iter().map(|hash| hash % 1024).collect();
        assert_eq!(places.len(), 1024);
        let tags: HashSet<u64> = hashes.iter().map(|hash| hash >> 57).collect();
        assert_eq!(tags.len(), 128);
    }
}
