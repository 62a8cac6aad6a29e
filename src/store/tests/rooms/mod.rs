//! Rooms: who may do what, who reads what, and that every request may be made twice.

mod limits;
mod model;
mod newcomers;
mod operator;
mod reading;

use super::super::testing::{Bench, User, append, change, join, leave, void};
use super::super::{
    Audience, ConversationState, Event, Member, Read, Refusal, Reply, Request, Write,
};
use crate::protocol::{
    Access, Change, ConversationId, DeviceId, DeviceSeq, EntryId, EventKind, MemberRole, Room,
    RoomEvent, ServerMessage, TOPIC_MAX_BYTES, open,
};
use crate::text::skeleton::skeleton;

fn kick(name: &str) -> Change {
    Change {
        text: Some("enough".into()),
        ..about(EventKind::Kicked, name)
    }
}

pub(super) fn invite(name: &str) -> Change {
    about(EventKind::Invited, name)
}

fn role(name: &str, role: MemberRole) -> Change {
    Change {
        role: Some(role),
        ..about(EventKind::Role, name)
    }
}

fn topic(text: &str) -> Change {
    Change {
        subject: None,
        text: Some(text.into()),
        ..about(EventKind::Topic, "")
    }
}

fn access(access: Access) -> Change {
    Change {
        subject: None,
        access: Some(access),
        ..about(EventKind::Access, "")
    }
}

fn about(kind: EventKind, name: &str) -> Change {
    Change {
        kind,
        subject: Some(name.into()),
        text: None,
        role: None,
        access: None,
    }
}

pub(super) fn joined(
    bench: &mut Bench,
    user: User,
    name: &str,
) -> (ConversationState, Room, Option<Event>) {
    match bench.done(join(user, name)) {
        Reply::Joined(joined) => (joined.standing, joined.room, joined.event),
        other => panic!("expected a membership, not {other:?}"),
    }
}

/// Makes the change, asserts that it made an entry and that asking again makes none.
fn changed(bench: &mut Bench, user: User, room: ConversationId, what: Change) -> Event {
    let first = once(bench, change(user, room, what.clone())).expect("it was not so before");
    assert_eq!(once(bench, change(user, room, what)), None, "asked twice");
    first
}

pub(super) fn once(bench: &mut Bench, request: impl Into<Request>) -> Option<Event> {
    match bench.done(request) {
        Reply::Changed { event, .. } => event,
        other => panic!("expected a change, not {other:?}"),
    }
}

fn said(event: &Event) -> RoomEvent {
    let message: ServerMessage = open(&event.content, &event.digest).expect("it is sealed");
    message.room_event().expect("it is an event")
}

fn roles(bench: &mut Bench, user: User, room: ConversationId) -> Vec<(String, MemberRole)> {
    let request = Read::Members {
        conversation: room,
        account: user.0,
    };
    match bench.done(request) {
        Reply::Members { members, .. } => members
            .into_iter()
            .map(|Member { name, role, .. }| (name, role))
            .collect(),
        other => panic!("expected members, not {other:?}"),
    }
}

fn rooms(bench: &mut Bench, user: User) -> Vec<(String, bool)> {
    let all = Read::RoomUses {
        after: String::new(),
        count: 1000,
    };
    let public = match bench.done(all) {
        Reply::RoomUses { rooms, next: None } => rooms,
        other => panic!("expected all rooms, not {other:?}"),
    };
    let request = Read::Rooms {
        account: user.0,
        own: true,
        public: public.iter().map(|room| room.conversation).collect(),
    };
    match bench.done(request) {
        Reply::Rooms(rooms) => rooms
            .into_iter()
            .map(|room| (room.name, room.role.is_some()))
            .collect(),
        other => panic!("expected rooms, not {other:?}"),
    }
}

fn standing(bench: &mut Bench, user: User, room: ConversationId) -> Option<ConversationState> {
    let standings = bench.hello(user, vec![]);
    standings
        .into_iter()
        .find(|standing| standing.conversation == room)
}

fn entries(bench: &mut Bench, user: User, room: ConversationId) -> Vec<u64> {
    let entries = bench.read(user.0, room, 0);
    entries.iter().map(|entry| entry.entry.0).collect()
}

fn private(user: User, name: &str) -> Write {
    let mut request = join(user, name);
    if let Write::Join { access, .. } = &mut request {
        *access = Access::Private;
    }
    request
}

