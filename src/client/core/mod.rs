//! The client without its link: what a message, a line typed or the time makes of it.
//!
//! It decides about trust, sign-in and commands, and keeps the signed-in user's account. All that it wants done
//! is left in [`Effects`] until [`Core::settle`] has made durable what it follows from.

mod host_key;
mod link_events;
mod login;
mod logout;
mod response_timer;
pub(super) mod status;

use std::net::SocketAddr;
use std::time::Instant;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zeroize::Zeroizing;

use super::Options;
use super::account::SignedIn;
use super::account::outbox::IN_FLIGHT_MAX;
use super::auth::SignIn;
use super::effects::Effects;
use super::env::{Console, End, Files, Input, Tone};
use super::ui::prompt::{Prompt, Question};
use crate::protocol::{EndReason, Envelope, ServerBody, SessionEnd, fingerprint};
use crate::transport::{Channel, Now};
use link_events::{LinkRequests, Peer};
use logout::DeferredExit;
use response_timer::ResponseTimer;

/// A line that is no answer to a question of the client's own.
pub(super) struct TypedLine {
    pub(super) line: Zeroizing<String>,
    pub(super) focus: Option<String>,
}

/// The client's logic.
pub struct Core {
    pub(super) options: Options,
    pub(super) console: Box<dyn Console>,
    pub(super) files: Box<dyn Files>,
    pub(super) random: ChaCha20Rng,
    pub(super) prompt: Prompt,
    response_timer: ResponseTimer,
    pub(super) effects: Effects,
    pub(super) peer: Option<Peer>,
    /// The key that this run has trusted; no other will do.
    pub(super) trusted_key: Option<[u8; 32]>,
    /// The key that the user is being asked about.
    pub(super) asked_key: Option<[u8; 32]>,
    pub(super) is_greeted: bool,
    /// Whether the server has said that it stops, so that the loss of the link is no news.
    pub(super) is_server_stopping: bool,
    /// Who is to be signed in without being asked.
    pub(super) pending_user: Option<String>,
    /// Where the user stood when the open prompt was shown: what is typed there is meant so.
    pub(super) asked_focus: Option<String>,
    pub(super) sign_in: Option<SignIn>,
    pub(super) signed_in: Option<SignedIn>,
    pub(super) link_requests: LinkRequests,
    /// What the user of a client without a terminal wants done once all that was sent has arrived, and the
    /// moment when it is done anyway.
    pub(super) deferred_exit: Option<(DeferredExit, Instant)>,
    pub(super) end: Option<End>,
    /// The address at which the server sees this client.
    pub(super) seen_as: Option<SocketAddr>,
}

impl Core {
    pub(super) fn new(
        options: Options,
        console: Box<dyn Console>,
        files: Box<dyn Files>,
        seed: [u8; 32],
    ) -> Self {
        let pending_user = options.user.clone();
        Self {
            options,
            console,
            files,
            random: ChaCha20Rng::from_seed(seed),
            prompt: Prompt::default(),
            response_timer: ResponseTimer::default(),
            effects: Effects::default(),
            peer: None,
            trusted_key: None,
            asked_key: None,
            is_greeted: false,
            is_server_stopping: false,
            pending_user,
            asked_focus: None,
            sign_in: None,
            signed_in: None,
            link_requests: LinkRequests::default(),
            deferred_exit: None,
            end: None,
            seen_as: None,
        }
    }

    /// Something has come from the server. Whatever it is, it does no harm.
    pub(super) fn handle_message(&mut self, now: Now, channel: Channel, bytes: &[u8]) {
        if self.peer.as_ref().is_none_or(|peer| !peer.is_trusted) {
            return;
        }
        match channel {
            Channel::Chat => {
                if let Some(signed_in) = &mut self.signed_in {
                    let reason = signed_in.handle_chat(now, bytes, &mut self.effects);
                    self.handle_sign_out(reason);
                }
            }
            Channel::Control => self.handle_control(now, bytes),
            Channel::Bulk => self.handle_bulk(now, bytes),
        }
    }

    /// Older entries, or the word that there are none.
    fn handle_bulk(&mut self, now: Now, bytes: &[u8]) {
        let opened = Envelope::decode(bytes).and_then(|envelope| envelope.open());
        let Some(signed_in) = &mut self.signed_in else {
            return;
        };
        match opened.map(|message| message.body) {
            Ok(ServerBody::History(history)) => {
                if let Err(error) = signed_in.handle_history(now, history, &mut self.effects) {
                    self.finish(End::Failed(error.to_string()));
                }
            }
            Ok(ServerBody::Failure(failure)) => {
                signed_in.request_refused(&failure, &mut self.effects);
            }
            Ok(_) => {}
            Err(_) => signed_in.page_unanswered(&mut self.effects),
        }
    }

