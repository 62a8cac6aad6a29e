//! Runs with several servers that share a log.

use std::time::Duration;

use udpchat::cluster::Halt;

use super::{run_focused, run_seeds};
use crate::kit::shared_log::LogFaults;
use crate::plan::{ClusterPlan, Plan, lossy_link};
use crate::world::{World, Wrong};

/// Seeds of the test of all troubles of clusters at once. Chosen: with those of the other tests here a thousand.
const CLUSTER_SEEDS: u64 = 760;
/// With so many of them each planned fault must have happened.
const TELLING_SEEDS: u64 = 100;

/// Three servers, or more, as the seed has it.
const fn nodes(seed: u64) -> usize {
    3 + (seed % 3) as usize
}

#[test]
fn users_of_several_servers_have_everything_as_if_there_were_one() {
    run_focused(
        "users_of_several_servers_have_everything_as_if_there_were_one",
        |seed| Plan {
            link: lossy_link(seed),
            cluster: ClusterPlan {
                nodes: nodes(seed),
                ..ClusterPlan::default()
            },
            rooms: seed % 2 == 0,
            ..Plan::plain()
        },
    );
}

#[test]
fn promises_hold_whatever_the_log_does() {
    run_focused("promises_hold_whatever_the_log_does", |seed| Plan {
        cluster: ClusterPlan {
            nodes: nodes(seed),
            log: LogFaults::ALL,
            pauses: seed % 3,
            peer_loss: 0.1,
            ..ClusterPlan::default()
        },
        ..Plan::plain()
    });
}

#[test]
fn clients_of_a_server_that_is_killed_go_on_at_another_one() {
    run_focused(
        "clients_of_a_server_that_is_killed_go_on_at_another_one",
        |seed| Plan {
            cluster: ClusterPlan {
                nodes: nodes(seed),
                kills: 1 + seed % 3,
                torn_checkpoints: seed % 2,
                ..ClusterPlan::default()
            },
            rooms: seed % 2 == 0,
            ..Plan::plain()
        },
    );
}

#[test]
fn server_that_cannot_reach_the_log_stops_and_comes_back() {
    run_focused(
        "server_that_cannot_reach_the_log_stops_and_comes_back",
        |seed| Plan {
            cluster: ClusterPlan {
                nodes: nodes(seed),
                cuts: 1 + seed % 3,
                ..ClusterPlan::default()
            },
            rooms: seed % 2 == 0,
            ..Plan::plain()
        },
    );
}

#[test]
fn promises_hold_in_a_cluster_under_mixed_troubles() {
    run_seeds(
        "promises_hold_in_a_cluster_under_mixed_troubles",
        CLUSTER_SEEDS,
        TELLING_SEEDS,
        |seed| {
            let mut plan = Plan {
                link: lossy_link(seed),
                cluster: ClusterPlan {
                    nodes: nodes(seed),
                    log: if seed % 4 == 0 {
                        LogFaults::default()
                    } else {
                        LogFaults::ALL
                    },
                    pauses: seed % 2,
                    kills: seed % 3,
                    torn_checkpoints: seed / 2 % 2,
                    cuts: seed / 3 % 3,
                    peer_loss: 0.05 * (seed % 3) as f64,
                },
                rooms: seed % 2 == 0,
                mends: 0.5 * (seed / 4 % 2) as f64,
                devices: 1 + usize::from(seed % 5 == 0),
                ..Plan::plain()
            };
            plan.troubles.client_crashes = seed % 2;
            plan
        },
    );
}

/// Why servers stop over a log with which something is wrong.
fn stops_over(wrong: Wrong) -> Vec<Halt> {
    let plan = Plan {
        cluster: ClusterPlan {
            nodes: 3,
            ..ClusterPlan::default()
        },
        messages: 20,
        over: Duration::from_secs(15),
        ..Plan::plain()
    };
    World::new(1, &plan).stops_over(wrong)
}

#[test]
fn changed_record_is_never_served() {
    let halts = stops_over(Wrong::Changed);
    let is_found = |halt: &Halt| matches!(halt, Halt::Differs { .. } | Halt::Damaged { .. });
    assert!(halts.iter().all(is_found), "{halts:?}");
}

#[test]
fn hole_in_the_log_is_never_served() {
    // What stands after it stands one earlier: to who has applied all, the log has another record there, or ends too early.
    let halts = stops_over(Wrong::Hole);
    let is_found = |halt: &Halt| {
        matches!(
            halt,
            Halt::Differs { .. } | Halt::Damaged { .. } | Halt::CutShort { .. }
        )
    };
    assert!(halts.iter().all(is_found), "{halts:?}");
}

#[test]
fn log_that_was_cut_off_stops_all_servers() {
    let halts = stops_over(Wrong::Truncated);
    let is_found = |halt: &Halt| matches!(halt, Halt::Damaged { .. } | Halt::CutShort { .. });
    assert!(halts.len() >= 3 && halts.iter().all(is_found), "{halts:?}");
}
