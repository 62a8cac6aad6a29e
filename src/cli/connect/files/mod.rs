//! The files that a device sends and saves: copies of its user's, parts of others', and the folder where those end.
//!
//! They are in a directory beside the device's database, whose lock keeps other clients from both. What is there is removed at the
//! next start unless the database names it.

mod copies;
mod folder;
mod media_type;
mod worker;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::copies::Copy;
pub use self::folder::Folder;
use self::worker::Worker;
use super::state::{STATE, open_own, private_directory};
use crate::cli::environment;
use crate::client::{Input, SaveAs, TransferId, Transfers};
use crate::text::system_error::words;

/// What the name of a device's directory ends with, in the place of the database's ending.
const ENDING: &str = "files";

/// The directories in it.
const COPIES: &str = "outgoing";
const PARTS: &str = "incoming";

/// How much is copied before it is looked whether it is still wanted, in bytes. Chosen: a fraction of a second for any disk, and
/// a multiple of any file system's block, so that a copy may share them.
const STEP_BYTES: u64 = 16 * 1024 * 1024;

/// The ending of a copy that is being made.
const UNFINISHED: &str = "new";

/// What the client is told, from any thread. It does not wait.
type Tell = Arc<dyn Fn(Input) + Send + Sync>;

/// The files of the device whose database was opened last.
pub struct DeviceFiles {
    /// None before a database was opened.
    directory: Option<PathBuf>,
    folder: Folder,
    tell: Tell,
    copying: Worker,
    saving: Worker,
    /// The copy that was read last.
    open: Option<(TransferId, Copy)>,
}

impl DeviceFiles {
    /// What is done becomes an input of the client.
    pub fn new(folder: Folder, tell: impl Fn(Input) + Send + Sync + 'static) -> Self {
        Self {
            directory: None,
            folder,
            tell: Arc::new(tell),
            copying: Worker::new("copying"),
            saving: Worker::new("saving"),
            open: None,
        }
    }

    /// The device has this database.
    pub fn set_database(&mut self, database: &Path) {
        let directory = database.with_extension(ENDING);
        if self.directory.as_ref() != Some(&directory) {
            self.copying.cancel_all();
            self.saving.cancel_all();
            self.open = None;
            self.directory = Some(directory);
        }
    }

    pub const fn has_device(&self) -> bool {
        self.directory.is_some()
    }

    pub fn set_folder(&mut self, folder: Folder) {
        self.folder = folder;
    }

    fn path(&self, kind: &str, id: TransferId) -> io::Result<PathBuf> {
        let directory = self.directory.as_ref();
        let directory = directory.ok_or_else(|| io::Error::other("no device is open"))?;
        Ok(directory.join(kind).join(file_name(id)))
    }

    /// The same in a directory that is made if it is not there.
    fn new_path(&self, kind: &str, id: TransferId) -> io::Result<PathBuf> {
        let path = self.path(kind, id)?;
        let directory = path.parent().filter(|directory| !directory.is_dir());
        if let Some(directory) = directory {
            private_directory(directory, STATE).map_err(io::Error::other)?;
        }
        Ok(path)
    }
}

/// Whether a file can be sent, as far as that can be told before a copy of it is made.
///
/// # Errors
/// Why not, without its name.
pub fn check_readable(path: &Path) -> Result<(), String> {
    copies::open(&expanded(path)).map(drop)
}

/// A path that may have been typed where no shell reads it.
fn expanded(path: &Path) -> PathBuf {
    let expanded = path.to_str().and_then(environment::expanded);
    expanded.unwrap_or_else(|| path.to_owned())
}

impl Transfers for DeviceFiles {
    fn copy(&mut self, id: TransferId, path: &Path, max_bytes: u64) {
        let from = expanded(path);
        let tell = Arc::clone(&self.tell);
        let begun = self.new_path(COPIES, id).map_err(|error| words(&error));
        let begun = begun.and_then(|to| {
            self.copying.begin(id, move |wanted| {
                let file = copies::make(&from, &to, max_bytes, &|| wanted.has(id));
                if wanted.end(id) {
                    let file = file.map(Box::new);
                    // If the client has ended, the copy is removed at the next start.
                    tell(Input::Copied { id, file });
                } else {
                    let _ = fs::remove_file(to);
                }
            })
        });
        if let Err(why) = begun {
            let file = Err(why);
            (self.tell)(Input::Copied { id, file });
        }
    }

