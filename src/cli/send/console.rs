//! The console of `udpchat send`: nobody is asked, and what is reported is kept for the end.

use std::io::{self, IsTerminal as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::output::print_error;
use crate::client::{Ask, Console, Fault, Line, Report, Tone};
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub received: Vec<Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip)]
    at: Option<(ConversationId, EntryId)>,
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
    pub time: String,
}

impl Sent {
    pub fn to(to: &str) -> Self {
        Self {
            to: to.to_owned(),
            ..Self::default()
        }
    }

    /// Takes a report of the only message that is sent.
    fn take(&mut self, report: Report) {
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
                self.said_before = said_before.then_some(true);
                self.reached = Reached::Stored;
                self.conversation = place;
                self.entry = Some(entry.0);
                self.time = Some(time(time_ms));
                self.recipients = Some(recipients);
                self.online = Some(online);
                self.at = Some((conversation, entry));
                // There is nobody else who could.
                if recipients == 0 {
                    self.reached = Reached::Received;
                }
            }
            Report::Received {
                conversation,
                entry,
                name,
                heard_ms,
            } if self.at == Some((conversation, entry)) => {
                let time = time(heard_ms);
                self.received.push(Receipt { name, time });
                let named = u32::try_from(self.received.len()).unwrap_or(u32::MAX);
                self.count(named);
            }
            Report::Counted {
                conversation,
                entry,
                count,
            } if self.at == Some((conversation, entry)) => {
                self.received_count = Some(count);
                self.count(count);
            }
            Report::Progress { .. } | Report::Received { .. } | Report::Counted { .. } => {}
            Report::Failed { fault, why, .. } => {
                if fault != Fault::Unconfirmed {
                    self.reached = Reached::Nothing;
                }
                self.error = Some(why);
            }
        }
    }

    /// So many have received it.
    fn count(&mut self, have: u32) {
        if self.recipients.is_some_and(|of| have >= of) {
            self.reached = Reached::Received;
        }
    }
}

/// A time as in RFC 3339.
fn time(time_ms: u64) -> String {
    let time_ms = i64::try_from(time_ms).unwrap_or(i64::MAX);
    let time = Timestamp::from_millisecond(time_ms).unwrap_or(Timestamp::MAX);
    time.to_string()
}

/// What is shared with whoever waits for the end.
#[derive(Debug, Clone)]
pub struct Outlook(Arc<Mutex<Sent>>);

impl Outlook {
    pub fn new(sent: Sent) -> Self {
        Self(Arc::new(Mutex::new(sent)))
    }

    pub fn get(&self) -> MutexGuard<'_, Sent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Console for Outlook {
    /// To somebody at a terminal all is told, to a program what went wrong.
    fn show(&mut self, line: Line) {
        if line.tone == Tone::Error || io::stderr().is_terminal() {
            print_error(format_args!("udpchat: {line}"));
        }
    }

    fn report(&mut self, report: Report) {
        self.get().take(report);
    }

    fn ask(&mut self, _: Ask) {}

    fn is_interactive(&self) -> bool {
        false
    }
}
