//! Deletion: who may, what readers read then, and that every count fits.

mod copies;
pub(super) mod crashes;
mod disks;
pub(super) mod recovery;
mod removal;

use crate::protocol::{
    AccountId, Change, ConversationId, DeviceId, DeviceSeq, Digest, EntryId, EntryKind, EventKind,
    MemberRole,
};
use crate::store::testing::{Bench, User, append, change, delete, expire, join, leave, position};
use crate::store::{Deleted, Entry, Read, Refusal, Reply, Request, Write};

const EVERYONE: ConversationId = ConversationId::EVERYONE;

/// What stands at a place, as this reader is told.
pub(super) fn entry(
    bench: &mut Bench,
    reader: AccountId,
    conversation: ConversationId,
    at: u64,
) -> Entry {
    let entries = bench.read(reader, conversation, at - 1);
    let entry = entries.into_iter().next().expect("it stands");
    assert_eq!(entry.entry, EntryId(at));
    entry
}

/// The same as a page of the history.
fn history(bench: &mut Bench, reader: AccountId, conversation: ConversationId) -> Vec<Entry> {
    let request = Read::History {
        conversation,
        reader,
        before: EntryId(u64::MAX),
        max_entries: 100,
        max_bytes: usize::MAX,
    };
    match bench.done(request) {
        Reply::History { entries, .. } => entries,
        other => panic!("expected entries, not {other:?}"),
    }
}

/// Whether an entry is one that was deleted: nothing of it is left but what it was.
pub(super) fn is_deleted(entry: &Entry, text: &str) -> bool {
    entry.deleted.is_some()
        && entry.content.is_empty()
        && entry.digest == Digest::of(text.as_bytes())
}

pub(super) fn is_whole(entry: &Entry, text: &str) -> bool {
    entry.deleted.is_none() && entry.content == text.as_bytes()
}

/// A check compares every count with the logs.
pub(super) fn is_sound(bench: &mut Bench) {
    bench.done(Request::Checkpoint);
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
}

pub(super) fn usage(bench: &mut Bench) -> u64 {
    match bench.done(Read::Usage {
        account_bytes: None,
    }) {
        Reply::Usage { bytes, .. } => bytes,
        other => panic!("expected what is stored, not {other:?}"),
    }
}

pub(super) fn room(bench: &mut Bench, user: User) -> ConversationId {
    match bench.done(join(user, "#bridge")) {
        Reply::Joined(joined) => joined.standing.conversation,
        other => panic!("expected a membership, not {other:?}"),
    }
}

pub(super) fn promote(bench: &mut Bench, owner: User, room: ConversationId, name: &str) {
    let promoted = Change {
        kind: EventKind::Role,
        subject: Some(name.into()),
        text: None,
        role: Some(MemberRole::Moderator),
        access: None,
    };
    bench.done(change(owner, room, promoted));
}

#[test]
fn deleted_entry_keeps_everything_but_its_content() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let talk = bench.resolve(alice, "bob").conversation;
    for number in 1..=3 {
        bench.say(alice, talk, number, "tea at four");
    }
    let before = entry(&mut bench, bob.0, talk, 2);
    assert_eq!(bench.done(delete(alice.0, talk, 2)), Reply::Nothing);
    let expected = Entry {
        content: Vec::new(),
        deleted: Some(Deleted {
            by: alice.0,
            time_ms: 200,
            kind: EntryKind::Text,
        }),
        ..before
    };
    for _ in 0..2 {
        let read = bench.read(bob.0, talk, 0);
        assert_eq!(read[1], expected);
        assert_eq!(history(&mut bench, bob.0, talk), read);
        assert!(is_whole(&read[0], "tea at four") && is_whole(&read[2], "tea at four"));
        is_sound(&mut bench);
        bench = bench.crash();
    }
    // Where somebody stands fits still, and nothing is said again under its number.
    let standing = bench.hello(bob, vec![position(talk, 2, "tea at four")]);
    let standing = standing
        .iter()
        .find(|standing| standing.conversation == talk);
    assert_eq!(standing.map(|standing| standing.start), Some(EntryId(2)));
    let again = bench.say(alice, talk, 2, "tea at four");
    assert!(again.repeated && again.entry == EntryId(2));
}

