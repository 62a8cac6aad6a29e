//! What newcomers of a room may read of what was said before they joined.

use super::super::super::testing::{Bench, User, delete, join, leave};
use super::super::super::{Read, Refusal, Reply, Write};
use super::{
    MemberRole, about, change, entries, invite, joined, once, private, role, said, standing,
};
use crate::protocol::{Change, ConversationId, EntryId, EventKind, HISTORY_ALL, history_text};

fn history(user: User, room: ConversationId, last: u64) -> Write {
    let what = Change {
        subject: None,
        text: Some(history_text(last)),
        ..about(EventKind::History, "")
    };
    change(user, room, what)
}

/// What somebody is given by HISTORY.
fn old(bench: &mut Bench, user: User, room: ConversationId) -> Vec<u64> {
    let request = Read::History {
        conversation: room,
        reader: user.0,
        before: EntryId(u64::MAX),
        max_entries: 1000,
        max_bytes: usize::MAX,
    };
    match bench.done(request) {
        Reply::History { entries, .. } => entries.iter().map(|entry| entry.entry.0).collect(),
        other => panic!("expected entries, not {other:?}"),
    }
}

/// A room of alice's in which she has said so much; she joined by entry 1.
fn spoken(bench: &mut Bench, alice: User, lines: u64) -> ConversationId {
    let (standing, ..) = joined(bench, alice, "#bridge");
    for number in 1..=lines {
        bench.say(alice, standing.conversation, number, "tea?");
    }
    standing.conversation
}

#[test]
fn newcomer_reads_nothing_old_unless_the_owner_lets_them() {
    let mut bench = Bench::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| bench.user(name));
    let room = spoken(&mut bench, alice, 3);
    joined(&mut bench, bob, "#bridge");
    assert_eq!(old(&mut bench, bob, room), [5]);
    // Who may not let them is refused, and nothing is written.
    assert_eq!(
        bench.refused(history(bob, room, HISTORY_ALL)),
        Refusal::NotPermitted
    );
    let event = once(&mut bench, history(alice, room, HISTORY_ALL)).expect("a change");
    assert_eq!(
        (said(&event).kind, said(&event).text),
        (EventKind::History, Some("all".into()))
    );
    assert_eq!(once(&mut bench, history(alice, room, HISTORY_ALL)), None);
    bench.say(alice, room, 4, "for all to read");
    let (standing, seen, _) = joined(&mut bench, carol, "#bridge");
    assert_eq!(seen.history, Some(HISTORY_ALL));
    // What was said while newcomers read nothing stays theirs who were there.
    assert_eq!(old(&mut bench, carol, room), [6, 7, 8]);
    assert_eq!(old(&mut bench, bob, room), [5, 6, 7, 8]);
    // It is not delivered, and no mark and no receipt begins there.
    assert_eq!(entries(&mut bench, carol, room), [8]);
    assert_eq!(
        (standing.start, standing.joined_after),
        (EntryId(7), EntryId(7))
    );
    assert_eq!(bench.marks(alice.0, room), []);
}

#[test]
fn newcomer_reads_as_many_lines_as_the_setting_of_their_joining_says_for_good() {
    let mut bench = Bench::new();
    let [alice, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map(|name| bench.user(name));
    let room = spoken(&mut bench, alice, 1);
    once(&mut bench, history(alice, room, 2));
    for number in 2..=4 {
        bench.say(alice, room, number, "tea?");
    }
    // Entries 4 to 6 were said; of these the last two, and the joining.
    joined(&mut bench, bob, "#bridge");
    assert_eq!(old(&mut bench, bob, room), [5, 6, 7]);
    once(&mut bench, history(alice, room, 0));
    assert_eq!(old(&mut bench, bob, room), [5, 6, 7, 8]);
    joined(&mut bench, carol, "#bridge");
    assert_eq!(old(&mut bench, carol, room), [9]);
    once(&mut bench, history(alice, room, 1000));
    joined(&mut bench, dave, "#bridge");
    assert_eq!(old(&mut bench, dave, room), [10, 11]);
    let mut bench = bench.crash();
    assert_eq!(old(&mut bench, dave, room), [10, 11]);
    let report = bench.engine.snapshots().check().unwrap();
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn who_comes_back_reads_what_the_room_says_then_and_who_has_left_no_more_than_before() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    let room = spoken(&mut bench, alice, 1);
    once(&mut bench, history(alice, room, HISTORY_ALL));
    joined(&mut bench, bob, "#bridge");
    once(&mut bench, leave(bob, room));
    bench.say(alice, room, 2, "behind his back");
    assert_eq!(old(&mut bench, bob, room), [3, 4, 5]);
    joined(&mut bench, bob, "#bridge");
    assert_eq!(old(&mut bench, bob, room), [3, 4, 5, 6, 7]);
    let until = standing(&mut bench, bob, room).expect("a member").until;
    assert_eq!(until, None);
}

#[test]
fn moderator_deletes_what_they_may_read_also_from_before_they_joined() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    let room = spoken(&mut bench, alice, 1);
    once(&mut bench, history(alice, room, HISTORY_ALL));
    bench.say(alice, room, 2, "an old one");
    joined(&mut bench, bob, "#bridge");
    once(
        &mut bench,
        change(alice, room, role("bob", MemberRole::Moderator)),
    );
    assert_eq!(bench.done(delete(bob.0, room, 4)), Reply::Nothing);
    // Not what was said while newcomers read nothing.
    assert_eq!(bench.refused(delete(bob.0, room, 2)), Refusal::NotPermitted);
}

#[test]
fn invited_newcomer_of_a_private_room_reads_what_it_says_too() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    let Reply::Joined(made) = bench.done(private(alice, "#cabin")) else {
        panic!("a room was asked for");
    };
    let room = made.standing.conversation;
    once(&mut bench, history(alice, room, 1));
    bench.say(alice, room, 1, "tea?");
    once(&mut bench, change(alice, room, invite("bob")));
    let mallory = bench.user("mallory");
    assert_eq!(bench.refused(join(mallory, "#cabin")), Refusal::NotInvited);
    joined(&mut bench, bob, "#cabin");
    assert_eq!(old(&mut bench, bob, room), [3, 4]);
}
