//! The sign-in as a state machine: by ticket where there is one, else by password, with the offer of an account
//! where there is none.
//!
//! Each step either asks the user something or waits for the server; which of both says [`SignIn::question`].
//! A name that has never signed in from this device is first tried with a random password, so that the offer of
//! an account comes before any password is asked for.

mod attempts;
pub mod opaque;
mod password;
mod registration;
pub mod step_up;

use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

use super::account::ctx::pending::ANSWER_WAIT;
use super::effects::Effects;
use super::env::{Files, Tone};
use super::name::canonical;
use super::password::Password;
use super::storage::{Identity, State};
use super::ui::prompt::{Question, yes};
use super::ui::render;
use crate::protocol::opaque::KeyStretching;
use crate::protocol::{
    ClientBody, Command, ErrorCode, Failure, Message, Resume, ServerBody, ServerMessage,
    SessionStart,
};
use crate::text::enrolment_code::EnrolmentCode;
use crate::transport::{Channel, Now};
pub(super) use attempts::Attempts;
use opaque::{LoginBegun, SignUpBegun};
pub(super) use registration::reset_notice;

/// How often a password may be tried before the user is back at the prompt. As login(1) has it.
const TRIES_MAX: u32 = 3;

/// How often a sign-in without a user waits out a server that wants fewer attempts, and for how long at most.
/// Chosen so that a script ends within minutes.
const PAUSES_MAX: u32 = 5;
const PAUSE_MAX: Duration = Duration::from_mins(1);

/// What a sign-in needs of the client around it.
pub(super) struct Context<'a> {
    pub(super) now: Now,
    pub(super) server_key: [u8; 32],
    pub(super) handshake_hash: [u8; 32],
    pub(super) files: &'a mut dyn Files,
    pub(super) random: &'a mut ChaCha20Rng,
    pub(super) attempts: &'a mut Attempts,
    pub(super) effects: &'a mut Effects,
    pub(super) key_stretching: KeyStretching,
    pub(super) is_interactive: bool,
}

/// Where a sign-in has got to.
pub(super) enum Progress {
    Going,
    /// The user is signed in; with the device's tables, unless it was a reconnection.
    SignedIn(SessionStart, Option<Box<State>>),
    /// The server has not answered in time, and may still: only another session is sure to be signed out.
    TimedOut(String),
    /// It is over without success. `refused` tells the server's no from a failure.
    GivenUp {
        text: String,
        /// Whether the server said no.
        refused: bool,
    },
}

/// A script has none, and cannot be asked.
const NO_PASSWORD: &str = "a password is needed, and nobody is asked here\nhint: give it with --password-file FILE; a client that runs keeps its sign-in to itself, so that another one beside it needs the password";

enum Step {
    Name,
    Resume,
    Probe,
    Password,
    Login(Box<LoginBegun>),
    Finish,
    OfferSignUp,
    NewPassword,
    RepeatPassword,
    SignUp(SignUpBegun),
    SignUpFinish,
    Pause(Instant),
    /// Whether the name is free, before a password is asked for.
    AskName,
    /// A code of the operator is asked for.
    Code,
    /// Whether it is good, before a password is asked for.
    AskCode,
    Enrol(SignUpBegun),
    EnrolFinish,
}

/// What is wanted of the server before a login.
enum Way {
    /// Nothing; an account is offered where there is none.
    LogIn,
    /// An account is to be opened, whatever there is.
    SignUp,
    /// The user has a code of the operator, which may have to be asked for.
    Enrol(Option<EnrolmentCode>),
}

pub(super) struct SignIn {
    step: Step,
    name: String,
    way: Way,
    /// Whether the name was asked for, so that it can be asked for again.
    asks_name: bool,
    /// The only account that has a device here: an empty answer to the question for a name is this one.
    offered: Option<String>,
    password: Option<Password>,
    identity: Option<Identity>,
    state: Option<Box<State>>,
    is_reconnection: bool,
    /// The ticket was refused, and the user is asked for the password.
    asks_again: bool,
    /// Why the server has said no at last.
    refusal: Option<ErrorCode>,
    tries: u32,
    pauses: u32,
    /// How often the server knew a later attempt.
    outrun: u32,
    due: Option<Instant>,
}

