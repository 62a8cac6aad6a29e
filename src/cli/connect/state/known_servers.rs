//! The file of known servers: a line `host:port SHA256:…` for each. Comments and all other lines are kept.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::store::{NewFile, NewFileError};

pub struct KnownServers {
    path: PathBuf,
}

impl KnownServers {
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The fingerprint of a server, and the number of its line (from 1).
    pub fn find(&self, server: &str) -> io::Result<Option<(String, usize)>> {
        let text = self.read()?;
        Ok(text.lines().enumerate().find_map(|(index, line)| {
            let mut words = line.split_whitespace();
            let name = words.next()?;
            (name == server).then(|| (words.next().unwrap_or("no key").to_owned(), index + 1))
        }))
    }

    /// Adds or replaces the fingerprint of a server. The file is replaced atomically.
    pub fn add(&self, server: &str, fingerprint: &str) -> io::Result<()> {
        let own = |line: &&str| line.split_whitespace().next() != Some(server);
        let text = self.read()?;
        let mut lines: Vec<&str> = text.lines().filter(own).collect();
        let added = format!("{server} {fingerprint}");
        lines.push(&added);
        let text = lines.join("\n") + "\n";
        let replace = || {
            let mut next = NewFile::beside(&self.path)?;
            next.fill(text.as_bytes())?;
            next.replace()
        };
        replace().map_err(|error: NewFileError| io::Error::other(error))
    }

    fn read(&self) -> io::Result<String> {
        match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            result => result.map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, KnownServers) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("known_servers");
        fs::write(&path, text).unwrap();
        (directory, KnownServers::new(path))
    }

    #[test]
    fn comments_and_other_servers_are_kept() {
        let (_directory, known) = file("# mine\nhere:1 SHA256:a\n\nthere:1 SHA256:b\n");
        known.add("here:1", "SHA256:c").unwrap();
        assert_eq!(
            fs::read_to_string(known.path()).unwrap(),
            "# mine\n\nthere:1 SHA256:b\nhere:1 SHA256:c\n"
        );
        assert_eq!(known.find("here:1").unwrap(), Some(("SHA256:c".into(), 4)));
        assert_eq!(known.find("here:12").unwrap(), None);
    }

    #[test]
    fn entry_that_was_cut_short_is_not_taken_for_unknown() {
        let (_directory, known) = file("here:1\n");
        assert_eq!(known.find("here:1").unwrap(), Some(("no key".into(), 1)));
    }

    #[test]
    fn file_is_readable_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_directory, known) = file("");
        known.add("here:1", "SHA256:c").unwrap();
        let mode = fs::metadata(known.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
