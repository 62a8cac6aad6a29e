//! Texts that were perhaps meant as commands. In a conversation a command takes a slash, and without it "message bob …"
//! would be said to all who are there.

use super::arguments::{self, Argument, Kind, Source, split_word, text_inside};
use super::groups::{self, TABLE};
use super::paste::{is_message, trimmed};
use super::row::ChatCommand;
use crate::client::env::Names;
use crate::client::name::{canonical_room, canonical_target};
use crate::protocol::{EVERYONE_NAME, ROOM_SIGN};
use crate::registry::is_near;
use crate::text::comparison::folded;

/// What a text could have been meant as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistaken {
    /// A command, but for its slash.
    Command,
    /// A message, but for its slash and a slip in its first word.
    Mistyped,
}

impl Mistaken {
    /// What a text, typed in a conversation, could have been meant as; nothing for one that is plainly a text or a command.
    /// `names` are those that are known.
    #[must_use]
    pub fn of(draft: &str, names: &Names) -> Option<Self> {
        let line = trimmed(draft);
        let text = text_inside(line).filter(|text| text.len() == line.len())?;
        let is_one_line = !text.contains('\n');
        let text = text.lines().next().unwrap_or_default();
        let (word, rest) = split_word(text);
        let (first, behind) = split_word(rest);
        let Some(command) = groups::find(word) else {
            let is_slip = is_private_slip(word) && !behind.is_empty() && is_known(first, names);
            return is_slip.then_some(Self::Mistyped);
        };
        let is_meant = match command.name {
            _ if !is_message(command) => {
                is_one_line && (is_alone(command, word, rest) || is_whole(command, rest, names))
            }
            _ if command.arguments.len() == 1 => !rest.is_empty(),
            // Nobody whom this client does not know is to read it either.
            _ => !behind.is_empty() || is_known(first, names),
        };
        is_meant.then_some(Self::Command)
    }

    /// What the prompt says below such a line, which is not sent yet.
    #[must_use]
    pub const fn notice(self) -> &'static str {
        match self {
            Self::Command => "looks like a command: / before it runs it, Enter sends it",
            Self::Mistyped => "looks like a mistyped command: edit it, or Enter sends it",
        }
    }
}

/// Whether a text is nothing but a command's name, and that is all that the command takes. A number and "?" are what people say.
fn is_alone(command: &ChatCommand, word: &str, rest: &str) -> bool {
    let is_name = folded(word).chars().all(char::is_alphabetic);
    is_name && rest.is_empty() && arguments::parse(command.arguments, "").is_some()
}

/// Whether this is all that the command takes, and its first argument exists.
fn is_whole(command: &ChatCommand, rest: &str, names: &Names) -> bool {
    let first = arguments::of_first_word(command.arguments, rest);
    let (word, _) = split_word(rest);
    first.is_some_and(|argument| exists(argument, word, names))
        && arguments::parse(command.arguments, rest).is_some()
}

fn exists(argument: &Argument, word: &str, names: &Names) -> bool {
    match (argument.kind, argument.source) {
        (Kind::Choice(_) | Kind::Count | Kind::Line | Kind::Option(_), _) => argument.claims(word),
        (Kind::Text, _) => false,
        // "help me" is what people say.
        (Kind::Word, Source::Commands | Source::Topics) => {
            groups::find(word).is_some_and(|command| command.name != "me")
        }
        (Kind::Word, Source::Nothing) => word.parse::<u32>().is_ok(),
        (Kind::Word, _) => is_known(word, names),
        (Kind::Room, _) => is_known(&canonical_room(word), names),
    }
}

/// Whether somebody has this name, or a room. What begins with the sign of a room is one, whether it exists or not.
fn is_known(word: &str, names: &Names) -> bool {
    let word = folded(word);
    let name = canonical_target(&word);
    let Names {
        users,
        rooms,
        blocked,
        ignored,
    } = names;
    let mut all = users.iter().chain(rooms).chain(blocked).chain(ignored);
    word.len() > ROOM_SIGN.len_utf8() && word.starts_with(ROOM_SIGN)
        || name == EVERYONE_NAME
        || all.any(|known| canonical_target(&folded(known)) == name)
}

