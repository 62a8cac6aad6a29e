//! The table of subcommands and the clap command that is made from it.

use super::exit::Outcome;
use super::{bench, completions, connect, help, logging, room, serve, status, store, user};
use crate::registry::{Entry, Registry};

/// A subcommand.
pub trait Command: Entry {
    /// Its arguments. Name and summary are put in from the table.
    fn arguments(&self, command: clap::Command) -> clap::Command;

    /// Runs it.
    ///
    /// # Errors
    /// What went wrong, with the exit code that it leads to.
    fn run(&self, matches: &clap::ArgMatches) -> Outcome;

    /// What its manual page says beside the options: title and text of each section.
    fn sections(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// All subcommands, in the order of the menu.
#[must_use]
pub fn table() -> Registry<dyn Command> {
    Registry::<dyn Command>::default()
        .with(Box::new(serve::Serve))
        .with(Box::new(connect::Connect))
        .with(Box::new(user::User))
        .with(Box::new(room::Room))
        .with(Box::new(status::Status))
        .with(Box::new(store::Store))
        .with(Box::new(bench::Bench))
        .with(Box::new(completions::Completions))
        .with(Box::new(help::Help))
}

/// The whole command line, made from the table.
#[must_use]
pub fn application(table: &Registry<dyn Command>) -> clap::Command {
    let application = clap::Command::new("udpchat")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Chat over UDP: server and terminal client in one")
        .long_about(
            "A chat over UDP for one's own machine and for networks where TCP chat stalls. Encrypted; each message \
             arrives once and in order; \"received\" is said only when it is true.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .allow_external_subcommands(true)
        .disable_help_subcommand(true)
        .max_term_width(100)
        .args(logging::arguments());
    table.iter().fold(application, |application, command| {
        let empty = clap::Command::new(command.name())
            .about(command.summary())
            .visible_aliases(command.aliases().iter().copied());
        application.subcommand(command.arguments(empty))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_consistent() {
        application(&table()).debug_assert();
    }

    #[test]
    fn every_option_of_the_table_is_explained() {
        for command in application(&table()).get_subcommands() {
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} {}",
                    command.get_name(),
                    argument.get_id()
                );
            }
        }
    }
}
