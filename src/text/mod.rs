//! What a text from a peer may contain where it is shown: on a terminal, in a log, in a name; and how a
//! number is read.
//!
//! Client and server share it, so that both decide alike.

pub mod comparison;
pub mod file_name;
pub mod json;
pub mod name_case;
pub mod number;
pub mod printable;
pub mod skeleton;
pub mod system_error;
pub mod unicode;
pub mod words;
