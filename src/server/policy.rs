//! Who may do what: the stage that the table of bodies asks for, and what else a body must be.

use crate::protocol::{
    Access, AccountRole, AwayRequest, BODY_MAX_BYTES, Change, ClientBody, Command, ConversationId,
    EntryBody, EntryHeader, EntryKind, ErrorCode, EventKind, Header, MemberRole, MessageType,
    Phase, Refers, SHORT_BODY_MAX_BYTES, TOPIC_MAX_BYTES, history_of,
};

/// Whether accounts can be opened over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registration {
    /// Anybody may sign up.
    #[default]
    Open,
    /// Those whom the operator has invited, with a code.
    Invitation,
    /// Only the operator opens accounts, by `udpchat user add`.
    Closed,
}

/// Whether users create rooms, by joining one that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RoomCreationPolicy {
    /// Anybody may.
    #[default]
    Open,
    /// Nobody may; the rooms that there are go on.
    Closed,
}

/// Who is shown at which address other users are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShowAddresses {
    /// Everybody.
    #[default]
    All,
    /// Accounts with a role.
    Moderators,
    /// Only the operator.
    Nobody,
}

/// What a session is, as far as permissions go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nobody has signed in on it.
    Anonymous,
    /// Signed in, but it has not yet said where its device stands.
    Arriving,
    /// Signed in, and ready for everything.
    User,
}

/// What accounts with a role do to the server, or are shown of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Ends the sessions of a user, who may come back.
    Disconnect,
    /// Keeps an account out, for [`BAN_MAX_MS`] at most.
    BanForATime,
    /// Lifts the ban of an account.
    Unban,
    /// Says something to all users.
    Announce,
    /// Keeps an account out for longer.
    BanForLonger,
    /// Keeps out all who come from an address.
    BanAddresses,
    /// Lifts the ban of an address.
    UnbanAddresses,
    /// Lets nobody sign in to an account.
    Disable,
    /// Ends that.
    Enable,
    /// Gives or takes a role.
    SetRole,
    /// Gives an account another name.
    Rename,
    /// Reads what was done to the server, and by whom.
    ReadAudit,
    /// Is shown at which address other users are, where not everybody is.
    SeeAddresses,
    /// Deletes what others have said in a room or to everyone. What two say to each other only they and the operator delete.
    DeleteMessages,
    /// Makes a code that opens accounts.
    Invite,
}

/// For how long a moderator may ban an account, in milliseconds. Chosen: a month, in which the operator hears of it.
pub const BAN_MAX_MS: u64 = 31 * 24 * 60 * 60 * 1000;

/// How many accounts an invitation opens at most. Chosen: all of a university's first year.
pub const INVITATION_USES_MAX: u32 = 10_000;

/// The longest that an invitation is good, in milliseconds. Chosen: a school year.
pub const INVITATION_MAX_MS: u64 = 366 * 24 * 60 * 60 * 1000;

/// The least role that an action takes. Nobody acts on an account whose role is not below their own, nor gives such a role: the
/// store sees to that, in the transaction in which it is done.
const ROLES: [(Action, AccountRole); 15] = [
    (Action::Disconnect, AccountRole::Moderator),
    (Action::BanForATime, AccountRole::Moderator),
    (Action::Unban, AccountRole::Moderator),
    (Action::Announce, AccountRole::Moderator),
    (Action::BanForLonger, AccountRole::Administrator),
    (Action::BanAddresses, AccountRole::Administrator),
    (Action::UnbanAddresses, AccountRole::Administrator),
    (Action::Disable, AccountRole::Administrator),
    (Action::Enable, AccountRole::Administrator),
    (Action::SetRole, AccountRole::Administrator),
    (Action::Rename, AccountRole::Administrator),
    (Action::ReadAudit, AccountRole::Administrator),
    (Action::SeeAddresses, AccountRole::Moderator),
    (Action::DeleteMessages, AccountRole::Moderator),
    (Action::Invite, AccountRole::Administrator),
];

/// Whether somebody with this role is shown at which address others are.
#[must_use]
pub fn sees_addresses(show: ShowAddresses, role: AccountRole) -> bool {
    match show {
        ShowAddresses::All => true,
        ShowAddresses::Moderators => permit_action(role, Action::SeeAddresses).is_ok(),
        ShowAddresses::Nobody => false,
    }
}

/// Whether somebody with this role may do it.
///
/// # Errors
/// The role that it takes.
pub fn permit_action(role: AccountRole, action: Action) -> Result<(), AccountRole> {
    let needed = ROLES.iter().find(|(it, _)| *it == action);
    // What the table does not have nobody may.
    let needed = needed.map_or(AccountRole::Other(u8::MAX), |(_, needed)| *needed);
    let is_known = AccountRole::ALL.contains(&role);
    if is_known && !needed.is_above(role) {
        Ok(())
    } else {
        Err(needed)
    }
}

