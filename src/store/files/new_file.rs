//! Files that are made beside the name they will have: whole and durable under it, or not there at all.
//!
//! The directory may be one that others can write to (`udpchat store backup /tmp/copy`). So the file gets a random name
//! first, which must not exist and is never followed if it is a link; it is its owner's alone (mode 0600, whatever the
//! umask); and it is checked, once it has its name, that the file there is the one that was written.
//!
//! A maker that is killed leaves a file behind: see [`super::leftovers`].

use crate::store::error::advice;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

use super::leftovers::{prefix, remove_leftovers};
use super::ownership::{OTHERS, is_own};

/// How many random characters are in the name of a file in the making. Chosen: 59 bits; one that is taken is not used, so
/// nothing depends on it but the number of tries.
const RANDOM_CHARACTERS: usize = 10;

/// Why a file could not be made. Each text says what to do about it.
#[derive(Debug, Error)]
pub enum NewFileError {
    /// A file has the name already.
    #[error("{path} exists: name another file, or replace it with --force")]
    Exists {
        /// The name.
        path: PathBuf,
    },
    /// Something has the name that is not replaced.
    #[error("{path} exists ({kind}): name another file")]
    Taken {
        /// The name.
        path: PathBuf,
        /// What has it.
        kind: &'static str,
    },
    /// There is no such directory.
    #[error("cannot write {path}: there is no directory {directory}; make it first")]
    NoDirectory {
        /// The name.
        path: PathBuf,
        /// Where it would stand.
        directory: PathBuf,
    },
    /// The file system does not keep files private.
    #[error(
        "cannot write {path}: the file system there does not keep a file from other users (owner {uid}, mode \
         {mode:03o}); choose another place"
    )]
    NotPrivate {
        /// The name.
        path: PathBuf,
        /// Whose a new file is there.
        uid: u32,
        /// Its permission bits.
        mode: u32,
    },
    /// Under the name stands another file than the one that was written.
    #[error(
        "another user replaced {path} while it was written: do not use it; choose a directory that only you can write to"
    )]
    Replaced {
        /// The name.
        path: PathBuf,
    },
    /// Any other failure of the file system.
    #[error("cannot write {path}: {cause}{}", advice(cause))]
    Io {
        /// The name.
        path: PathBuf,
        /// What failed.
        cause: io::Error,
    },
}

impl NewFileError {
    /// What the file system said.
    #[must_use]
    pub const fn cause(&self) -> Option<&io::Error> {
        match self {
            Self::Io { cause, .. } => Some(cause),
            _ => None,
        }
    }

    pub(in crate::store) fn io(path: &Path, cause: io::Error) -> Self {
        let path = path.into();
        Self::Io { path, cause }
    }
}

/// What is done with a file that has the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and no other is made.
    Keep,
    /// It is replaced once the new one is whole. Anything else than a file stays.
    Replace,
}

/// A file in the making. Dropped without a name, it is removed.
pub struct NewFile {
    file: NamedTempFile,
    /// The name as it was given, for messages.
    path: PathBuf,
    /// The name in its real directory: a link on the way there that is changed meanwhile leads nobody elsewhere.
    target: PathBuf,
}

