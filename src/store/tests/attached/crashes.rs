//! The power fails at every write, and at every one the disk keeps other sectors: no count of a file is wrong after that.

use super::{EVERYONE, ask, blob, is_sound, keep, sweep};
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::ops::files::upkeep::UNUSED_MS;
use crate::store::testing::{Bench, User, add_file, append, delete, fail_at_every_write, say_file};
use crate::store::{BlobKey, Completion, Outcome, Request, RequestId, Write};

fn prepared() -> (MemoryDisk, User) {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.done(Request::Checkpoint);
    let disk = bench.disk.copy();
    (disk, alice)
}

/// What is asked, in groups: entries 1 to 5 are stored, and of the files 7 and 8 the last is left.
fn groups(alice: User) -> Vec<Vec<Request>> {
    let say = |number, byte| Request::from(say_file(alice, EVERYONE, number, byte));
    let delete = |entry| Request::from(delete(alice.0, EVERYONE, entry));
    let add = |byte| Request::from(add_file(alice.0, byte, super::SIZE));
    vec![
        vec![add(7), say(1, 7), say(2, 7)],
        vec![delete(1)],
        vec![Request::Checkpoint],
        vec![add(8), say(3, 8), delete(2)],
        vec![add(9), add(7), say(4, 7)],
        vec![Request::Checkpoint],
        vec![sweep(100 + UNUSED_MS, None).into()],
        vec![append(alice, EVERYONE, 5, "tea?").into(), delete(4)],
        vec![Request::Checkpoint, say(6, 8)],
        vec![keep(1).into()],
    ]
}

/// Which files are there, and which entries have one, when so many groups were done.
fn there(groups: usize) -> (Vec<u8>, Vec<u64>) {
    let (files, entries): (&[u8], &[u64]) = match groups {
        0 => (&[], &[]),
        1 => (&[7], &[1, 2]),
        2 | 3 => (&[7], &[2]),
        4 | 8 => (&[8], &[3]),
        5 | 6 => (&[7, 8, 9], &[3, 4]),
        7 => (&[7, 8], &[3, 4]),
        9 => (&[8], &[3, 6]),
        _ => (&[8], &[6]),
    };
    (files.to_vec(), entries.to_vec())
}

fn found(bench: &mut Bench, alice: User) -> (Vec<u8>, Vec<u64>) {
    let is_there = |byte: &u8| super::has(bench, alice.0, *byte).0;
    let files = [7, 8, 9].into_iter().filter(is_there).collect();
    let has_file = |entry: &u64| ask(bench, alice, (EVERYONE, *entry)).is_ok();
    let entries = (1..=6).filter(has_file).collect();
    (files, entries)
}

/// What the files that are freed in a group make of those that there were.
fn freed_by(group: usize) -> Vec<u8> {
    let ((before, _), (after, _)) = (there(group), there(group + 1));
    let gone = before.into_iter().filter(|byte| !after.contains(byte));
    gone.collect()
}

#[test]
fn power_failing_at_every_write_leaves_each_file_with_the_entries_that_have_it() {
    let (disk, alice) = prepared();
    let all = groups(alice);
    let work = |bench: &mut Bench, what: &str| {
        let mut done = 0;
        for group in &all {
            let batch = group.iter().map(|request| (RequestId(0), request.clone()));
            let completions: Vec<Completion> = bench.engine.execute(batch.collect());
            let is_done = |it: &Completion| matches!(it.outcome, Outcome::Done(_));
            if !completions.iter().all(is_done) || bench.engine.is_broken() {
                break;
            }
            let freed = completions.into_iter().flat_map(|it| it.freed);
            let expected = freed_by(done).into_iter().map(|byte| blob(alice.0, byte));
            assert_eq!(
                freed.collect::<Vec<BlobKey>>(),
                expected.collect::<Vec<_>>(),
                "{what}"
            );
            done += 1;
        }
        (done, done == all.len())
    };
    let failures = fail_at_every_write(&disk, work, |mut bench, done, what| {
        assert_eq!(bench.engine.loss(), None, "{what}");
        // A group that was not answered may have happened, all of it.
        let found = found(&mut bench, alice);
        let is_as_answered = found == there(done) || found == there(done + 1);
        assert!(is_as_answered, "{what}: {done} groups, {found:?}");
        is_sound(&mut bench);
        let again = self::found(&mut bench.crash(), alice);
        assert_eq!(again, found, "{what}");
    });
    assert!(failures > 20, "{failures}");
}

#[test]
fn blob_whose_write_is_not_known_to_be_durable_is_not_dropped() {
    let (disk, alice) = prepared();
    let mut bench = Bench::on(disk);
    bench.outcomes(groups(alice).remove(0));
    bench.done(Request::Checkpoint);
    bench.disk.fail_after(Some(0));
    for request in [delete(alice.0, EVERYONE, 1), delete(alice.0, EVERYONE, 2)] {
        let batch = vec![(RequestId(0), Request::from(request))];
        let done: Vec<Completion> = bench.engine.execute(batch);
        assert_eq!(
            (&done[0].outcome, done[0].freed.len()),
            (&Outcome::Unknown, 0)
        );
    }
    bench.disk.fail_after(None);
    bench.engine.recover().expect("the disk is well");
    let unknown: Vec<Write> = vec![delete(alice.0, EVERYONE, 1), delete(alice.0, EVERYONE, 2)];
    bench.outcomes(unknown);
    assert_eq!(found(&mut bench, alice), (Vec::new(), Vec::new()));
    is_sound(&mut bench);
}
