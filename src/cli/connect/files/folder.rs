//! The folder to which files of others are saved, and how a file gets its name there: one that nothing has.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::libc;
use tempfile::TempPath;

use super::{copy_while, sync_directory_of};
use crate::cli::connect::state::open_own;
use crate::cli::environment;
use crate::cli::options::require_directory;
use crate::cli::output::shown;
use crate::client::SaveAs;
use crate::store::{self, advice};
use crate::text::file_name;
use crate::text::system_error::words;

/// How many files of one name a folder takes. Chosen: nobody looks through more.
const SAME_NAME_MAX: u32 = 1000;

/// Where files are saved: where an option says, or where the user has such files.
#[derive(Debug, Clone, Default)]
pub struct Folder(Option<PathBuf>);

impl Folder {
    /// The one that this option names. It is made when something is saved.
    ///
    /// # Errors
    /// If it is none.
    pub fn named(path: PathBuf, option: &str) -> anyhow::Result<Self> {
        require_directory(&path, option)?;
        Ok(Self(Some(path)))
    }

    /// Gives a complete part its place; a part that has it already keeps it.
    ///
    /// # Errors
    /// Why it has none, without its name.
    pub fn save(
        &self,
        part: &Path,
        save_as: &SaveAs,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<PathBuf, String> {
        let (directory, name) = self.target(save_as)?;
        let directory = real(&directory)?;
        let placed = place(part, &directory, &name, is_wanted);
        placed
            .map_err(|error| format!("{}: {}{}", shown(&directory), words(&error), advice(&error)))
    }

    /// Whether there is a folder for a file that is to be saved.
    ///
    /// # Errors
    /// Why not, without its name.
    pub fn check(&self, save_as: &SaveAs) -> Result<(), String> {
        let (directory, _) = self.target(save_as)?;
        if real(&directory)?.is_dir() {
            Ok(())
        } else {
            Err(format!("{} is not a folder", shown(&directory)))
        }
    }

    /// The folder and the name that are meant.
    fn target(&self, save_as: &SaveAs) -> Result<(PathBuf, String), String> {
        let (path, name) = match save_as {
            SaveAs::Named(name) => (self.made()?, name),
            SaveAs::Chosen { path, name } if path.contains('/') || path == "~" => {
                let path = environment::expanded(path).ok_or("HOME names no directory")?;
                (path, name)
            }
            SaveAs::Chosen { path, name } => (self.made()?.join(path), name),
        };
        if path.is_dir() {
            return Ok((path, file_name::harmless(name)));
        }
        // A path that ends with a slash is meant as a folder, and there is none.
        let is_file = !path.as_os_str().as_encoded_bytes().ends_with(b"/");
        match (
            path.parent(),
            path.file_name().and_then(|name| name.to_str()),
        ) {
            (Some(parent), Some(name)) if is_file => Ok((parent.to_owned(), name.to_owned())),
            _ => Ok((path, String::new())),
        }
    }

    fn made(&self) -> Result<PathBuf, String> {
        let usual = || environment::download_directory().unwrap_or_else(|| ".".into());
        let path = self.0.clone().unwrap_or_else(usual);
        store::make_directory(&path).map_err(|error| error.to_string())?;
        Ok(path)
    }
}

/// The folder without links and dots.
fn real(directory: &Path) -> Result<PathBuf, String> {
    // A name alone is one in the current folder.
    let directory = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    fs::canonicalize(directory).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("there is no folder {}: make it first", shown(directory)),
        _ => format!("{}: {}{}", shown(directory), words(&error), advice(&error)),
    })
}

/// Gives a part the first of these names that nothing has, as a second name of the same file where that can be.
fn place(
    part: &Path,
    directory: &Path,
    name: &str,
    is_wanted: &dyn Fn() -> bool,
) -> io::Result<PathBuf> {
    let mut options = OpenOptions::new();
    let file = open_own(part, options.read(true).write(true).create(true))?;
    file.sync_all()?;
    let own = file.metadata()?;
    for path in names(directory, name) {
        match fs::hard_link(part, &path) {
            Ok(()) => return synced(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let there = fs::symlink_metadata(&path);
                if there.is_ok_and(|there| (there.dev(), there.ino()) == (own.dev(), own.ino())) {
                    return synced(path);
                }
            }
            Err(error) if cannot_link(&error) => {
                return place_copy((part, &file), directory, name, is_wanted);
            }
            Err(error) => return Err(error),
        }
    }
    Err(all_taken(name))
}

