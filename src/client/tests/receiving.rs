//! Hearing something: order, gaps, damage, and what was missed.

use super::*;
use crate::protocol::{
    ClientBody, ClientMessage, Command, DeliverAgain, Delivery, DeviceId, Digest, EndReason,
    EntryBody, EntryId, EntryKind, ErrorCode, Failure, Origin, Received, ServerMessage, SessionEnd,
    TEXT_MAX_BYTES, seal,
};

pub(super) fn delivery(entry: u64, prev: u64) -> Delivery<'static> {
    Delivery {
        conversation: PAIR,
        entry: EntryId(entry),
        prev: EntryId(prev),
        author: BOB,
        time_ms: START_MS - 60_000,
        author_name: None,
        peer_name: Some("bob"),
        deleted: None,
        bot: None,
    }
}

pub(super) fn from_bob(text: &str, number: u64) -> ServerMessage {
    let origin = Origin {
        conversation: PAIR,
        device: DeviceId(77),
        number: DeviceSeq(number),
    };
    ServerMessage::chat(origin, &text_by(BOB, PAIR, text))
}

pub(super) fn deliver(desk: &mut Desk, text: &str, entry: u64, prev: u64) {
    let hop = Hop {
        recipient_data: None,
        delivery: Some(delivery(entry, prev)),
    };
    let bytes = encode(&from_bob(text, entry), hop);
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
}

#[test]
fn text_of_nothing_visible_is_shown_as_such() {
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver(&mut desk, "\u{3164}\u{2800}\u{17b4}", 1, 0);
    assert_eq!(desk.lines(), ["14:01 bob: (nothing visible)"]);
}

/// Blanks up to the edge of the terminal set the rest where a line of its own begins.
#[test]
fn blanks_set_nothing_where_another_line_seems_to_begin() {
    let mut desk = Desk::signed_in(Screen::interactive());
    let text = format!(
        "hi{}14:02 alice: I sign",
        "\u{a0}\u{3000} \u{2800}".repeat(40)
    );
    deliver(&mut desk, &text, 1, 0);
    assert_eq!(
        desk.lines(),
        ["14:01 bob: hi\u{a0}\u{3000}14:02 alice: I sign"]
    );
}

/// Delivers an entry whose bytes have changed on the way.
fn deliver_damaged(desk: &mut Desk, entry: u64, prev: u64) {
    let (content, _) = seal(&from_bob("tea?", entry));
    let hop = Hop {
        recipient_data: None,
        delivery: Some(delivery(entry, prev)),
    };
    let bytes = Envelope {
        hop,
        content: &content,
        digest: Digest::of(b"something else"),
    }
    .encode();
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
}

fn received(entry: u64) -> ClientBody {
    ClientBody::Received(Received {
        conversation: PAIR,
        entry: EntryId(entry),
    })
}

fn again(after: u64) -> ClientBody {
    ClientBody::DeliverAgain(DeliverAgain {
        conversation: PAIR,
        after: EntryId(after),
    })
}

#[test]
fn message_is_shown_with_its_time_and_acknowledged_once_for_a_batch() {
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver(&mut desk, "tea?", 2, 0);
    deliver(&mut desk, "or \u{1b}[31mcoffee?", 5, 2);
    assert_eq!(desk.bodies(), [received(5)]);
    assert_eq!(
        desk.screen.lines(),
        ["14:01 bob: tea?", "14:01 bob: or coffee?"]
    );
}

/// Delivers an entry in this conversation with carol.
fn deliver_of_carol(desk: &mut Desk, conversation: ConversationId, message: &ServerMessage) {
    let hop = Hop {
        recipient_data: None,
        delivery: Some(Delivery {
            conversation,
            author: AccountId(9),
            peer_name: Some("carol"),
            deleted: None,
            ..delivery(3, 0)
        }),
    };
    let bytes = encode(message, hop);
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
}

