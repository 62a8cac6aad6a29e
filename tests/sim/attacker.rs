//! An attacker on the path: sees every datagram, and replays, holds back, forges, mutates and redirects them. It
//! has no keys.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::faults::{Fault, Faults};
use crate::kit::Rng;
use crate::network::{Datagram, Way};

/// How many datagrams the attacker remembers. At the limit one at random is forgotten for each new one.
const MEMORY: usize = 96;

/// What an unproven address may be sent, as a multiple of what came from it (RFC 9000 §8.1).
const AMPLIFICATION: u64 = 3;

/// How often each thing is done, as shares of all datagrams seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Attack {
    pub replay: f64,
    pub replay_elsewhere: f64,
    pub hold: f64,
    pub forge: f64,
    pub mutate: f64,
    /// A copy from the attacker's address arrives before the original.
    pub overtake: f64,
    /// A copy from the attacker's address arrives and the original does not.
    pub steal: f64,
    /// What the server sends to the attacker's address is passed on to the client, so that the client proves that
    /// address for the attacker.
    pub relay: f64,
}

/// What becomes of a datagram.
pub enum Verdict {
    Pass,
    Hold(Duration),
    Swallow,
}

pub struct Attacker {
    pub attack: Attack,
    seen: Vec<Datagram>,
    /// Bytes that the server got from and sent to each address of the attacker's.
    traded: BTreeMap<SocketAddr, (u64, u64)>,
    /// An address may have been proved for the attacker.
    has_relayed: bool,
}

impl Attacker {
    pub fn new(attack: Attack) -> Self {
        Self {
            attack,
            seen: Vec::new(),
            traded: BTreeMap::new(),
            has_relayed: attack.relay > 0.0,
        }
    }

    /// One of the attacker's addresses, of which each victim has its own.
    fn address(rng: &mut Rng, victim: usize) -> SocketAddr {
        let host = 1 + rng.below(2) as u8;
        SocketAddr::from(([10, 66, victim as u8, host], 6666))
    }

    /// For whom the server takes this address of the attacker's.
    pub fn victim(address: SocketAddr) -> usize {
        match address {
            SocketAddr::V4(v4) => usize::from(v4.ip().octets()[2]),
            SocketAddr::V6(_) => unreachable!("there are no such addresses here"),
        }
    }

    pub fn owns(address: SocketAddr) -> bool {
        matches!(address, SocketAddr::V4(v4) if v4.ip().octets()[1] == 66)
    }

    /// Something of the attacker's has reached the server.
    pub fn reached_server(&mut self, from: SocketAddr, bytes: usize) {
        self.traded.entry(from).or_default().0 += bytes as u64;
    }

    /// The server has written to the attacker, who may not be believed as long as nobody answers its challenge.
    pub fn written_to(&mut self, to: SocketAddr, bytes: usize) {
        let (got, sent) = self.traded.entry(to).or_default();
        *sent += bytes as u64;
        assert!(
            self.has_relayed || *sent <= AMPLIFICATION * *got,
            "the server sent {sent} bytes to an address that had sent it {got}"
        );
    }

    /// Looks at a datagram, and says what becomes of it and what else is sent, each after a delay.
    pub fn observe(
        &mut self,
        rng: &mut Rng,
        faults: &mut Faults,
        seen: &Datagram,
        injected: &mut Vec<(Duration, Datagram)>,
    ) -> Verdict {
        let attack = self.attack;
        if self.seen.len() < MEMORY {
            self.seen.push(seen.clone());
        } else {
            let place = rng.index(MEMORY);
            self.seen[place] = seen.clone();
        }
        if rng.happens(attack.replay) {
            faults.count(Fault::Replayed);
            let old = self.seen[rng.index(self.seen.len())].clone();
            injected.push((rng.ms(0, 3_000), old));
        }
        if rng.happens(attack.replay_elsewhere) {
            faults.count(Fault::ReplayedElsewhere);
            let mut old = self.seen[rng.index(self.seen.len())].clone();
            old.from = Self::address(rng, old.route.client);
            injected.push((rng.ms(0, 3_000), old));
        }
        if rng.happens(attack.forge) {
            faults.count(Fault::Forged);
            injected.push((rng.ms(0, 100), forged(rng, seen)));
        }
        if rng.happens(attack.mutate) {
            faults.count(Fault::Mutated);
            injected.push((rng.ms(0, 60), mutated(rng, seen)));
        }
        if seen.route.way == Way::Up {
            if rng.happens(attack.overtake) {
                faults.count(Fault::Overtaken);
                let mut copy = seen.clone();
                copy.from = Self::address(rng, seen.route.client);
                injected.push((Duration::from_millis(1), copy));
            }
            if rng.happens(attack.steal) {
                faults.count(Fault::Stolen);
                let mut copy = seen.clone();
                copy.from = Self::address(rng, seen.route.client);
                injected.push((Duration::from_millis(1), copy));
                return Verdict::Swallow;
            }
        }
        if rng.happens(attack.hold) {
            faults.count(Fault::Held);
            return Verdict::Hold(rng.ms(100, 8_000));
        }
        Verdict::Pass
    }
}

/// A datagram of the attacker's own making, with a header that fits the session if it is lucky.
fn forged(rng: &mut Rng, seen: &Datagram) -> Datagram {
    let mut forged = seen.clone();
    let kept = [1, 5, 9, 13][rng.index(4)].min(forged.bytes.len());
    rng.fill(&mut forged.bytes[kept..]);
    if rng.happens(0.3) {
        forged.bytes[0] = rng.below(10) as u8;
    }
    if rng.happens(0.3) {
        let length = 1 + rng.index(forged.bytes.len());
        forged.bytes.truncate(length);
    }
    forged
}

/// A datagram with a few bytes changed, cut off or added.
fn mutated(rng: &mut Rng, seen: &Datagram) -> Datagram {
    let mut mutated = seen.clone();
    for _ in 0..=rng.below(3) {
        let place = rng.index(mutated.bytes.len());
        mutated.bytes[place] ^= 1 + rng.below(255) as u8;
    }
    match rng.below(4) {
        0 => mutated.bytes.push(0),
        1 => {
            let length = 1 + rng.index(mutated.bytes.len());
            mutated.bytes.truncate(length);
        }
        _ => {}
    }
    mutated
}
