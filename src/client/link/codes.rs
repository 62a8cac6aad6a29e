//! The codes of goodbyes (udpchat-protocol(7)): which a client says, and what one of the server's means.

use crate::protocol::EndReason;
use crate::transport::CloseReason;

/// The code of a goodbye without a fault.
pub(super) const CODE_QUIT: u16 = 0;

/// The code with which a server closes sessions when it stops. Who knows of others of its cluster goes there at once; who does not
/// waits until it is back.
const CODE_STOPPING: u16 = 1;

/// The code with which a session is closed whose other end does not take what it asked for.
pub(super) const CODE_NOT_READING: u16 = 2;

/// The code with which a server closes a session whose device has signed in again (udpchat-protocol(7)). A client
/// that came back by its ticket after that would drive the other one out in turn.
const CODE_SUPERSEDED: u16 = 3;

/// The code with which it closes the oldest session of an account that has too many. A client that came back by its
/// ticket after that would drive the next one out.
const CODE_TOO_MANY_SESSIONS: u16 = 4;

/// The codes with which it ends what a ticket no longer opens.
const CODE_REVOKED: u16 = 7;
const CODE_PASSWORD_CHANGED: u16 = 8;
const CODE_ACCOUNT_DELETED: u16 = 9;

const CODE_PASSWORD_RESET: u16 = 12;

/// The code with which it ends what a ticket opens again once the operator has enabled the account.
const CODE_ACCOUNT_DISABLED: u16 = 11;

/// The code with which it closes a session from an address that the operator has banned: one that dialled again would be closed again.
pub(super) const CODE_ADDRESS_BANNED: u16 = 13;

/// The codes with which it ends what a ticket opens again: once a ban of the account is over, or at once.
pub(super) const CODE_ACCOUNT_BANNED: u16 = 14;
const CODE_ENDED: u16 = 15;

/// Whether a server has ended a session because it serves nobody any more.
pub(super) const fn serves_no_longer(reason: &CloseReason) -> bool {
    matches!(
        reason,
        CloseReason::Peer {
            code: CODE_STOPPING,
            ..
        }
    )
}

/// What the code in a server's goodbye says of who was signed in on the session: the same as the message before it,
/// which may be lost.
pub(super) const fn end_reason(code: u16) -> Option<EndReason> {
    match code {
        CODE_SUPERSEDED => Some(EndReason::Superseded),
        CODE_TOO_MANY_SESSIONS => Some(EndReason::TooManySessions),
        CODE_REVOKED => Some(EndReason::Revoked),
        CODE_PASSWORD_CHANGED => Some(EndReason::PasswordChanged),
        CODE_PASSWORD_RESET => Some(EndReason::PasswordReset),
        CODE_ACCOUNT_DELETED => Some(EndReason::AccountDeleted),
        CODE_ACCOUNT_BANNED => Some(EndReason::AccountBanned),
        CODE_ENDED => Some(EndReason::EndedByOperator),
        CODE_ACCOUNT_DISABLED => Some(EndReason::AccountDisabled),
        _ => None,
    }
}
