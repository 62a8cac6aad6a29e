//! Opening an account by `signup`.

use super::*;
use crate::client::Ask;
use crate::protocol::{Command, ErrorCode};

fn at_prompt() -> Desk {
    let mut desk = Desk::connected(Screen::interactive(), options());
    asked(&mut desk);
    desk.screen.lines();
    desk
}

#[test]
fn signup_says_why_not_before_any_password_is_asked_for() {
    // It was `login`: where registration is closed, a password was asked for first, and then called wrong.
    for (code, words) in [
        (
            ErrorCode::RegistrationClosed,
            "registration is closed: ask the operator for an account",
        ),
        (
            ErrorCode::NameTaken,
            "the name \"erin\" is taken; if it is yours, `/login erin`",
        ),
        (
            ErrorCode::NameLooksLike,
            "choose another name: this one looks like one that is taken",
        ),
    ] {
        let mut desk = at_prompt();
        desk.type_line("signup erin");
        let ClientBody::SignUp(sign_up) = desk.body() else {
            panic!("the server is not asked");
        };
        assert_eq!(sign_up.name, "erin");
        refuse(&mut desk, Command::SignUp, code);
        assert_eq!(asked(&mut desk), Ask::Command("> ".into()));
        assert_eq!(desk.lines(), [words]);
    }
}

#[test]
fn signup_opens_an_account_with_a_password_that_is_long_enough() {
    let mut server = Server::new("erin");
    let mut desk = at_prompt();
    desk.type_line("signup");
    assert_eq!(asked(&mut desk), Ask::Line("username: ".into()));
    desk.type_line("erin");
    let ClientBody::SignUp(probe) = desk.body() else {
        panic!("the server is not asked");
    };
    let answer = server.sign_up_answer(&probe);
    desk.control(&ServerMessage::control(answer));
    assert_eq!(
        asked(&mut desk),
        Ask::Secret("new password (at least 12 characters): ".into())
    );
    desk.type_line("eleven char");
    assert_eq!(
        asked(&mut desk),
        Ask::Secret("new password (at least 12 characters): ".into())
    );
    let lines = desk.lines();
    assert!(lines[0].contains("at least 12 characters"), "{lines:?}");
    desk.type_line("twelve chars");
    assert_eq!(asked(&mut desk), Ask::Secret("repeat password: ".into()));
    assert!(desk.lines()[0].starts_with("hint: 15 characters"));
    desk.type_line("twelve chars");
    let ClientBody::SignUp(sign_up) = desk.body() else {
        panic!("the client does not sign up");
    };
    assert_ne!(sign_up.request, probe.request);
    let answer = server.sign_up_answer(&sign_up);
    desk.control(&ServerMessage::control(answer));
    assert!(matches!(desk.body(), ClientBody::SignUpFinish(_)));
}

#[test]
fn script_signs_up_with_the_password_of_its_file_and_with_no_short_one() {
    for (password, is_taken) in [("a long secret", true), ("secret", false)] {
        let mut options = with_password("zoe", password);
        options.user = None;
        let mut desk = Desk::connected(Screen::plain(), options);
        desk.settle();
        desk.type_line("signup zoe");
        if is_taken {
            assert!(matches!(desk.body(), ClientBody::SignUp(_)));
        } else {
            desk.settle();
            assert!(desk.refused().contains("at least 12 characters"));
        }
    }
}

#[test]
fn signup_of_who_is_signed_in_or_has_no_link_does_nothing() {
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.type_line("signup zoe");
    assert_eq!(desk.lines(), ["already logged in as erin; `/logout` first"]);
    let mut desk = at_prompt();
    desk.core.link_lost(desk.now, "reset", None);
    desk.lines();
    desk.type_line("signup zoe");
    assert_eq!(
        desk.lines(),
        ["not connected; try again when the connection is back"]
    );
}
