//! Answers have room of their own, whatever else is under way to a session, and go to the device that asked.

use std::collections::BTreeSet;

use super::*;
use crate::protocol::{Failure, Resolve, Void};
use crate::server::limits::Limits as HubLimits;
use crate::server::limits::account_budget::Budgets;
use crate::transport::SendError;

/// A device of alice, to which more is under way than it has taken: nothing unasked fits any longer.
fn overwhelmed(bench: &mut Bench) -> (Link, (AccountId, DeviceId)) {
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    let long = "x".repeat(16_000);
    for number in 1..=60 {
        bench.append_text(ConversationId::EVERYONE, bob, number, &long);
    }
    let link = bench.connect();
    bench.sign_in_on(link, "alice", alice);
    bench.say(link, Channel::Control, &ClientMessage::control(hello()));
    let again = DeliverAgain {
        conversation: ConversationId::EVERYONE,
        after: EntryId::START,
    };
    bench.say(link, Channel::Chat, &ClientMessage::control(again));
    bench.pass(500);
    assert!(!bench.user_of(link).lagging.is_empty());
    (link, alice)
}

#[test]
fn device_to_which_much_is_under_way_is_told_what_is_stored_as_often_as_it_asks() {
    // Deliveries filled the send buffer to its last byte. That a message was stored had no room there; its author was sent the
    // message, asked again, and the answer had no room either: nothing told it any more, until its session ended.
    let mut bench = Bench::new();
    let (link, alice) = overwhelmed(&mut bench);
    let origin = to_everyone(alice, 1);
    for _ in 0..2 {
        bench.say(link, Channel::Chat, &text("tea?", origin));
        bench.pass(100);
    }
    let void = Void {
        conversation: ConversationId::EVERYONE,
        number: DeviceSeq(2),
    };
    bench.say(link, Channel::Chat, &ClientMessage::control(void));
    bench.pass(100);
    let (mut stored, mut voided, mut entries) = (0, 0, 0);
    for _ in 0..20 {
        for body in bench.heard(link) {
            stored += usize::from(matches!(body, ServerBody::Stored(_)));
            voided += usize::from(matches!(body, ServerBody::Voided(_)));
            entries += usize::from(matches!(body, ServerBody::Entry(_)));
        }
    }
    assert_eq!((stored, voided), (2, 1));
    assert!(entries >= 60, "{entries}");
}

#[test]
fn what_came_with_a_goodbye_is_taken_though_no_answers_were_read() {
    // It waited for room for answers like anything else, and was forgotten with its session.
    let mut bench = Bench::new();
    bench.hub.core.budgets = Budgets::new(&HubLimits::unlimited());
    let (link, alice) = overwhelmed(&mut bench);
    let mut number = 0;
    let mut say = |bench: &mut Bench| {
        number += 1;
        let origin = to_everyone(alice, number);
        bench.say(link, Channel::Chat, &text("tea?", origin));
        bench.pass(5);
    };
    while bench.server.has_reply_room(link.server, Channel::Chat) {
        say(&mut bench);
    }
    say(&mut bench);
    let waiting = |bench: &mut Bench| bench.server.is_readable(link.server, Channel::Chat);
    assert!(waiting(&mut bench));
    bench.may_close = true;
    let now = bench.now.instant;
    bench.client.close(now, link.client, 0, "goodbye");
    bench.pass(100);
    assert!(!waiting(&mut bench), "it was not taken");
}

#[test]
fn who_signs_out_while_much_is_under_way_is_not_closed_for_what_they_say_then() {
    // A session on which nobody is signed in may have less under way, and each refusal found no room.
    let mut bench = Bench::new();
    let (link, alice) = overwhelmed(&mut bench);
    bench.run(|services, ctx| services.sign_out(ctx, link.server));
    for number in 1..=5 {
        let origin = to_everyone(alice, number);
        bench.say(link, Channel::Chat, &text("tea?", origin));
    }
    bench.pass(200);
    let mut refused = 0;
    for _ in 0..40 {
        for body in bench.heard(link) {
            let is_refusal = |failure: &Failure| failure.code == ErrorCode::NotSignedIn;
            refused += usize::from(matches!(body, ServerBody::Failure(it) if is_refusal(&it)));
        }
    }
    assert_eq!(refused, 5);
}

#[test]
fn what_a_device_has_voided_and_looked_up_is_not_told_another_that_signs_in_on_its_session() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let link = bench.signed_in("bob", bob);
    bench.is_held = true;
    let void = Void {
        conversation: ConversationId::EVERYONE,
        number: DeviceSeq(1),
    };
    let resolve = Resolve {
        tag: 7,
        name: "alice".into(),
    };
    bench.say(link, Channel::Chat, &ClientMessage::control(void));
    bench.say(link, Channel::Control, &ClientMessage::control(resolve));
    bench.pass(50);
    assert_eq!(bench.store.waiting().len(), 2);
    bench.run(|services, ctx| services.sign_out(ctx, link.server));
    bench.sign_in_on(link, "alice", alice);
    bench.is_held = false;
    bench.pass(100);
    let heard = bench.heard(link);
    assert!(heard.is_empty(), "{heard:?}");
}

#[test]
fn list_of_contacts_asked_for_before_hello_leaves_the_steps_of_a_sign_in_in_order() {
    // What comes after it waits until it has gone out, and after HELLO until that is answered.
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let link = bench.connect();
    bench.sign_in_on(link, "alice", alice);
    let origin = to_everyone(alice, 1);
    let hello = ClientMessage::control(hello());
    for message in [contacts(), hello] {
        bench.say(link, Channel::Control, &message);
    }
    bench.say(link, Channel::Chat, &text("tea?", origin));
    bench.pass(200);
    let heard = bench.heard(link);
    let is = |wanted: fn(&ServerBody) -> bool| heard.iter().position(wanted);
    let contacts = is(|body| matches!(body, ServerBody::ListContacts(_)));
    let greeted = is(|body| matches!(body, ServerBody::Greeting(_)));
    let stored = is(|body| matches!(body, ServerBody::Stored(_)));
    assert!(contacts.is_some() && greeted.is_some(), "{heard:?}");
    assert!(stored.is_some(), "{heard:?}");
}

#[test]
fn who_reads_no_answers_has_no_further_messages_taken_and_misses_none() {
    // Their session was closed as soon as the answers did not fit, with all that was under way.
    const MESSAGES: u64 = 4_000;
    let mut bench = Bench::new();
    bench.hub.core.budgets = Budgets::new(&HubLimits::unlimited());
    let (link, alice) = overwhelmed(&mut bench);
    let (mut stored, mut held, long) = (BTreeSet::new(), 0, "x".repeat(200));
    let read = |bench: &mut Bench, stored: &mut BTreeSet<u64>| {
        for body in bench.heard(link) {
            if let ServerBody::Stored(told) = body {
                stored.insert(told.number.0);
            }
        }
    };
    for number in 1..=MESSAGES {
        let origin = to_everyone(alice, number);
        let bytes = encode(&text(&long, origin), Hop::default());
        let (now, session) = (bench.now.instant, link.client);
        while bench.client.send(now, session, Channel::Chat, &bytes) == Err(SendError::Full) {
            // All room between the two is full, and only now the answers are read.
            held = held.max(bench.server.usage().buffers_bytes);
            read(&mut bench, &mut stored);
        }
        if number % 50 == 0 {
            bench.pass(5);
        }
    }
    for _ in 0..100 {
        read(&mut bench, &mut stored);
    }
    assert!(stored.into_iter().eq(1..=MESSAGES));
    assert!(held > 0 && held < 1_000_000, "{held} bytes were held");
}
