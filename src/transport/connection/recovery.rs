//! Loss recovery: acknowledgements, loss detection and probe time-outs (RFC 9002).

use std::time::{Duration, Instant};

use super::close::Violation;
use super::transmit::Written;
use super::{Connection, Context};
use crate::transport::Channel;
use crate::transport::channel::send_buffer::Fragment;
use crate::transport::limits::{PACKET_THRESHOLD, PTO_MAX, PTO_PROBES, STANDBY_PTOS, STANDBY_WAIT};
use crate::transport::recovery::ack::{
    FRUGAL_ACK_DELAY, LOSSY_ACK_DELAY, LOSSY_PATIENCE, PATIENT_ACK_DELAY, Patience,
};
use crate::transport::recovery::congestion::Cubic;
use crate::transport::recovery::pacer::Pacer;
use crate::transport::recovery::rtt::{MAX_ACK_DELAY, RttEstimator};
use crate::transport::recovery::sent_packets::{SentFrame, SentPacket, SentPackets};
use crate::transport::timer::Timer;
use crate::transport::wire::frame::AckRanges;

/// The loss average weights each packet by one part in the number of packets seen, from the first figure up to the
/// second. Chosen: a session starts as if few packets had arrived, so its first loss shows at once; later a burst
/// fades after some hundred packets, and a loss of 5 % never reads as none.
const LOSS_WINDOW_FIRST: f32 = 8.0;
const LOSS_WINDOW: f32 = 128.0;

/// How many probe time-outs in a row do not double the next, on a path that loses packets or is not known yet. Chosen: at 40 % loss
/// each way three in a row get no answer once in four times; and a path that was cut costs a few packets more.
const PTOS_SPARED: u32 = 3;

#[derive(Debug)]
pub(super) struct Recovery {
    pub(super) sent: SentPackets,
    pub(super) rtt: RttEstimator,
    pub(super) congestion: Cubic,
    pub(super) pacer: Pacer,
    largest_acked: Option<u64>,
    /// When the oldest packet below the largest acknowledged one counts as lost.
    loss_time: Option<Instant>,
    /// The start of the current probe time-out, if an acknowledgement is awaited soon.
    probe_from: Option<Instant>,
    pto_count: u32,
    /// Probes still to send; they are exempt from the congestion window.
    pub(super) probes: u8,
    /// The congestion window did not limit the sender.
    pub(super) app_limited: bool,
    pub(super) packets_lost: u64,
    pub(super) copies_sent: u64,
    /// The second that is counted, and the bytes of copies sent in it.
    pub(super) copying: (Instant, u32),
    /// Packets cost money: there are no copies.
    pub(super) frugal: bool,
    pub(super) loss_average: f32,
    loss_window: f32,
    /// The loss that the peer reported for its own packets.
    pub(super) peer_loss_permille: u16,
    /// The loss that this end last reported.
    pub(super) told_loss_permille: u16,
}

