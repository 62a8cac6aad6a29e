//! HELLOs that are not complete: how long a device may take over one, and how much of all of them is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::transport::SessionId;
use crate::transport::shares::{Share, Shares};

/// How long after a sign-in HELLO may take to begin, and after each of its parts to go on. Chosen: several times what a
/// part of 12 KB takes at 2 KB a second. A session that takes longer is closed with a reason, and its client comes back.
const PART_WITHIN: Duration = Duration::from_secs(30);
/// How long a HELLO may take in all. Chosen: 10,000 positions at 2 KB a second.
const ALL_WITHIN: Duration = Duration::from_mins(5);
/// Positions that are kept for all devices together, in HELLOs that are not complete or that the store has not answered.
/// Beyond it the session whose HELLO names the most is closed with a reason. Chosen: fifty of the longest HELLOs, or
/// 10,000 of fifty conversations each; 24 MB.
const POSITIONS_ALL: usize = 500_000;

#[derive(Debug)]
struct PendingHello {
    began: Instant,
    deadline: Instant,
    positions: Share,
}

/// The devices whose HELLO is awaited or under way.
#[derive(Debug)]
pub struct PendingHellos {
    devices: BTreeMap<SessionId, PendingHello>,
    deadlines: BTreeSet<(Instant, SessionId)>,
    positions: Shares,
}

impl Default for PendingHellos {
    fn default() -> Self {
        Self::new(POSITIONS_ALL)
    }
}

impl PendingHellos {
    /// `positions`: how many are kept of all devices together.
    pub(in crate::server) fn new(positions: usize) -> Self {
        Self {
            devices: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            positions: Shares::new(positions),
        }
    }

    /// A device has signed in, or a part of its HELLO has come, of which so many positions are kept now.
    pub fn note(&mut self, now: Instant, session: SessionId, positions: usize) {
        let pending = self.devices.entry(session).or_insert(PendingHello {
            began: now,
            deadline: now,
            positions: Share::default(),
        });
        self.deadlines.remove(&(pending.deadline, session));
        pending.deadline = (now + PART_WITHIN).min(pending.began + ALL_WITHIN);
        self.deadlines.insert((pending.deadline, session));
        self.positions
            .set(session, &mut pending.positions, positions);
    }

    /// Its HELLO is complete and with the store, which is not the device's fault if it takes long.
    pub fn complete(&mut self, session: SessionId) {
        if let Some(pending) = self.devices.get(&session) {
            self.deadlines.remove(&(pending.deadline, session));
        }
    }

    /// Nothing of it is kept any more: it was answered, or the session is over.
    pub fn forget(&mut self, session: SessionId) {
        if let Some(mut pending) = self.devices.remove(&session) {
            self.deadlines.remove(&(pending.deadline, session));
            self.positions.set(session, &mut pending.positions, 0);
        }
    }

    /// When the next is late.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Somebody who is late.
    #[must_use]
    pub fn late(&self, now: Instant) -> Option<SessionId> {
        let (at, session) = self.deadlines.first()?;
        (*at <= now).then_some(*session)
    }

    /// Who names the most positions, while too many are kept.
    #[must_use]
    pub fn excess(&self) -> Option<SessionId> {
        self.positions
            .is_over()
            .then(|| self.positions.hungriest())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    const ERIN: SessionId = SessionId(1);
    const BOB: SessionId = SessionId(2);

    #[test]
    fn a_device_has_time_for_each_part_and_not_for_ever() {
        let now = instant();
        let mut pending_hellos = PendingHellos::default();
        pending_hellos.note(now, ERIN, 0);
        pending_hellos.note(now, BOB, 0);
        pending_hellos.forget(BOB);
        assert_eq!(pending_hellos.deadline(), Some(now + PART_WITHIN));
        let mut at = now;
        for part in 1..20 {
            at = now + Duration::from_secs(20) * part;
            if pending_hellos.late(at).is_some() {
                break;
            }
            pending_hellos.note(at, ERIN, part as usize);
        }
        assert_eq!(at, now + ALL_WITHIN);
        pending_hellos.complete(ERIN);
        assert_eq!(
            (pending_hellos.late(at), pending_hellos.deadline()),
            (None, None)
        );
        pending_hellos.forget(ERIN);
        assert!(pending_hellos.devices.is_empty());
    }

    #[test]
    fn longest_hello_goes_when_all_are_too_long() {
        let now = instant();
        let mut pending_hellos = PendingHellos::new(100);
        pending_hellos.note(now, ERIN, 60);
        pending_hellos.note(now, BOB, 40);
        assert_eq!(pending_hellos.excess(), None);
        pending_hellos.note(now, BOB, 41);
        assert_eq!(pending_hellos.excess(), Some(ERIN));
        pending_hellos.forget(ERIN);
        assert_eq!(pending_hellos.excess(), None);
    }
}
