//! The codec's promises: every message comes back as it was, any bytes are survived, and newer peers are
//! understood as far as possible.

use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde::Serialize;
use serde_bytes::ByteBuf;

use super::*;

mod samples;

pub(super) use samples::Sample;
use samples::{client_messages, server_messages};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_message_comes_back_as_it_was(
        client in client_messages(), server in server_messages(), delivered in any::<bool>(),
    ) {
        let delivery = Delivery {
            conversation: ConversationId(5),
            entry: EntryId(300),
            prev: EntryId(299),
            author: AccountId(70_000),
            time_ms: u64::MAX,
            author_name: Some("bob"),
            peer_name: None,
            deleted: None,
        bot: None,};
        let hop = Hop {
            recipient_data: None,
            delivery: delivered.then_some(delivery),
        };
        for message in client {
            let bytes = encode(&message, hop);
            let envelope = Envelope::decode(&bytes).unwrap();
            prop_assert_eq!(envelope.hop, hop);
            prop_assert_eq!(envelope.open::<ClientBody>().unwrap(), message);
        }
        for message in server {
            let bytes = encode(&message, hop);
            let envelope = Envelope::decode(&bytes).unwrap();
            prop_assert_eq!(envelope.open::<ServerBody>().unwrap(), message);
        }
    }

    #[test]
    fn newer_end_is_understood_whatever_it_adds_to_header_body_and_hop(
        client in client_messages(), server in server_messages(),
    ) {
        for message in client {
            prop_assert_eq!(opened_from_newer::<ClientBody>(&message), message);
        }
        for message in server {
            prop_assert_eq!(opened_from_newer::<ServerBody>(&message), message);
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(envelope) = Envelope::decode(&bytes) {
            let _ = envelope.open::<ClientBody>();
            let _ = envelope.open::<ServerBody>();
        }
        // The digest keeps random bytes from the inner decoder: give it the right one.
        let _ = open::<ClientBody>(&bytes, &Digest::of(&bytes));
        let _ = open::<ServerBody>(&bytes, &Digest::of(&bytes));
    }

    #[test]
    fn changed_messages_are_survived_and_changed_content_is_found(
        messages in server_messages(), which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0..8,
    ) {
        let (mut content, digest) = seal(which.get(&messages));
        let at = at.index(content.len());
        content[at] ^= 1_u8 << bit;
        prop_assert_eq!(open::<ServerBody>(&content, &digest), Err(DecodeError::Digest));
        let _ = open::<ServerBody>(&content, &Digest::of(&content));
        let _ = open::<ClientBody>(&content, &Digest::of(&content));
    }
}

/// Encodes the parts of a message as a newer or older peer might.
fn sealed<B: Body>(parts: &impl Serialize) -> Result<Message<B>, DecodeError> {
    let content = to_bytes(parts);
    open(&content, &Digest::of(&content))
}

/// An array with a field more at its end, as a later version may write it.
fn grown(array: &[u8]) -> Vec<u8> {
    let (marker, fields) = array.split_first().unwrap();
    assert!(
        (0x90..0x9f).contains(marker),
        "an array of at most 14 fields"
    );
    [&[marker + 1], fields, b"\xa3new"].concat()
}

/// What this version makes of a message that a later one has written, with a field more in every array.
fn opened_from_newer<B: Body>(message: &Message<B>) -> Message<B> {
    let Header {
        command,
        message_type,
        entry,
    } = message.header;
    let entry = entry.map_or(vec![0xc0], |entry| {
        let bytes = to_bytes(&entry);
        // What follows the key needs it written.
        grown(&match entry.key {
            Some(_) => bytes,
            None => [&[bytes[0] + 1], &bytes[1..], &[0xc0]].concat(),
        })
    });
    let (command, message_type) = (to_bytes(&command), to_bytes(&message_type));
    let header = [&[0x93], &command[..], &message_type[..], &entry[..]].concat();
    let body = to_bytes(&message.body);
    let body = if message.header.entry.is_some() {
        body
    } else {
        grown(&body)
    };
    let content = grown(&[&[0x92], &grown(&header)[..], &body[..]].concat());
    let hop = grown(&grown(&to_bytes(&Hop::default())));
    let digest = Digest::of(&content);
    let bin = to_bytes(&ByteBuf::from(content));
    let bytes = grown(&[&[0x93], &hop[..], &bin[..], &to_bytes(&digest)[..]].concat());
    let envelope = Envelope::decode(&bytes).unwrap();
    assert_eq!(envelope.hop, Hop::default());
    envelope.open().unwrap()
}

