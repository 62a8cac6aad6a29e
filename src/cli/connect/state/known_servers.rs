//! The file of known servers: a line `host:port SHA256:…` for each. Comments and all other lines are kept.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::cli::streams::without_byte_order_mark;
use crate::store::{self, NewFile, NewFileError};

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

    /// Adds the fingerprint of a server. The file is replaced atomically; other clients that add a line wait.
    ///
    /// # Errors
    /// If another client has added a different fingerprint of this server since it was looked for.
    pub fn add(&self, server: &str, fingerprint: &str) -> io::Result<()> {
        let _lock = self.lock()?;
        if let Some((known, line)) = self.find(server)? {
            return if known == fingerprint {
                Ok(())
            } else {
                Err(io::Error::other(format!(
                    "{} line {line} has another key of {server} meanwhile",
                    self.path.display()
                )))
            };
        }
        let mut text = self.read()?;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.extend([server, " ", fingerprint, "\n"]);
        let replace = || {
            let mut next = NewFile::beside(&self.path)?;
            next.fill(text.as_bytes())?;
            next.replace()
        };
        replace().map_err(|error: NewFileError| io::Error::other(error))
    }

    /// Held while the file is read and replaced. The directory is locked, because the file itself gives way to another.
    fn lock(&self) -> io::Result<File> {
        let directory = File::open(self.path.parent().unwrap_or(Path::new(".")))?;
        directory.lock()?;
        Ok(directory)
    }

    fn read(&self) -> io::Result<String> {
        let text = store::read_regular(&self.path).and_then(|bytes| {
            String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
        });
        match text {
            Ok(text) => Ok(without_byte_order_mark(&text).to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(io::Error::new(
                error.kind(),
                format!("{}: {error}", self.path.display()),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, KnownServers) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("known_servers");
        fs::write(&path, text).unwrap();
        (directory, KnownServers::new(path))
    }

    #[test]
    fn comments_and_other_servers_are_kept() {
        let (_directory, known) = file("# mine\n\nthere:1 SHA256:b");
        known.add("here:1", "SHA256:c").unwrap();
        assert_eq!(
            fs::read_to_string(known.path()).unwrap(),
            "# mine\n\nthere:1 SHA256:b\nhere:1 SHA256:c\n"
        );
        assert_eq!(known.find("here:1").unwrap(), Some(("SHA256:c".into(), 4)));
        assert_eq!(known.find("here:12").unwrap(), None);
    }

    #[test]
    fn clients_that_add_keys_at_once_lose_none() {
        // Each read the file, added its line and replaced the file: the last one won.
        let (_directory, known) = file("");
        std::thread::scope(|scope| {
            for client in 0..8 {
                let known = KnownServers::new(known.path().to_owned());
                scope.spawn(move || {
                    for server in 0..10 {
                        known
                            .add(&format!("s{server}-{client}:1"), "SHA256:a")
                            .unwrap();
                    }
                });
            }
        });
        assert_eq!(known.read().unwrap().lines().count(), 80);
    }

    #[test]
    fn key_that_another_client_has_added_meanwhile_is_not_replaced() {
        let (_directory, known) = file("here:1 SHA256:a\n");
        known.add("here:1", "SHA256:a").unwrap();
        let error = known.add("here:1", "SHA256:b").unwrap_err();
        assert!(error.to_string().contains("another key"), "{error}");
        assert_eq!(known.read().unwrap(), "here:1 SHA256:a\n");
    }

    #[test]
    fn file_may_begin_with_a_byte_order_mark() {
        let (_directory, known) = file("\u{feff}here:1 SHA256:a\r\n");
        assert_eq!(known.find("here:1").unwrap(), Some(("SHA256:a".into(), 1)));
    }

    /// The client waited for somebody to write into it.
    #[test]
    fn named_pipe_is_refused() {
        let (_directory, known) = file("");
        fs::remove_file(known.path()).unwrap();
        nix::unistd::mkfifo(known.path(), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let error = known.find("here:1").unwrap_err().to_string();
        assert!(error.ends_with("it is not a regular file"), "{error}");
        assert!(known.add("here:1", "SHA256:c").is_err());
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
