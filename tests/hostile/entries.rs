//! What a hostile client can do with what it puts into a log: the server reads a header only, and each reader must see
//! through the rest.

use serde::Serialize;
use serde_bytes::ByteBuf;
use udpchat::protocol::{
    AccountId, Bytes, ClientMessage, ConversationId, Digest, EntryBody, EntryId, EntryKind,
    Envelope, ErrorCode, HistoryRequest, Hop, ServerBody, Text, to_bytes,
};
use udpchat::transport::Channel;

use crate::kit::{PATIENCE, Pass, Peer, address, mallory_with_bob};
use crate::support::{Person, Workspace};

/// Sends this as the content of a message, with the digest that fits, and says whether it was stored or why not.
fn outcome_of(peer: &mut Peer, content: &[u8]) -> Result<(), ErrorCode> {
    let envelope = Envelope {
        hop: Hop::default(),
        content,
        digest: Digest::of(content),
    };
    peer.send_bytes(Channel::Chat, &envelope.encode())
        .expect("there is room");
    answer_to(peer)
}

/// The same of a message.
fn outcome(peer: &mut Peer, message: &ClientMessage) -> Result<(), ErrorCode> {
    peer.send(Channel::Chat, message).expect("there is room");
    answer_to(peer)
}

fn answer_to(peer: &mut Peer) -> Result<(), ErrorCode> {
    let answer = peer.next(PATIENCE, |message| match &message.body {
        ServerBody::Stored(_) => Some(Ok(())),
        ServerBody::Failure(failure) => Some(Err(failure.code)),
        _ => None,
    });
    answer.expect("it is answered")
}

/// The content of a text with this body, and with these fields in place of the entry's header.
fn content(entry: impl Serialize, body: impl Serialize) -> Vec<u8> {
    to_bytes(&((9_u8, 32_u8, entry), body))
}

fn text(pass: &Pass, conversation: ConversationId, text: &str) -> Text {
    Text {
        sender: pass.account,
        receiver: conversation,
        salt: Bytes([7; 16]),
        text: text.into(),
    }
}

#[test]
fn body_that_lies_or_is_nothing_is_shown_as_nothing_that_anybody_said() {
    let workspace = Workspace::new(&["bob"]);
    let server = workspace.serve();
    let mut bob = Person::signed_in("bob", &server, &[]);
    let (mut mallory, pass, pair) = mallory_with_bob(server.address);
    let bob_says = |account, conversation| Text {
        sender: AccountId(account),
        receiver: conversation,
        ..text(&pass, conversation, "I sign the contract")
    };
    let bodies = [
        // The first word of the pair, and not even MessagePack.
        EntryBody(vec![0xc1; 40].into()),
        EntryBody::of(&bob_says(1, pair)),
        EntryBody::of(&bob_says(pass.account.0 + 1, pair)),
        EntryBody::of(&bob_says(pass.account.0, ConversationId::EVERYONE)),
        EntryBody::of(&("mallory", "bob", "I sign the contract")),
        EntryBody(vec![0x91; 17_000].into()),
        EntryBody(vec![0xdf, 0xff, 0xff, 0xff, 0xff].into()),
        EntryBody(Vec::new().into()),
    ];
    let mut number = 0;
    for body in bodies {
        number += 1;
        let mut line = Peer::line(&pass, pair, number, "");
        line.body = body.into();
        mallory.say(&line).expect("the server reads no bodies");
        let screen = bob.sees("a message that this version cannot show");
        assert!(!screen.contains("I sign"), "{screen:?}");
    }
    let line = Peer::line(&pass, pair, number + 1, "tea?");
    mallory.say(&line).expect("it is stored");
    bob.sees("mallory: tea?");
}

