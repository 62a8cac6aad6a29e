//! A subcommand as a row of the registry, at each level. Parsing, help, manual pages, completions and suggestions derive
//! from it.

use std::borrow::Cow;
use std::ffi::OsString;

use clap::ArgMatches;

use super::exit::{Failure, Outcome};
use super::logging::LogOptions;
use super::settings::{self, Sources};
use crate::cli::output::quoted;
use crate::client;
use crate::registry::{Entry, Registry};

/// Subcommands of one level.
pub type Commands = Registry<Subcommand>;

pub struct Context<'a> {
    /// Of the topmost level.
    pub commands: &'a Commands,
    pub log: LogOptions,
    /// The server that a profile of the settings stands for.
    pub host: Option<String>,
    /// The command line.
    pub arguments: &'a [OsString],
    pub sources: Sources,
}

impl Context<'_> {
    /// Adds to the failure of a setting what has set it, where its user does not see that on the command line.
    pub fn blame(&self, key: &'static str) -> impl Fn(Failure) -> Failure + '_ {
        move |failure| match self.sources.of(key) {
            Some(source) if !source.starts_with("--") => failure.context(source.to_owned()),
            _ => failure,
        }
    }
}

/// Title and text of a part of a manual page.
pub type Section = (&'static str, Cow<'static, str>);

/// A subcommand, or a group of them.
pub struct Subcommand {
    name: &'static str,
    summary: &'static str,
    sections: Vec<Section>,
    arguments: fn(clap::Command) -> clap::Command,
    /// `None` for a group.
    run: Option<Box<Run>>,
    inside: Commands,
}

type Run = dyn Fn(&ArgMatches, &Context<'_>) -> Outcome;

impl Entry for Subcommand {
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        self.summary
    }
}

impl Subcommand {
    pub fn new<A: clap::Args + 'static>(
        name: &'static str,
        summary: &'static str,
        run: fn(A, &Context<'_>) -> Outcome,
    ) -> Self {
        let parsed = move |matches: &ArgMatches, context: &Context<'_>| {
            run(
                A::from_arg_matches(matches).map_err(Failure::usage)?,
                context,
            )
        };
        Self {
            arguments: A::augment_args,
            run: Some(Box::new(parsed)),
            ..Self::group(name, summary, Commands::default())
        }
    }

    pub const fn group(name: &'static str, summary: &'static str, inside: Commands) -> Self {
        Self {
            name,
            summary,
            sections: Vec::new(),
            arguments: |parser| parser,
            run: None,
            inside,
        }
    }

    /// Adds a section to the manual page.
    pub fn section(mut self, title: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        self.sections.push((title, text.into()));
        self
    }

    /// The subcommands of a group.
    #[cfg(test)]
    pub const fn inside(&self) -> &Commands {
        &self.inside
    }

    /// Sections of the manual page. Nested subcommands have no page of their own, so their sections come first.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        let inside = self.inside.iter().flat_map(|inner| &inner.sections);
        inside.chain(&self.sections)
    }

    fn parser(&self, is_whole: &dyn Fn(&str) -> bool) -> clap::Command {
        if !is_whole(self.name) {
            return clap::Command::new(self.name).about(self.summary);
        }
        let mut parser = (self.arguments)(clap::Command::new(self.name));
        if let Some(side) = settings::Side::of(self.name) {
            parser = if side.subcommand() == self.name {
                parser.mut_args(settings::as_setting)
            } else {
                parser.mut_args(settings::as_shared_setting)
            };
        }
        // Without this, clap would show the comment of the struct of arguments.
        let parser = parser
            .about(self.summary)
            .long_about(None)
            .mut_args(|argument| argument.hide_env_values(true));
        match self.run {
            Some(_) => parser,
            None => with_subcommands(parser, &self.inside, is_whole),
        }
    }
}

/// The parser of any command line.
pub fn parser(commands: &Commands) -> clap::Command {
    parser_with(commands, &|_| true)
}

/// The parser of this command line if nothing is wrong with it: only what it names has arguments, and what others take
/// settings of. All the arguments of all subcommands would cost each start more than the rest of it.
pub fn parser_of(commands: &Commands, line: &[OsString]) -> clap::Command {
    let is_named = |name: &str| line.iter().any(|word| word == name);
    let has_subcommand = commands.iter().any(|command| is_named(command.name));
    parser_with(commands, &|name| {
        is_named(name) || has_subcommand && settings::Side::is_subcommand(name)
    })
}

