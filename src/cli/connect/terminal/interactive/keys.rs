//! Keys with a meaning of their own: Ctrl-C, and the marks around a paste.
//!
//! The editor could read a paste itself, but takes a newline in it for one in the text, and waits forever for the end of a
//! paste whose last byte is an escape.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustyline::{
    CharSearch, Cmd, ConditionalEventHandler, Event, EventContext, KeyCode, KeyEvent, Modifiers,
    Movement, RepeatCount,
};

use super::super::printer::Output as _;
use super::paste::Paste;
use super::screen::{Output, lock};
use crate::client::{Line, Tone};

/// A Ctrl-C this long after the last byte of a paste is no part of it. Chosen: longer than a terminal pauses.
const PASTE_PAUSE: Duration = Duration::from_secs(1);

/// What comes of the mark at the beginning of a paste if the key before it took its escape, such as Alt-O.
const MARK_WITHOUT_ESCAPE: &str = "[200~";

/// How often Ctrl-C was pressed on an empty line, with no other key since.
pub type Interrupts = Arc<AtomicUsize>;

/// Where the keys keep it; the prompt takes it away when the editor fails inside one.
pub type OpenPaste = Arc<Mutex<Option<Paste>>>;

/// Called when the first key of a line is pressed.
pub type Begun = Box<dyn Fn() + Send + Sync>;

/// What the keys do before the editor sees them.
pub struct Keys {
    paste: OpenPaste,
    /// So many characters of [`MARK_WITHOUT_ESCAPE`] have come, and one more for the key before them.
    mark: AtomicUsize,
    /// Ctrl-C ends an empty line like Enter: an editor that ends with an error would drop the keys pressed after it.
    interrupts: Interrupts,
    output: Mutex<Output>,
    begun: Begun,
}

impl Keys {
    pub fn new((paste, interrupts): (OpenPaste, Interrupts), output: Output, begun: Begun) -> Self {
        Self {
            paste,
            mark: AtomicUsize::new(0),
            interrupts,
            output: Mutex::new(output),
            begun,
        }
    }

    /// Ctrl-C clears the line; on an empty line it interrupts.
    fn interrupt(&self, line: &str) -> Cmd {
        if line.is_empty() {
            self.interrupts.fetch_add(1, Ordering::Relaxed);
            Cmd::AcceptLine
        } else {
            self.interrupts.store(0, Ordering::Relaxed);
            Cmd::Kill(Movement::WholeBuffer)
        }
    }

    /// What may write beside the line, such as a list of what Tab completes, leaves nothing above it that is known. These keys
    /// do not.
    fn note_what_it_draws(&self, key: KeyEvent) {
        const CTRL_L: KeyEvent = KeyEvent(KeyCode::Char('L'), Modifiers::CTRL);
        let is_editing = match key {
            KeyEvent(KeyCode::Char(_), modifiers) => modifiers.is_empty(),
            KeyEvent(
                KeyCode::Backspace
                | KeyCode::Delete
                | KeyCode::Left
                | KeyCode::Right
                | KeyCode::Up
                | KeyCode::Down
                | KeyCode::Home
                | KeyCode::End
                | KeyCode::Enter
                | KeyCode::BracketedPasteStart
                | KeyCode::BracketedPasteEnd,
                _,
            ) => true,
            _ => false,
        };
        let output = lock(&self.output);
        if key == CTRL_L {
            output.screen().stage().above.clear();
        } else if !is_editing {
            output.screen().stage().above.forget_last();
        }
    }

    fn finish(&self, paste: Paste) -> Cmd {
        match paste.finish() {
            Ok(text) if text.is_empty() => Cmd::Noop,
            Ok(text) => Cmd::Insert(1, text),
            Err(why) => {
                let mut output = lock(&self.output);
                // An output that is closed ends the client elsewhere.
                let _ = output.print(&Line::of(
                    Tone::Error,
                    format!("{why}; the paste was left out"),
                ));
                Cmd::Noop
            }
        }
    }

    /// A key that is not pasted, or that begins a paste.
    fn press(
        &self,
        open: &mut Option<Paste>,
        key: KeyEvent,
        line: &str,
        now: Instant,
    ) -> Option<Cmd> {
        const CTRL_C: KeyEvent = KeyEvent(KeyCode::Char('C'), Modifiers::CTRL);
        if key == CTRL_C {
            return Some(self.interrupt(line));
        }
        self.interrupts.store(0, Ordering::Relaxed);
        self.note_what_it_draws(key);
        let mark = self.mark.swap(0, Ordering::Relaxed);
        match key {
            KeyEvent(KeyCode::BracketedPasteStart, _) => {
                *open = Some(Paste::begin(now));
                Some(Cmd::Noop)
            }
            KeyEvent(KeyCode::BracketedPasteEnd, _) => Some(Cmd::Noop),
            KeyEvent(KeyCode::Enter, Modifiers::ALT) => Some(Cmd::Insert(1, "\n".into())),
            // With these the editor takes the next key as it is, even if it is the mark of a paste.
            KeyEvent(KeyCode::Char('Q' | 'V' | 'X' | ']'), modifiers)
                if modifiers.contains(Modifiers::CTRL) =>
            {
                Some(Cmd::Noop)
            }
            KeyEvent(KeyCode::Esc | KeyCode::UnknownEscSeq, _) => {
                self.mark.store(1, Ordering::Relaxed);
                None
            }
            KeyEvent(KeyCode::Char(character), Modifiers::NONE)
                if mark > 0 && MARK_WITHOUT_ESCAPE.chars().nth(mark - 1) == Some(character) =>
            {
                if mark < MARK_WITHOUT_ESCAPE.len() {
                    self.mark.store(mark + 1, Ordering::Relaxed);
                    return None;
                }
                *open = Some(Paste::begin(now));
                // The editor would take a number of characters for one to be repeated.
                let first = CharSearch::Backward('[');
                Some(Cmd::Kill(Movement::ViCharSearch(1, first)))
            }
            _ => None,
        }
    }
}

impl ConditionalEventHandler for Keys {
    #[allow(
        clippy::disallowed_methods,
        reason = "the editor does not say when a key was pressed"
    )]
    fn handle(
        &self,
        event: &Event,
        _: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        let key = *event.get(0)?;
        let now = Instant::now();
        let mut open = lock(&self.paste);
        let Some(paste) = open.as_mut() else {
            if context.line().is_empty() {
                (self.begun)();
            }
            return self.press(&mut open, key, context.line(), now);
        };
        let has_paused = now.duration_since(paste.last_key_at) >= PASTE_PAUSE;
        paste.last_key_at = now;
        match key {
            // With a modifier if the last byte of the paste was an escape.
            KeyEvent(KeyCode::BracketedPasteEnd, _) => open.take().map(|paste| self.finish(paste)),
            // The end was lost, and the user sees nothing of what they type.
            KeyEvent(KeyCode::Char('C'), Modifiers::CTRL) if has_paused => {
                *open = None;
                Some(Cmd::Noop)
            }
            key => {
                paste.push(key, context.line().len());
                Some(Cmd::Noop)
            }
        }
    }
}
