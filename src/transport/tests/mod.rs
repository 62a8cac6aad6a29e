//! Endpoints against each other, in virtual time, over a network whose faults a seed decides.

mod bottleneck;
mod disbelief;
mod faults;
mod hold;
mod lifetime;
mod memory;
mod moving;
mod mtu;
mod network;
mod places;
mod restart;
mod site;
mod strangers;
mod tokens;
mod two_hops;
