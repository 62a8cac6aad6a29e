//! The server, without sockets, clocks and threads: accounts, presence, routing.
//!
//! [`Hub`] is the state machine; everything it decides to allow stands in [`policy`].

mod alerts;
mod arrival;
mod arrivals;
mod asking;
mod blocks;
mod bucket;
mod budget;
mod coming_and_going;
mod counting;
mod directory;
mod dispatch;
mod draining;
mod forward;
mod history;
mod hub;
mod limits;
mod name;
pub mod policy;
mod presence;
mod reading;
mod receipts;
mod registrar;
mod requests;
mod retention;
mod rooms;
mod routing;
mod session;
mod sessions;
mod sign_in;
mod sign_in_log;
mod status;
mod tally;
#[cfg(test)]
mod tests;
mod throttle;
mod turns;
mod unfinished;
mod watching;

pub use hub::{Hub, HubConfig, HubCounters, Input, MakeRoom};
pub use limits::{Limit, Limits};
pub use name::{NAME_MAX_CHARS, Name, NameError, RoomName, RoomNameError};
pub use policy::{Registration, RoomMaking};
pub use registrar::{BadExchange, PendingLogin, PendingSignUp, Registrar};
pub use sign_in::hash_ticket;
pub use sign_in_log::TARGET as SIGN_IN_LOG;
pub use status::{SessionStatus, Status};
