//! The link to one of several servers, in virtual time: how soon it stands with another one when that does not answer.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::instant;
use crate::client::link::{Link, LinkEvent};
use crate::transport::{ClientConfig, Endpoint, Event, Limits, ServerConfig, SessionId};

const ONE_WAY: Duration = Duration::from_millis(40);

const KEY: [u8; 32] = [5; 32];

struct Node {
    endpoint: Endpoint,
    /// Whether its packets come and go.
    is_there: bool,
    /// When something was sent to it.
    called: Vec<Instant>,
    sessions: Vec<SessionId>,
}

struct Cluster {
    now: Instant,
    nodes: Vec<Node>,
    client: Endpoint,
    link: Link,
    random: ChaCha20Rng,
    /// When it arrives, at which node or from it, and whether it goes to the node.
    under_way: VecDeque<(Instant, usize, bool, Vec<u8>)>,
    happened: Vec<LinkEvent>,
}

fn address(node: usize) -> SocketAddr {
    let last = u8::try_from(node + 1).expect("few nodes");
    ([192, 0, 2, last], 7777).into()
}

fn addresses(nodes: usize) -> Vec<SocketAddr> {
    (0..nodes).map(address).collect()
}

impl Cluster {
    /// The client of a cluster, of which it knows these nodes.
    fn new(nodes: usize, known: Vec<SocketAddr>, seed: u8) -> Self {
        let now = instant();
        Self {
            now,
            nodes: (0..nodes).map(|node| Node::new(now, node, KEY)).collect(),
            client: Endpoint::client(now, ClientConfig::default(), [seed; 32]),
            link: Link::new(known),
            random: ChaCha20Rng::from_seed([seed; 32]),
            under_way: VecDeque::new(),
            happened: Vec::new(),
        }
    }

    /// One that is connected to the first node, which has told it where the others are.
    fn connected(nodes: usize, seed: u8) -> Self {
        let mut cluster = Self::new(nodes, addresses(1), seed);
        cluster.link.connect(cluster.now, &mut cluster.client);
        cluster.run(Duration::from_secs(1));
        assert!(cluster.is_up());
        let others = addresses(nodes).split_off(1);
        let (now, random) = (cluster.now, &mut cluster.random);
        let link = &mut cluster.link;
        link.learn(now, &mut cluster.client, &others, random);
        cluster.run(Duration::from_secs(5));
        cluster.happened.clear();
        cluster
    }

    fn is_up(&self) -> bool {
        self.link.session().is_some()
    }

    /// At which node the link stands.
    fn place(&self) -> Option<usize> {
        let remote = self.client.remote(self.link.session()?)?;
        (0..self.nodes.len()).find(|node| address(*node) == remote)
    }

    fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.step();
        }
    }

    /// How long it takes until something of this kind happens.
    fn run_until(&mut self, is_it: impl Fn(&LinkEvent) -> bool) -> Duration {
        let start = self.now;
        while !self.happened.iter().any(&is_it) {
            self.step();
            let took = self.now - start;
            assert!(took < Duration::from_secs(30), "it never happened");
        }
        self.now - start
    }

    /// Lets a millisecond pass.
    fn step(&mut self) {
        let (now, mut buffer) = (self.now, Vec::new());
        while let Some(transmit) = self.client.poll_transmit(now, &mut buffer) {
            let is_of = |node: &usize| address(*node) == transmit.remote;
            let node = (0..self.nodes.len()).find(is_of).expect("it is known");
            self.nodes[node].called.push(now);
            self.under_way
                .push_back((now + ONE_WAY, node, true, buffer.clone()));
        }
        for (number, node) in self.nodes.iter_mut().enumerate() {
            while let Some(_sent) = node.endpoint.poll_transmit(now, &mut buffer) {
                self.under_way
                    .push_back((now + ONE_WAY, number, false, buffer.clone()));
            }
        }
        while self.under_way.front().is_some_and(|it| it.0 <= now) {
            let Some((_, number, is_up, mut bytes)) = self.under_way.pop_front() else {
                break;
            };
            let node = &mut self.nodes[number];
            if !node.is_there {
                continue;
            }
            let (endpoint, from) = if is_up {
                (&mut node.endpoint, ([192, 0, 2, 200], 4000).into())
            } else {
                (&mut self.client, address(number))
            };
            endpoint.handle_datagram(now, None, from, None, &mut bytes);
        }
        for node in &mut self.nodes {
            node.endpoint.handle_timeout(now);
            while let Some(event) = node.endpoint.poll_event() {
                if let Event::Connected { session, .. } = event {
                    node.sessions.push(session);
                }
            }
        }
        self.client.handle_timeout(now);
        let (link, random) = (&mut self.link, &mut self.random);
        while let Some(event) = self.client.poll_event() {
            let happened = link.handle_event(now, &mut self.client, event, random);
            self.happened.extend(happened);
        }
        if link.deadline().is_some_and(|deadline| deadline <= now) {
            let happened = link.handle_timeout(now, &mut self.client, random);
            self.happened.extend(happened);
        }
        self.now += Duration::from_millis(1);
    }
}

