//! Coming to stand in a room, or before a user.

use super::*;

#[test]
fn prompt_waits_for_the_answer_to_join_and_then_stands_in_the_room() {
    let mut desk = Desk::signed_in(Screen::interactive());
    type_at_prompt(&mut desk, "join #Bridge");
    desk.screen.asks();
    let bodies = desk.bodies();
    let Some(ClientBody::Join(join)) = bodies.last() else {
        panic!("{bodies:?}");
    };
    assert_eq!(join.name, "#bridge");
    assert!(prompts(&mut desk).is_empty());
    desk.control(&ServerMessage::control(Joined {
        tag: join.tag,
        room: bridge(),
        last_number: DeviceSeq(0),
        start: EntryId(4),
    }));
    assert_eq!(desk.lines()[0], "#bridge: 3 members  tea");
    assert_eq!(desk.screen.asks(), [inside("#bridge")]);
    assert!(desk.screen.names().rooms.contains(&"#bridge".to_owned()));

    type_at_prompt(&mut desk, "hello there");
    assert_eq!(texts(&mut desk), [(BRIDGE, "hello there".to_owned())]);
    type_at_prompt(&mut desk, "//x");
    assert_eq!(texts(&mut desk), [(BRIDGE, "/x".to_owned())]);
    type_at_prompt(&mut desk, "/message bob hi");
    assert_eq!(texts(&mut desk), [(PAIR, "hi".to_owned())]);
    type_at_prompt(&mut desk, "/back");
    assert_eq!(
        prompts(&mut desk).pop(),
        Some(Ask::Command("erin> ".into()))
    );
}

#[test]
fn join_is_told_once_and_how_to_speak_inside_is_told_at_the_first_time_only() {
    // After `join` came "#bridge: 3 members", then the hint, and then "you joined #bridge"; the hint at every step.
    let mut desk = Desk::signed_in(Screen::interactive());
    type_at_prompt(&mut desk, "join #bridge");
    desk.lines();
    let_in(&mut desk, 4);
    let joined = event(EventKind::Joined, "erin", None, None);
    deliver(&mut desk, &joined, ERIN, 5, 4);
    assert_eq!(
        desk.lines(),
        [
            "#bridge: 3 members  tea",
            "in #bridge: what you type goes here; commands need a slash; `/back` returns",
        ]
    );
    type_at_prompt(&mut desk, "/back");
    type_at_prompt(&mut desk, "enter #bridge");
    assert_eq!(desk.lines(), ["in #bridge"]);

    // Left here, and joined again on another device: that is news.
    deliver(
        &mut desk,
        &event(EventKind::Left, "erin", None, None),
        ERIN,
        6,
        5,
    );
    assert_eq!(desk.lines(), ["you left #bridge"]);
    deliver(&mut desk, &joined, ERIN, 7, 6);
    assert_eq!(desk.lines(), ["you joined #bridge"]);
}

#[test]
fn page_that_another_takes_the_place_of_ends_with_a_line() {
    let mut desk = Desk::signed_in(Screen::interactive());
    for text in ["history zoe", "history zoe", "history yves"] {
        type_at_prompt(&mut desk, text);
    }
    let lines = desk.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("no messages with zoe on this device"));
}

#[test]
fn nobody_stands_before_a_user_who_does_not_exist() {
    // `enter nobody` was taken, and then every line, commands without a slash too, was refused.
    let mut desk = Desk::signed_in(Screen::interactive());
    type_at_prompt(&mut desk, "enter nobody");
    desk.screen.asks();
    let Some(ClientBody::Resolve(resolve)) = desk.bodies().pop() else {
        panic!("the name is looked up");
    };
    assert!(prompts(&mut desk).is_empty(), "the answer is waited for");
    let failure = Failure {
        tag: Some(resolve.tag),
        ..Failure::new(ErrorCode::NoSuchUser, "")
    };
    desk.control(&ServerMessage::error(Command::Resolve, failure));
    assert_eq!(desk.lines(), ["there is no user \"nobody\" here"]);
    assert_eq!(desk.screen.asks(), [Ask::Command("erin> ".into())]);

    type_at_prompt(&mut desk, "enter Dave");
    desk.screen.asks();
    let Some(ClientBody::Resolve(resolve)) = desk.bodies().pop() else {
        panic!("the name is looked up");
    };
    desk.control(&ServerMessage::control(Resolved {
        account: AccountId(9),
        tag: resolve.tag,
        conversation: ConversationId(61),
        name: "dave".into(),
        last_number: DeviceSeq(0),
        start: EntryId::START,
    }));
    assert_eq!(prompts(&mut desk), [inside("dave")]);

    type_at_prompt(&mut desk, "/enter zoe");
    desk.core.link_lost(desk.now, "reset", None);
    assert_eq!(
        prompts(&mut desk),
        [inside("zoe offline")].map(|ask| match ask {
            Ask::Inside { prompt, .. } => Ask::Inside {
                prompt,
                place: "zoe".into()
            },
            other => other,
        }),
        "without a link it waits, like what is typed"
    );
}

#[test]
fn room_typed_to_without_a_link_is_joined_when_it_is_back_and_a_refusal_is_said() {
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.core.link_lost(desk.now, "reset", None);
    type_at_prompt(&mut desk, "join #ops");
    type_at_prompt(&mut desk, "anybody?");
    desk.lines();
    desk.core.link_up(desk.now, KEY, HASH);
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    let sent = desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    let tags: Vec<u32> = sent
        .iter()
        .filter_map(|body| match body {
            ClientBody::Join(join) => Some(join.tag),
            _ => None,
        })
        .collect();
    assert_eq!(tags.len(), 1, "{sent:?}");
    desk.screen.lines();
    let failure = Failure {
        tag: Some(tags[0]),
        ..Failure::new(ErrorCode::NotInvited, "")
    };
    desk.control(&ServerMessage::error(Command::Join, failure));
    assert_eq!(
        desk.lines(),
        [
            "#ops is private; you need an invitation",
            "not sent: #ops is private; you need an invitation: \"anybody?\""
        ]
    );
    assert!(desk.bodies().is_empty());
}

#[test]
fn old_answer_to_join_makes_no_copy_of_this_device() {
    // It was made before the numbers 1 and 2 were taken, and came after. The device then stood at number 0, and the next
    // session took its state for a copy.
    let mut desk = member();
    for number in [1, 2] {
        type_at_prompt(&mut desk, "message #bridge tea?");
        assert_eq!(numbers(&mut desk), [number]);
        desk.chat(Stored {
            conversation: BRIDGE,
            number: DeviceSeq(number),
            entry: EntryId(number),
            prev: EntryId(number - 1),
            time_ms: START_MS,
            recipients: 2,
            online: 2,
            last_seen_ms: None,
            away: None,
        });
    }
    let left = event(EventKind::Left, "erin", None, None);
    deliver(&mut desk, &left, ERIN, 3, 2);
    type_at_prompt(&mut desk, "join #bridge");
    let_in(&mut desk, 9);
    desk.sent();
    let mut desk = desk.killed_and_back();
    desk.settle_heads(vec![head(BRIDGE, "#bridge", 9, 2, 9)]);
    let lines = desk.lines();
    assert!(
        !lines.iter().any(|line| line.starts_with("signed out")),
        "{lines:?}"
    );
}

/// The numbers of the texts that are sent.
fn numbers(desk: &mut Desk) -> Vec<u64> {
    let sent = desk.sent();
    let entries = sent
        .into_iter()
        .filter_map(|(_, message)| message.header.entry);
    entries.map(|entry| entry.origin.number.0).collect()
}
