//! Several servers that share a log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use udpchat::cluster::Halt;

use super::World;
use crate::disk::Disk;
use crate::faults::{Fault, Faults};
use crate::kit::Rng;
use crate::kit::shared_log::SharedLog;
use crate::network::{Host, node_address};
use crate::plan::{Event, Plan};
use crate::process::Clocks;
use crate::server::ServerHost;
use crate::server::member::{Member, Witness};

/// How long a server that has stopped by itself is down: whoever looks after it starts it again.
const DOWN: Duration = Duration::from_secs(2);
/// How long a server that has stopped by itself has for its goodbyes.
const GOODBYE: Duration = Duration::from_secs(5);
/// All servers have come to the same so long after nothing is asked for any more.
const ALIKE_WITHIN: Duration = Duration::from_secs(5);

/// One of several servers.
struct Node {
    /// None while it does not run.
    host: Option<ServerHost>,
    disk: Disk,
    /// The file beside its database: which generation of that was seen last.
    generation: u64,
    /// It has stopped by itself, and is to be gone then.
    gone_at: Option<Duration>,
    is_cut: bool,
}

/// A message from one server to another.
struct Mail {
    from: usize,
    to: usize,
    told: Vec<u8>,
}

/// Several servers, and their log.
pub struct Cluster {
    pub log: SharedLog,
    nodes: Vec<Node>,
    witness: Witness,
    mail: BTreeMap<(Duration, u64), Mail>,
    mails: u64,
    rng: Rng,
    /// How many of the messages between servers are lost, as a share.
    peer_loss: f64,
    /// Which servers have stopped by themselves, and why.
    halted: BTreeSet<usize>,
    pub halts: Vec<Halt>,
}

impl Cluster {
    /// The servers of a plan, if it has several. The disk becomes that of who only reads the log.
    pub fn of(plan: &Plan, clocks: Clocks, disk: &Disk, seed: u64) -> Option<Self> {
        let count = plan.cluster.nodes;
        if count == 0 {
            return None;
        }
        let mut rng = Rng::new(seed, 32);
        ServerHost::found_cluster(disk, rng.seed());
        let node = |_| Node {
            host: None,
            disk: disk.fork(),
            generation: 0,
            gone_at: None,
            is_cut: false,
        };
        let nodes = (0..count).map(node).collect();
        let log = SharedLog::new(count, plan.cluster.log, seed);
        log.tells_standing();
        Some(Self {
            log,
            nodes,
            witness: Witness::new(clocks.moment(Duration::ZERO).instant, disk, rng.seed()),
            mail: BTreeMap::new(),
            mails: 0,
            rng,
            peer_loss: plan.cluster.peer_loss,
            halted: BTreeSet::new(),
            halts: Vec::new(),
        })
    }

    pub fn heal(&mut self) {
        self.log.heal();
        self.peer_loss = 0.0;
        for node in &mut self.nodes {
            node.is_cut = false;
            if let Some(host) = &mut node.host {
                host.be_spared();
            }
        }
    }

    pub fn boot(&mut self, node: usize, now: Duration, clocks: Clocks, plan: &Plan) {
        let (seed, mut nonce) = (self.rng.seed(), [0; 16]);
        self.rng.fill(&mut nonce);
        let end = self.log.end(node);
        let at = &mut self.nodes[node];
        at.gone_at = None;
        let generation = &mut at.generation;
        let host = ServerHost::boot(clocks, now, &at.disk, generation, plan.keep.all, seed);
        at.host = Some(host.join(node, now, end, nonce));
    }

    /// The addresses of all servers, for a client that prefers one of them.
    pub fn addresses(&self, client: usize) -> Vec<std::net::SocketAddr> {
        let count = self.nodes.len();
        let node = |place| node_address((client + place) % count);
        (0..count).map(node).collect()
    }

    /// Its power fails: of what was not synced, any part may be there. Whether it was running.
    fn kill(&mut self, node: usize) -> bool {
        let Some(host) = self.nodes[node].host.take() else {
            return false;
        };
        let rng = &mut self.rng;
        self.nodes[node]
            .disk
            .memory
            .crash_keeping(|_| rng.happens(0.5));
        drop(host);
        true
    }

