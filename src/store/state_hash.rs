//! A hash of all that the servers of a cluster must have alike, for those who compare them: what the tables say, and the
//! entries of all logs. What each has for itself is left out: where entries stand, and how often the database was opened.

use std::fmt::Debug;

use blake3::Hasher;

use super::catch_panic::guard;
use super::error::StoreError;
use super::schema::meta;
use super::schema::places;
use super::schema::records::LogRow;
use super::schema::tables::{ReadTables as _, SECRETS};
use super::snapshots::Snapshots;

/// The tables that say where things stand in files.
const OWN_TABLES: [&str; 5] = ["log", "places", "segments", "erasing", "blobs"];

impl Snapshots {
    /// The hash of what the last checkpoint has left.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn state_hash(&self) -> Result<[u8; 32], StoreError> {
        let (tables, _pin) = self.snapshot()?;
        guard(|| {
            let mut hasher = Hasher::new();
            let mut add = |parts: [&[u8]; 3]| {
                for part in parts {
                    hasher.update(&(part.len() as u64).to_le_bytes());
                    hasher.update(part);
                }
            };
            tables.visit(&mut |table, key, row| {
                if !is_own(table, key) {
                    add([table.as_bytes(), format!("{key:?}").as_bytes(), row]);
                }
            })?;
            for (key, place) in places::all(&tables)? {
                let stored = tables.stored_at(key, place)?;
                let row = rmp_serde::to_vec(&LogRow::new(key.1, &stored.row()));
                let row = row.expect("writing to a Vec cannot fail");
                add([b"log", format!("{key:?}").as_bytes(), &row]);
            }
            Ok(*hasher.finalize().as_bytes())
        })
    }
}

/// Whether a row is this server's own.
fn is_own(table: &str, key: &dyn Debug) -> bool {
    let is_one_of = |rows: &[&str]| {
        let key = format!("{key:?}");
        rows.iter().any(|row| key == format!("{row:?}"))
    };
    match table {
        "numbers" => is_one_of(&[meta::GENERATION, meta::COPY, meta::COPIED]),
        SECRETS => is_one_of(&["log", "cluster"]),
        _ => OWN_TABLES.contains(&table),
    }
}
