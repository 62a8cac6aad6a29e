//! What the storage thread does for a message of a pair, in groups as a busy server makes them: the append, and the mark
//! of the one who has received it. `cargo bench --bench store [-- DIRECTORY]`; the directory must not exist and is
//! removed. Without one it is a temporary one, where the figures are those of the disk's fsync.
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and its arguments"
)]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use support::{Speaker, account, ask, device, in_directory, name};
use udpchat::protocol::{AccountId, EntryId};
use udpchat::store::{Engine, Read, Reply, Request, Write};

/// How many pairs talk, in two runs: on pages that are always at hand, and on more of them.
const PAIRS: [usize; 2] = [50, 5_000];

/// How many messages a group has, and how many are said in a run.
const GROUP: usize = 128;
const MESSAGES: usize = 128_000;

/// One who speaks, and who hears it.
struct Half {
    speaker: Speaker,
    reader: AccountId,
}

fn one(engine: &mut Engine, request: impl Into<Request>) -> Reply {
    ask(engine, vec![request]).remove(0)
}

fn user(engine: &mut Engine, number: usize) -> AccountId {
    match one(engine, account(number)) {
        Reply::Account(account) => account.id,
        other => panic!("{other:?}"),
    }
}

fn halves(engine: &mut Engine, pairs: usize) -> Vec<Half> {
    let mut halves = Vec::new();
    for pair in 0..pairs {
        let (low, high) = (user(engine, pair * 2), user(engine, pair * 2 + 1));
        for (number, author, reader) in [(1, low, high), (0, high, low)] {
            let Reply::Device { device, .. } = one(engine, device(author)) else {
                panic!("no device");
            };
            let resolve = Read::Resolve {
                account: author,
                device,
                name: name(pair * 2 + number),
            };
            let Reply::Resolved { standing, .. } = one(engine, resolve) else {
                panic!("no conversation");
            };
            let speaker = Speaker {
                conversation: standing.conversation,
                author,
                device,
                said: 0,
            };
            halves.push(Half { speaker, reader });
        }
    }
    halves
}

/// Everybody in turn says something, and the one before has received it.
fn run(data: &Path, pairs: usize) -> Duration {
    let mut engine = Engine::open(data, [1; 32]).expect("the directory is ours");
    let mut halves = halves(&mut engine, pairs);
    one(&mut engine, Request::Checkpoint);
    let mut marks = Vec::new();
    let mut next = 0;
    let begun = Instant::now();
    for _ in 0..MESSAGES / GROUP {
        let mut group = Vec::with_capacity(GROUP + 1);
        let mut said = Vec::with_capacity(GROUP);
        for _ in 0..GROUP {
            let Half { speaker, reader } = &mut halves[next];
            next = (next + 1) % (pairs * 2);
            said.push((speaker.conversation, *reader));
            group.push(speaker.say());
        }
        group.push(Write::Advance {
            marks: std::mem::take(&mut marks),
            seen: Vec::new(),
        });
        for (reply, (conversation, reader)) in ask(&mut engine, group).into_iter().zip(said) {
            let Reply::Stored(stored) = reply else {
                panic!("{reply:?}");
            };
            marks.push((conversation, reader, EntryId(stored.entry.0)));
        }
    }
    begun.elapsed()
}

fn main() {
    for pairs in PAIRS {
        in_directory(|data| {
            let took = run(data, pairs);
            let each = took / u32::try_from(MESSAGES).expect("a small number");
            println!("{pairs} pairs: {each:.2?} for a message and its mark, in groups of {GROUP}");
        });
    }
}
