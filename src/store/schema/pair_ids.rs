//! The ids of direct conversations, apart from those that are assigned in sequence.

/// The ids of pairs: above those of two thousand million rooms, so that on the wire they take five bytes as long as there
/// are fewer than sixty thousand accounts.
pub(in crate::store) const FIRST: u64 = 1 << 31;
/// Where they end: those of accounts with ids below 2^31 fit. The sequence goes on from here if it ever comes to them.
pub(in crate::store) const END: u64 = 1 << 62;
pub(in crate::store) const ACCOUNTS_END: u64 = 1 << 31;

const _: () = assert!(FIRST + ACCOUNTS_END * (ACCOUNTS_END - 1) / 2 <= END);

/// Whether an id is of those that pairs have.
pub(in crate::store) const fn is_id(id: u64) -> bool {
    FIRST <= id && id < END
}

/// The next id of the sequence from this one on: it passes over those of pairs.
pub(in crate::store) const fn skip(id: u64) -> u64 {
    if is_id(id) { END } else { id }
}
