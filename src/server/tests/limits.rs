//! Who asks for too much costs no more than a limit, and nobody else anything.

use super::*;
use crate::protocol::{ClientMessage, EndReason, SendAgain, ServerBody, ServerMessage};

#[test]
fn no_stalled_session_is_forgotten_when_the_store_has_room_again() {
    // Each completion let one stalled channel go on. Where that one asked nothing of the store, no other completion
    // came for the next, and the client waited for ever.
    let mut bench = Bench::new();
    let busy = bench.user("busy");
    let busy = bench.signed_in("busy", busy);
    let patient: Vec<Link> = (0..150)
        .map(|number| {
            let name = format!("patient{number}");
            let user = bench.user(&name);
            bench.signed_in(&name, user)
        })
        .collect();
    bench.is_held = true;
    for conversation in 0..40 {
        let again = DeliverAgain {
            conversation: ConversationId(conversation),
            after: EntryId(u64::MAX),
        };
        bench.say(busy, Channel::Chat, &ClientMessage::control(again));
        let receipts = ReceiptsRequest {
            conversation: ConversationId(conversation),
        };
        bench.say(busy, Channel::Chat, &ClientMessage::control(receipts));
    }
    bench.pass(100);
    for link in &patient {
        bench.say(*link, Channel::Control, &contacts());
    }
    bench.pass(100);
    bench.is_held = false;
    bench.pass(300);
    for link in patient {
        let heard = bench.heard(link);
        assert!(
            heard
                .iter()
                .any(|body| matches!(body, ServerBody::ListContacts(_))),
            "{heard:?}"
        );
    }
}

/// A device of an account signs in on a link, as far as the store is concerned.
fn sign_in(bench: &mut Bench, link: Link, account: AccountId, device: DeviceId) {
    let outcome = Outcome::Done(Reply::Device {
        account,
        name: "mallory".into(),
        is_bot: false,
        role: crate::protocol::AccountRole::Member,
        device,
        epoch: 1,
        reset_ms: None,
    });
    let ticket = vec![0; 32];
    bench.run(|services, ctx| {
        services.on_device_opened(ctx, link.server, Command::LoginFinish, ticket, &outcome);
    });
}

/// Why the server has ended the session of a link, as it says itself, and the code with which it was closed.
fn end_of(bench: &mut Bench, link: Link) -> Option<(EndReason, Option<u16>)> {
    let heard = bench.heard(link);
    let reason = heard.iter().find_map(|body| match body {
        ServerBody::SessionEnd(end) => Some(end.reason),
        _ => None,
    });
    let mut closed = bench.closed.iter();
    let code = closed.find_map(|(session, reason)| match reason {
        CloseReason::Peer { code, .. } if *session == link.client => Some(*code),
        _ => None,
    });
    reason.map(|reason| (reason, code))
}

#[test]
fn account_has_no_more_sessions_than_its_limit() {
    // Each sign-in could be that of a new device, and each session have windows of 1.5 MiB: one account could hold
    // thousands of them, for 15 minutes after its last word.
    let mut bench = Bench::new();
    let (account, _) = bench.user("mallory");
    bench.may_close = true;
    for device in 0..40 {
        let link = bench.connect();
        sign_in(&mut bench, link, account, DeviceId(100 + device));
        bench.pass(500);
    }
    assert!(
        bench.hub.core.sessions.len() <= 16,
        "{}",
        bench.hub.core.sessions.len()
    );
}

/// So many sessions of an account, on as many devices or all on one, whose sign-ins the store answers together.
fn sign_in_together(bench: &mut Bench, account: AccountId, is_one_device: bool) {
    let links: Vec<Link> = (0..40).map(|_| bench.connect()).collect();
    for (device, link) in (100..).zip(links) {
        let device = DeviceId(if is_one_device { 7 } else { device });
        sign_in(bench, link, account, device);
        let presence = &mut bench.hub.core.presence;
        presence.set_announced(account, link.server, true);
    }
}

