//! The logs of what is said, and what is exported: with what was changed later.

use super::*;
use crate::client::testing::Memory;
use crate::client::tests::receiving::{delivery, from_bob};

const SAID: &str = "2026-03-17 14:01:00 bob: tea?\n\
    2026-03-17 14:02:00 erin: at four\n\
    2026-03-17 14:01:00 bob: yes\n";

/// The same conversation, of which a log is kept.
pub(super) fn logged() -> Desk {
    let files = Memory::default();
    files.set_keeps_logs(true);
    let options = with_password("erin", "secret");
    let mut desk = Desk::with_files(Screen::interactive(), options, files);
    desk.core.link_up(desk.now, KEY, HASH);
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    conversing(desk)
}

pub(super) fn log(desk: &mut Desk) -> String {
    desk.settle();
    desk.files.logged("bob")
}

/// A kill, and the next run, for which the server has nothing new.
fn back(desk: Desk, upto: u64) -> Desk {
    let mut desk = desk.killed_and_back();
    desk.settle_heads(vec![head(PAIR, "bob", upto, 1, upto)]);
    desk
}

#[test]
fn what_is_said_is_logged_once_and_changes_stand_where_they_came() {
    let mut desk = logged();
    assert_eq!(log(&mut desk), SAID);
    edit(
        &mut desk,
        &by_bob(4, 3),
        1,
        "coffee?\n2026-03-17 14:02:00 erin: no",
    );
    react(&mut desk, &by_bob(5, 4), 2, "👍");
    refer(&mut desk, &by_bob(6, 5), EntryKind::Delete, 5);
    // It does not count.
    edit(&mut desk, &by_bob(7, 6), 2, "never");
    refer(&mut desk, &by_bob(8, 7), EntryKind::Delete, 1);
    let answer = EntryBody::of(&text_by(BOB, PAIR, "with milk"));
    come(&mut desk, &by_bob(9, 8), (EntryKind::Text, 2), answer);
    let action = EntryBody::of(&text_by(BOB, PAIR, "waves"));
    come(&mut desk, &by_bob(10, 9), (EntryKind::Action, 0), action);
    // What was deleted before it was written here is not written here.
    assert_eq!(
        log(&mut desk),
        "2026-03-17 14:01:00 -- bob took back a reaction\n\
         2026-03-17 14:01:00 -- bob deleted the message of 14:01:00\n\
         2026-03-17 14:01:00 bob, to \"at four\" of erin: with milk\n\
         2026-03-17 14:01:00 * bob waves\n"
    );
    edit(
        &mut desk,
        &by_bob(11, 10),
        3,
        "no\n2026-03-17 14:02:00 erin: so be it",
    );
    assert_eq!(
        log(&mut desk),
        "2026-03-17 14:01:00 -- bob edited the message of 14:01:00: no\n    \
         2026-03-17 14:02:00 erin: so be it\n"
    );
    react(&mut desk, &by_bob(12, 11), 2, "👍");
    assert_eq!(
        log(&mut desk),
        "2026-03-17 14:01:00 -- bob reacted 👍 to the message of 14:02:00 of erin\n"
    );
}

#[test]
fn next_run_goes_on_where_the_last_has_stopped() {
    let mut desk = logged();
    assert_eq!(log(&mut desk), SAID);
    // What was written is recorded a second later.
    desk.wait(Duration::from_secs(1));
    desk.settle();
    let mut desk = back(desk, 3);
    assert_eq!(log(&mut desk), "");
    deliver(&mut desk, "or rather not", 4, 3);
    let more = "2026-03-17 14:01:00 bob: or rather not\n";
    assert_eq!(log(&mut desk), more);
    // Killed before that was recorded: it is written twice, and not lost.
    let mut desk = back(desk, 4);
    assert_eq!(log(&mut desk), more);
}

#[test]
fn what_comes_to_a_run_without_a_log_is_not_written_later() {
    let desk = logged();
    desk.files.logged("bob");
    desk.files.set_keeps_logs(false);
    let mut desk = back(desk, 3);
    deliver(&mut desk, "between us", 4, 3);
    assert_eq!(log(&mut desk), "");
    desk.files.set_keeps_logs(true);
    let mut desk = back(desk, 4);
    assert_eq!(log(&mut desk), "");
    deliver(&mut desk, "for all to know", 5, 4);
    let logged = log(&mut desk);
    assert_eq!(logged, "2026-03-17 14:01:00 bob: for all to know\n");
}

