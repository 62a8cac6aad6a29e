//! What an application queues on a channel, and takes from it.

use std::time::Instant;

use super::Endpoint;
use crate::transport::{Channel, SendError, Sending, SessionId};

impl Endpoint {
    /// Queues a message, all of it or nothing.
    ///
    /// # Errors
    /// The session is closed or not connected yet, the message too long, or the buffer full: see [`SendError`].
    pub fn send(
        &mut self,
        now: Instant,
        session: SessionId,
        channel: Channel,
        message: &[u8],
    ) -> Result<(), SendError> {
        self.send_message(now, session, channel, message, Sending::default())
    }

    /// [`Endpoint::send`] of what may wait a little, or of an answer.
    ///
    /// # Errors
    /// As [`Endpoint::send`].
    pub fn send_message(
        &mut self,
        now: Instant,
        session: SessionId,
        channel: Channel,
        message: &[u8],
        sending: Sending,
    ) -> Result<(), SendError> {
        let is_short = self.memory.is_short();
        self.with_connection(now, session, |connection, _| {
            connection.send(channel, message, is_short, sending)
        })
        .unwrap_or(Err(SendError::Closed))
    }

    /// Whether there is room for answers: at least half of what is kept for these is free, or the session is over, and what it
    /// has sent is not answered any longer.
    #[must_use]
    pub fn has_reply_room(&self, session: SessionId, channel: Channel) -> bool {
        self.connection(session)
            .is_none_or(|connection| connection.has_reply_room(channel))
    }

    /// The next whole message of a channel, in order. Taking it is what widens the peer's window: whoever does not
    /// receive slows the sender down. What came together with the peer's goodbye can still be received for a short
    /// while after [`Event::Closed`](crate::transport::Event::Closed).
    pub fn receive(
        &mut self,
        now: Instant,
        session: SessionId,
        channel: Channel,
    ) -> Option<Vec<u8>> {
        let mut message = Vec::new();
        self.receive_into(now, session, channel, &mut message)
            .then_some(message)
    }

    /// [`Endpoint::receive`] into a buffer of the caller's, which is cleared first; `false` if there is nothing.
    pub fn receive_into(
        &mut self,
        now: Instant,
        session: SessionId,
        channel: Channel,
        message: &mut Vec<u8>,
    ) -> bool {
        message.clear();
        let is_taken = self
            .with_connection(now, session, |connection, _| {
                connection.receive(channel, message)
            })
            .unwrap_or(false);
        if is_taken
            && let Some(acceptor) = &mut self.acceptor
            && let Some(slot) = self.sessions.get(&session)
            && let Some(place) = slot.counted
        {
            acceptor.admission.note_use(now, place);
        }
        is_taken
    }

    /// Whether [`Endpoint::receive`] has a message.
    #[must_use]
    pub fn is_readable(&self, session: SessionId, channel: Channel) -> bool {
        self.connection(session)
            .is_some_and(|connection| connection.is_readable(channel))
    }
}
