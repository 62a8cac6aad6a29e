//! Tests of the store through its requests, by concern.

mod blocks;
mod crashes;
mod damage;
mod fixture;
mod forged;
mod identities;
mod journal;
mod logs;
mod migration;
mod model;
mod opening;
mod pages;
mod rescue;
mod restore;
mod retention;
mod room_limits;
mod room_model;
mod rooms;
mod salvage;
mod threads;
mod usage;
