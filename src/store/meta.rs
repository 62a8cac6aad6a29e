//! What the database knows of itself: its schema, its epoch, the next ids and the server's secrets.

use std::cell::Cell;

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use super::conversations::make_everyone;
use super::error::StoreError;
use super::open::OpenError;
use super::tables::{Look, Snapshot, Tables};

/// The version of the tables and records that this program writes. A database of a newer one is refused.
pub const SCHEMA_VERSION: u64 = 1;

const SCHEMA: &str = "server schema";
const EPOCH: &str = "epoch";
const ACCOUNTS: &str = "accounts";

/// Which ids are given out: the row of `meta` that holds the next one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sequence {
    Account,
    Device,
    Conversation,
}

impl Sequence {
    const fn row(self) -> &'static str {
        match self {
            Self::Account => "next account",
            Self::Device => "next device",
            Self::Conversation => "next conversation",
        }
    }
}

/// Takes the next id, for good: ids are never used again.
pub(super) fn next_id(tables: &mut Tables<'_>, sequence: Sequence) -> Result<u64, StoreError> {
    let id = number(tables, sequence.row())?;
    tables.meta.insert(sequence.row(), id + 1)?;
    Ok(id)
}

/// How many accounts there are.
pub(super) fn account_count(look: &impl Look) -> Result<u64, StoreError> {
    number(look, ACCOUNTS)
}

/// One account more.
pub(super) fn count_account(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let accounts = number(tables, ACCOUNTS)?;
    tables.meta.insert(ACCOUNTS, accounts + 1)?;
    Ok(())
}

fn number(look: &impl Look, row: &str) -> Result<u64, StoreError> {
    let value = look.meta().get(row)?;
    value
        .map(|value| value.value())
        .ok_or_else(|| StoreError::missing("meta"))
}

/// Makes the schema in a new database, or checks the one that is there; returns the database's epoch.
pub(super) fn prepare(database: &Database, rng: &mut ChaCha20Rng) -> Result<u64, OpenError> {
    match check(database)? {
        Some(epoch) => Ok(epoch),
        None => Ok(make_schema(database, rng)?),
    }
}

/// Checks the schema and returns the database's epoch; none if the database holds nothing.
pub(super) fn check(database: &Database) -> Result<Option<u64>, OpenError> {
    match schema_version(database)? {
        None => Ok(None),
        Some(SCHEMA_VERSION) => {
            let transaction = database.begin_read().map_err(StoreError::from)?;
            Ok(Some(number(&Snapshot::open(&transaction)?, EPOCH)?))
        }
        Some(found) if found > SCHEMA_VERSION => Err(OpenError::NewerSchema {
            found,
            known: SCHEMA_VERSION,
        }),
        Some(_) => Err(OpenError::Foreign),
    }
}

/// The version of the schema; none in a database that holds nothing.
fn schema_version(database: &Database) -> Result<Option<u64>, OpenError> {
    let transaction = database.begin_read().map_err(StoreError::from)?;
    let mut tables = transaction.list_tables().map_err(StoreError::from)?;
    if tables.next().is_none() {
        return Ok(None);
    }
    let meta = match transaction.open_table(TableDefinition::<&str, u64>::new("meta")) {
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
    let transaction = database.begin_write()?;
    {
        let changed = Cell::new(false);
        let mut tables = Tables::open(&transaction, &changed)?;
        let rows = [(SCHEMA, SCHEMA_VERSION), (EPOCH, epoch), (ACCOUNTS, 0)];
        for (row, value) in rows {
            tables.meta.insert(row, value)?;
        }
        for sequence in [Sequence::Account, Sequence::Device, Sequence::Conversation] {
            tables.meta.insert(sequence.row(), 1)?;
        }
        make_everyone(&mut tables)?;
    }
    transaction.commit()?;
    Ok(epoch)
}

/// The secret of this name, made by `make` and durable if there is none yet.
pub(super) fn secret(
    database: &Database,
    name: &str,
    make: impl FnOnce() -> Vec<u8>,
) -> Result<Vec<u8>, StoreError> {
    let transaction = database.begin_write()?;
    let changed = Cell::new(false);
    let secret = {
        let mut tables = Tables::open(&transaction, &changed)?;
        let found = tables
            .secrets()
            .get(name)?
            .map(|value| value.value().to_vec());
        if let Some(secret) = found {
            secret
        } else {
            let secret = make();
            tables.secrets.insert(name, &*secret)?;
            secret
        }
    };
    if changed.get() {
        transaction.commit()?;
    } else {
        transaction.abort()?;
    }
    Ok(secret)
}
