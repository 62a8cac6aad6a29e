//! The two ends of a channel: a stream of messages, cut into fragments by the sender and put together by the receiver.

pub(super) mod assembler;
mod reorder_buffer;
mod ring;
pub(super) mod send_buffer;