#[test]
fn full_disk_is_told_once_and_nothing_is_missing_later() {
    let mut desk = logged();
    log(&mut desk);
    desk.files.set_full(true);
    deliver(&mut desk, "one", 4, 3);
    let lines = desk.lines();
    assert_eq!(lines[0], "14:01 bob: one");
    let told = "cannot write the chat log of bob: no storage space; what is missing there is added once it can be written";
    assert_eq!(lines[1..], [told]);
    deliver(&mut desk, "two", 5, 4);
    assert_eq!(desk.lines(), ["14:01 bob: two"]);
    desk.wait(Duration::from_secs(31));
    assert!(!desk.lines().iter().any(|line| line.contains("chat log")));
    desk.files.set_full(false);
    desk.wait(Duration::from_secs(31));
    let lines = desk.lines();
    assert!(
        lines.contains(&"the chat log is written again; nothing is missing in it".to_owned()),
        "{lines:?}"
    );
    assert_eq!(
        desk.files.logged("bob"),
        "2026-03-17 14:01:00 bob: one\n2026-03-17 14:01:00 bob: two\n"
    );
}

#[test]
fn another_day_has_its_name_above() {
    let mut desk = logged();
    log(&mut desk);
    for (entry, text) in [(4, "good morning"), (5, "tea?")] {
        let delivery = Delivery {
            time_ms: START_MS + 86_400_000,
            ..delivery(entry, entry - 1)
        };
        let hop = Hop {
            recipient_data: None,
            delivery: Some(delivery),
        };
        let bytes = encode(&from_bob(text, entry), hop);
        desk.core.handle_message(desk.now, Channel::Chat, &bytes);
    }
    assert_eq!(
        log(&mut desk),
        "--- Wednesday 18 March 2026\n2026-03-18 14:02:00 bob: good morning\n\
         2026-03-18 14:02:00 bob: tea?\n"
    );
}

#[test]
fn export_has_the_last_text_and_what_became_of_it() {
    let mut desk = in_conversation();
    edit(&mut desk, &by_bob(4, 3), 1, "coffee?\nor cocoa?");
    react(&mut desk, &by_bob(5, 4), 2, "👍");
    refer(&mut desk, &by_bob(6, 5), EntryKind::Delete, 3);
    let answer = EntryBody::of(&text_by(BOB, PAIR, "with milk"));
    come(&mut desk, &by_bob(7, 6), (EntryKind::Text, 2), answer);
    desk.lines();
    desk.type_line("/react #7 👎");
    desk.sent();
    desk.chat(stored(2, 8, 7, 1));
    desk.settle();
    desk.type_line("/export bob.txt");
    desk.settle();
    assert_eq!(
        desk.files.written(),
        "2026-03-17 14:01:00 bob: coffee?\n    or cocoa?  (edited)\n\
         2026-03-17 14:02:00 erin: at four  (👍 bob)\n\
         2026-03-17 14:01:00 -- bob: (deleted)\n\
         2026-03-17 14:01:00 bob, to \"at four\" of erin: with milk  (👎 erin)\n"
    );
    desk.type_line("/export bob.jsonl");
    desk.settle();
    let written = desk.files.written();
    let records = written.lines().map(|line| {
        let mut record: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let record = record.as_object_mut().expect("a record");
        for same in ["conversation", "time"] {
            record.remove(same).expect("each has it");
        }
        serde_json::Value::from(std::mem::take(record))
    });
    let expected = [
        serde_json::json!({
            "entry": 1, "author": "bob", "kind": "text", "text": "coffee?\nor cocoa?", "edited": true
        }),
        serde_json::json!({
            "entry": 2, "author": "erin", "kind": "text", "text": "at four",
            "reactions": [{"sign": "👍", "by": ["bob"]}]
        }),
        serde_json::json!({"entry": 3, "author": "bob", "kind": "deleted", "text": ""}),
        serde_json::json!({
            "entry": 7, "author": "bob", "kind": "text", "text": "with milk", "answers": 2,
            "reactions": [{"sign": "👎", "by": ["erin"]}]
        }),
    ];
    assert_eq!(records.collect::<Vec<_>>(), expected);
}
