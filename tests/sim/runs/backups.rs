//! Runs in which somebody begins again with what was copied earlier.

use super::run_thoroughly;
use crate::plan::{Plan, Troubles, lossy_link};

#[test]
fn older_database_under_the_server_costs_what_was_said_since_and_nothing_else() {
    run_thoroughly(
        "older_database_under_the_server_costs_what_was_said_since_and_nothing_else",
        |seed| Plan {
            link: lossy_link(seed),
            troubles: Troubles {
                server_restores: 1 + seed % 2,
                server_stops: seed % 2,
                client_crashes: seed % 3,
                cuts_both_ways: seed % 2,
                ..Troubles::default()
            },
            rooms: seed % 4 == 3,
            messages: 10,
            ..Plan::plain()
        },
    );
}

#[test]
fn older_state_under_a_client_sends_nothing_twice_and_misses_nothing() {
    run_thoroughly(
        "older_state_under_a_client_sends_nothing_twice_and_misses_nothing",
        |seed| Plan {
            troubles: Troubles {
                client_restores: 1 + seed % 3,
                client_crashes: seed % 2,
                cuts_both_ways: 1 + seed % 3,
                ..Troubles::default()
            },
            devices: 1 + (seed % 2) as usize,
            messages: 10,
            ..Plan::plain()
        },
    );
}

#[test]
fn copy_of_a_client_beside_it_sends_nothing_twice_and_misses_nothing() {
    run_thoroughly(
        "copy_of_a_client_beside_it_sends_nothing_twice_and_misses_nothing",
        |seed| Plan {
            link: lossy_link(seed),
            troubles: Troubles {
                client_crashes: seed % 3,
                cuts_both_ways: 1 + seed % 3,
                ..Troubles::default()
            },
            copies: 1 + (seed % 2) as usize,
            messages: 10,
            ..Plan::plain()
        },
    );
}

#[test]
fn older_databases_older_states_and_copies_at_once_send_nothing_twice_and_miss_nothing() {
    run_thoroughly(
        "older_databases_older_states_and_copies_at_once_send_nothing_twice_and_miss_nothing",
        |seed| Plan {
            troubles: Troubles {
                server_restores: 1 + seed % 2,
                client_restores: 1 + seed % 3,
                client_crashes: seed % 2,
                cuts_both_ways: seed % 3,
                ..Troubles::default()
            },
            copies: (seed / 2 % 2) as usize,
            rooms: seed % 4 == 1,
            messages: 8,
            ..Plan::plain()
        },
    );
}
