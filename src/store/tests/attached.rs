//! Files: which are kept for which entries, and which blobs can be dropped.

use super::deletions::is_sound;
use crate::protocol::{AccountId, ConversationId, EntryId, FileRoot};
use crate::store::testing::{Bench, User, add_file, delete, root, say_file};
use crate::store::{
    BlobKey, Completion, Outcome, Read, Refusal, Reply, Request, RequestId, StoredEntry, Write,
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
    match bench.done(Read::HasFile { account, root }) {
        Reply::HasFile {
            size,
            account_bytes,
            all_bytes,
        } => (size.is_some(), account_bytes, all_bytes),
        other => panic!("{other:?}"),
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
        assert_eq!(ask(&mut bench, alice, at), Err(Refusal::NoSuchFile));
    }
    bench = bench.crash();
    assert_eq!(has(&mut bench, alice.0, 7), (false, 0, 0));
    is_sound(&mut bench);
}
