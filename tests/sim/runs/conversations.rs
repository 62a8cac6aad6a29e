//! Runs with rooms and with several devices of one account.

use super::run_focused;
use crate::network::Link;
use crate::plan::{Plan, Troubles, plain_link};

#[test]
fn rooms_give_each_member_what_was_said_while_they_belonged_and_nobody_else() {
    run_focused(
        "rooms_give_each_member_what_was_said_while_they_belonged_and_nobody_else",
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
    run_focused("all_devices_of_an_account_show_everything_once", |seed| {
        Plan {
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
fn rooms_are_the_same_on_all_devices_of_an_account() {
    run_focused("rooms_are_the_same_on_all_devices_of_an_account", |seed| {
        Plan {
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
        }
    });
}
