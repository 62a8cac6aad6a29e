//! What clients do besides talking, from when it is due until it is done, and how long that took.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::bench::report::{self, Latency};
use crate::bench::workload::{DueErrand, Errand};

/// Of one kind of errand.
#[derive(Debug, Default)]
struct Counts {
    /// Those that are counted.
    begun: u64,
    left_out: u64,
    latencies: Vec<Duration>,
}

/// A client runs one errand at a time.
#[derive(Debug, Default)]
pub struct Errands {
    under_way: HashMap<usize, DueErrand>,
    history: Counts,
    membership: Counts,
    reconnection: Counts,
}

impl Errands {
    /// Whether it begins: not if the member is `busy`, or runs another one still.
    pub fn begin(&mut self, due: DueErrand, is_busy: bool) -> bool {
        let begins = !is_busy && !self.under_way.contains_key(&due.member);
        let counts = self.counts(due.errand);
        let counted = u64::from(due.is_counted);
        if begins {
            counts.begun += counted;
            self.under_way.insert(due.member, due);
        } else {
            counts.left_out += counted;
        }
        begins
    }

    pub fn done(&mut self, now: Instant, member: usize) {
        if let Some(due) = self.under_way.remove(&member)
            && due.is_counted
        {
            let latency = now.saturating_duration_since(due.at);
            self.counts(due.errand).latencies.push(latency);
        }
    }

    pub fn is_none_under_way(&self) -> bool {
        self.under_way.is_empty()
    }

    const fn counts(&mut self, errand: Errand) -> &mut Counts {
        match errand {
            Errand::History(_) => &mut self.history,
            Errand::Membership => &mut self.membership,
            Errand::Reconnection => &mut self.reconnection,
        }
    }

    pub fn report(&mut self) -> report::Errands {
        let of = |counts: &mut Counts| report::Errand {
            begun: counts.begun,
            done: counts.latencies.len() as u64,
            left_out: counts.left_out,
            latency_us: Latency::of(&mut counts.latencies),
        };
        report::Errands {
            history: of(&mut self.history),
            membership: of(&mut self.membership),
            reconnection: of(&mut self.reconnection),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    #[test]
    fn errand_is_counted_from_when_it_is_due_until_it_is_done_once() {
        let start = instant();
        let due = |member, errand, is_counted| DueErrand {
            member,
            errand,
            at: start,
            is_counted,
        };
        let mut errands = Errands::default();
        assert!(errands.begin(due(0, Errand::Reconnection, true), false));
        assert!(
            !errands.begin(due(0, Errand::Membership, true), false),
            "one at a time"
        );
        assert!(!errands.begin(due(3, Errand::Membership, true), true));
        assert!(!errands.begin(due(3, Errand::Membership, false), true));
        assert!(errands.begin(due(1, Errand::History(0), false), false));
        assert!(errands.begin(due(2, Errand::History(1), true), false));
        for member in [0, 0, 1] {
            errands.done(start + Duration::from_millis(3), member);
        }
        assert!(!errands.is_none_under_way(), "one was never answered");
        let report = errands.report();
        assert_eq!(
            (report.reconnection.begun, report.reconnection.done),
            (1, 1)
        );
        assert_eq!(report.reconnection.latency_us.max, Some(3000));
        assert_eq!((report.history.begun, report.history.done), (1, 0));
        assert_eq!(
            (report.membership.begun, report.membership.left_out),
            (0, 2)
        );
    }
}
