//! What a pseudo-terminal is sent.

mod attention;
mod looks;
