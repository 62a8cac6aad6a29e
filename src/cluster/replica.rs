//! A server's end of the log: which of its writes are published, which record is applied next, and when it has to stop.
//!
//! It has no socket and no clock: the log's events and the time go in, and what is to be done comes out. It is the same for a
//! real log and for a simulated one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_bytes::ByteBuf;

use super::chain::{Mark, chained, outcomes};
use super::record::{Body, Record, damaged, writes};
use super::{Event, Halt, Log};
use crate::store::{
    Completion, CompletionBox, Details, Engine, NodeLife, Outcome, ReplicaState, Request,
    RequestId, encode_shared,
};

/// How many requests are in a group at most, and how many bytes of writes. Chosen: a group takes the log's engine some
/// milliseconds then, and what a busy server is asked for meanwhile is the next one.
const GROUP_MAX: usize = 512;
const GROUP_MAX_BYTES: usize = 512 * 1024;

/// How long after its publishing a group is published again that was not seen in the log. Chosen: many times what an
/// undisturbed log needs, and soon enough after a change of its leader.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// So long nothing may be heard of the log before it is read.
const SILENCE: Duration = Duration::from_millis(300);

/// So long a record may be known of and not be there before the log is read; and a reading that has brought nothing is not
/// begun again for so long. Chosen: many times what the live feed takes.
const OVERDUE: Duration = Duration::from_millis(50);

/// How often another start under the same name is answered by starting once more. An earlier process of this server may have left
/// its first record under way; two that run never end it.
const STARTS_MAX: u32 = 3;

/// How long a reading may take before another one is begun.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// How long a record may be missing, or nothing be heard of the log at all. Chosen: its engine needs up to 8 s to elect another
/// leader, and the clients are elsewhere within 10 s after that.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process that does nothing for so long was stopped: it always has something to do earlier.
const STOPPED_FOR: Duration = Duration::from_secs(3);

/// How many records are kept that have come too early, and how many bytes. Chosen: a second of a busy log; what does not fit is
/// read again.
const AHEAD_MAX: usize = 1024;
const AHEAD_MAX_BYTES: usize = 32 * 1024 * 1024;

/// For so many positions it is known what this server had come to there. Another one that was further behind when it made its
/// record is compared at a later one.
const MARKS_MAX: usize = 8192;

/// What was published and not yet applied.
struct UnderWay {
    bytes: Arc<[u8]>,
    /// The group's number; 0 for the record of the start.
    group: u64,
    asked: Vec<CompletionBox>,
    published_at: Option<Instant>,
}

/// What came of a record.
#[derive(Debug, Default)]
pub struct Applied {
    /// Requests of this server's, in the order in which it was asked.
    pub own: Vec<CompletionBox>,
    /// What other servers were asked for.
    pub others: Vec<(CompletionBox, Details)>,
}

/// A server of a cluster.
pub struct Replica {
    node: String,
    nonce: [u8; 16],
    state: ReplicaState,
    /// The position of this server's start, once it was applied.
    life: Option<u64>,
    /// How often another one has started under its name since.
    displaced: u32,
    groups: u64,
    waiting: VecDeque<CompletionBox>,
    under_way: UnderWay,
    is_busy: bool,
    /// Records that came before their turn.
    ahead: BTreeMap<u64, Arc<[u8]>>,
    ahead_bytes: usize,
    marks: VecDeque<Mark>,
    /// The furthest position that was heard of.
    end: u64,
    heard_at: Instant,
    /// When the log's leader was heard of last, and another server, if one ever was.
    leader_at: Instant,
    peer_at: Option<Instant>,
    /// When it was run last.
    ran_at: Instant,
    /// Since when a record is known of that was not applied.
    lagging_since: Option<Instant>,
    /// When the last reading began that is not over.
    reading: Option<Instant>,
    /// Before that moment no other one begins.
    read_after: Instant,
    /// Since when the next record is missing in a copy that has later ones.
    missing_since: Option<Instant>,
    /// Since when the log is said to end before what was applied, and where. A leader that does not know yet that it is none
    /// any more says so for a moment.
    short_since: Option<(Instant, u64)>,
}

