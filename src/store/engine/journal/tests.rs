//! The journal alone: what is read is what was written, whatever that holds and wherever the power fails.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use super::layout::{FIRST, HEADER, RecordHeader, SECTOR, encode_slot, round_key, slot_of};
use super::{GROWTH, Journal, JournalLoss, Note};
use crate::store::files::fault_disk::MemoryDisk;

/// How many seeds the tests with random numbers run. Chosen: a few seconds together.
const SEEDS: u64 = 60;

/// A journal, and in place of tables what they would know of it.
struct Rig {
    disk: MemoryDisk,
    note: Note,
    journal: Option<Journal>,
    /// The records that the tables do not contain.
    written: Vec<Vec<u8>>,
    rng: ChaCha20Rng,
}

impl Rig {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut rig = Self {
            disk: MemoryDisk::new(),
            note: Note::new(&mut rng),
            journal: None,
            written: Vec::new(),
            rng,
        };
        rig.open().expect("the disk is well");
        rig.checkpoint().expect("the disk is well");
        rig
    }

    /// Opens it, which says that nothing is lost.
    fn open(&mut self) -> Result<Vec<Vec<u8>>, String> {
        let (records, loss) = self.opened()?;
        assert_eq!(loss, None);
        Ok(records)
    }

    fn opened(&mut self) -> Result<(Vec<Vec<u8>>, Option<JournalLoss>), String> {
        let file = Box::new(self.disk.journal());
        let (journal, found) =
            Journal::open(file, self.note.clone()).map_err(|error| error.to_string())?;
        self.journal = Some(journal);
        Ok((found.records, found.loss))
    }

    fn journal(&mut self) -> &mut Journal {
        self.journal.as_mut().expect("it is open")
    }

    fn write(&mut self, payload: &[u8]) -> Result<(), String> {
        let done = self.journal().append(payload);
        done.map_err(|error| error.to_string())?;
        self.written.push(payload.to_vec());
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<(), String> {
        let mut rng = self.rng.clone();
        self.rng.next_u32();
        let note = self.journal().prepare(&mut rng);
        let note = note.map_err(|error| error.to_string())?;
        self.commit(note.clone());
        self.journal()
            .begin(note)
            .map_err(|error| error.to_string())
    }

    fn commit(&mut self, note: Note) {
        self.note = note;
        self.written.clear();
    }

    fn chance(&mut self, of: u32) -> bool {
        self.rng.next_u32().is_multiple_of(of)
    }

    /// The power fails; of what was not synced any sectors reach the disk.
    fn crash(&mut self) {
        let Self { disk, rng, .. } = self;
        disk.crash_tearing(|| rng.next_u32() % 2 == 0);
        self.journal = None;
    }

    /// Something that looks like a part of the journal, to stand at this place of the file.
    fn forged(&mut self, at: usize, old: &[Vec<u8>]) -> Vec<u8> {
        let guesses = [
            // All is known but the secret.
            Note {
                secret: [0; 32],
                ..self.note.clone()
            },
            // The secret is known, but not the salt.
            Note {
                salt: [0; 32],
                ..self.note.clone()
            },
            Note {
                round: self.note.round + 1,
                secret: [0; 32],
                ..self.note.clone()
            },
        ];
        let guess = &guesses[self.rng.next_u32() as usize % guesses.len()];
        let number = self.note.applied + u64::from(self.rng.next_u32() % 40);
        let payload = b"what a user would have the server do";
        let key = round_key(guess, guess.round, &guess.salt);
        let mut bytes = Vec::new();
        match self.rng.next_u32() % 6 {
            0 | 1 => {
                let header = RecordHeader::of(&key, at, number, payload).expect("it is short");
                header.encode(&key, at, &mut bytes);
                bytes.extend_from_slice(payload);
            }
            2 => bytes = encode_slot(guess),
            3 if !old.is_empty() => {
                let old = &old[self.rng.next_u32() as usize % old.len()];
                let from = self.rng.next_u32() as usize % (old.len() / SECTOR) * SECTOR;
                bytes.extend_from_slice(&old[from..(from + 4 * SECTOR).min(old.len())]);
            }
            4 => {
                // What the check of an earlier layout was over; and a length that asks for much work.
                bytes.extend_from_slice(&number.to_le_bytes());
                bytes.extend_from_slice(&100_000_u32.to_le_bytes());
                bytes = bytes.repeat(200);
            }
            _ => bytes = vec![0; SECTOR],
        }
        bytes
    }

    /// A payload of forged parts, most of them where a record could begin.
    fn hostile(&mut self, old: &[Vec<u8>]) -> Vec<u8> {
        let begin = self.journal().end + HEADER;
        let mut payload = Vec::new();
        for _ in 0..self.rng.next_u32() % 6 {
            let at = begin + payload.len();
            let to = if self.chance(4) {
                at + self.rng.next_u32() as usize % 100
            } else {
                at.next_multiple_of(SECTOR)
            };
            payload.resize(to - begin, b'x');
            let forged = self.forged(to, old);
            payload.extend_from_slice(&forged);
        }
        payload
    }
}

