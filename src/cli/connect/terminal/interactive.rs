//! The prompt at a terminal: rustyline edits it, and output is printed above it.

mod above;
mod beside;
mod helper;
mod keys;
mod meaning;
mod paste;
mod paths;
mod recall;
mod screen;
mod text_editor;
mod viewport;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::termios::{self, FlushArg, LocalFlags, SetArg};
use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{Config, Editor, Event, EventHandler};

use self::above::{Block, Printed};
use self::helper::{LineHelper, cluster_mode};
pub use self::keys::Begun;
use self::keys::{Interrupts, Keys, OpenPaste};
use self::meaning::Purpose;
pub use self::meaning::SharedNames;
use self::paste::DRAFT_MAX_BYTES;
use self::recall::{HISTORY_LINES, LineEditor, Recall};
pub use self::screen::Screen;
use self::screen::{Phase, lock};
use super::interrupt::PasswordInterrupt;
use super::look::Look;
use super::printer;
use super::secret;
use crate::cli::connect::state::input_history::HistoryPlace;
use crate::cli::threads::spawn;
use crate::client::commands::{Composition, Draft};
use crate::client::{Ask, Input};
use crate::net::InputSender;

/// How often, and how long after the last time, the rest of a paste is dropped. Chosen: a terminal writes the largest paste
/// within it, and nobody types meanwhile.
const PASTE_REST_PAUSES: usize = 5;
const PASTE_REST_PAUSE: Duration = Duration::from_millis(50);

pub fn open(
    names: SharedNames,
    gate: Arc<PasswordInterrupt>,
    look: Look,
    place: HistoryPlace,
    begun: Begun,
) -> anyhow::Result<(Screen, impl printer::Output + use<>, Prompt)> {
    // Threads started from here on inherit this; the prompt's thread reverts it.
    stop_signal().thread_block()?;
    let (screen, nudged) = Screen::of_terminal()?;
    let config = Config::builder()
        .max_history_size(HISTORY_LINES)?
        .history_ignore_dups(true)?
        .completion_type(rustyline::CompletionType::List)
        // With NO_COLOR the editor would not say where the cursor is; colours are ours to leave out.
        .color_mode(rustyline::ColorMode::Forced)
        .grapheme_cluster_mode(cluster_mode())
        .build();
    let history = || MemHistory::with_config(&config);
    let (commands, with_texts) = (history(), history());
    let mut editor = Editor::with_history(config, commands)?;
    editor.set_helper(Some(LineHelper::new(names, look.clone(), screen.clone())));
    let printer = editor.create_external_printer()?;
    let passing = screen.clone();
    spawn("nudge", move || passing.pass_on(&nudged, printer))?;
    let output = screen.output(look.clone());
    let keys_output = screen.output(look).without_waiting();
    let paste = OpenPaste::default();
    let interrupts = Interrupts::default();
    let keys = Keys::new(
        (Arc::clone(&paste), Arc::clone(&interrupts)),
        keys_output,
        begun,
    );
    editor.bind_sequence(Event::Any, EventHandler::Conditional(Box::new(keys)));
    let prompt = Prompt {
        is_restricted: false,
        editor,
        recall: Recall::new(with_texts, place),
        paste,
        interrupts,
        gate,
        screen: screen.clone(),
        answers: 0,
    };
    Ok((screen, output, prompt))
}

/// The signal of Ctrl-Z. The editor sends it to this process and then sets the terminal's modes again. So its own thread
/// must take the signal and stop there; if another took it, the editor would set the modes before the shell does.
fn stop_signal() -> SigSet {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTSTP);
    signals
}

pub struct Prompt {
    /// Whether it runs no programs.
    is_restricted: bool,
    editor: LineEditor,
    recall: Recall,
    /// A paste that is being read.
    paste: OpenPaste,
    interrupts: Interrupts,
    gate: Arc<PasswordInterrupt>,
    screen: Screen,
    /// How many questions were asked.
    answers: u64,
}

impl Prompt {
    /// Has it run no programs, and look at no files.
    pub fn restricted(mut self, is_restricted: bool) -> Self {
        self.is_restricted = is_restricted;
        if let Some(helper) = self.editor.helper_mut() {
            helper.meaning.completes_paths = !is_restricted;
        }
        self
    }

