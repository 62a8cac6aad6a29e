//! What a server of a cluster publishes: its start, then its writes in groups, one under way at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_bytes::ByteBuf;

use super::record::{Body, Record};
use super::{Halt, Log};
use crate::store::{CompletionBox, ReplicaState, Request, encode_shared};

/// How many requests are in a group at most, and how many bytes of writes. Chosen: a group takes the log's engine some
/// milliseconds then, and what a busy server is asked for meanwhile is the next one.
const GROUP_MAX: usize = 512;
const GROUP_MAX_BYTES: usize = 512 * 1024;

/// How long after its publishing a group is published again that was not seen in the log. Chosen: many times what an
/// undisturbed log needs, and soon enough after a change of its leader.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often another start under the same name is answered by starting once more. An earlier process of this server may have left
/// its first record under way; two that run never end it.
const STARTS_MAX: u32 = 3;

/// What was published and not yet applied.
struct UnderWay {
    bytes: Arc<[u8]>,
    /// The group's number; 0 for the record of the start.
    group: u64,
    asked: Vec<CompletionBox>,
    published_at: Option<Instant>,
}

/// What this server has to say.
pub(super) struct Publishing {
    pub(super) node: String,
    nonce: [u8; 16],
    /// The position of this server's start, once it was applied.
    life: Option<u64>,
    /// How often another one has started under its name since.
    displaced: u32,
    groups: u64,
    waiting: VecDeque<CompletionBox>,
    /// None if nothing is.
    under_way: Option<UnderWay>,
}

impl Publishing {
    /// `nonce` is random; it tells this start from another one.
    pub(super) fn new(node: String, nonce: [u8; 16]) -> Self {
        Self {
            under_way: Some(UnderWay::start(&node, nonce)),
            nonce,
            life: None,
            displaced: 0,
            groups: 0,
            waiting: VecDeque::new(),
            node,
        }
    }

    /// The position of this server's start, once it was applied.
    pub(super) const fn life(&self) -> Option<u64> {
        self.life
    }

    /// Takes what the servers are to do.
    pub(super) fn submit(&mut self, asked: impl IntoIterator<Item = CompletionBox>) {
        self.waiting.extend(asked);
    }

    /// A server has started under this one's name. Was it this one, it may write from here on; else it starts once more, since its
    /// groups are passed over until then.
    pub(super) fn on_start(&mut self, at: u64, nonce: [u8; 16]) -> Result<(), Halt> {
        if nonce == self.nonce {
            self.life = Some(at);
            self.under_way = None;
        } else if self.life.is_some() {
            self.displaced += 1;
            if self.displaced > STARTS_MAX {
                let node = self.node.clone();
                return Err(Halt::NameTaken { node });
            }
            self.start_again();
        }
        Ok(())
    }

    fn start_again(&mut self) {
        self.life = None;
        self.groups = 0;
        let other = blake3::hash(&self.nonce);
        self.nonce.copy_from_slice(&other.as_bytes()[..16]);
        let up = UnderWay::start(&self.node, self.nonce);
        // None of it was done, and none will be.
        let undone = self.under_way.replace(up);
        for asked in undone.into_iter().flat_map(|group| group.asked).rev() {
            self.waiting.push_front(asked);
        }
    }

    /// What was asked for by the group of this number, if it is the one that is under way in this life. It is over then.
    pub(super) fn take_own(&mut self, life: u64, group: u64) -> Option<Vec<CompletionBox>> {
        let is_this = |under_way: &mut UnderWay| under_way.group == group;
        let is_own = self.life == Some(life);
        let own = self
            .under_way
            .take_if(|under_way| is_own && is_this(under_way))?;
        Some(own.asked)
    }

    /// Publishes what is due. `state` is how far this server has come.
    pub(super) fn run(&mut self, now: Instant, state: &ReplicaState, log: &mut impl Log) {
        if self.under_way.is_none() && !self.waiting.is_empty() {
            self.make_group(state);
        }
        let Some(under_way) = &mut self.under_way else {
            return;
        };
        if under_way.again_at().is_none_or(|at| at <= now) {
            under_way.published_at = Some(now);
            log.append(Arc::clone(&under_way.bytes));
        }
    }

    /// When something is to be published again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.under_way.as_ref()?.again_at()
    }

    /// Puts what waits into a group, as much as one may have.
    fn make_group(&mut self, state: &ReplicaState) {
        let Some(life) = self.life else {
            return;
        };
        self.groups += 1;
        let (mut shared, mut bytes) = (Vec::new(), 0);
        let mut asked = Vec::new();
        while asked.len() < GROUP_MAX && bytes < GROUP_MAX_BYTES {
            let Some(next) = self.waiting.pop_front() else {
                break;
            };
            if let Request::Write(write) = &next.request {
                let write = encode_shared(write);
                bytes += write.len();
                shared.push(ByteBuf::from(write));
            }
            asked.push(next);
        }
        let record = Record {
            node: self.node.clone(),
            body: Body::Group {
                life,
                group: self.groups,
                seen: state.applied,
                chain: state.chain,
                outcomes: state.outcomes,
                writes: shared,
            },
        };
        self.under_way = Some(UnderWay {
            bytes: record.encode().into(),
            group: self.groups,
            asked,
            published_at: None,
        });
    }
}

impl UnderWay {
    /// The record of a start.
    fn start(node: &str, nonce: [u8; 16]) -> Self {
        let up = Record {
            node: node.into(),
            body: Body::Up { nonce },
        };
        Self {
            bytes: up.encode().into(),
            group: 0,
            asked: Vec::new(),
            published_at: None,
        }
    }

    fn again_at(&self) -> Option<Instant> {
        self.published_at.map(|at| at + AGAIN_AFTER)
    }
}