#[test]
fn sign_ins_answered_together_leave_no_more_sessions_than_the_limits() {
    // A session that was ended counted until the transport reported its end, so that each sign-in of a batch ended the
    // same one again: every burst of 40 added 39 sessions, and one device could have any number.
    for (is_one_device, most) in [(true, 1), (false, 16)] {
        let mut bench = Bench::new();
        bench.may_close = true;
        let friend = bench.user("alice");
        let friend = bench.signed_in("alice", friend);
        let (account, _) = bench.user("mallory");
        for _ in 0..3 {
            sign_in_together(&mut bench, account, is_one_device);
            let here = bench.hub.core.presence.get(account).expect("signed in");
            assert_eq!(here.sessions().count(), most, "at once");
            bench.pass(1000);
            let here = bench.hub.core.presence.get(account).expect("signed in");
            assert_eq!(here.sessions().count(), most, "in the end");
            assert_eq!(bench.hub.core.sessions.len(), most + 1, "with the friend's");
        }
        let heard = bench.heard(friend);
        let alerts = heard
            .iter()
            .filter(|body| matches!(body, ServerBody::Alert(_)));
        assert_eq!(alerts.count(), 0, "the user never left: {heard:?}");
    }
}

#[test]
fn oldest_session_of_too_many_is_told_so_and_one_whose_device_signs_in_again_that() {
    // Both were told SUPERSEDED, by which a client knows that there is a copy of its state: whoever had a session too
    // many gave up a device with which nothing was wrong.
    let mut bench = Bench::new();
    let (account, _) = bench.user("mallory");
    bench.may_close = true;
    let mut links = Vec::new();
    for device in 0..17 {
        assert!(
            links.iter().all(|link| end_of(&mut bench, *link).is_none()),
            "{device} sessions are not too many"
        );
        let link = bench.connect();
        sign_in(&mut bench, link, account, DeviceId(100 + device));
        bench.pass(50);
        links.push(link);
    }
    let too_many = (EndReason::TooManySessions, Some(4));
    assert_eq!(end_of(&mut bench, links[0]), Some(too_many));

    let again = bench.connect();
    sign_in(&mut bench, again, account, DeviceId(105));
    bench.pass(50);
    let superseded = (EndReason::Superseded, Some(3));
    assert_eq!(end_of(&mut bench, links[5]), Some(superseded));
    for link in links
        .iter()
        .skip(1)
        .filter(|link| link.client != links[5].client)
    {
        assert_eq!(end_of(&mut bench, *link), None);
    }
}

#[test]
fn hello_without_end_costs_no_more_than_its_limit() {
    // What was beyond the limit was refused, but kept, and the next part added to it.
    let mut bench = Bench::new();
    let mallory = bench.user("mallory");
    let link = bench.signed_in("mallory", mallory);
    bench.user_of(link).ready = false;
    let position = Position {
        conversation: ConversationId::EVERYONE,
        entry: EntryId(u64::MAX),
        digest: Digest([7; 32]),
    };
    for _ in 0..50 {
        let hello = Hello {
            positions: vec![position; 500],
            more: true,
            ..hello()
        };
        bench.say(link, Channel::Control, &ClientMessage::control(hello));
        bench.pass(30);
        assert!(bench.user_of(link).hello.len() <= 10_000);
    }
    let heard = bench.heard(link);
    assert!(
        heard
            .iter()
            .any(|body| matches!(body, ServerBody::Failure(_)))
    );
}

/// A part of a HELLO that goes on.
fn hello_part(positions: usize) -> ClientMessage {
    let position = Position {
        conversation: ConversationId::EVERYONE,
        entry: EntryId(u64::MAX),
        digest: Digest([7; 32]),
    };
    ClientMessage::control(Hello {
        positions: vec![position; positions],
        more: true,
        ..hello()
    })
}

/// The code with which the server has closed a session.
fn code_of(bench: &Bench, link: Link) -> Option<u16> {
    bench
        .closed
        .iter()
        .find_map(|(session, reason)| match reason {
            CloseReason::Peer { code, .. } if *session == link.client => Some(*code),
            _ => None,
        })
}

#[test]
fn device_that_does_not_finish_its_hello_is_closed_with_a_reason() {
    // What an unfinished HELLO named was kept for as long as the session, 0.6 MB of each.
    let mut bench = Bench::new();
    let (account, _) = bench.user("mallory");
    bench.may_close = true;
    let mut links = Vec::new();
    for device in 0..3 {
        let link = bench.connect();
        sign_in(&mut bench, link, account, DeviceId(100 + device));
        bench.pass(50);
        links.push(link);
    }
    bench.say(links[1], Channel::Control, &hello_part(100));
    let done = ClientMessage::control(hello());
    bench.say(links[2], Channel::Control, &done);
    bench.pass(20_000);
    bench.say(links[1], Channel::Control, &hello_part(100));
    bench.pass(15_000);
    let codes: Vec<_> = links.iter().map(|link| code_of(&bench, *link)).collect();
    assert_eq!(
        codes,
        [Some(5), None, None],
        "one has said nothing for 30 s"
    );
    bench.pass(20_000);
    assert_eq!(
        code_of(&bench, links[1]),
        Some(5),
        "one has not gone on for 30 s"
    );
    assert_eq!(code_of(&bench, links[2]), None, "one was done");
    assert_eq!(bench.hub.counters().evicted, 2);
    assert!(bench.hub.services.hellos.deadline().is_none());
}

