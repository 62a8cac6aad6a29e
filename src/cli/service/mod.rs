//! A server under a service manager: what systemd is told, and what it has opened beforehand.

mod notify;
mod sockets;

pub use notify::{Watch, ready, reloading, stopping, watch};
pub use sockets::{check, inherited};
