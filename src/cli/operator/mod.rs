//! Commands of the operator that stand in no group.

pub mod audit;
pub mod log_level;
pub mod status;
