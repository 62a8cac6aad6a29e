//! Signing up, in and out.

pub(super) mod log;
pub(super) mod login_attempts;
pub(super) mod opaque;

use std::time::Duration;

use rand_core::RngCore as _;

use super::hub::completions::Pending;
use super::hub::{Ctx, Hub};
use super::limits::account_budget::Cost;
use super::names::{Name, NameError};
use super::policy::Registration;
use super::session::{Stage, User};
use crate::protocol::{
    AccountId, Command, ErrorCode, Failure, Login, LoginAnswer, LoginFinish, Message, Resume,
    SessionStart, SignUp, SignUpAnswer, SignUpFinish, SignedUp, TICKET_BYTES,
};
use crate::store::{Outcome, Read, Refusal, Reply, Request, TicketHash, Write};
use crate::transport::{Channel, SessionId};
use log::Claim;
use login_attempts::Attempt;
use opaque::OpaqueServer;

/// How long a ticket is good: 30 days, in milliseconds (the design's figure).
const TICKET_LIFE_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// The channel on which signing in happens.
pub(super) const CHANNEL: Channel = Channel::Control;

impl Hub {
    /// The first half of a sign-up: the name must be one, and free.
    pub(super) fn sign_up(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: SignUp) {
        let command = Command::SignUp;
        self.claim(id, Claim::name(&body.name));
        let Some(name) = self.checked_name(ctx, id, command, Name::parse_new(&body.name)) else {
            return;
        };
        let Some(remote) = ctx.endpoint.remote(id) else {
            return;
        };
        // Whose name it is tells nothing of anybody's password, so it is no guess.
        let now = ctx.now.instant;
        if let Err(wait) = self.throttle.begin_account(now, remote.ip()) {
            return self.throttle_reply(ctx, id, command, wait);
        }
        let request = Read::FindAccount {
            name: name.canonical().to_owned(),
        };
        let pending = Pending::SignUpName {
            session: id,
            name,
            request: body.request.into_vec(),
        };
        self.submit_sign_in(ctx, id, command, pending, request);
    }

    pub(super) fn on_sign_up_checked(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        name: Name,
        request: &[u8],
        outcome: Outcome,
    ) {
        let command = Command::SignUp;
        match outcome {
            Outcome::Refused(Refusal::NoSuchUser) => {
                match self.opaque.start_sign_up(&mut self.rng, name, request) {
                    Ok((pending, response)) => {
                        self.set_stage(id, Stage::SigningUp(Box::new(pending)));
                        let answer = SignUpAnswer {
                            response: response.into(),
                        };
                        Self::respond(ctx, id, CHANNEL, &Message::control(answer));
                    }
                    Err(error) => self.reject_malformed(ctx, id, command, error),
                }
            }
            Outcome::Done(_) => {
                let failure = Failure::new(ErrorCode::NameTaken, "");
                self.reject_sign_in(ctx, id, command, failure);
            }
            other => self.reject_sign_in(ctx, id, command, failure_of(&other)),
        }
        self.unblock(ctx, id);
    }

    /// The second half of a sign-up.
    pub(super) fn sign_up_finish(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: &SignUpFinish) {
        let command = Command::SignUpFinish;
        let Some(Stage::SigningUp(pending)) = self.take_stage(id) else {
            let failure = Failure::new(ErrorCode::OutOfTurn, "no sign-up has begun");
            return self.reject_sign_in(ctx, id, command, failure);
        };
        let Some(remote) = ctx.endpoint.remote(id) else {
            return;
        };
        if let Err(wait) = self.throttle.open_account(ctx.now.instant, remote.ip()) {
            return self.throttle_reply(ctx, id, command, wait);
        }
        match OpaqueServer::finish_sign_up(*pending, &body.upload, ctx.now.unix_ms) {
            Ok(account) => {
                let request = Write::CreateAccount(account);
                self.submit_sign_in(ctx, id, command, Pending::SignUp { session: id }, request);
            }
            Err(error) => self.reject_malformed(ctx, id, command, error),
        }
    }

