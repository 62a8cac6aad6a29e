//! Conversations, who belongs to them, and where a device stands in each.

use std::collections::BTreeMap;

use redb::ReadableTable;

use super::log;
use super::{accounts, blocks, marks, pairs, rooms};
use crate::protocol::{
    AccountId, ConversationId, DeviceId, Digest, EVERYONE_NAME, EntryId, Position,
};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::checksum::{decode, encode};
use crate::store::schema::meta;
use crate::store::schema::meta::Sequence;
use crate::store::schema::records::{ConversationRecord, Kind, MemberRecord};
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{ConversationState, Refusal, Reply};

const CONVERSATIONS: &str = "conversations";
const MEMBERS: &str = "members";

/// Makes the conversation of everyone, with the schema: it must get the first id.
pub(in crate::store) fn make_everyone(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let id = meta::next_id(tables, Sequence::Conversation)?;
    assert_eq!(
        ConversationId(id),
        ConversationId::EVERYONE,
        "the first conversation of a new schema is everyone's"
    );
    save(
        tables,
        ConversationId::EVERYONE,
        &ConversationRecord::empty(Kind::Everyone),
    )
}

/// Makes an account a member, from the conversation's head on.
pub(in crate::store) fn join(
    tables: &mut Tables<'_>,
    conversation: ConversationId,
    account: AccountId,
) -> Result<(), StoreError> {
    let head = load(tables, conversation)?
        .ok_or_else(|| StoreError::missing("conversations"))?
        .head;
    save_member(tables, conversation, account, &MemberRecord::from(head))?;
    put_joined(tables, account, conversation)
}

/// Notes that an account is told of a conversation.
pub(in crate::store) fn put_joined(
    tables: &mut Tables<'_>,
    account: AccountId,
    conversation: ConversationId,
) -> Result<(), StoreError> {
    let key = (account.0, conversation.0);
    tables.joined.insert(key, &*encode("joined", key, &()))?;
    Ok(())
}

/// The conversation of a pair; nothing is made by asking for it.
pub(in crate::store) fn resolve(
    tables: &impl ReadTables,
    account: AccountId,
    device: DeviceId,
    name: &str,
) -> Result<Reply, Abort> {
    let peer = accounts::find(tables, name)?.ok_or(Refusal::NoSuchUser)?;
    if peer.id == account {
        return Err(Refusal::ToOneself.into());
    }
    accounts::load(tables, account)?.ok_or(Refusal::NoSuchUser)?;
    let conversation = pairs::find(tables, account, peer.id)?;
    let (record, member) = permitted(tables, conversation, account)?;
    let name = peer.name.clone();
    Ok(Reply::Resolved {
        standing: standing(
            tables,
            conversation,
            record,
            (account, member),
            name,
            device,
        )?,
        peer,
    })
}

/// Where a member stands, and a device from its beginning on. In the record, the head is the last that the member
/// reads.
pub(in crate::store) fn standing(
    tables: &impl ReadTables,
    conversation: ConversationId,
    record: ConversationRecord,
    (account, member): (AccountId, MemberRecord),
    name: String,
    device: DeviceId,
) -> Result<ConversationState, StoreError> {
    Ok(ConversationState {
        conversation,
        is_room: record.kind == Kind::Room,
        name,
        head: EntryId(record.head),
        last_number: log::last_number(tables, conversation, device)?,
        start: EntryId(first(record, member)),
        joined_after: EntryId(member.joined_after.max(record.side(account).silent_until)),
        delivered_up_to: EntryId(member.delivered_up_to),
        log_start: EntryId(record.log_start),
        until: member.until.map(EntryId),
        expired: false,
    })
}

/// Where a device stands in each conversation of its account; the account's marks move up to where it stands.
/// Positions in conversations that the account does not belong to are passed over. `earlier` is the
/// epoch that the positions are of, if that is another one.
pub(in crate::store) fn hello(
    tables: &mut Tables<'_>,
    (account, device): (AccountId, DeviceId),
    earlier: Option<u64>,
    positions: &[Position],
) -> Result<Reply, Abort> {
    let positions: BTreeMap<ConversationId, &Position> = positions
        .iter()
        .map(|position| (position.conversation, position))
        .collect();
    // A device that stands somewhere is not new: a conversation that it does not know began after its last HELLO, and
    // is as new to it as it is to the account. Another device may have received all of it, this one has not.
    let is_new = positions.is_empty();
    let mut standings = Vec::new();
    let mut conversations = joined(tables, account)?;
    // Of those that it has asked for and said nothing in yet, a device is told as well.
    for conversation in positions.keys() {
        if pairs::unspoken(tables, *conversation, account)?.is_some() {
            conversations.push(*conversation);
        }
    }
    for conversation in conversations {
        let position = positions.get(&conversation).copied();
        let stands = resync_one(
            tables,
            conversation,
            (account, device),
            position.map(|position| (position, earlier)),
            is_new,
        );
        match stands {
            Ok(standing) => standings.push(standing),
            // What is damaged of one conversation, or missing, must not keep the account from all others.
            Err(Abort::Failed(error @ StoreError::Damaged { .. })) => {
                tracing::error!(%error, ?conversation, "a device is not told of a conversation");
            }
            Err(Abort::Refused(refusal)) => {
                tracing::error!(
                    ?refusal,
                    ?conversation,
                    ?account,
                    "a conversation has no such member"
                );
            }
            Err(error) => return Err(error),
        }
    }
    let blocked = blocks::list(tables, account)?;
    Ok(Reply::Hello { standings, blocked })
}

