//! How long an append waits at most while many devices read the log of everyone from its beginning, as after a restart of
//! the server. `cargo bench --bench catch_up [-- DIRECTORY]`; the directory must not exist and is removed. Without one it
//! is a temporary one, where the figures are those of the disk's fsync.
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and its arguments"
)]

mod support;

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use support::{Speaker, account, ask, device, in_directory};
use udpchat::protocol::{AccountId, ConversationId, EntryId};
use udpchat::store::{
    BATCH_MAX, Engine, Outcome, Read, Reply, Request, RequestId, Store, StoreHandle, StoreThread,
};

/// How many devices read how many entries, in two runs.
const RUNS: [(u64, u64); 2] = [(100, 10_000), (1_000, 1_000)];

/// How much one of them reads at a time, in bytes. As `server::messages::catch_up` has it.
const PAGE_BYTES: usize = 32 * 1024;

/// The request that is an append; a reader's has its number.
const APPEND: RequestId = RequestId(u64::MAX);

fn prepare(data: &Path, entries: u64) -> (Engine, Speaker) {
    let mut engine = Engine::open(data, [1; 32]).expect("the directory is ours");
    let Reply::Account(author) = ask(&mut engine, vec![account(0)]).remove(0) else {
        panic!("no account");
    };
    let Reply::Device { device, .. } = ask(&mut engine, vec![device(author.id)]).remove(0) else {
        panic!("no device");
    };
    let mut speaker = Speaker {
        conversation: ConversationId::EVERYONE,
        author: author.id,
        device,
        said: 0,
    };
    while speaker.said < entries {
        ask(&mut engine, (0..BATCH_MAX).map(|_| speaker.say()).collect());
    }
    ask(&mut engine, vec![Request::Checkpoint]);
    (engine, speaker)
}

fn submit(store: &mut StoreHandle, id: RequestId, request: impl Into<Request>) {
    assert!(store.submit(id, request.into()), "there are more slots");
    store.flush();
}

fn page(reader: AccountId, after: EntryId) -> Read {
    Read::Entries {
        conversation: ConversationId::EVERYONE,
        reader,
        after,
        max_bytes: PAGE_BYTES,
    }
}

/// Reads and appends until all have read so far; returns how long that took, and how long each append waited.
fn run(data: &Path, readers: u64, entries: u64) -> (Duration, Vec<Duration>) {
    let (engine, mut speaker) = prepare(data, entries);
    let (sink, completions) = mpsc::channel();
    let (mut store, thread) = StoreThread::spawn(engine, Instant::now, move |group| {
        // At the end nobody waits for it.
        let _ = sink.send(group);
    });
    let begun = Instant::now();
    let mut waited = Vec::new();
    let mut left = readers;
    for reader in 0..readers {
        submit(
            &mut store,
            RequestId(reader),
            page(speaker.author, EntryId::START),
        );
    }
    let mut asked = Instant::now();
    submit(&mut store, APPEND, speaker.say());
    while left > 0 {
        for completion in completions.recv().expect("the thread runs") {
            store.release();
            match completion.outcome {
                Outcome::Done(Reply::Stored(_)) => {
                    waited.push(asked.elapsed());
                    asked = Instant::now();
                    submit(&mut store, APPEND, speaker.say());
                }
                Outcome::Done(Reply::Entries { entries: read, .. }) => {
                    let last = read.last().expect("there are more entries").entry;
                    if last.0 < entries {
                        submit(&mut store, completion.id, page(speaker.author, last));
                    } else {
                        left -= 1;
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }
    let took = begun.elapsed();
    thread.stop();
    (took, waited)
}

fn main() {
    for (readers, entries) in RUNS {
        in_directory(|data| {
            let (took, mut waited) = run(data, readers, entries);
            waited.sort();
            let [half, most] = [2, 100].map(|part| waited[waited.len() - 1 - waited.len() / part]);
            let longest = waited[waited.len() - 1];
            println!(
                "{readers} readers of {entries} entries in {took:.2?}: an append waits {half:.2?} (p50), {most:.2?} (p99), {longest:.2?} at most"
            );
        });
    }
}
