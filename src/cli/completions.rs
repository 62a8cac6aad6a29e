//! `udpchat completions SHELL`: a script by which a shell completes udpchat's command line.

use clap_complete::Shell;

use super::command::{Context, Subcommand};
use super::docgen;
use super::exit::{Exit, Outcome};
use super::output::print;

/// The subcommand.
pub fn command() -> Subcommand {
    Subcommand::new("completions", "Print a completion script for a shell", run)
}

#[derive(clap::Args)]
struct Args {
    /// The shell that is to complete
    shell: Shell,
}

#[allow(clippy::unnecessary_wraps, reason = "each subcommand is run like this")]
fn run(args: Args, context: &Context<'_>) -> Outcome {
    print(docgen::completion(args.shell, context.commands));
    Ok(Exit::Success)
}
