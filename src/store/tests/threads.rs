//! The storage thread: slots, order, callers, recovery and an orderly end.

use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::super::testing::{Bench, new_account};
use super::super::{
    Completion, Outcome, Read, Reply, Request, RequestId, SLOTS, Store, StoreHandle, StoreThread,
    Write,
};
use crate::store::files::fault_disk::MemoryDisk;
use crate::testing::instant;

/// How long a test waits for what must come. Chosen: far more than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(30);

fn spawn() -> (StoreHandle, StoreThread, Receiver<Completion>, MemoryDisk) {
    let bench = Bench::new();
    let (sink, completions) = mpsc::channel();
    let (handle, thread) = StoreThread::spawn(bench.engine, instant, move |group| {
        for completion in group {
            sink.send(completion).expect("the test is still there");
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
