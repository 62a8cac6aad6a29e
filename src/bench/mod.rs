//! Measures a server: one process plays many clients and sees what the server does for them.
//!
//! The clients are lean, so that their side costs little, but they say what the real one says: sign-up and login
//! through OPAQUE, HELLO, RESOLVE, messages with their digests, and a RECEIVED for each. Every one has a session
//! of its own; one endpoint, one socket and one poll loop serve them all, and one clock measures.
//!
//! Against a server of the measurement's own ([`Host`]), which it starts where no address is named, the clients
//! sign in by tickets and belong to a room that were made beforehand, and what the server uses up can be read off
//! by `server::Meter`.

mod args;
mod crowd;
mod histogram;
mod host;
mod member;
mod report;
mod run;
mod server;
mod workload;

pub use args::Args;
pub use crowd::End;
pub use host::{Host, PublicKey};
pub use report::Report;
pub use run::{Error, run};
pub use workload::table as workloads;
