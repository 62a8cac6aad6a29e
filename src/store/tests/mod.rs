//! Tests of the store through its requests, by concern.

mod accounts;
mod acquaintances;
mod attached;
mod blocks;
mod crashes;
mod deletions;
mod files;
mod fixture;
mod forged;
mod keys;
mod logs;
mod model;
mod notes;
mod relations;
mod replay;
mod replica;
mod restore;
mod retention;
mod rooms;
mod salvage;
mod threads;
mod tidying;
mod usage;
