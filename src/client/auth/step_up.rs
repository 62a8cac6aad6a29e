//! What a signed-in user changes of their account: the password, a device, the account's end. Whatever it is, the
//! password is proved for it on this session; that a ticket has signed it in is not enough.

use std::time::Instant;

use rand_core::RngCore;
use zeroize::Zeroizing;

use super::opaque::{CredentialsError, LoginBegun, SignUpBegun};
use super::{Context, NO_PASSWORD, TRIES_MAX};
use crate::client::account::ctx::pending::ANSWER_WAIT;
use crate::client::env::{Fault, Tone};
use crate::client::name::canonical;
use crate::client::password::{Password, PasswordError};
use crate::client::ui::prompt::Question;
use crate::client::ui::render;
use crate::protocol::{
    AccountChange, AccountChangeKind, AccountChanged, ChangeAccount, ClientBody, DeviceId, Failure,
    Message, Prove, ProveAnswer, ServerBody,
};
use crate::transport::Channel;

/// What is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Password,
    Revoke(DeviceId),
    Delete,
}

/// Where it has got to.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) enum StepUpProgress {
    Going,
    /// The answer has not come in time, and is shown when it comes.
    Late(String),
    Done(String),
    GivenUp(Fault, String),
}

enum Step {
    /// The user types their name, so that nothing is deleted by mistake.
    Confirm,
    OldPassword,
    /// Whether the old password is right, before a new one is asked for.
    Check(Box<LoginBegun>),
    NewPassword,
    RepeatPassword,
    Prove(Box<(LoginBegun, Option<SignUpBegun>)>),
    Change,
}

pub(in crate::client) struct StepUp {
    wish: Wish,
    user: String,
    step: Step,
    old: Option<Password>,
    new: Option<Password>,
    tries: u32,
    tag: u32,
    due: Option<Instant>,
    /// Whether the answer to the change itself is late. The session is reliable: it may come as long as that lives.
    is_late: bool,
}

impl StepUp {
    /// Begins, with the password where it is known from a file.
    pub(in crate::client) fn begin(
        wish: Wish,
        user: &str,
        password: Option<Password>,
        context: &mut Context<'_>,
    ) -> (Self, StepUpProgress) {
        let mut step_up = Self {
            wish,
            user: user.to_owned(),
            step: Step::OldPassword,
            old: password,
            new: None,
            tries: 0,
            tag: 0,
            due: None,
            is_late: false,
        };
        let progress = match wish {
            // A person must have meant it, and no script.
            Wish::Password | Wish::Delete if !context.is_interactive => {
                given_up("this takes a terminal, at which it can be asked about")
            }
            Wish::Delete => {
                let text = format!(
                    "This deletes the account {user} for good. Your messages stay with those who have them, you leave all \
                     rooms, and the name cannot be used again."
                );
                context.effects.show(Tone::Notice, text);
                step_up.step = Step::Confirm;
                StepUpProgress::Going
            }
            Wish::Revoke(_) if step_up.old.is_some() => step_up.prove(context),
            _ if !context.is_interactive => given_up(NO_PASSWORD),
            _ => StepUpProgress::Going,
        };
        (step_up, progress)
    }

    /// What the user is to be asked now.
    pub(in crate::client) fn question(&self) -> Option<(Question, String)> {
        Some(match self.step {
            Step::Confirm => (
                Question::Name,
                format!("type {} to delete the account: ", self.user),
            ),
            Step::OldPassword if self.wish == Wish::Password => {
                (Question::Password, "old password: ".into())
            }
            Step::OldPassword => (Question::Password, "password: ".into()),
            Step::NewPassword => (Question::NewPassword, render::new_password()),
            Step::RepeatPassword => (Question::RepeatPassword, "repeat password: ".into()),
            Step::Check(_) | Step::Prove(_) | Step::Change => return None,
        })
    }

    pub(in crate::client) const fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Whether nobody waits for its answer any longer.
    pub(in crate::client) const fn is_late(&self) -> bool {
        self.is_late
    }

