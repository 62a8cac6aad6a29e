//! What an endpoint says to what stands on top of it, and the words they share.

use std::net::SocketAddr;

use thiserror::Error;

/// A session of one endpoint. Never used again for another session of that endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub(crate) u64);

/// An ordered, reliable sequence of messages inside a session. A hole in one holds up no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Sign-in, presence, requests.
    Control = 0,
    /// What people say.
    Chat = 1,
    /// Files and other long transfers.
    Bulk = 2,
}

impl Channel {
    /// All channels, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Control, Self::Chat, Self::Bulk];
}

/// Something that happened to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The handshake is done. At a client: the server has proved that it holds `peer_key`, which must be checked
    /// before anything secret is said. At a server: the peer has proved its address.
    Connected {
        /// The session.
        session: SessionId,
        /// The server's static public key; `None` at a server, whose clients have none.
        peer_key: Option<[u8; 32]>,
        /// Noise's handshake hash: the same at both ends, and only there.
        handshake_hash: [u8; 32],
    },
    /// A channel that had no message to receive now has one. Receive until there is none; the event comes once
    /// for each time that the channel stops being empty.
    Readable {
        /// The session.
        session: SessionId,
        /// The channel.
        channel: Channel,
    },
    /// A channel on which [`SendError::Full`] was answered has room again.
    Writable {
        /// The session.
        session: SessionId,
        /// The channel.
        channel: Channel,
    },
    /// The peer is now at another address.
    Moved {
        /// The session.
        session: SessionId,
        /// Its address from now on.
        remote: SocketAddr,
    },
    /// Nothing has been heard of the peer for so long that it should be taken for away. A server sends nothing
    /// more until the peer speaks; the session is kept.
    Silent {
        /// The session.
        session: SessionId,
    },
    /// A peer that was silent has spoken.
    Awake {
        /// The session.
        session: SessionId,
    },
    /// The session is over; its id is not known any more.
    Closed {
        /// The session.
        session: SessionId,
        /// Why.
        reason: CloseReason,
    },
}

/// Why a session is over.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CloseReason {
    /// This end closed it.
    #[error("closed")]
    Local,
    /// The other end closed it, for this reason. The text is the peer's own: strip it before it is shown.
    #[error("closed by the other end: {reason} (code {code})")]
    Peer {
        /// A number that the application, or the transport itself (256 and above), gave.
        code: u16,
        /// A few words.
        reason: String,
    },
    /// The peer does not know this session: it has restarted, or forgotten it.
    #[error("the other end no longer knows this session")]
    Reset,
    /// Nobody answered the handshake.
    #[error("nobody answered")]
    NoAnswer,
    /// Nothing was heard for too long.
    #[error("no packets arrived for too long")]
    TimedOut,
    /// The peer speaks none of our versions of the protocol.
    #[error("the other end speaks another version of the protocol")]
    Version,
    /// This end has closed it to make room for others; what there was too little of.
    #[error("closed to make room: {0}")]
    Evicted(&'static str),
    /// The peer broke the protocol; what it did.
    #[error("the other end broke the protocol: {0}")]
    Violation(&'static str),
}

/// Why a message was not taken for sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SendError {
    /// There is no such session (any more).
    #[error("the session is closed")]
    Closed,
    /// The message is longer than a channel carries.
    #[error("the message is too long for the channel")]
    TooLong,
    /// The channel's send buffer is full; [`Event::Writable`] will say when there is room.
    #[error("the channel's send buffer is full")]
    Full,
}
