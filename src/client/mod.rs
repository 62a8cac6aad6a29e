//! The client, without sockets and clocks.
mod env;
pub use env::{Ask, Console, End, Files, Input, Tone, Trust};
