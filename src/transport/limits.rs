//! The transport's limits and waiting times, with their units and sources, and the bucket by which rates are
//! limited.

use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Tries of a SYN at its full size.
pub(super) const FULL_SIZE_SYNS: u32 = 2;

/// Bytes of the longest message that a channel carries.
pub(super) const MAX_MESSAGE: usize = 64 * 1024;

/// Receive window of a channel, in bytes, while the peer has not signed in. The peer's sender stops there.
pub(super) const WINDOW_UNAUTHENTICATED: u64 = 16 * 1024;

/// Receive window of the control and chat channels, in bytes. Chosen to hold a message of the longest kind four
/// times. A peer that exceeds it is closed with a reason.
pub(super) const WINDOW: u64 = 256 * 1024;

/// Receive window of the bulk channel, in bytes: 2 Mbit/s over 4 s, or 40 Mbit/s over 200 ms.
pub(super) const WINDOW_BULK: u64 = 1024 * 1024;

/// Receive window of a session's channels together, in bytes: room for a full bulk channel and a full other one.
/// A session's peer can make this end hold no more; holes cost nothing. All sessions together are bounded by
/// [`Limits::buffers`]. A peer that exceeds it is closed with a reason.
pub(super) const SESSION_WINDOW: u64 = WINDOW_BULK + WINDOW;

/// The same while the peer has not signed in: two full channels, of which it needs one.
pub(super) const SESSION_WINDOW_UNAUTHENTICATED: u64 = 2 * WINDOW_UNAUTHENTICATED;

/// What an application may queue on a channel, in bytes, until `send` answers `Full`.
pub(super) const SEND_BUFFER: usize = 256 * 1024;

/// The same at a server towards a peer that has not signed in, in bytes: a few answers. Whoever does not read them
/// costs no more than this on each channel.
pub(super) const SEND_BUFFER_UNAUTHENTICATED: usize = 16 * 1024;

/// The same while more than half of [`Limits::buffers`] is used, on the channels where the application waits for room:
/// beside a message of any length that is queued alone. Chosen: two packets with lines of chat, which a path of
/// ordinary length is kept busy with.
pub(super) const SEND_BUFFER_SHORT: usize = 16 * 1024;

/// Of [`Limits::buffers`], the part that sessions may hold which have not signed in: one in so many. Beyond it the
/// hungriest of them is closed, and no other.
pub(super) const BUFFERS_UNAUTHENTICATED: usize = 4;

const _: () = assert!(
    WINDOW > MAX_MESSAGE as u64 && SEND_BUFFER > MAX_MESSAGE,
    "a message of the longest kind must fit"
);
const _: () = assert!(
    SESSION_WINDOW / 2 > 3 * MAX_MESSAGE as u64,
    "messages that have come in part on every channel must leave room for one of them to become whole"
);

/// The first wait for an answer to a SYN (RFC 9002 §6.2.2), doubled with each try.
pub(super) const SYN_RETRY: Duration = Duration::from_millis(333);

/// The longest wait between two SYNs. Chosen: eight tries before the client gives up, of which at 30 % loss
/// all fail once in 200 times; a doubling without end would make four.
pub(super) const SYN_RETRY_MAX: Duration = Duration::from_millis(666);

/// After this long without any answer a client says that nobody is there. A COOKIE, which shows that somebody
/// is, begins the wait once more.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_millis(4_500);

/// How long a server keeps a half-open session and its `SYN_ACK`.
pub(super) const HALF_OPEN_LIFETIME: Duration = Duration::from_secs(10);

/// A session that is not signed in ends after this long without a packet.
pub(super) const UNAUTHENTICATED_SILENCE: Duration = Duration::from_secs(60);

/// A session that is not signed in ends after this long in all.
pub(super) const UNAUTHENTICATED_LIFETIME: Duration = Duration::from_secs(600);

/// The client pings after this much silence of its own, ± 10 % (`WireGuard`'s survey; RFC 9000 §10.1.2).
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// A server sends nothing more to a peer from which nothing came for this long: three keep-alives.
pub(super) const SERVER_SILENCE: Duration = Duration::from_secs(75);