impl Recovery {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            sent: SentPackets::default(),
            rtt: RttEstimator::default(),
            congestion: Cubic::new(),
            pacer: Pacer::new(now),
            largest_acked: None,
            loss_time: None,
            probe_from: None,
            pto_count: 0,
            probes: 0,
            app_limited: true,
            packets_lost: 0,
            copies_sent: 0,
            copying: (now, 0),
            frugal: false,
            loss_average: 0.0,
            loss_window: LOSS_WINDOW_FIRST,
            peer_loss_permille: 0,
            told_loss_permille: 0,
        }
    }

    pub(super) fn loss_permille(&self) -> u16 {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it lies between 0 and 1000"
        )]
        let permille = (self.loss_average.clamp(0.0, 1.0) * 1000.0) as u16;
        permille
    }

    /// Whether enough packets were sent to know the loss.
    pub(super) fn knows_loss(&self) -> bool {
        self.loss_window >= LOSS_WINDOW
    }

    fn on_fate(&mut self, lost: bool) {
        let fate = f32::from(u8::from(lost));
        self.loss_average += (fate - self.loss_average) / self.loss_window;
        self.loss_window = (self.loss_window + 1.0).min(LOSS_WINDOW);
    }

    /// The probe time-out without backoff. On a lossy path, once both ends know of the loss, the peer acknowledges
    /// sooner.
    pub(super) fn probe_timeout(&self) -> Duration {
        let both_know = self.is_lossy() && self.peer_hurries();
        let delay = match (self.sent.has_urgent(), both_know) {
            (true, true) => LOSSY_ACK_DELAY,
            (true, false) => MAX_ACK_DELAY,
            (false, _) if self.frugal => FRUGAL_ACK_DELAY,
            (false, true) => LOSSY_PATIENCE,
            (false, false) => PATIENT_ACK_DELAY,
        };
        (self.rtt.pto_base() + delay).saturating_sub(MAX_ACK_DELAY)
    }

    /// How long an acknowledgement may wait that nobody waits for.
    pub(super) fn patience(&self) -> Patience {
        let usual = if self.frugal {
            FRUGAL_ACK_DELAY
        } else if self.is_lossy() {
            LOSSY_PATIENCE
        } else {
            PATIENT_ACK_DELAY
        };
        // Where packets are lost, gaps say little.
        let after_gap = if self.is_lossy() {
            usual
        } else {
            MAX_ACK_DELAY
        };
        Patience { usual, after_gap }
    }

    /// Whether what is in flight should be acknowledged soon, whoever waits for it: it fills the congestion window.
    pub(super) fn is_crowded(&self) -> bool {
        self.sent.bytes_in_flight() as u64 * 2 > self.window()
    }

    /// How many packets probe a silence. One of a path that loses packets has copies, and the first of a session follow each
    /// other soon.
    fn probes_wanted(&self) -> u8 {
        if self.is_lossy() || self.frugal || self.is_new() {
            1
        } else {
            PTO_PROBES
        }
    }

    /// The probe time-out with backoff.
    fn pto(&self) -> Duration {
        let base = self.probe_timeout();
        let factor = 1_u32.checked_shl(self.doublings()).unwrap_or(u32::MAX);
        base.saturating_mul(factor).min(base.max(PTO_MAX))
    }

    /// How often the probe time-out is doubled. Before the first acknowledgement nothing is known of the path's losses.
    fn doublings(&self) -> u32 {
        if self.is_new() {
            self.pto_count.saturating_sub(PTOS_SPARED)
        } else {
            self.unexplained_ptos()
        }
    }

    /// The probe time-outs in a row that show more than the losses that are known.
    fn unexplained_ptos(&self) -> u32 {
        let spared = if self.is_lossy() { PTOS_SPARED } else { 0 };
        self.pto_count.saturating_sub(spared)
    }

    fn is_new(&self) -> bool {
        self.largest_acked.is_none()
    }

    /// An ack-eliciting packet was sent. On a lossy path, `fresh` data resets the backoff that earlier data caused;
    /// the congestion window bounds how often.
    pub(super) fn on_sent_eliciting(&mut self, now: Instant, size: usize, written: &Written) {
        if written.fresh && self.is_lossy() {
            self.pto_count = 0;
        }
        if written.frames.urgent {
            self.probe_from = Some(now);
        }
        self.pacer.on_sent(size as u64);
        self.probes = self.probes.saturating_sub(1);
    }

    /// The peer is back after a silence: the backoff restarts.
    pub(super) fn wake(&mut self) {
        self.pto_count = 0;
    }

    /// The path has changed: RTT, congestion window and backoff restart.
    pub(super) fn on_path_change(&mut self, now: Instant) {
        self.rtt.reset();
        for packet in self.sent.iter_mut() {
            packet.measures = false;
        }
        self.congestion.on_path_change(now);
        self.pacer = Pacer::new(now);
        self.pto_count = 0;
    }
}

impl Connection {
    /// Handles an ACK frame. One that acknowledges a packet that was never sent ends the session. The number of
    /// packets in flight bounds the work.
    pub(super) fn on_ack(
        &mut self,
        context: &mut Context<'_>,
        ranges: &AckRanges<'_>,
        delay_us: u64,
        loss_permille: u16,
    ) -> Result<(), Violation> {
        let recovery = &mut self.recovery;
        for range in ranges.clone() {
            let last = range.end.saturating_sub(1);
            let checked = recovery.sent.check(range.start, last);
            checked.map_err(|_| Violation::NeverSent)?;
        }
        recovery.peer_loss_permille = loss_permille;
        let acked_before = recovery.largest_acked;
        let largest = ranges.largest();
        recovery.largest_acked = acked_before.max(Some(largest));
        let mut newly_acked = false;
        let mut lowest = u64::MAX;
        for range in ranges.clone() {
            let last = range.end.saturating_sub(1);
            while let Some(packet) = self.recovery.sent.take_within(range.start, last) {
                newly_acked = true;
                lowest = lowest.min(packet.number);
                if packet.number == largest && packet.measures {
                    let sample = context.now.saturating_duration_since(packet.sent);
                    let delay = Duration::from_micros(delay_us);
                    self.recovery.rtt.update(context.now, sample, delay);
                }
                self.on_packet_acked(context.now, &packet);
            }
        }
        if !newly_acked {
            return Ok(());
        }
        self.recovery.pto_count = 0;
        self.recovery.probes = 0;
        let unbroken = acked_before.map_or(0, |before| before + 1)..lowest;
        self.detect_lost(context.now, unbroken);
        self.arm_loss_timer(context.now);
        for channel in Channel::ALL {
            self.announce_writable(context, channel);
        }
        Ok(())
    }

