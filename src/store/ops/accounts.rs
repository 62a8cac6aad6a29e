//! Accounts and their names. A name only points to an account's id, and no two names look alike.

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

/// How many rooms an account may make in its life; one more is refused. Chosen: rooms stay for good, and more than
/// this is no person's need.
pub(in crate::store) const ROOMS_MADE_MAX: u32 = 64;

/// How many names an account may have had before; it has no other one then. Chosen: more than anybody needs, since nobody else
/// is given one of them.
pub(in crate::store) const FORMER_NAMES_MAX: usize = 16;

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

/// Refuses a name that an account has or had, or that looks like one; an account may have again what it had itself.
fn refuse_taken(
    tables: &impl ReadTables,
    own: Option<AccountId>,
    (name, skeleton): (&str, &str),
) -> Result<(), Abort> {
    let is_other = |id: &u64| own != Some(AccountId(*id));
    for of in [NameOf::Account, NameOf::Former] {
        if names::find(tables, of, name)?.is_some_and(|id| is_other(&id)) {
            return Err(Refusal::NameTaken.into());
        }
    }
    if let Some(id) = names::find(tables, NameOf::AccountSkeleton, skeleton)?.filter(is_other) {
        let other = load(tables, AccountId(id))?.ok_or_else(|| StoreError::missing("accounts"))?;
        return Err(Refusal::LooksLike(other.name).into());
    }
    // What it looks like is nobody's name by now, and is not told.
    let former = names::find(tables, NameOf::FormerSkeleton, skeleton)?;
    if former.is_some_and(|id| is_other(&id)) {
        return Err(Refusal::NameTaken.into());
    }
    Ok(())
}

/// Gives an account another name: see [`Write::Rename`].
pub(in crate::store) fn rename(
    tables: &mut Tables,
    id: AccountId,
    new: (&str, &str),
) -> Result<Reply, Abort> {
    let record = require(tables, id)?;
    if record.is_deleted() {
        return Err(Refusal::NoSuchUser.into());
    }
    if record.name == new.0 {
        return Ok(Reply::Unchanged);
    }
    refuse_taken(tables, Some(id), new)?;
    let (name, skeleton) = new;
    // One that it had before is its name again, and not counted.
    let former = names::of_id(tables, NameOf::Former, id.0)?;
    let others = former.iter().filter(|former| *former != name);
    if others.count() >= FORMER_NAMES_MAX {
        return Err(Refusal::LimitReached(StoreLimit::FormerNames).into());
    }
    names::remove(tables, NameOf::Former, name);
    names::retire(tables, (NameOf::Account, NameOf::Former), id.0)?;
    names::retire(
        tables,
        (NameOf::AccountSkeleton, NameOf::FormerSkeleton),
        id.0,
    )?;
    names::remove(tables, NameOf::FormerSkeleton, skeleton);
    names::put(tables, NameOf::Account, name, id.0);
    names::put(tables, NameOf::AccountSkeleton, skeleton, id.0);
    let name = name.to_owned();
    tables
        .accounts
        .insert(id.0, AccountRecord { name, ..record });
    Ok(Reply::Nothing)
}

/// The account of a canonical name, for who must not learn by how long it takes whether there is one: where there is
/// none, another's record is read and taken apart in its place. If the name's skeleton is given, it is told why there is
/// none, and can be none.
pub(in crate::store) fn find_as_if_known(
    tables: &impl ReadTables,
    name: &str,
    skeleton: Option<&str>,
) -> Result<Account, Abort> {
    let former = names::find(tables, NameOf::Former, name)?;
    let id = names::find(tables, NameOf::Account, name)?.or(former);
    let place = place_of(name, meta::account_count(tables)?);
    let record = load(tables, AccountId(id.unwrap_or(place)));
    let known = match id {
        Some(id) => record?
            .ok_or_else(|| StoreError::missing("accounts"))
            .map(|record| Some((AccountId(id), record)))?,
        // What is damaged of another is no matter here.
        None => skip_damaged(record).map(|_| None)?,
    };
    match (known, skeleton) {
        (Some((id, record)), _) if !record.is_deleted() => Ok(record.into_account(id)),
        (_, None) => Err(Refusal::NoSuchUser.into()),
        (Some(_), Some(_)) => Err(Refusal::Deleted.into()),
        (None, Some(skeleton)) => Err(check_free(tables, skeleton)?),
    }
}

