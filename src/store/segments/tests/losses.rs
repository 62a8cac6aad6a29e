//! A log that is not the one that is needed, or not whole, is told by its kind; damage of a content is of that entry only.

use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};

use super::FIRST;
use super::rig::{Group, Rig, Said, damaged_headers, found_in, loss_of, low_byte, records};
use crate::store::files::fault_disk::GROWTH;
use crate::store::log_loss::LogLoss;
use crate::store::segments::layout::{ALIGN, HEADER};
use crate::store::segments::{Note, frame};

type Files = BTreeMap<u32, Vec<u8>>;

/// A log of some segments, of which the tables know where the first begins, and its files.
fn several() -> (Rig, Files) {
    let mut rig = Rig::new(1);
    for entry in 1..=14 {
        let said = [entry, entry + 100].map(|entry| Some(Said::new(entry, vec![1; 2000])));
        let group = Group {
            entries: said.to_vec(),
            commands: vec![low_byte(entry); 300],
        };
        rig.write(&group).expect("the disk is well");
    }
    assert!(rig.current() > 3);
    let files = rig.segments();
    (rig, files)
}

/// Five records in a segment, each of one entry.
fn five() -> (Rig, Vec<u8>) {
    let mut rig = Rig::new(1);
    for entry in 1..=5 {
        let mut group = Group::of(entry, vec![low_byte(entry); 500]);
        group.commands = vec![6; 200];
        rig.write(&group).expect("the disk is well");
    }
    let image = rig.disk.segment_image(1);
    (rig, image)
}

fn one(bytes: Vec<u8>) -> Files {
    BTreeMap::from([(1, bytes)])
}

fn changed(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    change(&mut changed);
    changed
}

#[test]
fn log_that_is_not_the_one_that_is_needed_is_told_by_its_kind() {
    use LogLoss::{Damaged, Foreign, Missing, Older, Truncated};
    let (mut rig, image) = five();
    let needed = rig.note.clone();
    rig.checkpoint().expect("the disk is well");
    let (other, _) = several();
    let of_another = |number| {
        Rig::new(2)
            .segments()
            .remove(&1)
            .map(|image| (number, image))
    };
    let cases: Vec<(&Note, Files, _)> = vec![
        (&needed, one(image.clone()), None),
        (&needed, Files::new(), Some(Missing)),
        (&needed, one(Vec::new()), Some(Missing)),
        (&needed, one(vec![0; GROWTH]), Some(Missing)),
        (&needed, one(vec![7; GROWTH]), Some(Damaged)),
        (&needed, one(damaged_headers(&image, 50)), Some(Damaged)),
        (&needed, one(damaged_headers(&image, 90)), Some(Damaged)),
        // One of the two is enough.
        (&needed, one(changed(&image, |image| image[50] ^= 1)), None),
        (
            &needed,
            one(changed(&image, |image| image[4096 + 50] ^= 1)),
            None,
        ),
        (
            &needed,
            one(changed(&image, |image| image[..4096].fill(7))),
            None,
        ),
        (&needed, one(image[..FIRST].to_vec()), Some(Truncated)),
        (&needed, one(image[..40].to_vec()), Some(Truncated)),
        (&needed, of_another(1).into_iter().collect(), Some(Foreign)),
        (&needed, of_another(2).into_iter().collect(), Some(Foreign)),
        // One segment under another's name.
        (&other.note, one(other.disk.segment_image(2)), Some(Foreign)),
        // What the tables contain is not in it.
        (&rig.note, one(image.clone()), None),
        (
            &rig.note,
            one(changed(&image, |image| image[FIRST..].fill(0))),
            Some(Older),
        ),
        (&rig.note, one(image[..FIRST].to_vec()), Some(Truncated)),
        (&rig.note, Files::new(), Some(Missing)),
    ];
    for (index, (note, files, expected)) in cases.into_iter().enumerate() {
        assert_eq!(loss_of(note, &files), expected, "case {index}");
    }
}

#[test]
fn older_and_newer_logs_are_told_apart() {
    let (mut rig, files) = several();
    let needed = rig.note.clone();
    rig.checkpoint().expect("the disk is well");
    let first = one(files[&1].clone());
    // The log was put back.
    assert_eq!(loss_of(&rig.note, &first), Some(LogLoss::Older));
    // The tables were put back, and the segment that they need is not used any more.
    let mut later = files.clone();
    later.remove(&1);
    assert_eq!(loss_of(&needed, &later), Some(LogLoss::Newer));
    // Where it is still there nothing is lost.
    let (groups, loss) = found_in(&needed, &files);
    assert_eq!((groups.len(), loss), (14, None));
    assert_eq!(found_in(&rig.note, &files), (Vec::new(), None));
}