fn parser_with(commands: &Commands, is_whole: &dyn Fn(&str) -> bool) -> clap::Command {
    let parser = <LogOptions as clap::Args>::augment_args(clap::Command::new("udpchat"))
        .mut_args(|argument| settings::as_setting(argument).hide_env_values(true));
    let parser = parser
        .version(env!("CARGO_PKG_VERSION"))
        .about("Chat over UDP: server and terminal client in one")
        .long_about(
            "A chat over UDP, for people who run their own server and for networks on which TCP chat stalls. It is \
             encrypted; each message arrives once and in order; \"received\" is reported only when it is true.",
        )
        .max_term_width(100);
    with_subcommands(parser, commands, is_whole)
}

/// Unknown subcommands are accepted, so that [`run`] can suggest one or find a plugin.
fn with_subcommands(
    parser: clap::Command,
    commands: &Commands,
    is_whole: &dyn Fn(&str) -> bool,
) -> clap::Command {
    parser
        .subcommand_required(true)
        .arg_required_else_help(true)
        .allow_external_subcommands(true)
        .disable_help_subcommand(true)
        .subcommands(commands.iter().map(|command| command.parser(is_whole)))
}

/// Whether these are the words of what is no subcommand for the parser: a plugin's, or those after `--`.
pub fn is_external(matches: &ArgMatches) -> bool {
    // This is how clap names them.
    matches.contains_id("")
}

/// Runs a subcommand of any level.
pub fn run(mut matches: &ArgMatches, context: &Context<'_>) -> Outcome {
    let mut words = Vec::new();
    while let Some((word, inner)) = matches.subcommand() {
        words.push(word);
        matches = inner;
    }
    let found = find(context.commands, &words, "udpchat")?;
    if found.is_some() && is_external(matches) {
        let failure = Failure::usage("`--` stands before a subcommand");
        return Err(failure.hint("leave it out"));
    }
    match found.map(|found| &found.run) {
        Some(Some(run)) => run(matches, context),
        // clap rejects this itself, because it requires a subcommand.
        _ => Err(Failure::usage("no subcommand").hint("see `udpchat help`")),
    }
}

/// The subcommand that these words name, or an error with a suggestion that begins with `call`; `None` without words.
pub fn find<'a>(
    commands: &'a Commands,
    words: &[&str],
    call: &str,
) -> Result<Option<&'a Subcommand>, Failure> {
    let (mut found, mut level) = (None, commands);
    for (depth, word) in words.iter().enumerate() {
        let Some(next) = level.find(word) else {
            let whole = |last| [&words[..depth], &[last]].concat().join(" ");
            let failure =
                Failure::usage(format!("there is no subcommand {}", quoted(&whole(word))));
            if depth == 0 && client::commands::is_command(word) {
                return Err(failure.hint(format!(
                    "`{word}` is a command of the prompt of `udpchat connect`; see `udpchat help {word}`"
                )));
            }
            return Err(failure.hint(match level.nearest(word) {
                Some(nearest) => format!("did you mean `{call} {}`?", whole(nearest)),
                // The prompt has a command of the same name, which takes a name.
                None if words[..depth] == ["message"] => format!(
                    "to send a message, `udpchat send HOST --to {word} TEXT`, or `/message {word} TEXT` at the prompt of `udpchat connect`"
                ),
                None if depth == 1 && client::commands::is_command(words[0]) => format!(
                    "see `udpchat help {group}`; `/{group} {word}` is for the prompt of `udpchat connect`",
                    group = words[0]
                ),
                None => format!(
                    "see `{}`",
                    [&["udpchat help"], &words[..depth]].concat().join(" ")
                ),
            }));
        };
        (found, level) = (Some(next), &next.inside);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::commands;
    use super::*;

    #[test]
    fn command_line_is_consistent() {
        parser(&commands()).debug_assert();
    }

    #[test]
    fn command_of_the_prompt_that_is_also_a_group_says_where_it_is_typed() {
        let commands = commands();
        let said = |words: &[&str]| match find(&commands, words, "udpchat") {
            Err(failure) => failure.to_string(),
            Ok(_) => panic!("{words:?} is none"),
        };
        let text = said(&["message", "bob", "hi"]);
        assert!(text.contains("`udpchat send HOST --to bob TEXT`"), "{text}");
        let text = said(&["ban", "bob"]);
        assert!(text.contains("`/ban bob` is for the prompt"), "{text}");
        let text = said(&["message", "delet", "1"]);
        assert!(
            text.contains("did you mean `udpchat message delete`?"),
            "{text}"
        );
    }

    #[test]
    fn every_argument_at_every_level_is_explained() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                let (name, id) = (command.get_name(), argument.get_id());
                assert!(argument.get_help().is_some(), "{name} {id}");
            }
            command.get_subcommands().for_each(check);
        }
        check(&parser(&commands()));
    }
}
