//! Nothing that was deleted is found by searching the bytes of every file of a data directory.

use std::fs::{self, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};
use tempfile::TempDir;

use super::{EVERYONE, entry, expire, is_deleted, is_sound, is_whole};
use crate::protocol::NOTES_NAME;
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::testing::{Bench, User, append, delete};
use crate::store::tests::files::opening::private_directory;
use crate::store::{
    Chore, DATABASE_FILE, Engine, Existing, Outcome, Read, Reply, Request, Restored, StoreThread,
    Write, begin_service, make_backup, open_current, rescue, restore,
};
use crate::testing::instant;

/// Nobody says it by chance.
fn secret(seed: u64) -> String {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let letter = |_| char::from(b'a' + (rng.next_u32() % 26) as u8);
    (0..40).map(letter).collect()
}

/// Whether a file in a directory has these bytes.
fn is_in(directory: &Path, secret: &str) -> bool {
    let mut entries = fs::read_dir(directory).expect("it is there");
    entries.any(|entry| {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            return is_in(&path, secret);
        }
        has(&path, secret)
    })
}

/// Whether a file has these bytes.
fn has(file: &Path, secret: &str) -> bool {
    let bytes = fs::read(file).expect("it is a file");
    // Each byte is a character, so that any search of text finds it.
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    text.contains(secret)
}

/// A server's store in this directory, as the program opens it.
fn open(directory: &Path) -> Bench {
    let (files, _) = open_current(directory, 0, [5; 32]).expect("it can be opened");
    begin_service(directory, &files.database, [6; 32]).expect("it can be written");
    let again = directory.to_owned();
    let engine = Engine::new(files, [7; 32]).expect("it is this program's");
    Bench {
        disk: MemoryDisk::new(),
        engine: engine.with_reopen(Box::new(move || crate::store::reopen(&again))),
    }
}

/// What a kill leaves of a directory.
fn killed(directory: &Path) -> TempDir {
    let copy = private_directory();
    copy_all(directory, copy.path());
    copy
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it can be read");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            let made = fs::DirBuilder::new().mode(0o700).create(&to);
            made.expect("there is room");
            copy_all(&from, &to);
        } else {
            fs::copy(&from, &to).expect("there is room");
            fs::set_permissions(&to, Permissions::from_mode(0o600)).expect("it is ours");
        }
    }
}

/// A directory in which alice has said the secret between other things.
fn said(secret: &str) -> (TempDir, Bench, User) {
    let directory = private_directory();
    let mut bench = open(directory.path());
    let alice = bench.user("alice");
    bench.say(alice, EVERYONE, 1, "before it");
    bench.say(alice, EVERYONE, 2, &format!("it is {secret}, you know"));
    bench.say(alice, EVERYONE, 3, "after it");
    (directory, bench, alice)
}

fn deleted_content(secret: &str) -> String {
    format!("it is {secret}, you know")
}

/// The rest of what was said is there, and the secret is not.
fn is_gone(directory: &Path, bench: &mut Bench, alice: User, secret: &str) {
    assert!(!is_in(directory, secret));
    assert!(is_in(directory, "before it"));
    let read = bench.read(alice.0, EVERYONE, 0);
    assert!(is_whole(&read[0], "before it") && is_whole(&read[2], "after it"));
    assert!(is_deleted(&read[1], &deleted_content(secret)));
    is_sound(bench);
    assert!(!is_in(directory, secret));
}

#[test]
fn deleted_content_is_in_no_file_after_a_checkpoint_nor_after_a_restart() {
    let secret = secret(1);
    for is_in_tables in [false, true] {
        let (directory, mut bench, alice) = said(&secret);
        if is_in_tables {
            bench.done(Request::Checkpoint);
        }
        assert!(is_in(directory.path(), &secret));
        bench.done(delete(alice.0, EVERYONE, 2));
        bench.done(Request::Checkpoint);
        is_gone(directory.path(), &mut bench, alice, &secret);
        drop(bench);
        let mut bench = open(directory.path());
        is_gone(directory.path(), &mut bench, alice, &secret);
    }
}

