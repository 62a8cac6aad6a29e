//! What the operator does to rooms and to what is said in them, and what they say to all users.

use anyhow::{Context as _, bail};

use super::access::RoomAccess;
use super::api::{Answer, Done, LogName, MemberLine, RoomLine};
use super::handler::{AdminHandler, no_such_room};
use crate::cli::exit::{Coded, Exit};
use crate::cli::output::quoted;
use crate::net;
use crate::protocol::{AccountId, EntryId, MemberRole, with_room_sign};
use crate::server::{CreateRoom, Name, RoomName};
use crate::store::{LogOf, Read, Refusal, Reply, RoomSummary, Write};
use crate::text::printable;

/// The forms of the name of a room that is there: the canonical one, and that which look-alikes share.
fn forms(typed: &str) -> anyhow::Result<(String, String)> {
    let parsed = RoomName::parse_unsigned(typed);
    let name = parsed.with_context(|| format!("{} names no room", quoted(typed)))?;
    Ok(name.into_forms())
}

/// The sentence for what was refused of a room or of an account.
fn refused(typed: &str, answer: &Result<Reply, Refusal>) -> anyhow::Result<Answer> {
    match answer {
        Err(Refusal::LimitReached(limit)) => {
            bail!("the user cannot have another room: {}", limit.sentence())
        }
        Err(Refusal::BadReference(why)) => Err(Coded::new(Exit::NoRecipient, *why).into()),
        other => no_such_room(typed, other),
    }
}

