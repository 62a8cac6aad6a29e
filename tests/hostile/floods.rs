//! Floods from up to 256 addresses, and what two honest users and the server's memory make of them.
//!
//! They measure, so they run only where they are asked for: `contrib/floods` runs them one after the other in a network
//! namespace of their own. Each prints its figures and fails where a bound is broken.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use udpchat::client::opaque::LoginBegun;
use udpchat::protocol::{
    ClientMessage, ConversationId, Digest, EntryId, Hello, Join, Login, Position, Resume,
    TICKET_BYTES,
};
use udpchat::transport::Channel;

use crate::crowd::Crowd;
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

/// Says texts of 16 KiB to itself's partner as fast as the transport takes them.
fn speaker(number: u16, sessions: usize) -> Attacker {
    Box::new(move |server, is_over| {
        let name = format!("flooder{number}");
        let from = address(number);
        let (mut first, pass) = Peer::enter(server, from, &name, 100 + u64::from(number));
        let conversation = first.resolve("bob").unwrap().conversation;
        let mut speakers = vec![(first, pass, 0)];
        for session in 1..sessions {
            let mut peer = Peer::connect_from(server, from, 1000 + session as u64);
            let pass = peer.log_in(&name, None).unwrap();
            peer.hello();
            speakers.push((peer, pass, 0));
        }
        let text = "x".repeat(16 * 1024);
        while !is_over.load(Ordering::Relaxed) {
            for (peer, pass, said) in &mut speakers {
                let line = Peer::line(pass, conversation, *said + 1, &text);
                if peer.send(Channel::Chat, &line).is_ok() {
                    *said += 1;
                }
                peer.take_inbox();
            }
            thread::sleep(Duration::from_micros(500));
        }
    })
}

#[test]
fn flood_of_one_account_delays_nobody() {
    if is_asked_for() {
        Scene::new().withstands("one account, one session", vec![speaker(0, 1)]);
    }
}

#[test]
fn flood_of_one_account_with_four_sessions_delays_nobody() {
    if is_asked_for() {
        Scene::new().withstands("one account, four sessions", vec![speaker(0, 4)]);
    }
}

/// Sends this message from each of these addresses again and again, on a new session whenever one is over.
fn repeater(message: ClientMessage, addresses: Range<u16>, seed: u64) -> Attacker {
    Box::new(move |server, is_over| {
        let mut peers: Vec<Peer> = addresses
            .map(|number| Peer::dial(server, address(number), seed + u64::from(number)))
            .collect();
        while !is_over.load(Ordering::Relaxed) {
            for peer in &mut peers {
                peer.take_inbox();
                if peer.is_open() {
                    let _ = peer.send(Channel::Control, &message);
                } else if peer.why_closed().is_some() {
                    peer.redial();
                }
            }
            thread::sleep(Duration::from_millis(1));
        }
    })
}

/// Sends worthless tickets for this account.
fn ticket_guesser(pass: &Pass, addresses: Range<u16>) -> Attacker {
    let resume = Resume {
        account: pass.account,
        device: pass.device,
        ticket: vec![7; TICKET_BYTES].into(),
    };
    repeater(ClientMessage::control(resume), addresses, 5000)
}

/// Begins logins for this name.
fn password_guesser(name: &str, addresses: Range<u16>) -> Attacker {
    let mut random = ChaCha20Rng::seed_from_u64(9);
    let (_, request) = LoginBegun::new(&mut random, b"a guess").expect("it begins");
    let name = name.into();
    repeater(
        ClientMessage::control(Login { name, request }),
        addresses,
        7000,
    )
}

