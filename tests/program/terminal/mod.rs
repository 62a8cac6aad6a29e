//! What a pseudo-terminal is sent.

mod attention;
mod in_place;
mod looks;
