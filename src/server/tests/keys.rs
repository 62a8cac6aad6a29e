//! Idempotency keys on the wire.

use super::*;
use crate::protocol::{Failure, SaidBefore, Stored, to_bytes};

/// A message under a key, if it has one.
fn keyed(origin: Origin, key: Option<[u8; 16]>) -> ClientMessage {
    let mut message = text("tea?", origin);
    let entry = message.header.entry.as_mut().expect("it is an entry");
    entry.key = key.map(Bytes);
    message
}

fn answer(bench: &mut Bench, link: Link, message: &ClientMessage) -> Result<Stored, Failure> {
    bench.say(link, Channel::Chat, message);
    bench.pass(200);
    let heard = bench.heard(link);
    let answers = heard.iter().find_map(|body| match body {
        ServerBody::Stored(stored) => Some(Ok(stored.clone())),
        ServerBody::Failure(failure) => Some(Err(failure.clone())),
        _ => None,
    });
    answers.unwrap_or_else(|| panic!("no answer: {heard:?}"))
}

/// How many messages were delivered.
fn delivered(bench: &mut Bench, link: Link) -> usize {
    let heard = bench.heard(link).into_iter();
    let is_entry = |body: &ServerBody| matches!(body, ServerBody::Entry(_));
    heard.filter(is_entry).count()
}

#[test]
fn what_was_said_before_is_refused_with_its_entry_and_is_delivered_to_nobody() {
    let mut bench = Bench::new();
    let (alice, bob, carol) = (bench.user("alice"), bench.user("bob"), bench.user("carol"));
    let pair = bench.pair(alice, "bob");
    let other = bench.pair(alice, "carol");
    let alices = bench.signed_in("alice", alice);
    let (bobs, carols) = (bench.signed_in("bob", bob), bench.signed_in("carol", carol));
    let origin = |conversation, number| Origin {
        conversation,
        device: alice.1,
        number: DeviceSeq(number),
    };
    let key = Some([7; 16]);
    let stored = answer(&mut bench, alices, &keyed(origin(pair, 1), key)).expect("it is new");
    assert_eq!(delivered(&mut bench, bobs), 1);
    // To the same, and to another.
    for (conversation, number) in [(pair, 2), (other, 1)] {
        let refused = answer(
            &mut bench,
            alices,
            &keyed(origin(conversation, number), key),
        );
        let said_before = SaidBefore {
            conversation: pair,
            entry: stored.entry,
            time_ms: stored.time_ms,
            recipients: 1,
            online: 1,
        };
        let failure = Failure {
            said_before: Some(Box::new(said_before)),
            ..Failure::of_number(ErrorCode::SaidBefore, conversation, DeviceSeq(number))
        };
        assert_eq!(refused, Err(failure));
    }
    let others = [bobs, carols].map(|link| delivered(&mut bench, link));
    assert_eq!(others, [0, 0]);
    // The key is alice's.
    let bobs_origin = Origin {
        device: bob.1,
        ..origin(pair, 1)
    };
    assert!(answer(&mut bench, bobs, &keyed(bobs_origin, key)).is_ok());
    assert!(answer(&mut bench, alices, &keyed(origin(pair, 2), None)).is_ok());
}

#[test]
fn key_of_another_length_is_no_message() {
    let mut bench = Bench::new();
    let (alice, _) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.pair(alice, "bob");
    let alices = bench.signed_in("alice", alice);
    let origin = Origin {
        conversation: pair,
        device: alice.1,
        number: DeviceSeq(1),
    };
    let message = text("tea?", origin);
    for length in [0, 15, 17, 5_000] {
        let key = serde_bytes::ByteBuf::from(vec![7; length]);
        let header = (10_u8, 32_u8, (1_u8, origin, (), (), key));
        let content = to_bytes(&(header, &message.body));
        let envelope = Envelope {
            hop: Hop::default(),
            digest: Digest::of(&content),
            content: &content,
        };
        bench.say_bytes(alices, Channel::Chat, &envelope.encode());
        bench.pass(200);
        let heard = bench.heard(alices);
        assert!(
            matches!(&heard[..], [ServerBody::Failure(failure)] if failure.code == ErrorCode::Malformed),
            "{heard:?}"
        );
    }
    assert!(answer(&mut bench, alices, &message).is_ok());
}