#[test]
fn exactly_what_was_written_is_read_whatever_it_holds() {
    for seed in 0..SEEDS {
        let mut rig = Rig::new(seed);
        let mut old = Vec::new();
        for _ in 0..60 {
            match rig.rng.next_u32() % 8 {
                0 => rig.checkpoint().expect("the disk is well"),
                1 => {
                    old.push(rig.disk.journal_image());
                    rig.disk.crash();
                    let records = rig.open().expect("the disk is well");
                    assert!(records == rig.written, "seed {seed}");
                }
                2 => {
                    let note = rig.journal().closed();
                    rig.commit(note);
                    let records = rig.open().expect("the disk is well");
                    assert!(records.is_empty(), "seed {seed}");
                    rig.checkpoint().expect("the disk is well");
                }
                3 => {
                    // Torn, so that what stands behind its first sector is looked at.
                    let payload = rig.hostile(&old);
                    let before = rig.written.clone();
                    rig.disk.fail_after(Some(u64::from(rig.rng.next_u32() % 4)));
                    let done = rig.write(&payload);
                    rig.crash();
                    let records = rig.open().expect("the disk is well again");
                    let is_there = records.len() > before.len();
                    assert!(
                        done.is_err() || is_there,
                        "seed {seed}: a durable record is lost"
                    );
                    rig.written = before;
                    rig.written.extend(is_there.then_some(payload));
                    assert!(records == rig.written, "seed {seed}");
                }
                _ => {
                    let payload = rig.hostile(&old);
                    rig.write(&payload).expect("the disk is well");
                }
            }
        }
    }
}

#[test]
fn no_crash_is_taken_for_a_loss_and_none_loses_what_was_durable() {
    let mut crashes = [0; 4];
    for seed in 0..SEEDS {
        let mut rig = Rig::new(seed);
        for _ in 0..30 {
            let step = rig.rng.next_u32() % 4;
            let successes = u64::from(rig.rng.next_u32() % if step == 2 { 5 } else { 12 });
            let fails = rig.chance(if step == 2 { 2 } else { 3 });
            rig.disk.fail_after(fails.then_some(successes));
            let mut under_way = None;
            let done = match step {
                0 => rig.checkpoint(),
                1 => {
                    // The tables fail to commit what was prepared.
                    let mut rng = rig.rng.clone();
                    let prepared = rig.journal().prepare(&mut rng);
                    prepared.map(|_| ()).map_err(|error| error.to_string())
                }
                2 => {
                    let payload = vec![step as u8 + 1; rig.rng.next_u32() as usize % 900_000];
                    under_way = Some(payload.clone());
                    rig.write(&payload)
                }
                _ => {
                    let payload = vec![step as u8 + 1; rig.rng.next_u32() as usize % 2000];
                    under_way = Some(payload.clone());
                    rig.write(&payload)
                }
            };
            let crashes_now = done.is_err() || rig.chance(3);
            if !crashes_now {
                continue;
            }
            crashes[step as usize] += u32::from(done.is_err());
            if step == 1 || rig.chance(2) {
                rig.crash();
            } else {
                // Only the process ended, or the disk was away for a while.
                rig.journal = None;
                rig.disk.fail_after(None);
            }
            // The opening is cut short, too.
            while rig.chance(2) {
                let successes = u64::from(rig.rng.next_u32() % 4);
                rig.disk.fail_after(Some(successes));
                let _ = rig
                    .opened()
                    .map(|(_, loss)| assert_eq!(loss, None, "seed {seed}"));
                rig.crash();
            }
            let records = rig.open().expect("the disk is well again");
            if done.is_err() && records.len() > rig.written.len() {
                rig.written.extend(under_way);
            }
            assert!(records == rig.written, "seed {seed}, step {step}");
        }
    }
    assert!(crashes.iter().all(|crashes| *crashes > 10), "{crashes:?}");
}

