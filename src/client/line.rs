//! A line that is shown, in its parts, so that a console can lay it out: the client knows neither colours nor widths.

use std::fmt::{self, Display, Formatter};

use super::env::Tone;
use crate::text::printable;

/// What stands for the reader, where a name would: no name has brackets.
pub(crate) const OWN: &str = "(you)";

/// What each further line of a text begins with where no console lays it out: no line of the program begins with a blank.
pub const INDENT: &str = "      ";

/// Something to be shown. No part of it holds control characters, except that the text may have several lines and tabs.
///
/// Its [`Display`] is what a script reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// How it is meant.
    pub tone: Tone,
    /// When and where it was said, and by whom; nothing for what the program says now.
    pub head: Option<Head>,
    /// What is said.
    pub text: String,
    /// What the program adds after the text.
    pub note: Option<String>,
}

/// When and where something was said, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Head {
    /// Such as `14:02`, or `Tue 14:02` for another day.
    pub time: String,
    /// The day, in the user's zone.
    pub day: Day,
    /// The conversation.
    pub place: Place,
    /// Whether the line names it: it is not the one that the reader looks at.
    pub names_place: bool,
    /// Nothing where the program tells of it.
    pub who: Option<Who>,
    /// How it was said.
    pub manner: Manner,
}

/// How something was said.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Manner {
    /// The number by which the user can name the line, where lines are listed by it.
    pub number: Option<String>,
    /// What it answers, such as `, to "tea at four?" of erin`: no name has a blank.
    pub answers: Option<String>,
    /// Whether the text tells what somebody does: then a star stands before the name, and no colon after it.
    pub is_action: bool,
}

/// A day, for what separates it from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Such as `Mon 30 Nov`, with the year if it is another one than now.
    pub name: String,
    /// Whether it is the day on which the line is shown.
    pub is_today: bool,
}

/// Whoever said something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// The reader, here or on another device.
    Own,
    /// Somebody else, by name.
    Other(String),
}

/// What a piece of a line's beginning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// When it was said.
    Time,
    /// The conversation.
    Place,
    /// Whoever said it.
    Who,
    /// What the program sets between them.
    Word,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// With this user, seen by nobody else.
    Pair(String),
    /// A room, with its #.
    Room(String),
    /// Everyone.
    Everyone,
    /// The reader's notes, which nobody else sees.
    Notes,
}

impl Line {
    /// A line of the program. What it quotes is made harmless here.
    #[must_use]
    pub fn of(tone: Tone, text: impl AsRef<str>) -> Self {
        Self {
            tone,
            head: None,
            text: printable::line(text.as_ref()).into_owned(),
            note: None,
        }
    }

    /// What somebody said, made harmless; its line breaks and tabs stay.
    pub(crate) fn said(head: Head, text: &str) -> Self {
        Self {
            text: printable::text_or_nothing(text).into_owned(),
            ..Self::headed(head, Tone::Said, "")
        }
    }

    /// What the program tells of a place, made harmless.
    pub(crate) fn headed(head: Head, tone: Tone, text: &str) -> Self {
        Self {
            head: Some(head.harmless()),
            ..Self::of(tone, text)
        }
    }

    /// The same line, naming its conversation.
    #[must_use]
    pub(crate) fn naming_place(mut self) -> Self {
        if let Some(head) = &mut self.head {
            head.names_place = true;
        }
        self
    }

    /// The same line with a remark after those that it has.
    #[must_use]
    pub(crate) fn with_further_note(self, note: &str) -> Self {
        match &self.note {
            Some(earlier) => {
                let both = format!("{earlier} {note}");
                self.with_note(&both)
            }
            None => self.with_note(note),
        }
    }

    /// The same line with a remark of the program after it. What that quotes is made harmless here.
    #[must_use]
    pub(crate) fn with_note(mut self, note: &str) -> Self {
        self.note = Some(printable::line(note).into_owned());
        self
    }
}

impl Place {
    fn harmless(self) -> Self {
        match self {
            Self::Pair(name) => Self::Pair(harmless(&name)),
            Self::Room(name) => Self::Room(harmless(&name)),
            Self::Everyone | Self::Notes => self,
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Pair(name) | Self::Room(name) => name,
            Self::Everyone => crate::protocol::EVERYONE_NAME,
            Self::Notes => crate::protocol::NOTES_NAME,
        }
    }
}

impl Who {
    /// What they are called.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Own => OWN,
            Self::Other(name) => name,
        }
    }
}

impl Display for Line {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if let Some(head) = &self.head {
            write!(formatter, "{head}")?;
        }
        let mut lines = self.text.split('\n');
        formatter.write_str(lines.next().unwrap_or_default())?;
        for line in lines {
            write!(formatter, "\n{INDENT}{line}")?;
        }
        match &self.note {
            Some(note) => write!(formatter, "  {note}"),
            None => Ok(()),
        }
    }
}

/// A name of the server's, or what else stands in a head.
fn harmless(text: &str) -> String {
    printable::line(text).into_owned()
}

