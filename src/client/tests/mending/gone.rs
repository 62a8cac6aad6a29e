//! Deletions of what this device does not hold, or holds no longer.

use super::*;

fn is_gone(desk: &mut Desk, at: u64) -> bool {
    let shared = desk.core.shared().expect("signed in");
    let entry = shared.state.entry(PAIR, EntryId(at)).expect("it is read");
    let entry = entry.expect("it is held");
    entry.deleted.is_some() && entry.content.is_empty()
}

#[test]
fn edits_of_a_message_that_is_not_held_lose_their_content_with_its_deletion() {
    let mut desk = Desk::connected(Screen::interactive(), with_password("erin", "secret"));
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    desk.settle_heads(vec![head(PAIR, "bob", 7, 0, 7)]);
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
