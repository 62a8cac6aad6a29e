//! The log alone: what is read is what was written, whatever that holds and wherever the power fails.

mod crashes;
mod erasures;
mod hostile;
mod losses;
mod manual;
mod parts;
mod rig;

use super::layout::FIRST;

/// How many seeds the tests with random numbers run. Chosen: a few seconds together.
const SEEDS: u64 = 60;
