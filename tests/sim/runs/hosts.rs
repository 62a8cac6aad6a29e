//! Runs in which hosts crash, sleep and mistake the time.

use std::time::Duration;

use super::run_focused;
use crate::kit::Link;
use crate::people::programs::Speakers;
use crate::plan::{Plan, Troubles, lossy_link, plain_link};
use crate::world::World;

#[test]
fn nothing_stored_is_lost_or_doubled_when_the_server_is_killed() {
    run_focused(
        "nothing_stored_is_lost_or_doubled_when_the_server_is_killed",
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
fn what_is_said_again_under_its_key_is_stored_once_whoever_is_killed() {
    run_focused(
        "what_is_said_again_under_its_key_is_stored_once_whoever_is_killed",
        |seed| Plan {
            link: lossy_link(seed),
            troubles: Troubles {
                server_crashes: 1 + seed % 3,
                torn_commits: seed % 2,
                client_crashes: 1 + seed % 4,
                cuts_both_ways: seed % 2,
                // A device that gives up its numbers sends what has a key under others.
                client_restores: seed / 2 % 2,
                ..Troubles::default()
            },
            devices: 1 + (seed % 2) as usize,
            speakers: Speakers::Programs,
            messages: 4,
            ..Plan::plain()
        },
    );
}

/// Below how many writes the power fails, counted from when people begin to talk: somewhat more than there are in such a
/// run. Seeds above these begin again.
const SERVER_WRITES: u64 = 64;
const CLIENT_WRITES: u64 = 256;

#[test]
fn power_that_fails_at_any_write_of_server_and_client_breaks_no_promise() {
    run_focused(
        "power_that_fails_at_any_write_of_server_and_client_breaks_no_promise",
        |seed| Plan {
            // One of them at each seed's own write, one after the other, and then both.
            troubles: Troubles {
                server_write: (seed % 3 != 1).then_some(seed % SERVER_WRITES),
                client_write: (seed % 3 != 2).then_some(seed % CLIENT_WRITES),
                ..Troubles::default()
            },
            rooms: seed % 2 == 0,
            ..Plan::plain()
        },
    );
}

#[test]
fn nothing_typed_is_lost_or_doubled_when_clients_are_killed() {
    run_focused(
        "nothing_typed_is_lost_or_doubled_when_clients_are_killed",
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
    run_focused(
        "clocks_that_jump_and_hosts_that_sleep_break_no_promise",
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
