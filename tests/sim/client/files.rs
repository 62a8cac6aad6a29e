//! What a person sends and saves, and what their device has of it on its disk.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use udpchat::client::{Input, Tone};

use crate::kit::MemoryTransfers;
use crate::people::files::{Offered, content_of, had_no_room, name_of, unsaved_in};
use crate::people::mending::said_by;

/// How long a file takes to be copied, or to be given its place.
const COPY: Duration = Duration::from_millis(100);

/// The files of a person and of their device.
#[derive(Default)]
pub struct OwnFiles {
    pub disk: MemoryTransfers,
    /// Lines that send files, as long as these are being copied: they may not be durable.
    copying: Vec<String>,
    /// All lines that send files, by the names of these.
    sent: BTreeMap<String, String>,
    /// When what was begun is done.
    done_at: Option<Duration>,
    /// Files of others that the person has had saved, by their names.
    wanted: BTreeSet<String>,
    /// Files of which they were told that they were not saved.
    pub unsaved: BTreeSet<String>,
    /// Up to which life and line they were told so.
    told: (usize, usize),
}

impl OwnFiles {
    pub fn on(disk: MemoryTransfers) -> Self {
        Self {
            disk,
            ..Self::default()
        }
    }

    /// The power fails, likewise. Returns lines that may not be durable.
    pub fn crash(&mut self, keep: impl FnMut() -> bool) -> Vec<String> {
        self.disk.crash(keep);
        self.done_at = None;
        std::mem::take(&mut self.copying)
    }

    pub const fn deadline(&self) -> Option<Duration> {
        self.done_at
    }

    /// This is typed, and sends a file that the person has.
    pub fn send(&mut self, line: &str) {
        let marker = said_by(line).expect("it says something");
        self.disk.put(&name_of(marker), &content_of(marker));
        self.sent.insert(name_of(marker), line.to_owned());
        self.copying.push(line.to_owned());
    }

    /// It was refused at once.
    pub fn is_refused(&mut self, line: &str) {
        self.copying.retain(|copying| copying != line);
    }

    /// Takes note of what the client has begun.
    pub fn begin(&mut self, now: Duration) {
        if self.disk.are_busy() {
            self.done_at.get_or_insert(now + COPY);
        }
    }

    /// What was begun, once it is done.
    pub fn take_done(&mut self, now: Duration) -> Vec<Input> {
        let is_done = self.done_at.take_if(|at| *at <= now).is_some();
        if is_done {
            self.disk.answers()
        } else {
            Vec::new()
        }
    }

    /// All that was copied is durable.
    pub fn are_queued(&mut self) {
        self.copying.clear();
    }

    /// Reads what became of files on the screen of this life. Returns the lines by which they are sent again.
    pub fn look(&mut self, life: usize, lines: &[(Tone, String)]) -> Vec<String> {
        let from = if self.told.0 == life { self.told.1 } else { 0 };
        self.told = (life, lines.len());
        let mut again = Vec::new();
        for (_, line) in &lines[from..] {
            self.unsaved.extend(unsaved_in(line).map(str::to_owned));
            again.extend(had_no_room(line).map(|name| self.sent[name].clone()));
        }
        again
    }

    /// The line that saves one of these that the person has not saved, if there is one.
    pub fn choose(&mut self, offered: Vec<Offered>, seed: u64) -> Option<String> {
        let mut left = offered;
        left.retain(|file| !self.wanted.contains(&name_of(file.marker)));
        let file = left.get(seed as usize % left.len().max(1))?;
        self.wanted.insert(name_of(file.marker));
        Some(file.line.clone())
    }
}
