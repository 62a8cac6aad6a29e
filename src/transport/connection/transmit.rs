//! Chooses what a session sends next, and assembles the packet.

use super::close::State;
use super::redundancy::COPIED_BYTES;
use super::{Connection, Context};
use crate::transport::Channel;
use crate::transport::channel::send_buffer::Fragment;
use crate::transport::limits::SMALL_DATAGRAM;
use crate::transport::recovery::sent_packets::{FrameList, SentFrame};
use crate::transport::route::Transmit;
use crate::transport::timer::Timer;
use crate::transport::wire::frame;
use crate::transport::wire::frame::{STREAM_OVERHEAD, stream_data_room};
use crate::transport::wire::packet::{
    ADDRESS_TOKEN_LEN, DATA_HEADER_LEN, DATAGRAM_LEN, TAG_LEN, encode_data_header,
};

/// Bytes of a packet with one ACK range, a path challenge and a path response: with a smaller budget an unvalidated
/// path is sent nothing.
const LEAST_PACKET: usize = DATA_HEADER_LEN + TAG_LEN + 40;

/// Maximum bytes of a WINDOW frame.
const WINDOW_BYTES: usize = 1 + 1 + 9;

/// Maximum bytes of a `SESSION_WINDOW` frame.
const SESSION_WINDOW_BYTES: usize = 1 + 9;

/// Bytes of a `NEW_TOKEN` frame.
const NEW_TOKEN_BYTES: usize = 1 + 2 + ADDRESS_TOKEN_LEN;

/// The minimum data of a new STREAM frame, in bytes.
const LEAST_FRAGMENT: usize = 16;

/// What a packet may hold besides acknowledgements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Acknowledgement,
    /// Path validation, exempt from congestion window and pacing.
    Path,
    Data,
}

#[derive(Default)]
pub(super) struct Written {
    pub(super) frames: FrameList,
    pub(super) ack_eliciting: bool,
    /// It holds stream data that is sent for the first time.
    pub(super) fresh: bool,
    /// It holds stream data that was sent before.
    again: bool,
    /// Bytes of redundant copies.
    pub(super) copied: usize,
}

impl Written {
    fn add(&mut self, frame: SentFrame) {
        self.add_patient(frame);
        self.frames.urgent = true;
    }

    fn add_patient(&mut self, frame: SentFrame) {
        self.frames.push(frame);
        self.ack_eliciting = true;
    }
}

impl Connection {
    /// Writes the next packet into the empty buffer.
    pub(crate) fn poll_transmit(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut Vec<u8>,
    ) -> Option<Transmit> {
        match self.state {
            State::Open => {}
            State::Closing(_) | State::Draining(_) => {
                return self.transmit_goodbye(context, buffer);
            }
            State::Gone => return None,
        }
        if self.silent && self.is_server() {
            return None;
        }
        if let Some(farewell) = self.path.farewell.take() {
            self.begin(context, buffer);
            frame::encode_path_challenge(buffer, farewell.token);
            self.finish(buffer);
            self.recovery.sent.on_sent_unrecorded();
            return Some(Transmit::one(farewell.route, buffer.len()));
        }
        if !self.has_budget() {
            return None;
        }
        let scope = self.allowed_content(context);
        let something = match scope {
            Content::Data | Content::Path => true,
            Content::Acknowledgement => self.received.is_due(context.now),
        };
        something.then(|| self.transmit(context, buffer, scope))
    }

    /// Whether the anti-amplification limit leaves room for a packet.
    pub(super) fn has_budget(&self) -> bool {
        self.path.budget() >= LEAST_PACKET
    }

    fn has_data(&self) -> bool {
        self.ping
            || self.frugal_due
            || self.owes_token()
            || self.channels.credit.due
            || !self.channels.windows_due.is_empty()
            || self.has_stream_data()
    }

    pub(super) fn owes_token(&self) -> bool {
        self.is_server() && self.token.token.is_some()
    }

    pub(super) fn has_stream_data(&self) -> bool {
        self.channels.has_pending()
    }

    pub(super) fn has_path_duty(&self) -> bool {
        self.challenged.is_some() || self.path.is_challenge_due()
    }

    /// What congestion window and pacer allow now.
    fn allowed_content(&mut self, context: &Context<'_>) -> Content {
        let otherwise = if self.has_path_duty() {
            Content::Path
        } else {
            Content::Acknowledgement
        };
        if self.holds_back(context.now) {
            return otherwise;
        }
        if !self.has_data() && self.recovery.probes > 0 {
            self.repeat_newest();
        }
        let only_copies = !self.has_data();
        if only_copies {
            self.recovery.app_limited = true;
            self.recovery.probes = 0;
            self.copies_due &= self.wants_copies(Some(context.now));
            if !self.copies_due {
                return otherwise;
            }
        } else if self.recovery.probes > 0 {
            return Content::Data;
        } else {
            self.recovery.app_limited = false;
        }
        let copies = if only_copies { COPIED_BYTES as u64 } else { 0 };
        let waiting = self.channels.pending();
        let overhead = LEAST_PACKET + STREAM_OVERHEAD;
        let size = (waiting + copies + overhead as u64).min(self.mtu.limit() as u64);
        let window = self.recovery.window();
        if self.recovery.sent.bytes_in_flight() as u64 + size > window {
            if self.timers.get(Timer::Loss).is_none() {
                self.arm_loss_timer(context.now);
            }
            return otherwise;
        }
        let smoothed = self.recovery.rtt.smoothed();
        let pacer = &mut self.recovery.pacer;
        let Some(moment) = pacer.delay(context.now, size, smoothed, window) else {
            return Content::Data;
        };
        self.timers.set(Timer::Pace, moment);
        otherwise
    }

