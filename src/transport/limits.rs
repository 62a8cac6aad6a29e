//! The limits and waiting times of the transport, with units and sources, and the token bucket that limits rates.

use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How many SYNs are sent at full size before smaller ones.
pub(super) const FULL_SIZE_SYNS: u32 = 2;

/// Bytes of the longest message that a channel carries.
pub(super) const MAX_MESSAGE: usize = 64 * 1024;

/// Receive window of a channel, in bytes, before the peer has signed in. The peer's sender stops there.
pub(super) const WINDOW_UNAUTHENTICATED: u64 = 16 * 1024;

/// Receive window of the control and chat channels, in bytes. Chosen: four messages of maximum length. A peer that
/// exceeds it is closed with a reason.
pub(super) const WINDOW: u64 = 256 * 1024;

/// Receive window of the bulk channel, in bytes: 2 Mbit/s over 4 s, or 40 Mbit/s over 200 ms.
pub(super) const WINDOW_BULK: u64 = 1024 * 1024;

/// Receive window of all channels of a session together, in bytes: a full bulk channel and another full one. It
/// bounds what a peer can make this end hold. [`Limits::buffers`] bounds all sessions together. A peer that exceeds
/// it is closed with a reason.
pub(super) const SESSION_WINDOW: u64 = WINDOW_BULK + WINDOW;

/// The same before the peer has signed in: two full channels, of which it needs one.
pub(super) const SESSION_WINDOW_UNAUTHENTICATED: u64 = 2 * WINDOW_UNAUTHENTICATED;

/// What an application may queue on a channel unasked, in bytes, before `send` returns `Full`.
pub(super) const SEND_BUFFER: usize = 256 * 1024;

/// The same at a server for a peer that has not signed in, in bytes: a few responses. A peer that does not read costs
/// at most this, and the room for answers, on each channel.
pub(super) const SEND_BUFFER_UNAUTHENTICATED: usize = 16 * 1024;

/// One part in so many of these may be filled beyond them by answers to the peer's own messages: what is sent unasked leaves
/// this room to them. Chosen: some three hundred answers of a chat.
pub(super) const REPLY_SHARE: usize = 4;

/// What may be queued unasked while more than half of [`Limits::buffers`] is used, on channels where the application waits for
/// room; a single longer message is still accepted. Chosen: two packets with lines of chat, which keep a path of
/// ordinary length busy.
pub(super) const SEND_BUFFER_SHORT: usize = 16 * 1024;

/// Sessions that have not signed in may use one part in so many of [`Limits::buffers`]. Beyond it the largest of them
/// is closed.
pub(super) const BUFFERS_UNAUTHENTICATED: usize = 4;

const _: () = assert!(
    WINDOW > MAX_MESSAGE as u64 && SEND_BUFFER > MAX_MESSAGE,
    "a message of the longest kind must fit"
);
const _: () = assert!(
    SESSION_WINDOW / 2 > 3 * MAX_MESSAGE as u64,
    "messages that have come in part on every channel must leave room for one of them to become whole"
);

/// The first wait for an answer to a SYN: one that was lost is repeated soon on a path of ordinary length.
pub(super) const SYN_RETRY: Duration = Duration::from_millis(333);

/// The second wait and the third while no server has answered (RFC 6298 §2.1); each further one doubles.
pub(super) const SYN_RETRY_SECOND: Duration = Duration::from_secs(1);

/// The longest wait between two SYNs, unless the path is known to take longer. Chosen: a SYN is on a path of 2.4 kbit/s for
/// this long, so that its queue does not grow, and a server that starts is called within it.
pub(super) const SYN_RETRY_MAX: Duration = Duration::from_secs(4);

/// A client gives up after this long without an answer. A COOKIE, which proves that a server is there, restarts the
/// wait. Chosen: eleven tries, which at 30 % loss each way all fail once in 1,600 times.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a server keeps a half-open session and its `SYN_ACK`.
pub(super) const HALF_OPEN_LIFETIME: Duration = Duration::from_secs(10);

