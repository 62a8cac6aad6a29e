//! A fault every few seconds while ten users talk, and a ledger of what they were told: nothing that was called stored is missing,
//! nothing is there twice, all nodes have the same, and everybody is signed in at the end.
//!
//! `UDPCHAT_CHAOS_SECONDS` says for how long, `UDPCHAT_CHAOS_SEED` chooses the faults and the talk.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use super::bots::Bot;
use super::engine::Engine;
use super::ground::Ground;
use super::nodes::{Cluster, NAMES};
use crate::support::Workspace;

const SECONDS: u64 = 40;
const SEED: u64 = 1;
const USERS: usize = 10;
const ROOMS: usize = 3;

const FAULT_EVERY: Duration = Duration::from_secs(5);
const SAYS_EVERY: Duration = Duration::from_millis(60);
const PAUSE: Duration = Duration::from_millis(10);

/// How long a process is stopped, and hosts are cut off from each other. The longer one has a node notice that it is alone.
const STOPPED: Duration = Duration::from_secs(10);
const CUT: Duration = Duration::from_secs(12);

/// How soon a process is started again, by the operator or their system.
const BACK_AFTER: Duration = Duration::from_secs(1);

/// How long a client is left alone before its user tries another node.
const MOVES_AFTER: Duration = Duration::from_secs(2);

/// How long everything may take to come to rest.
const REST_WITHIN: Duration = Duration::from_mins(1);

/// How many requests of a user are under way at most: no more than a client reads.
const ASKED_MAX: usize = 32;

/// `SplitMix64`.
struct Rng(u64);

impl Rng {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed >> 33) % limit as u64).expect("it is below the limit")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    NodeKilled,
    LogServerKilled,
    NodeStopped,
    LogServerStopped,
    NodeCutOff,
    LogServerCutOff,
}

impl Fault {
    const fn is_of_node(self) -> bool {
        matches!(
            self,
            Self::NodeKilled | Self::NodeStopped | Self::NodeCutOff
        )
    }
}

/// What somebody has said: to whom, with which request of which of their clients.
struct Said {
    who: usize,
    life: usize,
    request: u64,
    to: usize,
    text: String,
}

struct Chaos {
    rng: Rng,
    users: Vec<Bot>,
    /// At which node each user's client is, since when, and how many clients they have had.
    seats: Vec<(usize, Instant, usize)>,
    said: Vec<Said>,
    /// When which fault of which process ends.
    ends: Vec<(Instant, Fault, usize)>,
    /// When a node that does not run is started again.
    back: [Option<Instant>; 3],
    faults: BTreeMap<Fault, usize>,
    cluster: Cluster,
    // Last, so that it outlives the processes.
    ground: Ground,
}

/// A user's name, and what it says to whom: the rooms come first.
fn name(user: usize) -> String {
    format!("user{user}")
}

fn target(to: usize) -> String {
    to.checked_sub(ROOMS)
        .map_or_else(|| format!("#room{to}"), name)
}

impl Chaos {
    fn new(seed: u64) -> Option<Self> {
        let ground = Ground::lay();
        let engine = Engine::seated(ground.log())?;
        let names: Vec<String> = (0..USERS).map(name).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let workspace = Workspace::new(&names);
        let cluster = Cluster::seated(workspace, engine, ground.nodes(), &[]);
        let users = names
            .iter()
            .map(|name| Bot::new(&cluster.workspace, &ground.users(), name));
        let mut chaos = Self {
            rng: Rng(seed),
            users: users.collect(),
            seats: (0..USERS)
                .map(|user| (user % NAMES.len(), Instant::now(), 0))
                .collect(),
            said: Vec::new(),
            ends: Vec::new(),
            back: [None; 3],
            faults: BTreeMap::new(),
            cluster,
            ground,
        };
        for user in 0..USERS {
            chaos.start(user, user % NAMES.len());
        }
        for user in &mut chaos.users {
            user.is_ready_within(REST_WITHIN);
            for room in 0..ROOMS {
                let joined = user.asks(serde_json::json!({ "do": "join", "room": target(room) }));
                user.answer(joined);
            }
        }
        Some(chaos)
    }

    /// A user starts a client at this node.
    fn start(&mut self, user: usize, node: usize) {
        let (at, since, lives) = &mut self.seats[user];
        (*at, *since, *lives) = (node, Instant::now(), *lives + 1);
        self.users[user].start(&self.cluster.nodes[node].address);
    }

