//! How each subcommand is called: the synopsis of its page, and in a group's page what each one inside takes.

use clap::{Arg, ArgAction, Command};
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

/// A synopsis with more options than these names none of them. Chosen: as many fill a quarter of a screen.
const LISTED_OPTIONS_MAX: usize = 14;

/// The section SYNOPSIS: a call, or of a group a call of each one inside.
pub fn synopsis(command: &Command, shared: &[&Arg]) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["SYNOPSIS"]);
    let name = command.get_bin_name().unwrap_or(command.get_name());
    if command.get_name() == "udpchat" {
        roff.text([
            bold("udpchat"),
            roman(" [OPTION]... "),
            italic("SUBCOMMAND"),
            roman(" [ARGUMENT]..."),
        ]);
        return roff;
    }
    if !command.has_subcommands() {
        roff.text(call(name, command, shared));
        return roff;
    }
    for (at, own) in inside(command).enumerate() {
        if at > 0 {
            roff.control("br", []);
        }
        roff.text(call(&format!("{name} {}", own.get_name()), own, shared));
    }
    roff
}

/// The section SUBCOMMANDS of a group, or of the program. Nested subcommands have no page of their own.
pub fn subcommands(command: &Command, shared: &[&Arg]) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["SUBCOMMANDS"]);
    for own in inside(command) {
        roff.control("TP", []);
        roff.text([bold(own.get_name())]);
        roff.text([roman(summary(own))]);
        if command.get_name() == "udpchat" {
            continue;
        }
        for argument in arguments(own, shared) {
            roff.control("RS", []);
            roff.control("TP", []);
            roff.text(described(argument));
            let help = argument.get_help().map(ToString::to_string);
            roff.text([roman(help.unwrap_or_default())]);
            for value in argument.get_possible_values() {
                let Some(meaning) = value.get_help() else {
                    continue;
                };
                roff.control("br", []);
                roff.text([italic(value.get_name()), roman(format!(": {meaning}"))]);
            }
            roff.control("RE", []);
        }
    }
    roff
}

/// The options that all subcommands of a group have, alike: they are described once.
pub fn shared(command: &Command) -> Vec<&Arg> {
    let mut all = inside(command);
    let Some(first) = all.next() else {
        return Vec::new();
    };
    let rest: Vec<&Command> = all.collect();
    if rest.is_empty() {
        return Vec::new();
    }
    let is_option = |argument: &&Arg| !argument.is_positional() && !argument.is_hide_set();
    let is_alike = |argument: &Arg, other: &Command| {
        let mut others = other.get_arguments();
        others.any(|own| {
            own.get_long() == argument.get_long()
                && own.get_help().map(ToString::to_string)
                    == argument.get_help().map(ToString::to_string)
        })
    };
    let options = first.get_arguments().filter(is_option);
    options
        .filter(|argument| argument.get_id() != "help" && !argument.is_global_set())
        .filter(|argument| rest.iter().all(|other| is_alike(argument, other)))
        .collect()
}

fn inside(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|own| !own.is_hide_set())
}

fn summary(command: &Command) -> String {
    let about = command.get_about().map(ToString::to_string);
    about.unwrap_or_default()
}

/// What a subcommand alone takes: positional arguments last, as they are typed.
fn arguments<'a>(command: &'a Command, shared: &[&Arg]) -> Vec<&'a Arg> {
    let own = command.get_arguments().filter(|argument| {
        let is_shared = shared
            .iter()
            .any(|other| other.get_id() == argument.get_id());
        !is_shared
            && !argument.is_global_set()
            && !argument.is_hide_set()
            && argument.get_id() != "help"
            && argument.get_long() != Some("help")
    });
    let (positional, mut options): (Vec<_>, Vec<_>) = own.partition(|it| it.is_positional());
    options.extend(positional);
    options
}

fn call(name: &str, command: &Command, shared: &[&Arg]) -> Vec<Inline> {
    let mut words = vec![bold(name)];
    let all = arguments(command, shared);
    let listed = all.iter().filter(|it| !it.is_positional()).count() <= LISTED_OPTIONS_MAX;
    if !listed {
        words.push(roman(" [OPTION]..."));
    }
    let is_named = |it: &&Arg| listed || it.is_positional() || it.is_required_set();
    for argument in all.into_iter().filter(is_named) {
        let (open, close) = if argument.is_required_set() {
            (" ", "")
        } else {
            (" [", "]")
        };
        words.push(roman(open));
        words.extend(described(argument));
        words.push(roman(close));
        if is_repeatable(argument) {
            words.push(roman("..."));
        }
    }
    words
}

fn is_repeatable(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Append | ArgAction::Count)
}

/// An argument with its value, such as `--data DIR` or `NAME`.
fn described(argument: &Arg) -> Vec<Inline> {
    let mut words = Vec::new();
    if let Some(short) = argument.get_short() {
        words.push(bold(format!("-{short}")));
        words.push(roman(", "));
    }
    if let Some(long) = argument.get_long() {
        words.push(bold(format!("--{long}")));
    }
    if !argument.get_action().takes_values() {
        return words;
    }
    let names = argument.get_value_names().unwrap_or_default();
    let mut names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    if names.is_empty() {
        names.push(argument.get_id().as_str());
    }
    let value = names.join(" ");
    if argument.is_require_equals_set() {
        words.extend([roman("[="), italic(value), roman("]")]);
    } else if argument.is_positional() {
        words.push(italic(value));
    } else {
        words.extend([roman(" "), italic(value)]);
    }
    words
}
