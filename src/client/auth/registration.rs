//! The opening of an account, and the setting of a password by a code of the operator: the new password, and OPAQUE's
//! registration.
//!
//! A code is asked for, or comes from a file: a word of a command would stay in a history. The server says of a first half
//! whether an account of this name may be opened, or whether the code is good; one with a random password is sent before any
//! is asked for, as with a login.

use rand_core::RngCore;
use serde_bytes::ByteBuf;
use zeroize::Zeroizing;

use super::opaque::SignUpBegun;
use super::{Context, NO_PASSWORD, Progress, SignIn, Step, TRIES_MAX, Way, given_up};
use crate::client::env::Tone;
use crate::client::password::Password;
use crate::client::ui::render;
use crate::client::ui::time::Clock;
use crate::protocol::{
    Bytes, ClientBody, Enrol, EnrolAnswer, EnrolFinish, Failure, SignUp, SignUpAnswer, SignUpFinish,
};
use crate::text::enrolment_code::{BadCode, EnrolmentCode};

/// A script has none, and cannot be asked.
const NO_CODE: &str =
    "a code is needed, and nobody is asked here\nhint: give it with --code-file FILE";

/// What a user is told whose password was set by a code since this device last signed in: it may have been somebody else.
pub(in crate::client) fn reset_notice(clock: Clock<'_>, time_ms: u64) -> String {
    let when = clock.show_whole(time_ms);
    format!(
        "the operator has issued a code with which the password of this account was set on {when}; if that was not you, ask them"
    )
}

impl SignIn {
    /// Begins to open an account by name, or by asking for one.
    pub(in crate::client) fn begin_sign_up(
        name: Option<&str>,
        password: Option<Password>,
        context: &mut Context<'_>,
    ) -> (Self, Progress) {
        Self::begin_by(Way::SignUp, name, password, context)
    }

    /// Begins with a code, by name or by asking for one.
    pub(in crate::client) fn begin_enrolment(
        name: Option<&str>,
        code: Option<EnrolmentCode>,
        password: Option<Password>,
        context: &mut Context<'_>,
    ) -> (Self, Progress) {
        Self::begin_by(Way::Enrol(code), name, password, context)
    }

    /// The name is known: with the password that was given, or after asking whether the name is free, or the code good.
    pub(super) fn register(&mut self, context: &mut Context<'_>) -> Progress {
        if matches!(self.way, Way::Enrol(None)) {
            if !context.is_interactive {
                return given_up(NO_CODE);
            }
            self.wait_for_user(Step::Code);
            return Progress::Going;
        }
        if let Some(password) = &self.password {
            return match password.check_new() {
                Ok(()) => self.register_with_password(context),
                Err(error) => given_up(error.to_string()),
            };
        }
        if !context.is_interactive {
            return given_up(NO_PASSWORD);
        }
        let mut guess = Zeroizing::new([0; 32]);
        context.random.fill_bytes(&mut *guess);
        self.begin_registration(&*guess, true, context)
    }

    /// Something was typed for a code.
    pub(super) fn answer_code(&mut self, answer: &str, context: &mut Context<'_>) -> Progress {
        if let Ok(code) = answer.parse() {
            self.way = Way::Enrol(Some(code));
            return self.register(context);
        }
        context.effects.show(Tone::Error, BadCode.to_string());
        self.tries += 1;
        if self.tries >= TRIES_MAX {
            return self.given_up_early("no code given");
        }
        Progress::Going
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
            return self.register_with_password(context);
        }
        context.effects.show(Tone::Error, "passwords do not match");
        self.password = None;
        self.step = Step::NewPassword;
        Progress::Going
    }

    fn register_with_password(&mut self, context: &mut Context<'_>) -> Progress {
        let password = self.password.clone().unwrap_or_default();
        self.begin_registration(password.as_bytes(), false, context)
    }

    /// Asks the server with the first half of a registration. That of a guess is never finished: its answer says whether
    /// there is a password to ask for.
    fn begin_registration(
        &mut self,
        password: &[u8],
        is_guess: bool,
        context: &mut Context<'_>,
    ) -> Progress {
        let (begun, request) = match SignUpBegun::new(context.random, password) {
            Ok(begun) => begun,
            Err(error) => return given_up(error.to_string()),
        };
        let name = self.name.clone();
        match &self.way {
            Way::Enrol(None) => return given_up(NO_CODE),
            Way::Enrol(Some(code)) => {
                let code = Bytes(code.bytes());
                let body = Enrol {
                    name,
                    code,
                    request,
                };
                let step = if is_guess {
                    Step::AskCode
                } else {
                    Step::Enrol(begun)
                };
                self.request(step, body, context);
            }
            Way::LogIn | Way::SignUp => {
                let step = if is_guess {
                    Step::AskName
                } else {
                    Step::SignUp(begun)
                };
                self.request(step, SignUp { name, request }, context);
            }
        }
        Progress::Going
    }

    /// Sends the second half, after this answer, and waits in this step.
    fn finish_registration<B: Into<ClientBody>>(
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

    pub(super) fn finish_enrolment(
        &mut self,
        begun: SignUpBegun,
        answer: &EnrolAnswer,
        context: &mut Context<'_>,
    ) -> Progress {
        let body = |upload| EnrolFinish { upload };
        self.finish_registration(begun, &answer.response, body, Step::EnrolFinish, context)
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
}
