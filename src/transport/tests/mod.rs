//! Endpoints against each other, in virtual time, over a network whose faults a seed decides.

mod bottleneck;
mod disbelief;
mod faults;
mod hold;
mod lifetime;
mod moving;
mod mtu;
mod network;
mod restart;
mod strangers;
mod tokens;
mod two_hops;
