//! What copies and rescues make of deletions: what was deleted stays so, and nothing else suffers.

use std::fs;

use redb::TableDefinition;

use super::crashes::{on_disk, prepared, text};
use super::{EVERYONE, entry, is_deleted, is_sound, is_whole, usage};
use crate::store::backup::fill;
use crate::store::check;
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables as _, Snapshot};
use crate::store::testing::{Bench, delete};
use crate::store::tests::files::opening::{private_directory, write_database};
use crate::store::tests::files::pages::check_disk;
use crate::store::{Existing, LogLoss, Request, mark_as_copy, rescue};

/// A backup of what a snapshot shows.
pub(in crate::store::tests) fn copy_of(snapshot: &Snapshot) -> MemoryDisk {
    let copy = MemoryDisk::new();
    let database = copy.open().expect("it is empty");
    fill(snapshot, None, &database).expect("the disk is well");
    drop(database);
    copy
}

/// The database, with this copy put in its place.
pub(in crate::store::tests) fn restored(copy: &MemoryDisk) -> Bench {
    let disk = copy.copy();
    mark_as_copy(&disk.open().expect("it is a database")).expect("the disk is well");
    Bench::on(disk)
}

#[test]
fn snapshot_from_before_a_deletion_reads_that_it_was_deleted_and_counts_fit_it() {
    // A backup under way took the entry for damaged and left it out, or counted its content still: it was refused.
    let (disk, alice) = prepared();
    let mut bench = Bench::on(disk);
    let (before, _pin) = bench.engine.snapshots().snapshot().expect("it is open");
    for number in [3, 4, 40] {
        bench.done(delete(alice.0, EVERYONE, number));
    }
    bench.done(Request::Checkpoint);
    for number in [3, 40] {
        let stored = before.entry((EVERYONE.0, number)).expect("it can be read");
        let stored = stored.expect("it stands");
        assert_eq!(
            stored.row().deleted,
            Some(crate::store::segments::stored::Deletion::default())
        );
    }
    let report = check::walk(&before);
    assert!(report.is_sound(), "{report:?}");
    let copy = copy_of(&before);
    let report = check_disk(&copy).expect("it can be opened");
    assert!(report.is_sound(), "{report:?}");
    let (mut there, mut here) = (restored(&copy), bench);
    assert_eq!(usage(&mut there), usage(&mut here));
    for number in 1..=40 {
        let copied = entry(&mut there, alice.0, EVERYONE, number);
        assert_eq!(
            is_deleted(&copied, &text(number)),
            [3, 4, 40].contains(&number)
        );
        assert!(copied.deleted.is_some() || is_whole(&copied, &text(number)));
    }
    is_sound(&mut there);
}

#[test]
fn what_is_to_be_overwritten_in_a_log_is_left_alone_in_that_of_its_copy() {
    // The places came with the copy, and at its first checkpoint other entries that stood there were overwritten.
    let (disk, alice) = prepared();
    let mut bench = Bench::on(disk);
    bench
        .disk
        .refuse_writes_to(bench.disk.segments().keys().next().copied());
    for number in [3, 10, 40] {
        bench.done(delete(alice.0, EVERYONE, number));
        bench.done(Request::Checkpoint);
        let (snapshot, _pin) = bench.engine.snapshots().snapshot().expect("it is open");
        assert!(
            snapshot
                .erasing()
                .rows()
                .expect("it can be read")
                .next()
                .is_some()
        );
        let mut there = restored(&copy_of(&snapshot));
        is_sound(&mut there);
        for number in 1..=40 {
            let copied = entry(&mut there, alice.0, EVERYONE, number);
            assert!(
                copied.deleted.is_some() || is_whole(&copied, &text(number)),
                "{copied:?}"
            );
        }
    }
}

