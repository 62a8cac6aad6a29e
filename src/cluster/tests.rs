//! Several servers over a log with which everything goes wrong that may, and some things that may not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Follower, Halt, Replica};
use crate::kit::Rng;
use crate::kit::shared_log::{Counts, LogEnd, LogFaults, SharedLog};
use crate::protocol::{AccountId, ConversationId, DeviceId, DeviceSeq, Digest};
use crate::store::fault_disk::MemoryDisk;
use crate::store::{
    Append, AppliedElsewhere, Completion, CompletionBox, Engine, NewAccount, Outcome, Quota, Read,
    Replication as _, Reply, Request, RequestId, TicketHash, Write,
};
use crate::testing::instant;

const EVERYONE: ConversationId = ConversationId(1);
const TICK: Duration = Duration::from_millis(1);

/// A user, who says one thing after the other: each until it is known to be stored.
struct User {
    account: AccountId,
    device: DeviceId,
    /// What was said last.
    said: u64,
    /// Where it was said; none if all is stored.
    asked: Option<usize>,
    stored: u64,
}

impl User {
    fn text(&self, number: u64) -> Vec<u8> {
        format!("{} says {number}", self.account.0).into_bytes()
    }

    fn append(&self, number: u64) -> Write {
        let content = self.text(number);
        Write::Append(Append {
            conversation: EVERYONE,
            author: self.account,
            device: self.device,
            number: DeviceSeq(number),
            digest: Digest::of(&content),
            content,
            time_ms: number,
            quota: Quota::default(),
            relation: None,
            has_file: false,
            key: None,
        })
    }
}

struct Server {
    disk: MemoryDisk,
    /// None while it is not running.
    process: Option<(Engine, Replica, LogEnd)>,
    /// How many entries it has told its own sessions of.
    told: u64,
}

struct World {
    now: Duration,
    start: Instant,
    rng: Rng,
    log: SharedLog,
    servers: Vec<Server>,
    users: Vec<User>,
    /// Which request is whose.
    requests: BTreeMap<RequestId, usize>,
    last_request: u64,
    halts: Vec<Halt>,
    counts: Counts,
}

fn done(engine: &mut Engine, write: Write) -> Reply {
    let mut answers = engine.execute(vec![(RequestId(0), write.into())]);
    match answers.remove(0).outcome {
        Outcome::Done(reply) => reply,
        other => panic!("it is not done: {other:?}"),
    }
}

/// The database of a new cluster, with these users.
fn founded(users: u64) -> (MemoryDisk, Vec<User>) {
    let disk = MemoryDisk::new();
    let mut engine = Engine::new(disk.files().unwrap(), [7; 32]).unwrap();
    let user = |index: u64| {
        let name = format!("user{index}");
        let new = NewAccount {
            skeleton: name.clone(),
            name,
            record: vec![1],
            credential_identifier: [9; 16],
            time_ms: 1,
        };
        let Reply::Account(account) = done(&mut engine, Write::CreateAccount(new)) else {
            panic!("no account");
        };
        let open = Write::OpenDevice {
            account: account.id,
            device: None,
            ticket: TicketHash([1; 32]),
            expires_ms: u64::MAX,
        };
        let Reply::Device {
            account, device, ..
        } = done(&mut engine, open)
        else {
            panic!("no device");
        };
        User {
            account,
            device,
            said: 0,
            asked: None,
            stored: 0,
        }
    };
    let users = (0..users).map(user).collect();
    engine.found_cluster().unwrap();
    drop(engine);
    (disk, users)
}

impl World {
    fn new(servers: usize, faults: LogFaults, seed: u64) -> Self {
        let (disk, users) = founded(6);
        let server = |_| Server {
            disk: disk.copy(),
            process: None,
            told: 0,
        };
        let mut world = Self {
            now: Duration::ZERO,
            start: instant(),
            rng: Rng::new(seed, 1),
            log: SharedLog::new(servers, faults, seed),
            servers: (0..servers).map(server).collect(),
            users,
            requests: BTreeMap::new(),
            last_request: 0,
            halts: Vec::new(),
            counts: Counts::new(),
        };
        for server in 0..servers {
            world.boot(server);
        }
        world
    }