impl Node {
    fn new(now: Instant, number: usize, static_key: [u8; 32]) -> Self {
        let seed = u8::try_from(number + 1).expect("few nodes");
        let config = ServerConfig {
            static_key,
            reset_key: [seed; 32],
            unix_ms: 1_773_756_120_000,
            limits: Limits::default(),
        };
        Self {
            endpoint: Endpoint::server(now, config, [seed; 32]),
            is_there: true,
            called: Vec::new(),
            sessions: Vec::new(),
        }
    }
}

fn is_move(event: &LinkEvent) -> bool {
    matches!(event, LinkEvent::Moved { .. })
}

fn is_up(event: &LinkEvent) -> bool {
    matches!(event, LinkEvent::Up { .. })
}

fn is_loss(event: &LinkEvent) -> bool {
    matches!(event, LinkEvent::Lost { .. })
}

/// A client stayed with a server that had died for fifteen minutes, because its standby called only the same address.
#[test]
fn client_of_a_node_that_dies_is_with_another_one_within_five_seconds_though_it_says_nothing() {
    let mut moved_to = [0; 4];
    for seed in 0..40 {
        let mut cluster = Cluster::connected(4, seed);
        cluster.run(Duration::from_millis(u64::from(seed) * 57));
        cluster.nodes[0].is_there = false;
        let took = cluster.run_until(is_move);
        assert!(took < Duration::from_millis(4700), "{took:?} by {seed}");
        moved_to[cluster.place().expect("it is up")] += 1;
        // The user is told nothing, and no other node has a session of it.
        cluster.run(Duration::from_secs(20));
        assert!(!cluster.happened.iter().any(is_loss));
        let sessions = cluster.nodes[1..].iter().map(|node| node.sessions.len());
        assert_eq!(sessions.sum::<usize>(), 1, "{seed}");
    }
    let each = &moved_to[1..];
    assert!(each.iter().all(|count| *count >= 5), "{moved_to:?}");
}

#[test]
fn node_that_answers_before_another_one_has_keeps_its_client() {
    let mut cluster = Cluster::connected(3, 1);
    for node in &mut cluster.nodes {
        node.is_there = false;
    }
    cluster.run(Duration::from_secs(8));
    assert!(!cluster.nodes[1].called.is_empty(), "it was raced");
    cluster.nodes[0].is_there = true;
    cluster.run(Duration::from_secs(9));
    assert_eq!(cluster.place(), Some(0));
    let calls = cluster.nodes[1].called.len() + cluster.nodes[2].called.len();
    cluster.run(Duration::from_mins(1));
    let later = cluster.nodes[1].called.len() + cluster.nodes[2].called.len();
    assert_eq!(calls, later, "the race is over");
    assert!(!cluster.happened.iter().any(is_move));
    assert!(!cluster.happened.iter().any(is_loss));
}

