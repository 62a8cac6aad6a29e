//! CUBIC (RFC 9438), with `HyStart++` in slow start.
//!
//! Not `NewReno` (RFC 9002 §7): beside one TCP flow in a deep queue, as on mobile and satellite links, it got less
//! than a fifth of the path, because today's TCP is CUBIC. CUBIC backs off less, and recovers in seconds whatever the
//! round trip. With short round trips and small windows it equals `NewReno` (RFC 9438 §4.3).

use std::time::{Duration, Instant};

use super::slow_start::SlowStart;
use super::{DATAGRAM, INITIAL_WINDOW, MINIMUM_WINDOW};

/// The multiplicative decrease on a loss, in tenths (RFC 9438 §4.6).
const KEPT_TENTHS: u64 = 7;
const KEPT: f64 = 0.7;
/// C, the growth in datagrams per second cubed (RFC 9438 §5).
const C: f64 = 0.4;
/// Datagrams per round trip by which the window grows at least, to be as fast as `NewReno` (RFC 9438 §4.3).
const FRIENDLY_GROWTH: f64 = 3.0 * (1.0 - KEPT) / (1.0 + KEPT);
/// The maximum growth factor in a round trip (RFC 9438 §4.2).
const GROWTH_MAX: f64 = 1.5;

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
const BYTES: f64 = DATAGRAM as f64;

#[derive(Debug, Clone)]
pub(crate) struct Cubic {
    window: u64,
    /// The slow start threshold, in bytes.
    threshold: u64,
    /// Losses of packets sent up to then have already reduced the window.
    recovery_start: Option<Instant>,
    /// Allocated once the window limits the sender: a quiet session never needs it.
    slow_start: Option<Box<SlowStart>>,
    /// Allocated when slow start ends.
    avoidance: Option<Box<Avoidance>>,
}

#[derive(Debug, Clone, Default)]
struct Avoidance {
    /// The window of the last loss, in datagrams: the plateau of the curve.
    plateau: f64,
    /// The window before the last loss, in datagrams.
    before: f64,
    curve: Option<Curve>,
    /// Since when the window has not limited the sender; the curve is paused.
    paused: Option<Instant>,
    /// Growth of less than a byte, carried over.
    fraction: f64,
}

/// The cubic function since a loss.
#[derive(Debug, Clone, Copy)]
struct Curve {
    start: Instant,
    /// K, the seconds until the plateau is reached.
    to_plateau: f64,
    /// The window that `NewReno` would have, in datagrams.
    friendly: f64,
}

fn datagrams(bytes: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "windows are far below 2^52")]
    let bytes = bytes as f64;
    bytes / BYTES
}

impl Cubic {
    pub(crate) fn new() -> Self {
        Self {
            window: INITIAL_WINDOW,
            threshold: u64::MAX,
            recovery_start: None,
            slow_start: None,
            avoidance: None,
        }
    }

    fn is_in_recovery(&self, sent: Instant) -> bool {
        self.recovery_start.is_some_and(|start| sent <= start)
    }
}

impl Avoidance {
    /// By how many bytes the window grows when `bytes` are acknowledged.
    fn grow(&mut self, now: Instant, round_trip: Duration, window: u64, bytes: u64) -> u64 {
        let (window, acked) = (datagrams(window), datagrams(bytes));
        let plateau = &mut self.plateau;
        let curve = self.curve.get_or_insert_with(|| {
            // Slow start ended without a loss, so the plateau is unknown.
            *plateau = plateau.max(window);
            Curve {
                start: now,
                to_plateau: ((*plateau - window) / C).cbrt(),
                friendly: window,
            }
        });
        if let Some(since) = self.paused.take() {
            curve.start += now.saturating_duration_since(since);
        }
        let at =
            |time: Duration| C * (time.as_secs_f64() - curve.to_plateau).powi(3) + self.plateau;
        let elapsed = now.saturating_duration_since(curve.start);
        let growth = if curve.friendly < self.before {
            FRIENDLY_GROWTH
        } else {
            1.0
        };
        let friendly = curve.friendly + growth * acked / window;
        let grown = if at(elapsed) < friendly {
            (friendly - window).max(0.0)
        } else {
            let target = at(elapsed + round_trip).clamp(window, window * GROWTH_MAX);
            (target - window) * acked / window
        };
        curve.friendly = friendly;
        self.fraction += grown * BYTES;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most half a window, and never negative"
        )]
        let whole = self.fraction as u64;
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let kept = self.fraction - whole as f64;
        self.fraction = kept;
        whole
    }

    /// A window of `lost_at` datagrams lost a packet and was reduced to `window`.
    fn on_lost(&mut self, lost_at: f64, window: f64) {
        // Fast convergence: a flow that peaks lower than before shares the path, and makes room (RFC 9438 §4.7).
        let plateau = if lost_at < self.plateau {
            lost_at * f64::midpoint(1.0, KEPT)
        } else {
            lost_at
        };
        *self = Self {
            plateau: plateau.max(window),
            before: lost_at,
            ..Self::default()
        };
    }
}