/// A session that has not signed in ends after this much silence of its peer.
pub(super) const UNAUTHENTICATED_SILENCE: Duration = Duration::from_mins(1);

/// A session that has not signed in ends at this age.
pub(super) const UNAUTHENTICATED_LIFETIME: Duration = Duration::from_mins(10);

/// The client pings after this long without a packet of its own, ± 10 % (`WireGuard`'s survey; RFC 9000 §10.1.2).
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// The same while the client knows other servers that can take its place. Chosen: who is at rest notices within this time that
/// its server has died, which with [`UNANSWERED`] and a handshake stays below 5 s; what it costs a server is half a packet a
/// second for each of them.
pub(super) const KEEP_ALIVE_WATCHED: Duration = Duration::from_secs(2);

/// After so long without an answer such a client is told. Chosen: on a path that loses 40 % each way the copies and probes of
/// that time are rarely all lost, and a move that was not needed costs one handshake and a sign-in by ticket.
pub(super) const UNANSWERED: Duration = Duration::from_secs(2);

const _: () = assert!(
    KEEP_ALIVE_WATCHED.as_millis() * 11 / 10 + UNANSWERED.as_millis() < 5_000
        && UNANSWERED.as_millis() < CLIENT_SILENCE.as_millis()
);

/// A server stops sending to a peer that was silent for this long: three keep-alives.
pub(super) const SERVER_SILENCE: Duration = Duration::from_secs(75);

/// A client treats the server as away when its packets were unanswered for this long.
pub(super) const CLIENT_SILENCE: Duration = Duration::from_secs(10);

/// A session ends after this much silence. Chosen (mosh keeps sessions for ever).
pub(super) const FORGET: Duration = Duration::from_mins(15);

/// PTO backoff stops here, or at the unscaled PTO if that is longer, so that a restored path is noticed soon.
pub(super) const PTO_MAX: Duration = Duration::from_secs(8);

/// Packets sent after a PTO (RFC 9002 §6.2.4); one where packets get lost, which copies follow, or where they cost money.
pub(super) const PTO_PROBES: u8 = 2;

/// A packet is lost when one this much later was acknowledged (RFC 9002 §6.1.1).
pub(super) const PACKET_THRESHOLD: u64 = 3;

/// A session that has neither sent nor received anything but pings for this long releases memory. Chosen: longer than the pauses of a
/// conversation, shorter than a keep-alive.
pub(super) const IDLE: Duration = Duration::from_secs(10);

/// The UDP payload, in bytes, to which a session falls back when larger packets do not arrive: that of a small SYN.
pub(super) const SMALL_DATAGRAM: usize = 1000;

/// After this many lost packets above [`SMALL_DATAGRAM`] in a row, none acknowledged between, the path is taken not
/// to carry them, if smaller ones arrive. Chosen: at 30 % independent loss this happens by accident once in 1400
/// times, and costs little.
pub(super) const LARGE_LOST_MAX: u8 = 6;

/// So many packets up to [`SMALL_DATAGRAM`] must be acknowledged meanwhile; otherwise a full queue explains the
/// losses. Chosen: half as many, because only the arrival of a later packet reveals a loss.
pub(super) const SMALL_ARRIVED_MIN: u8 = 3;

/// How often a CLOSE is sent unprompted. As many answers to stray packets may follow.
pub(super) const CLOSE_COPIES: u8 = 3;

/// Packets with queued data that may precede the CLOSE.
pub(super) const GOODBYE_PACKETS: u8 = 3;

/// One packet number in about so many is skipped, which detects acknowledgements of packets that were never sent.
pub(super) const SKIP_EVERY: u32 = 256;

/// Anti-amplification limit: what may be sent to an unvalidated address, as a multiple of what came from it (RFC 9000
/// §8.1).
pub(super) const AMPLIFICATION: u64 = 3;

/// How often a path is challenged before the session returns to the previous address.
pub(super) const CHALLENGE_TRIES: u8 = 5;

