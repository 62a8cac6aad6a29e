//! What the user hears of what is missing and does not come.

use super::receiving::deliver;
use super::*;
use crate::protocol::{ClientBody, Command, ErrorCode, Failure, ServerMessage};

/// The server refuses what was asked for again.
fn refuse(desk: &mut Desk, code: ErrorCode) {
    let failure = Failure {
        conversation: Some(PAIR),
        ..Failure::new(code, "")
    };
    let refusal = ServerMessage::error(Command::Receive, failure);
    let bytes = encode(&refusal, Hop::default());
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
}

/// A desk that misses an entry, and has asked for it.
fn with_gap() -> Desk {
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver(&mut desk, "two", 3, 2);
    assert_eq!(questions(&mut desk), 1);
    desk
}

fn questions(desk: &mut Desk) -> usize {
    let bodies = desk.bodies();
    let is_question = |body: &&ClientBody| matches!(body, ClientBody::DeliverAgain(_));
    bodies.iter().filter(is_question).count()
}

#[test]
fn refusal_of_what_is_missing_is_told_once_and_not_asked_for_again_by_the_clock() {
    // The question was asked six times by the clock, refused each time, and each time the user was shown the same.
    let mut desk = with_gap();
    refuse(&mut desk, ErrorCode::NotPermitted);
    assert_eq!(
        desk.lines(),
        ["bob: missing messages could not be fetched: this is not permitted"]
    );
    desk.wait(Duration::from_secs(100));
    assert_eq!(questions(&mut desk), 0);
    // Long after, what comes asks once more.
    desk.wait(Duration::from_secs(100));
    deliver(&mut desk, "three", 4, 3);
    assert_eq!(questions(&mut desk), 1);
    refuse(&mut desk, ErrorCode::NotPermitted);
    assert!(desk.lines().is_empty());
}

#[test]
fn what_the_server_cannot_deliver_now_is_asked_for_again_without_a_word() {
    let mut desk = with_gap();
    refuse(&mut desk, ErrorCode::Unavailable);
    assert!(desk.lines().is_empty());
    desk.wait(Duration::from_secs(5));
    assert_eq!(questions(&mut desk), 1);
}
