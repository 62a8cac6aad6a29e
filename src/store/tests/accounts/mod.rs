//! Accounts and their devices.

mod changes;
mod identities;
