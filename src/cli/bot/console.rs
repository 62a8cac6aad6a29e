//! The console of `udpchat bot`: each question is answered by the next line of standard input, and what is reported is an answer, or
//! an event, on a line of standard output.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::request::{self, Id, LINE_MAX_BYTES};
use crate::cli::output::print_error;
use crate::cli::streams::line_reader::{self, Line as Read};
use crate::cli::streams::line_writer::LineWriter;
use crate::cli::streams::{Waiting, without_byte_order_mark};
use crate::client::{Ask, Console, Fault, Input, Line, LinkReport, Report, Tone, rfc3339};
use crate::net::InputSender;
use crate::text::json;
use crate::text::number::percent;

/// The ids of the requests that are not answered yet, by their numbers.
#[derive(Debug, Clone, Default)]
pub struct Open(Arc<Mutex<BTreeMap<u64, Id>>>);

impl Open {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Id>> {
        // A thread that panicked with the lock held had at most added or removed one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is left at the end.
    pub fn take(&self) -> Vec<Id> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }
}

#[derive(Serialize)]
struct Answered<T> {
    id: Id,
    ok: T,
}

#[derive(Serialize)]
struct Refused<'a> {
    id: Id,
    error: Error<'a>,
}

/// What went wrong, by the word for its exit code.
#[derive(Serialize)]
struct Error<'a> {
    code: &'static str,
    text: &'a str,
}

/// An entry that was added.
#[derive(Serialize)]
struct Stored {
    conversation: String,
    entry: u64,
    time: String,
    recipients: u32,
    online: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    said_before: bool,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'a> {
    Ready {
        user: String,
        server: String,
        version: &'static str,
        text_bytes: usize,
    },
    Online,
    Offline,
    Received {
        conversation: String,
        entry: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        time: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
    },
    Progress {
        /// Not called `id`, which answers have.
        request: &'a Id,
        sent: u64,
        size: u64,
        percent: u64,
    },
    Failed {
        error: Error<'a>,
    },
}

impl From<LinkReport> for Event<'_> {
    fn from(link: LinkReport) -> Self {
        match link {
            LinkReport::Ready {
                user,
                server,
                text_bytes,
            } => Self::Ready {
                user,
                server,
                version: env!("CARGO_PKG_VERSION"),
                text_bytes,
            },
            LinkReport::Online => Self::Online,
            LinkReport::Offline => Self::Offline,
        }
    }
}

const fn code(fault: Fault) -> &'static str {
    match fault {
        Fault::Unconfirmed => "unconfirmed",
        Fault::Failed => "failed",
        Fault::Usage => "usage",
        Fault::Unreachable => "unreachable",
        Fault::NoRecipient => "no_recipient",
    }
}

/// The answer to a request that was not carried out.
pub fn refusal(id: Id, fault: Fault, text: &str) -> String {
    let code = code(fault);
    line(&Refused {
        id,
        error: Error { code, text },
    })
}

fn line(value: &impl Serialize) -> String {
    json::line(value)
        .expect("what is written has names for its fields, and no value without a form")
}

/// How many lines the program may have left to read where it is told of receipts and of how far its files are. Chosen: far less than the lines at which no
/// request is read any longer, so that a program that writes before it reads on never waits for itself; at the limit they are
/// left out.
const LINES_BEHIND_MAX: u64 = 1_000;

/// Writes the lines, and has the next one read.
pub struct Desk {
    pub output: LineWriter,
    pub open: Open,
    /// To the thread that reads.
    pub asks: Sender<()>,
}

