//! Root copies for another user what perhaps only root can read.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, seteuid};

use super::open::{OpenError, blobs_of, open_to_read, segments_of};
use super::ownership::{
    Ids, OTHERS_WRITE, OwnerError, act_as, cannot_become, name_of, other_owner,
};

/// The permission bit of a directory in which users remove and rename only what is theirs.
const STICKY: u32 = 0o1000;

/// The permission bits with which others than the owner reach what is in a directory.
const OTHERS_REACH: u32 = 0o011;

/// Who copies a database into a directory. Where that belongs to another user, root acts as that one, and is root only
/// while it opens what nobody but root can have put there: a user could have a backup be a link to what is root's, and
/// would be given a copy.
#[derive(Debug)]
pub(in crate::store) struct Copier {
    directory: PathBuf,
    /// Whom root acts as.
    owner: Option<Ids>,
    reads_as_root: bool,
}

impl Copier {
    /// Copies this file, and what is beside it. Root acts as the owner of the directory at once, unless the file is root's
    /// alone: then from [`Copier::begin`] on.
    ///
    /// # Errors
    /// [`OwnerError::CannotBecome`].
    pub(in crate::store) fn new(file: &Path, directory: &Path) -> Result<Self, OwnerError> {
        let copier = Self {
            directory: directory.into(),
            owner: other_owner(directory),
            reads_as_root: is_roots_alone(file),
        };
        if !copier.reads_as_root {
            copier.act()?;
        }
        Ok(copier)
    }

    /// What is root's alone is open: from now on root acts as the owner in any case.
    ///
    /// # Errors
    /// [`OwnerError::CannotBecome`].
    pub(in crate::store) fn begin(&self) -> Result<(), OwnerError> {
        if self.reads_as_root {
            self.act()?;
        }
        Ok(())
    }

    fn act(&self) -> Result<(), OwnerError> {
        let Some(owner) = self.owner else {
            return Ok(());
        };
        let begun = act_as(owner);
        begun.map_err(|cause| cannot_become(&self.directory, owner, cause))
    }

    /// Opens the file, which says so if the owner cannot and root does not do it for them.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(in crate::store) fn open_first(&self, file: &Path) -> Result<File, OpenError> {
        match (open_to_read(file), self.owner) {
            (Err(OpenError::NotReadable { cause, .. }), Some(owner))
                if !self.reads_as_root && cause.kind() == io::ErrorKind::PermissionDenied =>
            {
                let (path, owner) = (file.into(), name_of(owner.uid));
                Err(OwnerError::NotRootsAlone { path, owner }.into())
            }
            (opened, _) => opened,
        }
    }

    /// Opens what is to be copied. Nothing of the directory is opened meanwhile.
    pub(in crate::store) fn open<T>(&self, open: impl FnOnce() -> T) -> T {
        let Some(owner) = self.owner.filter(|_| self.reads_as_root) else {
            return open();
        };
        // Where this is refused, what is opened tells so.
        let _ = seteuid(Uid::from_raw(0));
        let opened = open();
        if seteuid(owner.uid).is_err() {
            // Root would follow what the directory's owner puts there.
            std::process::abort();
        }
        opened
    }
}

/// Whether nobody but root can have put a database there, with what is beside it.
fn is_roots_alone(file: &Path) -> bool {
    let beside = [segments_of(file), blobs_of(file)].into_iter();
    let mut beside = beside.filter(|path| path.symlink_metadata().is_ok());
    is_on_roots_way(file) && beside.all(|path| is_on_roots_way(&path))
}

/// Whether nobody but root can have put something there: no part of the path is a link, and each is root's and nobody
/// else's to change, or is where nobody else can reach it.
fn is_on_roots_way(path: &Path) -> bool {
    let Ok(absolute) = std::path::absolute(path) else {
        return false;
    };
    let mut parts: Vec<&Path> = absolute.ancestors().collect();
    parts.reverse();
    let mut is_out_of_reach = false;
    for part in parts {
        let Ok(metadata) = part.symlink_metadata() else {
            return false;
        };
        let is_roots = metadata.uid() == 0;
        let is_guarded = metadata.mode() & OTHERS_WRITE == 0
            || metadata.is_dir() && metadata.mode() & STICKY != 0;
        if metadata.is_symlink() || !(is_out_of_reach || is_roots && is_guarded) {
            return false;
        }
        is_out_of_reach |= metadata.is_dir() && is_roots && metadata.mode() & OTHERS_REACH == 0;
    }
    true
}