    fn handle_control(&mut self, now: Now, bytes: &[u8]) {
        let opened = Envelope::decode(bytes).and_then(|envelope| {
            let seen_as = envelope.hop.recipient_data.map(SocketAddr::from);
            self.seen_as = seen_as.or(self.seen_as);
            envelope.open()
        });
        let Ok(message) = opened else {
            self.show(
                Tone::Error,
                "an answer from the server arrived damaged; try again if nothing follows",
            );
            return;
        };
        if self.sign_in.is_some() {
            if let (ServerBody::Failure(_), Some(signed_in)) = (&message.body, &mut self.signed_in)
            {
                // Whatever of it was refused: without a sign-in HELLO is, too.
                signed_in.is_hello_sent = false;
            }
            self.step_sign_in(now, |sign_in, context| {
                sign_in.handle_message(message, context)
            });
        } else if let Some(signed_in) = &mut self.signed_in {
            let reason = signed_in.handle_control(now, message, &mut self.effects);
            self.handle_sign_out(reason);
        } else if let ServerBody::SessionEnd(SessionEnd {
            reason: EndReason::ServerStopping,
        }) = message.body
        {
            self.server_stops();
        }
    }

    /// Something has come from the console. A line that was typed as a command, or as text, is handed back with the
    /// conversation in which the prompt stood.
    pub(super) fn handle_input(&mut self, now: Now, input: Input) -> Option<TypedLine> {
        match input {
            Input::Line(line) => {
                let line = Zeroizing::new(line);
                match self.prompt.take() {
                    None => {}
                    Some(Question::Command | Question::Inside) => {
                        let focus = self.asked_focus.take();
                        return Some(TypedLine { line, focus });
                    }
                    Some(Question::Trust) => self.answer_trust(now, &line),
                    Some(_) => self
                        .step_sign_in(now, |sign_in, context| sign_in.handle_answer(line, context)),
                }
            }
            Input::Cancelled => match self.prompt.take() {
                None | Some(Question::Command | Question::Inside) => {}
                Some(Question::Trust) => self.distrust(),
                Some(_) => {
                    self.sign_in = None;
                    self.pending_user = None;
                }
            },
            Input::EndOfInput => {
                self.prompt.end_input();
                self.quit(now);
            }
            Input::Interrupt => self.finish(End::Interrupted),
        }
        None
    }

    /// The first ending is the one that counts.
    pub(super) fn finish(&mut self, end: End) {
        if self.end.is_none() {
            self.end = Some(end);
        }
    }

