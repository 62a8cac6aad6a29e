//! What is counted of a run, and the report that it comes to.

use std::time::{Duration, Instant};

use super::{Crowd, End};
use crate::bench::histogram::Histogram;
use crate::bench::report::{Latency, Report, Stream};
use crate::bench::server::Meter;
use crate::transport::Endpoint;

/// What has been used up: packets and bytes of all clients, both ways, and what the server says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    packets: u64,
    bytes: u64,
    /// CPU time of the server.
    cpu: Option<Duration>,
    /// Transactions of the server.
    commits: Option<u64>,
}

impl Crowd {
    pub(super) fn load(&self, endpoint: &Endpoint) -> Load {
        let meter = self.own.as_ref().map(|own| &own.meter);
        let mut load = Load {
            cpu: meter.and_then(Meter::cpu),
            commits: meter.and_then(Meter::commits),
            ..Load::default()
        };
        for (session, member) in &self.sessions {
            // An account is opened before anything is counted.
            if self.members[*member].stays_away() {
                continue;
            }
            if let Some(statistics) = endpoint.statistics(*session) {
                load.packets += statistics.packets_sent + statistics.packets_received;
                load.bytes += statistics.bytes_sent + statistics.bytes_received;
            }
        }
        load
    }

    pub(super) fn measured(&mut self, now: Instant, endpoint: &mut Endpoint) {
        for (session, member) in &self.sessions {
            let name = self.members[*member].name();
            tracing::debug!(name, statistics = ?endpoint.statistics(*session), "session");
        }
        let after = self.load(endpoint);
        let before = self.load_before.unwrap_or_default();
        let deliveries = self.latencies.len() as u64;
        #[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let per_delivery = |count: u64| (deliveries > 0).then(|| count as f64 / deliveries as f64);
        #[allow(clippy::cast_precision_loss, reason = "as above")]
        let each = |time: Duration, count: u64| time.as_secs_f64() * 1e6 / count as f64;
        let from = self.returning_since.or(self.traffic.counted_from());
        let counted = self.last_heard.zip(from);
        let seconds = counted.map(|(last, from)| (last - from).as_secs_f64());
        let cpu = after
            .cpu
            .zip(before.cpu)
            .map(|(after, before)| after.saturating_sub(before));
        let clients = (self.members.len() - self.traffic.absent()) as u64;
        let is_idle = self.traffic.is_idle();
        let idle_for = from
            .filter(|_| is_idle)
            .map(|from| (now - from).as_secs_f64());
        let meter = self.own.as_ref().map(|own| &own.meter);
        let report = Report {
            workload: self.workload,
            clients: self.members.len() - self.traffic.absent(),
            deliveries,
            deliveries_expected: self.traffic.expected(),
            #[allow(clippy::cast_precision_loss, reason = "a count far below 2^52")]
            deliveries_per_s: seconds.map(|seconds| deliveries as f64 / seconds),
            histogram: Histogram::of(&self.latencies),
            latency_us: Latency::of(std::mem::take(&mut self.latencies)),
            server_cpu_us_per_delivery: cpu
                .filter(|_| deliveries > 0)
                .map(|cpu| each(cpu, deliveries)),
            server_rss_bytes_per_client: meter
                .and_then(Meter::rss_since)
                .map(|bytes| bytes / clients),
            server_cpu_us_per_client_s: cpu
                .zip(idle_for)
                .map(|(cpu, seconds)| each(cpu, clients) / seconds),
            packets_per_delivery: per_delivery(after.packets - before.packets),
            bytes_per_delivery: per_delivery(after.bytes - before.bytes),
            commits: after
                .commits
                .zip(before.commits)
                .map(|(after, before)| after - before),
            stream: self.traffic.stream().map(|stream| Stream {
                latency_us: Latency::of(std::mem::take(&mut self.latencies_beside)),
                ..stream
            }),
        };
        self.finish(now, endpoint, End::Measured(Box::new(report)));
    }
}
