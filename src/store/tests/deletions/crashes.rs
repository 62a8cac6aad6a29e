//! A deletion that was answered outlives every failure of power and disk, and none leaves an entry by half.

use std::collections::BTreeSet;

use super::{EVERYONE, delete, entry, is_deleted, is_sound, is_whole};
use crate::protocol::EntryId;
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::testing::{Bench, User, append, fail_at_every_write};
use crate::store::{Outcome, Refusal, Reply, Request};

/// How many messages there are before anything is deleted. Chosen: so many that they have several segments.
const SAID: u64 = 40;

pub(in crate::store::tests) fn text(number: u64) -> String {
    format!("the secret of entry {number}, ").repeat(20)
}

/// Everyone's conversation, with the last messages in the journal only.
pub(super) fn prepared() -> (MemoryDisk, User) {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    for number in 1..=SAID {
        bench.say(alice, EVERYONE, number, &text(number));
        if number == SAID - 5 {
            bench.done(Request::Checkpoint);
        }
    }
    (bench.disk.copy(), alice)
}

/// Of which entries something stands in the log or the tables.
pub(in crate::store::tests) fn on_disk(disk: &MemoryDisk) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    for bytes in disk.segments().values().chain([&disk.image()]) {
        let text = String::from_utf8_lossy(bytes);
        for (at, before) in text.match_indices("the secret of entry ") {
            let number = text[at + before.len()..].split(',').next();
            found.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
    }
    found
}

fn is_on_disk(disk: &MemoryDisk, number: u64) -> bool {
    on_disk(disk).contains(&number)
}

/// What is asked in the course of a test; each is answered before the next, and the last ones are a group.
fn steps(alice: User) -> Vec<Vec<Request>> {
    let delete = |entry| Request::from(delete(alice.0, EVERYONE, entry));
    let say = |number| Request::from(append(alice, EVERYONE, number, &text(number)));
    vec![
        vec![delete(3)],
        vec![delete(SAID)],
        vec![Request::Checkpoint],
        vec![delete(7), delete(8)],
        vec![say(SAID + 1), delete(SAID + 1), delete(9)],
        vec![Request::Checkpoint],
        vec![delete(SAID - 1), delete(SAID - 1)],
    ]
}

/// Which entries these requests delete.
fn deleted(requests: &[Request]) -> Vec<u64> {
    let entries = requests.iter().filter_map(|request| match request {
        Request::Write(crate::store::Write::Delete { entry, .. }) => Some(entry.0),
        _ => None,
    });
    entries.collect()
}

/// Every entry is what was said or deleted, and those that were answered are.
fn is_as_answered(bench: &mut Bench, alice: User, answered: &[u64], what: &str) {
    assert_eq!(bench.engine.loss(), None, "{what}");
    let read = bench.read(alice.0, EVERYONE, 0);
    assert!(read.len() as u64 >= SAID, "{what}");
    let may = steps(alice).concat();
    let may = deleted(&may);
    for (entry, number) in read.iter().zip(1..) {
        let is_deleted = is_deleted(entry, &text(number));
        assert!(
            is_deleted || is_whole(entry, &text(number)),
            "{what}: {entry:?}"
        );
        assert!(!is_deleted || may.contains(&number), "{what}: {entry:?}");
        assert!(
            is_deleted || !answered.contains(&number),
            "{what}: {entry:?}"
        );
    }
    is_sound(bench);
    let on_disk = on_disk(&bench.disk);
    for number in answered {
        assert!(!on_disk.contains(number), "{what}: entry {number}");
    }
}

#[test]
fn power_failing_at_every_write_undoes_no_deletion_and_damages_nothing() {
    let (disk, alice) = prepared();
    let work = |bench: &mut Bench, _: &str| {
        let mut answered = Vec::new();
        for requests in steps(alice) {
            let outcomes = bench.outcomes(requests.clone());
            if outcomes.contains(&Outcome::Unknown) || bench.engine.is_broken() {
                break;
            }
            answered.extend(deleted(&requests));
        }
        let is_through = answered == deleted(&steps(alice).concat());
        (answered, is_through)
    };
    let failures = fail_at_every_write(&disk, work, |mut bench, answered, what| {
        is_as_answered(&mut bench, alice, &answered, what);
        is_as_answered(&mut bench.crash(), alice, &answered, what);
    });
    assert!(failures > 20, "{failures}");
}

#[test]
fn disk_that_fails_for_a_while_undoes_no_deletion_and_what_was_deleted_is_overwritten_all_the_same()
{
    // Nobody asks for anything after the disk has failed: the content must be overwritten by the clock alone.
    let (disk, alice) = prepared();
    let mut later = 0;
    for successes in 0..80 {
        let what = format!("after {successes} writes");
        let mut bench = Bench::on(disk.copy());
        bench.engine.make_checkpoints_beside();
        let answered = steps(alice).concat();
        let answered = deleted(&answered);
        for requests in steps(alice) {
            let requests = requests.into_iter();
            bench.outcomes(requests.filter(|it| *it != Request::Checkpoint).collect());
        }
        bench.disk.fail_after(Some(successes));
        let is_ended = bench.checkpoint_by_the_clock();
        assert!(is_ended, "{what}: something was deleted");
        bench.disk.fail_after(None);
        if bench.engine.is_broken() {
            bench.engine.recover().expect("the disk is healed");
        }
        let left = on_disk(&bench.disk);
        let is_left = answered.iter().any(|number| left.contains(number));
        later += u32::from(is_left);
        while bench.checkpoint_by_the_clock() {}
        is_as_answered(&mut bench, alice, &answered, &what);
    }
    assert!(later > 5, "{later}");
}

