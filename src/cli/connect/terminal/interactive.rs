//! The prompt at a terminal: rustyline edits it, and output is printed above it.

mod helper;
mod hold;
mod keys;
mod paste;

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::termios::{self, FlushArg, LocalFlags, SetArg, Termios};
use rustyline::error::ReadlineError;
use rustyline::history::{History as _, MemHistory};
use rustyline::{Config, Editor, Event, EventHandler, ExternalPrinter};

pub use self::helper::SharedNames;
use self::helper::{LineHelper, Purpose};
use self::keys::{Interrupts, Keys, OpenPaste};
use super::interrupt::PasswordInterrupt;
use super::look::{Look, Rows};
use super::printer;
use crate::cli::password;
use crate::client::commands::{Draft, Recalled};
use crate::client::{Ask, Input, Line};
use crate::net::InputSender;

/// Lines in the prompt's history; the oldest is dropped first. They are kept in memory only, because they contain messages.
const HISTORY_LINES: usize = 500;

/// The wait for an open editor to print its last lines. Chosen: it needs about a millisecond, and nobody notices this.
const LAST_LINES_GRACE: Duration = Duration::from_millis(40);

/// How often, and how long after the last time, the rest of a paste is dropped. Chosen: a terminal writes the largest paste
/// within it, and nobody types meanwhile.
const PASTE_REST_PAUSES: usize = 5;
const PASTE_REST_PAUSE: Duration = Duration::from_millis(50);

/// Ends bracketed paste, which an interrupted editor leaves on.
const BRACKETED_PASTE_OFF: &str = "\x1b[?2004l";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// No question is open.
    Idle,
    /// A line is being edited.
    Editing,
    /// A password is being typed after this question.
    Secret(String),
}

type SharedPhase = Arc<Mutex<Phase>>;

/// Commands of a paste that were confirmed and wait for the one before them.
type Pasted = Arc<Mutex<VecDeque<String>>>;

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The modes of the terminal before the client started.
#[derive(Clone)]
pub struct Screen {
    modes: Termios,
    phase: SharedPhase,
    pasted: Pasted,
}

pub fn open(
    names: SharedNames,
    gate: Arc<PasswordInterrupt>,
    look: Look,
) -> anyhow::Result<(Screen, impl printer::Output + use<>, Prompt)> {
    // Threads started from here on inherit this; the prompt's thread reverts it.
    stop_signal().thread_block()?;
    let phase = Arc::new(Mutex::new(Phase::Idle));
    let modes = termios::tcgetattr(io::stdin())?;
    let config = Config::builder()
        .max_history_size(HISTORY_LINES)?
        .history_ignore_dups(true)?
        .completion_type(rustyline::CompletionType::List)
        // With NO_COLOR the editor would not say where the cursor is; colours are ours to leave out.
        .color_mode(rustyline::ColorMode::Forced)
        .build();
    let history = || MemHistory::with_config(&config);
    let (commands, with_texts) = (history(), history());
    let mut editor = Editor::with_history(config, commands)?;
    editor.set_helper(Some(LineHelper::new(names, look.clone())));
    let mut output = || -> rustyline::Result<_> {
        Ok(Output {
            printer: editor.create_external_printer()?,
            phase: Arc::clone(&phase),
            look: look.clone(),
        })
    };
    let (output, keys_output) = (output()?, output()?);
    let (paste, pasted) = (OpenPaste::default(), Pasted::default());
    let interrupts = Interrupts::default();
    let keys = Keys::new(Arc::clone(&paste), Arc::clone(&interrupts), keys_output);
    editor.bind_sequence(Event::Any, EventHandler::Conditional(Box::new(keys)));
    let prompt = Prompt {
        editor,
        other_history: with_texts,
        is_inside: false,
        pasted: Arc::clone(&pasted),
        paste,
        interrupts,
        gate,
        phase: Arc::clone(&phase),
    };
    let screen = Screen {
        modes,
        phase,
        pasted,
    };
    Ok((screen, output, prompt))
}

impl Screen {
    /// Drops the commands of a paste that still wait, and says whether there were any.
    pub fn stops_paste(&self) -> bool {
        let count = std::mem::take(&mut *lock(&self.pasted)).len();
        if count > 0 {
            // If the terminal is gone, the next question ends.
            let _ = writeln!(
                io::stdout(),
                "stopped: {count} of the pasted commands not run"
            );
        }
        count > 0
    }

    /// Restores the terminal, even while a line is edited.
    #[allow(
        clippy::disallowed_methods,
        reason = "the editor has no completion to wait for, and the process ends"
    )]
    pub fn restore(&self) {
        let was_busy = *lock(&self.phase) != Phase::Idle;
        if was_busy {
            // The editor is still printing the last lines, and does not report when it has finished.
            std::thread::sleep(LAST_LINES_GRACE);
        }
        if let Err(error) = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &self.modes) {
            tracing::warn!(%error, "cannot restore the terminal");
        }
        if was_busy {
            let mut output = io::stdout();
            // A terminal that is gone needs no restoring.
            let _ = write!(output, "{BRACKETED_PASTE_OFF}\r\n").and_then(|()| output.flush());
        }
    }
}

