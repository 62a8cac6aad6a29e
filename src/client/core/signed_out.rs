//! Why a session was ended, in the user's words.

use crate::client::account::SignOutReason;
use crate::protocol::EndReason;

/// Why a session was ended, and what to do.
pub(super) const fn words(reason: SignOutReason) -> &'static str {
    match reason {
        SignOutReason::Ended(EndReason::Superseded) => {
            "signed out: this device has signed in again elsewhere; `/login` again as a new device"
        }
        SignOutReason::Ended(EndReason::TooManySessions) => {
            "signed out: the account has too many sessions and this was the oldest; `/login` signs in here again and signs out the next oldest"
        }
        SignOutReason::Ended(EndReason::Revoked) => {
            "signed out: this device was revoked; `/login` again with the password"
        }
        SignOutReason::Ended(EndReason::PasswordChanged) => {
            "signed out: the password was changed on another device; `/login` again with the new one"
        }
        SignOutReason::Ended(EndReason::PasswordReset) => {
            "signed out: the password was reset with a code of the operator; `/login` again with the new one, or ask them if that was not you"
        }
        SignOutReason::Ended(EndReason::AccountDeleted) => "signed out: the account was deleted",
        SignOutReason::Ended(EndReason::AccountDisabled) => {
            "signed out: the operator has disabled the account; ask them about it"
        }
        SignOutReason::Ended(EndReason::AccountBanned) => {
            "signed out: this server has banned this account"
        }
        SignOutReason::Ended(EndReason::EndedByOperator) => {
            "signed out: the operator has ended this session; `/login` signs in again"
        }
        SignOutReason::Ended(
            EndReason::LoggedOut | EndReason::ServerStopping | EndReason::Other(_),
        ) => "signed out by the server",
        SignOutReason::Conflict => {
            "signed out: this device's files are a copy or were restored; `/login` again as a new device"
        }
    }
}
