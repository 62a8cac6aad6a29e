//! The text of lines about rooms.

use crate::client::name::is_room;
use crate::client::ui::render::bot_note;
use crate::protocol::{
    Access, Change, EventKind, HISTORY_ALL, MemberRole, Room, RoomEvent, RoomMember, history_of,
};
use crate::text::printable;

/// What somebody may do in a room, in a word.
pub(crate) const fn role(role: MemberRole) -> &'static str {
    match role {
        MemberRole::Member => "member",
        MemberRole::Moderator => "moderator",
        MemberRole::Owner => "owner",
        MemberRole::Other(_) => "of a role that this version does not know",
    }
}

/// Who may join, in a word.
pub(crate) const fn access(access: Access) -> &'static str {
    match access {
        Access::Public => "public",
        Access::Private => "private",
        Access::ReadOnly => "read-only",
        Access::PrivateReadOnly => "private and read-only",
        Access::Other(_) => "open to some",
    }
}

/// What happened in a room, or the invitation into one that stands between two users.
pub(crate) fn event(event: &RoomEvent, own_name: &str, room: &str) -> String {
    let you = |name| if name == own_name { "you" } else { name };
    let actor = match &*event.actor {
        "" => "the operator",
        actor => you(actor),
    };
    let subject = you(event.subject.as_deref().unwrap_or_default());
    let text = event.text.as_deref().unwrap_or_default();
    match event.kind {
        EventKind::Left if !subject.is_empty() => {
            let role = role(event.role.unwrap_or(MemberRole::Owner));
            let is = are_or_is(subject);
            format!("{actor} left {room}, and {subject} {is} its {role} now")
        }
        EventKind::Joined => format!("{actor} joined {room}"),
        EventKind::Left => format!("{actor} left {room}"),
        EventKind::Kicked => kicked(actor, subject, room, text),
        EventKind::Topic if text.is_empty() => format!("{actor} removed the topic of {room}"),
        EventKind::Topic => {
            let text = printable::line_or_nothing(text);
            format!("{actor} set the topic of {room}: {text}")
        }
        EventKind::Role => {
            let role = role(event.role.unwrap_or(MemberRole::Member));
            role_given(actor, subject, room, role)
        }
        EventKind::Access => {
            let access = access(event.access.unwrap_or(Access::Public));
            format!("{actor} made {room} {access}")
        }
        EventKind::History => match history_of(text) {
            None | Some(0) => format!("{actor} closed the history of {room} to newcomers"),
            Some(HISTORY_ALL) => {
                format!("{actor} opened the history of {room} to newcomers from here on")
            }
            Some(last) => {
                format!("{actor} opened the last {last} lines of {room} to newcomers from here on")
            }
        },
        EventKind::Invited if subject == "you" && is_room(text) => {
            format!("{actor} invites you to {text}  (`/join {text}`)")
        }
        EventKind::Invited => format!("{actor} invited {subject} to {text}"),
        EventKind::Announced => {
            format!(
                "announcement by {actor}: {}",
                printable::line_or_nothing(text)
            )
        }
        EventKind::Deleted => format!("the room {room} was deleted by {actor}"),
        EventKind::Other(_) => format!("{actor} changed {room}"),
    }
}

fn kicked(actor: &str, subject: &str, room: &str, reason: &str) -> String {
    let reason = match reason {
        "" => String::new(),
        reason => format!(": {}", printable::line_or_nothing(reason)),
    };
    match (actor, subject) {
        ("you", _) => format!("you kicked {subject} from {room}{reason}"),
        (_, "you") => format!("you were kicked from {room} by {actor}{reason}"),
        _ => format!("{subject} was kicked from {room} by {actor}{reason}"),
    }
}

fn role_given(actor: &str, subject: &str, room: &str, role: &str) -> String {
    match (actor, subject) {
        _ if subject.is_empty() || subject == actor => {
            format!("{actor} {} {role} of {room} now", are_or_is(actor))
        }
        ("you", _) => format!("you made {subject} {role} of {room}"),
        _ => {
            let is = are_or_is(subject);
            format!("{subject} {is} {role} of {room} now, by {actor}")
        }
    }
}

fn are_or_is(name: &str) -> &'static str {
    if name == "you" { "are" } else { "is" }
}

/// What is so already, so that nothing was changed and no entry tells of it.
pub(crate) fn unchanged(change: &Change, own_name: &str, room: &str) -> String {
    let subject = change.subject.as_deref().unwrap_or_default();
    let is_own = subject == own_name;
    let who = if is_own { "you" } else { subject };
    match change.kind {
        EventKind::Topic if change.text.as_deref() == Some("") => format!("{room} has no topic"),
        EventKind::Topic => format!("{room} already has this topic"),
        EventKind::Access => {
            let access = access(change.access.unwrap_or(Access::Public));
            format!("{room} is already {access}")
        }
        EventKind::History => format!("newcomers of {room} already read that much"),
        EventKind::Invited if is_own => format!("you are already a member of {room}"),
        EventKind::Invited => format!("{who} is already a member of {room}, or invited"),
        EventKind::Kicked => format!("{who} was already kicked from {room}"),
        EventKind::Role => {
            let role = role(change.role.unwrap_or(MemberRole::Member));
            format!("{who} {} already {role} of {room}", are_or_is(who))
        }
        _ => format!("nothing to change in {room}"),
    }
}

