//! Rooms, history and counted receipts, as a session meets them. What the store says of rooms is played here.

use super::*;
use crate::protocol::{
    Access, Change, EventKind, HistoryRequest, Join, Leave, MemberRole, MembersRequest, Moderate,
    Room, RoomEvent,
};
use crate::store::{Audience, Entry, Event as StoreEvent, Joined, Member, StoredEntry};

const BRIDGE: ConversationId = ConversationId(900);

impl Bench {
    /// Answers the oldest request that waits, and says what it was.
    fn answer_next(&mut self, outcome: Outcome) -> Request {
        let next = self
            .queue
            .lock()
            .expect("held by nobody")
            .waiting
            .pop_front();
        let (id, request) = next.expect("something was asked");
        let completion = Completion { id, outcome };
        self.hub
            .on_input(self.now, &mut self.server, Input::Completion(completion));
        self.pass(50);
        request
    }

    fn waiting(&self) -> usize {
        self.queue.lock().expect("held by nobody").waiting.len()
    }

    /// A user joins the bridge, by an entry, or was in it before.
    fn joins(&mut self, link: Link, name: &str, account: AccountId, event: Option<StoreEvent>) {
        let join = Join {
            tag: 7,
            name: "#Bridge".into(),
            access: None,
        };
        self.say(link, Channel::Control, &Message::control(join));
        self.pass(50);
        let since = event.as_ref().map_or(EntryId::START, |it| it.stored.prev);
        let standing = Standing {
            conversation: BRIDGE,
            is_room: true,
            name: "#bridge".into(),
            head: since,
            last_number: Number(0),
            start: since,
            since,
            mark: since,
            floor: EntryId::START,
            until: None,
            expired: false,
        };
        let room = Room {
            conversation: BRIDGE,
            name: "#bridge".into(),
            topic: String::new(),
            access: Access::Public,
            role: Some(MemberRole::Member),
            members: 1,
        };
        let joined = Joined {
            standing,
            room,
            event,
        };
        let request = self.answer_next(Outcome::Done(Reply::Joined(Box::new(joined))));
        assert!(
            matches!(&request, Request::Join { account: asker, name, .. } if *asker == account && name == "#bridge"),
            "{name}: {request:?}"
        );
    }
}

fn event(kind: EventKind, author: AccountId, entry: u64) -> StoreEvent {
    let said = RoomEvent {
        kind,
        actor: "somebody".into(),
        subject: None,
        text: None,
        role: None,
        access: None,
    };
    let (content, digest) = seal(&Message::event(BRIDGE, said));
    StoreEvent {
        conversation: BRIDGE,
        kind,
        author,
        stored: StoredEntry {
            entry: EntryId(entry),
            prev: EntryId(entry - 1),
            time_ms: 1,
            repeated: false,
            audience: Audience::Room { members: 3 },
        },
        content,
        digest,
    }
}

fn events(heard: &[Body]) -> Vec<EventKind> {
    let events = heard.iter().filter_map(|body| match body {
        Body::RoomEvent(event) => Some(event.kind),
        _ => None,
    });
    events.collect()
}

fn kick() -> Message {
    let change = Change {
        kind: EventKind::Kicked,
        subject: Some("Carol".into()),
        text: None,
        role: None,
        access: None,
    };
    Message::control(Moderate {
        tag: 9,
        conversation: BRIDGE,
        change,
    })
}

#[test]
fn room_reaches_all_devices_of_its_members_and_who_was_removed_hears_that_last() {
    let mut bench = Bench::new();
    let (alice, carol) = (bench.user("alice"), bench.user("carol"));
    let alices = bench.signed_in("alice", alice);
    let carols = bench.signed_in("carol", carol);
    let phone = bench.signed_in("carol", (carol.0, DeviceId(77)));
    bench.is_held = true;
    let first = event(EventKind::Joined, alice.0, 1);
    bench.joins(alices, "alice", alice.0, Some(first));
    let second = event(EventKind::Joined, carol.0, 2);
    bench.joins(carols, "carol", carol.0, Some(second));
    let heard = bench.heard(alices);
    assert_eq!(events(&heard), [EventKind::Joined, EventKind::Joined]);
    let heard = bench.heard(carols);
    assert!(
        matches!(heard[0], Body::Joined(ref it) if it.tag == 7 && it.start == EntryId(1)),
        "{heard:?}"
    );
    assert_eq!(events(&heard), [EventKind::Joined]);
    assert_eq!(events(&bench.heard(phone)), [EventKind::Joined]);

    bench.hub.watch(carols.server, BRIDGE);
    bench.say(alices, Channel::Control, &kick());
    bench.pass(50);
    let outcome = Outcome::Done(Reply::Changed {
        event: Some(event(EventKind::Kicked, alice.0, 3)),
        subject: Some(carol.0),
    });
    let request = bench.answer_next(outcome);
    assert!(
        matches!(&request, Request::ChangeRoom { change, .. } if change.subject.as_deref() == Some("carol")),
        "{request:?}"
    );
    let topic = event(EventKind::Topic, alice.0, 4);
    let turn = &mut crate::server::hub::Turn {
        now: bench.now,
        endpoint: &mut bench.server,
    };
    bench.hub.forward_event(turn, &topic);
    bench.pass(50);
    let heard = bench.heard(alices);
    assert_eq!(events(&heard), [EventKind::Kicked, EventKind::Topic]);
    assert!(
        heard
            .iter()
            .any(|it| matches!(it, Body::Moderated(done) if done.changed))
    );
    for link in [carols, phone] {
        assert_eq!(events(&bench.heard(link)), [EventKind::Kicked]);
    }
    assert!(!bench.hub.watchers.contains_key(&BRIDGE));
}