#[test]
fn older_end_is_understood_without_what_was_added_since() {
    let hello: ClientMessage = sealed(&((7_u8, 3_u8), (Vec::<u8>::new(), false))).unwrap();
    let expected = Hello {
        positions: Vec::new(),
        more: false,
        epoch: None,
        software: None,
        unannounced: None,
        sends_only: None,
    };
    assert_eq!(hello, ClientMessage::control(expected));
    let greeting: ServerMessage = sealed(&((7_u8, 33_u8), ("Welcome.", 3_u8))).unwrap();
    let expected = Greeting {
        text: "Welcome.".into(),
        online: 3,
        software: None,
        limits: None,
        others: None,
    };
    assert_eq!(greeting, ServerMessage::control(expected));
    let delivery = ((), (5_u8, 300_u16, 299_u16, 7_u8, 9_u8));
    let bytes = to_bytes(&(delivery, ByteBuf::from([1]), Digest::of(&[1])));
    let delivered = Envelope::decode(&bytes).unwrap().hop.delivery.unwrap();
    assert_eq!((delivered.author_name, delivered.peer_name), (None, None));
}

#[test]
fn example_of_the_manual_is_what_this_program_writes() {
    let manual = include_str!("../../man/udpchat-protocol.7");
    let origin = Origin {
        conversation: ConversationId(5),
        device: DeviceId(9),
        number: DeviceSeq(1),
    };
    let text = Text {
        sender: AccountId(3),
        receiver: origin.conversation,
        salt: Bytes(std::array::from_fn(|index| u8::try_from(index).unwrap())),
        text: "tea at four?".into(),
    };
    let (content, digest) = seal(&ClientMessage::chat(origin, &text));
    let hex =
        |bytes: &[u8]| -> Vec<String> { bytes.iter().map(|it| format!("{it:02x}")).collect() };
    for line in content.chunks(16) {
        assert!(manual.contains(&hex(line).join(" ")), "{content:02x?}");
    }
    for line in digest.0.chunks(16) {
        assert!(manual.contains(&hex(line).concat()), "{:02x?}", digest.0);
    }
}

#[test]
fn surplus_fields_of_a_newer_peer_are_ignored() {
    let message: ServerMessage = sealed(&(
        (12_u8, 34_u8, (), "new"),
        ("dave", true, "new"),
        "newer still",
    ))
    .unwrap();
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
    let failure = sealed::<ServerBody>(&((4_u8, 17_u8), (6_u8, "who?"))).unwrap();
    let expected = Failure::new(ErrorCode::NoSuchUser, "who?");
    assert_eq!(
        failure,
        ServerMessage::error(Command::LoginFinish, expected)
    );
    let error = sealed::<ServerBody>(&((12_u8, 34_u8), ("dave",))).unwrap_err();
    assert!(error.to_string().contains("online"), "{error}");
}

#[test]
fn unknown_numbers_are_kept_and_unknown_messages_are_told_apart() {
    let message: ServerMessage = sealed(&((200_u8, 201_u8), ("anything", [1, 2, 3]))).unwrap();
    assert_eq!(message.body, ServerBody::Unsupported);
    assert_eq!(message.header.command, Command::Other(200));
    assert_eq!(message.header.message_type, MessageType::Other(201));
}

#[test]
fn bytes_behind_a_message_are_refused() {
    let mut bytes = encode(
        &ClientMessage::control(ContactsRequest { tag: 1 }),
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
        open::<ServerBody>(&content, &Digest::of(&content)),
        Err(DecodeError::Malformed(_))
    ));
}

#[test]
fn each_body_is_called_for_by_one_pair_of_command_and_message_type() {
    fn assert_distinct<B: Body>(kinds: Vec<B>) {
        let kinds: Vec<(u8, u8)> = kinds
            .iter()
            .map(Body::kind)
            .map(|(command, message_type)| (command.number(), message_type.number()))
            .collect();
        assert_eq!(kinds.iter().collect::<BTreeSet<_>>().len(), kinds.len());
    }
    let mut runner = TestRunner::deterministic();
    let client = ClientBody::each().new_tree(&mut runner).unwrap();
    assert_distinct(client.current());
    let server = ServerBody::each().new_tree(&mut runner).unwrap();
    assert_distinct(server.current());
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
        number: DeviceSeq(300),
    };
    let text = Text {
        sender: AccountId(9),
        receiver: origin.conversation,
        salt: Bytes([7; 16]),
        text: "x".repeat(64),
    };
    let bytes = encode(&ClientMessage::chat(origin, &text), Hop::default());
    // The text, the digest, the salt, and what frames and places them.
    assert!(bytes.len() <= 64 + 34 + 18 + 28, "{} bytes", bytes.len());
}
