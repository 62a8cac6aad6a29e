//! Signing up and in, and the tickets that devices sign in with afterwards.
//!
//! What a session has proved so far is kept here; once the store knows the device, the hub begins the session of its user.

pub mod change;
pub mod enrol;
pub mod log;
mod login_attempts;
pub mod opaque;
mod proofs;
mod revocations;
mod sign_up;
mod tickets;
pub mod uses;

use std::collections::BTreeMap;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::ctx::reply::{failure_of, too_many};
use super::ctx::requests::{Pending, RequestOrigin};
use super::ctx::{CONTROL, Ctx};
use super::names::{Name, NameError};
use super::policy::Registration;
use crate::protocol::{
    Command, DeviceId, ErrorCode, Failure, Login, LoginAnswer, LoginFinish, Message, Prove, Resume,
};
use crate::store::{Outcome, Read, Refusal, Reply, Request, Write};
use crate::transport::SessionId;
use enrol::PendingEnrolment;
use login_attempts::{Attempt, Claim, LoginAttempts};
use opaque::{OpaqueServer, PendingLogin, PendingSignUp};
use proofs::Proofs;
use revocations::Revocations;
pub use tickets::hash_ticket;
use tickets::{expiry, new_ticket};

/// The sign-ins of all sessions, and the tickets that are no longer good.
pub struct Auth {
    opaque: OpaqueServer,
    /// The public half of the endpoint's static key, to which tickets are bound.
    server_key: [u8; 32],
    rng: ChaCha20Rng,
    sign_ins: BTreeMap<SessionId, SignIn>,
    pub proofs: Proofs,
    pub revocations: Revocations,
}

/// The sign-in of one session. It lasts as long as the session, so it is kept small.
struct SignIn {
    /// Binds a login to this very session.
    handshake_hash: [u8; 32],
    /// Nothing before the first attempt, and after the user is signed in.
    progress: Option<Box<Progress>>,
}

/// How far a sign-in has come.
#[derive(Default)]
struct Progress {
    exchange: Option<Exchange>,
    /// Who the peer last said that it is.
    claim: Claim,
    attempts: LoginAttempts,
    /// It has brought a worthless ticket: no other one is looked at.
    has_failed_ticket: bool,
    /// An attempt of its was earlier than another one. Who is told that knows a number that is later.
    has_come_late: bool,
}

/// A password exchange of which the first half was answered.
enum Exchange {
    SignUp(Box<PendingSignUp>),
    Login(Box<PendingLogin>),
    Enrol(Box<PendingEnrolment>),
}

impl Auth {
    pub fn new(opaque: OpaqueServer, server_key: [u8; 32], seed: [u8; 32]) -> Self {
        Self {
            opaque,
            server_key,
            rng: ChaCha20Rng::from_seed(seed),
            sign_ins: BTreeMap::new(),
            proofs: Proofs::default(),
            revocations: Revocations::default(),
        }
    }

    /// A session has begun, on which nobody is signed in.
    pub fn connected(&mut self, id: SessionId, handshake_hash: [u8; 32]) {
        let sign_in = SignIn {
            handshake_hash,
            progress: None,
        };
        self.sign_ins.insert(id, sign_in);
    }

    /// A session is over.
    pub fn closed(&mut self, id: SessionId) {
        self.log_given_up(id);
        self.sign_ins.remove(&id);
    }

    /// The first half of a login.
    pub fn login(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: Login) {
        let command = Command::Login;
        self.claim(id, Claim::name(&body.name));
        let Some(name) = self.checked_name(ctx, id, command, Name::parse(&body.name)) else {
            return;
        };
        let Some(remote) = ctx.endpoint.remote(id) else {
            return;
        };
        let now = ctx.now.instant;
        if let Err(wait) = ctx.throttle.guess(now, name.canonical(), remote.ip()) {
            return self.throttle_reply(ctx, id, command, wait);
        }
        // Whoever could open an account learns that there can be none of this name before they have typed a password.
        let is_open = ctx.config.registration == Registration::Open;
        let request = Read::FindAccount {
            name: name.canonical().to_owned(),
            skeleton: is_open.then(|| name.skeleton().to_owned()),
        };
        let pending = Pending::LoginName {
            session: id,
            name,
            request: body.request.into_vec(),
        };
        self.submit_sign_in(ctx, id, command, pending, request);
    }

