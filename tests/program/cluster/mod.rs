//! Several servers that share one log: three nats-servers and their nodes, as processes.

mod bots;
mod chaos;
mod damage;
mod engine;
mod faults;
mod files;
mod ground;
mod nodes;
mod power;
mod refusals;
mod seen;
mod talk;
mod tried;