    fn instant(&self) -> Instant {
        self.start + self.now
    }

    fn boot(&mut self, server: usize) {
        let mut nonce = [0; 16];
        self.rng.fill(&mut nonce);
        let end = self.log.end(server);
        let now = self.instant();
        let at = &mut self.servers[server];
        let engine = Engine::new(at.disk.files().unwrap(), [8; 32]).unwrap();
        assert_eq!(engine.loss(), None);
        let state = engine.replica().unwrap().clone();
        let replica = Replica::new(now, format!("node{server}"), nonce, state);
        at.process = Some((engine, replica, end));
    }

    /// The process ends, and what was not synced is lost, or some of it.
    fn kill(&mut self, server: usize) {
        *self.counts.entry("killed").or_default() += 1;
        let Some((engine, ..)) = self.servers[server].process.take() else {
            return;
        };
        let rng = &mut self.rng;
        self.servers[server]
            .disk
            .crash_keeping(|_| rng.below(2) == 0);
        drop(engine);
        for user in &mut self.users {
            if user.asked == Some(server) {
                // Nobody knows, so it is said again elsewhere.
                user.asked = None;
            }
        }
    }

    /// Whoever has nothing under way says something, at some server.
    fn talk(&mut self) {
        for index in 0..self.users.len() {
            if self.users[index].asked.is_some() {
                continue;
            }
            let server = self.rng.index(self.servers.len());
            let Some((_, replica, _)) = &mut self.servers[server].process else {
                continue;
            };
            let user = &mut self.users[index];
            if user.said == user.stored {
                user.said += 1;
            }
            user.asked = Some(server);
            self.last_request += 1;
            let id = RequestId(self.last_request);
            self.requests.insert(id, index);
            let request = user.append(user.said).into();
            replica.submit([Completion::new(id, request, Outcome::Unknown).into()]);
        }
    }

    /// Asks a server for something that no user says.
    fn ask(&mut self, server: usize, asked: CompletionBox) {
        let (_, replica, _) = self.servers[server].process.as_mut().unwrap();
        replica.submit([asked]);
    }

    fn tick(&mut self) {
        self.now += TICK;
        self.log.advance(self.now);
        for server in 0..self.servers.len() {
            if let Err(halt) = self.turn(server) {
                self.kill(server);
                self.halts.push(halt);
            }
        }
    }

    fn turn(&mut self, server: usize) -> Result<(), Halt> {
        let now = self.instant();
        let Server { process, told, .. } = &mut self.servers[server];
        let Some((engine, replica, end)) = process else {
            return Ok(());
        };
        while let Some(event) = super::Log::poll(end) {
            replica.on_event(now, event)?;
        }
        while let Some(applied) = replica.apply_next(engine)? {
            *told += applied.others.len() as u64;
            for completion in applied.own {
                let Some(user) = self.requests.remove(&completion.id) else {
                    // It is nobody's, as an announcement.
                    continue;
                };
                let user = &mut self.users[user];
                assert_eq!(user.asked, Some(server));
                assert!(
                    matches!(completion.outcome, Outcome::Done(Reply::Stored(_))),
                    "{completion:?}"
                );
                user.stored += 1;
                user.asked = None;
            }
        }
        replica.run(now, end)
    }

    fn run_for(&mut self, time: Duration, is_talking: bool) {
        let until = self.now + time;
        while self.now < until {
            if is_talking {
                self.talk();
            }
            self.tick();
        }
    }

