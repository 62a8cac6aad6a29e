//! Reliable, encrypted sessions over datagrams, as one state machine that knows neither sockets nor clocks.
//!
//! An [`Endpoint`] is a server's or a client's side of any number of sessions. Datagrams go in by
//! [`Endpoint::handle_datagram`] and come out by [`Endpoint::poll_transmit`]; the time is an argument; what the
//! sessions have to say comes by [`Endpoint::poll_event`]. Whatever stands on top implements [`App`] and is
//! driven by `net` in production and by the simulator in tests.

mod channel;
mod connection;
mod endpoint;
mod event;
mod limits;
#[cfg(test)]
pub(crate) mod packet_dump;
mod ranges;
mod recovery;
pub(crate) mod shares;
#[cfg(test)]
mod tests;
mod timer;
mod wire;

pub use endpoint::{ClientConfig, Counters, Endpoint, ServerConfig, Statistics, Transmit, Usage};
pub use event::{Channel, CloseReason, Event, SendError, SessionId};
pub use limits::Limits;
pub use wire::handshake::public_key;

use std::time::Instant;

/// The time, from both of a host's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock: all that is measured and waited for.
    pub instant: Instant,
    /// The wall clock, in milliseconds since 1970 (UTC): labels only.
    pub unix_ms: u64,
}

/// What stands on top of an endpoint: the server's hub, the client's session.
///
/// The driver calls `on_event` and `on_input` for all that has arrived, then `on_settled` once, so that an
/// application can make durable together what came together.
pub trait App {
    /// What other threads hand in: storage completions, lines typed at the prompt, an order to stop.
    type Input;

    /// Something happened to a session.
    fn on_event(&mut self, now: Now, endpoint: &mut Endpoint, event: Event);

    /// Another thread has something to say.
    fn on_input(&mut self, now: Now, endpoint: &mut Endpoint, input: Self::Input);

    /// The moment that [`App::poll_timeout`] named has come.
    fn on_timeout(&mut self, now: Now, endpoint: &mut Endpoint);

    /// Everything that had arrived has been handed in.
    fn on_settled(&mut self, now: Now, endpoint: &mut Endpoint);

    /// When [`App::on_timeout`] wants to be called, if nothing happens before. It must lie later than the last
    /// `now` once `on_timeout` has been called with that: no deadline survives being polled.
    fn poll_timeout(&self) -> Option<Instant>;

    /// Whether the driver should send what is still to be sent, and return.
    fn is_finished(&self) -> bool;
}
