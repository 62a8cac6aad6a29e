//! What redb can read of a damaged database is brought back, what it cannot is said to be lost, and nothing is taken for a
//! row that is none.

use std::fs;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use redb::TableDefinition;

use super::opening::{private_directory, write_database};
use super::pages::{Spot, check_disk, damaged_at, place_in_log, place_of, spots};
use crate::protocol::{ConversationId, Digest};
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::files::open::segments_of;
use crate::store::open;
use crate::store::testing::{Bench, append, join, read, under_key};
use crate::store::tests::blocks::{story, tells_the_story};
use crate::store::tests::fixture::{Truth, populated};
use crate::store::{
    DATABASE_FILE, Existing, OpenError, Outcome, Read, Refusal, Reply, Request, Rescued,
    SCHEMA_VERSION, Write, rescue,
};
use crate::testing::variable;
use crate::text::skeleton::skeleton;

/// Of how many pages one is damaged, unless all are asked for.
const SAMPLE: usize = 5;

const SECRETS: &[&str] = &["a key"];

/// The database as a kill leaves it.
fn killed() -> (MemoryDisk, Truth) {
    killed_after(true)
}

/// The database as a kill leaves it after a commit: one as the server makes them, after which redb opens it as it is, or
/// one after which it must walk the whole file.
fn killed_after(quick_repair: bool) -> (MemoryDisk, Truth) {
    let (disk, truth) = populated();
    let database = disk.open().unwrap();
    let mut transaction = database.begin_write().unwrap();
    transaction.set_quick_repair(quick_repair);
    {
        let meta = TableDefinition::<&str, u64>::new("meta");
        let mut meta = transaction.open_table(meta).unwrap();
        meta.insert("server schema", SCHEMA_VERSION).unwrap();
    }
    transaction.commit().unwrap();
    let killed = disk.copy();
    (killed, truth)
}

/// What a rescue makes of a database: a sound one, whatever was damaged.
fn rescued(damaged: &MemoryDisk, page: Spot) -> Result<(Bench, Rescued), OpenError> {
    let directory = private_directory();
    let (from, to) = (directory.path().join("from"), directory.path().join("to"));
    write_database(&from, damaged);
    let rescued = rescue(&from, (&to, Existing::Keep), SECRETS, [3; 32])?;
    assert!(
        fs::read(&from).unwrap() == damaged.image(),
        "it was written to"
    );
    let log = fs::read_dir(segments_of(&from))
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let mut log: Vec<Vec<u8>> = log.collect();
    let mut before: Vec<Vec<u8>> = damaged.segments().into_values().collect();
    log.sort();
    before.sort();
    assert!(log == before, "its log was written to");
    assert!(!segments_of(&to).exists(), "a copy is one file");
    let disk = MemoryDisk::from_image(fs::read(&to).unwrap());
    let report = check_disk(&disk).unwrap();
    assert!(report.is_sound(), "{page:?}: {rescued:?}, {report:?}");
    // What a check has closed is not the copy that was made.
    let disk = MemoryDisk::from_image(fs::read(&to).unwrap());
    Ok((Bench::on(disk), rescued))
}

#[test]
fn what_was_withheld_stays_so_after_a_rescue() {
    let mut bench = Bench::new();
    let told = story(&mut bench);
    bench.done(Request::Checkpoint);
    let (mut bench, _) = rescued(&bench.disk.copy(), Spot::Tables(0)).unwrap();
    tells_the_story(&mut bench, told);
}

#[test]
fn key_is_used_after_a_rescue_too() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let said = |number| under_key(append(alice, ConversationId::EVERYONE, number, "tea?"), 7);
    bench.done(said(1));
    bench.done(Request::Checkpoint);
    let (mut bench, _) = rescued(&bench.disk.copy(), Spot::Tables(0)).unwrap();
    let refused = bench.refused(said(2));
    assert!(matches!(refused, Refusal::SaidBefore(_)), "{refused:?}");
}

