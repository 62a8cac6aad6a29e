//! The server, without sockets, clocks and threads: accounts, presence, routing.
//!
//! [`Hub`] is the state machine; everything it decides to allow stands in [`policy`].

mod arrival;
mod coming_and_going;
mod dispatch;
mod hub;
mod name;
pub mod policy;
mod presence;
mod reading;
mod receipts;
mod registrar;
mod requests;
mod routing;
mod session;
mod sign_in;
mod status;
#[cfg(test)]
mod tests;
mod throttle;
mod watching;

pub use hub::{Hub, HubConfig, HubCounters, Input};
pub use name::{NAME_MAX_CHARS, Name, NameError};
pub use policy::Registration;
pub use registrar::{BadExchange, PendingLogin, PendingSignUp, Registrar};
pub use sign_in::hash_ticket;
pub use status::{SessionStatus, Status};
