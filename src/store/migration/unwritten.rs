//! The requests that a database of schema 6 has only in its journal, since its server was not stopped in order: they are
//! replayed on the tables of schema 7, in the same order.
//!
//! The tables say what belongs to them in one row, which goes with the change that brings all of it there: until then a
//! start replays it again, and after that nobody asks for the journal. Their entries become rows of `log`, like those
//! that were there.

use std::path::Path;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use redb::{Database, ReadableDatabase as _, TableDefinition, TableError};

use super::old_journal::{OldNote, Reading};
use crate::store::catch_panic::{FencedDatabase, guard};
use crate::store::engine::open_store::OpenStore;
use crate::store::engine::replay::{Replayed, Writes};
use crate::store::error::StoreError;
use crate::store::files::open::{Files, look_at_segments};
use crate::store::log_loss::LogLoss;
use crate::store::ops::epoch;
use crate::store::schema::checksum::decode;
use crate::store::schema::meta::{EPOCH, number};
use crate::store::schema::tables::SECRETS;
use crate::store::segments::note::Note;
use crate::store::segments::{Recovered, SegmentReader, commands};

/// The row in which schema 6 notes its journal; a copy has none.
const ROW: &str = "journal";

/// A record of the journal: its requests.
struct OldRecord(Vec<u8>);

impl Replayed for OldRecord {
    fn writes(&self, _: &SegmentReader) -> Result<Writes, StoreError> {
        // The records of the log have kept the form.
        Ok((commands::decode(&self.0)?, None))
    }
}

/// What the tables say of a journal of schema 6.
pub(in crate::store) fn noted(database: &Database) -> Result<Option<OldNote>, StoreError> {
    let row = row(database)?;
    row.map(|row| decode(SECRETS, &ROW.to_owned(), &row))
        .transpose()
}

/// Whether the tables have not been brought up to date with their journal.
pub(super) fn is_left(database: &Database) -> Result<bool, StoreError> {
    Ok(row(database)?.is_some())
}

fn row(database: &Database) -> Result<Option<Vec<u8>>, StoreError> {
    let secrets = TableDefinition::<&str, &[u8]>::new(SECRETS);
    match database.begin_read()?.open_table(secrets) {
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        secrets => Ok(secrets?.get(ROW)?.map(|row| row.value().to_vec())),
    }
}

/// Replays what the journal of these bytes has, if that has not been done yet. Returns the database, and what is lost of the
/// journal: then it has a new epoch. `seed` is for that.
///
/// # Errors
/// If the database cannot be read or written, or a newer version has written the journal. Then a start replays it again.
pub(super) fn replay(
    database: FencedDatabase,
    journal: &[u8],
    seed: [u8; 32],
) -> Result<(FencedDatabase, Option<LogLoss>), StoreError> {
    let Some(old) = guard(|| noted(&database))? else {
        return Ok((database, None));
    };
    let reading = Reading::of(journal, &old);
    let mut found = Recovered {
        records: reading
            .payloads
            .iter()
            .map(|payload| OldRecord(payload.to_vec()))
            .collect(),
        loss: reading.loss,
    };
    let note = Note {
        secret: old.secret,
        identity: old.identity,
        applied: old.applied,
        segment: 0,
        offset: 0,
        last: None,
    };
    let mut rng = ChaCha20Rng::from_seed(seed);
    guard(|| {
        // There are none: nothing is written to them, and nothing is found in them.
        let segments = look_at_segments(Path::new(""));
        let files = Files { database, segments };
        let mut store = OpenStore::with_note(files, note.clone(), rng.clone())?;
        let epoch = number(store.tables(), EPOCH)?;
        store.replay_readable(&mut found, epoch)?;
        if let Some(loss) = found.loss {
            tracing::error!(
                "{loss}: stored messages are lost; the database has a new epoch, so that clients notice"
            );
        }
        store.update(|tables| {
            if found.loss.is_some() {
                epoch::renew_epoch(tables, &mut rng)?;
            }
            tables.secrets.remove(&ROW.to_owned());
            note.save(tables);
            Ok(())
        })?;
        store.commit_tables()?;
        let database = store.into_database().ok_or(StoreError::Closed)?;
        Ok((database, found.loss))
    })
}
