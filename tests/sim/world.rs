//! One run: hosts, network, a plan, and the clock that jumps from one thing that happens to the next.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use udpchat::store::memory::MemoryDisk;

use crate::hosts::{ClientHost, ServerHost, SimFiles, generator};
use crate::network::{Faults, Link, Network};
use crate::oracle::Oracle;

/// Everybody must have signed in after so long.
const SIGN_IN_WITHIN: Duration = Duration::from_secs(120);
/// All must have arrived, and been receipted, so long after the last line was typed.
const QUIET_WITHIN: Duration = Duration::from_secs(180);

/// What is to happen in a run.
pub struct Plan {
    pub link: Link,
    pub clients: usize,
    /// Lines that each client types.
    pub messages: usize,
    /// The time over which they are typed.
    pub over: Duration,
    /// How often the server is killed and started again meanwhile.
    pub server_crashes: usize,
}

pub struct World {
    plan: Plan,
    base: Instant,
    now: Duration,
    dice: ChaCha20Rng,
    network: Network,
    address: SocketAddr,
    server: Option<ServerHost>,
    disk: MemoryDisk,
    clients: Vec<ClientHost>,
    oracle: Oracle,
    /// When the server is killed, and when it is started again.
    crashes: Vec<(Duration, Duration)>,
}

fn bytes(dice: &mut ChaCha20Rng) -> [u8; 32] {
    let mut seed = [0; 32];
    dice.fill_bytes(&mut seed);
    seed
}

impl World {
    pub fn new(seed: u64, plan: Plan) -> Self {
        let base = Instant::now();
        let mut dice = generator(seed, 1);
        let network = Network::new(plan.link, generator(seed, 2));
        let address = SocketAddr::from(([10, 0, 0, 1], 7777));
        let disk = MemoryDisk::default();
        let start = Duration::ZERO;
        let server = ServerHost::boot(base, start, address, &disk, bytes(&mut dice));
        let clients = (0..plan.clients)
            .map(|number| {
                let own = SocketAddr::from(([10, 0, 1, number as u8 + 1], 40_000));
                let name = format!("user{number}");
                let files = SimFiles::default();
                ClientHost::boot(base, start, &name, own, address, files, bytes(&mut dice))
            })
            .collect();
        Self {
            plan,
            base,
            now: start,
            dice,
            network,
            address,
            server: Some(server),
            disk,
            clients,
            oracle: Oracle::default(),
            crashes: Vec::new(),
        }
    }

    /// Runs the plan to its end and checks every promise.
    pub fn run(mut self) -> Faults {
        self.run_until(SIGN_IN_WITHIN, |world| {
            world.clients.iter().all(ClientHost::is_signed_in)
        });
        self.write_scripts();
        let end = self.now + self.plan.over;
        self.run_until(end + QUIET_WITHIN, |world| {
            world.now >= end && world.crashes.is_empty()
        });
        let deadline = self.now + QUIET_WITHIN;
        self.run_until(deadline, |world| {
            world.clients.iter().all(|client| client.script.is_empty())
                && world.oracle.is_complete(&world.clients)
        });
        // What should not come any more has time to come.
        self.network.heal();
        let rest = self.now + Duration::from_secs(60);
        self.run_until(rest + Duration::from_secs(1), |world| world.now >= rest);
        self.oracle.check(&self.clients);
        let mut faults = self.network.faults;
        faults.elapsed_ms = u64::try_from(self.now.as_millis()).expect("runs are short");
        faults
    }

    fn write_scripts(&mut self) {
        let count = self.clients.len();
        let span = u64::try_from(self.plan.over.as_millis()).expect("plans are short");
        for from in 0..count {
            let mut times: Vec<u64> = (0..self.plan.messages)
                .map(|_| self.dice.next_u64() % span)
                .collect();
            times.sort_unstable();
            for (number, at) in times.into_iter().enumerate() {
                let text = format!("<{from}.{number}>");
                let at = self.now + Duration::from_millis(at);
                let line = if self.dice.next_u64().is_multiple_of(3) {
                    self.oracle.expect_to_all(from, count, &text);
                    format!("message* {text}")
                } else {
                    let to =
                        (from + 1 + (self.dice.next_u64() % (count as u64 - 1)) as usize) % count;
                    self.oracle.expect(from, to, &text);
                    format!("message {} {text}", self.clients[to].name)
                };
                self.clients[from].script.push_back((at, line));
            }
        }
        for _ in 0..self.plan.server_crashes {
            let down = self.now + Duration::from_millis(self.dice.next_u64() % span);
            let up = down + Duration::from_millis(50 + self.dice.next_u64() % 3000);
            self.crashes.push((down, up));
        }
        self.crashes.sort_unstable();
    }

    fn run_until(&mut self, deadline: Duration, done: impl Fn(&Self) -> bool) {
        loop {
            self.settle();
            if done(self) {
                return;
            }
            if self.now == deadline {
                self.give_up(deadline);
            }
            let next = self.next().min(deadline);
            self.now = next;
        }
    }

    fn settle(&mut self) {
        self.crash_or_start();
        while let Some(datagram) = self.network.take_due(self.now) {
            if datagram.to == self.address {
                if let Some(server) = &mut self.server {
                    server.process.take(self.now, datagram);
                    server.settle(self.now, &mut self.network);
                }
            } else {
                let number = usize::from(match datagram.to {
                    SocketAddr::V4(address) => address.ip().octets()[3],
                    SocketAddr::V6(_) => panic!("there are no such addresses here"),
                }) - 1;
                self.clients[number].process.take(self.now, datagram);
                self.clients[number].settle(self.now, &mut self.network);
            }
        }
        for client in &mut self.clients {
            client.settle(self.now, &mut self.network);
        }
        if let Some(server) = &mut self.server {
            server.settle(self.now, &mut self.network);
        }
    }

    fn crash_or_start(&mut self) {
        let Some(&(down, up)) = self.crashes.first() else {
            return;
        };
        if self.now >= up {
            self.crashes.remove(0);
            if self.server.is_none() {
                let seed = bytes(&mut self.dice);
                let server = ServerHost::boot(self.base, self.now, self.address, &self.disk, seed);
                self.server = Some(server);
            }
        } else if self.now >= down && self.server.take().is_some() {
            self.network.faults.server_crashes += 1;
            self.disk.crash();
        }
    }

    fn next(&self) -> Duration {
        let crash = self.crashes.first().map(|(down, up)| {
            if self.server.is_some() && self.now < *down {
                *down
            } else {
                *up
            }
        });
        self.clients
            .iter()
            .map(ClientHost::deadline)
            .chain([
                self.network.next_due(),
                crash,
                self.server.as_ref().and_then(ServerHost::deadline),
            ])
            .flatten()
            .min()
            .unwrap_or(Duration::MAX)
            // Something that is due already would stop the clock.
            .max(self.now + Duration::from_nanos(1))
            // Even where nothing happens the end of a phase must be noticed.
            .min(self.now + Duration::from_secs(5))
    }

    fn give_up(&self, deadline: Duration) -> ! {
        for client in &self.clients {
            let screen = client.screen.lock().unwrap();
            eprintln!(
                "--- {} (asked: {:?}, to type: {:?})",
                client.name, screen.ask, client.script
            );
            for (tone, line) in &screen.lines {
                eprintln!("{tone:?}: {line}");
            }
        }
        self.oracle.report(&self.clients);
        panic!("not done at {deadline:?}; {}", self.network.faults);
    }
}
