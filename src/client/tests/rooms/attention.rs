//! What calls for attention: mentions, what rings, who is ignored; places, and what is unread.

use super::*;
use crate::client::AttentionOptions;
use crate::protocol::{MUTED_FOR_GOOD, Muted};

fn rings(desk: &mut Desk) -> Vec<String> {
    desk.lines();
    std::mem::take(&mut desk.screen.seen().rings)
}

fn said(desk: &mut Desk, author: AccountId, text: &str, entry: u64) -> Vec<String> {
    // Longer than the terminal stays silent after it rang.
    desk.wait(Duration::from_secs(3));
    let message = said_in_bridge(author, text, entry);
    deliver(desk, &message, author, entry, entry - 1);
    rings(desk)
}

fn shown(desk: &mut Desk, typed: &str) -> Vec<String> {
    desk.lines();
    type_at_prompt(desk, typed);
    desk.lines()
}

/// The prompt that is asked with after this line.
fn prompt(desk: &mut Desk, typed: &str) -> String {
    desk.screen.asks();
    shown(desk, typed);
    match desk.screen.asks().pop() {
        Some(Ask::Command(prompt) | Ask::Inside { prompt, .. }) => prompt,
        other => panic!("{other:?}"),
    }
}

#[test]
fn terminal_rings_for_mentions_and_private_messages() {
    let mut desk = member();
    assert!(said(&mut desk, BOB, "tea?", 1).is_empty());
    assert_eq!(said(&mut desk, BOB, "\u{ff25}rin: tea?", 2), ["#bridge"]);
    assert!(said(&mut desk, BOB, "erinaceous", 3).is_empty());
    desk.wait(Duration::from_secs(3));
    private_line(&mut desk, "tea?", 1);
    private_line(&mut desk, "or not?", 2);
    assert_eq!(rings(&mut desk), ["bob"], "once for a burst");
    assert_eq!(prompt(&mut desk, ""), "erin (2, 1!)> ");
    shown(&mut desk, "enter #bridge");
    assert_eq!(prompt(&mut desk, "/status"), "erin #bridge> ");
}

#[test]
fn nothing_rings_for_a_bot_unless_it_names_the_user() {
    let mut desk = member();
    for (entry, text, rung) in [
        (1, "the build is done", None),
        (2, "erin: it failed", Some("bob")),
    ] {
        desk.wait(Duration::from_secs(3));
        deliver_by(
            &mut desk,
            &from_bob(text, entry),
            (BOB, Some(true)),
            entry,
            entry - 1,
        );
        assert_eq!(rings(&mut desk), Vec::from_iter(rung), "{text}");
    }
    desk.wait(Duration::from_secs(3));
    private_line(&mut desk, "who are you?", 3);
    assert_eq!(rings(&mut desk), ["bob"]);
}

#[test]
fn nothing_rings_for_who_does_not_want_to_be_disturbed() {
    let mut desk = member();
    let told = "do not disturb: nothing rings on this device until `/dnd off`";
    assert_eq!(shown(&mut desk, "dnd on"), [told]);
    assert!(said(&mut desk, BOB, "erin?", 1).is_empty());
    let mut desk = desk.killed_and_back();
    desk.settle_heads(vec![head(BRIDGE, "#bridge", 1, 0, 1)]);
    assert_eq!(shown(&mut desk, "dnd"), [told]);
    shown(&mut desk, "dnd off");
    assert_eq!(said(&mut desk, BOB, "erin?", 2), ["#bridge"]);
}

#[test]
fn ignored_user_is_neither_shown_nor_counted_until_unignored() {
    let mut desk = member();
    said(&mut desk, BOB, "spam one", 1);
    assert_eq!(
        shown(&mut desk, "ignore Bob"),
        ["bob's messages are hidden on this device; `/block bob` is for all your devices"]
    );
    assert!(said(&mut desk, BOB, "erin: spam two", 2).is_empty());
    assert_eq!(prompt(&mut desk, ""), "erin (1)> ");
    assert_eq!(
        shown(&mut desk, "search spam"),
        ["nothing found on this device"]
    );
    // Somebody of whom nothing is here is known by name once they say something.
    shown(&mut desk, "ignore carol");
    said(&mut desk, AccountId(9), "spam three", 3);
    assert_eq!(
        shown(&mut desk, "search spam"),
        ["nothing found on this device"]
    );
    let mut desk = desk.killed_and_back();
    desk.settle_heads(vec![head(BRIDGE, "#bridge", 3, 0, 3)]);
    assert_eq!(
        shown(&mut desk, "ignore"),
        ["bob", "carol", "you ignore 2; `/unignore USER` ends it"]
    );
    shown(&mut desk, "unignore bob");
    assert_eq!(shown(&mut desk, "search spam").len(), 3);
    assert_eq!(shown(&mut desk, "unignore bob"), ["you do not ignore bob"]);
}

/// He was shown until he said something more: his first entry is that he joined, which comes without his name.
#[test]
fn member_who_has_joined_and_spoken_is_hidden_as_soon_as_ignored() {
    let mut desk = member();
    let joined = event(EventKind::Joined, "bob", None, None);
    deliver(&mut desk, &joined, BOB, 1, 0);
    said(&mut desk, BOB, "spam", 2);
    shown(&mut desk, "ignore bob");
    assert_eq!(
        shown(&mut desk, "search spam"),
        ["nothing found on this device"]
    );
}

