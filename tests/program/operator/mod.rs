//! What an operator does with a server, and sees of it.

mod activation;
mod administration;
mod lifecycle;
mod order;
mod rooms;
mod watching;
