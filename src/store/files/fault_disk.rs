//! A disk in memory that forgets, as real ones do, what was not synced: for simulations and tests of crashes.
//!
//! It has the tables' file and those of the log, which fail and crash together. redb runs on it unchanged. After [`MemoryDisk::crash`] every database that was open on the disk gets errors
//! only, as if its process were gone, and a new backend sees what a machine sees that comes up again.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{Database, DatabaseError, StorageBackend};

use super::open::Files;
use crate::store::segments::files::SegmentFiles;

/// How much of a database on such a disk redb keeps in memory, in bytes. Chosen: the disk is memory already.
const CACHE_BYTES: usize = 1024 * 1024;

/// What a disk writes whole or not at all, in bytes.
#[cfg(test)]
const SECTOR: usize = 512;

/// A disk in memory. Clones share its bytes.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum File {
    Tables,
    Segment(u32),
}

/// How long a segment becomes on such a disk, in bytes. Chosen: a test of some hundred messages has several.
const SEGMENT_BYTES: u32 = 16 * 1024;

/// By how much a segment grows on such a disk, in bytes. Chosen: little to copy.
pub(in crate::store) const GROWTH: usize = 32 * 1024;

/// What a file is that nobody has made.
static NOTHING: Vec<u8> = Vec::new();

#[derive(Debug, Default)]
struct State {
    /// What a reader sees now of each file that there is.
    bytes: BTreeMap<File, Vec<u8>>,
    /// What has happened to a file since it was last synced, in order, with what is needed to undo it.
    unsynced: Vec<(File, Change)>,
    /// How many crashes there were: a backend made before the last one is dead.
    crashes: u64,
    /// How many writes, syncs and changes of length still succeed; none: all of them.
    successes: Option<u64>,
    /// The segment that takes no writes.
    refusing: Option<u32>,
    syncs: u64,
}

#[derive(Debug)]
enum Change {
    Write {
        offset: usize,
        before: Vec<u8>,
        after: Vec<u8>,
    },
    Length {
        /// What was cut off, or nothing where the disk grew.
        cut: Vec<u8>,
        before: usize,
        after: usize,
    },
}

/// The machine may have forgotten that a file was made or removed only until its directory is synced, which is done at
/// once: neither is undone by a crash.
impl SegmentFiles for MemoryDisk {
    fn list(&self) -> io::Result<Vec<u32>> {
        let number = |file: &File| match file {
            File::Tables => None,
            File::Segment(number) => Some(*number),
        };
        Ok(self.lock().bytes.keys().filter_map(number).collect())
    }

    fn open(&self, number: u32) -> io::Result<Arc<dyn StorageBackend>> {
        let file = File::Segment(number);
        if !self.lock().bytes.contains_key(&file) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Arc::new(self.file(file)))
    }

    fn create(&self, number: u32) -> io::Result<Arc<dyn StorageBackend>> {
        let file = File::Segment(number);
        let mut state = self.lock();
        state.spend()?;
        state.unsynced.retain(|(changed, _)| *changed != file);
        state.bytes.insert(file, Vec::new());
        drop(state);
        Ok(Arc::new(self.file(file)))
    }

    fn remove(&self, number: u32) -> io::Result<()> {
        let file = File::Segment(number);
        let mut state = self.lock();
        state.spend()?;
        state.unsynced.retain(|(changed, _)| *changed != file);
        state.bytes.remove(&file);
        Ok(())
    }

    fn segment_bytes(&self) -> u32 {
        SEGMENT_BYTES
    }

    fn growth(&self) -> usize {
        GROWTH
    }
}

impl MemoryDisk {
    /// Turns a byte into another one, below whoever has the disk open.
    #[cfg(test)]
    pub(in crate::store) fn flip(&self, place: usize) {
        self.lock().bytes_mut(File::Tables)[place] ^= 0xff;
    }

    /// Turns a byte of a segment into another one; `false` if it is not so long.
    #[cfg(test)]
    pub(in crate::store) fn flip_segment(&self, number: u32, place: usize) -> bool {
        let mut state = self.lock();
        let byte = state.bytes_mut(File::Segment(number)).get_mut(place);
        byte.map(|byte| *byte ^= 0xff).is_some()
    }

    /// Puts other bytes in the place of a segment's; none: it is gone.
    #[cfg(test)]
    pub(in crate::store) fn set_segment(&self, number: u32, bytes: Option<Vec<u8>>) {
        let mut state = self.lock();
        match bytes {
            Some(bytes) => state.bytes.insert(File::Segment(number), bytes),
            None => state.bytes.remove(&File::Segment(number)),
        };
    }

