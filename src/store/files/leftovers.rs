//! What a process leaves behind when it is killed while it makes a file: one under another name, which nobody would look
//! at again.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::new_file::directory_of;
use super::ownership::is_own;

/// What follows a file's name in that of one that is being made; the maker's process id follows, and something random.
const MARK: &str = ".new-";

/// What stands between the two.
const SEPARATOR: char = '-';

/// What follows the name of a database in that of the directory of its files, which can be in the making too.
const FILES_SUFFIX: &[u8] = b".files";

/// What the name begins with under which this process makes a file.
pub(in crate::store) fn prefix(path: &Path) -> OsString {
    let mut name = prefix_of_all(path);
    name.push(format!("{}{SEPARATOR}", std::process::id()));
    name
}

fn prefix_of_all(path: &Path) -> OsString {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(MARK);
    name
}

/// Removes what makers that are gone have left of a file: files of this user's, and nothing else that has such a name.
/// Where that does not succeed it stays: it is only in the way of a tidy directory.
pub(in crate::store) fn remove_leftovers(path: &Path) {
    let Ok(entries) = fs::read_dir(directory_of(path)) else {
        return;
    };
    let prefix = prefix_of_all(path);
    for entry in entries.flatten() {
        let name = entry.file_name();
        let maker = name
            .as_encoded_bytes()
            .strip_prefix(prefix.as_encoded_bytes())
            .and_then(|rest| {
                let (pid, _) = std::str::from_utf8(rest).ok()?.split_once(SEPARATOR)?;
                pid.parse().ok()
            });
        // Without following a link.
        let is_file = || {
            entry
                .metadata()
                .is_ok_and(|found| found.is_file() && is_own(&found))
        };
        let is_directory = || {
            entry
                .metadata()
                .is_ok_and(|found| found.is_dir() && is_own(&found))
        };
        if !maker.is_some_and(is_gone) {
            continue;
        }
        let removed = if is_file() {
            fs::remove_file(entry.path())
        } else if name.as_encoded_bytes().ends_with(FILES_SUFFIX) && is_directory() {
            fs::remove_dir_all(entry.path())
        } else {
            Ok(())
        };
        if let Err(error) = removed {
            tracing::debug!(%error, ?name, "cannot remove a leftover");
        }
    }
}

/// Whether no process has this id. Only positive ones name a process.
fn is_gone(pid: i32) -> bool {
    pid > 0 && kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::new_file::NewFile;
    use super::*;

    #[test]
    fn what_a_dead_maker_left_is_removed_and_a_living_ones_file_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("some.redb");
        // Linux gives out no process id above 2^22 (proc(5), pid_max).
        let dead = directory.path().join("some.redb.new-2147483647-x1");
        let kept = [
            "some.redb.new-1-x",
            "some.redb.new-x",
            "some.redb.new-2147483647",
            "other.redb.new-2147483647-x",
        ];
        let kept = kept.map(|name| directory.path().join(name));
        for file in kept.iter().chain([&dead]) {
            fs::write(file, "half").expect("there is room");
        }
        let own = NewFile::beside(&path).expect("there is room");
        assert!(!dead.exists());
        remove_leftovers(&path);
        assert!(kept.iter().all(|file| file.exists()));
        assert!(own.temporary_path().exists());
    }

    #[test]
    fn only_files_of_ones_own_are_removed() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("copy");
        let named = |end: &str| directory.path().join(format!("copy.new-2147483647-{end}"));
        let target = directory.path().join("target");
        fs::write(&target, "keep").expect("there is room");
        symlink(&target, named("link")).expect("a link");
        fs::create_dir(named("directory")).expect("a directory");
        fs::write(named("foreign"), "theirs").expect("there is room");
        // Only root can give a file away.
        let is_foreign = std::os::unix::fs::chown(named("foreign"), Some(12345), None).is_ok();
        remove_leftovers(&path);
        assert!(target.exists());
        assert!(fs::symlink_metadata(named("link")).is_ok());
        assert!(named("directory").exists());
        assert_eq!(named("foreign").exists(), is_foreign);
    }
}
