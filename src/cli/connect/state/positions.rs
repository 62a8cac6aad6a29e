//! The files of the positions up to which programs, and bots, were told what an account was told. All its devices have the
//! same ones, because each conversation counts its entries alike for all of them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use super::open_own;
use crate::client::{Positions, Told};
use crate::store::NewFile;

/// The file that a bot locks as long as it runs: two would be told the same, and one would acknowledge for the other.
const LOCK: &str = "bot_lock";

const fn file(whose: Told) -> &'static str {
    match whose {
        Told::Tail => "tail_positions",
        Told::Bot => "bot_positions",
    }
}

/// The files of an account, and what is locked of them.
#[derive(Debug, Default)]
pub struct PositionFiles {
    lock: Option<File>,
}

impl PositionFiles {
    /// The positions; nothing if there are none yet. Those of bots are this process's from then on; while another one has them,
    /// reading would block.
    pub fn read(&mut self, directory: &Path, whose: Told) -> io::Result<Option<Positions>> {
        if whose == Told::Bot && self.lock.is_none() {
            self.lock = Some(lock(directory)?);
        }
        read(directory, whose)
    }
}

fn lock(directory: &Path) -> io::Result<File> {
    let path = directory.join(LOCK);
    let file = open_own(&path, OpenOptions::new().write(true).create(true))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            ErrorKind::WouldBlock,
            "another bot of this user runs with the same state directory; give each its own --state",
        )),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The longest file, in bytes. Chosen: more than the conversations of any account; a longer one is damaged.
const FILE_MAX_BYTES: u64 = 16 * 1024 * 1024;

fn read(directory: &Path, whose: Told) -> io::Result<Option<Positions>> {
    let path = directory.join(file(whose));
    let file = match open_own(&path, OpenOptions::new().read(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(FILE_MAX_BYTES).read_to_end(&mut bytes)?;
    let damaged = |why| {
        io::Error::other(format!(
            "{} is damaged ({why}): move it away",
            path.display()
        ))
    };
    serde_json::from_slice(&bytes).map(Some).map_err(damaged)
}

/// Replaces the file at once. Of programs that run at the same time the last one counts.
pub fn write(directory: &Path, whose: Told, positions: &Positions) -> io::Result<()> {
    let text = serde_json::to_vec(positions)?;
    let replace = || {
        let mut next = NewFile::beside(&directory.join(file(whose)))?;
        next.fill(&*text)?;
        next.replace()
    };
    replace().map_err(|error: crate::store::NewFileError| io::Error::other(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_as_they_were_written_and_damage_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert_eq!(read(path, Told::Tail).unwrap(), None);
        for entry in [1, 2] {
            let told = crate::client::ToldUpTo {
                entry,
                time_ms: u64::MAX,
                epoch: u64::MAX,
            };
            let positions = Positions::from([(7, told)]);
            write(path, Told::Tail, &positions).unwrap();
            assert_eq!(read(path, Told::Tail).unwrap(), Some(positions));
        }
        std::fs::write(path.join(file(Told::Tail)), "{\"7\"").unwrap();
        let error = read(path, Told::Tail).unwrap_err();
        assert!(error.to_string().contains("move it away"), "{error}");
        assert_eq!(read(path, Told::Bot).unwrap(), None);
    }

    #[test]
    fn positions_of_bots_are_one_process_s_as_long_as_it_runs() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let (mut first, mut second) = (PositionFiles::default(), PositionFiles::default());
        for _ in 0..2 {
            first.read(path, Told::Bot).unwrap();
        }
        let error = second.read(path, Told::Bot).unwrap_err();
        assert!(error.to_string().contains("another bot"), "{error}");
        second.read(path, Told::Tail).unwrap();
        drop(first);
        second.read(path, Told::Bot).unwrap();
    }
}
