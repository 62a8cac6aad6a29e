//! Detects that a client's network has changed: the host has slept, the local address of the route to the server is
//! another, or the current port receives nothing.
//!
//! It is told the time and what the endpoint knows, and decides; the driver owns the sockets.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::transport::Now;

/// How often a client with a session checks. Chosen: one wake-up a second, and a sleep of the host is noticed within
/// that.
const TICK: Duration = Duration::from_secs(1);

/// How often the route is looked up while everything is answered; otherwise every [`TICK`].
const ROUTE_EVERY: Duration = Duration::from_secs(5);

/// A clock must advance by so much more than expected before the host counts as having slept. Chosen: above the
/// delays of a busy host, below the time-outs of NATs.
const SLEPT: Duration = Duration::from_secs(5);

/// After this long without an answer the client changes its port (mosh: every 10 s). After the last, it does so at
/// each multiple.
const HOPS: [Duration; 4] = [
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(40),
    Duration::from_mins(1),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Observation {
    /// The server's address, if there is a session.
    pub(super) remote: Option<SocketAddr>,
    /// Since when packets are unanswered.
    pub(super) unanswered: Option<Instant>,
    /// Datagrams that the operating system refused since the start.
    pub(super) send_errors: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    Nothing,
    /// The endpoint must learn that the network has changed.
    NetworkChanged,
    /// The port may be dead: change it.
    Hop,
}

#[derive(Debug)]
pub(super) struct Roamer {
    times: [Duration; HOPS.len()],
    last: Now,
    next: Option<Instant>,
    /// The server and the local address of the route to it, at the last look-up.
    route: Option<(SocketAddr, IpAddr)>,
    looked_up: Instant,
    send_errors: u64,
    hops: u32,
}

impl Roamer {
    pub(super) fn new(now: Now) -> Self {
        Self::with_times(now, HOPS)
    }

    pub(super) fn with_times(now: Now, times: [Duration; HOPS.len()]) -> Self {
        Self {
            times,
            last: now,
            next: None,
            route: None,
            looked_up: now.instant,
            send_errors: 0,
            hops: 0,
        }
    }

    /// The latest time of the next check.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// Checks. `lookup` returns the local address of the route to a server.
    pub(super) fn observe(
        &mut self,
        now: Now,
        seen: Observation,
        lookup: impl FnOnce(SocketAddr) -> Option<IpAddr>,
    ) -> Notice {
        let refused = seen.send_errors > self.send_errors;
        let due = self.next.is_none_or(|next| next <= now.instant) || refused;
        if seen.remote.is_some() && !due {
            return Notice::Nothing;
        }
        let slept = self.has_slept(now);
        self.last = now;
        self.send_errors = seen.send_errors;
        let Some(remote) = seen.remote else {
            self.next = None;
            self.hops = 0;
            return Notice::Nothing;
        };
        let waited = seen
            .unanswered
            .map(|since| now.instant.saturating_duration_since(since));
        if waited.is_none() {
            self.hops = 0;
        }
        let is_late = waited.is_some_and(|waited| waited >= TICK);
        let moved = (refused || slept || is_late || self.route_is_old(now, remote))
            && self.has_moved(now, remote, lookup(remote));
        self.next = Some(now.instant + TICK.min(self.next_hop()));
        if slept || moved {
            self.hops = 0;
            return Notice::NetworkChanged;
        }
        if waited.is_some_and(|waited| waited >= self.next_hop()) {
            self.hops = self.hops.saturating_add(1);
            return Notice::Hop;
        }
        Notice::Nothing
    }

    /// It checks every [`TICK`], so a longer gap is sleep. A monotonic clock may stop during sleep, as on Linux, or
    /// run on; the wall clock runs on in either case.
    fn has_slept(&self, now: Now) -> bool {
        let Some(next) = self.next else {
            return false;
        };
        let expected = next.saturating_duration_since(self.last.instant) + SLEPT;
        let by_clock = now.instant.saturating_duration_since(self.last.instant);
        let by_wall = Duration::from_millis(now.unix_ms.saturating_sub(self.last.unix_ms));
        by_clock.max(by_wall) > expected
    }

    fn route_is_old(&self, now: Now, remote: SocketAddr) -> bool {
        self.route.is_none_or(|(to, _)| to != remote)
            || now.instant.saturating_duration_since(self.looked_up) >= ROUTE_EVERY
    }

    /// Whether the local address of the route has changed. Without a network there is none to compare.
    fn has_moved(&mut self, now: Now, remote: SocketAddr, local: Option<IpAddr>) -> bool {
        self.looked_up = now.instant;
        let Some(local) = local else {
            return false;
        };
        let before = self.route.replace((remote, local));
        before.is_some_and(|(to, from)| to == remote && from != local)
    }

    fn next_hop(&self) -> Duration {
        let [.., last] = self.times;
        let beyond = (self.hops as usize).checked_sub(self.times.len());
        match beyond {
            Some(beyond) => last * u32::try_from(beyond + 2).unwrap_or(u32::MAX),
            None => self.times[self.hops as usize],
        }
    }
}

/// The local address of the route to a server: that of a socket connected to it. Nothing is sent.
pub(super) fn local_address(remote: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if remote.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let look = || -> io::Result<IpAddr> {
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect(remote)?;
        Ok(socket.local_addr()?.ip())
    };
    look().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::clock;

    fn later(now: Now, by: Duration) -> Now {
        Now {
            instant: now.instant + by,
            unix_ms: now.unix_ms + u64::try_from(by.as_millis()).unwrap(),
        }
    }

    fn observation(unanswered: Option<Instant>) -> Observation {
        Observation {
            remote: Some(([192, 0, 2, 1], 7777).into()),
            unanswered,
            send_errors: 0,
        }
    }

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    const TRAIN: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 1));

    /// Looks once a second for some time; says at which seconds it noticed what.
    fn watch(
        roamer: &mut Roamer,
        start: Now,
        unanswered: bool,
        seconds: u64,
    ) -> Vec<(u64, Notice)> {
        let since = unanswered.then_some(start.instant);
        (0..=seconds)
            .map(|second| {
                let now = later(start, Duration::from_secs(second));
                (
                    second,
                    roamer.observe(now, observation(since), |_| Some(HOME)),
                )
            })
            .filter(|(_, notice)| *notice != Notice::Nothing)
            .collect()
    }

    #[test]
    fn port_is_changed_after_10_20_40_and_60_seconds_without_an_answer() {
        let now = clock::now();
        let mut roamer = Roamer::new(now);
        let hops: Vec<_> = watch(&mut roamer, now, true, 200);
        let expected = [10, 20, 40, 60, 120, 180].map(|second| (second, Notice::Hop));
        assert_eq!(hops, expected);
    }

    #[test]
    fn answered_session_is_left_alone() {
        let now = clock::now();
        assert_eq!(watch(&mut Roamer::new(now), now, false, 600), []);
    }

    #[test]
    fn new_local_address_is_noticed_within_seconds_and_at_once_when_sending_is_refused() {
        let now = clock::now();
        let mut roamer = Roamer::new(now);
        assert_eq!(watch(&mut roamer, now, false, 3), []);
        let now = later(now, Duration::from_millis(3100));
        let refused = Observation {
            send_errors: 1,
            ..observation(None)
        };
        let notice = roamer.observe(now, refused, |_| Some(TRAIN));
        assert_eq!(notice, Notice::NetworkChanged);
        let noticed = watch(&mut roamer, later(now, TICK), false, 6);
        assert_eq!(noticed.len(), 1, "home again: {noticed:?}");
    }

    /// On Linux the monotonic clock stands still while the host sleeps: the keep-alive alone would come 25 s late.
    #[test]
    fn sleep_is_noticed_by_either_clock() {
        for (by_clock, by_wall) in [(1, 600), (600, 600), (600, 1)] {
            let start = clock::now();
            let mut roamer = Roamer::new(start);
            assert_eq!(watch(&mut roamer, start, false, 3), []);
            let now = Now {
                instant: start.instant + Duration::from_secs(3 + by_clock),
                unix_ms: start.unix_ms + 1000 * (3 + by_wall),
            };
            let notice = roamer.observe(now, observation(None), |_| Some(HOME));
            assert_eq!(notice, Notice::NetworkChanged);
        }
    }

    #[test]
    fn client_whose_dials_are_in_vain_takes_another_port_with_the_next() {
        // Only sessions counted: a NAT that had forgotten the port while the server was away kept the client out.
        let now = clock::now();
        let mut roamer = Roamer::new(now);
        let dialling = |since: Instant| observation(Some(since));
        let idle = Observation {
            remote: None,
            ..observation(None)
        };
        let home = |_| Some(IpAddr::from([192, 0, 2, 2]));
        let mut hops = Vec::new();
        for dial in 0..4_u64 {
            let at = later(now, Duration::from_secs(6 * dial));
            hops.push(roamer.observe(at, dialling(now.instant), home) == Notice::Hop);
            roamer.observe(later(at, Duration::from_secs(5)), idle, home);
        }
        assert_eq!(hops, [false, false, true, true]);
    }

    #[test]
    fn client_without_a_session_is_not_woken() {
        let now = clock::now();
        let mut roamer = Roamer::new(now);
        let nobody = Observation {
            remote: None,
            ..observation(None)
        };
        assert_eq!(roamer.observe(now, nobody, |_| None), Notice::Nothing);
        assert_eq!(roamer.deadline(), None);
    }

    #[test]
    fn way_to_this_host_begins_at_this_host() {
        let local = local_address(([127, 0, 0, 1], 9).into());
        assert_eq!(local, Some(Ipv4Addr::LOCALHOST.into()));
    }
}
