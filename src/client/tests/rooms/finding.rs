//! Finding what was said, and fetching what this device does not hold.

use super::*;

fn said(desk: &mut Desk, author: AccountId, text: &str, entry: u64) {
    let message = said_in_bridge(author, text, entry);
    deliver(desk, &message, author, entry, entry - 1);
}

fn found(desk: &mut Desk, typed: &str) -> Vec<String> {
    desk.lines();
    type_at_prompt(desk, typed);
    desk.lines()
}

#[test]
fn words_are_found_by_their_beginnings_and_filters() {
    let mut desk = member();
    for (entry, text) in (1..).zip(["Café at four?", "a cafeteria", "decaf", "東京タワーで"])
    {
        said(&mut desk, BOB, text, entry);
    }
    said(&mut desk, AccountId(9), "CAFE it is", 5);
    assert_eq!(
        found(&mut desk, "search cafe"),
        [
            "14:01 #bridge bob: Café at four?",
            "14:01 #bridge bob: a cafeteria",
            "14:01 #bridge carol: CAFE it is",
            "3 found"
        ]
    );
    for (typed, shown) in [
        ("search four caf", "14:01 #bridge bob: Café at four?"),
        ("search タワ", "14:01 #bridge bob: 東京タワーで"),
        ("search from:Carol", "14:01 #bridge carol: CAFE it is"),
        (
            "search decaf in:#Bridge before:14:02",
            "14:01 #bridge bob: decaf",
        ),
    ] {
        assert_eq!(found(&mut desk, typed), [shown, "1 found"], "{typed}");
    }
    for typed in [
        "search café in:bob",
        "search caf after:14:02",
        "search afe",
        "search from:nobody",
    ] {
        let lines = found(&mut desk, typed);
        assert_eq!(lines, ["nothing found on this device"], "{typed}");
    }
    assert_eq!(
        found(&mut desk, "search cafe in:#deck"),
        ["no messages with #deck"]
    );
    let lines = found(&mut desk, "search before:soon");
    assert!(lines[0].starts_with("before: a time is 14:02"), "{lines:?}");
    assert_eq!(
        found(&mut desk, "search ..."),
        ["the text has nothing visible in it"]
    );
}

/// The server is asked for what stands before an entry, and gives these.
fn answer(desk: &mut Desk, before: u64, entries: Vec<HistoryEntry>) {
    let bodies = desk.bodies();
    let [.., ClientBody::HistoryRequest(request)] = &bodies[..] else {
        panic!("{bodies:?}");
    };
    assert_eq!(request.before, EntryId(before));
    let answer = ServerMessage::control(History {
        tag: request.tag,
        conversation: BRIDGE,
        entries,
        more: false,
    });
    let bytes = encode(&answer, Hop::default());
    desk.core.handle_message(desk.now, Channel::Bulk, &bytes);
}

/// The first search of a new account said that not all of everyone's messages were on the device.
#[test]
fn what_was_said_before_the_user_was_there_is_not_missing() {
    let mut desk = Desk::connected(Screen::interactive(), with_password("erin", "secret"));
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    let begins = |reads_after| Head {
        reads_after: Some(EntryId(reads_after)),
        ..head(BRIDGE, "#bridge", 9, 0, 9)
    };
    desk.settle_heads(vec![begins(9)]);
    said(&mut desk, BOB, "tea at ten", 10);
    let here = ["14:01 #bridge bob: tea at ten", "1 found"];
    assert_eq!(found(&mut desk, "search tea"), here);
    let mut desk = desk.killed_and_back();
    // Joined again where newcomers read more.
    let wide = Head {
        head: EntryId(10),
        start: EntryId(10),
        ..begins(4)
    };
    desk.settle_heads(vec![wide]);
    assert_eq!(found(&mut desk, "search tea").len(), 3);
}

