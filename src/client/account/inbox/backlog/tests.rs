//! What is shown of messages that were missed, and when.

use super::*;
use crate::client::testing::{Screen, instant};

const BOB: ConversationId = ConversationId(7);
const DECK: ConversationId = ConversationId(8);

fn lines(effects: &mut Effects) -> Vec<String> {
    let screen = Screen::plain();
    effects.flush_lines(&mut *screen.console());
    screen.lines()
}

fn gather(now: Instant, missing: &[(ConversationId, u64)]) -> Backlog {
    let missing = missing.iter().map(|(id, head)| (*id, EntryId(*head)));
    Backlog::new(now, missing.collect(), None)
}

fn shown(backlog: &mut Backlog, now: Instant, effects: &mut Effects) -> bool {
    backlog.show(now, effects, &mut Vec::new())
}

fn shown_late(backlog: &mut Backlog, effects: &mut Effects) -> bool {
    shown(backlog, backlog.deadline(), effects)
}

/// A line of bob's.
fn said(time_ms: u64, text: &str) -> MissedLine {
    MissedLine {
        conversation: BOB,
        time_ms,
        line: Line::of(Tone::Said, text),
        is_old: true,
    }
}

/// A line in another conversation.
fn elsewhere(conversation: ConversationId, time_ms: u64, text: &str) -> MissedLine {
    MissedLine {
        conversation,
        ..said(time_ms, text)
    }
}

#[test]
fn lines_wait_for_the_last_one_and_stand_under_their_count() {
    let now = instant();
    let mut effects = Effects::default();
    let mut backlog = gather(now, &[(BOB, 5)]);
    backlog.add(now, said(1, "one"), Some("bob"));
    backlog.reached(BOB, EntryId(4));
    assert!(!shown(&mut backlog, now, &mut effects));
    assert!(!effects.has_lines());
    backlog.add(now, said(2, "two"), Some("bob"));
    backlog.reached(BOB, EntryId(5));
    assert!(shown(&mut backlog, now, &mut effects));
    assert_eq!(
        lines(&mut effects),
        ["2 messages while you were away: bob 2", "one", "two"]
    );
}

#[test]
fn lines_of_several_conversations_stand_in_the_order_in_which_they_were_said() {
    // A question in a room stood after the answer to it in another conversation.
    let now = instant();
    let mut effects = Effects::default();
    let mut backlog = gather(now, &[]);
    for (conversation, time_ms, text) in [
        (BOB, 1, "one"),
        (BOB, 4, "four"),
        (BOB, 4, "four too"),
        (DECK, 2, "two"),
        (DECK, 3, "three"),
    ] {
        backlog.add(now, elsewhere(conversation, time_ms, text), None);
    }
    assert!(shown(&mut backlog, now, &mut effects));
    assert_eq!(
        lines(&mut effects),
        ["one", "two", "three", "four", "four too"]
    );
}

#[test]
fn clock_that_was_set_back_changes_no_order_within_a_conversation() {
    let now = instant();
    let mut effects = Effects::default();
    let mut backlog = gather(now, &[]);
    for (time_ms, text) in [(1, "one"), (900, "ten years ahead"), (2, "two")] {
        backlog.add(now, said(time_ms, text), None);
    }
    backlog.add(now, elsewhere(DECK, 3, "elsewhere"), None);
    assert!(shown(&mut backlog, now, &mut effects));
    let order = ["one", "elsewhere", "ten years ahead", "two"];
    assert_eq!(lines(&mut effects), order);
}

/// Two thousand missed messages were counted in 71 lines, and nowhere together.
#[test]
fn many_or_slow_lines_are_shown_as_they_come_and_counted_once_below() {
    let mut now = instant();
    let mut effects = Effects::default();
    let mut backlog = gather(now, &[(BOB, 2_001), (DECK, 1)]);
    for number in 0..2_000 {
        // Each burst comes later than one waits for it.
        if number % 300 == 0 {
            now += WAIT + Duration::from_secs(1);
        }
        backlog.add(now, said(number, "x"), Some("bob"));
        assert!(!shown(&mut backlog, now, &mut effects));
    }
    // The link was lost, and came back.
    let missing = BTreeMap::from([(BOB, EntryId(2_001))]);
    let mut backlog = Backlog::new(now, missing, Some(backlog));
    backlog.add(now, said(2_000, "last"), Some("bob"));
    backlog.reached(BOB, EntryId(2_001));
    assert!(shown(&mut backlog, now, &mut effects));
    let lines = lines(&mut effects);
    assert_eq!(lines.len(), 2_003);
    assert_eq!(lines[0], render::AWAY_UNCOUNTED);
    assert_eq!(lines[2_001], "last");
    let total = "2001 messages while you were away: bob 2001";
    assert_eq!(lines[2_002], total);
}

