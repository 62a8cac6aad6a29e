//! The server, without sockets, clocks and threads: accounts, presence, routing.
//!
//! [`Hub`] is the state machine. It routes messages, the store's answers and timeouts to its parts: `auth`, `hello`,
//! `files`, `messages`, `receipts`, `rooms`, `roster` own what only they need, and share `ctx`. Permissions are in [`policy`].

mod auth;
mod bans;
mod chores;
mod ctx;
mod delegated;
mod files;
mod hello;
mod hub;
mod limits;
mod messages;
mod names;
mod peers;
pub mod policy;
mod presence;
mod receipts;
mod retention;
mod rooms;
mod roster;
mod session;
#[cfg(test)]
mod tests;

pub use auth::enrol::hash_code;
pub use auth::hash_ticket;
pub use auth::log::TARGET as SIGN_IN_LOG;
pub use auth::opaque::{BadExchange, OpaqueServer, PendingLogin, PendingSignUp};
pub use ctx::config::{AtFileLimits, HubConfig, HubCounters};
pub use hub::status::{Queues, SESSIONS_LISTED_MAX, SessionStatus, Status};
pub use hub::{Hub, Input};
pub use limits::{Limit, Limits};
pub use names::{NAME_MAX_CHARS, Name, NameError, RoomName, RoomNameError, parse_conversation};
pub use peers::{ClusterStatus, Introduction, PeerLink};
pub use policy::{Registration, RoomCreationPolicy, ShowAddresses};
pub use rooms::membership::CreateRoom;