#[test]
fn log_of_another_life_of_the_same_database_is_foreign() {
    // A database and a copy of its files: both go on in a segment of the same number, with a record of the same number.
    let lives = [1, 2].map(|seed| {
        let mut rig = Rig::new(7);
        let first = rig.note.clone();
        rig.rng = ChaCha20Rng::seed_from_u64(seed);
        rig.open().expect("the disk is well");
        let mut entry = 0;
        while rig.current() < 3 {
            entry += 1;
            rig.write(&Group::of(entry, vec![low_byte(seed); 4000]))
                .expect("the disk is well");
        }
        (first, rig)
    });
    let [(note, one), (_, other)] = &lives;
    assert_eq!(loss_of(note, &one.segments()), None);
    let mut swapped = one.segments();
    swapped.insert(2, other.disk.segment_image(2));
    assert!(
        loss_of(note, &swapped).is_some(),
        "it goes on behind another record"
    );
    let mut swapped = one.segments();
    swapped.insert(3, other.disk.segment_image(3));
    assert!(
        loss_of(note, &swapped).is_some(),
        "it goes on behind another record"
    );

    let begun = [1, 2].map(|seed| {
        let mut rig = Rig::new(7);
        rig.rng = ChaCha20Rng::seed_from_u64(seed);
        rig.note = rig.note.clone().cut();
        rig.open().expect("the disk is well");
        rig.checkpoint().expect("the disk is well");
        let note = rig.note.clone();
        rig.write(&Group::of(1, b"of this life".to_vec()))
            .expect("the disk is well");
        (note, rig.segments())
    });
    let [(note, files), (_, other)] = &begun;
    let number = note.segment;
    assert_eq!(loss_of(note, other), Some(LogLoss::Foreign));
    let spliced = [&files[&number][..FIRST], &other[&number][FIRST..]].concat();
    let spliced = BTreeMap::from([(number, spliced)]);
    assert_eq!(loss_of(note, &spliced), Some(LogLoss::Damaged));
    assert_eq!(loss_of(note, files), None);
}

#[test]
fn segment_that_is_missing_damaged_or_swapped_is_noticed_wherever_it_stands() {
    let (rig, files) = several();
    let (first, last) = (1, rig.current());
    let (whole, loss) = found_in(&rig.note, &files);
    assert_eq!((whole.len(), loss), (14, None));
    for number in first..=last {
        let mut changes = vec![
            ("missing", None),
            ("zeros", Some(vec![0; GROWTH])),
            ("empty", Some(Vec::new())),
            (
                "no header",
                Some(changed(&files[&number], |bytes| bytes[..FIRST].fill(0))),
            ),
            ("damaged", Some(damaged_headers(&files[&number], 60))),
            ("foreign", Rig::new(9).segments().remove(&1)),
        ];
        for other in (first..=last).filter(|other| *other != number) {
            changes.push(("another one", Some(files[&other].clone())));
        }
        for (what, bytes) in changes {
            let mut files = files.clone();
            match bytes {
                Some(bytes) => files.insert(number, bytes),
                None => files.remove(&number),
            };
            let (groups, loss) = found_in(&rig.note, &files);
            assert!(loss.is_some(), "{number} is {what}");
            // What was read before it is done again all the same.
            assert!(whole.starts_with(&groups), "{number} is {what}");
        }
    }
}

#[test]
fn log_that_was_cut_is_noticed_at_every_length() {
    let (rig, files) = several();
    let (last, end) = (rig.current(), rig.end());
    let (mut noticed, mut whole) = (0, 0);
    for (number, image) in &files {
        let edges = records(&rig.note, *number, image)
            .into_iter()
            .flat_map(|(at, _)| [at, at + 1, at + 48]);
        let ends = [end, end - 1, end + 1, end + ALIGN - 1, end + ALIGN];
        // Of an earlier one the padding after the last record may be cut.
        let ends = ends.into_iter().filter(|_| *number == last);
        let edges = edges.chain([1, 95, 96, 4095, 4097, 8191, 8193]).chain(ends);
        for len in (0..image.len())
            .step_by(512)
            .chain(edges)
            .filter(|len| *len < image.len())
        {
            let mut files = files.clone();
            files.insert(*number, image[..len].to_vec());
            let loss = loss_of(&rig.note, &files);
            // Only room that was not used yet can be cut without a loss.
            let is_whole = *number == last && len >= end + ALIGN;
            assert_eq!(
                loss.is_none(),
                is_whole,
                "{len} bytes of segment {number}, {end}"
            );
            noticed += u32::from(!is_whole);
            whole += u32::from(is_whole);
        }
    }
    assert!(noticed > 100 && whole > 20, "{noticed}, {whole}");
}

/// What stands at a place of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A record's header, the head of an entry, or commands.
    Structure,
    /// The content of the entry of the record of this index.
    Content,
    /// Nothing.
    Room,
}

