//! How a user's session ends, and the client: by the server, by the user, by the end of a script.

use super::{Core, program, signed_out};
use crate::client::account::SignOutReason;
use crate::client::auth::SignIn;
use crate::client::env::{End, Tone};
use crate::client::program::Until;
use crate::client::script::{Exit, Script, unreached};
use crate::protocol::{EndReason, Message, SessionEnd};
use crate::transport::{Channel, Now};

/// How far the client has come in its end.
#[derive(Debug, Default)]
pub(super) struct Ending {
    pub(super) end: Option<End>,
    /// Whether the last lines were given to the console, and nothing is left but to record that they are printed.
    pub(super) is_closing: bool,
    /// Whether the process was told to stop.
    pub(super) is_interrupted: bool,
}

impl Core {
    /// The signed-in user's session is over, if there is a reason.
    pub(super) fn handle_sign_out(&mut self, reason: Option<SignOutReason>) {
        let Some(reason) = reason else {
            return;
        };
        if reason == SignOutReason::Ended(EndReason::ServerStopping) {
            self.server_stops();
            return;
        }
        let text = signed_out::words(reason);
        if reason == SignOutReason::Conflict {
            // The server takes this session for signed in, and LOGOUT would take the ticket from the other one that has
            // this device.
            self.env.link.requests.reconnect = true;
        }
        if !matches!(
            reason,
            SignOutReason::Conflict
                | SignOutReason::Ended(EndReason::Superseded | EndReason::AccountDeleted)
        ) {
            self.tell_unsent();
        }
        self.end_session(Some(reason));
        if self.env.is_interactive() {
            self.show(Tone::Error, text);
        } else {
            self.finish(End::Refused(text.into()));
        }
    }

    /// The server has said that it stops. The link is tried again without a word until it is back.
    pub(crate) fn server_stops(&mut self) {
        self.env.link.is_server_stopping = true;
        let text = format!(
            "{} is stopping; connecting again when it is back",
            self.env.options.server_name
        );
        self.show(Tone::Notice, &text);
    }

    /// The sign-in has failed. One that only continued an earlier session is tried over another link, unless the
    /// server said no.
    pub(crate) fn give_up_sign_in(&mut self, text: String, refused: bool) {
        let sign_in = self.sign_in.take();
        let was_reconnection = sign_in.as_ref().is_some_and(SignIn::is_reconnection);
        if was_reconnection && !refused {
            self.env.link.requests.reconnect = true;
            return;
        }
        self.pending_user = None;
        // What a deleted account has queued nobody can send.
        if !sign_in.is_some_and(|sign_in| sign_in.is_account_deleted()) {
            self.tell_unsent();
        }
        self.end_session(None);
        if self.env.is_interactive() {
            self.show(Tone::Error, &text);
        } else if refused {
            self.finish(End::Refused(text));
        } else {
            self.finish(End::Failed(text));
        }
    }

    /// The server has not answered the sign-in. A script is told by the exit code that it may try again later, as
    /// where there was no answer at all: the server may have been stopped in between.
    pub(crate) fn time_out_sign_in(&mut self, text: String) {
        let is_reconnection = self.sign_in.as_ref().is_some_and(SignIn::is_reconnection);
        if is_reconnection || self.env.is_interactive() {
            self.give_up_sign_in(text, false);
        } else {
            self.sign_in = None;
            self.give_up(End::Unreachable(text));
        }
    }

    /// Closes the signed-in user's tables once everything that was shown is printed; if the process was told to stop, it
    /// may never be. A terminal is waited for by whoever restores it.
    pub(super) fn close(&mut self, now: Now) {
        let printed = self.env.console.printed();
        let is_printed = printed >= self.env.console.given();
        let Some(signed_in) = &mut self.signed_in else {
            return;
        };
        signed_in.on_lines_printed(printed);
        signed_in.on_told(now, &mut self.env.effects, &mut *self.env.files, printed);
        self.env.effects.flush_lines(&mut *self.env.console);
        let closed = match &mut self.script {
            _ if is_printed => signed_in.close(),
            _ if self.ending.is_interrupted => signed_in.close_unprinted(),
            Some(script) => {
                script.wait_for_output(now.instant);
                return;
            }
            None => signed_in.close(),
        };
        if closed.is_ok() {
            signed_in.drop_copies(now, &mut self.env.effects, &mut *self.env.files);
        }
        self.signed_in = None;
        if let Err(error) = closed {
            self.finish(End::Failed(error.to_string()));
        }
    }

