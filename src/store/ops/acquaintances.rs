//! With whom an account shares a room or a conversation.

use std::collections::BTreeSet;

use super::{accounts, conversations};
use crate::protocol::{AccountId, ConversationId};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::records::Kind;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::ReadTables;
use crate::store::{Acquaintance, Refusal, Reply};

/// How many are named; others are not. Chosen: more than anybody reads.
pub(in crate::store) const NAMED_MAX: usize = 1_000;

/// Of how many rows of members an answer is made at most, so that the members of large rooms hold nobody up for long.
/// Chosen: as many as make the largest answer, and some who are members of several rooms.
const ROWS_MAX: usize = 4 * NAMED_MAX;

/// Everybody with whom an account has a direct conversation or shares a room, by name.
pub(in crate::store) fn list(tables: &impl ReadTables, account: AccountId) -> Result<Reply, Abort> {
    let mut rooms = Vec::new();
    let mut found = BTreeSet::new();
    for conversation in conversations::joined(tables, account)? {
        if found.len() > NAMED_MAX {
            break;
        }
        let record = skip_damaged(conversations::load(tables, conversation))?.flatten();
        match record.map(|record| record.kind) {
            Some(Kind::Pair(low, high)) => {
                found.insert(if low == account.0 { high } else { low });
            }
            Some(Kind::Room) => rooms.push(conversation),
            Some(Kind::Everyone | Kind::Notes(_)) | None => {}
        }
    }
    // Those of whom there is a conversation of their own come before the members of a large room.
    let mut rows = 0;
    for room in rooms {
        if !is_member(tables, room, account)? {
            continue;
        }
        for row in tables.members().range((room.0, 0)..=(room.0, u64::MAX))? {
            let ((_, member), record) = row?;
            rows += 1;
            if rows > ROWS_MAX || found.len() > NAMED_MAX {
                break;
            }
            if skip_damaged(record)?.is_some_and(|record| record.until.is_none()) {
                found.insert(member);
            }
        }
    }
    found.remove(&account.0);
    let mut people = Vec::new();
    for id in found.into_iter().take(NAMED_MAX) {
        people.extend(skip_damaged(acquaintance(tables, AccountId(id)))?.flatten());
    }
    people.sort_by(|a: &Acquaintance, b| a.name.cmp(&b.name));
    Ok(Reply::Acquaintances(people))
}

/// What one may know of a user of this canonical name, and the rooms that both belong to, by name.
pub(in crate::store) fn find(
    tables: &impl ReadTables,
    account: AccountId,
    name: &str,
) -> Result<Reply, Abort> {
    let found = accounts::find(tables, name)?.ok_or(Refusal::NoSuchUser)?;
    let mut rooms = Vec::new();
    let theirs: BTreeSet<_> = conversations::joined(tables, found.id)?
        .into_iter()
        .collect();
    let own = conversations::joined(tables, account)?.into_iter();
    for conversation in own.filter(|own| theirs.contains(own)) {
        if is_member(tables, conversation, account)? && is_member(tables, conversation, found.id)? {
            let record = skip_damaged(tables.rooms().get(&conversation.0))?.flatten();
            rooms.extend(record.map(|record| record.name));
        }
    }
    rooms.sort_unstable();
    let found = acquaintance(tables, found.id)?.ok_or(Refusal::Deleted)?;
    Ok(Reply::Acquaintance(found, rooms))
}

/// Whether an account belongs to a conversation now; of one that is damaged nobody knows.
fn is_member(
    tables: &impl ReadTables,
    conversation: ConversationId,
    account: AccountId,
) -> Result<bool, StoreError> {
    let member = skip_damaged(conversations::load_member(tables, conversation, account))?.flatten();
    Ok(member.is_some_and(|member| member.until.is_none()))
}

/// What one may know of an account, unless it was deleted.
fn acquaintance(
    tables: &impl ReadTables,
    id: AccountId,
) -> Result<Option<Acquaintance>, StoreError> {
    let record = accounts::require(tables, id)?;
    let (is_deleted, is_bot) = (record.is_deleted(), record.is_bot());
    Ok((!is_deleted).then_some(Acquaintance {
        account: id,
        name: record.name,
        is_bot,
        seen_ms: accounts::seen_ms(tables, id)?,
    }))
}
