//! What the operator's limits remove, and what they leave true.

use super::super::testing::{Bench, append, join, position};
use super::super::{Outcome, Read, Refusal, Reply, Request, Retention, Write};
use crate::protocol::{AccountId, ConversationId, DeviceId, EntryId};

const EVERYONE: ConversationId = ConversationId::EVERYONE;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

fn expire(bench: &mut Bench, keep: Retention, now_ms: u64) -> u64 {
    let mut from = ConversationId(0);
    let mut all = 0;
    loop {
        match bench.done(Write::Expire { from, keep, now_ms }) {
            Reply::Expired { removed, next, .. } => {
                all += removed;
                match next {
                    Some(next) => from = next,
                    None => return all,
                }
            }
            other => panic!("expected what has expired, not {other:?}"),
        }
    }
}

fn last(messages: u64) -> Retention {
    Retention {
        messages: Some(messages),
        ..Retention::default()
    }
}

fn floor(bench: &mut Bench, user: (crate::protocol::AccountId, crate::protocol::DeviceId)) -> u64 {
    bench.hello(user, vec![])[0].log_start.0
}

#[test]
fn only_the_last_entries_are_kept_and_the_next_one_names_the_floor() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    for number in 1..=5 {
        bench.say(alice, EVERYONE, number, "hi");
    }
    assert_eq!(expire(&mut bench, last(2), 1000), 3);
    assert_eq!(floor(&mut bench, alice), 3);
    let entries = bench.read(alice.0, EVERYONE, 0);
    let places: Vec<_> = entries
        .iter()
        .map(|entry| (entry.prev.0, entry.entry.0))
        .collect();
    assert_eq!(places, [(3, 4), (4, 5)]);
    assert_eq!(expire(&mut bench, last(2), 1000), 0);
    assert_eq!(bench.say(alice, EVERYONE, 6, "more").entry, EntryId(6));
}

#[test]
fn a_repeated_number_whose_entry_has_expired_is_still_stored() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.say(alice, EVERYONE, 1, "first");
    bench.say(alice, EVERYONE, 2, "second");
    assert_eq!(expire(&mut bench, last(1), 1000), 1);
    let again = bench.say(alice, EVERYONE, 1, "first");
    assert!(again.repeated);
    assert_eq!(again.entry, EntryId(1));
    let other = bench.refused(append(alice, EVERYONE, 1, "something else"));
    assert_eq!(other, Refusal::Conflict);
}

#[test]
fn age_removes_what_is_older_and_nothing_else() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.say(alice, EVERYONE, 1, "at 100 ms");
    let keep = Retention {
        days: Some(2),
        ..Retention::default()
    };
    assert_eq!(expire(&mut bench, keep, 2 * DAY_MS + 100), 0);
    assert_eq!(expire(&mut bench, keep, 2 * DAY_MS + 101), 1);
}

fn says_at(bench: &mut Bench, user: (AccountId, DeviceId), number: u64, time_ms: u64) {
    let Write::Append(mut message) = append(user, EVERYONE, number, "hi") else {
        unreachable!("append makes an append");
    };
    message.time_ms = time_ms;
    bench.done(Write::Append(message));
}

/// One entry of a clock that was ten years ahead kept all that came after it.
#[test]
fn entry_from_a_time_ahead_expires_with_the_next_one_whose_age_is_known() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let today = 20_000 * DAY_MS;
    let ahead = today + 3650 * DAY_MS;
    for (number, time_ms) in [
        (1, ahead),
        (2, ahead),
        (3, today),
        (4, ahead),
        (5, today + DAY_MS),
    ] {
        says_at(&mut bench, alice, number, time_ms);
    }
    let keep = Retention {
        days: Some(30),
        ..Retention::default()
    };
    assert_eq!(expire(&mut bench, keep, today + 29 * DAY_MS), 0);
    // The passes that follow a jump of more than a day remove nothing.
    expire(&mut bench, keep, today + 30 * DAY_MS);
    assert_eq!(expire(&mut bench, keep, today + 30 * DAY_MS + 1), 3);
    assert_eq!(floor(&mut bench, alice), 3);
    assert_eq!(expire(&mut bench, keep, today + 31 * DAY_MS + 1), 2);
}