    fn transmit(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut Vec<u8>,
        scope: Content,
    ) -> Transmit {
        self.begin(context, buffer);
        let largest = match scope {
            Content::Data => self
                .mtu
                .limit_of_data(context.now, || self.channels.pending()),
            Content::Acknowledgement | Content::Path => self.mtu.limit(),
        };
        let limit = largest.min(self.path.budget()) - TAG_LEN;
        let written = self.write_frames(context, buffer, limit, scope);
        self.finish(buffer);
        self.record(context, buffer.len(), &written, scope);
        if scope == Content::Data && !self.has_data() {
            self.arm_redundancy(context.now);
        }
        Transmit::one(self.path.route, buffer.len())
    }

    fn begin(&mut self, context: &mut Context<'_>, buffer: &mut Vec<u8>) {
        if self.recovery.sent.next_number() >= self.skip_at {
            self.recovery.sent.skip();
            self.choose_skip(context.random);
        }
        let number = self.recovery.sent.next_number();
        self.keys.update_if_due(context.now, number);
        encode_data_header(buffer, self.remote_id, self.keys.phase(), number);
    }

    fn finish(&mut self, buffer: &mut Vec<u8>) {
        let number = self.recovery.sent.next_number();
        self.keys.seal(number, buffer, DATA_HEADER_LEN);
        self.packets_sent += 1;
        self.bytes_sent += buffer.len() as u64;
    }

    fn record(
        &mut self,
        context: &mut Context<'_>,
        size: usize,
        written: &Written,
        scope: Content,
    ) {
        self.path.on_sent(size);
        self.retransmissions += u64::from(written.again);
        // The peer repeats a path challenge itself, so recovery ignores it. No window bounds these packets: recording
        // each would let a peer that never acknowledges fill memory.
        if written.ack_eliciting && scope == Content::Data {
            let (now, recovery) = (context.now, &mut self.recovery);
            self.mtu.on_sent(now, recovery.sent.next_number(), size);
            let sent = &mut recovery.sent;
            sent.on_sent(now, size, &written.frames, written.copied);
            recovery.on_sent_eliciting(now, size, written);
            self.arm_loss_timer(context.now);
        } else {
            self.recovery.sent.on_sent_unrecorded();
        }
        self.on_spoken(context, written.ack_eliciting);
    }

    /// Writes frames until the buffer has `limit` bytes, the most urgent first.
    fn write_frames(
        &mut self,
        context: &Context<'_>,
        buffer: &mut Vec<u8>,
        limit: usize,
        scope: Content,
    ) -> Written {
        let mut written = Written::default();
        self.write_ack(context, buffer, limit, &mut written.frames);
        if scope == Content::Acknowledgement {
            // An acknowledgement that is due carries copies.
            if self.recovery.is_lossy() {
                self.write_copies(context.now, buffer, limit, &mut written);
            }
            return written;
        }
        if let Some(token) = self.challenged.take() {
            frame::encode_path_response(buffer, token);
            written.ack_eliciting = true;
        }
        if let Some(token) = self.path.take_challenge() {
            frame::encode_path_challenge(buffer, token);
            written.ack_eliciting = true;
        }
        if scope == Content::Path {
            return written;
        }
        // A probe wants an answer soon, whatever it holds.
        let asks = self.ping || self.recovery.probes > 0;
        if asks {
            self.write_ping(buffer, limit, &mut written);
        }
        self.write_windows(buffer, limit, &mut written);
        for channel in Channel::ALL {
            self.write_channel(buffer, limit, channel, &mut written);
        }
        self.write_token(buffer, limit, &mut written);
        if self.recovery.is_lossy() {
            self.write_copies(context.now, buffer, limit, &mut written);
        }
        // What is sent again may be here already, and its acknowledgement lost.
        if !written.ack_eliciting || (written.again && !asks) {
            self.write_ping(buffer, limit, &mut written);
        }
        written
    }

    fn write_ping(&mut self, buffer: &mut Vec<u8>, limit: usize, written: &mut Written) {
        if limit > buffer.len() {
            frame::encode_ping(buffer);
            written.ack_eliciting = true;
            written.frames.urgent = true;
            self.ping = false;
        }
    }

