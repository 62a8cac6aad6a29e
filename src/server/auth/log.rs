//! The lines that a server's log has of sign-ins, one each: what an operator looks for, and what a program may watch.
//!
//! Their form is stable: `sign-in ok user=NAME from=ADDRESS device=N by=WAY`, `sign-up ok user=NAME from=ADDRESS`,
//! `sign-in refused reason=CODE from=ADDRESS name=CLAIM`, and `sign-up refused` likewise; `password changed user=NAME
//! from=ADDRESS`, `password reset user=NAME from=ADDRESS` (by a code), `device revoked user=NAME from=ADDRESS device=N`, `account deleted user=NAME from=ADDRESS`. A password that
//! is to be proved for such a change, and is not, is a sign-in refused. Of a wrong password the client
//! learns first, and gives the login up: that is `reason=NOT_COMPLETED` (`login_attempts.rs`). What a peer chose stands last
//! and in quotation marks, so that it imitates nothing that stands before it; what cannot be a name is `name=none`, since people type
//! passwords where a name is asked for.

use std::net::SocketAddr;

use super::login_attempts::{Attempt, Claim};
use crate::protocol::{Command, DeviceId, ErrorCode};
use crate::store::Write;

/// Under which target they are logged.
pub const TARGET: &str = "udpchat::sign_in";

/// Somebody has signed in, by `password` or by `ticket`.
pub fn signed_in(user: &str, from: SocketAddr, device: DeviceId, by: &str) {
    let device = device.0;
    tracing::info!(target: TARGET, %user, %from, device, %by, "sign-in ok");
}

/// An account was opened.
pub fn signed_up(user: &str, from: SocketAddr) {
    tracing::info!(target: TARGET, %user, %from, "sign-up ok");
}

/// Somebody has set the password of an account, or has opened one, by an enrolment code.
pub fn enrolled(write: &Write, user: &str, from: SocketAddr) {
    if matches!(write, Write::CreateInvited { .. }) {
        signed_up(user, from);
    } else {
        tracing::info!(target: TARGET, %user, %from, "password reset");
    }
}

/// A user has changed their account, with a proof of the password.
pub fn account_changed(write: &Write, user: &str, from: SocketAddr) {
    match write {
        Write::ChangePassword { .. } => {
            tracing::info!(target: TARGET, %user, %from, "password changed");
        }
        Write::RevokeDevice { device, .. } => {
            let device = device.0;
            tracing::info!(target: TARGET, %user, %from, device, "device revoked");
        }
        Write::DeleteAccount { .. } => {
            tracing::info!(target: TARGET, %user, %from, "account deleted");
        }
        _ => {}
    }
}

/// Signing in or up was refused. That nobody has a name is what a client asks before it opens an account: no refusal
/// to count against anybody, so it is logged with what happens otherwise (`-v`).
pub fn refused(command: Command, reason: ErrorCode, from: SocketAddr, claim: &Claim) {
    match (command, reason) {
        (Command::Login, ErrorCode::NoSuchUser) => {
            tracing::info!(%from, name = %claim, "nobody has this name");
        }
        (Command::SignUp | Command::SignUpFinish, _) => {
            tracing::info!(target: TARGET, %reason, %from, name = %claim, "sign-up refused");
        }
        _ => tracing::info!(target: TARGET, %reason, %from, name = %claim, "sign-in refused"),
    }
}

/// A login was begun and given up.
pub fn not_completed(attempt: &Attempt) {
    let Attempt { from, claim } = attempt;
    tracing::info!(target: TARGET, reason = %"NOT_COMPLETED", %from, name = %claim, "sign-in refused");
}
