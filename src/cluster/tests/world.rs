//! Servers over a simulated log, and users who say something at one of them: each thing until it is known to be stored.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::super::{Halt, Log as _, Replica};
use crate::kit::Rng;
use crate::kit::shared_log::{Counts, LogEnd, LogFaults, SharedLog};
use crate::protocol::{AccountId, ConversationId, DeviceId, DeviceSeq, Digest, EntryId};
use crate::store::fault_disk::MemoryDisk;
use crate::store::{
    Append, Completion, Engine, Entry, NewAccount, Outcome, Quota, Read, Reply, Request, RequestId,
    TicketHash, Write,
};
use crate::testing::instant;

const EVERYONE: ConversationId = ConversationId(1);
const TICK: Duration = Duration::from_millis(1);

/// A user, who says one thing after the other: each until it is known to be stored.
pub(super) struct User {
    pub(super) account: AccountId,
    pub(super) device: DeviceId,
    /// What was said last.
    pub(super) said: u64,
    /// Where it was said; none if all is stored.
    pub(super) asked: Option<usize>,
    pub(super) stored: u64,
}

impl User {
    fn text(&self, number: u64) -> Vec<u8> {
        format!("{} says {number}", self.account.0).into_bytes()
    }

    pub(super) fn append(&self, number: u64) -> Write {
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

pub(super) struct Server {
    pub(super) disk: MemoryDisk,
    /// None while it is not running.
    pub(super) process: Option<(Engine, Replica, LogEnd)>,
    /// How many entries it has told its own sessions of.
    pub(super) told: u64,
}

pub(super) struct World {
    pub(super) now: Duration,
    pub(super) start: Instant,
    pub(super) rng: Rng,
    pub(super) log: SharedLog,
    pub(super) servers: Vec<Server>,
    pub(super) users: Vec<User>,
    /// Which request is whose.
    pub(super) requests: BTreeMap<RequestId, usize>,
    pub(super) last_request: u64,
    /// What came of what no user has said.
    pub(super) answers: Vec<Outcome>,
    pub(super) halts: Vec<Halt>,
    pub(super) counts: Counts,
}

fn done(engine: &mut Engine, write: Write) -> Reply {
    let mut answers = engine.execute(vec![(RequestId(0), write.into())]);
    match answers.remove(0).outcome {
        Outcome::Done(reply) => reply,
        other => panic!("it is not done: {other:?}"),
    }
}

/// The database of a new cluster, with these users.
pub(super) fn founded(users: u64) -> (MemoryDisk, Vec<User>) {
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

/// All that is said to everyone, as a server has it.
pub(super) fn entries(engine: &mut Engine) -> Vec<Entry> {
    let all = Read::Entries {
        conversation: EVERYONE,
        reader: AccountId(1),
        after: EntryId(0),
        max_bytes: usize::MAX,
    };
    match engine
        .execute(vec![(RequestId(0), all.into())])
        .remove(0)
        .outcome
    {
        Outcome::Done(Reply::Entries { entries, .. }) => entries,
        other => panic!("no entries: {other:?}"),
    }
}

impl World {
    pub(super) fn new(servers: usize, faults: LogFaults, seed: u64) -> Self {
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
            answers: Vec::new(),
            halts: Vec::new(),
            counts: Counts::new(),
        };
        for server in 0..servers {
            world.boot(server);
        }
        world
    }

    pub(super) fn instant(&self) -> Instant {
        self.start + self.now
    }

    pub(super) fn boot(&mut self, server: usize) {
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
    pub(super) fn kill(&mut self, server: usize) {
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
    pub(super) fn ask(&mut self, server: usize, write: Write) {
        let asked = Completion::new(RequestId(0), write.into(), Outcome::Unknown);
        let (_, replica, _) = self.servers[server].process.as_mut().unwrap();
        replica.submit([asked.into()]);
    }

    pub(super) fn tick(&mut self) {
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
        while let Some(event) = end.poll() {
            replica.on_event(now, event)?;
        }
        while let Some(applied) = replica.apply_next(engine)? {
            *told += applied.others.len() as u64;
            for completion in applied.own {
                let Some(user) = self.requests.remove(&completion.id) else {
                    // It is nobody's, as an announcement.
                    self.answers.push(completion.outcome);
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

    pub(super) fn run_for(&mut self, time: Duration, is_talking: bool) {
        let until = self.now + time;
        while self.now < until {
            if is_talking {
                self.talk();
            }
            self.tick();
        }
    }

    /// Everything said is there exactly once, in order, and all servers are alike.
    pub(super) fn check(&mut self) {
        let mut hashes = Vec::new();
        for server in &mut self.servers {
            let (engine, replica, _) = server.process.as_mut().expect("it runs");
            assert_eq!(replica.state().applied, self.log.written() as u64);
            engine.execute(vec![(RequestId(0), Request::Checkpoint)]);
            let state = engine.replica().unwrap().clone();
            hashes.push((engine.snapshots().state_hash().unwrap(), state));
            let entries = entries(engine);
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
