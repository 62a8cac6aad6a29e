//! Which conversation a change is in: where none has the focus, it has to be named.

use super::*;

/// The answer to a private question went to the room in which somebody had just said something.
#[test]
fn without_a_conversation_nothing_is_changed_or_answered_that_is_not_named() {
    let mut desk = in_conversation();
    desk.type_line("/back");
    desk.sent();
    desk.screen.lines();
    for line in [
        "/reply it is 1234",
        "reply it is 1234",
        "/reply #3 it is 1234",
        "/react 👍",
        "/react #3 👍",
        "/edit at six",
        "/delete",
        "/delete #2",
        "/pin",
        "/pin #2",
        "/unpin #2",
        "/why #2",
    ] {
        desk.settle();
        desk.type_line(line);
        assert_eq!(kinds(&mut desk), [], "{line}");
        assert_eq!(
            desk.screen.lines(),
            ["in which conversation? `--in bob` names the last one; `/enter NAME` goes to one"],
            "{line}"
        );
    }
    for (line, sent) in [
        ("/reply --in bob of course", (EntryKind::Text, Some(3))),
        ("/delete --in bob #2", (EntryKind::Delete, Some(2))),
    ] {
        desk.settle();
        desk.type_line(line);
        assert_eq!(kinds(&mut desk), [sent], "{line}");
    }
}

#[test]
fn script_names_the_conversation_too() {
    let mut desk = conversing(Desk::signed_in(Screen::plain()));
    desk.type_line("/back");
    desk.settle();
    desk.type_line("/reply it is 1234");
    assert_eq!(kinds(&mut desk), []);
    assert_eq!(desk.core.fault(), Some(Fault::Usage));
}

#[test]
fn message_that_waits_has_a_number_of_its_own_in_all_conversations() {
    let mut desk = in_conversation();
    desk.core.link_lost(desk.now, "reset", None);
    desk.type_line("/back");
    desk.settle();
    desk.type_line("/message bob one");
    desk.settle();
    desk.type_line("/delete");
    desk.lines();
    desk.type_line("/delete +2");
    assert_eq!(desk.lines(), ["not sent: \"one\""]);
}

#[test]
fn list_of_lines_says_where_they_are_unless_one_is_there() {
    let mut desk = in_conversation();
    desk.type_line("/lines 1");
    assert_eq!(desk.lines(), ["#3 14:01 bob: yes"]);
    desk.type_line("/back");
    desk.lines();
    desk.type_line("/lines");
    let all = [
        "#1 14:01 bob to (you): tea?",
        "#2 14:02 (you) to bob: at four",
        "#3 14:01 bob to (you): yes",
    ];
    assert_eq!(desk.lines(), all);
}
