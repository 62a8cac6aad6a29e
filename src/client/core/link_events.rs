//! What comes by the link to the server, what becomes of the link, and what the logic asks of it.

use std::net::SocketAddr;

use super::Core;
use super::env::Env;
use super::host_key::Verdict;
use super::offline::Offline;
use super::status::{self, LinkStatus};
use crate::client::account::{SignOutReason, SignedIn};
use crate::client::env::{End, Fault, Tone};
use crate::client::script::{Exit, Late};
use crate::client::ui::render;
use crate::protocol::{EndReason, Envelope, ServerBody, SessionEnd};
use crate::transport::{Channel, Now};

/// The server at the other end of the link.
pub(super) struct Peer {
    pub(super) key: [u8; 32],
    pub(super) handshake_hash: [u8; 32],
    pub(super) is_trusted: bool,
}

/// What the logic knows of the link, and what it asks of it.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and none of them is a state of the link"
)]
pub(super) struct LinkState {
    pub(super) peer: Option<Peer>,
    pub(super) is_greeted: bool,
    /// Whether the server's name stands for an address, to which something can be sent.
    pub(super) is_resolved: bool,
    /// Whether the server has not answered for a while.
    pub(super) is_silent: bool,
    /// Whether the server has said that it stops, so that the loss of the link is no news.
    pub(super) is_server_stopping: bool,
    /// Whether others are known that can take the server's place.
    pub(super) has_others: bool,
    /// Whether another server has taken the place of one that did not answer, so that neither is news.
    pub(super) is_moving: bool,
    /// The address at which the server sees this client.
    pub(super) seen_as: Option<SocketAddr>,
    /// What is asked of the link after this batch.
    pub(super) requests: LinkRequests,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LinkRequests {
    /// That it is closed, and made again.
    pub(crate) reconnect: bool,
    /// Its statistics.
    pub(crate) status: bool,
}

impl LinkState {
    /// The server, once its key is trusted.
    pub(super) fn trusted_peer(&self) -> Option<&Peer> {
        self.peer.as_ref().filter(|peer| peer.is_trusted)
    }
}

impl Core {
    /// Handles a message of the server, whatever it is.
    pub(crate) fn handle_message(&mut self, now: Now, channel: Channel, bytes: &[u8]) {
        if self.env.link.trusted_peer().is_none() {
            return;
        }
        match channel {
            Channel::Chat => {
                if let Some(signed_in) = &mut self.signed_in {
                    let reason = signed_in.handle_chat(now, bytes, &mut self.env.effects);
                    self.handle_sign_out(reason);
                }
            }
            Channel::Control => self.handle_control(now, bytes),
            Channel::Bulk => {
                let opened = Envelope::decode(bytes).and_then(|envelope| envelope.open());
                if let Some(signed_in) = &mut self.signed_in
                    && let Err(error) =
                        signed_in.handle_bulk(now, opened.ok(), &mut self.env.effects)
                {
                    self.finish(End::Failed(error.to_string()));
                }
            }
        }
    }

    fn handle_control(&mut self, now: Now, bytes: &[u8]) {
        let opened = Envelope::decode(bytes).and_then(|envelope| {
            let seen_as = envelope.hop.recipient_data.map(SocketAddr::from);
            self.env.link.seen_as = seen_as.or(self.env.link.seen_as);
            envelope.open()
        });
        let Ok(message) = opened else {
            self.show(
                Tone::Error,
                "an answer from the server arrived damaged; try again if nothing follows",
            );
            return;
        };
        if self.sign_in.current.is_some() {
            if let (ServerBody::Failure(_), Some(signed_in)) = (&message.body, &mut self.signed_in)
            {
                // Whatever of it was refused: without a sign-in HELLO is, too.
                signed_in.parts.resync.is_hello_sent = false;
            }
            self.step_sign_in(now, |sign_in, context| {
                sign_in.handle_message(message, context)
            });
        } else if self.step_up.is_answer(&message.body) {
            self.step_up
                .handle_message(now, &mut self.env, message.body, &self.prompt);
        } else if let Some(signed_in) = &mut self.signed_in {
            let reason = signed_in.handle_control(now, message, &mut self.env.effects);
            self.handle_sign_out(reason);
        } else if let ServerBody::SessionEnd(SessionEnd {
            reason: EndReason::ServerStopping,
        }) = message.body
        {
            self.server_stops();
        }
    }

