//! A code of the operator: with it a user sets a password without the old one, or opens an account.
//!
//! The code is asked for, or comes from a file: a word of a command would stay in a history. The server says of it whether it
//! is good before any password is asked for, as with a sign-up.

use rand_core::RngCore;
use zeroize::Zeroizing;

use super::opaque::SignUpBegun;
use super::{Context, NO_PASSWORD, Progress, SignIn, Step, TRIES_MAX, Way, given_up};
use crate::client::env::Tone;
use crate::client::password::Password;
use crate::client::ui::time::Clock;
use crate::protocol::{Bytes, Enrol, EnrolAnswer, EnrolFinish};
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
    /// Begins with a code, by name or by asking for one.
    pub(in crate::client) fn begin_enrolment(
        name: Option<&str>,
        code: Option<EnrolmentCode>,
        password: Option<Password>,
        context: &mut Context<'_>,
    ) -> (Self, Progress) {
        let mut sign_in = Self {
            way: Way::Enrol,
            code,
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

    /// The name is known.
    pub(super) fn enrol(&mut self, context: &mut Context<'_>) -> Progress {
        if self.code.is_none() {
            if !context.is_interactive {
                return given_up(NO_CODE);
            }
            self.wait_for_user(Step::Code);
            return Progress::Going;
        }
        if let Some(password) = &self.password {
            return match password.check_new() {
                Ok(()) => self.begin_enrolling(context),
                Err(error) => given_up(error.to_string()),
            };
        }
        if !context.is_interactive {
            return given_up(NO_PASSWORD);
        }
        let mut guess = Zeroizing::new([0; 32]);
        context.random.fill_bytes(&mut *guess);
        self.ask_with_code(&*guess, |_| Step::AskCode, context)
    }

    /// Something was typed for a code.
    pub(super) fn answer_code(&mut self, answer: &str, context: &mut Context<'_>) -> Progress {
        if let Ok(code) = answer.parse() {
            self.code = Some(code);
            return self.enrol(context);
        }
        context.effects.show(Tone::Error, BadCode.to_string());
        self.tries += 1;
        if self.tries >= TRIES_MAX {
            return self.given_up_early("no code given");
        }
        Progress::Going
    }

    /// The password is known.
    pub(super) fn begin_enrolling(&mut self, context: &mut Context<'_>) -> Progress {
        let password = self.password.clone().unwrap_or_default();
        self.ask_with_code(password.as_bytes(), Step::Enrol, context)
    }

    /// Asks the server with the first half, and waits for its answer in the step that this makes.
    fn ask_with_code(
        &mut self,
        password: &[u8],
        step: impl FnOnce(SignUpBegun) -> Step,
        context: &mut Context<'_>,
    ) -> Progress {
        let Some(code) = &self.code else {
            return given_up(NO_CODE);
        };
        let code = Bytes(code.bytes());
        let body = |name, request| Enrol {
            name,
            code,
            request,
        };
        self.begin_registration(password, body, step, context)
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
}
