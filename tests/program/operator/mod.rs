//! What an operator does with a server, and sees of it.

mod activation;
mod administration;
mod http;
mod lifecycle;
mod order;
mod rooms;
mod state;
mod watching;
