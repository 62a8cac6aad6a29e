//! Deleting an entry: by its author, or in a room by who may remove others' words.
//!
//! The entry stays in its log, with its number, its digest and who said it, so that everybody's position still fits; its
//! content goes. What is read instead says who deleted it, and when. The content is overwritten in its segment
//! after the next checkpoint (`engine::open_store`).

use super::place;
use crate::protocol::{AccountId, ConversationId, DeviceId, EntryId};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::ops::access::membership;
use crate::store::ops::rooms::permission::{Deed, permits};
use crate::store::ops::{conversations, usage, wall_clock};
use crate::store::schema::places;
use crate::store::schema::records::{Kind, LogRow};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables as _, Tables};
use crate::store::segments::Place;
use crate::store::segments::stored::{Deletion, EntryKey, Stored};
use crate::store::{Refusal, Reply};
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
    if entry.0 <= record.log_start.max(member.joined_after) || entry.0 > record.head {
        return Err(Refusal::NotPermitted.into());
    }
    let key = (conversation.0, entry.0);
    let place = places::place_of(tables, key)?;
    let Some(stored) = skip_damaged(found(tables, key, place))?.flatten() else {
        // Nobody knows whose it is. Where it was damaged since the deletion was recorded, the record knows what is left of
        // it; how long its content was nobody does.
        let left = tables.batch.next_deleted(key);
        let (from, left) = place.zip(left).ok_or(Refusal::NotPermitted)?;
        place::move_to(tables, key, from, left)?;
        return Ok(Reply::Nothing);
    };
    let row = stored.row();
    let is_own = row.author == actor.0;
    let may = is_own || (record.kind == Kind::Room && permits(member.role, Deed::Delete));
    if row.device == DeviceId::SERVER.0 || !may || member.until.is_some() {
        return Err(Refusal::NotPermitted.into());
    }
    if row.deleted.is_some() {
        // A rescue can have found that before it comes to the deletion.
        if tables.batch.next_deleted(key).is_some() {
            tables.batch.skip_replayed();
        }
        return Ok(Reply::Nothing);
    }
    let left = stored.without_content(Deletion {
        by: actor.0,
        time_ms: wall_clock::after(row.time_ms, time_ms),
    });
    let freed = row.content.len() as u64;
    record.bytes = record.bytes.saturating_sub(freed);
    usage::subtract(tables, &BTreeMap::from([(usage::author(&row), freed)]))?;
    place::replace(tables, key, (place, &stored), left.row())?;
    conversations::save(tables, conversation, record);
    Ok(Reply::Nothing)
}

/// The entry, also if its content is damaged: what is left of that can be deleted.
fn found(
    tables: &Tables,
    key: EntryKey,
    place: Option<Place>,
) -> Result<Option<Stored>, StoreError> {
    match place {
        Some(place) => tables.stored_unchecked(key, place).map(Some),
        // A copy has it in its table.
        None => Ok(tables.log().get(&key)?.map(LogRow::into_stored)),
    }
}
