//! The storage thread: slots, order, callers, pages, recovery and an orderly end.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::super::testing::{Bench, User, append, new_account, read};
use super::super::{
    Completion, Outcome, Read, Reply, Request, RequestId, SLOTS, Store, StoreHandle, StoreThread,
    Write,
};
use crate::protocol::ConversationId;
use crate::store::files::fault_disk::MemoryDisk;
use crate::testing::instant;

/// How long a test waits for what must come. Chosen: far more than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(30);

const EVERYONE: ConversationId = ConversationId::EVERYONE;

fn spawn() -> (StoreHandle, StoreThread, Receiver<Completion>, MemoryDisk) {
    spawn_on(Bench::new())
}

fn spawn_on(bench: Bench) -> (StoreHandle, StoreThread, Receiver<Completion>, MemoryDisk) {
    let (sink, completions) = mpsc::channel();
    let (handle, thread) = StoreThread::spawn(bench.engine, instant, move |group| {
        for completion in group {
            sink.send(*completion).expect("the test is still there");
        }
    });
    (handle, thread, completions, bench.disk)
}

fn create(name: &str) -> Request {
    Write::CreateAccount(new_account(name)).into()
}

#[test]
fn completions_come_in_order_and_stopping_finishes_what_was_submitted() {
    let (mut handle, thread, completions, disk) = spawn();
    for id in 0..300 {
        assert!(handle.submit(RequestId(id), create(&format!("user{id}"))));
        if id % 7 == 0 {
            handle.flush();
        }
    }
    handle.flush();
    thread.stop();
    let ids: Vec<u64> = completions
        .iter()
        .map(|completion| completion.id.0)
        .collect();
    assert_eq!(ids, (0..300).collect::<Vec<_>>());
    assert!(!handle.submit(RequestId(300), Read::ListAccounts.into()));
    assert_eq!(Bench::on(disk).engine.account_count().unwrap(), 300);
}

#[test]
fn what_is_submitted_in_one_turn_becomes_durable_at_once() {
    // The thread began with the first of several messages of a turn, and the others followed in a group of their own: a
    // thousand readers were sent twice as many packets.
    let (mut handle, thread, completions, _) = spawn();
    for id in 0..20 {
        assert!(handle.submit(RequestId(id), create(&format!("user{id}"))));
    }
    handle.flush();
    for _ in 0..20 {
        completions.recv_timeout(PATIENCE).unwrap();
    }
    assert_eq!(thread.caller().commits(), 1);
}

#[test]
fn no_more_is_taken_than_there_are_slots_until_one_is_released() {
    let (mut handle, _thread, completions, _) = spawn();
    for id in 0..SLOTS as u64 {
        assert!(handle.submit(RequestId(id), Read::ListAccounts.into()));
    }
    handle.flush();
    assert_eq!(handle.room(), 0);
    assert!(!handle.submit(RequestId(0), Read::ListAccounts.into()));
    // Even when everything is answered, only taking the answer makes room.
    for _ in 0..SLOTS {
        completions.recv_timeout(PATIENCE).unwrap();
    }
    assert_eq!(handle.room(), 0);
    handle.release();
    assert_eq!(handle.room(), 1);
    assert!(handle.submit(RequestId(1), Read::ListAccounts.into()));
}

#[test]
fn a_caller_waits_for_its_answer_and_learns_when_there_is_none() {
    let (_handle, thread, _completions, _) = spawn();
    let caller = thread.caller();
    let other = caller.clone();
    let there = std::thread::spawn(move || other.call(create("alice")));
    assert!(matches!(
        there.join().unwrap(),
        Outcome::Done(Reply::Account(_))
    ));
    let found = caller.call(Read::FindAccount {
        name: "alice".into(),
        skeleton: None,
    });
    assert!(matches!(found, Outcome::Done(Reply::Account(_))));
    thread.stop();
    assert_eq!(caller.call(Read::ListAccounts), Outcome::Unknown);
}

#[test]
fn service_resumes_by_itself_after_a_failure_of_the_disk() {
    let (mut handle, thread, completions, disk) = spawn();
    disk.fail_after(Some(0));
    assert!(handle.submit(RequestId(1), create("alice")));
    handle.flush();
    let first = completions.recv_timeout(PATIENCE).unwrap();
    assert_eq!(first.outcome, Outcome::Unknown);
    disk.fail_after(None);
    let again = (0..100).find_map(|_| match thread.caller().call(create("alice")) {
        Outcome::Unknown => None,
        outcome => Some(outcome),
    });
    assert!(matches!(again, Some(Outcome::Done(Reply::Account(_)))));
}

