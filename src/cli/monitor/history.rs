//! What a server did over the last hour.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::snapshot::Snapshot;
use crate::transport::Now;

/// How often a sample is taken. Chosen: a rate over a minute is six of them.
pub const SAMPLE_EVERY: Duration = Duration::from_secs(10);

/// Samples that are kept: an hour of them, and the one before, from which the first of the hour differs.
pub const HISTORY_SAMPLES: usize = 361;

/// Over how long rates are measured.
const RATES_OVER: Duration = Duration::from_mins(1);

/// How long a stall is of interest to a health check. Chosen: a check comes every minute or every five.
const STALL_IS_RECENT: Duration = Duration::from_mins(5);

/// A server at one moment, as far as it is remembered. What is counted is counted since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    pub at: Instant,
    /// In milliseconds since 1970 (UTC).
    pub unix_ms: u64,
    pub sessions: u64,
    pub online: u64,
    pub stored: u64,
    pub delivered: u64,
    pub packets_received: u64,
    pub packets_sent: u64,
    pub bytes_received: u64,
    pub bytes_sent: u64,
    /// How often anybody came to a limit.
    pub at_limits: u64,
    pub cpu_ms: u64,
    pub resident_bytes: u64,
    /// The longest that a thread was busy since the sample before, in microseconds.
    pub stall_us: u64,
}

impl Sample {
    /// Nothing has happened yet.
    pub const fn start(now: Now) -> Self {
        Self {
            at: now.instant,
            unix_ms: now.unix_ms,
            sessions: 0,
            online: 0,
            stored: 0,
            delivered: 0,
            packets_received: 0,
            packets_sent: 0,
            bytes_received: 0,
            bytes_sent: 0,
            at_limits: 0,
            cpu_ms: 0,
            resident_bytes: 0,
            stall_us: 0,
        }
    }

    pub fn of(snapshot: &Snapshot, stall_us: u64) -> Self {
        let (hub, traffic) = (&snapshot.hub, &snapshot.traffic);
        Self {
            at: snapshot.at,
            unix_ms: snapshot.unix_ms,
            sessions: hub.sessions as u64,
            online: hub.online as u64,
            stored: hub.counters.stored,
            delivered: hub.counters.delivered,
            packets_received: traffic.packets_received,
            packets_sent: traffic.packets_sent,
            bytes_received: traffic.bytes_received,
            bytes_sent: traffic.bytes_sent,
            at_limits: hub.limits.values().sum(),
            cpu_ms: snapshot.process.cpu.map_or(0, milliseconds),
            resident_bytes: snapshot.process.resident_bytes.unwrap_or(0),
            stall_us,
        }
    }
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// What is done in a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rates {
    /// Over how many seconds they were measured: a minute or a little more, or less since the start.
    pub over_s: f64,
    /// Messages that were stored.
    pub stored: f64,
    /// Deliveries that were sent.
    pub delivered: f64,
    pub packets_received: f64,
    pub packets_sent: f64,
    pub bytes_received: f64,
    pub bytes_sent: f64,
    /// How often anybody came to a limit.
    pub at_limits: f64,
    /// Of one processor, as a part of 1.
    pub cpu: f64,
}

impl Rates {
    /// Between two samples; nothing if they are of the same moment.
    pub fn between(earlier: &Sample, later: &Sample) -> Self {
        let over_s = later.at.saturating_duration_since(earlier.at).as_secs_f64();
        if over_s <= 0.0 {
            return Self::default();
        }
        let of =
            |count: fn(&Sample) -> u64| float(count(later).saturating_sub(count(earlier))) / over_s;
        Self {
            over_s,
            stored: of(|it| it.stored),
            delivered: of(|it| it.delivered),
            packets_received: of(|it| it.packets_received),
            packets_sent: of(|it| it.packets_sent),
            bytes_received: of(|it| it.bytes_received),
            bytes_sent: of(|it| it.bytes_sent),
            at_limits: of(|it| it.at_limits),
            cpu: of(|it| it.cpu_ms) / 1000.0,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "of numbers so large nobody sees the last digits"
)]
pub const fn float(count: u64) -> f64 {
    count as f64
}

/// The samples of the last hour, the oldest first. There is always one: of the start, or later.
#[derive(Debug, Clone)]
pub struct History {
    samples: VecDeque<Sample>,
}

impl History {
    pub fn new(start: Sample) -> Self {
        Self {
            samples: VecDeque::from([start]),
        }
    }

