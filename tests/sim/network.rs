//! The network between the hosts, and what it does to datagrams.
//!
//! Each client has a path of its own to the server, with a NAT at its end; what comes from the server for an
//! address that the NAT has given up vanishes.

use std::net::SocketAddr;
use std::time::Duration;

use crate::attacker::{Attack, Attacker, Verdict};
use crate::faults::{Fault, Faults};
use crate::kit::{Direction, Link, Mishap, Rng, UnderWay};

/// The server's address.
pub const SERVER: ([u8; 4], u16) = ([10, 0, 0, 1], 7777);

/// The address of one of several servers: the first has that of a server that is alone.
pub fn node_address(node: usize) -> SocketAddr {
    let ([a, b, c, d], port) = SERVER;
    SocketAddr::from(([a, b, c, d + node as u8], port))
}

/// A direction on a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the server.
    Up,
    /// To the client.
    Down,
}

/// One direction of one client's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    pub client: usize,
    pub way: Way,
}

/// A host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// The server, where it is alone.
    Server,
    /// One of several servers.
    Node(usize),
    Client(usize),
}

/// A datagram on its way.
#[derive(Debug, Clone)]
pub struct Datagram {
    pub route: Route,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

/// One direction of a path, which may be cut off.
#[derive(Default)]
struct Half {
    direction: Direction<Duration>,
    is_cut: bool,
}

/// A client's path to the server.
struct Path {
    /// The client as the server sees it.
    outer: SocketAddr,
    up: Half,
    down: Half,
    /// Larger datagrams vanish, in bytes.
    carries: usize,
}

/// All paths, and all that is under way on them.
pub struct Network {
    link: Link,
    rng: Rng,
    under_way: UnderWay<Duration, Datagram>,
    paths: Vec<Path>,
    attacker: Attacker,
    /// When each client first sent something since that was last forgotten.
    pub spoke: Vec<Option<Duration>>,
    /// Whether the server is one of several.
    pub has_nodes: bool,
    /// Whether each datagram that a host sends is printed.
    is_traced: bool,
    pub faults: Faults,
}

impl Network {
    pub fn new(link: Link, attack: Attack, clients: usize, rng: Rng) -> Self {
        let path = |number| Path {
            outer: SocketAddr::from(([10, 0, 1, number as u8], 40_000)),
            up: Half::default(),
            down: Half::default(),
            carries: usize::MAX,
        };
        Self {
            link,
            rng,
            under_way: UnderWay::default(),
            paths: (0..clients).map(path).collect(),
            attacker: Attacker::new(attack),
            spoke: vec![None; clients],
            has_nodes: false,
            is_traced: std::env::var_os("UDPCHAT_SIM_TRACE").is_some(),
            faults: Faults::default(),
        }
    }

    /// From now on nothing is done to datagrams but delaying them.
    pub fn heal(&mut self) {
        self.attacker.attack = Attack::default();
        self.link = Link {
            delay: self.link.delay,
            rate: self.link.rate,
            queue: Duration::from_mins(1),
            ..Link::default()
        };
        for path in &mut self.paths {
            for half in [&mut path.up, &mut path.down] {
                half.is_cut = false;
                half.direction.mend();
            }
            path.carries = usize::MAX;
        }
    }

    /// Datagrams fare as on this link again.
    pub fn fall_ill(&mut self, link: Link) {
        self.link = link;
    }

    /// The NAT gives the client another port, or the client comes from another network.
    pub fn rebind(&mut self, client: usize, is_roaming: bool) {
        let outer = &mut self.paths[client].outer;
        outer.set_port(outer.port() + 1);
        if is_roaming {
            let [a, _, network, host] = match outer {
                SocketAddr::V4(address) => address.ip().octets(),
                SocketAddr::V6(_) => unreachable!("there are no such addresses here"),
            };
            outer.set_ip([a, 0, network % 250 + 1, host].into());
        }
    }

    /// Cuts a path's directions off, or mends them.
    pub fn cut(&mut self, client: usize, up: bool, down: bool) {
        self.paths[client].up.is_cut = up;
        self.paths[client].down.is_cut = down;
    }

    /// The path carries no datagrams that are larger.
    pub fn carry_at_most(&mut self, client: usize, bytes: usize) {
        self.paths[client].carries = bytes;
    }

