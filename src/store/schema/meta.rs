//! What the database knows of itself: its schema, its epoch, the next ids and the server's secrets.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use redb::WriteTransaction;
use serde_bytes::ByteBuf;

use super::pair_ids;
use super::table::ReadTable as _;
use super::tables::{META, ReadTables, SECRETS, Tables};
use crate::store::error::{StoreError, skip_damaged};
use crate::store::segments::note::Note;

/// The version of the tables and records that this program writes. A database of a newer one is refused.
pub const SCHEMA_VERSION: u64 = 8;

pub(in crate::store) const SCHEMA: &str = "server schema";
const TABLE: &str = "numbers";
pub(in crate::store) const EPOCH: &str = "epoch";
pub(in crate::store) const ACCOUNTS: &str = "accounts";
/// How many of the accounts were deleted; none is as good as zero.
const DELETED: &str = "deleted accounts";
/// How often the database was opened for service: see `generation`.
pub(in crate::store) const GENERATION: &str = "generation";
/// Whether this is a copy that `backup` made and nobody has opened for service yet: zero or one.
pub(in crate::store) const COPY: &str = "copy";
/// When the copy was made, in milliseconds since 1970 (UTC). It stays in a database that was restored from it.
pub(in crate::store) const COPIED: &str = "copied ms";
/// How many rows `retention` has; none are as good as zero.
const LIMITS: &str = "retention limits";
/// Whether secrets may be missing, since a rescue did not find them all: zero or one.
const LOST: &str = "secrets lost";
/// When retention last passed, in milliseconds since 1970 (UTC).
const PASSED: &str = "retention passed ms";
/// The number of the next action in the audit log; none is as good as zero.
const NEXT_AUDIT: &str = "next audit";
/// How many bans there are, with those that have ended; none is as good as zero.
const BANS: &str = "bans";
/// When a pass over the files last began, in milliseconds since 1970 (UTC).
const FILES_PASSED: &str = "files passed ms";

/// By which meaning writes are executed; none is as good as one.
const IN_FORCE: &str = "meaning";

/// What writes come to, as a number. It is one more than in the version before if the same write comes to something else, or if a
/// write is new. The servers of a cluster must all come to the same, so what is executed goes by the one in force, which is raised when
/// all of them know it ([`crate::store::Write::Raise`]).
pub const MEANING: u64 = 1;

/// How many ids are passed over when something durable is not there, times the database's generation: so many it may have given out
/// since the backup, and after that again from the same backup, and clients know them. An id that is used again would
/// mix two conversations, or two devices. Chosen: more than a server gives out in the life of a backup.
pub(in crate::store) const IDS_SKIPPED: u64 = 1 << 20;

/// Which ids are given out: the row of `meta` that holds the next one.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Sequence {
    Account,
    Device,
    Conversation,
}

impl Sequence {
    pub(in crate::store) const ALL: [Self; 3] = [Self::Account, Self::Device, Self::Conversation];

    pub(in crate::store) const fn row(self) -> &'static str {
        match self {
            Self::Account => "next account",
            Self::Device => "next device",
            Self::Conversation => "next conversation",
        }
    }
}

/// Takes the next id, for good: ids are never used again.
pub(in crate::store) fn next_id(
    tables: &mut Tables,
    sequence: Sequence,
) -> Result<u64, StoreError> {
    let next = number(tables, sequence.row())?;
    let id = match sequence {
        Sequence::Conversation => pair_ids::skip(next),
        Sequence::Account | Sequence::Device => next,
    };
    put(tables, sequence.row(), id + 1);
    Ok(id)
}

/// Takes the number of an action in the audit log.
pub(in crate::store) fn next_audit(tables: &mut Tables) -> Result<u64, StoreError> {
    let next = optional(tables, NEXT_AUDIT)?.unwrap_or(0);
    put(tables, NEXT_AUDIT, next + 1);
    Ok(next)
}

/// The audit log is empty.
pub(in crate::store) fn clear_audit(tables: &mut Tables) {
    put(tables, NEXT_AUDIT, 0);
}

/// Behind the newest action in the audit log, of which so many are kept, and the oldest.
pub(in crate::store) fn audit_range(
    tables: &impl ReadTables,
    kept: u64,
) -> Result<(u64, u64), StoreError> {
    let next = optional(tables, NEXT_AUDIT)?.unwrap_or(0);
    Ok((next, next.saturating_sub(kept)))
}

/// How many bans there are, with those that have ended.
pub(in crate::store) fn ban_count(tables: &impl ReadTables) -> Result<u64, StoreError> {
    Ok(optional(tables, BANS)?.unwrap_or(0))
}

/// So many bans there are now.
pub(in crate::store) fn note_bans(tables: &mut Tables, count: u64) {
    put(tables, BANS, count);
}