    pub fn host(&self, node: usize) -> Option<&ServerHost> {
        self.nodes[node].host.as_ref()
    }

    pub fn host_mut(&mut self, node: usize) -> Option<&mut ServerHost> {
        self.nodes[node].host.as_mut()
    }

    /// Whether it has stopped by itself.
    pub fn has_halted(&self, node: usize) -> bool {
        self.halted.contains(&node)
    }

    /// Whether it serves clients.
    pub fn serves(&self, node: usize) -> bool {
        let member = self.host(node).and_then(|host| host.member.as_ref());
        member.is_some_and(|member| member.is_up() && member.halt().is_none())
    }

    pub const fn count(&self) -> usize {
        self.nodes.len()
    }

    pub fn deadline(&self, node: usize) -> Option<Duration> {
        let node = &self.nodes[node];
        let own = node.host.as_ref().and_then(ServerHost::deadline);
        [own, node.gone_at].into_iter().flatten().min()
    }

    /// When the log or a message between servers is due.
    pub fn next(&self) -> Option<Duration> {
        let mail = self.mail.first_key_value().map(|((at, _), _)| *at);
        [self.log.deadline(), mail].into_iter().flatten().min()
    }

    /// The log goes on, and messages between servers arrive.
    fn advance(&mut self, now: Duration, clocks: Clocks, is_wrong: bool) {
        self.log.advance(now);
        let at = clocks.moment(now).instant;
        while !is_wrong && let Some(record) = self.log.record(self.witness.next()) {
            self.witness.take(at, record);
        }
        while let Some(entry) = self.mail.first_entry().filter(|entry| entry.key().0 <= now) {
            let Mail { from, to, told } = entry.remove();
            if let Some(host) = &mut self.nodes[to].host {
                host.hear(now, from, told);
            }
        }
    }

    /// What the hub of a server has told is on its way to the others.
    fn post(&mut self, now: Duration, from: usize, faults: &mut Faults) {
        let host = self.nodes[from].host.as_ref();
        let told = host.and_then(|host| host.member.as_ref().map(Member::take_told));
        for told in told.into_iter().flatten() {
            for to in (0..self.nodes.len()).filter(|to| *to != from) {
                let is_cut = self.nodes[from].is_cut || self.nodes[to].is_cut;
                if is_cut || self.rng.happens(self.peer_loss) {
                    faults.count(Fault::PeerLost);
                    continue;
                }
                self.mails += 1;
                // In order, as one connection brings them.
                let due = now + Duration::from_millis(1);
                let told = told.clone();
                self.mail.insert((due, self.mails), Mail { from, to, told });
            }
        }
    }

    /// What the log has come to is in the tables of the disk that says so.
    pub fn checkpoint(&mut self) {
        self.witness.come_to();
    }

    fn have_all_applied(&self) -> bool {
        let all = self.log.written() as u64;
        let hosts = self.nodes.iter().map(|node| node.host.as_ref());
        hosts
            .into_iter()
            .all(|host| host.is_some_and(|host| host.applied() == all))
    }

    /// All servers have come to the same.
    fn check(&mut self, people: usize) {
        let log = self.witness.come_to();
        for (number, node) in self.nodes.iter_mut().enumerate() {
            let host = node.host.as_mut().expect("everybody is up");
            assert_eq!(
                host.requests(),
                0,
                "node {number}: a slot of the store was not given back"
            );
            let online = host.process.app.online();
            assert_eq!(online, people, "node {number}: all are online");
            assert_eq!(host.come_to(), log, "node {number} differs from the log");
        }
    }
}

impl World {
    /// The servers start, and the clients know their addresses.
    pub(super) fn boot_cluster(&mut self) {
        let Some(cluster) = &mut self.cluster else {
            return;
        };
        self.network.has_nodes = true;
        for node in 0..cluster.count() {
            cluster.boot(node, self.now, self.server_clocks, &self.plan);
        }
        for client in &mut self.clients {
            client.servers = cluster.addresses(client.number);
        }
    }