#[test]
fn who_has_left_is_told_that_what_they_said_is_stored_but_no_receipts() {
    // A message that a former member sends once more, since the answer was lost, is answered; that must not make them
    // watch a room that is not theirs any more.
    let mut bench = Bench::new();
    let carol = bench.user("carol");
    let link = bench.signed_in("carol", carol);
    bench.is_held = true;
    let origin = Origin {
        conversation: BRIDGE,
        device: carol.1,
        number: Number(1),
    };
    for is_member in [false, true] {
        if is_member {
            bench.hub.presence.enter(carol.0, BRIDGE);
        }
        bench.say(link, Channel::Chat, &text("carol", "#bridge", "hi", origin));
        bench.pass(50);
        let mut stored = event(EventKind::Left, carol.0, 2).stored;
        stored.repeated = true;
        bench.answer_next(Outcome::Done(Reply::Stored(stored)));
        assert!(matches!(bench.heard(link)[..], [Body::Stored(_)]));
        assert_eq!(bench.hub.watchers.contains_key(&BRIDGE), is_member);
    }
}

#[test]
fn who_leaves_hears_of_it_last_and_may_leave_again() {
    let mut bench = Bench::new();
    let carol = bench.user("carol");
    let link = bench.signed_in("carol", carol);
    bench.is_held = true;
    let first = event(EventKind::Joined, carol.0, 1);
    bench.joins(link, "carol", carol.0, Some(first));
    bench.heard(link);
    let leave = Message::control(Leave {
        tag: 3,
        conversation: BRIDGE,
    });
    bench.say(link, Channel::Chat, &leave);
    bench.pass(50);
    bench.answer_next(Outcome::Done(Reply::Changed {
        event: Some(event(EventKind::Left, carol.0, 2)),
        subject: None,
    }));
    let heard = bench.heard(link);
    assert_eq!(events(&heard), [EventKind::Left]);
    assert!(matches!(heard[1], Body::Left(ref it) if it.tag == 3));
    assert!(!bench.hub.presence.is_in(carol.0, BRIDGE));
    bench.say(link, Channel::Chat, &leave);
    bench.pass(50);
    bench.answer_next(Outcome::Refused(Refusal::NoSuchConversation));
    assert!(matches!(bench.heard(link)[..], [Body::Left(_)]));
}

#[test]
fn strangers_learn_nothing_of_a_room_and_cost_the_store_nothing() {
    let mut bench = Bench::new();
    let mallory = bench.user("mallory");
    let link = bench.signed_in("mallory", mallory);
    bench.is_held = true;
    let members = MembersRequest {
        tag: 9,
        conversation: BRIDGE,
    };
    for request in [Message::control(members), kick()] {
        bench.say(link, Channel::Control, &request);
        bench.pass(50);
        let heard = bench.heard(link);
        assert!(
            matches!(&heard[..], [Body::Failure(failure)] if failure.code == ErrorCode::NotPermitted && failure.tag == Some(9)),
            "{heard:?}"
        );
    }
    assert_eq!(bench.waiting(), 0);
}

