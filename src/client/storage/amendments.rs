//! The index of entries that change others: which entries are about which one.
//!
//! It says where they stand; what they say, and whether it counts, is read from the history each time. So an entry is shown
//! alike whichever of the two came first.

use std::collections::BTreeMap;

use redb::{ReadableDatabase as _, Table, TableDefinition, WriteTransaction};

use super::{Change, State, StateError, guard};
use crate::protocol::{ConversationId, EntryId, EntryKind};

/// A conversation, an entry of it, and an entry that changes that one, with the kind of the latter.
pub(super) const AMENDMENTS: TableDefinition<'_, (u64, u64, u64), u8> =
    TableDefinition::new("amendments");

/// How many changes of one entry are looked at: the last ones. Chosen: more than a conversation has members who react.
const OF_ONE_MAX: usize = 1_000;

/// How many changes of a conversation are looked at for what is pinned there: the last ones.
const PINS_LOOKED_AT_MAX: usize = 10_000;

/// What is put into the index, or taken out of it.
pub(super) enum Indexed {
    Put(ConversationId, EntryId, EntryId, EntryKind),
    /// All of a conversation that stand behind this place.
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
            }
            Self::RemoveAfter(conversation, place) => {
                let all = (conversation.0, 0, 0)..=(conversation.0, u64::MAX, u64::MAX);
                table.retain_in(all, |(_, _, at), _| at <= place.0)?;
            }
        }
        Ok(())
    }
}

/// Forgets what is about an entry that made room for others, or about one before it.
pub(super) fn evicted(
    table: &mut AmendmentsTable<'_>,
    (conversation, entry): (u64, u64),
) -> Result<(), StateError> {
    let upto = (conversation, 0, 0)..=(conversation, entry, u64::MAX);
    table.retain_in(upto, |_, _| false)?;
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

    /// Forgets what changed the entries of a conversation and stands behind this place: its log is another one there.
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
        let mut found = self.amendments_in((id, of, 0), (id, of, u64::MAX), OF_ONE_MAX)?;
        let all = found.drain(..).map(|(_, at, kind)| (at, kind));
        Ok(all.collect())
    }

    /// The entries of a conversation that pin others or undo that, each with its target, in the order of the log.
    pub(in crate::client) fn pin_changes(
        &self,
        conversation: ConversationId,
    ) -> Result<Vec<(EntryId, EntryId, EntryKind)>, StateError> {
        let id = conversation.0;
        let all = self.amendments_in((id, 0, 0), (id, u64::MAX, u64::MAX), PINS_LOOKED_AT_MAX)?;
        let pins = all.into_iter();
        let mut pins: Vec<_> = pins
            .filter(|(_, _, kind)| matches!(kind, EntryKind::Pin | EntryKind::Unpin))
            .collect();
        pins.sort_by_key(|(_, at, _)| *at);
        Ok(pins)
    }

    fn amendments_in(
        &self,
        first: (u64, u64, u64),
        last: (u64, u64, u64),
        limit: usize,
    ) -> Result<Vec<(EntryId, EntryId, EntryKind)>, StateError> {
        guard(|| {
            let mut found = BTreeMap::new();
            let table = self.database.begin_read()?.open_table(AMENDMENTS)?;
            for row in table.range(first..=last)?.rev().take(limit) {
                let (key, kind) = row?;
                found.insert(key.value(), EntryKind::from_number(kind.value()));
            }
            for change in &self.changes {
                match change {
                    Change::Amendment(Indexed::Put(conversation, target, at, kind)) => {
                        let key = (conversation.0, target.0, at.0);
                        if (first..=last).contains(&key) {
                            found.insert(key, *kind);
                        }
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
