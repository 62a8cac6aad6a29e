//! The part of a sign-in that needs a password: OPAQUE's login.

use rand_core::RngCore;
use zeroize::Zeroizing;

use super::opaque::{CredentialsError, LoginBegun};
use super::{Context, NO_PASSWORD, Progress, SignIn, Step, TRIES_MAX, given_up};
use crate::client::env::Tone;
use crate::client::name::canonical;
use crate::client::password::{Password, PasswordError};
use crate::client::ui::render;
use crate::protocol::{Login, LoginAnswer, LoginFinish};

impl SignIn {
    /// By password: the one that was given, or one that is asked for.
    pub(super) fn by_password(&mut self, context: &mut Context<'_>) -> Progress {
        if self.password.is_some() {
            return self.log_in(context);
        }
        if !context.is_interactive {
            return given_up(if self.is_reconnection {
                "signed out: the earlier sign-in is no longer valid; `/login` again"
            } else {
                NO_PASSWORD
            });
        }
        if self.is_reconnection {
            // A prompt is open already, and what is typed at it is not lost.
            let text = "the earlier sign-in is no longer valid; Enter asks for the password";
            context.effects.show(Tone::Notice, text);
            self.asks_again = true;
        }
        if self.identity.is_some() {
            self.wait_for_user(Step::Password);
            return Progress::Going;
        }
        let mut guess = Zeroizing::new([0; 32]);
        context.random.fill_bytes(&mut *guess);
        self.begin_login(&*guess, |_| Step::Probe, context)
    }

    /// A password was typed for a login.
    pub(super) fn answer_password(&mut self, answer: &str, context: &mut Context<'_>) -> Progress {
        match Password::parse(answer) {
            Ok(password) => {
                self.password = Some(password);
                self.log_in(context)
            }
            Err(error) => self.bad_password(error, context),
        }
    }

    /// What was typed can be no password, or no new one.
    pub(super) fn bad_password(
        &mut self,
        error: PasswordError,
        context: &mut Context<'_>,
    ) -> Progress {
        context.effects.show(Tone::Error, error.to_string());
        self.tries += 1;
        if self.tries >= TRIES_MAX {
            return self.given_up_early("no password given");
        }
        Progress::Going
    }

    pub(super) fn log_in(&mut self, context: &mut Context<'_>) -> Progress {
        let password = self.password.clone().unwrap_or_default();
        let step = |begun| Step::Login(Box::new(begun));
        self.begin_login(password.as_bytes(), step, context)
    }

    /// Asks the server with the first half of a login, and waits for its answer in the step that this makes.
    fn begin_login(
        &mut self,
        password: &[u8],
        step: impl FnOnce(LoginBegun) -> Step,
        context: &mut Context<'_>,
    ) -> Progress {
        match LoginBegun::new(context.random, password) {
            Ok((begun, request)) => {
                let name = self.name.clone();
                self.request(step(begun), Login { name, request }, context);
                Progress::Going
            }
            Err(error) => given_up(error.to_string()),
        }
    }

    pub(super) fn finish_login(
        &mut self,
        begun: LoginBegun,
        answer: &LoginAnswer,
        context: &mut Context<'_>,
    ) -> Progress {
        let password = self.password.clone().unwrap_or_default();
        let finished = begun.finish(
            context.random,
            password.as_bytes(),
            &answer.response,
            &context.handshake_hash,
            context.key_stretching,
        );
        let finalization = match finished {
            Ok(finalization) => finalization,
            Err(CredentialsError::Mismatch) => return self.wrong_password(context),
            Err(error) => return given_up(error.to_string()),
        };
        let is_open =
            self.is_reconnection || self.state.is_some() && canonical(&self.name) == answer.name;
        if !is_open && let Err(progress) = self.open(&answer.name, context) {
            return progress;
        }
        let device = self.identity.as_ref().and_then(|identity| identity.device);
        let finish = LoginFinish {
            finalization,
            device,
            attempt: context.attempts.next(context.now.unix_ms),
        };
        self.request(Step::Finish, finish, context);
        Progress::Going
    }

    pub(super) fn wrong_password(&mut self, context: &mut Context<'_>) -> Progress {
        self.password = None;
        self.tries += 1;
        if !context.is_interactive || self.tries >= TRIES_MAX {
            return given_up(render::LOGIN_FAILED);
        }
        context.effects.show(Tone::Error, render::LOGIN_FAILED);
        self.wait_for_user(Step::Password);
        Progress::Going
    }
}
