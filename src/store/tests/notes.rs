//! The notes of an account to itself.

use super::rooms::joined;
use crate::protocol::{EntryKind, NOTES_NAME};
use crate::store::testing::{Bench, append, expire, read, refer, resolve, void};
use crate::store::{Audience, Read, Refusal, Reply, Request, Write};

#[test]
fn notes_are_one_log_for_all_devices_of_their_account_and_for_nobody_else() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    let other_device = (alice.0, bench.device(alice.0));
    let notes = bench.resolve(alice, NOTES_NAME).conversation;
    assert_eq!(bench.resolve(other_device, NOTES_NAME).conversation, notes);
    assert_ne!(bench.resolve(bob, NOTES_NAME).conversation, notes);
    assert_eq!(bench.refused(resolve(alice, "alice")), Refusal::ToOneself);
    bench.done(void(alice, notes, 1));
    let is_told = |bench: &mut Bench, user| {
        let standings = bench.hello(user, Vec::new());
        let found = standings
            .iter()
            .find(|standing| standing.conversation == notes);
        found.map(|standing| standing.name.clone())
    };
    assert_eq!(is_told(&mut bench, alice), None, "asking makes nothing");
    let stored = bench.say(alice, notes, 1, "buy rope");
    assert!(!stored.repeated);
    let audience = Audience::Notes {
        account: alice.0,
        is_first: true,
    };
    assert_eq!(stored.audience, audience);
    assert!(bench.say(alice, notes, 1, "buy rope").repeated);
    bench.say(other_device, notes, 1, "and tar");
    for user in [alice, other_device] {
        assert_eq!(is_told(&mut bench, user).as_deref(), Some(NOTES_NAME));
    }
    let read_now = bench.read(alice.0, notes, 0);
    let names: Vec<_> = read_now
        .iter()
        .map(|entry| entry.peer_name.as_deref())
        .collect();
    assert_eq!(names, [Some(NOTES_NAME); 2]);
    for refused in [
        bench.refused(append(bob, notes, 1, "tea?")),
        bench.refused(read(bob.0, notes, 0, usize::MAX)),
    ] {
        assert_eq!(refused, Refusal::NotPermitted);
    }
    assert_eq!(is_told(&mut bench, bob), None);
    assert_eq!(bench.marks(alice.0, notes), []);
    bench.done(Request::Checkpoint);
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn nobody_is_known_to_themselves_for_their_notes() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    joined(&mut bench, alice, "#bridge");
    joined(&mut bench, bob, "#bridge");
    let notes = bench.resolve(alice, NOTES_NAME).conversation;
    bench.say(alice, notes, 1, "buy rope");
    let Reply::Acquaintances(known) = bench.done(Read::Acquaintances { account: alice.0 }) else {
        panic!("people were asked for");
    };
    let known: Vec<_> = known.iter().map(|person| &*person.name).collect();
    assert_eq!(known, ["bob"]);
}

#[test]
fn note_is_changed_pinned_and_deleted_as_other_entries_are() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let notes = bench.resolve(alice, NOTES_NAME).conversation;
    bench.say(alice, notes, 1, "buy rope");
    for (number, kind) in [
        (2, EntryKind::Edit),
        (3, EntryKind::React),
        (4, EntryKind::Pin),
        (5, EntryKind::Delete),
    ] {
        bench.done(refer(alice, notes, number, (kind, 1, "x")));
    }
    let entries = bench.read(alice.0, notes, 0);
    assert!(entries[0].deleted.is_some());
}

/// Nobody can sign in as the account, so nobody could ever read or delete them.
#[test]
fn notes_of_a_deleted_account_are_removed_whatever_is_kept_otherwise() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    let pair = bench.resolve(alice, "bob").conversation;
    bench.say(alice, pair, 1, "stays");
    for user in [alice, bob] {
        let notes = bench.resolve(user, NOTES_NAME).conversation;
        bench.say(user, notes, 1, "buy rope");
        bench.say(user, notes, 2, "and tar");
    }
    let notes = bench.resolve(alice, NOTES_NAME).conversation;
    bench.done(Write::DeleteAccount {
        account: alice.0,
        proved: None,
        time_ms: 700,
    });
    expire(&mut bench, 1000);
    assert_eq!(bench.read(alice.0, notes, 0), []);
    let his = bench.resolve(bob, NOTES_NAME).conversation;
    assert_eq!(bench.read(bob.0, his, 0).len(), 2);
    assert_eq!(bench.read(bob.0, pair, 0).len(), 1);
    let mut bench = bench.crash();
    assert_eq!(bench.read(alice.0, notes, 0), []);
}
