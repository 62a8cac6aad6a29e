//! Who has stored as much as they may is told so, and nobody else.

use super::*;
use crate::protocol::{EntryBody, EntryKind, Reaction};
use crate::server::Limit;

#[test]
fn message_beyond_the_quota_is_refused_by_name_and_counted_and_others_go_on() {
    let mut bench = Bench::new();
    bench.hub.core.config.limits.account_bytes = Limit::of(2048);
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let (alices, bobs) = (bench.signed_in("alice", alice), bench.signed_in("bob", bob));
    let pair = bench.pair(alice, "bob");
    let said = |device, number| {
        let origin = Origin {
            conversation: pair,
            device,
            number: DeviceSeq(number),
        };
        text(&"x".repeat(1200), origin)
    };
    for number in 1..=2 {
        let message = said(alice.1, number);
        bench.say(alices, Channel::Chat, &message);
        bench.pass(100);
    }
    let heard = bench.heard(alices);
    let failures = heard.iter().filter_map(|body| match body {
        ServerBody::Failure(failure) => Some((failure.code, failure.number, &*failure.detail)),
        _ => None,
    });
    assert_eq!(
        failures.collect::<Vec<_>>(),
        [(
            ErrorCode::QuotaFull,
            Some(DeviceSeq(2)),
            "your 2 kB at this server are full"
        )]
    );
    assert_eq!(bench.hub.counters().over_quota, 1);
    let message = said(bob.1, 1);
    bench.say(bobs, Channel::Chat, &message);
    bench.pass(100);
    let heard = bench.heard(bobs);
    let texts = heard
        .iter()
        .filter(|body| matches!(body, ServerBody::Entry(_)));
    assert_eq!(texts.count(), 1, "what alice said before");
    assert!(
        heard
            .iter()
            .any(|body| matches!(body, ServerBody::Stored(_)))
    );
}

/// Nothing told the operator that somebody ran into them.
#[test]
fn what_comes_to_a_limit_of_the_store_is_counted_under_its_name() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.user("bob");
    let link = bench.signed_in("alice", alice);
    let pair = bench.pair(alice, "bob");
    let origin = |number| Origin {
        conversation: pair,
        device: alice.1,
        number: DeviceSeq(number),
    };
    bench.say(link, Channel::Chat, &text("tea?", origin(1)));
    for number in 2..=19 {
        let reaction = Reaction {
            sender: alice.0,
            receiver: pair,
            salt: Bytes([7; 16]),
            sign: format!("sign{number}"),
        };
        let what = (EntryKind::React, Some(EntryId(1)));
        // Without an entry no number is used up.
        let number = DeviceSeq(number.min(18));
        let message = ClientMessage::entry(origin(number.0), what, EntryBody::of(&reaction));
        bench.say(link, Channel::Chat, &message);
    }
    bench.pass(200);
    let limits = bench.hub.status(&bench.server).limits;
    assert_eq!(limits["reactions_of_one_user"], 2);
    assert_eq!((limits["reactions"], limits["pins"]), (0, 0));
}
