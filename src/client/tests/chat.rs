//! Saying something: from the prompt to the receipt, and everything that the server may answer.

use super::*;
use crate::client::Ask;
use crate::protocol::{
    ClientBody, Command, EntryId, ErrorCode, Failure, Mark, Receipts, Resolved, SendAgain,
    ServerMessage, Stored, Void, Voided,
};

pub(super) fn stored(number: u64, entry: u64, prev: u64, online: u32) -> Stored {
    Stored {
        conversation: PAIR,
        number: DeviceSeq(number),
        entry: EntryId(entry),
        prev: EntryId(prev),
        time_ms: START_MS,
        recipients: 1,
        online,
        last_seen_ms: Some(START_MS - 3_600_000),
        away: None,
    }
}

fn receipt(entry: u64) -> Receipts {
    Receipts {
        conversation: PAIR,
        marks: vec![Mark {
            account: BOB,
            name: "bob".into(),
            entry: EntryId(entry),
            since: EntryId::START,
        }],
    }
}

/// Numbers and texts of the messages among what was sent.
fn texts(desk: &mut Desk) -> Vec<(u64, String)> {
    let sent = desk.sent();
    sent.into_iter()
        .filter_map(|(channel, message)| {
            let entry = message.header.entry?;
            assert_eq!(channel, Channel::Chat);
            Some((entry.origin.number.0, message.text()?.text))
        })
        .collect()
}

fn say(desk: &mut Desk, line: &str) {
    desk.core.settle(desk.now);
    desk.type_line(line);
}

pub(super) fn refuse(desk: &mut Desk, code: ErrorCode, number: u64, expected: Option<u64>) {
    let failure = Failure {
        expected,
        ..Failure::of_number(code, PAIR, DeviceSeq(number))
    };
    let bytes = encode(
        &ServerMessage::error(Command::SendMessage, failure),
        Hop::default(),
    );
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
}

#[test]
fn private_message_is_sent_and_its_receipt_shown_with_the_time_it_took() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say(&mut desk, "message bob tea at four?");
    assert_eq!(texts(&mut desk), [(1, "tea at four?".to_owned())]);
    desk.chat(stored(1, 3, 0, 1));
    assert!(
        desk.lines().is_empty(),
        "nothing is said before the receipt"
    );
    desk.wait(Duration::from_millis(84));
    desk.chat(receipt(3));
    assert_eq!(desk.lines(), ["✓ Message received by bob (84 ms)"]);
}

/// A line of Hangul fillers was sent, and stood on the other's screen as a name with nothing after it.
#[test]
fn text_of_nothing_visible_is_not_sent() {
    let mut desk = Desk::signed_in(Screen::interactive());
    for text in ["\u{3164}\u{115f}", "\u{2800}\u{200b}", "\u{e0067}\u{e007f}"] {
        say(&mut desk, &format!("message bob {text}"));
        assert_eq!(texts(&mut desk), [], "{text:?}");
        assert_eq!(
            desk.lines(),
            ["the text has nothing visible in it"],
            "{text:?}"
        );
    }
}

#[test]
fn sender_is_told_that_the_server_takes_messages_more_slowly_and_nothing_is_sent_again() {
    let slowed = |wait_ms| {
        let failure = Failure {
            wait_ms: Some(wait_ms),
            ..Failure::new(ErrorCode::TooManyAttempts, "")
        };
        ServerMessage::error(Command::SendMessage, failure)
    };
    let mut desk = Desk::signed_in(Screen::interactive());
    let hear = |desk: &mut Desk, wait_ms| {
        let bytes = encode(&slowed(wait_ms), Hop::default());
        desk.core.handle_message(desk.now, Channel::Chat, &bytes);
    };
    hear(&mut desk, 50);
    assert!(desk.lines().is_empty(), "nothing of this device waits");
    say(&mut desk, "message bob one");
    say(&mut desk, "message bob two");
    assert_eq!(texts(&mut desk).len(), 2);
    hear(&mut desk, 50);
    hear(&mut desk, 3_600_000);
    assert_eq!(
        desk.lines(),
        [
            "● queued: you are sending faster than the server accepts; 2 messages wait",
            "● queued: you have reached the server's sending limit until 15:02; 2 messages wait",
        ]
    );
    desk.wait(Duration::from_secs(5));
    assert_eq!(texts(&mut desk), [], "they are under way");
    desk.chat(stored(1, 3, 0, 1));
    desk.chat(stored(2, 4, 3, 1));
    assert_eq!(
        desk.core.signed_in.as_ref().unwrap().parts.sender.waiting(),
        0
    );
}

