//! What is said with files, and what was told of these.

use std::collections::BTreeSet;

use udpchat::client::Tone;
use udpchat::protocol::EntryKind;

use super::Oracle;
use crate::entries::{Log, Marker};
use crate::faults::{Fault, Faults};
use crate::people::files::NOT_SAVED;

/// What is said with files, and what was told of these.
#[derive(Default)]
pub(super) struct SentFiles {
    sent: BTreeSet<Marker>,
    given_up: usize,
    /// How many were deleted before somebody had them.
    missed: usize,
}

impl SentFiles {
    /// Whether this is said with a file, which takes its place once that is at the server.
    pub(super) fn has(&self, marker: Marker) -> bool {
        self.sent.contains(&marker)
    }

    /// Reads what somebody is told.
    pub(super) fn notice(&mut self, tone: Tone, line: &str) {
        let is_not_saved = line.starts_with(NOT_SAVED);
        match tone {
            Tone::Notice if is_not_saved || line.starts_with("not sent: the file ") => {
                self.given_up += 1;
            }
            // What could not be written can be tried again; what is gone cannot.
            Tone::Error if is_not_saved && !line.contains("`/save`") => self.missed += 1,
            _ => {}
        }
    }
}

impl Oracle {
    /// Somebody will send a file with this.
    pub fn sends_file(&mut self, marker: Marker) {
        self.files.sent.insert(marker);
    }

    /// What became of files.
    pub fn count_files(&self, log: &Log, faults: &mut Faults) {
        faults.count_many(Fault::FileGivenUp, self.files.given_up);
        faults.count_many(Fault::FileMissed, self.files.missed);
        let deleted = log.values().filter(|logged| logged.deleted.is_some());
        let files = deleted.filter(|logged| logged.kind() == Some(EntryKind::File));
        faults.count_many(Fault::FileDeleted, files.count());
    }
}
