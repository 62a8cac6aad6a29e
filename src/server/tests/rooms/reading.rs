//! What members of a room, and those who were, are sent of it.

use super::*;

#[test]
fn history_is_read_one_page_at_a_time_and_fits_a_message() {
    let mut bench = Bench::new();
    let bob = bench.user("bob");
    let link = bench.signed_in("bob", bob);
    bench.is_held = true;
    let request = |tag| {
        ClientMessage::control(HistoryRequest {
            tag,
            conversation: BRIDGE,
            before: EntryId(9),
            limit: u32::MAX,
        })
    };
    bench.say(link, Channel::Chat, &request(1));
    bench.pass(50);
    let heard = bench.heard(link);
    assert!(matches!(&heard[..], [ServerBody::Failure(failure)] if failure.tag == Some(1)));
    for tag in 2..5 {
        bench.say(link, Channel::Bulk, &request(tag));
    }
    bench.pass(50);
    assert_eq!(bench.waiting(), 1);
    let entry = |entry: u64| Entry {
        entry: EntryId(entry),
        prev: EntryId(entry - 1),
        author: bob.0,
        device: bob.1,
        number: DeviceSeq(entry),
        time_ms: 1,
        digest: Digest([7; 32]),
        content: vec![7; 20 * 1024],
        deleted: None,
        author_name: Some("bob".into()),
        peer_name: None,
    };
    // More than was asked for: the last ones are told, and that there are more.
    let entries = (1..=4).map(entry).collect();
    let more = false;
    let asked = bench.answer_next(Outcome::Done(Reply::History { entries, more }));
    assert!(matches!(
        asked,
        Request::Read(Read::History {
            max_entries: 200,
            ..
        })
    ));
    let heard = bench.heard(link);
    let [ServerBody::History(history)] = &heard[..] else {
        panic!("{heard:?}");
    };
    assert_eq!((history.tag, history.more), (2, true));
    assert_eq!(history.entries.last().map(|it| it.entry), Some(EntryId(4)));
    assert_eq!(bench.waiting(), 1);
    bench.answer_next(Outcome::Refused(Refusal::NotPermitted));
    let heard = bench.heard(link);
    assert!(
        matches!(&heard[..], [ServerBody::Failure(failure)] if failure.code == ErrorCode::NotPermitted && failure.tag == Some(3)),
        "{heard:?}"
    );
}

#[test]
fn receipts_of_many_are_counted_and_told_no_more_often_than_once_a_second() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let alices = bench.signed_in("alice", alice);
    let readers: Vec<(String, Link)> = (0..40)
        .map(|number| {
            let name = format!("reader{number}");
            let user = bench.user(&name);
            let link = bench.signed_in(&name, user);
            (name, link)
        })
        .collect();
    bench.heard(alices);
    let origin = Origin {
        conversation: ConversationId::EVERYONE,
        device: alice.1,
        number: DeviceSeq(1),
    };
    let said = text("land ahead", origin);
    bench.say(alices, Channel::Chat, &said);
    bench.pass(50);
    let received = ClientMessage::control(Received {
        conversation: ConversationId::EVERYONE,
        entry: EntryId(1),
    });
    for (_, link) in &readers {
        bench.say(*link, Channel::Chat, &received);
        bench.pass(25);
    }
    bench.pass(1100);
    let heard = bench.heard(alices);
    let counts: Vec<_> = heard
        .iter()
        .filter_map(|body| match body {
            ServerBody::ReceiptCounts(counts) => Some(counts),
            ServerBody::Receipts(receipts) => panic!("{receipts:?}"),
            _ => None,
        })
        .collect();
    assert!((1..=5).contains(&counts.len()), "{counts:?}");
    let last = counts.last().expect("one at least");
    assert_eq!(last.members, 40);
    let step = last.steps.iter().find(|step| step.entry >= EntryId(1));
    assert_eq!(step.map(|step| step.members), Some(40), "{last:?}");
    // Who asks later is told the same, and the store is not asked again.
    bench.is_held = true;
    let request = ReceiptsRequest {
        conversation: ConversationId::EVERYONE,
    };
    let (_, link) = readers[0];
    bench.heard(link);
    bench.say(link, Channel::Chat, &ClientMessage::control(request));
    bench.pass(50);
    let heard = bench.heard(link);
    assert!(
        matches!(&heard[..], [ServerBody::ReceiptCounts(counts)] if counts.steps.iter().any(|step| step.members == 39)),
        "{heard:?}"
    );
    assert_eq!(bench.waiting(), 0);
}

