//! What is run: each plan under many seeds, and what a failure prints.

mod attacks;
mod backups;
mod cluster;
mod conversations;
mod files;
mod hosts;
mod mending;
mod mixed;
mod network;

use std::collections::BTreeSet;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};

use crate::faults::{Fault, Faults};
use crate::plan::Plan;
use crate::world::World;

/// Seeds that the test of mixed troubles runs where nothing else is asked for, those that each of the others does, and
/// those of what takes most to go wrong: 2,160 in all.
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

/// Held by the test whose seeds are running: it uses all processors itself, so that none is idle while the longest test
/// comes to its end.
static PROCESSORS: Mutex<()> = Mutex::new(());

/// Runs a plan under many seeds and says which failed, and how to repeat it.
fn run_seeds(test: &str, seeds: u64, telling: u64, plan: impl Fn(u64) -> Plan + Sync) {
    let (first, count) = (
        from_environment("UDPCHAT_SIM_FIRST", 1),
        from_environment("UDPCHAT_SIM_SEEDS", seeds),
    );
    let _processors = PROCESSORS.lock().unwrap_or_else(PoisonError::into_inner);
    let next = AtomicU64::new(first);
    let run_some = || run_until_one_fails(&next, first + count, &plan);
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let ran: Vec<Result<_, u64>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(run_some)).collect();
        let ended = workers.into_iter().map(ScopedJoinHandle::join);
        ended.map(|end| end.expect("panics are caught")).collect()
    });
    let mut faults = Faults::default();
    let mut planned = BTreeSet::new();
    for some in ran {
        let (counted, of_plans) = some.unwrap_or_else(|seed| {
            panic!(
                "seed {seed} failed; repeat it with\n  UDPCHAT_SIM_FIRST={seed} UDPCHAT_SIM_SEEDS=1 \
                 cargo test --test sim {test} -- --nocapture"
            )
        });
        faults += counted;
        planned.extend(of_plans);
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

/// Runs the seeds below `end` that no other thread has taken from `next`. Gives what was done in them and what was
/// planned for them, or the seed that failed, after which none is begun.
fn run_until_one_fails(
    next: &AtomicU64,
    end: u64,
    plan: &impl Fn(u64) -> Plan,
) -> Result<(Faults, BTreeSet<Fault>), u64> {
    let mut faults = Faults::default();
    let mut planned = BTreeSet::new();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return Ok((faults, planned));
        }
        let plan = plan(seed);
        planned.extend(plan.faults());
        let run = catch_unwind(AssertUnwindSafe(|| World::new(seed, &plan).run()));
        faults += run.map_err(|_| {
            next.store(end, Ordering::Relaxed);
            seed
        })?;
    }
}

/// The same with more seeds.
fn run_thoroughly(test: &str, plan: impl Fn(u64) -> Plan + Sync) {
    run_seeds(test, THOROUGH_SEEDS, TELLING_SEEDS, plan);
}

/// Runs a plan that was made for one purpose.
fn run_focused(test: &str, plan: impl Fn(u64) -> Plan + Sync) {
    run_seeds(test, FOCUSED_SEEDS, TELLING_SEEDS, plan);
}