/// The same with a copy, which has a hidden name until it is whole: the folder is on another file system, or on one without
/// second names.
fn place_copy(
    (part, file): (&Path, &File),
    directory: &Path,
    name: &str,
    is_wanted: &dyn Fn() -> bool,
) -> io::Result<PathBuf> {
    // The part's name is random, so this is what an earlier run has left.
    let part = part.file_name().unwrap_or_default().to_string_lossy();
    let hidden = directory.join(format!(".udpchat-{part}"));
    let _ = fs::remove_file(&hidden);
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    let mut copy = options.open(&hidden)?;
    let mut hidden = TempPath::try_from_path(hidden)?;
    copy_while(is_wanted, file, &mut copy, u64::MAX)?;
    copy.sync_all()?;
    for path in names(directory, name) {
        match hidden.persist_noclobber(&path) {
            Ok(()) => return synced(path),
            Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => hidden = failed.path,
            Err(failed) => return reserve(failed.path, directory, name),
        }
    }
    Err(all_taken(name))
}

/// The same where the file system neither has second names nor leaves a name that is taken alone: an empty file takes it first.
fn reserve(hidden: TempPath, directory: &Path, name: &str) -> io::Result<PathBuf> {
    for path in names(directory, name) {
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        match options.open(&path) {
            Ok(_) => {
                hidden.persist(&path)?;
                return synced(path);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(all_taken(name))
}

/// The name, then those with a number.
fn names(directory: &Path, name: &str) -> impl Iterator<Item = PathBuf> {
    let numbered = (2..=SAME_NAME_MAX).map(|number| file_name::numbered(name, number));
    let all = std::iter::once(name.to_owned()).chain(numbered);
    all.map(|name| directory.join(name))
}

fn all_taken(name: &str) -> io::Error {
    let problem = format!("there are {SAME_NAME_MAX} files called {name}: choose another name");
    io::Error::other(problem)
}

fn synced(path: PathBuf) -> io::Result<PathBuf> {
    sync_directory_of(&path)?;
    Ok(path)
}

/// Whether a file cannot have a second name there, but another file may have it.
fn cannot_link(error: &io::Error) -> bool {
    let kinds = [
        ErrorKind::CrossesDevices,
        ErrorKind::TooManyLinks,
        ErrorKind::Unsupported,
    ];
    // What link(2) says of a file system without.
    kinds.contains(&error.kind()) || error.raw_os_error() == Some(libc::EPERM)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use proptest::prelude::*;

    use super::*;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, below: &str) -> PathBuf {
            self.0.path().join(below)
        }

        fn folder(&self) -> Folder {
            Folder(Some(self.path("downloads")))
        }

        fn part(&self, content: &str) -> PathBuf {
            let path = self.path("part");
            let _ = fs::remove_file(&path);
            let mut options = OpenOptions::new();
            let mut part = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
                .unwrap();
            io::Write::write_all(&mut part, content.as_bytes()).unwrap();
            path
        }

        /// Saves a part, and returns its name in the folder.
        fn save(&self, content: &str, save_as: &SaveAs) -> Result<String, String> {
            let saved = self.folder().save(&self.part(content), save_as, &|| true)?;
            assert_eq!(fs::read_to_string(&saved).unwrap(), content);
            let metadata = fs::symlink_metadata(&saved).unwrap();
            assert!(metadata.is_file());
            assert_eq!(metadata.permissions().mode() & 0o177, 0);
            let base = fs::canonicalize(self.0.path()).unwrap();
            Ok(saved
                .strip_prefix(base)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned())
        }
    }

    fn named(name: &str) -> SaveAs {
        SaveAs::Named(name.into())
    }

    fn chosen(path: &str) -> SaveAs {
        SaveAs::Chosen {
            path: path.into(),
            name: "../chart.pdf".into(),
        }
    }

    #[test]
    fn nothing_is_overwritten_or_followed() {
        let place = Place::new();
        assert_eq!(
            place.save("1", &named("chart.pdf")).unwrap(),
            "downloads/chart.pdf"
        );
        let mode = fs::metadata(place.path("downloads"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_eq!(
            place.save("2", &named("chart.pdf")).unwrap(),
            "downloads/chart (2).pdf"
        );
        fs::write(place.path("victim"), "keep").unwrap();
        symlink(place.path("victim"), place.path("downloads/chart (3).pdf")).unwrap();
        symlink(place.path("nowhere"), place.path("downloads/chart (4).pdf")).unwrap();
        fs::create_dir(place.path("downloads/chart (5).pdf")).unwrap();
        assert_eq!(
            place.save("6", &named("chart.pdf")).unwrap(),
            "downloads/chart (6).pdf"
        );
        assert_eq!(fs::read_to_string(place.path("victim")).unwrap(), "keep");
        assert_eq!(
            fs::read_to_string(place.path("downloads/chart.pdf")).unwrap(),
            "1"
        );
        assert!(!place.path("nowhere").exists());
    }

    #[test]
    fn part_that_has_its_place_already_keeps_it() {
        // The client was killed before it had recorded that.
        let place = Place::new();
        let part = place.part("whole");
        let save = || {
            place
                .folder()
                .save(&part, &named("chart.pdf"), &|| true)
                .unwrap()
        };
        let first = save();
        assert_eq!(save(), first);
        assert_eq!(fs::read_dir(place.path("downloads")).unwrap().count(), 1);
        fs::remove_file(&part).unwrap();
        assert_eq!(fs::read_to_string(&first).unwrap(), "whole");
        // An empty file of which nothing came before.
        let empty = place
            .folder()
            .save(&part, &named("empty"), &|| true)
            .unwrap();
        assert_eq!(fs::read(empty).unwrap(), b"");
    }

    #[test]
    fn copy_across_file_systems_overwrites_nothing_and_leaves_nothing_else() {
        let place = Place::new();
        let folder = place.path("folder");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("chart.pdf"), "mine").unwrap();
        let part = place.part("theirs");
        let file = File::open(&part).unwrap();
        // An earlier run was killed here.
        fs::write(folder.join(".udpchat-part"), "half of it").unwrap();
        let copied = place_copy((&part, &file), &folder, "chart.pdf", &|| true).unwrap();
        assert_eq!(copied, folder.join("chart (2).pdf"));
        assert_eq!(fs::read_to_string(&copied).unwrap(), "theirs");
        assert_eq!(
            fs::metadata(&copied).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::read_to_string(folder.join("chart.pdf")).unwrap(),
            "mine"
        );
        let hidden = folder.join(".udpchat-x");
        fs::write(&hidden, "reserved").unwrap();
        let hidden = TempPath::try_from_path(hidden).unwrap();
        let reserved = reserve(hidden, &folder, "chart.pdf").unwrap();
        assert_eq!(fs::read_to_string(reserved).unwrap(), "reserved");
        let stopped = place_copy((&part, &file), &folder, "other", &|| false);
        assert!(stopped.is_err());
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["chart (2).pdf", "chart (3).pdf", "chart.pdf"]);
    }

    #[test]
    fn folder_on_another_file_system_takes_it_too() {
        let place = Place::new();
        let Ok(other) = tempfile::tempdir_in("/dev/shm") else {
            return;
        };
        let folder = Folder(Some(other.path().join("downloads")));
        let saved = folder
            .save(&place.part("whole"), &named("chart.pdf"), &|| true)
            .unwrap();
        assert_eq!(fs::read_to_string(&saved).unwrap(), "whole");
        assert_eq!(saved.file_name().unwrap(), "chart.pdf");
    }

    #[test]
    fn user_chooses_a_name_a_folder_or_a_path() {
        let place = Place::new();
        let at = |below: &str| format!("{}/{below}", place.0.path().display());
        fs::create_dir(place.path("papers")).unwrap();
        assert_eq!(
            place.save("1", &chosen("plan.pdf")).unwrap(),
            "downloads/plan.pdf"
        );
        assert_eq!(
            place.save("2", &chosen(&at("papers"))).unwrap(),
            "papers/chart.pdf"
        );
        assert_eq!(
            place.save("3", &chosen(&at("papers/"))).unwrap(),
            "papers/chart (2).pdf"
        );
        assert_eq!(
            place.save("4", &chosen(&at("papers/.own"))).unwrap(),
            "papers/.own"
        );
        assert_eq!(
            place.save("5", &chosen(&at("papers/.own"))).unwrap(),
            "papers/.own (2)"
        );
        fs::create_dir(place.path("downloads/below")).unwrap();
        assert_eq!(
            place.save("6", &chosen("below")).unwrap(),
            "downloads/below/chart.pdf"
        );
        for missing in ["none/plan.pdf", "none/"] {
            let error = place.save("7", &chosen(&at(missing))).unwrap_err();
            assert!(error.contains("make it first"), "{missing}: {error}");
        }
        fs::write(place.path("file"), "").unwrap();
        assert!(place.save("8", &chosen(&at("file/plan.pdf"))).is_err());
    }

    #[test]
    fn folder_that_cannot_be_made_is_named() {
        let place = Place::new();
        fs::write(place.path("downloads"), "").unwrap();
        let error = place.save("1", &named("chart.pdf")).unwrap_err();
        assert!(error.contains("downloads"), "{error}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_name_leads_out_of_the_folder(name in "(/|\\.\\.|\\.|a|\\PC|\u{202e}|-|\n){0,40}") {
            let place = Place::new();
            let saved = place.save("x", &named(&name)).unwrap();
            let below = saved.strip_prefix("downloads/").unwrap();
            prop_assert!(!below.contains('/') && !below.starts_with('.'));
            prop_assert_eq!(fs::read_dir(place.path("downloads")).unwrap().count(), 1);
        }
    }
}