#[test]
fn unfinished_hellos_keep_no_more_than_a_limit_together() {
    let mut bench = Bench::new();
    bench.may_close = true;
    let links: Vec<Link> = (0..8)
        .map(|number| {
            let name = format!("mallory{number}");
            let (account, device) = bench.user(&name);
            let link = bench.connect();
            sign_in(&mut bench, link, account, device);
            bench.pass(50);
            link
        })
        .collect();
    bench.hub.services.hellos = Hellos::holding(3_000);
    for round in 0..20 {
        for (number, link) in links.iter().enumerate() {
            if code_of(&bench, *link).is_none() && (number == 3 || round < 3) {
                bench.say(*link, Channel::Control, &hello_part(100));
            }
        }
        bench.pass(50);
        let sessions = bench.hub.core.sessions.in_order();
        let kept = sessions.filter_map(|(_, session)| session.user().map(|user| user.hello.len()));
        let kept: usize = kept.sum();
        assert!(kept <= 3_000, "{kept}");
    }
    bench.pass(100);
    assert_eq!(
        code_of(&bench, links[3]),
        Some(5),
        "the one that named the most"
    );
    let closed = links
        .iter()
        .filter(|link| code_of(&bench, **link).is_some());
    assert_eq!(closed.count(), 1);
}

#[test]
fn signed_in_sessions_have_a_limit_in_all_at_which_those_with_many_lose_one() {
    let mut bench = Bench::new();
    bench.may_close = true;
    bench.hub.core.config.limits.sessions = crate::server::Limit::of(6);
    let (mallory, _) = bench.user("mallory");
    let mut links = Vec::new();
    for device in 0..4 {
        let link = bench.connect();
        sign_in(&mut bench, link, mallory, DeviceId(100 + device));
        bench.pass(50);
        links.push(link);
    }
    for number in 0..8 {
        let (account, device) = bench.user(&format!("honest{number}"));
        let link = bench.connect();
        sign_in(&mut bench, link, account, device);
        bench.pass(50);
        links.push(link);
    }
    let codes: Vec<_> = links.iter().map(|link| code_of(&bench, *link)).collect();
    assert_eq!(
        codes[..3],
        [Some(6); 3],
        "three of four of one account: {codes:?}"
    );
    assert!(codes[3..].iter().all(Option::is_none), "{codes:?}");
    assert_eq!(bench.hub.core.presence.session_count(), 6);
    let refused = bench.heard(links[11]);
    assert!(
        matches!(&refused[..], [ServerBody::Failure(failure)] if failure.code == ErrorCode::LimitReached),
        "{refused:?}"
    );
}

#[test]
fn answers_that_are_not_read_wait_for_all_sessions_together_up_to_a_limit() {
    let mut bench = Bench::new();
    bench.may_close = true;
    let mut links = Vec::new();
    for number in 0..4 {
        let name = format!("mallory{number}");
        let user = bench.user(&name);
        links.push(bench.signed_in(&name, user));
    }
    bench.hub.core.responses = crate::transport::shares::Shares::new(10);
    for (number, link) in links.iter().enumerate() {
        let news = || ServerMessage::control(SendAgain { damaged: 1 });
        let parts = (0..if number == 1 { 8 } else { 2 }).map(|_| (Channel::Control, news()));
        bench.user_of(*link).pending_responses.extend(parts);
        bench.run(|_, ctx| ctx.note_pending_responses(link.server));
    }
    bench.pass(50);
    let codes: Vec<_> = links.iter().map(|link| code_of(&bench, *link)).collect();
    assert_eq!(codes, [None, Some(2), None, None]);
    assert_eq!(bench.hub.core.responses.held(), 6);
}

