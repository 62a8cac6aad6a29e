//! A report in words.

use std::fmt;

use super::histogram::Histogram;
use super::{Cost, Errand, Errands, Latency, Report, ServerShare, Stream};
use crate::bench::host::LongestStalls;

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
        self.cost.fmt(f)?;
        for share in &self.servers {
            share.fmt(f)?;
        }
        if let Some(stream) = self.stream {
            stream.fmt(f)?;
        }
        if let Some(errands) = self.errands {
            errands.fmt(f)?;
        }
        Histogram::of(&self.latencies).fmt(f)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        Ok(())
    }
}

impl fmt::Display for ServerShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address,
            clients,
            deliveries,
            latency_us,
        } = self;
        write!(
            f,
            "at         {address}: {clients} clients, {deliveries} delivered"
        )?;
        if latency_us.max.is_some() {
            write!(f, ", {latency_us}")?;
        }
        writeln!(f)
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

impl fmt::Display for Errands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, errand) in [
            ("history", self.history),
            ("join/leave", self.membership),
            ("reconnect", self.reconnection),
        ] {
            let Errand {
                begun,
                done,
                left_out,
                latency_us,
            } = errand;
            write!(f, "{name:<10} {done} of {begun}, {latency_us}")?;
            if left_out > 0 {
                write!(f, "; {left_out} more left out")?;
            }
            writeln!(f)?;
        }
        Ok(())
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
    use std::time::Duration;

    use super::*;

    fn report(deliveries: u64) -> Report {
        let mut samples: Vec<_> = (1..=deliveries).map(Duration::from_millis).collect();
        Report {
            deliveries,
            deliveries_per_s: Some(40.04),
            latency_us: Latency::of(&mut samples),
            cost: Cost {
                packets_per_delivery: Some(4.25),
                bytes_per_delivery: Some(612.4),
                ..Cost::default()
            },
            ..Report::of_test()
        }
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
        let mut report = report(100);
        report.cost = Cost {
            server_cpu_us_per_delivery: Some(7.25),
            server_rss_bytes_per_client: Some(6000),
            commits: Some(12),
            server_longest_stall_us: Some(LongestStalls {
                network: 850,
                store: 120_450,
            }),
            ..report.cost
        };
        report.latencies = vec![Duration::from_millis(3)];
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
    fn each_of_several_servers_is_told_of() {
        let share = |port, deliveries: usize| ServerShare {
            address: ([127, 0, 0, 1], port).into(),
            clients: 10,
            deliveries: deliveries as u64,
            latency_us: Latency::of(&mut vec![Duration::from_millis(7); deliveries]),
        };
        let report = Report {
            servers: vec![share(7777, 2), share(7778, 0)],
            ..report(100)
        };
        assert!(report.to_string().ends_with(
            "at         127.0.0.1:7777: 10 clients, 2 delivered, p50 7.0 ms  p90 7.0 ms  p99 7.0 ms  max 7.0 ms\n\
             at         127.0.0.1:7778: 10 clients, 0 delivered\n"
        ));
    }

    #[test]
    fn streams_are_told_of_where_there_are_any() {
        let stream = Stream {
            count: 1,
            bytes: 5_000_000,
            seconds: Some(21.25),
            bits_per_s: Some(1.882e6),
            latency_us: Latency::of(&mut [Duration::from_millis(250)]),
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
}
