//! Keys with a meaning of their own: Ctrl-C, and what a terminal marks as pasted (bracketed paste).
//!
//! The editor could read a paste itself, but takes a newline in it for one in the text, and waits forever for the end of a
//! paste whose last byte is an escape.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, KeyCode, KeyEvent, Modifiers, Movement,
    RepeatCount,
};

use super::super::printer::Output;
use crate::client::Tone;

/// The longest line, with what is pasted into it. Chosen: twice the longest text that a message carries; the editor draws
/// the whole line after each key, and counts at most 65,535 rows.
const DRAFT_MAX_BYTES: usize = 32 * 1024;

/// A Ctrl-C this long after the last byte of a paste is no part of it. Chosen: longer than a terminal pauses.
const PASTE_PAUSE: Duration = Duration::from_secs(1);

/// A paste whose end has not come.
pub struct Paste {
    text: String,
    is_too_long: bool,
    last_key_at: Instant,
}

/// Where the keys keep it; the prompt takes it away when the editor fails inside one.
pub type OpenPaste = Arc<Mutex<Option<Paste>>>;

/// What the keys do before the editor sees them.
pub struct Keys<O> {
    paste: OpenPaste,
    /// Set when Ctrl-C ends a line. An editor that ends with an error would drop the keys pressed after this one.
    is_interrupted: Arc<AtomicBool>,
    output: Mutex<O>,
}

impl<O: Output> Keys<O> {
    pub fn new(paste: OpenPaste, is_interrupted: Arc<AtomicBool>, output: O) -> Self {
        Self {
            paste,
            is_interrupted,
            output: Mutex::new(output),
        }
    }

    /// Ctrl-C clears the line; on an empty line it interrupts.
    fn interrupt(&self, line: &str) -> Cmd {
        if line.is_empty() {
            self.is_interrupted.store(true, Ordering::Relaxed);
            Cmd::AcceptLine
        } else {
            Cmd::Kill(Movement::WholeBuffer)
        }
    }

    fn finish(&self, paste: Paste) -> Cmd {
        if paste.is_too_long {
            let text =
                format!("a line has at most {DRAFT_MAX_BYTES} bytes; the paste was left out");
            let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
            // An output that is closed ends the client elsewhere.
            let _ = output.print(Tone::Error, &text);
            return Cmd::Noop;
        }
        let text = paste.text.replace("\r\n", "\n").replace('\r', "\n");
        // The last newline is what the copied line ended with.
        let text = text.trim_end_matches('\n');
        if text.is_empty() {
            return Cmd::Noop;
        }
        Cmd::Insert(1, text.to_owned())
    }
}

impl Paste {
    fn begin(now: Instant) -> Self {
        Self {
            text: String::new(),
            is_too_long: false,
            last_key_at: now,
        }
    }

    fn push(&mut self, key: KeyEvent, draft_bytes: usize) {
        let Some(character) = pasted(key) else {
            return;
        };
        if draft_bytes + self.text.len() + character.len_utf8() > DRAFT_MAX_BYTES {
            self.is_too_long = true;
        } else {
            self.text.push(character);
        }
    }
}

/// The character of a pasted key. Control characters and escape sequences have none.
fn pasted(key: KeyEvent) -> Option<char> {
    match key {
        KeyEvent(KeyCode::Enter, Modifiers::NONE) => Some('\r'),
        KeyEvent(KeyCode::Tab, Modifiers::NONE) => Some('\t'),
        // Line feed, vertical tab, form feed; line and paragraph separator.
        KeyEvent(KeyCode::Char('J' | 'K' | 'L'), Modifiers::CTRL)
        | KeyEvent(KeyCode::Char('\u{2028}' | '\u{2029}'), Modifiers::NONE) => Some('\n'),
        KeyEvent(KeyCode::Char(character), Modifiers::NONE) => Some(character),
        _ => None,
    }
}

impl<O: Output> ConditionalEventHandler for Keys<O> {
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
        const CTRL_C: KeyEvent = KeyEvent(KeyCode::Char('C'), Modifiers::CTRL);
        let key = *event.get(0)?;
        let mut open = self.paste.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(paste) = open.as_mut() else {
            return match key {
                KeyEvent(KeyCode::BracketedPasteStart, _) => {
                    *open = Some(Paste::begin(Instant::now()));
                    Some(Cmd::Noop)
                }
                KeyEvent(KeyCode::BracketedPasteEnd, _) => Some(Cmd::Noop),
                CTRL_C => Some(self.interrupt(context.line())),
                _ => None,
            };
        };
        let now = Instant::now();
        let has_paused = now.duration_since(paste.last_key_at) >= PASTE_PAUSE;
        paste.last_key_at = now;
        match key {
            // With a modifier if the last byte of the paste was an escape.
            KeyEvent(KeyCode::BracketedPasteEnd, _) => open.take().map(|paste| self.finish(paste)),
            // The end was lost, and the user sees nothing of what they type.
            CTRL_C if has_paused => {
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