/// A clock that begins in 1970 takes no younger entry with it.
#[test]
fn entry_from_long_ago_waits_for_those_before_it() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let today = 20_000 * DAY_MS;
    for (number, time_ms) in [(1, today), (2, 0), (3, today)] {
        says_at(&mut bench, alice, number, time_ms);
    }
    let keep = Retention {
        days: Some(30),
        ..Retention::default()
    };
    assert_eq!(expire(&mut bench, keep, today + 1), 0);
    assert_eq!(expire(&mut bench, keep, today + 2), 0);
}

#[test]
fn size_counts_the_bytes_that_the_log_takes() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let long = "x".repeat(15_000);
    for number in 1..=100 {
        bench.say(alice, EVERYONE, number, &long);
    }
    let keep = Retention {
        megabytes: Some(1),
        ..Retention::default()
    };
    assert_eq!(expire(&mut bench, keep, 1000), 34);
    assert_eq!(expire(&mut bench, keep, 1000), 0);
}

#[test]
fn a_pass_goes_on_where_a_step_has_ended() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    for number in 1..=2500 {
        bench.say(alice, EVERYONE, number, "hi");
    }
    let first = bench.done(Write::Expire {
        from: ConversationId(0),
        keep: last(1),
        now_ms: 1000,
    });
    let Reply::Expired { removed, next, .. } = first else {
        panic!("expected what has expired, not {first:?}");
    };
    assert_eq!((removed, next), (1000, Some(EVERYONE)));
    assert_eq!(expire(&mut bench, last(1), 1000), 1499);
}

#[test]
fn a_pass_after_a_jump_of_the_clock_removes_nothing() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.say(alice, EVERYONE, 1, "hi");
    let keep = Retention {
        days: Some(30),
        ..Retention::default()
    };
    assert_eq!(expire(&mut bench, keep, 1000), 0);
    let jumped = 1000 + 40 * DAY_MS;
    let request = Write::Expire {
        from: ConversationId(0),
        keep,
        now_ms: jumped,
    };
    let skipped = Reply::Expired {
        removed: 0,
        next: None,
        jumped_from_ms: Some(1000),
    };
    assert_eq!(bench.done(request), skipped);
    assert_eq!(expire(&mut bench, keep, jumped + 1), 1, "it was no jump");
}

#[test]
fn a_conversation_can_have_limits_of_its_own() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.user("bob");
    let pair = bench.resolve(alice, "bob").conversation;
    for number in 1..=3 {
        bench.say(alice, EVERYONE, number, "hi");
        bench.say(alice, pair, number, "hi");
    }
    let keep_all = Write::Retain {
        name: "everyone".into(),
        keep: last(0),
    };
    assert_eq!(bench.done(keep_all), Reply::Nothing);
    assert_eq!(expire(&mut bench, last(1), 1000), 2, "those of the pair");
    assert_eq!(
        bench.done(Read::ListRetained),
        Reply::Retained(vec![("everyone".into(), last(0))])
    );
    let like_others = Write::Retain {
        name: "everyone".into(),
        keep: Retention::default(),
    };
    bench.done(like_others);
    assert_eq!(expire(&mut bench, last(1), 1000), 2);
    let nowhere = Write::Retain {
        name: "#nowhere".into(),
        keep: last(1),
    };
    assert_eq!(bench.ask(nowhere), Outcome::Refused(Refusal::NoSuchRoom));
}

#[test]
fn limits_of_a_room_count_from_its_first_entry_on_also_where_nobody_has_said_anything() {
    // A simulated pass removed the entry by which somebody had joined a room in which nobody had spoken yet, and was
    // taken for wrong. It was right: a room has its name, and so its limits, from when it is made.
    let mut bench = Bench::new();
    for name in ["alice", "bob", "carol"] {
        let user = bench.user(name);
        bench.done(join(user, "#bridge"));
        bench.done(join(user, "#deck"));
    }
    let keep = Write::Retain {
        name: "#bridge".into(),
        keep: last(2),
    };
    bench.done(keep);
    assert_eq!(expire(&mut bench, Retention::default(), 1000), 1);
}

