//! What is unread, on which devices, and what is muted.

use super::*;
use crate::protocol::{HISTORY_ALL, MUTED_FOR_GOOD, Mute, Muted, ReadElsewhere, ReadUpTo};

const SECOND: Duration = Duration::from_secs(1);

fn bobs_line(desk: &mut Desk, text: &str, entry: u64) {
    deliver(
        desk,
        &said_in_bridge(BOB, text, entry),
        BOB,
        entry,
        entry - 1,
    );
}

/// What the server is told within the next second of what was read.
fn told(desk: &mut Desk) -> Vec<(ConversationId, u64)> {
    desk.bodies();
    desk.wait(SECOND);
    read_in(desk.bodies())
}

fn read_in(bodies: Vec<ClientBody>) -> Vec<(ConversationId, u64)> {
    let read = bodies.into_iter().filter_map(|body| match body {
        ClientBody::ReadUpTo(ReadUpTo {
            conversation,
            entry,
        }) => Some((conversation, entry.0)),
        _ => None,
    });
    read.collect()
}

fn elsewhere(desk: &mut Desk, conversation: ConversationId, entry: u64) {
    let entry = EntryId(entry);
    desk.control(&ServerMessage::control(ReadElsewhere {
        conversation,
        entry,
    }));
}

/// The server comes back with an older database: of two entries with bob the user has read one, and this device has so many.
fn restored(desk: &mut Desk, start: u64) {
    desk.core.link_lost(desk.now, "reset", None);
    desk.core.link_up(desk.now, KEY, HASH);
    desk.bodies();
    desk.control(&ServerMessage::control(SessionStart {
        epoch: 2,
        ..session_start()
    }));
    desk.settle_heads(vec![
        Head {
            read: Some(EntryId(1)),
            ..head(PAIR, "bob", 2, 0, start)
        },
        head(BRIDGE, "#bridge", 0, 0, 0),
    ]);
}

fn unread(desk: &mut Desk) -> Vec<(String, u32)> {
    desk.settle();
    let shared = desk.core.shared().expect("signed in");
    let unread = shared.conversations.unread();
    unread
        .map(|(name, count)| (name.to_owned(), count))
        .collect()
}

#[test]
fn line_of_a_room_is_unread_until_one_enters_it_and_then_the_server_is_told_once() {
    let mut desk = member();
    for entry in 1..=3 {
        bobs_line(&mut desk, "tea?", entry);
    }
    assert_eq!(told(&mut desk), []);
    assert_eq!(unread(&mut desk), [("#bridge".to_owned(), 3)]);
    desk.lines();
    type_at_prompt(&mut desk, "/enter #bridge");
    let mut lines = desk.lines();
    lines.remove(0);
    assert_eq!(lines[0], "── unread ──");
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(told(&mut desk), [(BRIDGE, 3)]);
    assert_eq!(unread(&mut desk), []);
    // There, lines are read as they are printed; many within a second are told once.
    for entry in 4..=6 {
        bobs_line(&mut desk, "more", entry);
    }
    assert_eq!(told(&mut desk), [(BRIDGE, 6)]);
    assert_eq!(told(&mut desk), []);
}

#[test]
fn line_that_is_not_printed_yet_is_not_read() {
    let mut desk = member();
    type_at_prompt(&mut desk, "/enter #bridge");
    desk.settle();
    desk.screen.hold();
    bobs_line(&mut desk, "tea?", 1);
    assert_eq!(told(&mut desk), []);
}

#[test]
fn private_line_is_read_at_the_prompt_and_unread_while_one_is_elsewhere() {
    let mut desk = member();
    private_line(&mut desk, "one", 1);
    assert_eq!(told(&mut desk), [(PAIR, 1)]);
    type_at_prompt(&mut desk, "/enter #bridge");
    private_line(&mut desk, "two", 2);
    assert_eq!(told(&mut desk), []);
    assert_eq!(unread(&mut desk), [("bob".to_owned(), 1)]);
    // Who answers has read it.
    type_at_prompt(&mut desk, "/message bob tea!");
    assert_eq!(unread(&mut desk), []);
    assert_eq!(told(&mut desk), [(PAIR, 2)]);
}

#[test]
fn who_answers_a_line_or_puts_a_sign_to_it_has_read_the_conversation() {
    // Only `/message` marked it as read.
    for answer in [
        "/me --in bob waves",
        "/reply --in bob tea!",
        "/react --in bob 👍",
    ] {
        let mut desk = member();
        type_at_prompt(&mut desk, "/enter #bridge");
        private_line(&mut desk, "tea?", 1);
        assert_eq!(unread(&mut desk), [("bob".to_owned(), 1)], "{answer}");
        type_at_prompt(&mut desk, answer);
        assert_eq!(unread(&mut desk), [], "{answer}");
        assert_eq!(told(&mut desk), [(PAIR, 1)], "{answer}");
    }
}

