//! Receives a DATA packet: replay check, decryption, migration, frames.

use super::close::Violation;
use super::{Connection, Context};
use crate::transport::channel::assembler::AssembleError;
use crate::transport::recovery::ack::Urgency;
use crate::transport::route::Route;
use crate::transport::wire::frame::{Frame, FrameError, Frames};
use crate::transport::wire::packet::{DATA_HEADER_LEN, DataHeader};
use crate::transport::wire::packet_number::expand;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ignored {
    /// Its number was seen before, or is below the replay window.
    Replayed,
    /// Its tag is wrong.
    Forged,
}

impl Connection {
    /// Decrypts in place.
    pub(crate) fn handle_data(
        &mut self,
        context: &mut Context<'_>,
        header: DataHeader,
        route: Route,
        datagram: &mut [u8],
    ) -> Result<(), Ignored> {
        let bytes = datagram.len();
        let number = expand(header.truncated, self.replay.newest());
        if !self.replay.check(number) {
            return Err(Ignored::Replayed);
        }
        let (associated, body) = datagram
            .split_at_mut_checked(DATA_HEADER_LEN)
            .ok_or(Ignored::Forged)?;
        let next_number = self.recovery.sent.next_number();
        let grace = self.recovery.rtt.persistent_congestion_duration();
        let plain = self
            .keys
            .open(
                context.now,
                header.key_phase,
                number,
                associated,
                body,
                next_number,
                grace,
            )
            .ok_or(Ignored::Forged)?;
        let newest = self.replay.newest().is_none_or(|newest| number > newest);
        self.replay.mark(number);
        self.packets_received += 1;
        self.bytes_received += bytes as u64;
        if !self.state.is_open() {
            self.handle_after_close(context, plain);
            return Ok(());
        }
        self.on_heard(context);
        self.on_packet_from(context, route, bytes, newest);
        if let Err(violation) = self.take_frames(context, number, plain) {
            self.close_for(context, violation);
        }
        Ok(())
    }

    fn take_frames(
        &mut self,
        context: &mut Context<'_>,
        number: u64,
        plain: &[u8],
    ) -> Result<(), Violation> {
        let mut urgency = Urgency::None;
        let mut whole = true;
        for frame in Frames::new(plain) {
            let frame = frame.map_err(Violation::Frame)?;
            urgency = urgency.max(self.urgency(&frame));
            whole &= self.take_frame(context, frame)?;
            if !self.state.is_open() {
                return Ok(());
            }
        }
        // A packet with a dropped frame is never acknowledged, so the peer retransmits all of it.
        if whole {
            let patience = self.recovery.patience();
            self.received
                .received(number, urgency, patience, context.now);
        }
        Ok(())
    }

    /// How soon the peer should hear that this frame has come. Of a copy of what is here it has heard, or will by the
    /// acknowledgement of that.
    fn urgency(&self, frame: &Frame<'_>) -> Urgency {
        let may_wait = match frame {
            Frame::Stream {
                channel,
                patient,
                offset,
                data,
            } => {
                let end = offset.saturating_add(data.len() as u64);
                *patient || self.channels[*channel].assembler.has_all_to(end)
            }
            frame if frame.is_ack_eliciting() => false,
            _ => return Urgency::None,
        };
        if may_wait {
            Urgency::Patient
        } else if self.recovery.is_lossy() {
            Urgency::Lossy
        } else {
            Urgency::Normal
        }
    }

    /// `false`: there was no room for it, so the peer must retransmit it.
    fn take_frame(
        &mut self,
        context: &mut Context<'_>,
        frame: Frame<'_>,
    ) -> Result<bool, Violation> {
        match frame {
            Frame::Ping => {}
            Frame::Ack {
                ranges,
                delay_us,
                loss_permille,
            } => {
                self.on_ack(context, &ranges, delay_us, loss_permille)?;
            }
            Frame::Stream {
                channel,
                patient: _,
                offset,
                data,
            } => {
                self.arm_idle(context.now, true);
                let end = offset.saturating_add(data.len() as u64);
                let assembler = &self.channels[channel].assembler;
                let more = end.saturating_sub(assembler.highest());
                if !self.channels.credit.admits(more) && assembler.max_offset() >= end {
                    return Err(Violation::SessionWindow);
                }
                match self.channels.insert(channel, offset, data) {
                    Ok(()) => {}
                    Err(AssembleError::TooManyHoles) => return Ok(false),
                    Err(error) => return Err(Violation::Stream(error)),
                }
                self.announce_readable(context, channel);
            }
            Frame::Window {
                channel,
                max_offset,
            } => {
                self.channels.set_max_offset(channel, max_offset);
            }
            Frame::SessionWindow { max } => self.channels.credit.allow(max),
            Frame::Close { code, reason } => self.on_peer_close(context, code, reason),
            Frame::PathChallenge(token) => self.challenged = Some(token),
            Frame::PathResponse(token) => self.on_path_response(context, token),
            Frame::Frugal if self.is_server() => self.recovery.frugal = true,
            Frame::Frugal => return Err(Violation::Frame(FrameError::UnknownType)),
            // A client that sends NEW_TOKEN violates the protocol (RFC 9000 §19.7).
            Frame::NewToken(_) if self.is_server() => {
                return Err(Violation::Frame(FrameError::UnknownType));
            }
            Frame::NewToken(token) => self.token.token = Some(Box::new(token)),
        }
        Ok(true)
    }

    /// Only a CLOSE matters now; any other packet shows that the peer has not received ours.
    fn handle_after_close(&mut self, context: &mut Context<'_>, plain: &[u8]) {
        for frame in Frames::new(plain).map_while(Result::ok) {
            if let Frame::Close { code, reason } = frame {
                self.on_peer_close(context, code, reason);
            }
        }
        if let Some(goodbye) = self.state.goodbye() {
            goodbye.on_stray_packet(context.now);
        }
    }
}