#[test]
fn missing_entry_holds_the_others_up_for_two_seconds_and_their_count_for_a_minute() {
    let now = instant();
    let mut effects = Effects::default();
    let mut backlog = gather(now, &[(BOB, 5)]);
    backlog.add(now, said(1, "one"), Some("bob"));
    assert!(!shown_late(&mut backlog, &mut effects));
    assert_eq!(lines(&mut effects), [render::AWAY_UNCOUNTED, "one"]);
    // What is new is not held up, and does not put the end off.
    let new = MissedLine {
        is_old: false,
        ..said(2, "new")
    };
    backlog.add(now + COUNT_WAIT / 2, new, None);
    assert!(!shown(&mut backlog, now + COUNT_WAIT / 2, &mut effects));
    assert_eq!(lines(&mut effects), ["new"]);
    assert_eq!(backlog.deadline(), now + COUNT_WAIT);
    assert!(shown_late(&mut backlog, &mut effects));
    let total = "1 message while you were away: bob 1";
    assert_eq!(lines(&mut effects), [total]);
}

#[test]
fn at_a_terminal_the_last_lines_of_each_are_shown_and_how_to_see_the_others() {
    let now = instant();
    let mut effects = Effects::default();
    let mut backlog = gather(now, &[(BOB, 20), (DECK, 280)]).folding(true);
    for number in 1..=280 {
        backlog.add(
            now,
            elsewhere(DECK, number, &format!("deck {number}")),
            Some("#deck"),
        );
    }
    for number in 1..=20 {
        backlog.add(
            now,
            said(300 + number, &format!("bob {number}")),
            Some("bob"),
        );
    }
    backlog.reached(DECK, EntryId(280));
    backlog.reached(BOB, EntryId(20));
    let mut unseen = Vec::new();
    assert!(backlog.show(now, &mut effects, &mut unseen));
    assert_eq!(unseen, [DECK]);
    let lines = lines(&mut effects);
    assert_eq!(lines.len(), 42);
    assert_eq!(
        lines[0],
        "300 messages while you were away: #deck 280, bob 20"
    );
    assert_eq!((&*lines[1], &*lines[20]), ("deck 261", "deck 280"));
    assert_eq!((&*lines[21], &*lines[40]), ("bob 1", "bob 20"));
    assert_eq!(
        lines[41],
        "#deck: 260 older lines are not shown; `/history #deck 280` shows them"
    );
}

#[test]
fn at_a_terminal_a_slow_conversation_is_waited_for_and_holds_no_other_up() {
    let now = instant();
    let mut effects = Effects::default();
    let mut backlog = gather(now, &[(BOB, 1), (DECK, 600)]).folding(true);
    for number in 1..=599 {
        backlog.add(now, elsewhere(DECK, number, "x"), Some("#deck"));
        assert!(!shown(&mut backlog, now, &mut effects));
    }
    backlog.add(now, said(2, "tea?"), Some("bob"));
    backlog.reached(BOB, EntryId(1));
    assert!(!effects.has_lines());
    assert!(!shown_late(&mut backlog, &mut effects));
    assert_eq!(lines(&mut effects), [render::AWAY_UNCOUNTED, "tea?"]);
    backlog.reached(DECK, EntryId(600));
    assert!(shown(&mut backlog, now, &mut effects));
    assert_eq!(lines(&mut effects).len(), 22);
}

#[test]
fn many_conversations_show_no_more_lines_than_fit() {
    let now = instant();
    let mut effects = Effects::default();
    let mut backlog = gather(now, &[]).folding(true);
    for number in 0..2_000 {
        backlog.add(
            now,
            elsewhere(ConversationId(number % 100), number, "x"),
            None,
        );
    }
    assert!(shown(&mut backlog, now, &mut effects));
    assert_eq!(lines(&mut effects).len(), LINES_MAX);
}

#[test]
fn what_was_read_on_another_device_is_counted_apart() {
    let now = instant();
    let mut effects = Effects::default();
    let mut backlog = gather(now, &[]);
    for _ in 0..3 {
        backlog.skip("bob");
    }
    assert!(shown(&mut backlog, now, &mut effects));
    assert_eq!(
        lines(&mut effects),
        ["3 messages were read on another device: bob 3"]
    );
}

#[test]
fn nothing_missed_says_nothing() {
    let mut effects = Effects::default();
    let now = instant();
    assert!(shown(&mut gather(now, &[]), now, &mut effects));
    assert!(!effects.has_lines());
}
