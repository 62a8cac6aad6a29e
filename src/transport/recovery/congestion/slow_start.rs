//! Ends slow start before it overflows the bottleneck queue: `HyStart++` (RFC 9406).
//!
//! A window that doubles until the first loss fills a deep queue and then loses half a window, lines of chat among
//! it. A growing round trip reveals the queue earlier.

use std::time::{Duration, Instant};

/// Bounds of the RTT increase that reveals a queue (RFC 9406 §4.3, as the other constants).
const THRESHOLD_MIN: Duration = Duration::from_millis(4);
const THRESHOLD_MAX: Duration = Duration::from_millis(16);
/// Between the bounds the increase is the RTT divided by this.
const RTT_DIVISOR: u32 = 8;
/// Samples of a round before its minimum counts.
const SAMPLES_MIN: u32 = 8;
/// In conservative slow start the window grows by the acknowledged bytes divided by this.
const CONSERVATIVE_DIVISOR: u64 = 4;
/// Rounds of conservative slow start.
const CONSERVATIVE_ROUNDS: u32 = 5;

#[derive(Debug, Clone, Default)]
pub(super) struct SlowStart {
    /// A packet sent from here on belongs to the next round.
    round_from: Option<Instant>,
    shortest: Option<Duration>,
    shortest_before: Option<Duration>,
    samples: u32,
    conservative: Option<Conservative>,
}

/// Conservative slow start: a queue is suspected.
#[derive(Debug, Clone, Copy)]
struct Conservative {
    /// The minimum RTT when it started; a lower one disproves the queue.
    baseline: Duration,
    rounds: u32,
}

impl SlowStart {
    /// Adds the round trip of a packet that was sent at `sent`. Returns by how many bytes the window grows; `None`
    /// ends slow start.
    pub(super) fn on_acked(&mut self, now: Instant, sent: Instant, bytes: u64) -> Option<u64> {
        if self.round_from.is_none_or(|from| sent >= from) {
            self.round_from = Some(now);
            self.shortest_before = self.shortest.take();
            self.samples = 0;
            if let Some(conservative) = &mut self.conservative {
                conservative.rounds += 1;
                if conservative.rounds >= CONSERVATIVE_ROUNDS {
                    return None;
                }
            }
        }
        let sample = now.saturating_duration_since(sent);
        let shortest = self.shortest.map_or(sample, |before| before.min(sample));
        self.shortest = Some(shortest);
        self.samples += 1;
        if self.samples >= SAMPLES_MIN {
            self.judge(shortest);
        }
        Some(match self.conservative {
            Some(_) => bytes / CONSERVATIVE_DIVISOR,
            None => bytes,
        })
    }

    fn judge(&mut self, shortest: Duration) {
        match (self.conservative, self.shortest_before) {
            (Some(conservative), _) if shortest < conservative.baseline => self.conservative = None,
            (None, Some(before)) => {
                let threshold = (before / RTT_DIVISOR).clamp(THRESHOLD_MIN, THRESHOLD_MAX);
                if shortest >= before + threshold {
                    self.conservative = Some(Conservative {
                        baseline: shortest,
                        rounds: 0,
                    });
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    /// Rounds of ten packets each, with these round trips in milliseconds: what each round grew by, until the end.
    fn grown(round_trips: &[u64]) -> Vec<u64> {
        let mut now = instant();
        let mut slow_start = SlowStart::default();
        let mut all = Vec::new();
        for round_trip in round_trips {
            let sent = now;
            now += Duration::from_millis(*round_trip);
            let grown: Option<Vec<u64>> = (0..10)
                .map(|_| slow_start.on_acked(now, sent, 1200))
                .collect();
            match grown {
                Some(grown) => all.push(grown.iter().sum()),
                None => return all,
            }
        }
        all
    }

    #[test]
    fn round_trips_that_stay_as_they_are_end_nothing() {
        assert_eq!(grown(&[50; 20]), [12_000; 20]);
    }

    #[test]
    fn growing_round_trips_slow_it_down_and_end_it_after_five_rounds() {
        let slower = grown(&[50, 50, 60, 70, 80, 90, 100, 110, 120]);
        assert_eq!(slower.len(), 7);
        assert_eq!(&slower[..2], [12_000; 2]);
        assert_eq!(slower[2], 7 * 1200 + 3 * 300, "known after eight samples");
        assert_eq!(&slower[3..], [3000; 4]);
    }

    #[test]
    fn shorter_round_trips_show_that_there_was_no_queue() {
        let resumed = grown(&[50, 60, 55, 55, 55]);
        assert_eq!(&resumed[3..], [12_000; 2]);
    }
}
