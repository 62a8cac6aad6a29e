//! Endpoints against each other, in virtual time, over a network whose faults a seed decides.

mod buffer_memory;
mod coalesce;
mod faults;
mod hostile_peer;
mod lifetime;
mod links;
mod migration;
mod mtu;
mod network;
pub(crate) mod packet_dump;
mod patience;
mod restart;
mod site;
mod stranger_slots;
mod tokens;
mod unauthenticated;
