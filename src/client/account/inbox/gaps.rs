//! Missing entries between the position and what was seen of a conversation: requested, and requested again until they
//! come.
//!
//! A request may get lost inside an intact session (a server that could not read its log just then), and nothing else
//! may ever arrive in that conversation to reveal the gap. A new session begins with the positions, so all gaps are
//! forgotten with the session.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::protocol::{ConversationId, EntryId};

/// How long an answer is waited for at first; each time in vain doubles it. Chosen: several round trips of a bad path.
const WAIT_FIRST: Duration = Duration::from_secs(5);

/// How often a question that brings nothing is asked by the clock: after 5, 10, 20, 40 and 80 s. Chosen: whoever has not
/// answered by then has it from the next session, or asked again by the next thing that comes.
const TRIES_MAX: u32 = 6;

/// A conversation with something missing.
#[derive(Debug)]
struct Gap {
    /// Where the device stood when it asked.
    position: EntryId,
    /// The last entry that is known to be there.
    upto: EntryId,
    asked: Instant,
    /// How often it has asked from there.
    tries: u32,
    /// Whether the server has refused to answer that.
    is_refused: bool,
}

impl Gap {
    /// When the answer has been waited for long enough.
    fn due(&self) -> Instant {
        self.asked + WAIT_FIRST.saturating_mul(1 << (self.tries.min(TRIES_MAX) - 1))
    }
}

/// All gaps of a session: one at most for each conversation that the device knows.
#[derive(Debug, Default)]
pub(crate) struct Gaps(BTreeMap<ConversationId, Gap>);

impl Gaps {
    /// Something has come that does not follow where the device stands. Returns whether to ask for what follows that
    /// place: once for each, and again after a while.
    pub(crate) fn noticed(
        &mut self,
        now: Instant,
        id: ConversationId,
        position: EntryId,
        upto: EntryId,
    ) -> bool {
        let known = self.0.get_mut(&id);
        if let Some(gap) = known.filter(|gap| gap.position == position) {
            gap.upto = gap.upto.max(upto);
            return now >= gap.due() && gap.ask(now);
        }
        let gap = Gap {
            position,
            upto,
            asked: now,
            tries: 1,
            is_refused: false,
        };
        self.0.insert(id, gap);
        true
    }

    /// The device stands here now. While there is more to come the rest is waited for again.
    pub(crate) fn reached(&mut self, now: Instant, id: ConversationId, position: EntryId) {
        let Some(gap) = self.0.get_mut(&id) else {
            return;
        };
        if position >= gap.upto {
            self.0.remove(&id);
        } else {
            gap.position = position;
            gap.asked = now;
            gap.tries = 1;
            gap.is_refused = false;
        }
    }

    /// The server has refused to answer, for good: the clock does not ask again. Returns whether that is news.
    pub(crate) fn refused(&mut self, id: ConversationId) -> bool {
        self.0.get_mut(&id).is_none_or(|gap| {
            gap.tries = TRIES_MAX;
            !std::mem::replace(&mut gap.is_refused, true)
        })
    }

    /// The conversations in which the answer has been waited for long enough, to be asked about once more.
    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<ConversationId> {
        self.0
            .iter_mut()
            .filter(|(_, gap)| gap.tries < TRIES_MAX && now >= gap.due())
            .map(|(id, gap)| {
                gap.ask(now);
                *id
            })
            .collect()
    }

    /// When [`Gaps::take_due`] has something.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0
            .values()
            .filter(|gap| gap.tries < TRIES_MAX)
            .map(Gap::due)
            .min()
    }

    /// The session is over: the next one begins with where the device stands.
    pub(crate) fn forget_session(&mut self) {
        self.0.clear();
    }
}

impl Gap {
    fn ask(&mut self, now: Instant) -> bool {
        self.asked = now;
        self.tries = self.tries.saturating_add(1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::instant;

    const BOB: ConversationId = ConversationId(2);

    #[test]
    fn same_gap_is_asked_for_once_until_time_has_passed() {
        let now = instant();
        let mut gaps = Gaps::default();
        assert!(gaps.noticed(now, BOB, EntryId(4), EntryId(6)));
        assert!(!gaps.noticed(now + Duration::from_secs(1), BOB, EntryId(4), EntryId(7)));
        assert!(gaps.noticed(now + WAIT_FIRST, BOB, EntryId(4), EntryId(8)));
        assert!(gaps.noticed(now + WAIT_FIRST, BOB, EntryId(9), EntryId(12)));
    }

    #[test]
    fn answer_that_does_not_come_is_asked_for_again_ever_more_rarely_and_not_for_ever() {
        let now = instant();
        let mut gaps = Gaps::default();
        assert!(gaps.noticed(now, BOB, EntryId(4), EntryId(6)));
        let mut asked = Vec::new();
        assert!(gaps.take_due(now).is_empty());
        while let Some(due) = gaps.deadline() {
            assert_eq!(gaps.take_due(due), [BOB]);
            asked.push(due.saturating_duration_since(now).as_secs());
        }
        assert_eq!(asked, [5, 15, 35, 75, 155]);
        let late = now + Duration::from_hours(1);
        assert!(gaps.take_due(late).is_empty());
        assert!(gaps.noticed(late, BOB, EntryId(4), EntryId(9)));
    }

    #[test]
    fn part_of_an_answer_starts_the_clock_again_and_the_rest_of_it_stops_it() {
        let now = instant();
        let mut gaps = Gaps::default();
        assert!(gaps.noticed(now, BOB, EntryId(4), EntryId(9)));
        let later = now + Duration::from_secs(4);
        gaps.reached(later, BOB, EntryId(6));
        assert_eq!(gaps.deadline(), Some(later + WAIT_FIRST));
        gaps.reached(later, BOB, EntryId(9));
        assert_eq!(gaps.deadline(), None);
    }
}
