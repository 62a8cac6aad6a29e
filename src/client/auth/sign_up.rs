//! The opening of an account: whether the name is free, the new password, and OPAQUE's registration.
//!
//! The server says of a first half whether an account of this name may be opened; one with a random password is sent before
//! any is asked for, as with a login.

use rand_core::RngCore;
use serde_bytes::ByteBuf;
use zeroize::Zeroizing;

use super::opaque::SignUpBegun;
use super::{Context, NO_PASSWORD, Progress, SignIn, Step, Way, given_up};
use crate::client::env::Tone;
use crate::client::password::Password;
use crate::client::ui::render;
use crate::protocol::{ClientBody, Failure, SignUp, SignUpAnswer, SignUpFinish};

/// The first half of a sign-up.
const fn sign_up(name: String, request: ByteBuf) -> SignUp {
    SignUp { name, request }
}

impl SignIn {
    /// Begins to open an account by name, or by asking for one.
    pub(in crate::client) fn begin_sign_up(
        name: Option<&str>,
        password: Option<Password>,
        context: &mut Context<'_>,
    ) -> (Self, Progress) {
        let mut sign_in = Self {
            way: Way::SignUp,
            ..Self::new(password)
        };
        let progress = if let Some(name) = name {
            sign_in.named(name, context)
        } else {
            sign_in.asks_name = true;
            Progress::Going
        };
        (sign_in, progress)
    }

    /// The name is known: with the password that was given, or after asking whether the name is free.
    pub(super) fn open_account(&mut self, context: &mut Context<'_>) -> Progress {
        if let Some(password) = &self.password {
            return match password.check_new() {
                Ok(()) => self.sign_up(context),
                Err(error) => given_up(error.to_string()),
            };
        }
        if !context.is_interactive {
            return given_up(NO_PASSWORD);
        }
        let mut guess = Zeroizing::new([0; 32]);
        context.random.fill_bytes(&mut *guess);
        self.begin_registration(&*guess, sign_up, |_| Step::AskName, context)
    }

    /// A new password was typed for the first time.
    pub(super) fn new_password(&mut self, answer: &str, context: &mut Context<'_>) -> Progress {
        let password = match Password::parse_new(answer) {
            Ok(password) => password,
            Err(error) => return self.bad_password(error, context),
        };
        if let Some(hint) = password.hint() {
            context.effects.show(Tone::Notice, hint);
        }
        self.password = Some(password);
        self.step = Step::RepeatPassword;
        Progress::Going
    }

    /// It was typed again.
    pub(super) fn repeat_password(&mut self, answer: &str, context: &mut Context<'_>) -> Progress {
        if self.password == Password::parse(answer).ok() {
            return match self.way {
                Way::Enrol => self.begin_enrolling(context),
                _ => self.sign_up(context),
            };
        }
        context.effects.show(Tone::Error, "passwords do not match");
        self.password = None;
        self.step = Step::NewPassword;
        Progress::Going
    }

    fn sign_up(&mut self, context: &mut Context<'_>) -> Progress {
        let password = self.password.clone().unwrap_or_default();
        self.begin_registration(password.as_bytes(), sign_up, Step::SignUp, context)
    }

    /// Asks the server with the first half of a registration, and waits for its answer in the step that this makes.
    pub(super) fn begin_registration<B: Into<ClientBody>>(
        &mut self,
        password: &[u8],
        body: impl FnOnce(String, ByteBuf) -> B,
        step: impl FnOnce(SignUpBegun) -> Step,
        context: &mut Context<'_>,
    ) -> Progress {
        match SignUpBegun::new(context.random, password) {
            Ok((begun, request)) => {
                let body = body(self.name.clone(), request);
                self.request(step(begun), body, context);
                Progress::Going
            }
            Err(error) => given_up(error.to_string()),
        }
    }

    /// Sends the second half, after this answer, and waits in this step.
    pub(super) fn finish_registration<B: Into<ClientBody>>(
        &mut self,
        begun: SignUpBegun,
        response: &[u8],
        body: impl FnOnce(ByteBuf) -> B,
        step: Step,
        context: &mut Context<'_>,
    ) -> Progress {
        let password = self.password.clone().unwrap_or_default();
        let finished = begun.finish(
            context.random,
            password.as_bytes(),
            response,
            context.key_stretching,
        );
        match finished {
            Ok(upload) => {
                self.request(step, body(upload), context);
                Progress::Going
            }
            Err(error) => given_up(error.to_string()),
        }
    }

    pub(super) fn finish_sign_up(
        &mut self,
        begun: SignUpBegun,
        answer: &SignUpAnswer,
        context: &mut Context<'_>,
    ) -> Progress {
        let body = |upload| SignUpFinish { upload };
        self.finish_registration(begun, &answer.response, body, Step::SignUpFinish, context)
    }

    /// Somebody has the name.
    pub(super) fn name_taken(&mut self, failure: &Failure, context: &mut Context<'_>) -> Progress {
        let name = &self.name;
        let text = format!(
            "{}; if it is yours, `/login {name}`",
            render::refusal(failure, name)
        );
        self.not_this_name(failure.code, text, context)
    }

    /// The user has given up before anything was asked of the server.
    pub(super) fn given_up_early(&self, why: &str) -> Progress {
        let command = match self.way {
            Way::LogIn => "login",
            Way::SignUp => "signup",
            Way::Enrol => "enrol",
        };
        given_up(format!("{why}; `/{command}` to try again"))
    }
}