#[test]
fn what_is_not_here_is_said_and_fetched() {
    let mut desk = member_at(9, 9);
    said(&mut desk, BOB, "tea at ten", 10);
    assert_eq!(
        found(&mut desk, "search tea"),
        [
            "14:01 #bridge bob: tea at ten",
            "1 found",
            "not all of #bridge is on this device; `/fetch #bridge` gets the rest"
        ]
    );
    // What is missing is older than what is looked for.
    assert_eq!(found(&mut desk, "search tea after:14:02").len(), 1);
    type_at_prompt(&mut desk, "fetch #bridge");
    answer(
        &mut desk,
        10,
        vec![
            old_in_bridge(4, 2, "tea at four"),
            old_in_bridge(9, 4, "nine"),
        ],
    );
    answer(&mut desk, 4, vec![]);
    assert_eq!(
        desk.lines(),
        [
            "fetching what is missing of #bridge",
            "#bridge: 2 fetched; all of it is on this device now"
        ]
    );
    assert_eq!(
        found(&mut desk, "search tea"),
        [
            "14:00 #bridge bob: tea at four",
            "14:01 #bridge bob: tea at ten",
            "2 found",
        ]
    );
    assert_eq!(
        found(&mut desk, "fetch #bridge"),
        ["all of #bridge is on this device"]
    );
    // It is known in the next run, too.
    let mut desk = desk.killed_and_back();
    desk.settle_heads(vec![head(BRIDGE, "#bridge", 10, 0, 10)]);
    assert_eq!(found(&mut desk, "search tea").len(), 3);
}

#[test]
fn fetching_that_is_cut_off_goes_on_where_it_was() {
    let mut desk = member_at(9, 9);
    type_at_prompt(&mut desk, "fetch all");
    answer(
        &mut desk,
        u64::MAX,
        vec![old_in_bridge(8, 7, "eight"), old_in_bridge(9, 8, "nine")],
    );
    desk.core.link_lost(desk.now, "reset", None);
    let lines = desk.lines();
    let told = "#bridge: 2 fetched; the server does not answer now, `/fetch` again goes on";
    assert!(lines.iter().any(|line| line == told), "{lines:?}");
}

#[test]
fn conversation_is_exported_as_text_or_json_lines() {
    let mut desk = member();
    said(&mut desk, BOB, "tea?\n14:00 erin: \u{1b}[1mno", 1);
    assert_eq!(
        found(&mut desk, "export #bridge out.txt"),
        ["1 entries of #bridge are in out.txt"]
    );
    assert_eq!(
        desk.files.written(),
        "2026-03-17 14:01:00 bob: tea?\n    14:00 erin: no\n"
    );
    found(&mut desk, "enter #bridge");
    found(&mut desk, "/export out.jsonl");
    assert_eq!(
        desk.files.written(),
        "{\"conversation\":\"#bridge\",\"entry\":1,\"time\":\"2026-03-17T14:01:00.000Z\",\"author\":\"bob\",\
         \"kind\":\"text\",\"text\":\"tea?\\n14:00 erin: \\u001b[1mno\"}\n"
    );
    assert_eq!(
        found(&mut desk, "/export taken.txt"),
        ["taken.txt is there already; name another file"]
    );
}

#[test]
fn restricted_client_touches_no_files() {
    let options = Options {
        is_restricted: true,
        ..with_password("erin", "secret")
    };
    let mut desk = Desk::connected(Screen::interactive(), options);
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    desk.settle_heads(vec![head(BRIDGE, "#bridge", 0, 0, 0)]);
    assert_eq!(
        found(&mut desk, "export #bridge out.txt"),
        [
            "`/export` is not available here: it needs files or programs, and this client is restricted"
        ]
    );
    assert_eq!(desk.files.written(), "");
}

#[test]
fn links_are_listed_newest_first() {
    let mut desk = member();
    said(&mut desk, BOB, "see https://example.org/one.", 1);
    said(&mut desk, BOB, "tea", 2);
    said(&mut desk, BOB, "and http://example.org/two", 3);
    assert_eq!(
        found(&mut desk, "links"),
        [
            "14:01 #bridge  http://example.org/two",
            "14:01 #bridge  https://example.org/one"
        ]
    );
    assert_eq!(found(&mut desk, "links bob"), ["no links on this device"]);
}

#[test]
fn fetching_says_that_it_does_and_now_and_then_how_far_it_is() {
    // On a slow link nothing was shown for half a minute.
    let mut desk = member_at(900, 900);
    assert_eq!(
        found(&mut desk, "fetch #bridge"),
        ["fetching what is missing of #bridge"]
    );
    let mut before = u64::MAX;
    let mut told = Vec::new();
    for step in 0..8 {
        let last = 900 - 100 * step;
        desk.wait(Duration::from_secs(3));
        let given = [last - 1, last].map(|entry| old_in_bridge(entry, entry - 1, "old"));
        answer(&mut desk, before, given.to_vec());
        before = last - 1;
        told.extend(desk.lines());
    }
    let steps = ["#bridge: 4 fetched so far", "#bridge: 8 fetched so far"];
    assert_eq!(told[..2], steps, "{told:?}");
}