/// The state of one conversation for a device, after HELLO named a position in it. The account's mark advances to the
/// position if the log agrees with it. The position comes with its epoch, if that is not the current one.
fn resync_one(
    tables: &mut Tables<'_>,
    conversation: ConversationId,
    (account, device): (AccountId, DeviceId),
    position: Option<(&Position, Option<u64>)>,
    is_new: bool,
) -> Result<ConversationState, Abort> {
    let (record, mut member) = permitted(tables, conversation, account)?;
    let start = match position {
        None if is_new => new_device_start(record, member),
        None => first(record, member),
        Some((position, earlier)) => match resume_point(tables, record, member, position, earlier)?
        {
            ResumePoint::Common(entry) => {
                if entry > member.delivered_up_to {
                    marks::receive(record, &mut member, entry);
                    save_member(tables, conversation, account, &member)?;
                }
                entry
            }
            ResumePoint::Back(entry) => entry,
        },
    };
    let begin = match position {
        None if is_new => member.delivered_up_to,
        None => EntryId::START.0,
        Some((position, _)) => position.entry.0,
    };
    let begin = begin.max(member.joined_after);
    let name = name_for(tables, conversation, record, account)?;
    Ok(ConversationState {
        start: EntryId(start),
        expired: start > begin && record.log_start > begin,
        ..standing(
            tables,
            conversation,
            record,
            (account, member),
            name,
            device,
        )?
    })
}

/// Where deliveries to a device resume.
enum ResumePoint {
    /// The log holds the very entry that the device named.
    Common(u64),
    /// The log holds another entry there, or none: deliveries begin here, which proves nothing about what was received.
    Back(u64),
}

fn resume_point(
    tables: &impl ReadTables,
    record: ConversationRecord,
    member: MemberRecord,
    position: &Position,
    earlier: Option<u64>,
) -> Result<ResumePoint, StoreError> {
    let first = first(record, member);
    let entry = position.entry.0;
    if entry <= first {
        return Ok(ResumePoint::Back(first));
    }
    // A device that was told to begin here and has received nothing since cannot name a digest.
    let is_empty = position.digest == Digest::default();
    // This log may have grown since the database was put back, and even hold the same message there: what comes before
    // is another log all the same.
    if let Some(epoch) = earlier {
        let common = record.earlier.common(epoch).min(record.head);
        if common < entry {
            return Ok(if common > first && !is_empty {
                ResumePoint::Common(common)
            } else {
                ResumePoint::Back(common.max(first))
            });
        }
    }
    if entry <= record.head {
        if is_empty {
            return Ok(ResumePoint::Back(entry));
        }
        match log::digest_at(tables, position.conversation, position.entry) {
            Ok(Some(digest)) if digest == position.digest => return Ok(ResumePoint::Common(entry)),
            // What stands there is damaged here, which must not keep the account from signing in.
            Err(StoreError::Damaged { .. }) => return Ok(ResumePoint::Back(entry)),
            other => other?,
        };
    }
    // Nobody has noticed that this log is another one. The mark is the last place where a device of theirs agreed with this log; but not one behind which this
    // device already differs.
    let back = if member.delivered_up_to < entry {
        member.delivered_up_to.min(record.head)
    } else {
        first
    };
    Ok(ResumePoint::Back(back.max(first)))
}

/// Where deliveries begin for a device that is new to the account: at the account's mark.
fn new_device_start(record: ConversationRecord, member: MemberRecord) -> u64 {
    member.delivered_up_to.max(first(record, member))
}

/// The entry after which a member reads. Where retention has removed even the last that a former member may read,
/// there is nothing after it.
fn first(record: ConversationRecord, member: MemberRecord) -> u64 {
    member.joined_after.max(record.log_start).min(record.head)
}

/// What the account calls the conversation: the receiver that its messages in it name.
pub(in crate::store) fn name_for(
    tables: &impl ReadTables,
    conversation: ConversationId,
    record: ConversationRecord,
    account: AccountId,
) -> Result<String, StoreError> {
    match record.kind {
        Kind::Everyone => Ok(EVERYONE_NAME.into()),
        Kind::Pair(low, high) => {
            let other = if low == account.0 { high } else { low };
            Ok(accounts::require(tables, AccountId(other))?.name)
        }
        Kind::Room => Ok(rooms::require(tables, conversation)?.name),
    }
}