impl Cubic {
    /// A packet that was in flight, sent at `sent`, was acknowledged. `app_limited`: the window did not limit the
    /// sender, so the acknowledgement proves nothing about a larger one.
    pub(crate) fn on_acked(&mut self, now: Instant, sent: Instant, bytes: u64, app_limited: bool) {
        if self.is_in_recovery(sent) {
            return;
        }
        if app_limited {
            if let Some(avoidance) = &mut self.avoidance {
                avoidance.paused.get_or_insert(now);
            }
            return;
        }
        if self.window >= self.threshold {
            self.slow_start = None;
            let round_trip = now.saturating_duration_since(sent);
            let avoidance = self.avoidance.get_or_insert_default();
            let grown = avoidance.grow(now, round_trip, self.window, bytes);
            self.window = self.window.saturating_add(grown);
            return;
        }
        let slow_start = self.slow_start.get_or_insert_default();
        match slow_start.on_acked(now, sent, bytes) {
            Some(grown) => self.window = self.window.saturating_add(grown),
            None => self.threshold = self.window,
        }
    }

    /// Packets were lost, the latest of them sent at `latest_sent`. `persistent`: persistent congestion.
    pub(crate) fn on_lost(&mut self, now: Instant, latest_sent: Instant, persistent: bool) {
        if !self.is_in_recovery(latest_sent) {
            self.recovery_start = Some(now);
            let lost_at = datagrams(self.window);
            self.window = (self.window * KEPT_TENTHS / 10).max(MINIMUM_WINDOW);
            self.threshold = self.window;
            let avoidance = self.avoidance.get_or_insert_default();
            avoidance.on_lost(lost_at, datagrams(self.window));
        }
        if persistent {
            self.window = MINIMUM_WINDOW;
            self.slow_start = None;
            if let Some(avoidance) = &mut self.avoidance {
                avoidance.curve = None;
                avoidance.fraction = 0.0;
            }
            self.recovery_start = None;
        }
    }

    pub(crate) fn on_path_change(&mut self, now: Instant) {
        // Packets of the old path prove nothing about the new one.
        *self = Self::new();
        self.recovery_start = Some(now);
    }

