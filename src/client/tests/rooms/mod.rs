//! Rooms, as the server's answers and a log make them.

mod attention;
mod blocking;
mod finding;
mod history;
mod joining;
mod linked;
mod listing;
mod reading;

use super::receiving::from_bob;
use super::*;
use crate::client::Ask;
use crate::protocol::{
    Access, ClientBody, Command, Count, Delivery, DeviceId, Digest, EntryId, ErrorCode, EventKind,
    Failure, History, HistoryEntry, Joined, Left, MemberRole, Moderated, Origin, ReceiptCounts,
    Resolved, Room, RoomEvent, ServerMessage, Stored,
};

const BRIDGE: ConversationId = ConversationId(60);

fn bridge() -> Room {
    Room {
        conversation: BRIDGE,
        name: "#bridge".into(),
        topic: "tea".into(),
        access: Access::Public,
        role: Some(MemberRole::Member),
        members: 3,
        history: None,
    }
}

/// Erin, a member of #bridge who stands outside of it.
fn member() -> Desk {
    member_at(0, 0)
}

fn member_at(at: u64, start: u64) -> Desk {
    member_with(with_password("erin", "secret"), at, start)
}

fn member_with(options: Options, at: u64, start: u64) -> Desk {
    let mut desk = Desk::connected(Screen::interactive(), options);
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    desk.settle_heads(vec![
        head(PAIR, "bob", 0, 0, 0),
        head(BRIDGE, "#bridge", at, 0, start),
    ]);
    desk.screen.lines();
    desk.screen.asks();
    desk
}

fn type_at_prompt(desk: &mut Desk, line: &str) {
    desk.core.settle(desk.now);
    desk.type_line(line);
}

fn deliver(desk: &mut Desk, message: &ServerMessage, author: AccountId, entry: u64, prev: u64) {
    deliver_by(desk, message, (author, None), entry, prev);
}

/// The same of somebody who may be a bot.
fn deliver_by(
    desk: &mut Desk,
    message: &ServerMessage,
    (author, bot): (AccountId, Option<bool>),
    entry: u64,
    prev: u64,
) {
    // What happens in a room names its actor itself.
    let author_name = Some(name_of(author)).filter(|_| message.room_event().is_none());
    let hop = Hop {
        recipient_data: None,
        delivery: Some(Delivery {
            conversation: message.header.entry.expect("it is one").origin.conversation,
            entry: EntryId(entry),
            prev: EntryId(prev),
            author,
            time_ms: START_MS - 60_000,
            author_name,
            peer_name: None,
            deleted: None,
            bot,
        }),
    };
    let bytes = encode(message, hop);
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
}

fn said_in_bridge(sender: AccountId, text: &str, number: u64) -> ServerMessage {
    let origin = Origin {
        conversation: BRIDGE,
        device: DeviceId(77),
        number: DeviceSeq(number),
    };
    ServerMessage::chat(origin, &text_by(sender, BRIDGE, text))
}

/// What bob said in #bridge, as it stands in the server's history.
fn old_in_bridge(entry: u64, prev: u64, text: &str) -> HistoryEntry {
    old(&said_in_bridge(BOB, text, entry), entry, prev)
}

/// A private line of bob's.
fn private_line(desk: &mut Desk, text: &str, entry: u64) {
    deliver(desk, &from_bob(text, entry), BOB, entry, entry - 1);
}

/// The server grants the JOIN that was just asked for, from this entry on.
fn let_in(desk: &mut Desk, start: u64) {
    let Some(ClientBody::Join(join)) = desk.bodies().pop() else {
        panic!("the client does not join");
    };
    desk.control(&ServerMessage::control(Joined {
        tag: join.tag,
        room: bridge(),
        last_number: DeviceSeq(0),
        start: EntryId(start),
    }));
}

fn event(kind: EventKind, actor: &str, subject: Option<&str>, text: Option<&str>) -> ServerMessage {
    let event = RoomEvent {
        kind,
        actor: actor.into(),
        subject: subject.map(str::to_owned),
        text: text.map(str::to_owned),
        role: None,
        access: None,
    };
    ServerMessage::event(BRIDGE, &event)
}

fn texts(desk: &mut Desk) -> Vec<(ConversationId, String)> {
    let sent = desk.sent();
    sent.into_iter()
        .filter_map(|(_, message)| {
            let entry = message.header.entry?;
            Some((entry.origin.conversation, message.text()?.text))
        })
        .collect()
}

