//! What is withheld from who blocks its author: decided once, alike for every device, and for good.

use super::super::testing::{Bench, User, append, change, join, leave, position, read, refer};
use super::super::{Audience, Outcome, Read, Refusal, Reply, Request, Retention, Write};
use crate::protocol::{
    AccountId, BLOCKED_MAX, Change, ConversationId, EntryId, EntryKind, EventKind,
};

fn request((account, _): User, name: &str, is_blocking: bool) -> Write {
    Write::Block {
        account,
        name: name.into(),
        is_blocking,
    }
}

/// Blocks, or no longer; the names that are blocked then.
fn block(bench: &mut Bench, user: User, name: &str, is_blocking: bool) -> Vec<String> {
    let Reply::Blocked { blocked, .. } = bench.done(request(user, name, is_blocking)) else {
        panic!("it is answered with the list");
    };
    blocked.into_iter().map(|user| user.name).collect()
}

/// Alice, bob, and their conversation.
fn pair(bench: &mut Bench) -> (User, User, ConversationId) {
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let conversation = bench.resolve(alice, "bob").conversation;
    (alice, bob, conversation)
}

/// The entries that somebody reads after a place, each with the one before it.
fn places(
    bench: &mut Bench,
    reader: AccountId,
    conversation: ConversationId,
    after: u64,
) -> Vec<(u64, u64)> {
    let entries = bench.read(reader, conversation, after);
    entries
        .iter()
        .map(|entry| (entry.prev.0, entry.entry.0))
        .collect()
}

/// The same backwards, a page at a time.
fn paged(bench: &mut Bench, reader: AccountId, conversation: ConversationId) -> Vec<(u64, u64)> {
    let mut before = EntryId(u64::MAX);
    let mut all = Vec::new();
    loop {
        let request = Read::History {
            conversation,
            reader,
            before,
            max_entries: 2,
            max_bytes: usize::MAX,
        };
        let Reply::History { entries, more } = bench.done(request) else {
            panic!("a page was asked for");
        };
        before = entries.first().map_or(before, |oldest| oldest.entry);
        let page = entries.iter().map(|entry| (entry.prev.0, entry.entry.0));
        all.splice(0..0, page);
        if !more {
            return all;
        }
    }
}

fn peer_prev(audience: Audience) -> Option<u64> {
    match audience {
        Audience::Pair { peer_prev, .. } => peer_prev.map(|prev| prev.0),
        other => panic!("{other:?} is no pair"),
    }
}

fn is_sound(bench: &mut Bench) {
    bench.done(Request::Checkpoint);
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
}

/// Alice says 1 and 2, bob blocks her, she says 3 and 4, bob says 5, she says 6 and 7, bob unblocks her, she says 8.
pub(super) fn story(bench: &mut Bench) -> (User, User, ConversationId) {
    let (alice, bob, talk) = pair(bench);
    let says = |bench: &mut Bench, user, number| {
        let stored = bench.say(user, talk, number, "x");
        (stored.prev.0, peer_prev(stored.audience))
    };
    assert_eq!(says(bench, alice, 1), (0, Some(0)));
    assert_eq!(says(bench, alice, 2), (1, Some(1)));
    assert_eq!(block(bench, bob, "alice", true), ["alice"]);
    assert_eq!(says(bench, alice, 3), (2, None));
    assert_eq!(says(bench, alice, 4), (3, None));
    // For bob his own follows what he was given last, and alice is given it after her own.
    assert_eq!(says(bench, bob, 1), (2, Some(4)));
    assert_eq!(says(bench, alice, 5), (5, None));
    assert_eq!(says(bench, alice, 6), (6, None));
    assert!(block(bench, bob, "alice", false).is_empty());
    assert_eq!(says(bench, alice, 7), (7, Some(5)));
    (alice, bob, talk)
}

const ALL: [(u64, u64); 8] = [
    (0, 1),
    (1, 2),
    (2, 3),
    (3, 4),
    (4, 5),
    (5, 6),
    (6, 7),
    (7, 8),
];
const GIVEN: [(u64, u64); 4] = [(0, 1), (1, 2), (2, 5), (5, 8)];

