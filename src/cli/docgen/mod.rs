//! Generates the manual pages and completion scripts from the registry of subcommands.
//!
//! They are committed for packagers; a test generates them again and compares.

mod calls;
pub mod completions;
mod shells;
mod tidy;

use std::borrow::Cow;
use std::path::PathBuf;

use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::command::{Commands, Section, Subcommand, parser};
use crate::cli::exit::Exit;
use crate::registry::Entry as _;

/// The day of this version's release, as CHANGELOG.md has it. No clock is asked, so that each build makes the same pages.
const DATE: &str = "2026-11-28";

/// The examples of udpchat(1).
const EXAMPLES: Section = (
    "EXAMPLES",
    Cow::Borrowed(
        "An account, a message to it, and what the server has to say of itself:\n\
         udpchat user add carol --password-file ~/carol.password\n\
         udpchat send chat.example --to carol 'welcome aboard'\n\
         udpchat status",
    ),
);

const SHELLS: [Shell; 5] = [
    Shell::Bash,
    Shell::Elvish,
    Shell::Fish,
    Shell::PowerShell,
    Shell::Zsh,
];

/// Paths below the root of the repository, and contents.
pub fn all(commands: &Commands) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut documents = pages(commands)?;
    for shell in SHELLS {
        let file = match shell {
            Shell::Bash => "udpchat.bash",
            Shell::Elvish => "udpchat.elv",
            Shell::Fish => "udpchat.fish",
            Shell::PowerShell => "_udpchat.ps1",
            _ => "_udpchat",
        };
        documents.push((
            PathBuf::from("completions").join(file),
            completion(shell, commands),
        ));
    }
    Ok(documents)
}

pub fn completion(shell: Shell, commands: &Commands) -> Vec<u8> {
    shells::completion(shell, &parser(commands))
}

/// udpchat.1, and a page for each subcommand of the topmost level.
fn pages(commands: &Commands) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut parser = parser(commands);
    parser.build();
    let name = |own: &Subcommand| format!("udpchat-{}", own.name());
    let others: Vec<String> = commands.iter().map(name).collect();
    let mut pages = vec![page(&parser, "udpchat", [EXAMPLES].iter(), &others)?];
    for own in commands.iter() {
        let parser = parser
            .find_subcommand(own.name())
            .expect("the parser has every subcommand of the registry");
        pages.push(page(
            parser,
            &name(own),
            own.sections(),
            &["udpchat".to_owned()],
        )?);
    }
    Ok(pages)
}

fn page<'a>(
    command: &clap::Command,
    name: &str,
    sections: impl Iterator<Item = &'a Section>,
    see_also: &[String],
) -> std::io::Result<(PathBuf, Vec<u8>)> {
    let source = concat!("udpchat ", env!("CARGO_PKG_VERSION"));
    let shared = calls::shared(command);
    let shared = if name == "udpchat" {
        Vec::new()
    } else {
        shared
    };
    let described = command.clone().display_name(name);
    let described = described.args(shared.iter().map(|own| (*own).clone()));
    let man = Man::new(described)
        .title(name.to_uppercase())
        .section("1")
        .date(DATE)
        .source(source)
        .manual("User Commands");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    calls::synopsis(command, &shared).to_writer(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        calls::subcommands(command, &shared).to_writer(&mut text)?;
    }
    for (title, body) in sections {
        let mut roff = Roff::default();
        roff.control("SH", [*title]);
        for line in body.lines() {
            roff.text([roman(line)]);
            roff.control("br", []);
        }
        roff.to_writer(&mut text)?;
    }
    environment(command).to_writer(&mut text)?;
    exit_status(name).to_writer(&mut text)?;
    let mut roff = Roff::default();
    roff.control("SH", ["SEE ALSO"]);
    let mut pages: Vec<String> = see_also.iter().map(|page| format!("{page}(1)")).collect();
    let more = [
        "udpchat-bot(7)",
        "udpchat-cluster(7)",
        "udpchat-protocol(7)",
        "udpchat-store(7)",
    ];
    pages.extend(more.map(Into::into));
    roff.text([roman(pages.join(", "))]);
    roff.to_writer(&mut text)?;
    let text = String::from_utf8(text).map_err(std::io::Error::other)?;
    Ok((
        PathBuf::from("man").join(format!("{name}.1")),
        tidy::tidy(&text).into_bytes(),
    ))
}

