//! The parts of the log, each by itself: the record under way, an entry as it stands, reading one, and salvage.

use std::sync::Arc;

use super::rig::{Group, Rig, Said, damaged_headers, key, low_byte};
use crate::store::error::StoreError;
use crate::store::segments::batch::Batch;
use crate::store::segments::files::SegmentFiles;
use crate::store::segments::frame::{self, Head};
use crate::store::segments::{Place, SegmentReader, commands, salvage};

const KEY: [u8; 32] = [5; 32];

fn said() -> Vec<Said> {
    let numbers = [0, 1, 127, 128, 1 << 32, u64::MAX];
    let each = |number: &u64| Said {
        conversation: number.saturating_add(1),
        entry: *number,
        numbers: [*number; 4],
        content: vec![7; usize::try_from(*number).unwrap_or(300).min(300)],
    };
    numbers.iter().map(each).collect()
}

#[test]
fn entry_is_read_as_it_was_written_and_only_where_and_whole_as_it_was() {
    for said in said() {
        let mut bytes = vec![9; 3];
        let check = frame::encode(&KEY, 4096, &said.frame(), &mut bytes);
        let bytes = bytes.split_off(3);
        let head = Head::decode(&KEY, 4096, &bytes).expect("it is whole");
        assert_eq!(
            (head.check, head.key()),
            (check, (said.conversation, said.entry))
        );
        assert!(head.is_of(&said.frame()) && head.frame_len() == bytes.len());
        let found = head.frame(&bytes).expect("it is whole");
        assert_eq!(Said::of(found.conversation, found.entry, &found.row), said);
        assert_eq!(found.row.digest, said.frame().row.digest);
        assert_eq!(head.stored(bytes.clone()).row().content, &*said.content);
        // Elsewhere, or with another key, it is none.
        assert!(Head::decode(&KEY, 4097, &bytes).is_none());
        assert!(Head::decode(&KEY, 4096 + (1 << 32), &bytes).is_none());
        assert!(Head::decode(&[4; 32], 4096, &bytes).is_none());
        let len = bytes.len() - said.content.len();
        for cut in 0..len {
            assert!(
                Head::decode(&KEY, 4096, &bytes[..cut]).is_none(),
                "{cut} bytes"
            );
        }
        assert!(head.frame(&bytes[..bytes.len() - 1]).is_none() || said.content.is_empty());
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // Of the content the digest says whether it is the one that was written.
            let is_head = bit / 8 < len;
            assert_eq!(
                Head::decode(&KEY, 4096, &flipped).is_none(),
                is_head,
                "bit {bit}"
            );
        }
    }
}

#[test]
fn lengths_that_somebody_makes_up_are_no_entry_and_no_work() {
    let mut bytes = vec![1];
    bytes.extend_from_slice(&[3; 6]);
    bytes.extend_from_slice(&[0; 32]);
    for length in [
        &[0xff; 9][..],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
    ] {
        let bytes = [&bytes, length, &[0; 8], b"content"].concat();
        assert!(Head::decode(&KEY, 0, &bytes).is_none());
        assert!(
            Head::decode_unchecked(&bytes).is_none(),
            "longer than any segment"
        );
    }
    let longest = [&bytes[..], &[0xff, 0xff, 0xff, 0xff, 0x0f], &[0; 8]].concat();
    let head = Head::decode_unchecked(&longest).expect("without a key it is one");
    assert!(head.frame(&longest).is_none());
}

#[test]
fn record_under_way_has_what_was_added_and_nothing_else() {
    let mut batch = Batch::default();
    let said = said();
    assert!(
        matches!(batch.add(&said[0].frame()), Err(StoreError::Closed)),
        "none was begun"
    );
    batch.begin(4, 8192, KEY);
    let first = batch.add(&said[3].frame()).expect("there is room");
    assert_eq!(
        first,
        Place {
            segment: 4,
            offset: 8192 + 48
        }
    );
    let before = batch.entries().0;
    let second = batch.add(&said[4].frame()).expect("there is room");
    assert_eq!(second.offset as usize, 8192 + 48 + before);
    let content =
        |batch: &Batch, place| batch.get(place).map(|stored| stored.row().content.to_vec());
    assert_eq!(content(&batch, first), Some(said[3].content.clone()));
    assert_eq!(content(&batch, second), Some(said[4].content.clone()));
    for place in [
        Place {
            segment: 3,
            ..first
        },
        Place {
            offset: first.offset - 1,
            ..first
        },
        Place {
            offset: first.offset + 1,
            ..first
        },
        Place {
            offset: 8192,
            ..first
        },
        Place { offset: 0, ..first },
        Place {
            offset: u32::MAX,
            ..first
        },
    ] {
        assert_eq!(content(&batch, place), None, "{place:?}");
    }
    batch.begin(4, 16384, KEY);
    assert_eq!(content(&batch, first), None, "it is in the file now");
}