    /// The user has answered the question.
    pub(in crate::client) fn handle_answer(
        &mut self,
        answer: &Zeroizing<String>,
        context: &mut Context<'_>,
    ) -> StepUpProgress {
        match self.step {
            Step::Confirm if canonical(answer) == self.user => {
                self.step = Step::OldPassword;
                StepUpProgress::Going
            }
            Step::Confirm => given_up("the account was not deleted"),
            Step::OldPassword => match Password::parse(answer) {
                Ok(password) => {
                    self.old = Some(password);
                    match self.wish {
                        Wish::Password => self.check(context),
                        _ => self.prove(context),
                    }
                }
                Err(error) => self.bad_password(error, context),
            },
            Step::NewPassword => match Password::parse_new(answer) {
                Ok(password) if self.old.as_ref() == Some(&password) => {
                    self.again("this is the old password", context)
                }
                Ok(password) => {
                    if let Some(hint) = password.hint() {
                        context.effects.show(Tone::Notice, hint);
                    }
                    self.new = Some(password);
                    self.step = Step::RepeatPassword;
                    StepUpProgress::Going
                }
                Err(error) => self.bad_password(error, context),
            },
            Step::RepeatPassword if self.new == Password::parse(answer).ok() => self.prove(context),
            Step::RepeatPassword => {
                self.new = None;
                self.step = Step::NewPassword;
                self.again("passwords do not match", context)
            }
            Step::Check(_) | Step::Prove(_) | Step::Change => StepUpProgress::Going,
        }
    }

    /// Whether the server answers with this body what was asked here.
    pub(in crate::client) const fn is_answer(&self, body: &ServerBody) -> bool {
        let tag = match body {
            ServerBody::ProveAnswer(answer) => Some(answer.tag),
            ServerBody::AccountChanged(changed) => Some(changed.tag),
            ServerBody::Failure(failure) => failure.tag,
            _ => None,
        };
        matches!(tag, Some(tag) if tag == self.tag) && (self.due.is_some() || self.is_late)
    }

    /// The server has answered.
    pub(in crate::client) fn handle_message(
        &mut self,
        body: ServerBody,
        context: &mut Context<'_>,
    ) -> StepUpProgress {
        self.due = None;
        self.is_late = false;
        match (std::mem::replace(&mut self.step, Step::Change), body) {
            (_, ServerBody::Failure(failure)) => self.refused(&failure),
            (Step::Check(begun), ServerBody::ProveAnswer(answer)) => {
                match self.finalization(*begun, &answer, context) {
                    Ok(_) => {
                        self.step = Step::NewPassword;
                        StepUpProgress::Going
                    }
                    Err(error) => self.not_proved(error, context),
                }
            }
            (Step::Prove(begun), ServerBody::ProveAnswer(answer)) => {
                self.change(*begun, &answer, context)
            }
            (Step::Change, ServerBody::AccountChanged(changed)) => {
                StepUpProgress::Done(self.done(&changed))
            }
            _ => given_up("the server's answer is not to what was asked"),
        }
    }

    /// The answer has not come until [`StepUp::deadline`].
    pub(in crate::client) fn time_out(&mut self) -> StepUpProgress {
        self.due = None;
        self.is_late = matches!(self.step, Step::Change);
        if self.is_late {
            StepUpProgress::Late(self.unanswered())
        } else {
            StepUpProgress::GivenUp(Fault::Unreachable, self.unanswered())
        }
    }

    /// What is known when the answer does not come, or the link is lost before it; nothing while no answer is waited for.
    pub(in crate::client) fn link_lost(&self) -> Option<String> {
        self.due.map(|_| self.unanswered())
    }

    fn unanswered(&self) -> String {
        match (&self.step, self.wish) {
            (Step::Change, Wish::Password) => {
                "no answer from the server: the password may be changed already; at the next sign-in try the new one first"
                    .into()
            }
            (Step::Change, Wish::Revoke(_)) => {
                "no answer from the server: the device may be revoked already; `/devices` tells".into()
            }
            (Step::Change, Wish::Delete) => {
                "no answer from the server: the account may be deleted already".into()
            }
            _ => "no answer from the server; nothing was changed".into(),
        }
    }

    /// Asks whether the old password is right. Nothing follows from the proof: another is begun for the change.
    fn check(&mut self, context: &mut Context<'_>) -> StepUpProgress {
        match self.begin_proof(None, context) {
            Ok((begun, request)) => {
                self.step = Step::Check(Box::new(begun));
                self.send(request, context);
                StepUpProgress::Going
            }
            Err(error) => given_up(error.to_string()),
        }
    }

    /// Proves the password, and begins to register the new one.
    fn prove(&mut self, context: &mut Context<'_>) -> StepUpProgress {
        let new = self.new.clone();
        let registration = new.map(|new| SignUpBegun::new(context.random, new.as_bytes()));
        let (registration, request) = match registration.transpose() {
            Ok(registration) => registration.unzip(),
            Err(error) => return given_up(error.to_string()),
        };
        match self.begin_proof(request, context) {
            Ok((begun, request)) => {
                self.step = Step::Prove(Box::new((begun, registration)));
                self.send(request, context);
                StepUpProgress::Going
            }
            Err(error) => given_up(error.to_string()),
        }
    }

