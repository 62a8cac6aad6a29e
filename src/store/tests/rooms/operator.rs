//! What the operator does to rooms.

use super::{access, changed, entries, joined, once, role, roles, rooms, said, standing};
use crate::protocol::{Access, AccountId, EntryId, EntryKind, EventKind, MemberRole};
use crate::store::testing::{Bench, append, join, leave, refer};
use crate::store::{Chore, Event, Read, Refusal, Reply, Request, RoomSummary, Write};

fn check(bench: &mut Bench) {
    bench.done(Request::Checkpoint);
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
}

fn delete_room(name: &str) -> Write {
    Write::DeleteRoom {
        name: name.to_owned(),
        skeleton: crate::text::skeleton::skeleton(name),
        time_ms: 9,
    }
}

fn set_owner(name: &str, account: AccountId) -> Write {
    Write::SetOwner {
        name: name.to_owned(),
        account,
        time_ms: 9,
    }
}

/// Does what deletions have left to do, with a crash between two steps; returns how many steps it were.
fn finish(mut bench: Bench) -> (Bench, usize) {
    let mut steps = 0;
    while let Reply::Chore(Some(chore)) = bench.done(Read::NextChore) {
        let Chore::Room(conversation) = chore else {
            panic!("a room is to be cleared, not {chore:?}");
        };
        bench.done(Write::ClearRoom { conversation });
        check(&mut bench);
        bench = bench.crash();
        steps += 1;
        assert!(steps < 100, "it comes to no end");
    }
    (bench, steps)
}

fn summaries(bench: &mut Bench) -> Vec<RoomSummary> {
    let after = String::new();
    match bench.done(Read::ListRooms { after }) {
        Reply::RoomList { rooms, next: None } => rooms,
        other => panic!("expected rooms, not {other:?}"),
    }
}

fn told(events: &[Event]) -> Vec<(String, Option<String>, Option<MemberRole>)> {
    let told = events.iter().map(said);
    told.map(|event| (event.actor, event.subject, event.role))
        .collect()
}

#[test]
fn members_of_a_deleted_room_belong_to_it_no_longer_and_read_only_that_it_was_deleted() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let room = joined(&mut bench, alice, "#bridge").0.conversation;
    joined(&mut bench, bob, "#bridge");
    for number in 1..=1500 {
        bench.say(alice, room, number, "tea?");
    }
    let event = once(&mut bench, delete_room("#bridge")).expect("it was there");
    assert_eq!(said(&event).kind, EventKind::Deleted);
    let last = event.stored.entry.0;
    bench = bench.crash();
    // At once: before anything of it was cleared.
    let more = append(alice, room, 1501, "still there?");
    assert_eq!(bench.refused(more), Refusal::NotPermitted);
    assert_eq!(once(&mut bench, leave(bob, room)), None);
    assert!(rooms(&mut bench, bob).is_empty());
    let found = standing(&mut bench, bob, room).expect("they are told of it");
    assert_eq!(found.until, Some(EntryId(last)));
    assert_eq!(bench.refused(delete_room("#bridge")), Refusal::NoSuchRoom);
    check(&mut bench);
    let (mut bench, steps) = finish(bench);
    assert_eq!(steps, 4, "members, twice entries, the rest");
    for user in [alice, bob] {
        let found = standing(&mut bench, user, room).expect("they are told of it");
        assert_eq!(found.until, Some(EntryId(last)));
        assert_eq!(entries(&mut bench, user, room), [last]);
    }
    assert!(summaries(&mut bench).is_empty());
    check(&mut bench);
}

#[test]
fn name_of_a_deleted_room_is_that_of_another_one_from_then_on() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let room = joined(&mut bench, alice, "#bridge").0.conversation;
    bench.done(delete_room("#bridge"));
    let (state, shown, _) = joined(&mut bench, bob, "#bridge");
    assert_ne!(state.conversation, room);
    assert_eq!(shown.role, Some(MemberRole::Owner));
    bench.say(bob, state.conversation, 1, "mine");
    check(&mut bench);
    let (mut bench, _) = finish(bench);
    assert_eq!(entries(&mut bench, bob, state.conversation), [1, 2]);
    let found = summaries(&mut bench);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].members, found[0].entries), (1, 2));
    assert_eq!(found[0].owners, ["bob"]);
    check(&mut bench);
}