impl NewFile {
    /// Begins a file that will have this name, in the same directory under another. What dead makers of the same file
    /// have left there is removed.
    ///
    /// # Errors
    /// If it cannot be made, or would not be its owner's alone.
    pub fn beside(path: &Path) -> Result<Self, NewFileError> {
        let failed = |cause| NewFileError::io(path, cause);
        let Some(name) = path.file_name() else {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        };
        let directory = directory_of(path);
        let directory = fs::canonicalize(directory).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => NewFileError::NoDirectory {
                path: path.into(),
                directory: directory.into(),
            },
            _ => failed(cause),
        })?;
        let target = directory.join(name);
        remove_leftovers(&target);
        let file = tempfile::Builder::new()
            .prefix(&prefix(&target))
            .rand_bytes(RANDOM_CHARACTERS)
            .make_in(&directory, |path| {
                OpenOptions::new()
                    .read(true)
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .custom_flags(nix::libc::O_NOFOLLOW)
                    .open(path)
            })
            .map_err(failed)?;
        let metadata = file.as_file().metadata().map_err(failed)?;
        let mode = metadata.mode() & 0o777;
        if !is_own(&metadata) || mode & OTHERS != 0 {
            return Err(NewFileError::NotPrivate {
                path: path.into(),
                uid: metadata.uid(),
                mode,
            });
        }
        Ok(Self {
            file,
            path: path.into(),
            target,
        })
    }

    /// The same, refused at once if something has the name that is to be kept: see [`NewFile::place_where`].
    ///
    /// # Errors
    /// See [`NewFileError`].
    pub fn at(path: &Path, existing: Existing) -> Result<Self, NewFileError> {
        require_free(path, existing)?;
        Self::beside(path)
    }

    /// Makes it durable and gives it its name, as [`NewFile::place`] or [`NewFile::replace`].
    ///
    /// # Errors
    /// See [`NewFileError`].
    pub fn place_where(self, existing: Existing) -> Result<(), NewFileError> {
        match existing {
            Existing::Keep => self.place(),
            Existing::Replace => self.replace(),
        }
    }

    /// The file, open for reading and writing.
    #[must_use]
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Another handle of it, for whoever wants to own one.
    ///
    /// # Errors
    /// If there are too many open files.
    pub fn handle(&self) -> Result<File, NewFileError> {
        let handle = self.file.as_file().try_clone();
        handle.map_err(|cause| NewFileError::io(&self.path, cause))
    }

    /// The name that it will have.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Under which name it is made.
    #[must_use]
    pub fn temporary_path(&self) -> &Path {
        self.file.path()
    }

    /// Fills it with what can be read there.
    ///
    /// # Errors
    /// If reading or writing fails.
    pub fn fill(&mut self, mut from: impl io::Read) -> Result<(), NewFileError> {
        io::copy(&mut from, self.file.as_file_mut())
            .map(drop)
            .map_err(|cause| NewFileError::io(&self.path, cause))
    }

    /// Makes it durable and gives it its name, which nothing must have.
    ///
    /// # Errors
    /// [`NewFileError::Taken`], or what the file system says. Then nothing has changed.
    pub fn place(self) -> Result<(), NewFileError> {
        let failed = |cause| NewFileError::io(&self.path, cause);
        self.file.as_file().sync_all().map_err(failed)?;
        match self.file.persist_noclobber(&self.target) {
            Ok(file) => is_in_place(&file, &self.target, &self.path),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                Err(match fs::symlink_metadata(&self.target) {
                    Ok(there) => taken(&self.path, &there),
                    Err(_) => failed(error.error),
                })
            }
            Err(error) => Err(failed(error.error)),
        }
    }

    /// Makes it durable and gives it its name; a file that has the name is replaced.
    ///
    /// # Errors
    /// What the file system says. Then nothing has changed.
    pub fn replace(self) -> Result<(), NewFileError> {
        let failed = |cause| NewFileError::io(&self.path, cause);
        self.file.as_file().sync_all().map_err(failed)?;
        match self.file.persist(&self.target) {
            Ok(file) => is_in_place(&file, &self.target, &self.path),
            Err(error) => Err(failed(error.error)),
        }
    }
}

/// Checks that the name leads to the file that was written, and makes that durable.
fn is_in_place(file: &File, target: &Path, path: &Path) -> Result<(), NewFileError> {
    let failed = |cause| NewFileError::io(path, cause);
    let written = file.metadata().map_err(failed)?;
    let there = fs::symlink_metadata(target).map_err(failed)?;
    if (there.dev(), there.ino()) != (written.dev(), written.ino()) {
        return Err(NewFileError::Replaced { path: path.into() });
    }
    sync_directory_of(target).map_err(failed)
}

/// Makes the names in a file's directory durable.
///
/// # Errors
/// What the file system says.
pub(in crate::store) fn sync_directory_of(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

/// The directory that a path's last part stands in.
pub(in crate::store) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Another name in the same directory: the file's own and something after it.
pub(in crate::store) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    file.with_file_name(name)
}

/// Refuses a name that something has which is to be kept.
///
/// # Errors
/// [`NewFileError::Exists`], [`NewFileError::Taken`].
pub fn require_free(path: &Path, existing: Existing) -> Result<(), NewFileError> {
    match fs::symlink_metadata(path) {
        Ok(there) if existing == Existing::Keep || !there.is_file() => Err(taken(path, &there)),
        _ => Ok(()),
    }
}