    pub fn on_login_account(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        name: &Name,
        request: &[u8],
        outcome: Outcome,
    ) {
        let command = Command::Login;
        let account = match outcome {
            Outcome::Done(Reply::Account(account)) => Some(account),
            // Where anybody may sign up, names are public: the sign-up question needs to know.
            Outcome::Refused(Refusal::NoSuchUser)
                if ctx.config.registration != Registration::Open =>
            {
                None
            }
            other => {
                let mut failure = failure_of(&other);
                if failure.code == ErrorCode::NoSuchUser
                    && let Err(error) = Name::parse_new(name.canonical())
                {
                    failure = Failure::new(ErrorCode::BadName, error.to_string());
                }
                self.reject_sign_in(ctx, id, command, failure);
                return ctx.unblock(id);
            }
        };
        if let Some(sign_in) = self.sign_ins.get_mut(&id) {
            let hash = sign_in.handshake_hash;
            let progress = sign_in.progress.get_or_insert_default();
            let begun = self
                .opaque
                .start_login(&mut self.rng, name, account, request, &hash);
            match begun {
                Ok((pending, response)) => {
                    progress.exchange = Some(Exchange::Login(Box::new(pending)));
                    if let Some(from) = ctx.endpoint.remote(id) {
                        let claim = progress.claim.clone();
                        progress.attempts.begin(Attempt { from, claim });
                    }
                    let answer = LoginAnswer {
                        response: response.into(),
                        name: name.spelling(),
                    };
                    ctx.respond(id, CONTROL, &Message::control(answer));
                }
                Err(error) => self.reject_malformed(ctx, id, command, error),
            }
        }
        ctx.unblock(id);
    }

    /// The second half of a login: the password is proved here, or not.
    pub fn login_finish(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: &LoginFinish) {
        let command = Command::LoginFinish;
        let Some(Exchange::Login(pending)) = self.take_exchange(id) else {
            let failure = Failure::new(ErrorCode::OutOfTurn, "no login has begun");
            return self.reject_sign_in(ctx, id, command, failure);
        };
        let finished = OpaqueServer::finish_login(*pending, &body.finalization);
        if let Some(progress) = self.progress(id) {
            let guess = match &finished {
                Some(_) => progress.attempts.prove(),
                None => progress.attempts.fail(),
            };
            if let Some(guess) = guess {
                log::not_completed(&guess);
            }
        }
        let Some(account) = finished else {
            let failure = Failure::new(ErrorCode::LoginFailed, "");
            return self.reject_sign_in(ctx, id, command, failure);
        };
        if let Some(remote) = ctx.endpoint.remote(id) {
            ctx.throttle.password_proved(&account.name, remote.ip());
        }
        // Before its device has another ticket: the one that it has is good again later.
        if let Some(ban) = ctx.account_ban(account.id) {
            let failure = Failure::new(ErrorCode::Banned, ban.to_string());
            return self.reject_sign_in(ctx, id, command, failure);
        }
        if let Some(device) = body.device {
            self.revocations.forget(account.id, device);
        }
        let ticket = new_ticket(&mut self.rng);
        // A device that the account does not have is given a new id, so the ticket cannot be bound to it yet;
        // it is bound to the account and the server's key, and the store files it under the device.
        let request = Write::Login {
            account: account.id,
            proved: account.credential_identifier,
            device: body.device,
            ticket: hash_ticket(&self.server_key, account.id, &ticket),
            expires_ms: expiry(ctx.now),
            attempt: body.attempt,
        };
        self.submit_sign_in(
            ctx,
            id,
            command,
            Pending::Device {
                session: id,
                ticket,
            },
            request,
        );
    }

    /// Signing in by ticket.
    pub fn resume_by_ticket(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: &Resume) {
        self.claim(id, Claim::Account(body.account));
        // Each session has one look, whatever others have done from the same network; the next takes a handshake.
        let has_failed = self.progress(id).is_none_or(|it| it.has_failed_ticket);
        if has_failed || self.revocations.is_revoked(body.account, body.device) {
            return self.reject_ticket(ctx, id);
        }
        // Only good tickets are charged to an account, and what it asks itself: so nobody else makes it wait.
        let now = ctx.now.instant;
        if let Some(wait) = ctx.budgets.time_to_resume(now, body.account) {
            return self.throttle_reply(ctx, id, Command::Resume, wait);
        }
        let successor = new_ticket(&mut self.rng);
        let request = Write::Resume {
            account: body.account,
            device: body.device,
            ticket: hash_ticket(&self.server_key, body.account, &body.ticket),
            successor: hash_ticket(&self.server_key, body.account, &successor),
            now_ms: ctx.now.unix_ms,
            expires_ms: expiry(ctx.now),
            attempt: body.attempt,
        };
        let pending = Pending::Resume {
            session: id,
            ticket: successor,
        };
        self.submit_sign_in(ctx, id, Command::Resume, pending, request);
    }

    /// A ticket is worthless: the network that it came from is charged for it.
    fn reject_ticket(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        if let Some(progress) = self.progress(id) {
            progress.has_failed_ticket = true;
        }
        if let Some(remote) = ctx.endpoint.remote(id) {
            let now = ctx.now.instant;
            ctx.throttle.ticket_refused(now, remote.ip());
        }
        let failure = Failure::new(ErrorCode::TicketRefused, "");
        self.reject_sign_in(ctx, id, Command::Resume, failure);
    }

