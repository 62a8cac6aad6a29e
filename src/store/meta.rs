//! What the database knows of itself: its schema, its epoch, the next ids and the server's secrets.

use std::cell::Cell;

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use super::conversations::{self, make_everyone};
use super::error::StoreError;
use super::open::OpenError;
use super::tables::{Look, Snapshot, Tables};

/// The version of the tables and records that this program writes. A database of a newer one is refused.
pub const SCHEMA_VERSION: u64 = 3;

pub(super) const SCHEMA: &str = "server schema";
const EPOCH: &str = "epoch";
const ACCOUNTS: &str = "accounts";
/// How often the database was opened for service: see `generation`.
const GENERATION: &str = "generation";
/// Whether this is a copy that `backup` made and nobody has opened for service yet: zero or one.
const COPY: &str = "copy";
/// When retention last passed, in milliseconds since 1970 (UTC).
const PASSED: &str = "retention passed ms";

/// How many ids are passed over when something durable is not there, times the database's generation: so many it may have given out
/// since the backup, and after that again from the same backup, and clients know them. An id that is used again would
/// mix two conversations, or two devices. Chosen: more than a server gives out in the life of a backup.
const IDS_SKIPPED: u64 = 1 << 20;
/// The last record of the journal that the tables contain.
const JOURNAL: &str = "journal";

/// Which ids are given out: the row of `meta` that holds the next one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sequence {
    Account,
    Device,
    Conversation,
}

impl Sequence {
    const ALL: [Self; 3] = [Self::Account, Self::Device, Self::Conversation];

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
    optional(look, row)?.ok_or_else(|| StoreError::missing("meta"))
}

fn optional(look: &impl Look, row: &str) -> Result<Option<u64>, StoreError> {
    Ok(look.meta().get(row)?.map(|value| value.value()))
}

/// The last record of the journal that the tables contain.
pub(super) fn journal_applied(look: &impl Look) -> Result<u64, StoreError> {
    Ok(optional(look, JOURNAL)?.unwrap_or(0))
}

/// The tables contain the journal up to this record.
pub(super) fn note_journal(tables: &mut Tables<'_>, record: u64) -> Result<(), StoreError> {
    tables.meta.insert(JOURNAL, record)?;
    Ok(())
}

/// Gives the database another epoch than it has: something that was durable is not there. Its logs are noted as what
/// they have in common with those of before, and ids that were given out since are passed over.
pub(super) fn renew_epoch(
    tables: &mut Tables<'_>,
    rng: &mut ChaCha20Rng,
) -> Result<u64, StoreError> {
    let before = optional(tables, EPOCH)?;
    conversations::put_back(tables, before.unwrap_or(0))?;
    let generation = optional(tables, GENERATION)?.unwrap_or(0).max(1);
    for sequence in Sequence::ALL {
        let next = number(tables, sequence.row())?;
        let next = next.saturating_add(generation.saturating_mul(IDS_SKIPPED));
        tables.meta.insert(sequence.row(), next)?;
    }
    let mut epoch = rng.next_u64();
    while before == Some(epoch) {
        epoch = rng.next_u64();
    }
    tables.meta.insert(EPOCH, epoch)?;
    Ok(epoch)
}

/// When retention last passed, in milliseconds since 1970 (UTC), if ever.
pub(super) fn retention_passed(look: &impl Look) -> Result<Option<u64>, StoreError> {
    optional(look, PASSED)
}

/// Retention passes now.
pub(super) fn note_retention(tables: &mut Tables<'_>, now_ms: u64) -> Result<(), StoreError> {
    tables.meta.insert(PASSED, now_ms)?;
    Ok(())
}

/// Marks the tables of a backup as a copy: whoever opens it for service gives it an epoch of its own.
pub(super) fn mark_as_copy(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    tables.meta.insert(COPY, 1)?;
    Ok(())
}

/// Begins a service of the database: counts it, and gives the database a new epoch if it is a copy, or if `witness`
/// has seen a later generation of it. Returns the generation and whether the epoch is new.
pub(super) fn begin_service(
    tables: &mut Tables<'_>,
    witness: u64,
    rng: &mut ChaCha20Rng,
) -> Result<(u64, bool), StoreError> {
    let known = optional(tables, GENERATION)?.unwrap_or(0);
    let is_older = optional(tables, COPY)?.unwrap_or(0) != 0 || witness > known;
    let generation = known.max(witness).saturating_add(1);
    if is_older {
        tables.meta.insert(GENERATION, generation)?;
        renew_epoch(tables, rng)?;
        tables.meta.insert(COPY, 0)?;
    }
    tables.meta.insert(GENERATION, generation)?;
    Ok((generation, is_older))
}

/// The rows of `meta` that count something, each with what it must be: for checks.
pub(super) fn counted(look: &impl Look) -> Result<MetaCounts, StoreError> {
    Ok(MetaCounts {
        accounts: number(look, ACCOUNTS)?,
        next_account: number(look, Sequence::Account.row())?,
        next_device: number(look, Sequence::Device.row())?,
        next_conversation: number(look, Sequence::Conversation.row())?,
    })
}

/// What `meta` says of the other tables.
pub(super) struct MetaCounts {
    /// How many accounts there are.
    pub(super) accounts: u64,
    /// The ids that are given out next.
    pub(super) next_account: u64,
    pub(super) next_device: u64,
    pub(super) next_conversation: u64,
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
        Some(found) => Err(OpenError::OlderSchema { found }),
    }
}

/// The version of the schema; none in a database that holds nothing.
pub(super) fn schema_version(database: &Database) -> Result<Option<u64>, OpenError> {
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
        for sequence in Sequence::ALL {
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
