//! Rooms, history and counted receipts, as a session meets them. What the store says of rooms is played here.

mod creation;
mod reading;

use super::*;
use crate::protocol::{
    Access, Change, ClientMessage, EventKind, HistoryRequest, Join, Leave, MemberRole,
    MembersRequest, Moderate, Room, RoomEvent, ServerBody, ServerMessage,
};
use crate::store::{Audience, Entry, Event as StoreEvent, Joined, Member, StoredEntry};

const BRIDGE: ConversationId = ConversationId(900);

impl Bench {
    /// Answers the oldest request that waits, and says what it was.
    fn answer_next(&mut self, outcome: Outcome) -> Request {
        let next = self.store.take(1).pop();
        let (id, request) = next.expect("something was asked");
        let completion = Completion::new(id, request.clone(), outcome);
        self.hub.on_input(
            self.now,
            &mut self.server,
            Input::Completion(completion.into()),
        );
        self.pass(50);
        request
    }

    fn waiting(&self) -> usize {
        self.store.waiting().len()
    }

    /// A user joins the bridge, by an entry, or was in it before.
    fn joins(&mut self, link: Link, name: &str, account: AccountId, event: Option<StoreEvent>) {
        let join = Join {
            tag: 7,
            name: "#Bridge".into(),
            access: None,
            must_exist: None,
        };
        self.say(link, Channel::Control, &ClientMessage::control(join));
        self.pass(50);
        let since = event.as_ref().map_or(EntryId::START, |it| it.stored.prev);
        let joined = Joined {
            event,
            ..bridge_joined(since)
        };
        let request = self.answer_next(Outcome::Done(Reply::Joined(Box::new(joined))));
        assert!(
            matches!(&request, Request::Write(Write::Join { account: asker, name, .. }) if *asker == account && name == "#bridge"),
            "{name}: {request:?}"
        );
    }
}

