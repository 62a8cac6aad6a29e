//! What a draft does on Enter, said before anything is sent. Several lines, which only a paste makes, are one text or
//! several commands.

use super::arguments::{self, has_number, split_word, text_inside};
use super::groups::{self, TABLE};
use super::row::ChatCommand;
use crate::protocol::{EVERYONE_NAME, NOTES_NAME, TEXT_MAX_BYTES};
use crate::text::{comparison, printable};

/// Maximum commands in a paste; with more of them none is run. Chosen: more than anybody reads before pressing Enter, and
/// far fewer than the outbox holds.
const COMMANDS_MAX: usize = 100;

/// So many characters of a line are compared with the commands. Chosen: several times the longest name; all lines are
/// looked at after each key.
const HEAD_CHARACTERS: usize = 64;

/// A draft that is more than one line to be sent, or that is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    /// Each line is a command. They begin with a slash, so that none can become a text where an earlier one leads.
    Commands(Vec<String>),
    /// One text of several lines.
    Text {
        /// What says it at the prompt: the text, or a command with its slash.
        line: String,
        /// Number of lines.
        count: usize,
        /// Its conversation, as it was typed.
        target: String,
    },
    /// Nothing that could be meant for certain, or sent; the reason.
    Refused(String),
}

impl Draft {
    /// What a draft does on Enter, in the conversation at the prompt if there is one; nothing for one line that can be
    /// sent.
    #[must_use]
    pub fn of(draft: &str, inside: Option<&str>) -> Option<Self> {
        let draft = without_blank_lines(draft);
        if draft.contains('\n') {
            return Some(Self::of_lines(draft, inside));
        }
        if draft.len() <= TEXT_MAX_BYTES {
            return None;
        }
        let line = draft.trim_start();
        let said = inside.and_then(|_| text_inside(line));
        let text = said.or_else(|| message(line, inside.is_some()).map(|(_, text)| text))?;
        excess(text).map(Self::Refused)
    }

    /// What a draft does that was written with an editor: several lines of it are one text, whatever they look like.
    #[must_use]
    pub fn composed(draft: &str, inside: Option<&str>) -> Option<Self> {
        let lines = without_blank_lines(draft);
        let said = inside.filter(|_| text_inside(lines).is_some());
        let (target, text, line) = match (message(lines, inside.is_some()), said) {
            _ if !lines.contains('\n') => return Self::of(draft, inside),
            (Some((target, text)), _) => (target, text, slashed(lines)),
            (None, Some(place)) => (place, lines, lines.to_owned()),
            (None, None) => return Self::of(draft, inside),
        };
        Some(excess(text).map_or_else(
            || Self::Text {
                line,
                count: lines.lines().count(),
                target: target.to_owned(),
            },
            Self::Refused,
        ))
    }

    fn of_lines(draft: &str, inside: Option<&str>) -> Self {
        let is_inside = inside.is_some();
        let aligned = without_indent(draft);
        let is_command = |line: &str| call(line, is_inside).is_some();
        let mut commands = numbered_lines(&aligned).filter(|(_, line)| is_command(line));
        let mut others = numbered_lines(&aligned).filter(|(_, line)| !is_command(line));
        let Some((other, _)) = others.next() else {
            return Self::commands(commands.map(|(_, line)| line));
        };
        match (commands.next(), commands.next()) {
            (Some((1, _)), Some(_)) => {
                return Self::Refused(format!("line 1 is a command, line {other} is not"));
            }
            (Some((at, _)), _) if at > 1 => {
                return Self::Refused(format!("line {at} is a command, line 1 is not"));
            }
            _ => {}
        }
        let is_text = draft.starts_with(char::is_whitespace) || text_inside(draft).is_some();
        let (target, text, line, further) = match (message(&aligned, is_inside), inside) {
            (Some((target, text)), _) => (target, text, slashed(&aligned), 2),
            (None, Some(place)) if is_text => (place, draft, as_said(draft), 1),
            _ => return Self::Refused(format!("line {other} is not a command")),
        };
        let mut unclear = numbered_lines(&aligned)
            .filter(|(number, line)| *number >= further && resembles_command(line, is_inside))
            .map(|(number, _)| format!("line {number} looks like a command"));
        if let Some(reason) = unclear.next().or_else(|| excess(text)) {
            return Self::Refused(reason);
        }
        Self::Text {
            line,
            count: draft.lines().count(),
            target: target.to_owned(),
        }
    }

    fn commands<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let commands: Vec<String> = lines.map(slashed).collect();
        if commands.len() > COMMANDS_MAX {
            let count = commands.len();
            return Self::Refused(format!(
                "{count} commands, and at most {COMMANDS_MAX} at once"
            ));
        }
        Self::Commands(commands)
    }

    /// What the prompt says below the draft.
    #[must_use]
    pub fn notice(&self) -> String {
        match self {
            Self::Commands(commands) => format!(
                "[{} commands: Enter runs one after the other, Ctrl-C clears them]",
                commands.len()
            ),
            Self::Text { count, target, .. } => format!(
                "[one text of {count} lines for {}: Enter sends it, Ctrl-C clears it]",
                printable::line_or_nothing(target)
            ),
            Self::Refused(reason) => {
                format!("[{reason}: nothing is sent; edit the draft, or Ctrl-C clears it]")
            }
        }
    }
}

