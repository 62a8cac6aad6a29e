//! What is counted of a run, and the report that it comes to.

use std::time::Instant;

use super::super::report::{Latency, Report, Stream};
use super::{Crowd, End};
use crate::transport::Endpoint;

/// Packets and bytes of all clients, both ways.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    packets: u64,
    bytes: u64,
}

impl Crowd {
    pub(super) fn load(&self, endpoint: &Endpoint) -> Load {
        let mut load = Load::default();
        for (session, member) in &self.sessions {
            // An account is opened before anything is counted.
            if self.partners[*member].is_empty() {
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
        let counted = self.last_heard.zip(self.traffic.counted_from());
        let seconds = counted.map(|(last, from)| (last - from).as_secs_f64());
        let report = Report {
            workload: self.workload,
            clients: self.members.len() - self.traffic.absent(),
            deliveries,
            deliveries_expected: self.traffic.expected(),
            #[allow(clippy::cast_precision_loss, reason = "a count far below 2^52")]
            deliveries_per_s: seconds.map(|seconds| deliveries as f64 / seconds),
            latency_us: Latency::of(std::mem::take(&mut self.latencies)),
            server_cpu_us_per_delivery: None,
            server_rss_bytes_per_client: None,
            packets_per_delivery: per_delivery(after.packets - before.packets),
            bytes_per_delivery: per_delivery(after.bytes - before.bytes),
            commits: None,
            stream: self.traffic.stream().map(|stream| Stream {
                latency_us: Latency::of(std::mem::take(&mut self.latencies_beside)),
                ..stream
            }),
        };
        self.finish(now, endpoint, End::Measured(Box::new(report)));
    }
}
