//! What a server's transport holds for a session that is idle, signed in or not, and how often it allocates while it
//! relays: counted by the allocator. `cargo bench --bench memory`, or, to wait less, with `--profile dev`.
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and its arguments"
)]
#![allow(
    unsafe_code,
    reason = "an allocator is unsafe by its nature; this one only counts"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use udpchat::transport::{Channel, ClientConfig, Endpoint, Event, Limits, ServerConfig, SessionId};

/// Bytes allocated and not freed, in all.
static HELD: AtomicUsize = AtomicUsize::new(0);
/// Allocations while [`COUNTING`] is on.
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static COUNTING: AtomicBool = AtomicBool::new(false);

struct Counting;

// SAFETY: every call is passed on to the system's allocator with the arguments as they came; the counters touch
// no memory but their own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        if COUNTING.load(Ordering::Relaxed) {
            ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller keeps the contract of `alloc`, which is the same here.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above; `pointer` came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SERVER: ([u8; 4], u16) = ([198, 51, 100, 1], 7777);

fn server(now: Instant) -> Endpoint {
    let limits = Limits {
        unauthenticated: usize::MAX,
        handshakes_per_second: u32::MAX,
        handshakes_burst: u32::MAX,
        ..Limits::default()
    };
    let config = ServerConfig {
        static_key: [5; 32],
        reset_key: [6; 32],
        unix_ms: 1_773_756_120_000,
        limits,
    };
    Endpoint::server(now, config, [1; 32])
}

/// A client with its buffers, beside a server.
struct Peer {
    endpoint: Endpoint,
    session: SessionId,
    at_server: Option<SessionId>,
    address: SocketAddr,
}

impl Peer {
    fn connect(now: &mut Instant, number: u32, server: &mut Endpoint) -> Self {
        // The server makes a few handshakes at each moment.
        *now += Duration::from_millis(1);
        let now = *now;
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&number.to_be_bytes());
        let mut endpoint = Endpoint::client(now, ClientConfig::default(), seed);
        let session = endpoint.connect(now, SERVER.into());
        let [_, a, b, c] = number.to_be_bytes();
        let mut peer = Self {
            endpoint,
            session,
            at_server: None,
            address: ([10, a, b, c], 5000).into(),
        };
        while peer.at_server.is_none() {
            peer.exchange(now, server);
            while let Some(event) = server.poll_event() {
                if let Event::Connected { session, .. } = event {
                    server.set_signed_in(now, session, true);
                    peer.at_server = Some(session);
                }
            }
        }
        peer
    }

    /// Lets both say what they have to say to each other.
    fn exchange(&mut self, now: Instant, server: &mut Endpoint) {
        let mut buffer = Vec::new();
        while self.endpoint.poll_transmit(now, &mut buffer).is_some() {
            server.handle_datagram(now, None, self.address, None, &mut buffer);
        }
        while server.poll_transmit(now, &mut buffer).is_some() {
            let from = SERVER.into();
            self.endpoint
                .handle_datagram(now, None, from, None, &mut buffer);
        }
        while self.endpoint.poll_event().is_some() {}
    }
}

/// How many clients come at a time. All must have come before the first is forgotten, after 15 minutes.
const GROUP: u32 = 100;

/// Lets the server and all clients of a group say what they have to say to each other.
fn exchange(
    now: Instant,
    clients: &mut Endpoint,
    server: &mut Endpoint,
    connected: &mut Vec<SessionId>,
    signs_in: bool,
) {
    let (mut buffer, mut quiet) = (Vec::new(), false);
    let (from, to): (SocketAddr, SocketAddr) = (([10, 0, 0, 1], 5000).into(), SERVER.into());
    while !quiet {
        quiet = true;
        while clients.poll_transmit(now, &mut buffer).is_some() {
            server.handle_datagram(now, None, from, None, &mut buffer);
            quiet = false;
        }
        while server.poll_transmit(now, &mut buffer).is_some() {
            clients.handle_datagram(now, None, to, None, &mut buffer);
            quiet = false;
        }
        while let Some(event) = server.poll_event() {
            match event {
                Event::Connected { session, .. } => {
                    server.set_signed_in(now, session, signs_in);
                    connected.push(session);
                }
                Event::Readable { session, channel } => {
                    while server.receive(now, session, channel).is_some() {}
                }
                _ => {}
            }
        }
        while clients.poll_event().is_some() {}
    }
}

