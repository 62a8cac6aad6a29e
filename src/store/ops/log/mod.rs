//! The logs: what was said, in one order for all, each message once.

pub(in crate::store) mod copies;
pub(in crate::store) mod delete;
pub(in crate::store) mod events;
pub(in crate::store) mod history;
pub(in crate::store) mod keys;
pub(in crate::store) mod place;
pub(in crate::store) mod relations;
pub(in crate::store) mod tolerant_scan;

use std::collections::{BTreeMap, VecDeque, btree_map};

use serde_bytes::Bytes;

use super::access::{membership, permitted};
use super::blocks::{self, Given};
use super::conversations;
use super::rooms::permission::{Deed, permits};
use super::{accounts, files, pairs, usage, wall_clock};
use crate::protocol::{
    AccountId, ConversationId, DeviceId, DeviceSeq, Digest, EntryId, EntryKind, NOTES_NAME,
};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::meta;
use crate::store::schema::places;
use crate::store::schema::records::{ConversationRecord, Kind, MemberRecord, SenderRecord, Sent};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::segments::stored::LogRecord;
use crate::store::{Append, Audience, Deleted, Entry, Refusal, Relation, Reply, StoredEntry};
use tolerant_scan::Direction;

/// For how many numbers of a device in a conversation the digest is kept. Chosen: more than a client has in
/// flight. A repetition of an older number is answered [`Refusal::UnknownNumber`].
pub(in crate::store) const KEPT: usize = 64;

/// What an entry counts against the bytes of one reading beside its content, so that many tiny ones are bounded
/// too. Chosen: about what an entry takes in memory.
pub(in crate::store) const ENTRY_OVERHEAD_BYTES: usize = 100;

/// Appends a message, if its number is the device's next and its author belongs to the conversation.
pub(in crate::store) fn append(tables: &mut Tables, append: &Append) -> Result<Reply, Abort> {
    let conversation = append.conversation;
    let (mut record, member) = membership(tables, conversation, append.author)?;
    // Where nobody knows any more which numbers are used up, the device takes a new id, and goes on.
    let last =
        skip_damaged(used_up(tables, conversation, append.device))?.ok_or(Refusal::Conflict)?;
    let expected = last.next();
    // What stands is said to stand, even if its author belongs to the room no longer.
    if append.number < expected && append.number != DeviceSeq(0) {
        let sent = repeated(tables, append, expected)?;
        return repeated_reply(tables, record, append, sent);
    }
    if append.number == expected {
        keys::check(tables, append)?;
    }
    if !can_post(record, member) {
        return Err(Refusal::NotPermitted.into());
    }
    if append.number != expected {
        return Err(Refusal::Expect(expected).into());
    }
    let kind = append.relation.map(|relation| relation.kind);
    // Each entry is deleted once at most, and who has no room left can make some, also where nobody reads any more.
    if kind != Some(EntryKind::Delete) {
        check_access(tables, append.conversation, &record, member)?;
        if let Some(peer) = record.peer(append.author)
            && accounts::is_deleted(tables, peer)?
        {
            return Err(Refusal::Deleted.into());
        }
        let bytes = append.content.len() as u64;
        usage::check(tables, append.author, bytes, append.quota)?;
    }
    relations::check(tables, append, (&record, member))?;
    let root = files::check(tables, append)?;
    pairs::begin(tables, conversation, &record)?;
    let stored = put(tables, conversation, &mut record, &NewEntry::from(append))?;
    if let Some(relation) = append.relation {
        relations::take_effect(tables, append, &mut record, (relation, &stored))?;
    }
    if let Some(root) = root {
        let key = (conversation.0, stored.entry.0);
        files::attach(tables, key, (append.author, root))?;
    }
    keys::note(tables, append, &stored)?;
    let sent = Sent {
        number: append.number.0,
        digest: Sent::part_of(append.digest),
        entry: stored.entry.0,
        readers: stored.audience.readers(),
    };
    keep_sent(tables, (conversation.0, append.device.0), sent)?;
    Ok(Reply::Stored(stored))
}

/// Notes the last number that a device has used, and what for.
fn keep_sent(tables: &mut Tables, key: (u64, u64), sent: Sent) -> Result<(), StoreError> {
    let new = || SenderRecord {
        last: 0,
        sent: VecDeque::new(),
    };
    tables.senders.change(&key, new, |record| {
        let before = std::mem::replace(&mut record.last, sent.number);
        let dropped = if record.sent.len() == KEPT {
            record.sent.pop_front()
        } else {
            None
        };
        record.sent.push_back(sent);
        move |record: &mut SenderRecord| {
            record.last = before;
            record.sent.pop_back();
            if let Some(dropped) = dropped {
                record.sent.push_front(dropped);
            }
        }
    })
}

