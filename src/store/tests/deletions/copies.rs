//! An entry that was written once more, because its segment is emptied, is deleted wherever it stands.

use super::crashes::{on_disk, text};
use super::{EVERYONE, delete, is_deleted, is_sound, is_whole, room};
use crate::protocol::ConversationId;
use crate::store::testing::{Bench, User};
use crate::store::{Request, Retention, Write};

/// How much is said in the room, and how many times as much to everyone.
const SAID: u64 = 30;
const OTHERS: u64 = 10;

/// A room, of which some entries stand in each of many segments that hold nothing else any more.
fn sparse() -> (Bench, User, ConversationId) {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let room = room(&mut bench, alice);
    for number in 1..=SAID {
        bench.say(alice, room, number, &text(number));
        for other in 1..=OTHERS {
            let number = (number - 1) * OTHERS + other;
            bench.say(alice, EVERYONE, number, &"x".repeat(400));
        }
    }
    bench.done(Write::Retain {
        name: "#bridge".into(),
        keep: Retention {
            messages: Some(0),
            ..Retention::default()
        },
    });
    bench.engine.make_checkpoints_beside();
    bench.done(Write::Expire {
        from: ConversationId(0),
        keep: Retention {
            messages: Some(1),
            ..Retention::default()
        },
        now_ms: 1000,
    });
    (bench, alice, room)
}

#[test]
fn entry_that_was_moved_is_overwritten_where_it_stood_before_too() {
    // Only where it is read was it overwritten, and a segment that somebody reads is not removed for as long as they do.
    let (bench, alice, room) = sparse();
    let mut moved = 0;
    for steps in 0..20 {
        let mut bench = Bench::on(bench.disk.copy());
        bench.engine.make_checkpoints_beside();
        bench.done(Request::Checkpoint);
        let (_snapshot, _pin) = bench.engine.snapshots().snapshot().expect("it is open");
        let places = bench.disk.segments();
        for _ in 0..steps {
            bench.engine.tidy();
            if steps % 2 == 0 {
                bench.checkpoint_by_the_clock();
            }
        }
        moved += u32::from(bench.disk.segments() != places);
        if steps % 3 == 0 {
            bench = bench.crash();
            bench.engine.make_checkpoints_beside();
        }
        let first = bench.read(alice.0, room, 0)[0].entry.0;
        let deleted: Vec<u64> = (first + 1..=first + SAID).step_by(2).collect();
        for entry in &deleted {
            bench.done(delete(alice.0, room, *entry));
        }
        bench.checkpoint_by_the_clock();
        let left = on_disk(&bench.disk);
        let read = bench.read(alice.0, room, first);
        for entry in read {
            let is_gone = deleted.contains(&entry.entry.0);
            let number = entry.number.0;
            assert_eq!(is_deleted(&entry, &text(number)), is_gone);
            assert!(is_gone || is_whole(&entry, &text(number)));
            assert_eq!(!left.contains(&number), is_gone, "{steps} steps: {number}");
        }
        is_sound(&mut bench);
    }
    assert!(moved > 10, "{moved}");
}
