//! Accounts: how they are opened, read, changed and deleted. Their names are in [`naming`].

mod naming;

use super::administration::{bans, codes, disabled};
use super::conversations::join;
use super::log::keys;
use super::{devices, rooms, wall_clock};
use crate::protocol::{AccountId, AccountRole, ConversationId};
#[cfg(doc)]
use crate::store::Write;
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::meta;
use crate::store::schema::meta::Sequence;
use crate::store::schema::names;
use crate::store::schema::names::NameOf;
use crate::store::schema::records::{AccountMark, AccountRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Account, NewAccount, Refusal, Reply, StoreLimit};

#[cfg(test)]
pub(in crate::store) use naming::FORMER_NAMES_MAX;
use naming::refuse_taken;
pub(in crate::store) use naming::{find, find_as_if_known, rename};

/// How many rooms an account may make in its life; one more is refused. Chosen: rooms stay for good, and more than
/// this is no person's need.
pub(in crate::store) const ROOMS_MADE_MAX: u32 = 64;

/// Opens an account. The very same one, asked for again, is answered as if it had been opened now: the asker may
/// not have heard the first answer.
pub(in crate::store) fn create(tables: &mut Tables, new: &NewAccount) -> Result<Reply, Abort> {
    if let Some(account) = find(tables, &new.name)? {
        let same = account.credential_identifier == new.credential_identifier
            && account.record == new.record;
        return if same {
            Ok(Reply::Account(account))
        } else {
            Err(Refusal::NameTaken.into())
        };
    }
    refuse_taken(tables, None, (&new.name, &new.skeleton))?;
    let id = meta::next_id(tables, Sequence::Account)?;
    let record = AccountRecord {
        name: new.name.clone(),
        record: new.record.clone(),
        credential_identifier: new.credential_identifier.into(),
        created_ms: new.time_ms,
        seen_ms: 0,
        rooms_made: 0,
        mark: None,
    };
    names::put(tables, NameOf::Account, &new.name, id);
    names::put(tables, NameOf::AccountSkeleton, &new.skeleton, id);
    tables.accounts.insert(id, record.clone());
    meta::count_account(tables)?;
    join(tables, ConversationId::EVERYONE, AccountId(id))?;
    Ok(Reply::Account(record.into_account(AccountId(id))))
}

fn read(tables: &impl ReadTables, id: AccountId) -> Result<Option<Account>, StoreError> {
    Ok(load(tables, id)?.map(|record| record.into_account(id)))
}

/// All accounts that can be read, by name, and how many cannot.
pub(in crate::store) fn list(tables: &impl ReadTables) -> Result<Reply, Abort> {
    let (mut accounts, mut unreadable) = (Vec::new(), 0);
    for row in tables.accounts().rows()? {
        let (id, record) = row?;
        match skip_damaged(record)? {
            Some(record) if record.is_deleted() => {}
            Some(record) => accounts.push(record.into_account(AccountId(id))),
            None => unreadable += 1,
        }
    }
    accounts.sort_by(|a, b| a.name.cmp(&b.name));
    let disabled = disabled::list(tables)?;
    Ok(Reply::Accounts {
        accounts,
        disabled,
        unreadable,
    })
}

