//! Whose a file or directory is.
//!
//! A server's directory holds its keys. Whoever owns it, or a file in it, can read and change them, whatever the mode
//! says; so each must belong to the user who runs the program. Files that root made in a directory of the server's user
//! could not be opened by the server afterwards; so root, who administers it, becomes that user.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, User, geteuid, setegid, seteuid, setgid, setuid};
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
    /// A backup that root does not read for another user, who cannot read it.
    #[error(
        "{owner}, to whom the data belongs, cannot read {path}, and others than root can have put it there: check it, then move \
         it to a directory of which all belongs to root"
    )]
    NotRootsAlone {
        /// Which.
        path: PathBuf,
        /// Whose the data is.
        owner: String,
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
    let Some(owner) = other_owner(directory) else {
        return Ok(());
    };
    become_user(owner).map_err(|cause| cannot_become(directory, owner, cause))
}

/// A user's ids.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids {
    pub(super) uid: Uid,
    gid: Gid,
}

/// The user who is to be acted as in a directory, if that is another than who runs the program.
pub(super) fn other_owner(directory: &Path) -> Option<Ids> {
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.into());
    // What cannot be looked at is an error of whoever opens it.
    let mut parts = absolute.ancestors();
    let there = parts.find_map(|part| part.metadata().ok())?;
    let uid = Uid::from_raw(there.uid());
    if !is_root() || uid.is_root() {
        return None;
    }
    // The group of the directory is for one whom this host does not know by name.
    let gid = match User::from_uid(uid) {
        Ok(Some(user)) => user.gid,
        _ => Gid::from_raw(there.gid()),
    };
    Some(Ids { uid, gid })
}

pub(super) fn cannot_become(directory: &Path, owner: Ids, cause: Errno) -> OwnerError {
    OwnerError::CannotBecome {
        path: directory.into(),
        owner: name_of(owner.uid),
        cause,
    }
}

/// Has root act as a user until it is root again.
pub(super) fn act_as(user: Ids) -> nix::Result<()> {
    set_groups(user)?;
    setegid(user.gid)?;
    seteuid(user.uid)
}

/// Takes on a user's ids and groups.
fn become_user(user: Ids) -> nix::Result<()> {
    set_groups(user)?;
    setgid(user.gid)?;
    setuid(user.uid)
}

fn set_groups(user: Ids) -> nix::Result<()> {
    // Apple's systems have no such call; there root's other groups stay.
    #[cfg(not(target_vendor = "apple"))]
    nix::unistd::setgroups(&[user.gid])?;
    let _ = user;
    Ok(())
}

/// Refuses what belongs to another user.
///
/// # Errors
/// [`OwnerError::Foreign`].
pub fn require_own(path: &Path, metadata: &Metadata) -> Result<(), OwnerError> {
    require_of(geteuid(), path, metadata)
}

fn require_of(user: Uid, path: &Path, metadata: &Metadata) -> Result<(), OwnerError> {
    if metadata.uid() == user.as_raw() {
        return Ok(());
    }
    Err(OwnerError::Foreign {
        path: path.into(),
        owner: name_of(Uid::from_raw(metadata.uid())),
        user: name_of(user),
        uid: user.as_raw(),
    })
}

/// Refuses a file from which something is taken over, if another user than root can have written it.
///
/// # Errors
/// See [`OwnerError`].
pub fn require_trusted(path: &Path, metadata: &Metadata) -> Result<(), OwnerError> {
    require_trusted_by(geteuid(), path, metadata)
}

/// Whether that would be refused who has the rights of a directory's owner: see [`act_as_owner`].
///
/// # Errors
/// See [`OwnerError`].
pub(in crate::store) fn require_trusted_in(
    directory: &Path,
    path: &Path,
    metadata: &Metadata,
) -> Result<(), OwnerError> {
    let user = other_owner(directory).map_or_else(geteuid, |owner| owner.uid);
    require_trusted_by(user, path, metadata)
}

fn require_trusted_by(user: Uid, path: &Path, metadata: &Metadata) -> Result<(), OwnerError> {
    if Uid::from_raw(metadata.uid()).is_root() {
        require_unwritten(path, metadata)
    } else {
        require_of(user, path, metadata)?;
        require_unwritten(path, metadata)
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
pub(super) fn name_of(uid: Uid) -> String {
    match User::from_uid(uid) {
        Ok(Some(user)) => format!("user {}", user.name),
        _ => format!("user {uid}"),
    }
}
