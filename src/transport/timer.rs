//! The deadlines of a session, one for each purpose.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// A packet counts as lost, or, if none is outstanding before an acknowledged one, a probe is due (RFC 9002
    /// §6.2).
    Loss,
    /// The pacer allows the next packet.
    Pace,
    /// A held frame is sent even if nothing else is (`connection::coalesce`).
    Hold,
    /// A small frame is copied, on a path that loses packets.
    Redundancy,
    /// The client has sent nothing for so long that it pings.
    KeepAlive,
    /// The peer counts as away.
    Silence,
    /// The session of a silent peer is dropped.
    Forget,
    /// A session that has not signed in reaches its maximum age.
    Lifetime,
    /// The peer has not answered the path challenge.
    Path,
    /// An idle session releases memory.
    Idle,
    /// A closed session retransmits its CLOSE, or is dropped.
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

/// The deadlines of one session as nanoseconds since its start: half the size of instants, because there are tens of
/// thousands of sessions.
#[derive(Debug)]
pub(super) struct Timers {
    beginning: Instant,
    /// The nanoseconds plus one.
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

    pub(super) fn next(&self) -> Option<Instant> {
        let first = self.after.iter().flatten().min()?;
        Some(self.instant(*first))
    }

    /// Removes and returns one timer whose deadline has passed.
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
