//! What a process leaves behind that is killed while it makes a database: a file under another name, which nobody
//! would look at again.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// What follows the database's name in that of one that is being made; the maker's process id follows.
const MARK: &str = ".new-";

/// The name under which this process makes a database.
pub(super) fn name_in_the_making(path: &Path) -> PathBuf {
    let mut name = prefix(path);
    name.push(std::process::id().to_string());
    path.with_file_name(name)
}

fn prefix(path: &Path) -> OsString {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(MARK);
    name
}

/// Removes what makers that are gone have left beside a database. Where that does not succeed it stays: it is only in
/// the way of a tidy directory.
pub(super) fn remove_leftovers(path: &Path) {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    let prefix = prefix(path);
    for entry in entries.flatten() {
        let name = entry.file_name();
        let maker = name
            .as_encoded_bytes()
            .strip_prefix(prefix.as_encoded_bytes())
            .and_then(|pid| std::str::from_utf8(pid).ok()?.parse().ok());
        if maker.is_some_and(is_gone)
            && let Err(error) = fs::remove_file(entry.path())
        {
            tracing::debug!(%error, ?name, "a leftover could not be removed");
        }
    }
}

/// Whether no process has this id. Only positive ones name a process.
fn is_gone(pid: i32) -> bool {
    pid > 0 && kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_maker_left_is_removed_and_a_living_ones_file_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("some.redb");
        // Linux gives out no process id above 2^22 (proc(5), pid_max).
        let dead = directory.path().join("some.redb.new-2147483647");
        let kept = [
            "some.redb.new-1",
            "some.redb.new-x",
            "other.redb.new-2147483647",
        ];
        let kept = kept.map(|name| directory.path().join(name));
        for file in kept.iter().chain([&dead, &name_in_the_making(&path)]) {
            fs::write(file, "half").expect("there is room");
        }
        remove_leftovers(&path);
        assert!(!dead.exists());
        assert!(kept.iter().all(|file| file.exists()));
        assert!(name_in_the_making(&path).exists());
    }
}
