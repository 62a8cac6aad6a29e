//! Floods from up to 256 addresses, and what two honest users and the server's memory make of them.
//!
//! They measure, so they run only where they are asked for: `contrib/floods` runs them one after the other in a network
//! namespace of their own. Each prints its figures and fails where a bound is broken.

mod guesses;
mod memory;
mod work;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use udpchat::protocol::ConversationId;
use udpchat::transport::Channel;

use crate::kit::{Pass, Peer, address};
use crate::support::{Server, Workspace};

/// How long each flood is measured.
const FLOOD: Duration = Duration::from_secs(15);
/// Between two lines of the honest users: as often as an account may say something without end.
const PAUSE: Duration = Duration::from_millis(50);
/// A p99 below this counts as this: what nobody notices is not compared.
const FLOOR: Duration = Duration::from_millis(60);
/// Addresses of the largest floods.
const ADDRESSES: u16 = 256;
/// The limit of all buffers in these floods of memory: few enough that some hundred sessions come to it.
const BUFFERS: &str = "32M";
/// What a flood may make a server hold beside what it holds when idle, in KiB. Chosen: the buffers' limit, and as much
/// again for the allocator, the sessions themselves and the database's cache.
const MEMORY_KIB: i64 = 64 * 1024;

fn is_asked_for() -> bool {
    let asked = std::env::var_os("UDPCHAT_FLOODS").is_some();
    if !asked {
        println!("set UDPCHAT_FLOODS=1 to run this");
    }
    asked
}

/// A server with two honest users who write to each other.
struct Scene {
    _workspace: Workspace,
    server: Server,
    alice: Peer,
    bob: Peer,
    pass: Pass,
    conversation: ConversationId,
    said: u64,
}

/// Latencies from one user's keystroke to the other's device.
struct Latencies(Vec<Duration>);

impl Latencies {
    fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }
}

impl Scene {
    fn new() -> Self {
        let workspace = Workspace::new(&[]);
        let server = workspace.serve_with(&["--limit-buffers", BUFFERS]);
        let here = Ipv4Addr::LOCALHOST.into();
        let (mut alice, pass) = Peer::enter(server.address, here, "alice", 1);
        let (bob, _) = Peer::enter(server.address, here, "bob", 2);
        let conversation = alice.resolve("bob").unwrap().conversation;
        Self {
            _workspace: workspace,
            server,
            alice,
            bob,
            pass,
            conversation,
            said: 0,
        }
    }

    /// Alice speaks to bob for so long.
    fn converse(&mut self, during: Duration) -> Latencies {
        let end = Instant::now() + during;
        let mut latencies = Vec::new();
        while Instant::now() < end {
            self.said += 1;
            let text = format!("line {}", self.said);
            let line = Peer::line(&self.pass, self.conversation, self.said, &text);
            let begun = Instant::now();
            self.alice.send(Channel::Chat, &line).unwrap();
            let mut heard = false;
            while !heard {
                assert!(begun.elapsed() < Duration::from_mins(1), "nothing arrives");
                self.alice.turn();
                heard = self
                    .bob
                    .take_inbox()
                    .iter()
                    .any(|message| message.text().is_some_and(|heard| heard.text == text));
                thread::sleep(Duration::from_micros(200));
            }
            latencies.push(begun.elapsed());
            self.alice.take_inbox();
            thread::sleep(PAUSE);
        }
        latencies.sort_unstable();
        Latencies(latencies)
    }

    /// The same alone and then beside each of these attackers, which must stop when they are told to. Prints the
    /// figures, and fails if the p99 is more than doubled.
    fn withstands(&mut self, name: &str, attackers: Vec<Attacker>) {
        let alone = self.converse(Duration::from_secs(5));
        let is_over = AtomicBool::new(false);
        let address = self.server.address;
        let beside = thread::scope(|scope| {
            for attacker in attackers {
                let is_over = &is_over;
                scope.spawn(move || attacker(address, is_over));
            }
            let beside = self.converse(FLOOD);
            is_over.store(true, Ordering::Relaxed);
            beside
        });
        println!(
            "{name}: p50 {:?} alone, {:?} beside; p99 {:?} alone, {:?} beside; {} lines",
            alone.percentile(50),
            beside.percentile(50),
            alone.percentile(99),
            beside.percentile(99),
            beside.0.len(),
        );
        let bound = 2 * alone.percentile(99).max(FLOOR / 2);
        assert!(
            beside.percentile(99) <= bound,
            "{name}: p99 {:?}, at most {bound:?}",
            beside.percentile(99)
        );
    }

    /// Fails if the server holds more than the budget beyond `before`.
    fn has_held(&self, name: &str, before: i64) {
        let after = self.server.resident_kib();
        println!("{name}: {before} KiB before, {after} KiB with it");
        assert!(
            after - before <= MEMORY_KIB,
            "{name}: the server has taken {} KiB",
            after - before
        );
    }
}

type Attacker = Box<dyn FnOnce(SocketAddr, &AtomicBool) + Send>;

/// Opens so many sessions, each of an account of its own.
fn signed_in(server: SocketAddr, kind: &str, sessions: u16) -> Vec<(Peer, Pass)> {
    let enter = |number| {
        let seed = 400 + u64::from(number);
        Peer::enter(server, address(number), &format!("{kind}{number}"), seed)
    };
    (0..sessions).map(enter).collect()
}

/// Keeps these sessions alive until the flood is over.
fn hold(mut peers: Vec<(Peer, Pass)>, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        for (peer, _) in &mut peers {
            peer.turn();
        }
        thread::sleep(Duration::from_millis(2));
    }
}
