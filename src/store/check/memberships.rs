//! Who belongs to what: several tables say it, each for another question, and they must agree.

use super::super::error::StoreError;
use super::{Walk, readable};
use crate::protocol::MemberRole;
use crate::store::ops::rooms::BELONGS;
use crate::store::schema::meta;
use crate::store::schema::names::NameOf;
use crate::store::schema::records::Kind;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::ReadTables;

pub(super) fn rooms(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "rooms";
    let report = &mut walk.report;
    for row in walk.tables.rooms().rows()? {
        let (id, room) = row?;
        let kind = walk.conversations.get(&id).map(|one| one.record.kind);
        if kind != Some(Kind::Room) {
            report.find(TABLE, id, "its conversation is not a room's");
        }
        let Some(room) = report.row(TABLE, id, room) else {
            continue;
        };
        let has_name = !room.is_deleted;
        for (of, is_due, problem) in [
            (NameOf::Room, has_name, "its name does not point to it"),
            (
                NameOf::PublicRoom,
                has_name && !room.access.is_private(),
                "the list of public rooms has it wrong",
            ),
        ] {
            let name = (of.number(), room.name.clone());
            let points = readable(walk.tables.names().get(&name))? == Some(id);
            if points != is_due {
                report.find(TABLE, id, problem);
            }
        }
    }
    Ok(())
}

pub(super) fn members(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "members";
    let (tables, report) = (walk.tables, &mut walk.report);
    for row in tables.members().rows()? {
        let ((id, account), member) = row?;
        let place = format!("conversation {id}, account {account}");
        let member = report.row(TABLE, &place, member);
        if !tables.accounts().has(&account)? {
            report.find(TABLE, &place, "the account is missing");
        }
        if !tables.joined().has(&(account, id))? {
            report.find(TABLE, &place, "its devices are not told of it");
        }
        let Some(conversation) = walk.conversations.get_mut(&id) else {
            report.find(TABLE, place, "the conversation does not exist");
            continue;
        };
        let Some(member) = member else {
            continue;
        };
        let last = member.until.unwrap_or(conversation.record.head);
        let reading = member.reading;
        let furthest = member.delivered_up_to.max(member.joined_after);
        if last > conversation.record.head || furthest.max(reading.up_to) > last {
            report.find(TABLE, &place, "it is ahead of the log");
        }
        if reading
            .after
            .is_some_and(|after| after > member.joined_after)
        {
            report.find(TABLE, &place, "it reads less than it is sent");
        }
        match conversation.record.kind {
            Kind::Pair(low, high) if account != low && account != high => {
                report.find(TABLE, &place, "the pair is two others");
            }
            Kind::Notes(owner) if account != owner => {
                report.find(TABLE, &place, "the notes are another's");
            }
            Kind::Everyone | Kind::Pair(..) | Kind::Notes(_) if member.until.is_some() => {
                report.find(TABLE, &place, "nobody leaves it");
            }
            Kind::Everyone | Kind::Pair(..) | Kind::Notes(_) => {}
            Kind::Room => {
                let left_ms = readable(tables.rooms_of().get(&(account, id)))?;
                let belongs = left_ms.map(|left_ms| left_ms == BELONGS);
                if belongs != Some(member.until.is_none()) {
                    report.find(TABLE, &place, "the account's list of rooms has it wrong");
                }
            }
        }
        if member.until.is_none() {
            conversation.members += 1;
            conversation.owners += u64::from(member.role == MemberRole::Owner);
        }
    }
    Ok(())
}

/// What was counted of members is what the conversations say.
pub(super) fn counts(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    let accounts = meta::account_count(walk.tables)?;
    for (id, conversation) in &walk.conversations {
        let found = conversation.members;
        let due = match conversation.record.kind {
            Kind::Everyone => accounts,
            Kind::Pair(..) => 2,
            Kind::Notes(_) => 1,
            Kind::Room => conversation.record.members.into(),
        };
        let is_room = conversation.record.kind == Kind::Room;
        // Those of a deleted room go in steps.
        if is_room && readable(walk.tables.rooms().get(id))?.is_some_and(|room| room.is_deleted) {
            continue;
        }
        if found != due {
            let problem = format!("{found} members are there, not {due}");
            walk.report.find("conversations", id, problem);
        }
        if is_room && found > 0 && conversation.owners == 0 {
            walk.report
                .find("conversations", id, "nobody owns the room");
        }
    }
    Ok(())
}

pub(super) fn joined(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "joined";
    for row in walk.tables.joined().rows()? {
        let ((account, id), kept) = row?;
        let place = format!("account {account}, conversation {id}");
        walk.report.row(TABLE, &place, kept);
        if !walk.tables.members().has(&(id, account))? {
            walk.report.find(TABLE, place, "the account is no member");
        }
    }
    Ok(())
}

pub(super) fn rooms_of(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "rooms_of";
    for row in walk.tables.rooms_of().rows()? {
        let ((account, id), left_ms) = row?;
        let place = format!("account {account}, room {id}");
        walk.report.row(TABLE, &place, left_ms);
        let kind = walk.conversations.get(&id).map(|one| one.record.kind);
        if kind != Some(Kind::Room) {
            walk.report.find(TABLE, place, "there is no such room");
        } else if !walk.tables.members().has(&(id, account))? {
            walk.report.find(TABLE, place, "the account is no member");
        }
    }
    Ok(())
}

pub(super) fn invited(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "invited";
    let tables = walk.tables;
    for row in tables.invited().rows()? {
        let ((account, id), kept) = row?;
        let place = format!("account {account}, room {id}");
        walk.report.row(TABLE, &place, kept);
        if !tables.rooms().has(&id)? {
            walk.report.find(TABLE, &place, "there is no such room");
        }
        if !tables.accounts().has(&account)? {
            walk.report.find(TABLE, &place, "the account is missing");
        }
        let member = readable(tables.members().get(&(id, account)))?;
        if member.is_some_and(|member| member.until.is_none()) {
            walk.report.find(TABLE, place, "the account is a member");
        }
    }
    Ok(())
}
