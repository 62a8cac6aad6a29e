//! What only the journal contains: after a crash it is there, and what is wrong with it is noticed.

use super::super::testing::{Bench, User, append};
use super::super::{Engine, JournalLoss, Outcome, Request, Write};
use crate::protocol::{ConversationId, EntryId};
use crate::store::files::fault_disk::MemoryDisk;

/// Messages, each in a group of its own.
const SAID: u64 = 5;

/// Where they stand in the journal, in bytes, each in a sector of its own, behind the file's headers.
const RECORDS: std::ops::Range<usize> = 8192..8192 + 5 * 512;

/// What stands in the headers of the file and of a record, in bytes.
const HEADERS: std::ops::Range<usize> = 0..92;

fn said() -> (Bench, User) {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.done(Request::Checkpoint);
    for number in 1..=SAID {
        bench.say(alice, ConversationId::EVERYONE, number, "in the journal");
    }
    (bench, alice)
}

fn heard(bench: &mut Bench, reader: User) -> usize {
    bench.read(reader.0, ConversationId::EVERYONE, 0).len()
}

/// The machine loses power with these bytes of the journal turned into others.
fn crash_with_damage(bench: Bench, place: usize) -> Option<Bench> {
    let Bench { disk, engine } = bench;
    let copy = disk.copy();
    disk.crash();
    drop(engine);
    copy.flip_journal(place).then(|| Bench::on(copy))
}

#[test]
fn what_only_the_journal_contains_is_there_after_a_crash_and_the_tables_had_not_changed() {
    let (bench, alice) = said();
    let before = bench.disk.image();
    let mut bench = bench;
    bench.say(alice, ConversationId::EVERYONE, SAID + 1, "one more");
    assert!(
        before == bench.disk.image(),
        "a group writes the journal only"
    );
    let mut bench = bench.crash();
    assert_eq!(heard(&mut bench, alice), 6);
    // And once only, however often it is opened.
    let mut bench = bench.crash();
    assert_eq!(heard(&mut bench, alice), 6);
    assert_eq!(
        bench
            .say(alice, ConversationId::EVERYONE, SAID + 2, "next")
            .entry,
        EntryId(7)
    );
}

#[test]
fn a_group_costs_one_sync() {
    let (mut bench, alice) = said();
    let before = bench.disk.syncs();
    bench.say(alice, ConversationId::EVERYONE, SAID + 1, "one more");
    assert_eq!(bench.disk.syncs(), before + 1);
}

#[test]
fn what_comes_in_one_turn_costs_one_sync() {
    // It was cut into records of 128 requests with a sync for each, and answered when the last was through.
    let (mut bench, alice) = said();
    let before = bench.disk.syncs();
    let turn = (SAID + 1..=SAID + 512)
        .map(|number| append(alice, ConversationId::EVERYONE, number, "of one turn"))
        .collect();
    for outcome in bench.outcomes(turn) {
        assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    }
    assert_eq!(bench.disk.syncs(), before + 1);
    let bench = bench.crash();
    let rows = bench.engine.snapshots().check().expect("it can be read");
    assert!(rows.is_sound(), "{rows:?}");
    assert_eq!(rows.entries, SAID + 512);
}

#[test]
fn requests_that_were_refused_or_wrote_nothing_are_not_made_again() {
    let (mut bench, alice) = said();
    bench.refused(append(alice, ConversationId::EVERYONE, 99, "out of turn"));
    bench.done(Write::Advance {
        marks: vec![],
        seen: vec![],
    });
    let mut bench = bench.crash();
    assert_eq!(heard(&mut bench, alice), 5);
}

#[test]
fn thousands_of_requests_are_brought_into_the_tables_and_the_journal_begins_again() {
    let (mut bench, alice) = said();
    let before = bench.disk.image();
    for number in SAID + 1..=SAID + 70_000 {
        bench.say(alice, ConversationId::EVERYONE, number, "many");
    }
    assert!(
        before != bench.disk.image(),
        "a checkpoint has written them"
    );
    let mut bench = bench.crash();
    let rows = bench.engine.snapshots().check().expect("it can be read");
    assert!(rows.is_sound(), "{rows:?}");
    assert_eq!(rows.entries, SAID + 70_000);
    // What an earlier round has left behind the end of this one is not taken for a part of it.
    bench.say(
        alice,
        ConversationId::EVERYONE,
        SAID + 70_001,
        "a new round",
    );
    let bench = bench.crash();
    let rows = bench.engine.snapshots().check().expect("it can be read");
    assert_eq!(rows.entries, SAID + 70_001);
}

