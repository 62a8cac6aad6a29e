//! The files of a log: one for each segment, by its number.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;
use redb::backends::{FileBackend, InMemoryBackend};

/// The bytes of a segment. Several threads may read it.
pub(in crate::store) type SegmentFile = Arc<dyn StorageBackend>;

/// How long a segment becomes before the next one begins, in bytes. Chosen: some hundred thousand short messages, so that
/// retention gives space back often, and ten million of them are sixty files.
const SEGMENT_BYTES: u32 = 32 * 1024 * 1024;

/// Where the segments of a log are.
pub trait SegmentFiles: Debug + Send + Sync {
    /// The numbers of those that there are, in order.
    ///
    /// # Errors
    /// If that cannot be read.
    fn list(&self) -> io::Result<Vec<u32>>;

    /// Opens one that is there.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if it is not, or why it cannot be opened.
    fn open(&self, number: u32) -> io::Result<Arc<dyn StorageBackend>>;

    /// Makes an empty one, also where there is one. Its name is durable when this returns.
    ///
    /// # Errors
    /// If it cannot be made.
    fn create(&self, number: u32) -> io::Result<Arc<dyn StorageBackend>>;

    /// Removes one, which gives its space back.
    ///
    /// # Errors
    /// If it cannot be removed.
    fn remove(&self, number: u32) -> io::Result<()>;

    /// Whether what is there may be written to; else what is made stays in memory.
    fn may_write(&self) -> bool {
        true
    }

    /// By how much a file grows at a time, in bytes, and so much ahead of what is written: a sync that need not note a new
    /// length is cheaper.
    fn growth(&self) -> usize {
        256 * 1024
    }

    /// How long one becomes before the next begins, in bytes.
    fn segment_bytes(&self) -> u32 {
        SEGMENT_BYTES
    }
}

/// What the name of a segment's file ends with, after its number.
const SUFFIX: &str = ".log";

/// Segments in a directory of their own.
#[derive(Debug)]
pub(in crate::store) struct SegmentDirectory {
    path: PathBuf,
    /// What was made, where the directory is only looked at.
    in_memory: Option<Mutex<BTreeMap<u32, SegmentFile>>>,
}

impl SegmentDirectory {
    /// Those in this directory, which is made with the first segment.
    pub(in crate::store) fn new(path: &Path) -> Self {
        Self {
            path: path.into(),
            in_memory: None,
        }
    }

    /// The same, only to be read; what is made stays in memory.
    pub(in crate::store) fn look(path: &Path) -> Self {
        Self {
            path: path.into(),
            in_memory: Some(Mutex::default()),
        }
    }

    fn in_memory(&self) -> Option<MutexGuard<'_, BTreeMap<u32, SegmentFile>>> {
        let files = self.in_memory.as_ref()?;
        Some(files.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn file(&self, number: u32) -> PathBuf {
        self.path.join(file_name(number))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl SegmentFiles for SegmentDirectory {
    fn list(&self) -> io::Result<Vec<u32>> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            entries => Some(entries?),
        };
        let mut numbers = Vec::new();
        for entry in entries.into_iter().flatten() {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
            let number = number.and_then(|number| number.parse::<u32>().ok());
            // Under another name it is not found again.
            numbers.extend(number.filter(|number| *name == *file_name(*number)));
        }
        numbers.extend(
            self.in_memory()
                .iter()
                .flat_map(|files| files.keys().copied()),
        );
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn open(&self, number: u32) -> io::Result<SegmentFile> {
        if let Some(file) = self
            .in_memory()
            .and_then(|files| files.get(&number).cloned())
        {
            return Ok(file);
        }
        let file = OpenOptions::new()
            .read(true)
            .write(self.may_write())
            .custom_flags(nix::libc::O_NONBLOCK | nix::libc::O_NOFOLLOW)
            .open(self.file(number))?;
        backend(file)
    }

    fn create(&self, number: u32) -> io::Result<SegmentFile> {
        if let Some(mut files) = self.in_memory() {
            let file: SegmentFile = Arc::new(InMemoryBackend::new());
            files.insert(number, Arc::clone(&file));
            return Ok(file);
        }
        match fs::DirBuilder::new().mode(0o700).create(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(nix::libc::O_NOFOLLOW)
            .open(self.file(number))?;
        self.sync()?;
        backend(file)
    }

    fn remove(&self, number: u32) -> io::Result<()> {
        if let Some(mut files) = self.in_memory() {
            files.remove(&number);
            return Ok(());
        }
        fs::remove_file(self.file(number))?;
        self.sync()
    }

    fn may_write(&self) -> bool {
        self.in_memory.is_none()
    }
}

fn file_name(number: u32) -> String {
    format!("{number:08}{SUFFIX}")
}

fn backend(file: File) -> io::Result<SegmentFile> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no regular file",
        ));
    }
    let backend = FileBackend::new(file).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(Arc::new(backend))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(files: &dyn SegmentFiles) -> Vec<u32> {
        files.list().expect("it can be read")
    }

    #[test]
    fn directory_has_what_was_made_and_nothing_else() {
        let parent = tempfile::tempdir().expect("there is room");
        let path = parent.path().join("segments");
        let files = SegmentDirectory::new(&path);
        assert_eq!(
            numbers(&files),
            [0_u32; 0],
            "and it is not made before it is needed"
        );
        assert!(!path.exists());
        for number in [3, 1, u32::MAX] {
            let file = files.create(number).expect("there is room");
            file.set_len(3).expect("there is room");
            file.write(0, b"abc").expect("there is room");
        }
        for other in [
            "4.log",
            "+0000005.log",
            "00000006.log.old",
            "00000007",
            "log",
            "0000000a.log",
        ] {
            fs::write(path.join(other), "").expect("there is room");
        }
        assert_eq!(numbers(&files), [1, 3, u32::MAX]);
        let mut read = [0; 3];
        files
            .open(3)
            .and_then(|file| file.read(0, &mut read))
            .expect("it is there");
        assert_eq!(&read, b"abc");
        let missing = files.open(2).map(drop).expect_err("it is not there");
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        // Made again, it is empty.
        assert_eq!(
            files
                .create(3)
                .and_then(|file| file.len())
                .expect("there is room"),
            0
        );
        files.remove(3).expect("it is ours");
        assert_eq!(numbers(&files), [1, u32::MAX]);
        fs::create_dir(path.join("00000009.log")).expect("there is room");
        assert!(files.open(9).is_err(), "it is no file");
        std::os::unix::fs::symlink(path.join("00000001.log"), path.join("00000008.log"))
            .expect("there is room");
        assert!(files.open(8).is_err(), "it is another's");
    }

    #[test]
    fn directory_that_is_looked_at_keeps_what_is_made_in_memory() {
        let parent = tempfile::tempdir().expect("there is room");
        let path = parent.path().join("segments");
        let files = SegmentDirectory::look(&path);
        assert!(!files.may_write());
        files
            .create(2)
            .and_then(|file| file.set_len(7))
            .expect("it costs memory only");
        assert_eq!(numbers(&files), [2]);
        assert_eq!(
            files
                .open(2)
                .and_then(|file| file.len())
                .expect("it is there"),
            7
        );
        assert!(!path.exists());
        SegmentDirectory::new(&path)
            .create(1)
            .expect("there is room");
        assert_eq!(numbers(&files), [1, 2]);
        assert!(
            files.open(1).and_then(|file| file.write(0, b"x")).is_err(),
            "it is only looked at"
        );
        files.remove(2).expect("it is ours");
        assert_eq!(numbers(&files), [1]);
    }
}