/// Alice owns #bridge, bob belongs to it, carol does not.
fn bridge(bench: &mut Bench) -> (User, User, User, ConversationId) {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| bench.user(name));
    let room = joined(bench, alice, "#bridge").0.conversation;
    joined(bench, bob, "#bridge");
    (alice, bob, carol, room)
}

#[test]
fn the_first_to_join_makes_the_room_and_owns_it() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let (standing, room, event) = joined(&mut bench, alice, "#bridge");
    assert!(standing.is_room);
    assert_eq!((standing.name.as_str(), standing.until), ("#bridge", None));
    assert_eq!((standing.start, standing.head), (EntryId(0), EntryId(1)));
    assert_eq!((room.role, room.members), (Some(MemberRole::Owner), 1));
    let event = event.expect("she was no member");
    assert_eq!(event.stored.audience, Audience::Room { members: 1 });
    assert_eq!(
        (said(&event).actor.as_str(), event.kind),
        ("alice", EventKind::Joined)
    );
    let entry = bench.read(alice.0, standing.conversation, 0).remove(0);
    assert_eq!(
        (entry.device, entry.number),
        (DeviceId::SERVER, DeviceSeq(0))
    );
    assert_eq!((entry.content, entry.digest), (event.content, event.digest));

    let (again, room, event) = joined(&mut bench, alice, "#bridge");
    assert_eq!((again, event), (standing, None), "asked twice");
    assert_eq!(room.members, 1);
}

#[test]
fn a_room_is_not_made_where_none_may_be_or_where_it_looks_like_another() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let mut closed = join(alice, "#bridge");
    if let Write::Join { may_make, .. } = &mut closed {
        *may_make = false;
    }
    assert_eq!(bench.refused(closed.clone()), Refusal::NoSuchRoom);
    joined(&mut bench, alice, "#bridge");
    bench.done(closed);
    let second = join(alice, "#br\u{456}dge");
    assert_eq!(bench.refused(second), Refusal::LooksLike("#bridge".into()));
}

#[test]
fn a_room_that_the_operator_makes_has_an_owner_and_is_not_one_that_there_is() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    let make = |name: &str| Write::MakeRoom {
        owner: alice.0,
        name: name.into(),
        skeleton: skeleton(name),
        access: Access::Private,
        time_ms: 100,
    };
    let Reply::Joined(ops) = bench.done(make("#ops")) else {
        panic!("a room is made");
    };
    assert_eq!(ops.room.role, Some(MemberRole::Owner));
    assert_eq!(ops.event.map(|event| event.kind), Some(EventKind::Joined));
    assert_eq!(bench.refused(join(bob, "#ops")), Refusal::NotInvited);
    joined(&mut bench, bob, "#bridge");
    assert_eq!(bench.refused(make("#bridge")), Refusal::NameTaken);
    assert_eq!(rooms(&mut bench, alice).len(), 2);
    let mut nobodys = make("#lost");
    if let Write::MakeRoom { owner, .. } = &mut nobodys {
        *owner = crate::protocol::AccountId(999);
    }
    assert_eq!(bench.refused(nobodys), Refusal::NoSuchUser);
}

