//! What a workload has to say about its traffic.

use std::time::Instant;

use crate::bench::report::Stream;
use crate::transport::Channel;

/// A conversation that a member is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partner {
    /// With whom; in a room, who speaks.
    pub member: usize,
    /// Who belongs to it.
    pub with: Audience,
    /// On which channel it goes to the server.
    pub channel: Channel,
    /// Bytes of text in each message.
    pub size: usize,
}

/// Who belongs to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The member alone, and oneself.
    Member,
    /// The members of the room that the run has made for itself.
    Room,
}

/// A line that is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing {
    /// Who types it.
    pub member: usize,
    /// In which of its conversations, by its place in [`Traffic::partners`].
    pub talk: usize,
    /// When; latency counts from here, however late the loop comes to it.
    pub at: Instant,
    /// How many clients are to hear it.
    pub readers: usize,
    /// Whether it is counted when they do; what warms up is not.
    pub is_counted: bool,
}

/// Who says something to whom, and when.
pub trait Traffic: Send {
    /// How many there are beside the clients who only have an account and stay away: those who are written to
    /// but do not read. They are the members after the clients.
    fn absent(&self) -> usize {
        0
    }

    /// This member's conversations. Where two talk, each has the other in its list.
    fn partners(&self, member: usize) -> Vec<Partner>;

    /// Everybody is ready.
    fn begin(&mut self, now: Instant);

    /// The next line whose time has come.
    fn poll(&mut self, now: Instant) -> Option<Outgoing>;

    /// The server has called the next message of this member's in this conversation stored.
    fn on_stored(&mut self, _now: Instant, _member: usize, _talk: usize) {}

    /// All readers have heard a line of this member's.
    fn on_heard(&mut self, _now: Instant, _member: usize) {}

    /// When the next line's time comes; `None` once all is said.
    fn deadline(&self) -> Option<Instant>;

    /// When counting begins, once [`Traffic::begin`] was called.
    fn counted_from(&self) -> Option<Instant>;

    /// How many deliveries are to be counted: of all that was said once all is said, before that perhaps fewer.
    fn expected(&self) -> u64;

    /// What is done and what is to be done, for the bar; `heard` deliveries have been counted.
    fn progress(&self, heard: u64) -> (u64, u64) {
        (heard, self.expected())
    }

    /// Whether this member's lines are those of a session that streams.
    fn is_streaming(&self, _member: usize) -> bool {
        false
    }

    /// Whether nobody says anything, and time and memory are divided among the sessions.
    fn is_idle(&self) -> bool {
        false
    }

    /// Whether the server is restarted, and who comes back is counted instead of lines.
    fn is_storm(&self) -> bool {
        false
    }

    /// How the streams went, where there are any.
    fn stream(&self) -> Option<Stream> {
        None
    }
}
