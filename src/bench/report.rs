//! The result of a run, as text or as JSON.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::histogram::Histogram;
use super::host::LongestStalls;

/// A value is `None` if it cannot be measured from here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub workload: &'static str,
    pub clients: usize,
    /// Counted messages that have arrived, once for each reader.
    pub deliveries: u64,
    pub deliveries_expected: u64,
    /// From the first counted message until the last arrival.
    pub deliveries_per_s: Option<f64>,
    /// From typing to screen.
    pub latency_us: Latency,
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
    /// Only in the text.
    #[serde(skip)]
    pub histogram: Histogram,
    /// Only for a workload with streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
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

/// Percentiles in microseconds, by nearest rank; `None` if nothing has arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    pub p50: Option<u64>,
    pub p90: Option<u64>,
    pub p99: Option<u64>,
    pub max: Option<u64>,
}

impl Latency {
    pub fn of(mut samples: Vec<Duration>) -> Self {
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

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            workload,
            clients,
            deliveries,
            deliveries_expected: expected,
            ..
        } = self;
        writeln!(f, "{workload}: {clients} clients")?;
        write!(f, "delivered  {deliveries} of {expected}")?;
        if let Some(rate) = self.deliveries_per_s {
            write!(f, ", {rate:.1} a second")?;
        }
        writeln!(f)?;
        if self.latency_us.max.is_some() {
            writeln!(f, "latency    {}", self.latency_us)?;
        }
        if let (Some(packets), Some(bytes)) = (self.packets_per_delivery, self.bytes_per_delivery) {
            writeln!(f, "delivery   {packets:.1} packets, {bytes:.0} bytes")?;
        }
        if let Some(cpu) = self.server_cpu_us_per_delivery {
            writeln!(f, "server     {cpu:.1} µs of CPU time for each delivery")?;
        }
        if let Some(cpu) = self.server_cpu_us_per_client_s {
            writeln!(
                f,
                "server     {cpu:.1} µs of CPU time a second for each client"
            )?;
        }
        if let Some(bytes) = self.server_rss_bytes_per_client {
            writeln!(f, "memory     {bytes} bytes for each client")?;
        }
        if let Some(commits) = self.commits {
            writeln!(f, "commits    {commits}")?;
        }
        if let Some(LongestStalls { network, store }) = self.server_longest_stall_us {
            let ms = |us: u64| format!("{}.{} ms", us / 1000, us / 100 % 10);
            writeln!(
                f,
                "stalls     network {}, store {} at most",
                ms(network),
                ms(store)
            )?;
        }
        if let Some(stream) = self.stream {
            stream.fmt(f)?;
        }
        self.histogram.fmt(f)
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, bytes, .. } = self;
        write!(f, "streams    {count}, {bytes} bytes")?;
        if let (Some(seconds), Some(rate)) = (self.seconds, self.bits_per_s) {
            write!(f, " in {seconds:.1} s, {:.2} Mbit/s", rate / 1e6)?;
        }
        writeln!(f)?;
        writeln!(f, "beside     {}", self.latency_us)
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50, p90, p99, max } = *self;
        let names = ["p50", "p90", "p99", "max"];
        for (place, (name, value)) in names.into_iter().zip([p50, p90, p99, max]).enumerate() {
            let space = if place == 0 { "" } else { "  " };
            let value = value.map_or("-".into(), milliseconds);
            write!(f, "{space}{name} {value}")?;
        }
        Ok(())
    }
}

fn milliseconds(us: u64) -> String {
    format!("{}.{} ms", us / 1000, us / 100 % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(deliveries: u64) -> Report {
        let samples = (1..=deliveries).map(Duration::from_millis).collect();
        Report {
            workload: "paced",
            clients: 2,
            deliveries,
            deliveries_expected: 100,
            deliveries_per_s: (deliveries > 0).then_some(40.04),
            latency_us: Latency::of(samples),
            server_cpu_us_per_delivery: None,
            server_rss_bytes_per_client: None,
            packets_per_delivery: (deliveries > 0).then_some(4.25),
            bytes_per_delivery: (deliveries > 0).then_some(612.4),
            commits: None,
            server_longest_stall_us: None,
            server_cpu_us_per_client_s: None,
            histogram: Histogram::default(),
            stream: None,
        }
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let latency = Latency::of((1..=200).rev().map(Duration::from_micros).collect());
        let expected = [100, 180, 198, 200].map(Some);
        assert_eq!(
            [latency.p50, latency.p90, latency.p99, latency.max],
            expected
        );
        let one = Latency::of(vec![Duration::from_micros(7)]);
        assert_eq!((one.p50, one.max), (Some(7), Some(7)));
    }

    #[test]
    fn text_says_what_has_arrived_and_how_fast() {
        assert_eq!(
            report(100).to_string(),
            "paced: 2 clients\n\
             delivered  100 of 100, 40.0 a second\n\
             latency    p50 50.0 ms  p90 90.0 ms  p99 99.0 ms  max 100.0 ms\n\
             delivery   4.2 packets, 612 bytes\n"
        );
    }

    #[test]
    fn what_a_server_of_ones_own_costs_is_told() {
        let report = Report {
            server_cpu_us_per_delivery: Some(7.25),
            server_rss_bytes_per_client: Some(6000),
            commits: Some(12),
            server_longest_stall_us: Some(LongestStalls {
                network: 850,
                store: 120_450,
            }),
            histogram: Histogram::of(&[Duration::from_millis(3)]),
            ..report(100)
        };
        assert!(report.to_string().ends_with(
            "delivery   4.2 packets, 612 bytes\n\
             server     7.2 µs of CPU time for each delivery\n\
             memory     6000 bytes for each client\n\
             commits    12\n\
             stalls     network 0.8 ms, store 120.4 ms at most\n\
             \x20    4.0 ms ######################################## 1\n"
        ));
    }

    #[test]
    fn streams_are_told_of_where_there_are_any() {
        let stream = Stream {
            count: 1,
            bytes: 5_000_000,
            seconds: Some(21.25),
            bits_per_s: Some(1.882e6),
            latency_us: Latency::of(vec![Duration::from_millis(250)]),
        };
        let report = Report {
            stream: Some(stream),
            ..report(100)
        };
        assert!(report.to_string().ends_with(
            "streams    1, 5000000 bytes in 21.2 s, 1.88 Mbit/s\n\
             beside     p50 250.0 ms  p90 250.0 ms  p99 250.0 ms  max 250.0 ms\n"
        ));
        let json = serde_json::to_value(report).unwrap();
        assert_eq!(json["stream"]["latency_us"]["p99"], 250_000);
    }

    #[test]
    fn what_cannot_be_known_is_null() {
        let json = serde_json::to_value(report(0)).unwrap();
        assert!(json["latency_us"]["p99"].is_null() && json["commits"].is_null());
        assert_eq!(json["deliveries"], 0);
        assert_eq!(json.as_object().unwrap().len(), 12);
    }
}
