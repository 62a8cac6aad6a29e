//! Blobs in a directory: for its user alone, written beside and renamed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

use super::layout::blobs_in;
use super::{BlobFile, BlobFiles, BlobKey, FoundBlob};

/// Blobs in a directory of their own, which is made with the first.
#[derive(Debug)]
pub struct BlobDirectory {
    path: PathBuf,
    /// Where those are that are not whole yet.
    parts: PathBuf,
}

/// The folder of those that are being fetched, among the folders of the others.
const FETCHING: &str = "fetching";

impl BlobDirectory {
    /// Those in this directory.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        let parts = path.clone();
        Self { path, parts }
    }

    /// The same whole blobs, and parts of their own: what of a blob is fetched from elsewhere is not taken for what a user has
    /// brought. What an earlier process has left of them is removed.
    ///
    /// # Errors
    /// If that cannot be removed.
    pub fn fetching(&self) -> io::Result<Self> {
        let parts = self.path.join(FETCHING);
        match fs::remove_dir_all(&parts) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
        let path = self.path.clone();
        Ok(Self { path, parts })
    }

    /// Has a blob be the same file as in another directory, as far as both are on one file system. It is durable after
    /// [`BlobDirectory::sync`].
    ///
    /// # Errors
    /// If that has no such blob, or the file systems do not do that.
    pub fn link(&self, other: &Self, key: &BlobKey) -> io::Result<()> {
        let path = key.path(&self.path);
        make_folder(&[&self.path], &path)?;
        fs::hard_link(key.path(&other.path), path)
    }

    /// Makes the names of all blobs durable.
    ///
    /// # Errors
    /// What the file system says.
    pub fn sync(&self) -> io::Result<()> {
        let folders = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            folders => folders?,
        };
        for folder in folders {
            sync_directory(&folder?.path())?;
        }
        sync_directory(&self.path)
    }
}

impl BlobFiles for BlobDirectory {
    fn open_part(&self, key: &BlobKey) -> io::Result<Box<dyn BlobFile>> {
        let path = key.part_path(&self.parts);
        make_folder(&[&self.path, &self.parts], &path)?;
        let file = open(OpenOptions::new().write(true).create(true), &path)?;
        Ok(Box::new(file))
    }

    fn open(&self, key: &BlobKey) -> io::Result<Box<dyn BlobFile>> {
        let file = open(&mut OpenOptions::new(), &key.path(&self.path))?;
        Ok(Box::new(file))
    }

    fn complete(&self, key: &BlobKey) -> io::Result<()> {
        let path = key.path(&self.path);
        make_folder(&[&self.path], &path)?;
        fs::rename(key.part_path(&self.parts), &path)?;
        sync_directory(path.parent().unwrap_or(&path))
    }

    fn remove(&self, key: &BlobKey) -> io::Result<()> {
        for path in [key.path(&self.path), key.part_path(&self.parts)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
        }
        Ok(())
    }

    fn list(&self, first: u8) -> io::Result<Vec<FoundBlob>> {
        blobs_in(&self.path, first)
    }
}

/// Makes the folder of a file, which is below these. Its name is durable when this returns.
fn make_folder(above: &[&Path], file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    for directory in above.iter().chain([&folder]) {
        match DirBuilder::new().mode(0o700).create(directory) {
            Ok(()) => sync_directory(directory.parent().unwrap_or(directory))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Opens a regular file to read it, and for what else is wanted. A link is not followed, and a pipe is not waited for.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = options
        .read(true)
        .mode(0o600)
        .custom_flags(nix::libc::O_NONBLOCK | nix::libc::O_NOFOLLOW)
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

impl BlobFile for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.read_exact_at(bytes, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    #[cfg(target_os = "linux")]
    fn write_out(&self, offset: u64, bytes: u64) {
        let (Ok(offset), Ok(bytes)) = (offset.try_into(), bytes.try_into()) else {
            return;
        };
        // It begins to write what is dirty. That it fails only means that the sync at the end takes longer.
        let advice = PosixFadviseAdvice::POSIX_FADV_DONTNEED;
        if let Err(error) = posix_fadvise(self, offset, bytes, advice) {
            tracing::debug!(%error, "cannot advise on a file");
        }
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        Self::set_len(self, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }
}
