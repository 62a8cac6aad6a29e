//! What a draft of several lines does, which only a paste makes: it is one text or several commands, and the prompt says
//! which before anything is sent.

use super::arguments::{self, Kind, split_word, text_inside};
use super::row::ChatCommand;
use super::table::TABLE;
use crate::protocol::EVERYONE_NAME;

/// Maximum commands in a paste; with more of them none is run. Chosen: more than anybody reads before pressing Enter, and
/// far fewer than the outbox holds.
const COMMANDS_MAX: usize = 100;

/// A draft of more than one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    /// Each line is a command. They begin with a slash, so that none can become a text where an earlier one leads.
    Commands(Vec<String>),
    /// One text of so many lines, or one command whose last argument it is.
    Text {
        /// Number of lines.
        lines: usize,
        /// Its conversation, or the name of the command.
        target: String,
    },
    /// Nothing that could be meant for certain; the reason.
    Refused(String),
}

impl Draft {
    /// What a draft does on Enter, in the conversation at the prompt if there is one; nothing for a draft of one line.
    #[must_use]
    pub fn of(draft: &str, inside: Option<&str>) -> Option<Self> {
        let draft = draft.trim();
        let count = draft.lines().count();
        if count < 2 {
            return None;
        }
        let is_inside = inside.is_some();
        let lines = || {
            let numbered = draft.lines().enumerate();
            numbered.filter(|(_, line)| !line.trim().is_empty())
        };
        let first = command(draft.lines().next().unwrap_or_default(), is_inside);
        let begins_alike =
            |&(_, line): &(usize, &str)| command(line, is_inside).is_some() == first.is_some();
        let Some((other, _)) = lines().find(|line| !begins_alike(line)) else {
            return Some(match (first, inside) {
                (Some(_), _) => Self::commands(lines().map(|(_, line)| line)),
                (None, Some(place)) if text_inside(draft).is_some() => Self::text(count, place),
                // The text of a command may begin in its second line.
                (None, _) => command(draft, is_inside)
                    .and_then(|command| target(command, draft))
                    .map_or_else(
                        || Self::Refused("line 1 is not a command".into()),
                        |target| Self::text(count, target),
                    ),
            });
        };
        let has_more_commands = || {
            lines()
                .skip(1)
                .any(|(_, line)| command(line, is_inside).is_some())
        };
        Some(match first {
            Some(command) if !has_more_commands() => match target(command, draft) {
                Some(target) => Self::text(count, target),
                None => Self::Refused(format!("line {} is not a command", other + 1)),
            },
            Some(_) => Self::Refused(format!("line 1 is a command, line {} is not", other + 1)),
            None => Self::Refused(format!("line {} is a command, line 1 is not", other + 1)),
        })
    }

    fn commands<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let slashed = |line: &str| format!("/{}", line.trim().trim_start_matches('/'));
        let commands: Vec<String> = lines.map(slashed).collect();
        if commands.len() > COMMANDS_MAX {
            let count = commands.len();
            return Self::Refused(format!(
                "{count} commands, and at most {COMMANDS_MAX} at once"
            ));
        }
        Self::Commands(commands)
    }

    fn text(lines: usize, target: &str) -> Self {
        let target = target.to_owned();
        Self::Text { lines, target }
    }

    /// What the prompt says below the draft.
    #[must_use]
    pub fn notice(&self) -> String {
        match self {
            Self::Commands(commands) => format!(
                "[{} commands: Enter runs one after the other, Ctrl-C clears them]",
                commands.len()
            ),
            Self::Text { lines, target } => format!(
                "[one text of {lines} lines for {target}: Enter sends it, Ctrl-C clears it]"
            ),
            Self::Refused(reason) => {
                format!("[{reason}: nothing is sent; edit the lines, or Ctrl-C clears them]")
            }
        }
    }
}

/// The command that a line is. An indented line is none, nor is one that would be refused.
fn command(line: &str, is_inside: bool) -> Option<&'static ChatCommand> {
    if line.starts_with(char::is_whitespace) || is_inside && text_inside(line).is_some() {
        return None;
    }
    let (word, rest) = split_word(line.strip_prefix('/').unwrap_or(line));
    let command = TABLE.find(word)?;
    arguments::parse(command.arguments, rest)?;
    Some(command)
}