    /// Everything said is there exactly once, in order, and all servers are alike.
    fn check(&mut self) {
        let mut hashes = Vec::new();
        for server in &mut self.servers {
            let (engine, replica, _) = server.process.as_mut().expect("it runs");
            assert_eq!(replica.state().applied, self.log.written() as u64);
            engine.execute(vec![(RequestId(0), Request::Checkpoint)]);
            let state = engine.replica().unwrap().clone();
            hashes.push((engine.snapshots().state_hash().unwrap(), state));
            let all = Read::Entries {
                conversation: EVERYONE,
                reader: AccountId(1),
                after: crate::protocol::EntryId(0),
                max_bytes: usize::MAX,
            };
            let answers = engine.execute(vec![(RequestId(0), all.into())]);
            let Outcome::Done(Reply::Entries { entries, .. }) = &answers[0].outcome else {
                panic!("no entries");
            };
            for user in &self.users {
                let said = entries.iter().filter(|entry| entry.author == user.account);
                let numbers: Vec<u64> = said.map(|entry| entry.number.0).collect();
                let expected: Vec<u64> = (1..=user.stored).collect();
                assert_eq!(numbers, expected, "of {:?}", user.account);
            }
        }
        assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

/// A run with every fault that must not be noticed.
fn survive(seed: u64) -> (Counts, u64) {
    let faults = LogFaults {
        ack_lost: 20,
        lost: 10,
        late: 5,
        twice: 5,
        feed_lost: 10,
        feed_twice: 5,
        feed_late: 10,
        stale: 20,
        unread: 10,
    };
    let mut world = World::new(3 + usize::from(seed.is_multiple_of(2)), faults, seed);
    for _ in 0..12 {
        let time = world.rng.ms(200, 1500);
        world.run_for(time, true);
        let victim = world.rng.index(world.servers.len());
        match world.rng.below(6) {
            0 | 1 => {
                world.kill(victim);
                let time = world.rng.ms(1, 2000);
                world.run_for(time, true);
                world.boot(victim);
            }
            2 => {
                world.log.cut(victim, true);
                let time = world.rng.ms(10, 6000);
                world.run_for(time, true);
                world.log.cut(victim, false);
            }
            3 => {
                let time = world.rng.ms(4000, 9000);
                world.log.pause(time);
            }
            _ => {
                if let Some((engine, ..)) = &mut world.servers[victim].process {
                    engine.execute(vec![(RequestId(0), Request::Checkpoint)]);
                }
            }
        }
    }
    world.log.heal();
    assert_eq!(world.halts, [], "seed {seed}");
    world.run_for(Duration::from_secs(30), false);
    for (index, user) in world.users.iter().enumerate() {
        assert_eq!(user.asked, None, "seed {seed}: user {index} has no answer");
    }
    // What is said last ends what the faults have left.
    world.run_for(Duration::from_secs(1), true);
    world.run_for(Duration::from_secs(2), false);
    assert!(world.users.iter().all(|user| user.stored == user.said));
    world.check();
    let mut counts = world.log.counts();
    for (what, count) in world.counts {
        *counts.entry(what).or_default() += count;
    }
    (counts, world.users.iter().map(|user| user.stored).sum())
}

#[test]
fn nothing_is_lost_or_doubled_whatever_the_log_does_and_whoever_is_killed() {
    let (mut all, mut stored) = (Counts::new(), 0);
    for seed in 0..40 {
        let (counts, said) = survive(seed);
        stored += said;
        for (what, count) in counts {
            *all.entry(what).or_default() += count;
        }
    }
    println!("{stored} stored, with {all:?}");
    assert_eq!(all.len(), 12, "some fault was not tried: {all:?}");
}

/// Three servers, and a while of talk.
fn in_service() -> World {
    let mut world = World::new(3, LogFaults::default(), 5);
    world.run_for(Duration::from_secs(2), true);
    world
}

/// Has the last server start again from the beginning, and says why it stops.
fn restarted(world: &mut World) -> Halt {
    let (disk, _) = founded(6);
    world.kill(2);
    world.servers[2].disk = disk;
    // Its cluster is the others'.
    world.servers[2].disk = world.servers[0].disk.copy();
    world.boot(2);
    world.run_for(Duration::from_secs(15), false);
    let halt = world.halts.pop();
    halt.expect("it goes on over a damaged log")
}

#[test]
fn record_that_has_changed_stops_who_reads_it_at_the_next_record_of_another_server() {
    let mut world = in_service();
    let at = world.log.written() / 2;
    // The content of a write: still a record.
    world.log.change(at, |bytes| {
        let last = bytes.len() - 20;
        bytes[last] ^= 1;
    });
    let halt = restarted(&mut world);
    let is_found = matches!(halt, Halt::Differs { .. } | Halt::Damaged { .. });
    assert!(is_found, "{halt:?}");
}

#[test]
fn hole_in_the_log_is_never_passed_over() {
    let mut world = in_service();
    let at = world.log.written() / 2;
    world.log.remove(at);
    let halt = restarted(&mut world);
    let is_found = matches!(halt, Halt::Differs { .. } | Halt::Damaged { .. });
    assert!(is_found, "{halt:?}");
}

#[test]
fn log_that_ends_before_what_was_applied_stops_the_server() {
    let mut world = in_service();
    let now = world.instant();
    let (_, replica, _) = world.servers[0].process.as_mut().unwrap();
    let applied = replica.state().applied;
    let stands = |first, last| super::Event::Stands { first, last };
    assert_eq!(replica.on_event(now, stands(1, applied)), Ok(()));
    let first = applied + 2;
    let old = replica.on_event(now, stands(first, applied + 9));
    assert_eq!(old, Err(Halt::TooOld { applied, first }));
    let last = applied - 1;
    assert_eq!(replica.on_event(now, stands(1, last)), Ok(()));
    let later = |seconds| now + Duration::from_secs(seconds);
    assert_eq!(replica.on_event(later(9), stands(1, last)), Ok(()));
    let cut = replica.on_event(later(10), stands(1, last));
    assert_eq!(cut, Err(Halt::CutShort { applied, last }));
    // Once it was said that it does not, nothing is left of it.
    assert_eq!(replica.on_event(later(11), stands(1, applied)), Ok(()));
    assert_eq!(replica.on_event(later(12), stands(1, last)), Ok(()));
}

#[test]
fn log_that_was_cut_off_and_goes_on_stops_who_has_applied_what_is_gone() {
    let mut world = in_service();
    world.log.truncate(world.log.written() / 2);
    world.run_for(Duration::from_secs(2), true);
    let is_found = |halt: &Halt| matches!(halt, Halt::Damaged { .. });
    assert_eq!(world.halts.len(), 3);
    assert!(world.halts.iter().all(is_found), "{:?}", world.halts);
}

#[test]
fn server_that_hears_nothing_stops_after_ten_seconds_and_not_before() {
    let mut world = in_service();
    world.log.cut(1, true);
    world.run_for(Duration::from_secs(9), true);
    assert_eq!(world.halts, []);
    world.run_for(Duration::from_secs(2), true);
    assert_eq!(world.halts, [Halt::CutOff { seconds: 10 }]);
}

#[test]
fn two_servers_of_one_name_do_not_go_on_together() {
    let mut world = in_service();
    world.run_for(Duration::from_secs(1), false);
    let now = world.instant();
    let (engine, replica, _) = world.servers[1].process.as_mut().unwrap();
    let state = engine.replica().unwrap().clone();
    *replica = Replica::new(now, "node0".into(), [77; 16], state);
    world.run_for(Duration::from_secs(5), true);
    let node = "node0".to_owned();
    assert_eq!(world.halts.first(), Some(&Halt::NameTaken { node }));
}

#[test]
fn database_that_has_come_to_something_else_is_noticed_within_a_second() {
    let mut world = in_service();
    world.run_for(Duration::from_secs(1), false);
    let (engine, ..) = world.servers[1].process.as_mut().unwrap();
    // An entry too many.
    let other = world.users[0].append(world.users[0].said + 1);
    let state = engine.replica().unwrap().clone();
    let asked = Completion::new(RequestId(0), other.into(), Outcome::Unknown);
    let mut record = [Box::new(asked)];
    engine.apply(&mut record, |_| state).unwrap();
    world.run_for(Duration::from_secs(1), true);
    let halt = world.halts.first();
    assert!(matches!(halt, Some(Halt::Differs { .. })), "{halt:?}");
}

/// The entry that a write was given.
fn entry(done: &Completion) -> u64 {
    match &done.outcome {
        Outcome::Done(Reply::Stored(stored)) => stored.entry.0,
        other => panic!("it is not stored: {other:?}"),
    }
}

#[test]
fn hub_learns_of_all_in_the_order_of_the_log_whoever_has_asked() {
    // What others had asked for was told first, even if it came later: an entry went to its readers before the one in front of
    // it, and who was kicked after they had joined belonged to the room.
    let mut world = in_service();
    world.run_for(Duration::from_secs(1), false);
    let (mut engine, replica, end) = world.servers[0].process.take().unwrap();
    let entries = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&entries);
    let tell = move |applied: Vec<AppliedElsewhere>| {
        let mut told = told.lock().unwrap();
        told.extend(applied.iter().map(|applied| entry(&applied.completion)));
    };
    let mut follower = Follower::new(replica, end, tell, |halt| panic!("{halt}"), Arc::default());
    let asked = |world: &World, user: usize| -> CompletionBox {
        let user = &world.users[user];
        let request = user.append(user.said + 1).into();
        Completion::new(RequestId(0), request, Outcome::Unknown).into()
    };
    follower.submit(vec![asked(&world, 0)]);
    follower.advance(&mut engine, world.instant()).unwrap();
    world.run_for(Duration::from_millis(100), false);
    let other = asked(&world, 1);
    let (other_engine, other_replica, mut end) = world.servers[1].process.take().unwrap();
    let mut other_replica = other_replica;
    other_replica.submit([other]);
    other_replica.run(world.instant(), &mut end).unwrap();
    drop(other_engine);
    world.run_for(Duration::from_millis(100), false);
    loop {
        let own = follower.advance(&mut engine, world.instant()).unwrap();
        if own.is_empty() {
            break;
        }
        let own = own.iter().map(|done| entry(done));
        entries.lock().unwrap().extend(own);
    }
    let entries = entries.lock().unwrap();
    assert_eq!(entries.len(), 2);
    assert!(entries.is_sorted(), "{entries:?}");
}

#[test]
fn group_that_is_in_the_log_twice_is_done_once() {
    // What is said with a number of its device is stored once whatever becomes of the group; an announcement has none.
    let faults = LogFaults {
        twice: 100,
        ack_lost: 50,
        ..LogFaults::default()
    };
    let mut world = World::new(3, faults, 8);
    world.run_for(Duration::from_secs(4), false);
    for number in 1..=20 {
        let announce = Write::Announce {
            author: None,
            text: format!("tea at {number}"),
            time_ms: number,
        };
        let asked = Completion::new(RequestId(0), announce.into(), Outcome::Unknown);
        world.ask(0, asked.into());
        world.run_for(Duration::from_millis(500), false);
    }
    world.run_for(Duration::from_secs(5), false);
    let groups = world.log.written();
    assert!(groups > 2 * 20, "none came twice: {groups}");
    for server in &mut world.servers {
        let (engine, ..) = server.process.as_mut().unwrap();
        let all = Read::Entries {
            conversation: EVERYONE,
            reader: AccountId(1),
            after: crate::protocol::EntryId(0),
            max_bytes: usize::MAX,
        };
        let answers = engine.execute(vec![(RequestId(0), all.into())]);
        let Outcome::Done(Reply::Entries { entries, .. }) = &answers[0].outcome else {
            panic!("no entries");
        };
        assert_eq!(entries.len(), 20);
    }
}
