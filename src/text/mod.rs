//! What a text from a peer may hold where it is shown: on a terminal, in a log, in a name.
//!
//! It stands below all that reads from peers, so that clients and servers decide it in one place.

pub mod printable;
pub mod skeleton;
pub mod unicode;
