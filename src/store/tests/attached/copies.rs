//! Files in backups, in what is restored from them, in checks and in rescues.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::TableDefinition;
use tempfile::TempDir;

use super::super::deletions::recovery::{copy_of, restored};
use super::super::files::opening::private_directory;
use super::super::files::pages::check_disk;
use super::{EVERYONE, ask, attach, has, is_sound, stored};
use crate::protocol::{EntryId, FileTree};
use crate::store::blobs::{BlobDirectory, BlobFiles as _, BlobKey, all_blobs};
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::files::open::{blobs_of, open_file};
use crate::store::testing::{Bench, User, delete, say_root};
use crate::store::{
    DATABASE_FILE, Engine, Existing, OpenError, Quota, Read, Refusal, Reply, Request, Restored,
    Write, begin_service, check_file, copy_file, make_backup, open_current, rescue, restore,
};

/// How long the files are: nothing, less than a chunk, and several.
const LENGTHS: [usize; 3] = [0, 1000, 200_000];

/// A server's database in a directory of its own.
struct Served {
    directory: TempDir,
    bench: Bench,
}

fn content(length: usize) -> Vec<u8> {
    let bytes = b"what nobody else may read; ".iter().copied();
    bytes.cycle().take(length).collect()
}

fn database(directory: &TempDir) -> PathBuf {
    directory.path().join(DATABASE_FILE)
}

