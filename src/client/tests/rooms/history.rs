//! Looking back in a room: what this device has, and what it must ask for.

use super::*;

#[test]
fn new_device_pages_back_and_keeps_what_it_was_given() {
    let mut desk = member_at(9, 9);
    type_at_prompt(&mut desk, "history #bridge 2");
    let bodies = desk.bodies();
    let [ClientBody::HistoryRequest(request)] = &bodies[..] else {
        panic!("{bodies:?}");
    };
    let mut damaged = old_in_bridge(5, 2, "five");
    damaged.digest = Digest::of(b"another");
    let answer = ServerMessage::control(History {
        tag: request.tag,
        conversation: BRIDGE,
        entries: vec![
            old_in_bridge(2, 0, "two"),
            damaged,
            old_in_bridge(7, 5, "seven"),
            old_in_bridge(9, 7, "nine"),
        ],
        more: false,
    });
    let bytes = encode(&answer, Hop::default());
    desk.core.handle_message(desk.now, Channel::Bulk, &bytes);
    assert_eq!(
        desk.lines(),
        [
            "14:00 bob: seven",
            "14:00 bob: nine",
            "#bridge: 1 damaged messages were left out",
            "#bridge: repeat `/history` for older messages, or use `--before 7`"
        ]
    );
    let account = desk.core.signed_in.as_ref().expect("erin is signed in");
    let place = &account
        .shared
        .conversations
        .get(BRIDGE)
        .expect("known")
        .stored;
    assert_eq!(place.received_up_to, EntryId(9), "nothing moved");

    // Offline the rest is still there, and the gap is stepped over.
    desk.core.link_lost(desk.now, "reset", None);
    desk.lines();
    type_at_prompt(&mut desk, "history");
    let lines = desk.lines();
    assert_eq!(lines, ["14:00 bob: two", "#bridge: start of your history"]);
    type_at_prompt(&mut desk, "search SEV");
    assert_eq!(
        desk.lines(),
        [
            "14:00 #bridge bob: seven",
            "1 found",
            "not all of #bridge is on this device; `/fetch #bridge` gets the rest"
        ]
    );
}

#[test]
fn page_that_is_not_answered_shows_what_is_here() {
    let mut desk = member_at(9, 9);
    deliver(&mut desk, &said_in_bridge(BOB, "ten", 10), BOB, 10, 9);
    desk.lines();
    type_at_prompt(&mut desk, "history #bridge");
    assert!(desk.lines().is_empty());
    desk.wait(Duration::from_secs(15));
    assert_eq!(
        desk.lines(),
        [
            "── unread ──",
            "14:01 bob: ten",
            "#bridge: older messages are on the server, which is not answering now"
        ]
    );
}

/// The page that `line` shows, without what follows it.
fn page_of(desk: &mut Desk, line: &str) -> Vec<String> {
    type_at_prompt(desk, line);
    let lines = desk.lines();
    let said = lines.iter().filter_map(|line| line.split_once(": "));
    let said = said.filter(|(head, _)| head.starts_with("14:"));
    said.map(|(_, text)| text.to_owned()).collect()
}

#[test]
fn page_begins_with_the_newest_unless_the_same_one_is_asked_for_again_at_once() {
    // After one page the newest lines could not be reached: each further `/history` showed older ones, although others had
    // spoken meanwhile, and the user too.
    let mut desk = member();
    let mut at = 0;
    let mut say = |desk: &mut Desk, text: &str| {
        at += 1;
        deliver(desk, &said_in_bridge(BOB, text, at), BOB, at, at - 1);
        desk.lines();
    };
    for text in [
        "one", "two", "three", "four", "five", "six", "seven", "eight",
    ] {
        say(&mut desk, text);
    }
    type_at_prompt(&mut desk, "enter #bridge");
    desk.lines();
    assert_eq!(page_of(&mut desk, "/history 2"), ["seven", "eight"]);
    say(&mut desk, "nine");
    assert_eq!(page_of(&mut desk, "/history 2"), ["eight", "nine"]);
    assert_eq!(page_of(&mut desk, "/history #bridge 2"), ["six", "seven"]);
    // Who pages in a busy room comes to the older ones.
    say(&mut desk, "ten");
    assert_eq!(page_of(&mut desk, "/history 2"), ["four", "five"]);
    assert_eq!(page_of(&mut desk, "/history 3"), ["eight", "nine", "ten"]);
    assert_eq!(
        page_of(&mut desk, "/history"),
        ["one", "two", "three", "four", "five", "six", "seven"]
    );
    // There is nothing older: the next page is the first one again.
    assert_eq!(page_of(&mut desk, "/history").len(), 10);
    for between in ["tea?", "/status", "/nonsense", "/history bob", "//x"] {
        assert_eq!(page_of(&mut desk, "/history 1"), ["ten"], "{between}");
        type_at_prompt(&mut desk, between);
        desk.lines();
    }
    assert_eq!(page_of(&mut desk, "/history 2000").len(), 10);
}
