//! One run: hosts, network, a plan, and what must be so at its end.

mod archive;
mod cluster;
mod events;
mod files;
mod paging;
mod steps;
mod wrong_log;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::client::ClientHost;
use crate::disk::Disk;
use crate::entries::Log;
use crate::faults::{Fault, Faults};
use crate::kit::Rng;
use crate::network::{Datagram, Host, Network};
use crate::oracle::{Audience, Changes, Oracle};
use crate::people::files::FILE;
use crate::people::mending::Typing;
use crate::people::programs;
use crate::people::rooms::Rooms;
use crate::plan::{Event, Plan};
use crate::process::Clocks;
use crate::script;
use crate::server::ServerHost;
use archive::Archive;
use cluster::Cluster;
pub use wrong_log::Wrong;

/// Everybody must have signed in after so long.
const SIGN_IN_WITHIN: Duration = Duration::from_mins(10);
/// All must have arrived, and been receipted, so long after the faults have ended: a keep-alive's interval until
/// a client behind a new NAT port is heard, or the longest pause before a reconnection and a sign-in.
const QUIET_WITHIN: Duration = Duration::from_mins(1);
/// What should not come any more has so long to come: longer than a server goes on sending to a session whose client is
/// dead (75 s of silence), as that of a device whose process was killed and came back as a new one.
const REST: Duration = Duration::from_secs(80);
/// For so long it must be quiet after that.
const QUIET: Duration = Duration::from_secs(40);
/// Packets for each client while it is quiet: two keep-alives and their acknowledgements, with some to spare for a path
/// that is still being measured.
const REST_PACKETS: u64 = 8;
/// The same where there are several servers: then each client sends a keep-alive every two seconds, to be elsewhere soon when its
/// server dies.
const REST_PACKETS_WATCHING: u64 = REST_PACKETS + QUIET.as_secs();

/// A host that is not running for a while.
struct Nap {
    until: Duration,
    waiting: Vec<Datagram>,
}

pub struct World {
    plan: Plan,
    now: Duration,
    steps: u64,
    rng: Rng,
    network: Network,
    /// The server, where it is alone and runs.
    server: Option<ServerHost>,
    /// The servers, where they are several. The disk is then that of who reads their log.
    cluster: Option<Cluster>,
    /// Whether their log is not what it was, and nobody follows it any more to see what was said.
    is_log_wrong: bool,
    server_clocks: Clocks,
    disk: Disk,
    clients: Vec<ClientHost>,
    naps: BTreeMap<Host, Nap>,
    oracle: Oracle,
    /// What is going to happen; the number tells apart what happens at the same moment.
    agenda: BTreeMap<(Duration, u64), Event>,
    planned: u64,
    /// How long the server stays down after a crash in a commit, if one is to come.
    torn_down: Option<Duration>,
    /// Who crashes as soon as a file is on its way, the server or else a client, and how long that is down.
    mid_file: Option<(bool, Duration)>,
    /// How long the server stays down once it has stopped in order, if it is to.
    stop_down: Option<Duration>,
    archive: Archive,
    /// The conversations of which the server was told what to keep.
    retained: BTreeSet<&'static str>,
}

impl World {
    pub fn new(seed: u64, plan: &Plan) -> Self {
        let clocks = Clocks::new(Instant::now());
        let mut rng = Rng::new(seed, 1);
        let disk = Disk::default();
        let now = Duration::ZERO;
        let mut archive = Archive::default();
        let generation = &mut archive.generation;
        let cluster = Cluster::of(plan, clocks, &disk, seed);
        let server = cluster.is_none().then(|| {
            let keep = plan.keep.all;
            let mut server = ServerHost::boot(clocks, now, &disk, generation, keep, rng.seed());
            server.hostile = plan.hostile(&mut rng);
            server
        });
        let clients: Vec<ClientHost> = (0..plan.hosts())
            .map(|number| ClientHost::new(number, plan.clients, clocks))
            .collect();
        let mut world = Self {
            plan: *plan,
            now,
            steps: 0,
            rng,
            network: Network::new(plan.link, plan.attack, plan.hosts(), Rng::new(seed, 2)),
            server,
            cluster,
            is_log_wrong: false,
            server_clocks: clocks,
            disk,
            clients,
            naps: BTreeMap::new(),
            oracle: Oracle::new(plan.hosts(), plan.clients),
            agenda: BTreeMap::new(),
            planned: 0,
            torn_down: None,
            mid_file: None,
            stop_down: None,
            archive,
            retained: BTreeSet::new(),
        };
        world.boot_cluster();
        // The other devices come once there are the accounts.
        for client in 0..plan.clients {
            let seed = world.rng.seed();
            world.clients[client].boot(now, seed);
        }
        world
    }

