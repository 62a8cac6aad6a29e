//! Who has stored as much as they may is told so, and nobody else.

use super::*;
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
            "your 2 KiB at this server are full"
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
