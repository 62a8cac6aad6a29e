//! Contents and commands that look like what the log is made of are nothing but contents and commands.

use rand_core::RngCore as _;

use super::rig::{Group, Rig, Said};
use super::{FIRST, SEEDS};
use crate::store::segments::frame;
use crate::store::segments::layout::{ALIGN, Key, RecordHeader, SegmentHeader};
use crate::store::segments::note::Note;

impl Rig {
    /// A guess of what the log's secrets are.
    fn guess(&mut self) -> (Note, SegmentHeader, Key) {
        let number = self.current() + self.rng.next_u32() % 2;
        let bytes = self.disk.segment_image(self.current());
        let header = SegmentHeader::decode(&self.note, self.current(), &bytes);
        let own = header.expect("it is well");
        let known = Note {
            secret: [0; 32],
            ..self.note.clone()
        };
        let (note, salt) = match self.rng.next_u32() % 3 {
            // All is known but the secret: the salt and the identity are no secrets.
            0 => (known, own.salt),
            // The secret is known, but not the salt.
            1 => (self.note.clone(), [0; 32]),
            _ => (
                Note {
                    identity: [0; 16],
                    ..known
                },
                [0; 32],
            ),
        };
        let first_record = self.note.applied + u64::from(self.rng.next_u32() % 8);
        let header = SegmentHeader {
            number,
            first_record,
            salt,
            ..own
        };
        let key = header.key(&note);
        (note, header, key)
    }

    /// Something that looks like a part of the log, to stand at this place of the segment.
    fn forged(&mut self, at: usize, old: &[Vec<u8>]) -> Vec<u8> {
        let (note, header, key) = self.guess();
        let number = self.note.applied + u64::from(self.rng.next_u32() % 40);
        let said = Said::new(number, b"what nobody has said".to_vec());
        let mut bytes = Vec::new();
        match self.rng.next_u32() % 8 {
            0 | 1 => {
                let commands = b"what a user would have the server do";
                let mut entries = Vec::new();
                let check = frame::encode(&key, at + 48, &said.frame(), &mut entries);
                let header = RecordHeader::of(&key, at, number, (entries.len(), &check), commands);
                bytes.extend_from_slice(&header.expect("it is short").encode(&key, at));
                bytes.extend_from_slice(&entries);
                bytes.extend_from_slice(commands);
            }
            2 => bytes = header.encode(&note),
            3 | 4 if !old.is_empty() => {
                // What stands elsewhere in the log, or stood there, records and entries with good checks among it.
                let old = &old[self.below(old.len())];
                let from = self.below(old.len().div_ceil(ALIGN)) * ALIGN;
                bytes.extend_from_slice(&old[from..(from + 2048).min(old.len())]);
            }
            5 => {
                frame::encode(&key, at, &said.frame(), &mut bytes);
            }
            6 => {
                // A later number, and lengths that ask for much work.
                bytes.extend_from_slice(&(number + 1).to_le_bytes());
                bytes.extend_from_slice(&100_000_u32.to_le_bytes());
                bytes.extend_from_slice(&[0xff; 4]);
                bytes = bytes.repeat(200);
            }
            _ => bytes = vec![0; 512],
        }
        bytes
    }

    /// A content or commands of forged parts, most of them where a record could begin, if all begins at this place.
    fn hostile_bytes(&mut self, begin: usize, old: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..self.below(6) {
            let at = begin + bytes.len();
            let to = if self.chance(4) {
                at + self.below(100)
            } else {
                at.next_multiple_of(ALIGN)
            };
            bytes.resize(to - begin, b'x');
            let forged = self.forged(to, old);
            bytes.extend_from_slice(&forged);
        }
        bytes
    }

