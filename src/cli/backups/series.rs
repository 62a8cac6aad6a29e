//! The backups in a directory: their names, which are times, and which of them go.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::store::{self, DATABASE_FILE, UNFINISHED_SUFFIX};

/// What the name of a backup begins with.
const PREFIX: &str = "udpchat-";

/// What follows: the time, in UTC, to the second.
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// A whole backup.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// In milliseconds since 1970 (UTC).
    pub unix_ms: u64,
    pub name: String,
}

/// The backups of one server.
#[derive(Debug)]
pub struct Series {
    directory: PathBuf,
}

/// The name of a backup that is made at a time, in milliseconds since 1970 (UTC).
pub fn name(unix_ms: u64) -> String {
    let time = i64::try_from(unix_ms).map(Timestamp::from_millisecond);
    let time = time.ok().and_then(Result::ok).unwrap_or(Timestamp::MAX);
    format!("{PREFIX}{}", time.strftime(TIME))
}

/// When a backup of this name was made, if it is one.
fn time_of(name: &str) -> Option<u64> {
    let time = DateTime::strptime(TIME, name.strip_prefix(PREFIX)?).ok()?;
    let time = time.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let unix_ms = u64::try_from(time.as_millisecond()).ok()?;
    // Nothing else than what this program has named is taken for a backup, and removed.
    (self::name(unix_ms) == name).then_some(unix_ms)
}

/// Refuses a directory that is the server's, or in it: what is lost with the database is no backup of it.
pub fn require_elsewhere(directory: &Path, data: &Path) -> Result<(), String> {
    let (directory, data) = (real(directory), real(data));
    if directory.starts_with(&data) {
        return Err(format!(
            "--backup-dir {} is in the server's own directory: what is lost with the database is no backup of it",
            directory.display()
        ));
    }
    Ok(())
}

/// Where a path leads, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|part| {
        let real = fs::canonicalize(part).ok()?;
        Some((real, path.strip_prefix(part).ok()?))
    });
    there.map_or_else(|| path.into(), |(real, rest)| real.join(rest))
}

/// Whether two directories are on one file system.
pub fn shares_disk(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => one.dev() == other.dev(),
        _ => false,
    }
}

