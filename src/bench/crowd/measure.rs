//! Counts latencies and load, and makes the report.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::bench::host::ServerCounts;
use crate::bench::report::{Arguments, Cost, Latency, Report, ServerShare, Stream};
use crate::bench::server::Meter;
use crate::bench::workload::Traffic;
use crate::transport::Statistics;

/// Packets and bytes of all clients, in both directions, and the usage of the server.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    packets: u64,
    bytes: u64,
    cpu: Option<Duration>,
    counts: Option<ServerCounts>,
}

impl Load {
    /// The same with the usage of the server, if it can be measured.
    pub fn with_server(self, meter: Option<&Meter>) -> Self {
        Self {
            cpu: meter.and_then(Meter::cpu),
            counts: meter.and_then(Meter::counts),
            ..self
        }
    }

    /// Adds those of a session.
    pub const fn add(&mut self, session: &Statistics) {
        self.packets += session.packets_sent + session.packets_received;
        self.bytes += session.bytes_sent + session.bytes_received;
    }

    /// What so many deliveries have cost since `before`, and so many clients: with this much memory, and while they were idle
    /// for so many seconds.
    fn cost_since(
        &self,
        before: &Self,
        deliveries: u64,
        clients: u64,
        (rss, idle_s): (Option<u64>, Option<f64>),
    ) -> Cost {
        let per_delivery = |count: u64| (deliveries > 0).then(|| ratio(count, deliveries));
        let each = |time: Duration, count: u64| time.as_secs_f64() * 1e6 * ratio(1, count);
        let cpu = self
            .cpu
            .zip(before.cpu)
            .map(|(after, before)| after.saturating_sub(before));
        Cost {
            server_cpu_us_per_delivery: cpu
                .filter(|_| deliveries > 0)
                .map(|cpu| each(cpu, deliveries)),
            server_rss_bytes_per_client: rss.map(|bytes| bytes / clients),
            packets_per_delivery: per_delivery(self.packets.saturating_sub(before.packets)),
            bytes_per_delivery: per_delivery(self.bytes.saturating_sub(before.bytes)),
            commits: self
                .counts
                .zip(before.counts)
                .map(|(after, before)| after.commits - before.commits),
            server_longest_stall_us: self.counts.map(|counts| counts.longest_stalls),
            server_cpu_us_per_client_s: cpu
                .zip(idle_s)
                .map(|(cpu, seconds)| each(cpu, clients) / seconds),
        }
    }
}

#[derive(Default)]
pub struct Measurement {
    latencies: Vec<Duration>,
    /// Only of messages from streaming sessions.
    latencies_beside: Vec<Duration>,
    /// Of what has arrived at the clients of each of several servers.
    latencies_at: Vec<Vec<Duration>>,
    /// When counting began.
    before: Option<Load>,
    /// The last delivery.
    last: Option<Instant>,
}

impl Measurement {
    pub const fn has_begun(&self) -> bool {
        self.before.is_some()
    }

    pub fn begin(&mut self, load: Load) {
        self.before = Some(load);
    }

    /// Counts a delivery at one of several servers, perhaps from a streaming session.
    pub fn count(
        &mut self,
        now: Instant,
        latency: Duration,
        server: Option<usize>,
        is_streaming: bool,
    ) {
        self.latencies.push(latency);
        if let Some(server) = server {
            if self.latencies_at.len() <= server {
                self.latencies_at.resize(server + 1, Vec::new());
            }
            self.latencies_at[server].push(latency);
        }
        if is_streaming {
            self.latencies_beside.push(latency);
        }
        self.last = Some(now);
    }

    /// What has arrived at each of several servers, where so many clients are in turn.
    pub fn shares(&mut self, servers: &[SocketAddr], clients: usize) -> Vec<ServerShare> {
        self.latencies_at.resize(servers.len(), Vec::new());
        let each = servers.iter().zip(&mut self.latencies_at).enumerate();
        each.map(|(server, (address, latencies))| ServerShare {
            address: *address,
            clients: (server..clients).step_by(servers.len()).count(),
            deliveries: latencies.len() as u64,
            latency_us: Latency::of(latencies),
        })
        .collect()
    }

    pub const fn deliveries(&self) -> usize {
        self.latencies.len()
    }

    /// The report of a workload with so many clients and these arguments, measured from a moment until now.
    pub fn report(
        mut self,
        now: Instant,
        from: Option<Instant>,
        (workload, clients, arguments): (&'static str, usize, &Arguments),
        after: Load,
        rss: Option<u64>,
        traffic: &dyn Traffic,
    ) -> Report {
        let before = self.before.unwrap_or_default();
        let deliveries = self.latencies.len() as u64;
        let seconds = |until: Instant| Some((until - from?).as_secs_f64());
        let idle_s = seconds(now).filter(|_| traffic.is_idle());
        Report {
            workload: workload.into(),
            clients,
            arguments: arguments.clone(),
            deliveries,
            deliveries_expected: traffic.expected(),
            deliveries_per_s: self
                .last
                .and_then(seconds)
                .map(|seconds| ratio(deliveries, 1) / seconds),
            latency_us: Latency::of(&mut self.latencies),
            cost: after.cost_since(&before, deliveries, clients as u64, (rss, idle_s)),
            stream: traffic.stream().map(|stream| Stream {
                latency_us: Latency::of(&mut self.latencies_beside),
                ..stream
            }),
            errands: None,
            servers: Vec::new(),
            latencies: self.latencies,
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn ratio(count: u64, of: u64) -> f64 {
    count as f64 / of as f64
}