/// Whether a member may append to the log.
fn can_post(record: ConversationRecord, member: MemberRecord) -> bool {
    record.kind != Kind::Room || member.until.is_none()
}

/// Refuses what only moderators and owners say in a room. What stands in a record was accepted then.
fn check_access(
    tables: &Tables,
    conversation: ConversationId,
    record: &ConversationRecord,
    member: MemberRecord,
) -> Result<(), Abort> {
    if record.kind != Kind::Room || tables.batch.is_replayed() {
        return Ok(());
    }
    let access = tables.rooms().read(&conversation.0, |room| room.access);
    match skip_damaged(access)?.flatten() {
        Some(access) if !permits(member.role, Deed::Say(access)) => {
            let who = "only moderators and owners write in this room";
            Err(Refusal::OnlyOthers(who).into())
        }
        _ => Ok(()),
    }
}

/// What is to become the next entry of a log.
pub(in crate::store) struct NewEntry<'a> {
    pub(in crate::store) author: AccountId,
    pub(in crate::store) device: DeviceId,
    pub(in crate::store) number: DeviceSeq,
    pub(in crate::store) digest: Digest,
    pub(in crate::store) content: &'a [u8],
    pub(in crate::store) time_ms: u64,
    pub(in crate::store) relation: Option<Relation>,
}

impl<'a> From<&'a Append> for NewEntry<'a> {
    fn from(append: &'a Append) -> Self {
        Self {
            author: append.author,
            device: append.device,
            number: append.number,
            digest: append.digest,
            content: &append.content,
            time_ms: append.time_ms,
            relation: append.relation,
        }
    }
}

/// Writes the next entry of a log, and the conversation's record with it.
pub(in crate::store) fn put(
    tables: &mut Tables,
    conversation: ConversationId,
    record: &mut ConversationRecord,
    new: &NewEntry<'_>,
) -> Result<StoredEntry, StoreError> {
    let entry = EntryId(record.head + 1);
    if !tables.conversations.is_dirty(&conversation.0) {
        places::check_end(tables, (conversation.0, entry.0))?;
    }
    let prev = record.head;
    let row = LogRecord {
        author: new.author.0,
        device: new.device.0,
        number: new.number.0,
        time_ms: wall_clock::after(record.time_ms, new.time_ms),
        digest: new.digest,
        content: Bytes::new(new.content),
        relation: new.relation,
        deleted: None,
    };
    let by = (new.author, new.relation);
    let (first, peer_prev) = match record.kind {
        // What the operator does is given to both.
        Kind::Pair(low, high) if new.author == AccountId::OPERATOR => {
            let before = record.given_at_end(AccountId(high), prev);
            (AccountId(low), Some(EntryId(before)))
        }
        _ => {
            let prev = blocks::decide(tables, conversation, record, by, entry.0)?;
            (new.author, prev)
        }
    };
    record.head = entry.0;
    record.time_ms = row.time_ms;
    let bytes = row.counted_bytes();
    record.bytes = record.bytes.saturating_add(bytes);
    usage::add(tables, new.author, bytes)?;
    let key = (conversation.0, entry.0);
    record.open_places = place::add(tables, key, row, record.open_places)?;
    conversations::save(tables, conversation, *record);
    let prev = EntryId(record.given_at_end(first, prev));
    Ok(StoredEntry {
        entry,
        prev,
        time_ms: row.time_ms,
        repeated: false,
        audience: audience(tables, *record, first, prev, peer_prev)?,
    })
}

/// Forgets what a device has sent under its last numbers, wherever its account belongs; the last numbers themselves
/// stay.
pub(in crate::store) fn forget_sent(
    tables: &mut Tables,
    account: AccountId,
    device: DeviceId,
) -> Result<(), StoreError> {
    for conversation in conversations::joined(tables, account)? {
        let key = (conversation.0, device.0);
        if let Some(record) = skip_damaged(tables.senders().get(&key))?.flatten() {
            let record = SenderRecord {
                sent: VecDeque::new(),
                ..record
            };
            tables.senders.insert(key, record);
        }
    }
    Ok(())
}