#[test]
fn who_deletes_an_own_line_has_not_read_what_came_after_it() {
    let mut desk = member();
    type_at_prompt(&mut desk, "/enter #bridge");
    let origin = Origin {
        conversation: PAIR,
        device: DeviceId(77),
        number: DeviceSeq(1),
    };
    let own = ServerMessage::chat(origin, &text_by(ERIN, PAIR, "oh"));
    deliver(&mut desk, &own, ERIN, 1, 0);
    private_line(&mut desk, "tea?", 2);
    type_at_prompt(&mut desk, "/delete --in bob #1");
    assert_eq!(unread(&mut desk), [("bob".to_owned(), 1)]);
}

#[test]
fn history_shows_where_one_left_off_until_one_says_something() {
    let mut desk = member();
    bobs_line(&mut desk, "one", 1);
    desk.lines();
    type_at_prompt(&mut desk, "/enter #bridge");
    type_at_prompt(&mut desk, "/back");
    bobs_line(&mut desk, "two", 2);
    desk.lines();
    for _ in 0..2 {
        type_at_prompt(&mut desk, "/history #bridge");
        let lines = desk.lines();
        assert_eq!(
            lines[..3],
            ["14:01 bob: one", "── unread ──", "14:01 bob: two"],
            "{lines:?}"
        );
        assert_eq!(unread(&mut desk), []);
        // Or the next page would be the one before.
        type_at_prompt(&mut desk, "/help mute");
        desk.lines();
    }
    type_at_prompt(&mut desk, "/message #bridge seen");
    desk.lines();
    type_at_prompt(&mut desk, "/history #bridge");
    let lines = desk.lines();
    assert!(!lines.contains(&"── unread ──".to_owned()), "{lines:?}");
}

#[test]
fn reading_on_another_device_clears_what_was_read_there_and_no_more() {
    let mut desk = member();
    for entry in 1..=3 {
        bobs_line(&mut desk, "tea?", entry);
    }
    desk.settle();
    elsewhere(&mut desk, BRIDGE, 2);
    assert_eq!(unread(&mut desk), [("#bridge".to_owned(), 1)]);
    // Back it does not go, and it is not told again.
    elsewhere(&mut desk, BRIDGE, 1);
    assert_eq!(unread(&mut desk), [("#bridge".to_owned(), 1)]);
    assert_eq!(told(&mut desk), []);
    // The other device is ahead of this one: what comes is read already.
    elsewhere(&mut desk, BRIDGE, 4);
    bobs_line(&mut desk, "four", 4);
    assert_eq!(unread(&mut desk), []);
    bobs_line(&mut desk, "five", 5);
    assert_eq!(unread(&mut desk), [("#bridge".to_owned(), 1)]);
}

#[test]
fn what_was_read_elsewhere_before_anything_has_come_here_is_read() {
    // On the control channel it overtook the first entry of the conversation, and was dropped. (Seed 31 of the simulator's
    // rooms.)
    let mut desk = Desk::signed_in(Screen::interactive());
    elsewhere(&mut desk, BRIDGE, 1);
    bobs_line(&mut desk, "one", 1);
    assert_eq!(unread(&mut desk), []);
}

#[test]
fn first_page_of_history_after_entering_begins_at_the_end() {
    // It went on before the lines that were shown because they were unread. (Seed 26 of the simulator's pages.)
    let mut desk = member();
    for entry in 1..=2 {
        bobs_line(&mut desk, &format!("line {entry}"), entry);
    }
    type_at_prompt(&mut desk, "/enter #bridge");
    desk.lines();
    type_at_prompt(&mut desk, "/history 1");
    assert_eq!(desk.lines()[0], "14:01 bob: line 2");
}

#[test]
fn what_was_read_without_a_link_is_told_at_the_next_sign_in() {
    let mut desk = member();
    bobs_line(&mut desk, "one", 1);
    desk.settle();
    desk.core.link_lost(desk.now, "reset", None);
    type_at_prompt(&mut desk, "/enter #bridge");
    assert_eq!(told(&mut desk), []);
    desk.core.link_up(desk.now, KEY, HASH);
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    let bodies = desk.settle_heads(vec![
        head(PAIR, "bob", 0, 0, 0),
        Head {
            read: Some(EntryId(0)),
            ..head(BRIDGE, "#bridge", 1, 0, 1)
        },
    ]);
    assert_eq!(read_in(bodies), [(BRIDGE, 1)]);
}