    /// Runs the plan to its end and checks every promise.
    pub fn run(mut self) -> Faults {
        self.sign_in();
        self.write_scripts();
        for (after, event) in self.plan.agenda(&mut self.rng) {
            self.schedule(after, event);
        }
        let end = self.now + self.plan.over;
        self.run_until(end + Duration::from_hours(2), "live through", |world| {
            world.now >= end && world.agenda.is_empty() && world.naps.is_empty()
        });
        self.network.heal();
        if let Some(cluster) = &mut self.cluster {
            cluster.heal();
        }
        self.torn_down = None;
        self.mid_file = None;
        if let Some(server) = &mut self.server {
            server.be_spared();
        }
        self.clients.iter_mut().for_each(ClientHost::be_spared);
        let healed = self.now;
        self.run_until(healed + QUIET_WITHIN, "get everything", |world| {
            world.oracle.is_complete()
                && world.clients.iter().all(|client| client.script.is_empty())
        });
        self.settle_logs(healed);
        let took = self.now.saturating_sub(healed);
        if self.plan.files > 0.0 {
            let (log, rooms, _) = self.settle_logs(self.now);
            self.save_files(&log, &rooms);
        }
        self.rest();
        self.check_server();
        self.check_cluster();
        if self.plan.pages_back {
            self.page_back();
            self.rest();
        }
        if let Some(server) = &mut self.server {
            server.checkpoint();
        }
        let (log, rooms, changes) = self.settle_logs(self.now);
        self.oracle
            .check(&self.clients, &self.disk, &log, (&rooms, &changes));
        if self.plan.files > 0.0 && !self.plan.puts_clocks() {
            self.sweep_files(&log);
        }
        let mut faults = self.network.faults;
        self.oracle.count_files(&log, &mut faults);
        rooms.count(&mut faults);
        changes.count(&mut faults);
        for _ in 0..self.oracle.refusals() {
            faults.count(Fault::SaidOutside);
        }
        for _ in 0..self.oracle.said_again.unwrap_or_default() {
            faults.count(Fault::SaidAgain);
        }
        for _ in 0..self.oracle.expirations() {
            faults.count(Fault::Expired);
        }
        for _ in 0..self.oracle.missed(&self.clients) {
            faults.count(Fault::Missed);
        }
        faults.elapsed_ms = self.now.as_millis() as u64;
        faults.slowest_ms = took.as_millis() as u64;
        faults
    }

    /// The server, if it is alone, has answered everything, and everybody is online.
    fn check_server(&self) {
        if self.cluster.is_some() {
            return;
        }
        let server = self.server.as_ref().expect("everybody is up");
        assert_eq!(
            server.requests(),
            0,
            "a slot of the store was not given back"
        );
        assert_eq!(
            server.process.app.online(),
            self.plan.clients,
            "all are online"
        );
    }

    /// Everybody signs up, and then signs in on the other devices, but for those that come later.
    fn sign_in(&mut self) {
        let (people, hosts) = (self.plan.clients, self.plan.devices());
        let late = people * usize::from(self.plan.late_devices);
        // A device that was never told where it stands has nothing that a copy of it, or a new device, could go on from.
        let stands = |client: &ClientHost| client.is_signed_in() && client.is_settled();
        self.run_until(SIGN_IN_WITHIN, "sign up", |world| {
            world.clients[..people].iter().all(stands)
        });
        for number in people..hosts - late {
            self.start_client(number);
        }
        self.run_until(SIGN_IN_WITHIN, "sign in", |world| {
            let clients = &world.clients[..hosts - late];
            clients.iter().all(stands)
        });
        if self.plan.hosts() > people {
            // Where an account has several devices, one begins where the account stands when it is first told so: only
            // from then on it is owed everything.
            self.run_until(SIGN_IN_WITHIN, "be told where they stand", |world| {
                let clients = &world.clients[..hosts - late];
                clients.iter().all(ClientHost::is_settled)
            });
        }
        for client in hosts - late..hosts {
            self.network.faults.count(Fault::LateDevice);
            self.clients[client].is_late = true;
            self.oracle.comes_late(client);
            let after = self.rng.ms(0, self.plan.over.as_millis() as u64);
            self.schedule(after, Event::StartClient { client });
        }
    }

