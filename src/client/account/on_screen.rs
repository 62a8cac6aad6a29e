//! What the console has printed, as far as the parts have to know it, the names that its prompt completes, and the end of a
//! signed-in user.

use super::SignedIn;
use super::display::Display;
use crate::client::effects::Effects;
use crate::client::env::{Files, Names};
use crate::client::storage::StateError;
use crate::transport::Now;

impl SignedIn {
    /// What was to be shown was given to the console: so many lines in all, of which so many are on the screen.
    pub(in crate::client) fn on_lines_queued(&mut self, now: Now, lines: u64, printed: u64) {
        let is_gathering = self.hides_lines();
        if !is_gathering {
            self.parts.recent.on_lines_queued(lines);
        }
        let shared = (&mut self.shared, &mut self.parts.receipts);
        self.parts
            .display
            .on_lines_queued(shared, now, (lines, printed), is_gathering);
        let reading = &mut self.parts.reading;
        reading.note(now.instant, &self.shared.conversations);
    }

    /// Whether what came is not shown to the user yet, or not in this run.
    fn hides_lines(&self) -> bool {
        let me = &self.shared.me;
        self.parts.inbox.holds_lines() || me.is_tailing || me.is_sending_only
    }

    /// The console has printed this many of the lines that a program is told.
    pub(in crate::client) fn on_told(
        &mut self,
        now: Now,
        effects: &mut Effects,
        files: &mut dyn Files,
        printed: u64,
    ) {
        let (parts, mut ctx) = self.split(now, effects);
        parts.history.tail.on_printed(&mut ctx, files, printed);
        parts.history.tail.close(&mut ctx, files);
    }

    /// The console has printed this many of the lines that it was given.
    pub(in crate::client) fn on_lines_printed(&mut self, printed: u64) {
        let (display, receipts) = (&mut self.parts.display, &mut self.parts.receipts);
        display.on_lines_printed(&mut self.shared, receipts, printed);
    }

    /// The names that the tab key completes, if they are others than before.
    pub(in crate::client) fn take_names(&mut self) -> Option<Names> {
        let has_new = std::mem::take(&mut self.shared.session.has_new_names);
        has_new.then(|| self.names())
    }

    /// The names that are known.
    pub(in crate::client) fn names(&self) -> Names {
        let parts = &self.parts;
        parts
            .roster
            .completed(&self.shared.conversations, &parts.blocked)
    }

    /// Records at the end what was shown: nothing but a crash stops the console now.
    pub(in crate::client) fn close(&mut self) -> Result<(), StateError> {
        let is_gathering = self.hides_lines();
        let (display, receipts) = (&mut self.parts.display, &mut self.parts.receipts);
        display.close(&mut self.shared, receipts, is_gathering);
        self.shared.state.commit()?;
        while self.shared.state.has_erasure() {
            self.shared.state.erase_step()?;
        }
        Ok(())
    }

    /// The same where the console may never print the rest of its lines: they are shown again in the next run.
    pub(in crate::client) fn close_unprinted(&mut self) -> Result<(), StateError> {
        Display::close_unprinted(&mut self.shared);
        self.shared.state.commit()
    }
}
