//! Frames, the contents of a packet: each is a small integer (its type) and its fields, as plain `MessagePack` values
//! without an array around them. Neither encoding nor decoding allocates.
//!
//! The type of a STREAM frame is [`STREAM`] plus its channel, which saves a byte in the most frequent frame; plus
//! [`PATIENT`] if its acknowledgement may wait.

use std::ops::Range;

use super::packet::ADDRESS_TOKEN_LEN;
use crate::transport::event::Channel;
use rmp::{decode, encode};

/// Maximum bytes of a CLOSE reason; a longer one is truncated when written and rejected when read.
pub(crate) const MAX_REASON_LEN: usize = 128;
/// The largest packet number there can be. RFC 9000, section 12.3.
pub(crate) const MAX_PACKET_NUMBER: u64 = (1 << 62) - 1;
/// Ranges in an ACK frame at most; a frame with more is refused. The receiver remembers as many and drops the lowest beyond
/// that, whose packets may then be retransmitted needlessly (RFC 9000, section 13.2.3).
pub(crate) const MAX_RANGES: usize = 32;
/// Maximum overhead of a STREAM frame within one packet.
pub(crate) const STREAM_OVERHEAD: usize = 1 + 9 + 3;

/// A zero byte in place of a frame type is padding.
const PADDING: u8 = 0;
const PING: u8 = 1;
const ACK: u8 = 2;
const WINDOW: u8 = 3;
const CLOSE: u8 = 4;
const PATH_CHALLENGE: u8 = 5;
const PATH_RESPONSE: u8 = 6;
const SESSION_WINDOW: u8 = 7;
const STREAM: u8 = 8;
const PATIENT: u8 = 4;
const NEW_TOKEN: u8 = 16;
const FRUGAL: u8 = 17;

const VEC_IS_INFALLIBLE: &str = "a Vec takes every write";

/// A frame that borrows from its packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// RFC 9000 §19.2.
    Ping,
    /// RFC 9000 §19.3.
    Ack {
        ranges: AckRanges<'a>,
        /// How long ago the largest of them arrived, in microseconds, as the peer claims.
        delay_us: u64,
        /// The loss that the acknowledging end measured for its own packets, in packets of a thousand.
        loss_permille: u16,
    },
    /// RFC 9000 §19.8.
    Stream {
        channel: Channel,
        /// Nobody waits for it: its acknowledgement may wait.
        patient: bool,
        offset: u64,
        data: &'a [u8],
    },
    /// The channel accepts stream data below this offset.
    Window { channel: Channel, max_offset: u64 },
    /// All channels together accept stream data up to this sum of offsets.
    SessionWindow { max: u64 },
    /// RFC 9000 §19.19.
    Close { code: u16, reason: &'a str },
    /// RFC 9000 §19.17.
    PathChallenge([u8; 8]),
    /// RFC 9000 §19.18.
    PathResponse([u8; 8]),
    /// An address token for the client's next session.
    NewToken([u8; ADDRESS_TOKEN_LEN]),
    /// The client wants no copies: its packets cost money.
    Frugal,
}

impl Frame<'_> {
    /// RFC 9000 §13.2.
    pub(crate) fn is_ack_eliciting(&self) -> bool {
        !matches!(self, Self::Ack { .. } | Self::Close { .. })
    }
}

/// Why a plaintext is not a sequence of frames. It is authentic, so the session is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameError {
    UnknownType,
    Malformed,
    OutOfRange,
}

/// The frames of a packet, in order. The iterator ends after an error.
#[derive(Debug, Clone)]
pub(crate) struct Frames<'a> {
    rest: &'a [u8],
}

impl<'a> Frames<'a> {
    pub(crate) fn new(plaintext: &'a [u8]) -> Self {
        Self { rest: plaintext }
    }