    pub(super) fn on_signed_up(&mut self, ctx: &mut Ctx<'_>, id: SessionId, outcome: Outcome) {
        match outcome {
            Outcome::Done(Reply::Account(account)) => {
                if let Some(remote) = ctx.endpoint.remote(id) {
                    log::signed_up(&account.name, remote);
                }
                let answer = SignedUp { name: account.name };
                Self::respond(ctx, id, CHANNEL, &Message::control(answer));
            }
            other => self.reject_sign_in(ctx, id, Command::SignUpFinish, failure_of(&other)),
        }
        self.unblock(ctx, id);
    }

    /// The first half of a login.
    pub(super) fn login(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: Login) {
        let command = Command::Login;
        self.claim(id, Claim::name(&body.name));
        let Some(name) = self.checked_name(ctx, id, command, Name::parse(&body.name)) else {
            return;
        };
        let Some(remote) = ctx.endpoint.remote(id) else {
            return;
        };
        let now = ctx.now.instant;
        if let Err(wait) = self.throttle.guess(now, name.canonical(), remote.ip()) {
            return self.throttle_reply(ctx, id, command, wait);
        }
        let request = Read::FindAccount {
            name: name.canonical().to_owned(),
        };
        let pending = Pending::LoginName {
            session: id,
            name,
            request: body.request.into_vec(),
        };
        self.submit_sign_in(ctx, id, command, pending, request);
    }