    /// A host sends.
    pub fn send(&mut self, now: Duration, host: Host, to: SocketAddr, bytes: &[u8]) {
        self.faults.packets += 1;
        let (route, from) = match host {
            Host::Client(client) => {
                self.spoke[client].get_or_insert(now);
                let way = Way::Up;
                (Route { client, way }, self.paths[client].outer)
            }
            Host::Server if Attacker::owns(to) => {
                self.attacker.written_to(to, bytes.len());
                if self.rng.happens(self.attacker.attack.relay) {
                    self.faults.count(Fault::Relayed);
                    self.relay(now, to, bytes);
                }
                return;
            }
            Host::Server | Host::Node(_) => {
                let node = match host {
                    Host::Node(node) => node,
                    _ => 0,
                };
                let client = match to {
                    SocketAddr::V4(address) => usize::from(address.ip().octets()[3]),
                    SocketAddr::V6(_) => unreachable!("there are no such addresses here"),
                };
                let way = Way::Down;
                (Route { client, way }, node_address(node))
            }
        };
        if self.is_traced {
            eprintln!(
                "{now:?} {from} -> {to}: type {}, {} bytes",
                bytes[0],
                bytes.len()
            );
        }
        let seen = Datagram {
            route,
            from,
            to,
            bytes: bytes.to_vec(),
        };
        let mut injected = Vec::new();
        let verdict = self
            .attacker
            .observe(&mut self.rng, &mut self.faults, &seen, &mut injected);
        for (delay, seen) in injected {
            self.under_way.put(now + delay, seen);
        }
        match verdict {
            Verdict::Pass => self.carry(now, &seen),
            Verdict::Hold(span) => self.under_way.put(now + span, seen),
            Verdict::Swallow => {}
        }
    }

    /// The attacker passes on to a victim what the server has sent to the address that it took for the victim's.
    fn relay(&mut self, now: Duration, to: SocketAddr, bytes: &[u8]) {
        let client = Attacker::victim(to);
        let seen = Datagram {
            route: Route {
                client,
                way: Way::Down,
            },
            from: SocketAddr::from(SERVER),
            to: self.paths[client].outer,
            bytes: bytes.to_vec(),
        };
        self.under_way.put(now + self.link.delay, seen);
    }

    /// A datagram goes its way, as far as that leads.
    fn carry(&mut self, now: Duration, seen: &Datagram) {
        let (link, rng, faults) = (self.link, &mut self.rng, &mut self.faults);
        let path = &mut self.paths[seen.route.client];
        let is_cut_both = path.up.is_cut && path.down.is_cut;
        let half = match seen.route.way {
            Way::Up => &mut path.up,
            Way::Down => &mut path.down,
        };
        if half.is_cut {
            faults.count(if is_cut_both {
                Fault::CutBothWays
            } else {
                Fault::CutOneWay
            });
            return;
        }
        if seen.bytes.len() > path.carries {
            faults.count(Fault::BlackHoled);
            return;
        }
        let count = |mishap| faults.count(fault_of(mishap));
        let copies = half.direction.carry(&link, rng, now, &seen.bytes, count);
        for (due, bytes) in copies {
            self.under_way.put(
                due,
                Datagram {
                    bytes,
                    ..seen.clone()
                },
            );
        }
    }

    fn server_at(&self, address: SocketAddr) -> Host {
        match address {
            SocketAddr::V4(address) if self.has_nodes => {
                Host::Node(usize::from(address.ip().octets()[3]) - 1)
            }
            _ => Host::Server,
        }
    }

    pub fn next_due(&self) -> Option<Duration> {
        self.under_way.next()
    }

    /// The next datagram that has reached somebody.
    pub fn take_due(&mut self, now: Duration) -> Option<(Host, Datagram)> {
        while let Some(datagram) = self.under_way.take(now) {
            let client = datagram.route.client;
            match datagram.route.way {
                Way::Up => {
                    if Attacker::owns(datagram.from) {
                        self.attacker
                            .reached_server(datagram.from, datagram.bytes.len());
                    }
                    let host = self.server_at(datagram.to);
                    return Some((host, datagram));
                }
                Way::Down if datagram.to == self.paths[client].outer => {
                    return Some((Host::Client(client), datagram));
                }
                Way::Down => self.faults.count(Fault::Misaddressed),
            }
        }
        None
    }
}

const fn fault_of(mishap: Mishap) -> Fault {
    match mishap {
        Mishap::TooLarge => Fault::BlackHoled,
        Mishap::BurstLost => Fault::BurstLost,
        Mishap::Lost => Fault::Lost,
        Mishap::QueueDropped => Fault::QueueDropped,
        Mishap::Queued => Fault::Queued,
        Mishap::Duplicated => Fault::Duplicated,
        Mishap::Corrupted => Fault::Corrupted,
        Mishap::Reordered => Fault::Reordered,
    }
}
