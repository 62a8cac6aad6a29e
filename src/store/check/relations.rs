//! What is kept of edits, reactions and pins must be what the entries of the logs say.

use super::super::error::StoreError;
use super::{Walk, readable};
use crate::protocol::{EntryId, EntryKind};
use crate::store::Relation;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables as _, Snapshot};
use crate::store::segments::stored::{Deletion, EntryKey, LogRecord};

/// Whether an entry was deleted when the tables that are read were written, and not since.
pub(super) fn is_deleted(row: &LogRecord<'_>) -> bool {
    row.deleted.is_some_and(|by| by != Deletion::default())
}

pub(super) fn refs(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "refs";
    for row in walk.tables.refs().rows()? {
        let ((id, to, entry), record) = row?;
        let place = format!("conversation {id}, entry {to}, by entry {entry}");
        let Some(record) = walk.report.row(TABLE, &place, record) else {
            continue;
        };
        let report = &mut walk.report;
        let Some(log) = walk.conversations.get(&id) else {
            report.find(TABLE, place, "the conversation does not exist");
            continue;
        };
        if to <= log.record.log_start || entry <= to || entry > log.record.head {
            report.find(TABLE, place, "its entries are outside of the log");
            continue;
        }
        if let Some(stored) = readable(walk.tables.entry((id, entry)))? {
            let row = stored.row();
            let relation = Relation {
                kind: record.kind,
                refers_to: EntryId(to),
            };
            let is_it = row.relation == Some(relation) && row.author == record.author;
            if !row.is_lost() && (!is_it || is_deleted(&row)) {
                report.find(TABLE, &place, "its entry is another one, or was deleted");
            }
        }
        if let Some(stored) = readable(walk.tables.entry((id, to)))?
            && is_deleted(&stored.row())
        {
            report.find(TABLE, &place, "it refers to an entry that was deleted");
        }
    }
    Ok(())
}

/// Whether an edit or a reaction that stands is not in the table, although what it refers to has not expired.
pub(super) fn is_missing(
    tables: &Snapshot,
    floor: u64,
    (id, entry): EntryKey,
    relation: Relation,
) -> Result<bool, StoreError> {
    let Relation { kind, refers_to } = relation;
    let is_kept = matches!(kind, EntryKind::Edit | EntryKind::React) && refers_to.0 > floor;
    Ok(is_kept && !tables.refs().has(&(id, refers_to.0, entry))?)
}

pub(super) fn pins(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "pins";
    for row in walk.tables.pins().rows()? {
        let ((id, entry), by) = row?;
        let place = format!("conversation {id}, entry {entry}");
        let by = walk.report.row(TABLE, &place, by);
        let report = &mut walk.report;
        let Some(log) = walk.conversations.get(&id) else {
            report.find(TABLE, place, "the conversation does not exist");
            continue;
        };
        let is_before = by.is_none_or(|by| entry < by && by <= log.record.head);
        if entry <= log.record.log_start || entry > log.record.head || !is_before {
            report.find(TABLE, place, "its entries are outside of the log");
        } else if let Some(stored) = readable(walk.tables.entry((id, entry)))?
            && is_deleted(&stored.row())
        {
            report.find(TABLE, place, "it is pinned and was deleted");
        }
    }
    Ok(())
}
