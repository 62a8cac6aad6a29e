//! The index of entries that change others: which entries are about which one.
//!
//! It says where they stand; what they say, and whether it counts, is read from the history each time. So an entry is shown
//! alike whichever of the two came first.

use std::collections::BTreeMap;

use redb::{ReadableDatabase as _, ReadableTable as _, Table, TableDefinition, WriteTransaction};

use super::history::Evicted;
use super::{Change, State, StateError, guard};
use crate::protocol::{ConversationId, EntryId, EntryKind};

/// A conversation, an entry of it, and an entry that changes that one, with the kind of the latter.
pub(super) const AMENDMENTS: TableDefinition<'_, (u64, u64, u64), u8> =
    TableDefinition::new("amendments");

/// How many changes of one entry are looked at: the last ones. Chosen: more than a server lets stand.
const OF_ONE_MAX: usize = 1_000;

/// How many pins and ends of pins of one entry are kept, the last ones: what counts is the last, and a log that was put back
/// may have lost some. Without it, who pins an entry over and over would have its edits no longer looked at.
const PINS_OF_ONE_MAX: usize = 8;

/// How many pins and ends of pins of a conversation are looked at: the last ones.
const PINS_LOOKED_AT_MAX: usize = 10_000;

/// What is put into the index, or taken out of it.
pub(super) enum Indexed {
    /// That this entry is changed by that one, of this kind.
    Put(ConversationId, EntryId, EntryId, EntryKind),
    /// That this entry is changed by that one, which has lost its content.
    Remove(ConversationId, EntryId, EntryId),
    /// All of a conversation that follow this place.
    RemoveAfter(ConversationId, EntryId),
}

pub(super) type AmendmentsTable<'a> = Table<'a, (u64, u64, u64), u8>;

pub(super) fn open(transaction: &WriteTransaction) -> Result<AmendmentsTable<'_>, StateError> {
    Ok(transaction.open_table(AMENDMENTS)?)
}

impl Indexed {
    pub(super) fn write(&self, table: &mut AmendmentsTable<'_>) -> Result<(), StateError> {
        match self {
            Self::Put(conversation, target, at, kind) => {
                table.insert((conversation.0, target.0, at.0), kind.number())?;
                if is_pin(*kind) {
                    forget_earlier_pins(table, (conversation.0, target.0))?;
                }
            }
            Self::Remove(conversation, target, at) => {
                table.remove((conversation.0, target.0, at.0))?;
            }
            Self::RemoveAfter(conversation, place) => {
                let all = (conversation.0, 0, 0)..=(conversation.0, u64::MAX, u64::MAX);
                table.retain_in(all, |(_, _, at), _| at <= place.0)?;
            }
        }
        Ok(())
    }
}

const fn is_pin(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::Pin | EntryKind::Unpin)
}

fn forget_earlier_pins(
    table: &mut AmendmentsTable<'_>,
    (conversation, target): (u64, u64),
) -> Result<(), StateError> {
    let all = (conversation, target, 0)..=(conversation, target, u64::MAX);
    let mut pins = Vec::new();
    for row in table.range(all)? {
        let (key, kind) = row?;
        if is_pin(EntryKind::from_number(kind.value())) {
            pins.push(key.value());
        }
    }
    let earlier = pins.len().saturating_sub(PINS_OF_ONE_MAX);
    for key in &pins[..earlier] {
        table.remove(key)?;
    }
    Ok(())
}

/// Forgets a change that made room for other entries. One that is here stays in the index when its target is not here any
/// longer: if that is deleted, its edits have to be found.
pub(super) fn evicted(
    table: &mut AmendmentsTable<'_>,
    evicted: &Evicted,
) -> Result<(), StateError> {
    if let Some(key) = evicted.as_amendment() {
        table.remove(key)?;
    }
    Ok(())
}

impl State {
    /// Has an entry found by the one that it changes.
    pub(in crate::client) fn put_amendment(
        &mut self,
        conversation: ConversationId,
        (target, at): (EntryId, EntryId),
        kind: EntryKind,
    ) {
        let put = Indexed::Put(conversation, target, at, kind);
        self.changes.push(Change::Amendment(put));
    }

    /// Forgets that an entry changes another one: it has lost its content.
    pub(in crate::client) fn remove_amendment(
        &mut self,
        conversation: ConversationId,
        (target, at): (EntryId, EntryId),
    ) {
        let removed = Indexed::Remove(conversation, target, at);
        self.changes.push(Change::Amendment(removed));
    }

    /// Forgets what changed the entries of a conversation and follows this place: its log is another one there.
    pub(in crate::client) fn remove_amendments_after(
        &mut self,
        conversation: ConversationId,
        place: EntryId,
    ) {
        let removed = Indexed::RemoveAfter(conversation, place);
        self.changes.push(Change::Amendment(removed));
    }

    /// The entries that change this one, in the order of the log, durable or not.
    pub(in crate::client) fn amendments(
        &self,
        conversation: ConversationId,
        target: EntryId,
    ) -> Result<Vec<(EntryId, EntryKind)>, StateError> {
        let (id, of) = (conversation.0, target.0);
        let (first, last) = ((id, of, 0), (id, of, u64::MAX));
        let found = self.amendments_in((first, last), OF_ONE_MAX, |_| true)?;
        let all = found.into_iter().map(|(_, at, kind)| (at, kind));
        Ok(all.collect())
    }

    /// The entries of a conversation that pin others or undo that, each with its target, in the order of the log.
    pub(in crate::client) fn pin_changes(
        &self,
        conversation: ConversationId,
    ) -> Result<Vec<(EntryId, EntryId, EntryKind)>, StateError> {
        let id = conversation.0;
        let all = ((id, 0, 0), (id, u64::MAX, u64::MAX));
        let mut pins = self.amendments_in(all, PINS_LOOKED_AT_MAX, is_pin)?;
        pins.sort_by_key(|(_, at, _)| *at);
        Ok(pins)
    }

    fn amendments_in(
        &self,
        (first, last): ((u64, u64, u64), (u64, u64, u64)),
        limit: usize,
        is_meant: impl Fn(EntryKind) -> bool,
    ) -> Result<Vec<(EntryId, EntryId, EntryKind)>, StateError> {
        guard(|| {
            let mut found = BTreeMap::new();
            let table = self.database.begin_read()?.open_table(AMENDMENTS)?;
            for row in table.range(first..=last)?.rev() {
                let (key, kind) = row?;
                let kind = EntryKind::from_number(kind.value());
                if is_meant(kind) {
                    found.insert(key.value(), kind);
                }
                if found.len() >= limit {
                    break;
                }
            }
            for change in &self.changes {
                match change {
                    Change::Amendment(Indexed::Put(conversation, target, at, kind)) => {
                        let key = (conversation.0, target.0, at.0);
                        if (first..=last).contains(&key) && is_meant(*kind) {
                            found.insert(key, *kind);
                        }
                    }
                    Change::Amendment(Indexed::Remove(conversation, target, at)) => {
                        found.remove(&(conversation.0, target.0, at.0));
                    }
                    Change::Amendment(Indexed::RemoveAfter(conversation, place)) => {
                        found.retain(|(of, _, at), _| *of != conversation.0 || *at <= place.0);
                    }
                    _ => {}
                }
            }
            let all = found.into_iter();
            Ok(all
                .map(|((_, target, at), kind)| (EntryId(target), EntryId(at), kind))
                .collect())
        })
    }
}
