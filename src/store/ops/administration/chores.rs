//! What deletions have left to do: members and entries of deleted rooms, and what deleted accounts have said. It is done in
//! steps, each one write, and a row says what is left; so a crash between two steps costs nothing.

use crate::protocol::{AccountId, ConversationId, DeviceId, EntryId, EntryKind};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::ops::log::delete;
use crate::store::ops::rooms::{self, end_memberships};
use crate::store::ops::{accounts, retention};
use crate::store::schema::admin_records::ChoreRecord;
use crate::store::schema::pair_ids;
use crate::store::schema::records::Kind;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::segments::stored::LogRecord;
use crate::store::{Chore, Purge, Refusal, Reply};

/// The first half of the key of a room that was deleted.
const ROOM: u64 = 0;

/// The same of an account whose messages go.
const ACCOUNT: u64 = 1;

/// How many memberships one step ends. Chosen: a commit of some milliseconds.
const ENDED_MAX: usize = 256;

/// How many invitations one step looks through.
const INVITATIONS_MAX: usize = 1_000;

/// How many entries one step looks at for those of an account. Chosen: each is read from a segment, and a millisecond reads some
/// hundred.
const LOOKED_AT_MAX: u64 = 500;

/// How many conversations one step looks at.
const CONVERSATIONS_MAX: usize = 1_000;

/// How many entries one step deletes. Chosen: each is told to all who read its log, and no link is to be full of it.
const DELETED_MAX: usize = 32;

/// A room was deleted.
pub(in crate::store) fn add_room(tables: &mut Tables, room: ConversationId) {
    let record = ChoreRecord {
        conversation: 0,
        entry: 0,
    };
    tables.chores.insert((ROOM, room.0), record);
}

/// What an account has said is to go.
pub(in crate::store) fn add_account(tables: &mut Tables, account: AccountId) {
    let record = ChoreRecord {
        conversation: 0,
        entry: 0,
    };
    tables.chores.insert((ACCOUNT, account.0), record);
}

/// What is to be done next.
pub(in crate::store) fn next(tables: &impl ReadTables) -> Result<Reply, Abort> {
    for row in tables.chores().rows()? {
        let ((kind, id), record) = row?;
        let Some(record) = skip_damaged(record)? else {
            continue;
        };
        let chore = match kind {
            ROOM => Chore::Room(ConversationId(id)),
            ACCOUNT => Chore::Purge(find(tables, AccountId(id), record)?),
            _ => continue,
        };
        return Ok(Reply::Chore(Some(chore)));
    }
    Ok(Reply::Chore(None))
}

/// Where an account has said something, from where its purge has come to.
fn find(
    tables: &impl ReadTables,
    account: AccountId,
    from: ChoreRecord,
) -> Result<Purge, StoreError> {
    let mut purge = Purge {
        account,
        conversation: ConversationId(from.conversation),
        entries: Vec::new(),
        next: None,
    };
    let rows = tables.conversations().range(from.conversation..)?;
    for (looked_at, row) in rows.enumerate() {
        let (id, record) = row?;
        let after = if id == from.conversation {
            from.entry
        } else {
            0
        };
        if looked_at == CONVERSATIONS_MAX {
            purge.next = Some((ConversationId(id), EntryId(after)));
            return Ok(purge);
        }
        let Some(record) = skip_damaged(record)? else {
            continue;
        };
        if !skip_damaged(may_say(tables, ConversationId(id), account))?.unwrap_or(false) {
            continue;
        }
        let first = after.max(record.log_start).saturating_add(1);
        let last = record.head.min(first.saturating_add(LOOKED_AT_MAX - 1));
        let mut upto = first.saturating_sub(1);
        for entry in first..=last {
            if purge.entries.len() == DELETED_MAX {
                break;
            }
            upto = entry;
            let stored = skip_damaged(tables.entry((id, entry)))?.flatten();
            if stored.is_some_and(|stored| is_said_by(&stored.row(), account)) {
                purge.entries.push(EntryId(entry));
            }
        }
        if first <= record.head {
            // The deletions that are appended are looked through too, and are none of these.
            purge.conversation = ConversationId(id);
            purge.next = Some((ConversationId(id), EntryId(upto)));
            return Ok(purge);
        }
    }
    Ok(purge)
}

/// Whether something of this account can stand in a conversation.
fn may_say(
    tables: &impl ReadTables,
    id: ConversationId,
    account: AccountId,
) -> Result<bool, StoreError> {
    Ok(match pair_ids::kind_of(id) {
        Kind::Everyone => true,
        Kind::Pair(low, high) => [low, high].contains(&account.0),
        Kind::Notes(owner) => owner == account.0,
        Kind::Room => !rooms::require(tables, id)?.is_deleted,
    })
}

/// Whether an entry has content of this account.
fn is_said_by(row: &LogRecord<'_>, account: AccountId) -> bool {
    let kind = row.relation.map(|relation| relation.kind);
    let has_content = kind
        .is_none_or(|kind| kind.is_said() || matches!(kind, EntryKind::Edit | EntryKind::React));
    row.author == account.0
        && row.device != DeviceId::SERVER.0
        && row.deleted.is_none()
        && has_content
}

/// One step of a purge: these entries are deleted, and the next step begins there.
pub(in crate::store) fn purge(
    tables: &mut Tables,
    purge: &Purge,
    time_ms: u64,
) -> Result<Reply, Abort> {
    let key = (ACCOUNT, purge.account.0);
    if !accounts::is_deleted(tables, purge.account)? {
        return Err(Refusal::NotPermitted.into());
    }
    let mut removals = Vec::new();
    for entry in &purge.entries {
        match delete::remove(tables, purge.conversation, *entry, time_ms) {
            Ok(removal) => removals.push(removal),
            // One that was damaged or deleted since.
            Err(Abort::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    match purge.next {
        Some((conversation, entry)) => {
            let record = ChoreRecord {
                conversation: conversation.0,
                entry: entry.0,
            };
            tables.chores.insert(key, record);
        }
        None => tables.chores.remove(&key),
    }
    Ok(Reply::Removed(removals))
}

/// One step of what a deleted room has left.
pub(in crate::store) fn clear_room(
    tables: &mut Tables,
    room: ConversationId,
) -> Result<Reply, Abort> {
    let key = (ROOM, room.0);
    let Some(record) = tables.chores().get(&key)? else {
        return Ok(Reply::Nothing);
    };
    if end_memberships(tables, room, ENDED_MAX)? || retention::keep_last(tables, room)? {
        return Ok(Reply::Nothing);
    }
    let from = (record.conversation, record.entry);
    let rows = tables.invited().range(from..)?.take(INVITATIONS_MAX + 1);
    let mut rows: Vec<(u64, u64)> = rows
        .map(|row| row.map(|(key, _)| key))
        .collect::<Result<_, _>>()?;
    let next = (rows.len() > INVITATIONS_MAX).then(|| rows.pop()).flatten();
    for invitation in rows.into_iter().filter(|(_, of)| *of == room.0) {
        tables.invited.remove(&invitation);
    }
    match next {
        Some((account, of)) => {
            let record = ChoreRecord {
                conversation: account,
                entry: of,
            };
            tables.chores.insert(key, record);
        }
        None => tables.chores.remove(&key),
    }
    Ok(Reply::Nothing)
}
