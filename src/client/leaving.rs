//! The ways out: signing out, being signed out, and quitting.

use std::time::Duration;

use super::account::Leave;
use super::core::Core;
use super::env::{End, Tone};
use crate::protocol::{EndReason, Message, SessionEnd};
use crate::transport::{Channel, Now};

/// How long a client without a terminal waits at the end of its input for what it has sent to be stored and
/// received. Chosen: a bad path's worst, and short enough for a script.
const QUIT_WAIT: Duration = Duration::from_secs(10);

impl Core {
    /// The signed-in user's session is over, if there is a reason.
    pub(super) fn handle_leave(&mut self, leave: Option<Leave>) {
        let Some(leave) = leave else {
            return;
        };
        let text = match leave {
            Leave::Ended(EndReason::ServerStopping) => {
                self.show(Tone::Notice, "the server is stopping");
                return;
            }
            Leave::Ended(EndReason::Superseded) => {
                "signed out: this device has signed in again elsewhere"
            }
            Leave::Ended(EndReason::LoggedOut) => "signed out by the server",
            Leave::Ended(_) => "signed out: the account, its password or its tickets were changed",
            Leave::Conflict => {
                "signed out: this device's files are a copy, or were restored, and their numbers are used up; \
                 `login` again as a new device"
            }
        };
        self.leave(Some(leave));
        if self.console.is_interactive() {
            self.show(Tone::Error, text);
        } else {
            self.finish(End::Refused(text.into()));
        }
    }

    /// Nobody is signed in any more.
    pub(super) fn leave(&mut self, why: Option<Leave>) {
        let Some(mut account) = self.account.take() else {
            return;
        };
        let closed = match why {
            Some(Leave::Conflict) => {
                account.give_up_outbox(&mut self.effects);
                account.forget_ticket(true)
            }
            Some(Leave::Ended(EndReason::Revoked | EndReason::LoggedOut)) => {
                account.forget_ticket(false)
            }
            _ => account.close(),
        };
        self.console.set_names(Vec::new());
        if let Err(error) = closed {
            self.finish(End::Failed(error.to_string()));
        }
    }

    /// The user leaves: the server is told, and the ticket forgotten.
    pub(super) fn log_out(&mut self) {
        let end = SessionEnd {
            reason: EndReason::LoggedOut,
        };
        self.effects.send(Channel::Control, &Message::control(end));
        self.leave(Some(Leave::Ended(EndReason::LoggedOut)));
        self.show(Tone::Plain, "logged out");
    }

    /// The user wants to go: at once at a terminal, else when what was sent has arrived.
    pub(super) fn quit(&mut self, now: Now) {
        if self.console.is_interactive() {
            self.quit_now();
        } else if self.quit_at.is_none() {
            self.quit_at = Some(now.instant + QUIT_WAIT);
        }
    }

    /// Ends the client, and says what stays behind.
    pub(super) fn quit_now(&mut self) {
        let waiting = self
            .account
            .as_ref()
            .map_or(0, |account| account.outbox.len());
        if waiting > 0 {
            let text = format!("● {waiting} not stored yet; kept, and sent at the next sign-in");
            self.show(Tone::Notice, &text);
        }
        self.finish(End::Quit);
    }

    /// Whether what a quitting client waits for has come, or has been waited for long enough.
    pub(super) fn is_time_to_quit(&self, now: Now) -> bool {
        let Some(quit_at) = self.quit_at else {
            return false;
        };
        let is_done = match &self.account {
            Some(account) => account.is_quiet(),
            None => self.is_greeted && self.sign_in.is_none() && self.pending_user.is_none(),
        };
        is_done || quit_at <= now.instant
    }
}
