//! Names: each of some kind, each pointing to an id. No two of a kind are alike, and ids never change with them.

use redb::ReadableTable;

use super::StoreError;
use super::tables::{Look, Tables};

/// What a name is of: the first part of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameOf {
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
}

impl NameOf {
    /// The number that stands in the key.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Account => 0,
            Self::AccountSkeleton => 1,
            Self::Room => 2,
            Self::RoomSkeleton => 3,
            Self::PublicRoom => 4,
        }
    }
}

/// The id that a name points to.
pub(super) fn find(look: &impl Look, of: NameOf, name: &str) -> Result<Option<u64>, StoreError> {
    let id = look.names().get((of.number(), name))?;
    Ok(id.map(|id| id.value()))
}

/// Lets a name point to an id.
pub(super) fn put(
    tables: &mut Tables<'_>,
    of: NameOf,
    name: &str,
    id: u64,
) -> Result<(), StoreError> {
    tables.names.insert((of.number(), name), id)?;
    Ok(())
}

/// Lets a name point to nothing.
pub(super) fn remove(tables: &mut Tables<'_>, of: NameOf, name: &str) -> Result<(), StoreError> {
    tables.names.remove((of.number(), name))?;
    Ok(())
}

/// The first `count` names of a kind in the order of their bytes, with their ids.
pub(super) fn first(
    look: &impl Look,
    of: NameOf,
    count: usize,
) -> Result<Vec<(String, u64)>, StoreError> {
    let from = (of.number(), "");
    let to = (of.number() + 1, "");
    let rows = look.names().range(from..to)?.take(count);
    rows.map(|row| {
        let (key, id) = row?;
        Ok((key.value().1.to_owned(), id.value()))
    })
    .collect()
}
