//! What the operator does to rooms, without being a member of any.
//!
//! A room that is deleted loses its name at once; nobody says anything there any more, and its members go, with all entries but
//! the one that tells it, in steps (`administration::chores`). That one stays, for devices that have been away.

use super::super::administration::chores;
use super::super::{access, accounts, conversations, retention};
use super::{Joining, membership, require};
use crate::protocol::{
    Access, AccountId, ConversationId, DeviceId, EventKind, MemberRole, RoomEvent,
};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::ops::log::events;
use crate::store::schema::names;
use crate::store::schema::names::NameOf;
use crate::store::schema::records::{ConversationRecord, History, RoomRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Event, Refusal, Reply, RoomMember, RoomSummary};

/// After how many members a page of the list of rooms ends. Chosen: some milliseconds of the storage thread.
const LOOKED_AT_MAX: usize = 20_000;

/// How many rooms are on a page at most. Chosen: likewise.
const ROOMS_MAX: usize = 500;

/// How many members of a room are named at once.
const MEMBERS_MAX: usize = 1_000;

/// How many owners of a room are named in a list of rooms. Chosen: a line of a terminal.
const OWNERS_NAMED_MAX: usize = 4;

/// How many owners are replaced at once; others stay until it is asked for again. Chosen: each is an entry, and no room has more.
const REPLACED_MAX: usize = 64;

/// A room by its name.
struct Named {
    id: ConversationId,
    record: ConversationRecord,
    room: RoomRecord,
}

fn named(tables: &impl ReadTables, name: &str) -> Result<Named, Abort> {
    let id = names::find(tables, NameOf::Room, name)?.ok_or(Refusal::NoSuchRoom)?;
    let id = ConversationId(id);
    let record = conversations::load(tables, id)?;
    Ok(Named {
        id,
        record: record.ok_or_else(|| StoreError::missing("conversations"))?,
        room: require(tables, id)?,
    })
}

/// What happened to a room by the operator.
const fn by_operator(kind: EventKind) -> RoomEvent {
    RoomEvent {
        kind,
        actor: String::new(),
        subject: None,
        text: None,
        role: None,
        access: None,
    }
}

impl Named {
    fn write(
        &mut self,
        tables: &mut Tables,
        event: RoomEvent,
        time_ms: u64,
    ) -> Result<Event, StoreError> {
        let by = AccountId::OPERATOR;
        events::write(tables, self.id, &mut self.record, by, event, time_ms)
    }

    fn summary(&self, members: &[Belonging]) -> RoomSummary {
        let owners = members
            .iter()
            .filter(|member| member.role == MemberRole::Owner);
        RoomSummary {
            name: self.room.name.clone(),
            topic: self.room.topic.clone(),
            access: self.room.access,
            members: self.record.members,
            owners: owners
                .map(|member| member.name.clone())
                .take(OWNERS_NAMED_MAX)
                .collect(),
            entries: self.record.head - self.record.log_start,
            bytes: self.record.bytes,
            time_ms: self.record.time_ms,
        }
    }
}

/// Who belongs to a room.
struct Belonging {
    account: AccountId,
    name: String,
    role: MemberRole,
}

/// The members of a room after one, so many at most, and whether there are more.
fn members(
    tables: &impl ReadTables,
    room: ConversationId,
    after: AccountId,
    most: usize,
) -> Result<(Vec<Belonging>, bool), StoreError> {
    let mut members = Vec::new();
    let rows = (room.0, after.0.saturating_add(1))..=(room.0, u64::MAX);
    for row in tables.members().range(rows)? {
        let ((_, account), member) = row?;
        let Some(member) = skip_damaged(member)?.filter(|member| member.until.is_none()) else {
            continue;
        };
        if members.len() == most {
            return Ok((members, true));
        }
        let account = AccountId(account);
        let name = accounts::name(tables, account)?;
        members.push(Belonging {
            account,
            name: name.unwrap_or_default(),
            role: member.role,
        });
    }
    Ok((members, false))
}

/// All rooms by name, after one.
pub(in crate::store) fn list(tables: &impl ReadTables, after: &str) -> Result<Reply, Abort> {
    let page = names::after(tables, NameOf::Room, after, ROOMS_MAX)?;
    let is_full = page.len() == ROOMS_MAX;
    let (mut rooms, mut next, mut looked_at) = (Vec::new(), None, 0);
    for (name, id) in page {
        if looked_at > LOOKED_AT_MAX {
            return Ok(Reply::RoomList { rooms, next });
        }
        next = Some(name.clone());
        if id.is_none() {
            continue;
        }
        let room = match named(tables, &name) {
            Ok(room) => room,
            Err(Abort::Refused(_)) => continue,
            Err(Abort::Failed(error)) if error.is_damage() => continue,
            Err(error) => return Err(error),
        };
        let (members, _) = members(tables, room.id, AccountId(0), usize::MAX)?;
        looked_at += members.len();
        rooms.push(room.summary(&members));
    }
    let next = next.filter(|_| is_full);
    Ok(Reply::RoomList { rooms, next })
}