/// What the store says of a membership of the bridge that begins after this entry.
fn bridge_joined(since: EntryId) -> Joined {
    let standing = ConversationState {
        conversation: BRIDGE,
        is_room: true,
        name: "#bridge".into(),
        head: since,
        last_number: DeviceSeq(0),
        start: since,
        joined_after: since,
        delivered_up_to: since,
        log_start: EntryId::START,
        until: None,
        expired: false,
        read_up_to: EntryId::START,
        muted_until_ms: 0,
        reads_after: since,
    };
    let room = Room {
        conversation: BRIDGE,
        name: "#bridge".into(),
        topic: String::new(),
        access: Access::Public,
        role: Some(MemberRole::Member),
        members: 1,
        history: Some(0),
    };
    Joined {
        standing,
        room,
        event: None,
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
    let (content, digest) = seal(&ServerMessage::event(BRIDGE, &said));
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

fn events(heard: &[ServerBody]) -> Vec<EventKind> {
    let events = heard.iter().filter_map(|body| match body {
        ServerBody::Entry(body) => Some(body.read::<RoomEvent>().ok()?.kind),
        _ => None,
    });
    events.collect()
}

fn kick() -> ClientMessage {
    let change = Change {
        kind: EventKind::Kicked,
        subject: Some("Carol".into()),
        text: None,
        role: None,
        access: None,
    };
    ClientMessage::control(Moderate {
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
        matches!(heard[0], ServerBody::Joined(ref it) if it.tag == 7 && it.start == EntryId(1)),
        "{heard:?}"
    );
    assert_eq!(events(&heard), [EventKind::Joined]);
    assert_eq!(events(&bench.heard(phone)), [EventKind::Joined]);

    bench.run(|services, ctx| services.receipts.subscribe(ctx, carols.server, BRIDGE));
    bench.say(alices, Channel::Control, &kick());
    bench.pass(50);
    let outcome = Outcome::Done(Reply::Changed {
        event: Some(event(EventKind::Kicked, alice.0, 3)),
        subject: Some(carol.0),
    });
    let request = bench.answer_next(outcome);
    assert!(
        matches!(&request, Request::Write(Write::ChangeRoom { change, .. }) if change.subject.as_deref() == Some("carol")),
        "{request:?}"
    );
    let topic = event(EventKind::Topic, alice.0, 4);
    bench.run(|services, ctx| {
        on_applied(ctx, &mut services.receipts, &Applied::Changed(&topic));
    });
    bench.pass(50);
    let heard = bench.heard(alices);
    assert_eq!(events(&heard), [EventKind::Kicked, EventKind::Topic]);
    assert!(
        heard
            .iter()
            .any(|it| matches!(it, ServerBody::Moderated(done) if done.changed))
    );
    for link in [carols, phone] {
        assert_eq!(events(&bench.heard(link)), [EventKind::Kicked]);
    }
    assert!(
        !bench
            .hub
            .services
            .receipts
            .subscribers
            .contains_key(&BRIDGE)
    );
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
        number: DeviceSeq(1),
    };
    for is_member in [false, true] {
        if is_member {
            bench.hub.core.presence.enter(carol.0, BRIDGE);
        }
        bench.say(link, Channel::Chat, &text("hi", origin));
        bench.pass(50);
        let mut stored = event(EventKind::Left, carol.0, 2).stored;
        stored.repeated = true;
        bench.answer_next(Outcome::Done(Reply::Stored(stored)));
        assert!(matches!(bench.heard(link)[..], [ServerBody::Stored(_)]));
        assert_eq!(
            bench
                .hub
                .services
                .receipts
                .subscribers
                .contains_key(&BRIDGE),
            is_member
        );
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
    let leave = ClientMessage::control(Leave {
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
    assert!(matches!(heard[1], ServerBody::Left(ref it) if it.tag == 3));
    assert!(!bench.hub.core.presence.is_in(carol.0, BRIDGE));
    bench.say(link, Channel::Chat, &leave);
    bench.pass(50);
    bench.answer_next(Outcome::Done(Reply::Changed {
        event: None,
        subject: None,
    }));
    assert!(matches!(bench.heard(link)[..], [ServerBody::Left(_)]));
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
    for request in [ClientMessage::control(members), kick()] {
        bench.say(link, Channel::Control, &request);
        bench.pass(50);
        let heard = bench.heard(link);
        assert!(
            matches!(&heard[..], [ServerBody::Failure(failure)] if failure.code == ErrorCode::NotPermitted && failure.tag == Some(9)),
            "{heard:?}"
        );
    }
    assert_eq!(bench.waiting(), 0);
}

#[test]
fn however_many_belong_to_a_room_its_list_ends_no_session() {
    let mut bench = Bench::new();
    let erin = bench.user("erin");
    let link = bench.signed_in("erin", erin);
    bench.hub.core.presence.enter(erin.0, BRIDGE);
    bench.is_held = true;
    let request = ClientMessage::control(MembersRequest {
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
        is_bot: false,
        role: MemberRole::Member,
    };
    let members = (0..16_000).map(member).collect();
    let history = 20;
    bench.answer_next(Outcome::Done(Reply::Members { members, history }));
    let mut listed = 0;
    for _ in 0..20 {
        bench.pass(100);
        for body in bench.heard(link) {
            match body {
                ServerBody::Members(part) => {
                    assert_eq!(part.history, Some(20));
                    listed += part.members.len();
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(listed, 2000);
    assert_eq!(bench.waiting(), 1, "the next one");
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
    bench.say(link, Channel::Control, &ClientMessage::control(goodbye));
    bench.pass(50);
    bench.heard(link);
    let is_revocation =
        |request: &Request| matches!(request, Request::Write(Write::RevokeTickets { .. }));
    assert!(is_revocation(&bench.answer_next(Outcome::Unknown)));
    let resume = crate::protocol::Resume {
        account: bob.0,
        device: bob.1,
        ticket: vec![0; 32].into(),
        attempt: 1,
    };
    bench.say(
        link,
        Channel::Control,
        &ClientMessage::control(resume.clone()),
    );
    bench.pass(50);
    let heard = bench.heard(link);
    assert!(
        matches!(&heard[..], [ServerBody::Failure(failure)] if failure.code == ErrorCode::TicketRefused),
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
    assert!(bench.hub.services.auth.revocations.is_empty());
}
