//! Rooms: who joins and leaves, who changes what, which there are and who belongs to them.
//!
//! What is permitted inside a room the store decides, in the transaction that does it. The hub keeps who of those with
//! a session belongs to which room, since the entries of a room go to them; it learns that from the store's answers,
//! which come in the order in which things were done. A private room tells nothing of itself to those who are neither
//! in it nor invited: not who is in it, and, where rooms are not made by joining them, not even that there is one.

mod directory;
pub mod listing;
pub mod membership;
