//! Every way in which a database can be unfit to be opened, each with its own answer and none with a panic.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use redb::{Database, TableDefinition};
use tempfile::TempDir;

use crate::protocol::{AccountId, ConversationId, DeviceId};
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::files::open::segments_of;
use crate::store::open;
use crate::store::testing::{Bench, append, new_account};
use crate::store::{
    Completion, DATABASE_FILE, Engine, Files, InPlace, OpenError, Outcome, Read, Request,
    RequestId, SCHEMA_VERSION, Write, open_file, reopen,
};

/// A data directory with a database in it that holds a few things.
fn filled() -> (TempDir, PathBuf) {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    for number in 1..=20 {
        bench.say(alice, ConversationId::EVERYONE, number, &"x".repeat(3000));
    }
    let disk = bench.disk.clone();
    drop(bench);
    let directory = private_directory();
    let path = directory.path().join(DATABASE_FILE);
    write_database(&path, &disk);
    (directory, path)
}

/// An engine of this database, with the message log of a disk in memory.
pub(in crate::store::tests) fn engine(
    database: Database,
    disk: &MemoryDisk,
) -> Result<Engine, OpenError> {
    let files = Files {
        database: database.into(),
        segments: Arc::new(disk.clone()),
    };
    Engine::new(files, [1; 32])
}

pub(in crate::store::tests) fn private_directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
    directory
}

pub(in crate::store::tests) fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// Writes a database's file and its log beside it.
pub(in crate::store::tests) fn write_database(path: &Path, disk: &MemoryDisk) {
    write(path, &disk.image());
    let log = segments_of(path);
    fs::create_dir(&log).unwrap();
    fs::set_permissions(&log, Permissions::from_mode(0o700)).unwrap();
    for (number, bytes) in disk.segments() {
        write(&log.join(format!("{number:08}.log")), &bytes);
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_database_and_its_directories_are_for_their_owner_only() {
    let parent = private_directory();
    let data = parent.path().join("a/b");
    let database = open(&data).unwrap();
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join(DATABASE_FILE)), 0o600);
    let names: Vec<_> = fs::read_dir(&data).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing is left of its making");
    let epoch = Engine::new(database, [1; 32]).unwrap().epoch();
    assert_eq!(mode(&data.join("udpchat.redb.segments")), 0o700);
    assert_eq!(
        mode(&data.join("udpchat.redb.segments/00000001.log")),
        0o600
    );
    let again = Engine::new(open(&data).unwrap(), [2; 32]).unwrap();
    assert_eq!(again.epoch(), epoch);
}

#[test]
fn directory_that_others_could_enter_is_made_private_and_other_exposure_is_refused() {
    let (directory, path) = filled();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    drop(open(directory.path()).unwrap());
    assert_eq!(mode(directory.path()), 0o700);
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let error = open(directory.path()).unwrap_err();
    assert!(matches!(error, OpenError::FileExposed { mode: 0o640, .. }));
    let command = format!("chmod 600 {}", path.display());
    assert!(error.to_string().contains(&command));
    fs::set_permissions(directory.path(), Permissions::from_mode(0o775)).unwrap();
    let error = open(directory.path()).unwrap_err();
    assert!(matches!(
        error,
        OpenError::DirectoryExposed { mode: 0o775, .. }
    ));
    let command = format!("chmod 700 {}", directory.path().display());
    assert!(error.to_string().contains(&command));
}

#[test]
fn directory_of_other_things_that_is_named_by_mistake_keeps_its_mode() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path().join("home");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("photo"), "").unwrap();
    fs::set_permissions(&home, Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(
        open(&home),
        Err(OpenError::DirectoryExposed { .. })
    ));
    assert_eq!(mode(&home), 0o755);
    fs::remove_file(home.join("photo")).unwrap();
    fs::set_permissions(&home, Permissions::from_mode(0o777)).unwrap();
    open(&home).unwrap();
    assert_eq!(mode(&home), 0o700);
}

#[test]
fn a_database_in_use_is_refused() {
    let (directory, _) = filled();
    let held = open(directory.path()).unwrap();
    assert!(matches!(
        open(directory.path()),
        Err(OpenError::InUse { .. })
    ));
    drop(held);
    open(directory.path()).unwrap();
}

#[test]
fn reading_beside_a_write_is_answered_while_the_files_are_gone() {
    // A backup that came together with a message was refused with it.
    let (directory, path) = filled();
    let engine = Engine::open(directory.path(), [1; 32]).unwrap();
    let mut engine =
        engine.with_files_at(InPlace::note(directory.path()).expect("the files are there"));
    let moved = directory.path().join("moved");
    let ask = |engine: &mut Engine| {
        let write = Write::CreateAccount(new_account("bob"));
        let requests = [
            Read::ListAccounts.into(),
            Request::from(write),
            Request::Checkpoint,
        ];
        let batch = requests.map(|request| (RequestId(1), request)).to_vec();
        let completions = engine.execute(batch).into_iter();
        let is_done = |completion: Completion| matches!(completion.outcome, Outcome::Done(_));
        completions.map(is_done).collect::<Vec<_>>()
    };
    fs::rename(&path, &moved).unwrap();
    assert_eq!(ask(&mut engine), [true, false, true]);
    fs::rename(&moved, &path).unwrap();
    assert_eq!(ask(&mut engine), [true, true, true]);
    let segments = segments_of(&path);
    fs::rename(&segments, &moved).unwrap();
    assert_eq!(ask(&mut engine), [true, false, true]);
}

