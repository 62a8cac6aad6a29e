//! At a terminal that cannot edit lines, or that only the questions are for while the output goes elsewhere: each is asked
//! with a plain line, and the terminal itself edits the answer.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::interrupt::PasswordInterrupt;
use super::printer::Printer;
use super::{Looks, plain, printer, secret};
use crate::client::{Ask, Input, Line};
use crate::net::InputSender;

/// The question that waits for its answer.
type Open = Arc<Mutex<Option<String>>>;

/// Prints a line below an open question, and asks that again.
pub struct Output {
    open: Open,
    is_terminal: bool,
    inner: plain::Output,
}

/// How long a question waits for the lines before it. Chosen: longer than printing takes; who has stopped the terminal with
/// Ctrl-S gets the question all the same.
const LINES_FLUSH: Duration = Duration::from_secs(2);

/// Asks each question.
pub struct Questions {
    open: Open,
    gate: Arc<PasswordInterrupt>,
}

pub fn open(looks: &Looks, gate: Arc<PasswordInterrupt>) -> (Output, Questions) {
    let open = Open::default();
    let output = Output {
        open: Arc::clone(&open),
        is_terminal: io::stdout().is_terminal(),
        inner: plain::Output::new(looks),
    };
    (output, Questions { open, gate })
}

impl printer::Output for Output {
    fn print(&mut self, line: &Line) -> io::Result<()> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let question = open.as_deref().filter(|_| self.is_terminal);
        if question.is_some() {
            write_terminal("\n");
        }
        self.inner.print(line)?;
        if let Some(question) = question {
            write_terminal(question);
        }
        Ok(())
    }

    fn ring(&mut self, sequence: &str) -> io::Result<()> {
        if self.is_terminal {
            write_terminal(sequence);
        }
        Ok(())
    }

    fn left_out(&mut self, count: u64) -> io::Result<()> {
        self.inner.left_out(count)
    }
}

impl Questions {
    /// Answers each question until the input ends.
    pub fn run(self, asks: &Receiver<Ask>, inputs: &InputSender<Input>, printer: &Printer) {
        for ask in asks {
            // What was shown before it stands above it.
            printer.flush_within(LINES_FLUSH);
            let input = match ask {
                Ask::Command(prompt) | Ask::Inside { prompt, .. } => self.line(&prompt),
                Ask::Line(question) => match self.line(&question) {
                    // The terminal is asked again, and ends the input if it is gone.
                    Input::EndOfInput => Input::Cancelled,
                    answer => answer,
                },
                Ask::Secret(question) => {
                    self.ask(&question, |question| secret::ask(question, &self.gate))
                }
            };
            let is_end = matches!(input, Input::EndOfInput | Input::Broken(_));
            if inputs.send(input).is_err() || is_end {
                return;
            }
        }
    }

    fn line(&self, question: &str) -> Input {
        let mut open = self.open();
        write_terminal(question);
        *open = Some(question.to_owned());
        drop(open);
        let input = plain::next_line();
        *self.open() = None;
        if input == Input::EndOfInput {
            write_terminal("\n");
        }
        input
    }

    fn ask(&self, question: &str, ask: impl FnOnce(&str) -> Input) -> Input {
        *self.open() = Some(question.to_owned());
        let input = ask(question);
        *self.open() = None;
        input
    }

    /// No line is printed while it is held.
    fn open(&self) -> MutexGuard<'_, Option<String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes where the person sits who answers. If their terminal is gone, the next answer is the end of the input.
fn write_terminal(text: &str) {
    let written = match File::options().write(true).open("/dev/tty") {
        Ok(mut terminal) => terminal.write_all(text.as_bytes()),
        Err(_) => io::stderr().write_all(text.as_bytes()),
    };
    if let Err(error) = written {
        tracing::warn!(%error, "cannot ask at the terminal");
    }
}
