//! `help`: the menu, and how one command is used; both, like the manual's list, are made from the table.

use super::row::{Call, ChatCommand};
use crate::client::core::Core;
use crate::client::env::{Fault, Tone};
use crate::registry::Registry;

/// How wide the calls are set, in columns. Chosen: with [`SUMMARY_WIDTH`] and the blanks between it fits a terminal of
/// 80 columns. A longer call has its summary on the next line.
const CALL_WIDTH: usize = 26;

/// How wide a summary may be, in columns; a test says so. The last column of a terminal stays empty.
#[cfg(test)]
const SUMMARY_WIDTH: usize = 51;

/// The subcommands of the program, which are none here: a test compares them with its table.
pub(super) const SUBCOMMANDS: [&str; 10] = [
    "serve",
    "connect",
    "user",
    "room",
    "status",
    "store",
    "config",
    "bench",
    "completions",
    "help",
];

pub(super) fn run(core: &mut Core, call: &Call<'_>) {
    let Some(word) = call.optional(0) else {
        core.show_table(Tone::Plain, &menu(call.table));
        return;
    };
    match find(call.table, word) {
        Ok(lines) => {
            for line in lines {
                core.show(Tone::Plain, &line);
            }
        }
        Err(_) if SUBCOMMANDS.contains(&word) => {
            let rest = call.optional(1).unwrap_or_default();
            let asked = format!("udpchat help {word} {rest}");
            let text = format!(
                "\"{word}\" is a command of the shell, not of this prompt: see `{}` there",
                asked.trim_end()
            );
            core.fail(Fault::Usage, &text);
        }
        Err(why) => {
            core.fail(Fault::Usage, &why);
            core.show(
                Tone::Plain,
                "  in a shell, `udpchat help` explains the subcommands of the program",
            );
        }
    }
}

/// What is said of the command of this name, with or without a slash, or that there is none.
pub(super) fn find(table: &Registry<ChatCommand>, word: &str) -> Result<Vec<String>, String> {
    let name = word.strip_prefix('/').unwrap_or(word);
    let found = table.find(name).map(page);
    found.ok_or_else(|| unknown(table, if name.is_empty() { word } else { name }))
}

/// Says that there is no such command, and which one may have been meant.
pub(super) fn unknown(table: &Registry<ChatCommand>, word: &str) -> String {
    if SUBCOMMANDS.contains(&word) {
        return format!(
            "\"{word}\" is a command of the shell, not of this prompt: run `udpchat {word}` there"
        );
    }
    let suggestion = table
        .nearest(word)
        .map(|nearest| format!("; did you mean \"/{nearest}\"?"))
        .unwrap_or_default();
    format!("unknown command \"{word}\"{suggestion}  (`/help` shows the menu)")
}

/// The menu, a line for each command, or two.
fn menu(table: &Registry<ChatCommand>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for command in table.iter() {
        let (call, summary) = (command.usage(), command.summary.to_owned());
        if call.len() <= CALL_WIDTH {
            rows.push(vec![call, summary]);
        } else {
            rows.push(vec![call]);
            rows.push(vec![String::new(), summary]);
        }
    }
    rows
}

/// What is said of one command, its usage first.
fn page(command: &ChatCommand) -> Vec<String> {
    let mut page = vec![command.usage(), format!("  {}", command.summary)];
    page.extend(command.help.lines().map(|line| format!("  {line}")));
    if !command.aliases.is_empty() {
        let aliases: Vec<String> = command
            .aliases
            .iter()
            .map(|name| format!("/{name}"))
            .collect();
        page.push(format!("  also: {}", aliases.join(", ")));
    }
    page
}

/// The pages of all commands, for the manual.
pub(super) fn manual(table: &Registry<ChatCommand>) -> String {
    let lines = table.iter().flat_map(page);
    lines.map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::super::table::TABLE;
    use super::*;
    use crate::client::ui::table;

    #[test]
    fn menu_has_a_line_for_each_command_of_the_table_and_fits_a_terminal() {
        // The longest call, of 55 columns, made the column of all, and the menu broke in the middle of words.
        let menu = table::lines(&menu(&TABLE));
        for command in TABLE.iter() {
            let found = menu
                .iter()
                .any(|line| line.split_whitespace().next() == Some(&format!("/{}", command.name)));
            assert!(found, "{}", command.name);
            assert!(
                command.summary.len() <= SUMMARY_WIDTH,
                "{}: {}",
                command.name,
                command.summary
            );
        }
        assert!(menu.iter().all(|line| line.len() < 80), "{menu:#?}");
        assert!(
            menu[1].starts_with("/message USER|#ROOM TEXT  "),
            "{}",
            menu[1]
        );
    }
}
