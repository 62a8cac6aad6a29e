//! Opening an account over the network.

use super::login_attempts::Claim;
use super::opaque::OpaqueServer;
use super::{Auth, Exchange, log};
use crate::protocol::{
    Command, ErrorCode, Failure, Message, SignUp, SignUpAnswer, SignUpFinish, SignedUp,
};
use crate::server::ctx::reply::failure_of;
use crate::server::ctx::requests::Pending;
use crate::server::ctx::{CONTROL, Ctx};
use crate::server::names::Name;
use crate::store::{Outcome, Read, Refusal, Reply, Write};
use crate::transport::SessionId;

impl Auth {
    /// The first half of a sign-up: the name must be one, and free.
    pub fn sign_up(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: SignUp) {
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
        if let Err(wait) = ctx.throttle.begin_account(now, remote.ip()) {
            return self.throttle_reply(ctx, id, command, wait);
        }
        let request = Read::FindAccount {
            name: name.canonical().to_owned(),
            skeleton: Some(name.skeleton().to_owned()),
        };
        let pending = Pending::SignUpName {
            session: id,
            name,
            request: body.request.into_vec(),
        };
        self.submit_sign_in(ctx, id, command, pending, request);
    }

    pub fn on_sign_up_checked(
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
                        self.set_exchange(id, Exchange::SignUp(Box::new(pending)));
                        let answer = SignUpAnswer {
                            response: response.into(),
                        };
                        ctx.respond(id, CONTROL, &Message::control(answer));
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
        ctx.unblock(id);
    }

    /// The second half of a sign-up.
    pub fn sign_up_finish(&mut self, ctx: &mut Ctx<'_>, id: SessionId, body: &SignUpFinish) {
        let command = Command::SignUpFinish;
        let Some(Exchange::SignUp(pending)) = self.take_exchange(id) else {
            let failure = Failure::new(ErrorCode::OutOfTurn, "no sign-up has begun");
            return self.reject_sign_in(ctx, id, command, failure);
        };
        let Some(remote) = ctx.endpoint.remote(id) else {
            return;
        };
        if let Err(wait) = ctx.throttle.open_account(ctx.now.instant, remote.ip()) {
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

    pub fn on_signed_up(&mut self, ctx: &mut Ctx<'_>, id: SessionId, outcome: Outcome) {
        match outcome {
            Outcome::Done(Reply::Account(account)) => {
                if let Some(remote) = ctx.endpoint.remote(id) {
                    log::signed_up(&account.name, remote);
                }
                let answer = SignedUp { name: account.name };
                ctx.respond(id, CONTROL, &Message::control(answer));
            }
            other => self.reject_sign_in(ctx, id, Command::SignUpFinish, failure_of(&other)),
        }
        ctx.unblock(id);
    }
}
