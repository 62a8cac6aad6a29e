//! Idempotency keys: what is said twice under one key is stored once.

use super::deletions::is_sound;
use crate::protocol::ConversationId;
use crate::store::ops::log::keys::{KEPT_MS, KEYS_MAX};
use crate::store::schema::records::KeyRecord;
use crate::store::schema::table::Bulk;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::ReadTables as _;
use crate::store::testing::{Bench, User, append, delete, expire, join, leave, under_key};
use crate::store::tests::files::pages::check_disk;
use crate::store::{Append, Audience, Outcome, Refusal, Reply, Request, Write};

const EVERYONE: ConversationId = ConversationId::EVERYONE;

/// A message under a key, at this time in milliseconds.
fn keyed(user: User, number: u64, (key, time_ms): (u64, u64)) -> Append {
    match under_key(append(user, EVERYONE, number, "tea?"), key) {
        Write::Append(said) => Append { time_ms, ..said },
        _ => unreachable!("it is an append"),
    }
}

fn stored(bench: &mut Bench, said: Append) -> u64 {
    match bench.done(Write::Append(said)) {
        Reply::Stored(stored) => stored.entry.0,
        other => panic!("expected it to be stored, not {other:?}"),
    }
}

fn said_before(bench: &mut Bench, said: Append) -> (ConversationId, u64, u64) {
    match bench.refused(Write::Append(said)) {
        Refusal::SaidBefore(before) => (before.conversation, before.entry.0, before.time_ms),
        other => panic!("expected that it was said before, not {other:?}"),
    }
}

/// How many keys are kept, and how many have a place in the order.
fn kept(bench: &mut Bench) -> (usize, usize) {
    bench.done(Request::Checkpoint);
    let (snapshot, _pin) = bench.engine.snapshots().snapshot().expect("it can be read");
    let keys = snapshot.keys().rows().expect("it can be read").count();
    let order = snapshot.key_order().rows().expect("it can be read").count();
    (keys, order)
}

#[test]
fn key_is_used_once_by_all_devices_of_an_account_also_after_a_crash() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let other_device = (alice.0, bench.device(alice.0));
    let bob = bench.user("bob");
    assert_eq!(stored(&mut bench, keyed(alice, 1, (7, 200))), 1);
    let again =
        |bench: &mut Bench, time_ms| said_before(bench, keyed(other_device, 1, (7, time_ms)));
    assert_eq!(again(&mut bench, 300), (EVERYONE, 1, 200));
    // Asked again for the same, it is the same.
    assert_eq!(stored(&mut bench, keyed(alice, 1, (7, 200))), 1);
    // First from the message log alone, then from the tables.
    bench = bench.crash();
    assert_eq!(bench.engine.loss(), None);
    assert_eq!(again(&mut bench, 300), (EVERYONE, 1, 200));
    bench.done(Request::Checkpoint);
    bench = bench.crash();
    assert_eq!(again(&mut bench, 300), (EVERYONE, 1, 200));
    // The number was not used up, and another account's key is another.
    assert_eq!(stored(&mut bench, keyed(other_device, 1, (8, 300))), 2);
    assert_eq!(stored(&mut bench, keyed(bob, 1, (7, 300))), 3);
    is_sound(&mut bench);
}

#[test]
fn key_wins_over_another_recipient_and_another_text() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.user("bob");
    let pair = bench.resolve(alice, "bob").conversation;
    let private = |number, key| Append {
        conversation: pair,
        ..keyed(alice, number, (key, 200))
    };
    assert_eq!(stored(&mut bench, private(1, 7)), 1);
    let Write::Append(other) = append(alice, EVERYONE, 1, "coffee?") else {
        unreachable!("it is an append");
    };
    let other = Append {
        key: keyed(alice, 1, (7, 0)).key,
        ..other
    };
    assert_eq!(said_before(&mut bench, other), (pair, 1, 200));
    assert!(bench.read(alice.0, EVERYONE, 0).is_empty());
    assert_eq!(said_before(&mut bench, private(2, 7)), (pair, 1, 200));
    assert_eq!(stored(&mut bench, private(2, 8)), 2);
}

