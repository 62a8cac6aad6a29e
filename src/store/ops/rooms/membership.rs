//! How a membership of a room begins and ends: one span of reading each time, in three tables that agree.
//!
//! `members` holds the span and the role, also of those who have left, who still read what was said while they
//! belonged; `joined` is what a device is told of when it comes back; `rooms_of` counts both kinds for the limits.

use super::super::conversations;
use super::{ROOM_MEMBERS_MAX, ROOMS_JOINED_MAX, ROOMS_LEFT_MAX};
use crate::protocol::{AccountId, ConversationId, MemberRole};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::records::{ConversationRecord, History, MemberRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Refusal, StoreLimit};

/// The value of `rooms_of` while the account belongs to the room; else it is when it left.
pub(in crate::store) const BELONGS: u64 = 0;

/// A room of an account.
struct RoomOf {
    room: ConversationId,
    /// When the account left it, in milliseconds since 1970 (UTC), and later than the rooms that it left before;
    /// [`BELONGS`] if it has not.
    left_ms: u64,
}

fn rooms_of(tables: &impl ReadTables, account: AccountId) -> Result<Vec<RoomOf>, StoreError> {
    let rows = tables
        .rooms_of()
        .range((account.0, 0)..=(account.0, u64::MAX))?;
    let mut rooms = Vec::new();
    for row in rows {
        let ((_, room), left_ms) = row?;
        if let Some(left_ms) = skip_damaged(left_ms)? {
            rooms.push(RoomOf {
                room: ConversationId(room),
                left_ms,
            });
        }
    }
    Ok(rooms)
}

/// Notes that an account belongs to a room, or when it has left it.
pub(in crate::store) fn put_room_of(
    tables: &mut Tables,
    account: AccountId,
    room: ConversationId,
    left_ms: u64,
) {
    tables.rooms_of.insert((account.0, room.0), left_ms);
}

/// The rooms that an account belongs to now.
pub(super) fn current(
    tables: &impl ReadTables,
    account: AccountId,
) -> Result<Vec<ConversationId>, StoreError> {
    let rooms = rooms_of(tables, account)?;
    let current = rooms.iter().filter(|of| of.left_ms == BELONGS);
    Ok(current.map(|of| of.room).collect())
}

/// Whether there is room for one membership more, on both sides.
pub(super) fn check_limits(
    tables: &impl ReadTables,
    account: AccountId,
    members: u32,
) -> Result<(), Abort> {
    if current(tables, account)?.len() >= ROOMS_JOINED_MAX {
        return Err(Refusal::LimitReached(StoreLimit::RoomsJoined).into());
    }
    if members >= ROOM_MEMBERS_MAX {
        return Err(Refusal::LimitReached(StoreLimit::RoomMembers).into());
    }
    Ok(())
}

/// Begins a membership; the entry that is written next is the first that the member is sent. What they may read of the
/// entries before it is decided here, by the room's setting of this moment. Who comes back has the room muted as they left it,
/// and what they had read.
pub(super) fn begin(
    tables: &mut Tables,
    room: ConversationId,
    record: &mut ConversationRecord,
    (account, role): (AccountId, MemberRole),
    history: History,
) -> Result<MemberRecord, StoreError> {
    let before = skip_damaged(conversations::load_member(tables, room, account))?.flatten();
    let mut member = MemberRecord {
        role,
        reading: before.map(|before| before.reading).unwrap_or_default(),
        ..MemberRecord::from(record.head)
    };
    member.reading.after = history.readable_after(record.head);
    conversations::save_member(tables, room, account, member);
    conversations::put_joined(tables, account, room);
    put_room_of(tables, account, room, BELONGS);
    tables.invited.remove(&(account.0, room.0));
    record.members = record.members.saturating_add(1);
    Ok(member)
}

/// Ends a membership; the entry that is the record's head is the last that the member reads. What was left longest
/// ago is forgotten where that makes too many.
pub(super) fn end(
    tables: &mut Tables,
    room: ConversationId,
    record: &ConversationRecord,
    account: AccountId,
    mut member: MemberRecord,
) -> Result<(), StoreError> {
    member.until = Some(record.head);
    member.role = MemberRole::Member;
    conversations::save_member(tables, room, account, member);
    // Later than all before it, also after the clock was set back.
    let rooms = rooms_of(tables, account)?;
    let last_ms = rooms.iter().map(|of| of.left_ms).max().unwrap_or(BELONGS);
    let left_ms = record.time_ms.max(last_ms.saturating_add(1));
    put_room_of(tables, account, room, left_ms);
    let mut left = rooms_of(tables, account)?;
    left.retain(|of| of.left_ms != BELONGS);
    if left.len() > ROOMS_LEFT_MAX
        && let Some(oldest) = left.iter().min_by_key(|of| of.left_ms)
    {
        let oldest = oldest.room.0;
        tables.rooms_of.remove(&(account.0, oldest));
        tables.joined.remove(&(account.0, oldest));
        tables.members.remove(&(oldest, account.0));
    }
    Ok(())
}

/// Ends memberships of a room that was deleted, so many at most; returns whether there were any.
pub(in crate::store) fn end_memberships(
    tables: &mut Tables,
    room: ConversationId,
    most: usize,
) -> Result<bool, StoreError> {
    let Some(record) = conversations::load(tables, room)? else {
        return Ok(false);
    };
    let members = members(tables, room)?;
    let are_any = !members.is_empty();
    for (account, member) in members.into_iter().take(most) {
        end(tables, room, &record, account, member)?;
    }
    Ok(are_any)
}

/// Those who belong to a room now, by id, as far as that can be read.
pub(super) fn members(
    tables: &impl ReadTables,
    room: ConversationId,
) -> Result<Vec<(AccountId, MemberRecord)>, StoreError> {
    let mut members = Vec::new();
    for row in tables.members().range((room.0, 0)..=(room.0, u64::MAX))? {
        let ((_, account), member) = row?;
        let member = skip_damaged(member)?;
        if let Some(member) = member.filter(|member| member.until.is_none()) {
            members.push((AccountId(account), member));
        }
    }
    Ok(members)
}

/// Whether somebody else owns the room too.
pub(super) fn has_other_owner(
    tables: &impl ReadTables,
    room: ConversationId,
    account: AccountId,
) -> Result<bool, StoreError> {
    Ok(others(tables, room, account)?.iter().any(owns))
}

fn others(
    tables: &impl ReadTables,
    room: ConversationId,
    account: AccountId,
) -> Result<Vec<(AccountId, MemberRecord)>, StoreError> {
    let mut others = members(tables, room)?;
    others.retain(|(other, _)| *other != account);
    Ok(others)
}

fn owns((_, member): &(AccountId, MemberRecord)) -> bool {
    member.role == MemberRole::Owner
}

/// The next owner of a room that this account leaves: nobody while another owner or nobody is left, else the moderator who
/// joined first, else the member who joined first.
pub(in crate::store) fn successor(
    tables: &impl ReadTables,
    room: ConversationId,
    leaving: AccountId,
) -> Result<Option<(AccountId, MemberRecord)>, StoreError> {
    let others = others(tables, room, leaving)?;
    if others.iter().any(owns) {
        return Ok(None);
    }
    // No two members of a room began at the same entry: each beginning is an entry.
    let rank = |(_, member): &(AccountId, MemberRecord)| {
        (member.role != MemberRole::Moderator, member.joined_after)
    };
    Ok(others.into_iter().min_by_key(rank))
}
