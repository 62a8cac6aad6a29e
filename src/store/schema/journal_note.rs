//! What the tables know of their journal, in one row of the table of secrets.
//!
//! It changes only in a commit that brings the tables up to date, so it always says up to which record they are.

use rand_core::RngCore;
use redb::ReadableTable as _;
use serde::{Deserialize, Serialize};

use crate::store::error::StoreError;
use crate::store::schema::checksum;
use crate::store::schema::tables::{ReadTables, SECRETS, Tables};

/// The row's name.
const ROW: &str = "journal";

/// Which journal belongs to the tables, and how far they have it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Note {
    /// What the journal's keys are made from. It never leaves the server: copies of the database get another one.
    pub(in crate::store) secret: [u8; 32],
    /// Which journal it is: random, and no secret.
    pub(in crate::store) identity: [u8; 16],
    /// Counts the checkpoints: each begins a round of the journal.
    pub(in crate::store) round: u64,
    /// Random bytes of this round, so that no two rounds share a key.
    pub(in crate::store) salt: [u8; 32],
    /// The number of the last record that the tables contain.
    pub(in crate::store) applied: u64,
    /// Whether the tables contain everything, so that no journal is needed.
    pub(in crate::store) is_closed: bool,
}

impl Note {
    /// That of a database that has no journal yet.
    pub(in crate::store) fn new(rng: &mut impl RngCore) -> Self {
        let mut note = Self {
            secret: [0; 32],
            identity: [0; 16],
            round: 0,
            salt: [0; 32],
            applied: 0,
            is_closed: true,
        };
        rng.fill_bytes(&mut note.secret);
        rng.fill_bytes(&mut note.identity);
        rng.fill_bytes(&mut note.salt);
        note
    }

    /// The note in the tables; none in a copy, which has no journal of its own.
    pub(in crate::store) fn load(tables: &impl ReadTables) -> Result<Option<Self>, StoreError> {
        let row = tables.secrets().get(ROW)?;
        row.map(|row| checksum::decode(SECRETS, ROW, row.value()))
            .transpose()
    }

    /// Puts it down.
    pub(in crate::store) fn save(&self, tables: &mut Tables<'_>) -> Result<(), StoreError> {
        let row = checksum::encode(SECRETS, ROW, self);
        tables.secrets.insert(ROW, &*row)?;
        Ok(())
    }

    /// Takes it out of a copy: whoever opens that for service makes another one.
    pub(in crate::store) fn remove(tables: &mut Tables<'_>) -> Result<(), StoreError> {
        tables.secrets.remove(ROW)?;
        Ok(())
    }
}
