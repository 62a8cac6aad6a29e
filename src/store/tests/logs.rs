//! Appending, reading, marks, and where devices stand.

use redb::ReadableDatabase;

use super::super::testing::{Bench, append, position, read, resolve, void};
use super::super::{Audience, Outcome, Read, Refusal, Reply, Request, Write};
use crate::protocol::{AccountId, ConversationId, DeviceId, DeviceSeq, Digest, EntryId, Position};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Snapshot};

const EVERYONE: ConversationId = ConversationId::EVERYONE;

type User = (AccountId, DeviceId);

/// Alice, bob and their conversation.
fn pair(bench: &mut Bench) -> (User, User, ConversationId) {
    let alice = bench.user("alice");
    let bob = bench.user("bob");
    let conversation = bench.resolve(alice, "bob").conversation;
    (alice, bob, conversation)
}

fn advance(conversation: ConversationId, account: AccountId, entry: u64) -> Write {
    Write::Advance {
        marks: vec![(conversation, account, EntryId(entry))],
        seen: vec![],
    }
}

fn start(bench: &mut Bench, user: User, at: Position) -> u64 {
    let standings = bench.hello(user, vec![at]);
    let standing = standings
        .iter()
        .find(|standing| standing.conversation == at.conversation);
    standing.expect("it was joined").start.0
}

#[test]
fn numbers_are_taken_in_order_and_a_repetition_gets_its_first_entry() {
    let mut bench = Bench::new();
    let (alice, bob, conversation) = pair(&mut bench);
    let first = bench.say(alice, conversation, 1, "one");
    assert_eq!((first.entry, first.prev), (EntryId(1), EntryId::START));
    assert!(!first.repeated);
    bench.say(bob, conversation, 1, "his one");
    let third = bench.say(alice, conversation, 2, "two");
    assert_eq!((third.entry, third.prev), (EntryId(3), EntryId(2)));

    let again = bench.say(alice, conversation, 1, "one");
    assert!(again.repeated);
    assert_eq!((again.entry, again.prev), (first.entry, first.prev));
    assert_eq!(
        bench.refused(append(alice, conversation, 1, "other")),
        Refusal::Conflict
    );
    assert_eq!(
        bench.refused(append(alice, conversation, 4, "four")),
        Refusal::Expect(DeviceSeq(3))
    );
    assert_eq!(bench.read(alice.0, conversation, 0).len(), 3);
}

#[test]
fn a_repetition_inside_one_batch_stands_once() {
    let mut bench = Bench::new();
    let (alice, bob, conversation) = pair(&mut bench);
    let outcomes = bench.outcomes(vec![
        Request::from(append(alice, conversation, 1, "one")),
        append(alice, conversation, 1, "one").into(),
        append(alice, conversation, 3, "three").into(),
        append(alice, conversation, 2, "two").into(),
        read(bob.0, conversation, 0, usize::MAX).into(),
    ]);
    assert!(matches!(&outcomes[1], Outcome::Done(Reply::Stored(stored)) if stored.repeated));
    assert_eq!(
        outcomes[2],
        Outcome::Refused(Refusal::Expect(DeviceSeq(2))),
        "and it spoils nothing"
    );
    let Outcome::Done(Reply::Entries { entries, head, .. }) = &outcomes[4] else {
        panic!("expected entries");
    };
    assert_eq!((entries.len(), *head), (2, EntryId(2)));
}

#[test]
fn the_last_64_numbers_are_known_and_no_older_ones() {
    let mut bench = Bench::new();
    let (alice, _, conversation) = pair(&mut bench);
    for number in 1..=65 {
        bench.say(alice, conversation, number, &number.to_string());
    }
    assert_eq!(
        bench.refused(append(alice, conversation, 1, "1")),
        Refusal::UnknownNumber
    );
    assert!(bench.say(alice, conversation, 2, "2").repeated);
    assert!(bench.say(alice, conversation, 65, "65").repeated);
}

