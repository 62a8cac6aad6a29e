//! Files: which are kept for which entries, and which blobs can be dropped.

mod copies;
mod crashes;
mod model;

use redb::TableDefinition;

use super::deletions::is_sound;
use crate::protocol::{AccountId, Bytes, ConversationId, EntryId, FileRoot, FileSize, NOTES_NAME};
use crate::store::ops::files::upkeep::UNUSED_MS;
use crate::store::ops::retention::JUMP_MS;
use crate::store::testing::{Bench, User, add_file, delete, join, leave, root, say_file};
use crate::store::{
    BlobKey, Completion, Outcome, Quota, Read, Refusal, Reply, Request, RequestId, Retention,
    StoredEntry, Write,
};

const EVERYONE: ConversationId = ConversationId::EVERYONE;

/// How long the files are here, in bytes.
const SIZE: u64 = 5_000_000;

fn complete(bench: &mut Bench, request: impl Into<Request>) -> Completion {
    let batch = vec![(RequestId(0), request.into())];
    bench.engine.execute(batch).remove(0)
}

/// Does a write; returns the accounts and the roots of the blobs that can be dropped since.
fn freed(bench: &mut Bench, request: impl Into<Request>) -> Vec<(AccountId, FileRoot)> {
    let done = complete(bench, request);
    assert!(matches!(done.outcome, Outcome::Done(_)), "{done:?}");
    let name = |blob: BlobKey| (blob.account, blob.root);
    done.freed.into_iter().map(name).collect()
}

fn stored(bench: &mut Bench, said: Write) -> StoredEntry {
    match bench.done(said) {
        Reply::Stored(stored) => stored,
        other => panic!("expected it to be stored, not {other:?}"),
    }
}

/// A file comes, and is said in a conversation; returns its entry.
fn attach(bench: &mut Bench, user: User, at: (ConversationId, u64), byte: u8) -> u64 {
    bench.done(add_file(user.0, byte, SIZE));
    stored(bench, say_file(user, at.0, at.1, byte)).entry.0
}

fn ask(bench: &mut Bench, reader: User, at: (ConversationId, u64)) -> Result<BlobKey, Refusal> {
    let request = Read::File {
        conversation: at.0,
        entry: EntryId(at.1),
        reader: reader.0,
    };
    match bench.ask(request) {
        Outcome::Done(Reply::File(blob)) => Ok(blob),
        Outcome::Refused(refusal) => Err(refusal),
        other => panic!("{other:?}"),
    }
}

/// Whether a file is there, and how many bytes are kept for its account, and for all.
fn has(bench: &mut Bench, account: AccountId, byte: u8) -> (bool, u64, u64) {
    let root = root(byte);
    let request = Read::HasFile {
        account,
        root,
        day_ms: None,
    };
    match bench.done(request) {
        Reply::HasFile {
            size,
            account_bytes,
            all_bytes,
            ..
        } => (size.is_some(), account_bytes, all_bytes),
        other => panic!("{other:?}"),
    }
}

fn sweep(now_ms: u64, kept_ms: Option<u64>) -> Write {
    Write::SweepFiles {
        after: None,
        kept_ms,
        now_ms,
    }
}

/// Keeps so many last entries of each conversation.
fn keep(messages: u64) -> Write {
    Write::Expire {
        from: ConversationId(0),
        keep: Retention {
            messages: Some(messages),
            ..Retention::default()
        },
        now_ms: 1000,
    }
}

fn blob(account: AccountId, byte: u8) -> BlobKey {
    BlobKey {
        account,
        root: root(byte),
        size: FileSize::new(SIZE).expect("files can be so large"),
    }
}

#[test]
fn entry_with_a_file_is_stored_only_once_that_is_there() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let said = say_file(alice, EVERYONE, 1, 7);
    assert_eq!(bench.refused(said.clone()), Refusal::NoSuchFile);
    // Another's file is not hers.
    bench.done(add_file(bob.0, 7, SIZE));
    assert_eq!(bench.refused(said.clone()), Refusal::NoSuchFile);
    bench.done(add_file(alice.0, 7, SIZE));
    assert_eq!(stored(&mut bench, said.clone()).entry, EntryId(1));
    assert!(stored(&mut bench, said).repeated);
    let given = ask(&mut bench, bob, (EVERYONE, 1)).expect("he is given the entry");
    assert_eq!((given.account, given.root), (alice.0, root(7)));
    assert_eq!(given.size.bytes(), SIZE);
    assert_eq!(has(&mut bench, alice.0, 7), (true, SIZE, 2 * SIZE));
    assert_eq!(has(&mut bench, alice.0, 8), (false, SIZE, 2 * SIZE));
}

