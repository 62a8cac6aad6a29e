//! Entries that refer to others: who may, and what comes of it.
//!
//! An answer only names another entry. The edits of an entry and the reactions to it are noted in the table `refs`, so that
//! they are counted, and deleted with it; what is pinned is noted in `pins`.

use super::{delete, place};
use crate::protocol::{AccountId, DeviceId, EntryKind};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::ops::blocks::Given;
use crate::store::ops::rooms::permission::{Deed, permits};
use crate::store::schema::records::{ConversationRecord, Kind, MemberRecord, RefRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::segments::stored::{EntryKey, LogRecord};
use crate::store::{Append, Refusal, Relation, StoreLimit, StoredEntry};

/// How many edits of one entry stand at most. Chosen: more than anybody needs, and few enough that a deletion, which deletes
/// them all, takes no longer than a large group of messages.
pub(in crate::store) const EDITS_MAX: usize = 64;

/// How many reactions of one account to one entry stand at most. Chosen: more signs than anybody puts to one message, and few
/// of the [`REACTIONS_MAX`] that all share.
pub(in crate::store) const REACTIONS_OF_ONE_MAX: usize = 16;

/// How many reactions to one entry stand at most, whoever they are of. Chosen as [`EDITS_MAX`].
pub(in crate::store) const REACTIONS_MAX: usize = 256;

const _: () = assert!(REACTIONS_OF_ONE_MAX * 16 <= REACTIONS_MAX);

/// How many entries of a conversation are pinned at most. Chosen: nobody looks through more.
pub(in crate::store) const PINS_MAX: usize = 64;

pub(in crate::store) const NOT_THERE: Refusal = Refusal::BadReference("there is no such message");
pub(in crate::store) const EXPIRED: Refusal = Refusal::BadReference("that message has expired");
pub(in crate::store) const DELETED: Refusal = Refusal::BadReference("that message was deleted");
const NOT_A_MESSAGE: Refusal = Refusal::BadReference("that is not a message");

/// Whether the author of what is to be appended may refer to this entry so.
pub(in crate::store) fn check(
    tables: &Tables,
    append: &Append,
    (record, member): (&ConversationRecord, MemberRecord),
) -> Result<(), Abort> {
    let Some(Relation { kind, refers_to }) = append.relation else {
        return Ok(());
    };
    // What stands in a record was accepted then; what it refers to may be damaged by now.
    if tables.batch.is_replayed() {
        return Ok(());
    }
    let key = (append.conversation.0, refers_to.0);
    let is_given = member.reads_after() < key.1
        && key.1 <= record.head
        && Given::new(tables, append.conversation, record, append.author).has(key.1)?;
    if !is_given {
        return Err(NOT_THERE.into());
    }
    // An answer takes time, and changes nothing of what it answers.
    let is_answer = kind.is_said();
    if key.1 <= record.log_start {
        return if is_answer {
            Ok(())
        } else {
            Err(EXPIRED.into())
        };
    }
    let (_, stored) = place::look(tables, key)?;
    let Some(stored) = stored else {
        return if is_answer {
            Ok(())
        } else {
            Err(NOT_THERE.into())
        };
    };
    let target = Target {
        key,
        row: stored.row(),
    };
    match kind {
        EntryKind::Text | EntryKind::Action | EntryKind::File
            if target.row.device == DeviceId::SERVER.0 =>
        {
            Ok(())
        }
        EntryKind::Text | EntryKind::Action | EntryKind::File => Ok(target.be_said()?),
        EntryKind::Edit => target.may_be_edited(tables, append.author),
        EntryKind::Delete => Ok(target.may_be_deleted(append.author, record, member)?),
        EntryKind::React => target.may_be_reacted_to(tables, append.author),
        EntryKind::Pin | EntryKind::Unpin => {
            may_pin(record, member)?;
            target.may_be_pinned(tables, kind == EntryKind::Pin)
        }
        EntryKind::Event | EntryKind::Other(_) => Err(Refusal::NotPermitted.into()),
    }
}

/// Whether the operator may delete an entry that stands: it has content that can go.
pub(in crate::store) fn check_removal(key: EntryKey, row: LogRecord<'_>) -> Result<(), Refusal> {
    let target = Target { key, row };
    target.have_content()?;
    target.be_there()
}

/// An entry to which another is to refer.
struct Target<'r> {
    key: EntryKey,
    row: LogRecord<'r>,
}

