//! An entry that was deleted stays so, and takes nothing else along.

use super::super::testing::{Bench, User};
use super::super::{Request, Write};
use crate::protocol::{ConversationId, EntryId};
use crate::store::files::fault_disk::MemoryDisk;

const EVERYONE: ConversationId = ConversationId::EVERYONE;

/// Two messages of alice's.
fn said() -> (Bench, User) {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.say(alice, EVERYONE, 1, "the first, to be deleted");
    bench.say(alice, EVERYONE, 2, "the second");
    (bench, alice)
}

fn delete(bench: &mut Bench, user: User, entry: u64) {
    bench.done(Write::Delete {
        conversation: EVERYONE,
        actor: user.0,
        entry: EntryId(entry),
        time_ms: 9000,
    });
}

/// What is read of each entry, and whether it was deleted.
fn read(bench: &mut Bench, user: User) -> Vec<(String, bool)> {
    let entries = bench.read(user.0, EVERYONE, 0).into_iter();
    let text = |content| String::from_utf8(content).expect("it was written as text");
    entries
        .map(|entry| (text(entry.content), entry.deleted.is_some()))
        .collect()
}

fn first_deleted() -> Vec<(String, bool)> {
    vec![(String::new(), true), ("the second".into(), false)]
}

#[test]
fn deletion_that_was_done_last_stands_after_a_crash() {
    // Its record was taken for torn: what is left of the entry has the digest of a content that is gone.
    let (mut bench, alice) = said();
    delete(&mut bench, alice, 1);
    let mut bench = bench.crash();
    assert_eq!(bench.engine.loss(), None);
    assert_eq!(read(&mut bench, alice), first_deleted());
}

#[test]
fn check_finds_nothing_wrong_with_a_deleted_entry() {
    let (mut bench, alice) = said();
    delete(&mut bench, alice, 1);
    bench.done(Request::Checkpoint);
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn server_of_a_copy_overwrites_nothing_that_was_deleted_where_the_copy_was_made() {
    // At the places that it had in the segments of that server, the copy's own have something else.
    let (mut bench, alice) = said();
    for number in 3..20 {
        bench.say(alice, EVERYONE, number, "the rest");
    }
    delete(&mut bench, alice, 1);
    bench.done(Request::Checkpoint);
    let copy = MemoryDisk::new();
    let database = copy.open().expect("it is empty");
    let snapshots = bench.engine.snapshots();
    snapshots.back_up_into(&database).expect("there is room");
    drop(database);
    let mut restored = Bench::on(copy).crash();
    let found = read(&mut restored, alice);
    assert_eq!(found[..2], first_deleted());
    assert!(
        found[2..].iter().all(|(text, _)| text == "the rest"),
        "{found:?}"
    );
    let report = restored.engine.snapshots().check();
    assert!(report.expect("it can be read").is_sound());
}