#[test]
fn file_is_kept_until_the_last_of_its_entries_goes() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.user("bob");
    let pair = bench.resolve(alice, "bob").conversation;
    attach(&mut bench, alice, (EVERYONE, 1), 7);
    stored(&mut bench, say_file(alice, EVERYONE, 2, 7));
    stored(&mut bench, say_file(alice, pair, 1, 7));
    // First from the message log alone, then from the tables.
    bench = bench.crash();
    assert_eq!(freed(&mut bench, delete(alice.0, EVERYONE, 1)), []);
    bench.done(Request::Checkpoint);
    bench = bench.crash();
    // Once more changes nothing.
    assert_eq!(freed(&mut bench, delete(alice.0, EVERYONE, 1)), []);
    assert_eq!(freed(&mut bench, delete(alice.0, pair, 1)), []);
    bench = bench.crash();
    let last = freed(&mut bench, delete(alice.0, EVERYONE, 2));
    assert_eq!(last, [(alice.0, root(7))]);
    for at in [(EVERYONE, 1), (EVERYONE, 2), (pair, 1)] {
        let deleted = Err(Refusal::BadReference("that message was deleted"));
        assert_eq!(ask(&mut bench, alice, at), deleted);
    }
    bench = bench.crash();
    assert_eq!(has(&mut bench, alice.0, 7), (false, 0, 0));
    is_sound(&mut bench);
}

#[test]
fn file_goes_with_the_expiry_of_its_entry() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    for number in 1..=5 {
        bench.say(alice, EVERYONE, number, "tea?");
    }
    attach(&mut bench, alice, (EVERYONE, 6), 7);
    attach(&mut bench, alice, (EVERYONE, 7), 8);
    stored(&mut bench, say_file(alice, EVERYONE, 8, 7));
    bench.say(alice, EVERYONE, 9, "tea?");
    bench = bench.crash();
    assert_eq!(freed(&mut bench, keep(3)), []);
    assert_eq!(
        ask(&mut bench, alice, (EVERYONE, 6)),
        Err(Refusal::NoSuchFile)
    );
    assert!(ask(&mut bench, alice, (EVERYONE, 7)).is_ok());
    is_sound(&mut bench);
    bench = bench.crash();
    assert_eq!(
        freed(&mut bench, keep(1)),
        [(alice.0, root(8)), (alice.0, root(7))]
    );
    assert_eq!(has(&mut bench, alice.0, 7), (false, 0, 0));
    is_sound(&mut bench.crash());
}

#[test]
fn file_of_a_deleted_account_stays_with_its_entry_but_its_notes_go() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let notes = bench.resolve(alice, NOTES_NAME).conversation;
    attach(&mut bench, alice, (EVERYONE, 1), 7);
    attach(&mut bench, alice, (notes, 1), 8);
    let gone = Write::DeleteAccount {
        account: alice.0,
        proved: None,
        time_ms: 300,
    };
    assert_eq!(freed(&mut bench, gone), []);
    bench = bench.crash();
    assert!(ask(&mut bench, bob, (EVERYONE, 1)).is_ok());
    assert_eq!(freed(&mut bench, keep(0)), [(alice.0, root(8))]);
    assert!(ask(&mut bench, bob, (EVERYONE, 1)).is_ok());
    assert_eq!(
        bench.refused(add_file(alice.0, 9, SIZE)),
        Refusal::NoSuchUser
    );
    is_sound(&mut bench);
}