fn mute(desk: &mut Desk, conversation: ConversationId, until_ms: u64) {
    desk.control(&ServerMessage::control(Muted {
        tag: None,
        conversation,
        until_ms,
    }));
}

#[test]
fn muted_conversation_neither_rings_nor_counts_in_the_prompt_but_its_mentions_do_count() {
    let mut attentive = with_password("erin", "secret");
    attentive.attention = AttentionOptions {
        notify: crate::client::Notify::All,
        mentions: vec!["watch".into()],
    };
    let mut desk = member_with(attentive, 0, 0);
    mute(&mut desk, BRIDGE, MUTED_FOR_GOOD);
    mute(&mut desk, PAIR, MUTED_FOR_GOOD);
    private_line(&mut desk, "psst", 1);
    assert!(rings(&mut desk).is_empty());
    assert!(said(&mut desk, BOB, "tea?", 1).is_empty());
    assert_eq!(prompt(&mut desk, ""), "erin> ");
    // A word of the user's own mentions them as their name does.
    for (entry, text) in [(2, "who has the watch?"), (3, "erin?")] {
        desk.wait(Duration::from_secs(3));
        deliver(
            &mut desk,
            &said_in_bridge(BOB, text, entry),
            BOB,
            entry,
            entry - 1,
        );
        assert_eq!(desk.lines(), [format!("14:01 #bridge bob: {text}")]);
        assert!(rings(&mut desk).is_empty());
    }
    assert_eq!(prompt(&mut desk, ""), "erin (2!)> ");
    // Where one looks its lines are shown, and still nothing rings.
    shown(&mut desk, "enter #bridge");
    assert!(said(&mut desk, BOB, "erin, here?", 4).is_empty());
    mute(&mut desk, BRIDGE, 0);
    assert_eq!(said(&mut desk, BOB, "so?", 5), ["#bridge"]);
    assert_eq!(prompt(&mut desk, "/back"), "erin> ");
    mute(&mut desk, PAIR, 0);
    assert_eq!(prompt(&mut desk, ""), "erin (1)> ");
}

#[test]
fn room_that_is_joined_again_is_muted_as_it_was_left() {
    let mut desk = member();
    mute(&mut desk, BRIDGE, MUTED_FOR_GOOD);
    let left = event(EventKind::Left, "erin", None, None);
    deliver(&mut desk, &left, ERIN, 1, 0);
    type_at_prompt(&mut desk, "/join #bridge");
    let_in(&mut desk, 4);
    shown(&mut desk, "/back");
    let message = said_in_bridge(BOB, "tea?", 5);
    deliver(&mut desk, &message, BOB, 5, 4);
    assert!(desk.lines().is_empty());
}

#[test]
fn next_goes_to_muted_conversations_last() {
    let mut desk = member();
    mute(&mut desk, PAIR, MUTED_FOR_GOOD);
    private_line(&mut desk, "psst", 1);
    said(&mut desk, BOB, "tea?", 1);
    assert_eq!(prompt(&mut desk, "next"), "erin #bridge> ");
    assert_eq!(prompt(&mut desk, "/next"), "erin bob> ");
}

#[test]
fn place_is_kept_and_next_goes_where_something_is_unread() {
    let mut desk = member();
    assert_eq!(
        shown(&mut desk, "1"),
        ["nothing is at 1; `/1 #ROOM` or `/1 USER` puts it there"]
    );
    let lines = shown(&mut desk, "1 #bridge");
    assert_eq!(lines[0], "#bridge is at `/1`");
    assert!(lines[1].starts_with("in #bridge"), "{lines:?}");
    shown(&mut desk, "/9 bob");
    assert_eq!(prompt(&mut desk, "/1"), "erin #bridge> ");
    assert_eq!(
        shown(&mut desk, "/2 #deck"),
        ["you are not a member of #deck; `/join #deck` first"]
    );
    let mut desk = desk.killed_and_back();
    desk.settle_heads(vec![
        head(PAIR, "bob", 0, 0, 0),
        head(BRIDGE, "#bridge", 0, 0, 0),
    ]);
    assert_eq!(shown(&mut desk, "places"), ["/1  #bridge", "/9  bob"]);
    assert_eq!(shown(&mut desk, "next"), ["nothing is unread"]);
    said(&mut desk, BOB, "tea?", 1);
    assert_eq!(prompt(&mut desk, "next"), "erin #bridge> ");
    assert_eq!(shown(&mut desk, "/next"), ["nothing is unread"]);
}

#[test]
fn prompt_says_that_the_link_is_lost() {
    let mut desk = member();
    desk.core.link_lost(desk.now, "reset", None);
    assert_eq!(prompt(&mut desk, ""), "erin offline> ");
}

/// It was `offline` until the next Enter, and what had become unread was not counted before that.
#[test]
fn prompt_changes_while_it_is_open() {
    let mut desk = member();
    prompt(&mut desk, "");
    let state = |desk: &mut Desk| {
        desk.core.settle(desk.now);
        assert_eq!(desk.screen.asks(), []);
        let status = desk.screen.seen().status.clone();
        assert_eq!(status.place, "erin");
        status.state
    };
    assert_eq!(state(&mut desk), "");
    said(&mut desk, BOB, "tea?", 1);
    assert_eq!(state(&mut desk), "(1)");
    desk.core.link_silent("no answer from host:7777 for 10 s");
    assert_eq!(state(&mut desk), "(1) offline");
    desk.core.link_awake(desk.now, "host:7777 is back");
    assert_eq!(state(&mut desk), "(1)");
}
