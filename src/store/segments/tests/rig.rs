//! A log, and in place of tables what they would know of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use serde_bytes::Bytes;

use crate::protocol::Digest;
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::log_loss::LogLoss;
use crate::store::segments::batch::Batch;
use crate::store::segments::files::SegmentFiles;
use crate::store::segments::layout::HEADERS;
use crate::store::segments::layout::{ALIGN, HEADER, Key, RecordHeader, SegmentHeader};
use crate::store::segments::note::Note;
use crate::store::segments::stored::LogRecord;
use crate::store::segments::{Frame, Place, Recovered, Segments, frame, reading};

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) conversation: u64,
    pub(super) entry: u64,
    /// Author, device, number and time.
    pub(super) numbers: [u64; 4],
    pub(super) content: Vec<u8>,
}

impl Said {
    pub(super) fn new(entry: u64, content: Vec<u8>) -> Self {
        let numbers = [7, 8, entry, 1_773_756_120_000];
        Self {
            conversation: 3,
            entry,
            numbers,
            content,
        }
    }

    pub(super) fn frame(&self) -> Frame<'_> {
        let [author, device, number, time_ms] = self.numbers;
        let row = LogRecord {
            author,
            device,
            number,
            time_ms,
            digest: Digest::of(&self.content),
            content: Bytes::new(&self.content),
            relation: None,
            deleted: None,
        };
        Frame {
            conversation: self.conversation,
            entry: self.entry,
            row,
        }
    }

    pub(super) fn of(conversation: u64, entry: u64, row: &LogRecord<'_>) -> Self {
        let numbers = [row.author, row.device, row.number, row.time_ms];
        Self {
            conversation,
            entry,
            numbers,
            content: row.content.to_vec(),
        }
    }
}

/// What a record holds; none stands for an entry whose content is damaged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Group {
    pub(super) entries: Vec<Option<Said>>,
    pub(super) commands: Vec<u8>,
}

impl Group {
    /// One of one entry.
    pub(super) fn of(entry: u64, content: Vec<u8>) -> Self {
        Self {
            entries: vec![Some(Said::new(entry, content))],
            commands: vec![1, 0x90],
        }
    }
}

pub(super) struct Rig {
    pub(super) disk: MemoryDisk,
    pub(super) note: Note,
    pub(super) log: Option<Segments>,
    pub(super) batch: Batch,
    /// What the records hold that the tables do not contain.
    pub(super) written: Vec<Group>,
    /// Every entry that was called durable, and where it stands.
    pub(super) durable: BTreeMap<Place, Said>,
    pub(super) rng: ChaCha20Rng,
}

impl Rig {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut rig = Self {
            disk: MemoryDisk::new(),
            note: Note::new(&mut rng),
            log: None,
            batch: Batch::default(),
            written: Vec::new(),
            durable: BTreeMap::new(),
            rng,
        };
        rig.open().expect("the disk is well");
        rig.checkpoint().expect("the disk is well");
        rig
    }

    /// Opens it, which says that nothing is lost.
    pub(super) fn open(&mut self) -> Result<Vec<Group>, String> {
        let (groups, loss) = self.opened()?;
        assert_eq!(loss, None);
        Ok(groups)
    }

    pub(super) fn opened(&mut self) -> Result<(Vec<Group>, Option<LogLoss>), String> {
        self.log = None;
        let files: Arc<dyn SegmentFiles> = Arc::new(self.disk.clone());
        let rng = ChaCha20Rng::from_rng(&mut self.rng).expect("it does not fail");
        let opened = Segments::open(files, self.note.clone(), rng);
        let (log, found) = opened.map_err(|error| error.to_string())?;
        let groups = groups(&self.disk, &self.note, &log, &found);
        self.log = Some(log);
        Ok((groups, found.loss))
    }

    pub(super) fn log(&mut self) -> &mut Segments {
        self.log.as_mut().expect("it is open")
    }

    /// Begins a record.
    pub(super) fn begin(&mut self) -> Result<(), String> {
        let log = self.log.as_mut().expect("it is open");
        log.begin(&mut self.batch)
            .map_err(|error| error.to_string())
    }

    pub(super) fn write(&mut self, group: &Group) -> Result<(), String> {
        self.begin()?;
        let mut placed = Vec::new();
        for said in group.entries.iter().flatten() {
            let place = self
                .batch
                .add(&said.frame())
                .map_err(|error| error.to_string())?;
            assert_eq!(
                self.batch
                    .get(place)
                    .map(|stored| said_by(said, &stored.row())),
                Some(said.clone())
            );
            placed.push((place, said.clone()));
        }
        let log = self.log.as_mut().expect("it is open");
        let done = log.append(&mut self.batch, &group.commands);
        done.map_err(|error| error.to_string())?;
        self.durable.extend(placed);
        self.written.push(group.clone());
        Ok(())
    }

    pub(super) fn checkpoint(&mut self) -> Result<(), String> {
        let note = self.log().note().map_err(|error| error.to_string())?;
        self.note = note.clone();
        self.log().noted(note);
        self.written.clear();
        Ok(())
    }

    pub(super) fn chance(&mut self, of: u32) -> bool {
        self.rng.next_u32().is_multiple_of(of)
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        self.rng.next_u32() as usize % most
    }

    /// The power fails; of what was not synced any sectors reach the disk.
    pub(super) fn crash(&mut self) {
        let Self { disk, rng, .. } = self;
        disk.crash_tearing(|| rng.next_u32() % 2 == 0);
        self.log = None;
    }

    /// Everything that was called durable is read where it stands.
    pub(super) fn reads_all(&self) {
        let reader = self.log.as_ref().expect("it is open").reader();
        for (place, said) in &self.durable {
            let stored = reader.read(*place, said.conversation, said.entry);
            let stored = stored.unwrap_or_else(|error| panic!("{place:?}: {error}"));
            assert_eq!(said_by(said, &stored.row()), *said);
        }
    }

    /// The bytes of all segments.
    pub(super) fn segments(&self) -> BTreeMap<u32, Vec<u8>> {
        self.disk.segments()
    }

    /// Where the next record begins in the segment that is written to.
    pub(super) fn end(&self) -> usize {
        self.log
            .as_ref()
            .and_then(|log| log.current.as_ref())
            .map_or(0, |current| current.end)
    }

    /// The number of that segment.
    pub(super) fn current(&self) -> u32 {
        self.log
            .as_ref()
            .and_then(|log| log.current.as_ref())
            .map_or(0, |current| current.number)
    }
}