#[test]
fn a_position_before_the_floor_is_placed_at_it() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let bob = bench.user("bob");
    for number in 1..=3 {
        bench.say(alice, EVERYONE, number, "hi");
    }
    expire(&mut bench, last(1), 1000);
    let standing = bench
        .hello(bob, vec![position(EVERYONE, 1, "hi")])
        .remove(0);
    assert_eq!((standing.start.0, standing.log_start.0), (2, 2));
    assert_eq!(
        bench.marks(alice.0, EVERYONE),
        [],
        "bob has not shown to have received anything"
    );
}

#[test]
fn a_check_finds_nothing_wrong_after_entries_have_expired() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    for number in 1..=5 {
        bench.say(alice, EVERYONE, number, "hi");
    }
    expire(&mut bench, last(2), 1000);
    bench.done(Request::Checkpoint);
    let report = bench.engine.snapshots().check().unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.entries, 2);
    expire(&mut bench, last(0), 1000);
}

fn marks(bench: &mut Bench, asker: crate::protocol::AccountId) -> Vec<(u64, u64)> {
    let request = Read::Marks {
        conversation: EVERYONE,
        account: asker,
        named_max: u32::MAX,
    };
    let Reply::Marks { marks, .. } = bench.done(request) else {
        panic!("marks are answered by marks");
    };
    let spans = marks.iter().map(|mark| (mark.joined_after.0, mark.entry.0));
    spans.collect()
}

#[test]
fn what_has_expired_before_a_reader_had_it_is_not_received_by_what_they_receive_after_it() {
    // bob was away, and all but the last of what alice said expired. When he came he received the last one, his mark
    // passed the others, and alice was told that he had received them. (Seed 4 of the simulator's retention.)
    for says_hello in [false, true] {
        let mut bench = Bench::new();
        let (alice, bob) = (bench.user("alice"), bench.user("bob"));
        for number in 1..=5 {
            bench.say(alice, EVERYONE, number, "hi");
        }
        assert_eq!(expire(&mut bench, last(1), 1000), 4);
        if says_hello {
            bench.hello(bob, vec![position(EVERYONE, 5, "hi")]);
        } else {
            let marks = vec![(EVERYONE, bob.0, EntryId(5))];
            let seen = Vec::new();
            bench.done(Write::Advance { marks, seen });
        }
        assert_eq!(marks(&mut bench, alice.0), [(4, 5)]);
    }
}

#[test]
fn what_a_reader_had_before_it_expired_stays_received() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    for number in 1..=5 {
        bench.say(alice, EVERYONE, number, "hi");
    }
    bench.hello(bob, vec![position(EVERYONE, 4, "hi")]);
    assert_eq!(expire(&mut bench, last(1), 1000), 4);
    bench.hello(bob, vec![position(EVERYONE, 5, "hi")]);
    assert_eq!(marks(&mut bench, alice.0), [(0, 5)]);
}

#[test]
fn device_is_told_that_it_has_missed_something_also_of_a_conversation_that_it_never_knew() {
    // Only a device that stood somewhere after the beginning could see from the floor that it had missed something; who
    // was written to for the first time while away was told nothing.
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.resolve(alice, "bob").conversation;
    for number in 1..=3 {
        bench.say(alice, pair, number, "hi");
    }
    expire(&mut bench, last(1), 1000);
    let expired = |bench: &mut Bench, positions| -> Vec<bool> {
        let standings = bench.hello(bob, positions);
        standings.iter().map(|standing| standing.expired).collect()
    };
    let everyone = position(EVERYONE, 0, "");
    assert_eq!(expired(&mut bench, vec![everyone]), [false, true]);
    let at = |entry| vec![position(EVERYONE, 0, ""), position(pair, entry, "hi")];
    assert_eq!(expired(&mut bench, at(1)), [false, true]);
    assert_eq!(expired(&mut bench, at(2)), [false, false]);
    assert_eq!(expired(&mut bench, at(3)), [false, false]);
}