/// Five records in a round of their own, and the file's bytes.
fn five() -> (Rig, Vec<u8>) {
    let mut rig = Rig::new(1);
    for number in 1..=5 {
        rig.write(&vec![number; 700]).expect("the disk is well");
    }
    let image = rig.disk.journal_image();
    (rig, image)
}

fn loss_of(note: &Note, image: Vec<u8>) -> Option<JournalLoss> {
    let disk = MemoryDisk::new();
    disk.set_journal(image.clone());
    let (_, found) = Journal::open(Box::new(disk.journal()), note.clone()).expect("it is well");
    if found.loss.is_some() {
        assert!(
            disk.journal_image() == image,
            "it is not written to before the tables know"
        );
    }
    found.loss
}

#[test]
fn journal_that_is_not_the_one_that_is_needed_is_told_by_its_kind() {
    use JournalLoss::{Damaged, Foreign, Missing, Newer, Older, Truncated};
    let (mut rig, image) = five();
    let (needed, closed) = (rig.note.clone(), rig.journal().closed());
    let (other, _) = five();
    let mut damaged = image.clone();
    damaged[slot_of(needed.round) + 60] ^= 1;
    rig.checkpoint().expect("the disk is well");
    let cases = [
        (&needed, image.clone(), None),
        (&needed, Vec::new(), Some(Missing)),
        (&needed, vec![0; GROWTH], Some(Missing)),
        (&needed, vec![7; GROWTH], Some(Damaged)),
        (&needed, damaged.clone(), Some(Damaged)),
        (&needed, image[..FIRST].to_vec(), Some(Truncated)),
        (&other.note, image.clone(), None),
        (&rig.note, image.clone(), Some(Older)),
        // The tables were put back.
        (&needed, rig.disk.journal_image(), Some(Newer)),
        (&closed, rig.disk.journal_image(), Some(Newer)),
        // Closed in order, the tables contain everything.
        (&closed, image.clone(), None),
        (&closed, Vec::new(), None),
        (&closed, vec![7; 1000], None),
        (&closed, damaged, None),
        (&closed, image[..FIRST].to_vec(), None),
    ];
    for (index, (note, image, expected)) in cases.into_iter().enumerate() {
        assert_eq!(loss_of(note, image), expected, "case {index}");
    }
    let another = Rig::new(2);
    assert_eq!(
        loss_of(&needed, another.disk.journal_image()),
        Some(Foreign)
    );
    // A database and its copy begin the same round.
    let mut copy = needed.clone();
    copy.salt = [1; 32];
    assert_eq!(loss_of(&copy, image), Some(Foreign));
}

#[test]
fn record_that_is_longer_than_the_file_and_torn_is_not_taken_for_a_file_that_was_cut() {
    for (seed, successes) in (0..16).flat_map(|seed| (0..6).map(move |successes| (seed, successes)))
    {
        let mut rig = Rig::new(seed);
        let payload = vec![7; 700_000];
        rig.disk.fail_after(Some(successes));
        let done = rig.write(&payload);
        rig.crash();
        let records = rig.open().expect("the disk is well again");
        assert!(
            done.is_err() || records.len() == 1,
            "seed {seed}, {successes} steps"
        );
    }
}

