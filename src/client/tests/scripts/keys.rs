//! What a program says under an idempotency key, over kills of the client.

use super::super::*;
use crate::client::{Report, Say, Until};
use crate::protocol::{
    Command, DeviceSeq, ErrorCode, Failure, Mark, Receipts, SaidBefore, Stored, Void, Voided,
};

/// A program that is signed in as erin.
fn program() -> Desk {
    let mut desk = Desk::connected(Screen::plain(), options_of_program(Until::HeardOnline));
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    desk
}

/// The same, killed and started again; and what it sends then.
fn killed_and_back(desk: Desk) -> (Desk, Vec<ClientBody>) {
    let mut desk = desk.restarted(Screen::plain(), options_of_program(Until::HeardOnline));
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    let sent = desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    (desk, sent)
}

/// It says this to bob under the key; gives the numbers of the messages that are sent.
fn say(desk: &mut Desk, text: &str) -> Vec<u64> {
    let say = Say {
        to: "bob".into(),
        text: text.into(),
        file: None,
        key: Some("k1".into()),
    };
    let typed = desk.core.handle_input(desk.now, Input::Say(Box::new(say)));
    assert!(typed.is_none());
    numbers(desk)
}

/// The numbers of the messages that are sent; each has the key.
fn numbers(desk: &mut Desk) -> Vec<u64> {
    let sent = desk.sent().into_iter();
    let entries = sent.filter_map(|(_, message)| message.header.entry);
    let keyed = entries.inspect(|entry| assert!(entry.key.is_some()));
    keyed.map(|entry| entry.origin.number.0).collect()
}

fn reports(desk: &mut Desk) -> Vec<Report> {
    desk.settle();
    std::mem::take(&mut desk.screen.seen().reports)
}

fn stored(said_before: bool) -> Report {
    Report::Stored {
        said: 1,
        conversation: PAIR,
        place: "bob".into(),
        entry: EntryId(9),
        time_ms: START_MS,
        recipients: 1,
        online: 1,
        said_before,
        is_elsewhere: false,
    }
}

fn refuse_as_said_before(desk: &mut Desk, number: u64) {
    let failure = Failure {
        said_before: Some(Box::new(SaidBefore {
            conversation: PAIR,
            entry: EntryId(9),
            time_ms: START_MS,
            recipients: 1,
            online: 1,
        })),
        ..Failure::of_number(ErrorCode::SaidBefore, PAIR, DeviceSeq(number))
    };
    let message = ServerMessage::error(Command::SendMessage, failure);
    let bytes = encode(&message, Hop::default());
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
}

#[test]
fn what_a_killed_run_has_sent_is_sent_again_as_the_same_and_not_queued_twice() {
    let mut desk = program();
    assert_eq!(say(&mut desk, "tea?"), [1]);
    let (mut desk, sent) = killed_and_back(desk);
    // The same number: the server says that it stands, if it does.
    let is_entry = |body: &&ClientBody| matches!(body, ClientBody::Entry(_));
    assert_eq!(sent.iter().filter(is_entry).count(), 1);
    assert!(say(&mut desk, "tea?").is_empty());
    desk.chat(Stored {
        conversation: PAIR,
        number: DeviceSeq(1),
        entry: EntryId(9),
        prev: EntryId(8),
        time_ms: START_MS,
        recipients: 1,
        online: 1,
        last_seen_ms: None,
        away: None,
    });
    assert_eq!(
        reports(&mut desk),
        [Report::Queued { said: 1 }, stored(false)]
    );
}

#[test]
fn what_was_stored_before_the_kill_is_reported_with_its_entry_and_its_receipts() {
    let mut desk = program();
    assert_eq!(say(&mut desk, "tea?"), [1]);
    desk.chat(Receipts {
        conversation: PAIR,
        marks: vec![Mark {
            account: BOB,
            name: "bob".into(),
            entry: EntryId(9),
            since: EntryId::START,
        }],
    });
    refuse_as_said_before(&mut desk, 1);
    assert_eq!(
        reports(&mut desk),
        [
            Report::Queued { said: 1 },
            stored(true),
            Report::Received {
                conversation: PAIR,
                place: "bob".into(),
                entry: EntryId(9),
                name: "bob".into(),
                heard_ms: START_MS,
            }
        ]
    );
    // Killed before the number was used up, the next run does that, and is told the same.
    let (mut desk, sent) = killed_and_back(desk);
    let is_void =
        |body: &ClientBody| matches!(body, ClientBody::Void(Void { number, .. }) if number.0 == 1);
    assert!(sent.iter().any(is_void), "{sent:?}");
    desk.chat(Voided {
        conversation: PAIR,
        number: DeviceSeq(1),
    });
    assert_eq!(say(&mut desk, "tea?"), [2]);
    refuse_as_said_before(&mut desk, 2);
    assert!(reports(&mut desk).contains(&stored(true)));
    assert_eq!(desk.core.fault(), None);
}
