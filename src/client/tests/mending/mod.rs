//! Changing what was said: what is sent for it, what a reader makes of it, and what is left of what was deleted.

mod abuse;
mod chat_log;
mod gone;
mod hidden;
mod offline;
mod place;

use super::chat::stored;
use super::receiving::{deliver, delivery, from_bob};
use super::*;
use crate::client::env::Input;
use crate::protocol::{
    Deletion, Delivery, EntryBody, EntryHeader, EntryKind, History, Origin, Reaction, Reference,
};

/// The header and the body of each entry that is sent.
fn entries(desk: &mut Desk) -> Vec<(EntryHeader, EntryBody)> {
    let sent = desk.sent().into_iter();
    let entry = |(_, message): (_, ClientMessage)| match message.body {
        ClientBody::Entry(body) => Some((message.header.entry?, body)),
        _ => None,
    };
    sent.filter_map(entry).collect()
}

/// The kind of each entry that is sent, and what it refers to.
fn kinds(desk: &mut Desk) -> Vec<(EntryKind, Option<u64>)> {
    let entries = entries(desk).into_iter();
    let kind = |(header, _): (EntryHeader, _)| (header.kind, header.refers_to.map(|entry| entry.0));
    entries.map(kind).collect()
}

/// What bob's device, or carol's, says as this entry of the pair.
struct Come {
    author: AccountId,
    entry: u64,
    prev: u64,
    deleted: Option<Deletion>,
}

const fn by_bob(entry: u64, prev: u64) -> Come {
    Come {
        author: BOB,
        entry,
        prev,
        deleted: None,
    }
}

fn come(desk: &mut Desk, come: &Come, (kind, target): (EntryKind, u64), body: EntryBody) {
    let origin = Origin {
        conversation: PAIR,
        device: DeviceId(77),
        number: DeviceSeq(come.entry),
    };
    let refers_to = Some(EntryId(target)).filter(|target| target.0 > 0);
    let message = ServerMessage::entry(origin, (kind, refers_to), body);
    let hop = Hop {
        recipient_data: None,
        delivery: Some(Delivery {
            author: come.author,
            deleted: come.deleted,
            ..delivery(come.entry, come.prev)
        }),
    };
    let (content, digest) = seal(&message);
    let bytes = Envelope {
        hop,
        content: if come.deleted.is_some() {
            &[]
        } else {
            &content
        },
        digest,
    }
    .encode();
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
}

fn edit(desk: &mut Desk, by: &Come, target: u64, text: &str) {
    let body = EntryBody::of(&text_by(by.author, PAIR, text));
    come(desk, by, (EntryKind::Edit, target), body);
}

fn refer(desk: &mut Desk, by: &Come, kind: EntryKind, target: u64) {
    let (sender, receiver) = (by.author, PAIR);
    come(
        desk,
        by,
        (kind, target),
        EntryBody::of(&Reference { sender, receiver }),
    );
}

fn react(desk: &mut Desk, by: &Come, target: u64, sign: &str) {
    let reaction = Reaction {
        sender: by.author,
        receiver: PAIR,
        salt: Bytes([8; 16]),
        sign: sign.into(),
    };
    come(
        desk,
        by,
        (EntryKind::React, target),
        EntryBody::of(&reaction),
    );
}

/// One that is in the conversation with bob, where this was said: by him, by erin, and by him.
fn in_conversation() -> Desk {
    conversing(Desk::signed_in(Screen::interactive()))
}

fn conversing(mut desk: Desk) -> Desk {
    desk.settle();
    desk.type_line("/enter bob");
    desk.sent();
    deliver(&mut desk, "tea?", 1, 0);
    desk.type_line("at four");
    assert_eq!(kinds(&mut desk), [(EntryKind::Text, None)]);
    desk.chat(stored(1, 2, 1, 1));
    deliver(&mut desk, "yes", 3, 2);
    desk.sent();
    desk.screen.lines();
    desk
}

fn history(desk: &mut Desk) -> Vec<String> {
    desk.settle();
    // A time, so that it begins at the end each time.
    desk.type_line("/history --before 23:59");
    let mut lines = desk.lines();
    lines.pop();
    lines
}

#[test]
fn own_last_message_is_edited_and_both_versions_are_told_once() {
    let mut desk = in_conversation();
    desk.type_line("/edit at five");
    let sent = entries(&mut desk);
    let [(header, body)] = &sent[..] else {
        panic!("{sent:?} is not one entry");
    };
    assert_eq!(
        (header.kind, header.refers_to),
        (EntryKind::Edit, Some(EntryId(2)))
    );
    assert_eq!(body.read::<Text>().expect("a text").text, "at five");
    desk.chat(stored(2, 4, 3, 1));
    let told = "14:02 (you) edited: \"at five\" (was \"at four\")";
    assert_eq!(desk.lines(), [told]);
    let all = [
        "14:01 bob: tea?",
        "14:02 (you): at five  (edited)",
        "14:01 bob: yes",
    ];
    assert_eq!(history(&mut desk), all);
}

