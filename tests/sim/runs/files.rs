//! Runs in which people send and save files.

use std::time::Duration;

use super::run_focused;
use crate::kit::Link;
use crate::plan::{Plan, Troubles, lossy_link};

#[test]
fn files_reach_who_may_have_them_whole_and_once_and_none_is_left_behind() {
    run_focused(
        "files_reach_who_may_have_them_whole_and_once_and_none_is_left_behind",
        |seed| Plan {
            link: Link {
                // A file takes seconds, in which something can come between.
                rate: if seed % 4 > 0 { 40_000 } else { 0 },
                queue: Duration::from_millis(300),
                ..lossy_link(seed)
            },
            troubles: Troubles {
                full_disks: seed % 2,
                interrupted_files: seed % 4,
                ..Troubles::crashes_and_cuts(seed)
            },
            mends: if seed % 2 == 0 { 0.4 } else { 0.0 },
            rooms: seed % 3 == 0,
            devices: 1 + (seed % 5 / 4) as usize,
            files: 0.5,
            messages: 8,
            over: Duration::from_secs(30),
            ..Plan::plain()
        },
    );
}