#[test]
fn a_void_number_is_used_up_without_an_entry() {
    let mut bench = Bench::new();
    let (alice, bob, conversation) = pair(&mut bench);
    assert_eq!(
        bench.refused(void(alice, conversation, 2)),
        Refusal::Expect(DeviceSeq(1))
    );
    bench.say(bob, conversation, 1, "tea?");
    bench.done(void(alice, conversation, 1));
    bench.done(void(alice, conversation, 1));
    assert_eq!(
        bench.refused(append(alice, conversation, 1, "late")),
        Refusal::Conflict
    );
    let stored = bench.say(alice, conversation, 2, "two");
    assert_eq!(stored.prev, EntryId(1));
    assert_eq!(bench.hello(alice, vec![])[1].last_number, DeviceSeq(2));
}

#[test]
fn strangers_neither_write_nor_read_nor_see_marks() {
    let mut bench = Bench::new();
    let (alice, _, conversation) = pair(&mut bench);
    let eve = bench.user("eve");
    bench.say(alice, conversation, 1, "secret");
    let marks = Read::Marks {
        conversation,
        account: eve.0,
        named_max: u32::MAX,
    };
    for request in [
        Request::from(append(eve, conversation, 1, "hi")),
        void(eve, conversation, 1).into(),
        read(eve.0, conversation, 0, 1000).into(),
        marks.into(),
    ] {
        assert_eq!(bench.refused(request), Refusal::NotPermitted);
    }
    bench.done(advance(conversation, eve.0, 1));
    assert_eq!(bench.marks(alice.0, conversation), []);
    let standings = bench.hello(eve, vec![position(conversation, 1, "secret")]);
    assert_eq!(standings.len(), 1, "only everyone");
}

/// A clock that was ten years ahead for one message gave its time to all that came after.
#[test]
fn clock_that_is_set_back_a_little_is_not_seen_and_one_that_is_set_right_is_believed() {
    const YEARS_MS: u64 = 10 * 365 * 24 * 60 * 60 * 1000;
    let mut bench = Bench::new();
    let (alice, bob, conversation) = pair(&mut bench);
    let mut times = Vec::new();
    for (number, time_ms) in [100, 50, YEARS_MS, 200, 190, 0, 300_000]
        .into_iter()
        .enumerate()
    {
        let number = number as u64 + 1;
        let Write::Append(mut message) = append(alice, conversation, number, "hi") else {
            unreachable!("append makes an append");
        };
        message.time_ms = time_ms;
        let Reply::Stored(stored) = bench.done(Write::Append(message)) else {
            panic!("expected it to be stored");
        };
        assert_eq!(stored.entry, EntryId(number));
        times.push(stored.time_ms);
    }
    assert_eq!(times, [100, 100, YEARS_MS, 200, 200, 200, 300_000]);
    let read = bench.read(bob.0, conversation, 0);
    let read: Vec<u64> = read.iter().map(|entry| entry.time_ms).collect();
    assert_eq!(read, times);
    bench.done(Request::Checkpoint);
    let report = bench.engine.snapshots().check().unwrap();
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn a_reading_is_bounded_but_never_empty_while_there_is_more() {
    let mut bench = Bench::new();
    let (alice, bob, conversation) = pair(&mut bench);
    let text = "x".repeat(1000);
    for number in 1..=5 {
        bench.say(alice, conversation, number, &text);
    }
    let mut lengths = Vec::new();
    for (after, max_bytes) in [(0, 0), (0, 2300), (3, 100_000), (5, 100_000), (99, 1)] {
        match bench.done(read(bob.0, conversation, after, max_bytes)) {
            Reply::Entries { entries, head, .. } => {
                assert_eq!(head, EntryId(5));
                lengths.push(entries.len());
            }
            other => panic!("expected entries, not {other:?}"),
        }
    }
    assert_eq!(lengths, [1, 2, 2, 0, 0]);
}

#[test]
fn who_comes_later_reads_only_what_comes_later() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.say(alice, EVERYONE, 1, "before");
    let bob = bench.user("bob");
    let stored = bench.say(alice, EVERYONE, 2, "after");
    assert_eq!(stored.audience, Audience::Everyone { accounts: 2 });
    let entries = bench.read(bob.0, EVERYONE, 0);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].content, b"after");
    assert_eq!(entries[0].prev, EntryId(1));
    assert_eq!(bench.hello(bob, vec![])[0].start, EntryId(1));
    assert_eq!(start(&mut bench, bob, position(EVERYONE, 1, "before")), 1);
    assert_eq!(
        bench.marks(alice.0, EVERYONE),
        [],
        "bob has received nothing"
    );
}

