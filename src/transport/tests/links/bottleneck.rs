//! A narrow link with a deep queue, in virtual time: what a stream on the bulk channel gets of it, alone and beside
//! a TCP flow, and what it leaves to the lines of the same session. The link has 2 Mbit/s with
//! 200 ms of buffer, 25 ms each way.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::kit::{Direction, Link, Rng, UnderWay};
use crate::testing::instant;
use crate::transport::tests::network::server;
use crate::transport::{Channel, ClientConfig, Endpoint, Event, SendError, SessionId};

const DELAY: Duration = Duration::from_millis(25);
const QUEUE: Duration = Duration::from_millis(200);
const LINK: Link = Link {
    rate: 2_000_000 / 8,
    queue: QUEUE,
    ..Link::PERFECT
};

/// Bytes of IPv4 and UDP header before each datagram.
const UDP_OVERHEAD: usize = 28;

/// Bytes of a TCP segment and of an acknowledgement on the link.
const SEGMENT: usize = 1500;
const SEGMENT_ACK: usize = 52;

/// Bytes of each message of the stream: a text of the longest kind.
const BLOCK: usize = 16 * 1024;

/// Between two lines of chat.
const PERIOD: Duration = Duration::from_millis(50);

/// Something on the link.
enum Item {
    Datagram(Vec<u8>),
    Segment(u64),
    Acknowledgement(u64),
}

/// A TCP flow with all losses known at once (as by SACK), and CUBIC's window (RFC 9438): as greedy as what iperf3
/// starts on Linux.
struct Tcp {
    window: f64,
    threshold: f64,
    max: f64,
    epoch: Option<Instant>,
    next: u64,
    outstanding: BTreeMap<u64, Instant>,
    recovery_until: u64,
    delivered: u64,
}

impl Tcp {
    /// CUBIC's constants: what is kept after a loss, and segments per second cubed.
    const KEPT: f64 = 0.7;
    const C: f64 = 0.4;
    /// A round trip is never longer on this link with its queue full, unless all was lost.
    const TIMEOUT: Duration = Duration::from_millis(600);

    fn new() -> Self {
        Self {
            window: 10.0,
            threshold: f64::INFINITY,
            max: 0.0,
            epoch: None,
            next: 0,
            outstanding: BTreeMap::new(),
            recovery_until: 0,
            delivered: 0,
        }
    }

    fn has_room(&self) -> bool {
        u32::try_from(self.outstanding.len()).is_ok_and(|sent| f64::from(sent) + 1.0 <= self.window)
    }

    fn handle(&mut self, now: Instant, number: u64) {
        if self.outstanding.remove(&number).is_none() {
            return;
        }
        self.delivered += 1;
        let mut lost = self.outstanding.clone();
        lost.retain(|other, sent| *other + 2 < number || now - *sent > Self::TIMEOUT);
        for other in lost.keys() {
            self.outstanding.remove(other);
        }
        if lost.keys().any(|other| *other >= self.recovery_until) {
            self.recovery_until = self.next;
            self.max = self.window;
            self.window = (self.window * Self::KEPT).max(2.0);
            self.threshold = self.window;
            self.epoch = None;
            return;
        }
        if number < self.recovery_until {
            return;
        }
        if self.window < self.threshold {
            self.window += 1.0;
        } else {
            let epoch = *self.epoch.get_or_insert(now);
            let k = (self.max * (1.0 - Self::KEPT) / Self::C).cbrt();
            let time = (now - epoch).as_secs_f64() + 0.1;
            let target = Self::C * (time - k).powi(3) + self.max;
            self.window += ((target - self.window) / self.window).max(0.01 / self.window);
        }
    }
}

struct World {
    now: Instant,
    client: Endpoint,
    server: Endpoint,
    session: SessionId,
    up: Direction<Instant>,
    down: Direction<Instant>,
    under_way: UnderWay<Instant, (bool, Item)>,
    rng: Rng,
    tcp: Option<Tcp>,
    /// Bytes of the stream that are still to be queued.
    stream_left: usize,
    stream_received: usize,
    speaks_at: Option<Instant>,
    said: u32,
    heard: BTreeSet<u32>,
    typed: Vec<Instant>,
    latencies: Vec<Duration>,
}

