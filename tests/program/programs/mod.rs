//! The subcommands for programs, which have no prompt.

mod examples;
mod send;
mod tail;
