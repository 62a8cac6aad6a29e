//! What can be read of a database that redb does not open any more is brought back, and nothing else is lost.

use std::fs;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use redb::{ReadableTable as _, StorageBackend as _, TableDefinition};

use super::super::check::check_database;
use super::super::memory::MemoryDisk;
use super::super::testing::{Bench, read};
use super::super::{DATABASE_FILE, OpenError, Outcome, Reply, Request, Rescued, open, rescue};
use super::blocks::{story, tells_the_story};
use super::opening::{private_directory, write};
use super::pages::{PAGE, damaged, is_used};
use super::village::{Truth, village};
use crate::protocol::{ConversationId, Digest};
use crate::testing::variable;

/// Of how many pages one is damaged, unless all are asked for.
const SAMPLE: usize = 5;

const SECRETS: &[&str] = &["a key"];

/// The database as a kill leaves it, after a commit from which redb does not open it without walking the whole file.
fn killed() -> (Vec<u8>, Truth) {
    let (disk, truth) = village();
    let database = disk.open().unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let meta = TableDefinition::<&str, u64>::new("meta");
        let mut meta = transaction.open_table(meta).unwrap();
        let epoch = meta.get("epoch").unwrap().unwrap().value();
        meta.insert("epoch", epoch).unwrap();
    }
    transaction.commit().unwrap();
    (disk.image(), truth)
}

/// What a rescue makes of an image: a sound database, whatever was damaged.
fn rescued(image: &[u8], page: usize) -> Result<(Bench, Rescued), OpenError> {
    let directory = private_directory();
    let (from, to) = (directory.path().join("from"), directory.path().join("to"));
    write(&from, image);
    let rescued = rescue(&from, &to, SECRETS, [3; 32])?;
    assert!(fs::read(&from).unwrap() == image, "it was written to");
    let disk = MemoryDisk::from_image(fs::read(&to).unwrap());
    let report = check_database(disk.open().unwrap()).unwrap();
    assert!(report.is_sound(), "page {page}: {rescued:?}, {report:?}");
    // What a check has closed is not the copy that was made.
    let disk = MemoryDisk::from_image(fs::read(&to).unwrap());
    Ok((Bench::on(disk), rescued))
}

#[test]
fn what_was_withheld_stays_so_after_a_rescue() {
    let mut bench = Bench::new();
    let told = story(&mut bench);
    bench.done(Request::Checkpoint);
    let (mut bench, _) = rescued(&bench.disk.image(), 0).unwrap();
    tells_the_story(&mut bench, told);
}

#[test]
fn of_a_database_that_is_whole_nothing_is_lost() {
    let (image, truth) = killed();
    let (mut bench, rescued) = rescued(&image, 0).unwrap();
    assert_eq!(rescued.lost, Vec::<String>::new());
    assert_eq!(truth.asked_again(&mut bench), truth);
}

#[test]
fn what_only_the_journal_contains_is_brought_back_too() {
    let (disk, truth) = village();
    let mut bench = Bench::on(disk);
    let alice = truth.users[0];
    bench.say(alice, ConversationId::EVERYONE, 31, "in the journal");
    let directory = private_directory();
    let (from, to) = (directory.path().join("from"), directory.path().join("to"));
    write(&from, &bench.disk.image());
    let journal = bench.disk.journal();
    let mut bytes = vec![0; usize::try_from(journal.len().unwrap()).unwrap()];
    journal.read(0, &mut bytes).unwrap();
    write(&directory.path().join("from.journal"), &bytes);
    let rescued = rescue(&from, &to, SECRETS, [3; 32]).unwrap();
    assert_eq!(rescued.lost, Vec::<String>::new());
    let mut bench = Bench::on(MemoryDisk::from_image(fs::read(&to).unwrap()));
    let entries = bench.read(alice.0, ConversationId::EVERYONE, 30);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].content, b"in the journal");
}

#[test]
fn only_what_stood_on_a_damaged_page_is_lost() {
    // A kill and one damaged page: redb's repair does not get past it, and all that was said was lost up to the last
    // backup.
    let (image, truth) = killed();
    let every = variable("UDPCHAT_ALL_PAGES").is_some();
    let mut dice = ChaCha20Rng::seed_from_u64(11);
    let all: usize = truth.logs.iter().map(|(_, _, log)| log.len()).sum();
    let (mut pages, mut refused, mut worst, mut lost) = (0, 0, 0, 0);
    for page in 0..image.len() / PAGE {
        let damaged = damaged(&image, page, &mut dice);
        if !is_used(&image, page) || (!every && page % SAMPLE != 0) {
            continue;
        }
        pages += 1;
        let Ok((mut bench, rescued)) = rescued(&damaged, page) else {
            // Only where redb's header stands is nothing to begin with.
            assert_eq!(page, 0);
            refused += 1;
            continue;
        };
        let mut left = 0;
        for (conversation, reader, entries) in &truth.logs {
            let outcome = bench.ask(read(*reader, *conversation, 0, usize::MAX));
            let Outcome::Done(Reply::Entries { entries: read, .. }) = outcome else {
                panic!("page {page}: {outcome:?} after {rescued:?}");
            };
            for entry in read {
                if entry.digest == Digest::default() && entry.content.is_empty() {
                    continue;
                }
                assert!(entries.contains(&entry), "page {page}: {entry:?}");
                left += 1;
            }
        }
        worst = worst.max(all - left);
        lost += all - left;
        if left < all {
            assert!(
                !rescued.lost.is_empty(),
                "page {page} was lost without a word"
            );
        }
    }
    println!(
        "{pages} pages damaged, one at a time: {refused} header; of {all} entries {worst} were lost at most, {} of \
         1000 on average",
        lost * 1000 / (all * pages)
    );
    assert!(worst < all / 4);
}

#[test]
fn database_that_cannot_be_repaired_is_refused_with_the_command_that_helps() {
    let (image, truth) = killed();
    let text = truth.logs[3].2[9].content.clone();
    let mut damaged = image.clone();
    let places: Vec<usize> = image
        .windows(text.len())
        .enumerate()
        .filter(|(_, bytes)| *bytes == text)
        .map(|(place, _)| place)
        .collect();
    for place in places {
        damaged[place] ^= 1;
    }
    let directory = private_directory();
    write(&directory.path().join(DATABASE_FILE), &damaged);
    let error = open(directory.path()).expect_err("its checksum does not fit");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    let sentence = error.to_string();
    assert!(sentence.contains("udpchat store rescue"), "{sentence}");
    let (mut bench, rescued) = rescued(&damaged, 0).unwrap();
    println!("{:?}", rescued.lost);
    let (conversation, reader, entries) = &truth.logs[3];
    let left = bench.read(*reader, *conversation, 0);
    assert_eq!(left.len(), entries.len());
    let told = left
        .iter()
        .zip(entries)
        .filter(|(left, there)| left != there);
    assert_eq!(told.count(), 1, "one entry is lost, and said to be");
}
