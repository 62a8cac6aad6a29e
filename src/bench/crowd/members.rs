//! All members, with an index of their deadlines and the number of those that are signing in. Searching 10,000 members each
//! time that one signs in would take a hundred million steps.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::time::Instant;

use crate::bench::member::Member;

/// Changes members only here, so that the index stays right.
pub(super) struct Members {
    all: Vec<Member>,
    deadlines: BTreeSet<(Instant, usize)>,
    entering: usize,
}

impl Deref for Members {
    type Target = [Member];

    fn deref(&self) -> &[Member] {
        &self.all
    }
}

impl Members {
    pub(super) fn new(members: Vec<Member>) -> Self {
        let deadlines = members.iter().zip(0..);
        Self {
            deadlines: deadlines
                .filter_map(|(member, index)| Some((member.deadline()?, index)))
                .collect(),
            entering: members.iter().filter(|it| it.is_entering()).count(),
            all: members,
        }
    }

    pub(super) fn change<T>(&mut self, index: usize, act: impl FnOnce(&mut Member) -> T) -> T {
        let member = &mut self.all[index];
        let (before, was_entering) = (member.deadline(), member.is_entering());
        let done = act(member);
        let after = member.deadline();
        if after != before {
            if let Some(at) = before {
                self.deadlines.remove(&(at, index));
            }
            self.deadlines.extend(after.map(|at| (at, index)));
        }
        self.entering += usize::from(member.is_entering());
        self.entering -= usize::from(was_entering);
        done
    }

    pub(super) fn change_all(&mut self, mut act: impl FnMut(&mut Member)) {
        for index in 0..self.all.len() {
            self.change(index, &mut act);
        }
    }

    pub(super) const fn entering(&self) -> usize {
        self.entering
    }

    /// The earliest deadline.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Members whose deadline has passed.
    pub(super) fn due(&self, now: Instant) -> Vec<usize> {
        let due = self.deadlines.range(..=(now, usize::MAX));
        due.map(|(_, index)| *index).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rand_chacha::ChaCha20Rng;
    use rand_core::{RngCore as _, SeedableRng as _};

    use super::*;
    use crate::testing::instant;

    #[test]
    fn what_is_known_of_all_is_what_each_of_them_says() {
        let start = instant();
        let mut dice = ChaCha20Rng::seed_from_u64(1);
        let member = |_: usize| {
            let mut random = ChaCha20Rng::seed_from_u64(2);
            Member::new("somebody".into(), vec![], false, None, &mut random)
        };
        let mut roster = Members::new((0..7).map(member).collect());
        let mut most = 0;
        for _ in 0..300 {
            let wait = Duration::from_millis(u64::from(dice.next_u32() % 100));
            roster.change(dice.next_u32() as usize % 7, |member| {
                match dice.next_u32() % 3 {
                    0 => drop(member.again(start, wait, "no answer")),
                    1 => member.suspend(),
                    _ => member.drop_out(),
                }
            });
            let entering = roster.iter().filter(|it| it.is_entering()).count();
            assert_eq!(roster.entering(), entering);
            assert_eq!(
                roster.deadline(),
                roster.iter().filter_map(Member::deadline).min()
            );
            let now = start + Duration::from_millis(50);
            let is_due = |index: &usize| roster[*index].deadline().is_some_and(|at| at <= now);
            let mut due = roster.due(now);
            due.sort_unstable();
            assert_eq!(due, (0..7).filter(is_due).collect::<Vec<_>>());
            most = most.max(due.len());
        }
        assert!(most > 2, "several were due at once");
    }
}
