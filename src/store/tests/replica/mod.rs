//! Databases that follow the log of a cluster.

mod golden;

use crate::protocol::{AccountId, ConversationId, DeviceId};
use crate::store::testing::{Bench, append, delete, join, new_account, position, read, ticket};
use crate::store::{
    Completion, CompletionBox, Outcome, ReplicaState, Reply, Request, RequestId, Write,
};

const EVERYONE: ConversationId = ConversationId(1);

/// The log: its records, each with the writes of one group.
fn log() -> Vec<Vec<Write>> {
    let alice = AccountId(1);
    let user = (alice, DeviceId(1));
    let open = Write::OpenDevice {
        account: alice,
        device: None,
        ticket: ticket(0),
        expires_ms: 1000,
    };
    let mut records = vec![
        vec![Write::CreateAccount(new_account("alice")), open],
        vec![join(user, "#bridge")],
    ];
    for number in 1..=40 {
        records.push(vec![append(user, EVERYONE, number, "tea?")]);
    }
    records.push(vec![delete(alice, EVERYONE, 3)]);
    records
}

fn asked(writes: &[Write]) -> Vec<CompletionBox> {
    let ask = |write: &Write| {
        let request = Request::Write(write.clone());
        Completion::new(RequestId(0), request, Outcome::Unknown).into()
    };
    writes.iter().map(ask).collect()
}

/// Applies the records after the last one that the database has.
fn follow(bench: &mut Bench, log: &[Vec<Write>]) -> Vec<Outcome> {
    let state = bench.engine.replica().unwrap().clone();
    let mut outcomes = Vec::new();
    for (writes, position) in log.iter().zip(1..).filter(|(_, at)| *at > state.applied) {
        let mut record = asked(writes);
        let after = |_: &[CompletionBox]| ReplicaState {
            applied: position,
            ..state.clone()
        };
        bench.engine.apply(&mut record, after).unwrap();
        outcomes.extend(record.into_iter().map(|done| done.outcome));
    }
    outcomes
}

fn hash(bench: &mut Bench) -> [u8; 32] {
    bench.checkpoint_by_the_clock();
    bench.engine.snapshots().state_hash().unwrap()
}

fn founded() -> Bench {
    let mut bench = Bench::new();
    bench.engine.found_cluster().unwrap();
    bench
}

#[test]
fn after_a_crash_it_goes_on_from_its_last_checkpoint_and_comes_to_the_same() {
    let log = log();
    let mut whole = founded();
    let start = whole.disk.copy();
    let outcomes = follow(&mut whole, &log);
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Done(_)))
    );
    let expected = hash(&mut whole);
    for checkpoint in [0, 1, 2, 20, log.len()] {
        for crash in [checkpoint, log.len()] {
            let mut bench = Bench::on(start.copy());
            follow(&mut bench, &log[..checkpoint]);
            bench.checkpoint_by_the_clock();
            follow(&mut bench, &log[..crash]);
            // Nothing was synced since, and some of it may be on the disk all the same.
            let mut flip = false;
            bench.disk.crash_tearing(|| {
                flip = !flip;
                flip
            });
            drop(bench.engine);
            let mut bench = Bench::on(bench.disk);
            assert_eq!(bench.engine.loss(), None);
            let applied = bench.engine.replica().unwrap().applied;
            assert_eq!(applied, checkpoint as u64);
            follow(&mut bench, &log);
            assert_eq!(hash(&mut bench), expected, "from {checkpoint} to {crash}");
            let Reply::Entries { entries, .. } =
                bench.done(read(AccountId(1), EVERYONE, 0, usize::MAX))
            else {
                panic!("no entries");
            };
            assert_eq!(entries.len(), 40);
        }
    }
}

#[test]
fn applying_syncs_nothing_and_a_checkpoint_does() {
    let mut bench = founded();
    let before = bench.disk.syncs();
    follow(&mut bench, &log());
    assert_eq!(bench.disk.syncs(), before);
    bench.checkpoint_by_the_clock();
    assert!(bench.disk.syncs() > before);
}

#[test]
fn copy_goes_on_with_the_log_in_the_same_epoch_and_another_database_does_not() {
    let log = log();
    let mut bench = founded();
    follow(&mut bench, &log[..20]);
    bench.checkpoint_by_the_clock();
    let copy = crate::store::fault_disk::MemoryDisk::new();
    let database = copy.open().unwrap();
    bench.engine.snapshots().back_up_into(&database).unwrap();
    crate::store::begin_service_after(&database, 0, [3; 32]).unwrap();
    drop(database);
    let mut seeded = Bench::on(copy);
    assert_eq!(seeded.engine.epoch(), bench.engine.epoch());
    assert_eq!(seeded.engine.replica(), bench.engine.replica());
    follow(&mut seeded, &log);
    follow(&mut bench, &log);
    assert_eq!(hash(&mut seeded), hash(&mut bench));
    assert_eq!(Bench::new().engine.replica(), None);
}

#[test]
fn what_cannot_be_applied_changes_nothing() {
    let mut bench = founded();
    follow(&mut bench, &log()[..3]);
    let before = bench.engine.replica().unwrap().clone();
    bench.disk.fail_after(Some(0));
    let mut record = asked(&log()[3]);
    let after = |_: &[CompletionBox]| panic!("nothing was applied");
    assert!(bench.engine.apply(&mut record, after).is_err());
    assert_eq!(*bench.engine.replica().unwrap(), before);
}

/// What the last of some requests is answered, and then the marks of everyone.
fn said_and_marked(bench: &mut Bench, requests: Vec<Request>) -> (Reply, Vec<(String, u64)>) {
    let ask = |request| Completion::new(RequestId(0), request, Outcome::Unknown).into();
    let mut record: Vec<CompletionBox> = requests.into_iter().map(ask).collect();
    let state = bench.engine.replica().unwrap().clone();
    bench.engine.apply(&mut record, |_| state).unwrap();
    let Some(Outcome::Done(reply)) = record.pop().map(|done| done.outcome) else {
        panic!("it is not done");
    };
    let marks = bench.marks(AccountId(1), EVERYONE);
    (reply, marks)
}

#[test]
fn hello_in_two_parts_is_answered_alike_and_moves_the_same_marks() {
    let bob = AccountId(2);
    let open = Write::OpenDevice {
        account: bob,
        device: None,
        ticket: ticket(1),
        expires_ms: 1000,
    };
    let mut log = log();
    log.insert(1, vec![Write::CreateAccount(new_account("bob")), open]);
    let mut whole = founded();
    follow(&mut whole, &log);
    whole.checkpoint_by_the_clock();
    let mut parts = Bench::on(whole.disk.copy());
    let hello = || Write::Hello {
        account: bob,
        device: DeviceId(2),
        epoch: None,
        positions: vec![position(EVERYONE, 7, "tea?")],
    };
    let at_once = said_and_marked(&mut whole, vec![hello().into()]);
    let mut asked = Request::Write(hello());
    let moved = parts.engine.split_hello(&mut asked).expect("a mark moves");
    assert!(matches!(asked, Request::Read(_)));
    let in_parts = said_and_marked(&mut parts, vec![moved.into(), asked]);
    assert_eq!(in_parts, at_once);
    assert!(at_once.1.contains(&("bob".into(), 7)), "{:?}", at_once.1);
    // Where it has said so before there is nothing to write.
    let mut again = Request::Write(hello());
    assert_eq!(parts.engine.split_hello(&mut again), None);
}
