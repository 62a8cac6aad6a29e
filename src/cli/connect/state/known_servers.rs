//! The file of known servers: a line `host:port SHA256:…` for each. Comments and all other lines are kept.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::cli::address::{ServerName, server_key};
use crate::cli::streams::without_byte_order_mark;
use crate::store::{self, NewFile, NewFileError};

pub struct KnownServers {
    path: PathBuf,
}

impl KnownServers {
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Those of a client's directory.
    pub fn of(state: &Path) -> Self {
        Self::new(state.join("known_servers"))
    }

    #[cfg(test)]
    fn path(&self) -> &Path {
        &self.path
    }

    /// The first line of a server.
    pub fn find(&self, server: &str) -> io::Result<Option<Known>> {
        let text = self.read()?;
        Ok(lines(&text).find_map(|(line, text)| {
            let mut words = text.split_whitespace();
            let name = words.next()?;
            let fingerprint = words.next().and_then(|word| server_key::parse(word).ok());
            (name == server).then_some(Known { fingerprint, line })
        }))
    }

    /// Where a line stands: the file and the number.
    pub fn place(&self, line: usize) -> String {
        format!("{} line {line}", self.path.display())
    }

    /// The first line that is neither a comment nor a server and its key, if nothing is known of this server: it may have
    /// been meant.
    pub fn strange(&self, server: &str) -> io::Result<Option<usize>> {
        if self.find(server)?.is_some() {
            return Ok(None);
        }
        let text = self.read()?;
        let strange = lines(&text).find(|(_, text)| !is_entry(text));
        Ok(strange.map(|(line, _)| line))
    }

    /// Adds the fingerprint of a server. The file is replaced atomically; other clients that add a line wait.
    ///
    /// # Errors
    /// If another client has added a different fingerprint of this server since it was looked for.
    pub fn add(&self, server: &str, fingerprint: &str) -> io::Result<()> {
        let target = self.target()?;
        let _lock = lock(&target)?;
        if let Some(known) = self.find(server)? {
            return if known.fingerprint.as_deref() == Some(fingerprint) {
                Ok(())
            } else {
                Err(io::Error::other(format!(
                    "{} has another key of {server} meanwhile",
                    self.place(known.line)
                )))
            };
        }
        let mut text = self.read()?;
        if !text.is_empty() && !text.ends_with(['\n', '\r']) {
            text.push('\n');
        }
        text.extend([server, " ", fingerprint, "\n"]);
        let replace = || {
            let mut next = NewFile::beside(&target)?;
            next.fill(text.as_bytes())?;
            next.replace()
        };
        replace().map_err(|error: NewFileError| io::Error::other(error))
    }

    /// The file that is replaced: a link stays, and what it leads to gets the new text.
    fn target(&self) -> io::Result<PathBuf> {
        if !self.path.is_symlink() {
            return Ok(self.path.clone());
        }
        fs::canonicalize(&self.path).map_err(|error| {
            let why = format!("{} is a link to nothing: {error}", self.path.display());
            io::Error::new(error.kind(), why)
        })
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

/// What is on file of a server.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// Nothing if the line has none that could be one.
    pub fingerprint: Option<String>,
    /// From 1.
    pub line: usize,
}

/// Each line with its number, whichever ends lines have.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_old = !text.contains('\n');
    let lines = text.split(if is_old { '\r' } else { '\n' });
    lines.enumerate().map(|(index, line)| (index + 1, line))
}

/// Whether a line says what it has to: a comment, or a server as [`ServerName`] shows it and a fingerprint.
fn is_entry(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let Some(name) = words.next().filter(|name| !name.starts_with('#')) else {
        return true;
    };
    let is_server = name
        .parse()
        .is_ok_and(|server: ServerName| server.to_string() == name);
    is_server
        && words
            .next()
            .is_some_and(|word| server_key::parse(word).is_ok())
}

/// Held while the file is read and replaced. The directory is locked, because the file itself gives way to another.
fn lock(target: &Path) -> io::Result<File> {
    let directory = File::open(target.parent().unwrap_or(Path::new(".")))?;
    directory.lock()?;
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fingerprint;

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
        assert_eq!(known.find("here:1").unwrap().unwrap().line, 4);
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
        let (here, other) = (fingerprint(&[1; 32]), fingerprint(&[2; 32]));
        let text = format!("here:1 {here}\n");
        let (_directory, known) = file(&text);
        known.add("here:1", &here).unwrap();
        let error = known.add("here:1", &other).unwrap_err();
        assert!(error.to_string().contains("another key"), "{error}");
        assert_eq!(known.read().unwrap(), text);
    }

    #[test]
    fn file_may_begin_with_a_byte_order_mark() {
        let print = fingerprint(&[1; 32]);
        let found = |line, fingerprint| Some(Known { fingerprint, line });
        let (_directory, known) = file(&format!("\u{feff}here:1 {print}\r\n"));
        assert_eq!(known.find("here:1").unwrap(), found(1, Some(print.clone())));
        let (_directory, known) = file(&format!("# mine\rhere:1 {print}\r"));
        assert_eq!(known.find("here:1").unwrap(), found(2, Some(print)));
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
    fn damaged_entry_is_not_taken_for_unknown() {
        let print = fingerprint(&[1; 32]);
        for key in ["", &print.to_lowercase(), &print[..20], &print[7..]] {
            let (_directory, known) = file(&format!("here:1 {key}\n"));
            let (fingerprint, line) = (None, 1);
            let found = Some(Known { fingerprint, line });
            assert_eq!(known.find("here:1").unwrap(), found, "{key}");
        }
    }

    #[test]
    fn line_that_cannot_be_taken_is_found_where_a_server_is_unknown() {
        let print = fingerprint(&[1; 32]);
        let good = format!("# mine\n\nthere:1 {print} hers\n[::1]:5 {print}\n");
        let (_directory, known) = file(&good);
        assert_eq!(known.strange("here:1").unwrap(), None);
        for bad in [
            "garbage",
            &format!("127.0.0.1 {print}"),
            "there:2 SHA256:abc",
        ] {
            let (_directory, known) = file(&format!("{good}{bad}\n"));
            assert_eq!(known.strange("here:1").unwrap(), Some(5), "{bad}");
            assert_eq!(known.strange("there:1").unwrap(), None);
        }
    }

    #[test]
    fn link_stays_and_the_file_that_it_leads_to_is_written() {
        let (directory, known) = file("# mine\n");
        let shared = directory.path().join("shared");
        fs::rename(known.path(), &shared).unwrap();
        std::os::unix::fs::symlink("shared", known.path()).unwrap();
        known.add("here:1", "SHA256:c").unwrap();
        assert!(known.path().is_symlink());
        let text = fs::read_to_string(&shared).unwrap();
        assert_eq!(text, "# mine\nhere:1 SHA256:c\n");
        fs::remove_file(&shared).unwrap();
        let error = known.add("here:1", "SHA256:c").unwrap_err().to_string();
        assert!(error.contains("is a link to nothing"), "{error}");
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