#[test]
fn what_is_known_over_a_checkpoint_fits_what_the_tables_have() {
    let (mut bench, alice) = said();
    for round in 0..4 {
        let first = SAID + round * 3;
        for number in first + 1..=first + 3 {
            bench.say(alice, ConversationId::EVERYONE, number, "kept");
        }
        // One that is said again stands once, whether it waits for its table or is there.
        bench.say(alice, ConversationId::EVERYONE, first + 2, "kept");
        bench.done(Request::Checkpoint);
        bench.say(alice, ConversationId::EVERYONE, first + 3, "kept");
    }
    let bench = bench.crash();
    let rows = bench.engine.snapshots().check().expect("it can be read");
    assert!(rows.is_sound(), "{rows:?}");
    assert_eq!(rows.entries, SAID + 12);
}

#[test]
fn a_group_whose_sync_failed_is_done_whole_or_not_at_all() {
    let (mut bench, alice) = said();
    // The write succeeds and its sync fails: all of it may have reached the disk, or nothing.
    bench.disk.fail_after(Some(1));
    let outcome = bench.ask(append(alice, ConversationId::EVERYONE, SAID + 1, "torn"));
    assert_eq!(outcome, Outcome::Unknown);
    let mut whole = Bench::on(bench.disk.copy());
    assert_eq!(heard(&mut whole, alice), 6);
    let mut lost = bench.crash();
    assert_eq!(heard(&mut lost, alice), 5);
    // What was read after a sync that had failed is on the disk from then on.
    let mut again = whole.crash();
    assert_eq!(heard(&mut again, alice), 6);
}

#[test]
fn damage_in_the_last_record_costs_that_one_and_damage_before_it_is_noticed_by_a_new_epoch() {
    let mut noticed = 0;
    let headers = HEADERS.chain(4096..4096 + HEADERS.end);
    for place in headers.chain(RECORDS).step_by(5) {
        let (bench, alice) = said();
        let epoch = bench.engine.epoch();
        let Some(mut bench) = crash_with_damage(bench, place) else {
            break;
        };
        let heard = heard(&mut bench, alice);
        let is_new = bench.engine.epoch() != epoch;
        noticed += u32::from(is_new);
        // The last record looks like one that was torn by the crash.
        let torn = heard == 4 && !is_new;
        let none = heard == 5 && !is_new;
        assert!(
            is_new || torn || none,
            "byte {place}: {heard} left, and nobody was told"
        );
        // Whatever is left is whole, and the log goes on.
        let next = bench.say(alice, ConversationId::EVERYONE, heard as u64 + 1, "on");
        assert_eq!(next.entry, EntryId(heard as u64 + 1));
    }
    assert!(
        noticed > 50,
        "four of the five records were damaged in turn"
    );
}

#[test]
fn tables_older_than_the_journal_expects_are_noticed() {
    let (mut bench, alice) = said();
    let older = bench.disk.image();
    bench.done(Request::Checkpoint);
    bench.say(alice, ConversationId::EVERYONE, SAID + 1, "after it");
    let epoch = bench.engine.epoch();
    let disk = bench.disk.copy();
    disk.set_tables(older);
    let mut bench = Bench::on(disk);
    assert_ne!(bench.engine.epoch(), epoch);
    assert_eq!(heard(&mut bench, alice), 0);
}

#[test]
fn the_journal_of_another_database_is_not_made_again() {
    let (bench, _) = said();
    let other = MemoryDisk::new();
    let engine = Engine::new(other.files().expect("it is empty"), [9; 32]);
    let epoch = engine.expect("it is empty").epoch();
    // Made here and killed: its journal is needed.
    let engine = Engine::new(other.files().expect("it is whole"), [9; 32]);
    let killed = other.copy();
    drop(engine);
    killed.set_journal(bench.disk.journal_image());
    let engine = Engine::new(killed.files().expect("it is whole"), [2; 32]);
    let engine = engine.expect("the tables are whole");
    assert_eq!(engine.loss(), Some(JournalLoss::Foreign));
    assert_ne!(engine.epoch(), epoch);
    let rows = engine.snapshots().check().expect("it can be read");
    assert_eq!(rows.entries, 0);
}
