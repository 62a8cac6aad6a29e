//! Whose a file or directory is.
//!
//! A server's directory holds its keys. Whoever owns it, or a file in it, can read and change them, whatever the mode
//! says; so each must belong to the user who runs the program. That holds for root too: files that root makes in a
//! directory of the server's user are files that the server cannot open afterwards.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User, geteuid};
use thiserror::Error;

/// The permission bits of group and others.
pub(in crate::store) const OTHERS: u32 = 0o077;

/// The permission bits with which group and others may write.
const OTHERS_WRITE: u32 = 0o022;

/// Something belongs to another user.
#[derive(Debug, Error)]
pub enum OwnerError {
    /// A directory or file that must be one's own.
    #[error(
        "{path} belongs to {owner}, and this is {user}: run it as {owner}, or name another place"
    )]
    Foreign {
        /// Which.
        path: PathBuf,
        /// Whose it is.
        owner: String,
        /// Who runs the program.
        user: String,
    },
    /// A file that others can have changed.
    #[error(
        "other users can write to {path} (mode {mode:03o}): check it, then run `chmod go-w {path}`"
    )]
    Writable {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// Whether something belongs to the user who runs the program.
pub(in crate::store) fn is_own(metadata: &Metadata) -> bool {
    metadata.uid() == geteuid().as_raw()
}

/// Refuses what belongs to another user.
///
/// # Errors
/// [`OwnerError::Foreign`].
pub fn require_own(path: &Path, metadata: &Metadata) -> Result<(), OwnerError> {
    if is_own(metadata) {
        return Ok(());
    }
    Err(OwnerError::Foreign {
        path: path.into(),
        owner: name_of(Uid::from_raw(metadata.uid())),
        user: name_of(geteuid()),
    })
}

/// Refuses a file from which something is taken over, if another user than root can have written it.
///
/// # Errors
/// See [`OwnerError`].
pub fn require_trusted(path: &Path, metadata: &Metadata) -> Result<(), OwnerError> {
    if Uid::from_raw(metadata.uid()).is_root() {
        require_unwritten(path, metadata)
    } else {
        require_unwritable(path, metadata)
    }
}

/// Refuses a file of another user's, and one that others can write to.
///
/// # Errors
/// See [`OwnerError`].
pub fn require_unwritable(path: &Path, metadata: &Metadata) -> Result<(), OwnerError> {
    require_own(path, metadata)?;
    require_unwritten(path, metadata)
}

fn require_unwritten(path: &Path, metadata: &Metadata) -> Result<(), OwnerError> {
    let mode = metadata.mode() & 0o777;
    if mode & OTHERS_WRITE != 0 {
        let path = path.into();
        return Err(OwnerError::Writable { path, mode });
    }
    Ok(())
}

/// A user as a person knows it.
fn name_of(uid: Uid) -> String {
    match User::from_uid(uid) {
        Ok(Some(user)) => format!("user {}", user.name),
        _ => format!("user {uid}"),
    }
}