fn taken(path: &Path, there: &Metadata) -> NewFileError {
    let kind = match there.file_type() {
        kind if kind.is_symlink() => "a symbolic link",
        kind if kind.is_dir() => "a directory",
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_file() => return NewFileError::Exists { path: path.into() },
        _ => "a device",
    };
    let path = path.into();
    NewFileError::Taken { path, kind }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn written(path: &Path, text: &str) -> NewFile {
        let new = NewFile::beside(path).unwrap();
        new.file().write_all(text.as_bytes()).unwrap();
        new
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn file_is_its_owners_alone_and_has_its_name_only_once_it_is_placed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("copy");
        let new = written(&path, "whole");
        assert!(!path.exists());
        new.place().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        drop(written(&directory.path().join("other"), "half"));
        assert_eq!(names(directory.path()), ["copy"], "nothing else is left");
    }

    #[test]
    fn whatever_has_the_name_is_left_as_it_is_and_named() {
        // Root's backup followed a link that another user had put there.
        let directory = tempfile::tempdir().unwrap();
        let elsewhere = directory.path().join("elsewhere");
        let taken = |name: &str| directory.path().join(name);
        fs::write(taken("file"), "mine").unwrap();
        fs::create_dir(taken("directory")).unwrap();
        symlink(&elsewhere, taken("dangling")).unwrap();
        symlink(taken("file"), taken("link")).unwrap();
        drop(UnixListener::bind(taken("socket")).unwrap());
        let there = [
            ("file", "--force"),
            ("directory", "a directory"),
            ("dangling", "a symbolic link"),
            ("link", "a symbolic link"),
            ("socket", "a socket"),
        ];
        for (name, kind) in there {
            let early = NewFile::at(&taken(name), Existing::Keep);
            let early = early.map(drop).unwrap_err();
            let late = written(&taken(name), "other").place().unwrap_err();
            for error in [early, late] {
                let sentence = error.to_string();
                assert!(sentence.contains(kind), "{name}: {sentence}");
                assert!(sentence.contains("name another"), "{name}: {sentence}");
            }
            let forced = NewFile::at(&taken(name), Existing::Replace);
            assert_eq!(forced.is_ok(), name == "file", "{name}");
        }
        assert_eq!(fs::read_to_string(taken("file")).unwrap(), "mine");
        assert!(!elsewhere.exists());
        assert_eq!(names(directory.path()).len(), there.len());
    }

    #[test]
    fn replacing_replaces_a_link_and_not_what_it_leads_to() {
        let directory = tempfile::tempdir().unwrap();
        let (victim, path) = (
            directory.path().join("victim"),
            directory.path().join("generation"),
        );
        fs::write(&victim, "keep").unwrap();
        symlink(&victim, &path).unwrap();
        written(&path, "7").replace().unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "keep");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
        assert_eq!(fs::read_to_string(&path).unwrap(), "7");
    }

    #[test]
    fn file_that_was_swapped_for_another_is_found_out() {
        // In a directory that anybody can write to another user moves the file away and puts one of theirs there.
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("copy");
        let new = written(&path, "secret");
        let aside = directory.path().join("aside");
        fs::rename(new.temporary_path(), aside).unwrap();
        fs::write(new.temporary_path(), "theirs").unwrap();
        let error = new.place().unwrap_err();
        assert!(matches!(error, NewFileError::Replaced { .. }), "{error}");
    }

    #[test]
    fn link_to_the_directory_that_is_changed_meanwhile_leads_nowhere_else() {
        let directory = tempfile::tempdir().unwrap();
        let [real, other, link] = ["real", "other", "link"].map(|name| directory.path().join(name));
        fs::create_dir(&real).unwrap();
        fs::create_dir(&other).unwrap();
        symlink(&real, &link).unwrap();
        let new = written(&link.join("copy"), "secret");
        fs::remove_file(&link).unwrap();
        symlink(&other, &link).unwrap();
        new.place().unwrap();
        assert_eq!(names(&real), ["copy"]);
        assert_eq!(names(&other), [] as [&str; 0]);
    }

    #[test]
    fn errors_name_the_path_that_was_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("not-there/copy");
        let error = NewFile::beside(&path).map(drop).unwrap_err().to_string();
        assert!(error.contains("make it first"), "{error}");
        fs::write(directory.path().join("file"), "").unwrap();
        let path = directory.path().join("file/copy");
        let error = NewFile::beside(&path).map(drop).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
        assert!(!error.contains(".new-"), "{error}");
        let path = directory.path().join("x".repeat(250));
        let error = NewFile::beside(&path).map(drop).unwrap_err().to_string();
        assert!(!error.contains(".new-"), "{error}");
    }

    #[test]
    fn everything_is_copied() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("copy");
        let mut new = NewFile::at(&path, Existing::Keep).unwrap();
        let whole = vec![7_u8; 100_000];
        new.fill(&*whole).unwrap();
        new.place().unwrap();
        let mut bytes = Vec::new();
        File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
        assert!(bytes == whole);
    }
}