#[test]
fn second_deletion_changes_nothing() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let room = room(&mut bench, bob);
    bench.done(join(alice, "#bridge"));
    let said = bench.say(alice, room, 1, "secret").entry.0;
    bench.done(delete(alice.0, room, said));
    let before = entry(&mut bench, bob.0, room, said);
    for actor in [alice, bob] {
        let request = Write::Delete {
            conversation: room,
            actor: actor.0,
            entry: EntryId(said),
            time_ms: 999,
        };
        let syncs = bench.disk.syncs();
        assert_eq!(bench.done(request), Reply::Nothing);
        assert_eq!(bench.disk.syncs(), syncs, "it costs nothing");
        assert_eq!(entry(&mut bench, bob.0, room, said), before);
    }
    // Both in a group, of which the record has more commands than entries.
    let said = bench.say(alice, room, 2, "secret").entry.0;
    bench.outcomes(vec![delete(alice.0, room, said), delete(bob.0, room, said)]);
    let before = entry(&mut bench, bob.0, room, said);
    assert_eq!(before.deleted.map(|deleted| deleted.by), Some(alice.0));
    let mut bench = bench.crash();
    assert_eq!(bench.engine.loss(), None);
    assert_eq!(entry(&mut bench, bob.0, room, said), before);
    is_sound(&mut bench);
}

#[test]
fn only_the_author_deletes_in_a_pair_and_of_everyone() {
    let mut bench = Bench::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| bench.user(name));
    let talk = bench.resolve(alice, "bob").conversation;
    for conversation in [talk, EVERYONE] {
        bench.say(alice, conversation, 1, "secret");
        for other in [bob.0, carol.0, AccountId(0), AccountId(99)] {
            let refusal = bench.refused(delete(other, conversation, 1));
            assert_eq!(refusal, Refusal::NotPermitted);
        }
        let read = entry(&mut bench, bob.0, conversation, 1);
        assert!(is_whole(&read, "secret"));
        bench.done(delete(alice.0, conversation, 1));
        let read = entry(&mut bench, bob.0, conversation, 1);
        assert!(is_deleted(&read, "secret"));
    }
}

#[test]
fn moderator_and_owner_delete_in_a_room_what_others_say_and_no_other_member_does() {
    let mut bench = Bench::new();
    let [owner, moderator, member, author] =
        ["owner", "moderator", "member", "author"].map(|name| bench.user(name));
    let room = room(&mut bench, owner);
    for user in [moderator, member, author] {
        bench.done(join(user, "#bridge"));
    }
    promote(&mut bench, owner, room, "moderator");
    for (number, actor) in (1..).zip([author, moderator, owner]) {
        let said = bench.say(author, room, number, "secret").entry.0;
        let refusal = bench.refused(delete(member.0, room, said));
        assert_eq!(refusal, Refusal::NotPermitted);
        bench.done(delete(actor.0, room, said));
        let read = entry(&mut bench, member.0, room, said);
        assert!(is_deleted(&read, "secret"));
        assert_eq!(read.deleted.map(|deleted| deleted.by), Some(actor.0));
    }
    // A moderator deletes what the owner says too: it is about what was said, not about who.
    let said = bench.say(owner, room, 1, "secret").entry.0;
    bench.done(delete(moderator.0, room, said));
    is_sound(&mut bench);
}

#[test]
fn nobody_deletes_an_event_or_what_does_not_stand() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let room = room(&mut bench, alice);
    let said = bench.say(alice, room, 1, "secret").entry.0;
    let event = said - 1;
    assert_eq!(
        entry(&mut bench, alice.0, room, event).device,
        DeviceId::SERVER
    );
    for at in [0, event, said + 1, u64::MAX] {
        let refusal = bench.refused(delete(alice.0, room, at));
        assert_eq!(refusal, Refusal::NotPermitted, "entry {at}");
    }
    for at in [
        ConversationId(0),
        ConversationId(77),
        ConversationId(u64::MAX),
    ] {
        let refusal = bench.refused(delete(alice.0, at, 1));
        assert_eq!(refusal, Refusal::NotPermitted);
    }
    bench.say(alice, room, 2, "the last");
    expire(&mut bench, 1);
    let refusal = bench.refused(delete(alice.0, room, said));
    assert_eq!(refusal, Refusal::NotPermitted, "it has expired");
    is_sound(&mut bench);
}