#[test]
fn entry_of_an_unknown_kind_is_kept_as_it_came_even_as_the_first_of_a_new_pair() {
    // The first word of a new pair was passed over, and with it the pair, if this version did not know its kind.
    let mut desk = Desk::signed_in(Screen::interactive());
    let with_carol = ConversationId(41);
    let origin = Origin {
        conversation: with_carol,
        device: DeviceId(78),
        number: DeviceSeq(1),
    };
    let mut message = ServerMessage::chat(origin, &text_by(AccountId(9), with_carol, "?"));
    let entry = message.header.entry.as_mut().expect("it is an entry");
    entry.kind = EntryKind::Other(40);
    entry.refers_to = Some(EntryId(2));
    // Of a kind that is encrypted, say: not even MessagePack.
    message.body = EntryBody(vec![0xc1; 30].into()).into();
    deliver_of_carol(&mut desk, with_carol, &message);
    let acknowledged = ClientBody::Received(Received {
        conversation: with_carol,
        entry: EntryId(3),
    });
    assert_eq!(desk.bodies(), [acknowledged]);
    let shown = "a message that this version cannot show (entry 3)";
    assert_eq!(desk.screen.lines(), [format!("14:01 carol: {shown}")]);
    desk.type_line("history carol");
    assert_eq!(desk.lines()[0], format!("14:01 {shown}"));
    let account = desk.core.signed_in.as_ref().expect("signed in");
    let kept = account.shared.state.entry(with_carol, EntryId(3));
    let kept = kept.expect("memory does not fail").expect("it is kept");
    assert_eq!((kept.content.into_vec(), kept.digest), seal(&message));
}

#[test]
fn entry_whose_body_names_another_sender_or_conversation_or_nothing_is_not_shown_as_said() {
    let with_carol = ConversationId(41);
    let origin = Origin {
        conversation: with_carol,
        device: DeviceId(78),
        number: DeviceSeq(1),
    };
    let by = |sender, receiver, text: &str| EntryBody::of(&text_by(sender, receiver, text));
    let carol = AccountId(9);
    let long = "x".repeat(TEXT_MAX_BYTES + 1);
    let surplus = |field: &str| {
        let text = text_by(carol, with_carol, "tea?");
        EntryBody::of(&(text.sender, text.receiver, text.salt, text.text, field))
    };
    for (body, is_said) in [
        (by(carol, with_carol, "tea?"), true),
        // A later version may add to it.
        (surplus("more"), true),
        (by(BOB, with_carol, "tea?"), false),
        (by(ERIN, with_carol, "tea?"), false),
        (by(carol, PAIR, "tea?"), false),
        (by(carol, ConversationId::EVERYONE, "tea?"), false),
        (by(carol, with_carol, ""), false),
        (by(carol, with_carol, &long), false),
        (EntryBody(Vec::new().into()), false),
        (EntryBody(vec![0xc1; 9].into()), false),
        (EntryBody(vec![0x91; 20_000].into()), false),
        (EntryBody::of(&("carol", "erin", "tea?")), false),
    ] {
        let mut desk = Desk::signed_in(Screen::interactive());
        let mut message = ServerMessage::chat(origin, &text_by(carol, with_carol, ""));
        message.body = body.clone().into();
        deliver_of_carol(&mut desk, with_carol, &message);
        let lines = desk.lines();
        assert_eq!(lines.len(), 1, "{body:?}: {lines:?}");
        let line = if is_said {
            "14:01 carol: tea?"
        } else {
            "14:01 carol: a message that this version cannot show (entry 3)"
        };
        assert_eq!(lines[0], line, "{body:?}");
    }
}

#[test]
fn duplicate_is_acknowledged_again_and_not_shown_again() {
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver(&mut desk, "tea?", 2, 0);
    desk.bodies();
    desk.screen.lines();
    deliver(&mut desk, "tea?", 2, 0);
    assert_eq!(desk.bodies(), [received(2)]);
    assert!(desk.screen.lines().is_empty());
}

#[test]
fn what_has_expired_before_it_came_is_told_in_its_place() {
    // A device that was connected all the time and slow was sent on from what was left, without a word.
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver(&mut desk, "one", 1, 0);
    desk.bodies();
    desk.screen.lines();
    let failure = Failure {
        conversation: Some(PAIR),
        ..Failure::new(ErrorCode::Expired, "")
    };
    let bytes = encode(
        &ServerMessage::error(Command::Receive, failure),
        Hop::default(),
    );
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
    deliver(&mut desk, "nine", 9, 1);
    assert_eq!(desk.bodies(), [received(9)]);
    assert_eq!(
        desk.screen.lines(),
        [
            "bob: some messages expired before they reached this device",
            "14:01 bob: nine"
        ]
    );
}

#[test]
fn gap_is_asked_for_once_and_nothing_behind_it_is_taken() {
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver(&mut desk, "three", 5, 3);
    deliver(&mut desk, "four", 6, 5);
    assert_eq!(desk.bodies(), [again(0)]);
    assert!(desk.screen.lines().is_empty());
}

