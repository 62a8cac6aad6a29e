//! What the servers of a cluster compare: a hash of all records up to a position, and one of what came of them.

use std::collections::VecDeque;

use blake3::Hasher;

use super::Halt;
use super::record::damaged;
use crate::store::{CompletionBox, Outcome, ReplicaState, Reply, Request};

/// What this server had come to at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) at: u64,
    pub(super) chain: [u8; 32],
    pub(super) outcomes: [u8; 32],
}

impl Mark {
    pub(super) const fn of(state: &ReplicaState) -> Self {
        Self {
            at: state.applied,
            chain: state.chain,
            outcomes: state.outcomes,
        }
    }
}

/// For so many positions it is known what this server had come to there. Another one that was further behind when it made its
/// record is compared at a later one.
const MARKS_MAX: usize = 8192;

/// What this server had come to at the last positions.
pub(super) struct Marks(VecDeque<Mark>);

impl Marks {
    pub(super) fn new(state: &ReplicaState) -> Self {
        Self(VecDeque::from([Mark::of(state)]))
    }

    /// A record was applied, and this is where the server is now.
    pub(super) fn note(&mut self, state: &ReplicaState) {
        if self.0.len() >= MARKS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Mark::of(state));
    }

    fn index(&self, at: u64) -> Option<usize> {
        self.0.binary_search_by_key(&at, |mark| mark.at).ok()
    }

    /// Whether it is known that another record than this one was applied at a position: the log was cut off since, and goes on
    /// there with others.
    pub(super) fn was_another(&self, at: u64, record: &[u8]) -> bool {
        let before = self.index(at).and_then(|index| index.checked_sub(1));
        before.is_some_and(|before| {
            let (before, applied) = (self.0[before], self.0[before + 1]);
            chained(&before.chain, at, record) != applied.chain
        })
    }

    /// What another server had come to, as its record at a position says, compared with what this one had there.
    pub(super) fn compare(&self, at: u64, node: &str, theirs: Mark) -> Result<(), Halt> {
        if theirs.at >= at {
            return Err(damaged(at, "its server had applied what comes after it"));
        }
        let ours = self.index(theirs.at).map(|index| self.0[index]);
        if ours.is_none_or(|ours| ours == theirs) {
            return Ok(());
        }
        Err(Halt::Differs {
            node: node.into(),
            at: theirs.at,
        })
    }
}

/// The chain up to a record, which has a position, after the chain before it.
pub(super) fn chained(before: &[u8; 32], at: u64, record: &[u8]) -> [u8; 32] {
    let mut hasher = Hasher::new();
    hasher.update(before).update(&at.to_le_bytes());
    *hasher.update(record).finalize().as_bytes()
}

/// What came of writes, after what came of those before: which were done, and which numbers they were given. Of a reply no
/// more is taken than what every version of this program that follows the same log says alike.
pub(super) fn outcomes(before: &[u8; 32], at: u64, done: &[CompletionBox]) -> [u8; 32] {
    let writes: Vec<&CompletionBox> = done
        .iter()
        .filter(|done| matches!(done.request, Request::Write(_)))
        .collect();
    if writes.is_empty() {
        return *before;
    }
    let mut hasher = Hasher::new();
    hasher.update(before).update(&at.to_le_bytes());
    for done in writes {
        let summary = match &done.outcome {
            Outcome::Done(Reply::Stored(stored)) => {
                let repeated = u64::from(stored.repeated);
                [1, stored.entry.0, stored.prev.0, stored.time_ms, repeated]
            }
            Outcome::Done(Reply::Account(account)) => [2, account.id.0, 0, 0, 0],
            Outcome::Done(Reply::Device {
                account, device, ..
            }) => [3, account.0, device.0, 0, 0],
            Outcome::Done(Reply::Joined(joined)) => [4, joined.standing.conversation.0, 0, 0, 0],
            Outcome::Done(_) => [5, 0, 0, 0, 0],
            Outcome::Refused(_) => [6, 0, 0, 0, 0],
            Outcome::Unknown => [7, 0, 0, 0, 0],
        };
        for number in summary {
            hasher.update(&number.to_le_bytes());
        }
    }
    *hasher.finalize().as_bytes()
}