/// The signal of Ctrl-Z. The editor sends it to this process and then sets the terminal's modes again. So its own thread
/// must take the signal and stop there; if another took it, the editor would set the modes before the shell does.
fn stop_signal() -> SigSet {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTSTP);
    signals
}

/// Prints above the edited line.
struct Output<P> {
    printer: P,
    phase: SharedPhase,
    look: Look,
}

impl<P: ExternalPrinter + Send + 'static> printer::Output for Output<P> {
    fn print(&mut self, line: &Line) -> io::Result<()> {
        // The terminal may have been resized.
        let rows = self.look.rows(line, Rows::of(io::stdout()));
        let line = Rows::guarded(&rows);
        if let Phase::Secret(question) = &*lock(&self.phase) {
            let mut output = io::stdout().lock();
            write!(output, "\r\x1b[K{line}\r\n{question}")?;
            return output.flush();
        }
        self.printer
            .print(format!("{line}\n"))
            .map_err(io::Error::other)
    }
}

pub struct Prompt {
    editor: Editor<LineHelper, MemHistory>,
    /// In a conversation the editor recalls texts and commands, elsewhere commands only; this is the history of the other.
    other_history: MemHistory,
    is_inside: bool,
    pasted: Pasted,
    /// A paste that is being read.
    paste: OpenPaste,
    interrupts: Interrupts,
    gate: Arc<PasswordInterrupt>,
    phase: SharedPhase,
}

impl Prompt {
    /// Answers each question until the input ends.
    pub fn run(mut self, asks: &Receiver<Ask>, inputs: &InputSender<Input>) {
        if let Err(error) = stop_signal().thread_unblock() {
            tracing::warn!(%error, "Ctrl-Z does not work");
        }
        for ask in asks {
            let input = match ask {
                Ask::Command(prompt) => self.command(&prompt, Purpose::Command),
                Ask::Inside { prompt, place } => self.command(&prompt, Purpose::Inside(place)),
                Ask::Line(question) => self.line(&question),
                Ask::Secret(question) => self.secret(question),
            };
            if input == Input::Cancelled {
                lock(&self.pasted).clear();
            }
            let is_end = matches!(
                input,
                Input::EndOfInput | Input::Broken(_) | Input::Interrupt
            );
            if inputs.send(input).is_err() || is_end {
                return;
            }
        }
    }

    fn command(&mut self, prompt: &str, purpose: Purpose) -> Input {
        let pasted = lock(&self.pasted).pop_front();
        if let Some(command) = pasted {
            return Input::Line(command);
        }
        self.set_purpose(purpose);
        loop {
            match self.edit(prompt) {
                Ok(line) => {
                    self.remember(&line);
                    return Input::Line(self.first_of(line));
                }
                Err(ReadlineError::Interrupted) if self.interrupts.load(Ordering::Relaxed) > 1 => {
                    return Input::Interrupt;
                }
                Err(ReadlineError::Interrupted) => {
                    // If the terminal is gone, the next question ends.
                    let _ = writeln!(io::stdout(), "press Ctrl-C again to quit");
                }
                Err(error) => return self.ended(&error),
            }
        }
    }

    fn remember(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        let recalled = self.editor.helper().map(|helper| helper.recalled(line));
        // A line without a place in the history is still a line.
        match recalled {
            Some(Recalled::Text(text)) => drop(self.editor.add_history_entry(text)),
            Some(Recalled::Command(command)) => {
                let _ = self.other_history.add(&command);
                let _ = self.editor.add_history_entry(command);
            }
            None => {}
        }
    }

    /// What is run of a draft: the line, or the first command of a paste, whose others are kept.
    fn first_of(&mut self, line: String) -> String {
        match self.editor.helper().and_then(|helper| helper.draft(&line)) {
            Some(Draft::Commands(commands)) => {
                let mut pasted = lock(&self.pasted);
                *pasted = commands.into();
                pasted.pop_front().unwrap_or_default()
            }
            Some(Draft::Text { line, .. }) => line,
            _ => line,
        }
    }

    fn line(&mut self, question: &str) -> Input {
        self.set_purpose(Purpose::Answer);
        match self.edit(question) {
            // A paste may end with a newline.
            Ok(line) => Input::Line(line.trim_end().to_owned()),
            Err(ReadlineError::Interrupted) => Input::Cancelled,
            Err(error) => self.ended(&error),
        }
    }

