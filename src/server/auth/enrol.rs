//! Enrolment codes: who has one sets the password of the account that it is for, or opens one. Codes are guessed at no faster
//! than passwords are, and a wrong one is refused with the same words whatever there is.

use super::login_attempts::Claim;
use super::opaque::{BadExchange, OpaqueServer, PendingRegistration, PendingSignUp, record_of};
use super::{Auth, Exchange, log};
use crate::protocol::{
    self, AccountId, Command, Enrol, EnrolAnswer, EnrolFinish, Enrolled, ErrorCode, Failure,
    Message,
};
use crate::server::ctx::reply::failure_of;
use crate::server::ctx::requests::Pending;
use crate::server::ctx::{CONTROL, Ctx};
use crate::server::names::Name;
use crate::server::policy::Registration;
use crate::store::{CodeHash, CodeUse, Outcome, Read, Reply, Write};
use crate::transport::{Now, SessionId};

/// What the store keeps of a code, before it binds it to what the code is for.
#[must_use]
pub fn hash_code(code: &[u8; 16]) -> CodeHash {
    CodeHash(protocol::hash_code(code).0)
}

/// An enrolment between its two halves.
pub struct PendingEnrolment {
    code: CodeHash,
    kind: Kind,
}

enum Kind {
    Reset(AccountId, Name, PendingRegistration),
    Invitation(PendingSignUp),
}

impl PendingEnrolment {
    fn write(self, upload: &[u8], now: Now) -> Result<(Write, Name), BadExchange> {
        let code = self.code;
        match self.kind {
            Kind::Reset(account, name, registration) => {
                let write = Write::ResetPassword {
                    account,
                    code,
                    record: record_of(upload)?,
                    credential_identifier: registration.credential_identifier,
                    time_ms: now.unix_ms,
                };
                Ok((write, name))
            }
            Kind::Invitation(pending) => {
                let name = pending.name().clone();
                let account = OpaqueServer::finish_sign_up(pending, upload, now.unix_ms)?;
                Ok((Write::CreateInvited { account, code }, name))
            }
        }
    }
}

impl Auth {
    /// The first half of an enrolment. It is a guess at a code, and counts as one at the name's password.
    pub fn enrol(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: Enrol) {
        let command = Command::Enrol;
        self.claim(id, Claim::name(&body.name));
        let Some(name) = self.checked_name(ctx, id, command, Name::parse(&body.name)) else {
            return;
        };
        let Some(remote) = ctx.endpoint.remote(id) else {
            return;
        };
        let now = ctx.now;
        let guessed = ctx
            .throttle
            .guess(now.instant, name.canonical(), remote.ip());
        if let Err(wait) = guessed {
            return self.throttle_reply(ctx, id, command, wait);
        }
        let code = hash_code(&body.code.0);
        let request = Read::FindCode {
            name: name.canonical().to_owned(),
            skeleton: name.skeleton().to_owned(),
            code,
            now_ms: now.unix_ms,
        };
        let pending = Pending::EnrolCode {
            session: id,
            name,
            code,
            request: body.request.into_vec(),
        };
        self.submit_sign_in(ctx, id, command, pending, request);
    }

    /// What the code is good for is known.
    pub fn on_code_found(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        (name, code): (Name, CodeHash),
        request: &[u8],
        outcome: &Outcome,
    ) {
        let command = Command::Enrol;
        match self.begin_enrolment(ctx, (name, code), request, outcome) {
            Ok((pending, answer)) => {
                self.set_exchange(id, Exchange::Enrol(Box::new(pending)));
                ctx.respond(id, CONTROL, &Message::control(answer));
            }
            Err(failure) => self.reject_sign_in(ctx, id, command, failure),
        }
        ctx.unblock(id);
    }

    fn begin_enrolment(
        &mut self,
        ctx: &Ctx<'_>,
        (name, code): (Name, CodeHash),
        request: &[u8],
        outcome: &Outcome,
    ) -> Result<(PendingEnrolment, EnrolAnswer), Failure> {
        let malformed = |error: BadExchange| Failure::new(ErrorCode::Malformed, error.to_string());
        let (opaque, rng) = (&self.opaque, &mut self.rng);
        let (kind, response) = match outcome {
            Outcome::Done(Reply::Code(CodeUse::Reset(account))) => {
                let begun = opaque.start_registration(rng, request);
                let (registration, response) = begun.map_err(malformed)?;
                (Kind::Reset(*account, name, registration), response)
            }
            Outcome::Done(Reply::Code(CodeUse::Invitation)) => {
                if ctx.config.registration == Registration::Closed {
                    return Err(Failure::new(ErrorCode::RegistrationClosed, ""));
                }
                // A name that exists may be one that could not be taken today.
                Name::parse_new(name.canonical())
                    .map_err(|error| Failure::new(ErrorCode::BadName, error.to_string()))?;
                let begun = opaque.start_sign_up(rng, name, request);
                let (pending, response) = begun.map_err(malformed)?;
                (Kind::Invitation(pending), response)
            }
            other => return Err(failure_of(other)),
        };
        let answer = EnrolAnswer {
            response: response.into(),
            is_new: matches!(kind, Kind::Invitation(_)),
        };
        Ok((PendingEnrolment { code, kind }, answer))
    }

    /// The second half of an enrolment. The store looks at the code again.
    pub fn enrol_finish(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: &EnrolFinish) {
        let command = Command::EnrolFinish;
        let Some(Exchange::Enrol(pending)) = self.take_exchange(id) else {
            let failure = Failure::new(ErrorCode::OutOfTurn, "no enrolment has begun");
            return self.reject_sign_in(ctx, id, command, failure);
        };
        match pending.write(&body.upload, ctx.now) {
            Ok((request, name)) => {
                let pending = Pending::Enrol { session: id, name };
                self.submit_sign_in(ctx, id, command, pending, request);
            }
            Err(error) => self.reject_malformed(ctx, id, command, error),
        }
    }

    /// The password is set, or the account opened, or not.
    pub fn on_enrolled(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        name: &Name,
        write: &Write,
        outcome: &Outcome,
    ) {
        match outcome {
            Outcome::Done(Reply::Account(_) | Reply::Revoked { .. }) => {
                if let Some(remote) = ctx.endpoint.remote(id) {
                    let name = name.canonical();
                    // Who had the code has made no guess.
                    ctx.throttle.password_proved(name, remote.ip());
                    log::enrolled(write, name, remote);
                }
                let name = name.canonical().to_owned();
                ctx.respond(id, CONTROL, &Message::control(Enrolled { name }));
            }
            other => self.reject_sign_in(ctx, id, Command::EnrolFinish, failure_of(other)),
        }
        ctx.unblock(id);
    }
}

/// The account whose password was set, if nobody knows whether it was.
pub fn unsure(write: &Write, outcome: &Outcome) -> Option<AccountId> {
    match write {
        Write::ResetPassword { account, .. } if *outcome == Outcome::Unknown => Some(*account),
        _ => None,
    }
}
