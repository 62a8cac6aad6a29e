//! The client's console: a terminal with a prompt, one that only asks, or plain lines without a terminal.
//!
//! In both cases one thread asks questions and one prints. [`Terminal`] connects them to the client, whose calls never
//! block. Three queues, each with a limit: questions (the client has one open at a
//! time), lines to be printed ([`printer::LINES_MAX`]), and the driver's queue of inputs.

mod interactive;
mod interrupt;
mod lines;
mod look;
mod plain;
mod printer;
mod ringing;
mod secret;

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, PoisonError};

use anyhow::Context as _;
use jiff::tz::TimeZone;

pub use self::interactive::Screen;
use self::interactive::{Begun, SharedNames};
pub use self::interrupt::PasswordInterrupt;
use self::look::{Depth, Look, Symbols, Theme};
pub use self::look::{Setting, When};
use self::printer::{INTERRUPTED_FLUSH, Printer, TERMINAL_FLUSH};
pub use self::ringing::{NotifyBy, NotifyOf};
use super::state::input_history::HistoryPlace;
use crate::cli::environment;
use crate::cli::signals;
use crate::cli::threads::spawn;
use crate::client::{Ask, Console, Input, Line, Names, Progress, Ring, Status};
use crate::net::InputSender;

/// What the command line says of how lines look.
pub struct Looks {
    pub color: When,
    pub is_plain: bool,
    pub theme: Vec<Setting>,
    /// The user's zone.
    pub zone: TimeZone,
}

impl Looks {
    /// How lines look on an output.
    fn on(&self, is_terminal: bool) -> Look {
        let in_colour = match self.color {
            _ if self.is_plain => false,
            When::Always => true,
            When::Never => false,
            When::Auto => {
                environment::wishes_colour().unwrap_or(is_terminal && environment::can_edit())
            }
        };
        let palette = in_colour.then(|| (Theme::new(&self.theme), Depth::of_environment()));
        let symbols = match (self.is_plain, environment::is_utf8()) {
            (true, true) => Symbols::Words,
            (true, false) => Symbols::AsciiWords,
            (false, true) => Symbols::Unicode,
            (false, false) => Symbols::Ascii,
        };
        Look::new(palette, symbols, self.zone.clone())
    }
}

pub struct Terminal {
    printer: Printer,
    /// Lines that the client has shown.
    given: u64,
    asks: Sender<Ask>,
    names: SharedNames,
    is_interactive: bool,
    look: Look,
    edits_lines: bool,
    notify_by: NotifyBy,
    /// Nothing where no line is edited.
    screen: Option<Screen>,
}

/// When dropped, waits for the last lines and restores the terminal.
pub struct TerminalGuard {
    printer: Printer,
    screen: Option<Screen>,
}

pub fn open(
    inputs: &InputSender<Input>,
    gate: &Arc<PasswordInterrupt>,
    looks: &Looks,
    place: HistoryPlace,
    is_restricted: bool,
) -> anyhow::Result<(Terminal, TerminalGuard)> {
    let is_interactive = io::stdin().is_terminal();
    // What is edited is drawn again and again, and would be read aloud each time.
    let can_edit =
        is_interactive && io::stdout().is_terminal() && environment::can_edit() && !looks.is_plain;
    // Holds one question at most, since the client has one open at a time.
    let (asks, questions) = mpsc::channel();
    let names = SharedNames::default();
    let on_screen = Arc::new(AtomicU64::new(0));
    let (printer, screen) = if can_edit {
        let begun = begun(inputs.clone(), Arc::clone(&on_screen));
        let look = looks.on(true);
        let (screen, output, prompt) =
            interactive::open(Arc::clone(&names), Arc::clone(gate), look, place, begun)
                .context("cannot use the terminal")?;
        let prompt = prompt.restricted(is_restricted);
        let printer = Printer::start(output, inputs.clone(), on_screen)?;
        let inputs = inputs.clone();
        spawn("prompt", move || prompt.run(&questions, &inputs))?;
        (printer, Some(screen))
    } else if is_interactive {
        let (output, questions_at) = lines::open(looks, Arc::clone(gate));
        let printer = Printer::start(output, inputs.clone(), on_screen)?;
        let (inputs, before) = (inputs.clone(), printer.clone());
        spawn("prompt", move || {
            questions_at.run(&questions, &inputs, &before);
        })?;
        (printer, None)
    } else {
        let printer = Printer::start(plain::Output::new(looks), inputs.clone(), on_screen)?;
        let inputs = inputs.clone();
        spawn("input", move || plain::run(&questions, &inputs))?;
        (printer, None)
    };
    let restore = TerminalGuard {
        printer: printer.clone(),
        screen: screen.clone(),
    };
    let terminal = Terminal {
        printer,
        given: 0,
        asks,
        names,
        is_interactive,
        look: looks.on(true),
        edits_lines: can_edit,
        notify_by: NotifyBy::default(),
        screen,
    };
    Ok((terminal, restore))
}

/// Says what was on the screen when the user began to type a line.
fn begun(inputs: InputSender<Input>, printed: Arc<AtomicU64>) -> Begun {
    Box::new(move || {
        let printed = printed.load(Ordering::Acquire);
        // If the network thread has ended, the line goes nowhere either.
        let _ = inputs.send(Input::Begun { printed });
    })
}

impl Terminal {
    /// Has it ring in another way than by its bell.
    #[must_use]
    pub const fn ringing_by(mut self, notify_by: NotifyBy) -> Self {
        self.notify_by = notify_by;
        self
    }
}

impl Console for Terminal {
    fn show(&mut self, line: Line) {
        self.given += 1;
        self.printer.show(self.given, line, None);
    }

    fn show_instead(&mut self, of: u64, instead: Line, line: Line) {
        self.given += 1;
        self.printer.show(self.given, line, Some((of, instead)));
    }

    fn mark(&mut self, own: u64, progress: Progress) {
        if self.screen.is_some() {
            self.printer.mark(own, progress);
        }
    }

    fn set_status(&mut self, status: Status) {
        if let Some(screen) = &self.screen {
            screen.set_status(status);
        }
    }

    fn given(&self) -> u64 {
        self.given
    }

    fn printed(&self) -> u64 {
        self.printer.printed()
    }

    fn ask(&mut self, ask: Ask) {
        // The prompt's thread ends only after it has reported the end of input.
        let _ = self.asks.send(ask);
    }

    fn ring(&mut self, ring: &Ring) {
        if self.is_interactive {
            let name = self.look.text(ring.name());
            self.printer.ring(self.notify_by.sequence(&name));
        }
    }

    fn set_names(&mut self, names: Names) {
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
    }

    fn is_interactive(&self) -> bool {
        self.is_interactive
    }

    fn edits_lines(&self) -> bool {
        self.edits_lines
    }
}

impl TerminalGuard {
    /// Restores the terminal if the process must exit without waiting; `None` without a terminal.
    pub fn screen(&self) -> Option<Screen> {
        self.screen.clone()
    }
}

impl Drop for TerminalGuard {
    /// After a panic too.
    fn drop(&mut self) {
        match &self.screen {
            Some(screen) => {
                screen.stop_text_editor();
                self.printer.flush_within(TERMINAL_FLUSH);
                screen.restore();
            }
            None if signals::ended_by().is_some() => self.printer.flush_within(INTERRUPTED_FLUSH),
            None => self.printer.flush(),
        }
    }
}
