//! Loss recovery and congestion control: what was sent, what arrived, and how fast more may follow (RFC 9002).

pub(super) mod ack;
pub(super) mod congestion;
pub(super) mod pacer;
pub(super) mod replay;
pub(super) mod rtt;
pub(super) mod sent_packets;