#[test]
fn rescue_brings_nothing_back_that_was_deleted() {
    // What was deleted stands before the deletion, and the rescue took what it found first.
    let (disk, alice) = prepared();
    for is_committed in [false, true] {
        let mut bench = Bench::on(disk.copy());
        // One that only the journal has beside those that the tables know.
        bench.say(alice, EVERYONE, 41, &text(41));
        let deleted = [3, 40, 41];
        for number in deleted {
            bench.done(delete(alice.0, EVERYONE, number));
        }
        if is_committed {
            // What stood in the first segment is not overwritten yet.
            let first = bench.disk.segments().into_keys().next();
            bench.disk.refuse_writes_to(first);
            bench.done(Request::Checkpoint);
        }
        bench.say(alice, EVERYONE, 42, &text(42));
        let directory = private_directory();
        let (from, to) = (directory.path().join("from"), directory.path().join("to"));
        write_database(&from, &bench.disk);
        let rescued = rescue(&from, (&to, Existing::Keep), &[], [3; 32]).expect("it can be read");
        assert_eq!(rescued.lost, Vec::<String>::new());
        let copy = MemoryDisk::from_image(fs::read(&to).expect("it was made"));
        let left = on_disk(&copy);
        assert!(
            deleted.iter().all(|number| !left.contains(number)),
            "{left:?}"
        );
        assert_eq!(left.len(), 42 - deleted.len());
        let mut there = Bench::on(copy);
        is_sound(&mut there);
        for number in 1..=42 {
            let found = entry(&mut there, alice.0, EVERYONE, number);
            assert_eq!(is_deleted(&found, &text(number)), deleted.contains(&number));
            assert!(found.deleted.is_some() || is_whole(&found, &text(number)));
        }
        assert_eq!(usage(&mut there), usage(&mut bench));
    }
}

#[test]
fn deletion_in_a_log_that_cannot_be_gone_on_with_takes_nothing_along() {
    // Its conversation's row was damaged when the log was done again, and with it all that others had said was lost.
    let (disk, alice) = prepared();
    let mut bench = Bench::on(disk);
    let bob = bench.user("bob");
    let talk = bench.resolve(alice, "bob").conversation;
    bench.say(alice, talk, 1, "hello");
    bench.done(Request::Checkpoint);
    bench.say(alice, talk, 2, "secret");
    bench.done(delete(alice.0, talk, 1));
    bench.done(delete(alice.0, talk, 2));
    bench.done(delete(alice.0, EVERYONE, 3));
    bench.say(bob, EVERYONE, 1, &text(41));
    let disk = bench.disk.clone();
    disk.crash();
    drop(bench);
    {
        let database = disk.open().expect("no engine has it");
        let transaction = database.begin_write().expect("the disk is well");
        let table = TableDefinition::<u64, &[u8]>::new("conversations");
        let mut table = transaction.open_table(table).expect("it is there");
        table
            .insert(talk.0, &[0xc1_u8; 30][..])
            .expect("the disk is well");
        drop(table);
        transaction.commit().expect("the disk is well");
    }
    let mut bench = Bench::on(disk);
    assert_eq!(bench.engine.loss(), Some(LogLoss::Unfit));
    let read = bench.read(bob.0, EVERYONE, 0);
    assert!(is_whole(read.last().expect("it stands"), &text(41)));
    let read = entry(&mut bench, alice.0, EVERYONE, 3);
    assert!(is_deleted(&read, &text(3)));
}

#[test]
fn check_names_a_row_that_keeps_a_deleted_content_from_being_overwritten() {
    let (disk, alice) = prepared();
    let mut bench = Bench::on(disk);
    bench.done(delete(alice.0, EVERYONE, 3));
    bench.done(Request::Checkpoint);
    let disk = bench.disk.copy();
    let database = disk.open().expect("no engine has it");
    let transaction = database.begin_write().expect("the disk is well");
    let table = TableDefinition::<(u64, u64), &[u8]>::new("erasing");
    let mut table = transaction.open_table(table).expect("it is there");
    table
        .insert((1, 7), &[0xc1_u8; 30][..])
        .expect("the disk is well");
    drop(table);
    transaction.commit().expect("the disk is well");
    drop(database);
    let report = check_disk(&disk).expect("it can be opened");
    let tables: Vec<_> = report.findings.iter().map(|found| &*found.table).collect();
    assert_eq!(tables, ["erasing"]);
}
