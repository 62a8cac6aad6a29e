//! What is run: each plan under many seeds, and what a failure prints.

mod attacks;
mod backups;
mod conversations;
mod hosts;
mod network;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::faults::{Fault, Faults};
use crate::plan::Plan;
use crate::world::World;

/// Seeds that the test of mixed troubles runs where nothing else is asked for, and those that each of the others
/// does: 2,000 in all.
const MIXED_SEEDS: u64 = 1_000;
const FOCUSED_SEEDS: u64 = 100;

/// With so many seeds of one plan, or of mixed ones, each planned fault must have happened.
const TELLING_SEEDS: u64 = 20;
const TELLING_MIXED_SEEDS: u64 = 500;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| {
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, and is {value:?}"))
    })
}

/// Runs a plan under many seeds and says which failed, and how to repeat it.
fn run_seeds(test: &str, seeds: u64, telling: u64, plan: impl Fn(u64) -> Plan) {
    let (first, count) = (
        from_environment("UDPCHAT_SIM_FIRST", 1),
        from_environment("UDPCHAT_SIM_SEEDS", seeds),
    );
    let mut faults = Faults::default();
    let mut planned = BTreeSet::new();
    for seed in first..first + count {
        let plan = plan(seed);
        planned.extend(plan.faults());
        let run = catch_unwind(AssertUnwindSafe(|| World::new(seed, &plan).run()));
        let Ok(counted) = run else {
            panic!(
                "seed {seed} failed; repeat it with\n  UDPCHAT_SIM_FIRST={seed} UDPCHAT_SIM_SEEDS=1 \
                 cargo test --test sim {test} -- --nocapture"
            );
        };
        faults += counted;
    }
    println!("{test}: {count} seeds from {first}; {faults}");
    let missing: Vec<&Fault> = planned
        .iter()
        .filter(|fault| !faults.has(**fault))
        .collect();
    assert!(
        count < telling || missing.is_empty(),
        "planned and never done: {missing:?}"
    );
}

/// Runs a plan that was made for one purpose.
fn run_focused(test: &str, plan: impl Fn(u64) -> Plan) {
    run_seeds(test, FOCUSED_SEEDS, TELLING_SEEDS, plan);
}

#[test]
fn promises_hold_under_mixed_troubles() {
    run_seeds(
        "promises_hold_under_mixed_troubles",
        MIXED_SEEDS,
        TELLING_MIXED_SEEDS,
        Plan::mixed,
    );
}

#[test]
fn same_seed_gives_the_same_run() {
    let run = |seed| World::new(seed, &Plan::mixed(seed)).run();
    for seed in [7, 8, 9] {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
    assert_ne!(run(7), run(8));
}
