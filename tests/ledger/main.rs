//! The promises under `kill -9`, with real processes: a server and ten clients talk over a lossy relay, are killed at
//! random moments and started again, while a ledger outside notes what each of them said to its user.
//!
//! `UDPCHAT_LEDGER_KILLS` chooses how many moments of killing there are, `UDPCHAT_LEDGER_SEED` the plan: who is
//! killed when and who types what is decided by the seed; what the processes make of it is not.

#![allow(
    clippy::disallowed_methods,
    reason = "tests of processes live in real time"
)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "the figures of a run are small"
)]

mod clients;
mod files;
mod ledger;
mod markers;
mod plan;
#[path = "../support/mod.rs"]
mod support;
mod tables;
mod world;

use world::World;

/// Moments of killing where nothing else is asked for, as in CI, and the plan's seed.
const KILLS: u64 = 20;
const SEED: u64 = 1;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| {
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, and is {value:?}"))
    })
}

#[test]
fn what_users_were_told_holds_however_often_processes_are_killed() {
    let count = from_environment("UDPCHAT_LEDGER_KILLS", KILLS);
    let seed = from_environment("UDPCHAT_LEDGER_SEED", SEED);
    println!(
        "seed {seed}; repeat its plan with UDPCHAT_LEDGER_KILLS={count} UDPCHAT_LEDGER_SEED={seed}"
    );
    let kills = plan::kills(seed, count as usize);
    let mut world = World::new();
    world.join_rooms();
    world.run(seed, &kills);
    let (log, devices) = world.rest();
    world.ledger.check_rest(&log, &devices);
    world.check_files();
    let untold = world.ledger.untold();
    let again = world.ledger.counts.receipts_again;
    assert!(
        untold <= again,
        "{untold} receipts were never told, and {again} told again"
    );
    println!(
        "seed {seed}, {count} kills: {world}; {again} receipts told again after a kill, {untold} of them not before it"
    );
}