impl Head {
    fn harmless(self) -> Self {
        let who = self.who.map(|who| match who {
            Who::Own => Who::Own,
            Who::Other(name) => Who::Other(harmless(&name)),
        });
        let answers = self.manner.answers.map(|answers| harmless(&answers));
        Self {
            place: self.place.harmless(),
            who,
            manner: Manner {
                answers,
                ..self.manner
            },
            ..self
        }
    }

    /// What stands before the text, piece by piece.
    #[must_use]
    pub fn parts(&self) -> Vec<(Part, &str)> {
        let (blank, colon) = ((Part::Word, " "), (Part::Word, ": "));
        let place = (Part::Place, self.place.name());
        let mut parts = Vec::new();
        if let Some(number) = &self.manner.number {
            parts.extend([(Part::Time, number.as_str()), blank]);
        }
        parts.extend([(Part::Time, self.time.as_str()), blank]);
        match (&self.who, &self.place) {
            (Some(who), _) if self.manner.is_action => {
                let is_named = self.names_place
                    && !matches!((who, &self.place), (Who::Other(_), Place::Pair(_)));
                if is_named {
                    parts.extend([place, blank]);
                }
                parts.extend([(Part::Word, "* "), (Part::Who, who.name()), blank]);
                return parts;
            }
            (None, _) if !self.names_place => return parts,
            (None, _) => parts.push(place),
            (Some(who), _) if !self.names_place => parts.push((Part::Who, who.name())),
            (Some(who), Place::Room(_)) => parts.extend([place, blank, (Part::Who, who.name())]),
            (Some(who), _) => {
                let is_to_reader = matches!((who, &self.place), (Who::Other(_), Place::Pair(_)));
                let to = if is_to_reader {
                    (Part::Place, OWN)
                } else {
                    place
                };
                parts.extend([(Part::Who, who.name()), (Part::Word, " to "), to]);
            }
        }
        if let Some(answers) = &self.manner.answers {
            parts.push((Part::Word, answers));
        }
        parts.push(colon);
        parts
    }
}

impl Display for Head {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut parts = self.parts().into_iter();
        parts.try_for_each(|(_, text)| formatter.write_str(text))
    }
}

#[cfg(test)]
impl Head {
    /// What tests show: said at 14:02, today.
    pub(crate) fn of_today(place: Place, who: Who, names_place: bool) -> Self {
        Self {
            time: "14:02".into(),
            day: Day {
                name: "Mon 30 Nov".into(),
                is_today: true,
            },
            place,
            names_place,
            who: Some(who),
            manner: Manner::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(who: Who, place: Place, names_place: bool) -> String {
        Line::said(Head::of_today(place, who, names_place), "hi").to_string()
    }

    #[test]
    fn line_names_its_conversation_where_the_reader_looks_at_another() {
        let bob = || Who::Other("bob".into());
        let pair = || Place::Pair("bob".into());
        let deck = || Place::Room("#deck".into());
        for (who, place, names_place, line) in [
            (bob(), deck(), false, "14:02 bob: hi"),
            (bob(), deck(), true, "14:02 #deck bob: hi"),
            (bob(), pair(), false, "14:02 bob: hi"),
            (bob(), pair(), true, "14:02 bob to (you): hi"),
            (Who::Own, pair(), true, "14:02 (you) to bob: hi"),
            (bob(), Place::Everyone, true, "14:02 bob to everyone: hi"),
        ] {
            assert_eq!(said(who, place, names_place), line);
        }
    }

    /// A text of several lines was shown as one; shown as it came, its second line would have been one of the program's.
    #[test]
    fn only_the_first_line_of_a_text_begins_at_the_left() {
        let text = "def f():\r\n\treturn 1\n\n✓ Message received by carol\u{1b}[2J";
        let line = Line {
            text: printable::text(text).into_owned(),
            ..Line::of(Tone::Said, "")
        };
        assert_eq!(
            line.to_string(),
            "def f():\n      \treturn 1\n      \n      ✓ Message received by carol"
        );
    }

    /// A name that a server gave, and the sign of a reaction, reached the terminal as they came.
    #[test]
    fn names_and_remarks_hold_no_control_characters() {
        let evil = "bob\u{1b}]0;x\u{7}\r\n✓ x\u{202e}";
        for place in [Place::Pair(evil.into()), Place::Room(format!("#{evil}"))] {
            let head = Head {
                manner: Manner {
                    answers: Some(format!(", to \"tea?\" of {evil}")),
                    ..Manner::default()
                },
                ..Head::of_today(place, Who::Other(evil.into()), true)
            };
            let line = Line::said(head, "hi").with_note(&format!("({evil} carol)"));
            let shown = line.to_string();
            let is_bad = |character: char| character.is_control() || character == '\u{202e}';
            assert!(!shown.contains(is_bad), "{shown:?}");
        }
    }

    #[test]
    fn remark_of_the_program_stands_behind_the_text() {
        let line = Line::of(Tone::Receipt, "✓ x").with_note("(perhaps shown before)");
        assert_eq!(line.to_string(), "✓ x  (perhaps shown before)");
    }
}
