//! Who blocks whom, and which entries of a pair are withheld for it.
//!
//! Whether an entry is withheld from the other one of a pair is decided once, in the write that appends it, and stays so:
//! every device of theirs then sees the same log, before and after they unblock. The entries stand in the log as all
//! others do, for the one who wrote them; for the other one the log goes on from the entry before to the one after, as
//! it does where retention has been.
//!
//! A deletion is not withheld from who was given what it deletes: the bytes are to go from all devices that have them.

use super::{accounts, conversations};
use crate::protocol::{AccountId, BLOCKED_MAX, ConversationId, EntryId, EntryKind};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::pair_ids;
use crate::store::schema::records::{ConversationRecord, Kind, Side};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{BlockedUser, Refusal, Relation, Reply, StoreLimit};

/// Blocks a user, or no longer.
pub(in crate::store) fn block(
    tables: &mut Tables,
    account: AccountId,
    name: &str,
    is_blocking: bool,
) -> Result<Reply, Abort> {
    let other = accounts::find(tables, name)?.ok_or(Refusal::NoSuchUser)?;
    if other.id == account {
        return Err(Refusal::ToOneself.into());
    }
    let mut blocked = list(tables, account)?;
    let known = blocked.iter().position(|user| user.account == other.id);
    let key = (account.0, other.id.0);
    match (known, is_blocking) {
        (None, true) if blocked.len() >= BLOCKED_MAX => {
            return Err(Refusal::LimitReached(StoreLimit::Blocked).into());
        }
        (None, true) => {
            tables.blocked.insert(key, ());
            blocked.push(BlockedUser {
                account: other.id,
                name: other.name,
            });
        }
        (Some(index), false) => {
            tables.blocked.remove(&key);
            blocked.remove(index);
        }
        _ => {}
    }
    let pair = pair_ids::id_of(account, other.id);
    if let Some(id) = pair
        && let Some(mut record) = conversations::load(tables, id)?
    {
        let head = record.head;
        if let Some(side) = record.side_mut(account)
            && side.is_blocking != is_blocking
        {
            side.is_blocking = is_blocking;
            if !is_blocking {
                side.silent_until = head;
            }
            conversations::save(tables, id, record);
        }
    }
    blocked.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply::Blocked {
        other: other.id,
        blocked,
        pair: pair.zip(silent_until(tables, account, pair)?),
    })
}

/// After which entry of a pair the receipts of one of the two are told.
fn silent_until(
    tables: &impl ReadTables,
    account: AccountId,
    pair: Option<ConversationId>,
) -> Result<Option<EntryId>, StoreError> {
    let record = pair.map_or(Ok(None), |id| conversations::load(tables, id))?;
    Ok(record.map(|record| EntryId(record.side(account).silent_until)))
}

/// Whom an account blocks, by name.
pub(in crate::store) fn list(
    tables: &impl ReadTables,
    account: AccountId,
) -> Result<Vec<BlockedUser>, StoreError> {
    let mut blocked = Vec::new();
    for row in tables
        .blocked()
        .range((account.0, 0)..=(account.0, u64::MAX))?
    {
        let ((_, other), kept) = row?;
        let other = AccountId(other);
        if skip_damaged(kept)?.is_some()
            && let Some(record) = skip_damaged(accounts::require(tables, other))?
        {
            blocked.push(BlockedUser {
                account: other,
                name: record.name,
            });
        }
    }
    blocked.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(blocked)
}

/// Whether an account blocks another. Of a damaged row it is not known whose it is: it is none.
pub(in crate::store) fn blocks(
    tables: &impl ReadTables,
    account: AccountId,
    other: AccountId,
) -> Result<bool, StoreError> {
    let kept = skip_damaged(tables.blocked().get(&(account.0, other.0)))?;
    Ok(kept.flatten().is_some())
}

impl ConversationRecord {
    /// Which of a pair an account is.
    fn index(&self, account: AccountId) -> Option<usize> {
        match self.kind {
            Kind::Pair(low, _) if account.0 == low => Some(0),
            Kind::Pair(_, high) if account.0 == high => Some(1),
            _ => None,
        }
    }

    /// What an account is not given; nothing is kept from those who are not one of a pair.
    pub(in crate::store) fn side(&self, account: AccountId) -> Side {
        let index = self.index(account);
        index.map_or(Side::default(), |index| self.sides.0[index])
    }

    pub(in crate::store) fn side_mut(&mut self, account: AccountId) -> Option<&mut Side> {
        let index = self.index(account)?;
        Some(&mut self.sides.0[index])
    }

    /// The other one of a pair.
    pub(in crate::store) fn peer(&self, account: AccountId) -> Option<AccountId> {
        match self.kind {
            Kind::Pair(low, high) if account.0 == low => Some(AccountId(high)),
            Kind::Pair(low, high) if account.0 == high => Some(AccountId(low)),
            _ => None,
        }
    }

    /// The last entry up to this one, at the end of the log, that an account is given.
    pub(in crate::store) fn given_at_end(&self, account: AccountId, entry: u64) -> u64 {
        let (first, last) = self.side(account).run;
        if (first..=last).contains(&entry) {
            first.saturating_sub(1)
        } else {
            entry
        }
    }
}

