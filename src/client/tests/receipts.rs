//! Receipts at the screen: which message they are of, and what a kill leaves of them.

use super::*;
use crate::client::Progress;
use crate::protocol::{Mark, Receipts, Stored};

/// Says something to bob and is told that it is stored; the lines of that are gone.
fn say_stored(desk: &mut Desk, text: &str, number: u64, online: u32) {
    desk.core.settle(desk.now);
    desk.type_line(&format!("message bob {text}"));
    desk.bodies();
    desk.chat(Stored {
        conversation: PAIR,
        number: DeviceSeq(number),
        entry: EntryId(number),
        prev: EntryId(number - 1),
        time_ms: desk.now.unix_ms,
        recipients: 1,
        online,
        last_seen_ms: None,
        away: None,
    });
    desk.lines();
}

fn received_by_bob(desk: &mut Desk, entry: u64) -> Vec<String> {
    desk.chat(Receipts {
        conversation: PAIR,
        marks: vec![Mark {
            account: BOB,
            name: "bob".into(),
            entry: EntryId(entry),
            since: EntryId::START,
        }],
    });
    desk.lines()
}

#[test]
fn line_of_what_was_said_is_marked_before_the_line_about_it() {
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.core.settle(desk.now);
    desk.screen.seen().marks.clear();
    let asked = desk.screen.asks().len() as u64;
    say_stored(&mut desk, "tea at four?", 1, 1);
    let marks = std::mem::take(&mut desk.screen.seen().marks);
    let [(own, Progress::Stored)] = marks[..] else {
        panic!("{marks:?}");
    };
    assert!(own >= asked, "{own}");
    received_by_bob(&mut desk, 1);
    let marks = std::mem::take(&mut desk.screen.seen().marks);
    assert_eq!(marks, [(own, Progress::Received)]);
    desk.core.settle(desk.now);
    desk.type_line("message erin to myself");
    desk.lines();
    let marks = std::mem::take(&mut desk.screen.seen().marks);
    assert_eq!(marks, [(own + 1, Progress::Failed)]);
}

#[test]
fn receipt_of_what_was_just_said_is_plain_and_a_late_one_says_what_it_is_of() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say_stored(&mut desk, "tea at four?", 1, 1);
    desk.wait(Duration::from_millis(220));
    assert_eq!(
        received_by_bob(&mut desk, 1),
        ["✓ Message received by bob (220 ms)"]
    );
    say_stored(&mut desk, "or at five?", 2, 0);
    say_stored(&mut desk, "or at six?", 3, 0);
    desk.wait(Duration::from_hours(24));
    assert_eq!(
        received_by_bob(&mut desk, 3),
        ["✓ 2 messages received by bob (the last Tue 14:02 \"or at six?\")"]
    );
}

/// Nothing was shown for a minute where bob was online and did not answer.
#[test]
fn message_whose_receipt_does_not_come_within_two_seconds_is_said_to_be_stored() {
    for screen in [Screen::interactive(), Screen::plain()] {
        let mut desk = Desk::signed_in(screen);
        say_stored(&mut desk, "tea?", 1, 1);
        desk.wait(Duration::from_millis(1_900));
        assert!(desk.lines().is_empty());
        desk.wait(Duration::from_millis(100));
        assert_eq!(desk.lines(), ["● stored; not received by bob yet"]);
        desk.wait(Duration::from_secs(3));
        assert_eq!(
            received_by_bob(&mut desk, 1),
            ["✓ Message received by bob (5.0 s)"]
        );
        say_stored(&mut desk, "one", 2, 1);
        say_stored(&mut desk, "two", 3, 1);
        received_by_bob(&mut desk, 3);
        desk.wait(Duration::from_secs(2));
        assert!(desk.lines().is_empty());
    }
}

#[test]
fn receipt_that_waits_for_a_slow_terminal_is_told_again_after_a_kill() {
    // It counted as told when it was handed to the printing thread. Killed before that had printed it, the client never
    // told it.
    let mut desk = Desk::signed_in(Screen::interactive());
    say_stored(&mut desk, "one", 1, 1);
    received_by_bob(&mut desk, 1);
    desk.wait(Duration::from_secs(1));
    say_stored(&mut desk, "two", 2, 1);
    desk.screen.hold();
    received_by_bob(&mut desk, 2);
    desk.wait(Duration::from_secs(1));
    desk.core.settle(desk.now);
    let mut desk = desk.killed_and_back();
    desk.settle_heads(vec![head(PAIR, "bob", 2, 2, 2)]);
    desk.lines();
    let again = ["✓ Message received by bob (14:02 \"two\")  (perhaps shown before)"];
    assert_eq!(received_by_bob(&mut desk, 2), again);

    // Now it stands there, and that is durable within a second.
    desk.wait(Duration::from_secs(1));
    desk.core.settle(desk.now);
    let mut desk = desk.killed_and_back();
    desk.settle_heads(vec![head(PAIR, "bob", 2, 2, 2)]);
    desk.lines();
    assert!(received_by_bob(&mut desk, 2).is_empty());
}

fn stored_unseen(desk: &mut Desk, number: u64, online: u32) {
    desk.chat(Stored {
        conversation: PAIR,
        number: DeviceSeq(number),
        entry: EntryId(number),
        prev: EntryId(number - 1),
        time_ms: START_MS,
        recipients: 1,
        online,
        last_seen_ms: None,
        away: None,
    });
}

fn say_six(desk: &mut Desk) {
    for number in 1..=6 {
        desk.core.settle(desk.now);
        desk.type_line(&format!("message bob word {number}"));
    }
    desk.bodies();
    desk.lines();
}

#[test]
fn what_is_stored_late_names_its_message_and_is_one_line() {
    // After an outage the same line stood there six times, and none said of which message.
    let mut desk = Desk::signed_in(Screen::interactive());
    say_six(&mut desk);
    desk.wait(Duration::from_secs(20));
    desk.lines();
    for number in 1..=5 {
        stored_unseen(&mut desk, number, 0);
        assert!(desk.lines().is_empty(), "others follow");
    }
    stored_unseen(&mut desk, 6, 0);
    assert_eq!(
        desk.lines(),
        ["● 6 messages stored; bob is offline (the last 14:02 \"word 6\")"]
    );
    // What follows does not hold it back for long.
    desk.type_line("message bob word 7");
    desk.settle();
    desk.type_line("message bob word 8");
    desk.bodies();
    stored_unseen(&mut desk, 7, 0);
    assert!(desk.lines().is_empty());
    desk.wait(Duration::from_secs(2));
    assert_eq!(
        desk.lines(),
        ["● stored; bob is offline (14:02 \"word 7\")"]
    );
    stored_unseen(&mut desk, 8, 0);
    assert_eq!(desk.lines(), ["● stored; bob is offline"]);
}

#[test]
fn messages_that_nobody_has_received_are_named_in_one_line() {
    let mut desk = Desk::signed_in(Screen::interactive());
    say_six(&mut desk);
    desk.wait(Duration::from_secs(20));
    for number in 1..=6 {
        stored_unseen(&mut desk, number, 1);
        desk.lines();
        desk.wait(Duration::from_millis(30));
    }
    // Two seconds after the first one was stored.
    desk.wait(Duration::from_millis(2_000 - 6 * 30));
    assert_eq!(
        desk.lines(),
        ["● 6 messages stored; not received by bob yet (the last 14:02 \"word 6\")"]
    );
    desk.wait(Duration::from_secs(10));
    assert!(desk.lines().is_empty());
}
