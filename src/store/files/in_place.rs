//! Whether the files that are open still have their names. A server whose directory was removed could go on for days with
//! files that nobody can find again, and call messages stored.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::open::{DATABASE_FILE, segments_of};
use super::open_error::{OpenError, unreadable};

/// The device and inode of a file.
type Identity = (u64, u64);

/// The files of an open database.
#[derive(Debug, Clone)]
pub struct InPlace(Vec<(PathBuf, Identity)>);

/// A file that is not found under its name.
#[derive(Debug)]
pub struct Displaced {
    path: PathBuf,
    /// Why it cannot be looked at; none if it was removed or replaced.
    cause: Option<io::Error>,
}

impl fmt::Display for Displaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.cause {
            Some(cause) => write!(f, "cannot look at {path}: {cause}"),
            None => write!(f, "{path} was removed or replaced"),
        }
    }
}

impl InPlace {
    /// Notes the files of a data directory, which have just been opened.
    ///
    /// # Errors
    /// If one cannot be looked at.
    pub fn note(data_dir: &Path) -> Result<Self, OpenError> {
        let database = data_dir.join(DATABASE_FILE);
        let mut noted = Self(vec![(segments_of(&database), (0, 0)), (database, (0, 0))]);
        noted.renew()?;
        Ok(noted)
    }

    /// Notes the same files, after they were opened again.
    ///
    /// # Errors
    /// If one cannot be looked at.
    pub fn renew(&mut self) -> Result<(), OpenError> {
        for (path, noted) in &mut self.0 {
            *noted = identity(path).map_err(|cause| unreadable(path, cause))?;
        }
        Ok(())
    }

    /// Looks whether each file has its name still.
    ///
    /// # Errors
    /// The first that does not.
    pub fn look(&self) -> Result<(), Displaced> {
        for (path, noted) in &self.0 {
            let cause = match identity(path) {
                Ok(found) if found == *noted => continue,
                Ok(_) => None,
                Err(cause) => Some(cause).filter(|cause| !is_absence(cause)),
            };
            let path = path.clone();
            return Err(Displaced { path, cause });
        }
        Ok(())
    }
}

fn is_absence(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn identity(path: &Path) -> io::Result<Identity> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_that_was_moved_or_replaced_or_cannot_be_looked_at_is_named() {
        let directory = tempfile::tempdir().unwrap();
        assert!(InPlace::note(directory.path()).is_err(), "nothing is there");
        let database = directory.path().join(DATABASE_FILE);
        let log = segments_of(&database);
        for path in [&database, &log] {
            fs::write(path, "").unwrap();
        }
        let mut noted = InPlace::note(directory.path()).unwrap();
        noted.look().unwrap();
        for path in [&database, &log] {
            let aside = directory.path().join("aside");
            let gone = format!("{} was removed or replaced", path.display());
            fs::rename(path, &aside).unwrap();
            assert_eq!(noted.look().unwrap_err().to_string(), gone);
            assert!(noted.renew().is_err());
            fs::write(path, "").unwrap();
            assert_eq!(noted.look().unwrap_err().to_string(), gone);
            fs::rename(&aside, path).unwrap();
            noted.look().unwrap();
            // A link to itself cannot be followed, by root neither.
            fs::rename(path, &aside).unwrap();
            std::os::unix::fs::symlink(path, path).unwrap();
            let text = noted.look().unwrap_err().to_string();
            assert!(text.starts_with("cannot look at "), "{text}");
            fs::remove_file(path).unwrap();
            fs::write(path, "").unwrap();
            noted.renew().unwrap();
            noted.look().unwrap();
        }
    }
}
