//! Whom a message is for, and what somebody learns of conversations that are not theirs: nothing.

use super::*;
use crate::protocol::{
    Access, Change, ClientMessage, EventKind, Failure, HistoryRequest, Leave, MembersRequest,
    Moderate, ServerBody, Void,
};

/// What comes of a message with this receiver: that it is stored, or why not.
fn outcome_of(
    bench: &mut Bench,
    link: Link,
    receiver: &str,
    origin: Origin,
) -> Result<(), ErrorCode> {
    bench.say(
        link,
        Channel::Chat,
        &text("alice", receiver, "tea?", origin),
    );
    bench.pass(200);
    let heard = bench.heard(link);
    for body in &heard {
        match body {
            ServerBody::Stored(stored) if stored.number == origin.number => return Ok(()),
            ServerBody::Failure(failure) if failure.number == Some(origin.number) => {
                assert_eq!(failure.conversation, Some(origin.conversation));
                return Err(failure.code);
            }
            _ => {}
        }
    }
    panic!("no answer to {receiver:?}: {heard:?}")
}

#[test]
fn message_is_stored_only_if_its_receiver_is_the_one_of_its_conversation() {
    // The server stored any receiver in a pair or a room: another user's name, escape sequences, 30,000 bytes.
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    bench.user("carol");
    let pair = bench.pair(alice, "bob");
    let bridge = bench.join_room(alice, "#bridge", Access::Public);
    let (alices, bobs) = (bench.signed_in("alice", alice), bench.signed_in("bob", bob));
    let long = "b".repeat(30_000);
    for (conversation, fitting) in [(pair, "bob"), (bridge, "#bridge")] {
        let origin = |number| Origin {
            conversation,
            device: alice.1,
            number: Number(number),
        };
        for wrong in [
            "carol",
            "alice",
            "",
            "Bob",
            "bob ",
            "#Bridge",
            "#bridge2",
            "\u{1b}[2J\u{1b}]0;owned\u{7}bob",
            &long,
        ] {
            let answer = outcome_of(&mut bench, alices, wrong, origin(1));
            assert_eq!(answer, Err(ErrorCode::NotPermitted), "{wrong:.40?}");
        }
        // Both ways round: the pair's and the room's receivers are not each other's.
        for (number, receiver) in [(1, fitting), (2, fitting)] {
            let answer = outcome_of(&mut bench, alices, receiver, origin(number));
            assert_eq!(answer, Ok(()), "{receiver}");
        }
        let other = if fitting == "bob" { "#bridge" } else { "bob" };
        let answer = outcome_of(&mut bench, alices, other, origin(3));
        assert_eq!(answer, Err(ErrorCode::NotPermitted));
    }
    let heard = bench.heard(bobs);
    let mut receivers = heard.iter().filter_map(|body| match body {
        ServerBody::Text(text) => Some(&*text.receiver),
        _ => None,
    });
    assert!(receivers.all(|receiver| receiver == "bob"), "{heard:?}");
}

#[test]
fn message_that_stands_is_called_stored_again_whatever_its_receiver_is() {
    // What is durable is not refused when it is repeated, even with a receiver that does not fit.
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.user("bob");
    let conversation = bench.pair(alice, "bob");
    let origin = Origin {
        conversation,
        device: alice.1,
        number: Number(1),
    };
    let (content, digest) = seal(&text("alice", "bobby", "tea?", origin));
    bench.done(Request::Append(Append {
        conversation,
        author: alice.0,
        device: alice.1,
        number: Number(1),
        digest,
        content,
        time_ms: 1,
        receiver: None,
        quota: Quota::default(),
    }));
    let link = bench.signed_in("alice", alice);
    assert_eq!(outcome_of(&mut bench, link, "bobby", origin), Ok(()));
}