/// Of each byte of the records: the record's index, and what stands there.
fn parts(rig: &Rig, image: &[u8]) -> Vec<(usize, Part)> {
    let mut parts = Vec::new();
    for (index, (at, header)) in records(&rig.note, 1, image).into_iter().enumerate() {
        let mut head = Vec::new();
        frame::encode(&[0; 32], 0, &Said::new(1, vec![0; 500]).frame(), &mut head);
        let next = header.next(at).expect("it is short");
        parts.extend((at..next).map(|place| {
            let within = place - at;
            let content = HEADER + head.len() - 500;
            let part = match within {
                _ if (content..content + 500).contains(&within) => Part::Content,
                _ if within < HEADER + header.body_len() => Part::Structure,
                _ => Part::Room,
            };
            (index, part)
        }));
    }
    parts
}

#[test]
fn damaged_byte_costs_no_record_in_silence_unless_it_is_the_last() {
    let (rig, image) = five();
    let parts = parts(&rig, &image);
    let mut seen = [0; 3];
    for (index, (record, part)) in parts.iter().enumerate().step_by(3) {
        let damaged = changed(&image, |image| image[FIRST + index] ^= 0x10);
        let (groups, loss) = found_in(&rig.note, &one(damaged));
        let place = format!("byte {index} of record {record}, {part:?}");
        let is_header = index + 1 < parts.len()
            && (0..HEADER).any(|back| {
                index
                    .checked_sub(back)
                    .is_some_and(|at| at == 0 || parts[at - 1].0 < *record)
            });
        match (part, record) {
            (Part::Room, _) => {
                seen[0] += 1;
                assert_eq!((groups, loss), (rig.written.clone(), None), "{place}");
            }
            (Part::Content, 0..4) => {
                seen[1] += 1;
                assert_eq!(loss, None, "{place}");
                let mut expected = rig.written.clone();
                expected[*record].entries = vec![None];
                assert_eq!(groups, expected, "{place}");
            }
            (Part::Structure, 0..4) => {
                seen[2] += 1;
                assert_eq!(loss, Some(LogLoss::Damaged), "{place}");
                assert_eq!(groups, rig.written[..*record], "{place}");
            }
            // The last one may have been torn; but no sector is.
            _ => {
                assert_eq!(loss.is_some(), is_header, "{place}");
                assert_eq!(groups, rig.written[..4], "{place}");
            }
        }
    }
    assert!(seen[0] > 5 && seen[1] > 500 && seen[2] > 300, "{seen:?}");
}

#[test]
fn damaged_sector_costs_no_record_in_silence_unless_it_is_of_the_last() {
    const SECTOR: usize = 512;
    let (mut rig, files) = several();
    let (last, end) = (rig.current(), rig.end());
    let whole = rig.written.clone();
    for (number, image) in &files {
        let records = records(&rig.note, *number, image);
        let (last_at, last_header) = *records.last().expect("it has some");
        let until = last_header.next(last_at).expect("it is short");
        let sectors = (FIRST..until)
            .step_by(SECTOR)
            .flat_map(|at| [(at, 0), (at, 1), (at, 2)]);
        for (sector, kind) in sectors {
            let mut bytes = image.clone();
            let len = SECTOR.min(bytes.len() - sector);
            match kind {
                0 => bytes[sector..sector + len].fill(0),
                1 => bytes[sector + 9] ^= 0x10,
                _ => rig.rng.fill_bytes(&mut bytes[sector..sector + len]),
            }
            let mut files = files.clone();
            files.insert(*number, bytes);
            let (groups, loss) = found_in(&rig.note, &files);
            let is_last = *number == last && sector + len > last_at;
            // All is there, but for contents that are damaged; or it is said that something is lost.
            let same = |(found, written): (&Group, &Group)| {
                let entries = found.entries.iter().zip(&written.entries);
                let are_same = entries
                    .clone()
                    .all(|(found, written)| found.is_none() || found == written);
                found.commands == written.commands && are_same
            };
            assert!(
                groups.iter().zip(&whole).all(same),
                "{kind} at {sector} of {number}"
            );
            let is_complete = groups.len() == whole.len();
            assert!(
                is_complete || loss.is_some() || is_last && groups.len() + 2 >= whole.len(),
                "{kind} at {sector} of {number}, {end}: {} are left",
                groups.len()
            );
            assert!(
                !is_complete || loss.is_none(),
                "{kind} at {sector} of {number}: a false alarm"
            );
        }
    }
}

#[test]
fn bytes_behind_the_end_of_a_segment_are_no_loss_and_no_record() {
    // A server that was killed while it made room, and what a torn record has left.
    let (rig, image) = five();
    let end = rig.end();
    for len in [
        end + ALIGN,
        end + 1000,
        image.len() + 1,
        image.len() + GROWTH,
    ] {
        let longer = changed(&image, |image| image.resize(len, 0));
        assert_eq!(
            found_in(&rig.note, &one(longer)),
            (rig.written.clone(), None),
            "{len}"
        );
    }
    let mut rig = rig;
    for _ in 0..20 {
        let at = end + 64 + rig.below(1000);
        let mut garbage = image.clone();
        rig.rng.fill_bytes(&mut garbage[at..at + 5000]);
        assert_eq!(
            found_in(&rig.note, &one(garbage)),
            (rig.written.clone(), None)
        );
    }
}
