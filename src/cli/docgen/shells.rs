//! The completion scripts, which say more than the generator makes of the parser: the words after `help`, and where files
//! are offered and where nothing is.

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::Shell;

const HELP: &str = "help";

/// The script for a shell, from the parser of the whole command line.
pub fn completion(shell: Shell, parser: &Command) -> Vec<u8> {
    let mut command = offered(parser);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "udpchat", &mut script);
    let complete = match shell {
        Shell::Bash => for_bash,
        Shell::Fish => for_fish,
        _ => return script,
    };
    let script = String::from_utf8(script).expect("the generator writes text");
    complete(&script, &command).into_bytes()
}

/// What completions are made of: nothing that is hidden, and after `help` what it explains.
fn offered(parser: &Command) -> Command {
    let mut command = visible(parser);
    let groups = parser.get_subcommands().filter(|own| own.has_subcommands());
    for group in groups {
        let explained = explained(
            command
                .find_subcommand(group.get_name())
                .expect("it is inside"),
        );
        let help = explained
            .name(HELP)
            .about("Show the help of one of these subcommands");
        command = command.mut_subcommand(group.get_name(), |own| own.subcommand(help));
    }
    let all = explained(&visible(parser));
    command.mut_subcommand(HELP, |help| {
        let about = help.get_about().cloned().unwrap_or_default();
        all.name(HELP).about(about)
    })
}

fn visible(command: &Command) -> Command {
    let shown = command.get_arguments().filter(|own| !own.is_hide_set());
    let mut visible = Command::new(command.get_name().to_owned())
        .disable_help_subcommand(true)
        .args(shown.cloned().map(plain))
        .subcommands(command.get_subcommands().map(visible));
    if let Some(about) = command.get_about() {
        visible = visible.about(about.clone());
    }
    if let Some(about) = command.get_long_about() {
        visible = visible.long_about(about.clone());
    }
    if let Some(version) = command.get_version() {
        visible = visible.version(version.to_owned());
    }
    visible
}

/// The names of the subcommands of all levels, without anything that they take.
fn explained(command: &Command) -> Command {
    let inside = command
        .get_subcommands()
        .filter(|own| own.get_name() != HELP);
    let names = Command::new(command.get_name().to_owned())
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .subcommands(inside.map(explained));
    match command.get_about() {
        Some(about) => names.about(about.clone()),
        None => names,
    }
}

/// An argument with a name of its value that no shell reads as its own: zsh takes a colon for the end of the name, and runs
/// what follows as a command. Files are offered for paths only.
fn plain(argument: Arg) -> Arg {
    if argument.is_require_equals_set() {
        return switch(&argument);
    }
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "-_".contains(sign);
    let names = argument.get_value_names().unwrap_or_default();
    let plain = names.iter().map(|name| {
        let words = name.split(|sign| !is_plain(sign));
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        words.join("_")
    });
    let plain: Vec<String> = plain.collect();
    let takes_value = argument.get_action().takes_values();
    let argument = match argument.get_value_hint() {
        ValueHint::Unknown if takes_value => argument.value_hint(ValueHint::Other),
        _ => argument,
    };
    if plain.is_empty() {
        argument
    } else {
        argument.value_names(plain)
    }
}

/// A switch without the value that it can have after `=`: bash and fish would offer that as the next word.
fn switch(argument: &Arg) -> Arg {
    let long = argument.get_long().unwrap_or_default().to_owned();
    let help = argument.get_help().cloned().unwrap_or_default();
    Arg::new(argument.get_id().clone())
        .long(long)
        .help(help)
        .action(ArgAction::SetTrue)
}

/// Each command with its words, without the name of the program.
fn each<'a>(above: &[&'a str], command: &'a Command, found: &mut Vec<(Vec<&'a str>, &'a Command)>) {
    for own in command.get_subcommands() {
        let words = [above, &[own.get_name()]].concat();
        each(&words, own, found);
        found.push((words, own));
    }
}

fn commands(command: &Command) -> Vec<(Vec<&str>, &Command)> {
    let mut found = Vec::new();
    each(&[], command, &mut found);
    found
}