/// Whether a word is hardly anything but a mistyped one for a private message.
fn is_private_slip(word: &str) -> bool {
    let word = folded(word);
    let name = word.strip_prefix('/').unwrap_or(&word);
    // "not bob" and "vote bob" are what people say.
    let messages = TABLE
        .iter()
        .filter(|command| is_message(command) && command.name != "note");
    let mut words = messages.flat_map(|command| command.aliases.iter().chain([&command.name]));
    words.any(|own| is_near(own, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            users: ["bob", "meg"].map(str::to_owned).to_vec(),
            rooms: vec!["#bridge".to_owned()],
            blocked: vec!["mallory".to_owned()],
            ignored: Vec::new(),
        }
    }

    /// Typed in a room, a private message was said to all of it.
    #[test]
    fn private_message_without_its_slash_is_noticed_however_it_is_written() {
        for line in [
            "message bob secret",
            "Message bob secret",
            "MESSAGE Bob secret",
            "  message bob secret",
            "\tmessage\tbob\tsecret",
            "\u{200b}message bob secret",
            "mes\u{ad}sage bob secret",
            "message \u{200b}bob secret",
            "\u{ff4d}essage bob secret",
            "\u{ff0f}message bob secret",
            "message\u{a0}bob secret",
            "message\u{3000}bob secret",
            "msg bob secret",
            "Msg bob secret",
            "message bob",
            "message B\u{200b}OB",
            "message nobody secret",
            "message #bridge secret",
            "message #other secret",
            "message everyone secret",
            "message* secret",
            "Message* secret",
            "message bob secret\nand more",
            "note my secret",
            "\n\nmessage bob secret\n\n",
        ] {
            let found = Mistaken::of(line, &names());
            assert_eq!(found, Some(Mistaken::Command), "{line:?}");
        }
        for line in ["mesage bob secret", "massage bob secret", "mgs meg secret"] {
            let found = Mistaken::of(line, &names());
            assert_eq!(found, Some(Mistaken::Mistyped), "{line:?}");
        }
    }

    #[test]
    fn whole_command_whose_first_argument_exists_is_noticed() {
        for line in [
            "kick bob",
            "kick bob #bridge he is rude",
            "history bob",
            "history 20",
            "history --before 14:02",
            "enter everyone",
            "join #new private",
            "join us",
            "leave bridge",
            "role bob owner",
            "access private",
            "unblock mallory",
            "login meg",
            "help message",
            "rooms 2",
        ] {
            let found = Mistaken::of(line, &names());
            assert_eq!(found, Some(Mistaken::Command), "{line:?}");
        }
    }

    #[test]
    fn text_is_a_text() {
        for line in [
            "",
            "message",
            "message received",
            "message*",
            "mesage nobody secret",
            "a message bob sent",
            "kick him out",
            "kick nobody",
            "help me with this",
            "help me",
            "?",
            "1",
            "who is there",
            "Quit!",
            "away now",
            "search foo",
            "edit abc",
            "quit\nor stay",
            "search bob",
            "topic bob",
            "role bob captain",
            "kick bob\nhe is rude",
            "the end\nmessage bob secret",
            "/message bob secret",
            "  /message bob secret",
            "//message bob secret",
        ] {
            assert_eq!(Mistaken::of(line, &names()), None, "{line:?}");
        }
    }

    /// They went to all who were there.
    #[test]
    fn name_of_a_command_alone_is_noticed_if_it_can_be_called_like_that() {
        for line in [
            "rooms",
            "history",
            "who",
            "contacts",
            "help",
            "members",
            "passwd",
            "logout",
            "status",
            "next",
            "back",
            "delete",
            "exit",
            " Quit ",
            "\u{200b}quit",
            "\u{ff51}uit",
            "quit\n\n",
        ] {
            let found = Mistaken::of(line, &names());
            assert_eq!(found, Some(Mistaken::Command), "{line:?}");
        }
    }
}