#[test]
fn round_of_another_life_of_the_database_is_not_taken_for_this_ones() {
    // A database and its copy, or one that was put back: both go on with the same secret and the same number.
    let lives = [1, 2].map(|seed| {
        let mut rig = Rig::new(7);
        rig.rng = ChaCha20Rng::seed_from_u64(seed);
        rig.checkpoint().expect("the disk is well");
        rig.write(b"of this life").expect("the disk is well");
        (rig.note.clone(), rig.disk.journal_image())
    });
    let [(note, image), (_, other)] = &lives;
    assert_eq!(loss_of(note, other.clone()), Some(JournalLoss::Foreign));
    let spliced = [&image[..FIRST], &other[FIRST..]].concat();
    assert_eq!(loss_of(note, spliced), Some(JournalLoss::Damaged));
    assert_eq!(loss_of(note, image.clone()), None);
}

#[test]
fn journal_that_was_cut_is_noticed_at_every_length() {
    let (mut rig, _) = five();
    // Over several steps of the file's growth.
    for number in 0..20 {
        rig.write(&vec![number; 70_000]).expect("the disk is well");
    }
    let (image, end) = (rig.disk.journal_image(), rig.journal().end);
    let (mut noticed, mut whole) = (0, 0);
    for len in (0..image.len())
        .step_by(4096)
        .chain([1, 511, 4097, 8193, end - 1, end + 1])
    {
        let loss = loss_of(&rig.note, image[..len].to_vec());
        // Only room that was not used yet can be cut without a loss, by whole steps.
        let is_whole = len >= end + SECTOR && len.is_multiple_of(GROWTH);
        assert_eq!(loss.is_none(), is_whole, "{len} of {end} bytes");
        noticed += u32::from(!is_whole);
        whole += u32::from(is_whole);
    }
    assert!(noticed > 300 && whole > 0);
}

#[test]
fn sector_that_is_damaged_costs_no_record_in_silence_unless_it_is_the_last() {
    let (mut rig, image) = five();
    let end = rig.journal().end;
    for (sector, kind) in (FIRST..end)
        .step_by(SECTOR)
        .flat_map(|at| [(at, 0), (at, 1), (at, 2)])
    {
        let mut bytes = image.clone();
        match kind {
            0 => bytes[sector..sector + SECTOR].fill(0),
            1 => bytes[sector + 9] ^= 0x10,
            _ => rig.rng.fill_bytes(&mut bytes[sector..sector + SECTOR]),
        }
        let loss = loss_of(&rig.note, bytes);
        // Of the last record the payload may have been torn, or nothing of its header written.
        let is_last = sector >= end - 2 * SECTOR;
        let is_header = sector == end - 2 * SECTOR;
        let is_noticed = !is_last || (is_header && kind != 0);
        assert_eq!(loss.is_some(), is_noticed, "{kind} at {sector} of {end}");
    }
}

#[test]
fn record_costs_one_write_and_one_sync() {
    let mut rig = Rig::new(3);
    for len in [0, 100, 468, 469, 5000, 70_000] {
        rig.write(&vec![1; len]).expect("the disk is well");
        let syncs = rig.disk.syncs();
        for _ in 0..50 {
            rig.write(&vec![1; len]).expect("the disk is well");
        }
        assert_eq!(rig.disk.syncs(), syncs + 50, "{len} bytes");
    }
}

#[test]
fn nothing_of_an_earlier_round_is_left_behind_the_end() {
    let (mut rig, _) = five();
    rig.checkpoint().expect("the disk is well");
    rig.write(b"short").expect("the disk is well");
    let (image, end) = (rig.disk.journal_image(), rig.journal().end);
    assert_eq!(end, FIRST + SECTOR);
    assert!(image[end..].iter().all(|byte| *byte == 0));
    assert_eq!(image.len(), 2 * GROWTH);
}