/// Decides on the entry that is being appended. Returns the entry before it as the other one of a pair sees it; none if
/// it is withheld from them, or there is no such other one.
pub(in crate::store) fn decide(
    tables: &mut Tables,
    conversation: ConversationId,
    record: &mut ConversationRecord,
    (author, relation): (AccountId, Option<Relation>),
    entry: u64,
) -> Result<Option<EntryId>, StoreError> {
    let Some(peer) = record.peer(author) else {
        return Ok(None);
    };
    let before = EntryId(record.given_at_end(peer, entry - 1));
    if !record.side(peer).is_blocking {
        return Ok(Some(before));
    }
    if let Some(Relation { kind, refers_to }) = relation
        && kind == EntryKind::Delete
        && Given::new(tables, conversation, record, peer).has(refers_to.0)?
    {
        return Ok(Some(before));
    }
    let Some(side) = record.side_mut(peer) else {
        return Ok(None);
    };
    let (first, last) = side.run;
    if first != 0 && last + 1 == entry {
        side.run.1 = entry;
        return Ok(None);
    }
    side.run = (entry, entry);
    if first != 0 {
        tables
            .withheld
            .insert((conversation.0, peer.0, first), last);
    }
    Ok(None)
}

/// What of a log one reader is given.
pub(in crate::store) struct Given<'l, L> {
    tables: &'l L,
    conversation: ConversationId,
    reader: AccountId,
    side: Side,
}

impl<'l, L: ReadTables> Given<'l, L> {
    pub(in crate::store) fn new(
        tables: &'l L,
        conversation: ConversationId,
        record: &ConversationRecord,
        reader: AccountId,
    ) -> Self {
        Self {
            tables,
            conversation,
            reader,
            side: record.side(reader),
        }
    }

    /// The last withheld entries in a row that begin at this entry or before.
    fn run_at(&self, entry: u64) -> Result<Option<(u64, u64)>, StoreError> {
        let (first, last) = self.side.run;
        if first == 0 {
            return Ok(None);
        }
        if first <= entry {
            return Ok(Some((first, last)));
        }
        let (conversation, reader) = (self.conversation.0, self.reader.0);
        let range = (conversation, reader, 0)..=(conversation, reader, entry);
        let row = self.tables.withheld().last(range)?;
        // Of damaged ones it is not known how many they are: at least one.
        row.map(|((_, _, first), last)| Ok((first, skip_damaged(last)?.unwrap_or(first))))
            .transpose()
    }

    /// The first withheld entry from this one on.
    fn next_run(&self, entry: u64) -> Result<Option<u64>, StoreError> {
        let (first, _) = self.side.run;
        if first == 0 {
            return Ok(None);
        }
        let (conversation, reader) = (self.conversation.0, self.reader.0);
        let range = (conversation, reader, entry)..(conversation, reader, first);
        let row = self.tables.withheld().range(range)?.next().transpose()?;
        let earlier = row.map(|((_, _, first), _)| first);
        Ok(earlier.or(Some(first).filter(|first| *first >= entry)))
    }

    /// Whether the reader is given this entry.
    pub(in crate::store) fn has(&self, entry: u64) -> Result<bool, StoreError> {
        let withheld = self.run_at(entry)?;
        Ok(withheld.is_none_or(|(_, last)| last < entry))
    }

    /// The first entries in a row, of those between two, both included, that the reader is given.
    pub(in crate::store) fn first(
        &self,
        from: u64,
        to: u64,
    ) -> Result<Option<(u64, u64)>, StoreError> {
        let mut from = from;
        while from <= to {
            match self.run_at(from)? {
                Some((_, last)) if from <= last => from = last + 1,
                _ => {
                    let end = self.next_run(from)?.map_or(to, |next| to.min(next - 1));
                    return Ok(Some((from, end)));
                }
            }
        }
        Ok(None)
    }

    /// The last entries in a row, of those between two, both included, that the reader is given.
    pub(in crate::store) fn last(
        &self,
        from: u64,
        to: u64,
    ) -> Result<Option<(u64, u64)>, StoreError> {
        let mut to = to;
        while from <= to {
            match self.run_at(to)? {
                Some((first, last)) if to <= last => to = first - 1,
                Some((_, last)) => return Ok(Some((from.max(last + 1), to))),
                None => return Ok(Some((from, to))),
            }
        }
        Ok(None)
    }
}

/// Forgets what was withheld of entries that retention has removed.
pub(in crate::store) fn forget_until(
    tables: &mut Tables,
    conversation: ConversationId,
    record: &ConversationRecord,
) -> Result<(), StoreError> {
    let Kind::Pair(low, high) = record.kind else {
        return Ok(());
    };
    for account in [low, high] {
        if record.side(AccountId(account)).run.0 == 0 {
            continue;
        }
        let range = (conversation.0, account, 0)..=(conversation.0, account, record.log_start);
        let floor = record.log_start;
        tables.withheld.retain_in(range, |_, last| *last > floor)?;
    }
    Ok(())
}
