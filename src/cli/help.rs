//! `udpchat help`: the menu with the plugins found, or the help of one subcommand of any level.

use super::command::{self, Context, Subcommand};
use super::exit::{Exit, Outcome};
use super::output::print;
use super::{environment, plugins};

pub fn command() -> Subcommand {
    Subcommand::new("help", "Show the menu, or the help of one subcommand", run)
}

#[derive(clap::Args)]
struct Args {
    /// The subcommand to explain
    subcommand: Vec<String>,
}

fn run(args: Args, context: &Context<'_>) -> Outcome {
    let mut parser = command::parser(context.commands);
    if args.subcommand.is_empty() {
        let found = plugins::list(&environment::search_path());
        if !found.is_empty() {
            parser = parser.after_help(format!("Plugins: {}", found.join(", ")));
        }
        print(format!("{}\n", parser.render_help()));
        return Ok(Exit::Success);
    }
    let words: Vec<&str> = args.subcommand.iter().map(String::as_str).collect();
    command::find(context.commands, &words, "udpchat help")?;
    parser.build();
    let mut own = &mut parser;
    for word in words {
        own = own
            .find_subcommand_mut(word)
            .expect("the parser has every subcommand of the registry");
    }
    print(format!("{}\n", own.render_long_help()));
    Ok(Exit::Success)
}
