//! Measures a server: one process plays many clients and counts what the server delivers to them.
//!
//! The clients are lean, so that they cost little CPU time, but they send what the real client sends: sign-up and login
//! through OPAQUE, HELLO, RESOLVE, messages with their digests, and a RECEIVED for each. Each has a session of its own;
//! all share one endpoint, one socket, one poll loop and one clock.
//!
//! Without an address the run starts a server of its own ([`Host`]). Its clients sign in by tickets and are members of
//! rooms, both written to the database beforehand; `server::Meter` reads the server's CPU time, memory and commits.

mod args;
mod crowd;
mod host;
mod member;
mod names;
mod plot;
mod report;
mod run;
mod server;
mod workload;

pub use args::Args;
pub use crowd::{End, FIRST_ANSWER_WAIT};
pub use host::{Host, LongestStalls, PublicKey, ServerCounts};
pub use plot::plot;
pub use report::{Baseline, Summary};
pub use run::run;
pub use server::{cpu_of, rss_of};
pub use workload::{Workload, table as workloads};