    /// The bytes of all segments as a reader sees them now.
    #[cfg(test)]
    pub(in crate::store) fn segments(&self) -> BTreeMap<u32, Vec<u8>> {
        let state = self.lock();
        let segment = |(file, bytes): (&File, &Vec<u8>)| match file {
            File::Tables => None,
            File::Segment(number) => Some((*number, bytes.clone())),
        };
        state.bytes.iter().filter_map(segment).collect()
    }

    /// Puts other segments in the place of all that there are.
    #[cfg(test)]
    pub(in crate::store) fn set_segments(&self, segments: BTreeMap<u32, Vec<u8>>) {
        let mut state = self.lock();
        state.bytes.retain(|file, _| *file == File::Tables);
        let segments = segments.into_iter();
        state
            .bytes
            .extend(segments.map(|(number, bytes)| (File::Segment(number), bytes)));
    }

    /// A disk of its own with the same log and these bytes in the tables' file.
    #[cfg(test)]
    pub(in crate::store) fn with_tables(&self, image: Vec<u8>) -> Self {
        let copy = self.copy();
        copy.set_tables(image);
        copy
    }

    /// The bytes of a segment as a reader sees them now.
    #[cfg(test)]
    pub(in crate::store) fn segment_image(&self, number: u32) -> Vec<u8> {
        self.lock().bytes(File::Segment(number)).to_vec()
    }

    /// Puts an older tables' file in the place of this one, below whoever has the disk open.
    pub fn set_tables(&self, image: Vec<u8>) {
        self.lock().bytes.insert(File::Tables, image);
    }

    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A storage backend for redb: the tables' file.
    #[must_use]
    pub fn backend(&self) -> impl StorageBackend {
        self.file(File::Tables)
    }

    fn file(&self, file: File) -> Backend {
        Backend {
            state: Arc::clone(&self.state),
            life: self.lock().crashes,
            file,
        }
    }

    /// Opens the database on this disk, making it on an empty one.
    ///
    /// # Errors
    /// What redb says, such as an injected failure.
    pub fn open(&self) -> Result<Database, DatabaseError> {
        Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create_with_backend(self.backend())
    }

    /// Opens the database and its log.
    ///
    /// # Errors
    /// As [`MemoryDisk::open`].
    pub fn files(&self) -> Result<Files, DatabaseError> {
        Ok(Files {
            database: self.open()?.into(),
            segments: Arc::new(self.clone()),
        })
    }

    /// The machine loses power: everything that was not synced is gone.
    pub fn crash(&self) {
        self.crash_keeping(|_| false);
    }

    /// Like [`MemoryDisk::crash`], but of the writes that were not synced those are kept for which `keep` says so
    /// (it is given their place in the order in which they were made): disks write in any order they like.
    pub fn crash_keeping(&self, mut keep: impl FnMut(usize) -> bool) {
        self.lock().crash(|state, index, (file, change)| {
            if keep(index) {
                state.redo(*file, change);
            }
        });
    }

    /// Like [`MemoryDisk::crash`], but of the writes that were not synced those sectors are kept for which `keep` says
    /// so, and of the changes of length those.
    #[cfg(test)]
    pub(in crate::store) fn crash_tearing(&self, mut keep: impl FnMut() -> bool) {
        self.lock().crash(|state, _, (file, change)| match change {
            Change::Write { offset, after, .. } => {
                let first = SECTOR - offset % SECTOR;
                let (head, rest) = after.split_at(first.min(after.len()));
                let mut at = *offset;
                for sector in std::iter::once(head).chain(rest.chunks(SECTOR)) {
                    if keep() {
                        place(state.bytes_mut(*file), at, sector);
                    }
                    at += sector.len();
                }
            }
            Change::Length { .. } => {
                if keep() {
                    state.redo(*file, change);
                }
            }
        });
    }

    /// Has no write to this segment succeed; none: all do again.
    #[cfg(test)]
    pub(in crate::store) fn refuse_writes_to(&self, segment: Option<u32>) {
        self.lock().refusing = segment;
    }

    /// How many changes would be lost by a crash now.
    #[must_use]
    pub fn unsynced(&self) -> usize {
        self.lock().unsynced.len()
    }