#[test]
fn client_whose_nodes_are_all_gone_calls_on_three_at_once_and_finds_the_one_that_comes_back() {
    let mut cluster = Cluster::connected(8, 2);
    for node in &mut cluster.nodes {
        node.is_there = false;
        node.called.clear();
    }
    let start = cluster.now;
    cluster.run(Duration::from_mins(10));
    let calls = |from: u64, to: u64| {
        let (from, to) = (
            start + Duration::from_secs(from),
            start + Duration::from_secs(to),
        );
        let called = cluster.nodes[1..].iter().flat_map(|node| &node.called);
        called.filter(|at| (from..to).contains(*at)).count()
    };
    // Three handshakes with three SYNs in their first two seconds.
    for second in 0..600 {
        assert!(calls(second, second + 1) <= 6, "in second {second}");
    }
    assert!(calls(0, 60) <= 100, "{}", calls(0, 60));
    assert!(calls(300, 600) <= 375, "{}", calls(300, 600));
    let called = |node: &Node| !node.called.is_empty();
    assert!(cluster.nodes[1..].iter().all(called), "each is tried");
    cluster.nodes[5].is_there = true;
    cluster.run(Duration::from_mins(1));
    assert_eq!(cluster.place(), Some(5));
}

#[test]
fn client_of_a_node_that_stops_in_order_is_with_another_one_at_once() {
    let mut cluster = Cluster::connected(3, 3);
    let node = &mut cluster.nodes[0];
    let session = node.sessions[0];
    node.endpoint.close(cluster.now, session, 1, "stopping");
    let took = cluster.run_until(is_up);
    // The goodbye, and a handshake with a cookie.
    assert!(took <= 5 * ONE_WAY + Duration::from_millis(10), "{took:?}");
    assert_ne!(cluster.place(), Some(0));
    // One that sends everybody away as soon as they come is not called without a pause.
    let mut cluster = Cluster::connected(2, 4);
    let start = cluster.now;
    while cluster.now < start + Duration::from_secs(20) {
        for node in &mut cluster.nodes {
            for session in std::mem::take(&mut node.sessions) {
                node.endpoint.close(cluster.now, session, 1, "stopping");
            }
        }
        cluster.step();
    }
    let ups = cluster.happened.iter().filter(|event| is_up(event)).count();
    assert!((5..=25).contains(&ups), "{ups}");
}

#[test]
fn server_of_another_key_is_never_taken_for_another_node() {
    for is_silent in [true, false] {
        let mut cluster = Cluster::connected(3, 5);
        let stranger = Node::new(cluster.now, 1, [66; 32]);
        cluster.nodes[1] = stranger;
        cluster.nodes[2].is_there = false;
        if is_silent {
            cluster.nodes[0].is_there = false;
        } else {
            let node = &mut cluster.nodes[0];
            let session = node.sessions[0];
            node.endpoint.close(cluster.now, session, 1, "stopping");
            node.is_there = false;
        }
        // The goodbye of a node that is cut off is not heard.
        cluster.run(Duration::from_secs(10));
        assert_ne!(cluster.place(), Some(1));
        cluster.nodes[2].is_there = true;
        cluster.run(Duration::from_secs(20));
        assert_eq!(cluster.place(), Some(2));
    }
}

#[test]
fn client_that_knows_one_address_sends_nothing_more_than_before() {
    let mut cluster = Cluster::new(1, addresses(1), 6);
    cluster.link.connect(cluster.now, &mut cluster.client);
    cluster.run(Duration::from_secs(1));
    let (now, random) = (cluster.now, &mut cluster.random);
    // A single server speaks of no others, and one that speaks of itself says nothing new.
    for told in [Vec::new(), addresses(1)] {
        cluster.link.learn(now, &mut cluster.client, &told, random);
    }
    cluster.nodes[0].called.clear();
    cluster.run(Duration::from_mins(5));
    let calls = cluster.nodes[0].called.len();
    assert!((10..=16).contains(&calls), "{calls} packets in 5 minutes");
    cluster.nodes[0].is_there = false;
    cluster.run(Duration::from_mins(2));
    assert_eq!(cluster.place(), Some(0));
}