impl Replica {
    /// A server that goes on from where its database has come to. `nonce` is random; it tells this start from another one.
    #[must_use]
    pub fn new(now: Instant, node: String, nonce: [u8; 16], state: ReplicaState) -> Self {
        Self {
            nonce,
            life: None,
            displaced: 0,
            groups: 0,
            waiting: VecDeque::new(),
            under_way: UnderWay::start(&node, nonce),
            is_busy: true,
            ahead: BTreeMap::new(),
            ahead_bytes: 0,
            marks: VecDeque::from([Mark::of(&state)]),
            end: state.applied,
            heard_at: now,
            leader_at: now,
            peer_at: None,
            ran_at: now,
            lagging_since: None,
            reading: None,
            read_after: now,
            missing_since: None,
            short_since: None,
            node,
            state,
        }
    }

    /// Whether all was applied that the log had when this server started.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.life.is_some()
    }

    /// How far the log was applied.
    #[must_use]
    pub const fn state(&self) -> &ReplicaState {
        &self.state
    }

    /// How many records the log is known to have that were not applied.
    #[must_use]
    pub const fn lag(&self) -> u64 {
        self.end.saturating_sub(self.state.applied)
    }

    /// Why it stops where the database has failed.
    #[must_use]
    pub fn broken(&self) -> Halt {
        local(self.state.applied + 1, "the database has failed")
    }

    /// Takes requests: writes, and reads that are to see what the log has now. They are done in this order.
    pub fn submit(&mut self, asked: impl IntoIterator<Item = CompletionBox>) {
        self.waiting.extend(asked);
    }

    /// Takes what the log says.
    ///
    /// # Errors
    /// If this server has to stop.
    pub fn on_event(&mut self, now: Instant, event: Event) -> Result<(), Halt> {
        self.heard_at = now;
        let applied = self.state.applied;
        match event {
            Event::Record(at, record) => {
                self.end = self.end.max(at);
                if at > applied {
                    self.keep_ahead(at, record);
                } else if self.was_another(at, &record) {
                    return Err(damaged(at, "another record was applied there"));
                }
            }
            Event::Stored(at) => {
                self.leader_at = now;
                self.end = self.end.max(at);
            }
            Event::Peer => self.peer_at = Some(now),
            Event::ReadOver { through, end } => {
                self.reading = None;
                self.end = self.end.max(end);
                if through <= applied {
                    self.read_after = now + OVERDUE;
                } else if !self.ahead.contains_key(&(applied + 1)) {
                    self.read_after = now + OVERDUE;
                    if self.missing_since.is_none() {
                        self.missing_since = Some(now);
                        tracing::error!(
                            "position {} is missing in a copy of the cluster's log that has later ones: look at the servers of the log",
                            applied + 1
                        );
                    }
                }
            }
            Event::Stands { first, last } => {
                self.leader_at = now;
                if first > applied + 1 {
                    return Err(Halt::TooOld { applied, first });
                }
                let since = self.short_since.map_or(now, |(since, _)| since);
                self.short_since = (last < applied).then_some((since, last));
                // Said again after a while: one that says so once may not know yet that it leads no longer.
                if last < applied && now.saturating_duration_since(since) >= PATIENCE {
                    return Err(Halt::CutShort { applied, last });
                }
                self.end = self.end.max(last);
            }
        }
        Ok(())
    }

    /// Keeps a record for its turn. Where there is no room the furthest goes.
    fn keep_ahead(&mut self, at: u64, record: Arc<[u8]>) {
        self.ahead_bytes += record.len();
        let before = self.ahead.insert(at, record);
        self.ahead_bytes -= before.map_or(0, |before| before.len());
        while self.ahead.len() > AHEAD_MAX || self.ahead_bytes > AHEAD_MAX_BYTES {
            let Some((_, furthest)) = self.ahead.pop_last() else {
                return;
            };
            self.ahead_bytes -= furthest.len();
        }
    }

    /// Whether it is known that another record than this one was applied at a position: the log was cut off since, and goes on
    /// there with others.
    fn was_another(&self, at: u64, record: &[u8]) -> bool {
        let index = self.marks.binary_search_by_key(&at, |mark| mark.at);
        let before = index.ok().and_then(|index| index.checked_sub(1));
        before.is_some_and(|before| {
            let (before, applied) = (self.marks[before], self.marks[before + 1]);
            chained(&before.chain, at, record) != applied.chain
        })
    }

    /// Applies the next record, if it is there.
    ///
    /// # Errors
    /// If this server has to stop. What it was asked for is not known to be done or not.
    pub fn apply_next(&mut self, engine: &mut Engine) -> Result<Option<Applied>, Halt> {
        let at = self.state.applied + 1;
        let Some(bytes) = self.ahead.remove(&at) else {
            return Ok(None);
        };
        self.ahead_bytes -= bytes.len();
        self.missing_since = None;
        let Record { node, body } = Record::decode(at, &bytes)?;
        let chain = chained(&self.state.chain, at, &bytes);
        let next = ReplicaState {
            applied: at,
            chain,
            ..self.state.clone()
        };
        let applied = match body {
            Body::Up { nonce } => self.start(engine, next, node, nonce),
            Body::Group {
                life,
                group,
                seen,
                chain,
                outcomes,
                writes,
            } => {
                let theirs = Mark {
                    at: seen,
                    chain,
                    outcomes,
                };
                self.compare(at, &node, theirs)?;
                self.apply_group(engine, next, node, (life, group), &writes)
            }
        }?;
        if self.marks.len() >= MARKS_MAX {
            self.marks.pop_front();
        }
        self.marks.push_back(Mark::of(&self.state));
        Ok(Some(applied))
    }

    /// A server has started.
    fn start(
        &mut self,
        engine: &mut Engine,
        mut next: ReplicaState,
        node: String,
        nonce: [u8; 16],
    ) -> Result<Applied, Halt> {
        let at = next.applied;
        let is_known = |life: &NodeLife| life.nonce == nonce;
        let is_repeated = next.nodes.get(&node).is_some_and(is_known);
        if node == self.node && !is_repeated {
            if nonce == self.nonce {
                self.life = Some(at);
                self.is_busy = false;
            } else if self.is_up() {
                self.start_again()?;
            }
        }
        if !is_repeated {
            let life = NodeLife {
                life: at,
                group: 0,
                nonce,
            };
            next.nodes.insert(node, life);
        }
        self.execute(engine, next, &mut [])?;
        Ok(Applied::default())
    }

    /// Another process has started under this server's name: its groups are passed over until it has started once more.
    fn start_again(&mut self) -> Result<(), Halt> {
        self.displaced += 1;
        if self.displaced > STARTS_MAX {
            let node = self.node.clone();
            return Err(Halt::NameTaken { node });
        }
        self.life = None;
        self.groups = 0;
        let other = blake3::hash(&self.nonce);
        self.nonce.copy_from_slice(&other.as_bytes()[..16]);
        let up = UnderWay::start(&self.node, self.nonce);
        // None of it was done, and none will be.
        for asked in std::mem::replace(&mut self.under_way, up)
            .asked
            .into_iter()
            .rev()
        {
            self.waiting.push_front(asked);
        }
        self.is_busy = true;
        Ok(())
    }

    /// What another server had come to, compared with what this one had there.
    fn compare(&self, at: u64, node: &str, theirs: Mark) -> Result<(), Halt> {
        if theirs.at >= at {
            return Err(damaged(at, "its server had applied what comes after it"));
        }
        let found = self
            .marks
            .binary_search_by_key(&theirs.at, |ours| ours.at)
            .map(|index| self.marks[index]);
        match found {
            Ok(ours) if (ours.chain, ours.outcomes) != (theirs.chain, theirs.outcomes) => {
                Err(Halt::Differs {
                    node: node.into(),
                    at: theirs.at,
                })
            }
            _ => Ok(()),
        }
    }

    fn apply_group(
        &mut self,
        engine: &mut Engine,
        mut next: ReplicaState,
        node: String,
        number: (u64, u64),
        shared: &[ByteBuf],
    ) -> Result<Applied, Halt> {
        let at = next.applied;
        let Some(last) = next.nodes.get_mut(&node) else {
            return Err(damaged(at, "its server has never started"));
        };
        if number.0 > last.life {
            return Err(damaged(at, "its server has not started so"));
        }
        if number <= (last.life, last.group) {
            // It is in the log a second time, or of a server that has started again since.
            self.execute(engine, next, &mut [])?;
            return Ok(Applied::default());
        }
        last.group = number.1;
        let is_own = node == self.node && self.life == Some(number.0);
        if is_own && self.is_busy && self.under_way.group == number.1 {
            let mut asked = std::mem::take(&mut self.under_way.asked);
            self.execute(engine, next, &mut asked)?;
            self.is_busy = false;
            return Ok(Applied {
                own: asked,
                ..Applied::default()
            });
        }
        let asked = writes(at, shared)?.into_iter().map(|write| {
            let request = Request::Write(write);
            Completion::new(RequestId(0), request, Outcome::Unknown).into()
        });
        let mut asked: Vec<CompletionBox> = asked.collect();
        self.execute(engine, next, &mut asked)?;
        let others = asked
            .into_iter()
            .map(|done| engine.details(&done).map(|details| (done, details)))
            .collect::<Result<_, _>>()
            .map_err(|error| local(at, error))?;
        Ok(Applied {
            others,
            ..Applied::default()
        })
    }

    /// Does what a record asks for, and has come so far.
    fn execute(
        &mut self,
        engine: &mut Engine,
        next: ReplicaState,
        asked: &mut [CompletionBox],
    ) -> Result<(), Halt> {
        let at = next.applied;
        let before = self.state.outcomes;
        let state = &mut self.state;
        let after = |done: &[CompletionBox]| {
            *state = ReplicaState {
                outcomes: outcomes(&before, at, done),
                ..next
            };
            state.clone()
        };
        engine.apply(asked, after).map_err(|error| local(at, error))
    }

    /// Has the log do what is due.
    ///
    /// # Errors
    /// If this server has to stop.
    pub fn run(&mut self, now: Instant, log: &mut impl Log) -> Result<(), Halt> {
        if self.is_cut_off(now) {
            return Err(Halt::CutOff {
                seconds: PATIENCE.as_secs(),
            });
        }
        if !self.is_busy && !self.waiting.is_empty() {
            self.make_group();
        }
        let again_at = self.under_way.published_at.map(|at| at + AGAIN_AFTER);
        if self.is_busy && again_at.is_none_or(|at| at <= now) {
            self.under_way.published_at = Some(now);
            log.append(Arc::clone(&self.under_way.bytes));
        }
        if self.lag() == 0 {
            self.lagging_since = None;
        } else {
            self.lagging_since.get_or_insert(now);
        }
        let is_missing = self.missing_since.map(|since| since + PATIENCE);
        if is_missing.is_some_and(|at| at <= now) {
            return Err(Halt::Missing {
                at: self.state.applied + 1,
            });
        }
        if self.read_at() <= now {
            self.reading = Some(now);
            log.read(self.state.applied + 1);
        }
        Ok(())
    }

    /// Whether the log cannot be reached any more: nothing is heard of it, or neither of its leader nor of any other server, as where
    /// the copy that answers is cut off itself. Where all are without a leader they hear each other, and wait.
    fn is_cut_off(&mut self, now: Instant) -> bool {
        let is_long = |at: Instant| now.saturating_duration_since(at) >= PATIENCE;
        if now.saturating_duration_since(self.ran_at) >= STOPPED_FOR {
            // The process was stopped, and hears now what was said meanwhile.
            self.heard_at = now;
            self.leader_at = now;
        }
        self.ran_at = now;
        is_long(self.heard_at) || is_long(self.leader_at) && self.peer_at.is_some_and(is_long)
    }

    /// When the log is to be read.
    fn read_at(&self) -> Instant {
        if let Some(begun) = self.reading {
            return begun + READ_WITHIN;
        }
        let silent = self.heard_at + SILENCE;
        let wanted = match self.lagging_since {
            _ if !self.ahead.is_empty() => self.read_after,
            Some(since) => silent.min(since + OVERDUE),
            None => silent,
        };
        wanted.max(self.read_after)
    }

    /// When [`Replica::run`] has something to do if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        let again = self.under_way.published_at.filter(|_| self.is_busy);
        [
            again.map(|at| at + AGAIN_AFTER),
            self.missing_since.map(|since| since + PATIENCE),
            Some(self.heard_at + PATIENCE),
        ]
        .into_iter()
        .flatten()
        .fold(self.read_at(), Instant::min)
    }

    /// Puts what waits into a group, as much as one may have.
    fn make_group(&mut self) {
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
                seen: self.state.applied,
                chain: self.state.chain,
                outcomes: self.state.outcomes,
                writes: shared,
            },
        };
        self.under_way = UnderWay {
            bytes: record.encode().into(),
            group: self.groups,
            asked,
            published_at: None,
        };
        self.is_busy = true;
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
}

fn local(at: u64, error: impl ToString) -> Halt {
    Halt::Local {
        at,
        reason: error.to_string(),
    }
}
