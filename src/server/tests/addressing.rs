//! Whom a message is for, and what somebody learns of conversations that are not theirs: nothing.

use super::*;
use crate::protocol::{
    Access, BODY_MAX_BYTES, Bytes, Change, ClientBody, ClientMessage, DeviceId, EntryBody,
    EntryHeader, EntryId, EntryKind, EventKind, Failure, Feature, HistoryRequest, Leave,
    MembersRequest, Moderate, ServerBody, Software, TEXT_MAX_BYTES, Void,
};
use crate::server::limits::Limit;

/// What comes of a message: that it is stored, or why not.
fn outcome_of(bench: &mut Bench, link: Link, message: &ClientMessage) -> Result<(), ErrorCode> {
    let origin = message.header.entry.expect("it is an entry").origin;
    bench.say(link, Channel::Chat, message);
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
    panic!("no answer: {heard:?}")
}

#[test]
fn body_is_stored_and_delivered_as_it_is_and_never_read() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.pair(alice, "bob");
    let (alices, bobs) = (bench.signed_in("alice", alice), bench.signed_in("bob", bob));
    let origin = |number| Origin {
        conversation: pair,
        device: alice.1,
        number: DeviceSeq(number),
    };
    // Not MessagePack, nested deeply, empty, by another author, for another conversation, as long as may be.
    let others = text("I am carol", origin(0)).body;
    let ClientBody::Entry(others) = others else {
        panic!("{others:?}");
    };
    let bodies = [
        vec![0xc1; 40],
        vec![0x91; 5_000],
        Vec::new(),
        others.0.into_vec(),
        vec![0xff; BODY_MAX_BYTES],
    ];
    for (number, body) in (1..).zip(bodies) {
        let mut message = text("tea?", origin(number));
        let body = EntryBody(body.into());
        message.body = body.clone().into();
        assert_eq!(outcome_of(&mut bench, alices, &message), Ok(()));
        assert!(bench.heard(bobs).contains(&ServerBody::Entry(body)));
    }
}

#[test]
fn entry_of_a_kind_that_the_server_does_not_know_is_refused_by_name_and_its_number_can_be_used_up()
{
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.user("bob");
    let conversation = bench.pair(alice, "bob");
    let link = bench.signed_in("alice", alice);
    let origin = |number| Origin {
        conversation,
        device: alice.1,
        number: DeviceSeq(number),
    };
    assert_eq!(
        outcome_of(&mut bench, link, &text("tea?", origin(1))),
        Ok(())
    );
    let changed = |change: fn(&mut EntryHeader)| {
        let mut message = text("tea?", origin(2));
        change(message.header.entry.as_mut().expect("it is an entry"));
        message
    };
    for (message, code) in [
        (
            changed(|entry| entry.kind = EntryKind::Other(99)),
            ErrorCode::Unsupported,
        ),
        (
            changed(|entry| entry.kind = EntryKind::Event),
            ErrorCode::NotPermitted,
        ),
        (
            changed(|entry| entry.refers_to = Some(EntryId(99))),
            ErrorCode::BadReference,
        ),
        (
            changed(|entry| entry.root = Some(Bytes([1; 32]))),
            ErrorCode::Malformed,
        ),
        (
            changed(|entry| entry.origin.device = DeviceId::SERVER),
            ErrorCode::NotPermitted,
        ),
    ] {
        assert_eq!(outcome_of(&mut bench, link, &message), Err(code));
    }
    let number = DeviceSeq(2);
    let void = ClientMessage::control(Void {
        conversation,
        number,
    });
    bench.say(link, Channel::Chat, &void);
    bench.pass(200);
    assert!(
        matches!(&bench.heard(link)[..], [ServerBody::Voided(voided)] if voided.number == number)
    );
    assert_eq!(
        outcome_of(&mut bench, link, &text("two", origin(3))),
        Ok(())
    );
}

/// Everything that names a conversation, for this one.
fn about(
    conversation: ConversationId,
    device: DeviceId,
) -> Vec<(&'static str, Channel, ClientMessage)> {
    let origin = |number| Origin {
        conversation,
        device,
        number: DeviceSeq(number),
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
        ("send", Channel::Chat, text("tea?", origin(1))),
        ("send, number 7", Channel::Chat, text("tea?", origin(7))),
        (
            "void",
            Channel::Chat,
            ClientMessage::control(Void {
                conversation,
                number: DeviceSeq(1),
            }),
        ),
        (
            "void, number 7",
            Channel::Chat,
            ClientMessage::control(Void {
                conversation,
                number: DeviceSeq(7),
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
fn command_of_a_newer_client_is_refused_by_name_and_the_session_goes_on() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let link = bench.signed_in("alice", alice);
    for (command, message_type) in [(200_u8, 3_u8), (11, 200), (6, 35)] {
        let content = crate::protocol::to_bytes(&((command, message_type), ("anything", 1_u8)));
        let bytes = Envelope {
            hop: Hop::default(),
            digest: Digest::of(&content),
            content: &content,
        }
        .encode();
        let now = bench.now.instant;
        let sent = bench
            .client
            .send(now, link.client, Channel::Control, &bytes);
        sent.expect("there is room");
        bench.pass(50);
        assert!(
            matches!(&bench.heard(link)[..], [ServerBody::Failure(failure)] if failure.code == ErrorCode::Unsupported)
        );
    }
    bench.say(link, Channel::Control, &contacts());
    bench.pass(50);
    assert!(matches!(
        bench.heard(link)[..],
        [ServerBody::ListContacts(_)]
    ));
}

#[test]
fn greeting_says_what_the_server_is_and_takes() {
    let mut bench = Bench::new();
    bench.hub.core.config.limits.messages.rate = Limit::of(7);
    bench.hub.core.config.limits.bytes.rate = Limit::NONE;
    let alice = bench.user("alice");
    let link = bench.connect();
    bench.sign_in_on(link, "alice", alice);
    let hello = Hello {
        software: Some(Software {
            version: "9.9.9 \u{1b}[31m".into(),
            features: vec![Feature::Other(200)],
        }),
        ..hello()
    };
    bench.say(link, Channel::Control, &ClientMessage::control(hello));
    bench.pass(50);
    let heard = bench.heard(link);
    let greeting = heard.iter().find_map(|body| match body {
        ServerBody::Greeting(greeting) => Some(greeting),
        _ => None,
    });
    let greeting = greeting.expect("who has said HELLO is greeted");
    let software = greeting.software.as_ref().expect("it says what it is");
    assert_eq!(software.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(software.features, [Feature::RoomCreation]);
    let limits = greeting.limits.expect("it says what it takes");
    assert_eq!(limits.text_bytes, TEXT_MAX_BYTES as u64);
    assert_eq!(limits.messages_per_second, Some(7));
    assert_eq!(limits.bytes_per_second, None);
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
