//! A log that is not what it was: whoever reads it stops, and serves nobody.

use std::time::Duration;

use udpchat::cluster::Halt;

use super::{SIGN_IN_WITHIN, World};
use crate::client::ClientHost;
use crate::plan::Event;

/// What is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A record in its middle is another one.
    Changed,
    /// One is missing in its middle.
    Hole,
    /// Its second half is gone.
    Truncated,
}

/// The server that is away while the log becomes another one, unless that is cut off.
const AWAY: usize = 2;
/// Longer than a server goes on with a log that it cannot follow.
const STOPS_WITHIN: Duration = Duration::from_secs(20);
/// Servers that are started again and again get no further.
const WATCHED: Duration = Duration::from_secs(20);

impl World {
    /// Everybody talks while a server is away, then the log becomes another one. Why servers have stopped.
    pub fn stops_over(mut self, wrong: Wrong) -> Vec<Halt> {
        self.run_until(SIGN_IN_WITHIN, "sign up", |world| {
            world.clients.iter().all(ClientHost::is_settled)
        });
        // Who has never seen what is gone cannot miss it.
        if wrong != Wrong::Truncated {
            let down = self.plan.over * 2;
            self.apply(Event::KillNode { node: AWAY, down });
        }
        let cluster = self.cluster.as_ref().expect("there are several servers");
        let first = cluster.log.written();
        self.write_scripts();
        let end = self.now + self.plan.over;
        self.run_until(end + Duration::from_secs(1), "talk", |world| {
            world.now >= end
        });
        let cluster = self.cluster.as_ref().expect("there are several servers");
        let middle = first.midpoint(cluster.log.written());
        match wrong {
            Wrong::Changed => cluster.log.change(middle, |record| {
                let place = record.len() - 20;
                record[place] ^= 1;
            }),
            Wrong::Hole => cluster.log.remove(middle),
            Wrong::Truncated => cluster.log.truncate(first.saturating_sub(1)),
        }
        self.is_log_wrong = true;
        let readers = match wrong {
            Wrong::Truncated => 0..cluster.count(),
            _ => AWAY..AWAY + 1,
        };
        let limit = self.now + self.plan.over * 2 + STOPS_WITHIN;
        let all = readers.clone();
        self.run_until(limit, "stop", |world| {
            let cluster = world.cluster.as_ref().expect("there are several servers");
            all.clone().all(|node| cluster.has_halted(node))
        });
        let until = self.now + WATCHED;
        self.run_until(until + Duration::from_secs(1), "be watched", |world| {
            let cluster = world.cluster.as_ref().expect("there are several servers");
            assert!(
                readers.clone().all(|node| !cluster.serves(node)),
                "a server serves what a wrong log says"
            );
            world.now >= until
        });
        let cluster = self.cluster.expect("there are several servers");
        cluster.halts
    }
}