    pub(super) const fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// A moment has come that [`Core::deadline`] named.
    pub(super) fn handle_timeout(&mut self, now: Now) {
        let is_due = self
            .sign_in
            .as_ref()
            .and_then(SignIn::deadline)
            .is_some_and(|due| due <= now.instant);
        if is_due {
            let has_asked = self.sign_in.as_ref().is_some_and(SignIn::waits_for_server);
            self.step_sign_in(now, SignIn::handle_timeout);
            if has_asked && self.sign_in.is_none() {
                // The answer may yet come, and the server then takes this session for signed in. Only another one is
                // known to be as both ends believe.
                self.link_requests.reconnect = true;
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        [
            self.sign_in.as_ref().and_then(SignIn::deadline),
            self.signed_in.as_ref().and_then(SignedIn::deadline),
            self.deferred_exit.map(|(_, due)| due),
            self.response_timer.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Ends a batch: makes it durable, then shows and asks. What is to be sent is there for
    /// [`Core::take_messages`] afterwards.
    pub(super) fn settle(&mut self, now: Now) {
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.lines_printed(self.console.printed());
            if let Err(error) = signed_in.settle(now, &mut self.effects) {
                // Nothing that follows from what could not be kept may leave.
                self.effects = Effects::default();
                self.finish(End::Failed(error.to_string()));
            } else if let Some(names) = signed_in.take_names() {
                self.console.set_names(names);
            }
        }
        if self.end.is_none() {
            self.run_deferred_exit(now);
            if self.response_timer.update(now.instant, self.is_waiting()) {
                self.show(Tone::Notice, "still waiting for the server's answer");
            }
        }
        self.effects.flush_lines(&mut *self.console);
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.lines_queued(now, self.console.given(), self.console.printed());
            if self.end.is_some() {
                let closed = signed_in.close();
                self.signed_in = None;
                if let Err(error) = closed {
                    self.finish(End::Failed(error.to_string()));
                }
            }
        }
        if self.end.is_none() {
            self.ask_next();
        }
    }

    /// What is to be sent, after [`Core::settle`].
    pub(super) fn take_messages(&mut self) -> Vec<(Channel, Vec<u8>)> {
        self.effects.take_messages()
    }

    fn ask_next(&mut self) {
        let next = if let Some(key) = &self.asked_key {
            let text = format!(
                "{} has the key {} (not seen before). Trust it? [y/N] ",
                self.options.server_name,
                fingerprint(key)
            );
            Some((Question::Trust, text))
        } else if let Some(question) = self.sign_in.as_ref().and_then(SignIn::question) {
            Some(question)
        } else if self.is_ready_for_command() {
            let focus = self
                .signed_in
                .as_ref()
                .and_then(|signed_in| signed_in.focus.clone());
            let text = match (&self.signed_in, &focus) {
                (Some(signed_in), Some(focus)) => format!("{} {focus}> ", signed_in.name),
                (Some(signed_in), None) => format!("{}> ", signed_in.name),
                (None, _) => "> ".into(),
            };
            let question = match focus {
                Some(_) => Question::Inside,
                None => Question::Command,
            };
            if self.prompt.is_free() {
                self.asked_focus = focus;
            }
            Some((question, text))
        } else {
            None
        };
        if let Some((question, text)) = next {
            self.prompt.ask(&mut *self.console, question, &text);
        }
    }

    /// Whether the next command may be asked for. Without a terminal each one waits for what the one before it
    /// needs from the server, so that a script's lines take effect in order.
    fn is_ready_for_command(&self) -> bool {
        if self.deferred_exit.is_some() {
            return false;
        }
        let is_signing_in = self
            .sign_in
            .as_ref()
            .is_some_and(|sign_in| !sign_in.is_reconnection());
        match &self.signed_in {
            _ if is_signing_in => false,
            Some(_) if self.response_timer.is_expired() => true,
            // Which conversation the next line is for is about to be known.
            Some(signed_in) if signed_in.is_changing_focus() => false,
            Some(signed_in) if self.console.is_interactive() => !self.is_settling(signed_in),
            Some(signed_in) => {
                signed_in.is_settled
                    && signed_in.outbox.len() < IN_FLIGHT_MAX
                    && !signed_in.awaits_answer()
            }
            None => self.is_greeted && self.pending_user.is_none(),
        }
    }

    /// Whether somebody is signed in, and the positions in this session are settled.
    pub(super) fn is_settled(&self) -> bool {
        self.signed_in
            .as_ref()
            .is_some_and(|signed_in| signed_in.is_settled)
    }

    /// Whether a session has begun and the positions in it are not settled yet.
    fn is_settling(&self, signed_in: &SignedIn) -> bool {
        !(signed_in.is_settled || self.peer.is_none() || self.sign_in.is_some())
    }

    /// Whether somebody sits at the prompt and waits for the server.
    fn is_waiting(&self) -> bool {
        let signs_in = |sign_in: &SignIn| sign_in.waits_for_server() && !sign_in.is_reconnection();
        let asks = |signed_in: &SignedIn| signed_in.awaits_answer() || self.is_settling(signed_in);
        self.console.is_interactive()
            && (self.sign_in.as_ref().is_some_and(signs_in)
                || self.signed_in.as_ref().is_some_and(asks))
    }

    /// Shows a line.
    pub(super) fn show(&mut self, tone: Tone, text: &str) {
        self.effects.show(tone, text);
    }

    /// Shows rows whose cells stand below each other.
    pub(super) fn show_table(&mut self, tone: Tone, rows: &[Vec<String>]) {
        self.effects.show_table(tone, rows);
    }

    /// Who is signed in.
    pub(super) fn user(&self) -> Option<&str> {
        self.signed_in.as_ref().map(|signed_in| &*signed_in.name)
    }

    /// The user says something.
    pub(super) fn send_text(&mut self, now: Now, target: &str, text: &str) {
        let is_linked = self.peer.is_some();
        if let Some(signed_in) = &mut self.signed_in {
            let is_linked = is_linked && !signed_in.is_silent;
            signed_in.send_text(now, target, text, is_linked, &mut self.effects);
        }
    }

    /// The user says something where they stood when they were asked; if they stand there no more, nobody hears it.
    pub(super) fn send_text_in(&mut self, now: Now, focus: &str, text: &str) {
        let stands_in = self
            .signed_in
            .as_ref()
            .and_then(|signed_in| signed_in.focus.as_deref());
        if stands_in == Some(focus) {
            self.send_text(now, focus, text);
        } else {
            let quoted = super::ui::render::quote(text);
            let text = format!("not sent: you are no longer in {focus}: {quoted}");
            self.show(Tone::Error, &text);
        }
    }

    /// Runs what only a signed-in user can do.
    pub(super) fn with_signed_in(&mut self, run: impl FnOnce(&mut SignedIn, &mut Effects)) {
        if let Some(signed_in) = &mut self.signed_in {
            run(signed_in, &mut self.effects);
        }
    }
}
