//! What a user writes is never taken for a part of the journal, and a journal that is not the one that is needed is
//! noticed.
//!
//! The journal's records had a check over the database's epoch, which every client is told, and what stood behind the end
//! of the last round was looked through byte by byte.

use super::super::testing::{Bench, User, ticket};
use super::super::{Append, Engine, JournalLoss, Outcome, Quota, Request, Write};
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
    })
}

/// A record as it was, with all that it took: the epoch.
fn record(epoch: u64, number: u64, payload: &[u8]) -> Vec<u8> {
    let mut check = blake3::Hasher::new();
    check.update(&epoch.to_le_bytes());
    check.update(&number.to_le_bytes());
    check.update(payload);
    let mut bytes = number.to_le_bytes().to_vec();
    let len = u32::try_from(payload.len()).expect("it is short");
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(&check.finalize().as_bytes()[..16]);
    bytes.extend_from_slice(payload);
    bytes
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
    // Placed where the journal would end, it was executed: a device for another account, with a ticket of the
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
        let open = rmp_serde::to_vec(&[&open]).expect("it can be written");
        bench.done(say(mallory, 1, &tiled(&record(epoch, 7, &open))));
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
        bench.done(say(mallory, 1, &tiled(&record(epoch, 60, b"later"))));
        bench.done(Request::Checkpoint);
        bench.done(say(mallory, 2, b"short"));
        let bench = restarted(bench, is_orderly);
        assert_eq!((bench.engine.epoch(), bench.engine.loss()), (epoch, None));
    }
}

#[test]
fn texts_of_tiles_keep_no_server_from_starting() {
    // Each of their bytes was taken for the beginning of a record of the length that they say, and all of that hashed: for
    // minutes of these, for hours of as many as a round holds.
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
fn journal_that_is_needed_and_is_not_there_is_noticed_and_one_that_is_not_needed_is_not_missed() {
    // Thousands of messages that had been called stored were gone, with the same epoch and without a word.
    for is_orderly in [true, false] {
        let mut bench = Bench::new();
        let alice = bench.user("alice");
        let older = bench.disk.journal_image();
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
            let image = other.journal_image();
            drop(engine);
            image
        };
        let cut = disk.journal_image()[..9000].to_vec();
        let cases = [
            (Vec::new(), JournalLoss::Missing),
            (cut, JournalLoss::Truncated),
            (older, JournalLoss::Older),
            (foreign, JournalLoss::Foreign),
        ];
        for (journal, loss) in cases {
            let disk = disk.copy();
            disk.set_journal(journal);
            let mut bench = Bench::on(disk);
            if is_orderly {
                assert_eq!((bench.engine.epoch(), bench.engine.loss()), (epoch, None));
                assert_eq!(bench.read(alice.0, THERE, 0).len(), 5);
                continue;
            }
            assert_ne!(bench.engine.epoch(), epoch, "{loss}");
            assert_eq!(bench.engine.loss(), Some(loss));
            // It is said once.
            let mut bench = bench.crash();
            assert_eq!(bench.engine.loss(), None, "{loss}");
            let entries = bench.read(alice.0, THERE, 0).len() as u64;
            bench.done(say(alice, entries + 1, b"on"));
        }
    }
}

#[test]
fn copy_needs_no_journal_and_gets_one_of_its_own() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.done(say(alice, 1, b"stored"));
    bench.done(Request::Checkpoint);
    let copy = MemoryDisk::new();
    let database = copy.open().expect("it is empty");
    let copied = bench.engine.snapshots().back_up_into(&database);
    copied.expect("there is room");
    drop(database);
    // The journal of the database in whose place it is put.
    copy.set_journal(bench.disk.journal_image());
    let secret = |disk: &MemoryDisk| {
        let image = disk.copy();
        let database = image.open().expect("it is whole");
        let transaction = redb::ReadableDatabase::begin_read(&database).expect("it is whole");
        let secrets = redb::TableDefinition::<&str, &[u8]>::new("secrets");
        let secrets = transaction.open_table(secrets).expect("it is there");
        let row = secrets.get("journal").expect("it is whole");
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