    #[cfg(feature = "http")]
    pub fn samples(&self) -> impl DoubleEndedIterator<Item = &Sample> {
        self.samples.iter()
    }

    pub fn add(&mut self, sample: Sample) {
        if self.samples.len() == HISTORY_SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    /// No sample could be taken; that a thread was busy for so long counts for the last one.
    pub fn add_stall(&mut self, stall_us: u64) {
        if let Some(last) = self.samples.back_mut() {
            last.stall_us = last.stall_us.max(stall_us);
        }
    }

    /// The rates of the last minute, at the moment of this sample.
    pub fn rates(&self, now: &Sample) -> Rates {
        let is_long_ago = |it: &&Sample| now.at.saturating_duration_since(it.at) >= RATES_OVER;
        let earlier = self.samples.iter().rev().find(is_long_ago);
        let earlier = earlier.or(self.samples.front());
        earlier.map_or_else(Rates::default, |it| Rates::between(it, now))
    }

    /// The longest that a thread was busy in the last minutes, in microseconds.
    pub fn recent_stall_us(&self) -> u64 {
        let newest = self.samples.back().map(|last| last.at);
        let is_recent = |it: &&Sample| {
            newest.is_some_and(|at| at.saturating_duration_since(it.at) < STALL_IS_RECENT)
        };
        let recent = self.samples.iter().rev().take_while(is_recent);
        recent.map(|it| it.stall_us).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    fn at(start: Instant, seconds: u64, stored: u64) -> Sample {
        Sample {
            stored,
            ..Sample::start(Now {
                instant: start + Duration::from_secs(seconds),
                unix_ms: 1000 * seconds,
            })
        }
    }

    #[test]
    fn rates_are_those_of_the_last_minute_or_since_the_start() {
        let start = instant();
        let mut history = History::new(at(start, 0, 0));
        assert_eq!(history.rates(&at(start, 0, 0)), Rates::default());
        let rates = history.rates(&at(start, 5, 10));
        assert_eq!((rates.stored, rates.over_s), (2.0, 5.0));
        for step in 1..=12 {
            // A hundred messages in the first minute, six in the second.
            let stored = if step <= 6 { 100 } else { 100 + step - 6 };
            history.add(at(start, 10 * step, stored));
        }
        let rates = history.rates(&at(start, 121, 106));
        assert!((rates.stored - 6.0 / 61.0).abs() < 1e-9, "{rates:?}");
    }

    #[test]
    fn samples_that_are_kept_are_an_hour() {
        let start = instant();
        let mut history = History::new(at(start, 0, 0));
        for step in 1..=1000 {
            history.add(at(start, 10 * step, step));
        }
        let kept: Vec<&Sample> = history.samples.iter().collect();
        assert_eq!(kept.len(), HISTORY_SAMPLES);
        let span = kept[kept.len() - 1].at - kept[0].at;
        assert_eq!(span, Duration::from_hours(1));
    }

    #[test]
    fn stalls_are_recent_for_five_minutes() {
        let start = instant();
        let mut history = History::new(at(start, 0, 0));
        history.add_stall(7_000);
        assert_eq!(history.recent_stall_us(), 7_000);
        history.add(at(start, 290, 0));
        assert_eq!(history.recent_stall_us(), 7_000);
        history.add(at(start, 300, 0));
        assert_eq!(history.recent_stall_us(), 0);
    }
}