    /// The link is up. The server key is checked before anything is sent.
    pub(crate) fn link_up(&mut self, now: Now, key: [u8; 32], handshake_hash: [u8; 32]) {
        self.env.link.peer = Some(Peer {
            key,
            handshake_hash,
            is_trusted: false,
        });
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.shared.session.has_link = true;
        }
        let is_interactive = self.is_interactive();
        let Env {
            options,
            files,
            host_keys,
            ..
        } = &mut self.env;
        let verdict = host_keys.check(key, options, &mut **files, is_interactive);
        self.judge(now, verdict);
    }

    /// The user has answered whether the server's key is to be trusted.
    pub(super) fn answer_trust(&mut self, now: Now, is_yes: bool) {
        let verdict = self.env.host_keys.answer(is_yes, &mut *self.env.files);
        self.judge(now, verdict);
    }

    fn judge(&mut self, now: Now, verdict: Verdict) {
        match verdict {
            Verdict::Trusted => self.trusted(now),
            Verdict::TrustedByLink => {
                let text = format!(
                    "{} has the key that the link names; it is trusted from now on",
                    self.env.options.server_name
                );
                self.show(Tone::Notice, &text);
                self.trusted(now);
            }
            Verdict::Ask => {}
            Verdict::Refused(end) => self.give_up(end),
        }
    }

    /// The key is the right one: the user is greeted, and signed in if that was wanted.
    fn trusted(&mut self, now: Now) {
        let Some(peer) = &mut self.env.link.peer else {
            return;
        };
        if self.env.host_keys.trusted != Some(peer.key) {
            return;
        }
        peer.is_trusted = true;
        let was_greeted = std::mem::replace(&mut self.env.link.is_greeted, true);
        if std::mem::take(&mut self.env.link.is_moving) {
            // The user was told nothing of the loss, unless that the server was silent, and has another one by now.
        } else if was_greeted {
            let text = format!("{} is back", self.env.options.server_name);
            self.show(Tone::Notice, &text);
        } else {
            // At a terminal, to somebody who may not know how to begin.
            if self.script.is_none() && self.signed_in.is_none() {
                self.show(Tone::Plain, render::WELCOME);
            }
        }
        self.offline.end(&mut self.env);
        self.sign_in_again(now);
    }

    /// Another server has taken the place of one that did not answer.
    pub(crate) fn link_moved(&mut self, now: Now, key: [u8; 32], handshake_hash: [u8; 32]) {
        // Who was told that nobody answers is told that somebody does.
        let is_told = std::mem::take(&mut self.env.link.is_silent);
        self.env.link.is_moving = !is_told;
        self.session_lost(now);
        self.waiting_lost();
        self.link_up(now, key, handshake_hash);
    }

    /// The link is lost; with it the session of the signed-in user, if there is a reason for its end.
    pub(crate) fn link_lost(&mut self, now: Now, reason: &str, ended: Option<EndReason>) {
        self.env.link.is_silent = false;
        self.session_lost(now);
        if !std::mem::take(&mut self.env.link.is_server_stopping) {
            self.env.effects.show(
                Tone::Notice,
                format!(
                    "connection to {} lost ({reason}); reconnecting",
                    self.env.options.server_name
                ),
            );
        }
        let ended = ended.map(SignOutReason::Ended);
        if ended.is_some() {
            if self.signed_in.is_some() {
                self.handle_sign_out(ended);
            }
            self.sign_in.link_lost(&mut self.env);
        } else {
            self.waiting_lost();
        }
    }

