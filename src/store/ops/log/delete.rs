//! Deleting an entry: by its author, in a room by who may remove others' words, or by the operator.
//!
//! The entry stays in its log, with its number, its digest and who said it, so that everybody's position still fits; its
//! content goes, and that of its edits and of the reactions to it. What is read instead says who deleted it, and when. The
//! content is overwritten in its segment after the next checkpoint (`engine::open_store`).

use super::{NewEntry, place, relations};
use crate::protocol::{
    AccountId, ConversationId, DeviceId, DeviceSeq, EntryId, EntryKind, ServerMessage, seal,
};
use crate::store::error::{Abort, StoreError};
use crate::store::ops::access::membership;
use crate::store::ops::rooms::permission::{Deed, permits};
use crate::store::ops::{conversations, files, usage, wall_clock};
use crate::store::schema::names::{self, NameOf};
use crate::store::schema::pair_ids;
use crate::store::schema::records::{ConversationRecord, Kind};
use crate::store::schema::tables::Tables;
use crate::store::segments::stored::{Deletion, EntryKey, LogRecord};
use crate::store::{LogOf, Refusal, Relation, Removal, Reply};
use std::collections::BTreeMap;

/// Deletes an entry for one who may.
pub(in crate::store) fn delete(
    tables: &mut Tables,
    conversation: ConversationId,
    actor: AccountId,
    entry: EntryId,
    time_ms: u64,
) -> Result<Reply, Abort> {
    let (mut record, member) = membership(tables, conversation, actor)?;
    if entry.0 <= record.log_start.max(member.reads_after()) || entry.0 > record.head {
        return Err(Refusal::NotPermitted.into());
    }
    let key = (conversation.0, entry.0);
    match place::look(tables, key)?.1 {
        Some(stored) => {
            let row = stored.row();
            let is_own = row.author == actor.0;
            let may = is_own || (record.kind == Kind::Room && permits(member.role, Deed::Delete));
            if row.device == DeviceId::SERVER.0 || !may || member.until.is_some() {
                return Err(Refusal::NotPermitted.into());
            }
        }
        // Nobody knows whose it is.
        None if tables.batch.next_deleted(key).is_none() => {
            return Err(Refusal::NotPermitted.into());
        }
        None => {}
    }
    erase(
        tables,
        (conversation, &mut record),
        entry.0,
        (actor, time_ms),
    )?;
    Ok(Reply::Nothing)
}

/// Deletes an entry for the operator, in the log that they name.
pub(in crate::store) fn remove_from(
    tables: &mut Tables,
    log: &LogOf,
    entry: EntryId,
    time_ms: u64,
) -> Result<Reply, Abort> {
    let conversation = find_log(tables, log)?;
    let removal = remove(tables, conversation, entry, time_ms)?;
    Ok(Reply::Removed(vec![removal]))
}

/// The conversation whose log is named.
fn find_log(tables: &Tables, log: &LogOf) -> Result<ConversationId, Abort> {
    let conversation = match log {
        LogOf::Everyone => Some(ConversationId::EVERYONE),
        LogOf::Room(name) => {
            let id = names::find(tables, NameOf::Room, name)?;
            Some(ConversationId(id.ok_or(Refusal::NoSuchRoom)?))
        }
        LogOf::Pair(one, other) if one == other => pair_ids::notes_of(*one),
        LogOf::Pair(one, other) => pair_ids::id_of(*one, *other),
    };
    conversation.ok_or_else(|| relations::NOT_THERE.into())
}

/// Who has said an entry, if that is known.
pub(in crate::store) fn author_in(
    tables: &Tables,
    log: &LogOf,
    entry: EntryId,
) -> Result<Option<AccountId>, Abort> {
    let conversation = find_log(tables, log)?;
    let (_, stored) = place::look(tables, (conversation.0, entry.0))?;
    Ok(stored.map(|stored| AccountId(stored.row().author)))
}

