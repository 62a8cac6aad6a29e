//! Congestion control: how many bytes may be in flight.

mod cubic;
mod slow_start;

pub(crate) use cubic::Cubic;

use crate::transport::wire::packet::DATAGRAM_LEN;

/// The maximum datagram, in bytes, the unit of windows.
const DATAGRAM: u64 = DATAGRAM_LEN as u64;
/// Initial window, in bytes (RFC 9002 §7.2).
pub(crate) const INITIAL_WINDOW: u64 = 10 * DATAGRAM;
/// Minimum window, in bytes (RFC 9002 §7.2).
pub(crate) const MINIMUM_WINDOW: u64 = 2 * DATAGRAM;
