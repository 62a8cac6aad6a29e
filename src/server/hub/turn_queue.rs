//! Whose turn it is: channels with messages that the hub has not taken yet, because others come first, because the
//! store has no room, because the account has used up its rate, or because its session has no room for answers.
//!
//! Nothing is copied here: what waits stays in the transport's receive buffer, whose window the peer's sender fills and
//! then stops.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::transport::{Channel, SessionId};

/// A channel that waits. Those that wait longest come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchedulerSlot {
    since: u64,
    /// The channel's session.
    pub session: SessionId,
    pub channel: Channel,
}

/// What a channel waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The others, each of which has its turn first.
    Turn,
    /// The store: it comes to its turn when a request has been answered.
    Store,
    /// This moment: the account has used up its rate until then, or the room for answers is looked at again then.
    Until(Instant),
}

/// Every channel that waits, each once.
#[derive(Debug, Default)]
pub struct TurnQueue {
    next: u64,
    ready: BTreeSet<SchedulerSlot>,
    parked: BTreeSet<(Instant, SchedulerSlot)>,
    waiting: BTreeMap<(SessionId, Channel), (Option<Instant>, SchedulerSlot)>,
    /// Since when a channel could go on that only let others have their turn.
    urgent: Option<Instant>,
}

impl TurnQueue {
    /// The place of a channel on which something has come, unless it waits already.
    pub fn arrive(&mut self, session: SessionId, channel: Channel) -> Option<SchedulerSlot> {
        if self.waiting.contains_key(&(session, channel)) {
            return None;
        }
        let since = self.next;
        self.next += 1;
        Some(SchedulerSlot {
            since,
            session,
            channel,
        })
    }

    /// A channel has to wait. If it had a turn it goes behind all others, else it keeps its place.
    pub fn wait(&mut self, now: Instant, slot: SchedulerSlot, has_had_turn: bool, wait: Wait) {
        let SchedulerSlot {
            session, channel, ..
        } = slot;
        let slot = match self.arrive(session, channel) {
            // It waits already.
            None => return,
            Some(last) if has_had_turn => last,
            Some(_) => slot,
        };
        let until = match wait {
            Wait::Until(until) => Some(until),
            Wait::Turn | Wait::Store => None,
        };
        match until {
            Some(until) => self.parked.insert((until, slot)),
            None => self.ready.insert(slot),
        };
        self.waiting.insert((session, channel), (until, slot));
        if wait == Wait::Turn {
            self.urgent.get_or_insert(now);
        }
    }

    /// All that may have a turn now, those that wait longest first. Each is to be given one, or to wait again.
    pub fn round(&mut self, now: Instant) -> BTreeSet<SchedulerSlot> {
        self.urgent = None;
        while let Some((until, slot)) = self.parked.first().copied()
            && until <= now
        {
            self.parked.pop_first();
            self.ready.insert(slot);
        }
        for slot in &self.ready {
            self.waiting.remove(&(slot.session, slot.channel));
        }
        std::mem::take(&mut self.ready)
    }

    /// A channel waits no longer: its session is over, or is given all turns at once.
    pub fn remove(&mut self, session: SessionId, channel: Channel) {
        match self.waiting.remove(&(session, channel)) {
            Some((Some(until), slot)) => self.parked.remove(&(until, slot)),
            Some((None, slot)) => self.ready.remove(&slot),
            None => false,
        };
    }

    /// How many channels wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether a channel waits that only let others have their turn.
    #[must_use]
    pub const fn is_urgent(&self) -> bool {
        self.urgent.is_some()
    }

    /// When there is a turn to be given that no other event announces.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let parked = self.parked.first().map(|(until, _)| *until);
        self.urgent.into_iter().chain(parked).min()
    }

    /// Whether nothing waits.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::instant;

    const CHAT: Channel = Channel::Chat;

    fn sessions(round: &BTreeSet<SchedulerSlot>) -> Vec<u64> {
        round.iter().map(|slot| slot.session.0).collect()
    }

    fn wait(turns: &mut TurnQueue, now: Instant, session: u64, wait: Wait) {
        let slot = turns.arrive(SessionId(session), CHAT).expect("it is free");
        turns.wait(now, slot, false, wait);
    }

    #[test]
    fn one_that_had_a_turn_goes_behind_those_that_had_none() {
        let now = instant();
        let mut turns = TurnQueue::default();
        for session in [3, 1, 2] {
            wait(&mut turns, now, session, Wait::Turn);
        }
        for expected in [[3, 1, 2], [1, 2, 3], [1, 2, 3]] {
            let round = turns.round(now);
            assert_eq!(sessions(&round), expected);
            for slot in round {
                turns.wait(now, slot, slot.session == SessionId(3), Wait::Turn);
            }
        }
    }

    #[test]
    fn of_sessions_that_wait_for_the_same_moment_the_one_that_had_nothing_comes_first() {
        // Two sessions of one account, and a token at a time: the first took each of them.
        let mut now = instant();
        let mut turns = TurnQueue::default();
        wait(&mut turns, now, 1, Wait::Until(now));
        wait(&mut turns, now, 2, Wait::Until(now));
        let mut served = Vec::new();
        for _ in 0..4 {
            let round = turns.round(now);
            now += Duration::from_millis(50);
            for (index, slot) in round.into_iter().enumerate() {
                if index == 0 {
                    served.push(slot.session.0);
                }
                turns.wait(now, slot, index == 0, Wait::Until(now));
            }
        }
        assert_eq!(served, [1, 2, 1, 2]);
    }

    #[test]
    fn parked_channel_has_no_turn_before_its_time_and_one_of_a_closed_session_none() {
        let now = instant();
        let later = now + Duration::from_secs(1);
        let mut turns = TurnQueue::default();
        wait(&mut turns, now, 1, Wait::Until(later));
        wait(&mut turns, now, 2, Wait::Store);
        wait(&mut turns, now, 3, Wait::Until(later));
        assert!(turns.arrive(SessionId(1), CHAT).is_none());
        assert_eq!(turns.deadline(), Some(later));
        assert_eq!(sessions(&turns.round(now)), [2]);
        turns.remove(SessionId(3), CHAT);
        assert_eq!(sessions(&turns.round(later)), [1]);
        assert!(turns.is_empty() && turns.deadline().is_none());
    }

    #[test]
    fn one_that_waits_for_the_store_is_no_reason_to_wake_up() {
        let now = instant();
        let mut turns = TurnQueue::default();
        wait(&mut turns, now, 1, Wait::Store);
        assert_eq!(turns.deadline(), None);
        wait(&mut turns, now, 2, Wait::Turn);
        assert_eq!(turns.deadline(), Some(now));
    }
}