    /// What goes on by itself: faults end, operators start what has ended, users try another node.
    fn goes_on(&mut self) {
        let now = Instant::now();
        for at in (0..self.ends.len()).rev() {
            if self.ends[at].0 <= now {
                let (_, fault, which) = self.ends.swap_remove(at);
                self.end(fault, which);
            }
        }
        for (node, back) in self.cluster.nodes.iter_mut().zip(&mut self.back) {
            if node.ended().is_some() {
                println!("{} has ended: {}", node.name, node.output().trim_end());
            }
            if node.runs() {
                *back = None;
            } else if *back.get_or_insert(now + BACK_AFTER) <= now {
                node.run();
            }
        }
        for user in 0..USERS {
            self.users[user].listens();
            let (at, since, _) = self.seats[user];
            let is_alone = !self.cluster.nodes[at].runs() || self.users[user].has_ended();
            if is_alone && since.elapsed() >= MOVES_AFTER {
                let up = |node: &usize| self.cluster.nodes[*node].is_up();
                let others: Vec<usize> = (0..NAMES.len()).filter(up).collect();
                if !others.is_empty() {
                    let other = others[self.rng.below(others.len())];
                    self.start(user, other);
                }
            }
        }
    }

    /// Which of the nodes, or else of the nats-servers, can have a fault: those that are well, if enough of them are.
    fn well(&self, is_of_node: bool) -> Vec<usize> {
        let is_well = |which: &usize| {
            let mut ends = self.ends.iter();
            let is_ill =
                ends.any(|(_, fault, ill)| fault.is_of_node() == is_of_node && ill == which);
            !is_ill && (!is_of_node || self.cluster.nodes[*which].is_up())
        };
        let well: Vec<usize> = (0..NAMES.len()).filter(is_well).collect();
        // Of the log more than half is needed, and of the nodes one.
        let needed = if is_of_node { 1 } else { 2 };
        if well.len() > needed {
            well
        } else {
            Vec::new()
        }
    }

    /// Something happens to a process that is well.
    fn happens(&mut self) {
        use Fault::{
            LogServerCutOff, LogServerKilled, LogServerStopped, NodeCutOff, NodeKilled, NodeStopped,
        };
        let mut faults = vec![NodeKilled, LogServerKilled, NodeStopped, LogServerStopped];
        if self.ground.can_cut() {
            faults.extend([NodeCutOff, LogServerCutOff]);
        }
        faults.retain(|fault| !self.well(fault.is_of_node()).is_empty());
        if faults.is_empty() {
            return;
        }
        let fault = faults[self.rng.below(faults.len())];
        let well = self.well(fault.is_of_node());
        let which = well[self.rng.below(well.len())];
        *self.faults.entry(fault).or_default() += 1;
        println!("{fault:?} {}", which + 1);
        let lasts = match fault {
            NodeKilled => {
                self.cluster.nodes[which].kill();
                return;
            }
            LogServerKilled => {
                self.cluster.engine.servers[which].kill();
                BACK_AFTER
            }
            NodeStopped => {
                self.cluster.nodes[which].is_sent("STOP");
                STOPPED
            }
            LogServerStopped => {
                self.cluster.engine.servers[which].is_sent("STOP");
                STOPPED
            }
            NodeCutOff => {
                self.ground.node_and_log(which, true);
                CUT
            }
            LogServerCutOff => {
                self.ground.log_server_and_others(which, true);
                CUT
            }
        };
        self.ends.push((Instant::now() + lasts, fault, which));
    }

    fn end(&mut self, fault: Fault, which: usize) {
        match fault {
            Fault::NodeKilled => {}
            Fault::LogServerKilled => self.cluster.engine.run(which),
            Fault::NodeStopped => self.cluster.nodes[which].is_sent("CONT"),
            Fault::LogServerStopped => self.cluster.engine.servers[which].is_sent("CONT"),
            Fault::NodeCutOff => self.ground.node_and_log(which, false),
            Fault::LogServerCutOff => self.ground.log_server_and_others(which, false),
        }
    }

    /// A user whose client keeps up says something to a room or to another one.
    fn says(&mut self) {
        let who = self.rng.below(USERS);
        let to = self.rng.below(ROOMS + USERS);
        if to != ROOMS + who {
            self.says_to(who, to);
        }
    }

    fn says_to(&mut self, who: usize, to: usize) {
        let life = self.seats[who].2;
        let user = &mut self.users[who];
        let is_ready = user.is_ready();
        let is_open = |said: &&Said| {
            said.who == who && said.life == life && !user.answers.contains_key(&said.request)
        };
        if is_ready && self.said.iter().filter(is_open).count() < ASKED_MAX {
            let text = format!("{} of {} to {}", self.said.len(), name(who), target(to));
            let request = user.says(&target(to), &text);
            self.said.push(Said {
                who,
                life,
                request,
                to,
                text,
            });
        }
    }