#[test]
fn file_is_given_to_those_only_who_are_given_its_entry() {
    let mut bench = Bench::new();
    let (alice, bob, carol) = (bench.user("alice"), bench.user("bob"), bench.user("carol"));
    let pair = bench.resolve(alice, "bob").conversation;
    attach(&mut bench, alice, (pair, 1), 7);
    assert!(ask(&mut bench, bob, (pair, 1)).is_ok());
    assert_eq!(
        ask(&mut bench, carol, (pair, 1)),
        Err(Refusal::NotPermitted)
    );
    assert_eq!(ask(&mut bench, bob, (pair, 2)), Err(Refusal::NoSuchFile));
    // Who blocks its author is not given the entry.
    let block = |is_blocking| Write::Block {
        account: bob.0,
        name: "alice".into(),
        is_blocking,
    };
    bench.done(block(true));
    attach(&mut bench, alice, (pair, 2), 8);
    bench.done(block(false));
    assert_eq!(ask(&mut bench, bob, (pair, 2)), Err(Refusal::NoSuchFile));
    assert!(ask(&mut bench, alice, (pair, 2)).is_ok());
    // In a room it is what was said while one belongs to it.
    let room = match bench.done(join(alice, "#bridge")) {
        Reply::Joined(joined) => joined.standing.conversation,
        other => panic!("{other:?}"),
    };
    let before = attach(&mut bench, alice, (room, 1), 7);
    bench.done(join(bob, "#bridge"));
    let meanwhile = attach(&mut bench, alice, (room, 2), 7);
    bench.done(leave(bob, room));
    let after = attach(&mut bench, alice, (room, 3), 7);
    let given = [before, meanwhile, after].map(|entry| ask(&mut bench, bob, (room, entry)).is_ok());
    assert_eq!(given, [false, true, false]);
    is_sound(&mut bench);
}

#[test]
fn file_that_no_entry_has_is_kept_for_a_day() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    attach(&mut bench, alice, (EVERYONE, 1), 7);
    bench.done(add_file(alice.0, 8, SIZE));
    let end = 100 + UNUSED_MS;
    assert_eq!(freed(&mut bench, sweep(end - 1, None)), []);
    bench = bench.crash();
    assert_eq!(freed(&mut bench, sweep(end, None)), [(alice.0, root(8))]);
    bench = bench.crash();
    assert_eq!(freed(&mut bench, sweep(end + JUMP_MS, None)), []);
    assert_eq!(has(&mut bench, alice.0, 7), (true, SIZE, SIZE));
    is_sound(&mut bench);
}

#[test]
fn file_that_is_too_old_goes_although_entries_have_it_and_may_come_again() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    attach(&mut bench, alice, (EVERYONE, 1), 7);
    let old = sweep(1100, Some(1000));
    assert_eq!(freed(&mut bench, sweep(1099, Some(1000))), []);
    assert_eq!(freed(&mut bench, old.clone()), [(alice.0, root(7))]);
    assert_eq!(freed(&mut bench, old), [], "it is dropped once");
    bench = bench.crash();
    assert_eq!(
        ask(&mut bench, alice, (EVERYONE, 1)),
        Err(Refusal::NoSuchFile)
    );
    assert_eq!(has(&mut bench, alice.0, 7), (false, 0, 0));
    let again = say_file(alice, EVERYONE, 2, 7);
    assert_eq!(bench.refused(again.clone()), Refusal::NoSuchFile);
    is_sound(&mut bench);
    bench.done(add_file(alice.0, 7, SIZE));
    stored(&mut bench, again);
    assert!(ask(&mut bench, alice, (EVERYONE, 1)).is_ok());
    assert_eq!(freed(&mut bench, delete(alice.0, EVERYONE, 1)), []);
    let last = freed(&mut bench, delete(alice.0, EVERYONE, 2));
    assert_eq!(last, [(alice.0, root(7))]);
    is_sound(&mut bench);
}

#[test]
fn pass_over_many_files_takes_several_steps() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let many = 2500_u64;
    let add = |number: u64| {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        Write::AddFile {
            account: alice.0,
            root: Bytes(bytes),
            size: 1,
            time_ms: 0,
            quota: Quota::default(),
        }
    };
    bench.outcomes((0..many).map(add).collect());
    let (mut after, mut steps, mut removed) = (None, 0, 0);
    loop {
        let step = Write::SweepFiles {
            after,
            kept_ms: None,
            now_ms: UNUSED_MS,
        };
        let Reply::FilesSwept {
            removed: some,
            next,
        } = bench.done(step)
        else {
            panic!("it is an answer to another request");
        };
        (steps, removed) = (steps + 1, removed + some);
        if next.is_none() {
            break;
        }
        after = next;
    }
    assert_eq!((steps, removed), (3, many));
    is_sound(&mut bench.crash());
}

