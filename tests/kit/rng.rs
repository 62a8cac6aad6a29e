//! The random numbers of a run: all of them come from its seed.

use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// A generator for one purpose of one run.
#[derive(Clone)]
pub struct Rng(ChaCha20Rng);

impl Rng {
    pub fn new(seed: u64, purpose: u8) -> Self {
        let mut bytes = [purpose; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        Self(ChaCha20Rng::from_seed(bytes))
    }

    /// Whether something happens that has this share of all cases.
    pub fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && (self.below(1_000_000) as f64) < share * 1_000_000.0
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound.max(1)
    }

    pub fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// From `low` milliseconds to below `high`.
    pub fn ms(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(low + self.below(high - low))
    }

    /// A share between 0 and `most`.
    pub fn share(&mut self, most: f64) -> f64 {
        most * self.below(1001) as f64 / 1000.0
    }

    pub fn seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.0.fill_bytes(&mut seed);
        seed
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}
