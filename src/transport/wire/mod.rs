//! The bytes of a datagram: packets, the frames inside them, the keys that seal them, and what proves an address.

pub(super) mod cookie;
pub(super) mod crypto;
pub(super) mod frame;
pub(super) mod framing;
pub(super) mod handshake;
pub(super) mod packet;
pub(super) mod packet_number;
