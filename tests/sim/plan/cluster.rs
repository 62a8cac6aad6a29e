//! What is to happen to several servers that share a log.

use std::time::Duration;

use super::Event;
use crate::faults::Fault;
use crate::kit::Rng;
use crate::kit::shared_log::LogFaults;

/// Servers that share a log, and what goes wrong between them.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClusterPlan {
    /// How many servers; none if there is one, which is alone.
    pub nodes: usize,
    pub log: LogFaults,
    /// How often the leader of the log is gone for a while.
    pub pauses: u64,
    pub kills: u64,
    /// Kills in the middle of a checkpoint.
    pub torn_checkpoints: u64,
    /// Servers that cannot reach the log for a while.
    pub cuts: u64,
    /// How many of the messages between servers are lost, as a share.
    pub peer_loss: f64,
}

impl ClusterPlan {
    /// The faults that a run of this plan is to see.
    pub fn faults(&self) -> impl Iterator<Item = Fault> {
        let log = &self.log;
        [
            (log.ack_lost > 0, Fault::LogAckLost),
            (log.lost > 0, Fault::LogLost),
            (log.late > 0, Fault::LogLate),
            (log.twice > 0, Fault::LogTwice),
            (log.feed_lost > 0, Fault::FeedLost),
            (log.feed_twice > 0, Fault::FeedTwice),
            (log.feed_late > 0, Fault::FeedLate),
            (log.stale > 0, Fault::LogStale),
            (log.unread > 0, Fault::LogUnread),
            (self.pauses > 0, Fault::LeaderGone),
            (self.kills > 0, Fault::NodeKilled),
            (self.torn_checkpoints > 0, Fault::CheckpointTorn),
            (self.cuts > 0, Fault::LogCutOff),
            (self.cuts > 0, Fault::NodeHalted),
            (self.peer_loss > 0.0, Fault::PeerLost),
        ]
        .into_iter()
        .filter_map(|(is_planned, fault)| is_planned.then_some(fault))
    }

    /// When what happens.
    pub fn agenda(&self, rng: &mut Rng, over: Duration, agenda: &mut Vec<(Duration, Event)>) {
        let over = over.as_millis() as u64;
        for _ in 0..self.pauses {
            let span = rng.ms(4_000, 9_000);
            agenda.push((rng.ms(0, over), Event::PauseLog { span }));
        }
        for _ in 0..self.kills {
            let node = rng.index(self.nodes);
            let longest = [2_000, 8_000, 30_000][rng.index(3)];
            let down = rng.ms(50, longest);
            agenda.push((rng.ms(0, over), Event::KillNode { node, down }));
        }
        for _ in 0..self.torn_checkpoints {
            let node = rng.index(self.nodes);
            agenda.push((rng.ms(0, over), Event::TearCheckpoint { node }));
        }
        for _ in 0..self.cuts {
            let (node, at) = (rng.index(self.nodes), rng.ms(0, over));
            let longest = [9_000, 30_000][rng.index(2)];
            let span = rng.ms(500, longest);
            for (at, is_cut) in [(at, true), (at + span, false)] {
                agenda.push((at, Event::CutNode { node, is_cut }));
            }
        }
    }
}
