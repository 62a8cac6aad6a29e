//! What a packet costs in the transport, and what sessions cost that only keep themselves alive.
//!
//! The clock is virtual; what is measured is the work. A hundred thousand sessions send 4000 keep-alives a second
//! (each after 25 s): the time of one "keep-alive", times 4000, is the share of a core that they take.
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock that it measures with"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use udpchat::transport::{Channel, ClientConfig, Endpoint, Event, Limits, ServerConfig, SessionId};

const SERVER: ([u8; 4], u16) = ([198, 51, 100, 1], 7777);
const CLIENTS: ([u8; 4], u16) = ([192, 0, 2, 1], 5000);
const LINE: [u8; 150] = [7; 150];

/// A server, and an endpoint on which all clients live, without a network between them.
struct World {
    now: Instant,
    server: Endpoint,
    clients: Endpoint,
    at_client: Vec<SessionId>,
    at_server: Vec<SessionId>,
    buffer: Vec<u8>,
    /// Time spent in the server, and datagrams that it took.
    spent: Duration,
    taken: u64,
}

impl World {
    fn new(sessions: usize) -> Self {
        let now = Instant::now();
        let config = ServerConfig {
            static_key: [5; 32],
            reset_key: [6; 32],
            unix_ms: 1_773_756_120_000,
            limits: Limits {
                unauthenticated: usize::MAX,
                handshakes_per_second: u32::MAX,
                handshakes_burst: u32::MAX,
                ..Limits::default()
            },
        };
        let mut world = Self {
            now,
            server: Endpoint::server(now, config, [1; 32]),
            clients: Endpoint::client(now, ClientConfig::default(), [2; 32]),
            at_client: Vec::new(),
            at_server: Vec::new(),
            buffer: Vec::new(),
            spent: Duration::ZERO,
            taken: 0,
        };
        for number in 1..=sessions {
            let session = world.clients.connect(world.now, SERVER.into());
            world.at_client.push(session);
            while world.at_server.len() < number {
                world.exchange();
                world.now += Duration::from_micros(250);
            }
        }
        world
    }

    /// Lets both say what they have to say, and takes the server's time.
    fn exchange(&mut self) {
        let now = self.now;
        let (from_clients, from_server): (SocketAddr, SocketAddr) = (CLIENTS.into(), SERVER.into());
        self.clients.handle_timeout(now);
        let start = Instant::now();
        self.server.handle_timeout(now);
        self.spent += start.elapsed();
        loop {
            let mut quiet = true;
            while self.clients.poll_transmit(now, &mut self.buffer).is_some() {
                quiet = false;
                self.taken += 1;
                let start = Instant::now();
                self.server
                    .handle_datagram(now, None, from_clients, None, &mut self.buffer);
                self.spent += start.elapsed();
            }
            loop {
                let start = Instant::now();
                let transmit = self.server.poll_transmit(now, &mut self.buffer);
                self.spent += start.elapsed();
                if transmit.is_none() {
                    break;
                }
                quiet = false;
                self.clients
                    .handle_datagram(now, None, from_server, None, &mut self.buffer);
            }
            while let Some(event) = self.server.poll_event() {
                if let Event::Connected { session, .. } = event {
                    self.server.set_signed_in(now, session, true);
                    self.at_server.push(session);
                }
            }
            while self.clients.poll_event().is_some() {}
            if quiet {
                return;
            }
        }
    }

    /// Goes on to the next thing that anybody waits for.
    fn advance(&mut self) {
        let deadlines = [self.clients.poll_timeout(), self.server.poll_timeout()];
        let next = deadlines.into_iter().flatten().min();
        self.now = next.map_or(self.now, |next| next.max(self.now));
        self.exchange();
    }
}

/// One line from a client to the server, part by part.
#[derive(Clone, Copy)]
enum Part {
    Seal,
    Open,
    Acknowledge,
}

