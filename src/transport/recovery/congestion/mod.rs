//! Congestion control: how many bytes may be in flight.

mod cubic;
mod slow_start;

pub(crate) use cubic::Cubic;

use crate::transport::wire::packet::DATAGRAM_LEN;

/// The largest datagram, in bytes, by which windows are counted.
const DATAGRAM: u64 = DATAGRAM_LEN as u64;
/// The window of a path that nothing is known about, in bytes. RFC 9002, section 7.2.
pub(crate) const INITIAL_WINDOW: u64 = 10 * DATAGRAM;
/// The window never falls below this, in bytes. RFC 9002, section 7.2.
pub(crate) const MINIMUM_WINDOW: u64 = 2 * DATAGRAM;
