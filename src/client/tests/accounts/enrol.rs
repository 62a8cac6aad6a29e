//! A code of the operator at the prompt and in a script.

use super::*;
use crate::client::Ask;
use crate::protocol::{Command, Enrol, EnrolAnswer, Enrolled, ErrorCode};

const CODE: &str = "0000-0000-0000-0000-0000-0000-04";

fn answer(server: &mut Server, enrol: &Enrol) -> ServerMessage {
    let sign_up = SignUp {
        name: enrol.name.clone(),
        request: enrol.request.clone(),
    };
    ServerMessage::control(EnrolAnswer {
        response: server.sign_up_answer(&sign_up).response,
        is_new: false,
    })
}

fn enrol(desk: &mut Desk) -> Enrol {
    match desk.body() {
        ClientBody::Enrol(enrol) => enrol,
        other => panic!("{other:?}"),
    }
}

/// Somebody has typed the command, and then the code.
fn with_code() -> Desk {
    let mut desk = Desk::connected(Screen::interactive(), options());
    asked(&mut desk);
    desk.type_line("/enrol");
    assert_eq!(asked(&mut desk), Ask::Line("username: ".into()));
    desk.type_line("erin");
    assert_eq!(asked(&mut desk), Ask::Line("code: ".into()));
    desk.screen.lines();
    desk.type_line(&CODE.replace('-', "").replace('0', "O"));
    desk
}

#[test]
fn code_is_looked_at_before_a_password_is_asked_for_and_then_sets_that() {
    let mut server = Server::with_signed_in("erin", "forgotten");
    let mut desk = with_code();
    let probe = enrol(&mut desk);
    assert_eq!(probe.name, "erin");
    assert_eq!(probe.code.0[15], 1);
    desk.control(&answer(&mut server, &probe));
    for question in [
        "new password (at least 12 characters): ",
        "repeat password: ",
    ] {
        assert_eq!(asked(&mut desk), Ask::Secret(question.into()));
        desk.type_line("a long secret");
    }
    let second = enrol(&mut desk);
    assert_ne!(second.request, probe.request);
    desk.control(&answer(&mut server, &second));
    let ClientBody::EnrolFinish(finish) = desk.body() else {
        panic!("the client does not finish");
    };
    let upload = finish.upload;
    server.take_upload(&SignUpFinish { upload });
    let name = "erin".into();
    desk.control(&ServerMessage::control(Enrolled { name }));
    server.log_in(&mut desk);
    desk.settle_heads(Vec::new());
    assert_eq!(asked(&mut desk), Ask::Command("erin> ".into()));
    desk.type_line("/enrol erin");
    let lines = desk.lines();
    assert_eq!(
        lines.last().unwrap(),
        "already logged in as erin; `/logout` first"
    );
}

#[test]
fn code_that_is_refused_ends_at_the_prompt_and_is_told_why() {
    for (code, words) in [
        (
            ErrorCode::CodeRefused,
            "the code is not good, or no longer, or not for this name; ask the operator for another",
        ),
        (
            ErrorCode::AccountDisabled,
            "the operator has disabled this account; ask them about it",
        ),
        (
            ErrorCode::NameTaken,
            "the name \"erin\" is taken; if it is yours, `/login erin`",
        ),
    ] {
        let mut desk = with_code();
        enrol(&mut desk);
        refuse(&mut desk, Command::Enrol, code);
        if code == ErrorCode::NameTaken {
            // Only another name is wanted, and the code is not asked for again.
            assert_eq!(asked(&mut desk), Ask::Line("username: ".into()));
            desk.type_line("zoe");
            assert_eq!(enrol(&mut desk).name, "zoe");
        } else {
            assert_eq!(asked(&mut desk), Ask::Command("> ".into()));
        }
        assert_eq!(desk.lines(), [words]);
    }
}

#[test]
fn what_is_no_code_is_asked_for_again_three_times_and_never_sent() {
    let mut desk = Desk::connected(Screen::interactive(), options());
    asked(&mut desk);
    desk.type_line("/enrol erin");
    for _ in 0..3 {
        assert_eq!(asked(&mut desk), Ask::Line("code: ".into()));
        desk.type_line("correct horse battery staple");
    }
    assert_eq!(asked(&mut desk), Ask::Command("> ".into()));
    assert!(desk.bodies().is_empty());
    let lines = desk.lines();
    assert!(lines[1].contains("that is no code"), "{lines:?}");
    assert!(
        lines.iter().all(|line| !line.contains("horse")),
        "{lines:?}"
    );
}

#[test]
fn script_uses_the_code_of_its_file_once_and_has_no_other() {
    let code = || CODE.parse().ok();
    let options = Options {
        code: code(),
        ..with_password("erin", "a long secret")
    };
    let mut desk = Desk::connected(Screen::plain(), options);
    desk.settle();
    assert_eq!(enrol(&mut desk).name, "erin");
    // Nobody is asked for what is missing.
    let options = Options {
        code: code(),
        user: Some("erin".into()),
        ..super::options()
    };
    let mut desk = Desk::connected(Screen::plain(), options);
    desk.settle();
    assert!(desk.refused().contains("a password is needed"));
    let options = Options {
        user: None,
        ..with_password("erin", "a long secret")
    };
    let mut desk = Desk::connected(Screen::plain(), options);
    desk.settle();
    desk.type_line("/enrol erin");
    desk.settle();
    assert!(desk.refused().contains("a code is needed"));
}

#[test]
fn user_is_told_at_the_sign_in_that_the_password_was_set_by_a_code() {
    let mut server = Server::with_signed_in("erin", "a long secret");
    let mut desk = Desk::connected(Screen::plain(), with_password("erin", "a long secret"));
    desk.settle();
    let reset_ms = Some(START_MS);
    let start = SessionStart {
        reset_ms,
        ..session_start()
    };
    server.log_in_as(&mut desk, start);
    desk.settle();
    let lines = desk.lines();
    let told = lines
        .iter()
        .filter(|line| line.contains("a code with which the password"));
    assert_eq!(told.count(), 1, "{lines:?}");
}
