//! `udpchat help`: the menu with the plugins found, or the help of one command: a subcommand of any level, or one of the prompt.

use std::ffi::OsString;

use clap::ArgMatches;

use super::command::{self, Context, Subcommand};
use super::exit::{Exit, Failure, Outcome};
use super::output::print;
use super::{environment, plugins};
use crate::client::commands;

const NAME: &str = "help";

pub fn command() -> Subcommand {
    Subcommand::new(
        NAME,
        "Show the menu, or the help of one subcommand or chat command",
        run,
    )
    .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    udpchat help user add\n\
    udpchat help /message";

#[derive(clap::Args)]
struct Args {
    /// The subcommand to explain, such as `user add`; or a command of the prompt, such as `/message`
    subcommand: Vec<String>,
}

fn run(args: Args, context: &Context<'_>) -> Outcome {
    let words: Vec<&str> = args.subcommand.iter().map(String::as_str).collect();
    show(&words, context)
}

/// The words of `udpchat GROUP help SUBCOMMAND`, in the order of `udpchat help`.
pub fn asked_in_a_group(matches: &ArgMatches) -> Option<Vec<&str>> {
    let (mut words, mut level) = (Vec::new(), matches);
    while let Some((word, inner)) = level.subcommand() {
        if word == NAME && !words.is_empty() {
            let asked = inner.get_many::<OsString>("").unwrap_or_default();
            words.extend(asked.filter_map(|word| word.to_str()));
            return Some(words);
        }
        words.push(word);
        level = inner;
    }
    None
}

/// Prints the menu, or the help of the subcommand or chat command that these words name.
pub fn show(words: &[&str], context: &Context<'_>) -> Outcome {
    // `help` before the last word asks for the same; nothing but `help` asks for its own.
    let is_asked = |word: &&str| *word != NAME && !word.is_empty();
    let named: Vec<&str> = words.iter().copied().filter(is_asked).collect();
    let asks_itself = named.is_empty() && words.contains(&NAME);
    let words = if asks_itself { &[NAME][..] } else { &named };
    let mut parser = command::parser(context.commands);
    if let Some(lines) = chat_command(words, context)? {
        print(format!("At the prompt of `udpchat connect`:\n\n{lines}\n"));
        return Ok(Exit::Success);
    }
    if words.is_empty() {
        let found = plugins::list(&environment::search_path());
        if !found.is_empty() {
            parser = parser.after_help(format!("Plugins: {}", found.join(", ")));
        }
        print(format!("{}\n", parser.render_help()));
        return Ok(Exit::Success);
    }
    command::find(context.commands, words, "udpchat help")?;
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

/// The help of a chat command: with a slash, after `connect`, or where no subcommand has the name.
fn chat_command(words: &[&str], context: &Context<'_>) -> Result<Option<String>, Failure> {
    let is_like_one = |why: &str| why.contains("did you mean");
    let (word, is_certain) = match words {
        [word, ..] if word.starts_with('/') => (word, true),
        ["connect", word, ..] => (word, true),
        [word, ..] if context.commands.find(word).is_none() => (word, false),
        _ => return Ok(None),
    };
    match commands::help(word) {
        Ok(lines) => Ok(Some(lines)),
        Err(why)
            if is_certain || (is_like_one(&why) && context.commands.nearest(word).is_none()) =>
        {
            Err(Failure::usage(why).hint("`udpchat help` lists the subcommands"))
        }
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::logging::LogOptions;
    use crate::cli::settings::Sources;
    use crate::cli::{command, commands};
    use crate::registry::Entry;

    fn paths<'a>(
        commands: &'a command::Commands,
        above: &[&'a str],
        found: &mut Vec<Vec<&'a str>>,
    ) {
        for own in commands.iter() {
            let path = [above, &[own.name()]].concat();
            paths(own.inside(), &path, found);
            found.push(path);
        }
    }

    fn context(commands: &command::Commands) -> Context<'_> {
        Context {
            sources: Sources::default(),
            commands,
            log: LogOptions::default(),
            host: None,
            arguments: &[],
        }
    }

    #[test]
    fn each_subcommand_is_explained_by_help_before_it_and_before_its_last_word() {
        let commands = commands();
        let context = context(&commands);
        let mut all = Vec::new();
        paths(&commands, &[], &mut all);
        assert!(all.contains(&vec!["user", "add"]), "{all:?}");
        for path in all {
            assert_eq!(show(&path, &context).unwrap(), Exit::Success, "{path:?}");
            if let [above @ .., last] = &path[..]
                && !above.is_empty()
            {
                let words = [&["udpchat"], above, &[NAME, last]].concat();
                let matches = command::parser(&commands).get_matches_from(words);
                assert_eq!(asked_in_a_group(&matches), Some(path));
            }
        }
    }

    #[test]
    fn help_of_help_and_of_nothing_is_no_error() {
        let commands = commands();
        let context = context(&commands);
        for words in [
            &["help"][..],
            &["help", "help"],
            &["user", "help"],
            &["user", "help", "add"],
            &[""],
        ] {
            assert_eq!(show(words, &context).unwrap(), Exit::Success, "{words:?}");
        }
    }

    #[test]
    fn prompt_and_shell_send_each_others_commands_to_the_right_place() {
        let commands = commands();
        let names: Vec<&str> = commands.iter().map(Entry::name).collect();
        assert_eq!(names, crate::client::commands::subcommands());
        let wrong = command::find(&commands, &["contacts"], "udpchat").map(|_| ());
        let why = wrong.unwrap_err().to_string();
        assert!(
            why.contains("command of the prompt of `udpchat connect`"),
            "{why}"
        );
    }

    #[test]
    fn commands_of_the_prompt_are_explained_in_a_shell_too() {
        let commands = commands();
        let context = context(&commands);
        let found =
            |words: &[&str]| chat_command(words, &context).map_err(|failure| failure.to_string());
        for words in [
            &["msg"][..],
            &["/message"],
            &["connect", "message"],
            &["connect", "/msg"],
        ] {
            let lines = found(words).unwrap().unwrap();
            assert!(
                lines.starts_with("/message USER|#ROOM TEXT"),
                "{words:?}: {lines}"
            );
        }
        // A subcommand has the name as well.
        for both in ["status", "message"] {
            assert_eq!(found(&[both]).unwrap(), None);
        }
        assert!(found(&["/status"]).unwrap().is_some());
        for (word, meant) in [("/mesage", "/message"), ("wohis", "/whois")] {
            let why = found(&[word]).unwrap_err();
            let hint = format!("did you mean \"{meant}\"?");
            assert!(why.contains(&hint), "{why}");
        }
    }
}
