//! Rooms: conversations that accounts join and leave, with a name, a topic and roles.
//!
//! Every change is an entry of the room's log, written with it in one transaction, so the log tells who could read
//! what, and a request that is repeated finds it done and makes no second entry.

pub(in crate::store) mod change;
mod list;
mod membership;
pub(in crate::store) mod operator;
pub(in crate::store) mod permission;

use super::conversation_state::state;
use super::log::events;
use super::{access, accounts, conversations};
use crate::protocol::{Access, AccountId, ConversationId, DeviceId, EventKind, MemberRole, Room};
use crate::store::error::{Abort, StoreError};
use crate::store::schema::meta;
use crate::store::schema::meta::Sequence;
use crate::store::schema::names;
use crate::store::schema::names::NameOf;
use crate::store::schema::records::{ConversationRecord, History, Kind, MemberRecord, RoomRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Event, Joined, Refusal, Reply};
use crate::text::name_case::one_spelling;

pub(in crate::store) use list::{members, rooms, uses};
pub(in crate::store) use membership::{BELONGS, end_memberships, put_room_of, successor};

/// How many rooms an account may belong to at once; joining another is refused. Chosen: each costs a few bytes in
/// every HELLO, and more are not followed by anybody.
pub(in crate::store) const ROOMS_JOINED_MAX: usize = 256;

/// How many rooms that an account has left are remembered, so that its devices still get what was said while it
/// belonged; the one left longest ago is forgotten. Chosen: as many as it may belong to.
pub(in crate::store) const ROOMS_LEFT_MAX: usize = 256;

/// How many members a room may have; joining is refused then. Chosen: above the 10,000 of the largest workload that
/// is measured, and a list of them still fits a few hundred messages.
pub const ROOM_MEMBERS_MAX: u32 = 16_384;

/// How many invitations an account may have that it has not followed; another is refused. Chosen: as many as there
/// are rooms that it may belong to.
pub(in crate::store) const INVITATIONS_MAX: usize = 256;

pub(in crate::store) struct Joining<'a> {
    pub(in crate::store) account: AccountId,
    pub(in crate::store) device: DeviceId,
    pub(in crate::store) name: &'a str,
    pub(in crate::store) skeleton: &'a str,
    pub(in crate::store) access: Access,
    pub(in crate::store) may_make: bool,
    pub(in crate::store) time_ms: u64,
}

/// Makes a room for its owner, unless there is one of this name.
pub(in crate::store) fn make_for(
    tables: &mut Tables,
    joining: &Joining<'_>,
) -> Result<Reply, Abort> {
    if names::find(tables, NameOf::Room, joining.name)?.is_some() {
        return Err(Refusal::NameTaken.into());
    }
    join(tables, joining)
}

pub(in crate::store) fn join(tables: &mut Tables, joining: &Joining<'_>) -> Result<Reply, Abort> {
    let account = joining.account;
    let joining_account = accounts::load(tables, account)?.ok_or(Refusal::NoSuchUser)?;
    // It may have been asked for just before the account was deleted.
    if joining_account.is_deleted() {
        return Err(Refusal::NoSuchUser.into());
    }
    let id = match names::find(tables, NameOf::Room, joining.name)? {
        Some(id) => ConversationId(id),
        None => make(tables, joining)?,
    };
    let mut record =
        conversations::load(tables, id)?.ok_or_else(|| StoreError::missing("conversations"))?;
    let room = require(tables, id)?;
    let before = conversations::load_member(tables, id, account)?;
    let (member, event) = match before {
        Some(member) if member.until.is_none() => (member, None),
        before => {
            check_access(tables, id, &room, &record, account, before)?;
            membership::check_limits(tables, account, record.members)?;
            let (member, event) = admit(tables, id, &mut record, room.history, joining)?;
            (member, Some(event))
        }
    };
    Ok(Reply::Joined(Box::new(Joined {
        standing: state(
            tables,
            id,
            record,
            (account, member),
            room.name.clone(),
            joining.device,
        )?,
        room: room.seen(id, &record, Some(member.role)),
        event,
    })))
}

/// Makes a room without members. It refuses for everything that would refuse its maker, before anything is written.
fn make(tables: &mut Tables, joining: &Joining<'_>) -> Result<ConversationId, Abort> {
    if !joining.may_make {
        return Err(Refusal::NoSuchRoom.into());
    }
    if let Some(other) = names::find(tables, NameOf::RoomSkeleton, joining.skeleton)? {
        let other = require(tables, ConversationId(other))?;
        if !other.is_deleted {
            return Err(Refusal::LooksLike(other.name).into());
        }
    }
    membership::check_limits(tables, joining.account, 0)?;
    accounts::count_room(tables, joining.account)?;
    let id = ConversationId(meta::next_id(tables, Sequence::Conversation)?);
    conversations::save(tables, id, ConversationRecord::empty(Kind::Room));
    // What this version does not know is the narrower of the two.
    let access = match joining.access {
        Access::Other(_) => Access::Private,
        known => known,
    };
    let room = RoomRecord {
        name: one_spelling(joining.name),
        topic: String::new(),
        access,
        history: History::NONE,
        is_deleted: false,
    };
    names::put(tables, NameOf::Room, &room.name, id.0);
    names::put(tables, NameOf::RoomSkeleton, joining.skeleton, id.0);
    if !access.is_private() {
        names::put(tables, NameOf::PublicRoom, &room.name, id.0);
    }
    tables.rooms.insert(id.0, room);
    Ok(id)
}

