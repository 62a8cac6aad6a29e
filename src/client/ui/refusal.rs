//! A server's refusals in a user's words.

use crate::protocol::{ErrorCode, Failure};
use crate::text::printable;

/// What somebody may have put around a name.
const QUOTES: [char; 6] = ['"', '\'', '`', '“', '”', '„'];

/// A refusal in a user's words, on one line whatever the server says in it; what it was about stands in `subject`.
pub(crate) fn refusal(failure: &Failure, subject: &str) -> String {
    printable::line(&words(failure, subject)).into_owned()
}

/// The words of each code, and what the server adds to it. Long: one arm for each code.
fn words(failure: &Failure, subject: &str) -> String {
    let reason = match failure.code {
        ErrorCode::NoSuchUser => {
            let is_quoted = subject.starts_with(QUOTES) || subject.ends_with(QUOTES);
            let hint = if is_quoted {
                "; names are written without quotes"
            } else {
                ""
            };
            return format!("there is no user \"{subject}\" here{hint}");
        }
        ErrorCode::NoSuchRoom => return format!("there is no room \"{subject}\""),
        ErrorCode::NotAMember => return format!("{subject} is not a member of the room"),
        ErrorCode::RoomsClosed => "only the operator can create rooms here",
        ErrorCode::NotInvited => {
            return format!("{subject} is private; you need an invitation");
        }
        ErrorCode::LimitReached => "a limit is reached",
        ErrorCode::QuotaFull => return quota_full(failure),
        ErrorCode::AccountDeleted => {
            return format!("the account {subject} was deleted; its name cannot be used again");
        }
        ErrorCode::AccountDisabled if failure.detail.is_empty() => {
            "the operator has disabled this account; ask them about it"
        }
        ErrorCode::AccountDisabled => {
            return format!("the operator has disabled this account: {}", failure.detail);
        }
        ErrorCode::Banned => {
            return format!("this server has banned this account {}", failure.detail);
        }
        ErrorCode::NoSuchDevice => return format!("you have no device {subject}"),
        ErrorCode::NameTaken => return format!("the name \"{subject}\" is taken"),
        // The detail is a sentence of its own.
        ErrorCode::BadName | ErrorCode::BadReference | ErrorCode::NotPermitted
            if !failure.detail.is_empty() =>
        {
            return failure.detail.clone();
        }
        ErrorCode::BadReference => "there is no such message",
        ErrorCode::BadName => "this is not a name",
        ErrorCode::NameLooksLike => "choose another name: this one looks like one that is taken",
        ErrorCode::InvitationNeeded => {
            "accounts are opened by invitation here: with a code of the operator, `/enrol NAME`"
        }
        ErrorCode::CodeRefused => {
            "the code is not good, or no longer, or not for this name; ask the operator for another"
        }
        ErrorCode::RegistrationClosed => "registration is closed: ask the operator for an account",
        ErrorCode::LoginFailed => LOGIN_FAILED,
        ErrorCode::TicketRefused => "the earlier sign-in is no longer valid",
        ErrorCode::EarlierAttempt => "another sign-in of this device was later",
        ErrorCode::TooManyAttempts => return too_many_attempts(failure.wait_ms),
        ErrorCode::ToOneself => "you cannot send a message to yourself",
        ErrorCode::NotPermitted => "this is not permitted",
        ErrorCode::TextTooLong => "the text is too long",
        ErrorCode::Unavailable => "the server cannot do this now",
        ErrorCode::NotSignedIn => "this session is not signed in",
        ErrorCode::AlreadySignedIn => "this session is signed in already",
        ErrorCode::Unsupported => "the server does not know this command",
        ErrorCode::Digest => "it arrived damaged",
        _ => "the server refused it",
    };
    if failure.detail.is_empty() {
        reason.to_owned()
    } else {
        format!("{reason}: {}", failure.detail)
    }
}

/// As much is stored as may be, and who can change that.
fn quota_full(failure: &Failure) -> String {
    let what = match &*failure.detail {
        "" => "the storage at this server is full",
        detail => detail,
    };
    format!("{what}; ask the operator")
}

/// What a failed login may mean. A machine in the middle looks exactly like a wrong password.
pub(crate) const LOGIN_FAILED: &str = "login failed: wrong password";

fn too_many_attempts(wait_ms: Option<u64>) -> String {
    match wait_ms {
        Some(wait_ms) => format!(
            "too many attempts: try again in {} s",
            wait_ms.div_ceil(1000).max(1)
        ),
        None => "too many attempts: try again later".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_is_one_line_whatever_the_server_says() {
        let failure = Failure::new(ErrorCode::BadName, "no\nhint: run this\r\u{1b}[2J");
        let text = refusal(&failure, "erin");
        assert!(!text.contains(char::is_control), "{text:?}");
    }
}
