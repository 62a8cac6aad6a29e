//! The file of what was typed at the prompt, for Up and Ctrl-R after a restart: a line of JSON for each entry.
//!
//! Each account has its own. Several clients may append to it at the same time: each entry is one write, so that a kill loses
//! at most the last one. A file that has grown too long is replaced by its end.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::{is_cut_off, open_own as open};
use crate::client::commands::Recalled;

/// The longest file, in bytes. Chosen: some thousand messages of usual length.
const FILE_MAX_BYTES: u64 = 1024 * 1024;

/// What is left of a file that has grown longer, in bytes. Chosen: half, so that it is seldom written again.
const KEPT_BYTES: u64 = FILE_MAX_BYTES / 2;

const FILE: &str = "input_history";

/// Held while the file is replaced, or appended to.
const LOCK_FILE: &str = "input_history.lock";

/// Where the signed-in account has its file; shared by whoever opens its database and the prompt.
#[derive(Clone, Default)]
pub struct HistoryPlace(Arc<Mutex<Place>>);

/// A directory, and how often lines were removed from the file in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    pub directory: Option<PathBuf>,
    removals: u64,
}

impl HistoryPlace {
    pub fn set(&self, directory: PathBuf) {
        self.lock().directory = Some(directory);
    }

    pub fn get(&self) -> Place {
        self.lock().clone()
    }