#[test]
fn marks_move_forward_only_and_never_past_the_head() {
    let mut bench = Bench::new();
    let (alice, bob, conversation) = pair(&mut bench);
    for number in 1..=3 {
        bench.say(alice, conversation, number, "x");
    }
    for (asked, mark) in [(2, 2), (1, 2), (3, 3), (u64::MAX, 3)] {
        bench.done(advance(conversation, bob.0, asked));
        assert_eq!(bench.marks(alice.0, conversation), [("bob".into(), mark)]);
    }
}

#[test]
fn the_author_is_told_when_the_other_was_last_seen() {
    let mut bench = Bench::new();
    let (alice, bob, conversation) = pair(&mut bench);
    for (seen_ms, expected) in [(40, 40), (30, 40), (50, 50)] {
        bench.done(Write::Advance {
            marks: vec![],
            seen: vec![(bob.0, seen_ms), (AccountId(99), 1)],
        });
        let number = bench.resolve(alice, "bob").last_number.next().0;
        assert_eq!(
            bench.say(alice, conversation, number, "x").audience,
            Audience::Pair {
                low: alice.0,
                high: bob.0,
                peer_seen_ms: expected,
                peer_prev: Some(EntryId(number - 1)),
                peer_name: (number == 1).then(|| "bob".into()),
            }
        );
    }
}

#[test]
fn a_device_begins_where_it_stands_and_its_word_moves_the_mark() {
    let mut bench = Bench::new();
    let (alice, bob, conversation) = pair(&mut bench);
    for (number, text) in [(1, "one"), (2, "two"), (3, "three")] {
        bench.say(alice, conversation, number, text);
    }
    assert_eq!(start(&mut bench, bob, position(conversation, 2, "two")), 2);
    assert_eq!(bench.marks(alice.0, conversation), [("bob".into(), 2)]);
    // A second device that is behind begins where it stands; a new one where the account stands.
    assert_eq!(start(&mut bench, bob, position(conversation, 1, "one")), 1);
    assert_eq!(bench.marks(alice.0, conversation), [("bob".into(), 2)]);
    let phone = (bob.0, bench.device(bob.0));
    assert_eq!(bench.hello(phone, vec![])[1].start, EntryId(2));
}

#[test]
fn a_device_that_is_not_new_misses_nothing_of_a_conversation_that_began_while_it_was_away() {
    // Somebody new wrote to bob. His laptop had it at once; his phone, away or just looking alice up, was told to begin
    // where the laptop stood, and never showed her first message.
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let phone = (bob.0, bench.device(bob.0));
    let conversation = bench.resolve(alice, "bob").conversation;
    bench.say(alice, conversation, 1, "one");
    bench.done(advance(conversation, bob.0, 1));
    let elsewhere = Position {
        conversation: ConversationId::EVERYONE,
        entry: EntryId::START,
        digest: Digest::default(),
    };
    let standings = bench.hello(phone, vec![elsewhere]);
    assert_eq!(standings[1].start, EntryId::START);
    assert_eq!(bench.resolve(phone, "alice").start, EntryId::START);
}

#[test]
fn a_device_that_has_received_nothing_begins_where_it_was_told_and_proves_nothing() {
    let mut bench = Bench::new();
    let (alice, bob, conversation) = pair(&mut bench);
    for number in 1..=3 {
        bench.say(alice, conversation, number, "x");
    }
    bench.done(advance(conversation, bob.0, 2));
    let phone = (bob.0, bench.device(bob.0));
    let told = Position {
        conversation,
        entry: bench.hello(phone, vec![])[1].start,
        digest: Digest::default(),
    };
    bench.done(advance(conversation, bob.0, 3));
    assert_eq!(
        start(&mut bench, phone, told),
        2,
        "not 3, or one would be missing"
    );
    let mut beyond = told;
    beyond.entry = EntryId(3);
    start(&mut bench, alice, beyond);
    assert_eq!(bench.marks(alice.0, conversation), [("bob".into(), 3)]);
}

