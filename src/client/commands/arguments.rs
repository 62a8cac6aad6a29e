//! What a command takes, word by word, and how a line is read by it: for the usage texts, the check before a command
//! runs and the tab key.

use std::num::NonZeroU32;

use crate::client::account::mending::target::{LineNumber, WAITING_SIGN};
use crate::protocol::ROOM_SIGN;

/// One argument of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Argument {
    /// As usage texts show it; of an option, what follows it.
    shown: &'static str,
    pub kind: Kind,
    pub source: Source,
    pub is_optional: bool,
}

/// Which words an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// A room's name. Where a text may follow, a word without `#` belongs to that.
    Room,
    /// A number from 1.
    Count,
    Choice(&'static [&'static str]),
    /// This word, and the one after it, which is the value.
    Option(&'static str),
    /// A number of a line, with its sign. It stands before a text, whether that must be given or not.
    Line,
    /// All the rest of the line, as it is.
    Text,
}

/// Which names the tab key offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Nothing,
    Users,
    /// Users whom one blocks.
    Blocked,
    /// Users whom this device hides.
    Ignored,
    Rooms,
    UsersAndRooms,
    /// Users, rooms and everyone.
    Conversations,
    Commands,
    /// Commands, and their groups.
    Topics,
}

pub(super) const USER: Argument = Argument::word("USER", Source::Users);
pub(super) const USER_OR_ROOM: Argument = Argument::word("USER|#ROOM", Source::UsersAndRooms);
pub(super) const CONVERSATION: Argument =
    Argument::word("USER|#ROOM|everyone", Source::Conversations);
pub(super) const ROOM: Argument = Argument::new(Kind::Room, "#ROOM", Source::Rooms);

/// The conversation that a command is about, where that has not the focus.
pub(super) const IN: Argument = Argument {
    source: Source::Conversations,
    ..Argument::option("--in", "USER|#ROOM|everyone")
};
pub(super) const THIS_LINE: Argument = Argument::new(Kind::Line, "#N", Source::Nothing);
pub(super) const LINE: Argument = THIS_LINE.optional();

impl Argument {
    const fn new(kind: Kind, shown: &'static str, source: Source) -> Self {
        Self {
            shown,
            kind,
            source,
            is_optional: false,
        }
    }

    pub(super) const fn word(shown: &'static str, source: Source) -> Self {
        Self::new(Kind::Word, shown, source)
    }

    pub(super) const fn number(shown: &'static str) -> Self {
        Self::new(Kind::Count, shown, Source::Nothing)
    }

    pub(super) const fn choice(words: &'static [&'static str]) -> Self {
        Self::new(Kind::Choice(words), "", Source::Nothing)
    }

    /// Is shown like this, because the words one after the other are too long for a line.
    pub(super) const fn shown_as(self, shown: &'static str) -> Self {
        Self { shown, ..self }
    }

    pub(super) const fn option(name: &'static str, value: &'static str) -> Self {
        Self::new(Kind::Option(name), value, Source::Nothing).optional()
    }

    pub(super) const fn text(shown: &'static str) -> Self {
        Self::new(Kind::Text, shown, Source::Users)
    }

    /// All further words, which say nothing.
    pub(super) const fn ignored() -> Self {
        Self::new(Kind::Text, "", Source::Nothing).optional()
    }

    pub(super) const fn optional(self) -> Self {
        Self {
            is_optional: true,
            ..self
        }
    }

    /// Empty for one that usage texts do not show.
    pub(super) fn usage(&self) -> String {
        let shown = match self.kind {
            Kind::Choice(words) if self.shown.is_empty() => words.join("|"),
            Kind::Option(name) => format!("{name} {}", self.shown),
            _ => self.shown.to_owned(),
        };
        if self.is_optional && !shown.is_empty() {
            format!("[{shown}]")
        } else {
            shown
        }
    }

    /// Whether a word can be meant for nothing but this.
    pub(super) fn claims(&self, word: &str) -> bool {
        match self.kind {
            Kind::Word | Kind::Text => false,
            Kind::Room => word.starts_with(ROOM_SIGN),
            Kind::Count => word.parse::<NonZeroU32>().is_ok(),
            Kind::Line => LineNumber::read(word).is_some(),
            Kind::Choice(words) => words.contains(&word),
            Kind::Option(name) => name == word,
        }
    }
}

