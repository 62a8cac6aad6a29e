//! The simulator: real endpoints, hub, store and clients under virtual time, where one seed decides everything.
//!
//! `UDPCHAT_SIM_SEEDS` and `UDPCHAT_SIM_FIRST` choose how many seeds each test runs and which is the first; a
//! failure prints the command that repeats it, and `UDPCHAT_SIM_TRACE` has every datagram printed.

#![allow(
    clippy::disallowed_methods,
    reason = "an Instant to count from, and the environment that chooses the seeds"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the figures of a run are small"
)]

mod attacker;
mod client;
mod dice;
mod disk;
mod faults;
mod network;
mod oracle;
mod plan;
mod process;
mod rooms;
mod script;
mod server;
mod world;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use attacker::Attack;
use faults::{Fault, Faults};
use network::Link;
use plan::{Plan, Troubles, plain_link};
use world::World;

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
fn every_message_arrives_once_and_in_order_at_thirty_percent_loss() {
    run_seeds(
        "every_message_arrives_once_and_in_order_at_thirty_percent_loss",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |_| Plan {
            link: Link {
                loss: 0.30,
                duplicate: 0.05,
                reorder: 0.05,
                corrupt: 0.02,
                ..plain_link()
            },
            ..Plan::plain()
        },
    );
}

#[test]
fn bursts_of_loss_and_a_full_bottleneck_delay_and_lose_nothing_for_good() {
    run_seeds(
        "bursts_of_loss_and_a_full_bottleneck_delay_and_lose_nothing_for_good",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |_| Plan {
            link: Link {
                burst: 0.03,
                burst_ends: 0.2,
                rate: 6_000,
                queue: Duration::from_millis(300),
                ..plain_link()
            },
            long_texts: true,
            ..Plan::plain()
        },
    );
}

#[test]
fn sessions_survive_new_addresses_and_cut_paths() {
    run_seeds(
        "sessions_survive_new_addresses_and_cut_paths",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |_| Plan {
            troubles: Troubles {
                rebinds: 4,
                roams: 2,
                cuts_one_way: 2,
                cuts_both_ways: 2,
                ..Troubles::default()
            },
            ..Plan::plain()
        },
    );
}

#[test]
fn paths_that_swallow_large_packets_carry_long_texts() {
    run_seeds(
        "paths_that_swallow_large_packets_carry_long_texts",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |_| Plan {
            troubles: Troubles {
                black_holes: 4,
                ..Troubles::default()
            },
            long_texts: true,
            ..Plan::plain()
        },
    );
}

#[test]
fn attacker_on_the_path_can_delay_and_do_nothing_else() {
    run_seeds(
        "attacker_on_the_path_can_delay_and_do_nothing_else",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |_| Plan {
            attack: Attack {
                replay: 0.2,
                replay_elsewhere: 0.1,
                hold: 0.03,
                forge: 0.2,
                mutate: 0.2,
                overtake: 0.05,
                steal: 0.03,
                relay: 0.0,
            },
            ..Plan::plain()
        },
    );
}

#[test]
fn address_theft_lasts_no_longer_than_the_attack() {
    run_seeds(
        "address_theft_lasts_no_longer_than_the_attack",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |_| Plan {
            attack: Attack {
                overtake: 0.5,
                steal: 0.2,
                ..Attack::default()
            },
            ..Plan::plain()
        },
    );
}

#[test]
fn attacker_who_passes_on_what_was_stolen_keeps_the_session_no_longer_than_that() {
    run_seeds(
        "attacker_who_passes_on_what_was_stolen_keeps_the_session_no_longer_than_that",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |_| Plan {
            attack: Attack {
                overtake: 0.3,
                steal: 0.3,
                relay: 0.9,
                ..Attack::default()
            },
            ..Plan::plain()
        },
    );
}

#[test]
fn nothing_stored_is_lost_or_doubled_when_the_server_is_killed() {
    run_seeds(
        "nothing_stored_is_lost_or_doubled_when_the_server_is_killed",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |_| Plan {
            link: Link {
                loss: 0.10,
                duplicate: 0.05,
                reorder: 0.05,
                ..plain_link()
            },
            troubles: Troubles {
                server_crashes: 2,
                torn_commits: 2,
                ..Troubles::default()
            },
            ..Plan::plain()
        },
    );
}

#[test]
fn power_that_fails_at_any_write_of_server_and_client_breaks_no_promise() {
    run_seeds(
        "power_that_fails_at_any_write_of_server_and_client_breaks_no_promise",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |seed| Plan {
            // One of them at each seed's own write, one after the other, and then both.
            troubles: Troubles {
                server_write: (seed % 3 != 1).then_some(seed),
                client_write: (seed % 3 != 2).then_some(seed),
                ..Troubles::default()
            },
            rooms: seed % 2 == 0,
            ..Plan::plain()
        },
    );
}

