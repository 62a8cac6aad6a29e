//! What refers to an entry, and a deletion of all that does, outlives every failure whole or not at all.

use super::super::deletions::crashes::{on_disk, text};
use super::{EVERYONE, entry, is_deleted, is_sound, is_whole};
use crate::protocol::EntryKind;
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::testing::{Bench, User, append, fail_at_every_write, refer};
use crate::store::{LogLoss, Outcome, Request};

/// An entry, what refers to it, and one that nothing refers to; the last of them in the journal only. Each entry has the
/// number of its place.
pub(super) fn prepared() -> (MemoryDisk, User) {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.say(alice, EVERYONE, 1, &text(1));
    bench.say(alice, EVERYONE, 2, &text(2));
    bench.done(refers(alice, 3, EntryKind::Edit));
    bench.done(refers(alice, 4, EntryKind::React));
    bench.done(Request::Checkpoint);
    bench.done(refers(alice, 5, EntryKind::Edit));
    bench.done(refers(alice, 6, EntryKind::React));
    bench.say(alice, EVERYONE, 7, &text(7));
    (bench.disk.copy(), alice)
}

/// What refers to the second entry.
pub(super) fn refers(alice: User, number: u64, kind: EntryKind) -> Request {
    refer(alice, EVERYONE, number, (kind, 2, &text(number))).into()
}

/// What of these goes with the second entry.
pub(super) const WITH_IT: [u64; 5] = [2, 3, 4, 5, 6];

/// Each entry is what was said, or all are deleted that go together; whether they are.
pub(super) fn is_all_or_nothing(bench: &mut Bench, alice: User, what: &str) -> bool {
    let read = bench.read(alice.0, EVERYONE, 0);
    let gone: Vec<u64> = read
        .iter()
        .zip(1..)
        .filter_map(|(entry, number)| {
            let is_gone = is_deleted(entry, &text(number));
            assert!(
                is_gone || is_whole(entry, &text(number)),
                "{what}: {entry:?}"
            );
            is_gone.then_some(number)
        })
        .collect();
    assert!(gone.is_empty() || gone == WITH_IT, "{what}: {gone:?}");
    !gone.is_empty()
}

#[test]
fn power_failing_at_every_write_leaves_a_deletion_whole_or_undone() {
    let (disk, alice) = prepared();
    let work = |bench: &mut Bench, _: &str| {
        let requests = vec![
            refers(alice, 8, EntryKind::Delete),
            append(alice, EVERYONE, 9, &text(9)).into(),
        ];
        let outcomes = bench.outcomes(requests);
        let is_answered = !outcomes.contains(&Outcome::Unknown);
        let is_closed = is_answered && !matches!(bench.ask(Request::Checkpoint), Outcome::Unknown);
        (is_answered, is_closed && !bench.engine.is_broken())
    };
    let failures = fail_at_every_write(&disk, work, |mut bench, is_answered, what| {
        for _ in 0..2 {
            assert_eq!(bench.engine.loss(), None, "{what}");
            let is_gone = is_all_or_nothing(&mut bench, alice, what);
            assert!(is_gone || !is_answered, "{what}");
            is_sound(&mut bench);
            if is_gone {
                let left = on_disk(&bench.disk);
                assert!(
                    WITH_IT.iter().all(|it| !left.contains(it)),
                    "{what}: {left:?}"
                );
            }
            bench = bench.crash();
        }
    });
    assert!(failures > 8, "{failures}");
}

#[test]
fn tables_that_were_put_back_come_to_the_same() {
    // What was overwritten already is met again, and the tables know of no edit.
    let (disk, alice) = prepared();
    let mut bench = Bench::on(disk);
    let older = bench.disk.image();
    bench.outcomes(vec![
        refers(alice, 8, EntryKind::Edit),
        refers(alice, 9, EntryKind::Delete),
        append(alice, EVERYONE, 10, &text(10)).into(),
    ]);
    bench.done(Request::Checkpoint);
    bench.disk.set_tables(older);
    let mut bench = bench.crash();
    assert_eq!(bench.engine.loss(), None);
    for number in [2, 3, 4, 5, 6, 8] {
        let read = entry(&mut bench, alice.0, EVERYONE, number);
        assert!(is_deleted(&read, &text(number)), "{read:?}");
    }
    let read = entry(&mut bench, alice.0, EVERYONE, 10);
    assert!(is_whole(&read, &text(10)));
    is_sound(&mut bench);
}

#[test]
fn damage_to_an_edit_costs_nothing_else_when_its_deletion_is_done_again() {
    let (disk, alice) = prepared();
    let (segment, at) = disk
        .segments()
        .into_iter()
        .find_map(|(segment, bytes)| {
            let edit = text(3);
            let found = bytes
                .windows(edit.len())
                .position(|it| it == edit.as_bytes());
            found.map(|at| (segment, at))
        })
        .expect("it stands there");
    // In its content, and in what says which entry it is.
    for at in [at + 30, at - 1, at - 30] {
        let mut bench = Bench::on(disk.copy());
        bench.done(refers(alice, 8, EntryKind::Delete));
        bench.say(alice, EVERYONE, 9, "behind it");
        assert!(bench.disk.flip_segment(segment, at));
        let mut bench = bench.crash();
        assert_eq!(bench.engine.loss(), None);
        for number in WITH_IT {
            let read = entry(&mut bench, alice.0, EVERYONE, number);
            assert!(is_deleted(&read, &text(number)), "{read:?}");
        }
        let read = entry(&mut bench, alice.0, EVERYONE, 9);
        assert!(is_whole(&read, "behind it"));
    }
}

#[test]
fn deletion_in_a_log_that_cannot_be_gone_on_with_takes_nothing_of_others_along() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.resolve(alice, "bob").conversation;
    bench.say(alice, pair, 1, "secret");
    bench.done(refer(bob, pair, 1, (EntryKind::React, 1, "+1")));
    bench.done(Request::Checkpoint);
    let edit = |number| refer(alice, pair, number, (EntryKind::Edit, 1, "more"));
    bench.outcomes(vec![
        edit(2),
        append(bob, EVERYONE, 1, "hello"),
        refer(alice, pair, 3, (EntryKind::Delete, 1, "")),
        append(bob, EVERYONE, 2, "hello again"),
    ]);
    let disk = bench.disk.clone();
    disk.crash();
    drop(bench);
    {
        let database = disk.open().expect("no engine has it");
        let transaction = database.begin_write().expect("the disk is well");
        let table = redb::TableDefinition::<u64, &[u8]>::new("conversations");
        let mut table = transaction.open_table(table).expect("it is there");
        let damaged = &[0xc1_u8; 30][..];
        table.insert(pair.0, damaged).expect("the disk is well");
        drop(table);
        transaction.commit().expect("the disk is well");
    }
    let mut bench = Bench::on(disk);
    assert_eq!(bench.engine.loss(), Some(LogLoss::Unfit));
    let read = bench.read(bob.0, EVERYONE, 0);
    assert!(is_whole(&read[0], "hello") && is_whole(&read[1], "hello again"));
}