#[test]
fn a_member_reads_and_writes_from_their_joining_to_their_leaving() {
    let mut bench = Bench::new();
    let (alice, bob, carol, room) = bridge(&mut bench);
    bench.say(alice, room, 1, "to two");
    assert_eq!(
        bench.refused(append(carol, room, 1, "hi")),
        Refusal::NotPermitted
    );
    joined(&mut bench, carol, "#bridge");
    let stored = bench.say(carol, room, 1, "to three");
    assert_eq!(stored.audience, Audience::Room { members: 3 });
    let left = once(&mut bench, leave(bob, room)).expect("he was a member");
    assert_eq!(once(&mut bench, leave(bob, room)), None, "asked twice");
    bench.say(alice, room, 2, "to two again");
    // Asked once more, it is still for the three who were there: who has left since may have received it.
    let again = bench.say(carol, room, 1, "to three");
    assert!(again.repeated);
    assert_eq!(again.audience, Audience::Room { members: 3 });

    assert_eq!(entries(&mut bench, alice, room), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(entries(&mut bench, bob, room), [2, 3, 4, 5, 6]);
    assert_eq!(entries(&mut bench, carol, room), [4, 5, 6, 7]);
    assert_eq!(bench.read(carol.0, room, 0)[0].prev, EntryId(3));
    let standing = standing(&mut bench, bob, room).expect("he still reads it");
    assert_eq!(standing.until, Some(left.stored.entry));
    assert_eq!(standing.head, left.stored.entry);
    assert_eq!(
        bench.refused(append(bob, room, 1, "late")),
        Refusal::NotPermitted
    );
    bench.done(void(bob, room, 1));
}

#[test]
fn what_was_stored_before_a_kick_is_still_called_stored_after_it() {
    // Bob's line is stored and its answer lost; he is kicked, comes back and asks again.
    let mut bench = Bench::new();
    let (alice, bob, _, room) = bridge(&mut bench);
    let first = bench.say(bob, room, 1, "in time");
    changed(&mut bench, alice, room, kick("bob"));
    let again = bench.say(bob, room, 1, "in time");
    assert!(again.repeated);
    assert_eq!(again.entry, first.entry);
    assert_eq!(
        bench.refused(append(bob, room, 2, "late")),
        Refusal::NotPermitted
    );
}

#[test]
fn joining_again_begins_a_new_span_and_gives_nothing_from_before() {
    let mut bench = Bench::new();
    let (alice, bob, _, room) = bridge(&mut bench);
    once(&mut bench, leave(bob, room));
    bench.say(alice, room, 1, "without bob");
    let (standing, _, event) = joined(&mut bench, bob, "#bridge");
    let entry = event.expect("he joined").stored.entry;
    assert_eq!((standing.start.next(), standing.until), (entry, None));
    assert_eq!(entries(&mut bench, bob, room), [entry.0]);
    bench.say(bob, room, 1, "back");
}

#[test]
fn a_mark_of_one_who_has_left_stays_within_what_they_could_read() {
    let mut bench = Bench::new();
    let (alice, bob, _, room) = bridge(&mut bench);
    once(&mut bench, leave(bob, room));
    bench.say(alice, room, 1, "without bob");
    bench.done(Write::Advance {
        marks: vec![(room, bob.0, EntryId(4)), (room, alice.0, EntryId(4))],
        seen: vec![],
    });
    assert_eq!(bench.marks(alice.0, room), [("alice".into(), 4)]);
    let marks = Read::Marks {
        conversation: room,
        account: bob.0,
        named_max: u32::MAX,
    };
    assert_eq!(bench.refused(marks), Refusal::NotPermitted);
    let mark = standing(&mut bench, bob, room).map(|standing| standing.delivered_up_to);
    assert_eq!(mark, Some(EntryId(3)));
}

#[test]
fn only_who_may_changes_a_room() {
    let mut bench = Bench::new();
    let (alice, bob, carol, room) = bridge(&mut bench);
    let topical = topic("tea");
    for what in [
        topical.clone(),
        kick("alice"),
        role("bob", MemberRole::Owner),
        access(Access::Private),
    ] {
        for user in [bob, carol] {
            let refused = bench.refused(change(user, room, what.clone()));
            assert_eq!(refused, Refusal::NotPermitted, "{what:?}");
        }
    }
    changed(&mut bench, alice, room, role("bob", MemberRole::Moderator));
    let event = changed(&mut bench, bob, room, topical);
    assert_eq!(said(&event).text.as_deref(), Some("tea"));
    for what in [kick("alice"), kick("bob"), role("bob", MemberRole::Owner)] {
        assert_eq!(
            bench.refused(change(bob, room, what)),
            Refusal::NotPermitted
        );
    }
    joined(&mut bench, carol, "#bridge");
    changed(&mut bench, bob, room, kick("carol"));
    assert_eq!(
        bench.refused(change(bob, room, kick("nobody"))),
        Refusal::NoSuchUser
    );
    assert_eq!(
        bench.refused(change(alice, room, role("carol", MemberRole::Owner))),
        Refusal::NotAMember
    );
    let long = topic(&"x".repeat(TOPIC_MAX_BYTES + 1));
    let refused = bench.refused(change(alice, room, long));
    assert!(matches!(refused, Refusal::LimitReached(_)));
    for request in [
        leave(alice, ConversationId::EVERYONE),
        change(alice, ConversationId::EVERYONE, topic("x")),
    ] {
        assert_eq!(bench.refused(request), Refusal::NotPermitted);
    }
}

#[test]
fn a_private_room_is_joined_by_invitation_and_the_invitation_comes_once() {
    let mut bench = Bench::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| bench.user(name));
    let Reply::Joined(attic) = bench.done(private(alice, "#attic")) else {
        panic!("expected a membership");
    };
    let room = attic.standing.conversation;
    assert_eq!(bench.refused(join(bob, "#attic")), Refusal::NotInvited);
    assert_eq!(rooms(&mut bench, bob), []);
    let event = changed(&mut bench, alice, room, invite("bob"));
    let pair = bench.resolve(bob, "alice");
    assert_eq!(
        (event.conversation, pair.head),
        (pair.conversation, EntryId(1))
    );
    assert_eq!(said(&event).text.as_deref(), Some("#attic"));
    assert_eq!(
        bench.read(bob.0, pair.conversation, 0)[0].content,
        event.content
    );
    assert_eq!(rooms(&mut bench, bob), [("#attic".into(), false)]);

    joined(&mut bench, bob, "#attic");
    assert_eq!(rooms(&mut bench, bob), [("#attic".into(), true)]);
    assert_eq!(once(&mut bench, change(alice, room, invite("bob"))), None);
    assert_eq!(
        bench.refused(change(bob, room, invite("carol"))),
        Refusal::NotPermitted,
        "only a moderator invites to a private room"
    );
    once(&mut bench, leave(bob, room));
    assert_eq!(bench.refused(join(bob, "#attic")), Refusal::NotInvited);
    assert_eq!(rooms(&mut bench, carol), []);
    changed(&mut bench, alice, room, access(Access::Public));
    assert_eq!(rooms(&mut bench, carol), [("#attic".into(), false)]);
    joined(&mut bench, carol, "#attic");
    changed(&mut bench, alice, room, access(Access::Private));
    assert_eq!(rooms(&mut bench, bob), []);
}

