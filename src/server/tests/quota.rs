//! Who has stored as much as they may is told so, and nobody else; and what is shared with other servers.

use super::*;
use crate::protocol::{ClientBody, EntryBody, EntryKind, Reaction};
use crate::server::limits::account_budget::{Cost, Pause};
use crate::server::peers::message::PeerMessage;
use crate::server::{Introduction, Limit, PeerLink};
use crate::store::MEANING;

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

/// Other servers, which need not be told anything.
struct Others;

impl PeerLink for Others {
    fn tell(&mut self, _: Vec<u8>) {}
}

#[test]
fn servers_share_the_rates_of_an_account_and_take_over_the_part_of_one_that_has_died() {
    // Each had a rate of its own, so that whoever was signed in at three servers had three times as much.
    let mut bench = Bench::new();
    let (account, _) = bench.user("mallory");
    bench.hub.services.peers.begin(Introduction {
        node: "one".into(),
        life: 1,
        meaning: MEANING,
        link: Box::new(Others),
    });
    let now = bench.now.instant;
    let body = ClientBody::Entry(EntryBody(vec![7; 64].into()));
    for _ in 0..200 {
        let budgets = &mut bench.hub.core.budgets;
        budgets.charge(now, account, Cost::of(&body, || 2), 0);
    }
    let next = |bench: &mut Bench| {
        let checked = bench.hub.core.budgets.check(now, account, Channel::Chat);
        let Err(Pause { until, .. }) = checked else {
            panic!("all was used");
        };
        let told = bench.hub.core.config.limits.told().messages_per_second;
        (until - now, told.expect("there is a limit"))
    };
    let alone = (Duration::from_millis(50), 20);
    assert_eq!(next(&mut bench), alone);
    for node in ["two", "three"] {
        let heartbeat = PeerMessage::Heartbeat {
            life: 7,
            changes: 0,
            sessions: 0,
            meaning: MEANING,
        };
        let input = Input::FromPeer(node.into(), heartbeat.encode());
        bench.hub.on_input(bench.now, &mut bench.server, input);
    }
    bench.settle();
    let (wait, told) = next(&mut bench);
    assert_eq!((wait.as_millis(), told), (142, 7));
    bench.pass(6_000);
    assert_eq!(next(&mut bench), alone);
}
