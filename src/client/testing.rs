//! What the tests of this layer stand on: a screen that remembers, and files in memory.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::backends::InMemoryBackend;
use redb::{Builder, Database, StorageBackend};

use super::env::{Ask, Console, Files, Names, Tone, Trust};
pub(super) use crate::testing::instant;

/// All that was shown and asked; shared with the console that was handed out.
#[derive(Clone)]
pub(super) struct Screen(Arc<Mutex<Seen>>, bool);

#[derive(Default)]
struct Seen {
    lines: Vec<(Tone, String)>,
    asks: Vec<Ask>,
    names: Names,
    given: u64,
    /// How many lines had been printed when the output was held back.
    held_at: Option<u64>,
}

impl Screen {
    pub(super) fn interactive() -> Self {
        Self(Arc::default(), true)
    }

    pub(super) fn plain() -> Self {
        Self(Arc::default(), false)
    }

    pub(super) fn console(&self) -> Box<dyn Console> {
        Box::new(self.clone())
    }

    /// Prints nothing more, like a terminal after Ctrl-S.
    pub(super) fn hold(&self) {
        let mut seen = self.seen();
        seen.held_at = Some(seen.given);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().expect("no test panics while it holds this")
    }

    /// What was asked since the last call.
    pub(super) fn asks(&self) -> Vec<Ask> {
        std::mem::take(&mut self.seen().asks)
    }

    /// What was shown since the last call.
    pub(super) fn lines(&self) -> Vec<String> {
        let lines = std::mem::take(&mut self.seen().lines);
        lines.into_iter().map(|(_, text)| text).collect()
    }

    /// The names that the tab key knows.
    pub(super) fn names(&self) -> Names {
        self.seen().names.clone()
    }
}

impl Console for Screen {
    fn show(&mut self, tone: Tone, text: &str) {
        let mut seen = self.seen();
        seen.lines.push((tone, text.to_owned()));
        seen.given += 1;
    }
    fn given(&self) -> u64 {
        self.seen().given
    }
    fn printed(&self) -> u64 {
        let seen = self.seen();
        seen.held_at.unwrap_or(seen.given)
    }
    fn ask(&mut self, ask: Ask) {
        self.seen().asks.push(ask);
    }
    fn set_names(&mut self, names: Names) {
        self.seen().names = names;
    }
    fn is_interactive(&self) -> bool {
        self.1
    }
}

/// Files in memory: one server's key, and one device's database, which outlives the client that opens it.
#[derive(Clone)]
pub(super) struct Memory {
    trust: Arc<Mutex<Trust>>,
    device: Kept,
    accounts: Arc<Mutex<Vec<String>>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            trust: Arc::new(Mutex::new(Trust::Known)),
            device: Kept(Arc::new(InMemoryBackend::new())),
            accounts: Arc::default(),
        }
    }
}

impl Memory {
    pub(super) fn set_trust(&self, trust: Trust) {
        *self
            .trust
            .lock()
            .expect("no test panics while it holds this") = trust;
    }
}

impl Memory {
    /// These accounts have a device here.
    pub(super) fn set_accounts(&self, names: &[&str]) {
        let mut accounts = self
            .accounts
            .lock()
            .expect("no test panics while it holds this");
        *accounts = names.iter().map(|name| (*name).to_owned()).collect();
    }
}

impl Files for Memory {
    fn check_server(&mut self, _: &[u8; 32]) -> io::Result<Trust> {
        let trust = self.trust.lock();
        Ok(trust.expect("no test panics while it holds this").clone())
    }
    fn trust_server(&mut self, _: &[u8; 32]) -> io::Result<()> {
        self.set_trust(Trust::Known);
        Ok(())
    }
    fn accounts(&self, _: &[u8; 32]) -> Vec<String> {
        let accounts = self.accounts.lock();
        accounts
            .expect("no test panics while it holds this")
            .clone()
    }
    fn open_device(&mut self, _: &[u8; 32], _: &str) -> anyhow::Result<Database> {
        Ok(Builder::new().create_with_backend(self.device.clone())?)
    }
}

/// A memory that is not lost when a database on it is closed.
#[derive(Debug, Clone)]
struct Kept(Arc<InMemoryBackend>);

impl StorageBackend for Kept {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

/// An empty database in memory.
pub(super) fn database() -> Database {
    Builder::new()
        .create_with_backend(InMemoryBackend::new())
        .expect("memory does not fail")
}