/// Whether a session may ask this now.
///
/// # Errors
/// Why not.
pub fn permit(role: Role, registration: Registration, body: &ClientBody) -> Result<(), ErrorCode> {
    let phase = body.phase().ok_or(ErrorCode::Unsupported)?;
    match (phase, role) {
        (Phase::SignIn, Role::Anonymous)
        | (Phase::Hello | Phase::SignedIn, Role::Arriving)
        | (Phase::Ready | Phase::SignedIn, Role::User) => {}
        (Phase::SignIn, _) => return Err(ErrorCode::AlreadySignedIn),
        (_, Role::Anonymous) => return Err(ErrorCode::NotSignedIn),
        (Phase::Hello | Phase::Ready, _) => return Err(ErrorCode::OutOfTurn),
    }
    match body {
        ClientBody::SignUp(_) | ClientBody::SignUpFinish(_) => match registration {
            Registration::Open => Ok(()),
            Registration::Invitation => Err(ErrorCode::InvitationNeeded),
            Registration::Closed => Err(ErrorCode::RegistrationClosed),
        },
        ClientBody::Moderate(body) => check_change(&body.change),
        ClientBody::AwayRequest(AwayRequest { text, .. }) => match text.as_deref() {
            Some("") => Err(ErrorCode::Malformed),
            Some(text) if text.len() > TOPIC_MAX_BYTES => Err(ErrorCode::TextTooLong),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Whether an entry is one that this server knows how to store. Who may add it to the log the store decides.
///
/// # Errors
/// Why not, also in words.
pub fn check_entry(
    header: &Header,
    entry: &EntryHeader,
    body: &EntryBody,
) -> Result<(), (ErrorCode, String)> {
    let command = if entry.origin.conversation == ConversationId::EVERYONE {
        Command::SendAllMessage
    } else {
        Command::SendMessage
    };
    let is_addressed = header.command == command;
    let body_max = match entry.kind {
        EntryKind::Text | EntryKind::Action | EntryKind::Edit | EntryKind::File => BODY_MAX_BYTES,
        EntryKind::Delete | EntryKind::React | EntryKind::Pin | EntryKind::Unpin => {
            SHORT_BODY_MAX_BYTES
        }
        EntryKind::Event => return Err((ErrorCode::NotPermitted, String::new())),
        EntryKind::Other(kind) => {
            let detail = format!("this server stores no entries of kind {kind}");
            return Err((ErrorCode::Unsupported, detail));
        }
    };
    let has_reference = match entry.kind.refers() {
        Refers::Never => entry.refers_to.is_none(),
        Refers::Optionally => true,
        Refers::Always => entry.refers_to.is_some(),
    };
    let malformed = |detail: &str| Err((ErrorCode::Malformed, detail.to_owned()));
    if entry.root.is_some() != (entry.kind == EntryKind::File) {
        malformed("kind and root do not fit")
    } else if !has_reference {
        malformed("kind and reference do not fit")
    } else if body.0.len() > body_max {
        Err((ErrorCode::TextTooLong, String::new()))
    } else if !is_addressed || header.message_type != MessageType::MessageExchange {
        malformed("command and conversation do not fit")
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
        EventKind::History => change.text.as_deref().and_then(history_of).is_some(),
        EventKind::Joined | EventKind::Left | EventKind::Announced | EventKind::Deleted => false,
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
    use crate::protocol::{
        Bytes, ContactsRequest, DeviceId, DeviceSeq, EntryId, Origin, SignUpFinish,
    };

    #[test]
    fn each_action_is_permitted_to_the_roles_of_its_row() {
        const NO: bool = false;
        // Member, moderator, administrator; the operator may do everything.
        let table = [
            (Action::Disconnect, [NO, true, true]),
            (Action::BanForATime, [NO, true, true]),
            (Action::Unban, [NO, true, true]),
            (Action::Announce, [NO, true, true]),
            (Action::BanForLonger, [NO, NO, true]),
            (Action::BanAddresses, [NO, NO, true]),
            (Action::UnbanAddresses, [NO, NO, true]),
            (Action::Disable, [NO, NO, true]),
            (Action::Enable, [NO, NO, true]),
            (Action::SetRole, [NO, NO, true]),
            (Action::Rename, [NO, NO, true]),
            (Action::ReadAudit, [NO, NO, true]),
            (Action::SeeAddresses, [NO, true, true]),
            (Action::DeleteMessages, [NO, true, true]),
            (Action::Invite, [NO, NO, true]),
        ];
        assert_eq!(table.len(), ROLES.len());
        for (action, permitted) in table {
            for (role, expected) in AccountRole::ALL.iter().zip(permitted) {
                let may = permit_action(*role, action).is_ok();
                assert_eq!(may, expected, "{role} {action:?}");
            }
            // A role of a later version, of which this one knows nothing.
            assert!(permit_action(AccountRole::Other(9), action).is_err());
        }
        assert_eq!(
            permit_action(AccountRole::Moderator, Action::Disable),
            Err(AccountRole::Administrator)
        );
    }

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
            ((EventKind::History, None), ErrorCode::Malformed),
            (
                (EventKind::History, Some("007".into())),
                ErrorCode::Malformed,
            ),
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

    fn checked(change: impl FnOnce(&mut Header, &mut EntryHeader), body: usize) -> ErrorCode {
        let origin = Origin {
            conversation: ConversationId(7),
            device: DeviceId(1),
            number: DeviceSeq(1),
        };
        let mut entry = EntryHeader {
            kind: EntryKind::Text,
            origin,
            refers_to: None,
            root: None,
            key: None,
        };
        let mut header = Header {
            command: Command::SendMessage,
            message_type: MessageType::MessageExchange,
            entry: Some(entry),
        };
        change(&mut header, &mut entry);
        let body = EntryBody(vec![7; body].into());
        let checked = check_entry(&header, &entry, &body);
        checked.map_or_else(|(code, _)| code, |()| ErrorCode::Other(0))
    }

    #[test]
    fn only_entries_that_this_version_knows_are_stored() {
        let fine = ErrorCode::Other(0);
        // What the body is nobody asks.
        assert_eq!(checked(|_, _| {}, BODY_MAX_BYTES), fine);
        assert_eq!(
            checked(|_, _| {}, BODY_MAX_BYTES + 1),
            ErrorCode::TextTooLong
        );
        let of_kind = |kind, refers_to: Option<u64>| {
            move |_: &mut Header, entry: &mut EntryHeader| {
                entry.kind = kind;
                entry.refers_to = refers_to.map(EntryId);
            }
        };
        let long = ErrorCode::TextTooLong;
        for (kind, body_max) in [
            (EntryKind::Text, BODY_MAX_BYTES),
            (EntryKind::Action, BODY_MAX_BYTES),
            (EntryKind::Edit, BODY_MAX_BYTES),
            (EntryKind::Delete, SHORT_BODY_MAX_BYTES),
            (EntryKind::React, SHORT_BODY_MAX_BYTES),
            (EntryKind::Pin, SHORT_BODY_MAX_BYTES),
            (EntryKind::Unpin, SHORT_BODY_MAX_BYTES),
        ] {
            assert_eq!(checked(of_kind(kind, Some(3)), body_max), fine, "{kind}");
            assert_eq!(
                checked(of_kind(kind, Some(3)), body_max + 1),
                long,
                "{kind}"
            );
            // Where one has to be named, the others say nothing without it.
            let alone = if kind.is_said() {
                fine
            } else {
                ErrorCode::Malformed
            };
            assert_eq!(checked(of_kind(kind, None), 1), alone, "{kind}");
        }
        let unknown = |_: &mut Header, entry: &mut EntryHeader| entry.kind = EntryKind::Other(9);
        assert_eq!(checked(unknown, 1), ErrorCode::Unsupported);
        let event = |_: &mut Header, entry: &mut EntryHeader| entry.kind = EntryKind::Event;
        assert_eq!(checked(event, 1), ErrorCode::NotPermitted);
        let with_root = |kind| {
            move |_: &mut Header, entry: &mut EntryHeader| {
                entry.kind = kind;
                entry.root = Some(Bytes([1; 32]));
            }
        };
        assert_eq!(checked(with_root(EntryKind::File), BODY_MAX_BYTES), fine);
        assert_eq!(checked(with_root(EntryKind::Text), 1), ErrorCode::Malformed);
        let without = of_kind(EntryKind::File, None);
        assert_eq!(checked(without, 1), ErrorCode::Malformed);
        let to_all = |header: &mut Header, _: &mut EntryHeader| {
            header.command = Command::SendAllMessage;
        };
        assert_eq!(checked(to_all, 1), ErrorCode::Malformed);
        let everyone = |_: &mut Header, entry: &mut EntryHeader| {
            entry.origin.conversation = ConversationId::EVERYONE;
        };
        assert_eq!(checked(everyone, 1), ErrorCode::Malformed);
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