    fn run(&mut self, lasts: Duration) {
        let start = Instant::now();
        let (mut fault_at, mut says_at) = (start + FAULT_EVERY, start);
        while start.elapsed() < lasts {
            self.goes_on();
            if fault_at <= Instant::now() {
                self.happens();
                fault_at += FAULT_EVERY;
            }
            while says_at <= Instant::now() {
                self.says();
                says_at += SAYS_EVERY;
            }
            thread::sleep(PAUSE);
        }
    }

    /// Waits for something, while nothing happens any more.
    fn rests(&mut self, wanted: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            self.goes_on();
            if start.elapsed() >= REST_WITHIN {
                let errors = self.users.iter().map(Bot::errors);
                panic!(
                    "not within {REST_WITHIN:?}: {wanted}\n{}",
                    errors.collect::<Vec<_>>().join("\n")
                );
            }
            thread::sleep(PAUSE);
        }
    }

    /// Everything is well again, and everybody says one more thing.
    fn rest(&mut self) {
        for (_, fault, which) in std::mem::take(&mut self.ends) {
            self.end(fault, which);
        }
        self.rests("all nodes are up, and everybody is signed in", |chaos| {
            let are_up = chaos.cluster.nodes.iter().all(super::nodes::Node::is_up);
            are_up && chaos.users.iter_mut().all(Bot::is_ready)
        });
        for who in 0..USERS {
            self.says_to(who, who % ROOMS);
        }
        self.rests(
            "what the clients that run were asked to say is stored",
            |chaos| {
                chaos.said.iter().all(|said| {
                    said.life != chaos.seats[said.who].2
                        || chaos.users[said.who].answers.contains_key(&said.request)
                })
            },
        );
    }

    /// Holds what was told against what there is. Returns how many messages were called stored.
    fn check(&mut self) -> usize {
        let texts = self.cluster.is_equal().texts();
        let mut told = 0;
        for said in &self.said {
            let Some(answer) = self.users[said.who].answers.get(&said.request) else {
                continue;
            };
            assert!(answer["error"].is_null(), "{}: {answer}", said.text);
            let entry = texts.get(&said.text).copied();
            assert!(
                entry.is_some(),
                "{:?} was called stored: {answer}",
                said.text
            );
            assert_eq!(
                entry,
                answer["ok"]["entry"].as_u64(),
                "{:?} stands elsewhere: {answer}",
                said.text
            );
            told += 1;
        }
        self.rests("everybody was told everything", |chaos| {
            let heard: Vec<_> = chaos.users.iter().map(Bot::heard).collect();
            chaos.said.iter().all(|said| {
                let Some(entry) = texts.get(&said.text) else {
                    return true;
                };
                let is_room = said.to < ROOMS;
                let place = if is_room {
                    target(said.to)
                } else {
                    name(said.who)
                };
                let is_reader =
                    |reader: &usize| *reader != said.who && (is_room || *reader == said.to - ROOMS);
                let mut readers = (0..USERS).filter(is_reader);
                readers.all(|reader| {
                    let told = heard[reader].get(&place).and_then(|place| place.get(entry));
                    told == Some(&said.text)
                })
            })
        });
        told
    }
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("it is a number"))
}

#[test]
fn faults_of_nodes_and_nats_servers_lose_and_double_nothing() {
    let seconds = from_environment("UDPCHAT_CHAOS_SECONDS", SECONDS);
    let seed = from_environment("UDPCHAT_CHAOS_SEED", SEED);
    println!("repeat its faults with UDPCHAT_CHAOS_SECONDS={seconds} UDPCHAT_CHAOS_SEED={seed}");
    let Some(mut chaos) = Chaos::new(seed) else {
        return;
    };
    chaos.run(Duration::from_secs(seconds));
    chaos.rest();
    let told = chaos.check();
    let lives: usize = chaos.seats.iter().map(|(_, _, lives)| lives).sum();
    let ends: usize = chaos.cluster.nodes.iter().map(|node| node.ends).sum();
    println!(
        "{seconds} s, seed {seed}: {:?}; nodes ended by themselves {ends} times; {} clients for {USERS} users; said {}, called stored {told}",
        chaos.faults,
        lives,
        chaos.said.len()
    );
}
