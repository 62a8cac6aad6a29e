//! Sessions over links of some kind, beside other traffic.

mod bottleneck;
mod two_hops;