/// Writes who may join a room, and who may say something there.
fn put_access(tables: &mut Tables, id: ConversationId, room: &mut RoomRecord, access: Access) {
    room.access = access;
    tables.rooms.insert(id.0, room.clone());
    if access.is_private() {
        names::remove(tables, NameOf::PublicRoom, &room.name);
    } else {
        names::put(tables, NameOf::PublicRoom, &room.name, id.0);
    }
}

/// Whether an account that does not belong to a room may join it. Into one that all have left, whoever belonged to it
/// once may come back without an invitation, or a private one would be locked for ever.
fn check_access(
    tables: &impl ReadTables,
    id: ConversationId,
    room: &RoomRecord,
    record: &ConversationRecord,
    account: AccountId,
    before: Option<MemberRecord>,
) -> Result<(), Abort> {
    let open = !room.access.is_private()
        || (record.members == 0 && (record.head == 0 || before.is_some()))
        || list::invitation(tables, account, id)?.is_some();
    if open {
        Ok(())
    } else {
        Err(Refusal::NotInvited.into())
    }
}

/// Makes an account a member, or the owner where there is no member, and says so in the log.
fn admit(
    tables: &mut Tables,
    id: ConversationId,
    record: &mut ConversationRecord,
    history: History,
    joining: &Joining<'_>,
) -> Result<(MemberRecord, Event), Abort> {
    let mut event = events::event(tables, EventKind::Joined, joining.account)?;
    let role = if record.members == 0 {
        event.role = Some(MemberRole::Owner);
        MemberRole::Owner
    } else {
        MemberRole::Member
    };
    let member = membership::begin(tables, id, record, (joining.account, role), history)?;
    let event = events::write(tables, id, record, joining.account, event, joining.time_ms)?;
    Ok((member, event))
}

pub(in crate::store) fn leave(
    tables: &mut Tables,
    id: ConversationId,
    account: AccountId,
    time_ms: u64,
) -> Result<Reply, Abort> {
    let unchanged = Reply::Changed {
        event: None,
        subject: None,
    };
    // Nobody belongs to what they never joined, whether there is such a room or not: both are answered alike.
    let (mut record, member) = match access::membership(tables, id, account) {
        Ok(known) => known,
        Err(Abort::Refused(_)) => return Ok(unchanged),
        Err(error) => return Err(error),
    };
    if record.kind != Kind::Room {
        return Err(Refusal::NotPermitted.into());
    }
    if member.until.is_some() {
        return Ok(unchanged);
    }
    let mut event = events::event(tables, EventKind::Left, account)?;
    if member.role == MemberRole::Owner
        && let Some((heir, mut owner)) = membership::successor(tables, id, account)?
    {
        event.subject = Some(accounts::require(tables, heir)?.name);
        event.role = Some(MemberRole::Owner);
        owner.role = MemberRole::Owner;
        conversations::save_member(tables, id, heir, owner);
    }
    record.members = record.members.saturating_sub(1);
    let event = events::write(tables, id, &mut record, account, event, time_ms)?;
    membership::end(tables, id, &record, account, member)?;
    Ok(Reply::Changed {
        event: Some(event),
        subject: None,
    })
}

/// Leaves all rooms that an account belongs to, and forgets its invitations.
pub(in crate::store) fn leave_all(
    tables: &mut Tables,
    account: AccountId,
    time_ms: u64,
) -> Result<Vec<Event>, Abort> {
    let mut left = Vec::new();
    for room in membership::current(tables, account)? {
        if let Reply::Changed { event, .. } = leave(tables, room, account, time_ms)? {
            left.extend(event);
        }
    }
    let invited = (account.0, 0)..=(account.0, u64::MAX);
    let invited: Result<Vec<_>, _> = tables.invited().range(invited)?.collect();
    for (key, _) in invited? {
        tables.invited.remove(&key);
    }
    Ok(left)
}

/// A room and a member of it. Everybody else gets the same refusal as for a room that does not exist.
fn require_member(
    tables: &impl ReadTables,
    id: ConversationId,
    account: AccountId,
) -> Result<(ConversationRecord, MemberRecord), Abort> {
    let (record, member) = access::membership(tables, id, account)?;
    if record.kind == Kind::Room && member.until.is_none() {
        Ok((record, member))
    } else {
        Err(Refusal::NotPermitted.into())
    }
}

/// The row of a room that another row refers to.
pub(in crate::store) fn require(
    tables: &impl ReadTables,
    id: ConversationId,
) -> Result<RoomRecord, StoreError> {
    tables
        .rooms()
        .get(&id.0)?
        .ok_or_else(|| StoreError::missing("rooms"))
}

impl RoomRecord {
    /// The room as somebody of this role sees it.
    fn seen(
        &self,
        conversation: ConversationId,
        record: &ConversationRecord,
        role: Option<MemberRole>,
    ) -> Room {
        Room {
            conversation,
            name: self.name.clone(),
            topic: self.topic.clone(),
            access: self.access,
            role,
            members: record.members,
            history: Some(self.history.last),
        }
    }
}
