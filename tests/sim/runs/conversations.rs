//! Runs with rooms and with several devices of one account.

use std::time::Duration;

use udpchat::store::Retention;

use super::{run_focused, run_thoroughly};
use crate::people::retention::Keep;
use crate::plan::{Plan, Troubles, lossy_link};

#[test]
fn rooms_give_each_member_what_was_said_while_they_belonged_and_nobody_else() {
    run_focused(
        "rooms_give_each_member_what_was_said_while_they_belonged_and_nobody_else",
        |seed| Plan {
            link: lossy_link(seed),
            troubles: Troubles::crashes_and_cuts(seed),
            rooms: true,
            clients: 4,
            messages: 12,
            ..Plan::plain()
        },
    );
}

#[test]
fn all_devices_of_an_account_show_everything_once() {
    run_focused("all_devices_of_an_account_show_everything_once", |seed| {
        Plan {
            link: lossy_link(seed),
            troubles: Troubles {
                client_crashes: seed % 4,
                server_crashes: seed % 3,
                ..Troubles::default()
            },
            devices: 2,
            clients: 3,
            ..Plan::plain()
        }
    });
}

#[test]
fn devices_that_come_later_begin_where_their_account_stands() {
    run_focused(
        "devices_that_come_later_begin_where_their_account_stands",
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
fn who_pages_back_is_shown_all_that_is_theirs_to_read_once_and_in_order() {
    run_thoroughly(
        "who_pages_back_is_shown_all_that_is_theirs_to_read_once_and_in_order",
        |seed| Plan {
            link: lossy_link(seed),
            troubles: Troubles {
                client_crashes: seed % 3,
                server_crashes: seed % 4,
                ..Troubles::default()
            },
            keep: match seed % 4 {
                1 => Keep {
                    own: &[("everyone", LAST), ("#bridge", LAST)],
                    ..Keep::default()
                },
                _ => Keep::default(),
            },
            devices: 2,
            late_devices: true,
            pages_back: true,
            rooms: seed % 2 == 0 || seed % 8 == 1,
            mends: 0.5 * (seed / 2 % 2) as f64,
            // Of these only two or three fit one answer.
            long_texts: (seed % 3 == 0).then_some(16_000),
            messages: 10,
            ..Plan::plain()
        },
    );
}

#[test]
fn rooms_are_the_same_on_all_devices_of_an_account() {
    run_focused("rooms_are_the_same_on_all_devices_of_an_account", |seed| {
        Plan {
            link: lossy_link(seed),
            troubles: Troubles {
                client_crashes: seed % 4,
                cuts_both_ways: seed % 3,
                ..Troubles::default()
            },
            devices: 2,
            rooms: true,
            messages: 8,
            ..Plan::plain()
        }
    });
}

#[test]
fn what_is_kept_reaches_all_and_late_readers_are_told_of_what_is_not() {
    const LAST_MESSAGES: [u64; 3] = [1, 3, 6];
    run_thoroughly(
        "what_is_kept_reaches_all_and_late_readers_are_told_of_what_is_not",
        |seed| {
            let mut keep = Keep::default();
            // Passes by size take megabytes, and so a while.
            let is_large = seed % 20 == 3;
            match seed % 3 {
                _ if is_large => keep.all.megabytes = Some(1),
                0 => keep.all.messages = Some(LAST_MESSAGES[(seed / 3 % 3) as usize]),
                1 => keep.all.days = Some(1),
                _ => keep.own = &[("everyone", LAST), ("#bridge", LAST)],
            }
            Plan {
                troubles: Troubles {
                    absences: 1 + seed % 3,
                    client_crashes: seed % 2,
                    server_crashes: seed % 3,
                    cuts_both_ways: seed % 2,
                    ..Troubles::default()
                },
                keep,
                rooms: seed % 6 == 2,
                long_texts: is_large.then_some(16_000),
                clients: if is_large { 2 } else { 3 },
                messages: if is_large { 180 } else { 10 },
                over: Duration::from_hours(2),
                ..Plan::plain()
            }
        },
    );
}

/// Two last messages.
const LAST: Retention = Retention {
    days: None,
    messages: Some(2),
    megabytes: None,
};
