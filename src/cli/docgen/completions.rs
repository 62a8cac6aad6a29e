//! `udpchat completions SHELL`: prints a completion script.

use clap_complete::Shell;

use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::output::print;

pub fn command() -> Subcommand {
    Subcommand::new("completions", "Print a completion script for a shell", run)
        .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    For bash, for yourself; a new shell has them:\n\
    udpchat completions bash > ~/.bash_completion\n\
    For zsh, into a directory of $fpath:\n\
    udpchat completions zsh > ~/_udpchat\n\
    For fish:\n\
    udpchat completions fish > ~/udpchat.fish";

#[derive(clap::Args)]
struct Args {
    /// The shell that is to complete
    shell: Shell,
}

#[allow(clippy::unnecessary_wraps, reason = "each subcommand is run like this")]
fn run(args: Args, context: &Context<'_>) -> Outcome {
    print(super::completion(args.shell, context.commands));
    Ok(Exit::Success)
}