#[test]
fn header_that_is_none_is_refused_and_costs_nobody_anything() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let (mut bob, _) = Peer::enter(server.address, address(4), "bob", 2);
    let (mut mallory, pass, pair) = mallory_with_bob(server.address);
    let body = || ByteBuf::from(to_bytes(&text(&pass, pair, "tea?")));
    let origin = (pair, pass.device, 1_u8);
    let nested = [&[0x92][..], &vec![0x91; 30_000][..], &[0xc0, 0xc0][..]].concat();
    for (what, content, code) in [
        ("no MessagePack", vec![0xc1; 50], ErrorCode::Malformed),
        ("nested", nested, ErrorCode::Malformed),
        (
            "no number",
            content((1_u8, (pair, pass.device)), body()),
            ErrorCode::Malformed,
        ),
        (
            "a word for the kind",
            content(("text", origin), body()),
            ErrorCode::Malformed,
        ),
        (
            "a root of 31 bytes",
            content((1_u8, origin, (), ByteBuf::from([1; 31])), body()),
            ErrorCode::Malformed,
        ),
        (
            "a key of 15 bytes",
            content((1_u8, origin, (), (), ByteBuf::from([1; 15])), body()),
            ErrorCode::Malformed,
        ),
        (
            "a body in the clear",
            content((1_u8, origin), text(&pass, pair, "tea?")),
            ErrorCode::Malformed,
        ),
        (
            "no entry's header",
            content((), body()),
            ErrorCode::Unsupported,
        ),
        (
            "another device",
            content((1_u8, (pair, 0_u8, 1_u8)), body()),
            ErrorCode::NotPermitted,
        ),
        (
            "an event",
            content((2_u8, origin), body()),
            ErrorCode::NotPermitted,
        ),
        (
            "an unknown kind",
            content((77_u8, origin), body()),
            ErrorCode::Unsupported,
        ),
        (
            "a long body",
            content((1_u8, origin), ByteBuf::from(vec![7; 18_000])),
            ErrorCode::TextTooLong,
        ),
        (
            "long surplus",
            content((1_u8, origin, (), (), (), "x".repeat(40_000)), body()),
            ErrorCode::TextTooLong,
        ),
    ] {
        assert_eq!(outcome_of(&mut mallory, &content), Err(code), "{what}");
    }
    let heard = bob.take_inbox();
    let is_entry = |body: &ServerBody| matches!(body, ServerBody::Entry(_));
    assert!(!heard.iter().any(|it| is_entry(&it.body)), "{heard:?}");
    // What a later version may add is no fault, and reaches the reader as it was written.
    let added = to_bytes(&(
        (9_u8, 32_u8, (1_u8, origin, (), (), (), "more"), "more"),
        body(),
        "more",
    ));
    assert_eq!(outcome_of(&mut mallory, &added), Ok(()));
    let heard = bob.next(PATIENCE, udpchat::protocol::Message::text);
    assert_eq!(heard.map(|text| text.text).as_deref(), Some("tea?"));
}

/// A reference to an entry, of this kind.
fn reference(
    pass: &Pass,
    conversation: ConversationId,
    number: u64,
    what: (EntryKind, u64),
) -> ClientMessage {
    let mut message = Peer::line(pass, conversation, number, "changed");
    let entry = message.header.entry.as_mut().expect("it is an entry");
    entry.kind = what.0;
    entry.refers_to = Some(EntryId(what.1));
    if !matches!(what.0, EntryKind::Text | EntryKind::Edit) {
        message.body = EntryBody(vec![7; 40].into()).into();
    }
    message
}