    /// Waits until what was said is where it must be. Returns the whole log, and what it says of rooms.
    fn settle_logs(&mut self, healed: Duration) -> (Log, Rooms, Changes) {
        loop {
            if let Some(cluster) = &mut self.cluster {
                cluster.checkpoint();
            }
            let log = self.oracle.whole(self.disk.log());
            let rooms = Rooms::read(&log);
            let changes = Changes::read(&log, &self.oracle);
            self.oracle.settle_deleted(&log);
            let read = (&rooms, &changes);
            let missing = self.oracle.check_so_far(&self.clients, &log, read);
            let reading = || self.oracle.check_reading(&self.clients, &self.disk, &log);
            let missing = missing.and_then(|()| reading());
            let Err(missing) = missing else {
                return (log, rooms, changes);
            };
            if self.now > healed + QUIET_WITHIN {
                self.give_up(&missing);
            }
            let until = self.now + Duration::from_secs(2);
            let limit = until + Duration::from_secs(1);
            self.run_until(limit, "wait", |world| world.now >= until);
        }
    }

    /// The server's power fails, and it is down for a while. Says how long after its first packet to the new process
    /// the first client is signed in again, where its person types a line so long after the failure.
    pub fn time_to_return(mut self, down: Duration, typed: Duration) -> Duration {
        self.run_until(SIGN_IN_WITHIN, "sign in", |world| {
            world.clients.iter().all(ClientHost::is_signed_in)
        });
        let settled = self.now + Duration::from_secs(5);
        self.run_until(settled + Duration::from_secs(1), "rest", |world| {
            world.now >= settled
        });
        self.crash_server(down);
        self.oracle.expect((0, 0), Audience::One(1));
        let line = "message user1 <0.0>".to_owned();
        let line = (self.now + typed, Typing::Line(line));
        self.clients[0].script.push_back(line);
        let limit = self.now + down + typed + Duration::from_secs(30);
        self.run_until(limit, "start again", |world| world.server.is_some());
        self.network.spoke.fill(None);
        self.run_until(limit, "speak", |world| world.network.spoke[0].is_some());
        let first = self.now;
        // The session of before is given up first.
        self.run_until(limit, "notice", |world| !world.clients[0].is_settled());
        self.run_until(limit, "be back", |world| world.clients[0].is_settled());
        let took = self.now.saturating_sub(first);
        self.run_until(limit, "get everything", |world| world.oracle.is_complete());
        let (log, rooms, changes) = self.settle_logs(self.now);
        self.oracle
            .check(&self.clients, &self.disk, &log, (&rooms, &changes));
        took
    }

    /// What should not come any more has time to come, and then all is quiet.
    fn rest(&mut self) {
        let most = match self.cluster {
            Some(_) => REST_PACKETS_WATCHING,
            None => REST_PACKETS,
        };
        for (span, is_quiet) in [(REST, false), (QUIET, true)] {
            let until = self.now + span;
            let before = self.network.faults.packets;
            let limit = until + Duration::from_secs(1);
            self.run_until(limit, "rest", |world| world.now >= until);
            let packets = self.network.faults.packets - before;
            assert!(
                !is_quiet || packets <= most * self.plan.hosts() as u64,
                "{packets} packets where nothing happens"
            );
        }
    }

    fn schedule(&mut self, after: Duration, event: Event) {
        self.planned += 1;
        self.agenda.insert((self.now + after, self.planned), event);
    }

    fn write_scripts(&mut self) {
        if self.plan.speakers.are_programs() {
            self.oracle.hears_programs();
        }
        for typed in script::write(&self.plan, &mut self.rng) {
            if let Some((marker, audience)) = typed.says {
                if let Typing::Line(line) = &typed.line
                    && line.starts_with(FILE)
                {
                    self.oracle.sends_file(marker);
                }
                self.oracle.expect(marker, audience);
            }
            if let (true, Typing::Line(line)) = (self.plan.speakers.are_programs(), &typed.line) {
                for (host, after) in programs::repetitions(&self.plan, &mut self.rng, line) {
                    let line = (self.now + after, typed.line.clone());
                    self.clients[host].script.push_back(line);
                }
            }
            let line = (self.now + typed.after, typed.line);
            self.clients[typed.host].script.push_back(line);
        }
        for client in self
            .clients
            .iter_mut()
            .filter(|_| self.plan.speakers.are_programs())
        {
            client.spoken = Some(Vec::new());
            let lines = client.script.make_contiguous();
            lines.sort_by_key(|(at, _)| *at);
        }
    }
}
