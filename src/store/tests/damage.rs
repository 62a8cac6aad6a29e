#![allow(
    clippy::disallowed_methods,
    reason = "whether every page is tried is said in the environment"
)]
//! Each page of a database is damaged in turn: that is found, or it is harmless; wrong data is never shown.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use super::super::check::{Report, check_database};
use super::super::guard::guard;
use super::super::memory::MemoryDisk;
use super::super::testing::{Bench, read};
use super::super::{Engine, Entry, OpenError, Outcome, Reply, Request, RequestId, StoreError};
use crate::protocol::{AccountId, ConversationId, Digest};

/// redb's page, in bytes.
const PAGE: usize = 4096;

/// Of how many pages one is damaged, unless all are asked for.
const SAMPLE: usize = 7;

struct Original {
    image: Vec<u8>,
    /// What each conversation's readers read.
    logs: Vec<(ConversationId, AccountId, Vec<Entry>)>,
    names: Vec<(String, AccountId)>,
}

fn original() -> Original {
    let mut bench = Bench::new();
    let users: Vec<_> = (0..8).map(|n| bench.user(&format!("user{n}"))).collect();
    let mut conversations = vec![(ConversationId::EVERYONE, users[0])];
    for pair in 1..8 {
        let standing = bench.resolve(users[0], &format!("user{pair}"));
        conversations.push((standing.conversation, users[0]));
    }
    for number in 1..=30 {
        for (conversation, user) in &conversations {
            let text = format!("{number} in {}: {}", conversation.0, "x".repeat(200));
            bench.say(*user, *conversation, number, &text);
        }
    }
    let logs = conversations
        .iter()
        .map(|(conversation, user)| (*conversation, user.0, bench.read(user.0, *conversation, 0)))
        .collect();
    let disk = bench.disk.clone();
    drop(bench);
    Original {
        image: disk.image(),
        logs,
        names: (0..8).map(|n| (format!("user{n}"), users[n].0)).collect(),
    }
}

/// The database with some bytes of a page changed.
fn damaged(original: &Original, page: usize, dice: &mut ChaCha20Rng) -> MemoryDisk {
    let mut image = original.image.clone();
    let end = image.len().min((page + 1) * PAGE);
    for _ in 0..8 {
        let place = page * PAGE + dice.next_u32() as usize % (end - page * PAGE);
        image[place] ^= 1 << (dice.next_u32() % 8);
    }
    MemoryDisk::from_image(image)
}

fn found(disk: &MemoryDisk) -> bool {
    let report: Result<Result<Report, OpenError>, StoreError> =
        guard(|| Ok(disk.open().map(check_database))).map(|opened| match opened {
            Ok(report) => report,
            Err(error) => Err(OpenError::Store(error.into())),
        });
    !matches!(report, Ok(Ok(report)) if report.is_sound())
}

/// Asks for everything; returns whether all of it came. What comes must be what was once written.
fn shown(original: &Original, disk: &MemoryDisk, page: usize) -> bool {
    let opened: Result<_, StoreError> = guard(|| Ok(disk.files()));
    let Ok(Ok(database)) = opened else {
        return false;
    };
    let again = disk.clone();
    let Ok(engine) = Engine::new(database, [1; 32]) else {
        return false;
    };
    let mut engine = engine.with_reopen(Box::new(move || {
        again
            .files()
            .map_err(|error| OpenError::Store(error.into()))
    }));
    let mut all = true;
    let mut ask = |request: Request| {
        let outcome = engine.execute(vec![(RequestId(0), request)]).remove(0);
        if engine.is_broken() {
            let _ = guard(|| engine.recover());
        }
        outcome.outcome
    };
    for (name, id) in &original.names {
        match ask(Request::FindAccount { name: name.clone() }) {
            Outcome::Done(Reply::Account(account)) => {
                assert_eq!((&account.name, account.id), (name, *id), "page {page}");
            }
            _ => all = false,
        }
    }
    for (conversation, reader, entries) in &original.logs {
        match ask(read(*reader, *conversation, 0, usize::MAX)) {
            Outcome::Done(Reply::Entries { entries: read, .. }) => {
                all &= read.len() == entries.len();
                for entry in read {
                    let is_named = entry.digest == Digest::default() && entry.content.is_empty();
                    all &= !is_named;
                    let is_true = is_named || entries.contains(&entry);
                    assert!(is_true, "page {page}: {entry:?}");
                }
            }
            _ => all = false,
        }
    }
    all
}

#[test]
fn a_damaged_page_is_found_or_harmless_and_wrong_data_is_never_shown() {
    let original = original();
    let every = std::env::var_os("UDPCHAT_ALL_PAGES").is_some();
    let mut dice = ChaCha20Rng::seed_from_u64(5);
    let (mut pages, mut detected) = (0, 0);
    for page in 0..original.image.len() / PAGE {
        let damaged = damaged(&original, page, &mut dice);
        // Most of a small file is free space.
        let is_used = original.image[page * PAGE..][..PAGE]
            .iter()
            .any(|byte| *byte != 0);
        if !every && (!is_used || page % SAMPLE != 0) {
            continue;
        }
        pages += 1;
        let is_found = found(&MemoryDisk::from_image(damaged.image()));
        let is_whole = shown(&original, &damaged, page);
        detected += u32::from(is_found);
        assert!(is_found || is_whole, "page {page} was lost without a word");
    }
    println!("{pages} pages damaged, {detected} of them found, the others harmless");
    assert!(detected > 0);
}
