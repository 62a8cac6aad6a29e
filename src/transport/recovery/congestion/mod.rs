//! How much may be under way at once, behind a trait: a connection should not know which answer is in use.

mod cubic;
mod slow_start;

use std::fmt::Debug;
use std::time::Instant;

pub(crate) use cubic::Cubic;

use crate::transport::wire::packet::DATAGRAM_LEN;

/// The largest datagram, in bytes, by which windows are counted.
const DATAGRAM: u64 = DATAGRAM_LEN as u64;
/// The window of a path that nothing is known about, in bytes. RFC 9002, section 7.2.
pub(crate) const INITIAL_WINDOW: u64 = 10 * DATAGRAM;
/// The window never falls below this, in bytes. RFC 9002, section 7.2.
pub(crate) const MINIMUM_WINDOW: u64 = 2 * DATAGRAM;
/// Decides how many bytes may be in flight. The caller counts what is in flight.
pub(crate) trait Controller: Debug + Send {
    /// A packet that counts as in flight has gone out.
    fn on_sent(&mut self, now: Instant, bytes: u64);

    /// A packet that was in flight, sent at `sent`, has been acknowledged. `app_limited`: the window was not
    /// what held the sender back, so that the acknowledgement proves nothing about a larger one.
    fn on_acked(&mut self, now: Instant, sent: Instant, bytes: u64, app_limited: bool);

    /// Packets have been lost, the latest of them sent at `latest_sent`; `persistent`: all of a whole period
    /// (`RttEstimator::persistent_congestion_duration`).
    fn on_lost(&mut self, now: Instant, latest_sent: Instant, persistent: bool);

    /// The path is another: nothing is known of it.
    fn on_path_change(&mut self, now: Instant);

    /// Bytes that may be in flight.
    fn window(&self) -> u64;
}