/// A conversation as one may read it who belongs to it or once did: its head is the last entry that they may read.
/// All others are refused.
pub(in crate::store) fn permitted(
    tables: &impl ReadTables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<(ConversationRecord, MemberRecord), Abort> {
    let (mut record, member) = membership(tables, conversation, account)?;
    let last = record.given_at_end(account, record.head);
    record.head = member.until.unwrap_or(last);
    Ok((record, member))
}

/// A conversation and one who belongs to it or once did, or the refusal that is due to all others: one refusal, after
/// the same single look, whether there is such a conversation or not, so that ids tell nothing.
pub(in crate::store) fn membership(
    tables: &impl ReadTables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<(ConversationRecord, MemberRecord), Abort> {
    let Some(member) = load_member(tables, conversation, account)? else {
        return Ok(pairs::unspoken(tables, conversation, account)?.ok_or(Refusal::NotPermitted)?);
    };
    let record = load(tables, conversation)?.ok_or(Refusal::NotPermitted)?;
    Ok((record, member))
}

/// Notes in each log, when a backup is restored, that it agrees with the epoch of the backup up to its end.
pub(in crate::store) fn on_restore(tables: &mut Tables<'_>, epoch: u64) -> Result<(), StoreError> {
    let mut ids = Vec::new();
    for row in tables.conversations().range(0_u64..)? {
        ids.push(ConversationId(row?.0.value()));
    }
    for id in ids {
        // One that is damaged stays so, and is named where it is asked for.
        if let Some(mut record) = skip_damaged(load(tables, id))?.flatten() {
            record.earlier.on_restore(epoch, record.head);
            save(tables, id, &record)?;
        }
    }
    Ok(())
}

/// The conversations that an account is told of, as far as that can be read.
pub(in crate::store) fn joined(
    tables: &impl ReadTables,
    account: AccountId,
) -> Result<Vec<ConversationId>, StoreError> {
    let rows = tables
        .joined()
        .range((account.0, 0)..=(account.0, u64::MAX))?;
    let mut joined = Vec::new();
    for row in rows {
        let (key, kept) = row?;
        let key = key.value();
        if skip_damaged(decode::<()>("joined", key, kept.value()))?.is_some() {
            joined.push(ConversationId(key.1));
        }
    }
    Ok(joined)
}

/// A conversation's record.
pub(in crate::store) fn load(
    tables: &impl ReadTables,
    conversation: ConversationId,
) -> Result<Option<ConversationRecord>, StoreError> {
    if let Some(known) = tables
        .cache()
        .and_then(|cache| cache.conversations.get(conversation))
    {
        return Ok(Some(known));
    }
    let Some(value) = tables.conversations().get(conversation.0)? else {
        return Ok(None);
    };
    let record = decode(CONVERSATIONS, conversation.0, value.value())?;
    if let Some(cache) = tables.cache() {
        cache.conversations.learn(conversation, record);
    }
    Ok(Some(record))
}

/// Writes a conversation's record.
pub(in crate::store) fn save(
    tables: &mut Tables<'_>,
    conversation: ConversationId,
    record: &ConversationRecord,
) -> Result<(), StoreError> {
    if let Some(cache) = tables.cache_to_change() {
        cache.conversations.put(conversation, *record);
        return Ok(());
    }
    tables.conversations.insert(
        conversation.0,
        &*encode(CONVERSATIONS, conversation.0, record),
    )?;
    Ok(())
}

/// A member's record.
pub(in crate::store) fn load_member(
    tables: &impl ReadTables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<Option<MemberRecord>, StoreError> {
    let row = (conversation, account);
    if let Some(known) = tables.cache().and_then(|cache| cache.members.get(row)) {
        return Ok(Some(known));
    }
    let key = (conversation.0, account.0);
    let Some(value) = tables.members().get(key)? else {
        return Ok(None);
    };
    let record = decode(MEMBERS, key, value.value())?;
    if let Some(cache) = tables.cache() {
        cache.members.learn(row, record);
    }
    Ok(Some(record))
}

/// Writes a member's record.
pub(in crate::store) fn save_member(
    tables: &mut Tables<'_>,
    conversation: ConversationId,
    account: AccountId,
    member: &MemberRecord,
) -> Result<(), StoreError> {
    if let Some(cache) = tables.cache_to_change() {
        cache.members.put((conversation, account), *member);
        return Ok(());
    }
    let key = (conversation.0, account.0);
    tables.members.insert(key, &*encode(MEMBERS, key, member))?;
    Ok(())
}