    /// Removes the lines that were typed to say these texts, also from where they were read before.
    pub fn forget(&self, texts: &[String]) -> io::Result<()> {
        let mut place = self.lock();
        if let Some(directory) = &place.directory
            && remove(directory, texts)?
        {
            place.removals += 1;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Place> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Entry {
    Command(String),
    Text(String),
}

/// The newest entries of the file in this directory, the oldest first. Lines that are none are left out.
pub fn load(directory: &Path, count: usize) -> io::Result<Vec<Recalled>> {
    let mut file = match open(&directory.join(FILE), OpenOptions::new().read(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let bytes = end_of(&mut file, FILE_MAX_BYTES)?;
    let mut entries: Vec<Recalled> = bytes
        .split(|byte| *byte == b'\n')
        .rev()
        .filter_map(|line| serde_json::from_slice(line).ok())
        .take(count)
        .map(|entry| match entry {
            Entry::Command(command) => Recalled::Command(command),
            Entry::Text(text) => Recalled::Text(text),
        })
        .collect();
    entries.reverse();
    Ok(entries)
}

/// Keeps other clients from changing the file in this directory, as long as the file that it returns is open.
fn lock(directory: &Path) -> io::Result<File> {
    let path = directory.join(LOCK_FILE);
    let lock = open(&path, OpenOptions::new().write(true).create(true))?;
    lock.lock()?;
    Ok(lock)
}

/// Appends an entry to the file in this directory.
pub fn append(directory: &Path, recalled: &Recalled) -> io::Result<()> {
    let entry = match recalled {
        Recalled::Command(command) => Entry::Command(command.clone()),
        Recalled::Text(text) => Entry::Text(text.clone()),
    };
    let mut line = serde_json::to_vec(&entry)?;
    line.push(b'\n');
    let _lock = lock(directory)?;
    let path = directory.join(FILE);
    let mut file = open(
        &path,
        OpenOptions::new().read(true).append(true).create(true),
    )?;
    if is_cut_off(&file)? {
        line.insert(0, b'\n');
    }
    file.write_all(&line)?;
    if file.metadata()?.len() > FILE_MAX_BYTES {
        shorten(directory, &mut file)?;
    }
    Ok(())
}

/// Overwrites the entries that say one of these texts with blanks. Returns whether there were any.
fn remove(directory: &Path, texts: &[String]) -> io::Result<bool> {
    let _lock = lock(directory)?;
    let path = directory.join(FILE);
    let file = match open(&path, OpenOptions::new().read(true).write(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    (&file).read_to_end(&mut bytes)?;
    let mut at = 0;
    let mut has_removed = false;
    for line in bytes.split(|byte| *byte == b'\n') {
        let entry = serde_json::from_slice(line).ok();
        if entry.is_some_and(|entry| texts.iter().any(|text| says(&entry, text))) {
            file.write_all_at(&vec![b' '; line.len()], at)?;
            has_removed = true;
        }
        at += line.len() as u64 + 1;
    }
    if has_removed {
        file.sync_data()?;
    }
    Ok(has_removed)
}

/// Whether an entry was typed to say this text: it is the text, or a command, or one of several, that ends with it. How the
/// words are set apart does not matter.
fn says(entry: &Entry, text: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = words(text);
    if text.is_empty() {
        return false;
    }
    match entry {
        // Two slashes are one in a text.
        Entry::Text(typed) => [&text, &format!("/{text}")].contains(&&words(typed)),
        Entry::Command(typed) => {
            let end = format!(" {text}");
            let parts = typed.lines().chain([typed.as_str()]);
            parts.map(words).any(|part| part.ends_with(&end))
        }
    }
}

/// Replaces the file by its end.
fn shorten(directory: &Path, file: &mut File) -> io::Result<()> {
    let end = end_of(file, KEPT_BYTES)?;
    // The first line may be a part of one.
    let from = end
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let mut shorter = tempfile::NamedTempFile::new_in(directory)?;
    shorter.write_all(&end[from..])?;
    shorter.as_file().sync_all()?;
    shorter
        .persist(directory.join(FILE))
        .map_err(|error| error.error)?;
    Ok(())
}

fn end_of(file: &mut File, max_bytes: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(max_bytes)))?;
    let mut bytes = Vec::new();
    file.take(max_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn command(line: &str) -> Recalled {
        Recalled::Command(line.into())
    }

    #[test]
    fn entries_are_read_in_order_as_they_were_written() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        assert_eq!(load(directory, 10).unwrap(), []);
        let entries = [
            command("/message bob tea\n  at \"four\"?"),
            Recalled::Text("caf\u{e9}\t\u{1b}".into()),
            command("/quit"),
        ];
        for entry in &entries {
            append(directory, entry).unwrap();
        }
        assert_eq!(load(directory, 10).unwrap(), entries);
        assert_eq!(load(directory, 1).unwrap(), entries[2..]);
        let mode = fs::metadata(directory.join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn line_that_was_cut_off_is_left_out_and_spoils_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        append(directory, &command("/one")).unwrap();
        let mut file = OpenOptions::new()
            .append(true)
            .open(directory.join(FILE))
            .unwrap();
        file.write_all(b"{\"command\":\"/tw").unwrap();
        append(directory, &command("/three")).unwrap();
        assert_eq!(
            load(directory, 10).unwrap(),
            [command("/one"), command("/three")]
        );
    }

    #[test]
    fn clients_of_one_account_lose_none_of_their_lines() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std::thread::scope(|scope| {
            for client in 0..4 {
                scope.spawn(move || {
                    for line in 0..50 {
                        append(path, &command(&format!("/{client} {line}"))).unwrap();
                    }
                });
            }
        });
        let found = load(path, 1000).unwrap();
        assert_eq!(found.len(), 200);
        for client in 0..4 {
            let own = found.iter().filter(|entry| {
                matches!(entry, Recalled::Command(line) if line.starts_with(&format!("/{client} ")))
            });
            let expected: Vec<_> = (0..50)
                .map(|line| command(&format!("/{client} {line}")))
                .collect();
            assert_eq!(own.cloned().collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn file_that_has_grown_too_long_keeps_its_newest_lines() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let long = "x".repeat(16 * 1024);
        for number in 0..100 {
            append(directory, &command(&format!("{number} {long}"))).unwrap();
        }
        assert!(fs::metadata(directory.join(FILE)).unwrap().len() <= FILE_MAX_BYTES);
        let found = load(directory, 1000).unwrap();
        assert_eq!(found.last(), Some(&command(&format!("99 {long}"))));
        assert!(found.len() > 20, "{}", found.len());
    }

    /// Deleted on every device, a message stood in the file of the device that it was typed on.
    #[test]
    fn what_was_deleted_is_removed_with_its_bytes() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let text = |line: &str| Recalled::Text(line.into());
        let removed = [
            command("/message bob  tea at\tfour"),
            command("/edit #3 tea at four"),
            text("tea at four"),
            command("/away\n/message bob tea at four\n/quit"),
            text("//me"),
            command("/message bob\n  tea\n  at four"),
        ];
        let kept = [
            command("/message bob no tea at four o'clock"),
            text("green tea at four"),
            command("/tea at four"),
            text("me"),
        ];
        for entry in removed.iter().chain(&kept) {
            append(directory, entry).unwrap();
        }
        let place = HistoryPlace::default();
        place.set(directory.to_owned());
        let before = place.get();
        place.forget(&["absent".into(), "  ".into()]).unwrap();
        assert_eq!(place.get(), before);
        place.forget(&["tea at four".into(), "/me".into()]).unwrap();
        assert_ne!(place.get(), before);
        assert_eq!(load(directory, 100).unwrap(), kept);
        let bytes = fs::read_to_string(directory.join(FILE)).unwrap();
        assert_eq!(bytes.matches("tea at").count(), 3, "{bytes}");
        append(directory, &command("/next")).unwrap();
        assert_eq!(load(directory, 1).unwrap(), [command("/next")]);
    }

    #[test]
    fn pipe_in_its_place_is_refused_and_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        nix::unistd::mkfifo(&directory.join(FILE), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(load(directory, 10).is_err());
        assert!(append(directory, &command("/one")).is_err());
    }
}
