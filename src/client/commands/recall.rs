//! What the history of the prompt keeps of a line.

use super::arguments::text_inside;
use super::paste::{Draft, message, slashed, trimmed, without_blank_lines};

/// What the history keeps of a line, so that it never means something else where it is recalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recalled {
    /// Commands, each with its slash.
    Command(String),
    /// A text, which is one only in a conversation.
    Text(String),
}

/// What the history keeps of a line that was entered and did what the draft says, in the conversation at the prompt if there is
/// one; nothing of a text that would be something else without the editor it was written with.
#[must_use]
pub fn recalled(line: &str, inside: Option<&str>, draft: Option<Draft>) -> Option<Recalled> {
    let is_said = |line: &str| inside.is_some() && text_inside(line).is_some();
    if draft != Draft::of(line, inside) {
        return None;
    }
    Some(match draft {
        Some(Draft::Commands(commands)) => Recalled::Command(commands.join("\n")),
        Some(Draft::Text { line: sent, .. }) if is_said(&sent) => {
            Recalled::Text(without_blank_lines(line).to_owned())
        }
        Some(Draft::Text { line, .. }) => Recalled::Command(line),
        _ if is_said(line.trim()) => Recalled::Text(line.trim().to_owned()),
        _ => Recalled::Command(slashed(line)),
    })
}

/// Whom a line is said to that does what the draft says, as typed, and what it says; nothing for any other command.
#[must_use]
pub fn said(line: &str, inside: Option<&str>, draft: Option<Draft>) -> Option<(String, String)> {
    let sent = match draft {
        Some(Draft::Text { line, .. }) => line,
        Some(Draft::Commands(_) | Draft::Refused(_)) => return None,
        None => trimmed(line).to_owned(),
    };
    let (target, text) = match (inside, text_inside(&sent)) {
        (Some(place), Some(text)) => (place, text),
        _ => message(&sent, inside.is_some())?,
    };
    let is_something = !text.trim().is_empty();
    is_something.then(|| (target.to_owned(), text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_told_from_commands() {
        for (line, inside, expected) in [
            ("hi", Some("#deck"), Some(("#deck", "hi"))),
            ("//x", Some("#deck"), Some(("#deck", "/x"))),
            (
                "/msg bob hi there",
                Some("#deck"),
                Some(("bob", "hi there")),
            ),
            ("message* all", None, Some(("everyone", "all"))),
            ("a\n b\n", Some("bob"), Some(("bob", "a\n b"))),
            ("/contacts", Some("#deck"), None),
            ("/msg bob", Some("#deck"), None),
            ("hi", None, None),
            ("  ", Some("#deck"), None),
            ("/msg bob a\n/msg carol b", Some("#deck"), None),
        ] {
            let said = said(line, inside, Draft::of(line, inside));
            let said = said.as_ref().map(|(to, text)| (to.as_str(), text.as_str()));
            assert_eq!(said, expected, "{line:?}");
        }
    }

    /// A message to bob, recalled in a room, went to all of it.
    #[test]
    fn recalled_line_means_what_it_meant() {
        let command = |line: &str| Recalled::Command(line.into());
        let text = |line: &str| Recalled::Text(line.into());
        for (line, inside, kept) in [
            (
                "message bob my secret\n",
                None,
                command("/message bob my secret"),
            ),
            ("  mesage bob secret", None, command("/mesage bob secret")),
            ("//secret", None, command("/secret")),
            (
                "message bob a\n message carol b",
                None,
                command("/message bob a\n message carol b"),
            ),
            (
                "message bob a\nmessage carol b",
                None,
                command("/message bob a\n/message carol b"),
            ),
            ("message bob", Some("#deck"), text("message bob")),
            ("//x", Some("#deck"), text("//x")),
            ("//x\ny\n", Some("#deck"), text("//x\ny")),
            ("  x\ny", Some("#deck"), text("  x\ny")),
            (
                "/message bob a\nb",
                Some("#deck"),
                command("/message bob a\nb"),
            ),
            (" /back", Some("#deck"), command("/back")),
        ] {
            let draft = Draft::of(line, inside);
            assert_eq!(recalled(line, inside, draft), Some(kept), "{line:?}");
        }
    }

    #[test]
    fn text_that_only_an_editor_can_have_written_is_not_kept() {
        for (line, inside) in [
            ("/message bob a\n/quit", None),
            ("/message bob a\nquit", None),
            ("a\n/quit", Some("#deck")),
        ] {
            let draft = Draft::composed(line, inside);
            assert_eq!(recalled(line, inside, draft), None, "{line:?}");
        }
    }
}
