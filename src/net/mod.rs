//! Sockets, the real clock and the poll loop: they drive an [`App`](crate::transport::App) in production.
//!
//! Nothing here interprets the bytes. All code below takes the time and its randomness as arguments; both come from
//! here.

mod clock;
mod driver;
mod input;
mod outbox;
mod roam;
mod socket;
mod traffic;

pub use clock::{now, seed};
pub use driver::{Counters, Driver, Setup};
pub use input::{Disconnected, INPUT_QUEUE_ENTRIES, InputSender, Refused};
pub use socket::{Socket, SocketCounters};
pub use traffic::{Traffic, TrafficReport};
