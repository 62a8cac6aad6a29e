//! Generates the manual pages and completion scripts from the registry of subcommands.
//!
//! They are committed for packagers; a test generates them again and compares.

pub mod completions;

use std::path::PathBuf;

use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::command::{Commands, Section, Subcommand, parser};
use crate::cli::exit::Exit;
use crate::registry::Entry as _;

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
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut parser(commands), "udpchat", &mut script);
    script
}

/// udpchat.1, and a page for each subcommand of the topmost level.
fn pages(commands: &Commands) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut parser = parser(commands);
    parser.build();
    let name = |own: &Subcommand| format!("udpchat-{}", own.name());
    let others: Vec<String> = commands.iter().map(name).collect();
    let mut pages = vec![page(&parser, "udpchat", [].iter(), &others)?];
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
    let man = Man::new(command.clone().display_name(name))
        .title(name.to_uppercase())
        .section("1")
        .date("")
        .source(source)
        .manual("User Commands");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        subcommands(command).to_writer(&mut text)?;
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
    pages.push("udpchat-protocol(7)".into());
    roff.text([roman(pages.join(", "))]);
    roff.to_writer(&mut text)?;
    Ok((PathBuf::from("man").join(format!("{name}.1")), text))
}

fn subcommands(command: &clap::Command) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["SUBCOMMANDS"]);
    for own in command.get_subcommands() {
        roff.control("TP", []);
        roff.text([bold(own.get_name())]);
        roff.text([roman(
            own.get_about().map(ToString::to_string).unwrap_or_default(),
        )]);
        // Nested subcommands have no page of their own.
        for argument in own
            .get_arguments()
            .filter(|_| command.get_name() != "udpchat")
        {
            if argument.is_global_set() || argument.get_id() == "help" {
                continue;
            }
            roff.control("RS", []);
            roff.control("TP", []);
            roff.text([bold(argument.to_string())]);
            roff.text([roman(
                argument
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            )]);
            roff.control("RE", []);
        }
    }
    roff
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
            Some((variable, argument.get_long()?.to_owned()))
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
            "Same as --{option}; the option takes precedence."
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
    roff
}
