//! What is to happen, decided by a seed before anything happens: when who is killed and for how long, and who says
//! something to whom.

use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// How many users talk.
pub const USERS: usize = 10;

/// How many rooms there are, to each of which all users belong.
pub const ROOMS: usize = 3;

/// Shares of the kills, in per cent: of the server alone, and of clients alone. The rest is both at once.
const SERVER_ALONE: u32 = 40;
const CLIENTS_ALONE: u32 = 40;

/// Shares, in per cent: of what is killed and started again at once, of kills that follow close upon the last one,
/// of messages to everyone, of those to a room, and of lines after which a fence is typed.
const AT_ONCE: u32 = 50;
const CLOSE: u32 = 30;
const TO_EVERYONE: u32 = 10;
const TO_A_ROOM: u32 = 30;
const FENCES: u32 = 20;

/// Of what is said is said with a file, in per cent: so few that they do not fill the link.
const FILES: u32 = 4;

/// Random numbers that a seed decides.
pub struct Rng(ChaCha20Rng);

impl Rng {
    /// Different streams of one seed are independent of each other.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    fn below(&mut self, count: u32) -> u32 {
        self.0.next_u32() % count
    }

    fn happens(&mut self, per_cent: u32) -> bool {
        self.below(100) < per_cent
    }

    fn millis(&mut self, from: u32, to: u32) -> Duration {
        Duration::from_millis(u64::from(from + self.below(to - from)))
    }

    fn user(&mut self) -> usize {
        self.below(USERS as u32) as usize
    }
}

/// One moment at which processes are killed.
#[derive(Debug)]
pub struct Kill {
    /// Since the kill before.
    pub after: Duration,
    /// Whether the server is killed.
    pub server: bool,
    /// Which clients are.
    pub clients: Vec<usize>,
    /// When what was killed is started again.
    pub down: Duration,
}

/// The kills of a run.
pub fn kills(seed: u64, count: usize) -> Vec<Kill> {
    let mut rng = Rng::new(seed, 0);
    let mut one = || {
        let after = if rng.happens(CLOSE) {
            rng.millis(50, 400)
        } else {
            rng.millis(400, 2_000)
        };
        let who = rng.below(100);
        let mut clients = Vec::new();
        if who >= SERVER_ALONE {
            for _ in 0..=rng.below(3) {
                clients.push(rng.user());
            }
            clients.sort_unstable();
            clients.dedup();
        }
        Kill {
            after,
            server: !(SERVER_ALONE..SERVER_ALONE + CLIENTS_ALONE).contains(&who),
            clients,
            down: if rng.happens(AT_ONCE) {
                Duration::ZERO
            } else {
                rng.millis(50, 1_500)
            },
        }
    };
    (0..count).map(|_| one()).collect()
}

/// For whom something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum To {
    User(usize),
    Room(usize),
    Everyone,
}

impl To {
    /// Whether more than one user belongs to the conversation besides the author.
    pub const fn is_many(self) -> bool {
        matches!(self, Self::Room(_) | Self::Everyone)
    }
}

/// The next thing that somebody types.
#[derive(Debug)]
pub struct Line {
    /// Since the line before.
    pub after: Duration,
    pub author: usize,
    pub to: To,
    /// Whether a fence is typed behind it.
    pub fenced: bool,
    /// Whether a file is sent with it.
    pub has_file: bool,
}

/// What is typed, without end.
pub fn line(rng: &mut Rng) -> Line {
    let author = rng.user();
    let to = if rng.happens(TO_EVERYONE) {
        To::Everyone
    } else if rng.happens(TO_A_ROOM) {
        To::Room(rng.below(ROOMS as u32) as usize)
    } else {
        let other = rng.below(USERS as u32 - 1) as usize;
        To::User(if other >= author { other + 1 } else { other })
    };
    Line {
        after: rng.millis(5, 80),
        author,
        to,
        fenced: rng.happens(FENCES),
        has_file: rng.happens(FILES),
    }
}