    fn on_packet_acked(&mut self, now: Instant, packet: &SentPacket) {
        let recovery = &mut self.recovery;
        recovery.on_fate(false);
        let (congestion, growth) = (&mut recovery.congestion, packet.growth());
        congestion.on_acked(now, packet.sent, growth, recovery.app_limited);
        self.keys.on_acknowledged(packet.number);
        self.mtu.on_acked(packet.size());
        for frame in packet.frames() {
            match frame {
                SentFrame::Stream {
                    channel,
                    offset,
                    len,
                } => {
                    let fragment = Fragment::sent(offset, len);
                    self.channels.on_acked(channel, fragment);
                }
                SentFrame::Ack(largest) => self.received.acknowledged(largest),
                SentFrame::Window(_)
                | SentFrame::SessionWindow
                | SentFrame::NewToken
                | SentFrame::Frugal => {}
            }
        }
    }

    /// Detects losses by packet number and by time (RFC 9002 §6.1). No packet of the numbers `unbroken` was
    /// acknowledged.
    fn detect_lost(&mut self, now: Instant, unbroken: std::ops::Range<u64>) {
        self.recovery.loss_time = None;
        let Some(largest_acked) = self.recovery.largest_acked else {
            return;
        };
        let delay = self.recovery.rtt.loss_delay();
        let mut latest_lost = None;
        let mut first_unbroken: Option<Instant> = None;
        let mut period = Duration::ZERO;
        // The oldest comes first: if it is not lost, no later packet is.
        while let Some(oldest) = self.recovery.sent.oldest().copied() {
            if oldest.number >= largest_acked {
                break;
            }
            let lost_at = oldest.sent + delay;
            if oldest.number + PACKET_THRESHOLD > largest_acked && lost_at > now {
                self.recovery.loss_time = Some(lost_at);
                break;
            }
            let Some(packet) = self.recovery.sent.take_within(oldest.number, oldest.number) else {
                break;
            };
            let first_sample = self.recovery.rtt.first_sample();
            let measured = first_sample.is_some_and(|first| packet.sent > first);
            if unbroken.contains(&packet.number) && measured {
                let first = *first_unbroken.get_or_insert(packet.sent);
                period = packet.sent.saturating_duration_since(first);
            }
            self.recovery.packets_lost += 1;
            if !self.mtu.on_lost(now, packet.number, packet.size()) {
                latest_lost = Some(packet.sent);
                self.recovery.on_fate(true);
            }
            self.send_again(&packet);
        }
        if let Some(latest_sent) = latest_lost {
            let persistent = period >= self.recovery.rtt.persistent_congestion_duration();
            let congestion = &mut self.recovery.congestion;
            congestion.on_lost(now, latest_sent, persistent);
        }
    }

    /// Queues the frames of a lost packet again, as far as they still matter. Returns whether any does.
    fn send_again(&mut self, packet: &SentPacket) -> bool {
        let mut matters = false;
        for frame in packet.frames() {
            match frame {
                SentFrame::Stream {
                    channel,
                    offset,
                    len,
                } => {
                    let fragment = Fragment::sent(offset, len);
                    matters |= self.channels.on_lost(channel, fragment);
                }
                SentFrame::SessionWindow => {
                    self.channels.credit.due = true;
                    matters = true;
                }
                SentFrame::NewToken => {
                    // The next packet from the peer triggers another.
                    self.token.given = None;
                    matters |= self.token.token.is_some();
                }
                SentFrame::Window(channel) => {
                    self.channels.windows_due.insert(channel);
                    matters = true;
                }
                SentFrame::Frugal => {
                    self.frugal_due = true;
                    matters = true;
                }
                SentFrame::Ack(_) => {}
            }
        }
        matters
    }

    pub(super) fn arm_loss_timer(&mut self, now: Instant) {
        let recovery = &self.recovery;
        let idle = recovery.sent.is_empty() || (self.silent && self.is_server());
        if idle || !self.state.is_open() {
            self.timers.clear(Timer::Loss);
        } else if let Some(loss_time) = recovery.loss_time {
            self.timers.set(Timer::Loss, loss_time);
        } else {
            let newest = recovery.sent.newest().map(|newest| newest.sent);
            let patient_from = newest.filter(|_| !recovery.sent.has_urgent());
            let from = recovery.probe_from.max(patient_from).unwrap_or(now);
            self.timers.set(Timer::Loss, from + recovery.pto());
        }
    }

