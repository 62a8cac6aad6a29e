//! Where a device stands in each conversation: what HELLO and RESOLVE are answered.

use std::collections::BTreeMap;

use super::access::permitted;
use super::conversation_state::{first, state};
use super::{accounts, blocks, conversations, log, marks, pairs, rooms};
use crate::protocol::{
    AccountId, ConversationId, DeviceId, Digest, EVERYONE_NAME, EntryId, NOTES_NAME, Position,
};
use crate::store::error::{Abort, StoreError};
use crate::store::schema::records::{ConversationRecord, Kind, MemberRecord};
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{ConversationState, Refusal, Reply};

/// The conversation with a user, or the account's notes; nothing is made by asking for it.
pub(in crate::store) fn resolve(
    tables: &impl ReadTables,
    account: AccountId,
    device: DeviceId,
    name: &str,
) -> Result<Reply, Abort> {
    let (conversation, peer, name) = if name == NOTES_NAME {
        (pairs::notes(account)?, account, NOTES_NAME.to_owned())
    } else {
        let peer = accounts::find(tables, name)?.ok_or(Refusal::NoSuchUser)?;
        if peer.id == account {
            return Err(Refusal::ToOneself.into());
        }
        (pairs::find(account, peer.id)?, peer.id, peer.name)
    };
    accounts::load(tables, account)?.ok_or(Refusal::NoSuchUser)?;
    // What was said before is still read.
    if accounts::is_deleted(tables, peer)? && conversations::load(tables, conversation)?.is_none() {
        return Err(Refusal::Deleted.into());
    }
    let (record, member) = permitted(tables, conversation, account)?;
    Ok(Reply::Resolved {
        standing: state(
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

/// Where a device stands in each conversation of its account; the account's marks move up to where it stands.
pub(in crate::store) fn hello(
    tables: &mut Tables,
    (account, device): (AccountId, DeviceId),
    earlier: Option<u64>,
    positions: &[Position],
) -> Result<Reply, Abort> {
    let (reply, moved) = stand(tables, (account, device), earlier, positions)?;
    for (conversation, member) in moved {
        conversations::save_member(tables, conversation, account, member);
    }
    Ok(reply)
}

/// Rows of an account's memberships.
type Members = Vec<(ConversationId, MemberRecord)>;

/// Where a device stands in each conversation of its account if its marks move up to where it stands, and those that do.
/// Positions in conversations that the account does not belong to are passed over. `earlier` is the
/// epoch that the positions are of, if that is another one.
pub(in crate::store) fn stand(
    tables: &impl ReadTables,
    (account, device): (AccountId, DeviceId),
    earlier: Option<u64>,
    positions: &[Position],
) -> Result<(Reply, Members), Abort> {
    let positions: BTreeMap<ConversationId, &Position> = positions
        .iter()
        .map(|position| (position.conversation, position))
        .collect();
    // A device that stands somewhere is not new: a conversation that it does not know began after its last HELLO, and
    // is as new to it as it is to the account. Another device may have received all of it, this one has not.
    let is_new = positions.is_empty();
    let (mut standings, mut moved) = (Vec::new(), Vec::new());
    let mut ids = conversations::joined(tables, account)?;
    // Of those that it has asked for and said nothing in yet, a device is told as well.
    for conversation in positions.keys() {
        if pairs::unspoken(tables, *conversation, account)?.is_some() {
            ids.push(*conversation);
        }
    }
    for conversation in ids {
        let position = positions.get(&conversation).copied();
        let stands = resync_one(
            tables,
            conversation,
            (account, device),
            position.map(|position| (position, earlier)),
            is_new,
        );
        match stands {
            Ok((standing, member)) => {
                standings.push(standing);
                moved.extend(member.map(|member| (conversation, member)));
            }
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
    Ok((Reply::Hello { standings, blocked }, moved))
}

/// The state of one conversation for a device, after HELLO named a position in it. The account's mark advances to the
/// position if the log agrees with it: then its row comes with the state. The position comes with its epoch, if that is not the
/// current one.
fn resync_one(
    tables: &impl ReadTables,
    conversation: ConversationId,
    (account, device): (AccountId, DeviceId),
    position: Option<(&Position, Option<u64>)>,
    is_new: bool,
) -> Result<(ConversationState, Option<MemberRecord>), Abort> {
    let (record, before) = permitted(tables, conversation, account)?;
    let mut member = before;
    let start = match position {
        None if is_new => new_device_start(record, member),
        None => first(record, member),
        Some((position, earlier)) => match resume_point(tables, record, member, position, earlier)?
        {
            ResumePoint::Common(entry) => {
                if entry > member.delivered_up_to {
                    marks::receive(record, &mut member, entry);
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
    let has_moved = member.delivered_up_to > before.delivered_up_to;
    let stands = ConversationState {
        start: EntryId(start),
        expired: start > begin && record.log_start > begin,
        ..state(
            tables,
            conversation,
            record,
            (account, member),
            name,
            device,
        )?
    };
    Ok((stands, has_moved.then_some(member)))
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
    // Nobody has noticed that this log is another one. The mark is the last place where a device of theirs agreed with
    // this log; but not one after which this device already differs.
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

/// What the account calls the conversation: the receiver that its messages in it name.
pub(in crate::store) fn name_for(
    tables: &impl ReadTables,
    conversation: ConversationId,
    record: ConversationRecord,
    account: AccountId,
) -> Result<String, StoreError> {
    match record.kind {
        Kind::Everyone => Ok(EVERYONE_NAME.into()),
        Kind::Notes(_) => Ok(NOTES_NAME.into()),
        Kind::Pair(low, high) => {
            let other = if low == account.0 { high } else { low };
            Ok(accounts::require(tables, AccountId(other))?.name)
        }
        Kind::Room => Ok(rooms::require(tables, conversation)?.name),
    }
}