impl Target<'_> {
    fn is_of(&self, account: AccountId) -> bool {
        self.row.author == account.0
    }

    /// Whether it is something that somebody has said.
    fn is_said(&self) -> bool {
        let kind = self.row.relation.map(|relation| relation.kind);
        self.row.device != DeviceId::SERVER.0 && kind.is_none_or(EntryKind::is_said)
    }

    fn be_said(&self) -> Result<(), Refusal> {
        if self.is_said() {
            Ok(())
        } else {
            Err(NOT_A_MESSAGE)
        }
    }

    fn be_there(&self) -> Result<(), Refusal> {
        if self.row.deleted.is_some() {
            Err(DELETED)
        } else {
            Ok(())
        }
    }

    fn may_be_edited(&self, tables: &Tables, author: AccountId) -> Result<(), Abort> {
        self.be_said()?;
        if !self.is_of(author) {
            let who = "only the author can edit a message";
            return Err(Refusal::OnlyOthers(who).into());
        }
        self.be_there()?;
        if Counted::of(tables, self.key, author)?.edits >= EDITS_MAX {
            return Err(Refusal::LimitReached(StoreLimit::Edits).into());
        }
        Ok(())
    }

    /// What pins or deletes has no content that could go.
    fn have_content(&self) -> Result<(), Refusal> {
        let kind = self.row.relation.map(|relation| relation.kind);
        if self.is_said() || matches!(kind, Some(EntryKind::Edit | EntryKind::React)) {
            Ok(())
        } else {
            Err(NOT_A_MESSAGE)
        }
    }

    fn may_be_deleted(
        &self,
        by: AccountId,
        record: &ConversationRecord,
        member: MemberRecord,
    ) -> Result<(), Refusal> {
        self.have_content()?;
        let is_room = record.kind == Kind::Room;
        let may = self.is_of(by) || (is_room && permits(member.role, Deed::Delete));
        if !may {
            return Err(Refusal::OnlyOthers(if is_room {
                "only the author and the room's moderators can delete a message"
            } else {
                "only the author can delete a message"
            }));
        }
        self.be_there()
    }

    fn may_be_reacted_to(&self, tables: &Tables, author: AccountId) -> Result<(), Abort> {
        self.be_said()?;
        self.be_there()?;
        let counted = Counted::of(tables, self.key, author)?;
        let limit = if counted.own_reactions >= REACTIONS_OF_ONE_MAX {
            StoreLimit::OwnReactions
        } else if counted.reactions >= REACTIONS_MAX {
            StoreLimit::Reactions
        } else {
            return Ok(());
        };
        Err(Refusal::LimitReached(limit).into())
    }

    fn may_be_pinned(&self, tables: &Tables, is_pinning: bool) -> Result<(), Abort> {
        let is_pinned = tables.pins().has(&self.key)?;
        if !is_pinning {
            let why = "that message is not pinned";
            return if is_pinned {
                Ok(())
            } else {
                Err(Refusal::BadReference(why).into())
            };
        }
        self.be_said()?;
        self.be_there()?;
        if is_pinned {
            let why = "that message is pinned already";
            return Err(Refusal::BadReference(why).into());
        }
        let (conversation, _) = self.key;
        let pins = tables
            .pins()
            .range((conversation, 0)..=(conversation, u64::MAX))?;
        if pins.count() >= PINS_MAX {
            return Err(Refusal::LimitReached(StoreLimit::Pins).into());
        }
        Ok(())
    }
}

fn may_pin(record: &ConversationRecord, member: MemberRecord) -> Result<(), Refusal> {
    match record.kind {
        Kind::Pair(..) | Kind::Notes(_) => Ok(()),
        Kind::Room if permits(member.role, Deed::Pin) => Ok(()),
        Kind::Room => Err(Refusal::OnlyOthers("only the room's moderators can pin")),
        Kind::Everyone => Err(Refusal::OnlyOthers("nobody can pin for everyone")),
    }
}

