//! The events that an endpoint reports to its application, and the types that both use.

use std::net::SocketAddr;

use thiserror::Error;

/// Identifies a session of one endpoint. An endpoint never reuses a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub(crate) u64);

/// An ordered, reliable sequence of messages inside a session. Loss on one channel does not delay another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Sign-in, presence, requests.
    Control = 0,
    /// Chat messages and receipts.
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
#[allow(missing_docs, reason = "`session` and `channel` need no explanation")]
pub enum Event {
    /// The handshake is complete. At a client: the server has proved that it holds `peer_key`; the application must
    /// check that key before it sends anything secret. At a server: the client has proved its address.
    Connected {
        session: SessionId,
        /// The server's static public key. `None` at a server: clients have no static key.
        peer_key: Option<[u8; 32]>,
        /// Noise's handshake hash, which only the two ends know.
        handshake_hash: [u8; 32],
    },
    /// A channel without a message to receive now has one. Receive until there is none: the event comes once each
    /// time the channel stops being empty.
    Readable {
        session: SessionId,
        channel: Channel,
    },
    /// A channel that returned [`SendError::Full`] has room again.
    Writable {
        session: SessionId,
        channel: Channel,
    },
    /// The peer is at the address that it has moved to: it has answered there.
    PathValidated { session: SessionId },
    /// The peer has moved to another address, or a packet of it was sent on from there.
    Moved {
        session: SessionId,
        /// The new address.
        remote: SocketAddr,
    },
    /// The peer has been silent for so long that the application should treat it as away. A server sends nothing
    /// until the peer sends again; the session stays.
    Silent { session: SessionId },
    /// A silent peer has sent a packet.
    Awake { session: SessionId },
    /// At a client that watches this session ([`Endpoint::watch`](super::Endpoint::watch)): its packets were unanswered for
    /// two seconds.
    Unanswered { session: SessionId },
    /// The server has answered after that.
    Answered { session: SessionId },
    /// The session has ended; its id is unknown from now on.
    Closed {
        session: SessionId,
        /// Why.
        reason: CloseReason,
    },
}

/// Why a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CloseReason {
    /// This end closed it.
    #[error("closed")]
    Local,
    /// The other end closed it and gave this reason. The text is untrusted: sanitize it before it is shown.
    #[error("closed by the other end: {reason} (code {code})")]
    Peer {
        /// The code of the application, or of the transport (256 and above).
        code: u16,
        /// At most 128 bytes.
        reason: String,
    },
    /// The peer does not know this session: it has restarted, or dropped the session.
    #[error("the other end no longer knows this session")]
    Reset,
    /// No answer to the handshake.
    #[error("nobody answered")]
    NoAnswer,
    /// No packet arrived for too long.
    #[error("no packets arrived for too long")]
    TimedOut,
    /// The peer supports none of our protocol versions.
    #[error("the other end speaks another version of the protocol")]
    Version,
    /// This end closed the session to free the named resource.
    #[error("closed to make room: {0}")]
    Evicted(&'static str),
    /// The peer violated the protocol in the named way.
    #[error("the other end broke the protocol: {0}")]
    Violation(&'static str),
}

/// How a message is queued.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sending {
    /// It may wait a few milliseconds to share a packet: nobody waits for it. One that may not releases what is held.
    pub may_wait: bool,
    /// It answers what the peer has sent, and may take the room that is kept for answers beside what is sent unasked. An
    /// application that receives only while there is [room for answers](super::Endpoint::has_reply_room) has it for all that a few
    /// hundred messages under way may cause.
    pub is_reply: bool,
}

impl Sending {
    /// Of what is no answer.
    #[must_use]
    pub const fn unasked(may_wait: bool) -> Self {
        Self {
            may_wait,
            is_reply: false,
        }
    }
}

/// Why a message was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SendError {
    /// The session is unknown, not yet connected, or over.
    #[error("the session is closed")]
    Closed,
    /// The message is longer than a channel carries.
    #[error("the message is too long for the channel")]
    TooLong,
    /// The channel's send buffer is full; [`Event::Writable`] follows once there is room.
    #[error("the channel's send buffer is full")]
    Full,
}