/// The files beside a database: their keys and streams.
fn blobs(database: &Path) -> Vec<(BlobKey, Vec<u8>)> {
    let directory = blobs_of(database);
    let found = all_blobs(&directory).map(|blob| {
        let key = blob.expect("it can be read").key;
        (key, fs::read(key.path(&directory)).expect("it is whole"))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_unstable();
    found
}

/// A running server's.
fn serve(directory: TempDir) -> Served {
    let seed = [5; 32];
    let (files, _) = open_current(directory.path(), 0, seed).expect("it can be opened");
    begin_service(directory.path(), &files.database, seed).expect("it can be served");
    let blobs = BlobDirectory::new(blobs_of(&database(&directory)));
    let engine = Engine::new(files, seed).expect("it is well");
    let bench = Bench {
        disk: MemoryDisk::new(),
        engine: engine.with_blobs(Arc::new(blobs)),
    };
    Served { directory, bench }
}

/// Has a blob be in a directory, as its upload leaves it.
fn bring(database: &Path, user: User, length: usize) -> BlobKey {
    let content = content(length);
    let tree = FileTree::read(&mut &content[..]).expect("it is in memory");
    let key = BlobKey {
        account: user.0,
        root: tree.root(),
        size: tree.size(),
    };
    let files = BlobDirectory::new(blobs_of(database));
    let part = files.open_part(&key).expect("the disk is well");
    let stream = [tree.as_bytes(), &content].concat();
    part.write_at(0, &stream).expect("the disk is well");
    files.complete(&key).expect("the disk is well");
    key
}

impl Served {
    fn database(&self) -> PathBuf {
        database(&self.directory)
    }

    /// Has files of these lengths be said to everyone, from this number on.
    fn attach(&mut self, user: User, number: u64) -> Vec<BlobKey> {
        let mut keys = Vec::new();
        for (length, number) in LENGTHS.into_iter().zip(number..) {
            let key = bring(&self.database(), user, length);
            self.bench.done(Write::AddFile {
                account: key.account,
                root: key.root,
                size: key.size.bytes(),
                time_ms: 100,
                quota: Quota::default(),
            });
            stored(&mut self.bench, say_root(user, EVERYONE, number, key.root));
            keys.push(key);
        }
        keys
    }

    fn back_up(&mut self) -> (TempDir, PathBuf) {
        self.bench.done(Request::Checkpoint);
        let directory = private_directory();
        let path = directory.path().join("backup");
        let snapshots = self.bench.engine.snapshots();
        let made = make_backup(&path, Existing::Keep, |file| snapshots.back_up(file, 0));
        assert!(made.expect("it is sound") > 0);
        (directory, path)
    }

    /// The server ends.
    fn stop(self) -> TempDir {
        drop(self.bench);
        self.directory
    }
}

fn server() -> (Served, User, Vec<BlobKey>) {
    let mut served = serve(private_directory());
    let alice = served.bench.user("alice");
    let keys = served.attach(alice, 1);
    (served, alice, keys)
}

fn restore_into_new(backup: &Path) -> TempDir {
    let directory = private_directory();
    assert_eq!(put_back(backup, directory.path()), None);
    directory
}

/// Under which name the database is kept that a backup replaces.
fn put_back(backup: &Path, data: &Path) -> Option<PathBuf> {
    match restore(backup, data, "2026-11-29", true, false).expect("it can be restored") {
        Restored::Done { kept, .. } => kept,
        Restored::Damaged(report) => panic!("{report:?}"),
    }
}

fn findings(database: &Path) -> Vec<(String, String)> {
    let report = check_file(database).expect("it can be opened");
    let findings = report.findings.into_iter();
    findings.map(|found| (found.table, found.problem)).collect()
}

#[test]
fn backup_is_one_file_with_the_contents_of_files_which_are_files_again_once_it_is_served() {
    let (mut served, alice, keys) = server();
    let before = blobs(&served.database());
    assert_eq!(before.len(), LENGTHS.len());
    let (_kept, backup) = served.back_up();
    assert!(!blobs_of(&backup).exists());
    // A copy of the stopped server's is the same.
    let stopped = served.stop();
    let folder = private_directory();
    let copied = folder.path().join("copied");
    let made = make_backup(&copied, Existing::Keep, |file| {
        copy_file(&database(&stopped), file, 0)
    });
    assert!(made.expect("it is sound") > 0);
    for backup in [backup, copied] {
        let directory = restore_into_new(&backup);
        assert_eq!(
            blobs(&database(&directory)),
            before,
            "no disk needs room for two"
        );
        assert_eq!(findings(&database(&directory)), []);
        let mut served = serve(directory);
        for (key, entry) in keys.iter().zip(1..) {
            assert_eq!(ask(&mut served.bench, alice, (EVERYONE, entry)), Ok(*key));
        }
        assert_eq!(blobs(&served.database()), before);
        let directory = served.stop();
        assert_eq!(findings(&database(&directory)), []);
        let tables = fs::read(database(&directory)).expect("it can be read");
        let text = b"what nobody else may read";
        assert!(!tables.windows(text.len()).any(|bytes| bytes == text));
        // What comes into service a second time is as it was.
        assert_eq!(blobs(&serve(directory).database()), before);
    }
}

#[test]
fn start_that_was_interrupted_while_files_are_written_is_done_again() {
    let (mut served, alice, keys) = server();
    let before = blobs(&served.database());
    let (_kept, backup) = served.back_up();
    // A backup that was put in its place by hand, so that its files are yet to be written.
    let directory = private_directory();
    fs::copy(&backup, database(&directory)).expect("the disk is well");
    // What a kill leaves: a file that is whole, and half of another.
    let left = blobs_of(&database(&directory));
    bring(&database(&directory), alice, LENGTHS[1]);
    let files = BlobDirectory::new(left);
    let part = files.open_part(&keys[2]).expect("the disk is well");
    part.write_at(0, &vec![7; 300_000])
        .expect("the disk is well");
    let mut served = serve(directory);
    assert_eq!(blobs(&served.database()), before);
    is_sound(&mut served.bench);
    assert_eq!(findings(&database(&served.stop())), []);
}

#[test]
fn what_is_wrong_with_a_content_is_found_and_a_backup_goes_without_it() {
    type Harm = fn(&Path, Vec<u8>);
    // What is harmed, what is found, and whether the content is in the backup: one that lacks only its tree is.
    let harms: [(Harm, &str, bool); 4] = [
        (
            |path, _| fs::remove_file(path).expect("it is there"),
            "missing",
            false,
        ),
        (
            |path, bytes| fs::write(path, &bytes[..bytes.len() - 1]).expect("it is there"),
            "bytes, not",
            false,
        ),
        (
            |path, mut bytes| {
                bytes[3] ^= 1;
                fs::write(path, bytes).expect("it is there");
            },
            "tree does not",
            true,
        ),
        (
            |path, mut bytes| {
                bytes[150_000] ^= 1;
                fs::write(path, bytes).expect("it is there");
            },
            "content does not",
            false,
        ),
    ];
    for (harm, problem, is_saved) in harms {
        let (mut served, alice, keys) = server();
        let path = keys[2].path(&blobs_of(&served.database()));
        harm(&path, fs::read(&path).expect("it is there"));
        served.bench.done(Request::Checkpoint);
        let snapshots = served.bench.engine.snapshots();
        let suspects = snapshots.suspect_files().expect("it can be read");
        let mut report = snapshots.check().expect("it can be read");
        assert!(report.is_sound(), "{report:?}");
        snapshots
            .confirm(&mut report, suspects.clone())
            .expect("it can be read");
        assert!(report.findings[0].problem.contains(problem), "{report:?}");
        let (_kept, backup) = served.back_up();
        let mut restored = serve(restore_into_new(&backup));
        let given = [1, 2, 3].map(|entry| ask(&mut restored.bench, alice, (EVERYONE, entry)));
        let last = if is_saved {
            Ok(keys[2])
        } else {
            Err(Refusal::NoSuchFile)
        };
        assert_eq!(given, [Ok(keys[0]), Ok(keys[1]), last]);
        is_sound(&mut restored.bench);
        // What is deleted while it is looked at is no problem.
        served.bench.done(delete(alice.0, EVERYONE, 3));
        served.bench.done(Request::Checkpoint);
        let mut report = snapshots.check().expect("it can be read");
        snapshots
            .confirm(&mut report, suspects)
            .expect("it can be read");
        assert!(report.is_sound(), "{report:?}");
        stored(
            &mut served.bench,
            say_root(alice, EVERYONE, 4, keys[0].root),
        );
        let directory = served.stop();
        assert_eq!(findings(&database(&directory)), []);
    }
}

/// The files of a copy.
type Blobs<'t> = redb::Table<'t, (u64, &'static [u8; 32], u64), &'static [u8]>;

#[test]
fn content_that_is_damaged_in_a_backup_is_found_and_not_restored() {
    let (mut served, alice, keys) = server();
    let (_kept, backup) = served.back_up();
    let harm = |work: &dyn Fn(&mut Blobs<'_>)| {
        let database = open_file(&backup).expect("it is a database");
        let transaction = database.begin_write().expect("the disk is well");
        let table = TableDefinition::<(u64, &[u8; 32], u64), &[u8]>::new("blobs");
        work(&mut transaction.open_table(table).expect("it is there"));
        transaction.commit().expect("the disk is well");
    };
    let (account, root) = (alice.0.0, keys[2].root.0);
    harm(&|table| drop(table.remove((account, &root, 2)).expect("the disk is well")));
    let missing = (
        "blobs".to_owned(),
        "its content does not have its root".to_owned(),
    );
    assert_eq!(findings(&backup), [missing]);
    let directory = private_directory();
    let refused = restore(&backup, directory.path(), "2026-11-29", false, false);
    assert!(matches!(refused, Ok(Restored::Damaged(report)) if !report.is_sound()));
}

#[test]
fn database_that_is_replaced_keeps_its_files_and_can_be_put_back() {
    let (mut served, alice, keys) = server();
    let (_kept, backup) = served.back_up();
    let later = bring(&served.database(), alice, 77_777);
    served.bench.done(Write::AddFile {
        account: alice.0,
        root: later.root,
        size: later.size.bytes(),
        time_ms: 100,
        quota: Quota::default(),
    });
    stored(&mut served.bench, say_root(alice, EVERYONE, 4, later.root));
    let directory = served.stop();
    let refused = restore(&backup, directory.path(), "2026-11-29", false, false);
    assert!(matches!(refused, Err(OpenError::Occupied { .. })));
    let kept = put_back(&backup, directory.path()).expect("there was one");
    assert_eq!(blobs(&kept).len(), LENGTHS.len() + 1);
    assert_eq!(findings(&kept), []);
    let mut served = serve(directory);
    assert_eq!(blobs(&served.database()).len(), LENGTHS.len());
    let given = ask(&mut served.bench, alice, (EVERYONE, 4));
    assert_eq!(given, Err(Refusal::NoSuchFile));
    let directory = served.stop();
    assert!(put_back(&kept, directory.path()).is_some());
    let mut served = serve(directory);
    assert_eq!(ask(&mut served.bench, alice, (EVERYONE, 4)), Ok(later));
    assert_eq!(ask(&mut served.bench, alice, (EVERYONE, 3)), Ok(keys[2]));
    is_sound(&mut served.bench);
}

#[test]
fn rescue_counts_files_again_and_brings_back_the_rows_of_those_that_are_there() {
    let (mut served, alice, keys) = server();
    stored(
        &mut served.bench,
        say_root(alice, EVERYONE, 4, keys[2].root),
    );
    stored(
        &mut served.bench,
        say_root(alice, EVERYONE, 5, keys[1].root),
    );
    served.bench.done(delete(alice.0, EVERYONE, 4));
    let directory = served.stop();
    let path = database(&directory);
    // One file's content is gone, and of another the row is.
    fs::remove_file(keys[1].path(&blobs_of(&path))).expect("it is there");
    {
        let database = open_file(&path).expect("it is a database");
        let transaction = database.begin_write().expect("the disk is well");
        let table = TableDefinition::<(u64, &[u8; 32]), &[u8]>::new("files");
        let mut table = transaction.open_table(table).expect("it is there");
        let row = (alice.0.0, &keys[2].root.0);
        table.remove(row).expect("the disk is well");
        drop(table);
        let table = TableDefinition::<(u64, u64), &[u8]>::new("attached");
        let mut table = transaction.open_table(table).expect("it is there");
        table.remove((EVERYONE.0, 1)).expect("the disk is well");
        drop(table);
        transaction.commit().expect("the disk is well");
    }
    assert!(findings(&path).len() > 2);
    let to = directory.path().join("rescued");
    let rescued: Result<_, OpenError> = rescue(&path, (&to, Existing::Keep), &[], [3; 32]);
    let rescued = rescued.expect("it can be read");
    assert_eq!(rescued.lost, ["1 files that users had attached"]);
    assert_eq!(findings(&to), []);
    let mut served = serve(restore_into_new(&to));
    let given = [1, 2, 3, 5].map(|entry| ask(&mut served.bench, alice, (EVERYONE, entry)));
    let gone = Err(Refusal::NoSuchFile);
    assert_eq!(given, [Ok(keys[0]), gone.clone(), Ok(keys[2]), gone]);
    is_sound(&mut served.bench);
    assert_eq!(blobs(&served.database()).len(), 2);
}

#[test]
fn entry_that_is_deleted_while_a_copy_is_made_has_no_file_in_it() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    attach(&mut bench, alice, (EVERYONE, 1), 7);
    attach(&mut bench, alice, (EVERYONE, 2), 8);
    stored(
        &mut bench,
        say_root(alice, EVERYONE, 3, crate::store::testing::root(8)),
    );
    bench.done(Request::Checkpoint);
    let (before, _pin) = bench.engine.snapshots().snapshot().expect("it is open");
    for entry in [1, 2] {
        bench.done(delete(alice.0, EVERYONE, entry));
    }
    bench.done(Request::Checkpoint);
    let copy = copy_of(&before);
    let report = check_disk(&copy).expect("it can be opened");
    assert!(report.is_sound(), "{report:?}");
    let mut there = restored(&copy);
    // The copy was made without contents.
    assert_eq!(has(&mut there, alice.0, 8), (false, 0, 0));
    let read = there.read(alice.0, EVERYONE, 0);
    let deleted: Vec<EntryId> = read
        .iter()
        .filter(|entry| entry.deleted.is_some())
        .map(|entry| entry.entry)
        .collect();
    assert_eq!(deleted, [EntryId(1), EntryId(2)]);
    is_sound(&mut there);
}

#[test]
fn file_that_no_message_has_is_named_by_a_check_and_is_no_problem() {
    let (mut served, alice, keys) = server();
    let stray = bring(&served.database(), alice, 5000);
    // Another, and one whose message goes.
    bring(&served.database(), alice, 7);
    served.bench.done(delete(alice.0, EVERYONE, 3));
    // It comes while a running server is checked.
    let snapshots = served.bench.engine.snapshots();
    let found = snapshots.found_files().expect("they can be listed");
    bring(&served.database(), alice, 8);
    BlobDirectory::new(blobs_of(&served.database()))
        .remove(&keys[2])
        .expect("the disk is well");
    served.bench.done(Request::Checkpoint);
    let mut report = snapshots.check().expect("it can be read");
    snapshots
        .note_unneeded(&mut report, &found)
        .expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
    let unneeded = &report.unneeded;
    assert_eq!((unneeded.files, unneeded.bytes), (2, 5007), "{unneeded:?}");
    let name = blake3::Hash::from_bytes(stray.root.0).to_hex().to_string();
    assert!(unneeded.named.iter().any(|it| it.contains(&name)));
    // A part is none: who brings it goes on.
    let files = BlobDirectory::new(blobs_of(&served.database()));
    files.open_part(&keys[2]).expect("the disk is well");
    let report = check_file(&database(&served.stop())).expect("it can be opened");
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.unneeded.files, report.unneeded.bytes), (3, 5015));
}

