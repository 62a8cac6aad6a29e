//! The rows of conversations and of those who belong to them.

use crate::protocol::{AccountId, ConversationId};
use crate::store::error::{StoreError, skip_damaged};
use crate::store::schema::meta;
use crate::store::schema::meta::Sequence;
use crate::store::schema::records::{ConversationRecord, Kind, MemberRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};

/// Makes the conversation of everyone, with the schema: it must get the first id.
pub(in crate::store) fn make_everyone(tables: &mut Tables) -> Result<(), StoreError> {
    let id = meta::next_id(tables, Sequence::Conversation)?;
    assert_eq!(
        ConversationId(id),
        ConversationId::EVERYONE,
        "the first conversation of a new schema is everyone's"
    );
    save(
        tables,
        ConversationId::EVERYONE,
        ConversationRecord::empty(Kind::Everyone),
    );
    Ok(())
}

/// Makes an account a member, from the conversation's head on.
pub(in crate::store) fn join(
    tables: &mut Tables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<(), StoreError> {
    let record = load(tables, conversation)?.ok_or_else(|| StoreError::missing("conversations"))?;
    save_member(
        tables,
        conversation,
        account,
        MemberRecord::from(record.head),
    );
    put_joined(tables, account, conversation);
    Ok(())
}

/// Notes that an account is told of a conversation.
pub(in crate::store) fn put_joined(
    tables: &mut Tables,
    account: AccountId,
    conversation: ConversationId,
) {
    tables.joined.insert((account.0, conversation.0), ());
}

/// Notes in each log, when a backup is restored, that it agrees with the epoch of the backup up to its end.
pub(in crate::store) fn on_restore(tables: &mut Tables, epoch: u64) -> Result<(), StoreError> {
    let mut records = Vec::new();
    for row in tables.conversations().rows()? {
        let (id, record) = row?;
        // One that is damaged stays so, and is named where it is asked for.
        records.extend(skip_damaged(record)?.map(|record| (ConversationId(id), record)));
    }
    for (id, mut record) in records {
        record.earlier.on_restore(epoch, record.head);
        save(tables, id, record);
    }
    Ok(())
}

/// The conversations that an account is told of, as far as that can be read.
pub(in crate::store) fn joined(
    tables: &impl ReadTables,
    account: AccountId,
) -> Result<Vec<ConversationId>, StoreError> {
    let mut joined = Vec::new();
    for row in tables
        .joined()
        .range((account.0, 0)..=(account.0, u64::MAX))?
    {
        let ((_, conversation), kept) = row?;
        joined.extend(skip_damaged(kept)?.map(|()| ConversationId(conversation)));
    }
    Ok(joined)
}

/// A conversation's record.
pub(in crate::store) fn load(
    tables: &impl ReadTables,
    conversation: ConversationId,
) -> Result<Option<ConversationRecord>, StoreError> {
    tables.conversations().get(&conversation.0)
}

/// Writes a conversation's record.
pub(in crate::store) fn save(
    tables: &mut Tables,
    conversation: ConversationId,
    record: ConversationRecord,
) {
    tables.conversations.insert(conversation.0, record);
}

/// A member's record.
pub(in crate::store) fn load_member(
    tables: &impl ReadTables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<Option<MemberRecord>, StoreError> {
    tables.members().get(&(conversation.0, account.0))
}

/// Writes a member's record.
pub(in crate::store) fn save_member(
    tables: &mut Tables,
    conversation: ConversationId,
    account: AccountId,
    member: MemberRecord,
) {
    tables.members.insert((conversation.0, account.0), member);
}