/// Deletes an entry for the operator, and says so in its log.
pub(in crate::store) fn remove(
    tables: &mut Tables,
    conversation: ConversationId,
    entry: EntryId,
    time_ms: u64,
) -> Result<Removal, Abort> {
    let record = conversations::load(tables, conversation)?;
    let mut record = record.ok_or(relations::NOT_THERE)?;
    // What stands in a record was accepted then, and may be damaged by now.
    if !tables.batch.is_replayed() {
        if entry.0 == 0 || entry.0 > record.head {
            return Err(relations::NOT_THERE.into());
        }
        if entry.0 <= record.log_start {
            return Err(relations::EXPIRED.into());
        }
        let key = (conversation.0, entry.0);
        let stored = place::look(tables, key)?.1.ok_or(relations::NOT_THERE)?;
        relations::check_removal(key, stored.row())?;
    }
    let (content, digest) = seal(&ServerMessage::removal(conversation, entry));
    let new = NewEntry {
        author: AccountId::OPERATOR,
        device: DeviceId::SERVER,
        number: DeviceSeq(0),
        digest,
        content: &content,
        time_ms,
        relation: Some(Relation {
            kind: EntryKind::Delete,
            refers_to: entry,
        }),
    };
    let stored = super::put(tables, conversation, &mut record, &new)?;
    let by = (AccountId::OPERATOR, stored.time_ms);
    erase(tables, (conversation, &mut record), entry.0, by)?;
    Ok(Removal {
        conversation,
        content,
        digest,
        stored,
    })
}

/// Deletes the content of an entry, and of its edits and the reactions to it.
pub(in crate::store) fn erase(
    tables: &mut Tables,
    (conversation, record): (ConversationId, &mut ConversationRecord),
    entry: u64,
    by: (AccountId, u64),
) -> Result<(), StoreError> {
    let key = (conversation.0, entry);
    let mut freed = BTreeMap::new();
    let relation = erase_one(tables, key, by, &mut freed)?;
    relations::forget_one(tables, key, relation)?;
    let of_it = relations::forget(tables, key)?;
    if tables.batch.is_replayed() {
        // The record says which they were, also where the table that knew it is lost.
        while let Some(key) = tables.batch.next_deleted_of(key) {
            erase_one(tables, key, by, &mut freed)?;
        }
    } else {
        for key in of_it {
            erase_one(tables, key, by, &mut freed)?;
        }
    }
    if !freed.is_empty() {
        record.bytes = record.bytes.saturating_sub(freed.values().sum());
        usage::subtract(tables, &freed)?;
        conversations::save(tables, conversation, *record);
    }
    Ok(())
}

/// Deletes the content of this entry; returns what it is to another one.
fn erase_one(
    tables: &mut Tables,
    key: EntryKey,
    (by, time_ms): (AccountId, u64),
    freed: &mut BTreeMap<AccountId, u64>,
) -> Result<Option<Relation>, StoreError> {
    files::detach(tables, key)?;
    let (place, stored) = place::look(tables, key)?;
    let Some(stored) = stored.filter(|stored| !stored.row().is_lost()) else {
        // Where it was damaged since the deletion was recorded, the record knows what is left of it; how long its content
        // was nobody does.
        let left = tables.batch.next_deleted(key);
        if let Some(left) = left {
            place::put(tables, key, place, left)?;
        }
        return Ok(left.and_then(|left| left.relation));
    };
    let row: LogRecord<'_> = stored.row();
    if row.deleted.is_some() {
        // A rescue can have found that before it comes to the deletion.
        if tables.batch.next_deleted(key).is_some() {
            tables.batch.skip_replayed();
        }
        return Ok(row.relation);
    }
    let left = stored.without_content(Deletion {
        by: by.0,
        time_ms: wall_clock::after(row.time_ms, time_ms),
    });
    *freed.entry(usage::author(&row)).or_default() += row.content.len() as u64;
    place::replace(tables, key, (place, &stored), left.row())?;
    Ok(row.relation)
}