    fn frame(&mut self, kind: u8) -> Result<Frame<'a>, FrameError> {
        let rest = &mut self.rest;
        match kind {
            PING => Ok(Frame::Ping),
            ACK => read_ack(rest),
            WINDOW => Ok(Frame::Window {
                channel: channel(read_uint(rest)?)?,
                max_offset: read_uint(rest)?,
            }),
            SESSION_WINDOW => Ok(Frame::SessionWindow {
                max: read_uint(rest)?,
            }),
            CLOSE => {
                let code = read_u16(rest)?;
                let len = decode::read_str_len(rest).map_err(|_| FrameError::Malformed)?;
                let reason =
                    std::str::from_utf8(take(rest, len)?).map_err(|_| FrameError::Malformed)?;
                if reason.len() > MAX_REASON_LEN {
                    return Err(FrameError::OutOfRange);
                }
                Ok(Frame::Close { code, reason })
            }
            PATH_CHALLENGE => Ok(Frame::PathChallenge(read_array(rest)?)),
            PATH_RESPONSE => Ok(Frame::PathResponse(read_array(rest)?)),
            NEW_TOKEN => Ok(Frame::NewToken(read_array(rest)?)),
            FRUGAL => Ok(Frame::Frugal),
            _ => {
                let number = kind.checked_sub(STREAM).ok_or(FrameError::UnknownType)?;
                let (patient, number) = (number & PATIENT != 0, number & !PATIENT);
                Ok(Frame::Stream {
                    channel: channel(u64::from(number)).map_err(|_| FrameError::UnknownType)?,
                    patient,
                    offset: read_uint(rest)?,
                    data: read_bin(rest)?,
                })
            }
        }
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        let padding = self
            .rest
            .iter()
            .take_while(|&&byte| byte == PADDING)
            .count();
        let (&kind, rest) = self.rest[padding..].split_first()?;
        self.rest = rest;
        let frame = self.frame(kind);
        if frame.is_err() {
            self.rest = &[];
        }
        Some(frame)
    }
}

/// The ranges of an ACK frame, highest first, decoded lazily. They are disjoint, not empty, and at most
/// [`MAX_RANGES`]. How many packet numbers they span is up to the peer: never iterate over the numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AckRanges<'a> {
    largest: u64,
    /// The start of the last range read; at first the end of the first range.
    upper: u64,
    /// Ranges not yet read.
    count: u64,
    is_first: bool,
    rest: &'a [u8],
}

impl AckRanges<'_> {
    /// The largest packet number acknowledged.
    pub(crate) fn largest(&self) -> u64 {
        self.largest
    }

    fn read(&mut self) -> Result<Range<u64>, FrameError> {
        let gap = if self.is_first {
            0
        } else {
            match read_uint(&mut self.rest)? {
                0 => return Err(FrameError::OutOfRange),
                gap => gap,
            }
        };
        let len = match read_uint(&mut self.rest)? {
            0 => return Err(FrameError::OutOfRange),
            len => len,
        };
        let end = self.upper.checked_sub(gap).ok_or(FrameError::OutOfRange)?;
        let start = end.checked_sub(len).ok_or(FrameError::OutOfRange)?;
        self.upper = start;
        self.count -= 1;
        self.is_first = false;
        Ok(start..end)
    }
}

impl Iterator for AckRanges<'_> {
    type Item = Range<u64>;

    fn next(&mut self) -> Option<Range<u64>> {
        // [`read_ack`] has validated all of them, so no error occurs here.
        (self.count > 0).then(|| self.read().ok()).flatten()
    }
}

fn read_ack<'a>(rest: &mut &'a [u8]) -> Result<Frame<'a>, FrameError> {
    let largest = read_uint(rest)?;
    let delay_us = read_uint(rest)?;
    let loss_permille = read_u16(rest)?;
    let count = read_uint(rest)?;
    if largest > MAX_PACKET_NUMBER
        || loss_permille > 1000
        || !(1..=MAX_RANGES as u64).contains(&count)
    {
        return Err(FrameError::OutOfRange);
    }
    let ranges = AckRanges {
        largest,
        upper: largest + 1,
        count,
        is_first: true,
        rest,
    };
    let mut reader = ranges.clone();
    while reader.count > 0 {
        reader.read()?;
    }
    *rest = reader.rest;
    Ok(Frame::Ack {
        ranges,
        delay_us,
        loss_permille,
    })
}

fn read_uint(rest: &mut &[u8]) -> Result<u64, FrameError> {
    decode::read_int(rest).map_err(|_| FrameError::Malformed)
}

fn read_u16(rest: &mut &[u8]) -> Result<u16, FrameError> {
    u16::try_from(read_uint(rest)?).map_err(|_| FrameError::OutOfRange)
}

fn read_bin<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], FrameError> {
    let len = decode::read_bin_len(rest).map_err(|_| FrameError::Malformed)?;
    take(rest, len)
}

fn read_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], FrameError> {
    read_bin(rest)?
        .try_into()
        .map_err(|_| FrameError::OutOfRange)
}

fn take<'a>(rest: &mut &'a [u8], len: u32) -> Result<&'a [u8], FrameError> {
    let len = usize::try_from(len).map_err(|_| FrameError::Malformed)?;
    let (taken, left) = rest.split_at_checked(len).ok_or(FrameError::Malformed)?;
    *rest = left;
    Ok(taken)
}