    pub(crate) fn window(&self) -> u64 {
        self.window
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    const RTT: Duration = Duration::from_millis(100);

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    /// A window of so many datagrams whose first loss was at `start`, and which is what is kept of it.
    fn lost_at(datagrams: u64, start: Instant) -> Cubic {
        let mut cubic = Cubic::new();
        cubic.window = datagrams * DATAGRAM;
        cubic.on_lost(start, start.checked_sub(RTT).unwrap(), false);
        cubic
    }

    /// Acknowledges a window each round trip until `millis` after the loss.
    fn run(cubic: &mut Cubic, start: Instant, from: u64, until: u64, round_trip: u64) {
        let mut at = from + round_trip;
        while at <= until {
            let sent = after(start, at - round_trip + 1);
            for _ in 0..cubic.window / DATAGRAM {
                cubic.on_acked(after(start, at), sent, DATAGRAM, false);
            }
            at += round_trip;
        }
    }

    #[test]
    fn slow_start_grows_by_what_is_acknowledged() {
        let now = instant();
        let mut cubic = Cubic::new();
        cubic.on_acked(now, now, 3000, false);
        assert_eq!(cubic.window(), INITIAL_WINDOW + 3000);
    }

    #[test]
    fn a_sender_without_much_to_say_earns_no_window() {
        let start = instant();
        let mut cubic = Cubic::new();
        cubic.on_acked(start, start, 3000, true);
        assert_eq!(cubic.window(), INITIAL_WINDOW);
        // Nor does the time count in which it had nothing to say.
        let mut busy = lost_at(100, start);
        run(&mut busy, start, 0, 1000, 100);
        let mut quiet = busy.clone();
        for at in 1..600 {
            let now = after(start, 1000 + at * 100);
            quiet.on_acked(now, now.checked_sub(RTT).unwrap(), DATAGRAM, true);
        }
        run(&mut busy, start, 1000, 1200, 100);
        run(&mut quiet, start, 61_000, 61_200, 100);
        assert!(
            quiet.window() <= busy.window() + DATAGRAM,
            "{quiet:?} {busy:?}"
        );
    }

    #[test]
    fn one_flight_with_many_losses_gives_way_once() {
        let start = instant();
        let mut cubic = Cubic::new();
        cubic.on_lost(after(start, 100), start, false);
        cubic.on_lost(after(start, 110), after(start, 50), false);
        let kept = INITIAL_WINDOW * 7 / 10;
        assert_eq!(cubic.window(), kept);
        cubic.on_acked(after(start, 120), after(start, 100), kept, false);
        assert_eq!(cubic.window(), kept, "sent before the recovery began");
        cubic.on_lost(after(start, 300), after(start, 101), false);
        assert_eq!(cubic.window(), kept * 7 / 10, "a new loss");
    }

    #[test]
    fn window_is_back_where_it_was_after_the_same_time_however_long_the_round_trip() {
        // The cube root of 300 lost datagrams' share, 300/0.4, in seconds.
        for round_trip in [100, 200, 300] {
            let start = instant();
            let mut cubic = lost_at(1000, start);
            assert_eq!(cubic.window(), 700 * DATAGRAM);
            run(&mut cubic, start, 0, 3000, round_trip);
            let early = cubic.window() / DATAGRAM;
            assert!((850..980).contains(&early), "{early} after {round_trip} ms");
            run(&mut cubic, start, 3000, 9500, round_trip);
            let plateau = cubic.window() / DATAGRAM;
            assert!((995..1010).contains(&plateau), "{plateau}");
            run(&mut cubic, start, 9500, 14_000, round_trip);
            assert!(cubic.window() / DATAGRAM > 1030, "and then beyond it");
        }
    }

    #[test]
    fn where_windows_are_small_it_is_as_fast_as_newreno() {
        // 20 datagrams at 20 ms: the curve alone would take 2.5 s to come back; NewReno would be at 30 now.
        let start = instant();
        let mut cubic = lost_at(20, start);
        run(&mut cubic, start, 0, 400, 20);
        let window = cubic.window() / DATAGRAM;
        assert!((26..=30).contains(&window), "{window}");
    }

    #[test]
    fn who_loses_below_the_last_plateau_leaves_room() {
        let start = instant();
        let mut cubic = lost_at(1000, start);
        let plateau = |cubic: &Cubic| cubic.avoidance.as_ref().unwrap().plateau;
        assert!((plateau(&cubic) - 1000.0).abs() < 0.1);
        cubic.on_lost(after(start, 300), after(start, 200), false);
        assert!((plateau(&cubic) - 700.0 * 0.85).abs() < 0.1);
    }

    #[test]
    fn the_window_has_a_floor_and_persistent_congestion_starts_again_from_it() {
        let start = instant();
        let mut cubic = Cubic::new();
        for round in 1..20 {
            let sent = after(start, round * 10 - 1);
            cubic.on_lost(after(start, round * 10), sent, false);
        }
        assert_eq!(cubic.window(), MINIMUM_WINDOW);
        let mut cubic = lost_at(100, start);
        cubic.on_lost(after(start, 100), start, true);
        assert_eq!(cubic.window(), MINIMUM_WINDOW);
        cubic.on_acked(after(start, 120), after(start, 90), DATAGRAM, false);
        assert_eq!(cubic.window(), MINIMUM_WINDOW + DATAGRAM);
    }

    #[test]
    fn a_new_path_starts_afresh_and_old_packets_do_not_count_on_it() {
        let start = instant();
        let mut cubic = lost_at(100, start);
        cubic.on_path_change(after(start, 100));
        assert_eq!(cubic.window(), INITIAL_WINDOW);
        cubic.on_acked(after(start, 120), after(start, 90), 5000, false);
        cubic.on_lost(after(start, 120), after(start, 90), false);
        assert_eq!(cubic.window(), INITIAL_WINDOW);
    }
}