/// Why the server does not permit a change. The rules are those of the server's `permits`.
pub(crate) fn not_permitted(change: &Change, own_name: &str, room: &str) -> String {
    let subject = change.subject.as_deref().unwrap_or_default();
    match change.kind {
        EventKind::Topic => format!("only moderators and owners set the topic of {room}"),
        EventKind::Access | EventKind::History => {
            format!("only owners change the access of {room}")
        }
        EventKind::Invited => format!("{room} is private: only moderators and owners invite"),
        EventKind::Kicked if subject == own_name => format!("`/leave {room}` takes you out of it"),
        EventKind::Kicked => {
            format!("you may not kick {subject}: moderators kick members, and owners anybody")
        }
        EventKind::Role => {
            format!("only owners give roles in {room}, and its last owner stays one")
        }
        _ => "this is not permitted".into(),
    }
}

/// A room in the list, and what this device knows of it.
pub(crate) struct RoomRow {
    pub(crate) room: Room,
    pub(crate) unread: u32,
    pub(crate) is_muted: bool,
}

/// A room as a row of the list: its name, how many belong to it, what is unread, its topic.
pub(crate) fn rooms(rooms: &[RoomRow]) -> Vec<Vec<String>> {
    rooms
        .iter()
        .map(
            |RoomRow {
                 room,
                 unread,
                 is_muted,
             }| {
                let mut parts = vec![members(room.members)];
                match room.role {
                    Some(MemberRole::Member) => parts.push("joined".into()),
                    Some(other) => parts.push(role(other).into()),
                    None => {}
                }
                if room.access != Access::Public {
                    parts.push(access(room.access).into());
                }
                match room.history {
                    None | Some(0) => {}
                    Some(HISTORY_ALL) => parts.push("open history".into()),
                    Some(last) => parts.push(format!("last {last} lines open")),
                }
                if *unread > 0 {
                    parts.push(format!("{unread} unread"));
                }
                if *is_muted {
                    parts.push("muted".into());
                }
                let topic = topic(&room.topic);
                vec![room.name.clone(), format!("{}{topic}", parts.join(", "))]
            },
        )
        .collect()
}

/// What greets who joins.
pub(crate) fn joined(room: &Room) -> String {
    format!(
        "{}: {}{}",
        room.name,
        members(room.members),
        topic(&room.topic)
    )
}

fn topic(topic: &str) -> String {
    if topic.is_empty() {
        String::new()
    } else {
        format!("  {}", printable::line_or_nothing(topic))
    }
}

fn members(count: u32) -> String {
    if count == 1 {
        "1 member".into()
    } else {
        format!("{count} members")
    }
}

/// What those who join a room may read of what was said before.
pub(crate) fn for_newcomers(name: &str, history: u64) -> String {
    match history {
        0 => format!("newcomers of {name} read no earlier messages"),
        HISTORY_ALL => format!("newcomers of {name} read all earlier messages"),
        last => format!("newcomers of {name} read the last {last} earlier messages"),
    }
}

/// Who belongs to a room, a row each.
pub(crate) fn member_list(members: &[RoomMember], own_name: &str) -> Vec<Vec<String>> {
    members
        .iter()
        .map(|member| {
            let online = if member.online { "online" } else { "offline" };
            let you = if member.name == own_name {
                "  (you)"
            } else {
                ""
            };
            vec![
                member.name.clone(),
                role(member.role).to_owned(),
                format!("{online}{}{you}", bot_note(member.bot)),
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happened(kind: EventKind, subject: Option<&str>, text: Option<&str>) -> RoomEvent {
        RoomEvent {
            kind,
            actor: "bob".into(),
            subject: subject.map(str::to_owned),
            text: text.map(str::to_owned),
            role: Some(MemberRole::Moderator),
            access: Some(Access::Private),
        }
    }

    #[test]
    fn events_read_as_sentences_and_the_reader_is_you() {
        for (kind, subject, text, line) in [
            (EventKind::Joined, None, None, "bob joined #bridge"),
            (EventKind::Left, None, None, "bob left #bridge"),
            // Who inherits a room was not told of it, nor anybody else.
            (
                EventKind::Left,
                Some("erin"),
                None,
                "bob left #bridge, and you are its moderator now",
            ),
            (
                EventKind::Kicked,
                Some("carol"),
                Some("spam"),
                "carol was kicked from #bridge by bob: spam",
            ),
            (
                EventKind::Kicked,
                Some("erin"),
                None,
                "you were kicked from #bridge by bob",
            ),
            (
                EventKind::Topic,
                None,
                Some("tea"),
                "bob set the topic of #bridge: tea",
            ),
            (
                EventKind::Role,
                Some("erin"),
                None,
                "you are moderator of #bridge now, by bob",
            ),
            (EventKind::Access, None, None, "bob made #bridge private"),
            (
                EventKind::History,
                None,
                Some("20"),
                "bob opened the last 20 lines of #bridge to newcomers from here on",
            ),
            (
                EventKind::Invited,
                Some("erin"),
                Some("#ops"),
                "bob invites you to #ops  (`/join #ops`)",
            ),
            (
                EventKind::Invited,
                Some("carol"),
                Some("#ops"),
                "bob invited carol to #ops",
            ),
        ] {
            assert_eq!(
                event(&happened(kind, subject, text), "erin", "#bridge"),
                line
            );
        }
        let by_operator = RoomEvent {
            actor: String::new(),
            ..happened(EventKind::Announced, None, Some("tea\u{1b}[2J\nnow"))
        };
        let line = event(&by_operator, "erin", "everyone");
        assert!(
            line.starts_with("announcement by the operator: tea"),
            "{line}"
        );
        assert!(!line.contains(char::is_control), "{line:?}");
        // It was "carol was kicked from #bridge by you".
        for (kind, line) in [
            (EventKind::Kicked, "you kicked carol from #bridge"),
            (EventKind::Role, "you made carol moderator of #bridge"),
        ] {
            let event = event(&happened(kind, Some("carol"), None), "bob", "#bridge");
            assert_eq!(event, line);
        }
    }
}