#[test]
fn gap_is_asked_for_again_by_the_clock_until_it_is_filled() {
    // The server could not read its log when it was asked, and nothing more was said in that conversation: what was
    // missing came with the next session only.
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver(&mut desk, "two", 3, 2);
    assert_eq!(desk.bodies(), [again(0)]);
    desk.wait(Duration::from_secs(4));
    assert!(desk.bodies().is_empty());
    desk.wait(Duration::from_secs(1));
    assert_eq!(desk.bodies(), [again(0)]);
    deliver(&mut desk, "one", 2, 0);
    deliver(&mut desk, "two", 3, 2);
    assert_eq!(desk.bodies(), [received(3)]);
    desk.wait(Duration::from_mins(1));
    let bodies = desk.bodies();
    assert!(
        matches!(&bodies[..], [ClientBody::ReadUpTo(read)] if read.entry == EntryId(3)),
        "{bodies:?}"
    );
}

#[test]
fn damaged_entry_is_asked_for_once_more_then_reported_and_holds_nothing_up() {
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver_damaged(&mut desk, 2, 0);
    assert_eq!(desk.bodies(), [again(0)]);
    deliver_damaged(&mut desk, 2, 0);
    let bodies = desk.bodies();
    assert!(
        matches!(&bodies[..], [ClientBody::Failure(_)]),
        "reported, and not as received: {bodies:?}"
    );
    assert!(desk.screen.lines()[0].contains("damaged twice"));
    deliver(&mut desk, "next", 4, 2);
    assert_eq!(desk.lines(), ["14:01 bob: next"]);
}

#[test]
fn entry_that_was_damaged_on_the_way_only_is_shown_whole() {
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver_damaged(&mut desk, 2, 0);
    deliver(&mut desk, "tea?", 2, 0);
    assert_eq!(desk.lines(), ["14:01 bob: tea?"]);
}

#[test]
fn message_under_a_false_name_is_not_shown_as_said() {
    let mut desk = Desk::signed_in(Screen::interactive());
    let mut message = from_bob("I am carol", 1);
    message.body = EntryBody::of(&text_by(AccountId(9), PAIR, "I am carol")).into();
    let hop = Hop {
        recipient_data: None,
        delivery: Some(delivery(2, 0)),
    };
    let bytes = encode(&message, hop);
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
    let lines = desk.lines();
    assert!(
        !lines.iter().any(|line| line.contains("I am carol")),
        "{lines:?}"
    );
}

#[test]
fn first_word_of_somebody_new_begins_a_conversation() {
    let mut desk = Desk::with_conversations(Vec::new());
    desk.screen.lines();
    deliver(&mut desk, "hello", 9, 0);
    assert_eq!(desk.bodies(), [received(9)]);
    assert_eq!(desk.screen.lines(), ["14:01 bob: hello"]);
}

#[test]
fn what_was_missed_is_shown_even_if_the_link_is_lost_before_it_is_complete() {
    // One of two missed lines had come, and was durable, when the server was killed. At the next sign-in it was no
    // longer missing, so it did not come again, and what had been gathered was forgotten: it was never shown
    // (simulator, seed 5192).
    let mut desk = Desk::with_conversations(vec![head(PAIR, "bob", 4, 0, 0)]);
    deliver(&mut desk, "one", 2, 0);
    desk.screen.lines();
    desk.core.link_lost(desk.now, "reset", None);
    desk.core.link_up(desk.now, KEY, HASH);
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    desk.settle_heads(vec![head(PAIR, "bob", 4, 0, 2)]);
    deliver(&mut desk, "two", 4, 2);
    let lines = desk.lines();
    let missed = [
        "2 messages while you were away: bob 2",
        "14:01 bob: one",
        "14:01 bob: two",
    ];
    assert!(lines.ends_with(&missed.map(str::to_owned)), "{lines:?}");
}

#[test]
fn what_was_missed_stands_under_a_line_that_counts_it_even_if_it_overtakes_the_answer() {
    let mut desk = Desk::connected(Screen::interactive(), with_password("erin", "secret"));
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    deliver(&mut desk, "one", 2, 0);
    desk.settle_heads(vec![head(PAIR, "bob", 4, 0, 0)]);
    desk.screen.lines();
    assert!(desk.lines().is_empty());
    deliver(&mut desk, "two", 4, 2);
    assert_eq!(
        desk.lines(),
        [
            "2 messages while you were away: bob 2",
            "14:01 bob: one",
            "14:01 bob: two"
        ]
    );
}