fn line(world: &mut World, part: Part) -> Duration {
    world.now += Duration::from_millis(30);
    let (now, session) = (world.now, world.at_client[0]);
    let mut spent = Duration::ZERO;
    let mut take = |which: bool, since: Instant| {
        if which {
            spent += since.elapsed();
        }
    };
    let start = Instant::now();
    world
        .clients
        .send(now, session, Channel::Chat, &LINE)
        .expect("there is room");
    world.clients.poll_transmit(now, &mut world.buffer);
    take(matches!(part, Part::Seal), start);
    let start = Instant::now();
    let (from, at_server) = (CLIENTS.into(), world.at_server[0]);
    world
        .server
        .handle_datagram(now, None, from, None, &mut world.buffer);
    world
        .server
        .receive(now, at_server, Channel::Chat)
        .expect("it has come");
    take(matches!(part, Part::Open), start);
    // The acknowledgement goes out after its delay.
    world.now += Duration::from_millis(25);
    let now = world.now;
    let start = Instant::now();
    world.server.handle_timeout(now);
    let from = SERVER.into();
    while world.server.poll_transmit(now, &mut world.buffer).is_some() {
        world
            .clients
            .handle_datagram(now, None, from, None, &mut world.buffer);
    }
    take(matches!(part, Part::Acknowledge), start);
    world.exchange();
    spent
}

fn packets(criterion: &mut Criterion) {
    let parts = [
        ("send and seal a line", Part::Seal),
        ("open and receive a line", Part::Open),
        ("acknowledge, at both ends", Part::Acknowledge),
    ];
    for (name, part) in parts {
        let mut world = World::new(1);
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|count| (0..count).map(|_| line(&mut world, part)).sum());
        });
    }
    let mut world = World::new(2);
    criterion.bench_function("relay a line, server's part", |bencher| {
        bencher.iter_custom(|count| {
            world.spent = Duration::ZERO;
            for _ in 0..count {
                relay(&mut world);
            }
            world.spent
        });
    });
}

/// A line from one client to the other; what the clients do is not counted.
fn relay(world: &mut World) {
    world.now += Duration::from_millis(30);
    let now = world.now;
    world
        .clients
        .send(now, world.at_client[0], Channel::Chat, &LINE)
        .expect("there is room");
    world.exchange();
    let start = Instant::now();
    let [from, to] = [world.at_server[0], world.at_server[1]];
    while world
        .server
        .receive_into(now, from, Channel::Chat, &mut world.buffer)
    {
        world
            .server
            .send(now, to, Channel::Chat, &world.buffer)
            .expect("there is room");
    }
    world.spent += start.elapsed();
    world.exchange();
    let session = world.at_client[1];
    while world.clients.receive(now, session, Channel::Chat).is_some() {}
}

/// A mebibyte on the bulk channel, in the pieces of a file, over a path of a millisecond; what both ends do is counted.
fn bulk(criterion: &mut Criterion) {
    static PIECE: [u8; 32 * 1024] = [7; 32 * 1024];
    const PIECES: u32 = 32;
    let mut world = World::new(1);
    criterion.bench_function("a mebibyte on the bulk channel, both ends", |bencher| {
        bencher.iter_custom(|count| {
            let mut spent = Duration::ZERO;
            for _ in 0..count {
                let (from, to) = (world.at_client[0], world.at_server[0]);
                let (mut queued, mut received) = (0, 0);
                while received < PIECES {
                    world.now += Duration::from_millis(1);
                    let now = world.now;
                    let start = Instant::now();
                    while queued < PIECES
                        && (world.clients.send(now, from, Channel::Bulk, &PIECE)).is_ok()
                    {
                        queued += 1;
                    }
                    world.exchange();
                    while (world.server).receive_into(now, to, Channel::Bulk, &mut world.buffer) {
                        received += 1;
                    }
                    spent += start.elapsed();
                }
            }
            spent
        });
    });
}

fn idle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("keep-alive among idle sessions");
    group.sample_size(10);
    for sessions in [1_000, 10_000, 100_000] {
        // Building them takes longer than measuring: only those are built that the filter lets through.
        let mut built = None;
        group.bench_function(BenchmarkId::from_parameter(sessions), |bencher| {
            let world: &mut World = built.get_or_insert_with(|| World::new(sessions));
            bencher.iter_custom(|count| {
                world.spent = Duration::ZERO;
                world.taken = 0;
                while world.taken < count {
                    world.advance();
                }
                let share = u32::try_from(world.taken).unwrap_or(u32::MAX);
                world.spent / share * u32::try_from(count).unwrap_or(u32::MAX)
            });
        });
    }
}

criterion_group!(benches, packets, bulk, idle);
criterion_main!(benches);
