//! What a text from a peer may contain where it is shown: on a terminal, in a log, in a name; and how a
//! number or a code is read.
//!
//! Client and server share it, so that both decide alike.

pub mod comparison;
pub mod enrolment_code;
pub mod file_name;
pub mod json;
pub mod name_case;
pub mod number;
pub mod printable;
pub mod skeleton;
pub mod system_error;
pub mod unicode;
pub mod words;