    fn begin_proof(
        &mut self,
        registration: Option<serde_bytes::ByteBuf>,
        context: &mut Context<'_>,
    ) -> Result<(LoginBegun, Prove), CredentialsError> {
        // Another one than of an earlier proof, which may have been given up before its answer came.
        self.tag = context.random.next_u32();
        let old = self.old.clone().unwrap_or_default();
        let (begun, request) = LoginBegun::new(context.random, old.as_bytes())?;
        let prove = Prove {
            tag: self.tag,
            request,
            registration,
        };
        Ok((begun, prove))
    }

    fn finalization(
        &self,
        begun: LoginBegun,
        answer: &ProveAnswer,
        context: &mut Context<'_>,
    ) -> Result<serde_bytes::ByteBuf, CredentialsError> {
        let old = self.old.clone().unwrap_or_default();
        begun.finish(
            context.random,
            old.as_bytes(),
            &answer.response,
            &context.handshake_hash,
            context.key_stretching,
        )
    }

    /// The server has answered the first half of the proof: the second goes with what is to be changed.
    fn change(
        &mut self,
        (begun, registration): (LoginBegun, Option<SignUpBegun>),
        answer: &ProveAnswer,
        context: &mut Context<'_>,
    ) -> StepUpProgress {
        let finalization = match self.finalization(begun, answer, context) {
            Ok(finalization) => finalization,
            Err(error) => return self.not_proved(error, context),
        };
        let new = self.new.clone().unwrap_or_default();
        let upload = registration.map(|begun| {
            let response = answer.registration.as_ref();
            let response = response.ok_or(CredentialsError::Malformed)?;
            begun.finish(
                context.random,
                new.as_bytes(),
                response,
                context.key_stretching,
            )
        });
        let upload = match upload.transpose() {
            Ok(upload) => upload,
            Err(error) => return given_up(error.to_string()),
        };
        let (kind, device) = match self.wish {
            Wish::Password => (AccountChangeKind::Password, None),
            Wish::Revoke(device) => (AccountChangeKind::Revoke, Some(device)),
            Wish::Delete => (AccountChangeKind::Delete, None),
        };
        let change = AccountChange {
            kind,
            upload,
            device,
        };
        self.step = Step::Change;
        let tag = self.tag;
        let request = ChangeAccount {
            tag,
            finalization,
            change,
        };
        self.send(request, context);
        StepUpProgress::Going
    }

    fn send(&mut self, body: impl Into<ClientBody>, context: &mut Context<'_>) {
        self.due = Some(context.now.instant + ANSWER_WAIT);
        let message = Message::control(body);
        context.effects.send(Channel::Control, &message);
    }

    fn done(&self, changed: &AccountChanged) -> String {
        match (self.wish, changed.devices) {
            (Wish::Password, 0) => "the password is changed".into(),
            (Wish::Password, 1) => "the password is changed; 1 other device was signed out".into(),
            (Wish::Password, devices) => {
                format!("the password is changed; {devices} other devices were signed out")
            }
            (Wish::Revoke(device), _) => {
                format!("device {} is revoked: it asks for the password", device.0)
            }
            (Wish::Delete, _) => format!("the account {} is deleted", self.user),
        }
    }

    fn refused(&self, failure: &Failure) -> StepUpProgress {
        let subject = match self.wish {
            Wish::Revoke(device) => device.0.to_string(),
            Wish::Password | Wish::Delete => self.user.clone(),
        };
        let text = render::refusal(failure, &subject);
        StepUpProgress::GivenUp(Fault::of(failure.code), text)
    }

    fn not_proved(&mut self, error: CredentialsError, context: &mut Context<'_>) -> StepUpProgress {
        self.step = Step::OldPassword;
        self.old = None;
        match error {
            CredentialsError::Mismatch if !context.is_interactive => given_up("wrong password"),
            CredentialsError::Mismatch => self.again("wrong password", context),
            CredentialsError::Malformed => given_up(error.to_string()),
        }
    }

    fn bad_password(&mut self, error: PasswordError, context: &mut Context<'_>) -> StepUpProgress {
        self.again(&error.to_string(), context)
    }

    /// Says what was wrong with an answer, and asks again unless it was the last try.
    fn again(&mut self, why: &str, context: &mut Context<'_>) -> StepUpProgress {
        context.effects.show(Tone::Error, why);
        self.tries += 1;
        if self.tries >= TRIES_MAX {
            return given_up("nothing was changed");
        }
        StepUpProgress::Going
    }
}

fn given_up(text: impl Into<String>) -> StepUpProgress {
    StepUpProgress::GivenUp(Fault::Failed, text.into())
}
