//! The ways out: signing out, being signed out, and quitting.

use std::time::Duration;

use super::Core;
use crate::client::account::SignOutReason;
use crate::client::auth::SignIn;
use crate::client::env::{End, Tone};
use crate::protocol::{EndReason, Message, SessionEnd};
use crate::transport::{Channel, Now};

/// How long a client without a terminal waits at the end of its input for what it has sent to be stored and
/// received. Chosen: a bad path's worst, and short enough for a script.
const QUIT_WAIT: Duration = Duration::from_secs(10);

/// What is done once all that was sent has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum DeferredExit {
    /// Sign out.
    LogOut,
    /// Quit.
    Quit,
}

impl Core {
    /// The signed-in user's session is over, if there is a reason.
    pub(in crate::client) fn handle_sign_out(&mut self, reason: Option<SignOutReason>) {
        let Some(reason) = reason else {
            return;
        };
        let text = match reason {
            SignOutReason::Ended(EndReason::ServerStopping) => {
                self.server_stops();
                return;
            }
            SignOutReason::Ended(EndReason::Superseded) => {
                "signed out: this device has signed in again elsewhere; `login` again as a new device"
            }
            SignOutReason::Ended(EndReason::TooManySessions) => {
                "signed out: the account has too many sessions and this was the oldest; `login` signs in here again and signs out the next oldest"
            }
            SignOutReason::Ended(EndReason::Revoked) => {
                "signed out: the account, its password or its tickets were changed"
            }
            SignOutReason::Ended(EndReason::LoggedOut | EndReason::Other(_)) => {
                "signed out by the server"
            }
            SignOutReason::Conflict => {
                "signed out: this device's files are a copy or were restored; `login` again as a new device"
            }
        };
        if reason == SignOutReason::Conflict {
            // The server takes this session for signed in, and LOGOUT would take the ticket from the other one that has
            // this device.
            self.link_requests.reconnect = true;
        }
        if !matches!(
            reason,
            SignOutReason::Conflict | SignOutReason::Ended(EndReason::Superseded)
        ) {
            self.tell_unsent();
        }
        self.end_session(Some(reason));
        if self.console.is_interactive() {
            self.show(Tone::Error, text);
        } else {
            self.finish(End::Refused(text.into()));
        }
    }

    /// The server has said that it stops. The link is tried again without a word until it is back.
    pub(in crate::client) fn server_stops(&mut self) {
        self.is_server_stopping = true;
        let text = format!(
            "{} is stopping; connecting again when it is back",
            self.options.server_name
        );
        self.show(Tone::Notice, &text);
    }

    /// The sign-in has failed. One that only continued an earlier session is tried over another link, unless the
    /// server said no.
    pub(in crate::client) fn give_up_sign_in(&mut self, text: String, refused: bool) {
        let was_reconnection = self.sign_in.take().is_some_and(|s| s.is_reconnection());
        if was_reconnection && !refused {
            self.link_requests.reconnect = true;
            return;
        }
        self.pending_user = None;
        self.end_session(None);
        if self.console.is_interactive() {
            self.show(Tone::Error, &text);
        } else if refused {
            self.finish(End::Refused(text));
        } else {
            self.finish(End::Failed(text));
        }
    }

    /// The server has not answered the sign-in. A script is told by the exit code that it may try again later, as
    /// where there was no answer at all: the server may have been stopped in between.
    pub(in crate::client) fn time_out_sign_in(&mut self, text: String) {
        let is_reconnection = self.sign_in.as_ref().is_some_and(SignIn::is_reconnection);
        if is_reconnection || self.console.is_interactive() {
            self.give_up_sign_in(text, false);
        } else {
            self.sign_in = None;
            self.finish(End::Unreachable(text));
        }
    }

    /// Nobody is signed in any more.
    pub(in crate::client) fn end_session(&mut self, why: Option<SignOutReason>) {
        let Some(mut signed_in) = self.signed_in.take() else {
            return;
        };
        let closed = match why {
            Some(SignOutReason::Conflict) => {
                signed_in.give_up_outbox(&mut self.effects);
                signed_in.forget_ticket(true)
            }
            // This process holds the state directory's lock, so that the other one has a copy.
            Some(SignOutReason::Ended(EndReason::Superseded)) => signed_in.forget_ticket(true),
            Some(SignOutReason::Ended(EndReason::Revoked | EndReason::LoggedOut)) => {
                signed_in.forget_ticket(false)
            }
            // The device and its ticket are as good as before; it is for the user to say when they are used again.
            _ => signed_in.close(),
        };
        self.offer_accounts();
        if let Err(error) = closed {
            self.finish(End::Failed(error.to_string()));
        }
    }

    /// The user wants to sign out: at once at a terminal, else when what was sent has arrived.
    pub(in crate::client) fn log_out(&mut self, now: Now) {
        if self.console.is_interactive() {
            self.log_out_now();
        } else {
            self.deferred_exit = Some((DeferredExit::LogOut, now.instant + QUIT_WAIT));
        }
    }

    /// The user wants to go: at once at a terminal, else when what was sent has arrived.
    pub(in crate::client) fn quit(&mut self, now: Now) {
        if self.console.is_interactive() {
            self.quit_now();
        } else {
            self.deferred_exit = Some((DeferredExit::Quit, now.instant + QUIT_WAIT));
        }
    }

    /// Does what the user wanted, if what it waits for has come, or has been waited for long enough.
    pub(in crate::client) fn run_deferred_exit(&mut self, now: Now) {
        let Some((exit, due)) = self.deferred_exit else {
            return;
        };
        let is_quiet = match &self.signed_in {
            Some(signed_in) => signed_in.is_quiet(),
            None => self.is_greeted && self.sign_in.is_none() && self.pending_user.is_none(),
        };
        if is_quiet || due <= now.instant {
            self.deferred_exit = None;
            match exit {
                DeferredExit::LogOut => self.log_out_now(),
                DeferredExit::Quit => self.quit_now(),
            }
        }
    }

    /// Signs out: the server is told, and the ticket forgotten.
    fn log_out_now(&mut self) {
        self.tell_unsent();
        let end = SessionEnd {
            reason: EndReason::LoggedOut,
        };
        self.effects.send(Channel::Control, &Message::control(end));
        self.end_session(Some(SignOutReason::Ended(EndReason::LoggedOut)));
        self.show(Tone::Plain, "logged out");
    }

    /// Ends the client.
    fn quit_now(&mut self) {
        self.tell_unsent();
        self.finish(End::Quit);
    }

    /// Says what stays behind.
    fn tell_unsent(&mut self) {
        let unsent = self
            .signed_in
            .as_ref()
            .map_or(0, |signed_in| signed_in.outbox.len());
        if unsent > 0 {
            let what = if unsent == 1 {
                "1 message is".to_owned()
            } else {
                format!("{unsent} messages are")
            };
            let text = format!("● {what} not stored yet; kept here, and sent at the next sign-in");
            self.show(Tone::Notice, &text);
        }
    }
}
