//! `help`: the menu, and how one command is used; both, like the manual's list, are made from the table.

use super::row::{Call, ChatCommand, Group, Table};
use crate::client::core::Core;
use crate::client::env::{Fault, Tone};
use crate::client::name::canonical;
use crate::client::ui::{render, table};

/// How wide the calls are set, in columns. Chosen: with [`SUMMARY_WIDTH`] and the blanks between it fits a terminal of
/// 80 columns. A longer call has its summary on the next line.
const CALL_WIDTH: usize = 26;

/// How wide a summary may be, in columns; a test says so. The last column of a terminal stays empty.
#[cfg(test)]
const SUMMARY_WIDTH: usize = 51;

/// How wide the names of a group's commands are set in the menu, in columns. Chosen: with the group's name before them
/// they fit a terminal of 80 columns.
const NAMES_WIDTH: usize = 64;

/// The subcommands of the program, which are none here: a test compares them with its table.
pub(super) const SUBCOMMANDS: &[&str] = &[
    "serve",
    "connect",
    "send",
    "tail",
    "bot",
    "link",
    "discover",
    "doctor",
    "user",
    "invite",
    "room",
    "message",
    "ban",
    "session",
    "announce",
    "status",
    "reload",
    "stop",
    "key",
    "log-level",
    "audit",
    "store",
    "config",
    "bench",
    "completions",
    "help",
];

/// Commands that other chat programs have, and what there is here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("part", "`/leave` leaves a room"),
    ("names", "`/members` lists who is in a room"),
    (
        "query",
        "`/enter NAME` goes to the conversation with somebody",
    ),
    ("list", "`/rooms` lists the rooms"),
    (
        "say",
        "where the prompt shows a conversation, just type; `/message NAME TEXT` works everywhere",
    ),
    ("nick", "only the operator and administrators rename a user"),
    (
        "win",
        "`/1` to `/9` are places that you assign, `/next` goes to what is unread",
    ),
    (
        "window",
        "`/1` to `/9` are places that you assign, `/next` goes to what is unread",
    ),
    (
        "buffer",
        "`/1` to `/9` are places that you assign, `/next` goes to what is unread",
    ),
    ("clear", "Ctrl-L clears the screen"),
    ("disconnect", "`/logout` signs out, `/quit` leaves"),
];

/// The keys of a terminal that can edit lines.
const KEYS: &str = "\
Enter      sends the line; Alt-Enter begins a new one in the same message
Up, Ctrl-R recall what was typed, also in earlier runs
Tab        completes commands, names and rooms
Ctrl-C     clears the line, or ends the program where that is empty
Ctrl-D     ends the program; at a question it goes back
Ctrl-L     clears the screen
Ctrl-Z     stops the program; `fg` in the shell goes on
Ctrl-A, Ctrl-E, Ctrl-W, Ctrl-U, Ctrl-K, Ctrl-Y edit the line as in a shell
A text that begins with a slash is typed with two where the prompt shows a conversation.";

