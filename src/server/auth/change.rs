//! What a user changes of their own account: the password, a device, the account's end. Each takes a proof of the password
//! on that session (`proofs.rs`), which is throttled and logged as a login is.

use rand_chacha::ChaCha20Rng;

use super::log;
use super::login_attempts::{Attempt, Claim};
use super::opaque::{OpaqueServer, record_of};
use super::proofs::{Proof, Proofs};
use crate::protocol::{
    AccountChangeKind, AccountChanged, ChangeAccount, Command, ErrorCode, Failure, Prove,
    ProveAnswer,
};
use crate::server::ctx::Ctx;
use crate::server::ctx::reply::{failure_of, too_many};
use crate::server::ctx::requests::{Pending, RequestOrigin};
use crate::store::{Account, Outcome, Read, Reply, Write};
use crate::transport::{Channel, SessionId};

/// What the server begins a proof with: its end of OPAQUE, randomness, and what binds the proof to the session, unless that is
/// over.
type Exchange<'a> = (&'a OpaqueServer, &'a mut ChaCha20Rng, Option<[u8; 32]>);

/// The first half of a proof. It is a guess at the password, whoever makes it.
pub fn prove(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: Prove) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    let (Some(name), Some(remote)) = (user_name(ctx, id), ctx.endpoint.remote(id)) else {
        return;
    };
    let guessed = ctx.throttle.guess(ctx.now.instant, &name, remote.ip());
    if let Err(wait) = guessed {
        let failure = too_many(wait);
        log::refused(Command::Prove, failure.code, remote, &Claim::name(&name));
        return ctx.reject_request(origin, Command::Prove, failure);
    }
    let request = Read::FindAccount {
        name,
        skeleton: None,
    };
    let pending = Pending::Prove(origin, body);
    ctx.submit_for_list(origin, Command::Prove, pending, request);
}

/// The account is known: the first half is answered.
pub fn on_prove_account(
    ctx: &mut Ctx<'_>,
    proofs: &mut Proofs,
    exchange: Exchange<'_>,
    (origin, body): (RequestOrigin, &Prove),
    outcome: &Outcome,
) {
    ctx.unblock(origin.session);
    let command = Command::Prove;
    let account = match outcome {
        Outcome::Done(Reply::Account(account)) if account.id == origin.account => account,
        other => return ctx.send_error_if_connected(origin, command, failure_of(other)),
    };
    let Some(remote) = ctx.endpoint.remote(origin.session) else {
        return;
    };
    let Some((proof, answer)) = start_proof(ctx, exchange, account, (origin, body)) else {
        let failure = Failure::new(ErrorCode::Malformed, "the proof is malformed");
        return ctx.send_error_if_connected(origin, command, failure);
    };
    if ctx.is_connected(origin) {
        let claim = Claim::name(&account.name);
        let attempt = Attempt {
            from: remote,
            claim,
        };
        proofs.begin(origin.session, proof, attempt);
        ctx.respond_if_connected(origin, answer);
    }
}

fn start_proof(
    ctx: &Ctx<'_>,
    (opaque, rng, handshake_hash): Exchange<'_>,
    account: &Account,
    (origin, body): (RequestOrigin, &Prove),
) -> Option<(Proof, ProveAnswer)> {
    let hash = handshake_hash?;
    let begun = opaque.start_proof(rng, Ok(account.clone()), &body.request, &hash);
    let (login, response) = begun.ok()?;
    let registration = match &body.registration {
        Some(request) => Some(opaque.start_registration(rng, request).ok()?),
        None => None,
    };
    let (registration, registered) = registration.unzip();
    let proof = Proof {
        login,
        registration,
        device: origin.device,
        until: Proofs::deadline_from(ctx.now.instant),
    };
    let answer = ProveAnswer {
        tag: origin.tag,
        response: response.into(),
        registration: registered.map(Into::into),
    };
    Some((proof, answer))
}

/// The second half of a proof, and the change that it is for.
pub fn change_account(
    ctx: &mut Ctx<'_>,
    proofs: &mut Proofs,
    id: SessionId,
    channel: Channel,
    body: &ChangeAccount,
) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    match proved(ctx, proofs, origin, body) {
        Ok(write) => {
            let pending = Pending::ChangeAccount(origin);
            ctx.submit_for_list(origin, Command::Account, pending, write);
        }
        Err(failure) => ctx.reject_request(origin, Command::Account, failure),
    }
}

/// What is to be written, if the password is proved and the change is whole.
fn proved(
    ctx: &mut Ctx<'_>,
    proofs: &mut Proofs,
    origin: RequestOrigin,
    body: &ChangeAccount,
) -> Result<Write, Failure> {
    let now = ctx.now;
    let id = origin.session;
    let Some(proof) = proofs.take(now.instant, id, origin.device) else {
        let detail = "no proof of the password has begun";
        return Err(Failure::new(ErrorCode::OutOfTurn, detail));
    };
    let account = OpaqueServer::finish_login(proof.login, &body.finalization);
    proofs.finish(id, account.is_some());
    let remote = ctx.endpoint.remote(id);
    let Some(account) = account else {
        let (name, code) = (
            user_name(ctx, id).unwrap_or_default(),
            ErrorCode::LoginFailed,
        );
        if let Some(remote) = remote {
            log::refused(Command::Account, code, remote, &Claim::name(&name));
        }
        return Err(Failure::new(code, ""));
    };
    if let Some(remote) = remote {
        ctx.throttle.password_proved(&account.name, remote.ip());
    }
    let malformed = || Failure::new(ErrorCode::Malformed, "the change is not whole");
    let proved = account.credential_identifier;
    match body.change.kind {
        AccountChangeKind::Password => {
            let upload = body.change.upload.as_ref().ok_or_else(malformed)?;
            let registration = proof.registration.ok_or_else(malformed)?;
            Ok(Write::ChangePassword {
                account: account.id,
                proved,
                device: origin.device,
                record: record_of(upload).map_err(|_| malformed())?,
                credential_identifier: registration.credential_identifier,
            })
        }
        AccountChangeKind::Revoke => Ok(Write::RevokeDevice {
            account: account.id,
            proved: Some(proved),
            device: body.change.device.ok_or_else(malformed)?,
        }),
        AccountChangeKind::Delete => Ok(Write::DeleteAccount {
            account: account.id,
            proved: Some(proved),
            time_ms: now.unix_ms,
        }),
        AccountChangeKind::Other(_) => Err(Failure::new(ErrorCode::Unsupported, "")),
    }
}

/// The store has changed an account, or not: the asker is told.
pub fn on_account_changed(
    ctx: &mut Ctx<'_>,
    origin: RequestOrigin,
    write: &Write,
    outcome: &Outcome,
) {
    ctx.unblock(origin.session);
    let devices = match outcome {
        Outcome::Done(Reply::Revoked { devices }) => *devices,
        Outcome::Done(Reply::Deleted(_)) => 0,
        other => return ctx.send_error_if_connected(origin, Command::Account, failure_of(other)),
    };
    if let Some(remote) = ctx.endpoint.remote(origin.session) {
        let name = user_name(ctx, origin.session).unwrap_or_default();
        log::account_changed(write, &name, remote);
    }
    let tag = origin.tag;
    ctx.respond_if_connected(origin, AccountChanged { tag, devices });
}

fn user_name(ctx: &Ctx<'_>, id: SessionId) -> Option<String> {
    ctx.sessions.user(id).map(|user| user.name.to_string())
}