/// Queued answers that belong to no session. At the limit none is queued; the peer retries.
pub(super) const MAX_ANSWERS: usize = 1024;

/// SYNs with a valid cookie that wait for their handshake. At the limit another is ignored; the client retries.
/// Chosen: half a second of handshakes at the default rate.
pub(super) const MAX_WAITING_SYNS: usize = 1024;

/// Clients with an address token have one part in so many of the slots and handshakes to themselves. Chosen: a
/// quarter is 500 handshakes a second, and the rest serves new clients.
pub(super) const TOKEN_SHARE: u32 = 4;

/// SYNs with an address token and no cookie that wait for their handshake; beyond it the server asks for a cookie as
/// well. Chosen: a quarter, so that many forged addresses leave three quarters to clients that answer.
pub(super) const MAX_WAITING_TOKENS: usize = MAX_WAITING_SYNS / 4;

/// A session that has not signed in may be silent for this long while more than half of the slots are taken. Chosen:
/// a program signs in within this time on any path. The client of a person who types for longer reconnects at once.
pub(super) const STRANGER_PATIENCE: Duration = Duration::from_secs(10);

/// A server renews an address token at this age: half of its lifetime, within which even an idle client sends a
/// keep-alive.
pub(super) const TOKEN_RENEWAL: Duration = Duration::from_hours(12);

/// Address tokens that a client keeps, one for each server address. Chosen: more than it connects to in a day. At the limit another
/// is dropped, which costs the next session a round trip.
pub(super) const MAX_TOKENS: usize = 8;

/// From this PTO in a row on, a standby handshake's SYN accompanies the packets of a session. Chosen: the first PTO
/// is mostly one lost packet; the second comes before a server can have restarted.
pub(super) const STANDBY_PTOS: u32 = 2;

/// On a lossy path PTOs in a row mean little: there the standby starts when packets have been unanswered for this
/// long. Chosen: at 40 % loss each way and a round trip of 50 ms six packets and their copies are sent in that time,
/// and a live server answers none of them once in thirty times or more seldom.
pub(super) const STANDBY_WAIT: Duration = Duration::from_secs(1);

/// The minimum time between two standby handshakes of a session, and thus what it costs a live server: at most one
/// handshake a second while the client receives nothing, and none otherwise.
pub(super) const STANDBY_INTERVAL: Duration = Duration::from_secs(1);

/// The minimum time between standby SYNs that accompany packets other than probes. Chosen: a burst of an application
/// gets one SYN. If a server starts right after it, the client returns one round trip later.
pub(super) const STANDBY_SPACING: Duration = Duration::from_millis(50);

/// A standby's answered handshake is usable for this long: half of the time for which the server keeps it.
pub(super) const STANDBY_LIFETIME: Duration = Duration::from_secs(5);

const _: () = assert!(STANDBY_LIFETIME.as_millis() * 2 <= HALF_OPEN_LIFETIME.as_millis());

/// Handshakes served in a row before packets of sessions get a turn. Chosen: 2 ms.
pub(super) const HANDSHAKES_PER_TURN: usize = 8;

/// Limits of a server that operators and benchmarks may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sessions that are half open or not signed in; a quarter of the slots is for clients with an address token.
    /// When all are taken, a new client evicts the oldest session of the fullest prefix. If that prefix is its own
    /// and the oldest is recent, the server ignores the SYN: the client retries, and gives up after 30 s.
    pub unauthenticated: usize,
    /// Bytes that the buffers of all sessions use together: received and not read, queued, or not acknowledged. Above
    /// half, sessions may queue less. Above the limit the server closes the session that uses the most, first among
    /// those that have not signed in.
    pub buffers: usize,
    /// Handshakes per second; each costs about 0.25 ms, and a quarter of them is for clients with an address token.
    /// At the limit a SYN is ignored, as above.
    pub handshakes_per_second: u32,
    /// Handshakes at once after a quiet time.
    pub handshakes_burst: u32,
    /// Handshakes of one host by address token alone, counted while their SYNs wait or their `SYN_ACK`s are kept;
    /// beyond it the server asks for a cookie as well. Chosen: an attacker who has read a token on the path and
    /// forges its address gets at most so many handshakes in ten seconds. A benchmark with all clients on one host
    /// raises it.
    pub handshakes_by_token: u32,
    /// RESETs per second, and as many at once. At the limit none is sent; the next packet of the client may trigger
    /// one.
    pub resets_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            unauthenticated: 16 * 1024,
            buffers: 256 * 1024 * 1024,
            handshakes_per_second: 2000,
            handshakes_burst: 4000,
            handshakes_by_token: 64,
            resets_per_second: 1000,
        }
    }
}

