//! Who has the terminal (a question, or the user's own text editor), how what is printed meanwhile reaches it, and how it is
//! restored.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{self, Signal};
use nix::sys::termios::{self, FlushArg, SetArg, Termios};
use nix::unistd::Pid;
use rustyline::ExternalPrinter;
use terminal_size::{Height, Width, terminal_size_of};

use super::super::look::{Look, Rows};
use super::super::printer;
use super::above::{Above, Below, Block, Job, Laid, NUDGE, Printed};
use super::viewport;
use crate::client::{Line, Progress, Status};

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

/// What the threads share that write to the terminal.
#[derive(Default)]
pub struct Stage {
    phase: Phase,
    pub above: Above,
    pub status: Status,
}

#[derive(Default)]
struct Shared {
    stage: Mutex<Stage>,
    changed: Condvar,
    /// Held by whoever writes while no line is edited.
    writing: Mutex<()>,
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
    nudges: SyncSender<()>,
}

impl Screen {
    /// The screen, and the nudges by which its editor is to draw.
    pub fn of_terminal() -> io::Result<(Self, Receiver<()>)> {
        // One that waits is as good as many.
        let (sender, nudged) = sync_channel(1);
        let screen = Self {
            modes: termios::tcgetattr(io::stdin())?,
            shared: Arc::default(),
            nudges: sender,
        };
        Ok((screen, nudged))
    }

    /// Has the editor draw for each nudge. It may be busy for as long as the user makes it wait, so this needs a thread.
    pub fn pass_on(&self, nudged: &Receiver<()>, mut printer: impl ExternalPrinter) {
        for () in nudged {
            let is_editing = self.stage().phase == Phase::Editing;
            if is_editing && let Err(error) = printer.print(NUDGE.into()) {
                tracing::warn!(%error, "the prompt is drawn with the next key only");
            }
        }
    }

    pub fn nudge(&self) {
        // If one waits already, it is taken after what it is for was written down.
        let _ = self.nudges.try_send(());
    }

