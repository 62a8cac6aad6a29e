//! How much each account has written is counted to the byte, whatever happens, and quotas are held against it.

use super::super::testing::{Bench, User, append, change, expire, join, leave};
use super::super::{Outcome, Quota, Read, Refusal, Reply, Request, Write};
use super::files::opening::private_directory;
use super::fixture::populated;
use crate::protocol::{Change, ConversationId, EventKind};
use crate::store::files::fault_disk::MemoryDisk;

const EVERYONE: ConversationId = ConversationId::EVERYONE;

/// As an append is made where quotas hold.
fn within(write: Write, quota: Quota) -> Write {
    match write {
        Write::Append(append) => Write::Append(super::super::Append { quota, ..append }),
        other => other,
    }
}

const fn account(bytes: u64) -> Quota {
    Quota {
        account_bytes: Some(bytes),
        all_bytes: None,
    }
}

fn usage(bench: &mut Bench, account_bytes: Option<u64>) -> (u64, u64) {
    match bench.done(Read::Usage { account_bytes }) {
        Reply::Usage {
            bytes,
            full_accounts,
            ..
        } => (bytes, full_accounts),
        other => panic!("expected what is stored, not {other:?}"),
    }
}

/// A check compares every count with the logs.
fn is_exact(bench: &mut Bench) {
    bench.done(Request::Checkpoint);
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
}

fn topic(user: User, room: ConversationId) -> Write {
    let topic = Change {
        kind: EventKind::Topic,
        subject: None,
        text: Some("tea".into()),
        role: None,
        access: None,
    };
    change(user, room, topic)
}

#[test]
fn counts_are_exact_over_messages_events_retention_and_crashes() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let talk = bench.resolve(alice, "bob").conversation;
    let Reply::Joined(joined) = bench.done(join(alice, "#bridge")) else {
        panic!("it is made");
    };
    let room = joined.standing.conversation;
    let mut before = 0;
    for round in 0..3 {
        for number in 1..=4 {
            bench.say(alice, talk, round * 4 + number, "tea?");
            bench.say(
                bob,
                EVERYONE,
                round * 4 + number,
                "a longer text for everyone",
            );
        }
        bench.done(topic(alice, room));
        bench.done(join(bob, "#bridge"));
        bench.done(leave(bob, room));
        // Said again, it stands once.
        assert!(bench.say(alice, talk, round * 4 + 1, "tea?").repeated);
        let all = usage(&mut bench, None).0;
        assert!(all > before);
        if round == 1 {
            expire(&mut bench, 3);
            assert!(usage(&mut bench, None).0 < all);
        }
        before = usage(&mut bench, None).0;
        bench = bench.crash();
        assert_eq!(usage(&mut bench, None).0, before, "round {round}");
        is_exact(&mut bench);
    }
    expire(&mut bench, 0);
    expire(&mut bench, 1);
    is_exact(&mut bench);
}

#[test]
fn who_is_over_the_quota_is_refused_and_nobody_else_until_there_is_room() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let text = "x".repeat(1000);
    let quota = account(3500);
    let says = |user, number| within(append(user, EVERYONE, number, &text), quota);
    let mut number = 0;
    let refused = loop {
        number += 1;
        match bench.ask(says(alice, number)) {
            Outcome::Done(_) => assert!(number < 10),
            outcome => break outcome,
        }
    };
    assert_eq!(refused, Outcome::Refused(Refusal::QuotaFull(3500)));
    assert_eq!(number, 4, "three of a little more than 1000 bytes fit");
    // It is the account's, wherever it writes, and no other's.
    let talk = bench.resolve(alice, "bob").conversation;
    let elsewhere = within(append(alice, talk, 1, &text), quota);
    assert_eq!(bench.refused(elsewhere), Refusal::QuotaFull(3500));
    bench.done(says(bob, 1));
    // What stands is said to stand.
    bench.done(says(alice, 3));
    assert_eq!(usage(&mut bench, Some(3000)).1, 1);
    assert_eq!(
        bench.read(bob.0, EVERYONE, 0).len(),
        4,
        "nothing is removed for it"
    );
    expire(&mut bench, 2);
    bench.done(says(alice, 4));
    is_exact(&mut bench);
}

#[test]
fn near_the_quota_for_all_those_go_on_who_have_written_less_than_their_share() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let text = "x".repeat(1000);
    let quota = Quota {
        account_bytes: None,
        all_bytes: Some(64_000),
    };
    let mut says = |user, number| bench.ask(within(append(user, EVERYONE, number, &text), quota));
    let mut alices = 0;
    while let Outcome::Done(_) = says(alice, alices + 1) {
        alices += 1;
        assert!(alices < 100, "there is no end");
    }
    assert!(
        (50..60).contains(&alices),
        "the last sixteenth is not hers: {alices}"
    );
    let full = Outcome::Refused(Refusal::StorageFull);
    assert_eq!(says(alice, alices + 1), full);
    let mut bobs = 0;
    while let Outcome::Done(_) = says(bob, bobs + 1) {
        bobs += 1;
        assert!(bobs < 100, "there is no end");
    }
    assert!(bobs >= 3, "{bobs}");
    assert_eq!(says(bob, bobs + 1), full, "nobody writes beyond all of it");
    let (all, _) = usage(&mut bench, None);
    assert!((60_000..=65_000).contains(&all), "{all}");
}

#[test]
fn limit_that_was_lowered_since_makes_nothing_of_the_log_impossible() {
    // The message log is made again by a server that may have other limits: what was called stored stands.
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    for number in 1..=5 {
        bench.done(within(
            append(alice, EVERYONE, number, "tea?"),
            account(100_000),
        ));
    }
    let mut bench = bench.crash();
    assert_eq!(bench.read(alice.0, EVERYONE, 0).len(), 5);
    let more = within(append(alice, EVERYONE, 6, "tea?"), account(10));
    assert_eq!(bench.refused(more), Refusal::QuotaFull(10));
    is_exact(&mut bench);
}

#[test]
fn copy_counts_as_much_as_what_it_was_made_of() {
    let (disk, _) = populated();
    let mut bench = Bench::on(disk);
    let all = usage(&mut bench, None);
    let directory = private_directory();
    let copy = directory.path().join("copy");
    bench.done(Request::Checkpoint);
    bench
        .engine
        .snapshots()
        .back_up(std::fs::File::create_new(&copy).expect("it is new"), 0)
        .expect("it is written");
    let image = std::fs::read(&copy).expect("it is there");
    let mut bench = Bench::on(MemoryDisk::from_image(image));
    assert_eq!(usage(&mut bench, None), all);
    is_exact(&mut bench);
    let own = usage(&mut bench, Some(1)).1;
    assert!(own > 1, "several have written: {own}");
}