/// By which meaning writes are executed.
pub(in crate::store) fn meaning(tables: &impl ReadTables) -> Result<u64, StoreError> {
    Ok(optional(tables, IN_FORCE)?.unwrap_or(1))
}

/// Whether this version knows by which one they are.
pub(in crate::store) fn check_meaning(tables: &impl ReadTables) -> Result<(), StoreError> {
    is_known(meaning(tables)?)
}

fn is_known(meaning: u64) -> Result<(), StoreError> {
    if meaning > MEANING {
        return Err(StoreError::UnknownRecord(format!("meaning {meaning}")));
    }
    Ok(())
}

/// From here on they are executed by this one.
pub(in crate::store) fn raise_meaning(tables: &mut Tables, to: u64) -> Result<(), StoreError> {
    is_known(to)?;
    if to > meaning(tables)? {
        put(tables, IN_FORCE, to);
    }
    Ok(())
}

/// How many accounts there are, those that were deleted among them.
pub(in crate::store) fn account_count(tables: &impl ReadTables) -> Result<u64, StoreError> {
    number(tables, ACCOUNTS)
}

/// How many accounts there are that were not deleted.
pub(in crate::store) fn reader_count(tables: &impl ReadTables) -> Result<u64, StoreError> {
    Ok(account_count(tables)?.saturating_sub(deleted_count(tables)?))
}

/// How many accounts were deleted.
pub(in crate::store) fn deleted_count(tables: &impl ReadTables) -> Result<u64, StoreError> {
    Ok(optional(tables, DELETED)?.unwrap_or(0))
}

/// So many accounts were deleted.
pub(in crate::store) fn note_deleted(tables: &mut Tables, count: u64) {
    put(tables, DELETED, count);
}

/// One account more.
pub(in crate::store) fn count_account(tables: &mut Tables) -> Result<(), StoreError> {
    let accounts = number(tables, ACCOUNTS)?;
    put(tables, ACCOUNTS, accounts + 1);
    Ok(())
}

pub(in crate::store) fn number(tables: &impl ReadTables, row: &str) -> Result<u64, StoreError> {
    optional(tables, row)?.ok_or_else(|| StoreError::missing(TABLE))
}

pub(in crate::store) fn optional(
    tables: &impl ReadTables,
    row: &str,
) -> Result<Option<u64>, StoreError> {
    tables.numbers().get(&row.to_owned())
}

pub(in crate::store) fn put(tables: &mut Tables, row: &str, number: u64) {
    tables.numbers.insert(row.to_owned(), number);
}

/// Notes that the tables are of this program's schema.
pub(in crate::store) fn note_schema(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction
        .open_table(META)?
        .insert(SCHEMA, SCHEMA_VERSION)?;
    Ok(())
}

/// Whether the server may make secrets that it does not find, though there are accounts.
pub(in crate::store) fn let_secrets_be_made(tables: &mut Tables, may: bool) {
    put(tables, LOST, u64::from(may));
}

/// Rebuilds `meta` from the other tables after a rescue. The next ids are above all that any row names. The result is a
/// copy, so it gets a new epoch. `seed` is for one until then, where the old one is lost.
pub(in crate::store) fn rebuild(
    tables: &mut Tables,
    next_device: u64,
    seed: [u8; 32],
) -> Result<(), StoreError> {
    let next = |last: Option<u64>| last.map_or(1, |id| id.saturating_add(1));
    let account = next(tables.accounts().last(..)?.map(|row| row.0));
    let conversation = match tables.conversations().last(pair_ids::END..)? {
        None => tables.conversations().last(..pair_ids::FIRST)?,
        behind_pairs => behind_pairs,
    };
    let conversation = next(conversation.map(|row| row.0));
    for (sequence, least) in [
        (Sequence::Account, account),
        (Sequence::Device, next_device),
        (Sequence::Conversation, conversation),
    ] {
        let known = skip_damaged(optional(tables, sequence.row()))?.flatten();
        put(tables, sequence.row(), known.unwrap_or(1).max(least));
    }
    let accounts = tables.accounts().rows()?.count() as u64;
    let limits = tables.retention().rows()?.count() as u64;
    put(tables, ACCOUNTS, accounts);
    let mut deleted = 0;
    for row in tables.accounts().rows()? {
        let record = skip_damaged(row?.1)?;
        deleted += u64::from(record.is_some_and(|record| record.is_deleted()));
    }
    note_deleted(tables, deleted);
    note_limits(tables, limits);
    let bans = tables.bans().rows()?.count() as u64;
    note_bans(tables, bans);
    if skip_damaged(optional(tables, EPOCH))?.flatten().is_none() {
        put(tables, EPOCH, ChaCha20Rng::from_seed(seed).next_u64());
    }
    put(tables, COPY, 1);
    Ok(())
}