impl SignIn {
    fn new(password: Option<Password>) -> Self {
        Self {
            step: Step::Name,
            name: String::new(),
            way: Way::LogIn,
            asks_name: false,
            offered: None,
            password,
            identity: None,
            state: None,
            is_reconnection: false,
            asks_again: false,
            refusal: None,
            tries: 0,
            pauses: 0,
            outrun: 0,
            due: None,
        }
    }

    /// Begins by name, or by asking for one.
    pub(super) fn begin(
        name: Option<&str>,
        password: Option<Password>,
        context: &mut Context<'_>,
    ) -> (Self, Progress) {
        let (mut sign_in, progress) = Self::begin_by(Way::LogIn, name, password, context);
        if sign_in.asks_name {
            let mut names = context.files.accounts(&context.server_key);
            sign_in.offered = names.pop().filter(|_| names.is_empty());
        }
        (sign_in, progress)
    }

    fn begin_by(
        way: Way,
        name: Option<&str>,
        password: Option<Password>,
        context: &mut Context<'_>,
    ) -> (Self, Progress) {
        let mut sign_in = Self {
            way,
            asks_name: name.is_none(),
            ..Self::new(password)
        };
        let progress = name.map_or(Progress::Going, |name| sign_in.named(name, context));
        (sign_in, progress)
    }

    /// Begins again for a user who was signed in when the link was lost.
    pub(super) fn again(
        identity: Identity,
        password: Option<Password>,
        context: &mut Context<'_>,
    ) -> (Self, Progress) {
        let mut sign_in = Self {
            name: identity.name.clone(),
            identity: Some(identity),
            is_reconnection: true,
            ..Self::new(password)
        };
        let progress = sign_in.resume_or_login(context);
        (sign_in, progress)
    }

    /// Whether it is for a user who was signed in when the link was lost.
    pub(super) const fn is_reconnection(&self) -> bool {
        self.is_reconnection
    }

    /// Whether the user is asked for the password of a session that they believed to go on.
    pub(super) const fn asks_again(&self) -> bool {
        self.asks_again
    }

    /// Of whom it is, as typed.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether no sign-in to this account will ever succeed.
    pub(super) const fn is_account_deleted(&self) -> bool {
        matches!(self.refusal, Some(ErrorCode::AccountDeleted))
    }

    /// What the user is to be asked now.
    pub(super) fn question(&self) -> Option<(Question, String)> {
        Some(match self.step {
            Step::Name => match &self.offered {
                Some(name) => (Question::Name, format!("username [{name}]: ")),
                None => (Question::Name, "username: ".into()),
            },
            Step::Code => (Question::Code, "code: ".into()),
            Step::Password => (Question::Password, "password: ".into()),
            Step::OfferSignUp => (
                Question::SignUp,
                format!("No account \"{}\" here. Sign up? [Y/n] ", self.name),
            ),
            Step::NewPassword => (Question::NewPassword, render::new_password()),
            Step::RepeatPassword => (Question::RepeatPassword, "repeat password: ".into()),
            _ => return None,
        })
    }

    /// Whether it waits for what the server says to a ticket.
    pub(super) const fn is_by_ticket(&self) -> bool {
        matches!(self.step, Step::Resume)
    }

    /// Whether the server has been asked something that it has not answered.
    pub(super) const fn waits_for_server(&self) -> bool {
        self.due.is_some()
    }