#[test]
fn what_was_read_on_another_device_while_this_one_was_away_is_not_shown_as_missed() {
    let mut desk = Desk::with_conversations(vec![Head {
        read: Some(EntryId(2)),
        ..head(PAIR, "bob", 3, 0, 0)
    }]);
    desk.screen.lines();
    for (text, entry) in [("one", 1), ("two", 2), ("three", 3)] {
        private_line(&mut desk, text, entry);
    }
    assert_eq!(
        desk.lines(),
        [
            "1 message while you were away: bob 1",
            "14:01 bob: three",
            "2 messages were read on another device: bob 2"
        ]
    );
    assert_eq!(told(&mut desk), [(PAIR, 3)]);
}

#[test]
fn new_device_is_shown_nothing_old_that_its_user_has_said() {
    let mut desk = Desk::with_conversations(vec![head(BRIDGE, "#bridge", 2, 0, 0)]);
    desk.screen.lines();
    for entry in 1..=2 {
        let said = said_in_bridge(ERIN, "from my phone", entry);
        deliver(&mut desk, &said, ERIN, entry, entry - 1);
    }
    assert!(desk.lines().is_empty());
    let said = said_in_bridge(ERIN, "from my phone", 3);
    deliver(&mut desk, &said, ERIN, 3, 2);
    assert_eq!(desk.lines(), ["14:01 #bridge (you): from my phone"]);
}

#[test]
fn only_the_last_missed_lines_are_shown_and_the_others_stay_unread() {
    let mut desk = Desk::with_conversations(vec![head(PAIR, "bob", 50, 0, 0)]);
    desk.screen.lines();
    for entry in 1..=50 {
        private_line(&mut desk, &format!("line {entry}"), entry);
    }
    let lines = desk.lines();
    assert_eq!(lines.len(), 22, "{lines:?}");
    assert_eq!(lines[0], "50 messages while you were away: bob 50");
    assert_eq!(lines[1], "14:01 bob: line 31");
    assert_eq!(
        lines[21],
        "bob: 30 older lines are not shown; `/history bob 50` shows them"
    );
    assert_eq!(told(&mut desk), []);
    assert_eq!(unread(&mut desk), [("bob".to_owned(), 50)]);
    type_at_prompt(&mut desk, "/history bob 60");
    let lines = desk.lines();
    assert_eq!(lines[0], "── unread ──", "{lines:?}");
    assert_eq!(lines[50], "14:01 bob: line 50");
    assert_eq!(told(&mut desk), [(PAIR, 50)]);
}

#[test]
fn who_enters_a_conversation_while_missed_lines_are_gathered_is_shown_them_once() {
    // A page showed what was unread, and what was gathered showed it again. (Seed 37 of the simulator's rooms.)
    let mut desk = Desk::with_conversations(vec![head(BRIDGE, "#bridge", 3, 0, 0)]);
    desk.screen.lines();
    bobs_line(&mut desk, "one", 1);
    bobs_line(&mut desk, "two", 2);
    assert!(desk.lines().is_empty());
    type_at_prompt(&mut desk, "/enter #bridge");
    let lines = desk.lines();
    assert_eq!(
        lines[1..],
        ["── unread ──", "14:01 bob: one", "14:01 bob: two"]
    );
    bobs_line(&mut desk, "three", 3);
    assert_eq!(
        desk.lines(),
        [
            "3 messages while you were away: #bridge 3",
            "14:01 bob: three"
        ]
    );
}

#[test]
fn restored_database_takes_what_was_read_back_to_where_the_logs_agree() {
    let mut desk = member();
    for entry in 1..=3 {
        private_line(&mut desk, "tea?", entry);
    }
    assert_eq!(told(&mut desk), [(PAIR, 3)]);
    restored(&mut desk, 2);
    // No further than where the logs agree, whatever this device has read of the lost one.
    assert_eq!(told(&mut desk), [(PAIR, 2)]);
}

#[test]
fn what_another_device_had_read_of_a_lost_log_is_not_taken_for_read_in_the_restored_one() {
    // The phone had read three entries that the laptop did not have when the database was restored. What was said in their
    // place was taken for read, and the laptop never showed it. (Seed 8 of the simulator's older databases.)
    let mut desk = member();
    private_line(&mut desk, "one", 1);
    desk.lines();
    elsewhere(&mut desk, PAIR, 4);
    desk.settle();
    restored(&mut desk, 1);
    desk.lines();
    private_line(&mut desk, "another two", 2);
    let lines = desk.lines();
    assert!(
        lines.ends_with(&["14:01 bob: another two".to_owned()]),
        "{lines:?}"
    );
}

