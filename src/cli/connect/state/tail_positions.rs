//! The file of the positions up to which programs were told what an account was told. All its devices have the same one,
//! because each conversation counts its entries alike for all of them.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use super::open_own;
use crate::client::Positions;
use crate::store::NewFile;

const FILE: &str = "tail_positions";

/// The longest file, in bytes. Chosen: more than the conversations of any account; a longer one is damaged.
const FILE_MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The positions; nothing if there are none yet.
pub fn read(directory: &Path) -> io::Result<Option<Positions>> {
    let path = directory.join(FILE);
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
pub fn write(directory: &Path, positions: &Positions) -> io::Result<()> {
    let text = serde_json::to_vec(positions)?;
    let replace = || {
        let mut next = NewFile::beside(&directory.join(FILE))?;
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
        assert_eq!(read(directory.path()).unwrap(), None);
        for entry in [1, 2] {
            let positions = Positions::from([(7, entry)]);
            write(directory.path(), &positions).unwrap();
            assert_eq!(read(directory.path()).unwrap(), Some(positions));
        }
        std::fs::write(directory.path().join(FILE), "{\"7\"").unwrap();
        let error = read(directory.path()).unwrap_err();
        assert!(error.to_string().contains("move it away"), "{error}");
    }
}