#[test]
fn flood_of_worthless_tickets_keeps_no_owner_out() {
    if !is_asked_for() {
        return;
    }
    let mut scene = Scene::new();
    let attackers = |pass: &Pass| vec![ticket_guesser(pass, 0..ADDRESSES)];
    let pass = scene.pass.clone();
    scene.withstands("256 addresses with worthless tickets", attackers(&pass));
    let server = scene.server.address;
    let owner: IpAddr = [127, 200, 0, 1].into();
    let mut known = Peer::connect_from(server, owner, 31);
    known.sign_up("carol").unwrap();
    let pass = known.log_in("carol", None).unwrap();
    drop(known);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for attacker in attackers(&pass) {
            let is_over = &is_over;
            scope.spawn(move || attacker(server, is_over));
        }
        thread::sleep(Duration::from_secs(10));
        let begun = Instant::now();
        let entered =
            Peer::connect_from(server, owner, 32).resume(pass.account, pass.device, &pass.ticket);
        let took = begun.elapsed();
        is_over.store(true, Ordering::Relaxed);
        println!("owner by ticket: {took:?}, {:?}", entered.is_ok());
        assert!(entered.is_ok(), "{entered:?}");
        assert!(took <= Duration::from_secs(2), "{took:?}");
    });
}

#[test]
fn flood_of_logins_keeps_no_owner_out() {
    if !is_asked_for() {
        return;
    }
    let mut scene = Scene::new();
    let guessers = || vec![password_guesser("alice", 0..ADDRESSES)];
    scene.withstands("256 addresses that guess at one name", guessers());
    let server = scene.server.address;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for guesser in guessers() {
            let is_over = &is_over;
            scope.spawn(move || guesser(server, is_over));
        }
        thread::sleep(Duration::from_secs(10));
        let begun = Instant::now();
        let mut owner = Peer::connect_from(server, [127, 200, 0, 1].into(), 33);
        let entered = loop {
            match owner.log_in("alice", None) {
                Err(Some(failure))
                    if failure.wait_ms.is_some() && begun.elapsed().as_secs() < 60 =>
                {
                    let wait = Duration::from_millis(failure.wait_ms.unwrap_or(0));
                    owner.wait(wait, |_| false);
                }
                other => break other.map(drop),
            }
        };
        let took = begun.elapsed();
        is_over.store(true, Ordering::Relaxed);
        println!("owner by password on a new device: {took:?}");
        assert!(entered.is_ok(), "{entered:?}");
        assert!(took <= Duration::from_secs(30), "{took:?}");
    });
}

/// Opens sessions from these addresses and holds them.
fn squatter(addresses: Range<u16>, each: u32) -> Attacker {
    Box::new(move |server, is_over| {
        let mut crowds: Vec<Crowd> = addresses
            .map(|number| Crowd::new(server, address(number), 20_000 + u64::from(number)))
            .collect();
        let mut dialled = 0;
        while !is_over.load(Ordering::Relaxed) {
            for crowd in &mut crowds {
                if dialled < each {
                    crowd.dial(1);
                }
                let lost = std::mem::take(&mut crowd.lost);
                crowd.dial(lost);
                crowd.turn();
            }
            dialled = (dialled + 1).min(each);
            thread::sleep(Duration::from_millis(5));
        }
        let open: u32 = crowds.iter().map(|crowd| crowd.open).sum();
        println!("{open} strangers' sessions are open at the end");
    })
}

#[test]
fn flood_of_strangers_shuts_nobody_out() {
    if !is_asked_for() {
        return;
    }
    let mut scene = Scene::new();
    let before = scene.server.resident_kib();
    let server = scene.server.address;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let over = &is_over;
        scope.spawn(move || squatter(0..ADDRESSES, 128)(server, over));
        let beside = scene.converse(Duration::from_secs(25));
        println!("strangers: p99 {:?} beside", beside.percentile(99));
        scene.has_held("strangers", before);
        let begun = Instant::now();
        let (mut newcomer, _) = Peer::enter(server, [127, 201, 0, 1].into(), "newcomer", 41);
        println!("a newcomer is in after {:?}", begun.elapsed());
        newcomer.turn();
        is_over.store(true, Ordering::Relaxed);
    });
    scene.withstands(
        "256 addresses of strangers",
        vec![squatter(0..ADDRESSES, 128)],
    );
}

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

impl Scene {
    /// [`Scene::withstands`], and at the end the server holds no more than the budget.
    fn withstands_within_budget(&mut self, name: &str, attackers: Vec<Attacker>) {
        let before = self.server.resident_kib();
        self.withstands(name, attackers);
        self.has_held(name, before);
    }
}