#[test]
fn who_left_reads_nothing_that_comes_after_and_hears_of_nobodys_receipts() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let (alices, bobs) = (bench.signed_in("alice", alice), bench.signed_in("bob", bob));
    let mut room = None;
    for link in [alices, bobs] {
        let join = Join {
            tag: 1,
            name: "#Bridge".into(),
            access: None,
            must_exist: None,
        };
        bench.say(link, Channel::Chat, &ClientMessage::control(join));
        bench.pass(50);
        let heard = bench.heard(link);
        assert_eq!(events(&heard), [EventKind::Joined], "{heard:?}");
        room = heard.iter().find_map(|body| match body {
            ServerBody::Joined(joined) => Some(joined.room.conversation),
            _ => None,
        });
    }
    let conversation = room.expect("both have joined");
    bench.heard(alices);
    let say = |bench: &mut Bench, number| {
        let origin = Origin {
            conversation,
            device: alice.1,
            number: DeviceSeq(number),
        };
        let said = text("land ahead", origin);
        bench.say(alices, Channel::Chat, &said);
        bench.pass(50);
    };
    let is_text =
        |body: &ServerBody| matches!(body, ServerBody::Entry(body) if body.read::<Text>().is_ok());
    say(&mut bench, 1);
    assert!(bench.heard(bobs).iter().any(is_text));
    let leave = ClientMessage::control(Leave {
        tag: 2,
        conversation,
    });
    bench.say(bobs, Channel::Chat, &leave);
    bench.pass(50);
    assert_eq!(events(&bench.heard(bobs)), [EventKind::Left]);
    say(&mut bench, 2);
    let again = DeliverAgain {
        conversation,
        after: EntryId::START,
    };
    bench.say(bobs, Channel::Chat, &ClientMessage::control(again));
    let request = ClientMessage::control(ReceiptsRequest { conversation });
    bench.say(bobs, Channel::Chat, &request);
    bench.pass(100);
    let heard = bench.heard(bobs);
    assert_eq!(heard.iter().filter(|body| is_text(body)).count(), 1);
    assert_eq!(events(&heard), [EventKind::Joined, EventKind::Left]);
    let subscribers = bench.hub.services.receipts.subscribers.get(&conversation);
    assert!(subscribers.is_none_or(|them| !them.contains(&bobs.server)));
}

#[test]
fn device_whose_account_has_joined_again_is_sent_that_behind_where_it_stands() {
    // What lies between two stays in a room is not for the account, so the first entry of the second stay was said to
    // follow the one before it, which no device had: one that had not sent JOIN itself asked for what it took to be
    // missing for ever. The same befell a reader past whom retention had moved the beginning of the log.
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let (alices, bobs) = (bench.signed_in("alice", alice), bench.signed_in("bob", bob));
    let join = ClientMessage::control(Join {
        tag: 1,
        name: "#bridge".into(),
        access: None,
        must_exist: None,
    });
    let mut room = None;
    for link in [alices, bobs] {
        bench.say(link, Channel::Chat, &join);
        bench.pass(50);
        room = bench.heard(link).iter().find_map(|body| match body {
            ServerBody::Joined(joined) => Some(joined.room.conversation),
            _ => None,
        });
    }
    let conversation = room.expect("both have joined");
    let leave = Leave {
        tag: 2,
        conversation,
    };
    bench.say(bobs, Channel::Chat, &ClientMessage::control(leave));
    bench.pass(50);
    let origin = Origin {
        conversation,
        device: alice.1,
        number: DeviceSeq(1),
    };
    let said = text("land ahead", origin);
    bench.say(alices, Channel::Chat, &said);
    bench.pass(50);
    bench.say(bobs, Channel::Chat, &join);
    bench.pass(50);
    bench.heard(bobs);
    let again = ClientMessage::control(DeliverAgain {
        conversation,
        after: EntryId(3),
    });
    // JOIN said once more moves nothing: a reading that was under way was thrown away, and the device, which had asked
    // for it just before, did not ask again.
    for repeats in [false, true] {
        bench.is_held = true;
        if repeats {
            bench.say(bobs, Channel::Chat, &join);
        }
        bench.say(bobs, Channel::Chat, &again);
        bench.pass(50);
        bench.is_held = false;
        bench.pass(50);
        let mut deliveries = Vec::new();
        let now = bench.now.instant;
        while let Some(bytes) = bench.client.receive(now, bobs.client, Channel::Chat) {
            let hop = Envelope::decode(&bytes).expect("it is whole").hop;
            deliveries.extend(hop.delivery.map(|to| (to.entry, to.prev)));
        }
        assert_eq!(deliveries, [(EntryId(5), EntryId(3))], "{repeats}");
    }
}
