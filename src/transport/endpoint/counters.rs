//! Counts of what was ignored and refused, for the operator.

use serde::Serialize;

/// Datagrams that changed nothing, by the reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// No packet of this protocol: an unknown type, a wrong length, reserved bits.
    pub malformed: u64,
    /// SYNs too small to be answered.
    pub small_syns: u64,
    /// SYNs in a version that is not spoken here; answered by VERSION.
    pub other_versions: u64,
    /// SYNs without a good cookie, or a token that was enough; answered by COOKIE.
    pub cookies_asked: u64,
    /// SYNs refused since there were too many sessions that had not signed in, in all or from that address.
    pub refused_full: u64,
    /// SYNs refused since there were too many handshakes at once.
    pub refused_rate: u64,
    /// DATA for a session that is not known here.
    pub unknown_session: u64,
    /// RESETs sent.
    pub resets_sent: u64,
    /// RESETs not sent because of the rate limit.
    pub resets_withheld: u64,
    /// Packets that this side does not expect: RESET, COOKIE, `SYN_ACK` or VERSION at a server, SYN at a client, or
    /// any of them with a wrong token, id or address.
    pub unexpected: u64,
    /// DATA whose number had been seen, or was too old to tell.
    pub replayed: u64,
    /// DATA whose tag was wrong.
    pub forged: u64,
    /// Sessions closed because all together held too much, and they the most. No datagram.
    #[serde(skip)]
    pub evicted_memory: u64,
    /// Handshakes and sessions ended before a sign-in to make room for others. No datagram either.
    #[serde(skip)]
    pub evicted_places: u64,
    /// Answers dropped because too many were waiting.
    pub answers_dropped: u64,
}