#[cfg(test)]
thread_local! {
    /// How many accounts' records this thread has read.
    static READ: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// An account's record.
pub(in crate::store) fn load(
    tables: &impl ReadTables,
    id: AccountId,
) -> Result<Option<AccountRecord>, StoreError> {
    #[cfg(test)]
    READ.set(READ.get() + 1);
    tables.accounts().get(&id.0)
}

/// The record of an account that another row refers to.
pub(in crate::store) fn require(
    tables: &impl ReadTables,
    id: AccountId,
) -> Result<AccountRecord, StoreError> {
    load(tables, id)?.ok_or_else(|| StoreError::missing("accounts"))
}

/// What an account is called; nothing if there is none, or it is damaged.
pub(in crate::store) fn name(
    tables: &impl ReadTables,
    id: AccountId,
) -> Result<Option<String>, StoreError> {
    match load(tables, id) {
        Ok(found) => Ok(found.map(|account| account.name)),
        // A damaged page of accounts must not keep anybody from reading a log.
        Err(error) if error.is_damage() => Ok(None),
        Err(error) => Err(error),
    }
}

/// When an account was last seen, without making anything of the rest of its record: each message asks for it.
pub(in crate::store) fn seen_ms(
    tables: &impl ReadTables,
    id: AccountId,
) -> Result<u64, StoreError> {
    let seen_ms = noted_seen_ms(tables, id)?;
    seen_ms.ok_or_else(|| StoreError::missing("accounts"))
}

/// The same; none if there is no such account. What is damaged is as good as not noted.
fn noted_seen_ms(tables: &impl ReadTables, id: AccountId) -> Result<Option<u64>, StoreError> {
    match skip_damaged(tables.seen().get(&id.0))?.flatten() {
        Some(seen_ms) => Ok(Some(seen_ms)),
        None => tables.accounts().read(&id.0, |record| record.seen_ms),
    }
}

/// Whether an account was deleted, without making anything of the rest of its record.
pub(in crate::store) fn is_deleted(
    tables: &impl ReadTables,
    id: AccountId,
) -> Result<bool, StoreError> {
    let deleted = tables.accounts().read(&id.0, AccountRecord::is_deleted)?;
    Ok(deleted.unwrap_or(false))
}

/// An account's record, if this is still how its password is proved; without a proof it is the operator who asks.
fn proved(
    tables: &impl ReadTables,
    id: AccountId,
    proof: Option<[u8; 16]>,
) -> Result<AccountRecord, Abort> {
    let record = load(tables, id)?.ok_or(Refusal::NoSuchUser)?;
    let is_proved = |proof| !record.is_deleted() && *record.credential_identifier == proof;
    if proof.is_none_or(is_proved) {
        Ok(record)
    } else {
        Err(Refusal::Password.into())
    }
}

/// Whether this is still how the account's password is proved.
pub(in crate::store) fn check_proof(
    tables: &impl ReadTables,
    id: AccountId,
    proof: Option<[u8; 16]>,
) -> Result<(), Abort> {
    proved(tables, id, proof).map(drop)
}

/// Sets another password.
pub(in crate::store) fn change_password(
    tables: &mut Tables,
    id: AccountId,
    proof: [u8; 16],
    new: (&[u8], [u8; 16]),
) -> Result<(), Abort> {
    // The asker may not have heard the first answer.
    let is_set =
        |record: &AccountRecord| *record.credential_identifier == new.1 && record.record == new.0;
    if load(tables, id)?.as_ref().is_some_and(is_set) {
        return Ok(());
    }
    let record = AccountRecord {
        record: new.0.to_owned(),
        credential_identifier: new.1.into(),
        ..proved(tables, id, Some(proof))?
    };
    tables.accounts.insert(id.0, record);
    Ok(())
}

/// The same, whatever the old one was.
pub(in crate::store) fn set_password(
    tables: &mut Tables,
    id: AccountId,
    new: (&[u8], [u8; 16]),
) -> Result<(), Abort> {
    let record = load(tables, id)?.filter(|record| !record.is_deleted());
    let record = AccountRecord {
        record: new.0.to_owned(),
        credential_identifier: new.1.into(),
        ..record.ok_or(Refusal::NoSuchUser)?
    };
    tables.accounts.insert(id.0, record);
    Ok(())
}

/// Deletes an account: see [`Write::DeleteAccount`]. Its rows of names and of what it belongs to stay. It leaves at most
/// [`rooms::ROOMS_JOINED_MAX`] rooms, and looks through the members of those that it alone owns.
pub(in crate::store) fn delete(
    tables: &mut Tables,
    id: AccountId,
    proof: Option<[u8; 16]>,
    time_ms: u64,
) -> Result<Reply, Abort> {
    if is_deleted(tables, id)? {
        return Ok(Reply::Deleted(Vec::new()));
    }
    check_proof(tables, id, proof)?;
    let left = rooms::leave_all(tables, id, time_ms)?;
    devices::forget_all(tables, id)?;
    keys::forget_all(tables, id)?;
    tables.disabled.remove(&id.0);
    codes::forget_all(tables, id)?;
    tables.resets.remove(&id.0);
    bans::forget_account(tables, id)?;
    let record = AccountRecord {
        record: Vec::new(),
        credential_identifier: [0; 16].into(),
        mark: Some(AccountMark::Deleted(time_ms)),
        ..require(tables, id)?
    };
    tables.accounts.insert(id.0, record);
    let deleted = meta::deleted_count(tables)?;
    meta::note_deleted(tables, deleted + 1);
    Ok(Reply::Deleted(left))
}

/// Marks an account as a bot's, or no longer: see [`Write::MarkBot`].
pub(in crate::store) fn mark_bot(
    tables: &mut Tables,
    id: AccountId,
    is_bot: bool,
) -> Result<Reply, Abort> {
    mark(tables, id, |(_, role)| (is_bot, role))
}

/// What an account may do at the server from now on: see [`Write::SetRole`].
pub(in crate::store) fn set_role(
    tables: &mut Tables,
    id: AccountId,
    role: AccountRole,
) -> Result<Reply, Abort> {
    mark(tables, id, |(is_bot, _)| (is_bot, role))
}

/// Changes whether an account is a bot's, or its role.
fn mark(
    tables: &mut Tables,
    id: AccountId,
    change: impl FnOnce((bool, AccountRole)) -> (bool, AccountRole),
) -> Result<Reply, Abort> {
    let record = require(tables, id)?;
    if record.is_deleted() {
        return Err(Refusal::NoSuchUser.into());
    }
    let before = (record.is_bot(), record.role());
    let (is_bot, role) = change(before);
    if (is_bot, role) == before {
        return Ok(Reply::Unchanged);
    }
    tables.accounts.insert(id.0, record.marked(is_bot, role));
    Ok(Reply::Nothing)
}

/// Notes when accounts were last seen.
pub(in crate::store) fn note_seen(
    tables: &mut Tables,
    seen: &[(AccountId, u64)],
) -> Result<(), StoreError> {
    for (id, seen_ms) in seen {
        if let Some(noted) = skip_damaged(noted_seen_ms(tables, *id))?.flatten()
            && noted != wall_clock::after(noted, *seen_ms)
        {
            tables.seen.insert(id.0, *seen_ms);
        }
    }
    Ok(())
}

/// One room more that this account has made, if it may make another.
pub(in crate::store) fn count_room(tables: &mut Tables, id: AccountId) -> Result<(), Abort> {
    let mut record = require(tables, id)?;
    if record.rooms_made >= ROOMS_MADE_MAX {
        return Err(Refusal::LimitReached(StoreLimit::RoomsMade).into());
    }
    record.rooms_made += 1;
    tables.accounts.insert(id.0, record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use redb::Database;

    use super::*;
    use crate::store::schema::tables::update;
    use crate::store::testing::Bench;

    /// A database with bob's account, and him.
    fn with_bob() -> (Database, AccountId) {
        let mut bench = Bench::new();
        let bob = bench.account("bob").id;
        let Bench { disk, engine } = bench;
        drop(engine);
        (disk.open().expect("it was closed"), bob)
    }

    /// Each session put a copy of the whole record into the write buffer: 0.85 kB of memory.
    #[test]
    fn noting_when_an_account_was_seen_changes_nothing_of_its_record() -> Result<(), StoreError> {
        let (database, bob) = with_bob();
        update(&database, |tables| {
            note_seen(tables, &[(bob, 40), (AccountId(99), 40)])?;
            assert_eq!(seen_ms(tables, bob)?, 40);
            assert!(!tables.accounts.is_dirty(&bob.0));
            assert!(!tables.seen.is_dirty(&99), "there is no such account");
            Ok(())
        })
    }

    #[test]
    fn what_an_earlier_version_has_noted_holds_until_an_account_is_seen_again()
    -> Result<(), StoreError> {
        let (database, bob) = with_bob();
        update(&database, |tables| {
            let mut record = load(tables, bob)?.expect("bob has an account");
            record.seen_ms = 40;
            tables.accounts.insert(bob.0, record);
            assert_eq!(seen_ms(tables, bob)?, 40);
            // A small step back of the clock is left out.
            note_seen(tables, &[(bob, 30)])?;
            assert_eq!(seen_ms(tables, bob)?, 40);
            note_seen(tables, &[(bob, 50)])?;
            assert_eq!(seen_ms(tables, bob)?, 50);
            Ok(())
        })
    }
}