fn said_by(said: &Said, row: &LogRecord<'_>) -> Said {
    assert_eq!(row.digest, Digest::of(row.content));
    Said::of(said.conversation, said.entry, row)
}

pub(super) fn key(note: &Note, number: u32, bytes: &[u8]) -> Key {
    SegmentHeader::decode(note, number, bytes)
        .expect("it has its header")
        .key(note)
}

/// What records hold, as it is read.
fn groups(disk: &MemoryDisk, note: &Note, log: &Segments, found: &Recovered) -> Vec<Group> {
    let group = |record: &reading::RecordAt| {
        let bytes = disk.segment_image(record.segment);
        let body = record.at + HEADER;
        let (entries, commands) =
            bytes[body..][..record.header.body_len()].split_at(record.header.entries as usize);
        let key = key(note, record.segment, &bytes);
        let heads = reading::heads(&key, body, entries).expect("the record was found to fit");
        let entry = |(from, head): &(usize, frame::Head)| {
            let offset = u32::try_from(body + from).expect("it is short");
            let place = Place {
                segment: record.segment,
                offset,
            };
            let (conversation, entry) = head.key();
            let stored = log.reader().read(place, conversation, entry).ok()?;
            Some(Said::of(conversation, entry, &stored.row()))
        };
        Group {
            entries: heads.iter().map(entry).collect(),
            commands: commands.to_vec(),
        }
    };
    found.records.iter().map(group).collect()
}

/// Where the records of a segment are.
pub(super) fn records(note: &Note, number: u32, bytes: &[u8]) -> Vec<(usize, RecordHeader)> {
    let key = key(note, number, bytes);
    let mut at = super::FIRST;
    let mut records = Vec::new();
    while let Some(header) = bytes
        .get(at..)
        .and_then(|bytes| RecordHeader::decode(&key, at, bytes))
    {
        records.push((at, header));
        at = header.next(at).expect("it is short");
        assert!(at.is_multiple_of(ALIGN));
    }
    records
}

/// What a disk with these segments is said to have lost.
pub(super) fn loss_of(note: &Note, segments: &BTreeMap<u32, Vec<u8>>) -> Option<LogLoss> {
    found_in(note, segments).1
}

/// What is read of these segments.
pub(super) fn found_in(
    note: &Note,
    segments: &BTreeMap<u32, Vec<u8>>,
) -> (Vec<Group>, Option<LogLoss>) {
    let disk = MemoryDisk::new();
    for (number, bytes) in segments {
        disk.set_segment(*number, Some(bytes.clone()));
    }
    let files: Arc<dyn SegmentFiles> = Arc::new(disk.clone());
    let rng = ChaCha20Rng::seed_from_u64(1);
    let (mut log, found) = Segments::open(files, note.clone(), rng).expect("the disk is well");
    let groups = groups(&disk, note, &log, &found);
    if found.loss.is_some() {
        let unchanged = |(number, bytes): (&u32, &Vec<u8>)| disk.segment_image(*number) == *bytes;
        assert!(
            segments.iter().all(unchanged),
            "it is not written to before the tables know"
        );
        // Nobody has come to know of it: it is said again.
        log.note().expect("the disk is well");
        disk.crash();
        let rng = ChaCha20Rng::seed_from_u64(2);
        let files: Arc<dyn SegmentFiles> = Arc::new(disk.clone());
        let (_, again) = Segments::open(files, note.clone(), rng).expect("the disk is well");
        assert_eq!(again.loss, found.loss);
        assert_eq!(again.records, found.records);
    }
    (groups, found.loss)
}

/// A byte by which contents differ.
pub fn low_byte(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

/// Both headers of a segment are damaged at this place.
pub fn damaged_headers(image: &[u8], at: usize) -> Vec<u8> {
    let mut image = image.to_vec();
    for start in HEADERS {
        image[start + at] ^= 4;
    }
    image
}