#[test]
fn another_owner_joins_if_need_be_and_takes_the_place_of_those_before() {
    let mut bench = Bench::new();
    let (alice, bob, carol) = (bench.user("alice"), bench.user("bob"), bench.user("carol"));
    let room = joined(&mut bench, alice, "#bridge").0.conversation;
    joined(&mut bench, bob, "#bridge");
    changed(&mut bench, alice, room, role("bob", MemberRole::Owner));
    changed(&mut bench, alice, room, access(Access::Private));
    let Reply::OwnerSet {
        joined: news,
        events,
        ..
    } = bench.done(set_owner("#bridge", carol.0))
    else {
        panic!("it has another owner");
    };
    assert_eq!(
        news.map(|(_, event)| said(&event).kind),
        Some(EventKind::Joined)
    );
    let of = |name: &str, role| (String::new(), Some(name.to_owned()), Some(role));
    assert_eq!(
        told(&events),
        [
            of("carol", MemberRole::Owner),
            of("alice", MemberRole::Moderator),
            of("bob", MemberRole::Moderator)
        ]
    );
    bench = bench.crash();
    let mut found = roles(&mut bench, alice, room);
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let is = |name: &str, role| (name.to_owned(), role);
    assert_eq!(
        found,
        [
            is("alice", MemberRole::Moderator),
            is("bob", MemberRole::Moderator),
            is("carol", MemberRole::Owner)
        ]
    );
    let again = bench.done(set_owner("#bridge", carol.0));
    assert_eq!(again, Reply::Unchanged, "it is so already");
    for (name, account, refusal) in [
        ("#deck", carol.0, Refusal::NoSuchRoom),
        ("#bridge", AccountId(99), Refusal::NoSuchUser),
    ] {
        assert_eq!(bench.refused(set_owner(name, account)), refusal);
    }
    check(&mut bench);
}

#[test]
fn private_room_that_all_have_left_for_good_gets_an_owner() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let room = joined(&mut bench, alice, "#bridge").0.conversation;
    changed(&mut bench, alice, room, access(Access::Private));
    bench.done(Write::DeleteAccount {
        account: alice.0,
        proved: None,
        time_ms: 5,
    });
    assert_eq!(bench.refused(join(bob, "#bridge")), Refusal::NotInvited);
    bench.done(set_owner("#bridge", bob.0));
    let owners = roles(&mut bench, bob, room);
    assert_eq!(owners, [("bob".to_owned(), MemberRole::Owner)]);
    check(&mut bench);
}

#[test]
fn in_a_read_only_room_only_moderators_and_owners_write() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let room = joined(&mut bench, alice, "#bridge").0.conversation;
    joined(&mut bench, bob, "#bridge");
    let own = bench.say(bob, room, 1, "tea?").entry.0;
    for (number, set) in [(2, Access::ReadOnly), (3, Access::PrivateReadOnly)] {
        let name = "#bridge".to_owned();
        let event = once(
            &mut bench,
            Write::SetAccess {
                name,
                access: set,
                time_ms: 9,
            },
        )
        .expect("it was not so before");
        assert_eq!(
            (said(&event).access, said(&event).actor),
            (Some(set), String::new())
        );
        bench = bench.crash();
        let refused = Refusal::OnlyOthers("only moderators and owners write in this room");
        assert_eq!(bench.refused(append(bob, room, 2, "please")), refused);
        for kind in [EntryKind::Edit, EntryKind::React] {
            let request = refer(bob, room, 2, (kind, own, "x"));
            assert_eq!(bench.refused(request), refused);
        }
        bench.say(alice, room, number - 1, "quiet");
        check(&mut bench);
    }
    // What they have written they delete all the same.
    bench.done(refer(bob, room, 2, (EntryKind::Delete, own, "x")));
    changed(&mut bench, alice, room, role("bob", MemberRole::Moderator));
    bench.say(bob, room, 3, "thanks");
    bench = bench.crash();
    check(&mut bench);
}