#[test]
fn nobody_deletes_what_they_cannot_read() {
    let mut bench = Bench::new();
    let (owner, guest) = (bench.user("owner"), bench.user("guest"));
    let room = room(&mut bench, owner);
    bench.done(join(guest, "#bridge"));
    let said = bench.say(guest, room, 1, "secret").entry.0;
    let of_owner = bench
        .say(owner, room, 1, "before the guest came again")
        .entry
        .0;
    bench.done(leave(guest, room));
    let refusal = bench.refused(delete(guest.0, room, said));
    assert_eq!(refusal, Refusal::NotPermitted, "after leaving");
    bench.done(join(guest, "#bridge"));
    promote(&mut bench, owner, room, "guest");
    for at in [said, of_owner] {
        let refusal = bench.refused(delete(guest.0, room, at));
        assert_eq!(refusal, Refusal::NotPermitted, "before joining");
    }
    let next = bench.say(owner, room, 2, "after it").entry.0;
    bench.done(delete(guest.0, room, next));
    bench.done(delete(owner.0, room, said));
    is_sound(&mut bench);
}

#[test]
fn late_joiner_reads_nothing_of_what_was_deleted() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let room = room(&mut bench, alice);
    let late = bench.user("late");
    bench.done(join(late, "#bridge"));
    let said = bench.say(alice, room, 1, "secret").entry.0;
    bench.done(delete(alice.0, room, said));
    bench.say(alice, room, 2, "hello");
    let read = entry(&mut bench, late.0, room, said);
    assert!(is_deleted(&read, "secret"));
    let latest = bench.user("latest");
    bench.done(join(latest, "#bridge"));
    bench.say(alice, room, 3, "hello");
    let told = bench.read(latest.0, room, 0);
    assert!(told.iter().all(|entry| entry.deleted.is_none()));
    assert!(history(&mut bench, late.0, room).contains(&read));
}

#[test]
fn counts_go_down_by_the_content_and_by_the_rest_when_it_expires() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let talk = bench.resolve(alice, "bob").conversation;
    for number in 1..=3 {
        bench.say(alice, talk, number, &"x".repeat(100));
    }
    let before = usage(&mut bench);
    bench.done(delete(alice.0, talk, 1));
    bench.done(delete(alice.0, talk, 2));
    assert_eq!(usage(&mut bench), before - 200);
    assert_eq!(bench.refused(delete(bob.0, talk, 3)), Refusal::NotPermitted);
    bench.done(delete(alice.0, talk, 2));
    assert_eq!(usage(&mut bench), before - 200);
    is_sound(&mut bench);
    expire(&mut bench, 2);
    assert_eq!(usage(&mut bench), (before - 200) / 3 * 2 + 100 / 3 + 1);
    is_sound(&mut bench);
    let read = bench.read(bob.0, talk, 0);
    assert!(is_deleted(&read[0], &"x".repeat(100)) && read.len() == 2);
    expire(&mut bench, 1);
    let mut bench = bench.crash();
    assert_eq!(usage(&mut bench), before / 3);
    is_sound(&mut bench);
}

#[test]
fn whole_conversations_content_is_deleted_and_the_log_goes_on() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let talk = bench.resolve(alice, "bob").conversation;
    let text = |number: u64| format!("secret {number}").repeat(20);
    for number in 1..=200 {
        bench.say(alice, talk, number, &text(number));
    }
    bench.done(Request::Checkpoint);
    let files = bench.disk.segments().len();
    assert!(files > 2, "it has several segments");
    bench.outcomes(
        (1..=200)
            .map(|entry| delete(alice.0, talk, entry))
            .collect(),
    );
    is_sound(&mut bench);
    // What nothing stands in any more is removed.
    bench.say(bob, talk, 1, "hello");
    is_sound(&mut bench);
    assert!(bench.disk.segments().len() < files);
    let mut bench = bench.crash();
    let read = bench.read(bob.0, talk, 0);
    assert_eq!(read.len(), 201);
    for (entry, number) in read.iter().zip(1..=200) {
        assert!(is_deleted(entry, &text(number)), "{entry:?}");
        assert_eq!(entry.number, DeviceSeq(number));
    }
    assert!(is_whole(&read[200], "hello"));
    is_sound(&mut bench);
    let said = append(alice, talk, 201, "and on");
    bench.done(said);
}