    fn session_lost(&mut self, now: Now) {
        self.env.link.peer = None;
        self.env.effects.drop_messages();
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.link_lost(now, &mut self.env.effects);
        }
    }

    /// What waited for an answer in the session that is lost waits in vain.
    fn waiting_lost(&mut self) {
        self.step_up.link_lost(&mut self.env);
        self.sign_in.link_lost(&mut self.env);
    }

    /// The server has not answered for a while.
    pub(crate) fn link_silent(&mut self, text: &str) {
        self.show(Tone::Notice, text);
        self.env.link.is_silent = true;
        // A script waits: its commands follow each other.
        let is_interactive = self.script.is_none();
        if let Some(signed_in) = self.signed_in.as_mut().filter(|_| is_interactive) {
            signed_in.shared.session.is_silent = true;
        }
    }

    /// The server has answered again, in the same session.
    pub(crate) fn link_awake(&mut self, now: Now, text: &str) {
        self.show(Tone::Notice, text);
        self.env.link.is_silent = false;
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.on_active(now, &mut self.env.effects);
        }
    }

    /// Follows how long a script's server is away, and gives it up in the end.
    pub(super) fn watch_server(&mut self, now: Now) {
        let view = self.session_view(now);
        let Some(script) = self.script.as_mut().filter(|_| self.ending.end.is_none()) else {
            return;
        };
        let late = script.watch_server(now.instant, &view);
        if let Some(signed_in) = self.signed_in.as_mut().filter(|_| !view.is_server_away) {
            signed_in.on_active(now, &mut self.env.effects);
        }
        match (late, &mut self.signed_in) {
            (None, _) => {}
            // What needs the server fails at once from here on.
            (Some(Late::Server), Some(signed_in)) => signed_in.shared.session.is_silent = true,
            // What its input holds is carried out, as far as that needs no server.
            (Some(_), Some(signed_in)) if script.gives_up() => {
                signed_in.shared.session.is_silent = true;
            }
            (Some(_), _) => self.give_up_offline(),
        }
    }

    /// A script has waited long enough for a server that it never met. What it has written is kept; what an earlier run wrote is
    /// no failure of this one.
    pub(super) fn give_up_offline(&mut self) {
        let (name, seconds) = (
            &self.env.options.server_name,
            self.env.options.program.timeout.as_secs(),
        );
        let text = if self.env.link.is_greeted {
            format!("no sign-in at {name} within {seconds} s\nhint: --timeout SECONDS waits longer")
        } else {
            self.unreachable(&format!(" within {seconds} s"))
        };
        let has_written = |signed_in: &SignedIn| {
            let mut unsent = signed_in.parts.sender.unsent();
            unsent.any(|(line, ..)| line.is_some())
        };
        if self.signed_in.as_ref().is_some_and(has_written) {
            // The next step is told with what was not sent.
            self.show(Tone::Error, text.lines().next().unwrap_or_default());
            // That there was no server is why the messages wait, too.
            self.env.effects.uncount(Fault::Unreachable);
            self.exit_now(Exit::Quit);
        } else {
            self.finish(End::Unreachable(text));
        }
    }

    /// The server's name was resolved.
    pub(crate) const fn resolved(&mut self) {
        self.env.link.is_resolved = true;
    }

    /// Why nobody was reached; and what was `heard` instead, if anything.
    pub(crate) fn unreachable(&self, heard: &str) -> String {
        let name = &self.env.options.server_name;
        if self.env.link.is_resolved {
            render::unreachable(name, heard)
        } else {
            render::unresolved(name, heard)
        }
    }

    /// The first attempt takes its time.
    pub(crate) fn link_slow(&mut self) {
        if self.offline == Offline::Told {
            return;
        }
        let name = &self.env.options.server_name;
        let text = if self.env.link.is_resolved {
            format!("no answer from {name} yet; still trying")
        } else {
            format!("{name} is not resolved yet; still trying")
        };
        self.show(Tone::Notice, &text);
    }

    /// Where the server says that others can take its place, if it has said it since this was last asked.
    pub(crate) fn take_others(&mut self) -> Option<Vec<SocketAddr>> {
        self.env.effects.take_others()
    }

    /// Whether others are known that can take the server's place.
    pub(crate) const fn note_others(&mut self, has_others: bool) {
        self.env.link.has_others = has_others;
    }

    /// What is asked of the link.
    pub(crate) const fn requests(&mut self) -> &mut LinkRequests {
        &mut self.env.link.requests
    }

    /// Shows the link, or that there is none, and since when the user has been signed in.
    pub(crate) fn show_status(&mut self, now: Now, status: Option<LinkStatus>) {
        match status {
            Some(status) => {
                for line in status::lines(&self.env.options.server_name, &status) {
                    self.show(Tone::Plain, &line);
                }
            }
            None => self.show(Tone::Plain, "not connected; trying again"),
        }
        let line = match (&self.signed_in, self.env.link.seen_as) {
            (None, _) => "not signed in".to_owned(),
            (Some(signed_in), seen_as) => {
                let since = now
                    .instant
                    .saturating_duration_since(signed_in.shared.me.signed_in_at);
                let seen_as = seen_as.map(|address| format!("; the server sees {address}"));
                format!(
                    "signed in as {} for {}{}",
                    signed_in.shared.me.name,
                    status::lasting(since),
                    seen_as.unwrap_or_default()
                )
            }
        };
        self.show(Tone::Plain, &line);
    }
}
