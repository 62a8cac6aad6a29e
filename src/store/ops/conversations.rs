//! The rows of conversations and of those who belong to them.

use redb::ReadableTable;

use crate::protocol::{AccountId, ConversationId};
use crate::store::error::{StoreError, skip_damaged};
use crate::store::schema::checksum::{decode, encode};
use crate::store::schema::meta;
use crate::store::schema::meta::Sequence;
use crate::store::schema::records::{ConversationRecord, Kind, MemberRecord};
use crate::store::schema::tables::{ReadTables, Tables};

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
