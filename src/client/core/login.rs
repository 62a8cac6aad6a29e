//! The way in: a trusted server is greeted, and a user is signed in, for the first time or again.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use zeroize::Zeroizing;

use super::Core;
use crate::client::account::SignedIn;
use crate::client::auth::{Context, Progress, SignIn};
use crate::client::env::{End, Names, Tone};
use crate::client::name::canonical;
use crate::client::storage::{State, StateError};
use crate::client::ui::render;
use crate::protocol::SessionStart;
use crate::transport::Now;

impl Core {
    /// The key is the right one: the user is greeted, and signed in if that was wished.
    pub(in crate::client) fn trusted(&mut self, now: Now) {
        if let Some(peer) = &mut self.peer {
            self.trusted_key = Some(peer.key);
            peer.is_trusted = true;
        }
        if self.is_greeted {
            let text = format!("{} is back", self.options.server_name);
            self.notice(&text);
        } else {
            self.is_greeted = true;
            self.effects.show(Tone::Plain, render::WELCOME);
        }
        let identity = self
            .signed_in
            .as_ref()
            .and_then(|signed_in| signed_in.state.identity().cloned());
        if let Some(identity) = identity {
            let password = self.password_of(&identity.name);
            let begun =
                self.with_context(now, |context| SignIn::again(identity, password, context));
            let by_ticket = matches!(&begun, Some((sign_in, _)) if sign_in.is_by_ticket());
            self.begun(now, begun);
            if let Some(signed_in) = self.signed_in.as_mut().filter(|_| by_ticket) {
                signed_in.send_hello_early(&mut self.effects);
            }
        } else if self.sign_in.is_none()
            && let Some(user) = self.pending_user.clone()
        {
            let password = self.password_of(&user);
            self.begin_sign_in(now, Some(&user), password);
        } else {
            self.offer_accounts();
        }
    }

    /// Has the tab key complete the users who have signed in here before.
    pub(in crate::client) fn offer_accounts(&mut self) {
        let key = self.trusted_key.as_ref();
        let users = key.map_or_else(Vec::new, |key| self.files.accounts(key));
        self.console.set_names(Names {
            users,
            ..Names::default()
        });
    }

    /// The password that was given for this user, and only for this one.
    fn password_of(&self, user: &str) -> Option<Zeroizing<String>> {
        let given_for = self.options.user.as_deref().map(canonical);
        let is_given = given_for == Some(canonical(user));
        self.options.password.clone().filter(|_| is_given)
    }

    /// Begins a sign-in, if there is anybody to speak to.
    pub(in crate::client) fn begin_sign_in(
        &mut self,
        now: Now,
        name: Option<&str>,
        password: Option<Zeroizing<String>>,
    ) {
        let begun = self.with_context(now, |context| SignIn::begin(name, password, context));
        if begun.is_none() {
            self.pending_user = name.map(str::to_owned);
            let text = match name {
                Some(_) => "not connected; signing in when the connection is back",
                None => "not connected; try again when the connection is back",
            };
            self.show(Tone::Notice, text);
        }
        self.begun(now, begun);
    }

    fn begun(&mut self, now: Now, begun: Option<(SignIn, Progress)>) {
        if let Some((sign_in, progress)) = begun {
            self.sign_in = Some(sign_in);
            self.progress(now, progress);
        }
    }

    /// Runs a step of a sign-in with what it needs; nothing without a trusted server.
    fn with_context<T>(&mut self, now: Now, step: impl FnOnce(&mut Context<'_>) -> T) -> Option<T> {
        let peer = self.peer.as_ref().filter(|peer| peer.is_trusted)?;
        let mut context = Context {
            now,
            server_key: peer.key,
            handshake_hash: peer.handshake_hash,
            files: &mut *self.files,
            random: &mut self.random,
            effects: &mut self.effects,
            key_stretching: self.options.key_stretching,
            is_interactive: self.console.is_interactive(),
        };
        Some(step(&mut context))
    }

    /// Runs a step of the sign-in that is going on.
    pub(super) fn step_sign_in(
        &mut self,
        now: Now,
        step: impl FnOnce(&mut SignIn, &mut Context<'_>) -> Progress,
    ) {
        let Some(mut sign_in) = self.sign_in.take() else {
            return;
        };
        let progress = self.with_context(now, |context| step(&mut sign_in, context));
        let progress = progress.unwrap_or_else(|| Progress::GivenUp {
            text: "not connected; `login` again when the connection is back".into(),
            refused: false,
        });
        self.sign_in = Some(sign_in);
        self.progress(now, progress);
    }

    fn progress(&mut self, now: Now, progress: Progress) {
        match progress {
            Progress::Going => {}
            Progress::SignedIn(start, state) => {
                self.sign_in = None;
                self.pending_user = None;
                if let Err(error) = self.signed_in(now, &start, state.map(|state| *state)) {
                    self.finish(End::Failed(error.to_string()));
                }
            }
            Progress::TimedOut(text) => {
                self.link_requests.reconnect = true;
                self.time_out_sign_in(text);
            }
            Progress::GivenUp { text, refused } => self.give_up_sign_in(text, refused),
        }
    }

    fn signed_in(
        &mut self,
        now: Now,
        start: &SessionStart,
        state: Option<State>,
    ) -> Result<(), StateError> {
        let state = match self.signed_in.take() {
            Some(mut signed_in) if signed_in.is_of(start) => {
                signed_in.start_session(start, &mut self.effects)?;
                self.signed_in = Some(signed_in);
                return Ok(());
            }
            Some(signed_in) => Some(signed_in.into_state()),
            None => state,
        };
        if let Some(state) = state {
            let offset = self.options.utc_offset_seconds;
            let mut seed = [0; 32];
            self.random.fill_bytes(&mut seed);
            let random = ChaCha20Rng::from_seed(seed);
            let signed_in = SignedIn::new(now, state, start, offset, random, &mut self.effects)?;
            self.signed_in = Some(signed_in);
        }
        Ok(())
    }
}