/// The value of each argument, or nothing if these are not the words that a command takes.
pub(super) fn parse<'a>(arguments: &[Argument], line: &'a str) -> Option<Vec<Option<&'a str>>> {
    let values = assign(arguments, line)?;
    let mut each = arguments.iter().zip(&values);
    each.all(|(argument, value)| argument.is_optional || value.is_some())
        .then_some(values)
}

/// Gives each word of a line to an argument; nothing if there is none for a word.
pub(super) fn assign<'a>(arguments: &[Argument], line: &'a str) -> Option<Vec<Option<&'a str>>> {
    let mut values = vec![None; arguments.len()];
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, behind) = split_word(rest);
        let at = place(arguments, &values, (word, behind))?;
        let (value, behind) = match arguments[at].kind {
            Kind::Text => (rest, ""),
            Kind::Option(_) => split_value(behind),
            _ => (word, behind),
        };
        values[at] = Some(value);
        rest = behind;
    }
    Some(values)
}

/// The argument that a word is for: the first that must still be given, else the first that claims it, else the first
/// that takes any word.
fn place(
    arguments: &[Argument],
    values: &[Option<&str>],
    (word, behind): (&str, &str),
) -> Option<usize> {
    let find = |fits: &dyn Fn(&Argument) -> bool| {
        let mut each = arguments.iter().zip(values);
        each.position(|(argument, value)| value.is_none() && fits(argument))
    };
    // These can be meant for nothing else, and stand before what must be given.
    let is_signed = |argument: &Argument| matches!(argument.kind, Kind::Line | Kind::Option(_));
    // +1 is also what many answer: it is no line's number where nothing would be left to be said of that line.
    let is_sign = |argument: &Argument| argument.kind == Kind::Word && !argument.is_optional;
    let is_agreement = word.starts_with(WAITING_SIGN) && behind.is_empty();
    if let Some(at) = find(&is_sign).filter(|_| is_agreement) {
        return Some(at);
    }
    if let Some(at) = find(&|argument| is_signed(argument) && argument.claims(word)) {
        return Some(at);
    }
    if let Some(at) = find(&|argument| !argument.is_optional) {
        let argument = &arguments[at];
        let takes_any = matches!(argument.kind, Kind::Word | Kind::Room | Kind::Text);
        return (takes_any || argument.claims(word)).then_some(at);
    }
    find(&|argument| argument.claims(word))
        .or_else(|| find(&|argument| matches!(argument.kind, Kind::Word | Kind::Text)))
        .or_else(|| find(&|argument| argument.kind == Kind::Room))
}

/// The argument that the first word of a line is for.
pub(super) fn of_first_word<'a>(arguments: &'a [Argument], line: &str) -> Option<&'a Argument> {
    let (word, behind) = split_word(line);
    let at = place(arguments, &vec![None; arguments.len()], (word, behind))?;
    arguments.get(at).filter(|_| !word.is_empty())
}

/// The text that a line says in a conversation, unless it is a command there: commands take a slash, and `//x` says
/// "/x".
pub(super) fn text_inside(line: &str) -> Option<&str> {
    match line.strip_prefix('/') {
        None => Some(line),
        Some(rest) => rest.starts_with('/').then_some(rest),
    }
}

/// Whether a line begins like one of a numbered list. Only with a slash it is a place's.
pub(super) fn has_number(line: &str) -> bool {
    line.starts_with(|sign: char| sign.is_ascii_digit())
}

/// The first word, and the rest of the line after it.
pub(super) fn split_word(line: &str) -> (&str, &str) {
    let line = line.trim_start();
    match line.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim()),
        None => (line, ""),
    }
}

