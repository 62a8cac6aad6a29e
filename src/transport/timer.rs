//! All that a session waits for: one deadline per purpose, in one place.

use std::time::Instant;

/// What a session may wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// A packet is to be taken for lost, or, with none such, a probe to be sent (RFC 9002 §6.2).
    Loss,
    /// The pacer lets the next packet go.
    Pace,
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
    const ALL: [Self; 10] = [
        Self::Loss,
        Self::Pace,
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

/// The deadlines of one session.
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; Timer::ALL.len()]);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, deadline: Instant) {
        self.0[timer as usize] = Some(deadline);
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(super) fn clear_all(&mut self) {
        self.0 = [None; Timer::ALL.len()];
    }

    pub(super) fn get(&self, timer: Timer) -> Option<Instant> {
        self.0[timer as usize]
    }

    /// The first deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
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
    use std::time::Duration;

    #[test]
    fn a_timer_fires_once_and_only_when_its_time_has_come() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let mut timers = Timers::default();
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
