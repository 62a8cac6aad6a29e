//! What a user writes is never taken for a part of the log, and a log that is not the one that is needed is noticed.
//!
//! The records had a check over the database's epoch once, which every client is told, and what stood after the end was
//! looked through byte by byte.

use std::collections::BTreeMap;

use super::super::testing::{Bench, User, ticket};
use super::super::{Append, Engine, LogLoss, Outcome, Quota, Request, Write};
use crate::protocol::{ConversationId, DeviceSeq, Digest};
use crate::store::files::fault_disk::MemoryDisk;

const THERE: ConversationId = ConversationId::EVERYONE;

fn say(user: User, number: u64, content: &[u8]) -> Write {
    Write::Append(Append {
        conversation: THERE,
        author: user.0,
        device: user.1,
        number: DeviceSeq(number),
        digest: Digest::of(content),
        content: content.to_vec(),
        time_ms: 100,
        quota: Quota::default(),
        relation: None,
        has_file: false,
        key: None,
    })
}

/// A record that this very server has written with its keys, in a life of it that nobody knows of; made of what is said
/// there after so much else.
fn record(bench: &Bench, write: Write, after: u64, user: User) -> Vec<u8> {
    let mut life = Bench::on(bench.disk.copy());
    for number in 1..=after {
        life.done(say(user, number, b"in between"));
    }
    let before = life.disk.segments();
    life.done(write);
    let (number, image) = life.disk.segments().pop_last().expect("there is one");
    let before = &before[&number];
    let is_new = |at: &usize| image[*at] != before.get(*at).copied().unwrap_or(0);
    let first = (0..image.len()).find(is_new).expect("it was written");
    let last = (0..image.len()).rfind(is_new).expect("it was written");
    image[first..=last].to_vec()
}

/// A text of parts that all look alike.
fn tiled(part: &[u8]) -> Vec<u8> {
    part.iter().copied().cycle().take(16_000).collect()
}

/// The server is stopped in order or killed, and starts again.
fn restarted(bench: Bench, is_orderly: bool) -> Bench {
    if !is_orderly {
        return bench.crash();
    }
    let disk = bench.disk.clone();
    drop(bench);
    Bench::on(disk)
}

#[test]
fn message_that_holds_a_whole_record_signs_nobody_in() {
    // Placed where the message log would end, it was executed: a device for another account, with a ticket of the
    // attacker's. Of so many lengths of the message before it, two put it there.
    for (is_orderly, filler) in [true, false]
        .into_iter()
        .flat_map(|how| (0..160).map(move |n| (how, n)))
    {
        let mut bench = Bench::new();
        let (mallory, victim) = (bench.user("mallory"), bench.user("victim"));
        let epoch = bench.engine.epoch();
        bench.done(Request::Checkpoint);
        let open = Write::OpenDevice {
            account: victim.0,
            device: Some(victim.1),
            ticket: ticket(66),
            expires_ms: u64::MAX,
        };
        let mut part = record(&bench, open, 2, mallory);
        part.resize(part.len().next_multiple_of(64), 0);
        bench.done(say(mallory, 1, &tiled(&part)));
        bench.done(Request::Checkpoint);
        bench.done(say(mallory, 2, &vec![b'x'; filler + 200]));
        let mut bench = restarted(bench, is_orderly);
        let resume = Write::Resume {
            account: victim.0,
            device: victim.1,
            ticket: ticket(66),
            successor: ticket(67),
            now_ms: 10,
            expires_ms: 1000,
            attempt: 1,
        };
        assert!(
            !matches!(bench.ask(resume), Outcome::Done(_)),
            "filler {filler}"
        );
        assert_eq!(bench.engine.epoch(), epoch);
        assert_eq!(bench.read(victim.0, THERE, 0).len(), 2);
    }
}

#[test]
fn text_that_looks_like_a_later_record_is_no_damage() {
    // It gave the database a new epoch, and a false alarm, at each start.
    for is_orderly in [true, false] {
        let mut bench = Bench::new();
        let mallory = bench.user("mallory");
        let epoch = bench.engine.epoch();
        bench.done(Request::Checkpoint);
        // In every place where a record could begin.
        let mut part = record(&bench, say(mallory, 60, b"later"), 59, mallory);
        part.resize(part.len().next_multiple_of(64), 0);
        for number in 1..=64 {
            let shifted = [&vec![0; number - 1], &*tiled(&part)].concat();
            bench.done(say(mallory, number as u64, &shifted));
        }
        bench.done(say(mallory, 65, b"short"));
        let bench = restarted(bench, is_orderly);
        assert_eq!((bench.engine.epoch(), bench.engine.loss()), (epoch, None));
    }
}

