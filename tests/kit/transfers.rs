//! Files of a device in memory: what a user has, copies of it, parts of what is being fetched, and what was saved.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use udpchat::client::{CopiedFile, Input, SaveAs, TransferId, Transfers};
use udpchat::protocol::{CHUNK_BYTES, FileTree};

/// All of it; shared with the client that it was given to, and outliving that.
#[derive(Clone, Default)]
pub struct MemoryTransfers(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    own: BTreeMap<String, Vec<u8>>,
    /// As their streams are.
    copies: BTreeMap<TransferId, Vec<u8>>,
    parts: BTreeMap<TransferId, Vec<u8>>,
    saved: BTreeMap<String, Vec<u8>>,
    /// Where parts were saved that are not removed yet.
    places: BTreeMap<TransferId, String>,
    /// What has yet to be done, and then answered.
    begun: VecDeque<Begun>,
    is_full: bool,
    /// Up to where copies were read by this process.
    read_to: BTreeMap<TransferId, u64>,
    /// Uploads and downloads that went on in the middle.
    resumed: (usize, usize),
}

enum Begun {
    Copy(TransferId, String, u64),
    Save(TransferId, SaveAs),
}

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

fn read_at(bytes: Option<&Vec<u8>>, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    let bytes = bytes.ok_or(io::ErrorKind::NotFound)?;
    let rest = bytes.get(offset as usize..).unwrap_or_default();
    let length = rest.len().min(into.len());
    into[..length].copy_from_slice(&rest[..length]);
    Ok(length)
}

impl Held {
    fn copy(&mut self, id: TransferId, path: &str, max_bytes: u64) -> Result<CopiedFile, String> {
        let content = self.own.get(path).ok_or("No such file or directory")?;
        if content.len() as u64 > max_bytes {
            return Err(format!("it has more than {max_bytes} bytes"));
        }
        if self.is_full {
            return Err(full().to_string());
        }
        let tree = FileTree::read(&mut &content[..]).map_err(|error| error.to_string())?;
        let stream = [tree.as_bytes(), content].concat();
        self.copies.insert(id, stream);
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        let media_type = if Path::new(&name)
            .extension()
            .is_some_and(|kind| kind == "pdf")
        {
            "application/pdf"
        } else {
            ""
        };
        Ok(CopiedFile {
            name,
            media_type: media_type.to_owned(),
            tree,
        })
    }

    fn save(&mut self, id: TransferId, save_as: SaveAs) -> String {
        if let Some(path) = self.places.get(&id) {
            return path.clone();
        }
        let wanted = match save_as {
            SaveAs::Named(name) => {
                format!("/downloads/{}", name.rsplit('/').next().unwrap_or_default())
            }
            SaveAs::Chosen { path, .. } => path,
        };
        let mut path = wanted.clone();
        let mut number = 1;
        while self.saved.contains_key(&path) {
            number += 1;
            path = format!("{wanted} ({number})");
        }
        let content = self.parts.get(&id).cloned().unwrap_or_default();
        self.saved.insert(path.clone(), content);
        self.places.insert(id, path.clone());
        path
    }
}