/// What was stored under a number that is used up already, if it has this digest.
fn repeated(tables: &impl ReadTables, append: &Append, expected: DeviceSeq) -> Result<Sent, Abort> {
    if append.number.0.saturating_add(KEPT as u64) < expected.0 {
        return Err(Refusal::UnknownNumber.into());
    }
    let key = (append.conversation.0, append.device.0);
    let number = append.number.0;
    let sent = tables.senders().read(&key, |record| {
        record
            .sent
            .iter()
            .rev()
            .find(|sent| sent.number == number)
            .copied()
    })?;
    let is_same = |sent: &Sent| sent.digest == Sent::part_of(append.digest);
    Ok(sent.flatten().filter(is_same).ok_or(Refusal::Conflict)?)
}

/// The reply for an entry that is stored already.
fn repeated_reply(
    tables: &impl ReadTables,
    record: ConversationRecord,
    append: &Append,
    sent: Sent,
) -> Result<Reply, Abort> {
    let entry = EntryId(sent.entry);
    let stored = skip_damaged(tables.entry((append.conversation.0, entry.0)))?.flatten();
    // If it has expired or been damaged since, its time is not known any more; it was no later than either.
    let time_ms = stored.map_or(append.time_ms.min(record.time_ms), |stored| {
        stored.row().time_ms
    });
    let given = Given::new(tables, append.conversation, &record, append.author);
    let before = given.last(1, entry.0.saturating_sub(1))?;
    let prev = EntryId(before.map_or(0, |(_, prev)| prev));
    let audience = audience(tables, record, append.author, prev, None)?.with_readers(sent.readers);
    Ok(Reply::Stored(StoredEntry {
        entry,
        prev,
        time_ms,
        repeated: true,
        audience,
    }))
}

/// Uses a number up without an entry.
pub(in crate::store) fn void(
    tables: &mut Tables,
    conversation: ConversationId,
    account: AccountId,
    device: DeviceId,
    number: DeviceSeq,
) -> Result<Reply, Abort> {
    // A former member too: what was refused because it came after the end has to be used up.
    let (record, _) = membership(tables, conversation, account)?;
    let last = skip_damaged(used_up(tables, conversation, device))?.ok_or(Refusal::Conflict)?;
    let expected = last.next();
    if number > expected {
        return Err(Refusal::Expect(expected).into());
    }
    // Where nothing has been said there is nothing that a number could be missing from: the next one is the first.
    if number == expected && !pairs::is_unspoken(tables, conversation, &record)? {
        set_last_seq(tables, conversation, device, number)?;
    }
    Ok(Reply::Nothing)
}

/// Entries after a place, in order, that the reader is permitted; of a damaged one only that it is.
pub(in crate::store) fn read(
    tables: &impl ReadTables,
    conversation: ConversationId,
    reader: AccountId,
    after: EntryId,
    max_bytes: usize,
) -> Result<Reply, Abort> {
    let (record, member) = permitted(tables, conversation, reader)?;
    let first = member.joined_after.max(record.log_start);
    let mut prev = after.0.max(first);
    let mut from = prev.saturating_add(1);
    let mut entries = Vec::<Entry>::new();
    let mut bytes = 0_usize;
    let mut is_full = false;
    let given = Given::new(tables, conversation, &record, reader);
    while !is_full && let Some(places) = given.first(from, record.head)? {
        let direction = Direction::Forward;
        tolerant_scan::walk(tables, conversation, places, direction, |entry, row| {
            let length = row.map_or(0, |row| row.content.len());
            bytes = bytes.saturating_add(length + ENTRY_OVERHEAD_BYTES);
            is_full = bytes > max_bytes && !entries.is_empty();
            if !is_full {
                let time_ms = entries.last().map_or(record.time_ms, |last| last.time_ms);
                entries.push(tolerant_scan::entry(entry, row, prev, time_ms));
                prev = entry;
            }
            !is_full
        })?;
        // A reading can end early over what is damaged.
        is_full |= prev < places.1;
        from = places.1.saturating_add(1);
    }
    name(tables, &record, reader, &mut entries)?;
    Ok(Reply::Entries {
        has_expired: record.log_start.min(record.head) > after.0.max(member.joined_after),
        entries,
        head: EntryId(record.head),
    })
}

