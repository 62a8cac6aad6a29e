//! What the servers of a cluster compare: a hash of all records up to a position, and one of what came of them.

use blake3::Hasher;

use crate::store::{CompletionBox, Outcome, ReplicaState, Reply, Request};

/// What this server had come to at a position.
#[derive(Debug, Clone, Copy)]
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