impl MemoryTransfers {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().expect("no test panics while it holds this")
    }

    /// The user has this file, or has another content in it.
    pub fn put(&self, path: &str, content: &[u8]) {
        self.held().own.insert(path.to_owned(), content.to_vec());
    }

    /// The user has removed a file.
    pub fn remove(&self, path: &str) {
        self.held().own.remove(path);
    }

    /// Whether there is no room for anything.
    pub fn set_full(&self, is_full: bool) {
        self.held().is_full = is_full;
    }

    /// Does what has been begun, and returns what the client is told of it.
    pub fn answers(&self) -> Vec<Input> {
        let mut held = self.held();
        let begun = std::mem::take(&mut held.begun);
        let answers = begun.into_iter().map(|begun| match begun {
            Begun::Copy(id, path, max_bytes) => {
                let file = held.copy(id, &path, max_bytes).map(Box::new);
                Input::Copied { id, file }
            }
            Begun::Save(id, save_as) => {
                let path = Ok(held.save(id, save_as));
                Input::Saved { id, path }
            }
        });
        answers.collect()
    }

    /// Whether something was begun and is not done.
    pub fn are_busy(&self) -> bool {
        !self.held().begun.is_empty()
    }

    /// The power has failed: of what was begun, and of what was written to parts, `keep` says what is there.
    pub fn crash(&self, mut keep: impl FnMut() -> bool) {
        let held = &mut *self.held();
        for begun in std::mem::take(&mut held.begun) {
            match begun {
                _ if !keep() => {}
                // Nobody hears of it.
                Begun::Copy(id, path, max_bytes) => drop(held.copy(id, &path, max_bytes)),
                Begun::Save(id, save_as) => drop(held.save(id, save_as)),
            }
        }
        held.read_to.clear();
        let places = &held.places;
        let unsynced = held
            .parts
            .iter_mut()
            .filter(|(id, _)| !places.contains_key(id));
        for (_, part) in unsynced {
            while !part.is_empty() && !keep() {
                part.truncate((part.len() - 1) / CHUNK_BYTES * CHUNK_BYTES);
            }
            if let Some(last) = part.last_mut().filter(|_| !keep()) {
                *last ^= 1;
            }
        }
    }

    /// Whether a file is on its way that has come some of it.
    pub fn are_moving(&self) -> bool {
        let held = self.held();
        let is_part =
            |(id, part): (&TransferId, &Vec<u8>)| !part.is_empty() && !held.places.contains_key(id);
        let is_read = |(id, read): (&TransferId, &u64)| {
            let copy = held.copies.get(id);
            copy.is_some_and(|copy| (1..copy.len() as u64).contains(read))
        };
        held.parts.iter().any(is_part) || held.read_to.iter().any(is_read)
    }

    /// How many uploads and downloads went on in the middle, since this was asked last.
    pub fn resumed(&self) -> (usize, usize) {
        std::mem::take(&mut self.held().resumed)
    }

    /// The process was killed: what was begun is not done any more.
    pub fn kill(&self) {
        self.held().begun.clear();
    }

    /// What was saved here, if anything was.
    pub fn saved(&self, path: &str) -> Option<Vec<u8>> {
        self.held().saved.get(path).cloned()
    }

    /// The paths of all that was saved.
    pub fn all_saved(&self) -> Vec<String> {
        self.held().saved.keys().cloned().collect()
    }

    /// The copies that are kept.
    pub fn copies(&self) -> Vec<TransferId> {
        self.held().copies.keys().copied().collect()
    }

    /// The parts that are kept, with how many bytes they have.
    pub fn parts(&self) -> Vec<(TransferId, usize)> {
        let held = self.held();
        let parts = held.parts.iter();
        parts.map(|(id, bytes)| (*id, bytes.len())).collect()
    }

    /// Changes a byte of each part that has so many, as a bad disk does.
    pub fn damage_parts(&self, at: usize) {
        for bytes in self.held().parts.values_mut() {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1;
            }
        }
    }

    /// The same for copies.
    pub fn damage_copies(&self, at: usize) {
        for bytes in self.held().copies.values_mut() {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1;
            }
        }
    }
}

impl Transfers for MemoryTransfers {
    fn copy(&mut self, id: TransferId, path: &Path, max_bytes: u64) {
        let path = path.to_string_lossy().into_owned();
        let begun = Begun::Copy(id, path, max_bytes);
        self.held().begun.push_back(begun);
    }

    fn read_copy(&mut self, id: TransferId, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let held = &mut *self.held();
        let read = read_at(held.copies.get(&id), offset, into)?;
        let before = held.read_to.insert(id, offset + read as u64);
        if offset > 0 && before != Some(offset) {
            held.resumed.0 += 1;
        }
        Ok(read)
    }

    fn remove_copy(&mut self, id: TransferId) -> io::Result<()> {
        let mut held = self.held();
        held.copies.remove(&id);
        held.begun
            .retain(|begun| !matches!(begun, Begun::Copy(begun, ..) if *begun == id));
        Ok(())
    }

    fn part_bytes(&mut self, id: TransferId) -> io::Result<u64> {
        let held = &mut *self.held();
        let bytes = held.parts.get(&id).map_or(0, Vec::len) as u64;
        held.resumed.1 += usize::from(bytes > 0);
        Ok(bytes)
    }

    fn read_part(&mut self, id: TransferId, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        read_at(self.held().parts.get(&id), offset, into)
    }

    fn write_part(&mut self, id: TransferId, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut held = self.held();
        if held.is_full {
            return Err(full());
        }
        let part = held.parts.entry(id).or_default();
        assert!(offset as usize <= part.len(), "it leaves no holes");
        part.truncate(offset as usize);
        part.extend_from_slice(bytes);
        Ok(())
    }

    fn check_place(&mut self, save_as: &SaveAs) -> Result<(), String> {
        match save_as {
            SaveAs::Chosen { path, .. } if path.starts_with("/nope/") => {
                Err("there is no folder /nope: make it first".into())
            }
            _ => Ok(()),
        }
    }

    fn save_part(&mut self, id: TransferId, save_as: &SaveAs) {
        let begun = Begun::Save(id, save_as.clone());
        self.held().begun.push_back(begun);
    }

    fn remove_part(&mut self, id: TransferId) -> io::Result<()> {
        let mut held = self.held();
        held.parts.remove(&id);
        held.places.remove(&id);
        held.begun
            .retain(|begun| !matches!(begun, Begun::Save(begun, _) if *begun == id));
        Ok(())
    }

    fn keep(&mut self, ids: &[TransferId]) -> io::Result<()> {
        let mut held = self.held();
        held.copies.retain(|id, _| ids.contains(id));
        held.parts.retain(|id, _| ids.contains(id));
        Ok(())
    }
}
