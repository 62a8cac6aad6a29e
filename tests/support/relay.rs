//! A bad network in user space: a relay of UDP datagrams that loses, doubles, holds back and delays them, and
//! keeps what passed for those who want to look at it.

#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// What the relay does, in each direction alike. Shares are in per mille.
#[derive(Debug, Clone, Copy, Default)]
pub struct Badness {
    pub loss: u32,
    /// Further loss on the way to the server alone.
    pub loss_up: u32,
    pub duplicate: u32,
    pub reorder: u32,
    pub delay: Duration,
    /// After so long a silence a client comes from another port, as behind a NAT.
    pub rebind: Option<Duration>,
}

/// No relay lives longer. Chosen: the longest run of a test, with room.
const LIFE: Duration = Duration::from_mins(30);

/// A relay in threads of this process.
pub struct Relay {
    pub address: SocketAddr,
    passed: Arc<Mutex<Vec<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Relay {
    /// Relays between whoever writes to it and the server.
    pub fn start(server: SocketAddr, badness: Badness) -> Self {
        let front = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = front.local_addr().expect("it is bound");
        let stop = Arc::new(AtomicBool::new(false));
        let passed = Arc::new(Mutex::new(Vec::new()));
        let (ended, kept) = (stop.clone(), passed.clone());
        let thread = thread::spawn(move || run(&front, server, badness, &ended, &kept));
        Self {
            address,
            passed,
            stop,
            thread: Some(thread),
        }
    }

    /// Every datagram that came, those lost included.
    pub fn passed(&self) -> Vec<Vec<u8>> {
        self.passed.lock().unwrap().clone()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the relay does not panic");
        }
    }
}

/// Which way a datagram goes: to the server, or to this client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Up(SocketAddr),
    Down(SocketAddr),
}

/// A datagram under way: when it is due, a count that keeps those of one moment in order, its way, its bytes.
type UnderWay = Reverse<(Instant, u64, Way, Vec<u8>)>;

/// Runs a relay until it is told to stop.
pub fn run(
    front: &UdpSocket,
    server: SocketAddr,
    badness: Badness,
    stop: &AtomicBool,
    passed: &Mutex<Vec<Vec<u8>>>,
) {
    let born = Instant::now();
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let mut backs: BTreeMap<SocketAddr, (UdpSocket, Instant)> = BTreeMap::new();
    let mut under_way: BinaryHeap<UnderWay> = BinaryHeap::new();
    let mut count = 0;
    let mut chunk = [0; 2048];
    front.set_nonblocking(true).expect("it can be");
    while !stop.load(Ordering::Relaxed) && born.elapsed() < LIFE {
        let mut arrived = Vec::new();
        while let Ok((length, client)) = front.recv_from(&mut chunk) {
            arrived.push((Way::Up(client), chunk[..length].to_vec()));
        }
        for (client, (back, heard)) in &mut backs {
            while let Ok(length) = back.recv(&mut chunk) {
                *heard = Instant::now();
                arrived.push((Way::Down(*client), chunk[..length].to_vec()));
            }
        }
        for (way, bytes) in arrived {
            passed.lock().unwrap().push(bytes.clone());
            let mut happens = |share: u32| rng.next_u32() % 1000 < share;
            let is_lost_up = matches!(way, Way::Up(_)) && happens(badness.loss_up);
            if is_lost_up || happens(badness.loss) {
                continue;
            }
            let copies = if happens(badness.duplicate) { 2 } else { 1 };
            for _ in 0..copies {
                let late = if happens(badness.reorder) {
                    badness.delay + Duration::from_millis(5)
                } else {
                    Duration::ZERO
                };
                count += 1;
                let due = Instant::now() + badness.delay + late;
                under_way.push(Reverse((due, count, way, bytes.clone())));
            }
        }
        while under_way
            .peek()
            .is_some_and(|Reverse((due, ..))| *due <= Instant::now())
        {
            let Some(Reverse((_, _, way, bytes))) = under_way.pop() else {
                break;
            };
            // What the network refuses is lost, as on any network.
            let _ = match way {
                Way::Up(client) => {
                    let (back, heard) = backs.entry(client).or_insert_with(|| {
                        let any = if server.is_ipv4() {
                            "0.0.0.0:0"
                        } else {
                            "[::]:0"
                        };
                        let back = UdpSocket::bind(any).expect("a port");
                        back.connect(server).expect("a route");
                        back.set_nonblocking(true).expect("it can be");
                        (back, Instant::now())
                    });
                    *heard = Instant::now();
                    back.send(&bytes)
                }
                Way::Down(client) => front.send_to(&bytes, client),
            };
        }
        if let Some(silence) = badness.rebind {
            backs.retain(|_, (_, heard)| heard.elapsed() < silence);
        }
        thread::sleep(Duration::from_micros(500));
    }
}
