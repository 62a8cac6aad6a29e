//! What only the log contains: after a crash it is there, and what is wrong with it is noticed.

use super::super::testing::{Bench, User, append};
use super::super::{
    Engine, LogLoss, Outcome, Read, Reply, Request, Retention, Write, begin_service_after,
};
use crate::protocol::{ConversationId, Digest, EntryId};
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::schema::tables::ReadTables as _;

/// Messages, each in a group of its own.
const SAID: u64 = 5;

const TEXT: &str = "in the log";

fn said() -> (Bench, User) {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.done(Request::Checkpoint);
    for number in 1..=SAID {
        bench.say(alice, ConversationId::EVERYONE, number, TEXT);
    }
    (bench, alice)
}

fn heard(bench: &mut Bench, reader: User) -> usize {
    bench.read(reader.0, ConversationId::EVERYONE, 0).len()
}

/// The machine loses power with this byte of the segment that is written to turned into another.
fn crash_with_damage(bench: Bench, place: usize) -> Bench {
    let Bench { disk, engine } = bench;
    let copy = disk.copy();
    disk.crash();
    drop(engine);
    let last = copy
        .segments()
        .into_keys()
        .last()
        .expect("something was said");
    assert!(copy.flip_segment(last, place));
    Bench::on(copy)
}

/// The places of the messages' contents, in the segment that is written to.
fn contents(disk: &MemoryDisk) -> Vec<usize> {
    let image = disk
        .segments()
        .into_values()
        .last()
        .expect("something was said");
    let windows = image.windows(TEXT.len()).enumerate();
    let places = windows.filter(|(_, window)| *window == TEXT.as_bytes());
    places.map(|(place, _)| place).collect()
}

