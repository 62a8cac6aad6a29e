//! How far an account has read, and what it has muted: for its own devices, and nobody else.

use super::super::super::testing::{Bench, User, append, expire, join, leave};
use super::super::super::{ConversationState, Refusal, Reply, Write};
use crate::protocol::{AccountId, ConversationId, EntryId};

fn read(reads: &[(ConversationId, User, u64)]) -> Write {
    let reads = reads.iter();
    Write::Read {
        reads: reads
            .map(|(conversation, user, entry)| (*conversation, user.0, EntryId(*entry)))
            .collect(),
    }
}

/// What moves when an account has read up to an entry.
fn moved(bench: &mut Bench, user: User, conversation: ConversationId, entry: u64) -> Option<u64> {
    match bench.done(read(&[(conversation, user, entry)])) {
        Reply::Read(moved) => moved.first().map(|(_, _, entry)| entry.0),
        other => panic!("expected places, not {other:?}"),
    }
}

fn mute(user: User, conversation: ConversationId, until_ms: u64) -> Write {
    Write::Mute {
        conversation,
        account: user.0,
        until_ms,
    }
}

fn standing(bench: &mut Bench, user: User, conversation: ConversationId) -> ConversationState {
    let mut standings = bench.hello(user, vec![]).into_iter();
    standings
        .find(|standing| standing.conversation == conversation)
        .expect("it is theirs")
}

fn pair(bench: &mut Bench, lines: u64) -> ([User; 3], ConversationId) {
    let users = ["alice", "bob", "carol"].map(|name| bench.user(name));
    let pair = bench.resolve(users[0], "bob").conversation;
    for number in 1..=lines {
        bench.say(users[0], pair, number, "tea?");
    }
    (users, pair)
}

#[test]
fn place_never_goes_back_nor_past_the_log_and_survives_a_crash() {
    let mut bench = Bench::new();
    let ([_, bob, _], pair) = pair(&mut bench, 3);
    for (entry, expected) in [(2, Some(2)), (1, None), (u64::MAX, Some(3)), (3, None)] {
        assert_eq!(moved(&mut bench, bob, pair, entry), expected, "{entry}");
    }
    let mut bench = bench.crash();
    assert_eq!(standing(&mut bench, bob, pair).read_up_to, EntryId(3));
    let report = bench.engine.snapshots().check().unwrap();
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn what_is_not_ones_own_is_passed_over_without_a_word() {
    let mut bench = Bench::new();
    let ([alice, bob, carol], pair) = pair(&mut bench, 3);
    let reads = [
        (pair, carol, 2),
        (ConversationId(4711), bob, 2),
        (pair, (AccountId(99), bob.1), 2),
        (pair, bob, 1),
    ];
    let reply = bench.done(read(&reads));
    assert_eq!(reply, Reply::Read(vec![(pair, bob.0, EntryId(1))]));
    // A pair that has not begun stays so.
    let unspoken = bench.resolve(carol, "bob").conversation;
    assert_eq!(moved(&mut bench, carol, unspoken, 1), None);
    assert_eq!(
        bench.refused(mute(carol, unspoken, 9)),
        Refusal::NotPermitted
    );
    assert_eq!(bench.refused(mute(carol, pair, 9)), Refusal::NotPermitted);
    assert_eq!(bench.hello(carol, vec![]).len(), 1);
    // What bob has read is nothing that alice is told.
    assert_eq!(bench.marks(alice.0, pair), []);
    let alices = standing(&mut bench, alice, pair);
    assert_eq!(alices.read_up_to, EntryId(0));
}

#[test]
fn who_has_left_has_read_no_further_than_they_may_and_comes_back_to_a_muted_room() {
    let mut bench = Bench::new();
    let ([alice, bob, _], _) = pair(&mut bench, 0);
    let Reply::Joined(made) = bench.done(join(alice, "#bridge")) else {
        panic!("a room was asked for");
    };
    let room = made.standing.conversation;
    bench.done(join(bob, "#bridge"));
    bench.done(mute(bob, room, 9));
    bench.done(leave(bob, room));
    bench.done(append(alice, room, 1, "behind his back"));
    assert_eq!(moved(&mut bench, bob, room, 9), Some(3));
    bench.done(join(bob, "#bridge"));
    let begun = standing(&mut bench, bob, room);
    assert_eq!((begun.read_up_to, begun.muted_until_ms), (EntryId(3), 9));
}

#[test]
fn mute_lasts_until_it_is_taken_back() {
    let mut bench = Bench::new();
    let ([_, bob, _], pair) = pair(&mut bench, 1);
    assert_eq!(bench.done(mute(bob, pair, 77)), Reply::Nothing);
    let mut bench = bench.crash();
    assert_eq!(standing(&mut bench, bob, pair).muted_until_ms, 77);
    bench.done(mute(bob, pair, 0));
    assert_eq!(standing(&mut bench, bob, pair).muted_until_ms, 0);
}

#[test]
fn retention_takes_no_place_back() {
    let mut bench = Bench::new();
    let ([_, bob, _], pair) = pair(&mut bench, 3);
    assert_eq!(moved(&mut bench, bob, pair, 1), Some(1));
    expire(&mut bench, 1);
    assert_eq!(standing(&mut bench, bob, pair).read_up_to, EntryId(1));
    assert_eq!(moved(&mut bench, bob, pair, 3), Some(3));
}