/// A client takes the server for away when what it sent has been unanswered for this long.
pub(super) const CLIENT_SILENCE: Duration = Duration::from_secs(10);

/// A session ends after this long without a word (mosh keeps sessions for ever; chosen).
pub(super) const FORGET: Duration = Duration::from_secs(15 * 60);

/// The backoff of PTO is capped at this, or the unscaled PTO if that is longer, so that a path that comes back
/// is noticed soon.
pub(super) const PTO_MAX: Duration = Duration::from_secs(8);

/// Packets sent after a PTO (RFC 9002 §6.2.4).
pub(super) const PTO_PROBES: u8 = 2;

/// A packet is lost when one this much later was acknowledged (RFC 9002 §6.1.1).
pub(super) const PACKET_THRESHOLD: u64 = 3;

/// A session that has neither sent nor received for this long gives back what only a busy one needs. Chosen: longer
/// than the pauses of a conversation's back and forth, shorter than a keep-alive.
pub(super) const IDLE: Duration = Duration::from_secs(10);

/// The UDP payload to which a session falls back when larger ones vanish, in bytes: what a small SYN has.
pub(super) const SMALL_DATAGRAM: usize = 1000;

/// Packets above [`SMALL_DATAGRAM`] lost in a row, with none acknowledged between, after which they are taken to
/// vanish, if smaller ones arrive. Chosen: at 30 % of independent losses that happens by accident once in 1400 times,
/// and costs little.
pub(super) const LARGE_LOST_MAX: u8 = 6;

/// Packets up to [`SMALL_DATAGRAM`] acknowledged among those losses, without which they are laid to the queue. Chosen:
/// half as many; a loss is only noticed by a later packet's arrival, so where large ones vanish these are there.
pub(super) const SMALL_ARRIVED_MIN: u8 = 3;

/// How often a CLOSE is sent on its own, and as many answers to stray packets may follow.
pub(super) const CLOSE_COPIES: u8 = 3;

/// Packets with data that a goodbye may still send before its CLOSE.
pub(super) const GOODBYE_PACKETS: u8 = 3;

/// A packet number is skipped once in about this many, so that acknowledgements of what was never sent are found.
pub(super) const SKIP_EVERY: u32 = 256;

/// What an unproven path may be sent, as a multiple of what came from it (RFC 9000 §8.1).
pub(super) const AMPLIFICATION: u64 = 3;

/// How often a path is challenged before the session goes back to the address before.
pub(super) const CHALLENGE_TRIES: u8 = 5;

/// Answers without a session that wait to be sent. At the limit no answer is given: the peer asks again.
pub(super) const MAX_ANSWERS: usize = 1024;

/// SYNs with a good cookie that wait for their handshake. At the limit one more is ignored; the client tries again.
/// Chosen: half a second of handshakes at the default rate.
pub(super) const MAX_WAITING_SYNS: usize = 1024;

/// Whoever shows an address token has one part in so many of the places and handshakes, into which nobody else comes.
/// Chosen: a quarter of the handshakes is 500 a second, and the rest is for those who have never been here.
pub(super) const TOKEN_SHARE: u32 = 4;

/// SYNs with an address token and no cookie that wait for their handshake; beyond it a cookie is asked for beside.
/// Chosen: a quarter of all that wait, so that many forged addresses leave three quarters to those who answer.
pub(super) const MAX_WAITING_TOKENS: usize = MAX_WAITING_SYNS / 4;

/// How long somebody who has not signed in may say nothing while more than half of the places are taken. Chosen: a
/// program signs in within this on any path. A person who is typing may be closed in such a time; their client comes
/// back at once.
pub(super) const STRANGER_PATIENCE: Duration = Duration::from_secs(10);

/// A client is given a new address token when the last one is this old: half of its life, in which even a client that
/// only keeps alive is heard.
pub(super) const TOKEN_RENEWAL: Duration = Duration::from_secs(12 * 60 * 60);

