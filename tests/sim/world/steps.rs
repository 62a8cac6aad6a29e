//! The clock that jumps from one thing that happens to the next, and what it finds due there.

use std::time::Duration;

use super::World;
use super::cluster::Cluster;
use super::events::RESTART_AFTER;
use crate::faults::Fault;
use crate::network::{Datagram, Host};
use crate::plan::Event;
use crate::server::ServerHost;
use crate::server::member::Member;

/// More wake-ups than a run can need: something wakes up again and again.
const STEPS_MAX: u64 = 400_000;

/// Datagrams that wait in the socket of a host that sleeps. At the limit further ones are lost.
const SOCKET_DATAGRAMS: usize = 64;

impl World {
    pub(super) fn run_until(
        &mut self,
        deadline: Duration,
        aim: &str,
        done: impl Fn(&Self) -> bool,
    ) {
        loop {
            self.settle();
            if done(self) {
                return;
            }
            self.steps += 1;
            let is_stuck = self.steps >= STEPS_MAX;
            if is_stuck || self.now >= deadline {
                self.give_up(if is_stuck { "stands still" } else { aim });
            }
            self.now = self.next().min(deadline);
        }
    }

    /// Lets everything happen whose time has come.
    pub(super) fn settle(&mut self) {
        while let Some(entry) = self.agenda.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let event = entry.remove();
            self.apply(event);
        }
        let woken: Vec<Host> = self
            .naps
            .iter()
            .filter(|(_, nap)| nap.until <= self.now)
            .map(|(host, _)| *host)
            .collect();
        for host in woken {
            let nap = self.naps.remove(&host).expect("just found");
            for datagram in nap.waiting {
                self.take(host, datagram);
            }
            self.settle_host(host);
        }
        self.settle_cluster();
        while let Some((host, datagram)) = self.network.take_due(self.now) {
            if let Some(nap) = self.naps.get_mut(&host) {
                if nap.waiting.len() < SOCKET_DATAGRAMS {
                    nap.waiting.push(datagram);
                }
                continue;
            }
            self.take(host, datagram);
            self.settle_host(host);
        }
        for number in 0..self.clients.len() {
            if self.clients[number].has_given_up() {
                self.network.faults.count(Fault::ClientGaveUp);
                self.start_client(number);
            }
            if self.is_due(Host::Client(number)) {
                self.settle_host(Host::Client(number));
            }
        }
        for host in self.server_hosts() {
            if self.is_due(host) {
                self.settle_host(host);
            }
        }
    }

    pub(super) fn take(&mut self, host: Host, datagram: Datagram) {
        match host {
            Host::Server => {
                if let Some(server) = &mut self.server {
                    server.process.take(self.now, datagram);
                }
            }
            Host::Node(node) => {
                let cluster = self.cluster.as_mut();
                if let Some(server) = cluster.and_then(|cluster| cluster.host_mut(node))
                    && server.member.as_ref().is_some_and(Member::is_up)
                {
                    server.process.take(self.now, datagram);
                }
            }
            Host::Client(number) => {
                if let Some(process) = &mut self.clients[number].process {
                    process.take(self.now, datagram);
                }
            }
        }
    }

    pub(super) fn settle_host(&mut self, host: Host) {
        match host {
            Host::Server => {
                if let Some(server) = &mut self.server {
                    server.settle(self.now, &mut self.network);
                    let passes = std::mem::take(&mut server.passes);
                    let repelled = std::mem::take(&mut server.repelled);
                    self.network.faults.count_many(Fault::Repelled, repelled);
                    let has_stopped = server.has_stopped();
                    if server.is_dead {
                        self.network.faults.count(Fault::CommitTorn);
                        let down = self.torn_down.take().unwrap_or_default();
                        self.crash_server(down);
                    } else if has_stopped && let Some(down) = self.stop_down.take() {
                        self.network.faults.count(Fault::ServerStopped);
                        self.server = None;
                        self.schedule(down, Event::StartServer);
                    }
                    for pass in passes {
                        self.oracle
                            .has_expired(pass.removed(&self.plan.keep, &self.retained));
                    }
                }
            }
            Host::Node(node) => self.settle_awake_node(node),
            Host::Client(number) => {
                self.clients[number].settle(self.now, &mut self.network);
                for chosen in std::mem::take(&mut self.clients[number].chosen) {
                    self.oracle.learn(number, chosen);
                }
                self.oracle.observe(&self.clients, number, &self.disk);
                if self.clients[number].has_failed() {
                    self.network.faults.count(Fault::ClientDiskFailed);
                    self.oracle.excuse(number);
                    self.crash_client(number, RESTART_AFTER);
                }
                self.crash_mid_file(number);
            }
        }
    }

    pub(super) fn deadline(&self, host: Host) -> Option<Duration> {
        if let Some(nap) = self.naps.get(&host) {
            return Some(nap.until);
        }
        match host {
            Host::Server => self.server.as_ref().and_then(ServerHost::deadline),
            Host::Node(node) => self
                .cluster
                .as_ref()
                .and_then(|cluster| cluster.deadline(node)),
            Host::Client(number) => self.clients[number].deadline(),
        }
    }

    /// Whether a host that is awake has something to do.
    pub(super) fn is_due(&self, host: Host) -> bool {
        !self.naps.contains_key(&host) && self.deadline(host).is_some_and(|at| at <= self.now)
    }

    pub(super) fn next(&self) -> Duration {
        (0..self.clients.len())
            .map(Host::Client)
            .chain(self.server_hosts())
            .map(|host| self.deadline(host))
            .chain([
                self.network.next_due(),
                self.cluster.as_ref().and_then(Cluster::next),
                self.agenda.first_key_value().map(|((at, _), _)| *at),
            ])
            .flatten()
            .min()
            .unwrap_or(Duration::MAX)
            // Something that is due already would stop the clock.
            .max(self.now + Duration::from_nanos(1))
            // Even where nothing happens the end of a phase must be noticed.
            .min(self.now + Duration::from_secs(5))
    }

    pub(super) fn give_up(&self, aim: &str) -> ! {
        for client in self
            .clients
            .iter()
            .filter(|client| !client.screens.is_empty())
        {
            let (life, screen) = client.screen();
            eprintln!(
                "--- {} (life {life}, asked: {:?}, to type: {})",
                client.host_name(),
                screen.ask(),
                client.script.len()
            );
            for (tone, line) in &screen.lines {
                let start: String = line.chars().take(100).collect();
                eprintln!("{tone:?}: {start}");
            }
        }
        self.oracle.report();
        panic!(
            "at {:?} they had failed to {aim}; {:?}; {}",
            self.now, self.plan, self.network.faults
        );
    }
}
