//! The operations that requests consist of, by subject. Each runs inside one transaction.

pub(super) mod access;
pub(super) mod accounts;
pub(super) mod acquaintances;
pub(super) mod administration;
pub(super) mod blocks;
pub(super) mod conversation_state;
pub(super) mod conversations;
pub(super) mod devices;
pub(super) mod epoch;
pub(super) mod files;
pub(super) mod log;
pub(super) mod marks;
pub(super) mod pairs;
pub(super) mod reading;
pub(super) mod resync;
pub(super) mod retention;
pub(super) mod rooms;
pub(super) mod usage;
pub(super) mod wall_clock;