    pub(super) fn settle_cluster(&mut self) {
        let Some(cluster) = &mut self.cluster else {
            return;
        };
        cluster.advance(self.now, self.server_clocks, self.is_log_wrong);
        for node in 0..cluster.count() {
            self.settle_node(node);
        }
    }

    pub(super) fn settle_node(&mut self, node: usize) {
        let now = self.now;
        let Some(cluster) = &mut self.cluster else {
            return;
        };
        let has_news = cluster.log.has_news(node);
        let is_due = cluster.deadline(node).is_some_and(|at| at <= now);
        if !has_news && !is_due {
            return;
        }
        self.settle_awake_node(node);
    }

    pub(super) fn settle_awake_node(&mut self, node: usize) {
        let now = self.now;
        let Some(cluster) = &mut self.cluster else {
            return;
        };
        let Some(host) = cluster.host_mut(node) else {
            return;
        };
        host.settle(now, &mut self.network);
        cluster.post(now, node, &mut self.network.faults);
        let at = &mut cluster.nodes[node];
        let Some(host) = &at.host else {
            return;
        };
        if host.is_dead {
            self.network.faults.count(Fault::CheckpointTorn);
            self.kill_node(node, DOWN);
            return;
        }
        let halt = host.member.as_ref().and_then(Member::halt);
        let Some(halt) = halt else {
            return;
        };
        let gone_at = *at.gone_at.get_or_insert_with(|| {
            self.network.faults.count(Fault::NodeHalted);
            cluster.halts.push(halt);
            cluster.halted.insert(node);
            now + GOODBYE
        });
        if host.has_stopped() || gone_at <= now {
            self.kill_node(node, DOWN);
        }
    }

    pub(super) fn kill_node(&mut self, node: usize, down: Duration) {
        if let Some(cluster) = &mut self.cluster
            && cluster.kill(node)
        {
            cluster.nodes[node].gone_at = None;
            self.schedule(down, Event::StartNode { node });
        }
    }

    pub(super) fn apply_to_cluster(&mut self, event: Event) {
        let Some(cluster) = &mut self.cluster else {
            return;
        };
        match event {
            Event::PauseLog { span } => cluster.log.pause(span),
            Event::KillNode { node, down } => {
                if cluster.host(node).is_some() {
                    self.network.faults.count(Fault::NodeKilled);
                    self.kill_node(node, down);
                }
            }
            Event::TearCheckpoint { node } => {
                let operations = cluster.rng.below(30);
                if let Some(host) = cluster.host_mut(node) {
                    host.die_in_commit(operations);
                }
            }
            Event::StartNode { node } => {
                if cluster.host(node).is_none() {
                    cluster.boot(node, self.now, self.server_clocks, &self.plan);
                    self.settle_awake_node(node);
                }
            }
            Event::CutNode { node, is_cut } => {
                cluster.log.cut(node, is_cut);
                cluster.nodes[node].is_cut = is_cut;
            }
            _ => unreachable!("it is not about servers of a cluster"),
        }
    }

    /// All servers have come to the same, which the log says.
    pub(super) fn check_cluster(&mut self) {
        if self.cluster.is_none() {
            return;
        }
        let limit = self.now + ALIKE_WITHIN;
        self.run_until(limit, "apply the whole log", |world| {
            world
                .cluster
                .as_ref()
                .is_some_and(Cluster::have_all_applied)
        });
        let people = self.plan.clients;
        let Some(cluster) = &mut self.cluster else {
            return;
        };
        cluster.check(people);
        let may_stop = self.plan.cluster.cuts > 0;
        for halt in &cluster.halts {
            let is_cut_off = matches!(halt, Halt::CutOff { .. } | Halt::Behind { .. });
            assert!(may_stop && is_cut_off, "a server has stopped: {halt}");
        }
        self.network.faults.count_log(&cluster.log.counts());
    }

    /// The hosts of the servers.
    pub(super) fn server_hosts(&self) -> impl Iterator<Item = Host> + use<> {
        let nodes = self.cluster.as_ref().map_or(0, Cluster::count);
        (0..nodes)
            .map(Host::Node)
            .chain((nodes == 0).then_some(Host::Server))
    }
}
