//! The numbers of attempts at signing in, by which a server tells the later one of two.

use super::*;
use crate::protocol::{Command, ErrorCode, Failure};

fn attempt(body: &ClientBody) -> u64 {
    match body {
        ClientBody::Resume(resume) => resume.attempt,
        ClientBody::LoginFinish(finish) => finish.attempt,
        other => panic!("it is no attempt: {other:?}"),
    }
}

/// The server knows an attempt that was later.
fn outrun(desk: &mut Desk, command: Command, known: u64) {
    let mut failure = Failure::new(ErrorCode::EarlierAttempt, "");
    failure.expected = Some(known + 1);
    desk.control(&ServerMessage::error(command, failure));
}

#[test]
fn each_attempt_to_sign_in_has_a_higher_number_also_when_the_clock_is_set_back() {
    let mut desk = Desk::signed_in(Screen::interactive());
    let mut last = 0;
    for _ in 0..3 {
        desk.core.link_lost(desk.now, "reset", None);
        desk.now.unix_ms -= 3_600_000;
        desk.core.link_up(desk.now, KEY, HASH);
        let number = attempt(&desk.bodies()[0]);
        assert!(number > last, "{number} is after {last}");
        last = number;
    }
}

#[test]
fn sign_in_that_the_server_takes_for_an_earlier_one_is_tried_once_more_with_a_higher_number() {
    let mut server = Server::with_signed_in("erin", "secret");
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.core.link_lost(desk.now, "reset", None);
    desk.core.link_up(desk.now, KEY, HASH);
    let known = attempt(&desk.bodies()[0]) + 1_000_000;
    outrun(&mut desk, Command::Resume, known);
    refuse(&mut desk, Command::Hello, ErrorCode::NotSignedIn);
    assert_eq!(attempt(&desk.body()), known + 1);
    // By password too.
    refuse(&mut desk, Command::Resume, ErrorCode::TicketRefused);
    let ClientBody::Login(login) = desk.body() else {
        panic!("the password of the command line was not used");
    };
    let answer = server.login_answer(&login);
    desk.control(&ServerMessage::control(answer));
    assert_eq!(attempt(&desk.body()), known + 2);
    desk.control(&ServerMessage::control(session_start()));
    assert!(matches!(desk.body(), ClientBody::Hello(_)));
}

#[test]
fn login_that_the_server_takes_for_an_earlier_one_is_tried_once_more_and_no_further() {
    let mut server = Server::with_signed_in("erin", "secret");
    let mut desk = Desk::connected(Screen::plain(), with_password("erin", "secret"));
    let known = 1 << 60;
    for expected in [None, Some(known + 1)] {
        let ClientBody::Login(login) = desk.body() else {
            panic!("the client does not log in");
        };
        let answer = server.login_answer(&login);
        desk.control(&ServerMessage::control(answer));
        let number = attempt(&desk.body());
        assert!(expected.is_none_or(|expected| expected == number));
        outrun(&mut desk, Command::LoginFinish, known);
    }
    assert!(desk.refused().contains("another sign-in of this device"));
}