    fn read_copy(&mut self, id: TransferId, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != id) {
            self.open = Some((id, Copy::open(&self.path(COPIES, id)?)?));
        }
        match &self.open {
            Some((_, copy)) => copy.read(offset, into),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn remove_copy(&mut self, id: TransferId) -> io::Result<()> {
        self.copying.cancel(id);
        self.open.take_if(|(open, _)| *open == id);
        remove(&self.path(COPIES, id)?)
    }

    fn part_bytes(&mut self, id: TransferId) -> io::Result<u64> {
        match fs::symlink_metadata(self.path(PARTS, id)?) {
            Ok(part) => Ok(part.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn read_part(&mut self, id: TransferId, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let part = open_own(&self.path(PARTS, id)?, OpenOptions::new().read(true))?;
        let mut read = 0;
        while read < into.len() {
            match part.read_at(&mut into[read..], offset + read as u64) {
                Ok(0) => break,
                Ok(count) => read += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn write_part(&mut self, id: TransferId, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let path = self.new_path(PARTS, id)?;
        let mut part = open_own(&path, options.write(true).create(true))?;
        if part.metadata()?.nlink() > 1 {
            // A run that was killed gave it its place already, and what stands there is the user's.
            let own = path.with_extension(UNFINISHED);
            fs::copy(&path, &own)?;
            fs::rename(&own, &path)?;
            part = open_own(&path, &mut options)?;
        }
        let length = part.metadata()?.len();
        if length < offset {
            return Err(io::Error::other("the file is shorter than it was"));
        }
        if length > offset {
            part.set_len(offset)?;
        }
        part.write_all_at(bytes, offset).inspect_err(|_| {
            // What stands there is no whole piece; it is written over in any case.
            let _ = part.set_len(offset);
        })
    }

    fn check_place(&mut self, save_as: &SaveAs) -> Result<(), String> {
        self.folder.check(save_as)
    }

    fn save_part(&mut self, id: TransferId, save_as: &SaveAs) {
        let (folder, save_as) = (self.folder.clone(), save_as.clone());
        let tell = Arc::clone(&self.tell);
        let begun = self.new_path(PARTS, id).map_err(|error| words(&error));
        let begun = begun.and_then(|part| {
            self.saving.begin(id, move |wanted| {
                let saved = folder.save(&part, &save_as, &|| wanted.has(id));
                // If the client has ended, the next one asks again, and is told the same.
                if let Some(path) = after_saving(saved, wanted.end(id)) {
                    tell(Input::Saved { id, path });
                }
            })
        });
        if let Err(why) = begun {
            let path = Err(why);
            (self.tell)(Input::Saved { id, path });
        }
    }

    fn remove_part(&mut self, id: TransferId) -> io::Result<()> {
        self.saving.cancel(id);
        remove(&self.path(PARTS, id)?)
    }

    fn keep(&mut self, ids: &[TransferId]) -> io::Result<()> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        let kept: Vec<String> = ids.iter().copied().map(file_name).collect();
        for kind in [COPIES, PARTS] {
            let entries = match fs::read_dir(directory.join(kind)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let name = entry.file_name();
                // A copy that is being made belongs to its transfer.
                let stem = Path::new(&name).file_stem().unwrap_or(&name);
                let is_kept = kept.iter().any(|kept| **kept == *stem);
                if !is_kept && !entry.file_type()?.is_dir() {
                    remove(&entry.path())?;
                }
            }
        }
        Ok(())
    }
}

/// What the client is told of a file that was saved, or not: nothing if that is not wanted any more, and then the file is not left.
fn after_saving(saved: Result<PathBuf, String>, is_wanted: bool) -> Option<Result<String, String>> {
    if is_wanted {
        return Some(saved.map(|path| path.to_string_lossy().into_owned()));
    }
    if let Ok(path) = saved {
        // It has had this name for a moment only. What cannot be removed is the user's to remove.
        let _ = fs::remove_file(path);
    }
    None
}

/// Under which name a copy or a part is kept.
fn file_name(id: TransferId) -> String {
    format!("{:016x}", id.0)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the names in a file's directory durable.
fn sync_directory_of(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(path))?.sync_all()
}

/// What ends work that is no longer wanted. Nobody is told.
fn unwanted() -> io::Error {
    io::Error::other("it is no longer wanted")
}

/// Copies up to so many bytes, as long as that is wanted, and returns how many.
fn copy_while(
    is_wanted: &dyn Fn() -> bool,
    mut from: &File,
    to: &mut File,
    max_bytes: u64,
) -> io::Result<u64> {
    let mut length = 0;
    loop {
        if !is_wanted() {
            return Err(unwanted());
        }
        let step = STEP_BYTES.min(max_bytes - length);
        let copied = io::copy(&mut (&mut from).take(step), to)?;
        length += copied;
        if copied == 0 || length == max_bytes {
            return Ok(length);
        }
    }
}

#[cfg(test)]
mod tests;
