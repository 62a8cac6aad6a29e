//! What the operator does to the server, and the log of it.

pub(in crate::store) mod announcements;
pub(in crate::store) mod audit;
pub(in crate::store) mod bans;
pub(in crate::store) mod chores;
pub(in crate::store) mod codes;
pub(in crate::store) mod disabled;
pub(in crate::store) mod purges;
pub(in crate::store) mod resets;
