//! Deletions of what this device does not hold, or holds no longer.

use super::super::chat::refuse;
use super::*;
use crate::protocol::ErrorCode;

fn is_gone(desk: &mut Desk, at: u64) -> bool {
    let shared = desk.core.shared().expect("signed in");
    let entry = shared.state.entry(PAIR, EntryId(at)).expect("it is read");
    let entry = entry.expect("it is held");
    entry.deleted.is_some() && entry.content.is_empty()
}

#[test]
fn edits_of_a_message_that_is_not_held_lose_their_content_with_its_deletion() {
    let mut desk = Desk::with_conversations(vec![head(PAIR, "bob", 7, 0, 7)]);
    edit(&mut desk, &by_bob(8, 7), 3, "coffee?");
    react(&mut desk, &by_bob(9, 8), 3, "\u{1f44d}");
    let by_erin = Come {
        author: ERIN,
        ..by_bob(10, 9)
    };
    // Only the author edits; of this one nobody knows what it is about.
    edit(&mut desk, &by_erin, 3, "never");
    refer(&mut desk, &by_bob(11, 10), EntryKind::Delete, 3);
    desk.settle();
    assert!(is_gone(&mut desk, 8) && is_gone(&mut desk, 9));
    assert!(!is_gone(&mut desk, 10));
    assert!(desk.core.shared().expect("signed in").state.has_erasure());
}

/// The server was put back to a backup, and what this device shows under a number there may be another line by now.
#[test]
fn line_that_a_restore_has_lost_is_not_changed_and_says_so() {
    let mut desk = in_conversation();
    desk.core.link_lost(desk.now, "reset", None);
    desk.core.link_up(desk.now, KEY, HASH);
    desk.control(&ServerMessage::control(SessionStart {
        epoch: 2,
        ..session_start()
    }));
    desk.settle_heads(vec![head(PAIR, "bob", 1, 0, 1)]);
    desk.sent();
    desk.lines();
    let told =
        "the server's database was restored, and #2 in bob is no longer in it; nothing was changed";
    for line in [
        "/edit at six",
        "/edit #2 at six",
        "/delete #2",
        "/react #2 ok",
    ] {
        desk.settle();
        desk.type_line(line);
        assert_eq!(desk.lines(), [told], "{line}");
        assert_eq!(kinds(&mut desk), [], "{line}");
    }
    // Under its number stands what was said since.
    deliver(&mut desk, "so?", 2, 1);
    desk.lines();
    desk.settle();
    desk.type_line("/edit #2 at six");
    assert_eq!(desk.lines(), ["you can edit your own messages only"]);
}

/// Its number is used up, and all of its text is on the screen.
#[test]
fn edit_that_the_server_refuses_since_it_does_not_know_the_line_says_so_with_its_text() {
    let mut desk = in_conversation();
    let text = "at five, or at six, or when the first of us has time for it";
    desk.type_line(&format!("/edit {text}"));
    assert_eq!(kinds(&mut desk), [(EntryKind::Edit, Some(2))]);
    refuse(&mut desk, ErrorCode::BadReference, 2, None);
    let told = format!("the edit \"{text}\" was not sent: there is no such message");
    assert_eq!(desk.lines(), [told]);
    let bodies = desk.bodies();
    let is_void =
        |body: &ClientBody| matches!(body, ClientBody::Void(void) if void.number == DeviceSeq(2));
    assert!(bodies.iter().any(is_void), "{bodies:?}");
    assert_eq!(history(&mut desk)[1], "14:02 (you): at four");
}