fn client_address() -> SocketAddr {
    ([192, 0, 2, 1], 4000).into()
}

fn server_address() -> SocketAddr {
    ([198, 51, 100, 1], 7777).into()
}

impl World {
    /// A signed-in session.
    fn new(seed: u8) -> Self {
        let now = instant();
        let mut client = Endpoint::client(now, ClientConfig::default(), [seed; 32]);
        let session = client.connect(now, server_address());
        let mut world = Self {
            now,
            client,
            server: server(now, seed),
            session,
            up: Direction::default(),
            down: Direction::default(),
            under_way: UnderWay::default(),
            rng: Rng::new(u64::from(seed), 0),
            tcp: None,
            stream_left: 0,
            stream_received: 0,
            speaks_at: None,
            said: 0,
            heard: BTreeSet::new(),
            typed: Vec::new(),
            latencies: Vec::new(),
        };
        world.run(Duration::from_secs(1));
        world
    }

    fn put(&mut self, up: bool, item: Item) {
        let bytes = match &item {
            Item::Datagram(bytes) => bytes.len() + UDP_OVERHEAD,
            Item::Segment(_) => SEGMENT,
            Item::Acknowledgement(_) => SEGMENT_ACK,
        };
        let direction = if up { &mut self.up } else { &mut self.down };
        let passed = direction.pass(&LINK, &mut self.rng, self.now, bytes, |_| ());
        if let Some(passed) = passed {
            self.under_way.put(passed + DELAY, (up, item));
        }
    }

    fn flush(&mut self) {
        self.feed();
        let mut buffer = Vec::new();
        while self.client.poll_transmit(self.now, &mut buffer).is_some() {
            self.put(true, Item::Datagram(buffer.clone()));
        }
        while self.server.poll_transmit(self.now, &mut buffer).is_some() {
            self.put(false, Item::Datagram(buffer.clone()));
        }
        while let Some(tcp) = &mut self.tcp
            && tcp.has_room()
        {
            let number = tcp.next;
            tcp.next += 1;
            tcp.outstanding.insert(number, self.now);
            self.put(true, Item::Segment(number));
        }
    }

    /// Queues as much of the stream as there is room for, and what is typed.
    fn feed(&mut self) {
        while self.stream_left > 0 {
            let block = vec![b'x'; BLOCK.min(self.stream_left)];
            match self
                .client
                .send(self.now, self.session, Channel::Bulk, &block)
            {
                Ok(()) => self.stream_left -= block.len(),
                Err(SendError::Full) => break,
                Err(error) => panic!("{error}"),
            }
        }
        while let Some(at) = self.speaks_at.filter(|at| *at <= self.now) {
            let mut line = vec![b'c'; 140];
            line[..4].copy_from_slice(&self.said.to_be_bytes());
            self.said += 1;
            self.typed.push(at);
            self.client
                .send(self.now, self.session, Channel::Chat, &line)
                .expect("there is room");
            self.speaks_at = Some(at + PERIOD);
        }
    }

    fn deliver(&mut self, up: bool, item: Item) {
        match item {
            Item::Datagram(mut bytes) => {
                let (endpoint, from) = if up {
                    (&mut self.server, client_address())
                } else {
                    (&mut self.client, server_address())
                };
                endpoint.handle_datagram(self.now, None, from, None, &mut bytes);
            }
            Item::Segment(number) => self.put(false, Item::Acknowledgement(number)),
            Item::Acknowledgement(number) => {
                if let Some(tcp) = &mut self.tcp {
                    tcp.handle(self.now, number);
                }
            }
        }
    }