#[derive(Debug)]
pub(super) struct TokenBucket {
    per_second: f64,
    capacity: f64,
    tokens: f64,
    filled: Instant,
}

impl TokenBucket {
    pub(super) fn new(now: Instant, per_second: u32, capacity: u32) -> Self {
        let capacity = f64::from(capacity.max(1));
        Self {
            per_second: f64::from(per_second),
            capacity,
            tokens: capacity,
            filled: now,
        }
    }

    pub(super) fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        let granted = self.tokens >= 1.0;
        if granted {
            self.tokens -= 1.0;
        }
        granted
    }

    /// Takes one token if the bucket is full, so that the token would be lost otherwise.
    pub(super) fn take_surplus(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.tokens >= self.capacity && self.take(now)
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.filled = self.filled.max(now);
        self.tokens = (self.tokens + elapsed * self.per_second).min(self.capacity);
    }
}

/// A network for limits by address: for IPv6 a /48 (site), /56 (home) or /64 (host), for IPv4 a /24 or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Prefix {
    /// 0 is the widest.
    level: u8,
    is_v6: bool,
    bits: u64,
}

impl Prefix {
    pub(super) const MIN: Self = Self {
        level: 0,
        is_v6: false,
        bits: 0,
    };
    pub(super) const MAX: Self = Self {
        level: u8::MAX,
        is_v6: true,
        bits: u64::MAX,
    };

    /// The prefixes of an address, the widest first; the last is the host.
    pub(super) fn around(address: IpAddr) -> [Self; 3] {
        let (is_v6, bits, hidden) = match address.to_canonical() {
            IpAddr::V4(address) => (false, u64::from(address.to_bits()), [8, 0, 0]),
            #[allow(clippy::cast_possible_truncation, reason = "the upper half fits")]
            IpAddr::V6(address) => (true, (address.to_bits() >> 64) as u64, [16, 8, 0]),
        };
        [0, 1, 2].map(|level| Self {
            level,
            is_v6,
            bits: bits >> hidden[usize::from(level)],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    #[test]
    fn a_bucket_grants_its_burst_and_then_its_rate() {
        let now = instant();
        let mut bucket = TokenBucket::new(now, 10, 3);
        assert_eq!((0..9).filter(|_| bucket.take(now)).count(), 3);
        let later = now + Duration::from_millis(200);
        assert_eq!((0..9).filter(|_| bucket.take(later)).count(), 2);
    }

    #[test]
    fn networks_around_an_address_are_nested() {
        let around = |text: &str| Prefix::around(text.parse().unwrap());
        let shared = |one, other| {
            let both = around(one).into_iter().zip(around(other));
            both.filter(|(one, other)| one == other).count()
        };
        assert_eq!(shared("2001:db8::1", "2001:db8::ffff:1"), 3);
        assert_eq!(shared("2001:db8:0:1::1", "2001:db8::1"), 2);
        assert_eq!(shared("2001:db8:0:100::1", "2001:db8::1"), 1);
        assert_eq!(shared("2001:db8:1::1", "2001:db8::1"), 0);
        assert_eq!(shared("192.0.2.1", "192.0.2.2"), 1);
        assert_eq!(shared("192.0.3.1", "192.0.2.1"), 0);
        assert_eq!(shared("::ffff:192.0.2.1", "192.0.2.1"), 3);
        assert_eq!(shared("::c000:201", "192.0.2.1"), 0);
    }
}
