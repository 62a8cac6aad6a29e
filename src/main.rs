//! Runs the program, which prints its own errors, and hands its exit code on.

use std::process::ExitCode;

fn main() -> ExitCode {
    udpchat::cli::run(std::env::args_os())
}
