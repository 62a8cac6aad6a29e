//! The files of `--log-chat`: `DIR/SERVER/USER/CONVERSATION.log`.
//!
//! A file is opened for each batch of messages, so that one that was moved away begins again, and several clients may
//! append to it.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{hexadecimal, is_cut_off, open_own, private_directory};
use crate::protocol::Digest;

const OPTION: &str = "--log-chat";

/// The longest name of a file without its ending, in bytes. Chosen: file systems take 255. A longer one, which only a strange
/// server would give, is replaced by its digest.
const NAME_MAX_BYTES: usize = 200;

pub struct ChatLogs {
    /// That of the server.
    directory: PathBuf,
}

impl ChatLogs {
    /// Makes the directory. One that others can enter is refused.
    pub fn open(directory: &Path, server: &str) -> anyhow::Result<Self> {
        private_directory(directory, OPTION)?;
        let directory = directory.join(file_name(server, ":[]"));
        private_directory(&directory, OPTION)?;
        Ok(Self { directory })
    }

    /// Opens the log of an account's conversation, made if there is none.
    pub fn append_to(&self, account: &str, conversation: &str) -> io::Result<Box<dyn io::Write>> {
        let directory = self.directory.join(file_name(account, ""));
        private_directory(&directory, OPTION).map_err(io::Error::other)?;
        let path = directory.join(format!("{}.log", file_name(conversation, "#")));
        let mut options = OpenOptions::new();
        let file = open_own(&path, options.read(true).append(true).create(true))?;
        let begin: &[u8] = if is_cut_off(&file)? { b"\n" } else { b"" };
        Ok(Box::new(Log { file, begin }))
    }
}

struct Log {
    file: File,
    /// What is to be written before the next message.
    begin: &'static [u8],
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let begin = std::mem::take(&mut self.begin);
        let written = self.file.write(&[begin, bytes].concat())?;
        Ok(written.saturating_sub(begin.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A name as a file name: letters and digits of all scripts stay, and these signs; everything else, and a dot at the
/// beginning, is `%XX` for each byte (RFC 3986 §2.1), so that no two names have one file.
fn file_name(name: &str, harmless: &str) -> String {
    let mut encoded = String::new();
    for sign in name.chars() {
        let is_kept = sign.is_alphanumeric()
            || "-_".contains(sign)
            || harmless.contains(sign)
            || (sign == '.' && !encoded.is_empty());
        if is_kept {
            encoded.push(sign);
        } else {
            let mut buffer = [0; 4];
            let bytes = sign.encode_utf8(&mut buffer).bytes();
            encoded.extend(bytes.map(|byte| format!("%{byte:02X}")));
        }
    }
    if encoded.len() > NAME_MAX_BYTES {
        return format!("%{}", hexadecimal(&Digest::of(name.as_bytes()).0));
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn logs(directory: &tempfile::TempDir) -> ChatLogs {
        ChatLogs::open(&directory.path().join("logs"), "here:7777").unwrap()
    }

    fn add(logs: &ChatLogs, conversation: &str, text: &str) -> io::Result<()> {
        let mut log = logs.append_to("erin", conversation)?;
        log.write_all(text.as_bytes())
    }

    #[test]
    fn each_conversation_has_a_file_of_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let logs = logs(&directory);
        add(&logs, "#bridge", "one\n").unwrap();
        add(&logs, "bob", "two\n").unwrap();
        add(&logs, "bob", "three\n").unwrap();
        let mut path = directory.path().to_owned();
        for part in ["logs", "here:7777", "erin"] {
            path.push(part);
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{part}");
        }
        for (file, text) in [("#bridge.log", "one\n"), ("bob.log", "two\nthree\n")] {
            let file = path.join(file);
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
        }
    }

    #[test]
    fn no_name_is_a_path_or_that_of_another() {
        for (name, file) in [
            ("#bridge", "#bridge"),
            ("josé", "josé"),
            ("a.b", "a.b"),
            ("..", "%2E."),
            (".hidden", "%2Ehidden"),
            ("a/../b", "a%2F..%2Fb"),
            ("a%2Fb", "a%252Fb"),
            ("tab\t\u{202e}", "tab%09%E2%80%AE"),
            ("", ""),
        ] {
            assert_eq!(file_name(name, "#"), file, "{name:?}");
        }
        let long = file_name(&"/".repeat(255), "");
        assert!(
            long.len() < NAME_MAX_BYTES && long.starts_with('%'),
            "{long}"
        );
    }

    #[test]
    fn link_and_pipe_in_the_place_of_a_log_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let logs = logs(&directory);
        add(&logs, "bob", "one\n").unwrap();
        let account = directory.path().join("logs/here:7777/erin");
        let other = directory.path().join("other");
        fs::write(&other, "").unwrap();
        symlink(&other, account.join("carol.log")).unwrap();
        nix::unistd::mkfifo(&account.join("dave.log"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(add(&logs, "carol", "two\n").is_err());
        assert!(add(&logs, "dave", "two\n").is_err());
        assert_eq!(fs::read_to_string(other).unwrap(), "");
    }

    #[test]
    fn line_that_was_cut_off_spoils_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let logs = logs(&directory);
        add(&logs, "bob", "one\ntw").unwrap();
        add(&logs, "bob", "two\n").unwrap();
        let file = directory.path().join("logs/here:7777/erin/bob.log");
        assert_eq!(fs::read_to_string(file).unwrap(), "one\ntw\ntwo\n");
    }

    #[test]
    fn lines_of_two_programs_stay_whole() {
        let directory = tempfile::tempdir().unwrap();
        let logs = logs(&directory);
        let long = "x".repeat(16_000);
        std::thread::scope(|scope| {
            for client in ["a", "b"] {
                let (logs, long) = (&logs, &long);
                scope.spawn(move || {
                    for _ in 0..100 {
                        add(logs, "#deck", &format!("{client} {long} {client}\n")).unwrap();
                    }
                });
            }
        });
        let file = directory.path().join("logs/here:7777/erin/#deck.log");
        let text = fs::read_to_string(file).unwrap();
        let is_whole = |line: &str| {
            ["a", "b"]
                .iter()
                .any(|client| line == format!("{client} {long} {client}"))
        };
        assert_eq!(text.lines().filter(|line| is_whole(line)).count(), 200);
        assert!(text.lines().all(|line| line.is_empty() || is_whole(line)));
    }
}