    fn write_windows(&mut self, buffer: &mut Vec<u8>, limit: usize, written: &mut Written) {
        if self.frugal_due && limit > buffer.len() {
            self.frugal_due = false;
            frame::encode_frugal(buffer);
            written.add(SentFrame::Frugal);
        }
        for channel in Channel::ALL {
            let room = limit.saturating_sub(buffer.len()) >= WINDOW_BYTES;
            let is_due = self.channels.windows_due.contains(channel);
            if is_due && room && !written.frames.is_full() {
                self.channels.windows_due.remove(channel);
                let max_offset = self.channels[channel].assembler.max_offset();
                frame::encode_window(buffer, channel, max_offset);
                written.add(SentFrame::Window(channel));
            }
        }
        let room = limit.saturating_sub(buffer.len()) >= SESSION_WINDOW_BYTES;
        if self.channels.credit.due && room && !written.frames.is_full() {
            self.channels.credit.due = false;
            frame::encode_session_window(buffer, self.channels.credit.receive_max());
            written.add(SentFrame::SessionWindow);
        }
    }

    fn write_ack(
        &mut self,
        context: &Context<'_>,
        buffer: &mut Vec<u8>,
        limit: usize,
        frames: &mut FrameList,
    ) {
        let Some(report) = self.received.frame(context.now, self.recovery.is_lossy()) else {
            return;
        };
        let (start, largest) = (buffer.len(), report.largest);
        let loss_permille = self.recovery.loss_permille();
        frame::encode_ack(buffer, report.ranges, report.delay_us, loss_permille);
        // Path challenge and response must fit after it.
        if buffer.len() + LEAST_PACKET > limit
            && limit < SMALL_DATAGRAM - TAG_LEN
            && buffer.len() > start + 16
        {
            buffer.truncate(start);
            return;
        }
        frames.push(SentFrame::Ack(largest));
        self.recovery.told_loss_permille = loss_permille;
        self.received.on_sent();
    }

    /// The token comes last, because only the next session needs it.
    fn write_token(&mut self, buffer: &mut Vec<u8>, limit: usize, written: &mut Written) {
        let room = limit.saturating_sub(buffer.len()) >= NEW_TOKEN_BYTES;
        if !self.owes_token() || !room || written.frames.is_full() {
            return;
        }
        if let Some(token) = self.token.token.take() {
            frame::encode_new_token(buffer, &token);
            written.add(SentFrame::NewToken);
        }
    }

    fn write_channel(
        &mut self,
        buffer: &mut Vec<u8>,
        limit: usize,
        channel: Channel,
        written: &mut Written,
    ) {
        let is_crowded = self.recovery.is_crowded();
        while !written.frames.is_full() {
            let Some(next) = self.channels.next_fragment(channel) else {
                return;
            };
            let sender = &self.channels[channel].sender;
            let room = limit.saturating_sub(buffer.len());
            let len = next.len.min(stream_data_room(next.offset, room));
            if len < next.len.min(LEAST_FRAGMENT) || len == 0 {
                return;
            }
            let fragment = Fragment {
                offset: next.offset,
                len,
            };
            let patient = !is_crowded && !sender.is_urgent(fragment);
            let data = sender.data(fragment);
            frame::encode_stream(buffer, channel, patient, fragment.offset, data);
            written.fresh |= fragment.range().end > sender.sent_to();
            written.again |= fragment.offset < sender.sent_to();
            self.channels.on_sent(channel, fragment);
            let sent = SentFrame::stream(channel, fragment);
            if patient {
                written.add_patient(sent);
            } else {
                written.add(sent);
            }
        }
    }

    /// Closes: first, in a few packets, the data that was still queued, then CLOSE.
    fn transmit_goodbye(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let waiting = self.has_stream_data();
        let goodbye = self.state.goodbye().filter(|goodbye| goodbye.due)?;
        let with_data = waiting && goodbye.packets_with_data > 0;
        goodbye.packets_with_data = goodbye.packets_with_data.saturating_sub(1);
        if self.path.budget() < DATAGRAM_LEN {
            return None;
        }
        self.begin(context, buffer);
        let close_room = 8 + frame::MAX_REASON_LEN;
        let mut list = FrameList::default();
        if with_data {
            let limit = self.mtu.limit() - TAG_LEN;
            let written = self.write_frames(context, buffer, limit, Content::Data);
            list = written.frames;
        }
        let more = self.has_stream_data();
        let fits = buffer.len() + close_room + TAG_LEN <= self.mtu.limit();
        if let Some(goodbye) = self.state.goodbye()
            && fits
            && (!more || goodbye.packets_with_data == 0)
        {
            frame::encode_close(buffer, goodbye.code, &goodbye.reason);
            goodbye.on_sent(context.now);
        }
        self.finish(buffer);
        let sent = &mut self.recovery.sent;
        sent.on_sent(context.now, buffer.len(), &list, 0);
        self.path.on_sent(buffer.len());
        Some(Transmit::one(self.path.route, buffer.len()))
    }
}
