//! Receipts: how far each member has received, and who is told.

mod counted;
pub(super) mod counts;
pub(super) mod marks;
mod subscriptions;
