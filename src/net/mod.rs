//! Sockets, the real clock and the poll loop: what drives an [`App`](crate::transport::App) in production.
//!
//! Nothing here knows what the bytes mean. Everything below takes the time and its randomness as arguments; here
//! is where both come from.

mod clock;
mod driver;
mod input;
mod roam;
mod socket;

pub use clock::{now, seed};
pub use driver::{Counters, Driver, Setup};
pub use input::{Disconnected, INPUT_QUEUE_ENTRIES, InputSender, Refused};
pub use socket::{SendOutcome, Socket, SocketCounters};
