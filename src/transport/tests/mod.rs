//! Endpoints against each other, in virtual time, over a network whose faults a seed decides.

mod bottleneck;
mod disbelief;
mod faults;
mod lifetime;
mod network;
mod strangers;
mod two_hops;