pub(super) fn tells_the_story(bench: &mut Bench, (alice, bob, talk): (User, User, ConversationId)) {
    assert_eq!(places(bench, alice.0, talk, 0), ALL);
    assert_eq!(places(bench, bob.0, talk, 0), GIVEN);
    // Wherever a device of his stands, also between.
    assert_eq!(places(bench, bob.0, talk, 2), GIVEN[2..]);
    assert_eq!(places(bench, bob.0, talk, 5), GIVEN[3..]);
    assert_eq!(paged(bench, bob.0, talk), GIVEN);
    assert_eq!(paged(bench, alice.0, talk), ALL);
    is_sound(bench);
}

#[test]
fn what_was_said_while_blocked_is_never_given_and_everything_else_is() {
    let mut bench = Bench::new();
    let told = story(&mut bench);
    tells_the_story(&mut bench, told);
    // Repeated, it is answered as it was, and again with nothing that tells of a block.
    let (alice, bob, talk) = told;
    for (user, number, prev) in [(alice, 3, 2), (alice, 5, 5), (bob, 1, 2)] {
        let again = bench.say(user, talk, number, "x");
        assert!(again.repeated);
        assert_eq!(again.prev.0, prev, "{number}");
    }
}

/// The blocked user's own devices forgot what they deleted, and those of the one who blocks kept it for good.
#[test]
fn deletion_reaches_who_blocks_its_author_if_they_were_given_what_it_deletes() {
    let mut bench = Bench::new();
    let (alice, bob, talk) = pair(&mut bench);
    let about = |bench: &mut Bench, number, what: (EntryKind, u64)| {
        let write = refer(alice, talk, number, (what.0, what.1, "x"));
        let Reply::Stored(stored) = bench.done(write) else {
            panic!("it is stored");
        };
        peer_prev(stored.audience)
    };
    bench.say(alice, talk, 1, "given");
    bench.say(alice, talk, 2, "given, too");
    block(&mut bench, bob, "alice", true);
    bench.say(alice, talk, 3, "withheld");
    assert_eq!(about(&mut bench, 4, (EntryKind::Edit, 1)), None);
    assert_eq!(about(&mut bench, 5, (EntryKind::React, 2)), None);
    assert_eq!(about(&mut bench, 6, (EntryKind::Delete, 3)), None);
    assert_eq!(about(&mut bench, 7, (EntryKind::Delete, 1)), Some(2));
    // What follows it is withheld as what stands before it.
    bench.say(alice, talk, 8, "withheld");
    assert_eq!(about(&mut bench, 9, (EntryKind::Delete, 2)), Some(7));
    let given = [(0, 1), (1, 2), (2, 7), (7, 9)];
    assert_eq!(places(&mut bench, bob.0, talk, 0), given);
    is_sound(&mut bench);
    let mut bench = bench.crash();
    assert_eq!(places(&mut bench, bob.0, talk, 0), given);
    assert_eq!(paged(&mut bench, bob.0, talk), given);
}

