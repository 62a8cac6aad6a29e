//! The names of accounts. A name only points to an account's id, and no two names look alike.

use super::{load, name, read, require};
use crate::protocol::AccountId;
#[cfg(doc)]
use crate::store::Write;
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::meta;
use crate::store::schema::names;
use crate::store::schema::names::NameOf;
use crate::store::schema::records::AccountRecord;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Account, Refusal, Reply, StoreLimit};

/// How many names an account may have had before; it has no other one then. Chosen: more than anybody needs, since nobody else
/// is given one of them.
pub(in crate::store) const FORMER_NAMES_MAX: usize = 16;

/// Refuses a name that an account has or had, or that looks like one; an account may have again what it had itself.
pub(super) fn refuse_taken(
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

#[cfg(test)]
mod tests {
    use super::super::READ;
    use super::*;
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

    #[test]
    fn every_account_stands_in_for_some_names() {
        let places: std::collections::BTreeSet<u64> = (0..200)
            .map(|number| place_of(&format!("nobody{number}"), 7))
            .collect();
        assert_eq!(places, (1..=7).collect());
        assert_eq!(place_of("nobody", 0), 1);
    }
}
