//! Entries that the store writes itself: what happened in a room, in the transaction in which it happens.
//!
//! They are sealed as an author's words are, so that a reader checks them alike; their origin is device 0 with
//! number 0, which no client has.

use super::NewEntry;
use crate::protocol::{
    AccountId, ConversationId, DeviceId, DeviceSeq, EventKind, RoomEvent, ServerMessage, seal,
};
use crate::store::Event;
use crate::store::error::StoreError;
use crate::store::ops::accounts;
use crate::store::ops::log;
use crate::store::schema::records::ConversationRecord;
use crate::store::schema::tables::Tables;

/// An event of this kind by this account, with nothing else to say.
pub(in crate::store) fn event(
    tables: &Tables,
    kind: EventKind,
    author: AccountId,
) -> Result<RoomEvent, StoreError> {
    Ok(RoomEvent {
        kind,
        actor: accounts::require(tables, author)?.name,
        subject: None,
        text: None,
        role: None,
        access: None,
    })
}

/// Writes an event to the end of a log, and the conversation's record with it.
pub(in crate::store) fn write(
    tables: &mut Tables,
    conversation: ConversationId,
    record: &mut ConversationRecord,
    author: AccountId,
    event: RoomEvent,
    time_ms: u64,
) -> Result<Event, StoreError> {
    let kind = event.kind;
    let (content, digest) = seal(&ServerMessage::event(conversation, &event));
    let new = NewEntry {
        author,
        device: DeviceId::SERVER,
        number: DeviceSeq(0),
        digest,
        content: &content,
        time_ms,
        relation: None,
    };
    let stored = log::put(tables, conversation, record, &new)?;
    Ok(Event {
        conversation,
        kind,
        author,
        stored,
        content,
        digest,
    })
}