#[test]
fn it_stays_so_over_crashes_and_a_restored_backup() {
    let mut bench = Bench::new();
    let told = story(&mut bench);
    let mut bench = bench.crash();
    tells_the_story(&mut bench, told);
    let mut bench = bench.crash();
    tells_the_story(&mut bench, told);
    let directory = tempfile::tempdir().expect("a directory");
    let copy = directory.path().join("copy");
    bench
        .engine
        .snapshots()
        .back_up(std::fs::File::create_new(&copy).expect("it is new"), 0)
        .expect("it is written");
    let report = super::super::check_file(&copy).expect("it is a database");
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn crash_at_each_moment_changes_nothing_of_what_is_withheld() {
    for crashes_after in 0..6 {
        let mut bench = Bench::new();
        let (alice, bob, talk) = pair(&mut bench);
        let steps = [
            request(bob, "alice", true),
            append(alice, talk, 1, "x"),
            append(bob, talk, 1, "x"),
            append(alice, talk, 2, "x"),
            request(bob, "alice", false),
            append(alice, talk, 3, "x"),
        ];
        for (index, step) in steps.into_iter().enumerate() {
            bench.done(step);
            if index == crashes_after {
                bench = bench.crash();
            }
        }
        assert_eq!(places(&mut bench, bob.0, talk, 0), [(0, 2), (2, 4)]);
        is_sound(&mut bench);
    }
}

#[test]
fn device_is_told_of_no_end_that_it_is_not_given() {
    let mut bench = Bench::new();
    let (alice, bob, talk) = pair(&mut bench);
    bench.say(alice, talk, 1, "one");
    block(&mut bench, bob, "alice", true);
    bench.say(alice, talk, 2, "two");
    bench.say(alice, talk, 3, "three");
    let at = |bench: &mut Bench, user: User, positions| {
        let standings = bench.hello(user, positions);
        let standing = standings.into_iter().find(|one| one.conversation == talk);
        let standing = standing.expect("both belong to it");
        (standing.start.0, standing.head.0)
    };
    assert_eq!(at(&mut bench, bob, vec![position(talk, 1, "one")]), (1, 1));
    assert_eq!(at(&mut bench, bob, vec![]), (1, 1));
    assert_eq!(
        at(&mut bench, alice, vec![position(talk, 3, "three")]),
        (3, 3)
    );
    assert_eq!(bench.resolve(bob, "alice").head, EntryId(1));
    assert_eq!(bench.resolve(alice, "bob").head, EntryId(3));
}

#[test]
fn no_receipt_is_ever_told_of_what_was_withheld() {
    let mut bench = Bench::new();
    let (alice, bob, talk) = pair(&mut bench);
    bench.say(alice, talk, 1, "x");
    block(&mut bench, bob, "alice", true);
    bench.say(alice, talk, 2, "x");
    bench.say(bob, talk, 1, "x");
    let advance = |entry| Write::Advance {
        marks: vec![(talk, bob.0, EntryId(entry))],
        seen: vec![],
    };
    bench.done(advance(3));
    assert!(
        bench.marks(alice.0, talk).is_empty(),
        "while she is blocked"
    );
    block(&mut bench, bob, "alice", false);
    assert!(bench.marks(alice.0, talk).is_empty(), "nor of it later");
    bench.say(alice, talk, 3, "x");
    bench.done(advance(4));
    let request = Read::Marks {
        conversation: talk,
        account: alice.0,
        named_max: u32::MAX,
    };
    let Reply::Marks { marks, .. } = bench.done(request) else {
        panic!("marks were asked for");
    };
    let told: Vec<_> = marks
        .iter()
        .map(|mark| (mark.joined_after.0, mark.entry.0))
        .collect();
    assert_eq!(told, [(3, 4)]);
}

#[test]
fn both_may_block_each_other_and_each_is_given_their_own() {
    let mut bench = Bench::new();
    let (alice, bob, talk) = pair(&mut bench);
    block(&mut bench, bob, "alice", true);
    block(&mut bench, alice, "bob", true);
    for number in 1..=2 {
        bench.say(alice, talk, number, "x");
        bench.say(bob, talk, number, "x");
    }
    assert_eq!(places(&mut bench, alice.0, talk, 0), [(0, 1), (1, 3)]);
    assert_eq!(places(&mut bench, bob.0, talk, 0), [(0, 2), (2, 4)]);
    is_sound(&mut bench);
}

#[test]
fn block_holds_for_a_conversation_that_begins_later_and_makes_none() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    block(&mut bench, bob, "alice", true);
    let standings = bench.hello(alice, vec![]);
    assert!(
        standings.iter().all(|one| one.name != "bob"),
        "she learns nothing"
    );
    let talk = bench.resolve(alice, "bob").conversation;
    bench.say(alice, talk, 1, "x");
    assert!(places(&mut bench, bob.0, talk, 0).is_empty());
    is_sound(&mut bench);
}

#[test]
fn rooms_and_everyone_are_given_as_before() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let Reply::Joined(joined) = bench.done(join(alice, "#bridge")) else {
        panic!("it is made");
    };
    let room = joined.standing.conversation;
    bench.done(join(bob, "#bridge"));
    block(&mut bench, bob, "alice", true);
    bench.say(alice, room, 1, "x");
    bench.say(alice, ConversationId::EVERYONE, 1, "x");
    let last = |bench: &mut Bench, id| bench.read(bob.0, id, 0).pop().map(|entry| entry.author);
    assert_eq!(last(&mut bench, room), Some(alice.0));
    assert_eq!(last(&mut bench, ConversationId::EVERYONE), Some(alice.0));
}

