//! Runs over networks that lose, delay and redirect.

use std::time::Duration;

use super::run_focused;
use crate::kit::Link;
use crate::plan::{LONG_BYTES, Plan, Troubles, plain_link};

#[test]
fn every_message_arrives_once_and_in_order_at_thirty_percent_loss() {
    run_focused(
        "every_message_arrives_once_and_in_order_at_thirty_percent_loss",
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
    run_focused(
        "bursts_of_loss_and_a_full_bottleneck_delay_and_lose_nothing_for_good",
        |_| Plan {
            link: Link {
                burst: 0.03,
                burst_ends: 0.2,
                rate: 6_000,
                queue: Duration::from_millis(300),
                ..plain_link()
            },
            long_texts: Some(LONG_BYTES),
            ..Plan::plain()
        },
    );
}

#[test]
fn sessions_survive_new_addresses_and_cut_paths() {
    run_focused("sessions_survive_new_addresses_and_cut_paths", |_| Plan {
        troubles: Troubles {
            rebinds: 4,
            roams: 2,
            cuts_one_way: 2,
            cuts_both_ways: 2,
            ..Troubles::default()
        },
        ..Plan::plain()
    });
}

#[test]
fn paths_that_swallow_large_packets_carry_long_texts() {
    run_focused("paths_that_swallow_large_packets_carry_long_texts", |_| {
        Plan {
            troubles: Troubles {
                black_holes: 4,
                ..Troubles::default()
            },
            long_texts: Some(LONG_BYTES),
            ..Plan::plain()
        }
    });
}
