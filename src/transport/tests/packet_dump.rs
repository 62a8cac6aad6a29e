//! The frames of a packet, as its receiver decodes them.

use crate::transport::Endpoint;
use crate::transport::wire::frame::{Frame, Frames};
use crate::transport::wire::packet::{DATA_HEADER_LEN, TAG_LEN};

/// Bytes of a DATA packet that are no frames: its header and its tag.
pub(crate) const PACKET_OVERHEAD: usize = DATA_HEADER_LEN + TAG_LEN;

/// A frame of a packet.
#[derive(Debug)]
pub(crate) enum Piece {
    /// An acknowledgement, of so many bytes.
    Ack(usize),
    /// Bytes of a channel, and so many bytes around them.
    Stream { overhead: usize, data: Vec<u8> },
    /// Any other, of so many bytes.
    Other(usize),
}

/// The frames of a DATA packet that goes to this endpoint, which takes no notice of it; `None` if it cannot be
/// opened.
pub(crate) fn pieces(receiver: &Endpoint, datagram: &[u8]) -> Option<Vec<Piece>> {
    let plain = receiver.peek(datagram)?;
    let mut frames = Frames::new(&plain);
    let mut pieces = Vec::new();
    let mut left = frames.left();
    while let Some(frame) = frames.next() {
        let bytes = left - frames.left();
        left = frames.left();
        pieces.push(match frame.ok()? {
            Frame::Ack { .. } => Piece::Ack(bytes),
            Frame::Stream { data, .. } => Piece::Stream {
                overhead: bytes - data.len(),
                data: data.to_vec(),
            },
            _ => Piece::Other(bytes),
        });
    }
    Some(pieces)
}
