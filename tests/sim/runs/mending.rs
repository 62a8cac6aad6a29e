//! Runs in which people edit, delete, answer and react to what was said.

use std::time::Duration;

use super::run_thoroughly;
use crate::kit::Link;
use crate::plan::{Plan, Troubles, plain_link};

#[test]
fn what_was_changed_is_so_once_and_in_order_on_all_devices_and_what_was_deleted_is_nowhere() {
    run_thoroughly(
        "what_was_changed_is_so_once_and_in_order_on_all_devices_and_what_was_deleted_is_nowhere",
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
            mends: 0.5,
            rooms: seed % 3 == 0,
            devices: 1 + (seed % 5 / 3) as usize,
            messages: 14,
            over: Duration::from_secs(40),
            ..Plan::plain()
        },
    );
}