/// Her notes stayed in the segments until they came to be tidied, which may be never.
#[test]
fn notes_of_a_purged_account_are_in_no_file_whatever_was_killed_meanwhile() {
    let secret = secret(8);
    let (directory, mut bench, alice) = said("nothing");
    let bob = bench.user("bob");
    let notes = |bench: &mut Bench, user| bench.resolve(user, NOTES_NAME).conversation;
    let (hers, his) = (notes(&mut bench, alice), notes(&mut bench, bob));
    // More than one step deletes.
    for number in 1..=50 {
        bench.say(alice, hers, number, &format!("{number} is {secret}"));
    }
    bench.say(bob, his, 1, "of bob");
    bench.done(Request::Checkpoint);
    assert!(is_in(directory.path(), &secret));
    let name = "alice".to_owned();
    bench.done(Write::PurgeAccount { name, time_ms: 300 });
    let (directory, mut bench) = purge_to_the_end(directory, bench);
    bench.done(Request::Checkpoint);
    is_sound(&mut bench);
    assert!(!is_in(directory.path(), &secret));
    assert!(is_whole(&bench.read(bob.0, his, 0)[0], "of bob"));
}

/// Whoever was deleted an hour before a purge had left notes that no purge found any more.
#[test]
fn notes_of_a_deleted_account_are_overwritten_when_retention_removes_them_and_what_expires_is_not()
{
    let secret = secret(9);
    let (directory, mut bench, alice) = said(&secret);
    let notes = bench.resolve(alice, NOTES_NAME).conversation;
    bench.say(alice, notes, 1, "a note of hers");
    bench.done(Request::Checkpoint);
    bench.done(Write::DeleteAccount {
        account: alice.0,
        proved: None,
        time_ms: 300,
    });
    expire(&mut bench, 1);
    let killed = killed(directory.path());
    drop(bench);
    let mut bench = open(killed.path());
    bench.done(Request::Checkpoint);
    is_sound(&mut bench);
    assert!(!is_in(killed.path(), "a note of hers"));
    // It stands in a segment that is in use, and costs nothing until that is emptied.
    assert!(is_in(killed.path(), &secret));
}

/// Does what is left to do of a purge, with a kill before each step.
fn purge_to_the_end(mut directory: TempDir, mut bench: Bench) -> (TempDir, Bench) {
    for _ in 0..100 {
        let copy = killed(directory.path());
        drop(bench);
        directory = copy;
        bench = open(directory.path());
        let Reply::Chore(Some(Chore::Purge(purge))) = bench.done(Read::NextChore) else {
            return (directory, bench);
        };
        bench.done(Write::Purge {
            purge,
            time_ms: 300,
        });
    }
    panic!("it comes to no end");
}

#[test]
fn kill_after_a_deletion_is_followed_by_a_start_that_overwrites() {
    let secret = secret(2);
    for is_in_tables in [false, true] {
        let (directory, mut bench, alice) = said(&secret);
        if is_in_tables {
            bench.done(Request::Checkpoint);
        }
        bench.done(delete(alice.0, EVERYONE, 2));
        let killed = killed(directory.path());
        assert!(is_in(killed.path(), &secret));
        let mut bench = open(killed.path());
        is_gone(killed.path(), &mut bench, alice, &secret);
        // Again, before what was overwritten is crossed off.
        let killed = self::killed(killed.path());
        let mut bench = open(killed.path());
        is_gone(killed.path(), &mut bench, alice, &secret);
    }
}

#[test]
fn backup_has_what_was_said_until_its_deletion_and_nothing_after_it() {
    let secret = secret(3);
    let (directory, mut bench, alice) = said(&secret);
    bench.done(Request::Checkpoint);
    let backups = private_directory();
    let back_up = |bench: &Bench, name: &str| {
        let snapshots = bench.engine.snapshots();
        let path = backups.path().join(name);
        make_backup(&path, Existing::Keep, |file| snapshots.back_up(file, 0)).expect("it is sound");
        path
    };
    let before = back_up(&bench, "before");
    bench.done(delete(alice.0, EVERYONE, 2));
    bench.done(Request::Checkpoint);
    let after = back_up(&bench, "after");
    is_gone(directory.path(), &mut bench, alice, &secret);
    assert!(
        is_in(backups.path(), &secret),
        "a copy from before keeps it"
    );
    for (backup, is_before) in [(before, true), (after, false)] {
        let fresh = private_directory();
        let data = fresh.path().join("data");
        let report =
            restore(&backup, &data, "2026-11-29", false, false).expect("it can be restored");
        assert!(matches!(report, Restored::Done { kept: None, .. }));
        let mut bench = open(&data);
        assert_eq!(is_in(&data, &secret), is_before);
        if is_before {
            let read = entry(&mut bench, alice.0, EVERYONE, 2);
            assert!(is_whole(&read, &deleted_content(&secret)));
            bench.done(delete(alice.0, EVERYONE, 2));
            bench.done(Request::Checkpoint);
        }
        is_gone(&data, &mut bench, alice, &secret);
        fs::remove_file(&backup).expect("it is ours");
        assert!(!is_in(backups.path(), &secret));
    }
}

