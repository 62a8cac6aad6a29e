//! In a copy of a database, whose entries are rows: what refers to which entry, and what was deleted with it.

use std::collections::BTreeMap;

use super::relations;
use crate::protocol::{AccountId, ConversationId, EntryKind};
use crate::store::error::{StoreError, skip_damaged};
use crate::store::ops::{conversations, files, usage};
use crate::store::schema::records::{LogRow, RefRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables as _, Tables};
use crate::store::segments::stored::{Deletion, EntryKey};

/// Makes the tables of edits, reactions and pins again from the logs.
pub(in crate::store) fn note_relations(tables: &mut Tables) -> Result<(), StoreError> {
    let (mut refs, mut pins, mut deleted) = (Vec::new(), BTreeMap::new(), Vec::new());
    for row in tables.log().rows()? {
        let ((id, entry), Ok(row)) = row? else {
            continue;
        };
        if row.deleted.is_some() {
            deleted.push((id, entry));
            continue;
        }
        let Some(relation) = row.relation else {
            continue;
        };
        let to = (id, relation.refers_to.0);
        match relation.kind {
            EntryKind::Edit | EntryKind::React => {
                let record = RefRecord {
                    kind: relation.kind,
                    author: row.author,
                };
                refs.push(((to.0, to.1, entry), record));
            }
            EntryKind::Pin => drop(pins.insert(to, entry)),
            EntryKind::Unpin => drop(pins.remove(&to)),
            _ => {}
        }
    }
    for (key, record) in refs {
        tables.refs.insert(key, record);
    }
    for (key, by) in pins {
        tables.pins.insert(key, by);
    }
    delete_with(tables, &deleted)
}

/// Forgets what refers to entries that have expired.
pub(in crate::store) fn forget_expired(
    tables: &mut Tables,
    floor: impl Fn(u64) -> Option<u64>,
) -> Result<(), StoreError> {
    let stands = |id, entry| floor(id).is_some_and(|floor| entry > floor);
    tables.refs.retain(|key, _| stands(key.0, key.1))?;
    tables.pins.retain(|key, _| stands(key.0, key.1))
}

/// Deletes with entries that were found to be deleted their edits and the reactions to them.
pub(in crate::store) fn delete_with(
    tables: &mut Tables,
    deleted: &[EntryKey],
) -> Result<(), StoreError> {
    let mut freed = BTreeMap::<u64, BTreeMap<AccountId, u64>>::new();
    for key in deleted {
        files::detach(tables, *key)?;
        let Some(row) = skip_damaged(tables.log().get(key))?.flatten() else {
            continue;
        };
        relations::forget_one(tables, *key, row.relation)?;
        for key in relations::forget(tables, *key)? {
            let Some(with) = skip_damaged(tables.log().get(&key))?.flatten() else {
                continue;
            };
            if with.deleted.is_none() {
                let author = usage::author(&with.record());
                let of_log = freed.entry(key.0).or_default();
                *of_log.entry(author).or_default() += with.content.len() as u64;
                let left = LogRow {
                    content: Vec::new().into(),
                    deleted: Some(Deletion::default()),
                    ..with
                };
                tables.log.insert(key, left);
            }
        }
    }
    for (id, freed) in freed {
        usage::subtract(tables, &freed)?;
        let id = ConversationId(id);
        if let Some(mut record) = skip_damaged(conversations::load(tables, id))?.flatten() {
            record.bytes = record.bytes.saturating_sub(freed.values().sum());
            conversations::save(tables, id, record);
        }
    }
    Ok(())
}