    /// The device of a user is known, and their session begins.
    pub fn note_signed_in(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        command: Command,
        name: &str,
        device: DeviceId,
    ) {
        self.log_given_up(id);
        if let Some(sign_in) = self.sign_ins.get_mut(&id) {
            sign_in.progress = None;
        }
        if let Some(remote) = ctx.endpoint.remote(id) {
            let by = match command {
                Command::Resume => "ticket",
                _ => "password",
            };
            log::signed_in(name, remote, device, by);
            ctx.throttle.signed_in(name, remote.ip());
        }
    }

    /// The store does not know the device, or has not answered.
    pub fn on_device_not_opened(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        command: Command,
        outcome: &Outcome,
    ) {
        let progress = self.progress(id);
        match outcome {
            Outcome::Refused(Refusal::Attempt(_))
                if progress.is_some_and(|it| !std::mem::replace(&mut it.has_come_late, true)) =>
            {
                self.reject_sign_in(ctx, id, command, failure_of(outcome));
            }
            Outcome::Refused(refusal)
                if command == Command::Resume && !matches!(refusal, Refusal::Disabled(_)) =>
            {
                self.reject_ticket(ctx, id);
            }
            other => self.reject_sign_in(ctx, id, command, failure_of(other)),
        }
    }

    /// The account of a user who is to prove the password is known.
    pub fn on_prove_account(
        &mut self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        body: &Prove,
        outcome: &Outcome,
    ) {
        let sign_in = self.sign_ins.get(&origin.session);
        let handshake_hash = sign_in.map(|sign_in| sign_in.handshake_hash);
        let exchange = (&self.opaque, &mut self.rng, handshake_hash);
        change::on_prove_account(ctx, &mut self.proofs, exchange, (origin, body), outcome);
    }

    /// The name that was typed, if it can be one.
    fn checked_name(
        &self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        command: Command,
        name: Result<Name, NameError>,
    ) -> Option<Name> {
        match name {
            Ok(name) => Some(name),
            Err(error) => {
                let failure = Failure::new(ErrorCode::BadName, error.to_string());
                self.reject_sign_in(ctx, id, command, failure);
                None
            }
        }
    }

    fn submit_sign_in(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        command: Command,
        pending: Pending,
        request: impl Into<Request>,
    ) {
        if ctx.store.submit(pending, request) {
            if let Some(session) = ctx.sessions.get_mut(id) {
                session.busy = true;
            }
        } else {
            let failure = Failure::new(ErrorCode::Unavailable, "");
            self.reject_sign_in(ctx, id, command, failure);
        }
    }

    fn throttle_reply(&self, ctx: &mut Ctx<'_>, id: SessionId, command: Command, wait: Duration) {
        self.reject_sign_in(ctx, id, command, too_many(wait));
    }

    fn reject_malformed(
        &self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        command: Command,
        error: opaque::BadExchange,
    ) {
        let failure = Failure::new(ErrorCode::Malformed, error.to_string());
        self.reject_sign_in(ctx, id, command, failure);
    }

    /// Refuses, and logs it.
    pub fn reject_sign_in(
        &self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        command: Command,
        failure: Failure,
    ) {
        if let (Some(sign_in), Some(remote)) = (self.sign_ins.get(&id), ctx.endpoint.remote(id)) {
            let progress = sign_in.progress.as_ref();
            let claim = progress.map_or(&Claim::Nobody, |it| &it.claim);
            log::refused(command, failure.code, remote, claim);
        }
        ctx.send_error(id, CONTROL, command, failure);
    }

    /// What was begun on a session and not finished will not be.
    fn log_given_up(&mut self, id: SessionId) {
        let sign_in = self.sign_ins.get_mut(&id);
        if let Some(progress) = sign_in.and_then(|it| it.progress.as_mut()) {
            let given_up = progress.attempts.close();
            given_up.for_each(|attempt| log::not_completed(&attempt));
        }
    }

    /// The peer claims a name or account: a login that was begun before is given up.
    fn claim(&mut self, id: SessionId, claim: Claim) {
        if let Some(progress) = self.progress(id) {
            if let Some(attempt) = progress.attempts.give_up() {
                log::not_completed(&attempt);
            }
            progress.claim = claim;
        }
    }

    fn set_exchange(&mut self, id: SessionId, exchange: Exchange) {
        if let Some(progress) = self.progress(id) {
            progress.exchange = Some(exchange);
        }
    }

    fn take_exchange(&mut self, id: SessionId) -> Option<Exchange> {
        self.progress(id)?.exchange.take()
    }

    /// How far the sign-in of a session has come, unless the session is over.
    fn progress(&mut self, id: SessionId) -> Option<&mut Progress> {
        let sign_in = self.sign_ins.get_mut(&id)?;
        Some(sign_in.progress.get_or_insert_default())
    }
}
