//! The logs: what was said, in one order for all, each message once.

pub(in crate::store) mod events;
pub(in crate::store) mod history;
pub(in crate::store) mod tolerant_scan;

use std::collections::{BTreeMap, btree_map};

use redb::ReadableTable;
use serde_bytes::Bytes;

use super::access::{membership, permitted};
use super::blocks::{self, Given};
use super::conversations;
use super::rooms::permission::{Deed, permits};
use super::{accounts, pairs, usage, wall_clock};
use crate::protocol::{AccountId, ConversationId, DeviceId, DeviceSeq, Digest, EntryId};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::checksum::{decode, decode_entry, encode, encode_entry};
use crate::store::schema::insert_buffer;
use crate::store::schema::meta;
use crate::store::schema::records::{
    ConversationRecord, Kind, LogRecord, MemberRecord, SentRecord,
};
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Append, Audience, Entry, Refusal, Reply, StoredEntry};
use tolerant_scan::Direction;

/// For how many numbers of a device in a conversation the digest is kept. Chosen: more than a client has in
/// flight. A repetition of an older number is answered [`Refusal::UnknownNumber`].
pub(in crate::store) const KEPT: u64 = 64;

/// What an entry counts against the bytes of one reading beside its content, so that many tiny ones are bounded
/// too. Chosen: about what an entry takes in memory.
pub(in crate::store) const ENTRY_OVERHEAD_BYTES: usize = 100;

/// Appends a message, if its number is the device's next and its author belongs to the conversation.
pub(in crate::store) fn append(tables: &mut Tables<'_>, append: &Append) -> Result<Reply, Abort> {
    let conversation = append.conversation;
    let (mut record, member) = membership(tables, conversation, append.author)?;
    // Where nobody knows any more which numbers are used up, the device takes a new id, and goes on.
    let last =
        skip_damaged(used_up(tables, conversation, append.device))?.ok_or(Refusal::Conflict)?;
    let expected = last.next();
    // What stands is said to stand, even if its author belongs to the room no longer.
    if append.number < expected && append.number != DeviceSeq(0) {
        tables.flush()?;
        let sent = repeated(tables, append, expected)?;
        return repeated_reply(tables, record, append, sent);
    }
    if !can_post(record, member) {
        return Err(Refusal::NotPermitted.into());
    }
    if append.number != expected {
        return Err(Refusal::Expect(expected).into());
    }
    usage::check(
        tables,
        append.author,
        append.content.len() as u64,
        append.quota,
    )?;
    let new = NewEntry {
        author: append.author,
        device: append.device,
        number: append.number,
        digest: append.digest,
        content: &append.content,
        time_ms: append.time_ms,
    };
    pairs::begin(tables, conversation, &record)?;
    let stored = put(tables, conversation, &mut record, &new)?;
    let slot = (conversation.0, append.device.0, append.number.0 % KEPT);
    let sent = SentRecord {
        number: append.number.0,
        digest: append.digest,
        entry: stored.entry.0,
        readers: match stored.audience {
            Audience::Pair { .. } => 0,
            Audience::Everyone { accounts: readers } | Audience::Room { members: readers } => {
                readers
            }
        },
    };
    let sent = encode("sent", slot, &sent);
    if let Some(cache) = tables.cache_to_change() {
        cache.insert_buffer.put_sent(slot, sent);
    } else {
        tables.sent.insert(slot, &*sent)?;
    }
    set_last_seq(tables, conversation, append.device, append.number)?;
    Ok(Reply::Stored(stored))
}

/// Whether a member may append to the log.
fn can_post(record: ConversationRecord, member: MemberRecord) -> bool {
    record.kind != Kind::Room || (member.until.is_none() && permits(member.role, Deed::Say))
}

/// What is to become the next entry of a log.
pub(in crate::store) struct NewEntry<'a> {
    pub(in crate::store) author: AccountId,
    pub(in crate::store) device: DeviceId,
    pub(in crate::store) number: DeviceSeq,
    pub(in crate::store) digest: Digest,
    pub(in crate::store) content: &'a [u8],
    pub(in crate::store) time_ms: u64,
}

/// Writes the next entry of a log, and the conversation's record with it.
pub(in crate::store) fn put(
    tables: &mut Tables<'_>,
    conversation: ConversationId,
    record: &mut ConversationRecord,
    new: &NewEntry<'_>,
) -> Result<StoredEntry, StoreError> {
    let entry = EntryId(record.head + 1);
    let key = (conversation.0, entry.0);
    insert_buffer::check_end(tables, conversation, entry)?;
    let row = LogRecord {
        prev: record.head,
        author: new.author.0,
        device: new.device.0,
        number: new.number.0,
        time_ms: wall_clock::after(record.time_ms, new.time_ms),
        digest: new.digest,
        content: Bytes::new(new.content),
    };
    let peer_prev = blocks::decide(tables, conversation, record, new.author, entry.0)?;
    record.head = entry.0;
    record.time_ms = row.time_ms;
    let bytes = encode_entry(conversation.0, entry.0, &row);
    record.bytes = record.bytes.saturating_add(bytes.len() as u64);
    usage::add(tables, new.author, bytes.len() as u64)?;
    if let Some(cache) = tables.cache_to_change() {
        cache.insert_buffer.add_entry(key, bytes);
    } else if tables.log.insert(key, &*bytes)?.is_some() {
        return Err(insert_buffer::stands_already(key));
    }
    conversations::save(tables, conversation, record)?;
    let prev = EntryId(record.given_at_end(new.author, row.prev));
    Ok(StoredEntry {
        entry,
        prev,
        time_ms: row.time_ms,
        repeated: false,
        audience: audience(tables, *record, new.author, prev, peer_prev)?,
    })
}