#[test]
fn nothing_typed_is_lost_or_doubled_when_clients_are_killed() {
    run_seeds(
        "nothing_typed_is_lost_or_doubled_when_clients_are_killed",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |_| Plan {
            link: Link {
                loss: 0.10,
                ..plain_link()
            },
            troubles: Troubles {
                client_crashes: 5,
                failing_disks: 3,
                ..Troubles::default()
            },
            ..Plan::plain()
        },
    );
}

#[test]
fn clocks_that_jump_and_hosts_that_sleep_break_no_promise() {
    run_seeds(
        "clocks_that_jump_and_hosts_that_sleep_break_no_promise",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |_| Plan {
            troubles: Troubles {
                clocks_forward: 2,
                clocks_back: 2,
                client_sleeps: 2,
                server_sleeps: 1,
                ..Troubles::default()
            },
            ..Plan::plain()
        },
    );
}

#[test]
fn rooms_give_each_member_what_was_said_while_they_belonged_and_nobody_else() {
    run_seeds(
        "rooms_give_each_member_what_was_said_while_they_belonged_and_nobody_else",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |seed| Plan {
            link: Link {
                loss: 0.05 * (seed % 3) as f64,
                ..plain_link()
            },
            troubles: Troubles {
                client_crashes: seed % 4,
                server_crashes: seed % 3,
                torn_commits: seed % 2,
                cuts_both_ways: seed % 2,
                ..Troubles::default()
            },
            rooms: true,
            clients: 4,
            messages: 12,
            ..Plan::plain()
        },
    );
}

#[test]
fn all_devices_of_an_account_show_everything_once() {
    run_seeds(
        "all_devices_of_an_account_show_everything_once",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |seed| Plan {
            link: Link {
                loss: 0.05 * (seed % 3) as f64,
                ..plain_link()
            },
            troubles: Troubles {
                client_crashes: seed % 4,
                server_crashes: seed % 3,
                ..Troubles::default()
            },
            devices: 2,
            clients: 3,
            ..Plan::plain()
        },
    );
}

#[test]
fn devices_that_come_later_begin_where_their_account_stands() {
    run_seeds(
        "devices_that_come_later_begin_where_their_account_stands",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |seed| Plan {
            troubles: Troubles {
                client_crashes: seed % 3,
                ..Troubles::default()
            },
            devices: 2,
            late_devices: true,
            rooms: seed % 2 == 0,
            messages: 8,
            ..Plan::plain()
        },
    );
}

#[test]
fn rooms_are_the_same_on_all_devices_of_an_account() {
    run_seeds(
        "rooms_are_the_same_on_all_devices_of_an_account",
        FOCUSED_SEEDS,
        TELLING_SEEDS,
        |seed| Plan {
            link: Link {
                loss: 0.05 * (seed % 3) as f64,
                ..plain_link()
            },
            troubles: Troubles {
                client_crashes: seed % 4,
                cuts_both_ways: seed % 3,
                ..Troubles::default()
            },
            devices: 2,
            rooms: true,
            messages: 8,
            ..Plan::plain()
        },
    );
}

/// After so long without a word, and a tenth more, a client says one.
const KEEP_ALIVE: Duration = Duration::from_secs(25);
/// How long the server's storage takes for a ticket, and then for where the device stands.
const STORAGE: Duration = Duration::from_millis(4);

/// Once it took a client four round trips.
#[test]
fn client_is_back_two_round_trips_after_its_first_packet_to_a_restarted_server_and_three_if_it_was_idle()
 {
    for one_way in [5, 25, 150] {
        let plan = Plan {
            link: Link {
                delay: Duration::from_millis(one_way),
                ..Link::default()
            },
            clients: 2,
            ..Plan::plain()
        };
        let round_trip = plan.link.delay * 2;
        for down in [1_000, 2_345, 8_000, 40_000] {
            let down = Duration::from_millis(down);
            let took = |typed| World::new(1, &plan).time_to_return(down, typed);
            let busy = took(Duration::from_millis(10));
            assert_eq!(busy, round_trip * 2 + STORAGE, "{one_way} ms, {down:?}");
            let idle = took(down + Duration::from_millis(10));
            // In the longest time even an idle one has asked whether anybody is there.
            let trips = if down > KEEP_ALIVE { 2 } else { 3 };
            assert_eq!(idle, round_trip * trips + STORAGE, "{one_way} ms, {down:?}");
        }
    }
}

#[test]
fn same_seed_gives_the_same_run() {
    let run = |seed| World::new(seed, &Plan::mixed(seed)).run();
    for seed in [7, 8, 9] {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
    assert_ne!(run(7), run(8));
}