#[test]
fn closed_server_does_not_say_whether_a_private_room_exists() {
    let mut bench = Bench::new();
    bench.hub.config.rooms = crate::server::RoomMaking::Closed;
    let mallory = bench.user("mallory");
    let link = bench.signed_in("mallory", mallory);
    bench.is_held = true;
    for refusal in [Refusal::NotInvited, Refusal::NoSuchRoom] {
        let join = Join {
            tag: 7,
            name: "#secret".into(),
            access: None,
        };
        bench.say(link, Channel::Control, &Message::control(join));
        bench.pass(50);
        let request = bench.answer_next(Outcome::Refused(refusal));
        assert!(matches!(
            request,
            Request::Join {
                may_make: false,
                ..
            }
        ));
        let heard = bench.heard(link);
        assert!(
            matches!(&heard[..], [Body::Failure(failure)] if failure.code == ErrorCode::RoomsClosed && failure.tag == Some(7)),
            "{heard:?}"
        );
    }
}

#[test]
fn who_joins_without_end_is_made_to_wait() {
    let mut bench = Bench::new();
    let mallory = bench.user("mallory");
    let link = bench.signed_in("mallory", mallory);
    let mut refused = 0;
    for tag in 0..60 {
        let join = Join {
            tag,
            name: "#bridge".into(),
            access: None,
        };
        bench.say(link, Channel::Control, &Message::control(join));
        bench.pass(20);
        for body in bench.heard(link) {
            if let Body::Failure(failure) = body
                && failure.code == ErrorCode::TooManyAttempts
            {
                assert!(failure.wait_ms.is_some() && failure.tag.is_some());
                refused += 1;
            }
        }
    }
    assert!((20..=30).contains(&refused), "{refused}");
}