/// Says HELLO in parts and never the last, on so many sessions of as many accounts.
#[test]
fn flood_of_unfinished_hellos_costs_no_more_than_its_budget() {
    if !is_asked_for() {
        return;
    }
    let attacker: Attacker = Box::new(|server, is_over| {
        let mut peers = signed_in(server, "hello", 48);
        for part in 0..400_u64 {
            for (peer, _) in &mut peers {
                let positions = (0..400)
                    .map(|place| Position {
                        conversation: ConversationId(part * 400 + place + 1),
                        entry: EntryId(1),
                        digest: Digest::of(b"anything"),
                    })
                    .collect();
                let hello = Hello {
                    positions,
                    more: true,
                    epoch: None,
                    software: None,
                    unannounced: None,
                    sends_only: None,
                };
                let _ = peer.send(Channel::Control, &ClientMessage::control(hello));
                peer.take_inbox();
            }
            if is_over.load(Ordering::Relaxed) {
                return;
            }
        }
        hold(peers, is_over);
    });
    Scene::new().withstands_within_budget("unfinished HELLOs", vec![attacker]);
}

/// Every session begins a message of 60,000 bytes on each of its channels and falls silent before the end.
#[test]
fn flood_of_unfinished_messages_costs_no_more_than_its_budget() {
    if !is_asked_for() {
        return;
    }
    let attacker: Attacker = Box::new(|server, is_over| {
        let mut peers = signed_in(server, "half", 96);
        for (peer, _) in &mut peers {
            peer.datagrams_left = 3 * 60_000 / 1200 - 10;
            for channel in Channel::ALL {
                let _ = peer.send_bytes(channel, &vec![0; 60_000]);
            }
        }
        hold(peers, is_over);
    });
    Scene::new().withstands_within_budget("unfinished messages", vec![attacker]);
}

/// Sessions that take nothing of what is said to everyone.
#[test]
fn flood_of_readers_who_read_nothing_costs_no_more_than_its_budget() {
    if !is_asked_for() {
        return;
    }
    let attacker: Attacker = Box::new(|server, is_over| {
        let mut peers = signed_in(server, "deaf", 96);
        for (peer, _) in &mut peers {
            peer.is_reading = false;
        }
        let text = "y".repeat(16 * 1024);
        for number in 1..=40 {
            let (speaker, pass) = &mut peers[0];
            let line = Peer::line(pass, ConversationId::EVERYONE, number, &text);
            let _ = speaker.send(Channel::Chat, &line);
        }
        hold(peers, is_over);
    });
    Scene::new().withstands_within_budget("readers who read nothing", vec![attacker]);
}

#[test]
fn flood_of_new_accounts_delays_nobody() {
    if !is_asked_for() {
        return;
    }
    let attacker: Attacker = Box::new(|server, is_over| {
        let mut peers: Vec<Peer> = (0..20)
            .map(|number| Peer::connect_from(server, address(number), 600 + u64::from(number)))
            .collect();
        let mut opened = 0;
        for name in 0.. {
            for (from, peer) in peers.iter_mut().enumerate() {
                if is_over.load(Ordering::Relaxed) {
                    return println!("{opened} accounts were opened");
                }
                opened += u32::from(peer.sign_up(&format!("new{from}x{name}")).is_ok());
            }
        }
    });
    Scene::new().withstands("20 addresses that open accounts", vec![attacker]);
}

#[test]
fn flood_of_new_rooms_delays_nobody() {
    if !is_asked_for() {
        return;
    }
    let attacker: Attacker = Box::new(|server, is_over| {
        let mut peers = signed_in(server, "maker", 36);
        for room in 0.. {
            for (maker, (peer, _)) in peers.iter_mut().enumerate() {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let join = Join {
                    tag: room,
                    name: format!("#r{maker}x{room}"),
                    access: None,
                };
                let _ = peer.send(Channel::Control, &ClientMessage::control(join));
                peer.take_inbox();
            }
            thread::sleep(Duration::from_millis(1));
        }
    });
    Scene::new().withstands("36 accounts that make rooms", vec![attacker]);
}
