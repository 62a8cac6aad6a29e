//! How many edits, reactions and pins there are, how much is stored for them, and for how long.

use super::{ABOUT, ALL, EVERYONE, Talk, is_at_limit, is_bad, is_sound};
use crate::protocol::EntryKind;
use crate::store::ops::log::relations::{EDITS_MAX, PINS_MAX, REACTIONS_MAX, REACTIONS_OF_ONE_MAX};
use crate::store::testing::{User, append, expire, refer};
use crate::store::{Append, Quota, Refusal, StoreLimit, Write};

#[test]
fn user_is_told_the_number_that_holds() {
    for (limit, most) in [
        (StoreLimit::Edits, EDITS_MAX),
        (StoreLimit::OwnReactions, REACTIONS_OF_ONE_MAX),
        (StoreLimit::Reactions, REACTIONS_MAX),
        (StoreLimit::Pins, PINS_MAX),
    ] {
        let told = limit.sentence().split(' ').next();
        assert_eq!(told, Some(&*most.to_string()), "{limit:?}");
    }
}

#[test]
fn limits_are_of_what_stands() {
    let mut talk = Talk::new();
    let alice = talk.bench.user("alice");
    let others: Vec<User> = (0..16)
        .map(|it| talk.bench.user(&format!("user{it}")))
        .collect();
    let said = talk.says(alice, EVERYONE, "tea?");
    let edits: Vec<u64> = (0..64)
        .map(|_| {
            talk.refers(alice, EVERYONE, (EntryKind::Edit, said))
                .unwrap()
        })
        .collect();
    let reactions: Vec<u64> = (0..16)
        .map(|_| {
            talk.refers(alice, EVERYONE, (EntryKind::React, said))
                .unwrap()
        })
        .collect();
    for (kind, some) in [(EntryKind::Edit, edits), (EntryKind::React, reactions)] {
        for _ in 0..2 {
            assert!(is_at_limit(&talk.refers(alice, EVERYONE, (kind, said))));
            talk = talk.crash();
        }
        talk.refers(alice, EVERYONE, (EntryKind::Delete, some[3]))
            .unwrap();
        talk.refers(alice, EVERYONE, (kind, said)).unwrap();
        assert!(is_at_limit(&talk.refers(alice, EVERYONE, (kind, said))));
    }
    for user in &others[1..] {
        for _ in 0..16 {
            let asked = talk.refers(*user, EVERYONE, (EntryKind::React, said));
            asked.expect("it is below the limit of all");
        }
    }
    assert!(is_at_limit(&talk.refers(
        others[0],
        EVERYONE,
        (EntryKind::React, said)
    )));
    assert_eq!(talk.noted(), (64 + 256, 0));
    talk.refers(alice, EVERYONE, (EntryKind::Delete, said))
        .unwrap();
    assert_eq!(talk.noted(), (0, 0));
    let mut talk = talk.crash();
    assert_eq!(talk.noted(), (0, 0));
    is_sound(&mut talk.bench);
}

#[test]
fn conversation_has_so_many_pins_and_each_entry_one() {
    let mut talk = Talk::new();
    let (alice, _) = (talk.bench.user("alice"), talk.bench.user("bob"));
    let pair = talk.bench.resolve(alice, "bob").conversation;
    let said: Vec<u64> = (0..=64).map(|_| talk.says(alice, pair, "tea?")).collect();
    for entry in &said[1..] {
        assert!(is_bad(&talk.refers(
            alice,
            pair,
            (EntryKind::Unpin, *entry)
        )));
        talk.refers(alice, pair, (EntryKind::Pin, *entry)).unwrap();
        assert!(is_bad(&talk.refers(alice, pair, (EntryKind::Pin, *entry))));
    }
    assert!(is_at_limit(&talk.refers(
        alice,
        pair,
        (EntryKind::Pin, said[0])
    )));
    talk.refers(alice, pair, (EntryKind::Unpin, said[5]))
        .unwrap();
    let mut talk = talk.crash();
    talk.refers(alice, pair, (EntryKind::Pin, said[0])).unwrap();
    assert_eq!(talk.noted(), (0, 64));
    is_sound(&mut talk.bench);
}

#[test]
fn who_has_no_room_left_deletes_and_has_some() {
    let mut talk = Talk::new();
    let alice = talk.bench.user("alice");
    let said = talk.says(alice, EVERYONE, &"x".repeat(900));
    let within = |write: Write| match write {
        Write::Append(append) => Write::Append(Append {
            quota: Quota {
                account_bytes: Some(1000),
                all_bytes: Some(1000),
            },
            ..append
        }),
        other => other,
    };
    let edit = |number| {
        within(refer(
            alice,
            EVERYONE,
            number,
            (EntryKind::Edit, said, ABOUT),
        ))
    };
    let asked = talk.ask(alice, EVERYONE, edit);
    assert!(matches!(asked, Err(Refusal::QuotaFull(_))), "{asked:?}");
    let deletion = |number| {
        within(refer(
            alice,
            EVERYONE,
            number,
            (EntryKind::Delete, said, ABOUT),
        ))
    };
    talk.ask(alice, EVERYONE, deletion).expect("it makes room");
    let next = |number| within(append(alice, EVERYONE, number, "tea?"));
    talk.ask(alice, EVERYONE, next).expect("there is room");
}

#[test]
fn what_expires_takes_its_edits_and_pins_out_of_the_tables_in_steps() {
    let mut talk = Talk::new();
    let (alice, _) = (talk.bench.user("alice"), talk.bench.user("bob"));
    let pair = talk.bench.resolve(alice, "bob").conversation;
    let said: Vec<u64> = (0..30).map(|_| talk.says(alice, pair, "tea?")).collect();
    for entry in &said {
        for _ in 0..50 {
            talk.refers(alice, pair, (EntryKind::Edit, *entry)).unwrap();
        }
        talk.refers(alice, pair, (EntryKind::Pin, *entry)).unwrap();
    }
    let last = talk.says(alice, pair, "the last");
    // A step that would remove 30 entries, and 1,500 edits of them.
    expire(&mut talk.bench, last - 30);
    let (refs, pins) = talk.noted();
    assert!(refs > 400 && refs < 600, "{refs}");
    assert_eq!(pins, refs / 50);
    is_sound(&mut talk.bench);
    expire(&mut talk.bench, last - 30);
    assert_eq!(talk.noted(), (0, 0));
    is_sound(&mut talk.bench);
    let mut talk = talk.crash();
    for kind in ALL {
        let asked = talk.refers(alice, pair, (kind, said[0]));
        assert_eq!(asked.is_ok(), kind.is_said(), "{kind}: {asked:?}");
    }
    // An edit that outlives what it was of can still be deleted.
    talk.refers(alice, pair, (EntryKind::Delete, said[29] + 1))
        .unwrap();
    is_sound(&mut talk.bench);
}