#[test]
fn links_are_those_of_the_last_text() {
    // What was edited had the links of its first text.
    let mut desk = in_conversation();
    edit(&mut desk, &by_bob(4, 3), 1, "https://example.org/one");
    desk.lines();
    desk.settle();
    desk.type_line("/links");
    assert_eq!(desk.lines(), ["14:01 bob  https://example.org/one"]);
}

#[test]
fn edit_counts_by_the_author_only_and_the_last_one_is_shown() {
    let mut desk = in_conversation();
    edit(&mut desk, &by_bob(4, 3), 1, "coffee?");
    edit(&mut desk, &by_bob(5, 4), 1, "cocoa?");
    edit(&mut desk, &by_bob(6, 5), 2, "never");
    assert_eq!(
        desk.lines(),
        [
            "14:01 bob edited: \"coffee?\" (was \"tea?\")",
            "14:01 bob edited: \"cocoa?\" (was \"coffee?\")"
        ]
    );
    let all = [
        "14:01 bob: cocoa?  (edited)",
        "14:02 (you): at four",
        "14:01 bob: yes",
    ];
    assert_eq!(history(&mut desk), all);
}

#[test]
fn deletion_takes_the_text_its_edits_and_its_reactions_and_says_whose_it_was() {
    let mut desk = in_conversation();
    edit(&mut desk, &by_bob(4, 3), 1, "coffee?");
    react(&mut desk, &by_bob(5, 4), 1, "👍");
    refer(&mut desk, &by_bob(6, 5), EntryKind::Delete, 2);
    assert_eq!(
        history(&mut desk)[2..],
        [
            "14:01 bob: coffee?  (edited; 👍 bob)",
            "14:02 (you): at four",
            "14:01 bob: yes"
        ]
    );
    refer(&mut desk, &by_bob(7, 6), EntryKind::Delete, 1);
    assert_eq!(desk.lines(), ["14:01 bob deleted a message (14:01)"]);
    let all = [
        "14:01 (deleted by bob)",
        "14:02 (you): at four",
        "14:01 bob: yes",
    ];
    assert_eq!(history(&mut desk), all);
    desk.type_line("/search coffee");
    let lines = desk.lines();
    assert!(!lines.iter().any(|line| line.contains("bob")), "{lines:?}");
}

#[test]
fn own_text_that_is_deleted_is_forgotten_where_it_was_typed() {
    let mut desk = in_conversation();
    desk.type_line("/edit at five");
    desk.sent();
    desk.chat(stored(2, 4, 3, 1));
    refer(&mut desk, &by_bob(5, 4), EntryKind::Delete, 1);
    desk.settle();
    assert_eq!(desk.files.forgotten(), [] as [String; 0]);
    desk.type_line("/delete");
    desk.sent();
    desk.chat(stored(3, 6, 5, 1));
    desk.settle();
    assert_eq!(desk.files.forgotten(), ["at four", "at five"]);
    desk.core.link_lost(desk.now, "reset", None);
    desk.type_line("at nine");
    desk.settle();
    desk.type_line("/delete");
    desk.settle();
    assert_eq!(desk.files.forgotten(), ["at nine"]);
}

#[test]
fn reaction_is_put_and_the_same_again_takes_it_back() {
    let mut desk = in_conversation();
    desk.type_line("/react 👍");
    assert_eq!(kinds(&mut desk), [(EntryKind::React, Some(3))]);
    desk.chat(stored(2, 4, 3, 1));
    assert_eq!(desk.lines(), ["14:02 (you) reacted 👍 to \"yes\""]);
    assert_eq!(history(&mut desk)[2], "14:01 bob: yes  (👍 (you))");
    desk.type_line("/react #3 👍");
    assert_eq!(kinds(&mut desk), [(EntryKind::Delete, Some(4))]);
    desk.chat(stored(3, 5, 4, 1));
    assert_eq!(desk.lines(), ["14:02 (you) took back 👍 from \"yes\""]);
    assert_eq!(history(&mut desk)[2], "14:01 bob: yes");
}

