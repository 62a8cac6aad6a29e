//! What outlives a loss of power and a failing disk: all that was answered as done, and nothing by half.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use redb::TableDefinition;

use super::super::testing::{Bench, append, read};
use super::super::{Engine, OpenError, Outcome, Read, Reply, Request, RequestId, Write, open_file};
use super::files::opening::engine;
use super::files::pages::{PAGE, is_used};
use crate::protocol::{AccountId, ConversationId, DeviceId, Digest, EntryId};
use crate::store::files::fault_disk::MemoryDisk;

/// How many seeds the test of crashes runs. Chosen: a few seconds on two cores.
const SEEDS: u64 = 120;

/// How many messages each of the two users says in a run.
const MESSAGES: u64 = 12;

/// One who sends as a client does: the next number is said only once the one before is stored.
struct Sender {
    user: (AccountId, DeviceId),
    stored: Vec<EntryId>,
}

impl Sender {
    fn next(&self, conversation: ConversationId) -> Option<Write> {
        let number = self.stored.len() as u64 + 1;
        (number <= MESSAGES).then(|| append(self.user, conversation, number, &text(number)))
    }
}

fn text(number: u64) -> String {
    format!("{number}").repeat(200)
}

/// A store on which alice and bob can talk.
fn prepared() -> (Bench, [Sender; 2], ConversationId) {
    let mut bench = Bench::new();
    let users = ["alice", "bob"].map(|name| bench.user(name));
    let conversation = bench.resolve(users[0], "bob").conversation;
    let senders = users.map(|user| Sender {
        user,
        stored: Vec::new(),
    });
    (bench, senders, conversation)
}

#[test]
fn what_was_called_stored_outlives_every_crash_and_stands_once() {
    for seed in 0..SEEDS {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (mut bench, mut senders, conversation) = prepared();
        let mut rounds = 0;
        loop {
            let requests: Vec<_> = senders
                .iter()
                .filter_map(|sender| sender.next(conversation))
                .collect();
            if requests.is_empty() {
                break;
            }
            rounds += 1;
            assert!(rounds < 500, "seed {seed}: it does not come to an end");
            let fault = rng.next_u32() % 3;
            if fault != 0 {
                bench.disk.fail_after(Some(u64::from(rng.next_u32() % 16)));
            }
            let outcomes = bench.outcomes(requests);
            let waiting = senders
                .iter_mut()
                .filter(|sender| sender.next(conversation).is_some());
            for (sender, outcome) in waiting.zip(outcomes) {
                match outcome {
                    Outcome::Done(Reply::Stored(stored)) => sender.stored.push(stored.entry),
                    Outcome::Unknown => assert!(bench.engine.is_broken()),
                    other => panic!("seed {seed}: {other:?}"),
                }
            }
            match fault {
                0 => {}
                1 => {
                    bench.disk.crash_keeping(|_| rng.next_u32() % 2 == 0);
                    bench = bench.crash();
                }
                _ => {
                    bench.disk.fail_after(None);
                    bench.engine.recover().expect("the disk is healed");
                }
            }
        }
        let mut bench = bench.crash();
        let reader = senders[1].user.0;
        let log = bench.read(reader, conversation, 0);
        assert_eq!(
            log.len() as u64,
            2 * MESSAGES,
            "seed {seed}: each stands once"
        );
        for sender in &senders {
            let own: Vec<_> = log
                .iter()
                .filter(|entry| entry.author == sender.user.0)
                .collect();
            for (number, (entry, stored)) in (1..).zip(own.iter().zip(&sender.stored)) {
                assert_eq!(
                    entry.entry, *stored,
                    "seed {seed}: it stands where it was said to"
                );
                assert_eq!(
                    entry.content,
                    text(number).as_bytes(),
                    "seed {seed}: in order"
                );
            }
        }
    }
}

#[test]
fn a_batch_on_a_failing_disk_is_unknown_and_service_resumes() {
    let (mut bench, [alice, bob], conversation) = prepared();
    bench.disk.fail_after(Some(0));
    let batch = || {
        vec![
            append(alice.user, conversation, 1, "one"),
            append(bob.user, conversation, 1, "one"),
        ]
    };
    assert_eq!(
        bench.outcomes(batch()),
        [Outcome::Unknown, Outcome::Unknown]
    );
    assert!(bench.engine.is_broken());
    assert_eq!(
        bench.outcomes(batch()),
        [Outcome::Unknown, Outcome::Unknown]
    );
    assert!(bench.engine.recover().is_err(), "the disk still fails");
    bench.disk.fail_after(None);
    bench.engine.recover().expect("the disk is healed");
    for outcome in bench.outcomes(batch()) {
        assert!(matches!(outcome, Outcome::Done(Reply::Stored(_))));
    }
    assert_eq!(bench.read(alice.user.0, conversation, 0).len(), 2);
}