#[test]
fn sender_is_told_when_the_other_is_not_there() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say(&mut desk, "message bob tea at four?");
    texts(&mut desk);
    desk.chat(stored(1, 3, 0, 0));
    assert_eq!(desk.lines(), ["● stored; bob is offline (last seen 13:02)"]);
}

#[test]
fn message_to_an_unknown_conversation_is_resolved_first_and_keeps_its_order() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say(&mut desk, "message Carol one");
    say(&mut desk, "message carol two");
    let bodies = desk.bodies();
    let tags: Vec<u32> = bodies
        .iter()
        .filter_map(|body| match body {
            ClientBody::Resolve(resolve) => Some(resolve.tag),
            _ => None,
        })
        .collect();
    assert!(!tags.is_empty());
    for tag in tags {
        desk.control(&ServerMessage::control(Resolved {
            tag,
            conversation: ConversationId(41),
            name: "carol".into(),
            account: AccountId(9),
            last_number: DeviceSeq(6),
            start: EntryId::START,
        }));
    }
    assert_eq!(
        texts(&mut desk),
        [(7, "one".to_owned()), (8, "two".to_owned())]
    );
}

/// A server that says a note is stored speaks of no recipients, and a pair without one was "offline".
#[test]
fn note_goes_to_a_conversation_of_its_own_and_nobody_is_said_to_receive_it() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say(&mut desk, "note buy rope");
    let Some(ClientBody::Resolve(resolve)) = desk.bodies().pop() else {
        panic!("the client does not look for its notes");
    };
    assert_eq!(resolve.name, "notes");
    let notes = ConversationId(41);
    desk.control(&ServerMessage::control(Resolved {
        tag: resolve.tag,
        conversation: notes,
        name: "notes".into(),
        account: ERIN,
        last_number: DeviceSeq(0),
        start: EntryId::START,
    }));
    assert_eq!(texts(&mut desk), [(1, "buy rope".to_owned())]);
    desk.chat(Stored {
        conversation: notes,
        recipients: 0,
        ..stored(1, 1, 0, 0)
    });
    assert_eq!(desk.lines(), ["● stored"]);
    say(&mut desk, "notes");
    assert_eq!(desk.lines()[0], "14:02 (you): buy rope");
    say(&mut desk, "search rope in:notes");
    assert_eq!(desk.lines()[0], "14:02 (you) to notes: buy rope");
    say(&mut desk, "/edit --in notes buy tar");
    let [ClientBody::Entry(_)] = &desk.bodies()[..] else {
        panic!("the client does not edit its note");
    };
}

#[test]
fn user_who_does_not_exist_is_named_and_the_message_forgotten() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say(&mut desk, "message zoe hello");
    let Some(ClientBody::Resolve(resolve)) = desk.bodies().pop() else {
        panic!("the client does not look for zoe");
    };
    let mut failure = Failure::new(ErrorCode::NoSuchUser, "");
    failure.tag = Some(resolve.tag);
    desk.control(&ServerMessage::error(Command::Resolve, failure));
    assert_eq!(
        desk.lines(),
        ["there is no user \"zoe\" here; not sent: \"hello\""]
    );
    assert!(desk.bodies().is_empty());
}

#[test]
fn what_cannot_be_said_is_refused_at_the_prompt() {
    let mut desk = Desk::signed_in(Screen::interactive());
    for (line, reason) in [
        ("message erin hello", "yourself"),
        ("message bob", "usage: /message USER|#ROOM TEXT"),
        ("mesage bob hello", "did you mean \"/message\"?"),
        ("hello everybody", "unknown command \"hello\""),
    ] {
        say(&mut desk, line);
        let lines = desk.lines();
        assert!(lines[0].contains(reason), "{line}: {lines:?}");
        assert!(desk.bodies().is_empty());
    }
    say(&mut desk, &format!("message bob {}", "x".repeat(16_385)));
    assert!(desk.lines()[0].contains("too long"));
}

