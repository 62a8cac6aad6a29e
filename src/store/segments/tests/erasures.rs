//! Contents that are overwritten where they stand: whoever still reads there can tell that from damage.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use super::rig::{Group, Rig, key};
use crate::protocol::Digest;
use crate::store::segments::Place;
use crate::store::segments::erase::{Erasure, is_erased};
use crate::store::segments::stored::Deletion;

/// A log with two entries of so many bytes each, and where the first one stands.
fn said(bytes: usize) -> (Rig, Place, Erasure) {
    let mut rig = Rig::new(1);
    for entry in 1..=2 {
        let group = Group::of(entry, vec![b'x'; bytes]);
        rig.write(&group).expect("the disk is well");
    }
    let place = *rig.durable.keys().next().expect("it was written");
    let reader = rig.log().reader();
    let stored = reader.read(place, 3, 1).expect("it is whole");
    let (at, len) = stored.content_at(place);
    let erasure = Erasure {
        segment: place.segment,
        at,
        len,
        key: (3, 1),
    };
    (rig, place, erasure)
}

#[test]
fn overwritten_content_is_read_as_deleted_and_counts_as_before() {
    for bytes in [0, 1, 3000] {
        let (mut rig, place, erasure) = said(bytes);
        let done = rig.log().reader().erase(vec![erasure], |_| false);
        assert_eq!(done, [erasure]);
        let stored = rig
            .log()
            .reader()
            .read(place, 3, 1)
            .expect("it was deleted");
        if bytes > 0 {
            assert_eq!(stored.row().deleted, Some(Deletion::default()));
            assert_eq!(stored.overwritten_bytes(), bytes as u64);
        }
        assert!(stored.row().content.is_empty());
        assert_eq!(stored.row().digest, Digest::of(&vec![b'x'; bytes]));
        assert_eq!(stored.counted_bytes(), bytes as u64 + 64);
        // The other one is as it was, and the log goes on after a crash.
        rig.durable.remove(&place);
        rig.crash();
        rig.open().expect("the disk is well");
        rig.reads_all();
    }
}

#[test]
fn record_whose_content_was_overwritten_is_not_taken_for_torn_where_it_is_the_last() {
    let (mut rig, place, erasure) = said(100);
    let last = *rig.durable.keys().next_back().expect("it was written");
    let shift = u64::from(last.offset - place.offset);
    let at = erasure.at + shift;
    let key = (3, 2);
    rig.log()
        .reader()
        .erase(vec![Erasure { at, key, ..erasure }], |_| false);
    rig.crash();
    let (groups, loss) = rig.opened().expect("the disk is well");
    assert_eq!((groups.len(), loss), (2, None));
    // Nobody else can write what it is overwritten with, and a part of it is damage.
    assert!(
        rig.disk
            .flip_segment(place.segment, usize::try_from(at).expect("it is short"))
    );
    rig.crash();
    let (groups, _) = rig.opened().expect("the disk is well");
    assert_eq!(groups.len(), 1);
}

#[test]
fn reader_waits_for_what_is_being_overwritten() {
    // A backup that read in between found half of one and half of the other, and took it for damage.
    let (mut rig, place, erasure) = said(3000);
    let reader = Arc::clone(rig.log().reader());
    let whole = rig.disk.segment_image(place.segment);
    reader.erase(vec![erasure], |_| false);
    let overwritten = rig.disk.segment_image(place.segment);
    let start = usize::try_from(erasure.at).expect("it is short");
    let segment_key = key(&rig.note, place.segment, &whole);
    assert!(is_erased(
        &segment_key,
        erasure.at,
        &overwritten[start..][..3000]
    ));
    let half = [&overwritten[..start + 1500], &whole[start + 1500..]].concat();
    rig.disk.set_segment(place.segment, Some(half));
    let overwriting = reader.overwriting();
    let (done, answer) = mpsc::channel();
    let other = Arc::clone(&reader);
    let thread = std::thread::spawn(move || {
        let read = other.read(place, 3, 1);
        done.send(read).is_ok()
    });
    let early = answer.recv_timeout(Duration::from_millis(100));
    assert_eq!(early.err(), Some(RecvTimeoutError::Timeout));
    rig.disk.set_segment(place.segment, Some(overwritten));
    drop(overwriting);
    let stored = answer.recv().expect("it answers");
    assert!(thread.join().expect("it does not panic"));
    let stored = stored.expect("it was deleted");
    assert_eq!(stored.row().deleted, Some(Deletion::default()));
}

#[test]
fn nothing_is_written_beyond_the_end_of_a_segment_or_where_there_is_none() {
    let (mut rig, place, erasure) = said(100);
    let reader = Arc::clone(rig.log().reader());
    let before = rig.disk.segments();
    let len = before[&place.segment].len() as u64;
    let beyond = [len - 1, len, u64::MAX].map(|at| Erasure {
        at,
        len: u64::MAX,
        ..erasure
    });
    let other = Erasure {
        segment: place.segment + 7,
        ..erasure
    };
    let all = [&beyond[..], &[other]].concat();
    assert_eq!(reader.erase(all.clone(), |_| false), all);
    let after = rig.disk.segments();
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    assert_eq!(after[&place.segment].len() as u64, len);
    rig.reads_all();
}