/// Why there is no account of a name that has this skeleton.
fn check_free(tables: &impl ReadTables, skeleton: &str) -> Result<Abort, StoreError> {
    if names::find(tables, NameOf::FormerSkeleton, skeleton)?.is_some() {
        return Ok(Refusal::NameTaken.into());
    }
    let other = match names::find(tables, NameOf::AccountSkeleton, skeleton)? {
        Some(id) => name(tables, AccountId(id))?,
        None => None,
    };
    Ok(other.map_or(Refusal::NoSuchUser, Refusal::LooksLike).into())
}

/// One of so many accounts, for each name another.
fn place_of(name: &str, accounts: u64) -> u64 {
    let hash = blake3::hash(name.as_bytes());
    let (number, _) = hash.as_bytes().split_at(8);
    let number = number
        .iter()
        .fold(0, |all, byte| all << 8 | u64::from(*byte));
    1 + number % accounts.max(1)
}

fn read(tables: &impl ReadTables, id: AccountId) -> Result<Option<Account>, StoreError> {
    Ok(load(tables, id)?.map(|record| record.into_account(id)))
}

/// The account of a canonical name, or that was called so before.
pub(in crate::store) fn find(
    tables: &impl ReadTables,
    name: &str,
) -> Result<Option<Account>, StoreError> {
    let id = match names::find(tables, NameOf::Account, name)? {
        None => names::find(tables, NameOf::Former, name)?,
        found => found,
    };
    let Some(id) = id else {
        return Ok(None);
    };
    let account = read(tables, AccountId(id))?;
    Ok(Some(
        account.ok_or_else(|| StoreError::missing("accounts"))?,
    ))
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
    let record = require(tables, id)?;
    if record.is_deleted() {
        return Err(Refusal::NoSuchUser.into());
    }
    if record.is_bot() == is_bot {
        return Ok(Reply::Unchanged);
    }
    let role = record.role();
    tables.accounts.insert(id.0, record.marked(is_bot, role));
    Ok(Reply::Nothing)
}

/// What an account may do at the server from now on: see [`Write::SetRole`].
pub(in crate::store) fn set_role(
    tables: &mut Tables,
    id: AccountId,
    role: AccountRole,
) -> Result<Reply, Abort> {
    let record = require(tables, id)?;
    if record.is_deleted() {
        return Err(Refusal::NoSuchUser.into());
    }
    if record.role() == role {
        return Ok(Reply::Unchanged);
    }
    let is_bot = record.is_bot();
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
    use crate::store::{Outcome, Read};

    #[test]
    fn unknown_name_costs_as_many_reads_as_a_known_one() {
        // With registration closed nobody is told which names exist, but a known one took a record to read.
        let mut bench = Bench::new();
        for name in ["alice", "bob", "carol"] {
            bench.account(name);
        }
        let mut reads = |name: &str| {
            let before = READ.get();
            let request = Read::FindAccount {
                name: name.into(),
                skeleton: None,
            };
            let is_known = matches!(bench.ask(request), Outcome::Done(_));
            (is_known, READ.get() - before)
        };
        assert_eq!(reads("bob"), (true, 1));
        for number in 0..50 {
            assert_eq!(reads(&format!("nobody{number}")), (false, 1));
        }
    }

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

    #[test]
    fn every_account_stands_in_for_some_names() {
        let places: std::collections::BTreeSet<u64> = (0..200)
            .map(|number| place_of(&format!("nobody{number}"), 7))
            .collect();
        assert_eq!(places, (1..=7).collect());
        assert_eq!(place_of("nobody", 0), 1);
    }
}