#[test]
fn another_database_is_not_taken_for_the_one_that_failed() {
    let other = MemoryDisk::new();
    drop(Engine::new(other.files().expect("it is empty"), [9; 32]));
    for place in [MemoryDisk::new(), other] {
        let (bench, [alice, _], conversation) = prepared();
        let reopen = move || {
            let database = place.files();
            database.map_err(|error| OpenError::Store(error.into()))
        };
        let mut engine = bench.engine.with_reopen(Box::new(reopen));
        bench.disk.fail_after(Some(0));
        let batch = vec![(
            RequestId(1),
            append(alice.user, conversation, 1, "one").into(),
        )];
        assert_eq!(engine.execute(batch)[0].outcome, Outcome::Unknown);
        assert!(matches!(engine.recover(), Err(OpenError::Replaced)));
        assert!(engine.is_broken());
    }
}

#[test]
fn a_damaged_record_takes_down_only_the_requests_that_need_it() {
    let (mut bench, [alice, bob], conversation) = prepared();
    bench.say(bob.user, conversation, 1, "first");
    let disk = bench.disk.clone();
    drop(bench);
    let database = disk.open().expect("the engine is gone");
    let transaction = database.begin_write().expect("the disk is well");
    transaction
        .open_table(TableDefinition::<(u64, u64), &[u8]>::new("members"))
        .expect("the table is there")
        .insert((conversation.0, alice.user.0.0), &[0xc1_u8][..])
        .expect("the disk is well");
    transaction.commit().expect("the disk is well");
    drop(database);
    let mut bench = Bench::on(disk);
    let outcomes = bench.outcomes(vec![
        append(bob.user, conversation, 2, "before"),
        append(alice.user, conversation, 1, "damaged"),
        append(bob.user, conversation, 3, "after"),
    ]);
    assert!(matches!(outcomes[0], Outcome::Done(Reply::Stored(_))));
    assert_eq!(outcomes[1], Outcome::Unknown);
    assert!(matches!(outcomes[2], Outcome::Done(Reply::Stored(_))));
    assert!(!bench.engine.is_broken());
    assert_eq!(bench.read(bob.user.0, conversation, 0).len(), 3);
}

#[test]
fn a_batch_is_synced_once_and_one_that_changes_nothing_not_at_all() {
    let (mut bench, [alice, _], conversation) = prepared();
    let batch = |from: u64| {
        (from..from + 100)
            .map(|number| append(alice.user, conversation, number, &number.to_string()))
            .collect::<Vec<_>>()
    };
    let one = {
        let before = bench.disk.syncs();
        bench.outcomes(batch(1).split_off(99));
        bench.disk.syncs() - before
    };
    assert_eq!(one, 0, "a refusal needs no commit");
    let before = bench.disk.syncs();
    bench.outcomes(batch(1));
    let hundred = bench.disk.syncs() - before;
    let before = bench.disk.syncs();
    bench.say(alice.user, conversation, 101, "one");
    assert_eq!(hundred, bench.disk.syncs() - before);
    assert!(hundred > 0);
}

#[test]
fn a_disk_forgets_what_was_not_synced() {
    let (mut bench, [alice, _], conversation) = prepared();
    bench.say(alice.user, conversation, 1, "kept");
    let image = bench.disk.image();
    assert_eq!(bench.disk.unsynced(), 0, "an answer comes after the sync");
    // All writes succeed, and the sync that would make them durable fails.
    let mut lost = false;
    for successes in 0..40 {
        bench.disk.fail_after(Some(successes));
        let outcome = bench.ask(append(alice.user, conversation, 2, "lost"));
        if outcome != Outcome::Unknown {
            break;
        }
        lost |= bench.disk.unsynced() > 0;
        bench = bench.crash();
        assert_eq!(bench.read(alice.user.0, conversation, 0).len(), 1);
    }
    assert!(lost, "some crash came between a write and its sync");
    assert!(!image.is_empty());
}

#[test]
fn a_flipped_byte_is_found_or_harmless_and_never_a_panic() {
    let (mut bench, [alice, bob], conversation) = prepared();
    for number in 1..=40 {
        bench.say(alice.user, conversation, number, &text(number));
    }
    let disk = bench.disk.clone();
    drop(bench);
    let image = disk.image();
    let mut failed = 0;
    for page in (0..image.len() / PAGE).filter(|page| is_used(&image, *page)) {
        for place in [1, 40, 300, 4090] {
            let mut copy = image.clone();
            copy[page * PAGE + place] ^= 0xff;
            let directory = tempfile::tempdir().expect("there is room");
            let path = directory.path().join("flipped");
            std::fs::write(&path, copy).expect("there is room");
            let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&path, owner_only).expect("it is ours");
            let opened = open_file(&path).and_then(|database| engine(database, &disk.copy()));
            let Ok(mut engine) = opened else {
                failed += 1;
                continue;
            };
            let batch = [
                Request::from(Read::ListAccounts),
                read(bob.user.0, conversation, 0, usize::MAX).into(),
                append(alice.user, conversation, 41, "41").into(),
            ];
            let batch = batch.map(|request| (RequestId(0), request)).to_vec();
            for completion in engine.execute(batch) {
                failed += u32::from(completion.outcome == Outcome::Unknown);
                let Outcome::Done(Reply::Entries { entries, .. }) = completion.outcome else {
                    continue;
                };
                // What redb does not find, the reader's digest does.
                assert!(entries.iter().all(|entry| {
                    entry.content == text(entry.number.0).as_bytes()
                        || entry.digest != Digest::of(&entry.content)
                }));
            }
        }
    }
    assert!(failed > 0, "some of the damage mattered");
}