#[test]
fn line_that_a_crash_may_have_kept_from_the_screen_is_shown_again_and_marked() {
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver(&mut desk, "tea?", 2, 0);
    desk.core.settle(desk.now);
    let mut desk = desk.killed_and_back();
    let ClientBody::Hello(hello) = desk.body() else {
        panic!("the client does not say where it stands");
    };
    assert_eq!(hello.positions.len(), 2);
    assert_eq!(hello.positions[1].entry, EntryId(2));
    assert_eq!(
        desk.lines_again(),
        ["14:01 bob: tea?  (perhaps shown before)"]
    );
}

#[test]
fn own_line_of_another_device_is_shown_again_after_a_crash_as_any_other() {
    // What the user had said on the phone was left out when a laptop that had crashed showed again what it may not have
    // shown: it stood in no terminal.
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver(&mut desk, "tea?", 2, 0);
    let origin = Origin {
        conversation: PAIR,
        device: DeviceId(77),
        number: DeviceSeq(1),
    };
    let text = text_by(ERIN, PAIR, "gladly");
    let hop = Hop {
        recipient_data: None,
        delivery: Some(Delivery {
            author: ERIN,
            ..delivery(3, 2)
        }),
    };
    let bytes = encode(&ServerMessage::chat(origin, &text), hop);
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
    desk.core.settle(desk.now);
    let mut desk = desk.killed_and_back();
    let again = desk.lines_again();
    assert_eq!(again.len(), 2);
    assert!(again[1].ends_with("(you) to bob: gladly  (perhaps shown before)"));
}

#[test]
fn line_whose_showing_was_recorded_is_not_shown_again() {
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver(&mut desk, "tea?", 2, 0);
    desk.core.settle(desk.now);
    desk.wait(Duration::from_secs(1));
    desk.core.settle(desk.now);
    let mut desk = desk.killed_and_back();
    assert!(!desk.lines().iter().any(|line| line.contains("tea?")));
}

#[test]
fn line_that_came_with_the_end_of_the_session_is_not_shown_again_at_the_next_login() {
    // It was on its way to the console when the account was closed, and counted as one that a crash had kept from it.
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver(&mut desk, "tea?", 2, 0);
    desk.control(&ServerMessage::control(SessionEnd {
        reason: EndReason::Superseded,
    }));
    assert!(desk.lines().iter().any(|line| line.ends_with("bob: tea?")));
    desk.core.link_lost(
        desk.now,
        "the device has signed in again",
        Some(EndReason::Superseded),
    );
    desk.type_line("login erin");
    desk.core.settle(desk.now);
    desk.core.link_up(desk.now, KEY, HASH);
    desk.core.settle(desk.now);
    desk.type_line("secret");
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    assert!(!desk.lines().iter().any(|line| line.contains("tea?")));
}

#[test]
fn line_that_waits_for_a_slow_terminal_is_not_recorded_as_shown() {
    // The mark of what was shown moved when a line was queued for the printing thread. Killed before that had printed
    // it, with the terminal held back by Ctrl-S, the client never showed the line.
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver(&mut desk, "one", 2, 0);
    desk.core.settle(desk.now);
    desk.wait(Duration::from_secs(1));
    desk.core.settle(desk.now);
    desk.screen.hold();
    deliver(&mut desk, "two", 4, 2);
    desk.core.settle(desk.now);
    desk.wait(Duration::from_secs(1));
    desk.core.settle(desk.now);
    deliver(&mut desk, "three", 6, 4);
    desk.core.settle(desk.now);
    let mut desk = desk.killed_and_back();
    assert_eq!(
        desk.lines_again(),
        [
            "14:01 bob: two  (perhaps shown before)",
            "14:01 bob: three  (perhaps shown before)"
        ]
    );
}

#[test]
fn own_entry_that_comes_in_place_of_its_answer_is_asked_about_again() {
    // A server whose send buffer was full could not say "stored"; it delivered the entry later, as to any other
    // device. The message then waited in the outbox until the next session, and a script never ended.
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.type_line("message bob tea?");
    let sent: Vec<ClientMessage> = desk
        .sent()
        .into_iter()
        .map(|(_, message)| message)
        .collect();
    let Some(said) = sent
        .iter()
        .find(|message| matches!(message.body, ClientBody::Entry(_)))
    else {
        panic!("{sent:?}");
    };
    let hop = Hop {
        recipient_data: None,
        delivery: Some(Delivery {
            author: ERIN,
            ..delivery(1, 0)
        }),
    };
    let bytes = encode(said, hop);
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
    assert!(desk.bodies().contains(&said.body), "it is sent once more");
}