/// Every row of `numbers`, with what is damaged about it: for checks.
pub(in crate::store) fn each_row(
    tables: &impl ReadTables,
    mut row_is: impl FnMut(&str, Result<(), StoreError>),
) -> Result<(), StoreError> {
    for row in tables.numbers().rows()? {
        let (row, number) = row?;
        row_is(&row, number.map(drop));
    }
    Ok(())
}

/// What the tables know of their log; none in a copy, which has none.
pub(in crate::store) fn log_note(tables: &impl ReadTables) -> Result<Option<Note>, StoreError> {
    let note = Note::load(tables)?;
    if note.is_none() && !is_copy(tables)? {
        // It cannot be made up: something may be lost.
        return Err(StoreError::missing(SECRETS));
    }
    Ok(note)
}

/// Whether this is a copy that nobody has opened for service yet.
pub(in crate::store) fn is_copy(tables: &impl ReadTables) -> Result<bool, StoreError> {
    Ok(optional(tables, COPY)?.unwrap_or(0) != 0)
}

/// When retention last passed, in milliseconds since 1970 (UTC), if ever.
pub(in crate::store) fn retention_passed(
    tables: &impl ReadTables,
) -> Result<Option<u64>, StoreError> {
    optional(tables, PASSED)
}

/// When a pass over the files last began, in milliseconds since 1970 (UTC), if ever.
pub(in crate::store) fn files_passed(tables: &impl ReadTables) -> Result<Option<u64>, StoreError> {
    optional(tables, FILES_PASSED)
}

/// A pass over the files begins now.
pub(in crate::store) fn note_files_passed(tables: &mut Tables, now_ms: u64) {
    put(tables, FILES_PASSED, now_ms);
}

/// How many conversations have limits of their own: a row that is lost must not go unnoticed.
pub(in crate::store) fn limits(tables: &impl ReadTables) -> Result<u64, StoreError> {
    Ok(optional(tables, LIMITS)?.unwrap_or(0))
}

/// So many conversations have limits of their own.
pub(in crate::store) fn note_limits(tables: &mut Tables, count: u64) {
    put(tables, LIMITS, count);
}

/// Retention passes now.
pub(in crate::store) fn note_retention(tables: &mut Tables, now_ms: u64) {
    put(tables, PASSED, now_ms);
}

/// Marks the tables of a backup as a copy: whoever opens it for service gives it an epoch and a log of its own.
pub(in crate::store) fn mark_as_copy(tables: &mut Tables) {
    put(tables, COPY, 1);
    Note::remove(tables);
}

/// Notes when a copy was made, in milliseconds since 1970 (UTC).
pub(in crate::store) fn note_copied(tables: &mut Tables, unix_ms: u64) {
    put(tables, COPIED, unix_ms);
}

/// When this copy was made, in milliseconds since 1970 (UTC), if it says so.
pub(in crate::store) fn copied_ms(tables: &impl ReadTables) -> Result<Option<u64>, StoreError> {
    optional(tables, COPIED)
}

/// The rows of `meta` that count something, each with what it must be: for checks.
pub(in crate::store) fn counted(tables: &impl ReadTables) -> Result<MetaCounts, StoreError> {
    Ok(MetaCounts {
        accounts: number(tables, ACCOUNTS)?,
        next_account: number(tables, Sequence::Account.row())?,
        next_device: number(tables, Sequence::Device.row())?,
        next_conversation: number(tables, Sequence::Conversation.row())?,
    })
}

/// What `meta` says of the other tables.
pub(in crate::store) struct MetaCounts {
    /// How many accounts there are.
    pub(in crate::store) accounts: u64,
    /// The ids that are given out next.
    pub(in crate::store) next_account: u64,
    pub(in crate::store) next_device: u64,
    pub(in crate::store) next_conversation: u64,
}

/// The secret of this name, made by `make` if there is none yet: only before there is an account.
pub(in crate::store) fn secret(
    tables: &mut Tables,
    name: &str,
    make: impl FnOnce() -> Vec<u8>,
) -> Result<Vec<u8>, StoreError> {
    if let Some(secret) = tables.secrets().get(&name.to_owned())? {
        return Ok(secret.into_vec());
    }
    if account_count(tables)? > 0 && optional(tables, LOST)?.unwrap_or(0) == 0 {
        // It was there before the first account was: another one in its place would lock everybody out.
        return Err(StoreError::Damaged {
            table: SECRETS,
            place: format!("{name:?}"),
            reason: "it is missing".into(),
        });
    }
    let secret = make();
    tables
        .secrets
        .insert(name.to_owned(), ByteBuf::from(secret.clone()));
    Ok(secret)
}
