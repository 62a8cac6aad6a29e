//! Counts datagrams and sessions that were dropped or refused, for the operator.

use serde::Serialize;

/// Dropped datagrams by reason, and evictions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Not a packet of this protocol: an unknown type, a wrong length, reserved bits.
    pub malformed: u64,
    /// SYNs too small to be answered.
    pub small_syns: u64,
    /// SYNs of an unsupported version; answered by VERSION.
    pub other_versions: u64,
    /// SYNs without a valid cookie or a sufficient token; answered by COOKIE.
    pub cookies_asked: u64,
    /// SYNs refused because too many sessions had not signed in, in all or from that network.
    pub refused_full: u64,
    /// SYNs refused by the rate limit of handshakes.
    pub refused_rate: u64,
    /// DATA for an unknown session.
    pub unknown_session: u64,
    /// RESETs sent in answer to such DATA.
    pub resets_sent: u64,
    /// RESETs not sent because of the rate limit.
    pub resets_withheld: u64,
    /// Packets that this end does not expect: RESET, COOKIE, `SYN_ACK` or VERSION at a server, SYN at a client, or
    /// any with a wrong token, id or address.
    pub unexpected: u64,
    /// DATA with a packet number that was seen before or is below the replay window.
    pub replayed: u64,
    /// DATA with a wrong tag.
    pub forged: u64,
    /// Sessions evicted because the buffers were over their limit and these used the most. Not datagrams.
    #[serde(skip)]
    pub evicted_memory: u64,
    /// Handshakes and unauthenticated sessions evicted for others. Not datagrams.
    #[serde(skip)]
    pub evicted_places: u64,
    /// Answers dropped because the queue was full.
    pub answers_dropped: u64,
}