#[test]
fn account_has_no_more_files_than_it_may() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let add = |account, byte, size| {
        let Write::AddFile { root, time_ms, .. } = add_file(account, byte, size) else {
            unreachable!("it is a file");
        };
        let quota = Quota {
            account_bytes: Some(100_000),
            all_bytes: Some(150_000),
        };
        Write::AddFile {
            account,
            root,
            size,
            time_ms,
            quota,
        }
    };
    bench.done(add(alice.0, 1, 60_000));
    assert_eq!(
        bench.refused(add(alice.0, 2, 40_100)),
        Refusal::QuotaFull(100_000)
    );
    bench.done(add(alice.0, 2, 40_000));
    // What is there counts once.
    bench.done(add(alice.0, 2, 40_000));
    assert_eq!(has(&mut bench, alice.0, 2), (true, 100_000, 100_000));
    assert_eq!(bench.refused(add(bob.0, 1, 50_100)), Refusal::StorageFull);
    bench.done(add(bob.0, 1, 30_000));
    bench = bench.crash();
    assert_eq!(has(&mut bench, bob.0, 1), (true, 30_000, 130_000));
    // The smallest takes room, too.
    bench.done(add(bob.0, 2, 1));
    assert_eq!(has(&mut bench, bob.0, 2), (true, 34_096, 134_096));
    is_sound(&mut bench);
}

#[test]
fn damaged_row_frees_nothing_and_is_mended_when_the_file_comes_again() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    attach(&mut bench, alice, (EVERYONE, 1), 7);
    stored(&mut bench, say_file(alice, EVERYONE, 2, 7));
    bench.done(Request::Checkpoint);
    let disk = bench.disk.clone();
    drop(bench);
    {
        let database = disk.open().expect("no engine has it");
        let transaction = database.begin_write().expect("the disk is well");
        let table = TableDefinition::<(u64, &[u8; 32]), &[u8]>::new("files");
        let mut table = transaction.open_table(table).expect("it is there");
        let row = (alice.0.0, &root(7).0);
        table
            .insert(row, &[0xc1_u8; 30][..])
            .expect("the disk is well");
        drop(table);
        transaction.commit().expect("the disk is well");
    }
    let mut bench = Bench::on(disk);
    assert_eq!(freed(&mut bench, delete(alice.0, EVERYONE, 1)), []);
    let request = Read::FilesKept {
        files: [7, 8].map(|byte| blob(alice.0, byte)).to_vec(),
    };
    assert_eq!(
        bench.done(request),
        Reply::FilesKept(vec![blob(alice.0, 7)])
    );
    let said = say_file(alice, EVERYONE, 3, 7);
    assert_eq!(bench.refused(said.clone()), Refusal::NoSuchFile);
    bench.done(add_file(alice.0, 7, SIZE));
    stored(&mut bench, said);
    is_sound(&mut bench);
    assert_eq!(freed(&mut bench, delete(alice.0, EVERYONE, 2)), []);
    let last = freed(&mut bench, delete(alice.0, EVERYONE, 3));
    assert_eq!(last, [(alice.0, root(7))]);
}

#[test]
fn clock_that_jumped_costs_nobody_a_file_at_once() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    attach(&mut bench, alice, (EVERYONE, 1), 7);
    bench.done(add_file(alice.0, 8, SIZE));
    assert_eq!(freed(&mut bench, sweep(200, Some(1000))), []);
    let ahead = 201 + JUMP_MS;
    assert_eq!(freed(&mut bench, sweep(ahead, Some(1000))), []);
    bench = bench.crash();
    // In an hour it is still that time: then it is believed.
    let both = [(alice.0, root(7)), (alice.0, root(8))];
    assert_eq!(freed(&mut bench, sweep(ahead + 1, Some(1000))), both);
    is_sound(&mut bench);
}
