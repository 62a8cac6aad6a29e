//! How far what the user said last has come, for its line on the screen: only the last line there can still change.

use super::env::Progress;
use crate::protocol::{ConversationId, EntryId};

/// Where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the outbox, under this number.
    Waiting(u64),
    /// In this log.
    Stored(ConversationId, EntryId),
}

#[derive(Debug, Default)]
pub(super) struct OwnLine {
    /// The question that is being answered, counted from 1.
    answered: u64,
    /// What was said in answer to which question.
    said: Option<(u64, Place)>,
}

impl OwnLine {
    /// What the user typed in answer to the question of this number is being carried out.
    pub(super) const fn answer(&mut self, number: u64) {
        self.answered = number;
    }

    pub(super) const fn queued(&mut self, sequence: u64) {
        self.said = Some((self.answered, Place::Waiting(sequence)));
    }

    /// Whether something was said in answer to this question, and queued.
    pub(super) fn has_said(&self, answered: u64) -> bool {
        self.said.is_some_and(|(own, _)| own == answered)
    }

    /// What waited under this number is this entry.
    pub(super) fn stored(
        &mut self,
        sequence: u64,
        (conversation, entry): (ConversationId, EntryId),
    ) -> Option<(u64, Progress)> {
        let own = self.number(Place::Waiting(sequence))?;
        self.said = Some((own, Place::Stored(conversation, entry)));
        Some((own, Progress::Stored))
    }

    /// Somebody has received this entry.
    pub(super) fn received(
        &self,
        conversation: ConversationId,
        entry: EntryId,
    ) -> Option<(u64, Progress)> {
        let own = self.number(Place::Stored(conversation, entry))?;
        Some((own, Progress::Received))
    }

    /// What waited under this number is not sent.
    pub(super) fn failed(&self, sequence: u64) -> Option<(u64, Progress)> {
        let own = self.number(Place::Waiting(sequence))?;
        Some((own, Progress::Failed))
    }

    fn number(&self, at: Place) -> Option<u64> {
        let (own, place) = self.said?;
        (place == at).then_some(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: ConversationId = ConversationId(7);
    const ENTRY: EntryId = EntryId(3);

    #[test]
    fn last_thing_said_goes_from_the_outbox_to_the_log_and_to_its_reader() {
        let mut own = OwnLine::default();
        own.answer(4);
        own.queued(1);
        assert_eq!(own.received(PAIR, ENTRY), None);
        assert_eq!(own.stored(2, (PAIR, ENTRY)), None);
        let stored = own.stored(1, (PAIR, ENTRY));
        assert_eq!(stored, Some((4, Progress::Stored)));
        assert_eq!(own.failed(1), None);
        assert_eq!(own.received(PAIR, EntryId(2)), None);
        let received = own.received(PAIR, ENTRY);
        assert_eq!(received, Some((4, Progress::Received)));
    }

    #[test]
    fn nothing_follows_from_what_was_said_before_it() {
        let mut own = OwnLine::default();
        own.answer(1);
        own.queued(1);
        own.answer(2);
        own.queued(2);
        assert_eq!(own.stored(1, (PAIR, ENTRY)), None);
        assert_eq!(own.failed(2), Some((2, Progress::Failed)));
    }
}
