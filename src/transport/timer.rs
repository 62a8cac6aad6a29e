//! All that a session waits for: one deadline per purpose, in one place.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

/// What a session may wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// A packet is to be taken for lost, or, with none such, a probe to be sent (RFC 9002 §6.2).
    Loss,
    /// The pacer lets the next packet go.
    Pace,
    /// What could wait for company goes out without.
    Hold,
    /// A small frame goes out once more on a path that loses packets.
    Redundancy,
    /// The client has been silent for long enough to ping.
    KeepAlive,
    /// The peer has been silent for long enough to be taken for away.
    Silence,
    /// The peer has been silent for long enough to be forgotten.
    Forget,
    /// A session that is not signed in has lived for long enough.
    Lifetime,
    /// The address in use has not answered its challenge.
    Path,
    /// The session has been idle for long enough to give memory back.
    Idle,
    /// A closed session says so once more, or is forgotten.
    Close,
}

impl Timer {
    const ALL: [Self; 11] = [
        Self::Loss,
        Self::Pace,
        Self::Hold,
        Self::Redundancy,
        Self::KeepAlive,
        Self::Silence,
        Self::Forget,
        Self::Lifetime,
        Self::Path,
        Self::Idle,
        Self::Close,
    ];
}

/// The deadlines of one session, as nanoseconds from its beginning on: half of what instants would take, and there
/// are sessions by the ten thousand.
#[derive(Debug)]
pub(super) struct Timers {
    beginning: Instant,
    /// One more than the nanoseconds.
    after: [Option<NonZeroU64>; Timer::ALL.len()],
}

impl Timers {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            beginning: now,
            after: [None; Timer::ALL.len()],
        }
    }

    pub(super) fn set(&mut self, timer: Timer, deadline: Instant) {
        let after = deadline.saturating_duration_since(self.beginning);
        let nanos = u64::try_from(after.as_nanos()).unwrap_or(u64::MAX);
        self.after[timer as usize] = Some(NonZeroU64::MIN.saturating_add(nanos));
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        self.after[timer as usize] = None;
    }

    pub(super) fn clear_all(&mut self) {
        self.after = [None; Timer::ALL.len()];
    }

    pub(super) fn get(&self, timer: Timer) -> Option<Instant> {
        self.after[timer as usize].map(|after| self.instant(after))
    }

    fn instant(&self, after: NonZeroU64) -> Instant {
        self.beginning + Duration::from_nanos(after.get() - 1)
    }

    /// The first deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        let first = self.after.iter().flatten().min()?;
        Some(self.instant(*first))
    }

    /// Takes out one timer whose time has come.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Timer> {
        let timer = Timer::ALL
            .into_iter()
            .find(|timer| self.get(*timer).is_some_and(|deadline| deadline <= now))?;
        self.clear(timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    #[test]
    fn a_timer_fires_once_and_only_when_its_time_has_come() {
        let now = instant();
        let later = now + Duration::from_secs(1);
        let mut timers = Timers::new(now);
        timers.set(Timer::Close, later);
        timers.set(Timer::Loss, now);
        assert_eq!(timers.next(), Some(now));
        assert_eq!(timers.expire(now), Some(Timer::Loss));
        assert_eq!(timers.expire(now), None);
        assert_eq!(timers.next(), Some(later));
        assert_eq!(timers.expire(later), Some(Timer::Close));
        assert_eq!(timers.next(), None);
    }
}