#[test]
fn texts_of_tiles_keep_no_server_from_starting() {
    // Each of their bytes was taken for the beginning of a record of the length that they say, and all of that hashed: for
    // minutes of these.
    let mut bench = Bench::new();
    let mallory = bench.user("mallory");
    bench.done(Request::Checkpoint);
    let mut tile = 1200_u64.to_le_bytes().to_vec();
    tile.extend_from_slice(&5_000_000_u32.to_le_bytes());
    let text = tiled(&tile);
    for number in 1..=600 {
        bench.done(say(mallory, number, &text));
    }
    bench.done(Request::Checkpoint);
    bench.done(say(mallory, 601, b"short"));
    let mut bench = bench.crash();
    assert_eq!(bench.engine.loss(), None);
    assert_eq!(bench.read(mallory.0, THERE, 0).len(), 601);
}

#[test]
fn log_that_is_needed_and_is_not_there_is_noticed_after_a_kill_and_after_an_orderly_stop() {
    // Thousands of messages that had been called stored were gone, with the same epoch and without a word.
    for is_orderly in [true, false] {
        let mut bench = Bench::new();
        let alice = bench.user("alice");
        let older = bench.disk.segments();
        bench.done(Request::Checkpoint);
        for number in 1..=5 {
            bench.done(say(alice, number, b"stored"));
        }
        let epoch = bench.engine.epoch();
        let running = bench.disk.copy();
        let disk = if is_orderly {
            let disk = bench.disk.clone();
            drop(bench);
            disk
        } else {
            running
        };
        let foreign = {
            let other = MemoryDisk::new();
            let files = other.files().expect("it is empty");
            let engine = Engine::new(files, [8; 32]).expect("it is empty");
            let image = other.segments();
            drop(engine);
            image
        };
        let cut = disk
            .segments()
            .into_iter()
            .map(|(number, image)| (number, image[..4200].to_vec()));
        let cases = [
            (BTreeMap::new(), LogLoss::Missing),
            (cut.collect(), LogLoss::Truncated),
            (older, LogLoss::Older),
            (foreign, LogLoss::Foreign),
        ];
        for (log, loss) in cases {
            // What a copy from before the checkpoint lacks cannot be told from what was torn.
            let is_torn = !is_orderly && loss == LogLoss::Older;
            let disk = disk.copy();
            disk.set_segments(log);
            let bench = Bench::on(disk);
            if !is_torn {
                assert_ne!(bench.engine.epoch(), epoch, "{loss}");
                assert_eq!(bench.engine.loss(), Some(loss));
            }
            // It is said once.
            let mut bench = bench.crash();
            assert_eq!(bench.engine.loss(), None, "{loss}");
            let entries = bench.read(alice.0, THERE, 0).len() as u64;
            bench.done(say(alice, entries + 1, b"on"));
        }
    }
}

#[test]
fn copy_needs_no_log_and_gets_one_of_its_own() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.done(say(alice, 1, b"stored"));
    bench.done(Request::Checkpoint);
    let copy = MemoryDisk::new();
    let database = copy.open().expect("it is empty");
    let copied = bench.engine.snapshots().back_up_into(&database);
    copied.expect("there is room");
    drop(database);
    // The log of the database in whose place it is put.
    copy.set_segments(bench.disk.segments());
    let secret = |disk: &MemoryDisk| {
        let image = disk.copy();
        let database = image.open().expect("it is whole");
        let transaction = redb::ReadableDatabase::begin_read(&database).expect("it is whole");
        let secrets = redb::TableDefinition::<&str, &[u8]>::new("secrets");
        let secrets = transaction.open_table(secrets).expect("it is there");
        let row = secrets.get("log").expect("it is whole");
        row.map(|row| row.value().to_vec())
    };
    assert_eq!(secret(&copy), None, "the secret does not leave the server");
    let mut bench_of_copy = Bench::on(copy);
    assert_eq!(bench_of_copy.engine.loss(), None);
    assert_ne!(secret(&bench_of_copy.disk), secret(&bench.disk));
    bench_of_copy.done(say(alice, 2, b"in the copy"));
    let mut bench = bench_of_copy.crash();
    assert_eq!(bench.read(alice.0, THERE, 0).len(), 2);
}
