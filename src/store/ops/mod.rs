//! The operations that requests consist of, by subject. Each runs inside one transaction.

pub(super) mod accounts;
pub(super) mod blocks;
pub(super) mod conversations;
pub(super) mod devices;
pub(super) mod epoch;
pub(super) mod log;
pub(super) mod marks;
pub(super) mod pairs;
pub(super) mod retention;
pub(super) mod rooms;
pub(super) mod usage;
