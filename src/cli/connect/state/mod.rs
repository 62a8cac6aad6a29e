//! The client's state directory: known servers, and the databases of devices.

mod chat_log;
pub mod input_history;
pub mod known_servers;
mod positions;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use redb::Database;

use self::chat_log::ChatLogs;
use self::input_history::HistoryPlace;
use self::known_servers::KnownServers;
use self::positions::PositionFiles;
use super::files::{DeviceFiles, Folder};
use crate::cli::environment;
use crate::cli::options::require_directory;
use crate::client::{Files, Positions, Told, Transfers, Trust};
use crate::protocol::{Digest, digest_of, fingerprint};
use crate::store::{self, OpenError};

/// Devices of one account in a state directory, and so clients that run at the same time. A further one gets an error.
const DEVICES_MAX: u32 = 64;

/// Bytes of the server key's digest in the name of its directory. Chosen: no two servers of one user share 64 bits.
const SERVER_DIRECTORY_BYTES: usize = 8;

/// The option that names the state directory.
pub const STATE: &str = "--state";

pub struct StateDirectory {
    path: PathBuf,
    server: String,
    known: KnownServers,
    history: HistoryPlace,
    logs: Option<ChatLogs>,
    transfers: Option<DeviceFiles>,
    told: PositionFiles,
}

impl StateDirectory {
    /// Opens the directory, or creates it. `server` is the name in `known_servers`.
    pub fn open(path: PathBuf, server: String) -> anyhow::Result<Self> {
        private_directory(&path, STATE)?;
        let known = KnownServers::of(&path);
        Ok(Self {
            path,
            server,
            known,
            history: HistoryPlace::default(),
            logs: None,
            transfers: None,
            told: PositionFiles::default(),
        })
    }

    /// Keeps logs of what is said below this directory, which is made.
    pub fn log_chat(&mut self, directory: &Path) -> anyhow::Result<()> {
        self.logs = Some(ChatLogs::open(directory, &self.server)?);
        Ok(())
    }

    /// Sends and saves files by these.
    pub fn transfer_by(&mut self, transfers: DeviceFiles) {
        self.transfers = Some(transfers);
    }

    /// Where files are saved, if any are.
    pub fn set_download_folder(&mut self, folder: Folder) {
        if let Some(transfers) = &mut self.transfers {
            transfers.set_folder(folder);
        }
    }

    /// The device has this database in the account's directory.
    fn set_device(&mut self, directory: PathBuf, database: &Path) {
        self.history.set(directory);
        if let Some(transfers) = &mut self.transfers {
            transfers.set_database(database);
        }
    }

    /// Where the account has its input history whose device was opened last.
    pub fn history(&self) -> HistoryPlace {
        self.history.clone()
    }

    /// The directory of the account whose device was opened last.
    fn account(&self) -> io::Result<PathBuf> {
        let directory = self.history.get().directory;
        directory.ok_or_else(|| io::Error::other("no account has a directory yet"))
    }

    /// What to tell the user of a line of the known servers that cannot be taken.
    pub fn warning(&self) -> Option<String> {
        // Whoever looks for the server's key says that the file cannot be read.
        let line = self.known.strange(&self.server).ok()??;
        Some(format!(
            "{} is ignored: expected HOST:PORT and a fingerprint",
            self.known.place(line)
        ))
    }

    fn server(&self, key: &[u8; 32]) -> PathBuf {
        let digest = Digest::of(key);
        self.path
            .join(hexadecimal(&digest.0[..SERVER_DIRECTORY_BYTES]))
    }

    /// The directory of the server whose key has this fingerprint.
    fn server_of(&self, fingerprint: &str) -> Option<PathBuf> {
        let digest = digest_of(fingerprint)?;
        Some(
            self.path
                .join(hexadecimal(&digest.0[..SERVER_DIRECTORY_BYTES])),
        )
    }