    /// Whether a probe could gain anything: not if all data in flight was acknowledged with other packets, and there is
    /// room for the next, whose acknowledgement will tell of these too.
    fn awaits_acknowledgement(&self) -> bool {
        let is_awaited = |frame| match frame {
            SentFrame::Stream {
                channel,
                offset,
                len,
            } => {
                let sender = &self.channels[channel].sender;
                sender.unacked(Fragment::sent(offset, len)).is_some()
            }
            SentFrame::Window(_)
            | SentFrame::SessionWindow
            | SentFrame::NewToken
            | SentFrame::Frugal => true,
            SentFrame::Ack(_) => false,
        };
        let sent = &self.recovery.sent;
        let next = sent.bytes_in_flight() + self.mtu.limit();
        let has_no_room = next as u64 > self.recovery.window();
        has_no_room
            || sent
                .iter()
                .any(|packet| packet.is_ping() || packet.frames().any(is_awaited))
    }

    pub(super) fn on_loss_timer(&mut self, now: Instant) {
        if self.recovery.loss_time.is_some() {
            self.detect_lost(now, 0..0);
        } else if !self.awaits_acknowledgement() {
            self.timers.clear(Timer::Loss);
            return;
        } else {
            self.recovery.pto_count = self.recovery.pto_count.saturating_add(1);
            if let Some(oldest) = self.recovery.sent.oldest() {
                let count = self.recovery.unexplained_ptos();
                self.mtu.on_pto(now, count, oldest.size());
            }
            self.probe(now);
        }
        self.arm_loss_timer(now);
    }

    /// Retransmits the oldest unacknowledged frames, or a PING if none matters.
    pub(super) fn probe(&mut self, now: Instant) {
        self.has_probed = true;
        self.recovery.probe_from = Some(now);
        let mut matters = false;
        let probes = self.recovery.probes_wanted();
        self.recovery.probes = probes;
        for _ in 0..probes {
            matters |= self.repeat_oldest();
        }
        if !matters {
            for packet in self.recovery.sent.iter_mut() {
                packet.repeated = false;
            }
            matters = self.repeat_oldest();
        }
        self.ping |= !matters;
    }

    /// At a client: whether a probe was sent since the last call, and earlier packets are unanswered too.
    pub(crate) fn take_unanswered_probe(&mut self, now: Instant) -> bool {
        let has_probed = std::mem::take(&mut self.has_probed);
        let waited = |since| now.saturating_duration_since(since) >= STANDBY_WAIT;
        let many = self.recovery.pto_count >= STANDBY_PTOS && !self.recovery.is_lossy();
        let in_vain = self.unanswered.is_some_and(|since| many || waited(since));
        has_probed && in_vain && self.state.is_open() && !self.is_server()
    }

    fn repeat_oldest(&mut self) -> bool {
        while let Some(packet) = self.recovery.sent.repeat_oldest() {
            if self.send_again(&packet) {
                return true;
            }
        }
        false
    }

    /// A second probe is allowed, but the first one held everything: it is sent twice.
    pub(super) fn repeat_newest(&mut self) {
        let newest = self.recovery.sent.newest().copied();
        self.ping |= newest.is_some_and(|newest| !self.send_again(&newest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    #[test]
    fn probe_time_out_is_doubled_once_enough_is_known_of_the_path() {
        let waits = |recovery: &mut Recovery| {
            [0, 1, 3, 4].map(|count| {
                recovery.pto_count = count;
                recovery.pto().as_millis() / recovery.probe_timeout().as_millis()
            })
        };
        let mut recovery = Recovery::new(instant());
        assert_eq!(
            (waits(&mut recovery), recovery.probes_wanted()),
            ([1, 1, 1, 2], 1)
        );
        recovery.largest_acked = Some(0);
        recovery
            .rtt
            .update(instant(), Duration::from_millis(50), Duration::ZERO);
        assert_eq!(
            (waits(&mut recovery), recovery.probes_wanted()),
            ([1, 2, 8, 16], 2)
        );
        recovery.loss_average = 0.2;
        assert_eq!(
            (waits(&mut recovery), recovery.probes_wanted()),
            ([1, 1, 1, 2], 1)
        );
        // What is smaller than what gets lost may get through: that depends on losses alone.
        assert_eq!(recovery.unexplained_ptos(), 1);
        recovery = Recovery {
            pto_count: 2,
            ..Recovery::new(instant())
        };
        assert_eq!(recovery.unexplained_ptos(), 2);
    }
}