#[test]
fn tables_file_of_a_restored_database_has_never_held_what_was_said() {
    // redb does not overwrite what is removed from a table, and may use such a page again late or never.
    const SAID: u64 = 300;
    let secret = secret(7);
    let text = format!("{secret} {}", "x".repeat(2000));
    let directory = private_directory();
    let mut bench = open(directory.path());
    let alice = bench.user("alice");
    let says = (1..=SAID).map(|number| append(alice, EVERYONE, number, &text));
    bench.outcomes(says.collect());
    bench.done(Request::Checkpoint);
    let backup = directory.path().join("backup");
    let snapshots = bench.engine.snapshots();
    make_backup(&backup, Existing::Keep, |file| snapshots.back_up(file, 0)).expect("it is sound");
    let fresh = private_directory();
    let data = fresh.path().join("data");
    let report = restore(&backup, &data, "2026-11-29", false, false).expect("it can be restored");
    assert!(matches!(report, Restored::Done { kept: None, .. }));
    assert!(has(&data.join(DATABASE_FILE), &secret), "it is a copy");
    let mut bench = open(&data);
    assert!(!has(&data.join(DATABASE_FILE), &secret));
    assert!(is_in(&data, &secret), "it is in the log");
    bench.outcomes(
        (1..=SAID)
            .map(|entry| delete(alice.0, EVERYONE, entry))
            .collect(),
    );
    bench.done(Request::Checkpoint);
    assert!(!is_in(&data, &secret));
    is_sound(&mut bench);
}

#[test]
fn rescue_has_nothing_of_what_was_deleted() {
    let secret = secret(4);
    let (directory, mut bench, alice) = said(&secret);
    bench.done(Request::Checkpoint);
    bench.done(delete(alice.0, EVERYONE, 2));
    let killed = killed(directory.path());
    drop(bench);
    let made = private_directory();
    for (from, name) in [(killed.path(), "killed"), (directory.path(), "stopped")] {
        let to = made.path().join(name);
        let from = from.join(DATABASE_FILE);
        let rescued = rescue(&from, (&to, Existing::Keep), &[], [3; 32]).expect("it can be read");
        assert_eq!(rescued.lost, Vec::<String>::new());
        assert!(!is_in(made.path(), &secret), "{name}");
    }
}

#[test]
fn entry_that_expires_after_its_deletion_is_overwritten_all_the_same() {
    let secret = secret(5);
    let (directory, mut bench, alice) = said(&secret);
    bench.done(Request::Checkpoint);
    bench.done(delete(alice.0, EVERYONE, 2));
    expire(&mut bench, 1);
    bench.done(Request::Checkpoint);
    assert!(!is_in(directory.path(), &secret));
    let read = bench.read(alice.0, EVERYONE, 0);
    assert!(read.len() == 1 && is_whole(&read[0], "after it"));
    is_sound(&mut bench);
}

#[test]
fn deleted_content_is_overwritten_within_seconds_while_a_server_runs() {
    let secret = secret(6);
    let (directory, bench, alice) = said(&secret);
    drop(bench);
    let Bench { engine, .. } = open(directory.path());
    let (_handle, thread) = StoreThread::spawn(engine, instant, |_| {});
    let caller = thread.caller();
    let begun = instant();
    let say = append(alice, EVERYONE, 4, &deleted_content(&secret));
    assert!(matches!(caller.call(say), Outcome::Done(Reply::Stored(_))));
    for entry in [2, 4] {
        let deleted = caller.call(delete(alice.0, EVERYONE, entry));
        assert_eq!(deleted, Outcome::Done(Reply::Nothing));
    }
    assert!(is_in(directory.path(), &secret));
    // Nobody asks for anything any more.
    while is_in(directory.path(), &secret) {
        assert!(begun.elapsed() < Duration::from_mins(1));
        std::thread::park_timeout(Duration::from_millis(100));
    }
    let killed = killed(directory.path());
    thread.stop();
    let mut bench = open(killed.path());
    is_gone(killed.path(), &mut bench, alice, &secret);
}
