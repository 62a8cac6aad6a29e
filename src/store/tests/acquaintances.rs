//! Whom an account knows.

use super::rooms::joined;
use crate::store::testing::{Bench, leave};
use crate::store::{Read, Refusal, Reply};

fn known(bench: &mut Bench, account: crate::protocol::AccountId) -> Vec<String> {
    match bench.done(Read::Acquaintances { account }) {
        Reply::Acquaintances(found) => found.into_iter().map(|found| found.name).collect(),
        other => panic!("expected people, not {other:?}"),
    }
}

#[test]
fn those_one_shares_a_room_or_a_conversation_with_are_known_and_others_are_not() {
    let mut bench = Bench::new();
    let users = ["alice", "bob", "carol", "dave", "erin"].map(|name| bench.user(name));
    let [alice, bob, carol, dave, _] = users;
    assert!(known(&mut bench, alice.0).is_empty());
    let pair = bench.resolve(alice, "dave").conversation;
    assert!(known(&mut bench, alice.0).is_empty(), "nothing was said");
    bench.say(dave, pair, 1, "tea?");
    for user in [alice, bob, carol] {
        joined(&mut bench, user, "#bridge");
    }
    assert_eq!(known(&mut bench, alice.0), ["bob", "carol", "dave"]);
    let room = joined(&mut bench, carol, "#bridge").0.conversation;
    bench.done(leave(carol, room));
    assert_eq!(known(&mut bench, alice.0), ["bob", "dave"]);
    assert!(known(&mut bench, carol.0).is_empty());
}

#[test]
fn who_somebody_is_comes_with_the_rooms_that_both_belong_to() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    for room in ["#deck", "#bridge"] {
        joined(&mut bench, alice, room);
        joined(&mut bench, bob, room);
    }
    joined(&mut bench, bob, "#galley");
    let find = |name: &str| Read::Acquaintance {
        account: alice.0,
        name: name.into(),
    };
    let Reply::Acquaintance(found, rooms) = bench.done(find("bob")) else {
        panic!("bob is known");
    };
    assert_eq!((found.account, found.seen_ms), (bob.0, 0));
    assert_eq!(rooms, ["#bridge", "#deck"]);
    assert_eq!(bench.refused(find("zoe")), Refusal::NoSuchUser);
}
