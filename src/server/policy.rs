//! Who may do what: the stage that the table of bodies asks for, and what else a body must be.

use crate::protocol::{
    Access, Change, ClientBody, ErrorCode, EventKind, MemberRole, Phase, TEXT_MAX_BYTES,
    TOPIC_MAX_BYTES, Text,
};

/// Whether accounts can be opened over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registration {
    /// Anybody may sign up.
    #[default]
    Open,
    /// Only the operator opens accounts, by `udpchat user add`.
    Closed,
}

/// Whether users make rooms, by joining one that there is not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RoomCreationPolicy {
    /// Anybody may.
    #[default]
    Open,
    /// Nobody may; the rooms that there are go on.
    Closed,
}

/// What a session is, as far as permissions go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role<'a> {
    /// Nobody has signed in on it.
    Anonymous,
    /// Signed in, but it has not yet said where its device stands.
    Arriving,
    /// Signed in; the user's name.
    User(&'a str),
}

/// Whether a session may ask this now.
///
/// # Errors
/// Why not.
pub fn permit(
    role: Role<'_>,
    registration: Registration,
    body: &ClientBody,
) -> Result<(), ErrorCode> {
    let phase = body.phase().ok_or(ErrorCode::Unsupported)?;
    match (phase, role) {
        (Phase::SignIn, Role::Anonymous)
        | (Phase::Hello | Phase::SignedIn, Role::Arriving)
        | (Phase::Ready | Phase::SignedIn, Role::User(_)) => {}
        (Phase::SignIn, _) => return Err(ErrorCode::AlreadySignedIn),
        (_, Role::Anonymous) => return Err(ErrorCode::NotSignedIn),
        (Phase::Hello | Phase::Ready, _) => return Err(ErrorCode::OutOfTurn),
    }
    match (body, role) {
        (ClientBody::SignUp(_) | ClientBody::SignUpFinish(_), _)
            if registration == Registration::Closed =>
        {
            Err(ErrorCode::RegistrationClosed)
        }
        (ClientBody::Text(text), Role::User(name)) => check_text(name, text),
        (ClientBody::Moderate(body), _) => check_change(&body.change),
        _ => Ok(()),
    }
}

/// Whether a text is one, and of the user who sends it.
fn check_text(name: &str, text: &Text) -> Result<(), ErrorCode> {
    if text.sender != name {
        Err(ErrorCode::NotPermitted)
    } else if text.text.trim().is_empty() {
        Err(ErrorCode::TextEmpty)
    } else if text.text.len() > TEXT_MAX_BYTES {
        Err(ErrorCode::TextTooLong)
    } else {
        Ok(())
    }
}

/// Whether a change of a room is one at all, with all that it takes. Who may make it the store decides, in the
/// transaction in which it is made.
fn check_change(change: &Change) -> Result<(), ErrorCode> {
    let is_long = |text: &String| text.len() > TOPIC_MAX_BYTES;
    if change.text.as_ref().is_some_and(is_long) {
        return Err(ErrorCode::TextTooLong);
    }
    let is_whole = match change.kind {
        EventKind::Kicked | EventKind::Invited => change.subject.is_some(),
        EventKind::Role => {
            change.subject.is_some() && change.role.is_some_and(|it| MemberRole::ALL.contains(&it))
        }
        EventKind::Topic => change.text.is_some(),
        EventKind::Access => change.access.is_some_and(|it| Access::ALL.contains(&it)),
        EventKind::Joined | EventKind::Left => false,
        EventKind::Other(_) => return Err(ErrorCode::Unsupported),
    };
    if is_whole {
        Ok(())
    } else {
        Err(ErrorCode::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{ContactsRequest, SignUpFinish};

    #[test]
    fn change_without_what_it_takes_is_refused() {
        let topic = Change {
            kind: EventKind::Topic,
            subject: None,
            text: Some("charts".into()),
            role: None,
            access: None,
        };
        assert_eq!(check_change(&topic), Ok(()));
        let long = Some("x".repeat(TOPIC_MAX_BYTES + 1));
        for (change, code) in [
            ((EventKind::Topic, None), ErrorCode::Malformed),
            ((EventKind::Topic, long), ErrorCode::TextTooLong),
            ((EventKind::Kicked, None), ErrorCode::Malformed),
            ((EventKind::Role, None), ErrorCode::Malformed),
            ((EventKind::Joined, None), ErrorCode::Malformed),
            ((EventKind::Other(99), None), ErrorCode::Unsupported),
        ] {
            let (kind, text) = change;
            let change = Change {
                kind,
                text,
                ..topic.clone()
            };
            assert_eq!(check_change(&change), Err(code), "{kind:?}");
        }
    }

    fn text(sender: &str, text: &str) -> ClientBody {
        ClientBody::Text(Text {
            sender: sender.into(),
            receiver: "bob".into(),
            text: text.into(),
        })
    }

    #[test]
    fn nobody_speaks_in_the_name_of_another() {
        let erin = Role::User("erin");
        assert_eq!(
            permit(erin, Registration::Open, &text("erin", "hi")),
            Ok(())
        );
        let forged = permit(erin, Registration::Open, &text("bob", "hi"));
        assert_eq!(forged, Err(ErrorCode::NotPermitted));
    }

    #[test]
    fn empty_and_overlong_texts_are_refused_by_name() {
        let erin = Role::User("erin");
        let long = "x".repeat(TEXT_MAX_BYTES + 1);
        assert_eq!(
            permit(erin, Registration::Open, &text("erin", " ")),
            Err(ErrorCode::TextEmpty)
        );
        assert_eq!(
            permit(erin, Registration::Open, &text("erin", &long)),
            Err(ErrorCode::TextTooLong)
        );
    }

    #[test]
    fn strangers_may_only_sign_in_and_sign_up_where_that_is_open() {
        let upload = ClientBody::SignUpFinish(SignUpFinish {
            upload: Vec::new().into(),
        });
        let contacts = ClientBody::ContactsRequest(ContactsRequest { tag: 1 });
        assert_eq!(permit(Role::Anonymous, Registration::Open, &upload), Ok(()));
        let closed = permit(Role::Anonymous, Registration::Closed, &upload);
        assert_eq!(closed, Err(ErrorCode::RegistrationClosed));
        let asked = permit(Role::Anonymous, Registration::Open, &contacts);
        assert_eq!(asked, Err(ErrorCode::NotSignedIn));
    }
}
