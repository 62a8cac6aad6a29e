//! What the tables know of their log, in one row of the table of secrets, and in another of the log of the cluster, if they
//! belong to one.
//!
//! They change only in a commit that brings the tables up to date, so they always say up to which record they are.

use serde_bytes::ByteBuf;

use crate::store::ReplicaState;
use crate::store::error::StoreError;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, SECRETS, Tables};
use crate::store::segments::note::Note;

/// The row's name.
const ROW: &str = "log";

impl Note {
    /// The note in the tables; none in a copy, which has no log of its own.
    pub(in crate::store) fn load(tables: &impl ReadTables) -> Result<Option<Self>, StoreError> {
        let row = tables.secrets().get(&ROW.to_owned())?;
        row.map(|row| rmp_serde::from_slice(&row).map_err(|error| damaged(ROW, &error)))
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

/// The row of [`ReplicaState`].
const CLUSTER: &str = "cluster";

impl ReplicaState {
    /// What the tables say of it; none if they belong to no cluster.
    pub(in crate::store) fn load(tables: &impl ReadTables) -> Result<Option<Self>, StoreError> {
        let row = tables.secrets().get(&CLUSTER.to_owned())?;
        row.map(|row| rmp_serde::from_slice(&row).map_err(|error| damaged(CLUSTER, &error)))
            .transpose()
    }

    /// The tables belong to no cluster any more.
    pub(in crate::store) fn remove(tables: &mut Tables) {
        tables.secrets.remove(&CLUSTER.to_owned());
    }

    /// Puts it down.
    pub(in crate::store) fn save(&self, tables: &mut Tables) {
        let bytes = rmp_serde::to_vec(self).expect("writing to a Vec cannot fail");
        tables
            .secrets
            .insert(CLUSTER.to_owned(), ByteBuf::from(bytes));
    }
}

fn damaged(row: &str, error: &rmp_serde::decode::Error) -> StoreError {
    StoreError::Damaged {
        table: SECRETS,
        place: row.into(),
        reason: error.to_string(),
    }
}
