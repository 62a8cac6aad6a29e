//! Where each blob stands, by whose it is, its root and its size.
//!
//! A directory has a folder for each first byte of a root, and in it a file for each blob. The file is the blob's stream: its
//! tree, then its content ([`FileTree`](crate::protocol::FileTree)). While it comes it has another name, and is as long as what
//! has come.

use std::fmt::Write as _;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::protocol::{AccountId, Bytes, FileRoot, FileSize};

/// What a file counts at least, in bytes. Chosen: a block of a file system, which the smallest file takes, too.
const FILE_LEAST_BYTES: u64 = 4096;

/// What a file of so many bytes, or so much of it, counts against the limits.
#[must_use]
pub fn counted_bytes(bytes: u64) -> u64 {
    bytes.max(FILE_LEAST_BYTES)
}

/// What the name of a part ends with.
const PART_SUFFIX: &str = ".part";

/// What separates root, account and size in a name.
const SEPARATOR: char = '-';

/// Which blob: nothing is shared between accounts, so that nobody learns whether another has a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlobKey {
    /// Who has brought it.
    pub account: AccountId,
    /// The hash of its content.
    pub root: FileRoot,
    /// How long its content is.
    pub size: FileSize,
}

/// A blob, or a part of one, that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundBlob {
    /// Which it is.
    pub key: BlobKey,
    /// Not all of it has come yet, or that was not noted.
    pub is_part: bool,
    /// How much of its stream is there, in bytes.
    pub stream_bytes: u64,
    /// When it was last written to.
    pub modified: SystemTime,
}

impl BlobKey {
    /// The blob's file.
    #[must_use]
    pub fn path(&self, directory: &Path) -> PathBuf {
        folder(directory, self.root.0[0]).join(self.name())
    }

    /// The blob's name: its root, whose it is, and its size.
    #[must_use]
    pub fn name(&self) -> String {
        let Self {
            account,
            root,
            size,
        } = self;
        let mut name = String::new();
        for byte in root.0 {
            // Writing to a string does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        let _ = write!(name, "{SEPARATOR}{}{SEPARATOR}{}", account.0, size.bytes());
        name
    }

    /// Which blob has this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (key, is_part) = Self::parse(name)?;
        (!is_part && key.name() == name).then_some(key)
    }

    /// The file of what has come of it, until that is all.
    #[must_use]
    pub fn part_path(&self, directory: &Path) -> PathBuf {
        let mut path = self.path(directory).into_os_string();
        path.push(PART_SUFFIX);
        path.into()
    }

    /// Which blob a file is, by its name, and whether only a part of it.
    fn parse(name: &str) -> Option<(Self, bool)> {
        let (whole, is_part) = match name.strip_suffix(PART_SUFFIX) {
            Some(whole) => (whole, true),
            None => (name, false),
        };
        let mut fields = whole.split(SEPARATOR);
        let mut field = || fields.next();
        let root = root_of(field()?)?;
        let key = Self {
            account: AccountId(field()?.parse().ok()?),
            root,
            size: FileSize::new(field()?.parse().ok()?)?,
        };
        Some((key, is_part))
    }
}

impl FoundBlob {
    /// What stands under a path, if it is a blob that is found there again.
    fn at(directory: &Path, path: &Path, metadata: &Metadata) -> io::Result<Option<Self>> {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some((key, is_part)) = name.and_then(BlobKey::parse) else {
            return Ok(None);
        };
        let expected = if is_part {
            key.part_path(directory)
        } else {
            key.path(directory)
        };
        if path != expected || !metadata.is_file() {
            return Ok(None);
        }
        Ok(Some(Self {
            key,
            is_part,
            stream_bytes: metadata.len(),
            modified: metadata.modified()?,
        }))
    }
}

/// The blobs and parts whose roots begin with this byte, by path. What is not named as one is passed over.
///
/// # Errors
/// If the folder cannot be read. That there is none is no error.
pub fn blobs_in(directory: &Path, first: u8) -> io::Result<Vec<FoundBlob>> {
    let entries = match fs::read_dir(folder(directory, first)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        // Links are not followed.
        let metadata = match entry.metadata() {
            // It was removed since.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        found.extend(FoundBlob::at(directory, &entry.path(), &metadata)?);
    }
    found.sort_unstable_by_key(|blob| (blob.key.root, blob.key, blob.is_part));
    Ok(found)
}

/// All blobs and parts of a directory, a folder at a time, by their roots.
///
/// # Errors
/// Each folder's own, as of [`blobs_in`].
pub fn all_blobs(directory: &Path) -> impl Iterator<Item = io::Result<FoundBlob>> {
    (0..=u8::MAX).flat_map(|first| match blobs_in(directory, first) {
        Ok(found) => found.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    })
}

/// The folder of the blobs whose roots begin with this byte.
fn folder(directory: &Path, first: u8) -> PathBuf {
    directory.join(format!("{first:02x}"))
}

fn root_of(digits: &str) -> Option<FileRoot> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let mut root = [0; 32];
    if pairs.len() != root.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in root.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Bytes(root))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn key(account: u64, first: u8, size: u64) -> BlobKey {
        let mut root = [0xa5; 32];
        root[0] = first;
        BlobKey {
            account: AccountId(account),
            root: Bytes(root),
            size: FileSize::new(size).unwrap(),
        }
    }

    fn write(path: &Path, bytes: &[u8]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn each_blob_is_found_under_the_path_that_it_is_given() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        assert_eq!(all_blobs(directory).count(), 0);
        let (whole, part) = (key(7, 0xff, 3), key(u64::MAX, 0, 1 << 34));
        write(&whole.path(directory), b"abc");
        write(&part.part_path(directory), b"ab");
        let found: Vec<FoundBlob> = all_blobs(directory).map(Result::unwrap).collect();
        let told = found
            .iter()
            .map(|blob| (blob.key, blob.is_part, blob.stream_bytes));
        assert!(told.eq([(part, true, 2), (whole, false, 3)]), "{found:?}");
    }

    #[test]
    fn what_has_another_name_or_is_no_file_is_passed_over() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let blob = key(7, 0x12, 3);
        let path = blob.path(directory);
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let others = [
            name.to_uppercase(),
            name.replacen("-7-", "-07-", 1),
            name.replacen("-7-", "-+7-", 1),
            format!("{name}-1"),
            format!("{name}.part.part"),
            // Under the wrong folder.
            key(7, 0x13, 3)
                .path(directory)
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
            key(7, 0x12, 3)
                .path(directory)
                .to_str()
                .unwrap()
                .len()
                .to_string(),
            format!("{}-7-99999999999999", &name[..64]),
            "é".repeat(32),
        ];
        for other in others {
            write(&path.with_file_name(other), b"abc");
        }
        fs::create_dir(blob.part_path(directory)).unwrap();
        symlink("/etc/passwd", &path).unwrap();
        assert_eq!(blobs_in(directory, 0x12).unwrap(), []);
    }
}