#[test]
fn help_of_one_command_tells_how_it_is_typed_and_by_which_other_words() {
    let mut desk = Desk::signed_in(Screen::interactive());
    for line in [
        "help quit",
        "help /exit",
        "/help quit",
        "help quit now please",
    ] {
        say(&mut desk, line);
        let lines = desk.lines();
        assert_eq!(lines[0], "/quit", "{line}");
        assert_eq!(lines.last().map(String::as_str), Some("  also: /exit"));
    }
    say(&mut desk, "help mesage");
    assert!(desk.lines()[0].contains("did you mean \"/message\"?"));
    // A subcommand of the program was asked about, and the answer was how `help` is typed.
    say(&mut desk, "help user add");
    let lines = desk.lines();
    assert_eq!(
        lines[..],
        [
            "\"user\" is a command of the shell, not of this prompt: see `udpchat help user add` there"
        ]
    );
    assert!(desk.bodies().is_empty());
}

#[test]
fn unstored_messages_are_sent_again_with_the_same_bytes_after_a_crash() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say(&mut desk, "message bob one");
    say(&mut desk, "message bob two");
    let before = desk.sent();
    desk.chat(stored(1, 3, 0, 1));
    desk.core.settle(desk.now);

    let mut options = options();
    options.user = Some("erin".into());
    let mut desk = desk.restarted(Screen::interactive(), options);
    desk.body();
    desk.control(&ServerMessage::control(session_start()));
    let after = desk.settle_heads(vec![head(PAIR, "bob", 3, 1, 3)]);
    let texts: Vec<&ClientBody> = after
        .iter()
        .filter(|body| matches!(body, ClientBody::Entry(_)))
        .collect();
    assert_eq!(texts, [&before.last().unwrap().1.body]);
}

#[test]
fn message_beyond_the_quota_is_not_sent_and_says_whom_to_ask() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say(&mut desk, "message bob tea?");
    texts(&mut desk);
    let failure = Failure {
        conversation: Some(PAIR),
        number: Some(DeviceSeq(1)),
        ..Failure::new(ErrorCode::QuotaFull, "your 1 GiB at this server are full")
    };
    let bytes = encode(
        &ServerMessage::error(Command::SendMessage, failure),
        Hop::default(),
    );
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
    assert_eq!(
        desk.bodies(),
        [ClientBody::Void(Void {
            conversation: PAIR,
            number: DeviceSeq(1)
        })]
    );
    assert_eq!(
        desk.screen.lines(),
        ["not sent: your 1 GiB at this server are full; ask the operator: \"tea?\""]
    );
}

#[test]
fn refused_message_uses_its_number_up_and_what_follows_is_sent_again() {
    let mut desk = Desk::signed_in(Screen::interactive());
    for text in ["one", "two", "three"] {
        say(&mut desk, &format!("message bob {text}"));
    }
    assert_eq!(texts(&mut desk).len(), 3);
    refuse(&mut desk, ErrorCode::NotPermitted, 1, None);
    refuse(&mut desk, ErrorCode::Expect, 2, Some(1));
    refuse(&mut desk, ErrorCode::Expect, 3, Some(1));
    assert!(matches!(&desk.bodies()[..], [ClientBody::Void(void)] if void.number == DeviceSeq(1)));
    assert_eq!(
        desk.screen.lines(),
        ["not sent: this is not permitted: \"one\""]
    );
    desk.chat(Voided {
        conversation: PAIR,
        number: DeviceSeq(1),
    });
    assert_eq!(
        texts(&mut desk),
        [(2, "two".to_owned()), (3, "three".to_owned())]
    );
}

#[test]
fn numbers_that_a_restored_server_has_lost_are_given_again() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say(&mut desk, "message bob one");
    texts(&mut desk);
    desk.chat(stored(1, 3, 0, 1));
    say(&mut desk, "message bob two");
    assert_eq!(texts(&mut desk), [(2, "two".to_owned())]);
    refuse(&mut desk, ErrorCode::Expect, 2, Some(1));
    assert_eq!(texts(&mut desk), [(1, "two".to_owned())]);
}

