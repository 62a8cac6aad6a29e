//! What server and client have in common: an endpoint with an application on it, and a host's clocks.

use std::time::{Duration, Instant};

use udpchat::transport::{App, Endpoint, Now};

use crate::network::{Datagram, Host, Network};

/// The largest datagram that may be sent before a larger one has been proved to arrive.
const DATAGRAM_MAX: usize = 1200;

/// How often an application may ask to be called again at once: more than it has messages to take.
const TURNS_MAX: usize = 10_000;

/// A host's clocks. The monotonic one cannot be put; the other can.
#[derive(Debug, Clone, Copy)]
pub struct Clocks {
    base: Instant,
    wall_ms: i64,
}

impl Clocks {
    /// Clocks that show the same everywhere. Of the monotonic one only differences count.
    pub const fn new(base: Instant) -> Self {
        Self {
            base,
            // Saturday, 2026-01-03 00:00 UTC.
            wall_ms: 1_767_398_400_000,
        }
    }

    pub const fn put(&mut self, by_ms: i64) {
        self.wall_ms += by_ms;
    }

    pub fn moment(&self, now: Duration) -> Now {
        Now {
            instant: self.base + now,
            unix_ms: (self.wall_ms + now.as_millis() as i64) as u64,
        }
    }
}

/// An endpoint with what stands on top of it: all that a process has.
pub struct Process<A: App> {
    pub clocks: Clocks,
    host: Host,
    pub endpoint: Endpoint,
    pub app: A,
}

impl<A: App> Process<A> {
    pub const fn new(clocks: Clocks, host: Host, endpoint: Endpoint, app: A) -> Self {
        Self {
            clocks,
            host,
            endpoint,
            app,
        }
    }

    /// Lets everything happen that can happen now, and puts what is to be sent on the network.
    pub fn settle(&mut self, now: Duration, network: &mut Network) {
        let at = self.clocks.moment(now);
        let is_due = |deadline: Option<Instant>| deadline.is_some_and(|due| due <= at.instant);
        if is_due(self.endpoint.poll_timeout()) {
            self.endpoint.handle_timeout(at.instant);
        }
        if is_due(self.app.poll_timeout()) {
            self.app.on_timeout(at, &mut self.endpoint);
        }
        let mut buffer = Vec::new();
        let mut turns = 0;
        loop {
            let mut is_quiet = true;
            while let Some(event) = self.endpoint.poll_event() {
                self.app.on_event(at, &mut self.endpoint, event);
                is_quiet = false;
            }
            self.app.on_settled(at, &mut self.endpoint);
            while let Some(transmit) = self.endpoint.poll_transmit(at.instant, &mut buffer) {
                let size = transmit.segment_size.unwrap_or(transmit.len).max(1);
                for datagram in buffer[..transmit.len].chunks(size) {
                    let length = datagram.len();
                    assert!(length <= DATAGRAM_MAX, "a datagram has {length} bytes");
                    network.send(now, self.host, transmit.remote, datagram);
                }
                is_quiet = false;
            }
            // A hub that has given each channel a turn asks to be called for the next one at once.
            if is_due(self.app.poll_timeout()) && turns < TURNS_MAX {
                self.app.on_timeout(at, &mut self.endpoint);
                turns += 1;
                is_quiet = false;
            }
            if is_quiet {
                break;
            }
        }
        let surviving = self.deadline().filter(|deadline| *deadline <= now);
        assert!(
            surviving.is_none(),
            "a deadline survived being polled at {now:?}"
        );
    }

    pub fn deadline(&self) -> Option<Duration> {
        let deadlines = [self.endpoint.poll_timeout(), self.app.poll_timeout()];
        let first = deadlines.into_iter().flatten().min()?;
        Some(first.saturating_duration_since(self.clocks.base))
    }

    pub fn take(&mut self, now: Duration, mut datagram: Datagram) {
        let at = self.clocks.moment(now).instant;
        self.endpoint
            .handle_datagram(at, None, datagram.from, None, &mut datagram.bytes);
    }

    pub fn input(&mut self, now: Duration, input: A::Input) {
        self.app
            .on_input(self.clocks.moment(now), &mut self.endpoint, input);
    }
}