fn environment(command: &clap::Command) -> Roff {
    let mut roff = Roff::default();
    let own = command.get_arguments();
    let below = command
        .get_subcommands()
        .filter(|_| command.get_name() != "udpchat")
        .flat_map(clap::Command::get_arguments);
    let mut variables: Vec<(String, String)> = own
        .chain(below)
        .filter_map(|argument| {
            let variable = argument.get_env()?.to_string_lossy().into_owned();
            let option = match argument.get_long() {
                Some(long) => format!("--{long}"),
                None => argument.get_value_names()?.first()?.to_string(),
            };
            Some((variable, option))
        })
        .collect();
    variables.sort_unstable();
    variables.dedup();
    if variables.is_empty() {
        return roff;
    }
    roff.control("SH", ["ENVIRONMENT"]);
    for (variable, option) in variables {
        roff.control("TP", []);
        roff.text([bold(variable)]);
        roff.text([roman(format!(
            "Same as {option}, which takes precedence. An empty one is ignored."
        ))]);
    }
    roff
}

/// One table, in udpchat(1), for all subcommands.
fn exit_status(page: &str) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["EXIT STATUS"]);
    if page != "udpchat" {
        roff.text([roman("See EXIT STATUS in udpchat(1).")]);
        return roff;
    }
    for (exit, meaning) in Exit::ALL {
        roff.control("TP", []);
        roff.text([bold(exit.code().to_string())]);
        roff.text([roman(meaning)]);
    }
    roff.control("PP", []);
    roff.text([roman(
        "A server that SIGINT or SIGTERM stops in order exits with 0, and a plugin with its own code. The exit code of \
         a script is that of its worst command: see WITHOUT A TERMINAL in udpchat-connect(1).",
    )]);
    roff
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands;

    #[test]
    fn pages_carry_the_day_of_the_release() {
        let version = concat!("## [", env!("CARGO_PKG_VERSION"), "] - ");
        let changes = include_str!("../../../CHANGELOG.md");
        let released = changes.lines().find_map(|line| line.strip_prefix(version));
        assert!(released.is_none_or(|day| day == DATE), "{released:?}");
        for (name, page) in [
            ("PROTOCOL", include_str!("../../../man/udpchat-protocol.7")),
            ("STORE", include_str!("../../../man/udpchat-store.7")),
            ("BOT", include_str!("../../../man/udpchat-bot.7")),
            ("CLUSTER", include_str!("../../../man/udpchat-cluster.7")),
        ] {
            let heading = format!(".TH UDPCHAT\\-{name} 7 {DATE} ");
            assert!(page.starts_with(&heading), "{:?}", page.lines().next());
        }
    }

    /// The subcommands without others inside, each with its words.
    fn leaves<'a>(
        above: &str,
        level: &'a clap::Command,
        found: &mut Vec<(String, &'a clap::Command)>,
    ) {
        for own in level.get_subcommands() {
            let call = format!("{above} {}", own.get_name());
            leaves(&call, own, found);
            if !own.has_subcommands() {
                found.push((call, own));
            }
        }
    }

    #[test]
    fn readme_lists_every_subcommand_with_options_that_it_has() {
        // It lacked `room add`.
        let parser = parser(&commands());
        let mut all = Vec::new();
        leaves("udpchat", &parser, &mut all);
        let readme = include_str!("../../../README.md");
        for (call, command) in all {
            let row = readme.lines().find(|line| {
                let rest = line.strip_prefix(&format!("| `{call}"));
                rest.is_some_and(|rest| rest.starts_with(['`', ' ']))
            });
            let row = row.unwrap_or_else(|| panic!("README has no row for `{call}`"));
            for option in row.split("`--").skip(1) {
                let option = option.split([' ', '`', '=']).next().unwrap_or_default();
                let is_there = command
                    .get_arguments()
                    .any(|own| own.get_long() == Some(option));
                assert!(is_there, "`{call}` has no --{option}");
            }
        }
    }

    #[test]
    fn readme_states_the_rust_version_that_is_needed() {
        let stated = concat!(
            "You need Rust ",
            env!("CARGO_PKG_RUST_VERSION"),
            " or later"
        );
        assert!(
            include_str!("../../../README.md").contains(stated),
            "{stated}"
        );
    }
}
