//! Segments of which little is left are emptied: their space comes back, and what they held stays.

use super::super::testing::{Bench, User, join};
use super::super::{Reply, Request, Retention, Write};
use crate::protocol::ConversationId;
use crate::store::Entry;

const EVERYONE: ConversationId = ConversationId::EVERYONE;

/// How much is said in each conversation: some twenty segments.
const SAID: u64 = 600;

/// Two talk to everyone, and every tenth time in a room too.
fn talked() -> (Bench, User, ConversationId) {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let Reply::Joined(joined) = bench.done(join(alice, "#bridge")) else {
        panic!("it is made");
    };
    let room = joined.standing.conversation;
    for number in 1..=SAID {
        let text = format!("{number}: {}", "x".repeat(400));
        bench.say(alice, EVERYONE, number, &text);
        if number % 10 == 0 {
            bench.say(alice, room, number / 10, &text);
        }
    }
    bench.done(Request::Checkpoint);
    (bench, alice, room)
}

/// Of everyone nothing is kept but the last few.
fn expire(bench: &mut Bench) {
    let keep = Retention {
        messages: Some(3),
        ..Retention::default()
    };
    let keep_room = Retention {
        messages: Some(0),
        ..Retention::default()
    };
    bench.done(Write::Retain {
        name: "#bridge".into(),
        keep: keep_room,
    });
    bench.done(Write::Expire {
        from: ConversationId(0),
        keep,
        now_ms: 1000,
    });
}

/// As often as the storage thread would come by.
fn tidy(bench: &mut Bench, steps: usize) {
    for _ in 0..steps {
        bench.done(Request::Checkpoint);
    }
}

fn is_whole(bench: &mut Bench, alice: User, room: ConversationId, there: &[Entry]) {
    assert_eq!(bench.read(alice.0, room, 0), there);
    bench.done(Request::Checkpoint);
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn sparse_segments_are_emptied_and_removed() {
    let (mut bench, alice, room) = talked();
    let there = bench.read(alice.0, room, 0);
    let before = bench.disk.segments().len();
    expire(&mut bench);
    tidy(&mut bench, 400);
    let after = bench.disk.segments().len();
    assert!(before > 15 && after < 6, "{before} segments, then {after}");
    is_whole(&mut bench, alice, room, &there);
    let mut bench = bench.crash();
    is_whole(&mut bench, alice, room, &there);
}

#[test]
fn a_crash_while_they_are_emptied_loses_nothing() {
    let (bench, alice, room) = talked();
    let mut bench = bench;
    let there = bench.read(alice.0, room, 0);
    expire(&mut bench);
    for steps in 0..60 {
        let mut bench = Bench::on(bench.disk.copy());
        // Without the checkpoints that would note what was moved.
        bench.engine.make_checkpoints_beside();
        bench.done(Request::Checkpoint);
        for _ in 0..steps {
            bench.engine.tidy();
        }
        let mut bench = bench.crash();
        is_whole(&mut bench, alice, room, &there);
        // What is deleted after a move that is done again is deleted where it stands.
        tidy(&mut bench, 400);
        is_whole(&mut bench, alice, room, &there);
        assert!(bench.disk.segments().len() < 8);
    }
}

/// The segment was taken for damaged then, and stayed until the next start.
#[test]
fn segment_is_emptied_although_entries_expire_while_it_is_looked_through() {
    let (mut bench, alice, room) = talked();
    let there = bench.read(alice.0, room, 0);
    let expire_to = |bench: &mut Bench, last: u64| {
        let keep = Retention {
            messages: Some(last),
            ..Retention::default()
        };
        bench.done(Write::Expire {
            from: ConversationId(0),
            keep,
            now_ms: 1000,
        });
    };
    bench.done(Write::Retain {
        name: "#bridge".into(),
        keep: Retention {
            messages: Some(0),
            ..Retention::default()
        },
    });
    let before = bench.disk.segments().len();
    for last in (3..SAID).rev() {
        expire_to(&mut bench, last);
        tidy(&mut bench, 1);
    }
    tidy(&mut bench, 400);
    let after = bench.disk.segments().len();
    assert!(
        before > 15 && after < before / 3,
        "{before} segments, then {after}"
    );
    is_whole(&mut bench, alice, room, &there);
}

#[test]
fn segment_that_is_damaged_stays() {
    let (mut bench, alice, room) = talked();
    expire(&mut bench);
    let there = bench.read(alice.0, room, 0);
    let (first, image) = bench.disk.segments().pop_first().expect("there are some");
    // The content of an entry of the room: every tenth text of everyone is followed by one.
    let marked = image.windows(7).position(|bytes| bytes == b"11: xxx");
    let place = marked.expect("a text stands there") - 200;
    assert!(bench.disk.flip_segment(first, place));
    tidy(&mut bench, 400);
    assert!(bench.disk.segments().contains_key(&first));
    let read = bench.read(alice.0, room, 0);
    let damaged: Vec<_> = std::iter::zip(&read, &there)
        .filter(|(now, before)| now.content != before.content)
        .collect();
    assert_eq!((read.len(), damaged.len()), (there.len(), 1), "{damaged:?}");
}
