//! A server's part in a cluster: what its storage thread does there, with the log of the simulation and its clock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use udpchat::cluster::{Follower, Halt, Replica, catch_up_now};
use udpchat::server::{self, Introduction, PeerLink};
use udpchat::store::{
    AppliedElsewhere, Completion, CompletionBox, Engine, MEANING, NOBODY, Outcome,
    Replication as _, Request, RequestId, is_shared, nobodys,
};

use super::{BATCH, ServerHost};
use crate::disk::Disk;
use crate::kit::shared_log::LogEnd;
use crate::network::{Host, Network};

/// How long what the storage thread has done is under way to the hub.
const UNDER_WAY: Duration = Duration::from_micros(200);
/// How long a change waits for a checkpoint.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);

/// What is called a node in the log.
pub fn node_name(node: usize) -> String {
    format!("node{node}")
}

/// What the hub is told.
type Inputs = VecDeque<(Duration, server::Input)>;

/// A server's part in a cluster.
pub struct Member {
    stage: Stage,
    /// What other servers were asked for, of the step that is being done.
    elsewhere: Arc<Mutex<Vec<AppliedElsewhere>>>,
    halt: Arc<Mutex<Option<Halt>>>,
    /// What is on its way to the hub.
    inputs: Inputs,
    checkpoint_at: Duration,
    /// What the hub tells other servers.
    told: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// How far it has come.
enum Stage {
    /// It applies what the log has had before, and serves nobody.
    Joining(Box<(Replica, LogEnd)>),
    Following(Box<Follower<LogEnd>>),
    /// It goes on no more.
    Halted,
}

/// The hub's way to the other servers.
struct Link(Arc<Mutex<Vec<Vec<u8>>>>);

impl PeerLink for Link {
    fn tell(&mut self, message: Vec<u8>) {
        self.0.lock().unwrap().push(message);
    }
}

impl Member {
    /// Why it goes on no more, if so.
    pub fn halt(&self) -> Option<Halt> {
        self.halt.lock().unwrap().clone()
    }

    /// Whether it serves.
    pub const fn is_up(&self) -> bool {
        !matches!(self.stage, Stage::Joining(_))
    }

    /// What its hub has told the other servers since this was asked last.
    pub fn take_told(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    fn halts(&mut self, halt: Halt) {
        *self.halt.lock().unwrap() = Some(halt);
        self.stage = Stage::Halted;
    }

    /// The end of joining, if all was applied that the log had.
    fn join(&mut self, engine: &mut Engine, now: Instant) {
        let Stage::Joining(joining) = &mut self.stage else {
            return;
        };
        let (replica, log) = &mut **joining;
        match catch_up_now(replica, engine, log, now) {
            Err(halt) => self.halts(halt),
            Ok(false) => {}
            Ok(true) => {
                let Stage::Joining(joining) = std::mem::replace(&mut self.stage, Stage::Halted)
                else {
                    return;
                };
                let (elsewhere, halt) = (Arc::clone(&self.elsewhere), Arc::clone(&self.halt));
                let tell = move |applied: Vec<_>| elsewhere.lock().unwrap().extend(applied);
                let stop = move |why| *halt.lock().unwrap() = Some(why);
                self.stage = Stage::Following(Box::new(Follower::new(
                    joining.0,
                    joining.1,
                    tell,
                    stop,
                    Arc::default(),
                )));
            }
        }
    }

    /// Executes what the log says by now, beside what the hub asks for; returns what came of that.
    fn follow(
        &mut self,
        engine: &mut Engine,
        now: Instant,
        shared: Vec<CompletionBox>,
    ) -> Vec<server::Input> {
        let Stage::Following(follower) = &mut self.stage else {
            return Vec::new();
        };
        if !shared.is_empty() {
            follower.submit(shared);
        }
        let mut inputs = Vec::new();
        loop {
            let own = follower.advance(engine, now);
            let elsewhere = std::mem::take(&mut *self.elsewhere.lock().unwrap());
            let elsewhere = elsewhere.into_iter().map(server::Input::AppliedElsewhere);
            inputs.extend(elsewhere);
            let Ok(own) = own else {
                self.stage = Stage::Halted;
                break;
            };
            if own.is_empty() {
                break;
            }
            let own = own.into_iter().filter(|done| done.id != NOBODY);
            inputs.extend(own.map(server::Input::Completion));
        }
        inputs
    }
}

impl ServerHost {
    /// Has a server that has just started join its cluster.
    pub fn join(mut self, node: usize, now: Duration, log: LogEnd, nonce: [u8; 16]) -> Self {
        let at = self.process.clocks.moment(now).instant;
        let state = self.engine.replica().expect("it is of a cluster").clone();
        let replica = Replica::new(at, node_name(node), nonce, state);
        let told = Arc::default();
        self.member = Some(Member {
            stage: Stage::Joining(Box::new((replica, log))),
            elsewhere: Arc::default(),
            halt: Arc::default(),
            inputs: Inputs::new(),
            checkpoint_at: now + CHECKPOINT_EVERY,
            told: Arc::clone(&told),
        });
        let life = u64::from_le_bytes(nonce[..8].try_into().expect("there are 16"));
        let introduction = Introduction {
            node: node_name(node).into(),
            life,
            meaning: MEANING,
            link: Box::new(Link(told)),
        };
        self.process = self
            .process
            .map(Host::Node(node), |hub| hub.with_peers(introduction));
        self
    }