/// What an option takes: a word, or a day and a time of it, as times are printed.
fn split_value(line: &str) -> (&str, &str) {
    let is_time = |word: &str| {
        let is_of_it = |sign: char| sign.is_ascii_digit() || sign == ':';
        word.contains(':') && word.chars().all(is_of_it)
    };
    let (word, behind) = split_word(line);
    let (second, rest) = split_word(behind);
    if !is_time(second) || is_time(word) || word.contains(':') {
        return (word, behind);
    }
    let end = line[word.len()..]
        .find(second)
        .map_or(word.len(), |at| word.len() + at + second.len());
    (&line[..end], rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_takes_the_rest_of_the_line_as_it_is() {
        let message = [USER, Argument::text("TEXT")];
        assert_eq!(
            parse(&message, "bob tea  at four?"),
            Some(vec![Some("bob"), Some("tea  at four?")])
        );
        assert_eq!(parse(&message, "bob"), None);
        assert_eq!(parse(&message, ""), None);
        assert_eq!(parse(&[], ""), Some(vec![]));
        assert_eq!(parse(&[], "x"), None);
    }

    #[test]
    fn room_may_be_named_before_the_rest_of_the_line_or_left_out() {
        let topic = [ROOM.optional(), Argument::text("TEXT").optional()];
        assert_eq!(
            parse(&topic, "#bridge tea at four"),
            Some(vec![Some("#bridge"), Some("tea at four")])
        );
        assert_eq!(
            parse(&topic, "tea at four"),
            Some(vec![None, Some("tea at four")])
        );
        assert_eq!(parse(&topic, ""), Some(vec![None, None]));
        // Without a text after it, a word is a room's name that was typed without its sign.
        let invite = [USER, ROOM.optional()];
        assert_eq!(
            parse(&invite, "bob bridge"),
            Some(vec![Some("bob"), Some("bridge")])
        );
    }

    #[test]
    fn optional_words_stand_in_any_order_and_each_once() {
        let history = [
            CONVERSATION.optional(),
            Argument::option("--before", "WHEN"),
            Argument::number("N").optional(),
        ];
        let all = Some(vec![Some("bob"), Some("14:02"), Some("5")]);
        assert_eq!(parse(&history, "bob --before 14:02 5"), all);
        assert_eq!(parse(&history, "5 --before 14:02 bob"), all);
        let day = |day| Some(vec![Some("bob"), Some(day), Some("5")]);
        for when in ["2026-03-17 14:02", "Tue  14:02"] {
            for line in [
                format!("bob --before {when} 5"),
                format!("--before {when} bob 5"),
            ] {
                assert_eq!(parse(&history, &line), day(when), "{line}");
            }
        }
        assert_eq!(parse(&history, "5"), Some(vec![None, None, Some("5")]));
        for line in ["bob carol", "bob 0", "bob 00", "bob -1", "bob 4294967296"] {
            assert_eq!(parse(&history, line), None, "{line}");
        }
    }

    #[test]
    fn line_and_option_stand_before_what_must_be_given() {
        let edit = [IN, LINE, Argument::text("TEXT")];
        let all = Some(vec![Some("bob"), Some("#41"), Some("at five")]);
        assert_eq!(parse(&edit, "--in bob #41 at five"), all);
        assert_eq!(parse(&edit, "#41 --in bob at five"), all);
        let text = |text| Some(vec![None, None, Some(text)]);
        assert_eq!(parse(&edit, "at #41 five"), text("at #41 five"));
        assert_eq!(parse(&edit, "#bridge at five"), text("#bridge at five"));
        assert_eq!(parse(&edit, "#41"), None);
        let delete = [IN, LINE];
        assert_eq!(parse(&delete, "+3"), Some(vec![None, Some("+3")]));
        assert_eq!(parse(&delete, "bob"), None);
        let react = [IN, LINE, Argument::word("EMOJI", Source::Nothing)];
        let sign = |line, sign| Some(vec![None, line, Some(sign)]);
        assert_eq!(parse(&react, "+1"), sign(None, "+1"));
        assert_eq!(parse(&react, "+3 +1"), sign(Some("+3"), "+1"));
        assert_eq!(parse(&react, "#3 +1"), sign(Some("#3"), "+1"));
        assert_eq!(parse(&react, "#3"), None);
    }

    #[test]
    fn word_that_is_none_of_the_choices_is_refused() {
        let access = [Argument::choice(&["public", "private"]), ROOM.optional()];
        assert_eq!(
            parse(&access, "public #x"),
            Some(vec![Some("public"), Some("#x")])
        );
        assert_eq!(parse(&access, "open"), None);
        let join = [ROOM, Argument::choice(&["private"]).optional()];
        assert_eq!(parse(&join, "#x public"), None);
    }
}