#[test]
fn answer_says_what_it_answers_and_an_action_has_a_star() {
    let mut desk = in_conversation();
    let answer = EntryBody::of(&text_by(BOB, PAIR, "with milk"));
    come(&mut desk, &by_bob(4, 3), (EntryKind::Text, 2), answer);
    let action = EntryBody::of(&text_by(BOB, PAIR, "waves"));
    come(&mut desk, &by_bob(5, 4), (EntryKind::Action, 0), action);
    assert_eq!(
        desk.lines(),
        [
            "14:01 bob, to \"at four\" of (you): with milk",
            "14:01 * bob waves"
        ]
    );
    desk.type_line("/reply #1 of course");
    assert_eq!(kinds(&mut desk), [(EntryKind::Text, Some(1))]);
    desk.chat(stored(2, 6, 5, 1));
    assert_eq!(desk.lines(), ["14:02 (you), to \"tea?\" of bob: of course"]);
    desk.type_line("/me waves, too");
    assert_eq!(kinds(&mut desk), [(EntryKind::Action, None)]);
    desk.type_line("/back");
    desk.lines();
    desk.chat(stored(3, 7, 6, 1));
    assert_eq!(desk.lines(), ["14:02 bob * (you) waves, too"]);
}

#[test]
fn message_that_comes_while_a_command_is_typed_is_not_what_it_is_about() {
    let mut desk = in_conversation();
    let printed = desk.screen.console().given();
    desk.core.handle_input(desk.now, Input::Begun { printed });
    deliver(&mut desk, "or rather not", 4, 3);
    desk.settle();
    desk.type_line("/react 👍");
    assert_eq!(kinds(&mut desk), [(EntryKind::React, Some(3))]);
    desk.type_line("/react 👎");
    assert_eq!(kinds(&mut desk), [(EntryKind::React, Some(4))]);
}

#[test]
fn message_without_a_number_is_changed_where_it_waits() {
    let mut desk = in_conversation();
    desk.core.link_lost(desk.now, "reset", None);
    desk.lines();
    for line in ["one", "two", "/edit three", "/lines 1"] {
        desk.settle();
        desk.type_line(line);
    }
    let lines = desk.lines();
    assert!(
        lines.contains(&"● queued instead: \"three\"".to_owned()),
        "{lines:?}"
    );
    let waiting = ["+2 14:02 queued: \"one\"", "+3 14:02 queued: \"three\""];
    assert_eq!(lines[lines.len() - 2..], waiting);
    desk.type_line("/delete +2");
    assert_eq!(desk.lines(), ["not sent: \"one\""]);
    desk.type_line("/delete +2");
    assert_eq!(
        desk.lines(),
        ["no message waits under +2; `/lines` shows which do"]
    );
}

#[test]
fn change_of_a_message_under_way_waits_until_that_is_stored() {
    let mut desk = in_conversation();
    desk.type_line("at nine");
    assert_eq!(kinds(&mut desk), [(EntryKind::Text, None)]);
    desk.type_line("/edit at ten");
    desk.settle();
    desk.type_line("/react #1 👍");
    assert_eq!(kinds(&mut desk), [(EntryKind::React, Some(1))]);
    desk.chat(stored(2, 4, 3, 1));
    assert_eq!(kinds(&mut desk), [(EntryKind::Edit, Some(4))]);
    // A new message would wait, too, if the first had been refused.
    desk.chat(stored(3, 5, 4, 1));
    desk.chat(stored(4, 6, 5, 1));
    assert_eq!(
        history(&mut desk).last().expect("a line"),
        "14:02 (you): at ten  (edited)"
    );
}

#[test]
fn tombstone_moves_the_position_and_is_shown_in_the_history_only() {
    let mut desk = in_conversation();
    let deleted = |kind| {
        let (by, time_ms) = (BOB, START_MS);
        Some(Deletion { by, time_ms, kind })
    };
    // Of an edit or a reaction nothing is shown: it stood in no place of its own.
    let gone = Come {
        deleted: deleted(Some(EntryKind::Edit)),
        ..by_bob(4, 3)
    };
    edit(&mut desk, &gone, 1, "coffee?");
    for (entry, kind) in [(5, Some(EntryKind::Text)), (6, None)] {
        let text = EntryBody::of(&text_by(BOB, PAIR, "never mind"));
        let gone = Come {
            deleted: deleted(kind),
            ..by_bob(entry, entry - 1)
        };
        come(&mut desk, &gone, (EntryKind::Text, 0), text);
    }
    deliver(&mut desk, "tea it is", 7, 6);
    assert_eq!(desk.lines(), ["14:01 bob: tea it is"]);
    assert_eq!(
        history(&mut desk)[3..],
        ["14:01 (deleted)", "14:01 (deleted)", "14:01 bob: tea it is"]
    );
}

