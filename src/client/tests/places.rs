//! Where a script's lines go that are no commands, and what becomes of a question that another one replaces.

use super::scripts::{errors, reads, script};
use super::*;
use crate::client::Tone;
use crate::protocol::{Access, Joined, Room};

/// The conversations that something is said in.
fn receivers(desk: &mut Desk) -> Vec<ConversationId> {
    let sent = desk.sent().into_iter();
    let entries = sent.filter_map(|(_, message)| message.header.entry);
    entries.map(|entry| entry.origin.conversation).collect()
}

/// After an `enter` that had failed, the text for the room ran as a command: "message bob …" went to bob.
#[test]
fn text_for_a_conversation_that_was_not_reached_is_no_command() {
    for (line, worst) in [
        ("enter #nowhere", Fault::NoRecipient),
        ("enter erin", Fault::NoRecipient),
        ("enter", Fault::Usage),
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

/// After a second `enter` that had failed, the text for its room went to the first one's.
#[test]
fn text_after_a_switch_that_failed_does_not_go_to_the_conversation_before() {
    for line in ["/enter #nowhere", "/enter"] {
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

/// What followed a `join` was said in the room, a message to bob too.
#[test]
fn join_without_a_terminal_does_not_change_what_the_next_line_means() {
    let joined = |desk: &mut Desk| {
        let Some(ClientBody::Join(join)) = desk.bodies().pop() else {
            panic!("a join is requested");
        };
        let room = Room {
            name: "#ops".into(),
            conversation: ConversationId(50),
            topic: String::new(),
            access: Access::Public,
            role: None,
            members: 2,
            history: None,
        };
        desk.control(&ServerMessage::control(Joined {
            tag: join.tag,
            room,
            last_number: DeviceSeq(0),
            start: EntryId::START,
        }));
        desk.settle();
    };
    let mut desk = script();
    reads(&mut desk, "join #ops");
    joined(&mut desk);
    reads(&mut desk, "message bob one");
    assert_eq!(receivers(&mut desk), [PAIR]);
    reads(&mut desk, "hello");
    assert!(errors(&desk)[0].starts_with("line 3: unknown command \"hello\""));

    let mut desk = script();
    reads(&mut desk, "enter bob");
    reads(&mut desk, "/join #ops");
    joined(&mut desk);
    reads(&mut desk, "two");
    assert_eq!(receivers(&mut desk), [PAIR]);
}

/// A script's private message was said in the room that it had switched to.
#[test]
fn script_does_not_say_in_a_conversation_what_looks_like_a_command() {
    let mut desk = script();
    reads(&mut desk, "enter bob");
    reads(&mut desk, "message carol secret");
    assert!(desk.bodies().is_empty());
    let told = errors(&desk);
    let expected = "line 2: not sent: it looks like a command: / before it runs it, `/message bob` before it says it";
    assert!(told[0].starts_with(expected), "{told:?}");
    assert_eq!(desk.core.fault(), Some(Fault::Usage));
    reads(&mut desk, "/message bob message carol secret");
    assert!(!desk.bodies().is_empty());
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

/// Where the terminal itself edits lines, a private message without its slash was said to the room.
#[test]
fn terminal_without_an_editor_says_what_looks_like_a_command_only_the_second_time() {
    let mut desk = Desk::signed_in(Screen::without_editor());
    reads(&mut desk, "/enter bob");
    desk.screen.lines();
    let types = |desk: &mut Desk, line: &str| {
        desk.settle();
        desk.type_line(line);
        (receivers(desk).len(), desk.screen.lines())
    };
    let refused = |line: &str| {
        vec![format!(
            "not sent: it looks like a command: / before it runs it, the same line once more says it to bob: {line:?}"
        )]
    };
    for line in ["message carol secret", "quit"] {
        assert_eq!(types(&mut desk, line), (0, refused(line)));
        // Two lines of one paste come at once.
        assert_eq!(types(&mut desk, line), (0, refused(line)));
        desk.wait(Duration::from_secs(1));
        assert_eq!(types(&mut desk, line), (1, vec![]), "{line}");
        desk.wait(Duration::from_secs(1));
        assert_eq!(types(&mut desk, line), (0, refused(line)));
        assert_eq!(types(&mut desk, "hello").0, 1);
        desk.wait(Duration::from_secs(1));
        assert_eq!(types(&mut desk, line), (0, refused(line)));
    }
}