#[test]
fn room_that_was_deleted_has_neither_members_nor_its_name_after_a_rescue() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.done(join(alice, "#bridge"));
    bench.done(Write::Announce {
        author: None,
        text: "tea".into(),
        time_ms: 5,
    });
    bench.done(Write::DeleteRoom {
        name: "#bridge".into(),
        skeleton: skeleton("#bridge"),
        time_ms: 5,
    });
    bench.done(Request::Checkpoint);
    let (mut bench, rescued) = rescued(&bench.disk.copy(), Spot::Tables(0)).unwrap();
    // This bench has no key.
    let mut lost = rescued.lost.iter();
    assert!(lost.all(|it| it.contains("a key")), "{rescued:?}");
    assert!(matches!(bench.done(Read::NextChore), Reply::Chore(Some(_))));
    let Reply::Joined(joined) = bench.done(join(alice, "#bridge")) else {
        panic!("it is another room");
    };
    assert_eq!(joined.room.members, 1);
}

#[test]
fn of_a_database_that_is_whole_nothing_is_lost() {
    let (disk, truth) = killed();
    let (mut bench, rescued) = rescued(&disk, Spot::Tables(0)).unwrap();
    assert_eq!(rescued.lost, Vec::<String>::new());
    assert_eq!(truth.asked_again(&mut bench), truth);
}

#[test]
fn what_only_the_log_contains_is_brought_back_too() {
    let (disk, truth) = populated();
    let mut bench = Bench::on(disk);
    let alice = truth.users[0];
    bench.say(alice, ConversationId::EVERYONE, 31, "in the log");
    let directory = private_directory();
    let (from, to) = (directory.path().join("from"), directory.path().join("to"));
    write_database(&from, &bench.disk);
    let rescued = rescue(&from, (&to, Existing::Keep), SECRETS, [3; 32]).unwrap();
    assert_eq!(rescued.lost, Vec::<String>::new());
    let mut bench = Bench::on(MemoryDisk::from_image(fs::read(&to).unwrap()));
    let entries = bench.read(alice.0, ConversationId::EVERYONE, 30);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].content, b"in the log");
}

#[test]
fn only_what_stood_on_a_damaged_page_is_lost() {
    let (disk, truth) = killed();
    let every = variable("UDPCHAT_ALL_PAGES").is_some();
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let all: usize = truth.logs.iter().map(|(_, _, log)| log.len()).sum();
    let (mut pages, mut refused, mut worst, mut lost) = (0, 0, 0, 0);
    for (index, page) in spots(&disk).into_iter().enumerate() {
        let damaged = damaged_at(&disk, page, &mut rng);
        if !every && index % SAMPLE != 0 {
            continue;
        }
        pages += 1;
        let (mut bench, rescued) = match rescued(&damaged, page) {
            Ok(rescued) => rescued,
            // Where redb keeps what it needs to open the file at all.
            Err(error) => {
                assert!(error.to_string().contains("backup"), "{page:?}: {error}");
                refused += 1;
                continue;
            }
        };
        let mut left = 0;
        for (conversation, reader, entries) in &truth.logs {
            let outcome = bench.ask(read(*reader, *conversation, 0, usize::MAX));
            let Outcome::Done(Reply::Entries { entries: read, .. }) = outcome else {
                panic!("{page:?}: {outcome:?} after {rescued:?}");
            };
            for entry in read {
                if entry.digest == Digest::default() && entry.content.is_empty() {
                    continue;
                }
                assert!(entries.contains(&entry), "{page:?}: {entry:?}");
                left += 1;
            }
        }
        worst = worst.max(all - left);
        lost += all - left;
        if left < all {
            assert!(!rescued.lost.is_empty(), "{page:?} was lost without a word");
        }
    }
    println!(
        "{pages} pages damaged, one at a time: {refused} leave nothing that can be opened; of {all} entries {worst} were lost at most, {} of \
         1000 on average",
        lost * 1000 / (all * pages)
    );
    assert!(worst < all / 4);
    // Some five of a hundred, and a sample is small.
    assert!(refused * 4 <= pages);
}

#[test]
fn damaged_heads_of_the_log_cost_no_entry() {
    // With the head of a segment its key is lost, and with that of a record where its entries are.
    let (disk, truth) = killed();
    let segments = disk.segments();
    let records = segments
        .keys()
        .flat_map(|number| [(*number, 70), (*number, 4096 + 20)]);
    for (number, place) in records {
        let damaged = disk.copy();
        assert!(damaged.flip_segment(number, place));
        let (mut bench, rescued) = rescued(&damaged, Spot::Log(number, place / 4096)).unwrap();
        for (conversation, reader, entries) in &truth.logs {
            let found = bench.read(*reader, *conversation, 0);
            assert_eq!(found, *entries, "{place} of {number}: {rescued:?}");
        }
    }
}

