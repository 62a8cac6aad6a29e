//! What a run has come to, in words or as JSON.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// The result of a run; `None` is what cannot be known from here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The workload's name.
    pub workload: &'static str,
    /// Clients played.
    pub clients: usize,
    /// Messages that were counted and have arrived, once for each reader.
    pub deliveries: u64,
    /// How many should have.
    pub deliveries_expected: u64,
    /// Deliveries a second, from the first message counted until the last one's arrival.
    pub deliveries_per_s: Option<f64>,
    /// From typing to screen, in microseconds.
    pub latency_us: Latency,
    /// CPU time of the server, in microseconds.
    pub server_cpu_us_per_delivery: Option<f64>,
    /// Resident memory of the server.
    pub server_rss_bytes_per_client: Option<u64>,
    /// Packets of all clients, both ways.
    pub packets_per_delivery: Option<f64>,
    /// Bytes of UDP payload in them.
    pub bytes_per_delivery: Option<f64>,
    /// Transactions that the server made durable.
    pub commits: Option<u64>,
}

/// Percentiles of latencies, in microseconds; `None` if nothing has arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// Half of all were no slower.
    pub p50: Option<u64>,
    /// Nine of ten.
    pub p90: Option<u64>,
    /// 99 of 100.
    pub p99: Option<u64>,
    /// The slowest.
    pub max: Option<u64>,
}

impl Latency {
    /// The percentiles of these, by nearest rank.
    #[must_use]
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
    /// A few lines for a person.
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
        let Latency { p50, p90, p99, max } = self.latency_us;
        if let (Some(p50), Some(p90), Some(p99), Some(max)) = (p50, p90, p99, max) {
            let [p50, p90, p99, max] = [p50, p90, p99, max].map(milliseconds);
            writeln!(f, "latency    p50 {p50}  p90 {p90}  p99 {p99}  max {max}")?;
        }
        if let (Some(packets), Some(bytes)) = (self.packets_per_delivery, self.bytes_per_delivery) {
            writeln!(f, "delivery   {packets:.1} packets, {bytes:.0} bytes")?;
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
    fn what_cannot_be_known_is_null() {
        let json = serde_json::to_value(report(0)).unwrap();
        assert!(json["latency_us"]["p99"].is_null() && json["commits"].is_null());
        assert_eq!(json["deliveries"], 0);
        assert_eq!(json.as_object().unwrap().len(), 11);
    }
}