    pub fn stage(&self) -> MutexGuard<'_, Stage> {
        lock(&self.shared.stage)
    }

    pub fn set(&self, phase: Phase) {
        let mut stage = self.stage();
        if !matches!(phase, Phase::Idle | Phase::Editing) {
            stage.above.forget_last();
        }
        stage.phase = phase;
        drop(stage);
        self.shared.changed.notify_all();
        // Who began to write before has finished then.
        drop(lock(&self.shared.writing));
    }

    /// The editor has ended, and the cursor stands below its line, or below what the user said.
    pub fn end_line(&self, own: Option<Block>) {
        let mut stage = self.stage();
        stage.above.entered(own);
        stage.phase = Phase::Idle;
        // If the terminal is gone, the next question ends.
        let _ = self.write_waiting(stage);
        self.shared.changed.notify_all();
    }

    /// Says something between two questions.
    pub fn say(&self, text: &str) {
        self.stage().above.forget_last();
        // If the terminal is gone, the next question ends.
        let _ = writeln!(io::stdout(), "{text}");
    }

    /// The prompt says something else from now on.
    pub fn set_status(&self, status: Status) {
        let mut stage = self.stage();
        let is_new = stage.status != status;
        stage.status = status;
        drop(stage);
        if is_new {
            self.nudge();
        }
    }

    /// What waits to be printed was taken by the editor.
    pub fn has_printed(&self) {
        self.shared.changed.notify_all();
    }

    /// Writes what waits while no line is edited.
    fn write_waiting(&self, mut stage: MutexGuard<'_, Stage>) -> io::Result<()> {
        let (text, _) = stage.above.take(Below::NOTHING, size());
        self.write(stage, &text)
    }

    /// Writes without keeping others from ending the program: a terminal may be stopped.
    fn write(&self, stage: MutexGuard<'_, Stage>, text: &str) -> io::Result<()> {
        let writing = lock(&self.shared.writing);
        drop(stage);
        let mut output = io::stdout().lock();
        output.write_all(text.as_bytes())?;
        output.flush()?;
        drop(writing);
        Ok(())
    }

    pub fn pasted(&self) -> MutexGuard<'_, VecDeque<String>> {
        lock(&self.shared.pasted)
    }

    /// Drops the commands of a paste that still wait, and says whether there were any.
    pub fn stops_paste(&self) -> bool {
        let count = std::mem::take(&mut *self.pasted()).len();
        if count > 0 {
            self.say(&format!("stopped: {count} of the pasted commands not run"));
        }
        count > 0
    }

    /// Whether a text editor has the terminal, which Ctrl-C is for then.
    pub fn is_composing(&self) -> bool {
        matches!(self.stage().phase, Phase::Composing(..))
    }

    /// Ends a text editor that runs, and removes its file.
    pub fn stop_text_editor(&self) {
        let mut stage = self.stage();
        let Phase::Composing(directory, editor) = &stage.phase else {
            return;
        };
        if let Some(editor) = editor {
            // One that has ended needs no signal.
            let _ = signal::kill(*editor, Signal::SIGTERM);
        }
        if let Err(error) = fs::remove_dir_all(directory) {
            tracing::warn!(%error, "cannot remove {}", directory.display());
        }
        stage.phase = Phase::Idle;
        drop(stage);
        self.shared.changed.notify_all();
    }

    /// Sets the modes from before the client started.
    pub fn set_found_modes(&self) {
        if let Err(error) = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &self.modes) {
            tracing::warn!(%error, "cannot restore the terminal");
        }
    }

    /// Drops what was typed and nobody has read: the shell would run it.
    pub fn drop_typed() {
        // A terminal that is gone holds nothing.
        let _ = termios::tcflush(io::stdin(), FlushArg::TCIFLUSH);
    }

    /// Restores the terminal, even while a line is edited.
    #[allow(
        clippy::disallowed_methods,
        reason = "the editor has no completion to wait for, and the process ends"
    )]
    pub fn restore(&self) {
        self.stop_text_editor();
        let was_busy = self.stage().phase != Phase::Idle;
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
    pub fn output(&self, look: Look) -> Output {
        Output {
            screen: self.clone(),
            look,
            waits: true,
        }
    }

    /// Waits until no text editor has the terminal.
    fn stage_without_text_editor(&self) -> MutexGuard<'_, Stage> {
        let is_composing = |stage: &mut Stage| matches!(stage.phase, Phase::Composing(..));
        let changed = &self.shared.changed;
        let waited = changed.wait_while(self.stage(), is_composing);
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

/// How large the terminal is now, if it says so.
pub fn size() -> Option<viewport::Screen> {
    let (Width(columns), Height(rows)) = terminal_size_of(io::stdout())?;
    (rows > 0 && columns > 0).then(|| viewport::Screen {
        rows: rows.into(),
        columns: columns.into(),
    })
}

pub struct Output {
    screen: Screen,
    look: Look,
    /// Whether what is printed has been taken by the editor, or written, when the call returns.
    waits: bool,
}

impl Output {
    /// For the editor's own thread, which cannot wait for itself.
    pub fn without_waiting(self) -> Self {
        Self {
            waits: false,
            ..self
        }
    }

    pub const fn screen(&self) -> &Screen {
        &self.screen
    }

    fn put(&self, job: impl FnOnce(&Stage) -> Option<Job>) -> io::Result<()> {
        // Lines wait in the printer's queue meanwhile.
        let mut stage = self.screen.stage_without_text_editor();
        let Some(job) = job(&stage) else {
            return Ok(());
        };
        if let Phase::Secret(question) = &stage.phase {
            let Some(line) = &job.line else {
                return Ok(());
            };
            let text = format!("\r\x1b[K{}\r\n{question}", line.text);
            stage.above.forget_last();
            return self.screen.write(stage, &text);
        }
        stage.above.push(job);
        if stage.phase != Phase::Editing {
            return self.screen.write_waiting(stage);
        }
        drop(stage);
        self.screen.nudge();
        if self.waits {
            let is_waiting = |stage: &mut Stage| !stage.above.is_empty();
            let changed = &self.screen.shared.changed;
            let waited = changed.wait_while(self.screen.stage(), is_waiting);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
        Ok(())
    }

    fn laid_out(&self, line: &Line, printed: Printed) -> Laid {
        // The terminal may have been resized.
        laid(&self.look.rows(line, Rows::of(io::stdout())), printed)
    }
}

fn laid(rows: &str, printed: Printed) -> Laid {
    Laid {
        text: Rows::guarded(rows),
        block: Block {
            printed,
            rows: rows.matches('\n').count() + 1,
            size: size(),
            own: None,
        },
    }
}

impl printer::Output for Output {
    fn print(&mut self, line: &Line) -> io::Result<()> {
        let line = self.laid_out(line, Printed::Other);
        self.put(|_| Some(Job::line(line)))
    }

    fn show(&mut self, line: &Line, number: u64, instead: Option<&(u64, Line)>) -> io::Result<()> {
        let printed = Printed::Line(number);
        let job = Job {
            line: Some(self.laid_out(line, printed)),
            instead: instead.map(|(of, line)| (Printed::Line(*of), self.laid_out(line, printed))),
        };
        self.put(|_| Some(job))
    }

    fn mark(&mut self, own: u64, progress: Progress) -> io::Result<()> {
        let printed = Printed::Own(own);
        self.put(|stage| {
            let line = stage.above.own(own)?;
            let rows = self.look.own_rows(line, progress, Rows::of(io::stdout()));
            let mut laid = laid(&rows, printed);
            laid.block.own = Some(line.clone());
            Some(Job {
                line: None,
                instead: Some((printed, laid)),
            })
        })
    }

    fn ring(&mut self, sequence: &str) -> io::Result<()> {
        let mut stage = self.screen.stage();
        if stage.phase == Phase::Editing {
            stage.above.ring(sequence);
            drop(stage);
            self.screen.nudge();
            return Ok(());
        }
        drop(stage);
        // It moves no cursor, so that a question stays as it is.
        let mut output = io::stdout().lock();
        output.write_all(sequence.as_bytes())?;
        output.flush()
    }
}
