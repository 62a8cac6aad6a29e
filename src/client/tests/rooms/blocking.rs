//! Whom the user blocks: what is not shown for it, and what goes on as before.

use super::*;
use crate::protocol::{Block, Blocked, BlockedUser, ClientBody, Received, ServerMessage};

fn list(tag: Option<u32>, names: &[&str]) -> ServerMessage {
    let user = |name: &&str| BlockedUser {
        account: BOB,
        name: (*name).to_owned(),
    };
    let users = names.iter().map(user).collect();
    ServerMessage::control(Blocked { tag, users })
}

/// Types it, and has the server answer with this list.
fn block(desk: &mut Desk, line: &str, names: &[&str]) -> Block {
    desk.sent();
    type_at_prompt(desk, line);
    let ClientBody::Block(request) = desk.body() else {
        panic!("it is asked of the server");
    };
    desk.control(&list(Some(request.tag), names));
    request
}

#[test]
fn lines_of_the_blocked_in_rooms_are_kept_and_acknowledged_but_not_shown() {
    let mut desk = member();
    let request = block(&mut desk, "block Bob", &["bob"]);
    assert!(request.blocking && request.name == "Bob");
    assert_eq!(
        desk.lines(),
        [
            "you block Bob: their messages to you are no longer delivered, and their lines are hidden"
        ]
    );
    deliver(&mut desk, &said_in_bridge(BOB, "spam", 1), BOB, 1, 0);
    let received = Received {
        conversation: BRIDGE,
        entry: EntryId(1),
    };
    assert_eq!(
        desk.body(),
        ClientBody::Received(received),
        "he learns nothing"
    );
    assert!(desk.lines().is_empty());
    let account = desk.core.signed_in.as_ref().expect("erin is signed in");
    let place = &account
        .shared
        .conversations
        .get(BRIDGE)
        .expect("known")
        .stored;
    assert_eq!(place.unread, 0);
    // What happens in a room is told, whoever did it.
    let topic = event(EventKind::Topic, "bob", None, Some("tea"));
    deliver(&mut desk, &topic, BOB, 2, 1);
    assert_eq!(desk.lines().len(), 1);

    desk.core.link_lost(desk.now, "reset", None);
    desk.lines();
    type_at_prompt(&mut desk, "search spam");
    assert_eq!(desk.lines(), ["nothing found on this device"]);
    type_at_prompt(&mut desk, "history #bridge");
    let lines = desk.lines();
    assert!(!lines.iter().any(|line| line.contains("spam")), "{lines:?}");
    assert!(
        lines.contains(
            &"#bridge: messages from users whom you block or ignore are hidden".to_owned()
        ),
        "{lines:?}"
    );
}

#[test]
fn unblocked_user_is_shown_again_with_what_was_said_in_rooms() {
    let mut desk = member();
    block(&mut desk, "block bob", &["bob"]);
    deliver(&mut desk, &said_in_bridge(BOB, "spam", 1), BOB, 1, 0);
    let request = block(&mut desk, "unblock bob", &[]);
    assert!(!request.blocking);
    let lines = desk.lines();
    assert_eq!(
        lines.last().map(String::as_str),
        Some("you no longer block bob; messages they sent you meanwhile stay undelivered")
    );
    deliver(&mut desk, &said_in_bridge(BOB, "sorry", 2), BOB, 2, 1);
    assert_eq!(desk.lines(), ["14:01 #bridge bob: sorry"]);
    type_at_prompt(&mut desk, "search spam");
    assert_eq!(desk.lines().last().map(String::as_str), Some("1 found"));
}

#[test]
fn unblocking_somebody_who_is_not_blocked_says_that() {
    let mut desk = member();
    block(&mut desk, "block bob", &["bob"]);
    desk.lines();
    block(&mut desk, "unblock jos", &["bob"]);
    assert_eq!(desk.lines(), ["you do not block jos"]);
    block(&mut desk, "unblock Bob", &[]);
    let lines = desk.lines();
    assert!(lines[0].starts_with("you no longer block Bob"), "{lines:?}");
    block(&mut desk, "unblock bob", &[]);
    assert_eq!(desk.lines(), ["you do not block bob"]);
}

#[test]
fn list_outlives_a_crash_and_is_the_servers_at_each_sign_in() {
    let mut desk = member();
    block(&mut desk, "block bob", &["bob"]);
    desk.lines();
    deliver(&mut desk, &said_in_bridge(BOB, "spam", 1), BOB, 1, 0);
    // It may not have been shown before the crash, and is not shown again after it.
    let mut desk = desk.killed_and_back();
    assert!(desk.lines_again().is_empty());
    // Another device has unblocked him meanwhile: then the server says nothing.
    let heads = vec![head(BRIDGE, "#bridge", 1, 0, 1)];
    desk.settle_heads(heads);
    desk.lines();
    deliver(&mut desk, &said_in_bridge(BOB, "hello", 2), BOB, 2, 1);
    desk.wait(Duration::from_secs(3));
    let lines = desk.lines();
    assert!(
        lines.iter().any(|line| line.ends_with("bob: hello")),
        "{lines:?}"
    );
}

#[test]
fn who_says_anything_to_somebody_blocked_is_told_that_no_reply_comes() {
    let mut desk = member();
    private_line(&mut desk, "tea?", 1);
    block(&mut desk, "/block bob", &["bob"]);
    desk.lines();
    // An answer said nothing of it.
    for line in [
        "/message bob tea!",
        "/me --in bob waves",
        "/reply --in bob #1 tea!",
    ] {
        type_at_prompt(&mut desk, line);
        assert_eq!(
            desk.lines()[0],
            "you block bob: replies are not delivered; `/unblock bob` lifts the block",
            "{line}"
        );
    }
}

#[test]
fn block_without_a_name_lists_whom_the_user_blocks() {
    let mut desk = member();
    type_at_prompt(&mut desk, "block");
    assert_eq!(
        desk.lines(),
        ["you have blocked nobody; `/block USER` blocks a user"]
    );
    desk.control(&list(None, &["bob"]));
    assert!(desk.lines().is_empty(), "another device did it");
    type_at_prompt(&mut desk, "block");
    assert_eq!(
        desk.lines(),
        ["bob", "you block 1; `/unblock USER` ends it"]
    );
    desk.core.settle(desk.now);
    assert_eq!(desk.screen.names().blocked, ["bob"], "for the tab key");
    type_at_prompt(&mut desk, "message bob hi");
    let lines = desk.lines();
    assert_eq!(
        lines,
        ["you block bob: replies are not delivered; `/unblock bob` lifts the block"]
    );
}

#[test]
fn what_cannot_be_blocked_is_said_in_words() {
    let mut desk = member();
    type_at_prompt(&mut desk, "block erin");
    assert_eq!(desk.lines(), ["you cannot block yourself"]);
    for (code, text) in [
        (ErrorCode::NoSuchUser, "there is no user \"nobody\" here"),
        (ErrorCode::LimitReached, "why"),
    ] {
        type_at_prompt(&mut desk, "block nobody");
        let ClientBody::Block(request) = desk.body() else {
            panic!("it is asked of the server");
        };
        let failure = Failure {
            tag: Some(request.tag),
            ..Failure::new(code, "why")
        };
        desk.control(&ServerMessage::error(Command::Block, failure));
        let lines = desk.lines();
        assert!(lines[0].starts_with(text), "{lines:?}");
    }
}