/// For whom a command takes all the lines as its text; nothing if it takes none.
fn target<'a>(command: &'static ChatCommand, draft: &'a str) -> Option<&'a str> {
    let (_, rest) = split_word(draft);
    let values = arguments::parse(command.arguments, rest)?;
    let takes_text = command.arguments.last()?.kind == Kind::Text;
    takes_text.then(|| match (command.name, values.first().copied().flatten()) {
        ("message", Some(target)) => target,
        ("message*", _) => EVERYONE_NAME,
        _ => command.name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(draft: &str, inside: Option<&str>) -> String {
        let draft = Draft::of(draft, inside);
        draft.map_or_else(String::new, |draft| draft.notice())
    }

    /// Bob got both lines as one text.
    #[test]
    fn lines_that_are_all_commands_are_run_one_after_the_other() {
        let draft = "message bob meeting at 9\n\n/msg carol the secret plan\ncontacts\n";
        let commands = [
            "/message bob meeting at 9",
            "/msg carol the secret plan",
            "/contacts",
        ];
        let commands = commands.map(str::to_owned).to_vec();
        assert_eq!(Draft::of(draft, None), Some(Draft::Commands(commands)));
        // In a conversation a command takes a slash.
        let draft = "/message bob one\n/message carol two";
        assert!(matches!(
            Draft::of(draft, Some("#deck")),
            Some(Draft::Commands(_))
        ));
    }

    #[test]
    fn text_of_several_lines_names_who_gets_it() {
        let text = |lines: usize, target: &str| {
            Some(Draft::Text {
                lines,
                target: target.into(),
            })
        };
        assert_eq!(
            Draft::of("message bob tea\n  at four", None),
            text(2, "bob")
        );
        assert_eq!(
            Draft::of("/msg #deck tea\n\nat four", None),
            text(3, "#deck")
        );
        assert_eq!(
            Draft::of("message* tea\nat four", None),
            text(2, "everyone")
        );
        assert_eq!(Draft::of("message bob\ntea at four", None), text(2, "bob"));
        assert_eq!(Draft::of("tea\nat four", Some("#deck")), text(2, "#deck"));
        assert_eq!(
            Draft::of("/message bob tea\nat four", Some("#deck")),
            text(2, "bob")
        );
        assert_eq!(
            Draft::of("the path\n/usr/bin\n//x", Some("bob")),
            text(3, "bob")
        );
        // Indented, a line that would be a command is text.
        assert_eq!(
            Draft::of("message bob try\n  message carol hi", None),
            text(2, "bob")
        );
        let notice = notice("message bob tea\nat four", None);
        assert_eq!(
            notice,
            "[one text of 2 lines for bob: Enter sends it, Ctrl-C clears it]"
        );
    }

    #[test]
    fn lines_that_could_be_either_are_not_sent() {
        for (draft, inside, reason) in [
            (
                "message bob a\nmessage carol b\nand more",
                None,
                "line 1 is a command, line 3 is not",
            ),
            (
                "message bob a\nand more\nmessage carol b",
                None,
                "line 1 is a command, line 2 is not",
            ),
            (
                "see this\nmessage carol b",
                None,
                "line 2 is a command, line 1 is not",
            ),
            (
                "see this\n/message carol b",
                Some("bob"),
                "line 2 is a command, line 1 is not",
            ),
            ("contacts\nmore", None, "line 2 is not a command"),
            ("tea\nat four", None, "line 1 is not a command"),
            ("/usr/bin\n/tmp", Some("bob"), "line 1 is not a command"),
        ] {
            let says = notice(draft, inside);
            assert!(
                says.contains(&format!("[{reason}: nothing is sent")),
                "{draft:?} {says}"
            );
        }
        let many = "contacts\n".repeat(COMMANDS_MAX + 1);
        assert!(notice(&many, None).starts_with("[101 commands, and at most 100 at once"));
    }

    #[test]
    fn one_line_is_what_it_was() {
        for draft in [
            "",
            "\n",
            "tea",
            "message bob tea\n",
            "\n\nmessage bob tea\n\n",
        ] {
            assert_eq!(Draft::of(draft, None), None, "{draft:?}");
        }
    }
}
