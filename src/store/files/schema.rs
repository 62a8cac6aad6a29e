//! The schema of a database file: created in an empty one, checked in any other.

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;
use redb::{Database, ReadableDatabase as _, TableError};

use super::open::OpenError;
use crate::store::error::StoreError;
use crate::store::ops::conversations::make_everyone;
use crate::store::schema::buffer::Writing;
use crate::store::schema::meta::{
    ACCOUNTS, EPOCH, SCHEMA, SCHEMA_VERSION, Sequence, check_meaning, log_note, note_schema,
    number, put,
};
use crate::store::schema::tables::{META, Snapshot, Tables, update};
use crate::store::segments::note::Note;

/// Makes the schema in a new database, or checks the one that is there; returns the database's epoch.
pub(in crate::store) fn prepare(
    database: &Database,
    rng: &mut ChaCha20Rng,
) -> Result<u64, OpenError> {
    match check(database)? {
        Some(epoch) => {
            prepare_log(database, rng)?;
            Ok(epoch)
        }
        None => Ok(make_schema(database, rng)?),
    }
}

/// Checks the schema and returns the database's epoch; none if the database holds nothing.
pub(in crate::store) fn check(database: &Database) -> Result<Option<u64>, OpenError> {
    match schema_version(database)? {
        None => Ok(None),
        Some(SCHEMA_VERSION) => {
            let transaction = database.begin_read().map_err(StoreError::from)?;
            let tables = Snapshot::open(&transaction, None)?;
            check_meaning(&tables)?;
            Ok(Some(number(&tables, EPOCH)?))
        }
        Some(found) if found > SCHEMA_VERSION => Err(OpenError::NewerSchema {
            found,
            known: SCHEMA_VERSION,
        }),
        Some(found) => Err(OpenError::OlderSchema {
            found,
            known: SCHEMA_VERSION,
        }),
    }
}

/// The version of the schema; none in a database that holds nothing.
pub(in crate::store) fn schema_version(database: &Database) -> Result<Option<u64>, OpenError> {
    let transaction = database.begin_read().map_err(StoreError::from)?;
    let mut tables = transaction.list_tables().map_err(StoreError::from)?;
    if tables.next().is_none() {
        return Ok(None);
    }
    let meta = match transaction.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::Storage(error)) => return Err(OpenError::Store(error.into())),
        Err(_) => return Err(OpenError::Foreign),
    };
    let schema = meta.get(SCHEMA).map_err(StoreError::from)?;
    schema
        .map(|schema| Some(schema.value()))
        .ok_or(OpenError::Foreign)
}

fn make_schema(database: &Database, rng: &mut ChaCha20Rng) -> Result<u64, StoreError> {
    let epoch = rng.next_u64();
    let mut tables = Tables::new(Snapshot::empty());
    put(&mut tables, EPOCH, epoch);
    put(&mut tables, ACCOUNTS, 0);
    for sequence in Sequence::ALL {
        put(&mut tables, sequence.row(), 1);
    }
    make_everyone(&mut tables)?;
    Note::new(rng).save(&mut tables);
    let transaction = database.begin_write()?;
    note_schema(&transaction)?;
    tables
        .take_changes()
        .write(&transaction, &Writing::default())?;
    transaction.commit()?;
    Ok(epoch)
}

/// Has a copy have a log.
pub(in crate::store) fn prepare_log(
    database: &Database,
    rng: &mut ChaCha20Rng,
) -> Result<(), StoreError> {
    update(database, |tables| {
        if log_note(tables)?.is_none() {
            Note::new(rng).save(tables);
        }
        Ok(())
    })
}