#[test]
fn record_that_is_done_again_has_its_entries_in_their_order_and_no_others() {
    let mut rig = Rig::new(1);
    let entries: Vec<Said> = (1..=3).map(|entry| Said::new(entry, vec![1; 40])).collect();
    let group = Group {
        entries: entries.iter().cloned().map(Some).collect(),
        commands: commands::encode(&[None, None, None]),
    };
    rig.write(&group).expect("the disk is well");
    rig.log = None;
    let files: Arc<dyn SegmentFiles> = Arc::new(rig.disk.clone());
    let opened = crate::store::segments::Segments::open(files, rig.note.clone(), rig.rng.clone());
    let (log, found) = opened.expect("the disk is well");
    let places: Vec<Place> = rig.durable.keys().copied().collect();
    let again = |batch: &mut Batch| {
        let (writes, entries) = log.reader().record(&found.records[0]).expect("it is whole");
        assert_eq!(writes, [None, None, None]);
        batch.replay(entries);
    };
    let mut batch = Batch::default();
    again(&mut batch);
    assert_eq!(batch.left(), 3);
    assert_eq!(
        batch.add(&entries[0].frame()).expect("it is the first"),
        places[0]
    );
    // One that damage has ended.
    batch.skip_replayed();
    assert_eq!(
        batch.add(&entries[2].frame()).expect("it is the last"),
        places[2]
    );
    assert_eq!(batch.left(), 0);
    assert!(
        batch
            .add(&entries[2].frame())
            .is_err_and(|error| error.is_damage())
    );
    assert!(batch.get(places[0]).is_none(), "it is in the file");
    let different = [
        Said {
            conversation: 4,
            ..entries[0].clone()
        },
        Said {
            entry: 9,
            ..entries[0].clone()
        },
        Said {
            numbers: [7, 8, 2, 1_773_756_120_000],
            ..entries[0].clone()
        },
        Said {
            content: b"another".to_vec(),
            ..entries[0].clone()
        },
    ];
    for other in different.iter().chain([&entries[1]]) {
        again(&mut batch);
        assert!(
            batch
                .add(&other.frame())
                .is_err_and(|error| error.is_damage()),
            "{other:?}"
        );
    }
}

#[test]
fn reading_says_what_is_wrong_where_an_entry_should_stand() {
    let mut rig = Rig::new(1);
    for entry in 1..=8 {
        rig.write(&Group::of(entry, vec![low_byte(entry); 5000]))
            .expect("the disk is well");
    }
    let (place, said) = rig.durable.iter().nth(1).expect("it was said");
    let (place, entry, number) = (*place, said.entry, place.segment);
    let image = rig.disk.segment_image(number);
    let note = rig.note.clone();
    let read = |bytes: Option<Vec<u8>>, place: Place, entry| {
        let disk = rig.disk.copy();
        disk.set_segment(number, bytes);
        let files: Arc<dyn SegmentFiles> = Arc::new(disk);
        match SegmentReader::new(files, &note).read(place, 3, entry) {
            Ok(stored) => format!("{} bytes", stored.row().content.len()),
            Err(error) if error.is_damage() => error.to_string(),
            Err(error) => panic!("{error}"),
        }
    };
    let whole = || Some(image.clone());
    let flipped = |at: usize| {
        let mut bytes = image.clone();
        bytes[at] ^= 1;
        Some(bytes)
    };
    assert_eq!(read(whole(), place, entry), "5000 bytes");
    let at = place.offset as usize;
    let elsewhere = |offset: usize| Place {
        offset: u32::try_from(offset).unwrap(),
        ..place
    };
    let another = *rig.durable.keys().next().expect("it was said");
    let cases = [
        (read(None, place, entry), "its file is missing"),
        (
            read(Some(Vec::new()), place, entry),
            "its file was cut short",
        ),
        (
            read(Some(image[..4095].to_vec()), place, entry),
            "its file was cut short",
        ),
        (
            read(Some(image[..at - 1].to_vec()), place, entry),
            "its segment was cut short",
        ),
        (
            read(Some(image[..at + 40].to_vec()), place, entry),
            "not an entry",
        ),
        (
            read(Some(image[..at + 4000].to_vec()), place, entry),
            "its segment was cut short",
        ),
        (
            read(Some(damaged_headers(&image, 50)), place, entry),
            "its header is not what was written",
        ),
        (read(flipped(at), place, entry), "not an entry"),
        (read(flipped(at + 5), place, entry), "not an entry"),
        (
            read(flipped(at + 3000), place, entry),
            "does not have its digest",
        ),
        (read(whole(), elsewhere(at + 1), entry), "not an entry"),
        (read(whole(), elsewhere(at - 48), entry), "not an entry"),
        (
            read(whole(), elsewhere(u32::MAX as usize), entry),
            "its segment was cut short",
        ),
        (read(whole(), elsewhere(0), entry), "not an entry"),
        (read(whole(), another, entry), "another entry stands there"),
        (
            read(whole(), place, entry + 1),
            "another entry stands there",
        ),
        (
            read(
                whole(),
                Place {
                    segment: 77,
                    ..place
                },
                entry,
            ),
            "its file is missing",
        ),
        (
            read(Some(Rig::new(2).disk.segment_image(1)), place, entry),
            "its header is not what was written",
        ),
    ];
    for (index, (found, expected)) in cases.into_iter().enumerate() {
        assert!(
            found.contains(expected),
            "case {index}: {found}, not {expected}"
        );
    }
}