#[test]
fn a_device_that_differs_from_the_log_goes_back_to_what_is_common() {
    let mut bench = Bench::new();
    let (alice, bob, conversation) = pair(&mut bench);
    for (number, text) in [(1, "one"), (2, "two"), (3, "three")] {
        bench.say(alice, conversation, number, text);
    }
    // It is ahead of a log that nobody has noticed to be another one. What stands there may have come since, so the
    // end is not common; nothing is taken for received.
    assert_eq!(start(&mut bench, bob, position(conversation, 9, "nine")), 0);
    assert_eq!(bench.marks(alice.0, conversation), []);
    bench.done(advance(conversation, bob.0, 1));
    assert_eq!(start(&mut bench, bob, position(conversation, 9, "nine")), 1);
    // Another entry stands there: back to the mark, or to the beginning where even the mark is doubtful.
    assert_eq!(
        start(&mut bench, bob, position(conversation, 3, "other")),
        1
    );
    assert_eq!(
        start(&mut bench, bob, position(conversation, 1, "other")),
        0
    );
    assert_eq!(bench.marks(alice.0, conversation), [("bob".into(), 1)]);
}

/// How many rows there are that speak of pairs.
fn rows_of_pairs(bench: &Bench) -> u64 {
    let image = bench.disk.copy();
    let bench = Bench::on(image);
    drop(bench.engine);
    let database = bench.disk.open().expect("the engine is gone");
    let transaction = database.begin_read().expect("the disk is well");
    let snapshot = Snapshot::open(&transaction, None).expect("all tables are there");
    let everyone = snapshot.members().range((1, 0)..(2, 0)).expect("well");
    let conversations = snapshot.conversations().rows().expect("well").count();
    let members = snapshot.members().rows().expect("well").count();
    let senders = snapshot.senders().rows().expect("well").count();
    (conversations + members + senders - 1 - everyone.count()) as u64
}

#[test]
fn asking_for_conversations_with_everybody_makes_none() {
    // Each question made the rows of a conversation: a few hundred accounts could fill the disk with pairs in which
    // nobody has ever said anything, and each HELLO of their victims with them.
    let mut bench = Bench::new();
    let users: Vec<User> = (0..20).map(|n| bench.user(&format!("user{n}"))).collect();
    for user in &users {
        for number in 0..20 {
            let name = format!("user{number}");
            if let Outcome::Done(Reply::Resolved { standing, .. }) =
                bench.ask(resolve(*user, &name))
            {
                let conversation = standing.conversation;
                bench.done(void(*user, conversation, 1));
                assert_eq!(bench.read(user.0, conversation, 0), []);
                assert_eq!(bench.marks(user.0, conversation), []);
                bench.done(advance(conversation, user.0, 1));
                let place = position(conversation, 0, "");
                assert_eq!(bench.hello(*user, vec![place]).len(), 2);
            }
        }
        assert_eq!(bench.hello(*user, vec![]).len(), 1, "everyone");
    }
    assert_eq!(rows_of_pairs(&bench), 0);
}

#[test]
fn first_message_makes_the_conversation_for_both() {
    let mut bench = Bench::new();
    let (alice, bob, conversation) = pair(&mut bench);
    assert_eq!(bench.resolve(bob, "alice").conversation, conversation);
    assert_eq!(
        bench.refused(append(alice, conversation, 2, "late")),
        Refusal::Expect(DeviceSeq(1))
    );
    bench.say(bob, conversation, 1, "tea?");
    assert_eq!(bench.resolve(alice, "bob").head, EntryId(1));
    for user in [alice, bob] {
        let standings = bench.hello(user, vec![]);
        assert_eq!(standings[1].conversation, conversation);
        assert_eq!(bench.read(user.0, conversation, 0).len(), 1);
    }
    assert_eq!(rows_of_pairs(&bench), 4, "record, two members, numbers");
    let mut bench = bench.crash();
    assert_eq!(bench.read(alice.0, conversation, 0).len(), 1);
}

#[test]
fn device_that_stands_in_a_conversation_which_the_database_has_lost_is_told_so() {
    // After an older database was restored, the pair has its id as before, and nothing in it.
    let mut bench = Bench::new();
    let (alice, _, conversation) = pair(&mut bench);
    let standings = bench.hello(alice, vec![position(conversation, 7, "lost")]);
    let standing = &standings[1];
    assert_eq!(standing.conversation, conversation);
    assert_eq!((standing.head, standing.start), (EntryId(0), EntryId(0)));
    assert_eq!(standing.last_number, DeviceSeq(0));
    let eve = bench.user("eve");
    assert_eq!(
        bench
            .hello(eve, vec![position(conversation, 7, "lost")])
            .len(),
        1
    );
}