/// Whether the tables say that a file is there.
fn is_kept(bench: &mut Bench, key: &BlobKey) -> bool {
    let request = Read::HasFile {
        account: key.account,
        root: key.root,
        day_ms: None,
    };
    match bench.done(request) {
        Reply::HasFile { size, .. } => size == Some(key.size),
        other => panic!("{other:?}"),
    }
}

#[test]
fn copy_of_a_clusters_server_keeps_the_files_that_it_lacks_and_one_that_leaves_has_lost_them() {
    let (mut served, _, keys) = server();
    served
        .bench
        .engine
        .found_cluster()
        .expect("it can be written");
    // This server has never fetched it.
    let lacks = keys[2];
    let own = BlobDirectory::new(blobs_of(&served.database()));
    own.remove(&lacks).expect("it is there");
    let (_kept, backup) = served.back_up();
    served.stop();
    let restored = restore_into_new(&backup);
    assert_eq!(findings(&database(&restored)), []);
    let mut served = serve(restored);
    assert_eq!(blobs(&served.database()).len(), 2);
    assert!(is_kept(&mut served.bench, &lacks));
    assert!(served.bench.engine.replica().is_some());

    let left = private_directory();
    let done = restore(&backup, left.path(), "2026-11-29", false, true);
    let done = done.expect("it can be restored");
    assert!(
        matches!(done, Restored::Done { files_lost: 1, .. }),
        "{done:?}"
    );
    let mut alone = serve(left);
    assert!(!is_kept(&mut alone.bench, &lacks));
    assert!(is_kept(&mut alone.bench, &keys[1]));
    assert_eq!(alone.bench.engine.replica(), None);
}
