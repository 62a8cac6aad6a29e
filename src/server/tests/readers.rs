//! Whatever one reader, one conversation or one list is like, all others go on.

mod answers;

use super::*;
use crate::protocol::{ClientMessage, NAMED_RECEIPTS_MAX, ServerBody};
use crate::server::session::ReadCursor;

#[test]
fn device_that_asks_for_deliveries_again_and_again_costs_one_reading_at_a_time() {
    let mut bench = Bench::new();
    let bob = bench.user("bob");
    let link = bench.signed_in("bob", bob);
    bench.is_held = true;
    for _ in 0..20 {
        let again = DeliverAgain {
            conversation: ConversationId::EVERYONE,
            after: EntryId::START,
        };
        bench.say(link, Channel::Chat, &ClientMessage::control(again));
    }
    bench.pass(50);
    assert_eq!(bench.store.waiting().len(), 1);
}

#[test]
fn nothing_is_delivered_to_a_session_that_is_there_to_send_only() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    let author = bench.signed_in("alice", alice);
    let say = |bench: &mut Bench, number| {
        let origin = to_everyone(alice, number);
        bench.say(author, Channel::Chat, &text("tea?", origin));
        bench.pass(100);
    };
    say(&mut bench, 1);
    let heard = [Some(true), None].map(|sends_only| {
        let link = bench.connect();
        bench.sign_in_on(link, "bob", bob);
        let hello = Hello {
            sends_only,
            ..hello()
        };
        bench.say(link, Channel::Control, &ClientMessage::control(hello));
        bench.pass(100);
        let before = bench.user_of(link).sent.len();
        (link, before)
    });
    say(&mut bench, 2);
    let sent = heard.map(|(link, before)| {
        let sent = &bench.user_of(link).sent;
        (before, sent.get(ConversationId::EVERYONE).copied())
    });
    assert_eq!(sent, [(0, None), (1, Some(EntryId(2)))]);
}

#[test]
fn receipts_of_many_are_counted_once_and_cost_each_who_asks_as_much_as_a_list() {
    // Each question read every member's row, 64 of them at once, for the price of a look at one.
    let mut bench = Bench::new();
    for number in 0..40 {
        bench.user(&format!("user{number}"));
    }
    let bob = bench.user("bob");
    let links: Vec<Link> = (0..20).map(|_| bench.signed_in("bob", bob)).collect();
    let request = ClientMessage::control(ReceiptsRequest {
        conversation: ConversationId::EVERYONE,
    });
    bench.is_held = true;
    for link in &links {
        bench.say(*link, Channel::Chat, &request);
    }
    bench.pass(50);
    let waiting = bench.store.waiting();
    assert!(waiting.iter().all(|request| matches!(
        request,
        Request::Read(Read::Marks { named_max, .. }) if *named_max == NAMED_RECEIPTS_MAX
    )));
    let asked = u32::try_from(waiting.len()).expect("a few");
    assert!(asked > 1);
    bench.is_held = false;
    bench.pass(100);
    // Those who asked later were answered from what had been counted.
    let spent = f64::from(asked * 10 + (20 - asked));
    let left = bench
        .hub
        .core
        .budgets
        .requests_left(bench.now.instant, bob.0);
    assert!((1000.0 - spent..1010.0 - spent).contains(&left), "{left}");
    let counted = |body: &ServerBody| matches!(body, ServerBody::ReceiptCounts(_));
    for link in &links {
        assert!(bench.heard(*link).iter().any(counted));
    }
}

#[test]
fn conversation_that_cannot_be_read_holds_up_no_other() {
    // The first conversation in which a device was behind was read again and again, each second, as long as the store
    // could not; the others waited for it.
    let mut bench = Bench::new();
    let bob = bench.user("bob");
    let link = bench.signed_in("bob", bob);
    bench.is_held = true;
    let (damaged, sound) = (ConversationId(100), ConversationId(200));
    for conversation in [damaged, sound] {
        let again = DeliverAgain {
            conversation,
            after: EntryId::START,
        };
        bench.say(link, Channel::Chat, &ClientMessage::control(again));
    }
    bench.pass(50);
    let (after, outcome) = (EntryId::START, Outcome::Unknown);
    bench.run(|_, ctx| catch_up::on_read(ctx, link.server, damaged, after, outcome));
    let last = bench.store.waiting().pop();
    assert!(
        matches!(last, Some(Request::Read(Read::Entries { conversation, .. })) if conversation == sound),
        "{last:?}"
    );
}

#[test]
fn what_was_read_for_a_device_is_not_sent_to_another_that_signs_in_on_its_session() {
    // A page of a log may be answered after requests that came later, and so after another user has signed in.
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let link = bench.signed_in("bob", bob);
    let conversation = ConversationId::EVERYONE;
    let reader = ReadCursor::new(EntryId::START, EntryId(1));
    bench.user_of(link).lagging.insert(conversation, reader);
    bench.run(|_, ctx| catch_up::read_next(ctx, link.server));
    let (id, _) = bench.store.take(1).remove(0);
    bench.run(|services, ctx| services.sign_out(ctx, link.server));
    bench.sign_in_on(link, "alice", alice);
    let own = ReadCursor {
        is_reading: true,
        ..reader
    };
    bench.user_of(link).lagging.insert(conversation, own);
    let refused = Outcome::Refused(Refusal::NotPermitted);
    let bobs = Completion::new(id, Request::Checkpoint, refused);
    let now = bench.now;
    bench
        .hub
        .on_input(now, &mut bench.server, Input::Completion(bobs.into()));
    assert_eq!(bench.user_of(link).lagging.get(&conversation), Some(&own));
}

