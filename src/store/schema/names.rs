//! Names: each of some kind, each pointing to an id. No two of a kind are alike, and ids never change with them.

use std::ops::Bound;

use super::table::ReadTable as _;
use super::tables::{ReadTables, Tables};
use crate::store::StoreError;
use crate::store::error::skip_damaged;
use crate::text::name_case::one_spelling;
use crate::text::skeleton::skeleton;

/// What a name is of: the first part of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum NameOf {
    /// An account, in canonical form.
    Account,
    /// An account, in the form that look-alikes share.
    AccountSkeleton,
    /// A room, with its sign.
    Room,
    /// A room, in the form that look-alikes share.
    RoomSkeleton,
    /// A room that everybody may join: the list of rooms is read off these.
    PublicRoom,
    /// An account, in canonical form, as it was called before. Nobody else is given the name.
    Former,
    /// The same in the form that look-alikes share.
    FormerSkeleton,
}

impl NameOf {
    /// The number that stands in the key.
    pub(in crate::store) const fn number(self) -> u8 {
        match self {
            Self::Account => 0,
            Self::AccountSkeleton => 1,
            Self::Room => 2,
            Self::RoomSkeleton => 3,
            Self::PublicRoom => 4,
            Self::Former => 5,
            Self::FormerSkeleton => 6,
        }
    }

    /// What a name is of whose key has this number.
    pub(in crate::store) fn of_number(number: u8) -> Option<Self> {
        let all = [
            Self::Account,
            Self::AccountSkeleton,
            Self::Room,
            Self::RoomSkeleton,
            Self::PublicRoom,
            Self::Former,
            Self::FormerSkeleton,
        ];
        all.into_iter().find(|of| of.number() == number)
    }
}

/// The id that a name points to, or the one spelling of what differs from it in case only. Names are put in that spelling,
/// but were not always.
pub(in crate::store) fn find(
    tables: &impl ReadTables,
    of: NameOf,
    name: &str,
) -> Result<Option<u64>, StoreError> {
    let found = get(tables, of, name)?;
    if found.is_none() && matches!(of, NameOf::Account | NameOf::Room | NameOf::Former) {
        let spelled = one_spelling(name);
        if spelled != name {
            return get(tables, of, &spelled);
        }
    }
    Ok(found)
}

fn get(tables: &impl ReadTables, of: NameOf, name: &str) -> Result<Option<u64>, StoreError> {
    tables.names().get(&(of.number(), name.to_owned()))
}

/// Lets a name point to an id.
pub(in crate::store) fn put(tables: &mut Tables, of: NameOf, name: &str, id: u64) {
    tables.names.insert((of.number(), name.to_owned()), id);
}

/// Lets a name point to nothing.
pub(in crate::store) fn remove(tables: &mut Tables, of: NameOf, name: &str) {
    tables.names.remove(&(of.number(), name.to_owned()));
}

/// Puts the form of a name that look-alikes share. Where another name has it, which an older rule told apart, it gets the id
/// after it, so that there is one for each.
pub(in crate::store) fn put_skeleton(
    tables: &mut Tables,
    of: NameOf,
    name: &str,
    id: u64,
) -> Result<(), StoreError> {
    let mut form = skeleton(name);
    if find(tables, of, &form)?.is_some() {
        form = format!("{form} {id}");
    }
    put(tables, of, &form, id);
    Ok(())
}

/// Lets the names of this kind that point to an id point to it as others of another kind.
pub(in crate::store) fn retire(
    tables: &mut Tables,
    (from, to): (NameOf, NameOf),
    id: u64,
) -> Result<(), StoreError> {
    for name in of_id(tables, from, id)? {
        remove(tables, from, &name);
        put(tables, to, &name, id);
    }
    Ok(())
}

/// The names of a kind that point to an id; all of the kind are looked through.
pub(in crate::store) fn of_id(
    tables: &impl ReadTables,
    of: NameOf,
    id: u64,
) -> Result<Vec<String>, StoreError> {
    let all = (of.number(), String::new())..(of.number() + 1, String::new());
    let mut found = Vec::new();
    for row in tables.names().range(all)? {
        let ((_, name), pointed) = row?;
        if skip_damaged(pointed)? == Some(id) {
            found.push(name);
        }
    }
    Ok(found)
}

/// The next `count` names of a kind after one, in the order of their bytes, with their ids as far as they can be read.
pub(in crate::store) fn after(
    tables: &impl ReadTables,
    of: NameOf,
    name: &str,
    count: usize,
) -> Result<Vec<(String, Option<u64>)>, StoreError> {
    let from = Bound::Excluded((of.number(), name.to_owned()));
    let to = Bound::Excluded((of.number() + 1, String::new()));
    let mut found = Vec::new();
    for row in tables.names().range((from, to))?.take(count) {
        let ((_, name), id) = row?;
        found.push((name, skip_damaged(id)?));
    }
    Ok(found)
}
