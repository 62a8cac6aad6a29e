//! Runs in which people edit, delete, answer and react to what was said.

use std::time::Duration;

use super::run_thoroughly;
use crate::plan::{Plan, Troubles, lossy_link};

#[test]
fn what_was_changed_is_so_once_and_in_order_on_all_devices_and_what_was_deleted_is_nowhere() {
    run_thoroughly(
        "what_was_changed_is_so_once_and_in_order_on_all_devices_and_what_was_deleted_is_nowhere",
        |seed| Plan {
            link: lossy_link(seed),
            troubles: Troubles::crashes_and_cuts(seed),
            mends: 0.5,
            rooms: seed % 3 == 0,
            devices: 1 + (seed % 5 / 3) as usize,
            messages: 14,
            over: Duration::from_secs(40),
            ..Plan::plain()
        },
    );
}