/// Address tokens that a client keeps, one for each of the server's addresses. Chosen: as many as it dials. At the
/// limit a further one is not kept, and costs its session's successor a round trip.
pub(super) const MAX_TOKENS: usize = 8;

/// From this PTO in a row on a session's packets go together with the SYN of a standby. Chosen: the first is mostly
/// one lost packet; the second comes sooner than a server can have restarted.
pub(super) const STANDBY_PTOS: u32 = 2;

/// Where packets get lost, PTOs in a row are no news: there the standby begins when the server has not been heard for
/// this long since it was asked. Chosen: at 40 % loss each way and a round trip of 50 ms, where eight packets go out in
/// that time, a living server is silent for so long once in thirty times.
pub(super) const STANDBY_WAIT: Duration = Duration::from_secs(1);

/// The least time between two handshakes that one session asks for to stand by, and so what it costs a living server
/// at most: one handshake a second while nothing of that server arrives, and none while anything does.
pub(super) const STANDBY_INTERVAL: Duration = Duration::from_secs(1);

/// The least time between the SYNs of a standby that go with packets that are no probes. Chosen: what an application
/// sends in one go has one; if a server begins just between that and a later packet, the client is back a round trip
/// later.
pub(super) const STANDBY_SPACING: Duration = Duration::from_millis(50);

/// How long a standby's handshake may wait to be used after its server has answered: half of what the server keeps it.
pub(super) const STANDBY_LIFETIME: Duration = Duration::from_secs(5);

const _: () = assert!(STANDBY_LIFETIME.as_millis() * 2 <= HALF_OPEN_LIFETIME.as_millis());

/// Handshakes made in a row, before everybody else has a turn. Chosen: 2 ms.
pub(super) const HANDSHAKES_PER_TURN: usize = 8;

/// Limits of a server that operators and benchmarks may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sessions half open or not signed in, in all; a quarter of these places is for those who have an address token.
    /// When all are taken, a newcomer takes the place of the oldest of the fullest prefix, or, where that is its own
    /// and the oldest has just come, is ignored: the client tries again, and says after 5 s that nobody answered.
    pub unauthenticated: usize,
    /// Bytes that the buffers of all sessions hold together: received and not taken, to be sent or to be acknowledged.
    /// When more than half is held, sessions are lent less; beyond it the session that holds the most is closed, of
    /// those that have not signed in first.
    pub buffers: usize,
    /// Handshakes per second; each costs about 0.25 ms; a quarter of them is for those who have an address token. At
    /// the limit a SYN is ignored, as above.
    pub handshakes_per_second: u32,
    /// How many handshakes may come at once after a quiet time.
    pub handshakes_burst: u32,
    /// Handshakes that a host may make by address token alone while their SYNs wait or their `SYN_ACK`s are remembered;
    /// beyond it a cookie is asked for beside. Chosen: whoever has read a token on the path can forge its address, and
    /// takes so many handshakes in ten seconds at most. A measurement, whose clients are one host, goes without.
    pub handshakes_by_token: u32,
    /// RESETs per second, and as many at once. At the limit none is sent: the client's next packet may earn one.
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

/// A rate limit: so many at once, and so many more each second.
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

    /// Takes one token, if there is one.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        let granted = self.tokens >= 1.0;
        if granted {
            self.tokens -= 1.0;
        }
        granted
    }

    /// Takes one token, if none more would fit: nobody else needs it.
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

/// A network, as limits per address count: for IPv6 a /48 (a site), /56 (a home) or /64 (a host), for IPv4 a /24 or an
/// address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Prefix {
    /// Which of the three.
    level: u8,
    is_v6: bool,
    bits: u64,
}

impl Prefix {
    /// Sorted before every other.
    pub(super) const MIN: Self = Self {
        level: 0,
        is_v6: false,
        bits: 0,
    };
    /// Sorted behind every other.
    pub(super) const MAX: Self = Self {
        level: u8::MAX,
        is_v6: true,
        bits: u64::MAX,
    };

    /// The networks around an address, the widest first; the last is the host.
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