/// What salvage finds of a log.
fn salvaged(rig: &Rig) -> Vec<u64> {
    let mut found = Vec::new();
    let files: &dyn SegmentFiles = &rig.disk;
    salvage::each_entry(files, &rig.note, &mut |(conversation, entry), stored| {
        let said = Said::of(conversation, entry, &stored.row());
        assert!(
            rig.durable.values().any(|durable| *durable == said),
            "{said:?}"
        );
        found.push(entry);
        Ok(())
    })
    .expect("nothing of it fails");
    found
}

#[test]
fn salvage_finds_every_entry_but_what_is_damaged() {
    let mut rig = Rig::new(1);
    for first in (1..=20).step_by(2) {
        let entries =
            [first, first + 1].map(|entry| Some(Said::new(entry, vec![low_byte(entry); 2000])));
        rig.write(&Group {
            entries: entries.to_vec(),
            commands: vec![1; 99],
        })
        .expect("the disk is well");
    }
    let all: Vec<u64> = (1..=20).collect();
    assert_eq!(salvaged(&rig), all);
    let disk = rig.disk.clone();
    for (place, said) in rig.durable.clone() {
        let at = place.offset as usize;
        for (part, most) in [(at + 1000, 1), (at + 20, 2), (at - 10, 3)] {
            rig.disk = disk.copy();
            assert!(rig.disk.flip_segment(place.segment, part));
            let found = salvaged(&rig);
            let lost: Vec<u64> = all
                .iter()
                .copied()
                .filter(|entry| !found.contains(entry))
                .collect();
            assert!(
                lost.len() <= most && lost.iter().all(|lost| lost.abs_diff(said.entry) < 2),
                "{said:?}: {lost:?}"
            );
        }
    }
    rig.disk = disk.copy();
    rig.disk.set_segment(2, None);
    rig.disk.set_segment(1, Some(vec![1; 100]));
    let left = rig.durable.iter().filter(|(place, _)| place.segment > 2);
    let left: Vec<u64> = left.map(|(_, said)| said.entry).collect();
    assert_eq!(salvaged(&rig), left);
}

#[test]
fn salvage_without_the_key_takes_what_stands_where_it_is_said_to() {
    let mut rig = Rig::new(1);
    // What a user has written has the form of an entry, too.
    let forged = Said::new(1, b"never said".to_vec());
    let mut content = vec![b'x'; 100];
    frame::encode(&KEY, 0, &forged.frame(), &mut content);
    rig.write(&Group::of(1, content)).expect("the disk is well");
    rig.write(&Group::of(2, vec![2; 700]))
        .expect("the disk is well");
    let places: Vec<_> = rig
        .durable
        .iter()
        .map(|(place, said)| ((3, said.entry), *place))
        .collect();
    let take = |places: &[((u64, u64), Place)]| {
        let mut found = Vec::new();
        let files: &dyn SegmentFiles = &rig.disk;
        salvage::at_places(files, None, places, &mut |(conversation, entry), stored| {
            found.push(Said::of(conversation, entry, &stored.row()));
            Ok(())
        })
        .expect("nothing of it fails");
        found
    };
    assert_eq!(
        take(&places),
        rig.durable.values().cloned().collect::<Vec<_>>()
    );
    let elsewhere: Vec<_> = (0..2000)
        .map(|step| {
            (
                (3, 2),
                Place {
                    offset: 4096 + step,
                    ..places[0].1
                },
            )
        })
        .filter(|(_, place)| *place != places[1].1)
        .collect();
    assert_eq!(take(&elsewhere), [], "only the entry that is meant");
    let image = rig.disk.segment_image(1);
    assert_ne!(key(&rig.note, 1, &image), KEY);
}
