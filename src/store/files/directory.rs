//! A server's data directory: found, made, and kept from other users.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::new_file::directory_of;
use super::open::{DATABASE_FILE, blobs_of, is_missing, old_journal_of, segments_of};
use super::open_error::{
    OpenError, cannot_make, dangling_link, from_io, not_a_directory, unreadable,
};
use super::ownership::{OTHERS, OTHERS_WRITE, is_root, require_own};
use super::rollback::GENERATION_FILE;

/// The names, or how they begin, of what may stand in a data directory before there is a database. `lost+found` is in the
/// root of a file system.
const OWN_NAMES: [&str; 4] = ["udpchat.", "control.sock", "server.toml", "lost+found"];

/// Whether a file of a data directory is one that a server needs.
#[must_use]
pub fn is_own_file(path: &Path) -> bool {
    let database = path.with_file_name(DATABASE_FILE);
    let others =
        [GENERATION_FILE, "control.sock", "server.toml"].map(|name| path.with_file_name(name));
    let is_log = |path: &Path| path == segments_of(&path.with_file_name(DATABASE_FILE));
    let are_files = |path: &Path| path == blobs_of(&path.with_file_name(DATABASE_FILE));
    *path == database
        || path.ancestors().take(2).any(is_log)
        || path.ancestors().take(3).any(are_files)
        || others.iter().any(|own| own == path)
}

/// What was done to a data directory before its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prepared {
    /// Others could enter it, with this mode, and no longer can.
    pub was_open: Option<u32>,
}

/// The database in a data directory that must be there. Root may look at another user's.
///
/// # Errors
/// [`OpenError::NoDatabase`], [`OpenError::Gone`], or why the directory cannot be used.
pub fn require_database(data_dir: &Path) -> Result<PathBuf, OpenError> {
    let path = data_dir.join(DATABASE_FILE);
    let no_database = || OpenError::NoDatabase {
        directory: data_dir.into(),
    };
    let metadata = fs::metadata(data_dir).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => dangling_link(data_dir).unwrap_or_else(no_database),
        io::ErrorKind::NotADirectory => not_a_directory(data_dir),
        _ => unreadable(data_dir, cause),
    })?;
    if !metadata.is_dir() {
        return Err(OpenError::NotADirectory {
            path: data_dir.into(),
        });
    }
    if !is_root() {
        require_own(data_dir, &metadata)?;
    }
    if !is_missing(&path) {
        return Ok(path);
    }
    require_nothing_left(&path)?;
    Err(no_database())
}

/// Refuses a directory whose database is gone, but not what is made after it.
pub(super) fn require_nothing_left(path: &Path) -> Result<(), OpenError> {
    let mut left = vec![
        segments_of(path),
        blobs_of(path),
        old_journal_of(path),
        path.with_file_name(GENERATION_FILE),
    ];
    left.retain(|path| fs::symlink_metadata(path).is_ok());
    if left.is_empty() {
        return Ok(());
    }
    let path = path.into();
    Err(OpenError::Gone { path, left })
}

/// Makes a directory and those above it for this user only.
///
/// # Errors
/// If it cannot be made.
pub fn make_directory(path: &Path) -> Result<(), OpenError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|cause| cannot_make(path, cause))
}

/// Makes a data directory that is not there, with those above it, and one that others can enter its user's alone. `log` is
/// the file of the server's log, which may be in it.
///
/// # Errors
/// If it cannot be made, belongs to another user, or is open to others and holds more than a server's files.
pub fn prepare_directory(path: &Path, log: Option<&Path>) -> Result<Prepared, OpenError> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_directory(path)?;
            fs::metadata(path)
        }
        result => result,
    }
    .map_err(|cause| from_io(path, cause))?;
    if !metadata.is_dir() {
        return Err(OpenError::NotADirectory { path: path.into() });
    }
    require_own(path, &metadata)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & OTHERS == 0 {
        return Ok(Prepared::default());
    }
    if !is_ours(path, &metadata, log)
        || fs::set_permissions(path, Permissions::from_mode(0o700)).is_err()
    {
        return Err(OpenError::DirectoryExposed {
            path: path.into(),
            mode,
        });
    }
    Ok(Prepared {
        was_open: Some(mode),
    })
}

/// Whether a directory is a server's alone, so that others lose nothing with its mode. `/var/lib`, named by mistake, must
/// stay as it is, and what others could write to must be looked at by its operator.
fn is_ours(path: &Path, metadata: &Metadata, log: Option<&Path>) -> bool {
    let Ok(mut entries) = fs::read_dir(path) else {
        return false;
    };
    if !is_missing(&path.join(DATABASE_FILE)) {
        return metadata.permissions().mode() & OTHERS_WRITE == 0;
    }
    // Rotated, too: its name is how theirs begin.
    let log =
        log.filter(|log| fs::canonicalize(directory_of(log)).ok() == fs::canonicalize(path).ok());
    let log = log.and_then(Path::file_name).and_then(OsStr::to_str);
    entries.all(|entry| {
        entry.is_ok_and(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            OWN_NAMES
                .iter()
                .chain(&log)
                .any(|own| name.starts_with(own))
        })
    })
}