#[test]
fn content_that_cannot_be_overwritten_holds_up_nothing_else() {
    // A segment on a bad sector would have kept every checkpoint from its end, and the server from starting.
    let (disk, alice) = prepared();
    let mut bench = Bench::on(disk);
    let first = *bench.disk.segments().keys().next().expect("there are some");
    bench.disk.refuse_writes_to(Some(first));
    bench.done(delete(alice.0, EVERYONE, 3));
    bench.done(delete(alice.0, EVERYONE, SAID));
    bench.done(Request::Checkpoint);
    assert!(!bench.engine.is_broken());
    assert!(is_on_disk(&bench.disk, 3) && !is_on_disk(&bench.disk, SAID));
    let mut bench = bench.crash();
    let read = entry(&mut bench, alice.0, EVERYONE, 3);
    assert!(is_deleted(&read, &text(3)));
    assert!(bench.engine.is_ahead(), "it is tried again");
    bench.disk.refuse_writes_to(None);
    while bench.checkpoint_by_the_clock() {}
    assert!(!is_on_disk(&bench.disk, 3));
    is_sound(&mut bench);
}

#[test]
fn deletion_of_what_a_lost_segment_held_is_refused_and_one_before_is_no_trouble() {
    let (disk, alice) = prepared();
    let mut bench = Bench::on(disk);
    bench.done(delete(alice.0, EVERYONE, 3));
    let first = *bench.disk.segments().keys().next().expect("there are some");
    bench.disk.set_segment(first, None);
    let mut bench = bench.crash();
    let read = entry(&mut bench, alice.0, EVERYONE, 3);
    assert!(is_deleted(&read, &text(3)), "{read:?}");
    let refusal = bench.refused(delete(alice.0, EVERYONE, 4));
    assert_eq!(refusal, Refusal::NotPermitted);
    bench.done(Request::Checkpoint);
    assert!(!bench.engine.is_broken() && !bench.engine.is_ahead());
}

#[test]
fn damage_to_what_was_deleted_costs_nothing_else_after_a_kill() {
    // The record of a deletion met a damaged entry when it was done again, and all records after it were lost.
    let (disk, alice) = prepared();
    let first = *disk.segments().keys().next().expect("there are some");
    let content = text(3);
    let bytes = disk.segment_image(first);
    let at = bytes
        .windows(content.len())
        .position(|found| found == content.as_bytes())
        .expect("it stands there");
    for (place, is_head) in [
        (at, false),
        (at + 30, false),
        (at - 1, true),
        (at - 30, true),
    ] {
        let mut bench = Bench::on(disk.copy());
        bench.done(delete(alice.0, EVERYONE, 3));
        bench.say(alice, EVERYONE, SAID + 1, "behind it");
        assert!(bench.disk.flip_segment(first, place));
        let mut bench = bench.crash();
        assert_eq!(bench.engine.loss(), None);
        let read = bench.read(alice.0, EVERYONE, SAID);
        assert!(is_whole(&read[0], "behind it"));
        let read = entry(&mut bench, alice.0, EVERYONE, 3);
        assert!(is_deleted(&read, &content), "{read:?}");
        if !is_head {
            is_sound(&mut bench);
            assert!(!is_on_disk(&bench.disk, 3));
        }
    }
}

#[test]
fn what_is_left_of_a_damaged_content_is_deleted_too() {
    let (disk, alice) = prepared();
    let first = *disk.segments().keys().next().expect("there are some");
    let content = text(3);
    let at = disk
        .segment_image(first)
        .windows(content.len())
        .position(|found| found == content.as_bytes())
        .expect("it stands there");
    assert!(disk.flip_segment(first, at + content.len() - 1));
    let mut bench = Bench::on(disk);
    let read = entry(&mut bench, alice.0, EVERYONE, 3);
    assert!(
        read.content.is_empty() && read.deleted.is_none(),
        "it is damaged"
    );
    assert_eq!(bench.done(delete(alice.0, EVERYONE, 3)), Reply::Nothing);
    bench = bench.crash();
    let read = entry(&mut bench, alice.0, EVERYONE, 3);
    assert!(is_deleted(&read, &content));
    assert_eq!(read.entry, EntryId(3));
    is_sound(&mut bench);
    assert!(!is_on_disk(&bench.disk, 3));
}

#[test]
fn tables_that_were_put_back_come_to_the_same_deletions() {
    // Contents that were overwritten already are met again, also in the last record.
    let (disk, alice) = prepared();
    let mut bench = Bench::on(disk);
    let older = bench.disk.image();
    bench.done(delete(alice.0, EVERYONE, SAID));
    let said = append(alice, EVERYONE, SAID + 1, &text(SAID + 1));
    bench.outcomes(vec![said, delete(alice.0, EVERYONE, SAID + 1)]);
    bench.done(Request::Checkpoint);
    bench.disk.set_tables(older);
    let mut bench = bench.crash();
    assert_eq!(bench.engine.loss(), None);
    for number in [SAID, SAID + 1] {
        let read = entry(&mut bench, alice.0, EVERYONE, number);
        assert!(is_deleted(&read, &text(number)));
        assert_eq!(read.deleted.map(|deleted| deleted.by), Some(alice.0));
    }
    is_sound(&mut bench);
}
