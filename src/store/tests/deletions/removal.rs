//! What the operator deletes: single entries, and all that an account has said.

use crate::protocol::{AccountId, ConversationId, EntryId, EntryKind, ServerMessage, open};
use crate::store::testing::{Bench, User, delete, join, refer};
use crate::store::{Audience, Chore, LogOf, Read, Refusal, Removal, Reply, Request, Write};

fn check(bench: &mut Bench) {
    bench.done(Request::Checkpoint);
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
}

fn remove(log: LogOf, entry: u64) -> Write {
    Write::DeleteEntry {
        log,
        entry: EntryId(entry),
        time_ms: 300,
    }
}

fn removed(bench: &mut Bench, write: Write) -> Vec<Removal> {
    match bench.done(write) {
        Reply::Removed(removals) => removals,
        other => panic!("expected deletions, not {other:?}"),
    }
}

/// Of an entry: its number, whether it has content, and by whom and when it was deleted.
type State = (u64, bool, Option<(u64, u64)>);

fn read(bench: &mut Bench, user: User, id: ConversationId) -> Vec<State> {
    let entries = bench.read(user.0, id, 0).into_iter();
    entries
        .map(|entry| {
            let deleted = entry.deleted.map(|it| (it.by.0, it.time_ms));
            (entry.entry.0, !entry.content.is_empty(), deleted)
        })
        .collect()
}

#[test]
fn entry_that_the_operator_deletes_loses_its_content_and_its_log_says_so() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.resolve(alice, "bob").conversation;
    bench.say(alice, pair, 1, "tea?");
    bench.done(refer(bob, pair, 1, (EntryKind::React, 1, "yes")));
    bench.say(bob, pair, 2, "at four");
    let log = LogOf::Pair(bob.0, alice.0);
    let removals = removed(&mut bench, remove(log.clone(), 1));
    let message: ServerMessage =
        open(&removals[0].content, &removals[0].digest).expect("it is sealed");
    let header = message.header.entry.expect("an entry");
    assert_eq!(
        (header.kind, header.refers_to),
        (EntryKind::Delete, Some(EntryId(1)))
    );
    let gone = Some((AccountId::OPERATOR.0, 300));
    let expected = [
        (1, false, gone),
        (2, false, gone),
        (3, true, None),
        (4, true, None),
    ];
    for user in [alice, bob] {
        assert_eq!(read(&mut bench, user, pair), expected);
    }
    bench = bench.crash();
    assert_eq!(read(&mut bench, bob, pair), expected);
    check(&mut bench);
    for (log, entry, refusal) in [
        (log.clone(), 1, "that message was deleted"),
        (log.clone(), 4, "that is not a message"),
        (log.clone(), 5, "there is no such message"),
        (log.clone(), 0, "there is no such message"),
        (log, u64::MAX, "there is no such message"),
        (LogOf::Pair(alice.0, alice.0), 1, "there is no such message"),
        (LogOf::Everyone, 1, "there is no such message"),
    ] {
        assert_eq!(
            bench.refused(remove(log, entry)),
            Refusal::BadReference(refusal)
        );
    }
    let nowhere = LogOf::Room("#deck".into());
    assert_eq!(bench.refused(remove(nowhere, 1)), Refusal::NoSuchRoom);
}

#[test]
fn each_of_a_pair_is_told_of_it_behind_what_they_were_given() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.resolve(alice, "bob").conversation;
    bench.say(alice, pair, 1, "tea?");
    bench.done(Write::Block {
        account: bob.0,
        name: "alice".into(),
        is_blocking: true,
    });
    bench.say(alice, pair, 2, "withheld");
    let removals = removed(&mut bench, remove(LogOf::Pair(alice.0, bob.0), 1));
    let stored = &removals[0].stored;
    let Audience::Pair { low, peer_prev, .. } = stored.audience else {
        panic!("it is a pair's");
    };
    assert_eq!((low, stored.prev), (alice.0, EntryId(2)));
    assert_eq!(peer_prev, Some(EntryId(1)));
    let last = |bench: &mut Bench, user: User| {
        let entries = bench.read(user.0, pair, 0);
        entries.last().map(|entry| (entry.entry.0, entry.prev.0))
    };
    assert_eq!(last(&mut bench, alice), Some((3, 2)));
    assert_eq!(last(&mut bench, bob), Some((3, 1)));
    check(&mut bench);
}

#[test]
fn all_goes_that_a_purged_account_has_said_also_with_a_crash_between_any_two_steps() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.resolve(alice, "bob").conversation;
    let Reply::Joined(joined) = bench.done(join(bob, "#bridge")) else {
        panic!("the room is made");
    };
    let room = joined.standing.conversation;
    bench.done(join(alice, "#bridge"));
    let everyone = ConversationId::EVERYONE;
    for number in 1..=70 {
        bench.say(alice, everyone, number, "of alice");
        bench.say(bob, everyone, number, "of bob");
    }
    bench.say(alice, pair, 1, "of alice");
    bench.say(bob, pair, 1, "of bob");
    bench.done(refer(alice, pair, 2, (EntryKind::React, 2, "of alice")));
    let own = bench.say(alice, room, 1, "of alice").entry.0;
    bench.done(refer(alice, room, 2, (EntryKind::Edit, own, "of alice")));
    bench.done(delete(alice.0, room, own));
    bench.say(alice, room, 3, "of alice");
    let name = "alice".to_owned();
    let purge = Write::PurgeAccount { name, time_ms: 300 };
    let Reply::Purging { account, left } = bench.done(purge.clone()) else {
        panic!("it is begun");
    };
    assert_eq!((account, left.len()), (alice.0, 1));
    // It may be asked for again.
    assert!(matches!(bench.done(purge), Reply::Purging { left, .. } if left.is_empty()));
    let mut steps = 0;
    while let Reply::Chore(Some(Chore::Purge(purge))) = bench.done(Read::NextChore) {
        assert!(purge.entries.len() <= 32);
        bench.done(Write::Purge {
            purge,
            time_ms: 300,
        });
        bench = bench.crash();
        check(&mut bench);
        steps += 1;
        assert!(steps < 100, "it comes to no end");
    }
    assert!(steps > 3, "{steps}");
    let mut left = 0;
    for id in [everyone, pair, room] {
        for entry in bench.read(bob.0, id, 0) {
            assert!(!entry.content.ends_with(b"of alice"), "{entry:?}");
            left += usize::from(entry.content.ends_with(b"of bob"));
        }
    }
    assert_eq!(left, 71);
    let unknown = Write::PurgeAccount {
        name: "carol".into(),
        time_ms: 300,
    };
    assert_eq!(bench.refused(unknown), Refusal::NoSuchUser);
}