    /// How often the disk was synced.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.lock().syncs
    }

    /// Lets so many more writes, syncs and changes of length succeed and all after them fail; `None` heals the
    /// disk.
    pub fn fail_after(&self, successes: Option<u64>) {
        self.lock().successes = successes;
    }

    /// The bytes of the tables' file as a reader sees them now.
    #[must_use]
    pub fn image(&self) -> Vec<u8> {
        self.lock().bytes(File::Tables).to_vec()
    }

    /// A disk of its own with these bytes in the tables' file, all of them synced, and no log: a backup
    /// restored.
    #[must_use]
    pub fn from_image(bytes: Vec<u8>) -> Self {
        let disk = Self::new();
        disk.lock().bytes.insert(File::Tables, bytes);
        disk
    }

    /// A disk of its own with the same bytes in all files, all of them synced.
    #[must_use]
    pub fn copy(&self) -> Self {
        let disk = Self::new();
        disk.lock().bytes.clone_from(&self.lock().bytes);
        disk
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// No code panics while it holds the lock, and each change is made whole before the lock is given back.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn bytes(&self, file: File) -> &[u8] {
        self.bytes.get(&file).unwrap_or(&NOTHING)
    }

    fn bytes_mut(&mut self, file: File) -> &mut Vec<u8> {
        self.bytes.entry(file).or_default()
    }

    fn crash(&mut self, mut after: impl FnMut(&mut Self, usize, &(File, Change))) {
        let lost = std::mem::take(&mut self.unsynced);
        for (file, change) in lost.iter().rev() {
            self.undo(*file, change);
        }
        for (index, change) in lost.iter().enumerate() {
            after(self, index, change);
        }
        self.crashes += 1;
        self.successes = None;
    }

    fn undo(&mut self, file: File, change: &Change) {
        let bytes = self.bytes_mut(file);
        match change {
            Change::Write { offset, before, .. } => place(bytes, *offset, before),
            Change::Length { cut, before, .. } => {
                resize(bytes, *before);
                place(bytes, before - cut.len(), cut);
            }
        }
    }

    fn redo(&mut self, file: File, change: &Change) {
        let bytes = self.bytes_mut(file);
        match change {
            Change::Write { offset, after, .. } => place(bytes, *offset, after),
            Change::Length { after, .. } => resize(bytes, *after),
        }
    }

    /// Counts a call that changes something, and fails it if its time has come.
    fn spend(&mut self) -> io::Result<()> {
        match &mut self.successes {
            None => Ok(()),
            Some(0) => Err(io::Error::other("an injected failure of the disk")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

/// Gives a file another length; what is new of it is zero. Not by `Vec::resize`, which without optimisation writes byte by
/// byte.
fn resize(bytes: &mut Vec<u8>, len: usize) {
    if len <= bytes.len() {
        bytes.truncate(len);
        return;
    }
    let mut grown = vec![0; len];
    grown[..bytes.len()].copy_from_slice(bytes);
    *bytes = grown;
}

/// Puts bytes down, as far as a file reaches.
fn place(bytes: &mut [u8], offset: usize, data: &[u8]) {
    let end = bytes.len().min(offset.saturating_add(data.len()));
    if offset < end {
        bytes[offset..end].copy_from_slice(&data[..end - offset]);
    }
}

#[derive(Debug)]
struct Backend {
    state: Arc<Mutex<State>>,
    life: u64,
    file: File,
}

impl Backend {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = lock(&self.state);
        if state.crashes == self.life {
            Ok(state)
        } else {
            Err(io::Error::other("the machine has crashed meanwhile"))
        }
    }
}

/// The part of the disk that a call is about.
fn span(offset: u64, length: usize, disk: usize) -> io::Result<std::ops::Range<usize>> {
    usize::try_from(offset)
        .ok()
        .and_then(|start| Some(start..start.checked_add(length)?))
        .filter(|span| span.end <= disk)
        .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state()?.bytes(self.file).len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state()?;
        let bytes = state.bytes(self.file);
        out.copy_from_slice(&bytes[span(offset, out.len(), bytes.len())?]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state()?;
        state.spend()?;
        let after = usize::try_from(len).map_err(|_| io::ErrorKind::StorageFull)?;
        let bytes = state.bytes_mut(self.file);
        let before = bytes.len();
        let cut = bytes[after.min(before)..].to_vec();
        resize(bytes, after);
        let change = Change::Length { cut, before, after };
        state.unsynced.push((self.file, change));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state()?;
        state.spend()?;
        state.unsynced.retain(|(file, _)| *file != self.file);
        state.syncs += 1;
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state()?;
        state.spend()?;
        if state
            .refusing
            .is_some_and(|number| self.file == File::Segment(number))
        {
            return Err(io::Error::other("an injected failure of a segment"));
        }
        let end = usize::try_from(offset)
            .ok()
            .and_then(|start| start.checked_add(data.len()))
            .ok_or(io::ErrorKind::StorageFull)?;
        let before = state.bytes(self.file).len();
        if end > before {
            resize(state.bytes_mut(self.file), end);
            let change = Change::Length {
                cut: Vec::new(),
                before,
                after: end,
            };
            state.unsynced.push((self.file, change));
        }
        let bytes = state.bytes_mut(self.file);
        let span = span(offset, data.len(), bytes.len())?;
        let before = bytes[span.clone()].to_vec();
        bytes[span.clone()].copy_from_slice(data);
        let change = Change::Write {
            offset: span.start,
            before,
            after: data.to_vec(),
        };
        state.unsynced.push((self.file, change));
        Ok(())
    }
}