#[test]
fn muted_conversation_is_counted_and_shown_only_where_one_looks_at_it() {
    let mut desk = member();
    type_at_prompt(&mut desk, "/mute #bridge 8h");
    let bodies = desk.bodies();
    let Some(ClientBody::Mute(Mute { tag, until_ms, .. })) = bodies.last() else {
        panic!("{bodies:?}");
    };
    assert_eq!(*until_ms, desk.now.unix_ms + 8 * 3_600_000);
    let muted = |tag, until_ms| {
        ServerMessage::control(Muted {
            tag,
            conversation: BRIDGE,
            until_ms,
        })
    };
    desk.control(&muted(Some(*tag), *until_ms));
    assert_eq!(
        desk.lines(),
        ["#bridge is muted until 22:02; `/enter #bridge` shows its lines"]
    );
    bobs_line(&mut desk, "tea?", 1);
    assert!(desk.lines().is_empty());
    assert_eq!(unread(&mut desk), [("#bridge".to_owned(), 1)]);
    type_at_prompt(&mut desk, "/enter #bridge");
    let lines = desk.lines();
    assert_eq!(lines[1..], ["── unread ──", "14:01 bob: tea?"]);
    bobs_line(&mut desk, "here", 2);
    assert_eq!(desk.lines(), ["14:01 bob: here"]);
    type_at_prompt(&mut desk, "/back");
    desk.lines();
    // Who is spoken to is to know it.
    bobs_line(&mut desk, "Erin, tea?", 3);
    assert_eq!(desk.lines(), ["14:01 #bridge bob: Erin, tea?"]);
    // It ends by itself, or by another device.
    desk.wait(Duration::from_hours(8));
    bobs_line(&mut desk, "late", 4);
    assert_eq!(desk.lines(), ["14:01 #bridge bob: late"]);
    desk.control(&muted(None, MUTED_FOR_GOOD));
    bobs_line(&mut desk, "later", 5);
    assert!(desk.lines().is_empty());
    desk.control(&muted(None, 0));
    bobs_line(&mut desk, "latest", 6);
    assert_eq!(desk.lines(), ["14:01 #bridge bob: latest"]);
}

#[test]
fn muted_private_line_is_not_read_at_the_prompt() {
    let mut desk = member();
    desk.control(&ServerMessage::control(Muted {
        tag: None,
        conversation: PAIR,
        until_ms: MUTED_FOR_GOOD,
    }));
    private_line(&mut desk, "psst", 1);
    assert!(desk.lines().is_empty());
    assert_eq!(told(&mut desk), []);
    assert_eq!(unread(&mut desk), [("bob".to_owned(), 1)]);
}

#[test]
fn what_is_no_time_mutes_nothing() {
    let mut desk = member();
    for line in ["/mute #bridge soon", "/mute #bridge 0m", "/mute #nowhere"] {
        type_at_prompt(&mut desk, line);
        assert!(desk.bodies().is_empty(), "{line}");
        assert_eq!(desk.lines().len(), 1, "{line}");
    }
}

#[test]
fn script_reads_nothing() {
    let mut desk = Desk::signed_in(Screen::plain());
    private_line(&mut desk, "tea?", 1);
    assert_eq!(desk.lines(), ["14:01 bob: tea?"]);
    let one = [("bob".to_owned(), 1)];
    for line in ["/history bob", "/enter bob", "milk, please"] {
        assert_eq!(unread(&mut desk), one, "{line}");
        desk.type_line(line);
        assert_eq!(told(&mut desk), [], "{line}");
    }
    assert_eq!(unread(&mut desk), one);
}

#[test]
fn newcomer_is_shown_what_was_said_before_where_the_room_lets_them() {
    let mut desk = Desk::signed_in(Screen::interactive());
    type_at_prompt(&mut desk, "/join #bridge");
    let ClientBody::Join(join) = desk.body() else {
        panic!("the client does not join");
    };
    let room = Room {
        history: Some(HISTORY_ALL),
        ..bridge()
    };
    desk.control(&ServerMessage::control(Joined {
        tag: join.tag,
        room,
        last_number: DeviceSeq(0),
        start: EntryId(7),
    }));
    desk.lines();
    let ClientBody::HistoryRequest(asked) = desk.body() else {
        panic!("the client does not ask for what was said");
    };
    assert_eq!((asked.conversation, asked.before), (BRIDGE, EntryId(8)));
}

#[test]
fn access_says_what_newcomers_may_read() {
    let mut desk = member();
    for (line, text) in [
        ("/access history all #bridge", "all"),
        ("/access history last 20 #bridge", "20"),
        ("/access history none #bridge", "none"),
    ] {
        type_at_prompt(&mut desk, line);
        let ClientBody::Moderate(asked) = desk.body() else {
            panic!("{line}");
        };
        assert_eq!(asked.change.kind, EventKind::History);
        assert_eq!(asked.change.text.as_deref(), Some(text), "{line}");
    }
    for line in [
        "/access history",
        "/access history last",
        "/access public all",
    ] {
        type_at_prompt(&mut desk, line);
        assert!(desk.bodies().is_empty(), "{line}");
    }
}
