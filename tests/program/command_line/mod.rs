//! What is typed and set before the program does its work: subcommands, settings, completions.

mod cli;
mod completions;
mod exit_codes;
mod hangup;
mod settings;