#[test]
fn who_was_there_when_it_was_said_is_told_again() {
    let mut bench = Bench::new();
    let (alice, _) = (bench.user("alice"), bench.user("bob"));
    assert_eq!(stored(&mut bench, keyed(alice, 1, (7, 200))), 1);
    bench.user("carol");
    let refused = bench.refused(Write::Append(keyed(alice, 2, (7, 300))));
    let Refusal::SaidBefore(before) = refused else {
        panic!("expected that it was said before, not {refused:?}");
    };
    assert_eq!(before.audience, Audience::Everyone { accounts: 2 });
}

#[test]
fn what_was_refused_does_not_use_its_key() {
    let mut bench = Bench::new();
    let (alice, carol) = (bench.user("alice"), bench.user("carol"));
    bench.user("bob");
    let pair = bench.resolve(alice, "bob").conversation;
    let not_hers = Append {
        conversation: pair,
        ..keyed(carol, 1, (7, 200))
    };
    assert_eq!(
        bench.refused(Write::Append(not_hers)),
        Refusal::NotPermitted
    );
    assert_eq!(
        bench.refused(Write::Append(keyed(carol, 5, (7, 200)))),
        Refusal::Expect(crate::protocol::DeviceSeq(1))
    );
    assert_eq!(stored(&mut bench, keyed(carol, 1, (7, 200))), 1);
}

#[test]
fn same_key_in_one_group_is_used_once() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let other_device = (alice.0, bench.device(alice.0));
    let outcomes = bench.outcomes(vec![
        Write::Append(keyed(alice, 1, (7, 200))),
        Write::Append(keyed(other_device, 1, (7, 200))),
        append(other_device, EVERYONE, 1, "without"),
    ]);
    assert!(matches!(outcomes[0], Outcome::Done(Reply::Stored(_))));
    assert!(matches!(
        outcomes[1],
        Outcome::Refused(Refusal::SaidBefore(_))
    ));
    assert!(matches!(outcomes[2], Outcome::Done(Reply::Stored(_))));
    let mut bench = bench.crash();
    assert_eq!(bench.engine.loss(), None);
    assert_eq!(bench.read(alice.0, EVERYONE, 0).len(), 2);
}

#[test]
fn key_is_forgotten_after_its_time_or_with_too_many_others() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    stored(&mut bench, keyed(alice, 1, (0, 200)));
    let within = keyed(alice, 2, (0, 200 + KEPT_MS - 1));
    assert_eq!(said_before(&mut bench, within), (EVERYONE, 1, 200));
    // After that it may come again; then its first use is not what ends the second.
    let mut now = 200 + KEPT_MS;
    assert_eq!(stored(&mut bench, keyed(alice, 2, (0, now))), 2);
    assert_eq!(kept(&mut bench), (1, 1));
    for (key, number) in (1..KEYS_MAX).zip(3..) {
        now += 1;
        stored(&mut bench, keyed(alice, number, (key, now)));
    }
    let most = usize::try_from(KEYS_MAX).expect("it is small");
    assert_eq!(kept(&mut bench), (most, most));
    let number = KEYS_MAX + 2;
    let again = keyed(alice, number, (0, now));
    assert!(matches!(
        bench.refused(Write::Append(again.clone())),
        Refusal::SaidBefore { .. }
    ));
    stored(&mut bench, keyed(alice, number, (KEYS_MAX, now)));
    assert_eq!(kept(&mut bench), (most, most));
    let again = Append {
        number: crate::protocol::DeviceSeq(number + 1),
        ..again
    };
    stored(&mut bench, again);
    is_sound(&mut bench);
    // All are too old, and go two with each that comes.
    let late = keyed(alice, number + 2, (77_777, now + KEPT_MS));
    stored(&mut bench, late);
    assert_eq!(kept(&mut bench), (most - 1, most - 1));
    is_sound(&mut bench);
}

