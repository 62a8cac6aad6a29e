//! From typing to another's screen: users in pairs who talk by way of a server, behind one bad link that they all
//! share, in virtual time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::kit::{Direction, Link, Rng, UnderWay};
use crate::testing::instant;
use crate::transport::tests::network::server;
use crate::transport::{Channel, ClientConfig, Endpoint, Event, Sending, SessionId};

/// One way over the link.
const DELAY: Duration = Duration::from_millis(25);

/// How often each user says something.
const PERIOD: Duration = Duration::from_millis(500);

/// Requests and answers before a user may speak, as a sign-in has them.
const SIGN_IN_STEPS: u8 = 4;

/// First bytes of the messages.
const SIGN_IN: u8 = 0;
const SAY: u8 = 1;
const STORED: u8 = 2;
const TAKEN: u8 = 3;

/// A link that loses so many packets of a hundred, so many in a row on the average.
fn link(loss: u32, burst: u32) -> Link {
    let share = f64::from(loss) / 100.0;
    let plain = Link {
        delay: DELAY,
        ..Link::PERFECT
    };
    if burst <= 1 {
        return Link {
            loss: share,
            ..plain
        };
    }
    let burst_ends = 1.0 / f64::from(burst);
    Link {
        burst: burst_ends * share / (1.0 - share),
        burst_ends,
        ..plain
    }
}

struct User {
    endpoint: Endpoint,
    address: SocketAddr,
    session: SessionId,
    steps: u8,
    speaks_at: Instant,
}

/// The server, its users, and the link.
pub(super) struct World {
    now: Instant,
    link: Link,
    up: Direction<Instant>,
    down: Direction<Instant>,
    rng: Rng,
    server: Endpoint,
    users: Vec<User>,
    by_session: HashMap<SessionId, usize>,
    sessions: Vec<Option<SessionId>>,
    under_way: UnderWay<Instant, (SocketAddr, SocketAddr, Vec<u8>)>,
    said: u32,
    until: Instant,
    /// From typing to the other's screen.
    pub(super) delays: Vec<Duration>,
}

impl World {
    pub(super) fn new(seed: u64, link: Link, users: u16, frugal: bool) -> Self {
        let now = instant();
        let mut rng = Rng::new(seed, 0);
        let far = now + Duration::from_secs(100_000);
        let users = (0..users)
            .map(|number| {
                let mut endpoint = Endpoint::client(now, ClientConfig { frugal }, rng.seed());
                let session = endpoint.connect(now, ([198, 51, 100, 1], 7777).into());
                User {
                    endpoint,
                    address: ([192, 0, 2, 1], 4000 + number).into(),
                    session,
                    steps: 0,
                    speaks_at: far,
                }
            })
            .collect::<Vec<_>>();
        Self {
            now,
            link,
            up: Direction::default(),
            down: Direction::default(),
            server: server(now, seed.to_le_bytes()[0]),
            by_session: HashMap::new(),
            sessions: vec![None; users.len()],
            users,
            under_way: UnderWay::default(),
            said: 0,
            until: far,
            delays: Vec::new(),
            rng,
        }
    }

    fn put(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let direction = if to.port() == 7777 {
            &mut self.up
        } else {
            &mut self.down
        };
        let (link, rng) = (&self.link, &mut self.rng);
        for (arrival, bytes) in direction.carry(link, rng, self.now, bytes, |_| ()) {
            self.under_way.put(arrival, (from, to, bytes));
        }
    }

    fn flush(&mut self) {
        let mut buffer = Vec::new();
        let server: SocketAddr = ([198, 51, 100, 1], 7777).into();
        for index in 0..self.users.len() {
            while let Some(transmit) = self.users[index]
                .endpoint
                .poll_transmit(self.now, &mut buffer)
            {
                for bytes in buffer.chunks(transmit.segment_size.unwrap_or(buffer.len())) {
                    self.put(self.users[index].address, server, bytes);
                }
            }
        }
        while let Some(transmit) = self.server.poll_transmit(self.now, &mut buffer) {
            for bytes in buffer.chunks(transmit.segment_size.unwrap_or(buffer.len())) {
                self.put(server, transmit.remote, bytes);
            }
        }
    }

    fn send_up(&mut self, index: usize, kind: u8, number: u32, length: usize) {
        let user = &mut self.users[index];
        let message = message(kind, number, length, self.now);
        user.endpoint
            .send(self.now, user.session, Channel::Chat, &message)
            .expect("there is room");
    }

    /// What nobody waits for: a receipt.
    fn send_up_soon(&mut self, index: usize, kind: u8) {
        let user = &mut self.users[index];
        let message = message(kind, 0, 30, self.now);
        user.endpoint
            .send_message(
                self.now,
                user.session,
                Channel::Chat,
                &message,
                Sending::unasked(true),
            )
            .expect("there is room");
    }