/// Everything that names a conversation, for this one.
fn about(
    conversation: ConversationId,
    device: DeviceId,
) -> Vec<(&'static str, Channel, ClientMessage)> {
    let origin = |number| Origin {
        conversation,
        device,
        number: Number(number),
    };
    let change = |kind| Change {
        kind,
        subject: Some("bob".into()),
        text: Some("charts".into()),
        role: None,
        access: Some(Access::Public),
    };
    let moderate = |kind| {
        ClientMessage::control(Moderate {
            tag: 4,
            conversation,
            change: change(kind),
        })
    };
    let (entry, after) = (EntryId(1), EntryId(0));
    vec![
        ("send", Channel::Chat, text("eve", "bob", "tea?", origin(1))),
        (
            "send, to a room",
            Channel::Chat,
            text("eve", "#cabin", "tea?", origin(1)),
        ),
        (
            "send, number 7",
            Channel::Chat,
            text("eve", "bob", "tea?", origin(7)),
        ),
        (
            "void",
            Channel::Chat,
            ClientMessage::control(Void {
                conversation,
                number: Number(1),
            }),
        ),
        (
            "void, number 7",
            Channel::Chat,
            ClientMessage::control(Void {
                conversation,
                number: Number(7),
            }),
        ),
        (
            "receipts",
            Channel::Chat,
            ClientMessage::control(ReceiptsRequest { conversation }),
        ),
        (
            "received",
            Channel::Chat,
            ClientMessage::control(Received {
                conversation,
                entry,
            }),
        ),
        (
            "deliver again",
            Channel::Chat,
            ClientMessage::control(DeliverAgain {
                conversation,
                after,
            }),
        ),
        (
            "history",
            Channel::Bulk,
            ClientMessage::control(HistoryRequest {
                tag: 1,
                conversation,
                before: EntryId(u64::MAX),
                limit: 10,
            }),
        ),
        (
            "leave",
            Channel::Control,
            ClientMessage::control(Leave {
                tag: 2,
                conversation,
            }),
        ),
        (
            "members",
            Channel::Control,
            ClientMessage::control(MembersRequest {
                tag: 3,
                conversation,
            }),
        ),
        ("topic", Channel::Control, moderate(EventKind::Topic)),
        ("kick", Channel::Control, moderate(EventKind::Kicked)),
        ("invite", Channel::Control, moderate(EventKind::Invited)),
        ("access", Channel::Control, moderate(EventKind::Access)),
    ]
}

/// What a stranger is answered, with the id that they asked about taken out.
fn answers(
    bench: &mut Bench,
    link: Link,
    message: &ClientMessage,
    channel: Channel,
) -> Vec<ServerBody> {
    bench.say(link, channel, message);
    bench.pass(1_500);
    let mut heard = bench.heard(link);
    for body in &mut heard {
        match body {
            ServerBody::Failure(Failure { conversation, .. }) => *conversation = None,
            ServerBody::Left(left) => left.conversation = ConversationId(0),
            _ => {}
        }
    }
    heard
}

#[test]
fn strangers_are_answered_alike_whether_a_conversation_exists_or_not() {
    // NO_SUCH_CONVERSATION and NOT_PERMITTED told which ids exist, and LEAVE told pairs from rooms.
    let mut bench = Bench::new();
    let (alice, eve) = (bench.user("alice"), bench.user("eve"));
    bench.user("bob");
    let pair = bench.pair(alice, "bob");
    let private = bench.join_room(alice, "#cabin", Access::Private);
    let public = bench.join_room(alice, "#bridge", Access::Public);
    let link = bench.signed_in("eve", eve);
    let device = eve.1;
    let requests = about(ConversationId(5_000), device);
    for (index, (what, channel, message)) in requests.into_iter().enumerate() {
        let nowhere = answers(&mut bench, link, &message, channel);
        assert!(nowhere.len() <= 1, "{what}: {nowhere:?}");
        for conversation in [pair, private, public] {
            let (_, _, message) = about(conversation, device).swap_remove(index);
            let heard = answers(&mut bench, link, &message, channel);
            assert_eq!(heard, nowhere, "{what} of {conversation:?}");
        }
    }
}