#[test]
fn an_empty_file_is_truncated_and_not_made_anew() {
    let (directory, path) = filled();
    write(&path, b"");
    let error = open(directory.path()).unwrap_err();
    assert!(matches!(error, OpenError::Truncated { bytes: 0, .. }));
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
}

#[test]
fn a_truncated_database_is_named_at_every_length() {
    let (directory, path) = filled();
    let whole = fs::read(&path).unwrap();
    let around = [9, 64, 320, 512, 4096, 8192, 65536, whole.len()];
    let lengths = around
        .iter()
        .flat_map(|length| [length - 1, *length, length + 1])
        .chain((0..24).map(|part| whole.len() * part / 24))
        .filter(|length| *length < whole.len());
    for length in lengths {
        write(&path, &whole[..length]);
        let error = open(directory.path()).expect_err("it is not whole");
        let named = matches!(
            error,
            OpenError::Truncated { .. } | OpenError::Damaged { .. }
        );
        assert!(named, "{length} bytes: {error:?}");
        assert!(error.to_string().contains(&*path.to_string_lossy()));
    }
}

#[test]
fn garbage_is_not_a_database() {
    let (directory, path) = filled();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for length in [1, 8, 9, 100, 5000, 100_000] {
        let mut bytes = vec![0; length];
        rng.fill_bytes(&mut bytes);
        write(&path, &bytes);
        let error = open(directory.path()).unwrap_err();
        assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
    }
}

#[test]
fn a_damaged_header_never_panics() {
    let (_directory, path) = filled();
    let whole = fs::read(&path).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut refused = 0;
    for round in 0..60 {
        let mut bytes = whole.clone();
        // Either a few bytes of the header, or all that follows the magic number.
        if round % 4 == 0 {
            rng.fill_bytes(&mut bytes[9..]);
        } else {
            for _ in 0..4 {
                let place = 9 + rng.next_u32() as usize % 311;
                rng.fill_bytes(&mut bytes[place..=place]);
            }
        }
        write(&path, &bytes);
        refused += u32::from(open_file(&path).is_err());
    }
    assert!(refused >= 15, "at least where everything was overwritten");
}

#[test]
fn other_things_of_that_name_are_refused() {
    let (directory, path) = filled();
    assert!(matches!(open(&path), Err(OpenError::NotADirectory { .. })));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let error = open(directory.path()).unwrap_err();
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
    let below_a_file = directory.path().join("file");
    fs::write(&below_a_file, b"").unwrap();
    let error = open(&below_a_file.join("data")).unwrap_err();
    assert!(!error.to_string().is_empty());
}

#[test]
fn opening_again_makes_nothing() {
    let directory = private_directory();
    let error = reopen(directory.path()).unwrap_err();
    assert!(matches!(error, OpenError::Io { .. }), "{error:?}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    let engine = Engine::open(directory.path(), [1; 32]).unwrap();
    drop(engine);
    reopen(directory.path()).unwrap();
}

#[test]
fn a_newer_schema_and_a_database_of_another_kind_are_refused() {
    let meta = TableDefinition::<&str, u64>::new("meta");
    let other = TableDefinition::<u64, u64>::new("other");
    let bench = Bench::new();
    let disk = bench.disk.clone();
    drop(bench);
    let database = disk.open().unwrap();
    let transaction = database.begin_write().unwrap();
    let newer = SCHEMA_VERSION + 1;
    transaction
        .open_table(meta)
        .unwrap()
        .insert("server schema", newer)
        .unwrap();
    transaction.commit().unwrap();
    let error = engine(database, &disk).err().unwrap();
    assert!(matches!(error, OpenError::NewerSchema { found, .. } if found == newer));

    let disk = MemoryDisk::new();
    let database = disk.open().unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(other).unwrap().insert(1, 1).unwrap();
    transaction.commit().unwrap();
    let error = engine(database, &disk).err().unwrap();
    assert!(matches!(error, OpenError::Foreign));
}

#[test]
fn a_single_file_is_made_for_its_owner_only() {
    let directory = private_directory();
    let path = directory.path().join("device.redb");
    let database = open_file(&path).unwrap();
    let mut engine = engine(database, &MemoryDisk::new()).unwrap();
    let completions = engine.execute(vec![(RequestId(1), Read::ListAccounts.into())]);
    assert_eq!(completions.len(), 1);
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn while_the_files_are_displaced_reads_are_answered_and_writes_are_not() {
    let directory = private_directory();
    let engine = Engine::open(directory.path(), [1; 32]).unwrap();
    let mut engine = engine.with_files_at(InPlace::note(directory.path()).unwrap());
    let path = directory.path().join(DATABASE_FILE);
    let aside = directory.path().join("aside");
    let mut known = || {
        let user = (AccountId(1), DeviceId(1));
        let write = append(user, ConversationId::EVERYONE, 1, "x").into();
        let batch = [Read::ListAccounts.into(), write, Read::ListAccounts.into()];
        let batch = batch.map(|request| (RequestId(1), request)).to_vec();
        let completions = engine.execute(batch).into_iter();
        let known = completions.map(|completion| completion.outcome != Outcome::Unknown);
        known.collect::<Vec<_>>()
    };
    assert_eq!(known(), [true, true, true]);
    fs::rename(&path, &aside).unwrap();
    assert_eq!(known(), [true, false, true]);
    fs::rename(&aside, &path).unwrap();
    assert_eq!(known(), [true, true, true]);
}
