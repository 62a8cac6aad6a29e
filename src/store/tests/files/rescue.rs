//! What redb can read of a damaged database is brought back, what it cannot is said to be lost, and nothing is taken for a
//! row that is none.

use std::fs;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use redb::{StorageBackend as _, TableDefinition};

use super::opening::{private_directory, write};
use super::pages::{PAGE, damaged, is_used};
use crate::protocol::{ConversationId, Digest};
use crate::store::check::check_database;
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::open;
use crate::store::schema::checksum::encode;
use crate::store::schema::records::AccountRecord;
use crate::store::testing::{Bench, append, read};
use crate::store::tests::blocks::{story, tells_the_story};
use crate::store::tests::fixture::{Truth, populated};
use crate::store::{
    DATABASE_FILE, Existing, OpenError, Outcome, Read, Reply, Request, Rescued, SCHEMA_VERSION,
    Write, rescue,
};
use crate::testing::variable;

/// Of how many pages one is damaged, unless all are asked for.
const SAMPLE: usize = 5;

const SECRETS: &[&str] = &["a key"];

/// The database as a kill leaves it.
fn killed() -> (Vec<u8>, Truth) {
    killed_after(true)
}

/// The database as a kill leaves it after a commit: one as the server makes them, after which redb opens it as it is, or
/// one after which it must walk the whole file.
fn killed_after(quick_repair: bool) -> (Vec<u8>, Truth) {
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
    (disk.image(), truth)
}

/// What a rescue makes of an image: a sound database, whatever was damaged.
fn rescued(image: &[u8], page: usize) -> Result<(Bench, Rescued), OpenError> {
    let directory = private_directory();
    let (from, to) = (directory.path().join("from"), directory.path().join("to"));
    write(&from, image);
    let rescued = rescue(&from, (&to, Existing::Keep), SECRETS, [3; 32])?;
    assert!(fs::read(&from).unwrap() == image, "it was written to");
    let disk = MemoryDisk::from_image(fs::read(&to).unwrap());
    let report = check_database(disk.open().unwrap().into()).unwrap();
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
    let (disk, truth) = populated();
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
    let rescued = rescue(&from, (&to, Existing::Keep), SECRETS, [3; 32]).unwrap();
    assert_eq!(rescued.lost, Vec::<String>::new());
    let mut bench = Bench::on(MemoryDisk::from_image(fs::read(&to).unwrap()));
    let entries = bench.read(alice.0, ConversationId::EVERYONE, 30);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].content, b"in the journal");
}