#[test]
fn what_only_the_log_contains_is_there_after_a_crash_and_the_tables_had_not_changed() {
    let (bench, alice) = said();
    let before = bench.disk.image();
    let mut bench = bench;
    bench.say(alice, ConversationId::EVERYONE, SAID + 1, "one more");
    assert!(before == bench.disk.image(), "a group writes the log only");
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
fn thousands_of_requests_are_brought_into_the_tables_and_no_more_are_replayed() {
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
    let (mut noticed, mut contents_alone) = (0, 0);
    let places = contents(&said().0.disk);
    assert_eq!(places.len() as u64, SAID);
    let records = places[0] - 120..places[4] + TEXT.len() + 4;
    for place in (0..96).chain(records).step_by(3) {
        let (bench, alice) = said();
        let epoch = bench.engine.epoch();
        let mut bench = crash_with_damage(bench, place);
        let entries = bench.read(alice.0, ConversationId::EVERYONE, 0);
        let is_new = bench.engine.epoch() != epoch;
        noticed += u32::from(is_new);
        let damaged = entries.iter().filter(|entry| {
            let is_damaged = entry.digest == Digest::default() && entry.content.is_empty();
            assert!(
                is_damaged || entry.content == TEXT.as_bytes(),
                "byte {place}"
            );
            is_damaged
        });
        let (heard, damaged) = (entries.len(), damaged.count());
        let is_content = places
            .iter()
            .take(4)
            .any(|at| (*at..at + TEXT.len()).contains(&place));
        contents_alone += u32::from(is_content);
        assert_eq!(damaged, usize::from(is_content), "byte {place}");
        // The last record looks like one that was torn by the crash.
        let torn = heard == 4 && !is_new;
        let none = heard == 5 && !is_new;
        assert!(
            is_new || torn || none,
            "byte {place}: {heard} left, and nobody was told"
        );
        assert!(!is_content || none, "byte {place}: of that entry alone");
        // Whatever is left is whole, and the log goes on.
        let next = bench.say(alice, ConversationId::EVERYONE, heard as u64 + 1, "on");
        assert_eq!(next.entry, EntryId(heard as u64 + 1));
        let mut bench = bench.crash();
        assert_eq!(self::heard(&mut bench, alice), heard + 1);
        assert_eq!(bench.engine.loss(), None, "it is said once");
    }
    assert!(
        noticed > 100 && contents_alone > 10,
        "four of the five records were damaged in turn: {noticed}, {contents_alone}"
    );
}

#[test]
fn what_is_made_again_counts_what_it_counted() {
    let (mut bench, alice) = said();
    let usage = |bench: &mut Bench| {
        bench.done(Read::Usage {
            account_bytes: None,
        })
    };
    let before = usage(&mut bench);
    let mut bench = bench.crash();
    assert_eq!(usage(&mut bench), before);
    bench.say(
        alice,
        ConversationId::EVERYONE,
        SAID + 1,
        &"long".repeat(200),
    );
    let before = usage(&mut bench);
    let mut bench = bench.crash();
    assert_eq!(usage(&mut bench), before);
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn tables_older_than_their_log_are_brought_up_to_date_by_it() {
    let (mut bench, alice) = said();
    let older = bench.disk.image();
    bench.done(Request::Checkpoint);
    bench.say(alice, ConversationId::EVERYONE, SAID + 1, "after it");
    let carol = bench.user("carol");
    bench.say(carol, ConversationId::EVERYONE, 1, "of carol");
    let epoch = bench.engine.epoch();
    let mut bench = Bench::on(bench.disk.with_tables(older));
    assert_eq!((bench.engine.epoch(), bench.engine.loss()), (epoch, None));
    assert_eq!(heard(&mut bench, alice), 7);
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(
        bench.say(carol, ConversationId::EVERYONE, 2, "on").entry,
        EntryId(8)
    );
}

#[test]
fn older_tables_whose_generation_is_known_to_be_older_go_on_without_the_log_behind_them() {
    // They were put back on purpose: what was said since is left out, and everybody is told by the epoch.
    let (mut bench, alice) = said();
    let older = bench.disk.image();
    bench.done(Request::Checkpoint);
    bench.say(alice, ConversationId::EVERYONE, SAID + 1, "after it");
    let epoch = bench.engine.epoch();
    let disk = bench.disk.with_tables(older);
    let database = disk.open().expect("it is whole");
    begin_service_after(&database, 99, [5; 32]).expect("it is whole");
    drop(database);
    let mut bench = Bench::on(disk);
    assert_ne!(bench.engine.epoch(), epoch);
    assert_eq!(bench.engine.loss(), None);
    assert_eq!(heard(&mut bench, alice), 0);
    assert_eq!(
        bench.say(alice, ConversationId::EVERYONE, 1, "again").entry,
        EntryId(1)
    );
    let mut bench = bench.crash();
    assert_eq!((heard(&mut bench, alice), bench.engine.loss()), (1, None));
    // What is behind is of no use, and goes.
    bench.done(Request::Checkpoint);
    assert_eq!(bench.disk.segments().len(), 1);
}

#[test]
fn the_log_of_another_database_is_not_made_again() {
    let (bench, _) = said();
    let other = MemoryDisk::new();
    let engine = Engine::new(other.files().expect("it is empty"), [9; 32]);
    let epoch = engine.expect("it is empty").epoch();
    for is_killed in [true, false] {
        let engine = Engine::new(other.files().expect("it is whole"), [9; 32]);
        let engine = engine.expect("it is whole");
        let disk = if is_killed {
            other.copy()
        } else {
            drop(engine);
            other.copy()
        };
        disk.set_segments(bench.disk.segments());
        let engine = Engine::new(disk.files().expect("it is whole"), [2; 32]);
        let engine = engine.expect("the tables are whole");
        assert_eq!(engine.loss(), Some(LogLoss::Foreign));
        assert_ne!(engine.epoch(), epoch);
        let rows = engine.snapshots().check().expect("it can be read");
        assert_eq!(rows.entries, 0);
    }
}

/// A conversation of several segments.
fn long() -> (Bench, User, u64) {
    let (mut bench, alice) = said();
    let last = SAID + 60;
    for number in SAID + 1..=last {
        bench.say(alice, ConversationId::EVERYONE, number, &said_long(number));
    }
    assert!(bench.disk.segments().len() > 3);
    (bench, alice, last)
}

fn said_long(number: u64) -> String {
    format!("{number} {}", "x".repeat(1000))
}

#[test]
fn segment_that_is_missing_foreign_or_swapped_is_noticed_and_never_read_for_another() {
    for is_orderly in [true, false] {
        let (bench, alice, last) = long();
        let epoch = bench.engine.epoch();
        let mut running = bench.disk.copy();
        let disk = bench.disk.clone();
        drop(bench);
        if is_orderly {
            running = disk;
        }
        let segments = running.segments();
        let foreign = MemoryDisk::new();
        drop(Engine::new(foreign.files().expect("it is empty"), [9; 32]));
        let foreign = foreign.segment_image(1);
        for number in segments.keys() {
            let other = segments
                .keys()
                .find(|other| *other != number)
                .expect("there are some");
            let changes = [
                ("missing", None),
                ("foreign", Some(foreign.clone())),
                (
                    "garbage",
                    Some(segments[number].iter().rev().copied().collect()),
                ),
                ("cut", Some(segments[number][..6000].to_vec())),
                ("another one", Some(segments[other].clone())),
                ("empty", Some(Vec::new())),
            ];
            for (what, bytes) in changes {
                let disk = running.copy();
                disk.set_segment(*number, bytes);
                let mut bench = Bench::on(disk);
                let entries = bench.read(alice.0, ConversationId::EVERYONE, 0);
                let whole = entries.iter().filter(|entry| !entry.content.is_empty());
                let whole = whole.inspect(|entry| {
                    let number = entry.entry.0;
                    let text = if number <= SAID {
                        TEXT.to_owned()
                    } else {
                        said_long(number)
                    };
                    assert_eq!(entry.content, text.as_bytes(), "segment {number} is {what}");
                });
                let whole = whole.count() as u64;
                let is_new = bench.engine.epoch() != epoch;
                assert_eq!(is_new, bench.engine.loss().is_some());
                assert!(whole < last, "segment {number} is {what}");
                // Those that the tables know are damaged where they are asked for, and the check says it.
                let told = bench.engine.snapshots().check().expect("it can be read");
                assert!(is_new || !told.is_sound(), "segment {number} is {what}");
                assert!(
                    is_new || entries.len() as u64 == last,
                    "segment {number} is {what}"
                );
                let next = entries.len() as u64 + 1;
                bench.say(alice, ConversationId::EVERYONE, next, "on");
                let bench = bench.crash();
                assert_eq!(bench.engine.loss(), None, "it is said once");
            }
        }
    }
}

#[test]
fn segments_without_use_go_with_a_checkpoint_unless_somebody_reads_them() {
    let (mut bench, alice, last) = long();
    let expire = |bench: &mut Bench, messages| {
        let keep = Retention {
            messages: Some(messages),
            ..Retention::default()
        };
        bench.done(Write::Retain {
            name: "everyone".into(),
            keep,
        });
        let mut from = ConversationId(0);
        loop {
            match bench.done(Write::Expire {
                from,
                keep: Retention::default(),
                now_ms: 1,
            }) {
                Reply::Expired {
                    next: Some(next), ..
                } => from = next,
                Reply::Expired { .. } => break,
                other => panic!("{other:?}"),
            }
        }
    };
    let listed = |bench: &Bench| bench.disk.segments().into_keys().collect::<Vec<_>>();
    let all = listed(&bench);
    bench.done(Request::Checkpoint);
    assert_eq!(listed(&bench), all, "all of it is used");
    let snapshots = bench.engine.snapshots();
    let (snapshot, pin) = snapshots.snapshot().expect("it is open");
    expire(&mut bench, 5);
    assert_eq!(listed(&bench), all, "the tables have not noted it yet");
    bench.done(Request::Checkpoint);
    assert_eq!(listed(&bench), all, "somebody may read what is gone");
    let read = snapshot
        .entry((1, 9))
        .expect("it is there")
        .expect("it was said");
    assert_eq!(read.row().content, said_long(9).as_bytes());
    drop((snapshot, pin));
    // A crash before the next checkpoint leaves them in the way only.
    let mut bench = bench.crash();
    bench.done(Request::Checkpoint);
    let left = listed(&bench);
    assert!(left.len() <= 2, "{left:?} of {all:?}");
    let entries = bench.read(alice.0, ConversationId::EVERYONE, 0);
    let numbers: Vec<u64> = entries.iter().map(|entry| entry.entry.0).collect();
    assert_eq!(numbers, (last - 4..=last).collect::<Vec<_>>());
    assert!(
        entries
            .iter()
            .all(|entry| entry.content == said_long(entry.entry.0).as_bytes())
    );
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
}
