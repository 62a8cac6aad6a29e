//! Backups and rescues keep what refers to what, and bring nothing back that was deleted with its entry.

use std::fs;

use super::super::deletions::crashes::{on_disk, text};
use super::super::deletions::recovery::{copy_of, restored};
use super::recovery::{WITH_IT, is_all_or_nothing, prepared, refers};
use super::{EVERYONE, is_sound, usage};
use crate::protocol::EntryKind;
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::testing::{Bench, refer};
use crate::store::tests::files::opening::{private_directory, write_database};
use crate::store::tests::files::pages::check_disk;
use crate::store::{Existing, Outcome, Request, rescue};

#[test]
fn backup_has_what_refers_to_what_and_deletes_it_all_the_same() {
    let (disk, alice) = prepared();
    let mut bench = Bench::on(disk);
    bench.done(Request::Checkpoint);
    let (snapshot, _pin) = bench.engine.snapshots().snapshot().expect("it is open");
    let copy = copy_of(&snapshot);
    assert!(check_disk(&copy).expect("it can be opened").is_sound());
    let mut there = restored(&copy);
    is_sound(&mut there);
    assert!(!is_all_or_nothing(&mut there, alice, "before"));
    there.done(refers(alice, 8, EntryKind::Delete));
    let mut there = there.crash();
    assert!(is_all_or_nothing(&mut there, alice, "after"));
    is_sound(&mut there);
}

/// Puts the contents of these entries back where they stood.
fn put_back(to: &MemoryDisk, from: &MemoryDisk, numbers: &[u64]) {
    let mut segments = to.segments();
    for (segment, before) in from.segments() {
        let bytes = segments.get_mut(&segment).expect("none was removed");
        for content in numbers.iter().map(|number| text(*number)) {
            let at = before
                .windows(content.len())
                .position(|it| it == content.as_bytes());
            if let Some(at) = at {
                bytes[at..at + content.len()].copy_from_slice(content.as_bytes());
            }
        }
        to.set_segment(segment, Some(bytes.clone()));
    }
}

#[test]
fn backup_of_before_a_deletion_has_nothing_of_what_goes_with_an_entry_that_is_gone() {
    // The contents are overwritten one after the other, in the order in which they stand, while the copy is made.
    let (disk, alice) = prepared();
    for overwritten in 1..=WITH_IT.len() {
        let mut bench = Bench::on(disk.copy());
        bench.done(Request::Checkpoint);
        let (before, _pin) = bench.engine.snapshots().snapshot().expect("it is open");
        bench.done(refers(alice, 8, EntryKind::Delete));
        bench.done(Request::Checkpoint);
        put_back(&bench.disk, &disk, &WITH_IT[overwritten..]);
        let copy = copy_of(&before);
        let report = check_disk(&copy).expect("it can be opened");
        assert!(report.is_sound(), "{report:?}");
        let mut there = restored(&copy);
        assert!(is_all_or_nothing(&mut there, alice, "in the copy"));
        is_sound(&mut there);
    }
}

#[test]
fn rescue_finds_again_what_refers_to_what_and_brings_nothing_back() {
    let (disk, alice) = prepared();
    for is_deleted in [false, true] {
        for is_committed in [false, true] {
            let mut bench = Bench::on(disk.copy());
            if is_deleted {
                bench.done(refers(alice, 8, EntryKind::Delete));
            }
            if is_committed {
                let first = bench.disk.segments().into_keys().next();
                bench.disk.refuse_writes_to(first);
                bench.done(Request::Checkpoint);
            }
            let directory = private_directory();
            let (from, to) = (directory.path().join("from"), directory.path().join("to"));
            write_database(&from, &bench.disk);
            let rescued =
                rescue(&from, (&to, Existing::Keep), &[], [3; 32]).expect("it can be read");
            assert_eq!(rescued.lost, Vec::<String>::new());
            let copy = MemoryDisk::from_image(fs::read(&to).expect("it was made"));
            let left = on_disk(&copy);
            assert_eq!(WITH_IT.iter().any(|it| left.contains(it)), !is_deleted);
            let mut there = Bench::on(copy);
            is_sound(&mut there);
            assert_eq!(is_all_or_nothing(&mut there, alice, "rescued"), is_deleted);
            assert_eq!(usage(&mut there), usage(&mut bench));
            let number = 8 + u64::from(is_deleted);
            let again = refer(
                alice,
                EVERYONE,
                number,
                (EntryKind::Delete, 2, &text(number)),
            );
            let outcome = there.ask(again);
            assert_eq!(matches!(outcome, Outcome::Done(_)), !is_deleted);
            assert!(is_all_or_nothing(&mut there, alice, "deleted"));
            is_sound(&mut there);
        }
    }
}
