//! What users are told of each other.

use super::*;
use crate::protocol::{
    AwayRequest, BlockedUser, ClientBody, ClientMessage, ContactsRequest, NOTES_NAME, Received,
    RosterRequest, ServerBody, WhoisRequest,
};

/// Alice and bob in a room.
fn shipmates() -> (Bench, [Link; 2], (AccountId, DeviceId)) {
    let mut bench = Bench::new();
    let users = ["alice", "bob"].map(|name| bench.user(name));
    for user in users {
        bench.join_room(user, "#bridge", Access::Public);
    }
    let alice = bench.signed_in("alice", users[0]);
    let bob = bench.signed_in("bob", users[1]);
    bench.heard(alice);
    (bench, [alice, bob], users[1])
}

fn ask(bench: &mut Bench, link: Link, body: impl Into<ClientBody>) -> Vec<ServerBody> {
    bench.say(link, Channel::Control, &ClientMessage::control(body));
    bench.pass(50);
    bench.heard(link)
}

#[test]
fn who_is_away_is_away_for_others_until_their_last_session_ends() {
    let (mut bench, [alice, bob], _) = shipmates();
    let lunch = AwayRequest {
        tag: 1,
        text: Some("lunch".into()),
    };
    let noted = ask(&mut bench, bob, lunch);
    assert!(matches!(&noted[..], [ServerBody::Away(away)] if away.tag == Some(1)));
    let roster = ask(&mut bench, alice, RosterRequest { tag: 2 });
    let [ServerBody::Roster(roster)] = &roster[..] else {
        panic!("{roster:?} is no roster");
    };
    let told: Vec<_> = roster
        .people
        .iter()
        .map(|person| (&*person.name, person.online, person.away.as_deref()))
        .collect();
    assert_eq!(told, [("bob", true, Some("lunch"))]);
    bench.run(|services, ctx| services.sign_out(ctx, bob.server));
    let whois = WhoisRequest {
        tag: 3,
        name: "Bob".into(),
    };
    let heard = ask(&mut bench, alice, whois);
    let found = heard.iter().find_map(|body| match body {
        ServerBody::Whois(whois) => Some(whois),
        _ => None,
    });
    let found = found.expect("bob exists");
    assert_eq!((found.person.online, &found.person.away), (false, &None));
    assert_eq!(found.rooms, ["#bridge"]);
}

#[test]
fn text_of_being_away_has_a_limit() {
    let (mut bench, [_, bob], _) = shipmates();
    for text in [String::new(), "x".repeat(257)] {
        let request = AwayRequest {
            tag: 1,
            text: Some(text),
        };
        let heard = ask(&mut bench, bob, request);
        assert!(matches!(&heard[..], [ServerBody::Failure(_)]), "{heard:?}");
    }
}

#[test]
fn who_is_blocked_is_in_no_roster_of_who_blocks_them() {
    let (mut bench, [alice, _], bob) = shipmates();
    let account = bench.user_of(alice).account;
    let blocked = BlockedUser {
        account: bob.0,
        name: "bob".into(),
    };
    bench.hub.core.blocks.set(account, &[blocked]);
    let roster = ask(&mut bench, alice, RosterRequest { tag: 2 });
    assert!(
        matches!(&roster[..], [ServerBody::Roster(roster)] if roster.people.is_empty()),
        "{roster:?}"
    );
}

#[test]
fn unannounced_session_comes_and_goes_without_a_word() {
    let mut bench = Bench::new();
    let [alice, cron] = ["alice", "cron"].map(|name| bench.user(name));
    let alice = bench.signed_in("alice", alice);
    let link = bench.connect();
    bench.sign_in_on(link, "cron", cron);
    let hello = Hello {
        unannounced: Some(true),
        ..hello()
    };
    ask(&mut bench, link, hello);
    bench.run(|services, ctx| services.sign_out(ctx, link.server));
    bench.pass(50);
    let heard = bench.heard(alice);
    assert!(heard.is_empty(), "{heard:?}");
}

