//! What happens to hosts and paths, and when they are up again.

use std::time::Duration;

use super::{Nap, World};
use crate::faults::Fault;
use crate::network::Host;
use crate::plan::Event;
use crate::server::ServerHost;

/// How long a person needs to start a program again whose disk has failed.
pub(super) const RESTART_AFTER: Duration = Duration::from_secs(1);

impl World {
    pub(super) fn apply(&mut self, event: Event) {
        match event {
            Event::Rebind { client, is_roaming } => {
                self.network.faults.count(if is_roaming {
                    Fault::Roamed
                } else {
                    Fault::Rebound
                });
                self.network.rebind(client, is_roaming);
            }
            Event::Cut { client, up, down } => self.network.cut(client, up, down),
            Event::CarryAtMost { client, bytes } => self.network.carry_at_most(client, bytes),
            Event::CrashServer { down } => self.crash_server(down),
            Event::TearCommit { down } => {
                if let Some(server) = &mut self.server {
                    server.die_in_commit(self.rng.below(30));
                    self.torn_down = Some(down);
                }
            }
            Event::StartServer => {
                if self.server.is_none() {
                    self.start_server();
                }
            }
            Event::CrashClient { client, down } => {
                if self.clients[client].process.is_some() {
                    self.network.faults.count(Fault::ClientCrashed);
                    self.crash_client(client, down);
                }
            }
            Event::FailAtWrite { operations } => {
                if let Some(server) = &mut self.server {
                    server.die_at_write(operations);
                    self.torn_down = Some(RESTART_AFTER);
                }
            }
            Event::FailDisk { client, operations } => {
                if self.clients[client].process.is_some() {
                    let operations = operations.unwrap_or_else(|| self.rng.below(30));
                    self.clients[client].fail_disk(operations);
                }
            }
            Event::StartClient { client } => {
                // A new process has a new socket.
                self.network.rebind(client, false);
                self.start_client(client);
            }
            Event::SetClock { host, by_ms } => {
                self.network.faults.count(if by_ms > 0 {
                    Fault::ClockForward
                } else {
                    Fault::ClockBack
                });
                match host {
                    Host::Server | Host::Node(_) => self.server_clocks.put(by_ms),
                    Host::Client(number) => self.clients[number].clocks.put(by_ms),
                }
                if let (Host::Server, Some(server)) = (host, &mut self.server) {
                    server.process.clocks = self.server_clocks;
                }
            }
            Event::Retain => {
                if let Some(server) = &mut self.server {
                    for (name, keep) in self.plan.keep.own {
                        if server.retain(name, *keep) {
                            self.retained.insert(name);
                        }
                    }
                }
            }
            Event::CrashMidFile { is_server, down } => self.mid_file = Some((is_server, down)),
            Event::FillDisk { host, is_full } => {
                if is_full {
                    self.network.faults.count(Fault::DiskFull);
                }
                match host {
                    Host::Server | Host::Node(_) => self.disk.blobs.set_full(is_full),
                    Host::Client(number) => self.clients[number].own_files.disk.set_full(is_full),
                }
            }
            Event::Sleep { host, span } => self.sleep(host, span),
            Event::StopServer { down } => self.stop_server(down),
            Event::BackUpServer { runs } => self.back_up_server(runs),
            Event::RestoreServer { by_hand, down } => self.restore_server(by_hand, down),
            Event::BackUpClient { client } => self.back_up_client(client),
            Event::RestoreClient { client, down } => self.restore_client(client, down),
            Event::CopyClient { from, to } => self.copy_client(from, to),
            Event::PauseLog { .. }
            | Event::KillNode { .. }
            | Event::TearCheckpoint { .. }
            | Event::StartNode { .. }
            | Event::CutNode { .. } => self.apply_to_cluster(event),
        }
    }

    pub(super) fn sleep(&mut self, host: Host, span: Duration) {
        let is_running = match host {
            Host::Server => self.server.is_some(),
            Host::Node(_) => false,
            Host::Client(number) => self.clients[number].process.is_some(),
        };
        if !is_running || self.naps.contains_key(&host) {
            return;
        }
        self.network.faults.count(match host {
            Host::Server | Host::Node(_) => Fault::ServerSlept,
            Host::Client(_) => Fault::ClientSlept,
        });
        let nap = Nap {
            until: self.now + span,
            waiting: Vec::new(),
        };
        self.naps.insert(host, nap);
    }

    fn start_server(&mut self) {
        self.handle_backups();
        let seed = self.rng.seed();
        let generation = &mut self.archive.generation;
        let keep = self.plan.keep.all;
        let clocks = self.server_clocks;
        let mut server = ServerHost::boot(clocks, self.now, &self.disk, generation, keep, seed);
        server.hostile = self.plan.hostile(&mut self.rng);
        self.server = Some(server);
    }

    /// The server's power fails: of what was not synced, any part may be there.
    pub(super) fn crash_server(&mut self, down: Duration) {
        let Some(server) = self.server.take() else {
            return;
        };
        self.network.faults.count(Fault::ServerCrashed);
        self.naps.remove(&Host::Server);
        self.stop_down = None;
        let rng = &mut self.rng;
        self.disk.memory.crash_keeping(|_| rng.happens(0.5));
        self.disk.crash_blobs(|| rng.happens(0.5));
        // Only now: a database that is dropped while its disk works is closed in order.
        drop(server);
        self.disk.look_again(true);
        self.schedule(down, Event::StartServer);
    }

    /// The power fails if it is to as soon as a file is on its way, and one is at this client.
    pub(super) fn crash_mid_file(&mut self, client: usize) {
        if let Some((is_server, down)) = self.mid_file
            && self.clients[client].own_files.disk.are_moving()
        {
            self.mid_file = None;
            self.network.faults.count(Fault::MidFile);
            let event = if is_server {
                Event::CrashServer { down }
            } else {
                Event::CrashClient { client, down }
            };
            self.apply(event);
        }
    }

    /// A client's power fails, likewise.
    pub(super) fn crash_client(&mut self, client: usize, down: Duration) {
        self.naps.remove(&Host::Client(client));
        let rng = &mut self.rng;
        self.clients[client].crash(|| rng.happens(0.5));
        self.schedule(down, Event::StartClient { client });
    }

    pub(super) fn start_client(&mut self, number: usize) {
        let seed = self.rng.seed();
        self.clients[number].boot(self.now, seed);
        self.settle_host(Host::Client(number));
    }
}