#[test]
fn database_that_redb_cannot_open_is_refused_and_backups_are_named() {
    // One damaged page, and a commit after which redb walks the whole file: it does not get past the page.
    let (disk, truth) = killed_after(false);
    let mut damaged = disk.image();
    while let Some(place) = place_of(&damaged, truth.accounts[3].name.as_bytes()) {
        damaged[place] ^= 1;
    }
    let disk = disk.with_tables(damaged);
    let directory = private_directory();
    write_database(&directory.path().join(DATABASE_FILE), &disk);
    let error = open(directory.path()).expect_err("its checksum does not fit");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    let sentence = error.to_string();
    assert!(sentence.contains("udpchat store rescue"), "{sentence}");
    let error = rescued(&disk, Spot::Tables(0))
        .map(drop)
        .expect_err("it cannot be opened");
    assert!(matches!(error, OpenError::BeyondRescue { .. }), "{error:?}");
    assert!(error.to_string().contains("from a backup"), "{error}");
}

/// Changes a row of the tables of a database that nobody has open; none: it is gone.
fn set_row<K: redb::Key + 'static>(
    disk: &MemoryDisk,
    table: &str,
    key: K::SelfType<'_>,
    row: Option<&[u8]>,
) {
    let database = disk.open().unwrap();
    let transaction = database.begin_write().unwrap();
    let mut table = transaction
        .open_table(TableDefinition::<K, &[u8]>::new(table))
        .unwrap();
    match row {
        Some(row) => drop(table.insert(key, row).unwrap()),
        None => drop(table.remove(key).unwrap()),
    }
    drop(table);
    transaction.commit().unwrap();
}

#[test]
fn entry_that_a_user_has_written_is_taken_for_no_entry() {
    // What users write stands in the segments as it is: a copy of a whole segment, with records and entries whose checks
    // are good where they stand, and nowhere else. With the log's secret, and where that is lost.
    for is_secret_lost in [false, true] {
        let mut bench = Bench::new();
        let (alice, mallory) = (bench.user("alice"), bench.user("mallory"));
        bench.say(alice, ConversationId::EVERYONE, 1, "of alice");
        let (number, place) = place_in_log(&bench.disk, b"of alice");
        let part = bench.disk.segment_image(number)[place - 300..place + 100].to_vec();
        for shift in 0..64 {
            let mut content = vec![b'x'; shift];
            content.extend_from_slice(&part);
            content.extend_from_slice(&part);
            let Write::Append(mut append) =
                append(mallory, ConversationId::EVERYONE, shift as u64 + 1, "")
            else {
                panic!("it is one");
            };
            append.digest = Digest::of(&content);
            append.content = content;
            bench.done(Write::Append(append));
        }
        let there = bench.read(alice.0, ConversationId::EVERYONE, 0);
        let disk = bench.disk.clone();
        drop(bench);
        // What alice has said is damaged, so that another one could be taken for it.
        assert!(disk.flip_segment(number, place));
        if is_secret_lost {
            set_row::<&str>(&disk, "secrets", "log", Some(&[0xc1; 30]));
        }
        let (mut bench, rescued) = rescued(&disk.copy(), Spot::Tables(0)).unwrap();
        assert!(!rescued.lost.is_empty(), "what alice has said is lost");
        let found = bench.read(alice.0, ConversationId::EVERYONE, 0);
        assert_eq!(found.len(), there.len(), "{rescued:?}");
        for (found, there) in found.iter().zip(&there) {
            let is_lost = found.digest == Digest::default() && found.content.is_empty();
            assert_eq!(is_lost, there.content == b"of alice", "{rescued:?}");
            assert!(is_lost || found == there, "{found:?}, not {there:?}");
        }
    }
}

#[test]
fn account_whose_row_is_damaged_is_there_without_its_password_after_a_rescue() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let disk = bench.disk.clone();
    drop(bench);
    set_row::<u64>(&disk, "accounts", alice.0.0, Some(&[0xc1; 30]));
    let (mut bench, rescued) = rescued(&disk.copy(), Spot::Tables(0)).unwrap();
    let name = "alice".to_owned();
    let Reply::Account(account) = bench.done(Read::FindAccount {
        name,
        skeleton: None,
    }) else {
        panic!("an account is found");
    };
    assert!(
        account.record.is_empty(),
        "its password is lost, and said to be: {rescued:?}"
    );
    assert!(
        rescued.lost.iter().any(|lost| lost.contains("alice")),
        "{rescued:?}"
    );
}