#[test]
fn a_room_with_members_has_an_owner() {
    let mut bench = Bench::new();
    let (alice, bob, carol, room) = bridge(&mut bench);
    joined(&mut bench, carol, "#bridge");
    assert_eq!(
        bench.refused(change(alice, room, role("alice", MemberRole::Member))),
        Refusal::NotPermitted
    );
    changed(
        &mut bench,
        alice,
        room,
        role("carol", MemberRole::Moderator),
    );
    let event = once(&mut bench, leave(alice, room)).expect("she was a member");
    let told = said(&event);
    assert_eq!(
        (told.subject.as_deref(), told.role),
        (Some("carol"), Some(MemberRole::Owner)),
        "a moderator comes before a member who is there longer"
    );
    changed(&mut bench, carol, room, role("bob", MemberRole::Owner));
    changed(&mut bench, carol, room, role("carol", MemberRole::Member));
    assert_eq!(
        roles(&mut bench, carol, room),
        [
            ("bob".into(), MemberRole::Owner),
            ("carol".into(), MemberRole::Member)
        ]
    );
    changed(&mut bench, bob, room, kick("carol"));
    let last = once(&mut bench, leave(bob, room)).expect("he was a member");
    assert_eq!(said(&last).subject, None);
    let (_, seen, _) = joined(&mut bench, carol, "#bridge");
    assert_eq!((seen.role, seen.members), (Some(MemberRole::Owner), 1));
}

#[test]
fn a_log_is_read_backwards_in_pages_within_the_span() {
    let mut bench = Bench::new();
    let (alice, bob, _, room) = bridge(&mut bench);
    for number in 1..=6 {
        bench.say(alice, room, number, &"x".repeat(100));
    }
    once(&mut bench, leave(bob, room));
    bench.say(alice, room, 7, "after");
    let mut pages = Vec::new();
    for (before, max_entries, max_bytes) in [
        (u64::MAX, 3, 10_000),
        (7, 100, 450),
        (5, 0, 0),
        (4, 100, 10_000),
        (2, 100, 10_000),
        (0, 1, 1),
    ] {
        let request = Read::History {
            conversation: room,
            reader: bob.0,
            before: EntryId(before),
            max_entries,
            max_bytes,
        };
        match bench.done(request) {
            Reply::History { entries, more } => {
                let ids: Vec<u64> = entries.iter().map(|entry| entry.entry.0).collect();
                pages.push((ids, more));
            }
            other => panic!("expected a page, not {other:?}"),
        }
    }
    let expected = [
        (vec![7, 8, 9], true),
        (vec![5, 6], true),
        (vec![4], true),
        (vec![2, 3], false),
        (vec![], false),
        (vec![], false),
    ];
    assert_eq!(pages, expected);
}
