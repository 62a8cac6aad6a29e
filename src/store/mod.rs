//! The server's database.
mod api;
pub use api::*;