#[test]
fn server_that_got_something_damaged_gets_everything_under_way_again() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say(&mut desk, "message bob one");
    texts(&mut desk);
    desk.chat(SendAgain { damaged: 1 });
    assert_eq!(texts(&mut desk), [(1, "one".to_owned())]);
}

#[test]
fn conflicting_device_gives_up_its_id_and_shows_its_lines_as_unconfirmed() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say(&mut desk, "message bob one");
    texts(&mut desk);
    refuse(&mut desk, ErrorCode::Conflict, 1, None);
    let lines = desk.lines();
    let is_told = |line: &String| {
        line.starts_with("unconfirmed") && line.ends_with("; ask, and send it again if not")
    };
    assert!(lines.iter().any(is_told), "{lines:?}");
    assert_eq!(desk.core.user(), None);
    desk.type_line("login erin");
    desk.core.settle(desk.now);
    assert!(
        desk.screen
            .asks()
            .contains(&Ask::Secret("password: ".into()))
    );
}

#[test]
fn line_typed_without_a_link_is_queued_and_sent_when_it_is_back() {
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.core.link_lost(desk.now, "reset", None);
    desk.lines();
    say(&mut desk, "message bob later");
    assert!(desk.lines()[0].starts_with("● queued"));
    desk.core.link_up(desk.now, KEY, HASH);
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    let sent = desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    assert!(sent.iter().any(|body| matches!(body, ClientBody::Entry(_))));
}

#[test]
fn end_of_a_script_waits_for_storage_and_receipts() {
    let mut desk = Desk::signed_in(Screen::plain());
    say(&mut desk, "message bob tea?");
    texts(&mut desk);
    desk.core.handle_input(desk.now, Input::EndOfInput);
    desk.core.settle(desk.now);
    assert_eq!(desk.core.end(), None);
    desk.chat(stored(1, 3, 0, 1));
    desk.core.settle(desk.now);
    assert_eq!(desk.core.end(), None);
    desk.chat(receipt(3));
    desk.core.settle(desk.now);
    assert_eq!(desk.core.end(), Some(&End::Quit));
}

#[test]
fn end_of_a_script_does_not_wait_for_ever() {
    let mut desk = Desk::signed_in(Screen::plain());
    say(&mut desk, "message bob tea?");
    texts(&mut desk);
    desk.core.handle_input(desk.now, Input::EndOfInput);
    desk.wait(Duration::from_secs(30));
    assert_eq!(
        desk.lines(),
        [
            "line 1: not stored yet: message to bob: \"tea?\"",
            "1 of 1 messages not stored; kept here, and sent at the next sign-in"
        ]
    );
    assert_eq!(desk.core.end(), Some(&End::Quit));
    assert_eq!(desk.core.fault(), Some(Fault::Unconfirmed));
}

#[test]
fn number_that_was_sent_again_in_a_new_session_is_not_given_to_the_next_message() {
    // The head of the new session did not have the number yet, and the outbox no longer had it when the next
    // message was typed: it got the same number, and the server took the device for a copy.
    let mut desk = Desk::signed_in(Screen::interactive());
    say(&mut desk, "message bob one");
    texts(&mut desk);
    desk.core.link_lost(desk.now, "reset", None);
    desk.core.link_up(desk.now, KEY, HASH);
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    desk.chat(stored(1, 3, 0, 1));
    say(&mut desk, "message bob two");
    assert_eq!(texts(&mut desk), [(2, "two".to_owned())]);
}

#[test]
fn status_is_asked_of_the_link_and_says_since_when_one_is_signed_in() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say(&mut desk, "/status");
    assert!(std::mem::take(&mut desk.core.requests().status));
    assert!(!std::mem::take(&mut desk.core.requests().status));
    desk.now.instant += Duration::from_secs(61);
    desk.core.show_status(desk.now, None);
    assert_eq!(
        desk.lines(),
        [
            "not connected; trying again",
            "signed in as erin for 1 min 1 s"
        ]
    );
}