#[test]
fn repeated_message_takes_no_receipt_back() {
    // A device resends what it does not know to be stored. The answer named an older entry than had been delivered
    // since, and the device's acknowledgement of that was then cut down to the older one: its author was never told.
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.pair(alice, "bob");
    let link = bench.signed_in("bob", bob);
    let origin = Origin {
        conversation: pair,
        device: bob.1,
        number: DeviceSeq(1),
    };
    let first = text("one", origin);
    bench.say(link, Channel::Chat, &first);
    bench.pass(50);
    let alices = bench.signed_in("alice", alice);
    let origin = Origin {
        device: alice.1,
        ..origin
    };
    bench.say(alices, Channel::Chat, &text("two", origin));
    bench.pass(50);
    bench.say(link, Channel::Chat, &first);
    bench.pass(50);
    let received = Received {
        conversation: pair,
        entry: EntryId(2),
    };
    bench.say(link, Channel::Chat, &ClientMessage::control(received));
    bench.pass(50);
    let heard = bench.heard(alices);
    let marks = heard.iter().filter_map(|body| match body {
        ServerBody::Receipts(receipts) => receipts.marks.iter().map(|mark| mark.entry).max(),
        _ => None,
    });
    assert_eq!(marks.max(), Some(EntryId(2)), "{heard:?}");
}

#[test]
fn receipts_are_told_to_nobody_before_the_store_has_permitted_it_and_are_not_lost_meanwhile() {
    // A session that asked was told from then on, also while the store had not yet said that it belongs to the
    // conversation: a stranger who asked again and again learned who talked with whom, and when.
    let mut bench = Bench::new();
    let (alice, bob, mallory) = (
        bench.user("alice"),
        bench.user("bob"),
        bench.user("mallory"),
    );
    let pair = bench.pair(alice, "bob");
    let bobs = bench.signed_in("bob", bob);
    bench.append(pair, alice, 1);
    bench.user_of(bobs).note_sent(pair, EntryId(1));
    let (alices, strangers) = (
        bench.signed_in("alice", alice),
        bench.signed_in("mallory", mallory),
    );
    bench.is_held = true;
    let request = ClientMessage::control(ReceiptsRequest { conversation: pair });
    bench.say(alices, Channel::Chat, &request);
    bench.say(strangers, Channel::Chat, &request);
    bench.pass(50);
    let received = Received {
        conversation: pair,
        entry: EntryId(1),
    };
    bench.say(bobs, Channel::Chat, &ClientMessage::control(received));
    bench.pass(50);
    assert_eq!(bench.heard(strangers), []);
    bench.is_held = false;
    bench.pass(1500);
    let is_receipt = |body: &ServerBody| matches!(body, ServerBody::Receipts(receipts) if !receipts.marks.is_empty());
    assert!(bench.heard(alices).iter().any(is_receipt));
    let heard = bench.heard(strangers);
    assert!(!heard.iter().any(is_receipt), "{heard:?}");
}

#[test]
fn server_that_stops_says_so_until_it_is_heard() {
    // It said CLOSE once, and where that was lost its clients called a server that had stopped unreachable.
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let alices = bench.signed_in("alice", alice);
    bench.may_close = true;
    let now = bench.now;
    bench.hub.on_input(now, &mut bench.server, Input::Stop);
    let mut buffer = Vec::new();
    while bench
        .server
        .poll_transmit(now.instant, &mut buffer)
        .is_some()
    {
        // The path loses it.
    }
    while let Some(event) = bench.server.poll_event() {
        bench.hub.on_event(now, &mut bench.server, event);
    }
    bench.hub.on_settled(now, &mut bench.server);
    assert!(!bench.hub.is_finished(), "nobody has heard it");
    bench.pass(1_000);
    assert!(bench.client.statistics(alices.client).is_none(), "told");
    assert!(bench.hub.is_finished());
}

#[test]
fn server_that_stops_waits_only_so_long_for_clients_that_are_gone_and_for_a_store_that_hangs() {
    for hangs in [false, true] {
        let mut bench = Bench::new();
        let alice = bench.user("alice");
        bench.signed_in("alice", alice);
        bench.may_close = true;
        bench.is_held = hangs;
        // Her machine is off.
        bench.client = Endpoint::client(bench.now.instant, ClientConfig::default(), [9; 32]);
        let now = bench.now;
        bench.hub.on_input(now, &mut bench.server, Input::Stop);
        bench.pass(1_500);
        assert!(!hangs || !bench.hub.is_finished(), "the store is to write");
        bench.pass(1_000);
        assert!(bench.hub.is_finished(), "{hangs}");
    }
}
