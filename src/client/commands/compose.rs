//! `/compose`: a text that is written with an editor of one's own. The prompt runs that, and then has the text as a draft.

use super::arguments::{split_word, text_inside};
use super::groups::TABLE;
use super::paste::as_said;

pub(super) const NAME: &str = "compose";

/// A text that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composition {
    /// What stands before the text at the prompt: the call of the command that sends it, or nothing in a conversation.
    call: String,
    /// What was typed of it.
    pub text: String,
}

impl Composition {
    /// Reads a line of the prompt, in the conversation at the prompt if there is one. Nothing for another line, and for one
    /// that names nobody.
    #[must_use]
    pub fn of(line: &str, inside: Option<&str>) -> Option<Self> {
        let line = line.trim_start();
        if inside.is_some() && text_inside(line).is_some() {
            return None;
        }
        let (word, rest) = split_word(line.strip_prefix('/').unwrap_or(line));
        if TABLE.find(word)?.name != NAME {
            return None;
        }
        if inside.is_some() {
            let (call, text) = (String::new(), rest.to_owned());
            return Some(Self { call, text });
        }
        let (target, text) = split_word(rest);
        (!target.is_empty()).then(|| Self {
            call: format!("/message {target} "),
            text: text.to_owned(),
        })
    }

    /// What stands at the prompt once the text is written, for Enter to send it. Control characters are left out.
    #[must_use]
    pub fn draft(&self, written: &str) -> String {
        let written = written.replace("\r\n", "\n");
        let is_shown = |sign: &char| !sign.is_control() || matches!(sign, '\n' | '\t');
        let text: String = written.chars().filter(is_shown).collect();
        let text = text.trim_end();
        if self.call.is_empty() {
            as_said(text)
        } else {
            format!("{}{text}", self.call)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::commands::paste::Draft;

    fn composition(call: &str, text: &str) -> Composition {
        let (call, text) = (call.to_owned(), text.to_owned());
        Composition { call, text }
    }

    #[test]
    fn line_names_who_gets_the_text_and_what_was_typed_of_it() {
        for (line, inside, expected) in [
            ("/compose", Some("#deck"), Some(composition("", ""))),
            (
                "/compose tea  at",
                Some("#deck"),
                Some(composition("", "tea  at")),
            ),
            ("compose tea", Some("#deck"), None),
            (
                "compose bob tea at",
                None,
                Some(composition("/message bob ", "tea at")),
            ),
            (
                "/compose #deck",
                None,
                Some(composition("/message #deck ", "")),
            ),
            ("/compose", None, None),
            ("/composed", Some("#deck"), None),
        ] {
            assert_eq!(Composition::of(line, inside), expected, "{line}");
        }
    }

    /// A line of it that looked like a command kept it from being sent, or several were run.
    #[test]
    fn what_was_written_is_one_text_whatever_its_lines_look_like() {
        let written = "composed one\n/quit\nmessage carol secret\n// so\n";
        for text in [
            written,
            "/quit\n/help\n",
            "quit\nhelp",
            "message carol x\nhelp",
            "/usr\n/bin",
        ] {
            for (call, inside, target) in
                [("", Some("#deck"), "#deck"), ("/message bob ", None, "bob")]
            {
                let draft = composition(call, "").draft(text);
                let Some(Draft::Text {
                    line, target: to, ..
                }) = Draft::composed(&draft, inside)
                else {
                    panic!("{draft:?} is no text");
                };
                assert_eq!(to, target);
                let said = match text_inside(&line).filter(|_| inside.is_some()) {
                    Some(said) => said,
                    None => line.strip_prefix("/message bob ").expect("for bob"),
                };
                assert_eq!(said.trim(), text.trim());
            }
        }
    }

    #[test]
    fn text_becomes_the_draft_that_sends_it_without_control_characters() {
        let inside = composition("", "");
        assert_eq!(
            inside.draft("tea\r\n\tat\x1b[31m four\n\n"),
            "tea\n\tat[31m four"
        );
        assert_eq!(inside.draft("/usr/bin\n"), "//usr/bin");
        let outside = composition("/message bob ", "");
        assert_eq!(outside.draft("tea\nat four\n"), "/message bob tea\nat four");
    }
}
