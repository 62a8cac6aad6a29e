//! The interface of a workload to the crowd.

use std::time::Instant;

use crate::bench::report::Stream;
use crate::transport::Channel;

/// A conversation of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partner {
    pub with: Audience,
    /// On which messages go to the server.
    pub channel: Channel,
    /// Bytes of text in a message.
    pub size: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// A direct conversation with this member.
    Member(usize),
    /// The room of the run with this index.
    Room(usize),
}

/// What a member does besides saying something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Errand {
    /// Reads the last messages of the conversation with this index.
    History(usize),
    /// Joins its lobby, or leaves it.
    Membership,
    /// Closes its session, and signs in again.
    Reconnection,
}

/// An errand to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueErrand {
    pub member: usize,
    pub errand: Errand,
    /// When it is due, as in [`Outgoing`].
    pub at: Instant,
    pub is_counted: bool,
}

/// A message to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing {
    pub member: usize,
    /// An index into [`Traffic::partners`].
    pub talk: usize,
    /// When it is due. Latency counts from here, however late the loop sends it.
    pub at: Instant,
    /// Clients that will receive it.
    pub readers: usize,
    /// `false` while warming up.
    pub is_counted: bool,
}

/// Decides which member sends a message, to whom, and when.
pub trait Traffic: Send {
    /// Members that only have an account and stay away: messages to them are stored and not read. They follow the clients.
    fn absent(&self) -> usize {
        0
    }

    /// The conversations of a member, rooms first. Two members that talk each have the other in their list.
    fn partners(&self, member: usize) -> Vec<Partner>;

    /// All members are ready.
    fn begin(&mut self, now: Instant);

    /// The next message that is due.
    fn poll(&mut self, now: Instant) -> Option<Outgoing>;

    /// An errand that is due, once [`Traffic::poll`] has no message.
    fn poll_errand(&mut self) -> Option<DueErrand> {
        None
    }

    /// Whether there are errands.
    fn has_errands(&self) -> bool {
        false
    }

    /// The index of the lobby of a member: a room that it joins and leaves, and in which nobody speaks.
    fn lobby(&self, _member: usize) -> Option<usize> {
        None
    }

    /// The server has stored another message of this member in this conversation.
    fn on_stored(&mut self, _now: Instant, _member: usize, _talk: usize) {}

    /// All readers have received a message of this member.
    fn on_heard(&mut self, _now: Instant, _member: usize) {}

    /// When the next message is due; `None` after the last.
    fn deadline(&self) -> Option<Instant>;

    /// When counting begins; known after [`Traffic::begin`].
    fn counted_from(&self) -> Option<Instant>;

    /// Deliveries to count; may grow until the last message was sent.
    fn expected(&self) -> u64;

    /// Progress and its end, for the bar, after so many counted deliveries.
    fn progress(&self, heard: u64) -> (u64, u64) {
        (heard, self.expected())
    }

    /// Whether the session of this member also streams.
    fn is_streaming(&self, _member: usize) -> bool {
        false
    }

    /// Whether no messages are sent, and load is reported for each session.
    fn is_idle(&self) -> bool {
        false
    }

    /// Whether the server restarts, and clients that sign in again are counted instead of messages.
    fn is_storm(&self) -> bool {
        false
    }

    /// The result of the streams, if there are any.
    fn stream(&self) -> Option<Stream> {
        None
    }
}
