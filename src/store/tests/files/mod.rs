//! Files that are damaged, old, copied or put back.

mod damage;
mod migration;
pub(in crate::store) mod opening;
pub(in crate::store) mod pages;
mod rescue;
mod schema_6;