    /// Closes the signed-in user's tables, and forgets as much as the reason asks for.
    pub(super) fn end_session(&mut self, why: Option<SignOutReason>) {
        self.step_up = None;
        let Some(mut signed_in) = self.signed_in.take() else {
            return;
        };
        let closed = signed_in.end(why, &mut self.env.effects);
        self.env.offer_accounts();
        if let Err(error) = closed {
            self.finish(End::Failed(error.to_string()));
        }
    }

    /// Signs out, or quits: at once at a terminal, else when what was sent is stored.
    pub(crate) fn exit(&mut self, now: Now, exit: Exit) {
        match &mut self.script {
            Some(script) if script.has_given_up() => self.give_up_offline(),
            Some(script) => script.defer_exit(now.instant, exit, self.env.options.until),
            None => self.exit_now(exit),
        }
    }

    /// Nothing more can be typed: what waits is finished, then the client ends.
    pub(super) fn end_input(&mut self, now: Now) {
        self.prompt.end_input();
        self.exit(now, Exit::Quit);
    }

    /// Ends a script's input if its next line has not come in time, and carries out its exit once that is due.
    pub(super) fn end_in_time(&mut self, now: Now) {
        let is_due = |script: &mut Script| script.takes_input_end(now.instant);
        if self.script.as_mut().is_some_and(is_due) {
            self.end_input(now);
        }
        let view = self.session_view(now);
        if self.env.options.tail.is_some() && !view.is_signed_in && view.is_idle {
            // There is nobody to wait for.
            return self.exit_now(Exit::Quit);
        }
        let take_exit = |script: &mut Script| script.take_exit(now.instant, &view);
        if let Some(exit) = self.script.as_mut().and_then(take_exit) {
            self.exit_now(exit);
        }
    }

    pub(super) fn exit_now(&mut self, exit: Exit) {
        let (script, effects) = (self.script.as_mut(), &mut self.env.effects);
        self.unsaid.fail(self.signed_in.is_some(), script, effects);
        program::fail_untold(self.signed_in.as_ref(), &mut self.env);
        let effects = &mut self.env.effects;
        self.bot.fail(self.signed_in.is_some(), effects);
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.parts.files.fail_copying(effects);
        }
        if self.script.is_none() {
            self.show_unsent();
        } else if let Some(signed_in) = &self.signed_in
            && self.env.options.until != Until::Queued
        {
            unreached::tell(signed_in, &mut self.env.effects);
        }
        match exit {
            Exit::LogOut => {
                let reason = EndReason::LoggedOut;
                let end = Message::control(SessionEnd { reason });
                self.env.effects.send(Channel::Control, &end);
                self.end_session(Some(SignOutReason::Ended(reason)));
                let text = if self.is_linked() {
                    "logged out".to_owned()
                } else {
                    format!(
                        "logged out here; no answer from {} yet, still trying; `/quit` leaves",
                        self.env.options.server_name
                    )
                };
                self.show(Tone::Notice, &text);
            }
            Exit::Quit => self.finish(End::Quit),
        }
    }

    /// Ends the client because nothing can be sent, and tells what waits for another time.
    pub(crate) fn give_up(&mut self, end: End) {
        if self.end().is_none() {
            self.tell_unsent();
            self.finish(end);
        }
    }

    /// Tells what waits in the outbox when the session ends: a script by message, a user by their number.
    fn tell_unsent(&mut self) {
        match &self.signed_in {
            Some(signed_in) if self.script.is_some() => {
                unreached::tell_messages(signed_in, &mut self.env.effects);
            }
            _ => self.show_unsent(),
        }
    }

    /// Shows how many messages wait in the outbox.
    pub(super) fn show_unsent(&mut self) {
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.show_unsent(&mut self.env.effects);
        }
    }
}
