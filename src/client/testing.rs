//! What the tests of this layer stand on: a screen that remembers, and files in memory.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::backends::InMemoryBackend;
use redb::{Builder, Database};

use super::env::{Ask, Console, Files, Tone, Trust};

/// All that was shown and asked; shared with the console that was handed out.
#[derive(Clone)]
pub(super) struct Screen(Arc<Mutex<Seen>>, bool);

#[derive(Default)]
struct Seen {
    lines: Vec<(Tone, String)>,
    asks: Vec<Ask>,
    names: Vec<String>,
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

    /// Whose names the tab key knows.
    pub(super) fn names(&self) -> Vec<String> {
        self.seen().names.clone()
    }
}

impl Console for Screen {
    fn show(&mut self, tone: Tone, text: &str) {
        self.seen().lines.push((tone, text.to_owned()));
    }
    fn ask(&mut self, ask: Ask) {
        self.seen().asks.push(ask);
    }
    fn set_names(&mut self, names: Vec<String>) {
        self.seen().names = names;
    }
    fn is_interactive(&self) -> bool {
        self.1
    }
}

/// Files of one server's key, with a fresh database at every opening.
pub(super) struct Memory {
    pub(super) trust: Trust,
}

impl Files for Memory {
    fn check_server(&mut self, _: &[u8; 32]) -> io::Result<Trust> {
        Ok(self.trust.clone())
    }
    fn trust_server(&mut self, _: &[u8; 32]) -> io::Result<()> {
        self.trust = Trust::Known;
        Ok(())
    }
    fn open_device(&mut self, _: &[u8; 32], _: &str) -> anyhow::Result<Database> {
        Ok(database())
    }
}

/// An empty database in memory.
pub(super) fn database() -> Database {
    Builder::new()
        .create_with_backend(InMemoryBackend::new())
        .expect("memory does not fail")
}
