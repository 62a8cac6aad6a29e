//! The result of a run, as JSON; `text` is the same in words. `summary` is that of several runs, or beside a baseline.

mod baseline;
mod figures;
mod histogram;
mod summary;
mod text;

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::host::LongestStalls;
pub use baseline::Baseline;
pub use summary::Summary;

/// A value is `None` if it cannot be measured from here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub workload: String,
    pub clients: usize,
    pub arguments: Arguments,
    /// Counted messages that have arrived, once for each reader.
    pub deliveries: u64,
    pub deliveries_expected: u64,
    /// From the first counted message until the last arrival.
    pub deliveries_per_s: Option<f64>,
    /// From typing to screen.
    pub latency_us: Latency,
    #[serde(flatten)]
    pub cost: Cost,
    /// Only for a workload with streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
    /// Only for a workload with errands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errands: Option<Errands>,
    /// Where the clients are spread over several servers, each of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerShare>,
    /// Of each delivery, from the shortest to the longest: what the text and the plot show of them.
    #[serde(skip)]
    pub latencies: Vec<Duration>,
}

/// What has arrived at the clients of one of several servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerShare {
    pub address: SocketAddr,
    pub clients: usize,
    pub deliveries: u64,
    pub latency_us: Latency,
}

/// What the server and the network had to do for a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// User and system time.
    pub server_cpu_us_per_delivery: Option<f64>,
    /// Grown since the server started.
    pub server_rss_bytes_per_client: Option<u64>,
    /// Of all clients, in both directions.
    pub packets_per_delivery: Option<f64>,
    /// UDP payload in these packets.
    pub bytes_per_delivery: Option<f64>,
    /// Transactions of the server.
    pub commits: Option<u64>,
    /// Since the server started.
    pub server_longest_stall_us: Option<LongestStalls>,
    /// Only for a workload without messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cpu_us_per_client_s: Option<f64>,
}

/// The arguments that a workload heeds. Only runs in which they are equal are compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Arguments {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    pub frugal: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    /// All at the same time.
    pub count: usize,
    /// Text in all streams.
    pub bytes: u64,
    /// Until the server had stored the last message; `None` if it never did.
    pub seconds: Option<f64>,
    /// Text of all streams together.
    pub bits_per_s: Option<f64>,
    /// Of the chat messages that the streaming sessions sent meanwhile.
    pub latency_us: Latency,
}

/// What clients have done besides talking.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Errands {
    /// Reads of the last messages of a conversation.
    pub history: Errand,
    /// Joins and leaves of a room.
    pub membership: Errand,
    /// Sessions closed, and others begun.
    pub reconnection: Errand,
}

impl Errands {
    pub const fn all(&self) -> [&Errand; 3] {
        [&self.history, &self.membership, &self.reconnection]
    }

    const fn all_mut(&mut self) -> [&mut Errand; 3] {
        [
            &mut self.history,
            &mut self.membership,
            &mut self.reconnection,
        ]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Errand {
    pub begun: u64,
    pub done: u64,
    /// Those that were due while the client was busy with another one.
    pub left_out: u64,
    /// From when it was due until the answer.
    pub latency_us: Latency,
}

/// Percentiles in microseconds, by nearest rank; `None` if nothing has arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    pub p50: Option<u64>,
    pub p90: Option<u64>,
    pub p99: Option<u64>,
    pub max: Option<u64>,
}

impl Latency {
    /// Sorts the samples.
    pub fn of(samples: &mut [Duration]) -> Self {
        samples.sort_unstable();
        let rank = |percent: usize| {
            let rank = (samples.len() * percent).div_ceil(100);
            let sample = samples.get(rank.checked_sub(1)?)?;
            u64::try_from(sample.as_micros()).ok()
        };
        Self {
            p50: rank(50),
            p90: rank(90),
            p99: rank(99),
            max: rank(100),
        }
    }
}

#[cfg(test)]
impl Report {
    /// Of two clients of which nothing has arrived.
    pub fn of_test() -> Self {
        Self {
            workload: "paced".into(),
            clients: 2,
            arguments: Arguments::default(),
            deliveries: 0,
            deliveries_expected: 100,
            deliveries_per_s: None,
            latency_us: Latency::default(),
            cost: Cost::default(),
            stream: None,
            errands: None,
            servers: Vec::new(),
            latencies: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let mut samples: Vec<_> = (1..=200).rev().map(Duration::from_micros).collect();
        let latency = Latency::of(&mut samples);
        let expected = [100, 180, 198, 200].map(Some);
        assert_eq!(
            [latency.p50, latency.p90, latency.p99, latency.max],
            expected
        );
        let one = Latency::of(&mut [Duration::from_micros(7)]);
        assert_eq!((one.p50, one.max), (Some(7), Some(7)));
    }

    #[test]
    fn what_cannot_be_known_is_null() {
        let json = serde_json::to_value(Report::of_test()).unwrap();
        assert!(json["latency_us"]["p99"].is_null() && json["commits"].is_null());
        assert_eq!(json["deliveries"], 0);
        assert_eq!(json.as_object().unwrap().len(), 13);
    }
}