#[test]
fn however_many_belong_to_a_room_its_list_ends_no_session() {
    let mut bench = Bench::new();
    let erin = bench.user("erin");
    let link = bench.signed_in("erin", erin);
    bench.hub.presence.enter(erin.0, BRIDGE);
    bench.is_held = true;
    let request = Message::control(MembersRequest {
        tag: 4,
        conversation: BRIDGE,
    });
    for _ in 0..3 {
        bench.say(link, Channel::Control, &request);
    }
    bench.pass(50);
    assert_eq!(bench.waiting(), 1, "one list at a time");
    let member = |number: u64| Member {
        account: AccountId(1000 + number),
        name: format!("{number:0>32}"),
        role: MemberRole::Member,
    };
    let members = (0..16_000).map(member).collect();
    bench.answer_next(Outcome::Done(Reply::Members(members)));
    let mut listed = 0;
    for _ in 0..20 {
        bench.pass(100);
        for body in bench.heard(link) {
            match body {
                Body::Members(part) => listed += part.members.len(),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(listed, 2000);
    assert_eq!(bench.waiting(), 1, "the next one");
}

#[test]
fn history_is_read_one_page_at_a_time_and_fits_a_message() {
    let mut bench = Bench::new();
    let bob = bench.user("bob");
    let link = bench.signed_in("bob", bob);
    bench.is_held = true;
    let request = |tag| {
        Message::control(HistoryRequest {
            tag,
            conversation: BRIDGE,
            before: EntryId(9),
            limit: u32::MAX,
        })
    };
    bench.say(link, Channel::Chat, &request(1));
    bench.pass(50);
    let heard = bench.heard(link);
    assert!(matches!(&heard[..], [Body::Failure(failure)] if failure.tag == Some(1)));
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
        number: Number(entry),
        time_ms: 1,
        digest: Digest([7; 32]),
        content: vec![7; 20 * 1024],
    };
    // More than was asked for: the last ones are told, and that there are more.
    let entries = (1..=4).map(entry).collect();
    let more = false;
    let asked = bench.answer_next(Outcome::Done(Reply::History { entries, more }));
    assert!(matches!(
        asked,
        Request::ReadBack {
            max_entries: 200,
            ..
        }
    ));
    let heard = bench.heard(link);
    let [Body::History(history)] = &heard[..] else {
        panic!("{heard:?}");
    };
    assert_eq!((history.tag, history.more), (2, true));
    assert_eq!(history.entries.last().map(|it| it.entry), Some(EntryId(4)));
    assert_eq!(bench.waiting(), 1);
    bench.answer_next(Outcome::Refused(Refusal::NoSuchConversation));
    let heard = bench.heard(link);
    assert!(
        matches!(&heard[..], [Body::Failure(failure)] if failure.code == ErrorCode::NotPermitted && failure.tag == Some(3)),
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
        number: Number(1),
    };
    let said = text("alice", "everyone", "land ahead", origin);
    bench.say(alices, Channel::Chat, &said);
    bench.pass(50);
    let received = Message::control(Received {
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
            Body::ReceiptCounts(counts) => Some(counts),
            Body::Receipts(receipts) => panic!("{receipts:?}"),
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
    bench.say(link, Channel::Chat, &Message::control(request));
    bench.pass(50);
    let heard = bench.heard(link);
    assert!(
        matches!(&heard[..], [Body::ReceiptCounts(counts)] if counts.steps.iter().any(|step| step.members == 39)),
        "{heard:?}"
    );
    assert_eq!(bench.waiting(), 0);
}

#[test]
fn ticket_of_who_has_signed_out_is_refused_though_the_store_does_not_answer() {
    // A sign-out that the store could not note left the ticket good for 30 days: whoever had the laptop next came in.
    let mut bench = Bench::new();
    let bob = bench.user("bob");
    let link = bench.signed_in("bob", bob);
    bench.is_held = true;
    let goodbye = crate::protocol::SessionEnd {
        reason: crate::protocol::EndReason::LoggedOut,
    };
    bench.say(link, Channel::Control, &Message::control(goodbye));
    bench.pass(50);
    bench.heard(link);
    let is_revocation = |request: &Request| matches!(request, Request::RevokeTickets { .. });
    assert!(is_revocation(&bench.answer_next(Outcome::Unknown)));
    let resume = crate::protocol::Resume {
        account: bob.0,
        device: bob.1,
        ticket: vec![0; 32].into(),
    };
    bench.say(link, Channel::Control, &Message::control(resume.clone()));
    bench.pass(50);
    let heard = bench.heard(link);
    assert!(
        matches!(&heard[..], [Body::Failure(failure)] if failure.code == ErrorCode::TicketRefused),
        "{heard:?}"
    );
    bench.pass(1500);
    let again = loop {
        let request = bench.answer_next(Outcome::Done(Reply::Nothing));
        if is_revocation(&request) {
            break request;
        }
    };
    assert!(is_revocation(&again));
    assert!(bench.hub.unrevoked.is_empty());
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
        };
        bench.say(link, Channel::Chat, &Message::control(join));
        bench.pass(50);
        let heard = bench.heard(link);
        assert_eq!(events(&heard), [EventKind::Joined], "{heard:?}");
        room = heard.iter().find_map(|body| match body {
            Body::Joined(joined) => Some(joined.room.conversation),
            _ => None,
        });
    }
    let conversation = room.expect("both have joined");
    bench.heard(alices);
    let say = |bench: &mut Bench, number| {
        let origin = Origin {
            conversation,
            device: alice.1,
            number: Number(number),
        };
        let said = text("alice", "#bridge", "land ahead", origin);
        bench.say(alices, Channel::Chat, &said);
        bench.pass(50);
    };
    let is_text = |body: &Body| matches!(body, Body::Text(_));
    say(&mut bench, 1);
    assert!(bench.heard(bobs).iter().any(is_text));
    let leave = Message::control(Leave {
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
    bench.say(bobs, Channel::Chat, &Message::control(again));
    let request = Message::control(ReceiptsRequest { conversation });
    bench.say(bobs, Channel::Chat, &request);
    bench.pass(100);
    let heard = bench.heard(bobs);
    assert_eq!(heard.iter().filter(|body| is_text(body)).count(), 1);
    assert_eq!(events(&heard), [EventKind::Joined, EventKind::Left]);
    let watchers = bench.hub.watchers.get(&conversation);
    assert!(watchers.is_none_or(|them| !them.contains(&bobs.server)));
}

#[test]
fn device_whose_account_has_joined_again_is_sent_that_behind_where_it_stands() {
    // What lies between two stays in a room is not for the account, so the first entry of the second stay was said to
    // follow the one before it, which no device had: one that had not sent JOIN itself asked for what it took to be
    // missing for ever. The same befell a reader past whom retention had moved the beginning of the log.
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let (alices, bobs) = (bench.signed_in("alice", alice), bench.signed_in("bob", bob));
    let join = Message::control(Join {
        tag: 1,
        name: "#bridge".into(),
        access: None,
    });
    let mut room = None;
    for link in [alices, bobs] {
        bench.say(link, Channel::Chat, &join);
        bench.pass(50);
        room = bench.heard(link).iter().find_map(|body| match body {
            Body::Joined(joined) => Some(joined.room.conversation),
            _ => None,
        });
    }
    let conversation = room.expect("both have joined");
    let leave = Leave {
        tag: 2,
        conversation,
    };
    bench.say(bobs, Channel::Chat, &Message::control(leave));
    bench.pass(50);
    let origin = Origin {
        conversation,
        device: alice.1,
        number: Number(1),
    };
    let said = text("alice", "#bridge", "land ahead", origin);
    bench.say(alices, Channel::Chat, &said);
    bench.pass(50);
    bench.say(bobs, Channel::Chat, &join);
    bench.pass(50);
    bench.heard(bobs);
    let again = Message::control(DeliverAgain {
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
