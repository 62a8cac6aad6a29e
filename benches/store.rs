//! What the storage thread does for a message of a pair, in groups as a busy server makes them: the append, and the mark
//! of the one who has received it. `cargo bench --bench store [-- DIRECTORY]`; the directory must not exist and is
//! removed. Without one it is a temporary one, where the figures are those of the disk's fsync.
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and its arguments"
)]

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use udpchat::protocol::{AccountId, ConversationId, DeviceId, Digest, EntryId, Number};
use udpchat::store::{
    Append, Completion, Engine, NewAccount, Outcome, Reply, Request, RequestId, TicketHash,
};

/// How many pairs talk, in two runs: on pages that are always at hand, and on more of them.
const PAIRS: [usize; 2] = [50, 5_000];

/// How many messages a group has, and how many are said in a run.
const GROUP: usize = 50;
const MESSAGES: usize = 100_000;

/// The content of a message, in bytes. Chosen: a line of chat, with what the protocol puts around it.
const CONTENT_BYTES: usize = 150;

/// When it all happens, in milliseconds since 1970 (UTC).
const NOW_MS: u64 = 1_700_000_000_000;

/// One who speaks, and who hears it.
struct Speaker {
    conversation: ConversationId,
    author: AccountId,
    reader: AccountId,
    device: DeviceId,
    said: u64,
}

fn ask(engine: &mut Engine, requests: Vec<Request>) -> Vec<Reply> {
    let numbered = requests.into_iter().map(|request| (RequestId(0), request));
    let completions = engine.execute(numbered.collect());
    let reply = |completion: Completion| match completion.outcome {
        Outcome::Done(reply) => reply,
        other => panic!("not done: {other:?}"),
    };
    completions.into_iter().map(reply).collect()
}

fn one(engine: &mut Engine, request: Request) -> Reply {
    ask(engine, vec![request]).remove(0)
}

fn account(engine: &mut Engine, number: usize) -> AccountId {
    let mut credential_identifier = [0; 16];
    credential_identifier[..8].copy_from_slice(&(number as u64).to_le_bytes());
    let new = NewAccount {
        name: format!("user{number}"),
        skeleton: format!("user{number}"),
        record: vec![1; 192],
        credential_identifier,
        time_ms: NOW_MS,
    };
    match one(engine, Request::CreateAccount(new)) {
        Reply::Account(account) => account.id,
        other => panic!("{other:?}"),
    }
}

fn device(engine: &mut Engine, account: AccountId) -> DeviceId {
    let open = Request::OpenDevice {
        account,
        device: None,
        ticket: TicketHash([1; 32]),
        expires_ms: NOW_MS,
    };
    match one(engine, open) {
        Reply::Device { device, .. } => device,
        other => panic!("{other:?}"),
    }
}

fn speakers(engine: &mut Engine, pairs: usize) -> Vec<Speaker> {
    let mut speakers = Vec::new();
    for pair in 0..pairs {
        let (low, high) = (account(engine, pair * 2), account(engine, pair * 2 + 1));
        for (number, author, reader) in [(1, low, high), (0, high, low)] {
            let device = device(engine, author);
            let resolve = Request::Resolve {
                account: author,
                device,
                name: format!("user{}", pair * 2 + number),
            };
            let Reply::Resolved { standing, .. } = one(engine, resolve) else {
                panic!("no conversation");
            };
            speakers.push(Speaker {
                conversation: standing.conversation,
                author,
                reader,
                device,
                said: 0,
            });
        }
    }
    speakers
}

/// Everybody in turn says something, and the one before has received it.
fn run(data: &Path, pairs: usize) -> Duration {
    let mut engine = Engine::open(data, [1; 32]).expect("the directory is ours");
    let mut speakers = speakers(&mut engine, pairs);
    one(&mut engine, Request::Checkpoint);
    let mut marks = Vec::new();
    let mut next = 0;
    let begun = Instant::now();
    for _ in 0..MESSAGES / GROUP {
        let mut group = Vec::with_capacity(GROUP + 1);
        let mut said = Vec::with_capacity(GROUP);
        for _ in 0..GROUP {
            let speaker = &mut speakers[next];
            next = (next + 1) % (pairs * 2);
            speaker.said += 1;
            said.push((speaker.conversation, speaker.reader));
            group.push(Request::Append(Append {
                conversation: speaker.conversation,
                author: speaker.author,
                device: speaker.device,
                number: Number(speaker.said),
                digest: Digest([7; 32]),
                content: vec![b'x'; CONTENT_BYTES],
                time_ms: NOW_MS,
            }));
        }
        group.push(Request::Advance {
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
    let given = std::env::args().skip(1).find(|it| !it.starts_with('-'));
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let data = given.map_or_else(|| temporary.path().join("data"), PathBuf::from);
    for pairs in PAIRS {
        let made = fs::DirBuilder::new().mode(0o700).create(&data);
        made.expect("the directory can be made, and was not there");
        let took = run(&data, pairs);
        let each = took / u32::try_from(MESSAGES).expect("a small number");
        println!("{pairs} pairs: {each:.2?} for a message and its mark, in groups of {GROUP}");
        fs::remove_dir_all(&data).expect("it is ours");
    }
}
