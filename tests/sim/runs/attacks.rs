//! Runs under an attacker on the path.

use super::run_focused;
use crate::attacker::Attack;
use crate::plan::Plan;

#[test]
fn attacker_on_the_path_can_delay_and_do_nothing_else() {
    run_focused("attacker_on_the_path_can_delay_and_do_nothing_else", |_| {
        Plan {
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
        }
    });
}

#[test]
fn address_theft_lasts_no_longer_than_the_attack() {
    run_focused("address_theft_lasts_no_longer_than_the_attack", |_| Plan {
        attack: Attack {
            overtake: 0.5,
            steal: 0.2,
            ..Attack::default()
        },
        ..Plan::plain()
    });
}

#[test]
fn attacker_who_passes_on_what_was_stolen_keeps_the_session_no_longer_than_that() {
    run_focused(
        "attacker_who_passes_on_what_was_stolen_keeps_the_session_no_longer_than_that",
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
