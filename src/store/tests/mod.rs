//! Tests of the store through its requests, by concern.

mod blocks;
mod crashes;
mod damage;
mod forged;
mod identities;
mod journal;
mod logs;
mod migration;
mod model;
mod opening;
mod pages;
mod put_back;
mod rescue;
mod retention;
mod room_limits;
mod room_model;
mod rooms;
mod salvage;
mod threads;
mod usage;
mod village;