    /// When [`SignIn::handle_timeout`] wants to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.step {
            Step::Pause(until) => Some(until),
            _ => self.due,
        }
    }

    /// The user has answered the question.
    pub(super) fn handle_answer(
        &mut self,
        answer: Zeroizing<String>,
        context: &mut Context<'_>,
    ) -> Progress {
        match self.step {
            Step::Name if answer.trim().is_empty() => match self.offered.take() {
                Some(name) => self.named(&name, context),
                None => self.given_up_early("no user name given"),
            },
            Step::Name => self.named(&answer, context),
            Step::Code => self.answer_code(&answer, context),
            Step::Password => self.answer_password(&answer, context),
            Step::NewPassword => self.new_password(&answer, context),
            Step::OfferSignUp if yes(&answer, true) => {
                self.step = Step::NewPassword;
                Progress::Going
            }
            Step::OfferSignUp => given_up("no account was created"),
            Step::RepeatPassword => self.repeat_password(&answer, context),
            _ => Progress::Going,
        }
    }

    /// The server has said something on the control channel.
    pub(super) fn handle_message(
        &mut self,
        message: ServerMessage,
        context: &mut Context<'_>,
    ) -> Progress {
        if message.header.command == Command::Hello {
            // It was said together with a ticket that is refused; that has been heard before.
            return Progress::Going;
        }
        let step = std::mem::replace(&mut self.step, Step::Finish);
        match (step, message.body) {
            (Step::Resume | Step::Finish, ServerBody::SessionStart(start)) => {
                Progress::SignedIn(start, self.state.take())
            }
            (Step::Probe, ServerBody::LoginAnswer(_)) => {
                self.wait_for_user(Step::Password);
                Progress::Going
            }
            (Step::Login(begun), ServerBody::LoginAnswer(answer)) => {
                self.finish_login(*begun, &answer, context)
            }
            (Step::SignUp(begun), ServerBody::SignUpAnswer(answer)) => {
                self.finish_sign_up(begun, &answer, context)
            }
            (Step::AskName, ServerBody::SignUpAnswer(_))
            | (Step::AskCode, ServerBody::EnrolAnswer(_)) => {
                self.wait_for_user(Step::NewPassword);
                Progress::Going
            }
            (Step::SignUpFinish, ServerBody::SignedUp(_))
            | (Step::EnrolFinish, ServerBody::Enrolled(_)) => self.log_in(context),
            (Step::Enrol(begun), ServerBody::EnrolAnswer(answer)) => {
                self.finish_enrolment(begun, &answer, context)
            }
            (step, ServerBody::Failure(failure)) => {
                self.step = step;
                if self.question().is_some() || matches!(self.step, Step::Pause(_)) {
                    return Progress::Going;
                }
                self.refused(&failure, context)
            }
            (step, _) => {
                self.step = step;
                Progress::Going
            }
        }
    }

    /// A moment has come that [`SignIn::deadline`] named.
    pub(super) fn handle_timeout(&mut self, context: &mut Context<'_>) -> Progress {
        match self.deadline() {
            Some(due) if due <= context.now.instant => {}
            _ => return Progress::Going,
        }
        if matches!(self.step, Step::Pause(_)) {
            return match self.way {
                Way::LogIn => self.resume_or_login(context),
                Way::SignUp | Way::Enrol(_) => self.register(context),
            };
        }
        self.due = None;
        Progress::TimedOut(format!(
            "no answer from the server for {} s; try `/login` again",
            ANSWER_WAIT.as_secs()
        ))
    }

    /// The name is known: by ticket, if this device has one for it.
    fn named(&mut self, name: &str, context: &mut Context<'_>) -> Progress {
        name.trim().clone_into(&mut self.name);
        if !matches!(self.way, Way::LogIn) {
            return self.register(context);
        }
        let canonical = canonical(name);
        if context.files.has_device(&context.server_key, &canonical)
            && let Err(progress) = self.open(&canonical, context)
        {
            return progress;
        }
        self.resume_or_login(context)
    }

    fn open(&mut self, canonical: &str, context: &mut Context<'_>) -> Result<(), Progress> {
        let failed = |text: String| Progress::GivenUp {
            text,
            refused: false,
        };
        // What is open is closed first: one process holds a device's database once.
        self.state = None;
        let database = context
            .files
            .open_device(&context.server_key, canonical)
            .map_err(|error| failed(format!("{error:#}")))?;
        let state = State::open(database).map_err(|error| failed(error.to_string()))?;
        self.identity = state.identity().cloned();
        self.state = Some(Box::new(state));
        Ok(())
    }

    fn resume_or_login(&mut self, context: &mut Context<'_>) -> Progress {
        if let Some(Identity {
            account,
            device: Some(device),
            ticket: Some(ticket),
            ..
        }) = &self.identity
        {
            let resume = Resume {
                account: *account,
                device: *device,
                ticket: ticket.clone(),
                attempt: context.attempts.next(context.now.unix_ms),
            };
            self.request(Step::Resume, resume, context);
            return Progress::Going;
        }
        self.by_password(context)
    }

    /// The server has said no.
    fn refused(&mut self, failure: &Failure, context: &mut Context<'_>) -> Progress {
        match (failure.code, &self.step) {
            (ErrorCode::TicketRefused, Step::Resume) => self.by_password(context),
            (ErrorCode::EarlierAttempt, Step::Resume | Step::Finish) if self.outrun == 0 => {
                self.try_later_attempt(failure, context)
            }
            (ErrorCode::NoSuchUser, Step::Probe | Step::Login(_))
                if context.is_interactive && !self.is_reconnection =>
            {
                self.password = None;
                self.wait_for_user(Step::OfferSignUp);
                Progress::Going
            }
            (ErrorCode::LoginFailed, Step::Login(_) | Step::Finish) => self.wrong_password(context),
            (ErrorCode::TooManyAttempts | ErrorCode::Unavailable, _)
                if self.is_reconnection || !context.is_interactive =>
            {
                self.pause(failure, context)
            }
            (ErrorCode::NameTaken, _) => self.name_taken(failure, context),
            _ => self.not_this_name(failure.code, render::refusal(failure, &self.name), context),
        }
    }

    /// What was asked for is refused. If only another name is wanted, it is asked for again.
    fn not_this_name(
        &mut self,
        code: ErrorCode,
        text: String,
        context: &mut Context<'_>,
    ) -> Progress {
        let is_name = matches!(
            code,
            ErrorCode::BadName
                | ErrorCode::NameTaken
                | ErrorCode::NameLooksLike
                | ErrorCode::AccountDeleted
        );
        self.refusal = Some(code);
        self.tries += 1;
        if !(is_name && self.asks_name && context.is_interactive) || self.tries >= TRIES_MAX {
            return given_up(text);
        }
        context.effects.show(Tone::Error, text);
        self.password = None;
        self.wait_for_user(Step::Name);
        Progress::Going
    }

    /// Waits before the next attempt, as the server wishes.
    fn pause(&mut self, failure: &Failure, context: &mut Context<'_>) -> Progress {
        let wait = Duration::from_millis(failure.wait_ms.unwrap_or(1_000).max(1));
        let text = render::refusal(failure, &self.name);
        if wait > PAUSE_MAX || self.pauses >= PAUSES_MAX {
            return Progress::GivenUp {
                text,
                refused: !self.is_reconnection,
            };
        }
        self.pauses += 1;
        context.effects.show(Tone::Notice, text);
        self.wait_for_user(Step::Pause(context.now.instant + wait));
        Progress::Going
    }

    /// The user has given up before anything was asked of the server.
    fn given_up_early(&self, why: &str) -> Progress {
        let command = match self.way {
            Way::LogIn => "login",
            Way::SignUp => "signup",
            Way::Enrol(_) => "enrol",
        };
        given_up(format!("{why}; `/{command}` to try again"))
    }

    /// Asks the server for something, and waits for the answer.
    fn request(&mut self, step: Step, body: impl Into<ClientBody>, context: &mut Context<'_>) {
        self.step = step;
        self.due = Some(context.now.instant + ANSWER_WAIT);
        context
            .effects
            .send(Channel::Control, &Message::control(body));
    }

    /// Waits for something else than the server.
    fn wait_for_user(&mut self, step: Step) {
        self.step = step;
        self.due = None;
    }
}

fn given_up(text: impl Into<String>) -> Progress {
    Progress::GivenUp {
        text: text.into(),
        refused: true,
    }
}