    /// Answers each question until the input ends.
    pub fn run(mut self, asks: &Receiver<Ask>, inputs: &InputSender<Input>) {
        if let Err(error) = stop_signal().thread_unblock() {
            tracing::warn!(%error, "Ctrl-Z does not work");
        }
        for ask in asks {
            self.answers += 1;
            let input = match ask {
                Ask::Command(_) => self.command(Purpose::Command),
                Ask::Inside { place, .. } => self.command(Purpose::Inside(place)),
                Ask::Line(question) => self.line(&question),
                Ask::Secret(question) => self.secret(question),
            };
            if input == Input::Cancelled {
                self.screen.pasted().clear();
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

    fn command(&mut self, purpose: Purpose) -> Input {
        let pasted = self.screen.pasted().pop_front();
        if let Some(command) = pasted {
            return Input::Line(command);
        }
        self.set_purpose(purpose);
        let mut draft = String::new();
        loop {
            let prompt = beside::prompt(&self.screen.stage().status.place);
            match self.edit(&prompt, &std::mem::take(&mut draft)) {
                Ok(line) => {
                    self.remember(&line);
                    match self
                        .editor
                        .helper()
                        .and_then(|helper| helper.meaning.composition(&line))
                        .filter(|_| !self.is_restricted)
                    {
                        Some(composition) => draft = self.compose(&composition, line),
                        None => return Input::Line(self.first_of(line)),
                    }
                }
                Err(ReadlineError::Interrupted) if self.interrupts.load(Ordering::Relaxed) > 1 => {
                    return Input::Interrupt;
                }
                Err(ReadlineError::Interrupted) => {
                    self.screen.say("press Ctrl-C again to quit");
                }
                Err(error) => return self.ended(&error),
            }
        }
    }

    fn remember(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        let recalled = self
            .editor
            .helper()
            .and_then(|helper| helper.meaning.recalled(line));
        if let Some(recalled) = recalled {
            self.recall.keep(&mut self.editor, &recalled);
        }
    }

    /// Lets the user write a text with their own editor, and gives what stands at the prompt afterwards.
    fn compose(&mut self, composition: &Composition, line: String) -> String {
        let why = match text_editor::edit(&composition.text, &self.screen) {
            Ok(written) if written.trim_end() == composition.text.trim_end() => {
                self.screen.say("nothing was changed; nothing is sent");
                return String::new();
            }
            Ok(written) if written.trim().is_empty() => {
                self.screen.say("the text is empty; nothing is sent");
                return String::new();
            }
            Ok(written) => match composition.draft(&written) {
                draft if draft.len() <= DRAFT_MAX_BYTES => {
                    self.set_composed(Some(&draft));
                    return draft;
                }
                _ => format!("the text has more than {DRAFT_MAX_BYTES} bytes"),
            },
            Err(why) => why,
        };
        self.screen.say(&format!("{why}; nothing is sent"));
        line
    }

    /// What is run of a draft: the line, or the first command of a paste, whose others are kept.
    fn first_of(&mut self, line: String) -> String {
        match self
            .editor
            .helper()
            .and_then(|helper| helper.meaning.draft(&line))
        {
            Some(Draft::Commands(commands)) => {
                let mut pasted = self.screen.pasted();
                *pasted = commands.into();
                pasted.pop_front().unwrap_or_default()
            }
            Some(Draft::Text { line, .. }) => line,
            _ => line,
        }
    }

    fn line(&mut self, question: &str) -> Input {
        self.set_purpose(Purpose::Answer);
        match self.edit(question, "") {
            // A paste may end with a newline.
            Ok(line) => Input::Line(line.trim_end().to_owned()),
            // A terminal that is gone ends the next question.
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => Input::Cancelled,
            Err(error) => self.ended(&error),
        }
    }

    fn secret(&mut self, question: String) -> Input {
        self.screen.set(Phase::Secret(question.clone()));
        let input = secret::ask(&question, &self.gate);
        self.screen.set(Phase::Idle);
        input
    }

    /// Lets the user edit a line, which begins as this draft.
    fn edit(&mut self, prompt: &str, draft: &str) -> Result<String, ReadlineError> {
        disable_echo();
        self.screen.set(Phase::Editing);
        let mut typed = (draft.to_owned(), String::new());
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
                        self.screen.say("the paste is not UTF-8; it was left out");
                    } else {
                        typed.0.push(char::REPLACEMENT_CHARACTER);
                    }
                }
                result => break result,
            }
        };
        let own = self.editor.helper().and_then(LineHelper::take_entered);
        let own = own.filter(|_| line.is_ok()).map(|(line, rows)| Block {
            printed: Printed::Own(self.answers),
            rows,
            size: screen::size(),
            own: Some(line),
        });
        self.screen.end_line(own);
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

    fn set_composed(&self, draft: Option<&str>) {
        if let Some(helper) = self.editor.helper() {
            helper.meaning.set_composed(draft);
        }
    }

    fn set_purpose(&mut self, purpose: Purpose) {
        self.set_composed(None);
        self.interrupts.store(0, Ordering::Relaxed);
        match purpose {
            Purpose::Command => self.recall.turn(&mut self.editor, false),
            Purpose::Inside(_) => self.recall.turn(&mut self.editor, true),
            Purpose::Answer => {}
        }
        if let Some(helper) = self.editor.helper_mut() {
            helper.meaning.purpose = purpose;
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
