//! A client's screen that remembers, and its files in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::Database;
use udpchat::client::{
    Ask, Console, Files, Line, Names, Progress, Report, Ring, Status, Tone, Transfers, Trust,
};
use udpchat::store::fault_disk::MemoryDisk;

use super::transfers::MemoryTransfers;

/// All that was shown and asked; shared with the console that was handed out.
#[derive(Clone)]
pub struct Screen {
    seen: Arc<Mutex<Seen>>,
    is_interactive: bool,
    edits_lines: bool,
}

#[derive(Default)]
pub struct Seen {
    /// What was shown, as far as it was not taken.
    pub lines: Vec<(Tone, String)>,
    /// What was asked, likewise.
    pub asks: Vec<Ask>,
    names: Names,
    /// What it rang for.
    pub rings: Vec<String>,
    /// What stands at the prompt.
    pub status: Status,
    /// How far what was said in answer to which question has come.
    pub marks: Vec<(u64, Progress)>,
    /// What a program was told of what it said.
    pub reports: Vec<Report>,
    given: u64,
    /// How many lines had been printed when the output was held back.
    pub held_at: Option<u64>,
}

impl Screen {
    pub fn interactive() -> Self {
        Self {
            seen: Arc::default(),
            is_interactive: true,
            edits_lines: true,
        }
    }

    /// A terminal that itself edits what is typed.
    pub fn without_editor() -> Self {
        Self {
            edits_lines: false,
            ..Self::interactive()
        }
    }

    pub fn plain() -> Self {
        Self {
            is_interactive: false,
            edits_lines: false,
            ..Self::interactive()
        }
    }

    pub fn console(&self) -> Box<dyn Console> {
        Box::new(self.clone())
    }

    /// Prints nothing more, like a terminal after Ctrl-S.
    pub fn hold(&self) {
        let mut seen = self.seen();
        seen.held_at = Some(seen.given);
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen
            .lock()
            .expect("no test panics while it holds this")
    }

    /// What was asked since the last call.
    pub fn asks(&self) -> Vec<Ask> {
        std::mem::take(&mut self.seen().asks)
    }

    /// What was shown since the last call.
    pub fn lines(&self) -> Vec<String> {
        let lines = std::mem::take(&mut self.seen().lines);
        lines.into_iter().map(|(_, text)| text).collect()
    }

    /// The names that the tab key knows.
    pub fn names(&self) -> Names {
        self.seen().names.clone()
    }
}

impl Seen {
    /// The question that waits for an answer.
    pub fn ask(&self) -> Option<&Ask> {
        self.asks.last()
    }
}

impl Console for Screen {
    fn show(&mut self, line: Line) {
        let mut seen = self.seen();
        seen.lines.push((line.tone, line.to_string()));
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

    fn mark(&mut self, own: u64, progress: Progress) {
        self.seen().marks.push((own, progress));
    }

    fn report(&mut self, report: Report) {
        self.seen().reports.push(report);
    }

    fn set_status(&mut self, status: Status) {
        self.seen().status = status;
    }

    fn ring(&mut self, ring: &Ring) {
        self.seen().rings.push(ring.name().to_owned());
    }

    fn set_names(&mut self, names: Names) {
        self.seen().names = names;
    }

    fn is_interactive(&self) -> bool {
        self.is_interactive
    }

    fn edits_lines(&self) -> bool {
        self.edits_lines
    }
}

/// Files in memory: one server's key, and one device's database, which outlives the client that opens it.
#[derive(Clone)]
pub struct Memory {
    known: Arc<Mutex<Known>>,
    device: MemoryDisk,
    written: Written,
    logs: Arc<Mutex<Logs>>,
    forgotten: Arc<Mutex<Vec<String>>>,
    /// The files that the user sends and saves.
    pub transfers: MemoryTransfers,
}

/// The logs of what is said.
#[derive(Default)]
struct Logs {
    are_kept: bool,
    is_full: bool,
    texts: BTreeMap<String, Written>,
}

/// What was written to a file.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.lock().expect("no test panics while it holds this");
        written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Known {
    trust: Trust,
    accounts: Vec<String>,
}

impl Default for Memory {
    fn default() -> Self {
        let known = Known {
            trust: Trust::Known,
            accounts: Vec::new(),
        };
        Self {
            known: Arc::new(Mutex::new(known)),
            device: MemoryDisk::new(),
            written: Written::default(),
            logs: Arc::default(),
            forgotten: Arc::default(),
            transfers: MemoryTransfers::default(),
        }
    }
}

impl Written {
    fn take(&self) -> String {
        let written = &mut *self.0.lock().expect("no test panics while it holds this");
        String::from_utf8(std::mem::take(written)).expect("it is text")
    }
}

impl Memory {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known
            .lock()
            .expect("no test panics while it holds this")
    }