    pub(super) fn on_login_account(
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
                if self.config.registration == Registration::Closed =>
            {
                None
            }
            other => {
                self.reject_sign_in(ctx, id, command, failure_of(&other));
                return self.unblock(ctx, id);
            }
        };
        if let Some(session) = self.sessions.get_mut(id) {
            let hash = session.handshake_hash;
            match self
                .opaque
                .start_login(&mut self.rng, name, account, request, &hash)
            {
                Ok((pending, response)) => {
                    session.stage = Stage::LoggingIn(Box::new(pending));
                    if let Some(from) = ctx.endpoint.remote(id) {
                        let claim = session.claim.clone();
                        session.login_attempts.begin(Attempt { from, claim });
                    }
                    let name = name.canonical().to_owned();
                    let answer = LoginAnswer {
                        response: response.into(),
                        name,
                    };
                    Self::respond(ctx, id, CHANNEL, &Message::control(answer));
                }
                Err(error) => self.reject_malformed(ctx, id, command, error),
            }
        }
        self.unblock(ctx, id);
    }

    /// The second half of a login: the password is proved here, or not.
    pub(super) fn login_finish(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: &LoginFinish) {
        let command = Command::LoginFinish;
        let Some(Stage::LoggingIn(pending)) = self.take_stage(id) else {
            let failure = Failure::new(ErrorCode::OutOfTurn, "no login has begun");
            return self.reject_sign_in(ctx, id, command, failure);
        };
        let finished = OpaqueServer::finish_login(*pending, &body.finalization);
        if let Some(session) = self.sessions.get_mut(id) {
            let guess = match &finished {
                Some(_) => session.login_attempts.prove(),
                None => session.login_attempts.fail(),
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
            self.throttle.password_proved(&account.name, remote.ip());
        }
        if let Some(device) = body.device {
            // Its earlier tickets end with this login, and the new one must not end with them.
            self.unrevoked.remove(&(account.id, device));
        }
        let ticket = self.make_ticket();
        // A device that the account does not have is given a new id, so the ticket cannot be bound to it yet;
        // it is bound to the account and the server's key, and the store files it under the device.
        let request = Write::OpenDevice {
            account: account.id,
            device: body.device,
            ticket: self.hash_ticket(account.id, &ticket),
            expires_ms: ctx.now.unix_ms + TICKET_LIFE_MS,
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
    pub(super) fn resume_by_ticket(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: &Resume) {
        self.claim(id, Claim::Account(body.account));
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        // Each session has one look, whatever others have done from the same network; the next takes a handshake.
        let has_failed = session.has_failed_ticket;
        if has_failed || self.unrevoked.contains(&(body.account, body.device)) {
            return self.reject_ticket(ctx, id);
        }
        // Only good tickets are charged to an account, and what it asks itself: so nobody else makes it wait.
        let now = ctx.now.instant;
        if let Some(wait) = self.budgets.time_to_resume(now, body.account) {
            return self.throttle_reply(ctx, id, Command::Resume, wait);
        }
        let successor = self.make_ticket();
        let request = Write::Resume {
            account: body.account,
            device: body.device,
            ticket: self.hash_ticket(body.account, &body.ticket),
            successor: self.hash_ticket(body.account, &successor),
            now_ms: ctx.now.unix_ms,
            expires_ms: ctx.now.unix_ms + TICKET_LIFE_MS,
        };
        let pending = Pending::Resume {
            session: id,
            ticket: successor,
        };
        self.submit_sign_in(ctx, id, Command::Resume, pending, request);
    }

    /// A ticket is worthless: the network that it came from is charged for it.
    fn reject_ticket(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.has_failed_ticket = true;
        }
        if let Some(remote) = ctx.endpoint.remote(id) {
            let now = ctx.now.instant;
            self.throttle.ticket_refused(now, remote.ip());
        }
        let failure = Failure::new(ErrorCode::TicketRefused, "");
        self.reject_sign_in(ctx, id, Command::Resume, failure);
    }

    /// The user is known, and on which device: the session of a signed-in user begins.
    pub(super) fn on_device_opened(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        command: Command,
        ticket: Vec<u8>,
        outcome: Outcome,
    ) {
        match outcome {
            Outcome::Done(Reply::Device {
                account,
                name,
                device,
                epoch,
            }) => {
                if command == Command::Resume {
                    let now = ctx.now.instant;
                    self.budgets.charge(now, account, Cost::RESUMED, 0);
                }
                if self.sessions.get(id).is_none() {
                    return;
                }
                let Some(giving_way) = self.evict_sessions(ctx, id, account, device) else {
                    let failure = Failure::new(ErrorCode::LimitReached, "sessions of the server");
                    self.reject_sign_in(ctx, id, command, failure);
                    return self.unblock(ctx, id);
                };
                self.log_given_up(id);
                let user = User::new(account, name.clone(), device);
                self.set_stage(id, Stage::SignedIn(Box::new(user)));
                ctx.endpoint.set_signed_in(ctx.now.instant, id, true);
                self.pending_hellos.note(ctx.now.instant, id, 0);
                if let Some(remote) = ctx.endpoint.remote(id) {
                    let by = match command {
                        Command::Resume => "ticket",
                        _ => "password",
                    };
                    log::signed_in(&name, remote, device, by);
                    self.throttle.signed_in(&name, remote.ip());
                }
                let start = SessionStart {
                    account,
                    name: name.clone(),
                    device,
                    epoch,
                    ticket: ticket.into(),
                };
                Self::respond(ctx, id, CHANNEL, &Message::control(start));
                self.set_active(ctx, id, account, &name);
                // Only now, so that nobody is told that the user has left.
                for (earlier, reason) in giving_way {
                    self.end(ctx, earlier, reason);
                }
            }
            Outcome::Refused(_) if command == Command::Resume => self.reject_ticket(ctx, id),
            other => self.reject_sign_in(ctx, id, command, failure_of(&other)),
        }
        self.unblock(ctx, id);
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
        if self.submit(pending, request) {
            if let Some(session) = self.sessions.get_mut(id) {
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
    fn reject_sign_in(&self, ctx: &mut Ctx<'_>, id: SessionId, command: Command, failure: Failure) {
        if let (Some(session), Some(remote)) = (self.sessions.get(id), ctx.endpoint.remote(id)) {
            log::refused(command, failure.code, remote, &session.claim);
        }
        Self::send_error(ctx, id, CHANNEL, command, failure);
    }

    /// Refuses with what the store said.
    pub(super) fn send_outcome_error(
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        command: Command,
        outcome: &Outcome,
    ) {
        Self::send_error(ctx, id, channel, command, failure_of(outcome));
    }

    /// What was begun on a session and not finished will not be.
    pub(super) fn log_given_up(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(id) {
            let given_up = session.login_attempts.close();
            given_up.for_each(|attempt| log::not_completed(&attempt));
        }
    }

    /// Somebody says anew who they are: a login that was begun before is given up.
    fn claim(&mut self, id: SessionId, claim: Claim) {
        if let Some(session) = self.sessions.get_mut(id) {
            if let Some(attempt) = session.login_attempts.give_up() {
                log::not_completed(&attempt);
            }
            session.claim = claim;
        }
    }

    fn set_stage(&mut self, id: SessionId, stage: Stage) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.stage = stage;
        }
    }

    fn take_stage(&mut self, id: SessionId) -> Option<Stage> {
        let session = self.sessions.get_mut(id)?;
        Some(std::mem::replace(&mut session.stage, Stage::Anonymous))
    }

    fn make_ticket(&mut self) -> Vec<u8> {
        let mut ticket = vec![0; TICKET_BYTES];
        self.rng.fill_bytes(&mut ticket);
        ticket
    }

    /// What is stored of a ticket: a hash that binds it to the server's key and the account.
    fn hash_ticket(&self, account: AccountId, ticket: &[u8]) -> TicketHash {
        hash_ticket(&self.server_key, account, ticket)
    }
}

/// What the store keeps of a ticket of this account with the server of this public key.
#[must_use]
pub fn hash_ticket(server_key: &[u8; 32], account: AccountId, ticket: &[u8]) -> TicketHash {
    let mut hasher = blake3::Hasher::new_derive_key("udpchat 1 resume ticket");
    hasher
        .update(server_key)
        .update(&account.0.to_be_bytes())
        .update(ticket);
    TicketHash(*hasher.finalize().as_bytes())
}

/// The refusal of what is done too often.
pub(super) fn too_many(wait: Duration) -> Failure {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
    Failure {
        wait_ms: Some(wait_ms),
        ..Failure::new(ErrorCode::TooManyAttempts, "")
    }
}

/// What a refusal of the store, or its silence, is called on the wire.
pub(super) fn failure_of(outcome: &Outcome) -> Failure {
    let (code, detail) = match outcome {
        Outcome::Refused(Refusal::NameTaken) => (ErrorCode::NameTaken, String::new()),
        Outcome::Refused(Refusal::LooksLike(name)) => (ErrorCode::NameLooksLike, name.clone()),
        Outcome::Refused(Refusal::NoSuchUser) => (ErrorCode::NoSuchUser, String::new()),
        Outcome::Refused(Refusal::Ticket) => (ErrorCode::TicketRefused, String::new()),
        Outcome::Refused(Refusal::ToOneself) => (ErrorCode::ToOneself, String::new()),
        Outcome::Refused(Refusal::Expect(number)) => {
            let failure = Failure::new(ErrorCode::Expect, "");
            return Failure {
                expected: Some(*number),
                ..failure
            };
        }
        Outcome::Refused(Refusal::Conflict) => (ErrorCode::Conflict, String::new()),
        Outcome::Refused(Refusal::UnknownNumber) => (ErrorCode::UnknownNumber, String::new()),
        Outcome::Refused(Refusal::NotPermitted) => (ErrorCode::NotPermitted, String::new()),
        Outcome::Refused(Refusal::NoSuchRoom) => (ErrorCode::NoSuchRoom, String::new()),
        Outcome::Refused(Refusal::NotInvited) => (ErrorCode::NotInvited, String::new()),
        Outcome::Refused(Refusal::NotAMember) => (ErrorCode::NotAMember, String::new()),
        Outcome::Refused(Refusal::QuotaFull(most)) => {
            let detail = format!("your {} at this server are full", size(*most));
            (ErrorCode::QuotaFull, detail)
        }
        Outcome::Refused(Refusal::StorageFull) => (
            ErrorCode::QuotaFull,
            "this server's storage is full, and you use more than your share".into(),
        ),
        Outcome::Refused(Refusal::LimitReached(limit)) => {
            (ErrorCode::LimitReached, (*limit).to_owned())
        }
        Outcome::Done(_) | Outcome::Unknown => (
            ErrorCode::Unavailable,
            "the server's storage does not answer".into(),
        ),
    };
    Failure::new(code, detail)
}

/// A number of bytes, for a person.
fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.iter().find(|(shift, _)| bytes >> shift > 0);
    match unit {
        Some((shift, word)) => {
            let tenths = (u128::from(bytes) * 10) >> shift;
            match tenths % 10 {
                0 => format!("{} {word}", tenths / 10),
                tenth => format!("{}.{tenth} {word}", tenths / 10),
            }
        }
        None => format!("{bytes} bytes"),
    }
}