fn takes_path(argument: &Arg) -> bool {
    !matches!(
        argument.get_value_hint(),
        ValueHint::Unknown | ValueHint::Other
    )
}

/// bash offers files wherever a script offers nothing, and splits words at `=`.
fn for_bash(script: &str, command: &Command) -> String {
    const PREVIOUS: &str = "    prev=\"$3\"\n";
    const BEHIND_EQUALS: &str = "    if [[ \"${COMP_WORDS[COMP_CWORD]}\" == \"=\" ]]; then
        cur=\"\"
        prev=\"${COMP_WORDS[COMP_CWORD-1]}\"
    elif [[ COMP_CWORD -ge 2 && \"${COMP_WORDS[COMP_CWORD-1]}\" == \"=\" ]]; then
        prev=\"${COMP_WORDS[COMP_CWORD-2]}\"
    fi
";
    const FILES: &str = "            if [[ ${cur} != -* && ${prev} != -* ]] ; then
                compopt -o filenames 2>/dev/null
                COMPREPLY=($(compgen -f -- \"${cur}\"))
                return 0
            fi
";
    let mut script = script
        .replacen(PREVIOUS, &format!("{PREVIOUS}{BEHIND_EQUALS}"), 1)
        .replace("COMPREPLY=(\"${cur}\")", "COMPREPLY=()")
        .replace(" -o bashdefault -o default udpchat", " udpchat");
    for (words, command) in commands(command) {
        if command.get_positionals().any(takes_path) {
            let case = format!("        udpchat__subcmd__{})\n", words.join("__subcmd__"));
            script = script.replacen(&case, &format!("{case}{FILES}"), 1);
        }
    }
    script
}

/// The generator leaves out the arguments that are no options, and fish offers files wherever a script says nothing.
fn for_fish(script: &str, command: &Command) -> String {
    let mut script = format!("{script}complete -c udpchat -f\n");
    for (words, command) in commands(command) {
        let behind = match words[..] {
            [first] => format!("__fish_udpchat_using_subcommand {first}"),
            [first, second] => format!(
                "__fish_udpchat_using_subcommand {first}; and __fish_seen_subcommand_from {second}"
            ),
            _ => continue,
        };
        for argument in command.get_positionals() {
            let values = argument.get_possible_values();
            let values: Vec<_> = values.iter().map(PossibleValue::get_name).collect();
            let offer = if takes_path(argument) {
                "-F".to_owned()
            } else if values.is_empty() {
                continue;
            } else {
                format!("-f -a \"{}\"", values.join(" "))
            };
            let line = format!("complete -c udpchat -n \"{behind}\" {offer}\n");
            script.push_str(&line);
        }
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command::parser;
    use crate::cli::commands;

    fn check(command: &Command) {
        for argument in command.get_arguments() {
            let (name, id) = (command.get_name(), argument.get_id());
            assert!(!argument.is_hide_set(), "{name} {id}");
            assert_ne!(argument.get_value_hint(), ValueHint::CommandName);
            let is_plain = |sign: u8| sign.is_ascii_alphanumeric() || b"-_".contains(&sign);
            for name in argument.get_value_names().into_iter().flatten() {
                assert!(name.bytes().all(is_plain), "{id} {name}");
            }
        }
        command.get_subcommands().for_each(check);
    }

    #[test]
    fn completions_offer_nothing_hidden_and_no_value_name_that_a_shell_could_take_for_its_own() {
        check(&offered(&parser(&commands())));
    }

    #[test]
    fn every_subcommand_stands_behind_help_too() {
        let parser = parser(&commands());
        let offered = offered(&parser);
        let all = super::commands(&offered);
        let has = |words: &[&str]| all.iter().any(|(found, _)| found == words);
        for (words, _) in super::commands(&parser) {
            assert!(has(&words), "{words:?}");
            assert!(
                words == [HELP] || has(&[&[HELP], &words[..]].concat()),
                "{words:?}"
            );
            if let [group, own] = words[..] {
                assert!(has(&[group, HELP, own]), "{words:?}");
            }
        }
    }
}