#[test]
fn only_what_stood_on_a_damaged_page_is_lost() {
    let (image, truth) = killed();
    let every = variable("UDPCHAT_ALL_PAGES").is_some();
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let all: usize = truth.logs.iter().map(|(_, _, log)| log.len()).sum();
    let (mut pages, mut refused, mut worst, mut lost) = (0, 0, 0, 0);
    for page in 0..image.len() / PAGE {
        let damaged = damaged(&image, page, &mut rng);
        if !is_used(&image, page) || (!every && page % SAMPLE != 0) {
            continue;
        }
        pages += 1;
        let (mut bench, rescued) = match rescued(&damaged, page) {
            Ok(rescued) => rescued,
            // Where redb keeps what it needs to open the file at all.
            Err(error) => {
                assert!(error.to_string().contains("backup"), "page {page}: {error}");
                refused += 1;
                continue;
            }
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
        "{pages} pages damaged, one at a time: {refused} leave nothing that can be opened; of {all} entries {worst} were lost at most, {} of \
         1000 on average",
        lost * 1000 / (all * pages)
    );
    assert!(worst < all / 4);
    // Some five of a hundred, and a sample is small.
    assert!(refused * 4 <= pages);
}

#[test]
fn database_that_redb_cannot_open_is_refused_and_backups_are_named() {
    // One damaged page, and a commit after which redb walks the whole file: it does not get past the page.
    let (image, truth) = killed_after(false);
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
    let error = rescued(&damaged, 0)
        .map(drop)
        .expect_err("it cannot be opened");
    assert!(matches!(error, OpenError::BeyondRescue { .. }), "{error:?}");
    assert!(error.to_string().contains("from a backup"), "{error}");
}

/// What a page of redb begins with that holds one row of a table whose keys are numbers (redb's design document, "Leaf
/// page"), and the row.
fn forged_page(id: u64, row: &[u8]) -> Vec<u8> {
    let end = u32::try_from(16 + row.len()).unwrap();
    let head = [&[1, 0, 1, 0][..], &end.to_le_bytes(), &id.to_le_bytes()];
    let mut page = [&head.concat(), row].concat();
    page.resize(PAGE, 0);
    page
}

#[test]
fn page_that_a_user_has_written_is_taken_for_no_page() {
    // A rescue looked at every page of the file and took what had the form of a leaf, with rows whose unkeyed check value
    // fitted: a text of some kilobytes held a page with a row of another user's account, and the password in it was the
    // author's own.
    let mut bench = Bench::new();
    let (alice, mallory) = (bench.user("alice"), bench.user("mallory"));
    let id = alice.0.0;
    let forged = AccountRecord {
        name: "alice".into(),
        record: b"of mallory's password".to_vec(),
        credential_identifier: [7; 16].into(),
        created_ms: 1,
        seen_ms: u64::MAX,
        rooms_made: 0,
    };
    let page = forged_page(id, &encode("accounts", id, &forged));
    let length = 16_000_usize;
    let write_text = |bench: &mut Bench, number, content: Vec<u8>| {
        let Write::Append(mut append) = append(mallory, ConversationId::EVERYONE, number, "")
        else {
            panic!("it is one");
        };
        append.digest = Digest::of(&content);
        append.content = content;
        bench.done(Write::Append(append));
    };
    // Where a content of this length begins in its page is the same for all.
    write_text(
        &mut bench,
        1,
        b"where?".repeat(length.div_ceil(6))[..length].to_vec(),
    );
    let disk = bench.disk.clone();
    drop(bench);
    let image = disk.image();
    let place = image
        .windows(600)
        .position(|bytes| bytes == b"where?".repeat(100));
    let before = PAGE - place.expect("it was stored") % PAGE;
    let mut content = vec![b'x'; length];
    for number in 0..2 {
        let start = before + number * PAGE;
        content[start..start + PAGE].copy_from_slice(&page);
    }
    let mut bench = Bench::on(disk.clone());
    write_text(&mut bench, 2, content);
    drop(bench);
    // What has happened to alice's account on the disk is the occasion.
    let database = disk.open().unwrap();
    let transaction = database.begin_write().unwrap();
    let accounts = TableDefinition::<u64, &[u8]>::new("accounts");
    let mut accounts = transaction.open_table(accounts).unwrap();
    accounts.insert(id, &[0xc1; 30][..]).unwrap();
    drop(accounts);
    transaction.commit().unwrap();
    drop(database);
    let image = disk.image();
    let is_there = |page: &[u8]| page.starts_with(&forged_page(id, &[])[..4]) && page[8] == 1;
    let pages = image.chunks(PAGE).filter(|page| is_there(page)).count();
    assert!(pages >= 2, "the forged pages stand where pages do: {pages}");
    let (mut bench, rescued) = rescued(&image, 0).unwrap();
    let name = "alice".to_owned();
    let Reply::Account(account) = bench.done(Read::FindAccount {
        name,
        skeleton: None,
    }) else {
        panic!("an account is found");
    };
    assert_ne!(account.record, forged.record, "{rescued:?}");
    assert!(
        account.record.is_empty(),
        "its password is lost, and said to be: {rescued:?}"
    );
    assert!(
        rescued.lost.iter().any(|lost| lost.contains("alice")),
        "{rescued:?}"
    );
}