#[test]
fn blocking_twice_is_blocking_once_and_what_cannot_be_blocked_is_refused() {
    let mut bench = Bench::new();
    let (alice, bob, talk) = pair(&mut bench);
    for _ in 0..2 {
        assert_eq!(block(&mut bench, bob, "alice", true), ["alice"]);
    }
    bench.say(alice, talk, 1, "x");
    for _ in 0..2 {
        assert!(block(&mut bench, bob, "alice", false).is_empty());
    }
    assert!(places(&mut bench, bob.0, talk, 0).is_empty());
    assert_eq!(bench.refused(request(bob, "bob", true)), Refusal::ToOneself);
    assert_eq!(
        bench.refused(request(bob, "nobody", true)),
        Refusal::NoSuchUser
    );
    for number in 0..BLOCKED_MAX {
        bench.account(&format!("user{number}"));
        block(&mut bench, bob, &format!("user{number}"), true);
    }
    let outcome = bench.ask(request(bob, "alice", true));
    assert!(
        matches!(outcome, Outcome::Refused(Refusal::LimitReached(_))),
        "{outcome:?}"
    );
    block(&mut bench, bob, "user7", false);
    assert_eq!(block(&mut bench, bob, "alice", true).len(), BLOCKED_MAX);
}

#[test]
fn invitation_by_who_is_blocked_is_not_seen_and_tells_its_author_nothing() {
    let mut bench = Bench::new();
    let (alice, bob, talk) = pair(&mut bench);
    let carol = bench.user("carol");
    let Reply::Joined(joined) = bench.done(join(alice, "#bridge")) else {
        panic!("it is made");
    };
    let room = joined.standing.conversation;
    bench.done(join(carol, "#bridge"));
    let invite = |user| {
        let invitation = Change {
            kind: EventKind::Invited,
            subject: Some("bob".into()),
            text: None,
            role: None,
            access: None,
        };
        change(user, room, invitation)
    };
    let invites = |bench: &mut Bench, user| {
        let Reply::Changed { event, .. } = bench.done(invite(user)) else {
            panic!("it is a change");
        };
        event.is_some()
    };
    block(&mut bench, bob, "alice", true);
    assert!(invites(&mut bench, alice));
    assert!(
        !invites(&mut bench, alice),
        "as anybody is told who asks twice"
    );
    assert!(places(&mut bench, bob.0, talk, 0).is_empty());
    is_sound(&mut bench);
    // Somebody else's is seen, and its author is told what they are told where nobody is blocked: they could be the
    // first one's other account, and would learn of the block, by the answer or by an entry in their own log.
    let seen = |bench: &mut Bench| {
        let Reply::Rooms(rooms) = bench.done(Read::Rooms {
            account: bob.0,
            own: true,
            public: vec![],
        }) else {
            panic!("rooms were asked for");
        };
        rooms.iter().any(|seen| seen.conversation == room)
    };
    let talk = bench.resolve(carol, "bob").conversation;
    assert!(!seen(&mut bench));
    assert!(!invites(&mut bench, carol));
    assert!(places(&mut bench, carol.0, talk, 0).is_empty());
    assert!(seen(&mut bench));
    is_sound(&mut bench);
    bench.done(join(bob, "#bridge"));
    bench.done(leave(bob, room));
    is_sound(&mut bench);
}

#[test]
fn retention_takes_what_was_withheld_as_all_else() {
    let mut bench = Bench::new();
    let (alice, bob, talk) = story(&mut bench);
    let keep = Retention {
        messages: Some(2),
        ..Retention::default()
    };
    bench.done(Write::Expire {
        from: ConversationId(0),
        keep,
        now_ms: 1000,
    });
    assert_eq!(places(&mut bench, alice.0, talk, 0), [(6, 7), (7, 8)]);
    assert_eq!(places(&mut bench, bob.0, talk, 0).len(), 1);
    is_sound(&mut bench);
}

#[test]
fn reading_passes_over_much_that_was_withheld_in_one_step() {
    // Whoever is blocked can say as much as they like: that must not make the other's reading slow.
    let mut bench = Bench::new();
    let (alice, bob, talk) = pair(&mut bench);
    block(&mut bench, bob, "alice", true);
    let says = (1..=3000).map(|number| append(alice, talk, number, "x"));
    bench.outcomes(says.collect());
    bench.say(bob, talk, 1, "y");
    block(&mut bench, bob, "alice", false);
    bench.say(alice, talk, 3001, "z");
    let Reply::Entries { entries, .. } = bench.done(read(bob.0, talk, 0, 1)) else {
        panic!("entries were asked for");
    };
    let found: Vec<_> = entries
        .iter()
        .map(|entry| (entry.prev.0, entry.entry.0))
        .collect();
    assert_eq!(found, [(0, 3001)]);
    assert_eq!(paged(&mut bench, bob.0, talk), [(0, 3001), (3001, 3002)]);
}
