//! What the tables know of the log that belongs to them.

use rand_core::RngCore;
use serde::{Deserialize, Serialize};

/// Which log belongs to the tables, and how far they have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Note {
    /// What the log's keys are made from. It never leaves the server: copies of the database get another one.
    pub(in crate::store) secret: [u8; 32],
    /// Which log it is: random, and no secret.
    pub(in crate::store) identity: [u8; 16],
    /// The number of the last record that the tables contain.
    pub(in crate::store) applied: u64,
    /// The segment in which the next one begins; zero if in one that is to be made.
    pub(in crate::store) segment: u32,
    /// Where in that segment.
    pub(in crate::store) offset: u32,
    /// Where in that segment the last record stands that the tables contain, and its check; where that is in one before it,
    /// zero, and the check of the segment's header. None if the segment is to be made.
    pub(in crate::store) last: Option<(u32, [u8; 16])>,
}

impl Note {
    /// That of a database that has no log yet.
    pub(in crate::store) fn new(rng: &mut impl RngCore) -> Self {
        let mut note = Self {
            secret: [0; 32],
            identity: [0; 16],
            applied: 0,
            segment: 0,
            offset: 0,
            last: None,
        };
        rng.fill_bytes(&mut note.secret);
        rng.fill_bytes(&mut note.identity);
        note
    }

    /// The same log, that goes on after what the tables contain, whatever else it has.
    pub(in crate::store) fn cut(self) -> Self {
        Self {
            segment: 0,
            offset: 0,
            last: None,
            ..self
        }
    }
}
