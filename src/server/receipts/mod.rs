//! Receipts: how far each member has received, and who is told.

pub(super) mod counts;
mod large;
pub(super) mod marks;
mod subscriptions;