/// Puts to each entry the name that its reader needs.
pub(super) fn name(
    tables: &impl ReadTables,
    record: &ConversationRecord,
    reader: AccountId,
    entries: &mut [Entry],
) -> Result<(), StoreError> {
    let place = match record.kind {
        Kind::Pair(low, high) => {
            let peer = if low == reader.0 { high } else { low };
            Some(accounts::name(tables, AccountId(peer))?)
        }
        Kind::Notes(_) => Some(Some(NOTES_NAME.to_owned())),
        Kind::Everyone | Kind::Room => None,
    };
    if let Some(name) = place {
        for entry in entries {
            entry.peer_name.clone_from(&name);
        }
        return Ok(());
    }
    let mut names = BTreeMap::new();
    for entry in entries {
        let name = match names.entry(entry.author) {
            btree_map::Entry::Occupied(known) => known.into_mut(),
            btree_map::Entry::Vacant(unknown) => {
                unknown.insert(accounts::name(tables, entry.author)?)
            }
        };
        entry.author_name.clone_from(name);
    }
    Ok(())
}

impl LogRecord<'_> {
    /// The entry as one sees it who was given `prev` before it.
    pub(in crate::store) fn into_entry(self, entry: EntryId, prev: u64) -> Entry {
        Entry {
            entry,
            prev: EntryId(prev),
            author: AccountId(self.author),
            device: DeviceId(self.device),
            number: DeviceSeq(self.number),
            time_ms: self.time_ms,
            digest: self.digest,
            content: self.content.to_vec(),
            deleted: self.deleted.map(|deletion| Deleted {
                by: AccountId(deletion.by),
                time_ms: deletion.time_ms,
                kind: self
                    .relation
                    .map_or(EntryKind::Text, |relation| relation.kind),
            }),
            author_name: None,
            peer_name: None,
        }
    }
}

/// The digest of an entry, if the log holds it; of a damaged one it is not known.
pub(in crate::store) fn digest_at(
    tables: &impl ReadTables,
    conversation: ConversationId,
    entry: EntryId,
) -> Result<Option<Digest>, StoreError> {
    let stored = tables.entry((conversation.0, entry.0))?;
    Ok(stored.map(|stored| stored.row().digest))
}

/// The last number that a device has used in a conversation; zero if none, or if it cannot be read: the device finds
/// that out when it sends.
pub(in crate::store) fn last_number(
    tables: &impl ReadTables,
    conversation: ConversationId,
    device: DeviceId,
) -> Result<DeviceSeq, StoreError> {
    let last = skip_damaged(used_up(tables, conversation, device))?;
    Ok(last.unwrap_or(DeviceSeq(0)))
}

fn used_up(
    tables: &impl ReadTables,
    conversation: ConversationId,
    device: DeviceId,
) -> Result<DeviceSeq, StoreError> {
    let last = tables
        .senders()
        .read(&(conversation.0, device.0), |record| record.last)?;
    Ok(DeviceSeq(last.unwrap_or(0)))
}

/// Records the last number that a device has used in a conversation, without an entry.
fn set_last_seq(
    tables: &mut Tables,
    conversation: ConversationId,
    device: DeviceId,
    number: DeviceSeq,
) -> Result<(), StoreError> {
    let new = || SenderRecord {
        last: 0,
        sent: VecDeque::new(),
    };
    tables
        .senders
        .change(&(conversation.0, device.0), new, |record| {
            let before = std::mem::replace(&mut record.last, number.0);
            move |record: &mut SenderRecord| record.last = before
        })
}

/// Who reads what this author says, who is given `prev` before it; in a pair, what the other is given before it, if they
/// are given it.
fn audience(
    tables: &impl ReadTables,
    record: ConversationRecord,
    author: AccountId,
    prev: EntryId,
    peer_prev: Option<EntryId>,
) -> Result<Audience, StoreError> {
    Ok(match record.kind {
        Kind::Everyone => Audience::Everyone {
            accounts: u32::try_from(meta::reader_count(tables)?).unwrap_or(u32::MAX),
        },
        Kind::Pair(low, high) => {
            let peer = if author.0 == low { high } else { low };
            Audience::Pair {
                low: AccountId(low),
                high: AccountId(high),
                peer_seen_ms: accounts::seen_ms(tables, AccountId(peer))?,
                peer_prev,
                peer_name: if prev == EntryId::START {
                    accounts::name(tables, AccountId(peer))?
                } else {
                    None
                },
            }
        }
        Kind::Notes(account) => Audience::Notes {
            account: AccountId(account),
            is_first: prev == EntryId::START,
        },
        Kind::Room => Audience::Room {
            members: record.members,
        },
    })
}