    fn read(&mut self) {
        while self.client.poll_event().is_some() {}
        while let Some(event) = self.server.poll_event() {
            match event {
                Event::Connected { session, .. } => {
                    self.server.set_signed_in(self.now, session, true);
                }
                Event::Readable { session, channel } => {
                    while let Some(message) = self.server.receive(self.now, session, channel) {
                        if channel == Channel::Bulk {
                            self.stream_received += message.len();
                            continue;
                        }
                        let number = u32::from_be_bytes(message[..4].try_into().unwrap());
                        assert!(self.heard.insert(number), "heard twice");
                        self.latencies.push(self.now - self.typed[number as usize]);
                    }
                }
                _ => {}
            }
        }
    }

    fn step(&mut self, end: Instant) -> bool {
        self.flush();
        let arrival = self.under_way.next();
        let timeouts = [self.client.poll_timeout(), self.server.poll_timeout()];
        let wakes = timeouts.into_iter().chain([arrival, self.speaks_at]);
        let Some(next) = wakes.flatten().min().filter(|next| *next <= end) else {
            self.now = end;
            return false;
        };
        self.now = self.now.max(next);
        while let Some((up, item)) = self.under_way.take(self.now) {
            self.deliver(up, item);
        }
        for endpoint in [&mut self.client, &mut self.server] {
            if endpoint.poll_timeout().is_some_and(|at| at <= self.now) {
                endpoint.handle_timeout(self.now);
            }
        }
        self.read();
        true
    }

    fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.step(end) {}
    }

    /// Streams so many bytes, and says how long that took.
    fn stream(&mut self, bytes: usize) -> Duration {
        let start = self.now;
        self.stream_left = bytes;
        let all = self.stream_received + bytes;
        while self.stream_received < all {
            assert!(self.step(start + Duration::from_mins(5)), "it stalls");
        }
        self.now - start
    }

    /// The latency that this share of all lines has kept to, in milliseconds, once all of them are there.
    fn percentile(&mut self, percent: usize) -> u128 {
        self.speaks_at = None;
        self.run(Duration::from_secs(5));
        assert_eq!(self.latencies.len(), self.typed.len(), "all are heard");
        self.latencies.sort_unstable();
        let rank = (self.latencies.len() * percent).div_ceil(100);
        self.latencies[rank - 1].as_millis()
    }
}

/// What a stream of five megabytes takes at the link's whole rate.
const IDEAL: Duration = Duration::from_secs(20);

#[test]
fn stream_gets_four_fifths_of_a_narrow_link() {
    for seed in 1..5 {
        let took = World::new(seed).stream(5_000_000);
        assert!(took < IDEAL * 5 / 4, "seed {seed}: {took:?}");
    }
}

#[test]
fn stream_in_flight_adds_no_more_to_a_line_than_the_links_queue() {
    for seed in 1..5 {
        let mut quiet = World::new(seed);
        quiet.speaks_at = Some(quiet.now);
        quiet.run(IDEAL);
        let alone = quiet.percentile(99);
        let mut busy = World::new(seed);
        busy.speaks_at = Some(busy.now);
        busy.stream(5_000_000);
        let beside = busy.percentile(99);
        assert!((25..30).contains(&alone), "seed {seed}: {alone} ms");
        // A packet that had begun, and two that a window may be short of.
        let most = alone + QUEUE.as_millis() + 15;
        assert!(beside <= most, "seed {seed}: {beside} ms against {alone}");
        assert!(busy.said > 400);
    }
}

#[test]
fn stream_and_a_tcp_flow_leave_each_other_a_quarter() {
    for seed in 1..5 {
        let mut world = World::new(seed);
        world.tcp = Some(Tcp::new());
        let took = world.stream(5_000_000).as_secs_f64();
        let tcp = world.tcp.take().expect("it was started").delivered;
        #[allow(clippy::cast_precision_loss, reason = "some thousands")]
        let tcp = (tcp * SEGMENT as u64 * 8) as f64 / took;
        let stream = 5e6 * 8.0 / took;
        let quarter = 0.25 * 2e6;
        println!("seed {seed}: stream {stream:.0}, TCP {tcp:.0} bit/s");
        assert!(
            stream > quarter && tcp > quarter,
            "seed {seed}: {stream:.0} {tcp:.0}"
        );
    }
}