    fn send_down_soon(&mut self, index: usize, message: &[u8]) {
        let session = self.sessions[index].expect("it has signed in");
        self.server
            .send_message(
                self.now,
                session,
                Channel::Chat,
                message,
                Sending::unasked(true),
            )
            .expect("there is room");
    }

    fn send_down(&mut self, index: usize, message: &[u8]) {
        let session = self.sessions[index].expect("it has signed in");
        self.server
            .send(self.now, session, Channel::Chat, message)
            .expect("there is room");
    }

    fn server_events(&mut self) {
        while let Some(event) = self.server.poll_event() {
            match event {
                Event::Connected { session, .. } => {
                    self.server.set_signed_in(self.now, session, true);
                    let remote = self.server.remote(session).expect("it is open");
                    let index = usize::from(remote.port() - 4000);
                    self.by_session.insert(session, index);
                    self.sessions[index] = Some(session);
                }
                Event::Readable { session, channel } => {
                    let index = self.by_session[&session];
                    while let Some(mut message) = self.server.receive(self.now, session, channel) {
                        match message[0] {
                            SIGN_IN => self.send_down(index, &message),
                            SAY => {
                                self.send_down(index ^ 1, &message);
                                message.truncate(30);
                                message[0] = STORED;
                                self.send_down_soon(index, &message);
                            }
                            // A receipt.
                            _ => self.send_down_soon(index ^ 1, &message),
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn user_events(&mut self, index: usize) {
        while let Some(event) = self.users[index].endpoint.poll_event() {
            match event {
                Event::Connected { .. } => self.send_up(index, SIGN_IN, 0, 200),
                Event::Readable { session, channel } => {
                    while let Some(message) = self.users[index]
                        .endpoint
                        .receive(self.now, session, channel)
                    {
                        match message[0] {
                            SIGN_IN => self.step(index),
                            SAY => {
                                let said = u64::from_be_bytes(message[5..13].try_into().unwrap());
                                let said = Duration::from_nanos(said);
                                self.delays.push(self.since_epoch().saturating_sub(said));
                                self.send_up_soon(index, TAKEN);
                            }
                            _ => {}
                        }
                    }
                }
                Event::Closed { .. } => {
                    let now = self.now;
                    let user = &mut self.users[index];
                    user.session = user.endpoint.connect(now, ([198, 51, 100, 1], 7777).into());
                }
                _ => {}
            }
        }
    }

    fn since_epoch(&self) -> Duration {
        self.now.saturating_duration_since(*EPOCH)
    }

    fn step(&mut self, index: usize) {
        self.users[index].steps += 1;
        if self.users[index].steps < SIGN_IN_STEPS {
            self.send_up(index, SIGN_IN, 0, 200);
        }
    }

    fn next(&self) -> Option<Instant> {
        let arrival = self.under_way.next();
        let users = self.users.iter().flat_map(|user| {
            let speaks = (user.speaks_at < self.until).then_some(user.speaks_at);
            user.endpoint.poll_timeout().into_iter().chain(speaks)
        });
        users.chain(self.server.poll_timeout()).chain(arrival).min()
    }

    /// Runs until everybody has signed in, then lets them talk for some time, then waits for what is under way.
    pub(super) fn talk(&mut self, duration: Duration) {
        let start = self.now;
        let mut started = false;
        loop {
            for index in 0..self.users.len() {
                self.user_events(index);
            }
            self.server_events();
            self.flush();
            if !started && self.users.iter().all(|user| user.steps == SIGN_IN_STEPS) {
                started = true;
                self.until = self.now + duration;
                for index in 0..self.users.len() {
                    let phase = self.rng.below(500_000);
                    self.users[index].speaks_at = self.now + Duration::from_micros(phase);
                }
            }
            let end = if started {
                self.until + Duration::from_secs(30)
            } else {
                start + Duration::from_mins(10)
            };
            let Some(next) = self.next().filter(|next| *next < end) else {
                return;
            };
            self.now = self.now.max(next);
            self.advance();
        }
    }

    fn advance(&mut self) {
        let now = self.now;
        while let Some((from, to, mut bytes)) = self.under_way.take(now) {
            let endpoint = if to.port() == 7777 {
                &mut self.server
            } else {
                &mut self.users[usize::from(to.port() - 4000)].endpoint
            };
            endpoint.handle_datagram(now, None, from, None, &mut bytes);
        }
        let users = self.users.iter_mut().map(|user| &mut user.endpoint);
        for endpoint in users.chain([&mut self.server]) {
            if endpoint.poll_timeout().is_some_and(|at| at <= now) {
                endpoint.handle_timeout(now);
            }
        }
        for index in 0..self.users.len() {
            if self.users[index].speaks_at <= now && now < self.until {
                self.users[index].speaks_at += PERIOD;
                self.said += 1;
                self.send_up(index, SAY, self.said, 140);
            }
        }
    }

    /// Packets sent, packets taken for lost, and packets that were sent only for a copy, at all ends.
    pub(super) fn packets(&self) -> (u64, u64, u64) {
        let users = self
            .users
            .iter()
            .filter_map(|user| user.endpoint.statistics(user.session));
        let sessions = self
            .sessions
            .iter()
            .flatten()
            .filter_map(|session| self.server.statistics(*session));
        users.chain(sessions).fold((0, 0, 0), |sum, one| {
            (
                sum.0 + one.packets_sent,
                sum.1 + one.packets_lost,
                sum.2 + one.copies_sent,
            )
        })
    }
}

/// From when on messages count their nanoseconds.
static EPOCH: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(instant);

fn message(kind: u8, number: u32, length: usize, now: Instant) -> Vec<u8> {
    let nanos = now.saturating_duration_since(*EPOCH).as_nanos();
    let mut message = vec![kind; length];
    message[1..5].copy_from_slice(&number.to_be_bytes());
    message[5..13].copy_from_slice(&u64::try_from(nanos).unwrap_or(u64::MAX).to_be_bytes());
    message
}

/// A link, and what a message may cost on it: packets on both hops, its answers and their acknowledgements included, and the
/// time to the other's screen that one message in a hundred exceeds, in milliseconds. The last two are for clients whose
/// packets cost money.
struct Price {
    loss: u32,
    burst: u32,
    packets: f64,
    p99: u128,
    frugal_packets: f64,
    frugal_p99: u128,
}

const fn price(loss: u32, burst: u32, open: (f64, u128), frugal: (f64, u128)) -> Price {
    Price {
        loss,
        burst,
        packets: open.0,
        p99: open.1,
        frugal_packets: frugal.0,
        frugal_p99: frugal.1,
    }
}

/// The table in the documentation of `connection::redundancy`, with a little room.
const PRICES: [Price; 6] = [
    price(0, 1, (6.1, 54), (5.3, 54)),
    price(5, 1, (10.3, 75), (6.2, 240)),
    price(10, 1, (13.1, 90), (6.9, 310)),
    price(20, 1, (16.2, 110), (8.4, 450)),
    price(20, 5, (16.9, 210), (8.4, 470)),
    price(40, 1, (22.6, 230), (12.2, 950)),
];

fn measure(price: &Price, seeds: u64, seconds: u64, frugal: bool) -> (f64, u128) {
    let _epoch = *EPOCH;
    let link = link(price.loss, price.burst);
    let (mut delays, mut said) = (Vec::new(), 0);
    let mut packets = (0, 0, 0);
    for seed in 0..seeds {
        let mut world = World::new(seed, link, 20, frugal);
        world.talk(Duration::from_secs(seconds));
        said += world.said;
        delays.append(&mut world.delays);
        let (sent, missing, copies) = world.packets();
        packets = (packets.0 + sent, packets.1 + missing, packets.2 + copies);
    }
    delays.sort_unstable();
    assert_eq!(delays.len(), said as usize, "all are delivered");
    let at = |permille: usize| delays[delays.len() * permille / 1000].as_millis();
    let each = f64::from(u32::try_from(packets.0).unwrap_or(u32::MAX)) / f64::from(said);
    println!(
        "loss {:>2} % in bursts of {}, frugal {frugal:>5}: p50 {} p90 {} p99 {} p99.9 {} ms; {each:.1} packets a message, {} copies, {} lost",
        price.loss,
        price.burst,
        at(500),
        at(900),
        at(990),
        at(999),
        packets.2,
        packets.1,
    );
    (each, at(990))
}

#[test]
fn where_nothing_is_lost_no_copy_is_ever_sent_and_where_much_is_there_are_some() {
    let copies = |loss, frugal| {
        let mut world = World::new(1, link(loss, 1), 6, frugal);
        world.talk(Duration::from_secs(20));
        assert_eq!(world.delays.len(), 240, "all are delivered");
        world.packets().2
    };
    assert_eq!(copies(0, false), 0);
    assert!(copies(10, false) > 100);
    assert_eq!(copies(10, true), 0, "these cost money");
}

#[test]
fn loss_costs_and_delays_no_more_than_the_documentation_says() {
    for price in PRICES {
        let (packets, p99) = measure(&price, 2, 60, false);
        assert!(packets <= price.packets && p99 <= price.p99);
        let (packets, p99) = measure(&price, 2, 60, true);
        assert!(packets <= price.frugal_packets && p99 <= price.frugal_p99);
    }
}