#[test]
fn keys_of_a_deleted_account_go_with_it() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    stored(&mut bench, keyed(alice, 1, (7, 200)));
    assert_eq!(kept(&mut bench), (1, 1));
    bench.done(Write::DeleteAccount {
        account: alice.0,
        proved: None,
        time_ms: 300,
    });
    assert_eq!(kept(&mut bench), (0, 0));
    is_sound(&mut bench);
}

#[test]
fn key_outlives_its_entry() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    assert_eq!(stored(&mut bench, keyed(alice, 1, (7, 200))), 1);
    assert_eq!(stored(&mut bench, keyed(alice, 2, (8, 200))), 2);
    bench.say(alice, EVERYONE, 3, "coffee?");
    bench.done(delete(alice.0, EVERYONE, 1));
    let again = |bench: &mut Bench, key| said_before(bench, keyed(alice, 4, (key, 300)));
    assert_eq!(again(&mut bench, 7), (EVERYONE, 1, 200));
    expire(&mut bench, 1);
    for _ in 0..2 {
        assert_eq!(again(&mut bench, 7), (EVERYONE, 1, 200));
        assert_eq!(again(&mut bench, 8), (EVERYONE, 2, 200));
        is_sound(&mut bench);
        bench = bench.crash();
    }
}

#[test]
fn author_who_has_left_the_room_is_still_told_what_they_said_there() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let Reply::Joined(joined) = bench.done(join(alice, "#bridge")) else {
        panic!("the room is made");
    };
    let room = joined.standing.conversation;
    let bob = bench.user("bob");
    bench.done(join(bob, "#bridge"));
    let there = Append {
        conversation: room,
        ..keyed(alice, 1, (7, 200))
    };
    let entry = stored(&mut bench, there.clone());
    bench.done(leave(alice, room));
    let again = Append {
        number: crate::protocol::DeviceSeq(2),
        ..there
    };
    assert_eq!(said_before(&mut bench, again), (room, entry, 200));
}

#[test]
fn flood_of_keys_forgets_those_of_its_own_account_only() {
    let mut bench = Bench::new();
    let (alice, mallory) = (bench.user("alice"), bench.user("mallory"));
    stored(&mut bench, keyed(alice, 1, (7, 200)));
    for number in 1..=KEYS_MAX + 10 {
        stored(&mut bench, keyed(mallory, number, (number, 200)));
    }
    let most = usize::try_from(KEYS_MAX).expect("it is small");
    assert_eq!(kept(&mut bench), (most + 1, most + 1));
    let again = keyed(alice, 2, (7, 300));
    assert_eq!(said_before(&mut bench, again), (EVERYONE, 1, 200));
    stored(&mut bench, keyed(mallory, KEYS_MAX + 11, (1, 300)));
    is_sound(&mut bench);
}

#[test]
fn check_names_a_key_that_leads_nowhere() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    for number in 1..=2 {
        stored(&mut bench, keyed(alice, number, (number, 200)));
    }
    bench.done(Request::Checkpoint);
    let disk = bench.disk.copy();
    let database = disk.open().expect("no engine has it");
    {
        let transaction = database.begin_write().expect("the disk is well");
        let mut keys = Bulk::<(u64, u64, u64), KeyRecord>::open("keys", &transaction)
            .expect("it can be opened");
        let (snapshot, _pin) = bench.engine.snapshots().snapshot().expect("it can be read");
        for row in snapshot.keys().rows().expect("it can be read") {
            let (key, record) = row.expect("it can be read");
            let record = record.expect("it is sound");
            let record = KeyRecord {
                // The first is none of the log's, the second has the first one's place.
                entry: if record.entry == 1 { 99 } else { 2 },
                count: 1,
                ..record
            };
            keys.insert(&key, &record).expect("the disk is well");
        }
        drop(keys);
        transaction.commit().expect("the disk is well");
    }
    drop(database);
    let report = check_disk(&disk).expect("it can be opened");
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|found| &*found.problem)
        .collect();
    assert_eq!(
        found,
        [
            "its entry is outside of the log",
            "it has no place in the order"
        ]
    );
}
