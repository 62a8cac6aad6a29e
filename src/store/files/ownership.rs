//! Whose a file or directory is.
//!
//! A server's directory holds its keys. Whoever owns it, or a file in it, can read and change them, whatever the mode
//! says; so each must belong to the user who runs the program. Files that root made in a directory of the server's user
//! could not be opened by the server afterwards; so root, who administers it, becomes that user.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, User, geteuid, setgid, setuid};
use thiserror::Error;

/// The permission bits of group and others.
pub(in crate::store) const OTHERS: u32 = 0o077;

/// The permission bits with which group and others may write.
pub(in crate::store) const OTHERS_WRITE: u32 = 0o022;

/// Something belongs to another user.
#[derive(Debug, Error)]
pub enum OwnerError {
    /// A directory or file that must be one's own.
    #[error(
        "{path} belongs to {owner}, and this is {user}: run it as {owner}, or name another place{}",
        or_chown(*uid, path)
    )]
    Foreign {
        /// Which.
        path: PathBuf,
        /// Whose it is.
        owner: String,
        /// Who runs the program.
        user: String,
        /// The same as a number.
        uid: u32,
    },
    /// Root may not become another user, as in some containers.
    #[error(
        "{path} belongs to {owner}, and root cannot act as that one ({cause}): run it as {owner}, or name another place"
    )]
    CannotBecome {
        /// Which.
        path: PathBuf,
        /// Whose it is.
        owner: String,
        /// Why not.
        cause: Errno,
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

/// The way out for a service whose files another user has made.
fn or_chown(uid: u32, path: &Path) -> String {
    match uid {
        0 => String::new(),
        uid => format!(
            "; root can give it away with `chown {uid} {}`",
            path.display()
        ),
    }
}

/// Whether something belongs to the user who runs the program.
pub(in crate::store) fn is_own(metadata: &Metadata) -> bool {
    metadata.uid() == geteuid().as_raw()
}

/// Whether root runs the program.
pub(in crate::store) fn is_root() -> bool {
    geteuid().is_root()
}

/// Makes root the user to whom a directory belongs, or, where it is not there yet, the one in which it is to be made: for
/// good, and for the whole process. To change the owner of each file instead would have root follow what that user puts
/// there.
///
/// # Errors
/// [`OwnerError::CannotBecome`].
pub fn act_as_owner(directory: &Path) -> Result<(), OwnerError> {
    if !is_root() {
        return Ok(());
    }
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.into());
    // What cannot be looked at is an error of whoever opens it.
    let Some(there) = absolute.ancestors().find_map(|part| part.metadata().ok()) else {
        return Ok(());
    };
    let owner = Uid::from_raw(there.uid());
    if owner.is_root() {
        return Ok(());
    }
    become_user(owner, there.gid()).map_err(|cause| OwnerError::CannotBecome {
        path: directory.into(),
        owner: name_of(owner),
        cause,
    })
}

/// Takes on a user's ids and groups; `gid` is for one whom this host does not know by name.
fn become_user(uid: Uid, gid: u32) -> nix::Result<()> {
    let gid = match User::from_uid(uid) {
        Ok(Some(user)) => user.gid,
        _ => Gid::from_raw(gid),
    };
    // Apple's systems have no such call; there root's other groups stay.
    #[cfg(not(target_vendor = "apple"))]
    nix::unistd::setgroups(&[gid])?;
    setgid(gid)?;
    setuid(uid)
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
        uid: geteuid().as_raw(),
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
