//! The two ends of a channel: a stream of messages that the sender splits into fragments and the receiver
//! reassembles.

pub(super) mod assembler;
mod reorder_buffer;
mod ring;
pub(super) mod send_buffer;
