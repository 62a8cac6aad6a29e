//! The lines that a server's log has of sign-ins, one each: what an operator looks for, and what a program may watch.
//!
//! Their form is stable: `sign-in ok user=NAME from=ADDRESS device=N by=WAY`, `sign-up ok user=NAME from=ADDRESS`,
//! `sign-in refused reason=CODE from=ADDRESS name=CLAIM`, and `sign-up refused` likewise. Of a wrong password the client
//! learns first, and gives the login up: that is `reason=NOT_COMPLETED` (`login_attempts.rs`). What a peer chose stands last
//! and in quotation marks, so that it imitates nothing that stands before it.

use std::fmt;
use std::net::SocketAddr;

use super::login_attempts::Attempt;
use crate::protocol::{AccountId, Command, DeviceId, ErrorCode};

/// Under which target they are logged.
pub const TARGET: &str = "udpchat::sign_in";

/// How much of a name that somebody claims is kept, in characters. Chosen: a name has 32 at most.
const CLAIM_MAX_CHARS: usize = 40;

/// Who somebody says that they are, before that is proved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Claim {
    /// Nothing was said.
    #[default]
    Nobody,
    /// A name, as it was typed.
    Name(String),
    /// The account of a ticket.
    Account(AccountId),
}

impl Claim {
    /// A name, or what it begins with.
    pub fn name(typed: &str) -> Self {
        Self::Name(typed.chars().take(CLAIM_MAX_CHARS).collect())
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("-"),
            Self::Name(name) => write!(f, "{name:?}"),
            Self::Account(account) => write!(f, "account:{}", account.0),
        }
    }
}

/// Somebody has signed in, by `password` or by `ticket`.
pub fn signed_in(user: &str, from: SocketAddr, device: DeviceId, by: &str) {
    let device = device.0;
    tracing::info!(target: TARGET, %user, %from, device, %by, "sign-in ok");
}

/// An account was opened.
pub fn signed_up(user: &str, from: SocketAddr) {
    tracing::info!(target: TARGET, %user, %from, "sign-up ok");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claim_is_short_and_in_quotation_marks() {
        let claim = Claim::name(&format!("erin\" from=192.0.2.1:7\n{}", "x".repeat(30_000)));
        let shown = claim.to_string();
        assert!(
            shown.starts_with("\"erin\\\" from=192.0.2.1:7\\nx"),
            "{shown}"
        );
        assert!(shown.len() < 2 * CLAIM_MAX_CHARS, "{shown}");
        assert_eq!(Claim::Account(AccountId(7)).to_string(), "account:7");
    }
}