fn prompts(desk: &mut Desk) -> Vec<Ask> {
    desk.core.settle(desk.now);
    desk.screen.asks()
}

/// After `/leave` the prompt still stood in the room, and the next command was taken for text and not run.
#[test]
fn prompt_waits_for_the_answer_to_leave_and_then_stands_outside() {
    let mut desk = member();
    type_at_prompt(&mut desk, "enter #bridge");
    type_at_prompt(&mut desk, "/leave");
    desk.screen.asks();
    let bodies = desk.bodies();
    let Some(ClientBody::Leave(leave)) = bodies.last() else {
        panic!("{bodies:?}");
    };
    assert!(prompts(&mut desk).is_empty());
    desk.control(&ServerMessage::control(Left {
        tag: leave.tag,
        conversation: BRIDGE,
    }));
    assert_eq!(prompts(&mut desk), [Ask::Command("erin> ".into())]);
}

/// At each sign-in the server refused to tell them, and a line said so.
#[test]
fn receipts_of_a_room_that_was_left_are_asked_for_no_longer() {
    let mut desk = member();
    type_at_prompt(&mut desk, "message #bridge tea?");
    assert_eq!(texts(&mut desk).len(), 1);
    desk.chat(Stored {
        conversation: BRIDGE,
        ..super::chat::stored(1, 2, 0, 0)
    });
    desk.settle();
    let asks = |bodies: Vec<ClientBody>| {
        let is_asked = |body: &ClientBody| matches!(body, ClientBody::ReceiptsRequest(asked) if asked.conversation == BRIDGE);
        bodies.iter().any(is_asked)
    };
    let member_again = |desk: Desk| {
        let mut desk = desk.restarted(Screen::interactive(), with_password("erin", "secret"));
        desk.control(&ServerMessage::control(session_start()));
        let bodies = desk.settle_heads(vec![head(BRIDGE, "#bridge", 2, 0, 2)]);
        (desk, bodies)
    };
    let (mut desk, bodies) = member_again(desk);
    assert!(asks(bodies));
    let left = event(EventKind::Left, "erin", None, None);
    deliver(&mut desk, &left, ERIN, 3, 2);
    desk.settle();
    let mut desk = desk.restarted(Screen::interactive(), with_password("erin", "secret"));
    desk.control(&ServerMessage::control(session_start()));
    assert!(!asks(desk.settle_heads(Vec::new())));
}

#[test]
fn lines_name_the_room_outside_of_it_only_and_count_as_unread_there() {
    let mut desk = member();
    deliver(
        &mut desk,
        &said_in_bridge(BOB, "one \u{1b}[31m", 1),
        BOB,
        2,
        0,
    );
    assert_eq!(desk.lines(), ["14:01 #bridge bob: one"]);
    type_at_prompt(&mut desk, "enter #bridge");
    let lines = desk.lines();
    assert_eq!(lines[1..], ["── unread ──", "14:01 bob: one"]);
    deliver(&mut desk, &said_in_bridge(BOB, "two", 2), BOB, 3, 2);
    assert_eq!(desk.lines(), ["14:01 bob: two"]);
    type_at_prompt(&mut desk, "/back");
    assert!(desk.lines().is_empty(), "nothing is unread");
    deliver(
        &mut desk,
        &said_in_bridge(ERIN, "from my phone", 3),
        ERIN,
        4,
        3,
    );
    assert_eq!(desk.lines(), ["14:01 #bridge (you): from my phone"]);
}

#[test]
fn room_events_are_quiet_lines() {
    let mut desk = member();
    let joined = event(EventKind::Joined, "carol", None, None);
    deliver(&mut desk, &joined, AccountId(9), 2, 0);
    let kicked = event(EventKind::Kicked, "bob", Some("carol"), Some("spam"));
    deliver(&mut desk, &kicked, BOB, 3, 2);
    let forged = event(EventKind::Topic, "erin", None, Some("mine"));
    deliver(&mut desk, &forged, BOB, 4, 3);
    let lines = desk.lines();
    assert_eq!(
        lines[..2],
        [
            "carol joined #bridge",
            "carol was kicked from #bridge by bob: spam"
        ]
    );
    assert!(lines[2].contains("cannot show"), "{lines:?}");
}