    /// The databases of an account's devices.
    pub fn databases(&self, key: &[u8; 32], canonical_name: &str) -> Vec<PathBuf> {
        let directory = self.devices(key, canonical_name);
        let files = (1..=DEVICES_MAX).map(|number| directory.join(database_file(number)));
        files.filter(|file| file.exists()).collect()
    }

    /// The directory of an account's device databases.
    fn devices(&self, key: &[u8; 32], canonical_name: &str) -> PathBuf {
        self.server(key).join(percent_encoded(canonical_name))
    }
}

impl Files for StateDirectory {
    fn check_server(&mut self, key: &[u8; 32]) -> io::Result<Trust> {
        let shown = fingerprint(key);
        Ok(match self.known.find(&self.server)? {
            None => Trust::Unknown,
            Some(known) => {
                let place = self.known.place(known.line);
                match known.fingerprint {
                    Some(fingerprint) if fingerprint == shown => Trust::Known,
                    Some(known) => Trust::Changed { known, place },
                    None => Trust::Damaged { place },
                }
            }
        })
    }

    fn trust_server(&mut self, key: &[u8; 32]) -> io::Result<()> {
        self.known.add(&self.server, &fingerprint(key))
    }

    fn accounts(&self, key: &[u8; 32]) -> Vec<String> {
        let directory = self.server(key);
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) => {
                tracing::debug!(%error, "no accounts in {}", directory.display());
                return Vec::new();
            }
        };
        let with_device: Vec<_> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().join(database_file(1)).exists())
            .collect();
        // Of an account that was renamed the link has the name.
        let renamed: Vec<_> = with_device
            .iter()
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .collect();
        with_device
            .into_iter()
            .filter(|entry| !renamed.contains(&PathBuf::from(entry.file_name())))
            .filter_map(|entry| percent_decoded(entry.file_name().to_str()?))
            .collect()
    }

    fn open_known(
        &mut self,
        fingerprint: Option<&str>,
        canonical_name: Option<&str>,
    ) -> anyhow::Result<Option<Database>> {
        let known = self.known.find(&self.server)?;
        let on_file = known.and_then(|known| known.fingerprint);
        let is_meant = |on_file: &String| fingerprint.is_none_or(|meant| meant == on_file);
        let directory = on_file
            .filter(is_meant)
            .and_then(|on_file| self.server_of(&on_file));
        let account = directory.and_then(|directory| match canonical_name {
            Some(name) => Some(directory.join(percent_encoded(name))),
            None => last_used(&directory),
        });
        let Some(account) = account else {
            return Ok(None);
        };
        let Some((file, database)) = open_existing(&account)? else {
            return Ok(None);
        };
        self.set_device(account, &file);
        Ok(Some(database))
    }

    fn has_device(&mut self, key: &[u8; 32], canonical_name: &str) -> bool {
        self.devices(key, canonical_name)
            .join(database_file(1))
            .exists()
    }

    fn open_device(&mut self, key: &[u8; 32], canonical_name: &str) -> anyhow::Result<Database> {
        let directory = self.devices(key, canonical_name);
        private_directory(&directory, STATE)?;
        for number in 1..=DEVICES_MAX {
            let file = directory.join(database_file(number));
            match store::open_file(&file) {
                Ok(database) => {
                    self.set_device(directory, &file);
                    return Ok(database);
                }
                Err(OpenError::InUse { .. }) => {}
                Err(OpenError::Damaged { reason, .. }) => bail!(
                    "the database of this device, {}, is damaged ({reason}): move it away, and sign in again",
                    file.display()
                ),
                Err(error) => return Err(error).context("cannot open this device's database"),
            }
        }
        bail!(
            "{DEVICES_MAX} clients of {canonical_name} run already with the state directory {}",
            self.path.display()
        )
    }

    fn rename_account(&mut self, key: &[u8; 32], old: &str, new: &str) -> io::Result<()> {
        let (old, new) = (self.devices(key, old), self.devices(key, new));
        // Another process of the account may have done it.
        if new.exists() || !old.exists() {
            return Ok(());
        }
        // What is open here, and in other processes, stays where it is.
        let target = old.file_name().unwrap_or_default();
        std::os::unix::fs::symlink(target, new)
    }

    fn forget_typed(&mut self, texts: &[String]) -> io::Result<()> {
        self.history.forget(texts)
    }

    fn logs_chat(&self) -> bool {
        self.logs.is_some()
    }

    fn open_log(&mut self, account: &str, conversation: &str) -> io::Result<Box<dyn io::Write>> {
        match &self.logs {
            Some(logs) => logs.append_to(account, conversation),
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn positions(&mut self, whose: Told) -> io::Result<Option<Positions>> {
        self.told.read(&self.account()?, whose)
    }

    fn put_positions(&mut self, whose: Told, positions: &Positions) -> io::Result<()> {
        positions::write(&self.account()?, whose, positions)
    }

    fn transfers(&mut self) -> Option<&mut dyn Transfers> {
        let transfers = self.transfers.as_mut();
        let transfers = transfers.filter(|transfers| transfers.has_device());
        transfers.map(|transfers| transfers as &mut dyn Transfers)
    }

    fn create(&mut self, path: &str) -> io::Result<Box<dyn io::Write>> {
        let path = environment::expanded(path);
        let path = path.ok_or_else(|| io::Error::other("HOME names no directory"))?;
        let mut options = fs::OpenOptions::new();
        let file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        Ok(Box::new(file))
    }
}

/// The account whose database was written last, by its directory below the server's.
fn last_used(server: &Path) -> Option<PathBuf> {
    let written_at = |account: &PathBuf| {
        let files = (1..=DEVICES_MAX).map(|number| account.join(database_file(number)));
        let written = files.map_while(|file| fs::metadata(file).ok()?.modified().ok());
        written.max()
    };
    let accounts = fs::read_dir(server).ok()?.filter_map(Result::ok);
    accounts
        .map(|entry| entry.path())
        .filter_map(|account| Some((written_at(&account)?, account)))
        .max()
        .map(|(_, account)| account)
}

/// The first database of an account that no other process holds.
fn open_existing(account: &Path) -> anyhow::Result<Option<(PathBuf, Database)>> {
    for number in 1..=DEVICES_MAX {
        let file = account.join(database_file(number));
        if !file.exists() {
            break;
        }
        match store::open_file(&file) {
            Ok(database) => return Ok(Some((file, database))),
            Err(OpenError::InUse { .. }) => {}
            Err(error) => return Err(error).context("cannot open this device's database"),
        }
    }
    Ok(None)
}

fn database_file(number: u32) -> String {
    format!("{number}.redb")
}

/// Creates a directory, named by this option, and its parents for this user only. A directory that others can enter is
/// refused.
pub fn private_directory(path: &Path, option: &str) -> anyhow::Result<()> {
    require_directory(path, option)?;
    store::make_directory(path)?;
    let metadata = fs::metadata(path)
        .with_context(|| format!("cannot look at the directory {}", path.display()))?;
    store::require_own(path, &metadata)?;
    let mode = metadata.permissions().mode();
    if mode & 0o077 != 0 {
        bail!(
            "the directory {0} is open to other users (mode {1:03o}): run `chmod 700 {0}`",
            path.display(),
            mode & 0o777
        );
    }
    Ok(())
}

/// Opens a file of this user only, and nothing that would be waited for.
pub fn open_own(path: &Path, options: &mut fs::OpenOptions) -> io::Result<fs::File> {
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let file = options.mode(0o600).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other(format!(
            "{} is not a file",
            path.display()
        )));
    }
    Ok(file)
}

/// Whether the last line of a file was not written to its end.
fn is_cut_off(file: &fs::File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let Some(last) = length.checked_sub(1) else {
        return Ok(false);
    };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != *b"\n")
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A name as a file name: everything but letters, digits, `-` and `_` as `%XX` (RFC 3986 §2.1).
fn percent_encoded(name: &str) -> String {
    name.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// The inverse of [`percent_encoded`].
fn percent_decoded(encoded: &str) -> Option<String> {
    let mut parts = encoded.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}