    fn hostile(&mut self, old: &[Vec<u8>]) -> Group {
        // With the next record the next segment may begin.
        let mut at = if self.end() >= 16 * 1024 {
            FIRST
        } else {
            self.end()
        } + 48;
        let mut group = Group::default();
        for _ in 0..self.below(4) {
            let shift = self.rng.next_u32() % 64;
            let mut number = || self.rng.next_u64() >> shift;
            let (conversation, entry) = (number(), number());
            let numbers = [number(), number(), number(), number()];
            let mut said = Said {
                conversation,
                entry,
                numbers,
                content: vec![b'x'; 1000],
            };
            // Most contents have a length that takes two bytes, as this one.
            let mut head = Vec::new();
            frame::encode(&[0; 32], 0, &said.frame(), &mut head);
            said.content = self.hostile_bytes(at + head.len() - 1000, old);
            at += head.len() - 1000 + said.content.len();
            group.entries.push(Some(said));
        }
        group.commands = self.hostile_bytes(at, old);
        group
    }
}

#[test]
fn exactly_what_was_written_is_read_whatever_it_holds() {
    let mut segments = 0;
    for seed in 0..SEEDS {
        let mut rig = Rig::new(seed);
        let mut old = Vec::new();
        for _ in 0..60 {
            match rig.rng.next_u32() % 8 {
                0 => rig.checkpoint().expect("the disk is well"),
                1 => {
                    rig.disk.crash();
                    let groups = rig.open().expect("the disk is well");
                    assert!(groups == rig.written, "seed {seed}");
                    old.extend(rig.segments().into_values().map(|mut bytes| {
                        bytes.truncate(32 * 1024);
                        bytes
                    }));
                }
                2 | 3 => {
                    // Torn, so that what follows its first sector is looked at.
                    let group = rig.hostile(&old);
                    let (before, durable) = (rig.written.clone(), rig.durable.clone());
                    rig.disk.fail_after(Some(u64::from(rig.rng.next_u32() % 6)));
                    let done = rig.write(&group);
                    rig.crash();
                    let groups = rig.open().expect("the disk is well again");
                    let is_there = groups.len() > before.len();
                    assert!(
                        done.is_err() || is_there,
                        "seed {seed}: a durable record is lost"
                    );
                    rig.written = before;
                    rig.written.extend(is_there.then_some(group));
                    if done.is_err() {
                        rig.durable = durable;
                    }
                    assert!(groups == rig.written, "seed {seed}");
                    rig.reads_all();
                }
                _ => {
                    let group = rig.hostile(&old);
                    rig.write(&group).expect("the disk is well");
                }
            }
        }
        rig.reads_all();
        segments += rig.current();
    }
    assert!(
        u64::from(segments) > 4 * SEEDS,
        "several segments each: {segments}"
    );
}

#[test]
fn forged_records_behind_a_torn_one_are_no_later_ones() {
    // All that a user may know is known: what they write would be a record wherever it comes to stand.
    let mut rig = Rig::new(5);
    for entry in 1..=40 {
        let content = rig.hostile_bytes(0, &[]);
        rig.write(&Group::of(entry, content))
            .expect("the disk is well");
        let number = rig.note.applied + 40 + entry;
        let (_, _, key) = rig.guess();
        let mut tiles = Vec::new();
        while tiles.len() < 16_000 {
            let at = rig.end() + 128 + tiles.len();
            let header = RecordHeader::of(&key, at, number, (0, &[]), b"").expect("it is short");
            tiles.extend_from_slice(&header.encode(&key, at));
            tiles.resize(tiles.len().next_multiple_of(ALIGN), 0);
        }
        let (before, durable) = (rig.written.clone(), rig.durable.clone());
        rig.disk.fail_after(Some(1));
        let done = rig.write(&Group::of(entry + 100, tiles));
        rig.crash();
        let groups = rig.open().expect("the disk is well again");
        assert!(groups.starts_with(&before));
        assert!(groups.len() == before.len() || groups.len() == before.len() + 1);
        if done.is_err() {
            rig.durable = durable;
        }
        rig.written = groups;
        rig.reads_all();
    }
}
