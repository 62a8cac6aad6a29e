//! The simulator: real endpoints, hub, store and clients under virtual time, where one seed decides everything.
//!
//! `UDPCHAT_SIM_SEEDS` and `UDPCHAT_SIM_FIRST` choose how many seeds are run and which is the first; a failure
//! prints the command that repeats it.

mod hosts;
mod network;
mod oracle;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use network::{Faults, Link};
use world::{Plan, World};

/// Seeds that are run where nothing else is asked for.
const SEEDS: u64 = 500;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |value| {
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, and is {value:?}"))
    })
}

/// Runs a plan under many seeds and says which failed, and how to repeat it.
fn run_seeds(test: &str, plan: impl Fn(u64) -> Plan) {
    let (first, count) = (
        from_environment("UDPCHAT_SIM_FIRST", 1),
        from_environment("UDPCHAT_SIM_SEEDS", SEEDS),
    );
    let mut faults = Faults::default();
    for seed in first..first + count {
        let run = catch_unwind(AssertUnwindSafe(|| World::new(seed, plan(seed)).run()));
        match run {
            Ok(counted) => faults += counted,
            Err(_) => panic!(
                "seed {seed} failed; repeat it with\n  UDPCHAT_SIM_FIRST={seed} UDPCHAT_SIM_SEEDS=1 \
                 cargo test --test sim {test} -- --nocapture"
            ),
        }
    }
    println!("{test}: {count} seeds from {first}; {faults}");
    assert!(
        count < 20 || faults.all_happened(&plan(first).link),
        "a fault never happened: {faults}"
    );
}

#[test]
fn every_message_arrives_once_and_in_order_at_thirty_percent_loss() {
    run_seeds(
        "every_message_arrives_once_and_in_order_at_thirty_percent_loss",
        |_| Plan {
            link: Link {
                loss: 0.30,
                duplicate: 0.05,
                reorder: 0.05,
                corrupt: 0.02,
                delay: Duration::from_millis(25),
                jitter: Duration::from_millis(5),
            },
            clients: 3,
            messages: 6,
            over: Duration::from_secs(10),
            server_crashes: 0,
        },
    );
}

#[test]
fn nothing_stored_is_lost_or_doubled_when_the_server_is_killed() {
    run_seeds(
        "nothing_stored_is_lost_or_doubled_when_the_server_is_killed",
        |_| Plan {
            link: Link {
                loss: 0.10,
                duplicate: 0.05,
                reorder: 0.05,
                corrupt: 0.01,
                delay: Duration::from_millis(25),
                jitter: Duration::from_millis(5),
            },
            clients: 3,
            messages: 6,
            over: Duration::from_secs(20),
            server_crashes: 2,
        },
    );
}

#[test]
fn same_seed_gives_the_same_run() {
    let plan = || Plan {
        link: Link {
            loss: 0.2,
            duplicate: 0.1,
            reorder: 0.1,
            corrupt: 0.1,
            delay: Duration::from_millis(25),
            jitter: Duration::from_millis(20),
        },
        clients: 3,
        messages: 4,
        over: Duration::from_secs(5),
        server_crashes: 1,
    };
    let once = World::new(7, plan()).run();
    assert_eq!(once, World::new(7, plan()).run());
    assert_ne!(once, World::new(8, plan()).run());
}
