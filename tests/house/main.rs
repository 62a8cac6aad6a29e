//! What holds for the source tree itself: no process is started and no socket opened.

mod generated;
mod layers;
mod plain;