/// What a session that is idle costs, signed in or not.
fn idle(sessions: u32, signs_in: bool) {
    let mut now = Instant::now();
    let mut server = server(now);
    let mut connected = Vec::with_capacity(sessions as usize);
    for group in 0..sessions.div_ceil(GROUP) {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&group.to_be_bytes());
        let mut clients = Endpoint::client(now, ClientConfig::default(), seed);
        let dialled: Vec<_> = (0..GROUP)
            .map(|_| clients.connect(now, SERVER.into()))
            .collect();
        let before = connected.len();
        while connected.len() < before + GROUP as usize {
            exchange(now, &mut clients, &mut server, &mut connected, signs_in);
            now += Duration::from_millis(1);
            server.handle_timeout(now);
        }
        // Something is said both ways, as at a sign-in, and acknowledged.
        for _ in 0..3 {
            for (one, other) in dialled.iter().zip(&connected[before..]) {
                clients
                    .send(now, *one, Channel::Control, &[7; 300])
                    .expect("there is room");
                server
                    .send(now, *other, Channel::Chat, &[7; 300])
                    .expect("there is room");
            }
            for _ in 0..2 {
                exchange(now, &mut clients, &mut server, &mut connected, signs_in);
                now += Duration::from_millis(26);
                server.handle_timeout(now);
                clients.handle_timeout(now);
            }
        }
        exchange(now, &mut clients, &mut server, &mut connected, signs_in);
    }
    // All of them fall idle.
    for _ in 0..40 {
        now += Duration::from_millis(500);
        server.handle_timeout(now);
        let mut buffer = Vec::new();
        while server.poll_transmit(now, &mut buffer).is_some() {}
    }
    let is_held = |session: &&SessionId| server.statistics(**session).is_some();
    let held = connected.iter().filter(is_held).count();
    assert!(
        held == connected.len(),
        "{held} of {} are left",
        connected.len()
    );
    assert!(connected.iter().all(|session| server.is_drained(*session)));
    let with = HELD.load(Ordering::Relaxed);
    drop(server);
    let each = (with - HELD.load(Ordering::Relaxed)) / held;
    let who = if signs_in { "idle" } else { "not signed in" };
    println!("{who}: {each} bytes for each of {held} sessions (at most 2048 when signed in)");
}

/// Runs something of the server's with the counter on.
fn counted<T>(act: impl FnOnce() -> T) -> T {
    COUNTING.store(true, Ordering::Relaxed);
    let result = act();
    COUNTING.store(false, Ordering::Relaxed);
    result
}

fn relay(pairs: u32) {
    const ROUNDS: usize = 400;
    let mut now = Instant::now();
    let mut server = server(now);
    let mut peers: Vec<_> = (0..2 * pairs)
        .map(|number| Peer::connect(&mut now, number, &mut server))
        .collect();
    let at_server: Vec<_> = peers.iter().map(|peer| peer.at_server).collect();
    let (mut buffer, mut message) = (Vec::with_capacity(2048), Vec::with_capacity(2048));
    let (mut packets, mut relayed) = (0, 0);
    for round in 0..ROUNDS {
        if round == ROUNDS / 2 {
            // The queues have the size that they need by now.
            ALLOCATIONS.store(0, Ordering::Relaxed);
            (packets, relayed) = (0, 0);
        }
        now += Duration::from_millis(7);
        for peer in &mut peers {
            peer.endpoint.handle_timeout(now);
            peer.endpoint
                .send(now, peer.session, Channel::Chat, &[7; 150])
                .expect("there is room");
            while peer.endpoint.poll_transmit(now, &mut buffer).is_some() {
                packets += 1;
                let address = peer.address;
                counted(|| server.handle_datagram(now, None, address, None, &mut buffer));
            }
        }
        counted(|| server.handle_timeout(now));
        while let Some(event) = counted(|| server.poll_event()) {
            let Event::Readable { session, channel } = event else {
                continue;
            };
            let from = at_server.iter().position(|other| *other == Some(session));
            let to = at_server[from.expect("it is one of them") ^ 1].expect("it is connected");
            while counted(|| server.receive_into(now, session, channel, &mut message)) {
                relayed += 1;
                counted(|| server.send(now, to, channel, &message)).expect("there is room");
            }
        }
        while let Some(transmit) = counted(|| server.poll_transmit(now, &mut buffer)) {
            packets += 1;
            let SocketAddr::V4(to) = transmit.remote else {
                continue;
            };
            let [_, a, b, c] = to.ip().octets();
            let peer = &mut peers[u32::from_be_bytes([0, a, b, c]) as usize];
            peer.endpoint
                .handle_datagram(now, None, SERVER.into(), None, &mut buffer);
            while peer
                .endpoint
                .receive(now, peer.session, Channel::Chat)
                .is_some()
            {}
            while peer.endpoint.poll_event().is_some() {}
        }
    }
    let allocations = ALLOCATIONS.load(Ordering::Relaxed);
    println!(
        "relay: {allocations} allocations for {relayed} messages in {packets} packets between {pairs} pairs"
    );
}

fn main() {
    // What cargo adds (`--bench`) is no number.
    let sessions = std::env::args().find_map(|argument| argument.parse().ok());
    relay(1);
    relay(100);
    idle(sessions.unwrap_or(100_000), true);
    idle(2_000, false);
}