/// A room, and its members after one.
pub(in crate::store) fn show(
    tables: &impl ReadTables,
    name: &str,
    after: AccountId,
) -> Result<Reply, Abort> {
    let room = named(tables, name)?;
    let (page, has_more) = members(tables, room.id, after, MEMBERS_MAX)?;
    let next = page.last().map(|member| member.account);
    Ok(Reply::RoomShown {
        room: room.summary(&page),
        members: page
            .into_iter()
            .map(|member| RoomMember {
                name: member.name,
                role: member.role,
            })
            .collect(),
        next: next.filter(|_| has_more),
    })
}

/// Deletes a room. What it was called can be the name of another one from now on.
pub(in crate::store) fn delete(
    tables: &mut Tables,
    name: &str,
    skeleton: &str,
    time_ms: u64,
) -> Result<Reply, Abort> {
    let mut room = named(tables, name)?;
    names::remove(tables, NameOf::Room, name);
    names::remove(tables, NameOf::PublicRoom, name);
    if names::find(tables, NameOf::RoomSkeleton, skeleton)? == Some(room.id.0) {
        names::remove(tables, NameOf::RoomSkeleton, skeleton);
    }
    room.record.members = 0;
    let event = room.write(tables, by_operator(EventKind::Deleted), time_ms)?;
    let record = RoomRecord {
        topic: String::new(),
        // What follows in the record is written only if this says something.
        history: History {
            last: 0,
            after: room.record.head,
        },
        is_deleted: true,
        ..room.room
    };
    tables.rooms.insert(room.id.0, record);
    retention::forget_own(tables, room.id)?;
    chores::add_room(tables, room.id);
    Ok(Reply::Changed {
        event: Some(event),
        subject: None,
    })
}

/// Makes an account the owner of a room, and its other owners moderators. One who does not belong to it joins it.
pub(in crate::store) fn set_owner(
    tables: &mut Tables,
    name: &str,
    account: AccountId,
    time_ms: u64,
) -> Result<Reply, Abort> {
    let mut room = named(tables, name)?;
    let user = accounts::load(tables, account)?.filter(|user| !user.is_deleted());
    let user = user.ok_or(Refusal::NoSuchUser)?;
    let is_member = |tables: &Tables| -> Result<bool, StoreError> {
        let member = conversations::load_member(tables, room.id, account)?;
        Ok(member.is_some_and(|member| member.until.is_none()))
    };
    let joined = if is_member(tables)? {
        None
    } else {
        let joining = Joining {
            account,
            device: DeviceId::SERVER,
            name,
            skeleton: "",
            access: room.room.access,
            may_make: false,
            time_ms,
        };
        membership::check_limits(tables, account, room.record.members)?;
        let history = room.room.history;
        let (member, event) = super::admit(tables, room.id, &mut room.record, history, &joining)?;
        Some((member.joined_after, event))
    };
    let mut events = Vec::new();
    let (_, mut member) = access::membership(tables, room.id, account)?;
    if member.role != MemberRole::Owner {
        member.role = MemberRole::Owner;
        conversations::save_member(tables, room.id, account, member);
        let mut event = by_operator(EventKind::Role);
        event.subject = Some(user.name);
        event.role = Some(MemberRole::Owner);
        events.push(room.write(tables, event, time_ms)?);
    }
    let mut others = membership::members(tables, room.id)?;
    others.retain(|(other, member)| *other != account && member.role == MemberRole::Owner);
    for (other, mut member) in others.into_iter().take(REPLACED_MAX) {
        member.role = MemberRole::Moderator;
        conversations::save_member(tables, room.id, other, member);
        let mut event = by_operator(EventKind::Role);
        event.subject = accounts::name(tables, other)?;
        event.role = Some(MemberRole::Moderator);
        events.push(room.write(tables, event, time_ms)?);
    }
    if joined.is_none() && events.is_empty() {
        return Ok(Reply::Unchanged);
    }
    Ok(Reply::OwnerSet {
        room: room.id,
        joined,
        events,
    })
}

/// Says who may join a room, and who may say something there.
pub(in crate::store) fn set_access(
    tables: &mut Tables,
    name: &str,
    access: Access,
    time_ms: u64,
) -> Result<Reply, Abort> {
    let mut room = named(tables, name)?;
    if !Access::ALL.contains(&access) {
        return Err(Refusal::NotPermitted.into());
    }
    if room.room.access == access {
        return Ok(Reply::Unchanged);
    }
    super::put_access(tables, room.id, &mut room.room, access);
    let mut event = by_operator(EventKind::Access);
    event.access = Some(access);
    Ok(Reply::Changed {
        event: Some(room.write(tables, event, time_ms)?),
        subject: None,
    })
}