#[test]
fn nobody_changes_what_another_said_or_what_is_not_there() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let (mut bob, bobs) = Peer::enter(server.address, address(4), "bob", 2);
    let (mut mallory, pass, pair) = mallory_with_bob(server.address);
    bob.resolve("mallory").expect("mallory is there");
    outcome(&mut bob, &Peer::line(&bobs, pair, 1, "tea?")).expect("it is stored");
    outcome(
        &mut bob,
        &Peer::line(&bobs, ConversationId::EVERYONE, 1, "tea?"),
    )
    .expect("it is stored");
    let all = [
        EntryKind::Text,
        EntryKind::Edit,
        EntryKind::Delete,
        EntryKind::React,
        EntryKind::Pin,
    ];
    for kind in all {
        // Itself, what comes later, one of another log's place, and none.
        for entry in [0, 2, 3, 77, u64::MAX] {
            let refused = outcome(&mut mallory, &reference(&pass, pair, 1, (kind, entry)));
            assert_eq!(refused, Err(ErrorCode::BadReference), "{kind} {entry}");
        }
        let mut nothing = reference(&pass, pair, 1, (kind, 1));
        if let Some(entry) = nothing
            .header
            .entry
            .as_mut()
            .filter(|_| kind != EntryKind::Text)
        {
            entry.refers_to = None;
            assert_eq!(
                outcome(&mut mallory, &nothing),
                Err(ErrorCode::Malformed),
                "{kind}"
            );
        }
    }
    for kind in [EntryKind::Edit, EntryKind::Delete] {
        for conversation in [pair, ConversationId::EVERYONE] {
            let refused = outcome(&mut mallory, &reference(&pass, conversation, 1, (kind, 1)));
            assert_eq!(refused, Err(ErrorCode::NotPermitted), "{kind}");
        }
    }
    let everyone = ConversationId::EVERYONE;
    let refused = outcome(
        &mut mallory,
        &reference(&pass, everyone, 1, (EntryKind::Pin, 1)),
    );
    assert_eq!(refused, Err(ErrorCode::NotPermitted));
    for number in 1..=16 {
        outcome(
            &mut mallory,
            &reference(&pass, pair, number, (EntryKind::React, 1)),
        )
        .expect("there is room");
    }
    let refused = outcome(
        &mut mallory,
        &reference(&pass, pair, 17, (EntryKind::React, 1)),
    );
    assert_eq!(refused, Err(ErrorCode::LimitReached));
    let mut long = reference(&pass, pair, 17, (EntryKind::React, 1));
    long.body = EntryBody(vec![7; 600].into()).into();
    assert_eq!(outcome(&mut mallory, &long), Err(ErrorCode::TextTooLong));
    // Bob is still heard, and his deletion takes all of that with it.
    outcome(&mut bob, &reference(&bobs, pair, 2, (EntryKind::Delete, 1))).expect("it is his");
    let refused = outcome(
        &mut mallory,
        &reference(&pass, pair, 17, (EntryKind::Edit, 1)),
    );
    assert_eq!(refused, Err(ErrorCode::NotPermitted));
}

#[test]
fn what_changes_a_message_has_no_recipients_and_nothing_of_a_deleted_one_is_given_out() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let (mut bob, _) = Peer::enter(server.address, address(4), "bob", 2);
    let (mut mallory, pass, pair) = mallory_with_bob(server.address);
    let said = Peer::line(&pass, pair, 1, "tea?");
    let edit = reference(&pass, pair, 2, (EntryKind::Edit, 1));
    let deletion = reference(&pass, pair, 3, (EntryKind::Delete, 1));
    for (message, expected) in [(&said, 1), (&edit, 0), (&deletion, 0)] {
        mallory.send(Channel::Chat, message).expect("there is room");
        let recipients = mallory.next(PATIENCE, |message| match &message.body {
            ServerBody::Stored(stored) => Some((stored.recipients, stored.online)),
            _ => None,
        });
        assert_eq!(recipients, Some((expected, expected)));
    }
    let request = ClientMessage::control(HistoryRequest {
        tag: 7,
        conversation: pair,
        before: EntryId(4),
        limit: 10,
    });
    bob.send(Channel::Bulk, &request).expect("there is room");
    let page = bob.next(PATIENCE, |message| match &message.body {
        ServerBody::History(page) => Some(page.entries.clone()),
        _ => None,
    });
    let page = page.expect("it is answered");
    let deleted: Vec<_> = page
        .iter()
        .map(|entry| entry.deleted.map(|it| it.by))
        .collect();
    assert_eq!(deleted, [Some(pass.account), Some(pass.account), None]);
    let is_empty = |index: usize| page[index].content.is_empty();
    assert!(is_empty(0) && is_empty(1) && !is_empty(2));
}
