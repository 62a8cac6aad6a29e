//! What who administers the server says to all users: an event in the log of everyone, which reaches each device once.

use crate::protocol::{ANNOUNCEMENT_MAX_BYTES, AccountId, ConversationId, EventKind, RoomEvent};
use crate::store::error::{Abort, StoreError};
use crate::store::ops::log::events;
use crate::store::ops::{accounts, conversations};
use crate::store::schema::tables::Tables;
use crate::store::{Refusal, Reply, StoreLimit};

/// Says something to all users.
pub(in crate::store) fn announce(
    tables: &mut Tables,
    author: Option<AccountId>,
    text: &str,
    time_ms: u64,
) -> Result<Reply, Abort> {
    if text.len() > ANNOUNCEMENT_MAX_BYTES {
        return Err(Refusal::LimitReached(StoreLimit::AnnouncementBytes).into());
    }
    let actor = match author {
        Some(account) => accounts::require(tables, account)?.name,
        None => String::new(),
    };
    let event = RoomEvent {
        kind: EventKind::Announced,
        actor,
        subject: None,
        text: Some(text.to_owned()),
        role: None,
        access: None,
    };
    let everyone = ConversationId::EVERYONE;
    let mut record = conversations::load(tables, everyone)?
        .ok_or_else(|| StoreError::missing("conversations"))?;
    let author = author.unwrap_or(AccountId::OPERATOR);
    let event = events::write(tables, everyone, &mut record, author, event, time_ms)?;
    Ok(Reply::Changed {
        event: Some(event),
        subject: None,
    })
}
