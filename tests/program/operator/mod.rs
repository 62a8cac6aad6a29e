//! What an operator does with a server, and sees of it.

mod administration;
mod lifecycle;
mod order;
mod rooms;
mod watching;