#[test]
fn user_is_noted_as_seen_when_a_session_begins_as_a_kill_may_end_it() {
    let mut bench = Bench::new();
    let (account, device) = bench.user("bob");
    let link = bench.connect();
    let opened = Outcome::Done(Reply::Device {
        account,
        name: "bob".into(),
        is_bot: false,
        role: crate::protocol::AccountRole::Member,
        device,
        epoch: 1,
        reset_ms: None,
    });
    let begun_ms = bench.now.unix_ms;
    bench.run(|services, ctx| {
        services.on_device_opened(ctx, link.server, Command::Login, vec![7], &opened);
    });
    bench.pass(1500);
    let found = bench.done(Read::Acquaintance {
        account,
        name: "bob".into(),
    });
    let Reply::Acquaintance(found, _) = found else {
        panic!("{found:?} is nobody");
    };
    assert!(found.seen_ms >= begun_ms, "{found:?}");
}

/// A message that its author had received would be a receipt by oneself.
#[test]
fn note_is_delivered_to_the_other_devices_of_its_author_and_to_nobody_else() {
    let (mut bench, [_, bob], _) = shipmates();
    let user = bench.user("carol");
    let open = Write::OpenDevice {
        account: user.0,
        device: None,
        ticket: TicketHash([1; 32]),
        expires_ms: 0,
    };
    let Reply::Device { device: other, .. } = bench.done(open) else {
        panic!("a device was asked for");
    };
    let notes = bench.pair(user, NOTES_NAME);
    let writing = bench.signed_in("carol", user);
    let reading = bench.signed_in("carol", (user.0, other));
    bench.heard(bob);
    let origin = Origin {
        conversation: notes,
        device: user.1,
        number: DeviceSeq(1),
    };
    bench.say(writing, Channel::Chat, &text("buy rope", origin));
    bench.pass(50);
    let heard = bench.heard(writing);
    let [ServerBody::Stored(stored)] = &heard[..] else {
        panic!("{heard:?} is not that it is stored");
    };
    assert_eq!((stored.recipients, stored.online), (0, 0));
    let read = bench.heard(reading);
    assert!(matches!(&read[..], [ServerBody::Entry(_)]), "{read:?}");
    let received = Received {
        conversation: notes,
        entry: stored.entry,
    };
    bench.say(reading, Channel::Chat, &ClientMessage::control(received));
    bench.pass(50);
    assert_eq!(bench.heard(writing), []);
    assert_eq!(bench.heard(bob), []);
}

#[test]
fn bot_is_named_as_one_and_comes_and_goes_without_a_word() {
    let mut bench = Bench::new();
    let [alice, dice] = ["alice", "dice"].map(|name| bench.user(name));
    let alice = bench.signed_in("alice", alice);
    bench.done(Write::MarkBot {
        account: dice.0,
        is_bot: true,
    });
    let link = bench.connect();
    let opened = Outcome::Done(Reply::Device {
        account: dice.0,
        name: "dice".into(),
        is_bot: true,
        role: crate::protocol::AccountRole::Member,
        device: dice.1,
        epoch: 1,
        reset_ms: None,
    });
    bench.run(|services, ctx| {
        services.on_device_opened(ctx, link.server, Command::Login, vec![7], &opened);
    });
    ask(&mut bench, link, hello());
    let listed = ask(&mut bench, alice, ContactsRequest { tag: 1 });
    let bots = listed.iter().find_map(|body| match body {
        ServerBody::ListContacts(list) => Some(&list.contacts),
        _ => None,
    });
    let bots: Vec<_> = bots
        .expect("it is listed")
        .iter()
        .map(|it| (&*it.name, it.bot))
        .collect();
    assert_eq!(bots, [("alice", None), ("dice", Some(true))]);
    assert!(
        !listed
            .iter()
            .any(|body| matches!(body, ServerBody::Alert(_))),
        "{listed:?}"
    );
    let whois = WhoisRequest {
        tag: 2,
        name: "dice".into(),
    };
    let answer = ask(&mut bench, alice, whois);
    assert!(
        matches!(&answer[..], [ServerBody::Whois(found)] if found.person.bot == Some(true)),
        "{answer:?}"
    );
    bench.run(|services, ctx| services.sign_out(ctx, link.server));
    bench.pass(50);
    let heard = bench.heard(alice);
    assert!(heard.is_empty(), "{heard:?}");
}
