//! What is run: each plan under many seeds, and what a failure prints.

mod all_sorts;
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

/// Seeds that the test of mixed troubles runs where nothing else is asked for, those that each of the others does, and
/// those of what takes most to go wrong: 2,100 in all.
const MIXED_SEEDS: u64 = 600;
const FOCUSED_SEEDS: u64 = 60;
const THOROUGH_SEEDS: u64 = 100;

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

/// The same with more seeds.
fn run_thoroughly(test: &str, plan: impl Fn(u64) -> Plan) {
    run_seeds(test, THOROUGH_SEEDS, TELLING_SEEDS, plan);
}

/// Runs a plan that was made for one purpose.
fn run_focused(test: &str, plan: impl Fn(u64) -> Plan) {
    run_seeds(test, FOCUSED_SEEDS, TELLING_SEEDS, plan);
}
