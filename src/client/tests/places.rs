//! Where a script's lines go that are no commands, and what becomes of a question that another one replaces.

use super::scripts::{errors, reads, script};
use super::*;
use crate::client::Tone;

/// After a `join` that had failed, the text for the room ran as a command: "message bob …" went to bob.
#[test]
fn text_for_a_conversation_that_was_not_reached_is_no_command() {
    for (line, worst) in [
        ("enter #nowhere", Fault::NoRecipient),
        ("enter erin", Fault::NoRecipient),
        ("join", Fault::Usage),
    ] {
        let mut desk = script();
        reads(&mut desk, line);
        reads(&mut desk, "message bob the code is 9");
        assert!(desk.bodies().is_empty(), "{line}");
        let told = errors(&desk);
        let expected = "line 2: not sent: line 1 did not switch to";
        assert!(told[1].starts_with(expected), "{line}: {told:?}");
        assert!(
            told[1].ends_with("\"message bob the code is 9\""),
            "{told:?}"
        );
        // A slash says that it is a command, and `back` that there is no place any more.
        reads(&mut desk, "/message bob one");
        reads(&mut desk, "/back");
        reads(&mut desk, "message bob two");
        let sent = desk.bodies();
        let texts = sent
            .iter()
            .filter(|body| matches!(body, ClientBody::Entry(_)));
        assert_eq!(texts.count(), 2, "{line}: {sent:?}");
        assert_eq!(desk.core.fault(), Some(worst), "{line}");
    }
    let mut desk = script();
    reads(&mut desk, "mesage bob");
    reads(&mut desk, "message bob one");
    let sent = desk.bodies();
    let is_text = |body: &ClientBody| matches!(body, ClientBody::Entry(_));
    assert!(sent.iter().any(is_text), "no place was named");
}

/// After a second `join` that had failed, the text for its room went to the first one's.
#[test]
fn text_after_a_switch_that_failed_does_not_go_to_the_conversation_before() {
    for line in ["/enter #nowhere", "/enter", "/join"] {
        let mut desk = script();
        reads(&mut desk, "enter bob");
        reads(&mut desk, "one");
        assert!(!desk.bodies().is_empty());
        reads(&mut desk, line);
        reads(&mut desk, "two");
        assert!(desk.bodies().is_empty(), "{line}");
        let told = errors(&desk);
        let expected = "line 4: not sent: line 3 did not switch to";
        assert!(told[1].starts_with(expected), "{line}: {told:?}");
    }
}

#[test]
fn text_for_a_conversation_that_was_lost_is_no_command() {
    let mut desk = script();
    reads(&mut desk, "enter bob");
    reads(&mut desk, "one");
    desk.bodies();
    desk.core.signed_in.as_mut().unwrap().shared.focus.current = None;
    reads(&mut desk, "two");
    reads(&mut desk, "message carol three");
    let told = errors(&desk);
    assert_eq!(
        told[0],
        "line 3: not sent: you are no longer in bob: \"two\""
    );
    assert!(told[1].starts_with("line 4: not sent: you are no longer in bob"));
    assert!(desk.bodies().is_empty());
}

/// The first of two questions about a user ended without a line.
#[test]
fn history_that_another_replaces_is_told_to_be_not_here() {
    let mut desk = Desk::signed_in(Screen::interactive());
    reads(&mut desk, "history yara");
    reads(&mut desk, "history zoe");
    let lines = std::mem::take(&mut desk.screen.seen().lines);
    let told = lines.iter().filter(|(tone, _)| *tone == Tone::Error);
    let told: Vec<_> = told.map(|(_, line)| &**line).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("yara"), "{told:?}");
}
