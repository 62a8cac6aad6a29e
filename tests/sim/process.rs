//! What server and client have in common: an endpoint with an application on it, and a host's clocks.

use std::time::{Duration, Instant};

use udpchat::transport::{App, Endpoint, Now};

use crate::kit::settle;
use crate::network::{Datagram, Host, Network};

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

    /// The same with another application made of this one, and as another host.
    pub fn map(self, host: Host, change: impl FnOnce(A) -> A) -> Self {
        let app = change(self.app);
        Self { host, app, ..self }
    }

    /// Lets everything happen that can happen now, and puts what is to be sent on the network.
    pub fn settle(&mut self, now: Duration, network: &mut Network) {
        let at = self.clocks.moment(now);
        settle(at, &mut self.endpoint, &mut self.app, |to, datagram| {
            network.send(now, self.host, to, datagram);
        });
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
