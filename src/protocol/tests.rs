//! The codec's promises: every message comes back as it was, any bytes are survived, and newer peers are
//! understood as far as possible.

use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;
use serde::Serialize;
use serde_bytes::ByteBuf;

use super::*;

/// Random parts from which one of every body is made.
#[derive(Debug, Clone)]
struct Parts {
    a: u64,
    b: u64,
    c: u32,
    flag: bool,
    word: String,
    bytes: Vec<u8>,
    octets: Vec<u8>,
    code: u8,
}

fn parts() -> impl Strategy<Value = Parts> {
    let number = || prop_oneof![0..200_u64, any::<u64>()];
    let octets = prop_oneof![
        prop::collection::vec(any::<u8>(), 4),
        prop::collection::vec(any::<u8>(), 16)
    ];
    (
        number(),
        number(),
        any::<u32>(),
        any::<bool>(),
        ".{0,40}",
        any::<Vec<u8>>(),
        octets,
        any::<u8>(),
    )
        .prop_map(|(a, b, c, flag, word, bytes, octets, code)| Parts {
            a,
            b,
            c,
            flag,
            word,
            bytes,
            octets,
            code,
        })
}

fn address(parts: &Parts) -> RecipientData {
    let ip = <[u8; 4]>::try_from(parts.octets.as_slice()).map_or_else(
        |_| IpAddr::from(<[u8; 16]>::try_from(parts.octets.as_slice()).expect("4 or 16 octets")),
        IpAddr::from,
    );
    std::net::SocketAddr::new(ip, 7777).into()
}

/// One of every body that this version knows.
#[allow(clippy::too_many_lines, reason = "there are many bodies")]
fn every_body(parts: &Parts) -> Vec<Body> {
    let Parts {
        a,
        b,
        c,
        flag,
        word,
        bytes,
        ..
    } = parts.clone();
    let blob = || ByteBuf::from(bytes.clone());
    let name = || word.clone();
    let (conversation, number, entry) = (ConversationId(a), Number(b), EntryId(b));
    let (account, device) = (AccountId(a), DeviceId(b));
    let some = |id: u64| flag.then_some(id);
    let mark = Mark {
        account,
        name: name(),
        entry,
        since: EntryId(a),
    };
    let contact = Contact {
        account,
        name: name(),
        address: address(parts),
    };
    let head = Head {
        conversation,
        name: name(),
        head: entry,
        last_number: number,
        start: entry,
        floor: EntryId(a),
        until: some(b).map(EntryId),
        expired: some(b).map(|_| true),
    };
    let room = Room {
        conversation,
        name: name(),
        topic: name(),
        access: Access::from_number(parts.code),
        role: flag.then_some(MemberRole::from_number(parts.code)),
        members: c,
    };
    let member = RoomMember {
        account,
        name: name(),
        role: MemberRole::from_number(parts.code),
        online: flag,
    };
    let change = Change {
        kind: EventKind::from_number(parts.code),
        subject: flag.then(name),
        text: flag.then(name),
        role: flag.then_some(MemberRole::Owner),
        access: flag.then_some(Access::Private),
    };
    let told = HistoryEntry {
        entry,
        prev: EntryId(a),
        author: account,
        time_ms: b,
        digest: Digest::of(&bytes),
        content: blob(),
    };
    let count = Count { entry, members: c };
    let position = Position {
        conversation,
        entry,
        digest: Digest::of(&bytes),
    };
    vec![
        SignUp {
            name: name(),
            request: blob(),
        }
        .into(),
        SignUpAnswer {
            response: blob(),
            name: name(),
        }
        .into(),
        SignUpFinish { upload: blob() }.into(),
        SignedUp { name: name() }.into(),
        Login {
            name: name(),
            request: blob(),
        }
        .into(),
        LoginAnswer {
            response: blob(),
            name: name(),
        }
        .into(),
        LoginFinish {
            finalization: blob(),
            device: some(b).map(DeviceId),
        }
        .into(),
        Resume {
            account,
            device,
            ticket: blob(),
        }
        .into(),
        SessionStart {
            account,
            name: name(),
            device,
            epoch: a,
            ticket: blob(),
        }
        .into(),
        SessionEnd {
            reason: EndReason::from_number(parts.code),
        }
        .into(),
        Hello {
            positions: vec![position; 3],
            more: flag,
            epoch: flag.then_some(a),
        }
        .into(),
        HelloAnswer {
            heads: vec![head; 2],
            more: flag,
        }
        .into(),
        Greeting {
            text: name(),
            online: c,
        }
        .into(),
        Resolve {
            tag: c,
            name: name(),
        }
        .into(),
        Resolved {
            tag: c,
            conversation,
            name: name(),
            account,
            last_number: number,
            start: entry,
        }
        .into(),
        Stored {
            conversation,
            number,
            entry,
            prev: EntryId(a),
            time_ms: a,
            recipients: c,
            online: c,
            last_seen_ms: some(a),
        }
        .into(),
        SendAgain { damaged: c }.into(),
        DeliverAgain {
            conversation,
            after: entry,
        }
        .into(),
        Received {
            conversation,
            entry,
        }
        .into(),
        Void {
            conversation,
            number,
        }
        .into(),
        Voided {
            conversation,
            number,
        }
        .into(),
        ReceiptsRequest { conversation }.into(),
        Receipts {
            conversation,
            marks: vec![mark; 2],
        }
        .into(),
        ContactsRequest { tag: c }.into(),
        ListContacts {
            tag: c,
            contacts: vec![contact; 2],
            more: flag,
        }
        .into(),
        Alert {
            name: name(),
            online: flag,
        }
        .into(),
        ReceiptCounts {
            conversation,
            members: c,
            steps: vec![count; 2],
        }
        .into(),
        Join {
            tag: c,
            name: name(),
            access: flag.then_some(Access::Private),
        }
        .into(),
        Joined {
            tag: c,
            room: room.clone(),
            last_number: number,
            start: entry,
        }
        .into(),
        Leave {
            tag: c,
            conversation,
        }
        .into(),
        Left {
            tag: c,
            conversation,
        }
        .into(),
        RoomsRequest { tag: c }.into(),
        Rooms {
            tag: c,
            rooms: vec![room; 2],
            more: flag,
        }
        .into(),
        MembersRequest {
            tag: c,
            conversation,
        }
        .into(),
        Members {
            tag: c,
            conversation,
            members: vec![member; 2],
            more: flag,
        }
        .into(),
        Moderate {
            tag: c,
            conversation,
            change: change.clone(),
        }
        .into(),
        Moderated {
            tag: c,
            conversation,
            changed: flag,
        }
        .into(),
        RoomEvent {
            kind: change.kind,
            actor: name(),
            subject: change.subject,
            text: change.text,
            role: change.role,
            access: change.access,
        }
        .into(),
        HistoryRequest {
            tag: c,
            conversation,
            before: entry,
            limit: c,
        }
        .into(),
        History {
            tag: c,
            conversation,
            entries: vec![told; 2],
            more: flag,
        }
        .into(),
    ]
}