pub fn add(
    handler: &mut AdminHandler,
    name: &str,
    owner: &str,
    access: RoomAccess,
) -> anyhow::Result<Answer> {
    let name = RoomName::parse_new(&with_room_sign(name))?;
    let owner = handler.account("the owner", owner)?.id;
    let room = CreateRoom {
        name,
        owner,
        access: access.into(),
    };
    match handler.audited(room.request(net::now().unix_ms))? {
        Ok(Reply::Joined(joined)) => Ok(Answer::Added {
            name: joined.room.name,
        }),
        Err(Refusal::NameTaken) => bail!("there is a room of this name"),
        Err(Refusal::LooksLike(other)) => {
            bail!("the name looks like {}, which is taken", quoted(&other))
        }
        Err(Refusal::LimitReached(limit)) => {
            bail!("the owner cannot have another: {}", limit.sentence())
        }
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}

fn line(room: RoomSummary) -> RoomLine {
    RoomLine {
        name: room.name,
        topic: room.topic,
        access: room.access.into(),
        members: room.members,
        owners: room.owners,
        entries: room.entries,
        bytes: room.bytes,
        last_ms: room.time_ms,
    }
}

pub fn list(handler: &mut AdminHandler, after: String) -> anyhow::Result<Answer> {
    match handler.read(Read::ListRooms { after })? {
        Ok(Reply::RoomList { rooms, next }) => {
            let rooms = rooms.into_iter().map(line).collect();
            Ok(Answer::Rooms { rooms, next })
        }
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}

pub fn show(handler: &mut AdminHandler, typed: &str, after: u64) -> anyhow::Result<Answer> {
    let read = Read::ShowRoom {
        name: forms(typed)?.0,
        after: AccountId(after),
    };
    match handler.read(read)? {
        Ok(Reply::RoomShown {
            room,
            members,
            next,
        }) => {
            let role = |role| match role {
                MemberRole::Owner => "owner",
                MemberRole::Moderator => "moderator",
                MemberRole::Member | MemberRole::Other(_) => "member",
            };
            let members = members.into_iter().map(|member| MemberLine {
                name: member.name,
                role: role(member.role).to_owned(),
            });
            Ok(Answer::Room {
                room: line(room),
                members: members.collect(),
                next: next.map(|account| account.0),
            })
        }
        other => refused(typed, &other),
    }
}

pub fn delete(handler: &mut AdminHandler, typed: &str) -> anyhow::Result<Answer> {
    let (name, skeleton) = forms(typed)?;
    let delete = Write::DeleteRoom {
        name,
        skeleton,
        time_ms: net::now().unix_ms,
    };
    match handler.audited(delete)? {
        Ok(Reply::Changed { .. }) => {
            handler.finish_chores()?;
            Ok(Answer::Done(Done::default()))
        }
        other => refused(typed, &other),
    }
}

pub fn set_owner(handler: &mut AdminHandler, typed: &str, user: &str) -> anyhow::Result<Answer> {
    let (name, _) = forms(typed)?;
    let account = handler.account("the user", user)?;
    let set = Write::SetOwner {
        name,
        account: account.id,
        time_ms: net::now().unix_ms,
    };
    match handler.audited(set)? {
        Ok(Reply::OwnerSet { events, .. }) => {
            // One of them tells of the user, who was none before if there are any.
            let moderators = events.len().saturating_sub(1);
            Ok(Answer::Owned {
                account: account.name,
                is_unchanged: false,
                replaced: moderators as u64,
            })
        }
        Ok(Reply::Unchanged) => Ok(Answer::Owned {
            account: account.name,
            is_unchanged: true,
            replaced: 0,
        }),
        other => refused(typed, &other),
    }
}

pub fn set_access(
    handler: &mut AdminHandler,
    typed: &str,
    access: RoomAccess,
) -> anyhow::Result<Answer> {
    let set = Write::SetAccess {
        name: forms(typed)?.0,
        access: access.into(),
        time_ms: net::now().unix_ms,
    };
    match handler.audited(set)? {
        Ok(reply @ (Reply::Changed { .. } | Reply::Unchanged)) => Ok(Answer::Done(Done {
            account: None,
            is_unchanged: matches!(reply, Reply::Unchanged),
        })),
        other => refused(typed, &other),
    }
}

/// Deletes an account, and what it has said if that is wanted.
pub fn delete_user(handler: &mut AdminHandler, typed: &str, purge: bool) -> anyhow::Result<Answer> {
    let time_ms = net::now().unix_ms;
    if !purge {
        return handler.act_on(typed, |account| Write::DeleteAccount {
            account,
            proved: None,
            time_ms,
        });
    }
    let parsed = Name::parse(typed).with_context(|| format!("the user {}", quoted(typed)));
    let name = parsed?.canonical().to_owned();
    match handler.audited(Write::PurgeAccount { name, time_ms })? {
        Ok(Reply::Purging { .. }) => {
            handler.finish_chores()?;
            Ok(Answer::Done(Done::default()))
        }
        Err(Refusal::NoSuchUser) => {
            let text = format!("there is no account {}", quoted(typed));
            Err(Coded::new(Exit::NoRecipient, text).into())
        }
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}

/// Deletes an entry of a log.
pub fn delete_entry(
    handler: &mut AdminHandler,
    log: LogName,
    number: u64,
) -> anyhow::Result<Answer> {
    let (of, typed, log) = match log {
        LogName::Everyone => (LogOf::Everyone, String::new(), LogName::Everyone),
        LogName::Room(typed) => {
            let name = forms(&typed)?.0;
            (LogOf::Room(name.clone()), typed, LogName::Room(name))
        }
        LogName::Users(one, other) => {
            let one = handler.account("the user", &one)?;
            let other = handler.account("the user", &other)?;
            let of = LogOf::Pair(one.id, other.id);
            (of, String::new(), LogName::Users(one.name, other.name))
        }
    };
    let delete = Write::DeleteEntry {
        log: of,
        entry: EntryId(number),
        time_ms: net::now().unix_ms,
    };
    match handler.audited(delete)? {
        Ok(Reply::Removed(_)) => Ok(Answer::MessageDeleted { log }),
        other => refused(&typed, &other),
    }
}

/// Refuses a text of which nobody sees anything.
pub fn require_visible(what: &str, text: &str) -> anyhow::Result<()> {
    if printable::is_blank(text) {
        let problem = format!("the {what} has nothing visible in it");
        return Err(Coded::new(Exit::Usage, problem).into());
    }
    Ok(())
}

/// Says something to all users.
pub fn announce(handler: &mut AdminHandler, text: String) -> anyhow::Result<Answer> {
    require_visible("announcement", &text)?;
    let announce = Write::Announce {
        author: None,
        text,
        time_ms: net::now().unix_ms,
    };
    match handler.audited(announce)? {
        Ok(Reply::Changed { .. }) => Ok(Answer::Done(Done::default())),
        Err(Refusal::LimitReached(limit)) => bail!("{}", limit.sentence()),
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}
