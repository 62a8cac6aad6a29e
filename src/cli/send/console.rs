//! The console of `udpchat send`: nobody is asked, and what is reported is kept for the end.

use std::fs::Metadata;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::meter::Meter;
use crate::cli::output::print_error;
use crate::client::{Ask, Console, Line, Report, Tone, rfc3339};
use crate::protocol::{ConversationId, EntryId};

/// What has become of the message.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Sent {
    pub to: String,
    pub reached: Reached,
    /// Where it stands: what it was sent to, or what its first sending under the same key was.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub conversation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipients: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<u32>,
    /// Whether it was said before, under the same key; then this tells of what was said then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_before: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<SentFile>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub received: Vec<Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether it waits in the outbox, although the client has ended.
    #[serde(skip)]
    pub is_kept: bool,
    #[serde(skip)]
    at: Option<(ConversationId, EntryId)>,
}

/// The file that goes with it.
#[derive(Debug, Clone, Serialize)]
pub struct SentFile {
    pub name: String,
    /// In bytes; unknown as long as it could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reached {
    #[default]
    Nothing,
    Queued,
    Stored,
    Received,
}

/// Somebody who has received it.
#[derive(Debug, Clone, Serialize)]
pub struct Receipt {
    pub name: String,
    /// When that was heard of; unknown if the message was received before this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

impl Sent {
    pub fn new(to: &str, file: Option<&Path>) -> Self {
        let sent_file = |path: &Path| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            let metadata = path.metadata().ok();
            let size = metadata.filter(Metadata::is_file).map(|file| file.len());
            Some(SentFile { name, size })
        };
        let file = file.and_then(sent_file);
        Self {
            to: to.to_owned(),
            file,
            ..Self::default()
        }
    }

    /// Takes a report of the only message that is sent.
    pub fn take(&mut self, report: Report) {
        match report {
            Report::Queued { .. } => self.reached = Reached::Queued,
            Report::Stored {
                conversation,
                place,
                entry,
                time_ms,
                recipients,
                online,
                said_before,
                ..
            } => {
                if said_before {
                    self.said_before = Some(true);
                    // What was sent then may have been another one.
                    self.file = None;
                }
                self.reached = Reached::Stored;
                self.conversation = place;
                self.entry = Some(entry.0);
                self.time = Some(rfc3339(time_ms));
                self.recipients = Some(recipients);
                self.online = Some(online);
                self.at = Some((conversation, entry));
                // Without recipients nobody is left who could.
                self.count(0);
            }
            Report::Received {
                conversation,
                entry,
                name,
                heard_ms,
                ..
            } if self.at == Some((conversation, entry)) => {
                self.received_by(name, heard_ms);
            }
            Report::Counted {
                conversation,
                entry,
                count,
                ..
            } if self.at == Some((conversation, entry)) => {
                self.received_count = Some(count);
                self.count(count);
            }
            Report::Progress { size: bytes, .. } => {
                if let Some(file) = &mut self.file {
                    file.size = Some(bytes);
                }
            }
            Report::Received { .. }
            | Report::Counted { .. }
            | Report::Done { .. }
            | Report::Link(_)
            | Report::Failed { said: None, .. } => {}
            Report::Failed { why, is_kept, .. } => self.fail(why, is_kept),
        }
    }

    fn received_by(&mut self, name: String, heard_ms: u64) {
        let time = self.said_before.is_none().then(|| rfc3339(heard_ms));
        self.received.push(Receipt { name, time });
        let named = u32::try_from(self.received.len()).unwrap_or(u32::MAX);
        self.count(named);
    }

    fn fail(&mut self, why: String, is_kept: bool) {
        self.is_kept = is_kept;
        if !is_kept {
            self.reached = Reached::Nothing;
            // What is heard of it from here on is about what was said to others.
            self.at = None;
            self.received.clear();
        }
        self.error = Some(why);
    }

    /// So many have received it.
    fn count(&mut self, have: u32) {
        if self.recipients.is_some_and(|of| have >= of) {
            self.reached = Reached::Received;
        }
    }
}

/// What is shared with whoever waits for the end.
#[derive(Debug, Clone)]
pub struct Outlook {
    sent: Arc<Mutex<Sent>>,
    /// Of the file, if there is one.
    meter: Option<Meter>,
}

impl Outlook {
    pub fn new(sent: Sent, is_json: bool) -> Self {
        let name = sent.file.as_ref().map(|file| &*file.name);
        let meter = name.map(|name| Meter::new(name, is_json));
        Self {
            sent: Arc::new(Mutex::new(sent)),
            meter,
        }
    }

    /// Nothing more is shown of a file.
    pub fn end(&self) {
        if let Some(meter) = &self.meter {
            meter.end();
        }
    }

    pub fn get(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Console for Outlook {
    /// To somebody at a terminal all is told, to a program what went wrong.
    fn show(&mut self, line: Line) {
        if line.tone == Tone::Error || io::stderr().is_terminal() {
            let line = format!("udpchat: {line}");
            match &self.meter {
                Some(meter) => meter.print(line),
                None => print_error(line),
            }
        }
    }

    fn report(&mut self, report: Report) {
        if let Some(meter) = &self.meter {
            match report {
                Report::Progress { sent, size, .. } => meter.show(sent, size),
                Report::Stored { .. } | Report::Failed { .. } => meter.end(),
                _ => {}
            }
        }
        self.get().take(report);
    }

    fn ask(&mut self, _: Ask) {}

    fn is_interactive(&self) -> bool {
        false
    }
}
