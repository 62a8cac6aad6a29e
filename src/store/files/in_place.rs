//! Whether the files that are open still have their names. A server whose directory was removed could go on for days with
//! files that nobody can find again, and call messages stored.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::open::{DATABASE_FILE, journal_of};

/// The files of an open database, by device and inode.
#[derive(Debug, Clone)]
pub struct InPlace(Vec<(PathBuf, Option<(u64, u64)>)>);

impl InPlace {
    /// Notes the files of a data directory, which have just been opened.
    #[must_use]
    pub fn note(data_dir: &Path) -> Self {
        let database = data_dir.join(DATABASE_FILE);
        let files = [journal_of(&database), database];
        Self(files.map(|path| (path.clone(), identity(&path))).into())
    }

    /// The same files, after they were opened again.
    #[must_use]
    pub fn renewed(self) -> Self {
        Self(
            self.0
                .into_iter()
                .map(|(path, _)| (path.clone(), identity(&path)))
                .collect(),
        )
    }

    /// A file that was removed or replaced, if there is one.
    #[must_use]
    pub fn missing(&self) -> Option<&Path> {
        let found = self.0.iter().find(|(path, was)| identity(path) != *was);
        found.map(|(path, _)| path.as_path())
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}
