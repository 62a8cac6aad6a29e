//! Changes by those who mean harm: with signs, numbers and references that no honest client makes.

use super::*;

/// The sign went to the terminal as it came, and could name others after itself.
#[test]
fn sign_commands_no_terminal_and_names_nobody_else() {
    let mut desk = in_conversation();
    react(&mut desk, &by_bob(4, 3), 1, "\u{1b}[2Jok\u{7}\u{202e}");
    assert_eq!(desk.lines(), ["14:01 bob reacted ok to \"tea?\""]);
    let forged = [
        "👍 (you),",
        "👍\u{2800}(you),",
        "x\n✓",
        "\u{200b}",
        "a\u{a0}b",
    ];
    for (entry, sign) in (5..).zip(forged) {
        react(&mut desk, &by_bob(entry, entry - 1), 1, sign);
        let unknown = format!("a message that this version cannot show (entry {entry})");
        let lines = desk.lines();
        assert!(
            lines.len() == 1 && lines[0].ends_with(&unknown),
            "{sign:?}: {lines:?}"
        );
    }
    assert_eq!(history(&mut desk)[0], "14:01 bob: tea?  (ok bob)");
}

/// Many changes that were taken back, or pins and their ends, came before an edit that stands, which was no longer looked at:
/// the first text was shown again.
#[test]
fn edit_stands_however_often_others_react_and_pin_behind_it() {
    let mut desk = in_conversation();
    desk.type_line("/edit at five");
    desk.sent();
    desk.chat(stored(2, 4, 3, 1));
    desk.lines();
    let mut entry = 4;
    for _ in 0..600 {
        react(&mut desk, &by_bob(entry + 1, entry), 2, "👍");
        refer(
            &mut desk,
            &by_bob(entry + 2, entry + 1),
            EntryKind::Delete,
            entry + 1,
        );
        entry += 2;
    }
    desk.settle();
    for kind in [EntryKind::Pin, EntryKind::Unpin]
        .into_iter()
        .cycle()
        .take(1_201)
    {
        refer(&mut desk, &by_bob(entry + 1, entry), kind, 2);
        entry += 1;
    }
    desk.lines();
    assert_eq!(
        history(&mut desk)[1],
        "14:02 (you): at five  (edited; pinned)"
    );
    let state = &desk.core.shared().expect("signed in").state;
    let left = state
        .amendments(PAIR, EntryId(2))
        .expect("memory does not fail");
    assert!(left.len() < 10, "{left:?}");
}

#[test]
fn pin_is_found_behind_many_reactions() {
    let mut desk = in_conversation();
    refer(&mut desk, &by_bob(4, 3), EntryKind::Pin, 1);
    let state = &mut desk
        .core
        .signed_in
        .as_mut()
        .expect("signed in")
        .shared
        .state;
    for entry in 5..10_500 {
        state.put_amendment(PAIR, (EntryId(3), EntryId(entry)), EntryKind::React);
    }
    desk.lines();
    desk.type_line("/pins");
    assert_eq!(desk.lines(), ["#1 14:01 bob: tea?  (pinned)"]);
}

/// Such a change was never forgotten, since what it was about never made room.
#[test]
fn change_of_what_stands_behind_it_is_none() {
    let mut desk = in_conversation();
    react(&mut desk, &by_bob(4, 3), 4, "👍");
    react(&mut desk, &by_bob(5, 4), u64::MAX, "👍");
    desk.settle();
    let state = &desk.core.shared().expect("signed in").state;
    for target in [EntryId(4), EntryId(u64::MAX)] {
        assert_eq!(
            state
                .amendments(PAIR, target)
                .expect("memory does not fail"),
            []
        );
    }
}

/// The history was gone through without end.
#[test]
fn message_that_a_server_stores_behind_itself_is_not_stored() {
    let mut desk = in_conversation();
    desk.type_line("/react 👍");
    desk.sent();
    desk.chat(stored(2, 4, 9, 1));
    assert_eq!(desk.lines(), Vec::<String>::new());
    desk.chat(stored(2, 4, 3, 1));
    assert_eq!(desk.lines(), ["14:02 (you) reacted 👍 to \"yes\""]);
}
