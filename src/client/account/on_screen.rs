//! What the console has printed, as far as the parts have to know it, the names that its prompt completes, and the end of a
//! signed-in user.

use super::display::Display;
use super::{SignOutReason, SignedIn};
use crate::client::effects::Effects;
use crate::client::env::{Files, Names, Tone};
use crate::client::storage::StateError;
use crate::protocol::EndReason;
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

    /// Shows how many messages wait in the outbox, when the session ends.
    pub(in crate::client) fn show_unsent(&mut self, effects: &mut Effects) {
        self.parts.files.fail_copying(effects);
        let unsent = self.parts.sender.waiting();
        if unsent > 0 {
            let what = if unsent == 1 {
                "1 message is".to_owned()
            } else {
                format!("{unsent} messages are")
            };
            let text = format!("● {what} not stored yet; kept here, and sent at the next sign-in");
            effects.show(Tone::Notice, text);
        }
    }

    /// Closes the tables when the session has ended, and forgets as much as the reason asks for.
    pub(in crate::client) fn end(
        &mut self,
        why: Option<SignOutReason>,
        effects: &mut Effects,
    ) -> Result<(), StateError> {
        match why {
            Some(SignOutReason::Conflict) => {
                self.parts.sender.give_up(&mut self.shared.state, effects);
                self.forget_ticket(true)
            }
            // This process holds the state directory's lock, so that the other one has a copy.
            Some(SignOutReason::Ended(EndReason::Superseded | EndReason::Revoked)) => {
                self.forget_ticket(true)
            }
            Some(SignOutReason::Ended(
                EndReason::PasswordChanged | EndReason::AccountDeleted | EndReason::LoggedOut,
            )) => self.forget_ticket(false),
            // The device and its ticket are as good as before; it is for the user to say when they are used again.
            _ => self.close(),
        }
    }

    /// Forgets the ticket, so that the next sign-in asks for the password; with `device`, the device's id too.
    fn forget_ticket(&mut self, device: bool) -> Result<(), StateError> {
        if let Some(mut identity) = self.shared.state.identity().cloned() {
            identity.ticket = None;
            if device {
                identity.device = None;
            }
            self.shared.state.set_identity(identity);
        }
        self.close()
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