    fn secret(&mut self, question: String) -> Input {
        *lock(&self.phase) = Phase::Secret(question.clone());
        self.gate.open();
        let answer = password::prompt(&question);
        let was_interrupted = answer
            .as_ref()
            .is_err_and(|error| error.kind() == io::ErrorKind::Interrupted);
        self.gate.close(was_interrupted);
        *lock(&self.phase) = Phase::Idle;
        match answer {
            Ok(password) => Input::Line(password),
            Err(_) if was_interrupted => Input::Cancelled,
            Err(error) => {
                // The cursor is still on the line of the question.
                let _ = writeln!(io::stdout());
                tracing::info!(%error, "the password prompt has ended");
                if error.kind() == io::ErrorKind::UnexpectedEof {
                    Input::EndOfInput
                } else {
                    Input::Broken(format!("cannot ask for the password: {error}"))
                }
            }
        }
    }

    fn edit(&mut self, prompt: &str) -> Result<String, ReadlineError> {
        disable_echo();
        *lock(&self.phase) = Phase::Editing;
        let mut typed = (String::new(), String::new());
        let line = loop {
            let result = self
                .editor
                .readline_with_initial(prompt, (&typed.0, &typed.1));
            match result {
                // The window was resized.
                Err(ReadlineError::Signal(_)) => typed = self.typed(),
                // A terminal that is not set to UTF-8, or a paste that is no text.
                Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                    typed = self.typed();
                    if self.leaves_out_paste() {
                        // If the terminal is gone, the next question ends.
                        let _ = writeln!(io::stdout(), "the paste is not UTF-8; it was left out");
                    } else {
                        typed.0.push(char::REPLACEMENT_CHARACTER);
                    }
                }
                result => break result,
            }
        };
        *lock(&self.phase) = Phase::Idle;
        if self.interrupts.load(Ordering::Relaxed) > 0 {
            return Err(ReadlineError::Interrupted);
        }
        line
    }

    /// Whether the editor failed inside a paste, of which it has dropped a part. The rest is dropped too, since what
    /// is left would be run as if typed.
    #[allow(
        clippy::disallowed_methods,
        reason = "the terminal does not say when a paste without its end is over"
    )]
    fn leaves_out_paste(&self) -> bool {
        if lock(&self.paste).take().is_none() {
            return false;
        }
        for _ in 0..PASTE_REST_PAUSES {
            std::thread::sleep(PASTE_REST_PAUSE);
            // What cannot be dropped is edited, and not yet sent.
            let _ = termios::tcflush(io::stdin(), FlushArg::TCIFLUSH);
        }
        true
    }

    fn typed(&self) -> (String, String) {
        let helper = self.editor.helper();
        helper.map(LineHelper::typed).unwrap_or_default()
    }

    fn ended(&self, error: &ReadlineError) -> Input {
        if is_closed(error) {
            return Input::EndOfInput;
        }
        let (before, behind) = self.typed();
        let draft = match before + &behind {
            draft if draft.is_empty() => draft,
            draft => format!("\nnot sent: {draft}"),
        };
        Input::Broken(format!("the prompt has failed: {error}{draft}"))
    }

    fn set_purpose(&mut self, purpose: Purpose) {
        self.interrupts.store(0, Ordering::Relaxed);
        let is_inside = match purpose {
            Purpose::Command => false,
            Purpose::Inside(_) => true,
            Purpose::Answer => self.is_inside,
        };
        if is_inside != self.is_inside {
            std::mem::swap(self.editor.history_mut(), &mut self.other_history);
            self.is_inside = is_inside;
        }
        if let Some(helper) = self.editor.helper_mut() {
            helper.purpose = purpose;
        }
    }
}

/// Whether the user ended the input, or the terminal was closed.
fn is_closed(error: &ReadlineError) -> bool {
    match error {
        ReadlineError::Eof | ReadlineError::Errno(Errno::EIO) => true,
        ReadlineError::Io(error) => error.raw_os_error() == Some(nix::libc::EIO),
        _ => false,
    }
}

/// Disables echo while no question is open; the next question shows the typed text. The editor and the password prompt
/// restore the modes that they find, so this lasts, but a shell may change it while the program is stopped.
fn disable_echo() {
    let disabled = termios::tcgetattr(io::stdin()).and_then(|mut modes| {
        modes.local_flags.remove(LocalFlags::ECHO);
        termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &modes)
    });
    if let Err(error) = disabled {
        tracing::warn!(%error, "what is typed between two questions is shown twice");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal that was closed was said to be a fault, and the exit code was 1 instead of the signal's.
    #[test]
    fn closed_terminal_ends_the_input_and_any_other_error_is_a_fault() {
        let io = |code| ReadlineError::Io(io::Error::from_raw_os_error(code));
        assert!(is_closed(&ReadlineError::Errno(Errno::EIO)));
        assert!(is_closed(&io(nix::libc::EIO)) && is_closed(&ReadlineError::Eof));
        assert!(!is_closed(&ReadlineError::Errno(Errno::EBADF)));
        assert!(!is_closed(&io(nix::libc::EINVAL)));
    }
}