pub(super) fn run(core: &mut Core, call: &Call<'_>) {
    let Some(word) = call.optional(0) else {
        core.show_laid_out(Tone::Plain, menu(call.table));
        return;
    };
    match find(call.table, word) {
        Ok(lines) => core.show_laid_out(Tone::Plain, lines),
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

/// What is said of the command and the group of this name, with or without a slash, or that there is none.
pub(super) fn find(table: &Table, word: &str) -> Result<Vec<String>, String> {
    let name = word.strip_prefix('/').unwrap_or(word);
    let mut lines = table.find(name).map(page).unwrap_or_default();
    let group = table.groups.iter().find(|group| group.name == name);
    lines.extend(group.into_iter().flat_map(overview));
    if name == "keys" {
        lines.extend(KEYS.lines().map(str::to_owned));
    }
    if lines.is_empty() {
        return Err(unknown(table, if name.is_empty() { word } else { name }));
    }
    Ok(lines)
}

/// How to write to somebody, for whoever types a text where no conversation is; to the known user whom the text names, if it
/// does. Nothing for a line that is more likely a mistyped command.
pub(super) fn unaddressed(table: &Table, line: &str, users: &[String]) -> Option<String> {
    let mut words = line.split_whitespace();
    let first = words.next()?;
    let is_alone = words.next().is_none();
    let is_slip = SUBCOMMANDS.contains(&first) || table.has_near(&first.to_lowercase());
    if line.starts_with('/') || is_slip || is_alone && table.has_start(first) {
        return None;
    }
    let known = |word: &str| {
        let name = canonical(word.trim_matches(|sign: char| !sign.is_alphanumeric()));
        users.iter().find(|user| canonical(user) == name).cloned()
    };
    let name = line.split_whitespace().rev().find_map(known);
    let name = name.unwrap_or_else(|| "NAME".to_owned());
    Some(format!(
        "unknown command {}; to write to somebody: `/message {name} TEXT`, or `/enter {name}`  (`/help` shows the menu)",
        render::quote(first)
    ))
}

/// Says that there is no such command, and which one may have been meant.
pub(super) fn unknown(table: &Table, word: &str) -> String {
    if SUBCOMMANDS.contains(&word) {
        return format!(
            "\"{word}\" is a command of the shell, not of this prompt: run `udpchat {word}` there"
        );
    }
    let elsewhere = ELSEWHERE.iter().find(|(name, _)| *name == word);
    if let Some((_, here)) = elsewhere {
        return format!("there is no \"/{word}\" here: {here}");
    }
    if word.contains('/') {
        let here = "a text that begins with a slash is typed with two where the prompt shows a conversation";
        return format!("unknown command \"{word}\"; {here}");
    }
    let suggestion = table
        .nearest(word)
        .map(|nearest| format!("; did you mean \"/{nearest}\"?"))
        .unwrap_or_default();
    format!("unknown command \"{word}\"{suggestion}  (`/help` shows the menu)")
}

/// The menu: what most people need, and the names of all commands.
fn menu(table: &Table) -> Vec<String> {
    let basic = table
        .iter()
        .filter(|command| command.is_basic)
        .map(|command| {
            let call = command.usage();
            let is_long = call.len() > CALL_WIDTH;
            let call = if is_long {
                format!("/{} ...", command.name)
            } else {
                call
            };
            vec![call, command.summary.to_owned()]
        });
    let mut lines = table::lines(&basic.collect::<Vec<_>>());
    lines.push("All commands by group (`/help order`: those of moderators):".into());
    let groups = table.groups.iter().filter(|group| group.is_for_all);
    let groups = groups.flat_map(index);
    lines.extend(table::lines(&groups.collect::<Vec<_>>()));
    lines.push(
        "`/help GROUP` and `/help COMMAND` say more, `/help keys` which keys there are.".into(),
    );
    lines
}

/// The names of a group's commands as rows of the menu.
fn index(group: &Group) -> Vec<Vec<String>> {
    let mut rows = vec![vec![format!("  {}", group.name), String::new()]];
    for command in group.commands {
        let mut word = format!("/{}", command.name);
        if !command.aliases.is_empty() {
            word = format!("{word} ({})", command.aliases.join(", "));
        }
        let row = rows.last_mut().map(|row| &mut row[1]);
        match row {
            Some(names) if names.is_empty() => names.push_str(&word),
            Some(names) if names.len() + 2 + word.len() <= NAMES_WIDTH => {
                names.push_str("  ");
                names.push_str(&word);
            }
            _ => rows.push(vec![String::new(), word]),
        }
    }
    rows
}

/// A group's commands, a line for each, or two.
fn overview(group: &Group) -> Vec<String> {
    let mut rows = Vec::new();
    for command in group.commands {
        let (call, summary) = (command.usage(), command.summary.to_owned());
        if call.len() <= CALL_WIDTH {
            rows.push(vec![call, summary]);
        } else {
            rows.push(vec![call]);
            rows.push(vec![String::new(), summary]);
        }
    }
    let mut lines = vec![format!("{}: {}", group.name, group.title)];
    lines.extend(table::lines(&rows));
    lines
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
pub(super) fn manual(table: &Table) -> String {
    let lines = table.iter().flat_map(page);
    lines.map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::super::groups::TABLE;
    use super::*;

    /// The lines of the smallest terminal that is common, less the one on which `help` was typed and the next prompt.
    const MENU_LINES: usize = 24 - 2;

    #[test]
    fn menu_fits_a_terminal_and_names_each_command() {
        let menu = menu(&TABLE);
        assert!(menu.len() <= MENU_LINES, "{menu:#?}");
        assert!(menu.iter().all(|line| line.len() < 80), "{menu:#?}");
        let words: Vec<&str> = menu
            .iter()
            .flat_map(|line| line.split("  "))
            .map(str::trim)
            .collect();
        let for_all = TABLE.groups.iter().filter(|group| group.is_for_all);
        for command in for_all.flat_map(|group| group.commands) {
            let name = format!("/{}", command.name);
            let is_named = |word: &&str| word.split(' ').next() == Some(&name);
            assert!(words.iter().any(is_named), "{}", command.name);
            for alias in command.aliases {
                assert!(menu.iter().any(|line| line.contains(alias)), "{alias}");
            }
        }
        for group in TABLE.groups.iter().filter(|group| !group.is_for_all) {
            let pointed = format!("`/help {}`", group.name);
            assert!(menu.iter().any(|line| line.contains(&pointed)), "{pointed}");
        }
    }

    #[test]
    fn commands_of_other_programs_are_told_what_there_is_here() {
        for (word, here) in ELSEWHERE {
            assert!(TABLE.find(word).is_none(), "{word}");
            assert!(unknown(&TABLE, word).ends_with(here), "{word}");
            let commands = here.split('`').skip(1).step_by(2);
            for command in commands {
                let name = command.split(' ').next().unwrap_or_default();
                assert!(TABLE.find(&name[1..]).is_some(), "{command}");
            }
        }
        let told = unknown(&TABLE, "etc/hosts");
        assert!(told.contains("is typed with two"), "{told}");
    }

    #[test]
    fn keys_are_explained_within_a_terminal() {
        let keys = find(&TABLE, "keys").expect("there is such a page");
        assert!(keys.iter().all(|line| line.len() < 90), "{keys:#?}");
        assert!(keys.iter().any(|line| line.contains("Alt-Enter")));
    }

    #[test]
    fn group_has_a_line_for_each_of_its_commands_and_fits_a_terminal() {
        // The longest call, of 55 columns, made the column of all, and the menu broke in the middle of words.
        for group in TABLE.groups {
            let overview = overview(group);
            for command in group.commands {
                let found = overview.iter().any(|line| {
                    line.split_whitespace().next() == Some(&format!("/{}", command.name))
                });
                assert!(found, "{}", command.name);
                assert!(
                    command.summary.len() <= SUMMARY_WIDTH,
                    "{}: {}",
                    command.name,
                    command.summary
                );
            }
            assert!(overview.len() <= MENU_LINES, "{overview:#?}");
            assert!(overview.iter().all(|line| line.len() < 80), "{overview:#?}");
        }
    }

    #[test]
    fn help_of_a_word_shows_the_command_its_other_names_and_the_group() {
        let says = |word| find(&TABLE, word).map(|lines| lines.join("\n"));
        for word in ["message", "/message", "msg", "/msg"] {
            let page = says(word).unwrap();
            assert!(
                page.starts_with("/message USER") && page.ends_with("also: /msg"),
                "{page}"
            );
        }
        let writing = says("writing").unwrap();
        assert!(
            writing.starts_with("writing: ") && writing.contains("message*"),
            "{writing}"
        );
        // Both a command and a group.
        let rooms = says("rooms").unwrap();
        assert!(
            rooms.contains("/rooms [PAGE]\n") && rooms.contains("rooms: "),
            "{rooms}"
        );
        assert!(says("no").is_err());
    }
}