fn channel(number: u64) -> Result<Channel, FrameError> {
    Channel::ALL
        .into_iter()
        .find(|&channel| channel as u64 == number)
        .ok_or(FrameError::OutOfRange)
}

pub(crate) fn encode_ping(buffer: &mut Vec<u8>) {
    buffer.push(PING);
}

/// Appends an ACK of disjoint, non-adjacent ranges, highest first; those beyond [`MAX_RANGES`] are left out. Without
/// a range nothing is written.
pub(crate) fn encode_ack(
    buffer: &mut Vec<u8>,
    ranges: impl ExactSizeIterator<Item = Range<u64>>,
    delay_us: u64,
    loss_permille: u16,
) {
    let count = ranges.len().min(MAX_RANGES) as u64;
    let mut lower = None;
    for range in ranges.take(MAX_RANGES) {
        if let Some(lower) = lower {
            uint(buffer, range.end.abs_diff(lower));
        } else {
            buffer.push(ACK);
            uint(buffer, range.end.saturating_sub(1));
            uint(buffer, delay_us);
            uint(buffer, u64::from(loss_permille.min(1000)));
            uint(buffer, count);
        }
        uint(buffer, range.end.saturating_sub(range.start));
        lower = Some(range.start);
    }
}

/// Appends a STREAM frame whose data is in two parts, as a ring buffer gives it.
pub(crate) fn encode_stream(
    buffer: &mut Vec<u8>,
    channel: Channel,
    patient: bool,
    offset: u64,
    (head, tail): (&[u8], &[u8]),
) {
    buffer.push(STREAM + channel as u8 + u8::from(patient) * PATIENT);
    uint(buffer, offset);
    bin_header(buffer, head.len() + tail.len());
    buffer.extend_from_slice(head);
    buffer.extend_from_slice(tail);
}

/// How much data a STREAM frame at this offset can hold within `room` bytes.
pub(crate) fn stream_data_room(offset: u64, room: usize) -> usize {
    let offset_len = match offset {
        0..=0x7f => 1,
        0x80..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    };
    let room = room.saturating_sub(1 + offset_len);
    // 256 bytes need a longer header than 255.
    let long = room.saturating_sub(3);
    if long > 0xff {
        long
    } else {
        room.saturating_sub(2).min(0xff)
    }
}

pub(crate) fn encode_window(buffer: &mut Vec<u8>, channel: Channel, max_offset: u64) {
    buffer.push(WINDOW);
    uint(buffer, channel as u64);
    uint(buffer, max_offset);
}

pub(crate) fn encode_session_window(buffer: &mut Vec<u8>, max: u64) {
    buffer.push(SESSION_WINDOW);
    uint(buffer, max);
}

/// Appends a CLOSE; the reason is truncated to [`MAX_REASON_LEN`].
pub(crate) fn encode_close(buffer: &mut Vec<u8>, code: u16, reason: &str) {
    buffer.push(CLOSE);
    uint(buffer, u64::from(code));
    let mut len = reason.len().min(MAX_REASON_LEN);
    while !reason.is_char_boundary(len) {
        len -= 1;
    }
    encode::write_str(buffer, &reason[..len]).expect(VEC_IS_INFALLIBLE);
}

pub(crate) fn encode_frugal(buffer: &mut Vec<u8>) {
    buffer.push(FRUGAL);
}

pub(crate) fn encode_path_challenge(buffer: &mut Vec<u8>, token: [u8; 8]) {
    encode_bin(buffer, PATH_CHALLENGE, &token);
}

pub(crate) fn encode_path_response(buffer: &mut Vec<u8>, token: [u8; 8]) {
    encode_bin(buffer, PATH_RESPONSE, &token);
}

pub(crate) fn encode_new_token(buffer: &mut Vec<u8>, token: &[u8; ADDRESS_TOKEN_LEN]) {
    encode_bin(buffer, NEW_TOKEN, token);
}

fn encode_bin(buffer: &mut Vec<u8>, kind: u8, data: &[u8]) {
    buffer.push(kind);
    bin_header(buffer, data.len());
    buffer.extend_from_slice(data);
}

fn uint(buffer: &mut Vec<u8>, value: u64) {
    encode::write_uint(buffer, value).expect(VEC_IS_INFALLIBLE);
}

fn bin_header(buffer: &mut Vec<u8>, len: usize) {
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    encode::write_bin_len(buffer, len).expect(VEC_IS_INFALLIBLE);
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
