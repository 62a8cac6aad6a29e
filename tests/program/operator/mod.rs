//! What an operator does with a server, and sees of it.

mod administration;
mod order;
mod rooms;
mod watching;