#[test]
fn what_waits_for_an_entry_that_a_restore_has_lost_hits_no_other() {
    let mut desk = in_conversation();
    desk.core.link_lost(desk.now, "reset", None);
    for line in ["/edit at six", "/react #1 👍"] {
        desk.settle();
        desk.type_line(line);
    }
    desk.settle();
    desk.screen.lines();
    desk.core.link_up(desk.now, KEY, HASH);
    desk.sent();
    desk.control(&ServerMessage::control(SessionStart {
        epoch: 2,
        ..session_start()
    }));
    // The backup was made before erin said anything.
    desk.settle_heads(vec![head(PAIR, "bob", 1, 0, 1)]);
    let lines = desk.lines();
    let dropped = "the edit \"at six\" was not sent: the server's database was restored, and the message in bob that it is about may be another one";
    assert!(lines.iter().any(|line| line == dropped), "{lines:?}");
    assert!(
        !lines.iter().any(|line| line.contains("reaction")),
        "{lines:?}"
    );
}

#[test]
fn change_of_what_this_device_does_not_hold_counts_once_that_comes() {
    let earlier = |entry: u64, prev: u64, text: &str| {
        let deletion = Deletion {
            by: BOB,
            time_ms: START_MS,
            kind: Some(EntryKind::React),
        };
        HistoryEntry {
            author_name: None,
            deleted: Some(deletion).filter(|_| text.is_empty()),
            ..old(&from_bob(text, entry), entry, prev)
        }
    };
    let mut desk = Desk::with_conversations(vec![head(PAIR, "bob", 7, 0, 7)]);
    desk.screen.lines();
    edit(&mut desk, &by_bob(8, 7), 3, "coffee?");
    refer(&mut desk, &by_bob(9, 8), EntryKind::Delete, 4);
    assert_eq!(desk.lines(), Vec::<String>::new());
    desk.settle();
    desk.type_line("/history bob");
    let bodies = desk.bodies();
    let Some(ClientBody::HistoryRequest(request)) = bodies.last() else {
        panic!("{bodies:?} ask for no history");
    };
    let answer = ServerMessage::control(History {
        tag: request.tag,
        conversation: PAIR,
        entries: vec![
            earlier(3, 0, "tea?"),
            earlier(4, 3, "never mind"),
            earlier(5, 4, ""),
            earlier(7, 5, "so"),
        ],
        more: false,
    });
    let bytes = encode(&answer, Hop::default());
    desk.core.handle_message(desk.now, Channel::Bulk, &bytes);
    let lines = desk.lines();
    let all = [
        "14:00 bob: coffee?  (edited)",
        "14:00 (deleted by bob)",
        "14:00 bob: so",
    ];
    assert_eq!(lines[..3], all);
}

#[test]
fn changes_that_a_crash_may_have_kept_from_the_screen_are_told_again() {
    // Each was called a message that this version cannot show; and what had been deleted was shown as a line of its own.
    let mut desk = in_conversation();
    edit(&mut desk, &by_bob(4, 3), 1, "coffee?");
    react(&mut desk, &by_bob(5, 4), 1, "👍");
    refer(&mut desk, &by_bob(6, 5), EntryKind::Delete, 3);
    refer(&mut desk, &by_bob(7, 6), EntryKind::Delete, 5);
    desk.core.settle(desk.now);
    let mut desk = desk.killed_and_back();
    assert_eq!(
        desk.lines_again(),
        [
            "14:01 bob: bob edited: \"coffee?\"  (perhaps shown before)",
            "14:01 bob: bob deleted a message (14:01)  (perhaps shown before)",
            "14:01 bob: bob took back a reaction  (perhaps shown before)",
        ]
    );
}

#[test]
fn deletion_takes_the_changes_of_what_this_device_does_not_hold() {
    // Who had joined again held an edit of what was said before, and kept its text once that was deleted.
    let mut desk = Desk::with_conversations(vec![head(PAIR, "bob", 7, 0, 7)]);
    edit(&mut desk, &by_bob(8, 7), 3, "coffee?");
    react(&mut desk, &by_bob(9, 8), 3, "👍");
    refer(&mut desk, &by_bob(10, 9), EntryKind::Delete, 3);
    desk.core.settle(desk.now);
    let account = desk.core.signed_in.as_mut().unwrap();
    for entry in [8, 9] {
        let kept = account.shared.state.entry(PAIR, EntryId(entry)).unwrap();
        let kept = kept.expect("its place is kept");
        assert!(kept.content.is_empty() && kept.deleted.is_some(), "{entry}");
    }
}
