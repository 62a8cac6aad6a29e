//! The commands of the prompt: one table, from which the menu, the tab key, the manual and the checks before a
//! command runs are all read.

mod access;
mod bare;
mod block;
mod enter;
mod help;
mod history;
mod invite;
mod join;
mod kick;
mod leave;
mod login;
mod members;
mod message;
mod message_all;
mod role;
mod rooms;
mod search;
mod topic;

use super::core::Core;
use super::env::Tone;
use crate::protocol::{Change, EventKind, ROOM_SIGN};
use crate::registry::{Entry, Registry};
use crate::transport::Now;

/// The words behind a command, and when it may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The arguments as the menu shows them, such as `USER TEXT`.
    pub arguments: &'static str,
    /// How many there must be.
    pub least: usize,
    /// How many there may be; the last one takes the rest of the line.
    pub most: usize,
    /// Whether only a signed-in user may call it.
    pub needs_sign_in: bool,
}

/// A command of the prompt.
pub trait ChatCommand: Entry + Sync {
    /// What is checked before it runs.
    fn usage(&self) -> Usage;

    /// Runs it, with as many arguments as [`ChatCommand::usage`] allows.
    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]);
}

/// All commands, in the menu's order.
#[must_use]
pub fn registry() -> Registry<dyn ChatCommand> {
    Registry::<dyn ChatCommand>::default()
        .with(Box::new(login::Login))
        .with(Box::new(message::Message))
        .with(Box::new(message_all::MessageAll))
        .with(Box::new(bare::CONTACTS))
        .with(Box::new(join::Join))
        .with(Box::new(enter::Enter))
        .with(Box::new(bare::BACK))
        .with(Box::new(leave::Leave))
        .with(Box::new(rooms::Rooms))
        .with(Box::new(members::Members))
        .with(Box::new(topic::Topic))
        .with(Box::new(invite::Invite))
        .with(Box::new(kick::Kick))
        .with(Box::new(role::Role))
        .with(Box::new(access::Access))
        .with(Box::new(block::Block))
        .with(Box::new(block::Unblock))
        .with(Box::new(history::History))
        .with(Box::new(search::Search))
        .with(Box::new(bare::STATUS))
        .with(Box::new(help::Help))
        .with(Box::new(bare::LOGOUT))
        .with(Box::new(bare::QUIT))
}

/// Runs a line that was typed at the prompt. What is no command is never sent anywhere, unless the prompt stood in a
/// conversation (`inside`): there plain text is said, commands take a slash, and `//x` says "/x".
pub(super) fn run(core: &mut Core, now: Now, line: &str, inside: Option<&str>) {
    let line = line.trim();
    let command = line.strip_prefix('/');
    if let Some(inside) = inside {
        let text = command.filter(|rest| rest.starts_with('/'));
        let plain = command.is_none().then_some(line);
        if let Some(text) = text.or(plain) {
            if !text.is_empty() {
                core.say_inside(now, inside, text);
            }
            return;
        }
    }
    let line = command.unwrap_or(line);
    let (word, rest) = split_word(line);
    if word.is_empty() {
        return;
    }
    let registry = registry();
    let Some(command) = registry.find(word) else {
        let suggestion = registry
            .nearest(word)
            .map(|nearest| format!("; did you mean \"{nearest}\"?"))
            .unwrap_or_default();
        core.show(
            Tone::Error,
            &format!("unknown command \"{word}\"{suggestion}  (`help` shows the menu)"),
        );
        return;
    };
    let usage = command.usage();
    if usage.needs_sign_in && core.user().is_none() {
        core.show(Tone::Error, "sign in first, with `login`");
        return;
    }
    let (arguments, surplus) = split_arguments(rest, usage.most);
    if arguments.len() < usage.least || surplus {
        let text = format!("usage: {} {}", command.name(), usage.arguments);
        core.show(Tone::Error, text.trim_end());
        return;
    }
    if command.name() != "history" {
        core.with_account(|account, _| account.forget_page());
    }
    command.run(core, now, &arguments);
}

/// A change of a room in which nothing is said yet but what it changes.
const fn change(kind: EventKind) -> Change {
    Change {
        kind,
        subject: None,
        text: None,
        role: None,
        access: None,
    }
}

/// The room, if the first argument names one, and the rest of the line.
fn room_first<'a>(arguments: &[&'a str]) -> (Option<&'a str>, Option<String>) {
    let (named, rest) = match arguments {
        [first, rest @ ..] if first.starts_with(ROOM_SIGN) => (Some(*first), rest),
        rest => (None, rest),
    };
    (named, (!rest.is_empty()).then(|| rest.join(" ")))
}

/// The first word, and what stands behind it.
fn split_word(line: &str) -> (&str, &str) {
    let line = line.trim_start();
    match line.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim()),
        None => (line, ""),
    }
}

/// At most `most` arguments, the last one with everything behind it; whether there was something behind a
/// command that takes none.
fn split_arguments(mut rest: &str, most: usize) -> (Vec<&str>, bool) {
    let mut arguments = Vec::new();
    while !rest.is_empty() && arguments.len() < most {
        if arguments.len() + 1 == most {
            arguments.push(rest);
            rest = "";
        } else {
            let (word, behind) = split_word(rest);
            arguments.push(word);
            rest = behind;
        }
    }
    (arguments, !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_argument_takes_the_rest_of_the_line_as_it_is() {
        assert_eq!(
            split_arguments("bob tea  at four?", 2),
            (vec!["bob", "tea  at four?"], false)
        );
        assert_eq!(split_arguments("", 2), (vec![], false));
        assert_eq!(split_arguments("x", 0), (vec![], true));
    }

    #[test]
    fn room_may_be_named_before_the_rest_of_the_line_or_left_out() {
        assert_eq!(
            room_first(&["#bridge", "tea at", "four"]),
            (Some("#bridge"), Some("tea at four".into()))
        );
        assert_eq!(
            room_first(&["tea", "at four"]),
            (None, Some("tea at four".into()))
        );
        assert_eq!(room_first(&[]), (None, None));
    }

    #[test]
    fn table_names_each_command_once() {
        let names: Vec<&str> = registry().iter().map(Entry::name).collect();
        assert_eq!(
            names,
            [
                "login", "message", "message*", "contacts", "join", "enter", "back", "leave",
                "rooms", "members", "topic", "invite", "kick", "role", "access", "block",
                "unblock", "history", "search", "status", "help", "logout", "quit"
            ]
        );
    }

    #[test]
    fn checks_in_the_table_agree_with_the_arguments_that_it_shows() {
        for command in registry().iter() {
            let usage = command.usage();
            let words = usage.arguments.split_whitespace().count();
            assert_eq!(words, usage.most, "{}", command.name());
            assert!(usage.least <= usage.most, "{}", command.name());
        }
    }
}