#[test]
fn message_that_no_delivery_could_hold_is_refused_and_holds_nobody_up() {
    // A message of 64 KiB was stored, but with what a delivery adds it fitted into none: its readers asked for it for
    // ever, and got nothing that came after it, in any conversation.
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.pair(alice, "bob");
    let (alices, bobs) = (bench.signed_in("alice", alice), bench.signed_in("bob", bob));
    let origin = Origin {
        conversation: pair,
        device: alice.1,
        number: DeviceSeq(1),
    };
    let sized = |length: usize| text(&"b".repeat(length), origin);
    let around = encode(&sized(60_000), Hop::default()).len() - 60_000;
    let largest = sized(64 * 1024 - around);
    bench.say(alices, Channel::Chat, &largest);
    bench.pass(100);
    let fitting = text("tea?", origin);
    bench.say(alices, Channel::Chat, &fitting);
    bench.pass(100);
    let refused = |body: &ServerBody| matches!(body, ServerBody::Failure(failure) if failure.code == ErrorCode::TextTooLong);
    assert!(bench.heard(alices).iter().any(refused));
    let heard = bench.heard(bobs);
    assert!(
        heard
            .iter()
            .any(|body| matches!(body, ServerBody::Entry(_))),
        "{heard:?}"
    );
}

#[test]
fn however_many_are_online_asking_for_them_ends_no_session() {
    // The whole list was sent at once; from some five thousand users on it did not fit into a send buffer, and each
    // client that asked, as all do when they sign in, was closed for not reading.
    let mut bench = Bench::new();
    let erin = bench.user("erin");
    let link = bench.signed_in("erin", erin);
    for number in 0..10_000_u64 {
        let name = format!("{number:0>32}");
        bench
            .hub
            .core
            .presence
            .set_active(AccountId(1_000 + number), &*name, link.server);
    }
    bench.say(link, Channel::Control, &contacts());
    bench.pass(500);
    let heard = bench.heard(link);
    let lists = heard.iter().filter_map(|body| match body {
        ServerBody::ListContacts(list) => Some(list),
        _ => None,
    });
    let names: Vec<&str> = lists
        .flat_map(|list| &list.contacts)
        .map(|contact| &*contact.name)
        .collect();
    assert!(
        names.len() >= 1000 && names.contains(&"erin"),
        "{}",
        names.len()
    );
}

#[test]
fn however_many_talk_to_an_account_it_can_sign_in() {
    // Anybody may open a conversation with anybody. With some thousands of them the answer to HELLO did not fit into a
    // send buffer, and the owner was closed for not reading, at each sign-in.
    let mut bench = Bench::new();
    let erin = bench.user("erin");
    let link = bench.signed_in("erin", erin);
    let standing = |number: u64| ConversationState {
        conversation: ConversationId(1_000_000 + number),
        is_room: false,
        name: format!("{number:0>32}"),
        head: EntryId::START,
        last_number: DeviceSeq(0),
        start: EntryId::START,
        joined_after: EntryId::START,
        delivered_up_to: EntryId::START,
        log_start: EntryId::START,
        until: None,
        expired: false,
        read_up_to: EntryId::START,
        muted_until_ms: 0,
        reads_after: EntryId::START,
    };
    let standings = (0..9_000).map(standing).collect();
    let outcome = Outcome::Done(Reply::Hello {
        standings,
        blocked: Vec::new(),
    });
    bench.run(|services, ctx| {
        let Services {
            hellos, receipts, ..
        } = services;
        hellos.on_loaded(ctx, receipts, link.server, Channel::Control, outcome);
    });
    let mut heads = 0;
    let mut is_greeted = false;
    for _ in 0..40 {
        bench.pass(100);
        for body in bench.heard(link) {
            match body {
                ServerBody::HelloAnswer(answer) => heads += answer.heads.len(),
                ServerBody::Greeting(_) => is_greeted = true,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!((heads, is_greeted), (9_000, true));
    bench.say(link, Channel::Control, &contacts());
    bench.pass(100);
    assert_eq!(bench.heard(link).len(), 1);
}

#[test]
fn damaged_text_is_asked_for_again_on_whichever_channel_it_came() {
    // Only what came on the chat channel was asked for again; a damaged message of a stream was refused, though its
    // author keeps it and only waits for a word.
    let mut bench = Bench::new();
    let (alice, _) = (bench.user("alice"), bench.user("bob"));
    let conversation = bench.pair(alice, "bob");
    let link = bench.signed_in("alice", alice);
    let origin = Origin {
        conversation,
        device: alice.1,
        number: DeviceSeq(1),
    };
    let mut bytes = encode(&text("tea?", origin), Hop::default());
    let at = bytes.windows(4).position(|word| word == b"tea?");
    bytes[at.expect("what was said")] ^= 1;
    for channel in [Channel::Chat, Channel::Bulk] {
        let sent = bench
            .client
            .send(bench.now.instant, link.client, channel, &bytes);
        sent.expect("there is room");
        bench.pass(100);
        let heard = bench.heard(link);
        assert!(
            matches!(&heard[..], [ServerBody::SendAgain(_)]),
            "{channel:?}: {heard:?}"
        );
    }
}

#[test]
fn refusal_to_deliver_again_says_of_which_conversation() {
    // The client could not tell which of its questions was refused, went on asking, and showed each refusal.
    let mut bench = Bench::new();
    let bob = bench.user("bob");
    let link = bench.signed_in("bob", bob);
    let conversation = ConversationId(77);
    let again = DeliverAgain {
        conversation,
        after: EntryId::START,
    };
    bench.say(link, Channel::Chat, &ClientMessage::control(again));
    bench.pass(50);
    let heard = bench.heard(link);
    let refused = heard.iter().find_map(|body| match body {
        ServerBody::Failure(failure) => failure.conversation,
        _ => None,
    });
    assert_eq!(refused, Some(conversation), "{heard:?}");
}