/// Forgets what a device has sent under its last numbers, wherever its account belongs; the last numbers themselves
/// stay.
pub(in crate::store) fn forget_sent(
    tables: &mut Tables<'_>,
    account: AccountId,
    device: DeviceId,
) -> Result<(), StoreError> {
    for conversation in conversations::joined(tables, account)? {
        let slots = (conversation.0, device.0, 0)..(conversation.0, device.0, KEPT);
        tables.sent.retain_in(slots, |_, _| false)?;
    }
    Ok(())
}

/// What was stored under a number that is used up already, if it has this digest.
fn repeated(
    tables: &impl ReadTables,
    append: &Append,
    expected: DeviceSeq,
) -> Result<SentRecord, Abort> {
    if append.number.0.saturating_add(KEPT) < expected.0 {
        return Err(Refusal::UnknownNumber.into());
    }
    let slot = (
        append.conversation.0,
        append.device.0,
        append.number.0 % KEPT,
    );
    let Some(kept) = tables.sent().get(slot)? else {
        return Err(Refusal::Conflict.into());
    };
    match skip_damaged(decode::<SentRecord>("sent", slot, kept.value()))? {
        Some(sent) if sent.number == append.number.0 && sent.digest == append.digest => Ok(sent),
        Some(_) => Err(Refusal::Conflict.into()),
        // It may stand and may not: what cannot be read is as good as no longer kept.
        None => Err(Refusal::UnknownNumber.into()),
    }
}

/// The reply for an entry that is stored already.
fn repeated_reply(
    tables: &impl ReadTables,
    record: ConversationRecord,
    append: &Append,
    sent: SentRecord,
) -> Result<Reply, Abort> {
    let entry = EntryId(sent.entry);
    let value = tables.log().get((append.conversation.0, entry.0))?;
    let row = value
        .as_ref()
        .and_then(|value| decode_entry(append.conversation.0, entry.0, value.value()).ok());
    // If it has expired or been damaged since, its time is not known any more; it was no later than either.
    let time_ms = row.map_or(append.time_ms.min(record.time_ms), |row| row.time_ms);
    let given = Given::new(tables, append.conversation, &record, append.author);
    let before = given.last(1, entry.0.saturating_sub(1))?;
    let prev = EntryId(before.map_or(0, |(_, prev)| prev));
    let mut audience = audience(tables, record, append.author, prev, None)?;
    if sent.readers > 0
        && let Audience::Everyone { accounts: readers } | Audience::Room { members: readers } =
            &mut audience
    {
        *readers = sent.readers;
    }
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
    tables: &mut Tables<'_>,
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
    if let Kind::Pair(low, high) = record.kind {
        let peer = if low == reader.0 { high } else { low };
        let name = accounts::name(tables, AccountId(peer))?;
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
    let Some(value) = tables.log().get((conversation.0, entry.0))? else {
        return Ok(None);
    };
    let row = decode_entry(conversation.0, entry.0, value.value())?;
    Ok(Some(row.digest))
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
    let row = (conversation, device);
    if let Some(known) = tables.cache().and_then(|cache| cache.senders.get(row)) {
        return Ok(known);
    }
    let key = (conversation.0, device.0);
    let last = match tables.senders().get(key)? {
        Some(last) => decode::<u64>("senders", key, last.value())?,
        None if has_sent(tables, key)? => return Err(StoreError::missing("senders")),
        None => 0,
    };
    let last = DeviceSeq(last);
    if let Some(cache) = tables.cache() {
        cache.senders.learn(row, last);
    }
    Ok(last)
}

/// Whether something is kept of what a device has sent in a conversation. Then its last number must be too: were it
/// taken for a new device, its numbers would begin again, and what is under way from it could stand twice.
fn has_sent(
    tables: &impl ReadTables,
    (conversation, device): (u64, u64),
) -> Result<bool, StoreError> {
    let mut slots = tables
        .sent()
        .range((conversation, device, 0)..(conversation, device, KEPT))?;
    Ok(slots.next().transpose()?.is_some())
}

/// Records the last number that a device has used in a conversation.
pub(in crate::store) fn set_last_seq(
    tables: &mut Tables<'_>,
    conversation: ConversationId,
    device: DeviceId,
    number: DeviceSeq,
) -> Result<(), StoreError> {
    if let Some(cache) = tables.cache_to_change() {
        cache.senders.put((conversation, device), number);
        return Ok(());
    }
    let key = (conversation.0, device.0);
    let last = encode("senders", key, &number.0);
    tables.senders.insert(key, &*last)?;
    Ok(())
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
            accounts: u32::try_from(meta::account_count(tables)?).unwrap_or(u32::MAX),
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
        Kind::Room => Audience::Room {
            members: record.members,
        },
    })
}
