//! Reliable, encrypted sessions over datagrams: one state machine without sockets and clocks.
//!
//! An [`Endpoint`] is the server's or the client's side of any number of sessions. [`Endpoint::handle_datagram`]
//! takes datagrams in, [`Endpoint::poll_transmit`] gives them out, and [`Endpoint::poll_event`] reports what happened
//! to a session. The application implements [`App`]; `net` drives both in production, the simulator in tests.

mod channel;
mod connection;
mod endpoint;
mod event;
mod limits;
mod probe;
mod ranges;
mod recovery;
mod route;
pub(crate) mod shares;
mod statistics;
#[cfg(test)]
pub(crate) mod tests;
mod timer;
mod wire;

pub use endpoint::{ClientConfig, Counters, Endpoint, ServerConfig, Usage};
pub use event::{Channel, CloseReason, Event, SendError, Sending, SessionId};
pub use limits::Limits;
pub use probe::SizeProbe;
pub use route::Transmit;
pub use statistics::Statistics;
pub use wire::handshake::public_key;

use std::time::Instant;

/// The time, by both clocks of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock, for all deadlines and measurements.
    pub instant: Instant,
    /// The wall clock, in milliseconds since 1970 (UTC): labels only.
    pub unix_ms: u64,
}

/// The application above an endpoint: the server's hub, the client's session.
///
/// The driver calls `on_event` and `on_input` for everything that has arrived, then `on_settled` once, so that an
/// application can make durable in one commit what arrived together.
pub trait App {
    /// Input from other threads: storage completions, lines typed at the prompt, a request to stop.
    type Input;

    /// Handles an event of [`Endpoint::poll_event`].
    fn on_event(&mut self, now: Now, endpoint: &mut Endpoint, event: Event);

    /// Handles an input from another thread.
    fn on_input(&mut self, now: Now, endpoint: &mut Endpoint, input: Self::Input);

    /// The deadline of [`App::poll_timeout`] has passed.
    fn on_timeout(&mut self, now: Now, endpoint: &mut Endpoint);

    /// The driver has handed in everything that had arrived.
    fn on_settled(&mut self, now: Now, endpoint: &mut Endpoint);

    /// The next call of [`App::on_timeout`], if nothing happens before. After `on_timeout(now)` it must be later than
    /// `now`, or the driver would spin.
    fn poll_timeout(&self) -> Option<Instant>;

    /// Whether the driver should send what is pending, and return.
    fn is_finished(&self) -> bool;
}
