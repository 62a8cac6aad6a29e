//! What newcomers are told, and asked again.

use super::*;
use crate::client::Ask;
use crate::protocol::{Command, ErrorCode};

/// A name that could be none threw the user back to the prompt.
#[test]
fn name_that_cannot_be_one_is_asked_for_again_where_it_was_asked_for() {
    let mut desk = Desk::connected(Screen::interactive(), options());
    asked(&mut desk);
    desk.screen.lines();
    desk.type_line("login");
    for name in ["Ann Smith", "ann:smith"] {
        assert_eq!(asked(&mut desk), Ask::Line("username: ".into()));
        desk.type_line(name);
        assert!(matches!(desk.body(), ClientBody::Login(_)));
        refuse(&mut desk, Command::Login, ErrorCode::BadName);
        assert_eq!(desk.lines(), ["this is not a name"]);
    }
    asked(&mut desk);
    desk.type_line("ann smith");
    desk.body();
    refuse(&mut desk, Command::Login, ErrorCode::BadName);
    assert_eq!(
        asked(&mut desk),
        Ask::Command("> ".into()),
        "the third time"
    );
    desk.type_line("signup");
    assert_eq!(asked(&mut desk), Ask::Line("username: ".into()));
    desk.type_line("erin");
    assert!(matches!(desk.body(), ClientBody::SignUp(_)));
    refuse(&mut desk, Command::SignUp, ErrorCode::NameTaken);
    assert_eq!(asked(&mut desk), Ask::Line("username: ".into()));
    desk.type_line("");
    asked(&mut desk);
    desk.type_line("signup erin");
    desk.body();
    refuse(&mut desk, Command::SignUp, ErrorCode::NameTaken);
    assert_eq!(asked(&mut desk), Ask::Command("> ".into()));
}

#[test]
fn user_without_a_conversation_is_told_how_to_begin_one_once() {
    let greeted = |heads: Vec<Head>| {
        let mut desk = Desk::with_conversations(heads);
        let lines = desk.lines();
        let told = lines
            .iter()
            .filter(|line| line.starts_with("no conversations yet: "));
        told.count()
    };
    assert_eq!(greeted(vec![]), 1);
    assert_eq!(greeted(vec![head(PAIR, "bob", 0, 0, 0)]), 0);
}

#[test]
fn text_without_a_conversation_is_told_how_to_write_to_somebody() {
    let mut desk = Desk::signed_in(Screen::interactive());
    let how = |name: &str| format!("`/message {name} TEXT`, or `/enter {name}`");
    for (line, told) in [
        ("hi bob", how("bob")),
        ("hi Bob!", how("bob")),
        ("bob, are you there?", how("bob")),
        ("hi", how("NAME")),
        ("hello zoe", how("NAME")),
        ("mesage bob hi", "did you mean \"/message\"?".into()),
        ("histroy bob", "did you mean \"/history\"?".into()),
        ("hist", "did you mean \"/history\"?".into()),
        ("/hi bob", "unknown command \"hi\"".into()),
        ("serve", "is a command of the shell".into()),
    ] {
        desk.settle();
        desk.type_line(line);
        let lines = desk.lines();
        assert!(
            lines.len() == 1 && lines[0].contains(&told),
            "{line}: {lines:?}"
        );
    }
}
