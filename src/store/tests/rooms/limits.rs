//! Rooms: how many there may be of everything.

use super::{invite, joined, once};
use crate::store::ops::accounts::ROOMS_MADE_MAX;
use crate::store::ops::rooms::{INVITATIONS_MAX, ROOMS_JOINED_MAX, ROOMS_LEFT_MAX};
use crate::store::testing::{Bench, change, join, leave};
use crate::store::{Outcome, Refusal};

#[test]
fn an_account_makes_joins_and_remembers_so_many_rooms_and_no_more() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let makers = ROOMS_JOINED_MAX.max(ROOMS_LEFT_MAX) / ROOMS_MADE_MAX as usize + 1;
    let mut names = Vec::new();
    for maker in 0..makers {
        let maker = bench.user(&format!("maker{maker}"));
        for _ in 0..ROOMS_MADE_MAX {
            let name = format!("#room{}", names.len());
            bench.done(join(maker, &name));
            names.push(name);
        }
        let refused = bench.refused(join(maker, "#one-more"));
        assert!(matches!(refused, Refusal::LimitReached(_)));
    }
    let requests = |names: &[String]| {
        names
            .iter()
            .map(|name| join(alice, name))
            .collect::<Vec<_>>()
    };
    let outcomes = bench.outcomes(requests(&names[..ROOMS_JOINED_MAX]));
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Done(_)))
    );
    let next = names[ROOMS_JOINED_MAX].as_str();
    assert!(matches!(
        bench.refused(join(alice, next)),
        Refusal::LimitReached(_)
    ));
    assert!(matches!(
        bench.refused(join(alice, "#own")),
        Refusal::LimitReached(_)
    ));
    let standings = bench.hello(alice, vec![]);
    assert_eq!(standings.len(), ROOMS_JOINED_MAX + 1);
    for standing in &standings[1..] {
        once(&mut bench, leave(alice, standing.conversation));
    }
    let (standing, ..) = joined(&mut bench, alice, next);
    once(&mut bench, leave(alice, standing.conversation));
    let left = bench.hello(alice, vec![]);
    assert_eq!(left.len(), ROOMS_LEFT_MAX + 1, "the oldest is forgotten");
}

#[test]
fn open_invitations_are_bounded() {
    let mut bench = Bench::new();
    bench.user("bob");
    let mut invited = 0;
    for maker in 0.. {
        let maker = bench.user(&format!("maker{maker}"));
        for room in 0..ROOMS_MADE_MAX {
            let (standing, ..) = joined(&mut bench, maker, &format!("#{}-{room}", maker.0));
            match bench.ask(change(maker, standing.conversation, invite("bob"))) {
                Outcome::Done(_) => invited += 1,
                Outcome::Refused(Refusal::LimitReached(_)) => {
                    assert_eq!(invited, INVITATIONS_MAX);
                    return;
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
