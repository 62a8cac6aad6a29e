//! Entries that refer to others: who may, up to which limits, and what comes of it.

mod copies;
mod limits;
mod recovery;

use std::collections::BTreeMap;

use super::deletions::{entry, is_deleted, is_sound, is_whole, promote, room, usage};
use crate::protocol::{Change, ConversationId, DeviceSeq, EntryKind, EventKind};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::ReadTables as _;
use crate::store::testing::{Bench, User, append, change, delete, join, leave, refer};
use crate::store::{Outcome, Refusal, Reply, Request, Write};

const EVERYONE: ConversationId = ConversationId::EVERYONE;

/// A store, and the numbers that each device has used up in each conversation.
struct Talk {
    bench: Bench,
    numbers: BTreeMap<(User, ConversationId), u64>,
}

impl Talk {
    fn new() -> Self {
        Self {
            bench: Bench::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// Appends under the next number; returns which entry it is.
    fn ask(
        &mut self,
        user: User,
        conversation: ConversationId,
        request: impl FnOnce(u64) -> Write,
    ) -> Result<u64, Refusal> {
        let last = self.numbers.entry((user, conversation)).or_default();
        match self.bench.ask(request(*last + 1)) {
            Outcome::Done(Reply::Stored(stored)) => {
                *last += 1;
                Ok(stored.entry.0)
            }
            Outcome::Refused(refusal) => Err(refusal),
            other => panic!("expected it to be stored or refused, not {other:?}"),
        }
    }

    fn says(&mut self, user: User, conversation: ConversationId, text: &str) -> u64 {
        let stored = self.ask(user, conversation, |number| {
            append(user, conversation, number, text)
        });
        stored.expect("it is stored")
    }

    /// Refers to an entry.
    fn refers(
        &mut self,
        user: User,
        conversation: ConversationId,
        what: (EntryKind, u64),
    ) -> Result<u64, Refusal> {
        self.ask(user, conversation, |number| {
            refer(user, conversation, number, (what.0, what.1, ABOUT))
        })
    }

    fn crash(self) -> Self {
        let numbers = self.numbers;
        let bench = self.bench.crash();
        assert_eq!(bench.engine.loss(), None);
        Self { bench, numbers }
    }

    /// How many edits and reactions are noted, and how many pins.
    fn noted(&mut self) -> (usize, usize) {
        self.bench.done(Request::Checkpoint);
        let (snapshot, _pin) = self
            .bench
            .engine
            .snapshots()
            .snapshot()
            .expect("it is open");
        let refs = snapshot.refs().rows().expect("it can be read").count();
        (
            refs,
            snapshot.pins().rows().expect("it can be read").count(),
        )
    }
}

/// What each entry that refers to another has for a content.
const ABOUT: &str = "the secret of what refers to an entry";

const ALL: [EntryKind; 7] = [
    EntryKind::Text,
    EntryKind::Action,
    EntryKind::Edit,
    EntryKind::Delete,
    EntryKind::React,
    EntryKind::Pin,
    EntryKind::Unpin,
];

fn is_bad<T: std::fmt::Debug>(asked: &Result<T, Refusal>) -> bool {
    matches!(asked, Err(Refusal::BadReference(_)))
}

fn is_for_others<T: std::fmt::Debug>(asked: &Result<T, Refusal>) -> bool {
    matches!(asked, Err(Refusal::OnlyOthers(_)))
}

fn is_at_limit<T: std::fmt::Debug>(asked: &Result<T, Refusal>) -> bool {
    matches!(asked, Err(Refusal::LimitReached(_)))
}

#[test]
fn nothing_refers_to_what_is_not_there() {
    let mut talk = Talk::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| talk.bench.user(name));
    let pair = talk.bench.resolve(alice, "bob").conversation;
    talk.says(alice, pair, "tea?");
    for _ in 1..=5 {
        talk.says(alice, EVERYONE, "tea?");
    }
    for kind in ALL {
        // 2 is the entry itself, and 5 one of another conversation.
        for to in [0, 2, 3, 5, u64::MAX] {
            let asked = talk.refers(bob, pair, (kind, to));
            assert!(is_bad(&asked), "{kind} {to}: {asked:?}");
        }
        let asked = talk.refers(carol, pair, (kind, 1));
        assert_eq!(asked, Err(Refusal::NotPermitted), "{kind}");
    }
    for kind in [EntryKind::Event, EntryKind::Other(99)] {
        let asked = talk.refers(bob, pair, (kind, 1));
        assert_eq!(asked, Err(Refusal::NotPermitted));
    }
    is_sound(&mut talk.bench);
}

#[test]
fn nothing_is_done_to_what_nobody_said_but_an_event_is_answered() {
    let mut talk = Talk::new();
    let alice = talk.bench.user("alice");
    let room = room(&mut talk.bench, alice);
    let said = talk.says(alice, room, "tea?");
    let event = said - 1;
    let of_kind = [EntryKind::Edit, EntryKind::React, EntryKind::Pin];
    let [edit, react, pin] = of_kind.map(|kind| talk.refers(alice, room, (kind, said)).unwrap());
    for kind in ALL {
        for to in [event, edit, react, pin] {
            let may = match kind {
                EntryKind::Text | EntryKind::Action => to == event,
                EntryKind::Delete => to == edit || to == react,
                _ => false,
            };
            let asked = talk.refers(alice, room, (kind, to));
            assert_eq!(asked.is_ok(), may, "{kind} {to}: {asked:?}");
            assert!(may || is_bad(&asked), "{kind} {to}: {asked:?}");
        }
    }
    is_sound(&mut talk.bench);
}

#[test]
fn author_edits_and_deletes_in_a_room_moderators_delete_and_pin_too() {
    let mut talk = Talk::new();
    let names = ["owner", "moderator", "author", "member"];
    let [owner, moderator, author, member] = names.map(|name| talk.bench.user(name));
    let room = room(&mut talk.bench, owner);
    for user in [moderator, author, member] {
        talk.bench.done(join(user, "#bridge"));
    }
    promote(&mut talk.bench, owner, room, "moderator");
    let said = talk.says(author, room, "tea?");
    for user in [owner, moderator, author, member] {
        let is_own = user == author;
        let has_role = user == owner || user == moderator;
        let edited = talk.refers(user, room, (EntryKind::Edit, said));
        assert_eq!((edited.is_ok(), is_for_others(&edited)), (is_own, !is_own));
        let pinned = talk.refers(user, room, (EntryKind::Pin, said));
        assert_eq!(
            (pinned.is_ok(), is_for_others(&pinned)),
            (has_role, !has_role)
        );
        let unpinned = talk.refers(user, room, (EntryKind::Unpin, said));
        assert_eq!(unpinned.is_ok(), has_role);
        talk.refers(user, room, (EntryKind::React, said)).unwrap();
        let other = talk.says(author, room, "and cake");
        let deleted = talk.refers(user, room, (EntryKind::Delete, other));
        let may = is_own || has_role;
        assert_eq!((deleted.is_ok(), is_for_others(&deleted)), (may, !may));
    }
    is_sound(&mut talk.bench);
}

#[test]
fn in_a_pair_each_deletes_their_own_and_pins_and_nobody_pins_for_everyone() {
    let mut talk = Talk::new();
    let (alice, bob) = (talk.bench.user("alice"), talk.bench.user("bob"));
    let pair = talk.bench.resolve(alice, "bob").conversation;
    for conversation in [pair, EVERYONE] {
        let said = talk.says(alice, conversation, "tea?");
        for kind in [EntryKind::Edit, EntryKind::Delete] {
            let asked = talk.refers(bob, conversation, (kind, said));
            assert!(is_for_others(&asked), "{kind}: {asked:?}");
        }
        let pinned = talk.refers(bob, conversation, (EntryKind::Pin, said));
        assert_eq!(pinned.is_ok(), conversation == pair);
        talk.refers(alice, conversation, (EntryKind::Edit, said))
            .unwrap();
        talk.refers(alice, conversation, (EntryKind::Delete, said))
            .unwrap();
    }
    assert_eq!(
        talk.noted(),
        (0, 0),
        "what is pinned is not when it is deleted"
    );
    is_sound(&mut talk.bench);
}

#[test]
fn who_has_left_or_was_removed_does_nothing_and_a_newcomer_nothing_to_what_was_before() {
    let mut talk = Talk::new();
    let (owner, guest) = (talk.bench.user("owner"), talk.bench.user("guest"));
    let room = room(&mut talk.bench, owner);
    for is_kicked in [false, true] {
        talk.bench.done(join(guest, "#bridge"));
        let said = talk.says(guest, room, "tea?");
        if is_kicked {
            let kick = Change {
                kind: EventKind::Kicked,
                subject: Some("guest".into()),
                text: None,
                role: None,
                access: None,
            };
            talk.bench.done(change(owner, room, kick));
        } else {
            talk.bench.done(leave(guest, room));
        }
        for kind in ALL {
            let asked = talk.refers(guest, room, (kind, said));
            assert_eq!(asked, Err(Refusal::NotPermitted), "{kind}");
        }
        talk.bench.done(join(guest, "#bridge"));
        for kind in ALL {
            let asked = talk.refers(guest, room, (kind, said));
            assert!(is_bad(&asked), "{kind}: {asked:?}");
        }
        talk.bench.done(leave(guest, room));
    }
}

#[test]
fn who_is_kept_from_a_message_refers_to_nothing_of_it() {
    let mut talk = Talk::new();
    let (alice, bob) = (talk.bench.user("alice"), talk.bench.user("bob"));
    let pair = talk.bench.resolve(alice, "bob").conversation;
    talk.says(bob, pair, "before");
    talk.bench.done(Write::Block {
        account: alice.0,
        name: "bob".into(),
        is_blocking: true,
    });
    let kept = talk.says(bob, pair, "spam");
    for kind in ALL {
        let asked = talk.refers(alice, pair, (kind, kept));
        assert!(is_bad(&asked), "{kind}: {asked:?}");
    }
    talk.refers(bob, pair, (EntryKind::Edit, kept)).unwrap();
    talk.refers(alice, pair, (EntryKind::React, kept - 1))
        .unwrap();
    is_sound(&mut talk.bench);
}

#[test]
fn deletion_takes_edits_and_reactions_with_it_and_nothing_is_done_to_what_is_gone() {
    let mut talk = Talk::new();
    let (alice, bob) = (talk.bench.user("alice"), talk.bench.user("bob"));
    let pair = talk.bench.resolve(alice, "bob").conversation;
    let before = talk.says(alice, pair, "before");
    let said = talk.says(alice, pair, "secret");
    let mut gone = vec![said];
    let mut kinds = vec![EntryKind::Text];
    for kind in [EntryKind::Edit, EntryKind::React, EntryKind::Edit] {
        gone.push(talk.refers(alice, pair, (kind, said)).unwrap());
        kinds.push(kind);
    }
    kinds.push(EntryKind::React);
    gone.push(talk.refers(bob, pair, (EntryKind::React, said)).unwrap());
    let answer = talk.refers(bob, pair, (EntryKind::Text, said)).unwrap();
    let other = talk.refers(bob, pair, (EntryKind::React, before)).unwrap();
    let bytes = usage(&mut talk.bench);
    let deletion = talk.refers(alice, pair, (EntryKind::Delete, said)).unwrap();
    let freed = 6 + 4 * ABOUT.len() as u64;
    assert_eq!(
        usage(&mut talk.bench),
        bytes - freed + 64 + ABOUT.len() as u64
    );
    for _ in 0..2 {
        for (at, kind) in gone.iter().zip(&kinds) {
            let text = if *at == said { "secret" } else { ABOUT };
            let read = entry(&mut talk.bench, bob.0, pair, *at);
            assert!(is_deleted(&read, text), "{read:?}");
            assert_eq!(
                read.deleted.map(|it| (it.by, it.time_ms, it.kind)),
                Some((alice.0, 200, *kind))
            );
        }
        for at in [answer, other, deletion] {
            let read = entry(&mut talk.bench, bob.0, pair, at);
            assert!(is_whole(&read, ABOUT));
        }
        for kind in [
            EntryKind::Edit,
            EntryKind::Delete,
            EntryKind::React,
            EntryKind::Pin,
        ] {
            let asked = talk.refers(alice, pair, (kind, said));
            assert!(is_bad(&asked), "{kind}: {asked:?}");
        }
        is_sound(&mut talk.bench);
        assert_eq!(talk.noted(), (1, 0));
        talk = talk.crash();
    }
    talk.refers(alice, pair, (EntryKind::Text, said)).unwrap();
}

#[test]
fn repetition_is_answered_alike_and_changes_nothing() {
    let mut talk = Talk::new();
    let (alice, bob) = (talk.bench.user("alice"), talk.bench.user("bob"));
    let pair = talk.bench.resolve(alice, "bob").conversation;
    let said = talk.says(alice, pair, "secret");
    let kinds = [
        EntryKind::React,
        EntryKind::Edit,
        EntryKind::Pin,
        EntryKind::Delete,
    ];
    for (number, kind) in (2..).zip(kinds) {
        let request = || refer(alice, pair, number, (kind, said, ABOUT));
        let first = talk.refers(alice, pair, (kind, said)).unwrap();
        let noted = talk.noted();
        for _ in 0..2 {
            match talk.bench.done(request()) {
                Reply::Stored(stored) => assert!(stored.repeated && stored.entry.0 == first),
                other => panic!("expected it to be stored, not {other:?}"),
            }
            assert_eq!(talk.noted(), noted, "{kind}");
            talk = talk.crash();
        }
    }
    let read = talk.bench.read(bob.0, pair, 0);
    assert_eq!(read.len(), 5);
    assert_eq!(read.last().map(|entry| entry.number), Some(DeviceSeq(5)));
}

#[test]
fn operators_deletion_takes_edits_with_it_too() {
    let mut talk = Talk::new();
    let alice = talk.bench.user("alice");
    let said = talk.says(alice, EVERYONE, "secret");
    let edit = talk
        .refers(alice, EVERYONE, (EntryKind::Edit, said))
        .unwrap();
    talk.bench.done(delete(alice.0, EVERYONE, said));
    let mut talk = talk.crash();
    let read = entry(&mut talk.bench, alice.0, EVERYONE, edit);
    assert!(is_deleted(&read, ABOUT));
    is_sound(&mut talk.bench);
}
