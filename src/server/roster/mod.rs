//! What users are told of each other: who is online, who comes and goes. Whom they block they do not see.

pub mod alerts;
pub mod blocks;
pub mod contacts;
pub mod devices;
pub mod people;
pub mod reading;