/// One of every message that this version knows.
fn every_message(parts: &Parts) -> Vec<Message> {
    let text = |receiver: &str| Text {
        sender: parts.word.clone(),
        receiver: receiver.to_owned(),
        text: parts.word.clone(),
    };
    let origin = |conversation| Origin {
        conversation,
        device: DeviceId(parts.a),
        number: Number(parts.b),
    };
    let failure = Failure {
        code: ErrorCode::from_number(parts.code),
        detail: parts.word.clone(),
        tag: parts.flag.then_some(parts.c),
        conversation: parts.flag.then_some(ConversationId(parts.a)),
        number: (!parts.flag).then_some(Number(parts.b)),
        expected: parts.flag.then_some(Number(parts.a)),
        wait_ms: (!parts.flag).then_some(parts.a),
    };
    let mut messages: Vec<Message> = every_body(parts)
        .into_iter()
        .map(Message::control)
        .collect();
    messages.push(Message::chat(
        origin(ConversationId::EVERYONE),
        text(EVERYONE_NAME),
    ));
    messages.push(Message::chat(origin(ConversationId(77)), text("bob")));
    messages.push(Message::error(Command::Resolve, failure));
    messages
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_message_comes_back_as_it_was(parts in parts()) {
        for message in every_message(&parts) {
            let hop = Hop {
                recipient_data: parts.flag.then(|| address(&parts)),
                delivery: (!parts.flag).then_some(Delivery {
                    conversation: ConversationId(parts.a),
                    entry: EntryId(parts.b),
                    prev: EntryId(parts.a),
                    author: AccountId(parts.b),
                    time_ms: parts.a,
                }),
            };
            let bytes = encode(&message, hop);
            let envelope = Envelope::decode(&bytes).unwrap();
            prop_assert_eq!(envelope.hop, hop);
            prop_assert_eq!(envelope.open().unwrap(), message);
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(envelope) = Envelope::decode(&bytes) {
            let _ = envelope.open();
        }
        // The digest keeps random bytes from the inner decoder: give it the right one.
        let _ = open(&bytes, &Digest::of(&bytes));
    }

    #[test]
    fn changed_messages_are_survived_and_changed_content_is_found(
        parts in parts(), which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0..8,
    ) {
        let messages = every_message(&parts);
        let (mut content, digest) = seal(which.get(&messages));
        let at = at.index(content.len());
        content[at] ^= 1_u8 << bit;
        prop_assert_eq!(open(&content, &digest), Err(DecodeError::Digest));
        let _ = open(&content, &Digest::of(&content));
    }
}

/// Encodes the parts of a message as a newer or older peer might.
fn sealed(parts: &impl Serialize) -> Result<Message, DecodeError> {
    let content = to_bytes(parts);
    open(&content, &Digest::of(&content))
}

#[test]
fn surplus_fields_of_a_newer_peer_are_ignored() {
    let message = sealed(&(12_u8, 34_u8, (), ("dave", true, "new"), "newer still")).unwrap();
    assert_eq!(
        message,
        Message::control(Alert {
            name: "dave".into(),
            online: true
        })
    );
}

#[test]
fn missing_field_is_none_where_it_may_be_and_refused_elsewhere() {
    let finish = sealed(&(4_u8, 3_u8, (), (ByteBuf::from([1]),))).unwrap();
    let expected = LoginFinish {
        finalization: ByteBuf::from([1]),
        device: None,
    };
    assert_eq!(finish, Message::control(expected));
    let error = sealed(&(12_u8, 34_u8, (), ("dave",))).unwrap_err();
    assert!(error.to_string().contains("online"), "{error}");
}

#[test]
fn unknown_numbers_are_kept_and_unknown_messages_are_told_apart() {
    let message = sealed(&(200_u8, 201_u8, (), ("anything", [1, 2, 3]))).unwrap();
    assert_eq!(message.body, Body::Unsupported);
    assert_eq!(message.header.command, Command::Other(200));
    assert_eq!(message.header.message_type, MessageType::Other(201));
}

#[test]
fn bytes_behind_a_message_are_refused() {
    let mut bytes = encode(
        &Message::control(ContactsRequest { tag: 1 }),
        Hop::default(),
    );
    bytes.push(0xc0);
    assert!(matches!(
        Envelope::decode(&bytes),
        Err(DecodeError::Malformed(_))
    ));
    assert_eq!(
        Envelope::decode(&vec![0; MESSAGE_MAX_BYTES + 1]),
        Err(DecodeError::TooLong(65_537))
    );
}

#[test]
fn deep_nesting_is_refused_without_overflowing_the_stack() {
    let mut content = vec![0x91; 60_000];
    content.push(0xc0);
    assert!(matches!(
        open(&content, &Digest::of(&content)),
        Err(DecodeError::Malformed(_))
    ));
}

#[test]
fn each_body_is_called_for_by_one_pair_of_command_and_message_type() {
    let parts = Parts {
        a: 1,
        b: 1,
        c: 1,
        flag: true,
        word: "x".into(),
        bytes: vec![],
        octets: vec![127, 0, 0, 1],
        code: 1,
    };
    let kinds: Vec<(u8, u8)> = every_body(&parts)
        .iter()
        .map(Body::kind)
        .map(|(command, message_type)| (command.number(), message_type.number()))
        .collect();
    assert_eq!(kinds.iter().collect::<BTreeSet<_>>().len(), kinds.len());
}

#[test]
fn v4_mapped_addresses_are_made_canonical() {
    let mapped: std::net::SocketAddr = "[::ffff:192.0.2.1]:7777".parse().unwrap();
    assert_eq!(
        RecipientData::from(mapped).ip_address,
        IpAddr::from([192, 0, 2, 1])
    );
}

#[test]
fn private_message_of_64_bytes_stays_small_on_the_wire() {
    let origin = Origin {
        conversation: ConversationId(5),
        device: DeviceId(9),
        number: Number(300),
    };
    let text = Text {
        sender: "erin".into(),
        receiver: "bob".into(),
        text: "x".repeat(64),
    };
    let bytes = encode(&Message::chat(origin, text), Hop::default());
    assert!(bytes.len() <= 64 + 34 + 36, "{} bytes", bytes.len());
}
