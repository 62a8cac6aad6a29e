//! Several servers that share one log: each applies the same records in the same order to its own database.
//!
//! The log is kept elsewhere, by an engine that orders records, makes them durable and copies them ([`Log`]). Nothing here
//! elects or votes. A write that a server is asked for goes to the log in a group (`record`) and is executed where
//! everybody executes it: when the record comes back, in its turn ([`Replica`]). So what it comes to follows from the log alone.
//!
//! | what goes wrong | what happens |
//! |---|---|
//! | a group is published and nothing is heard of it | the same bytes are published again; the second record is passed over by all, since its group is not newer than the last of that server |
//! | a record of the live feed is lost, or comes twice or too early | the log is read from the next position on |
//! | a server dies | at its next start its first record says so; its earlier groups that come after that are passed over |
//! | two servers have come to different states, or have read different records | each record says what its server had come to: who sees that it has come to something else stops ([`Halt`]) |
//! | a record is missing, changed, or of a later version | the server stops: what it would serve is not what the others do |

mod chain;
mod follower;
mod halt;
mod log;
#[cfg(feature = "cluster")]
pub mod nats;
mod progress;
mod publishing;
mod reading;
mod record;
mod replica;
#[cfg(test)]
mod tests;

pub use follower::{Follower, catch_up, catch_up_now};
pub use halt::Halt;
pub use log::{Event, Log};
pub use progress::Progress;
pub use record::{Body, NODE_NAME_MAX, Record, is_node_name};
pub use replica::{Applied, Replica};
