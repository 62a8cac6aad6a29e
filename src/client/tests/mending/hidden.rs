//! What users whom one blocks or ignores put to messages: it is kept, and not shown.

use super::chat_log::{log, logged};
use super::*;
use crate::protocol::{Blocked, BlockedUser};

const CAROL: AccountId = AccountId(9);

fn blocks(desk: &mut Desk, users: &[(AccountId, &str)]) {
    let user = |(account, name): &(AccountId, &str)| BlockedUser {
        account: *account,
        name: (*name).to_owned(),
    };
    let users = users.iter().map(user).collect();
    desk.control(&ServerMessage::control(Blocked { tag: None, users }));
}

#[test]
fn what_hidden_users_put_to_a_message_is_shown_once_they_are_hidden_no_longer() {
    let mut desk = in_conversation();
    react(&mut desk, &by_bob(4, 3), 2, "👍");
    let by_carol = Come {
        author: CAROL,
        ..by_bob(5, 4)
    };
    react(&mut desk, &by_carol, 2, "👎");
    refer(&mut desk, &by_bob(6, 5), EntryKind::Pin, 2);
    let answer = EntryBody::of(&text_by(CAROL, PAIR, "fine"));
    let by_carol = Come {
        author: CAROL,
        ..by_bob(7, 6)
    };
    come(&mut desk, &by_carol, (EntryKind::Text, 1), answer);
    let shown = history(&mut desk);
    let own = "14:02 (you): at four  (pinned; 👍 bob; 👎 bob)";
    assert!(shown.iter().any(|line| line == own), "{shown:?}");
    blocks(&mut desk, &[(BOB, "bob")]);
    desk.lines();
    let hidden = history(&mut desk);
    let own = "14:02 (you): at four  (👎 bob)";
    assert!(hidden.iter().any(|line| line == own), "{hidden:?}");
    assert!(
        !hidden.iter().any(|line| line.contains("tea?")),
        "{hidden:?}"
    );
    desk.settle();
    desk.type_line("/pins");
    assert_eq!(desk.lines().len(), 1, "nothing is pinned");
    // A deletion is kept all the same: nothing of the text is left once he is shown again.
    refer(&mut desk, &by_bob(8, 7), EntryKind::Delete, 1);
    assert!(desk.lines().is_empty());
    blocks(&mut desk, &[]);
    desk.lines();
    let again = history(&mut desk);
    for line in [
        "14:01 (deleted by bob)",
        "14:02 (you): at four  (pinned; 👍 bob; 👎 bob)",
    ] {
        assert!(again.iter().any(|known| known == line), "{again:?}");
    }
}

const fn by_carol(entry: u64, prev: u64) -> Come {
    Come {
        author: CAROL,
        ..by_bob(entry, prev)
    }
}

/// Lines of others quoted the words of hidden users in the transcripts, and where something was put to them.
#[test]
fn words_of_hidden_users_are_quoted_nowhere() {
    let mut desk = logged();
    edit(&mut desk, &by_bob(4, 3), 1, "coffee?");
    blocks(&mut desk, &[(BOB, "bob")]);
    log(&mut desk);
    desk.lines();
    let answer = EntryBody::of(&text_by(CAROL, PAIR, "fine"));
    come(&mut desk, &by_carol(5, 4), (EntryKind::Text, 1), answer);
    react(&mut desk, &by_carol(6, 5), 1, "👍");
    refer(&mut desk, &by_carol(7, 6), EntryKind::Delete, 6);
    refer(&mut desk, &by_carol(8, 7), EntryKind::Pin, 3);
    refer(&mut desk, &by_carol(9, 8), EntryKind::Unpin, 3);
    assert_eq!(
        desk.lines(),
        [
            "14:01 bob, to a message of bob: fine",
            "14:01 bob reacted 👍 to a message of bob",
            "14:01 bob took back 👍 from a message of bob",
            "14:01 bob pinned a message of bob",
            "14:01 bob unpinned a message of bob",
        ]
    );
    let logged = log(&mut desk);
    assert!(
        logged.starts_with("2026-03-17 14:01:00 bob, to a message of bob: fine\n"),
        "{logged}"
    );
    for command in [
        "/history",
        "/lines",
        "/pins",
        "/search fine",
        "/why #1",
        "/export bob.txt",
    ] {
        desk.settle();
        desk.type_line(command);
        desk.lines().into_iter().for_each(|line| {
            for words in ["coffee", "tea", "yes"] {
                assert!(!line.contains(words), "{command}: {line}");
            }
        });
    }
    assert_eq!(
        desk.files.written().lines().last(),
        Some("2026-03-17 14:01:00 bob, to a message of bob: fine")
    );
}

#[test]
fn last_line_of_somebody_else_is_none_of_a_hidden_user() {
    let mut desk = in_conversation();
    let text = EntryBody::of(&text_by(CAROL, PAIR, "fine"));
    come(&mut desk, &by_carol(4, 3), (EntryKind::Text, 0), text);
    come(
        &mut desk,
        &by_bob(5, 4),
        (EntryKind::Text, 0),
        EntryBody::of(&text_by(BOB, PAIR, "no")),
    );
    blocks(&mut desk, &[(BOB, "bob")]);
    desk.sent();
    desk.settle();
    desk.type_line("/reply and dandy");
    assert_eq!(kinds(&mut desk), [(EntryKind::Text, Some(4))]);
    blocks(&mut desk, &[(CAROL, "carol"), (BOB, "bob")]);
    desk.lines();
    desk.type_line("/react 👍");
    assert_eq!(kinds(&mut desk), []);
    assert_eq!(
        desk.lines(),
        ["nobody has said anything in bob that this device has"]
    );
}
