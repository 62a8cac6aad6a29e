//! What was said last in each conversation, for commands that name no line.
//!
//! Which line they mean is fixed when the command is begun: one that comes while the user types was not on the screen then.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use crate::protocol::{ConversationId, EntryId};

/// How many lines of one conversation are remembered. Chosen: one of each side is enough, unless one of them says much while
/// the user types. What is older is looked for in the history.
const LINES_MAX: usize = 64;

/// How many conversations are remembered. At the limit further ones are looked for in the history.
const CONVERSATIONS_MAX: usize = 1_000;

/// A line that was shown in this run.
#[derive(Debug, Clone, Copy)]
struct Seen {
    entry: EntryId,
    is_own: bool,
    /// Counts all lines, so that the last one of all conversations is known.
    order: u64,
    /// Its place among the lines of the console; nothing until the console has been given it.
    line: Option<u64>,
}

/// Which lines count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Own,
    Others,
    Anybodys,
}

impl Whose {
    /// Whether a line of the user's own, or of somebody else's, counts.
    pub(super) const fn counts(self, is_own: bool) -> bool {
        match self {
            Self::Own => is_own,
            Self::Others => !is_own,
            Self::Anybodys => true,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Recent {
    said: BTreeMap<ConversationId, VecDeque<Seen>>,
    count: u64,
    /// The conversations with lines that the console has not been given.
    fresh: Vec<ConversationId>,
    /// How many lines were on the screen when the line that is being typed was begun; nothing without a terminal.
    begun: Option<u64>,
}

impl Recent {
    /// Something was said. The user has `typed` it here, or is about to be shown it.
    pub(crate) fn add(
        &mut self,
        (id, entry): (ConversationId, EntryId),
        is_own: bool,
        is_typed: bool,
    ) {
        if self.said.len() >= CONVERSATIONS_MAX && !self.said.contains_key(&id) {
            return;
        }
        self.count += 1;
        let of = self.said.entry(id).or_default();
        if of.len() >= LINES_MAX {
            of.pop_front();
        }
        of.push_back(Seen {
            entry,
            is_own,
            order: self.count,
            line: is_typed.then_some(0),
        });
        if !is_typed && !self.fresh.contains(&id) {
            self.fresh.push(id);
        }
    }

    /// The console has been given what was said: this many lines in all.
    pub(crate) fn on_lines_queued(&mut self, lines: u64) {
        for id in self.fresh.drain(..) {
            for seen in self.said.get_mut(&id).into_iter().flatten() {
                seen.line.get_or_insert(lines);
            }
        }
    }

    /// The user begins to type a line while so many lines are on the screen.
    pub(crate) const fn begin(&mut self, printed: u64) {
        self.begun = Some(printed);
    }

    /// The line was typed.
    pub(crate) const fn end(&mut self) {
        self.begun = None;
    }

    /// The last line of a conversation that the user can mean.
    pub(crate) fn last(&self, id: ConversationId, whose: Whose) -> Option<EntryId> {
        let found = self.meant(id, whose).max_by_key(|seen| seen.entry);
        found.map(|seen| seen.entry)
    }

    /// The conversations in which the user can mean the last line, the one with the last line of all first.
    pub(crate) fn last_places(&self, whose: Whose) -> Vec<ConversationId> {
        let last = |id: &ConversationId| self.meant(*id, whose).map(|seen| seen.order).max();
        let all = self.said.keys().filter_map(|id| Some((last(id)?, *id)));
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(order, _)| Reverse(*order));
        all.into_iter().map(|(_, id)| id).collect()
    }

    /// Before which entry the history may be searched for a line that is not remembered here.
    pub(crate) fn first(&self, id: ConversationId) -> Option<EntryId> {
        let all = self.said.get(&id)?;
        all.iter().map(|seen| seen.entry).min()
    }

    /// Forgets a line that nothing can be said about any longer.
    pub(crate) fn forget(&mut self, (id, entry): (ConversationId, EntryId)) {
        if let Some(all) = self.said.get_mut(&id) {
            all.retain(|seen| seen.entry != entry);
        }
    }

    fn meant(&self, id: ConversationId, whose: Whose) -> impl Iterator<Item = &Seen> {
        let all = self.said.get(&id).into_iter().flatten();
        all.filter(move |seen| {
            let is_seen = self
                .begun
                .is_none_or(|begun| seen.line.is_some_and(|line| line <= begun));
            is_seen && whose.counts(seen.is_own)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: ConversationId = ConversationId(7);
    const DECK: ConversationId = ConversationId(8);

    fn said(recent: &mut Recent, id: ConversationId, entry: u64, is_own: bool) {
        recent.add((id, EntryId(entry)), is_own, false);
    }

    #[test]
    fn line_that_comes_while_the_user_types_is_not_the_one_that_is_meant() {
        let mut recent = Recent::default();
        said(&mut recent, BOB, 4, false);
        recent.on_lines_queued(1);
        recent.begin(1);
        said(&mut recent, BOB, 5, false);
        assert_eq!(recent.last(BOB, Whose::Others), Some(EntryId(4)));
        recent.on_lines_queued(2);
        assert_eq!(recent.last(BOB, Whose::Others), Some(EntryId(4)));
        recent.end();
        assert_eq!(recent.last(BOB, Whose::Others), Some(EntryId(5)));
    }

    #[test]
    fn line_that_the_console_has_and_the_screen_does_not_is_not_meant() {
        let mut recent = Recent::default();
        said(&mut recent, BOB, 4, false);
        recent.on_lines_queued(3);
        said(&mut recent, BOB, 5, false);
        recent.on_lines_queued(7);
        recent.begin(6);
        assert_eq!(recent.last(BOB, Whose::Others), Some(EntryId(4)));
    }

    #[test]
    fn own_lines_and_those_of_others_are_kept_apart_by_conversation() {
        let mut recent = Recent::default();
        said(&mut recent, BOB, 4, false);
        recent.add((BOB, EntryId(5)), true, true);
        said(&mut recent, DECK, 1, false);
        recent.on_lines_queued(2);
        recent.begin(2);
        assert_eq!(recent.last(BOB, Whose::Others), Some(EntryId(4)));
        assert_eq!(recent.last(BOB, Whose::Own), Some(EntryId(5)));
        assert_eq!(recent.last(BOB, Whose::Anybodys), Some(EntryId(5)));
        assert_eq!(recent.last_places(Whose::Own), [BOB]);
        assert_eq!(recent.last_places(Whose::Others), [DECK, BOB]);
        recent.forget((DECK, EntryId(1)));
        assert_eq!(recent.last_places(Whose::Others), [BOB]);
    }
}