#[test]
fn a_broken_disk_does_not_hold_up_the_end() {
    let (mut handle, thread, completions, disk) = spawn();
    disk.fail_after(Some(0));
    for id in 0..300 {
        assert!(handle.submit(RequestId(id), create(&format!("user{id}"))));
    }
    handle.flush();
    thread.stop();
    let answers: Vec<_> = completions.iter().collect();
    assert_eq!(answers.len(), 300);
    assert!(
        answers
            .iter()
            .all(|answer| answer.outcome == Outcome::Unknown)
    );
}

/// Alice, and the thread of a store in which she has said so much to everyone.
fn spawn_talked(
    said: u64,
) -> (
    User,
    StoreHandle,
    StoreThread,
    Receiver<Completion>,
    MemoryDisk,
) {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let messages = (1..=said).map(|number| append(alice, EVERYONE, number, "something"));
    bench.outcomes(messages.collect());
    let (handle, thread, completions, disk) = spawn_on(bench);
    (alice, handle, thread, completions, disk)
}

#[test]
fn who_catches_up_while_others_write_is_given_each_entry_once_and_in_order() {
    const BEFORE: u64 = 2000;
    const LAST: u64 = 6000;
    let (alice, mut handle, _thread, completions, _) = spawn_talked(BEFORE);
    let page = |after| read(alice.0, EVERYONE, after, 4000).into();
    let say = |number| append(alice, EVERYONE, number, "something else").into();
    let (mut asked, mut stored, mut given) = (BEFORE, BEFORE, 0);
    assert!(handle.submit(RequestId(0), page(0)));
    while given < LAST {
        while asked < LAST && asked - stored < 20 {
            asked += 1;
            assert!(handle.submit(RequestId(asked), say(asked)));
        }
        handle.flush();
        let completion = completions.recv_timeout(PATIENCE).unwrap();
        handle.release();
        match completion.outcome {
            Outcome::Done(Reply::Stored(entry)) => stored = entry.entry.0,
            Outcome::Done(Reply::Entries { entries, head, .. }) => {
                // So that the hub can say which entries are still to be read, and which are sent as they are stored.
                assert_eq!(head.0, stored);
                assert!(!entries.is_empty() || given == stored);
                for entry in entries {
                    assert_eq!((entry.prev.0, entry.entry.0), (given, given + 1));
                    given += 1;
                }
                assert!(handle.submit(RequestId(0), page(given)));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Submits pages, and a message between any two.
fn submit_pages(handle: &mut StoreHandle, alice: User, said: u64, count: u64) {
    for id in 0..count {
        let request = if id % 2 == 0 {
            read(alice.0, EVERYONE, id % said, 32 * 1024).into()
        } else {
            append(alice, EVERYONE, said + id.div_ceil(2), "something").into()
        };
        assert!(handle.submit(RequestId(id), request));
        handle.flush();
    }
}

/// What came of each, once.
fn answers(completions: impl Iterator<Item = Completion>, count: u64) -> Vec<Outcome> {
    let mut answers = BTreeMap::new();
    for completion in completions {
        let before = answers.insert(completion.id, completion.outcome);
        assert_eq!(before, None, "{:?} was answered twice", completion.id);
    }
    assert!(answers.keys().map(|id| id.0).eq(0..count));
    answers.into_values().collect()
}

#[test]
fn stopping_finishes_pages_that_were_submitted() {
    let (alice, mut handle, thread, completions, _) = spawn_talked(1000);
    submit_pages(&mut handle, alice, 1000, 600);
    thread.stop();
    for outcome in answers(completions.iter(), 600) {
        let is_done = match &outcome {
            Outcome::Done(Reply::Entries { entries, .. }) => entries.len() > 200,
            Outcome::Done(Reply::Stored(_)) => true,
            _ => false,
        };
        assert!(is_done, "{outcome:?}");
    }
}

#[test]
fn each_page_is_answered_once_when_the_disk_fails_meanwhile() {
    let (alice, mut handle, thread, completions, disk) = spawn_talked(1000);
    disk.fail_after(Some(3));
    submit_pages(&mut handle, alice, 1000, 600);
    let next = |_| completions.recv_timeout(PATIENCE).unwrap();
    let unknown = |outcome: &Outcome| *outcome == Outcome::Unknown;
    assert!(answers((0..600).map(next), 600).iter().any(unknown));
    // While it is tried in vain to open the database again.
    submit_pages(&mut handle, alice, 1000, 600);
    assert!(answers((0..600).map(next), 600).iter().all(unknown));
    disk.fail_after(None);
    let again = (0..1000).find_map(|_| {
        let page = read(alice.0, EVERYONE, 0, 32 * 1024);
        Some(thread.caller().call(page)).filter(|outcome| !unknown(outcome))
    });
    assert!(matches!(
        again,
        Some(Outcome::Done(Reply::Entries { entries, .. })) if entries.len() > 200
    ));
    assert!(completions.try_recv().is_err(), "nothing is answered twice");
}