/// What is run of a draft: of one line what it says, of several all but the blank lines around them.
pub(super) fn trimmed(draft: &str) -> &str {
    let draft = without_blank_lines(draft);
    if draft.contains('\n') {
        draft
    } else {
        draft.trim_start()
    }
}

/// The first line keeps its indent.
pub(super) fn without_blank_lines(draft: &str) -> &str {
    let draft = draft.trim_end();
    let indent = draft.len() - draft.trim_start().len();
    let start = draft[..indent].rfind('\n').map_or(0, |at| at + 1);
    &draft[start..]
}

/// The lines without the indent that all of them have: it was copied with them.
fn without_indent(draft: &str) -> String {
    let indent = |line: &'_ str| line.len() - line.trim_start().len();
    let mut indents = numbered_lines(draft).map(|(_, line)| &line[..indent(line)]);
    let first = indents.next().unwrap_or_default();
    let common = indents.fold(first, shared_start);
    let lines = draft.lines().map(|line| line.strip_prefix(common));
    lines
        .map(Option::unwrap_or_default)
        .collect::<Vec<_>>()
        .join("\n")
}

fn shared_start<'a>(one: &'a str, other: &str) -> &'a str {
    let pairs = one.chars().zip(other.chars());
    let alike = pairs.take_while(|(one, other)| one == other);
    &one[..alike.map(|(one, _)| one.len_utf8()).sum()]
}

/// The lines that are not blank, counted from 1.
fn numbered_lines(draft: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = (1..).zip(draft.lines());
    numbered.filter(|(_, line)| !line.trim().is_empty())
}

pub(super) fn slashed(command: &str) -> String {
    format!("/{}", command.trim().trim_start_matches('/'))
}

/// The line that says a text exactly: the prompt takes one of two slashes away.
pub(super) fn as_said(text: &str) -> String {
    let slash = if text.starts_with('/') { "/" } else { "" };
    format!("{slash}{text}")
}

/// The command that a line is, and its values. One that is indented or has a number is none, nor is one that would be refused.
fn call(line: &str, is_inside: bool) -> Option<(&'static ChatCommand, Vec<Option<&str>>)> {
    let is_text = has_number(line) || is_inside && text_inside(line).is_some();
    if is_text || line.starts_with(char::is_whitespace) {
        return None;
    }
    let (word, rest) = split_word(line.strip_prefix('/').unwrap_or(line));
    let command = groups::find(word)?;
    Some((command, arguments::parse(command.arguments, rest)?))
}

/// Whether it says something in a conversation that it names.
pub(super) fn is_message(command: &ChatCommand) -> bool {
    matches!(command.name, "message" | "message*" | "note")
}

/// The target and the text of a message; no other command takes a text of several lines.
pub(super) fn message(draft: &str, is_inside: bool) -> Option<(&str, &str)> {
    let (command, values) = call(draft, is_inside)?;
    match (command.name, &values[..]) {
        ("message", [Some(target), Some(text)]) => Some((target, text)),
        ("message*", [Some(text)]) => Some((EVERYONE_NAME, text)),
        ("note", [Some(text)]) => Some((NOTES_NAME, text)),
        _ => None,
    }
}

/// Whether a line could be meant as a command, although it is none: mistyped, incomplete, or with characters that are not
/// shown. An indent or a second slash says that it is not.
fn resembles_command(line: &str, is_inside: bool) -> bool {
    if line.starts_with(char::is_whitespace) {
        return false;
    }
    let head: String = line.chars().take(HEAD_CHARACTERS).collect();
    let head = comparison::folded(&head);
    match head.trim_start().strip_prefix('/') {
        Some(rest) if rest.starts_with('/') => false,
        Some(rest) => {
            let (word, _) = split_word(rest);
            // A path has another slash in its first word.
            let is_name = !word.is_empty() && word.chars().all(char::is_alphabetic);
            is_name || TABLE.has_near(word)
        }
        None if is_inside || has_number(&head) => false,
        None => {
            let (word, rest) = split_word(&head);
            match TABLE.find(word) {
                // "why not" is no call of a command.
                Some(command) if !is_message(command) => {
                    arguments::parse(command.arguments, rest).is_some()
                }
                _ => TABLE.has_near(word),
            }
        }
    }
}

/// Says that a text is longer than a message can be.
fn excess(text: &str) -> Option<String> {
    let bytes = text.len();
    (bytes > TEXT_MAX_BYTES)
        .then(|| format!("the text has {bytes} bytes, and a message at most {TEXT_MAX_BYTES}"))
}

#[cfg(test)]
mod tests;
