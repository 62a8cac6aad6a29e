//! Who has the terminal: a question, or the user's own text editor; and how it is restored.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{self, Signal};
use nix::sys::termios::{self, SetArg, Termios};
use nix::unistd::Pid;
use rustyline::ExternalPrinter;

use super::super::look::{Look, Rows};
use super::super::printer;
use crate::client::Line;

/// The wait for an open editor to print its last lines. Chosen: it needs about a millisecond, and nobody notices this.
const LAST_LINES_GRACE: Duration = Duration::from_millis(40);

/// Ends bracketed paste, which an interrupted editor leaves on.
const BRACKETED_PASTE_OFF: &str = "\x1b[?2004l";

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Phase {
    /// No question is open.
    #[default]
    Idle,
    /// A line is being edited.
    Editing,
    /// A password is being typed after this question.
    Secret(String),
    /// A text editor is being started, or runs; it has its file in this directory.
    Composing(PathBuf, Option<Pid>),
}

#[derive(Default)]
struct Shared {
    phase: Mutex<Phase>,
    changed: Condvar,
    /// Commands of a paste that were confirmed and wait for the one before them.
    pasted: Mutex<VecDeque<String>>,
}

pub fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone)]
pub struct Screen {
    /// The modes of the terminal before the client started.
    modes: Termios,
    shared: Arc<Shared>,
}

impl Screen {
    pub fn of_terminal() -> io::Result<Self> {
        Ok(Self {
            modes: termios::tcgetattr(io::stdin())?,
            shared: Arc::default(),
        })
    }

    pub fn set(&self, phase: Phase) {
        *lock(&self.shared.phase) = phase;
        self.shared.changed.notify_all();
    }

    pub fn pasted(&self) -> MutexGuard<'_, VecDeque<String>> {
        lock(&self.shared.pasted)
    }

    /// Drops the commands of a paste that still wait, and says whether there were any.
    pub fn stops_paste(&self) -> bool {
        let count = std::mem::take(&mut *self.pasted()).len();
        if count > 0 {
            // If the terminal is gone, the next question ends.
            let _ = writeln!(
                io::stdout(),
                "stopped: {count} of the pasted commands not run"
            );
        }
        count > 0
    }

    /// Whether a text editor has the terminal, which Ctrl-C is for then.
    pub fn is_composing(&self) -> bool {
        matches!(*lock(&self.shared.phase), Phase::Composing(..))
    }

    /// Ends a text editor that runs, and removes its file.
    pub fn stop_text_editor(&self) {
        let mut phase = lock(&self.shared.phase);
        let Phase::Composing(directory, editor) = &*phase else {
            return;
        };
        if let Some(editor) = editor {
            // One that has ended needs no signal.
            let _ = signal::kill(*editor, Signal::SIGTERM);
        }
        if let Err(error) = fs::remove_dir_all(directory) {
            tracing::warn!(%error, "cannot remove {}", directory.display());
        }
        *phase = Phase::Idle;
        drop(phase);
        self.shared.changed.notify_all();
    }

    /// Sets the modes from before the client started.
    pub fn set_found_modes(&self) {
        if let Err(error) = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &self.modes) {
            tracing::warn!(%error, "cannot restore the terminal");
        }
    }

    /// Restores the terminal, even while a line is edited.
    #[allow(
        clippy::disallowed_methods,
        reason = "the editor has no completion to wait for, and the process ends"
    )]
    pub fn restore(&self) {
        self.stop_text_editor();
        let was_busy = *lock(&self.shared.phase) != Phase::Idle;
        if was_busy {
            // The editor is still printing the last lines, and does not report when it has finished.
            std::thread::sleep(LAST_LINES_GRACE);
        }
        self.set_found_modes();
        if was_busy {
            let mut output = io::stdout();
            // A terminal that is gone needs no restoring.
            let _ = write!(output, "{BRACKETED_PASTE_OFF}\r\n").and_then(|()| output.flush());
        }
    }

    /// Prints above the line that is edited.
    pub fn output<P: ExternalPrinter>(&self, printer: P, look: Look) -> Output<P> {
        Output {
            printer,
            screen: self.clone(),
            look,
        }
    }

    /// Waits until no text editor has the terminal.
    fn phase_without_text_editor(&self) -> MutexGuard<'_, Phase> {
        let is_composing = |phase: &mut Phase| matches!(phase, Phase::Composing(..));
        let phase = lock(&self.shared.phase);
        let changed = &self.shared.changed;
        let waited = changed.wait_while(phase, is_composing);
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Output<P> {
    printer: P,
    screen: Screen,
    look: Look,
}

impl<P: ExternalPrinter + Send + 'static> printer::Output for Output<P> {
    fn print(&mut self, line: &Line) -> io::Result<()> {
        // Lines wait in the printer's queue meanwhile.
        let phase = self.screen.phase_without_text_editor();
        // The terminal may have been resized.
        let rows = self.look.rows(line, Rows::of(io::stdout()));
        let line = Rows::guarded(&rows);
        if let Phase::Secret(question) = &*phase {
            let mut output = io::stdout().lock();
            write!(output, "\r\x1b[K{line}\r\n{question}")?;
            return output.flush();
        }
        drop(phase);
        self.printer
            .print(format!("{line}\n"))
            .map_err(io::Error::other)
    }

    fn ring(&mut self, sequence: &str) -> io::Result<()> {
        // It moves no cursor, so that the edited line stays as it is.
        let mut output = io::stdout().lock();
        output.write_all(sequence.as_bytes())?;
        output.flush()
    }
}