/// How many entries that stand refer to one.
#[derive(Default)]
struct Counted {
    edits: usize,
    reactions: usize,
    own_reactions: usize,
}

impl Counted {
    fn of(tables: &Tables, key: EntryKey, author: AccountId) -> Result<Self, StoreError> {
        let mut counted = Self::default();
        for row in tables.refs().range(all_of(key))? {
            let Some(record) = skip_damaged(row?.1)? else {
                continue;
            };
            if record.kind == EntryKind::Edit {
                counted.edits += 1;
            } else {
                counted.reactions += 1;
                counted.own_reactions += usize::from(record.author == author.0);
            }
        }
        Ok(counted)
    }
}

/// The keys of what refers to an entry.
fn all_of((conversation, entry): EntryKey) -> std::ops::RangeInclusive<(u64, u64, u64)> {
    (conversation, entry, 0)..=(conversation, entry, u64::MAX)
}

/// What comes of an entry that was just appended, and refers to another one.
pub(in crate::store) fn take_effect(
    tables: &mut Tables,
    append: &Append,
    record: &mut ConversationRecord,
    (relation, stored): (Relation, &StoredEntry),
) -> Result<(), StoreError> {
    let (conversation, entry) = (append.conversation, stored.entry.0);
    let key = (conversation.0, relation.refers_to.0);
    match relation.kind {
        EntryKind::Edit | EntryKind::React => {
            let row = RefRecord {
                kind: relation.kind,
                author: append.author.0,
            };
            tables.refs.insert((key.0, key.1, entry), row);
        }
        EntryKind::Delete => {
            let by = (append.author, stored.time_ms);
            delete::erase(tables, (conversation, record), key.1, by)?;
        }
        EntryKind::Pin => tables.pins.insert(key, entry),
        EntryKind::Unpin => tables.pins.remove(&key),
        EntryKind::Text
        | EntryKind::Action
        | EntryKind::File
        | EntryKind::Event
        | EntryKind::Other(_) => {}
    }
    Ok(())
}

/// Forgets what refers to an entry that is no longer there, and that it is pinned; returns the edits and reactions, in order.
pub(in crate::store) fn forget(
    tables: &mut Tables,
    key: EntryKey,
) -> Result<Vec<EntryKey>, StoreError> {
    let rows = tables.refs().range(all_of(key))?;
    let rows: Vec<(u64, u64, u64)> = rows
        .map(|row| Ok(row?.0))
        .collect::<Result<_, StoreError>>()?;
    for row in &rows {
        tables.refs.remove(row);
    }
    if tables.pins().has(&key)? {
        tables.pins.remove(&key);
    }
    Ok(rows.iter().map(|(id, _, entry)| (*id, *entry)).collect())
}

/// Forgets that an edit or a reaction stands.
pub(in crate::store) fn forget_one(
    tables: &mut Tables,
    (conversation, entry): EntryKey,
    relation: Option<Relation>,
) -> Result<(), StoreError> {
    if let Some(Relation { refers_to, .. }) = relation {
        let key = (conversation, refers_to.0, entry);
        if tables.refs().has(&key)? {
            tables.refs.remove(&key);
        }
    }
    Ok(())
}

/// The first entry from this one on, of those up to another, to which something refers or that is pinned.
pub(in crate::store) fn next(
    tables: &impl ReadTables,
    (conversation, from): EntryKey,
    to: u64,
) -> Result<Option<u64>, StoreError> {
    let range = (conversation, from, 0)..=(conversation, to, u64::MAX);
    let referred = tables.refs().range(range)?.next().transpose()?;
    let pinned = tables
        .pins()
        .range((conversation, from)..=(conversation, to))?;
    let pinned = pinned.map(|row| Ok::<_, StoreError>(row?.0.1)).next();
    let found = [referred.map(|(key, _)| key.1), pinned.transpose()?];
    Ok(found.into_iter().flatten().min())
}