impl Series {
    pub const fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether backups can be made there. While the result is held, no other server makes
    /// backups there.
    pub fn open(&self) -> anyhow::Result<File> {
        let directory = &self.directory;
        let shown = directory.display();
        // It is never made: where a disk is not mounted, another one would fill.
        let opened = File::open(directory)
            .with_context(|| format!("cannot open {shown}; make it, or mount its disk"))?;
        let metadata = opened
            .metadata()
            .with_context(|| format!("cannot look at {shown}"))?;
        if !metadata.is_dir() {
            bail!("{shown} is not a directory");
        }
        store::require_trusted(directory, &metadata)?;
        match opened.try_lock() {
            Err(TryLockError::WouldBlock) => {
                bail!("another server makes backups in {shown}: give each a directory of its own")
            }
            // Where directories cannot be locked, nothing is wrong yet.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        Ok(opened)
    }

    /// Whether this is still what is under the directory's name.
    pub fn is_at(&self, opened: &File) -> bool {
        let (Ok(held), Ok(there)) = (opened.metadata(), fs::metadata(&self.directory)) else {
            return false;
        };
        (held.dev(), held.ino()) == (there.dev(), there.ino())
    }

    /// The whole ones, the oldest first. A directory without a database is none, whatever its name.
    pub fn list(&self) -> anyhow::Result<Vec<Found>> {
        let mut found = Vec::new();
        for name in self.directories()? {
            if self.directory.join(&name).join(DATABASE_FILE).is_file() {
                found.extend(time_of(&name).map(|unix_ms| Found { unix_ms, name }));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Removes what a crash has left of backups, and nothing that somebody has put beside them.
    pub fn remove_unfinished(&self) -> anyhow::Result<()> {
        for name in self.directories()? {
            let whole = name.strip_suffix(UNFINISHED_SUFFIX);
            if whole.and_then(time_of).is_some() && self.is_ours(&name)? {
                self.remove(&name)?;
            }
        }
        Ok(())
    }

    /// Whether everything in a directory has the names of a database's files.
    fn is_ours(&self, name: &str) -> anyhow::Result<bool> {
        let path = self.directory.join(name);
        let failed = || format!("cannot read {}", path.display());
        for entry in fs::read_dir(&path).with_context(failed)? {
            let name = entry.with_context(failed)?.file_name();
            if !name.to_string_lossy().starts_with(DATABASE_FILE) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes the oldest, until there are only so many with the one that was just made, which stays whatever the clock has
    /// been in between.
    pub fn prune(&self, keep: usize, just_made: &str) -> anyhow::Result<()> {
        let mut found = self.list()?;
        found.retain(|it| it.name != just_made);
        let surplus = found.len().saturating_sub(keep.max(1) - 1);
        for old in found.into_iter().take(surplus) {
            // Half of one must not look like a whole one.
            let doomed = format!("{}{UNFINISHED_SUFFIX}", old.name);
            let (from, to) = (self.directory.join(&old.name), self.directory.join(&doomed));
            fs::rename(&from, to).with_context(|| format!("cannot rename {}", from.display()))?;
            self.remove(&doomed)?;
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> anyhow::Result<()> {
        let path = self.directory.join(name);
        fs::remove_dir_all(&path).with_context(|| format!("cannot remove {}", path.display()))
    }

    /// The names of directories, without following links.
    fn directories(&self) -> anyhow::Result<Vec<String>> {
        let failed = || format!("cannot read {}", self.directory.display());
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn name_is_the_time_and_nothing_else_is_taken_for_a_backup() {
        assert_eq!(name(1_795_997_700_123), "udpchat-20261130T001500Z");
        assert_eq!(time_of("udpchat-20261130T001500Z"), Some(1_795_997_700_000));
        for other in [
            "udpchat-20261130T001500Z.part",
            "udpchat-20261130T001500",
            "udpchat-20261330T001500Z",
            "udpchat-2026113T001500Z",
            "udpchat- 20261130T001500Z",
            "udpchat.redb",
            "udpchat-",
        ] {
            assert_eq!(time_of(other), None, "{other}");
        }
    }

    #[test]
    fn only_the_oldest_backups_go_and_what_was_not_finished() {
        let directory = tempfile::tempdir().unwrap();
        let series = Series::new(directory.path().into());
        let made = ["20261127", "20261128", "20261129", "20261130"];
        for day in made {
            let backup = directory.path().join(format!("udpchat-{day}T000000Z"));
            fs::create_dir(&backup).unwrap();
            fs::write(backup.join(DATABASE_FILE), "rows").unwrap();
        }
        // Others' directories with such names are neither taken for backups nor removed.
        fs::create_dir(directory.path().join("udpchat-20261201T000000Z")).unwrap();
        let theirs = directory.path().join("udpchat-20261124T000000Z.part");
        fs::create_dir_all(theirs.join("photographs")).unwrap();
        let others = ["udpchat-20261126T000000Z.copy", "photographs", "udpchat-1"];
        for other in others {
            fs::create_dir(directory.path().join(other)).unwrap();
        }
        fs::write(directory.path().join("udpchat-20261101T000000Z"), "a file").unwrap();
        let half = directory.path().join("udpchat-20261125T000000Z.part");
        fs::create_dir_all(half.join("udpchat.redb.files")).unwrap();
        let lock = series.open().unwrap();
        assert!(series.is_at(&lock));
        series.remove_unfinished().unwrap();
        assert!(!half.exists());
        let refused = Series::new(directory.path().into()).open().unwrap_err();
        assert!(refused.to_string().contains("another server"), "{refused}");
        drop(lock);
        assert_eq!(series.list().unwrap().len(), 4);
        series.prune(2, "udpchat-20261130T000000Z").unwrap();
        let mut left = vec![
            "photographs",
            "udpchat-1",
            "udpchat-20261101T000000Z",
            "udpchat-20261124T000000Z.part",
            "udpchat-20261201T000000Z",
            "udpchat-20261126T000000Z.copy",
            "udpchat-20261129T000000Z",
            "udpchat-20261130T000000Z",
        ];
        left.sort_unstable();
        assert_eq!(names(directory.path()), left);
    }

    #[test]
    fn directory_of_the_server_is_refused_under_any_name() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        fs::create_dir_all(data.join("backups")).unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(data.join("backups"), &link).unwrap();
        for inside in [&data, &data.join("backups"), &data.join("../data"), &link] {
            assert!(require_elsewhere(inside, &data).is_err(), "{inside:?}");
        }
        let beside = directory.path().join("data-backups");
        fs::create_dir(&beside).unwrap();
        assert_eq!(require_elsewhere(&beside, &data), Ok(()));
        let absent = [data.join("not-there"), directory.path().join("not-there")];
        let refused = absent.map(|absent| require_elsewhere(&absent, &data).is_err());
        assert_eq!(refused, [true, false]);
    }
}
