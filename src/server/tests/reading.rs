//! How far users have read, and what they mute, as their sessions say it and are told it.

use super::*;
use crate::protocol::{MUTED_FOR_GOOD, Mute, Muted, ReadElsewhere, ReadUpTo};

fn read(conversation: ConversationId, entry: u64) -> ClientMessage {
    ClientMessage::control(ReadUpTo {
        conversation,
        entry: EntryId(entry),
    })
}

fn elsewhere(heard: &[ServerBody]) -> Vec<(ConversationId, u64)> {
    let told = heard.iter().filter_map(|body| match body {
        ServerBody::ReadElsewhere(ReadElsewhere {
            conversation,
            entry,
        }) => Some((*conversation, entry.0)),
        _ => None,
    });
    told.collect()
}

/// Everything that has come on a session, but for who comes and goes.
fn heard(bench: &mut Bench, link: Link) -> Vec<ServerBody> {
    let mut heard = bench.heard(link);
    heard.retain(|body| !matches!(body, ServerBody::Alert(_)));
    heard
}

/// Alice has said three things to bob, who is there with two devices; she is there too.
fn bench() -> (Bench, ConversationId, [Link; 3]) {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.pair(alice, "bob");
    for number in 1..=3 {
        bench.append(pair, alice, number);
    }
    let links = [
        bench.signed_in("alice", alice),
        bench.signed_in("bob", bob),
        bench.signed_in("bob", (bob.0, DeviceId(77))),
    ];
    (bench, pair, links)
}

#[test]
fn ones_other_devices_are_told_once_it_is_durable_and_nobody_else_is() {
    let (mut bench, pair, [alice, desk, phone]) = bench();
    let receipts = ClientMessage::control(ReceiptsRequest { conversation: pair });
    bench.say(alice, Channel::Chat, &receipts);
    bench.pass(50);
    bench.heard(alice);
    // Two within the second are one write, and what is behind the log's end is no place in it.
    for entry in [1, 9] {
        bench.say(desk, Channel::Chat, &read(pair, entry));
    }
    bench.pass(500);
    assert_eq!(elsewhere(&bench.heard(phone)), []);
    bench.pass(1000);
    assert_eq!(elsewhere(&bench.heard(phone)), [(pair, 3)]);
    assert_eq!(elsewhere(&bench.heard(desk)), []);
    // No receipt follows: alice hears nothing at all.
    assert_eq!(heard(&mut bench, alice), []);
    // Back it does not go.
    bench.say(phone, Channel::Chat, &read(pair, 2));
    bench.pass(1500);
    assert_eq!(elsewhere(&bench.heard(desk)), []);
}

#[test]
fn others_places_are_neither_read_nor_written() {
    let (mut bench, pair, [alice, desk, _]) = bench();
    let carol = bench.user("carol");
    let carols = bench.signed_in("carol", carol);
    bench.say(carols, Channel::Chat, &read(pair, 3));
    bench.say(carols, Channel::Chat, &read(ConversationId(4711), 3));
    bench.pass(1500);
    for link in [alice, desk, carols] {
        assert_eq!(heard(&mut bench, link), []);
    }
}

#[test]
fn what_could_not_be_written_is_written_later() {
    let (mut bench, pair, [_, desk, phone]) = bench();
    bench.is_held = true;
    bench.say(desk, Channel::Chat, &read(pair, 1));
    bench.pass(1500);
    let (id, request) = bench.store.take(1).pop().expect("a write");
    let completion = Completion::new(id, request, Outcome::Unknown);
    let now = bench.now;
    bench
        .hub
        .on_input(now, &mut bench.server, Input::Completion(completion.into()));
    bench.say(desk, Channel::Chat, &read(pair, 2));
    bench.is_held = false;
    bench.pass(1500);
    assert_eq!(elsewhere(&bench.heard(phone)), [(pair, 2)]);
}

#[test]
fn mute_is_answered_and_told_to_ones_other_devices() {
    let (mut bench, pair, [alice, desk, phone]) = bench();
    let mute = |conversation| {
        ClientMessage::control(Mute {
            tag: 5,
            conversation,
            until_ms: MUTED_FOR_GOOD,
        })
    };
    bench.say(desk, Channel::Control, &mute(pair));
    bench.pass(50);
    let muted = |tag| {
        ServerBody::Muted(Muted {
            tag,
            conversation: pair,
            until_ms: MUTED_FOR_GOOD,
        })
    };
    assert_eq!(heard(&mut bench, desk), [muted(Some(5))]);
    assert_eq!(heard(&mut bench, phone), [muted(None)]);
    assert_eq!(heard(&mut bench, alice), []);
    bench.say(desk, Channel::Control, &mute(ConversationId(4711)));
    bench.pass(50);
    let heard = bench.heard(desk);
    assert!(
        matches!(&heard[..], [ServerBody::Failure(failure)] if failure.code == ErrorCode::NotPermitted && failure.tag == Some(5)),
        "{heard:?}"
    );
}

#[test]
fn device_that_signs_in_is_told_what_its_account_has_read_and_muted() {
    let (mut bench, pair, [_, desk, _]) = bench();
    bench.say(desk, Channel::Chat, &read(pair, 2));
    bench.pass(1500);
    let bob = bench.user_of(desk).account;
    let link = bench.connect();
    bench.sign_in_on(link, "bob", (bob, DeviceId(78)));
    bench.say(link, Channel::Control, &ClientMessage::control(hello()));
    bench.pass(50);
    let heard = bench.heard(link);
    let read = heard.iter().find_map(|body| match body {
        ServerBody::HelloAnswer(answer) => {
            let mut heads = answer.heads.iter();
            let bobs = heads.find(|head| head.conversation == pair)?;
            Some((bobs.read, bobs.muted_until_ms))
        }
        _ => None,
    });
    assert_eq!(read, Some((Some(EntryId(2)), Some(0))));
}
