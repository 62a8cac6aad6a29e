//! Commands of the operator that stand in no group.

pub mod announce;
pub mod audit;
pub mod log_level;
pub mod reload;
pub mod status;
pub mod stop;