impl Desk {
    /// Answers a request, unless it is answered already.
    fn answer(&mut self, said: u64, answer: impl FnOnce(Id) -> String) {
        let id = self.open.lock().remove(&said);
        if let Some(id) = id {
            self.output.write(answer(id));
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        self.output.write(line(event));
    }

    /// Tells what may be left out while the program has much to read.
    fn news(&mut self, event: &Event<'_>) {
        if self.output.given() - self.output.printed() <= LINES_BEHIND_MAX {
            self.event(event);
        }
    }

    /// So much of the file that goes with a request is at the server.
    fn progress(&mut self, said: u64, (sent, size): (u64, u64)) {
        let request = self.open.lock().get(&said).cloned();
        if let Some(request) = &request {
            let percent = percent(sent, size);
            self.news(&Event::Progress {
                request,
                sent,
                size,
                percent,
            });
        }
    }

    fn done(&mut self, said: u64, ok: impl Serialize) {
        self.answer(said, |id| line(&Answered { id, ok }));
    }

    /// A request was not carried out, or something that nobody asked for just now.
    fn failed(&mut self, said: Option<u64>, fault: Fault, text: &str) {
        if let Some(said) = said {
            return self.answer(said, |id| refusal(id, fault, text));
        }
        let code = code(fault);
        let error = Error { code, text };
        self.event(&Event::Failed { error });
    }
}

impl Console for Desk {
    /// What is for the bot comes otherwise. Of the rest its log is told what went wrong, somebody at a terminal the news too.
    fn show(&mut self, line: Line) {
        let is_news = line.tone == Tone::Notice && io::stderr().is_terminal();
        if line.tone == Tone::Error || is_news {
            print_error(format_args!("udpchat: {line}"));
        }
    }

    fn tell(&mut self, text: String) {
        self.output.write(text);
    }

    fn report(&mut self, report: Report) {
        match report {
            // What was said is not done before it is stored; what stands elsewhere has failed.
            Report::Queued { .. }
            | Report::Stored {
                is_elsewhere: true, ..
            } => {}
            Report::Progress { said, sent, size } => self.progress(said, (sent, size)),
            Report::Stored {
                said,
                place,
                entry,
                time_ms,
                recipients,
                online,
                said_before,
                ..
            } => self.done(
                said,
                Stored {
                    conversation: place,
                    entry: entry.0,
                    time: rfc3339(time_ms),
                    recipients,
                    online,
                    said_before,
                },
            ),
            Report::Received {
                place,
                entry,
                name,
                heard_ms,
                ..
            } => self.news(&Event::Received {
                conversation: place,
                entry: entry.0,
                user: Some(name),
                time: Some(rfc3339(heard_ms)),
                count: None,
            }),
            Report::Counted {
                place,
                entry,
                count,
                ..
            } => self.news(&Event::Received {
                conversation: place,
                entry: entry.0,
                user: None,
                time: None,
                count: Some(count),
            }),
            Report::Failed {
                said, fault, why, ..
            } => self.failed(said, fault, &why),
            Report::Done { said, answer } => self.done(said, answer),
            Report::Link(link) => self.event(&link.into()),
        }
    }

    fn given(&self) -> u64 {
        self.output.given()
    }

    fn printed(&self) -> u64 {
        self.output.printed()
    }

    fn bytes_behind(&self) -> u64 {
        self.output.bytes_behind()
    }

    /// Nobody is there who could answer what is for a person.
    fn ask(&mut self, ask: Ask) {
        if matches!(ask, Ask::Command(_)) {
            // Where nothing reads any longer, the client was told so.
            let _ = self.asks.send(());
        }
    }

    fn is_interactive(&self) -> bool {
        false
    }
}

/// Reads a line whenever the client is ready for one, so that a flood of them waits where it comes from.
pub fn read_lines(asks: &Receiver<()>, open: &Open, inputs: &InputSender<Input>) {
    let mut number = 0;
    for () in asks {
        let (input, id) = next_input(number == 0);
        if let Some(id) = id {
            number += 1;
            open.lock().insert(number, id);
        }
        let is_end = matches!(input, Input::EndOfInput | Input::Broken(_));
        if inputs.send(input).is_err() || is_end {
            return;
        }
    }
}

/// The next line that is not blank; its request's id.
fn next_input(is_first: bool) -> (Input, Option<Id>) {
    loop {
        let input = &mut Waiting(io::stdin().lock());
        let bytes = match line_reader::read_bytes(input, LINE_MAX_BYTES) {
            Ok(Read::Text(bytes)) => bytes,
            Ok(Read::TooLong) => {
                let text = format!("a line has at most {LINE_MAX_BYTES} bytes");
                return (Input::Request(Box::new(Err(text))), Some(Id::None));
            }
            Ok(Read::End) => return (Input::EndOfInput, None),
            Err(error) => {
                let text = format!("cannot read standard input: {error}");
                return (Input::Broken(text), None);
            }
        };
        let text = str::from_utf8(&bytes).ok().filter(|_| is_first);
        let text = text.map(|text| without_byte_order_mark(text).as_bytes());
        let bytes = text.unwrap_or(&bytes);
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let (id, request) = request::read(bytes);
        return (Input::Request(Box::new(request)), Some(id));
    }
}
