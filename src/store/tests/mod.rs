//! Tests of the store through its requests, by concern.

mod crashes;
mod identities;
mod logs;
mod model;
mod opening;
mod room_model;
mod rooms;
mod threads;
