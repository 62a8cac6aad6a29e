//! What the tables know of their log, in one row of the table of secrets.
//!
//! It changes only in a commit that brings the tables up to date, so it always says up to which record they are.

use rand_core::RngCore;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::store::error::StoreError;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, SECRETS, Tables};

/// The row's name.
const ROW: &str = "log";

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

    /// The same log, that goes on behind what the tables contain, whatever else it has.
    pub(in crate::store) fn cut(self) -> Self {
        Self {
            segment: 0,
            offset: 0,
            last: None,
            ..self
        }
    }

    /// The note in the tables; none in a copy, which has no log of its own.
    pub(in crate::store) fn load(tables: &impl ReadTables) -> Result<Option<Self>, StoreError> {
        let row = tables.secrets().get(&ROW.to_owned())?;
        row.map(|row| rmp_serde::from_slice(&row).map_err(|error| damaged(&error)))
            .transpose()
    }

    /// Puts it down.
    pub(in crate::store) fn save(&self, tables: &mut Tables) {
        let (name, row) = self.row();
        tables.secrets.insert(name, row);
    }

    /// Its row, under its name.
    pub(in crate::store) fn row(&self) -> (String, ByteBuf) {
        let bytes = rmp_serde::to_vec(self).expect("writing to a Vec cannot fail");
        (ROW.to_owned(), ByteBuf::from(bytes))
    }

    /// Takes it out of a copy: whoever opens that for service makes another one.
    pub(in crate::store) fn remove(tables: &mut Tables) {
        tables.secrets.remove(&ROW.to_owned());
    }
}

fn damaged(error: &rmp_serde::decode::Error) -> StoreError {
    StoreError::Damaged {
        table: SECRETS,
        place: ROW.into(),
        reason: error.to_string(),
    }
}