    pub(super) fn settle_as_member(&mut self, now: Duration, network: &mut Network) {
        let at = self.process.clocks.moment(now).instant;
        let member = self.member.as_mut().expect("it is one");
        member.join(&mut self.engine, at);
        if !member.is_up() {
            return;
        }
        while member.inputs.front().is_some_and(|(due, _)| *due <= now) {
            let (_, input) = member.inputs.pop_front().expect("just looked at");
            self.process.input(now, input);
        }
        self.process.settle(now, network);
        if matches!(member.stage, Stage::Halted) {
            return;
        }
        loop {
            let batch = self.store.take(BATCH);
            let is_empty = batch.is_empty();
            let (shared, own): (Vec<_>, Vec<_>) = batch
                .into_iter()
                .partition(|(_, request)| is_shared(request));
            let shared = shared.into_iter().flat_map(|(id, mut request)| {
                let moved = self.engine.split_hello(&mut request);
                let asked = CompletionBox::from(Completion::new(id, request, Outcome::Unknown));
                moved.map(nobodys).into_iter().chain([asked])
            });
            let shared: Vec<CompletionBox> = shared.collect();
            let own = self.engine.execute(own).into_iter();
            let own = own.map(|done| server::Input::Completion(done.into()));
            let mut done: Vec<server::Input> = own.collect();
            done.extend(member.follow(&mut self.engine, at, shared));
            let due = now + UNDER_WAY;
            let inputs = done.into_iter().map(|input| (due, input));
            member.inputs.extend(inputs);
            if is_empty {
                break;
            }
        }
        if self.disk.has_failed() {
            self.is_dead = true;
            return;
        }
        if member.halt().is_some() {
            self.process.input(now, server::Input::Stop);
            self.process.settle(now, network);
            return;
        }
        if now >= member.checkpoint_at {
            member.checkpoint_at = now + CHECKPOINT_EVERY;
            if let Some(operations) = self.doom.take() {
                self.disk.has_failed();
                self.disk.memory.fail_after(Some(operations));
            }
            self.engine
                .execute(vec![(RequestId(0), Request::Checkpoint)]);
            self.is_dead = self.disk.has_failed();
        }
    }

    /// Another server tells something.
    pub fn hear(&mut self, now: Duration, node: usize, told: Vec<u8>) {
        if self.member.as_ref().is_some_and(Member::is_up) {
            let input = server::Input::FromPeer(node_name(node).into(), told);
            self.process.input(now, input);
        }
    }

    pub(super) fn deadline_as_member(&self) -> Option<Duration> {
        let member = self.member.as_ref()?;
        let since = |at: Instant| {
            at.saturating_duration_since(self.process.clocks.moment(Duration::ZERO).instant)
        };
        let log = match &member.stage {
            Stage::Joining(joining) => return Some(since(joining.0.deadline())),
            Stage::Following(follower) => {
                Some(since(follower.deadline()).min(member.checkpoint_at))
            }
            Stage::Halted => None,
        };
        let inputs = member.inputs.front().map(|(due, _)| *due);
        let deadlines = [log, inputs, self.process.deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// What it has come to, and how far: all of it is in the tables then.
    pub fn come_to(&mut self) -> (u64, [u8; 32], [u8; 32], [u8; 32]) {
        come_to(&mut self.engine)
    }

    /// How far it has applied the log.
    pub fn applied(&self) -> u64 {
        self.engine.replica().expect("it is of a cluster").applied
    }
}

fn come_to(engine: &mut Engine) -> (u64, [u8; 32], [u8; 32], [u8; 32]) {
    engine.execute(vec![(RequestId(0), Request::Checkpoint)]);
    let state = engine.replica().expect("it is of a cluster").clone();
    let hash = engine.snapshots().state_hash();
    let hash = hash.expect("the disk does not fail in reading");
    (state.applied, state.chain, state.outcomes, hash)
}

/// Who only reads the log, without any fault: its disk says what the log has come to.
pub struct Witness {
    engine: Engine,
    replica: Replica,
    disk: Disk,
}

impl Witness {
    pub fn new(now: Instant, disk: &Disk, seed: [u8; 32]) -> Self {
        let files = disk.files().expect("the disk holds a database");
        let engine = Engine::new(files, seed).expect("the schema is ours");
        let state = engine.replica().expect("it is of a cluster").clone();
        Self {
            replica: Replica::new(now, "witness".into(), [0; 16], state),
            engine,
            disk: disk.clone(),
        }
    }

    /// The position of the next record.
    pub const fn next(&self) -> u64 {
        self.replica.state().applied + 1
    }

    /// The next record stands in the log.
    pub fn take(&mut self, now: Instant, record: Arc<[u8]>) {
        let event = udpchat::cluster::Event::Record(self.next(), record);
        let taken = self.replica.on_event(now, event);
        taken.expect("a right log stops nobody");
        let applied = self.replica.apply_next(&mut self.engine);
        let applied = applied.expect("a right log stops nobody");
        for (done, _) in applied.expect("it is the next one").others {
            self.disk.is_decided(&done);
        }
    }

    pub fn come_to(&mut self) -> (u64, [u8; 32], [u8; 32], [u8; 32]) {
        come_to(&mut self.engine)
    }
}
