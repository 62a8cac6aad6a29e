//! What a program says before the client knows enough to send it.

use super::super::*;
use crate::client::{Fault, Report, Say, Until};
use crate::protocol::Position;

fn say(desk: &mut Desk, to: &str) {
    let say = Say {
        to: to.into(),
        text: "tea?".into(),
        file: None,
        key: None,
    };
    let typed = desk.core.handle_input(desk.now, Input::Say(Box::new(say)));
    assert!(typed.is_none());
}

fn reports(desk: &mut Desk) -> Vec<Report> {
    desk.settle();
    std::mem::take(&mut desk.screen.seen().reports)
}

#[test]
fn what_is_said_waits_for_the_sign_in_and_what_is_said_in_a_room_for_the_server() {
    let mut desk = Desk::connected(Screen::plain(), options_of_program(Until::Stored));
    say(&mut desk, "bob");
    say(&mut desk, "#bridge");
    say(&mut desk, "carol");
    assert_eq!(reports(&mut desk), []);
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    // What follows the room waits behind it, so that the order stays.
    assert_eq!(reports(&mut desk), [Report::Queued { said: 1 }]);
    desk.settle_heads(vec![head(ConversationId(60), "#bridge", 0, 0, 0)]);
    let queued = [2, 3].map(|said| Report::Queued { said });
    assert_eq!(reports(&mut desk), queued);
}

#[test]
fn more_than_may_wait_is_refused_and_what_waits_at_the_end_without_a_user() {
    let options = Options {
        user: None,
        password: None,
        ..options_of_program(Until::Stored)
    };
    let mut desk = Desk::connected(Screen::plain(), options);
    for _ in 0..=1_000 {
        say(&mut desk, "bob");
    }
    let refused = reports(&mut desk);
    assert!(
        matches!(
            &refused[..],
            [Report::Failed {
                said: Some(1),
                fault: Fault::Failed,
                ..
            }]
        ),
        "{refused:?}"
    );
    desk.core.handle_input(desk.now, Input::EndOfInput);
    let unsaid = reports(&mut desk);
    assert_eq!(unsaid.len(), 1_000);
    assert!(
        matches!(&unsaid[0], Report::Failed { fault: Fault::Usage, why, .. } if why.contains("--user")),
        "{unsaid:?}"
    );
}

#[test]
fn program_that_only_queues_ends_when_that_is_durable() {
    let mut desk = Desk::connected(Screen::plain(), options_of_program(Until::Queued));
    say(&mut desk, "bob");
    desk.core.handle_input(desk.now, Input::EndOfInput);
    desk.settle();
    assert_eq!(
        desk.core.end(),
        None,
        "nobody is signed in, and nothing is durable"
    );
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    assert_eq!(reports(&mut desk), [Report::Queued { said: 1 }]);
    assert_eq!(desk.core.end(), Some(&crate::client::End::Quit));
}

/// A script that had said something in an earlier run exited with 6, although all that it said was stored.
#[test]
fn what_an_earlier_run_said_and_nobody_knows_the_fate_of_is_no_failure_of_this_one() {
    let mut desk = Desk::connected(Screen::plain(), options_of_program(Until::Stored));
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    say(&mut desk, "bob");
    assert_eq!(desk.sent().len(), 2);
    let mut desk = desk.restarted(Screen::plain(), options_of_program(Until::Stored));
    // The device is another one by now: what has a number may stand under it or not.
    let start = SessionStart {
        device: DeviceId(99),
        ..session_start()
    };
    desk.control(&ServerMessage::control(start));
    desk.settle();
    let lines = desk.lines();
    assert!(
        lines.iter().any(|line| line.starts_with("unconfirmed")),
        "{lines:?}"
    );
    assert_eq!(desk.core.fault(), None);
}

/// Until the delivery came the history lacked it, and a script that asked at once was not shown it.
#[test]
fn what_a_program_has_said_is_in_the_history_at_once() {
    let mut desk = Desk::connected(Screen::plain(), options_of_program(Until::Stored));
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    say(&mut desk, "bob");
    desk.settle();
    desk.chat(super::stored(1, 1, 0, 0));
    desk.settle();
    let mut desk = desk.restarted(Screen::interactive(), with_password("erin", "secret"));
    desk.control(&ServerMessage::control(session_start()));
    // The server delivers from where the device says that it stands.
    let stands = desk.bodies().into_iter().find_map(|body| match body {
        ClientBody::Hello(hello) => {
            let of_pair = |at: &&Position| at.conversation == PAIR;
            hello.positions.iter().find(of_pair).map(|at| at.entry.0)
        }
        _ => None,
    });
    desk.settle_heads(vec![head(PAIR, "bob", 1, 1, stands.unwrap_or(0))]);
    desk.lines();
    desk.type_line("history bob");
    let lines = desk.lines();
    assert!(
        lines.iter().any(|line| line.ends_with("(you): tea?")),
        "{lines:?}"
    );
    // And those of others before it are asked for by whoever reads.
    let mut desk = desk.restarted(Screen::plain(), options_of_program(Until::Stored));
    desk.control(&ServerMessage::control(session_start()));
    desk.settle_heads(vec![head(PAIR, "bob", 3, 1, 1)]);
    say(&mut desk, "bob");
    desk.bodies();
    desk.chat(super::stored(2, 4, 3, 0));
    let asks = |body: &ClientBody| matches!(body, ClientBody::DeliverAgain(_));
    assert!(!desk.bodies().iter().any(asks));
}