    /// What was written to files since the last call.
    pub fn written(&self) -> String {
        self.written.take()
    }

    fn logs(&self) -> MutexGuard<'_, Logs> {
        self.logs
            .lock()
            .expect("no test panics while it holds this")
    }

    /// The typed texts that were forgotten since the last call.
    pub fn forgotten(&self) -> Vec<String> {
        let mut forgotten = self
            .forgotten
            .lock()
            .expect("no test panics while it holds this");
        std::mem::take(&mut forgotten)
    }

    /// Whether a client that begins now keeps logs.
    pub fn set_keeps_logs(&self, are_kept: bool) {
        self.logs().are_kept = are_kept;
    }

    /// Whether there is no room for logs.
    pub fn set_full(&self, is_full: bool) {
        self.logs().is_full = is_full;
    }

    /// What was written to the log of a conversation since the last call.
    pub fn logged(&self, conversation: &str) -> String {
        let logs = self.logs();
        let text = logs.texts.get(conversation);
        text.map(Written::take).unwrap_or_default()
    }

    pub fn set_trust(&self, trust: Trust) {
        self.known().trust = trust;
    }

    /// These accounts have a device here.
    pub fn set_accounts(&self, names: &[&str]) {
        self.known().accounts = names.iter().map(|name| (*name).to_owned()).collect();
    }
}

impl Files for Memory {
    fn check_server(&mut self, _: &[u8; 32]) -> io::Result<Trust> {
        Ok(self.known().trust.clone())
    }

    fn trust_server(&mut self, _: &[u8; 32]) -> io::Result<()> {
        self.set_trust(Trust::Known);
        Ok(())
    }

    fn accounts(&self, _: &[u8; 32]) -> Vec<String> {
        self.known().accounts.clone()
    }

    fn open_known(&mut self, _: Option<&str>, _: Option<&str>) -> anyhow::Result<Option<Database>> {
        let is_known = self.known().trust == Trust::Known;
        Ok(is_known.then(|| self.device.open()).transpose()?)
    }

    fn open_device(&mut self, _: &[u8; 32], _: &str) -> anyhow::Result<Database> {
        Ok(self.device.open()?)
    }

    fn forget_typed(&mut self, texts: &[String]) -> io::Result<()> {
        let mut forgotten = self
            .forgotten
            .lock()
            .expect("no test panics while it holds this");
        forgotten.extend_from_slice(texts);
        Ok(())
    }

    fn logs_chat(&self) -> bool {
        self.logs().are_kept
    }

    fn open_log(&mut self, _: &str, conversation: &str) -> io::Result<Box<dyn io::Write>> {
        let mut logs = self.logs();
        if logs.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let text = logs.texts.entry(conversation.to_owned()).or_default();
        Ok(Box::new(text.clone()))
    }

    fn transfers(&mut self) -> Option<&mut dyn Transfers> {
        Some(&mut self.transfers)
    }

    fn create(&mut self, path: &str) -> io::Result<Box<dyn io::Write>> {
        match path {
            "taken.txt" => Err(io::ErrorKind::AlreadyExists.into()),
            _ => Ok(Box::new(self.written.clone())),
        }
    }
}