#[test]
fn kick_takes_the_user_out_and_what_they_were_typing_is_said_nowhere() {
    let mut desk = member();
    type_at_prompt(&mut desk, "enter #bridge");
    desk.lines();
    let kicked = event(EventKind::Kicked, "bob", Some("erin"), None);
    deliver(&mut desk, &kicked, BOB, 2, 0);
    assert_eq!(
        desk.lines(),
        [
            "you were kicked from #bridge by bob",
            "you are no longer in #bridge"
        ]
    );
    // The prompt still shows the room, so this is text and not the command that it looks like.
    desk.type_line("quit while I can");
    assert_eq!(
        desk.lines(),
        ["not sent: you are no longer in #bridge: \"quit while I can\""]
    );
    type_at_prompt(&mut desk, "message #bridge hello");
    assert_eq!(
        desk.lines(),
        ["you are not a member of #bridge; `/join #bridge` first"]
    );
    assert!(texts(&mut desk).is_empty());
}

#[test]
fn change_of_a_room_that_changes_nothing_or_is_not_permitted_says_so() {
    // `invite carol` a second time showed nothing at all, and a refusal said "this is not permitted" and not why.
    let mut desk = member();
    let tag = |desk: &mut Desk, line: &str| {
        type_at_prompt(desk, line);
        match desk.bodies().pop() {
            Some(ClientBody::Moderate(request)) => request.tag,
            other => panic!("{other:?}"),
        }
    };
    for (line, shown) in [
        (
            "invite carol #bridge",
            "carol is already a member of #bridge, or invited",
        ),
        ("invite erin #bridge", "you are already a member of #bridge"),
        ("topic #bridge tea", "#bridge already has this topic"),
        ("topic #bridge --clear", "#bridge has no topic"),
        ("role bob owner #bridge", "bob is already owner of #bridge"),
        ("access public #bridge", "#bridge is already public"),
    ] {
        for changed in [false, true] {
            let done = Moderated {
                tag: tag(&mut desk, line),
                conversation: BRIDGE,
                changed,
            };
            desk.control(&ServerMessage::control(done));
            let expected = if changed { vec![] } else { vec![shown] };
            assert_eq!(desk.lines(), expected);
        }
    }
    for (line, shown) in [
        (
            "kick bob #bridge",
            "you may not kick bob: moderators kick members, and owners anybody",
        ),
        ("kick erin #bridge", "`/leave #bridge` takes you out of it"),
        (
            "topic #bridge tea",
            "only moderators and owners set the topic of #bridge",
        ),
    ] {
        let failure = Failure {
            tag: Some(tag(&mut desk, line)),
            ..Failure::new(ErrorCode::NotPermitted, "")
        };
        desk.control(&ServerMessage::error(Command::Moderate, failure));
        assert_eq!(desk.lines(), [shown]);
    }
}

#[test]
fn room_of_which_the_server_says_nothing_is_not_the_users_any_more() {
    let mut desk = member();
    type_at_prompt(&mut desk, "enter #bridge");
    desk.core.link_lost(desk.now, "reset", None);
    desk.core.link_up(desk.now, KEY, HASH);
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    desk.screen.lines();
    desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    let lines = desk.screen.lines();
    assert!(
        lines.contains(
            &"you are no longer a member of #bridge; its history on this device stays".to_owned()
        ),
        "{lines:?}"
    );
}

#[test]
fn reader_who_comes_late_is_told_that_something_has_expired() {
    let mut desk = member();
    deliver(&mut desk, &said_in_bridge(BOB, "one", 1), BOB, 2, 0);
    desk.core.settle(desk.now);
    desk.core.link_lost(desk.now, "reset", None);
    desk.core.link_up(desk.now, KEY, HASH);
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    desk.screen.lines();
    let late = Head {
        floor: EntryId(8),
        expired: true,
        ..head(BRIDGE, "#bridge", 8, 0, 8)
    };
    desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0), late]);
    let lines = desk.screen.lines();
    assert!(
        lines.contains(&"#bridge: some messages expired while you were away".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn receipts_of_a_room_name_the_few_and_count_the_many() {
    let mut desk = member();
    type_at_prompt(&mut desk, "message #bridge hello");
    texts(&mut desk);
    desk.chat(Stored {
        conversation: BRIDGE,
        number: DeviceSeq(1),
        entry: EntryId(2),
        prev: EntryId(0),
        time_ms: START_MS,
        recipients: 400,
        online: 120,
        last_seen_ms: None,
        away: None,
    });
    assert_eq!(desk.lines(), ["● stored for 280 offline users"]);
    desk.chat(ReceiptCounts {
        conversation: BRIDGE,
        members: 400,
        steps: vec![Count {
            entry: EntryId(2),
            members: 120,
        }],
    });
    assert_eq!(desk.lines(), ["✓ received by 120 of 400"]);
}
