//! What the tab key makes of a line: commands, and for each argument the words that its row names.

use std::collections::BTreeSet;

use super::arguments::{self, Argument, Kind, Source, split_word, text_inside};
use super::groups::{self, TABLE};
use crate::client::env::Names;
use crate::protocol::{EVERYONE_NAME, NOTES_NAME};
use crate::text::comparison::folded;

/// Where the word before the cursor begins, and what it could become. `is_inside` says that the prompt stands in a
/// conversation, where a command takes a slash; `names` are those that are known.
#[must_use]
pub fn complete(before: &str, is_inside: bool, names: &Names) -> (usize, Vec<String>) {
    let start = before.rfind(char::is_whitespace).map_or(0, |space| {
        space + before[space..].chars().next().map_or(1, char::len_utf8)
    });
    let (behind, word) = before.split_at(start);
    let line = before.trim_start();
    let mut found = if is_inside && text_inside(line).is_some() {
        offered(Source::UsersAndRooms, names)
    } else if behind.trim().is_empty() {
        // What is offered without being begun teaches the way that works everywhere.
        let is_slashed = word.is_empty() || word.starts_with('/');
        let slash = if is_slashed { "/" } else { "" };
        let commands = offered(Source::Commands, names).into_iter();
        commands.map(|name| format!("{slash}{name}")).collect()
    } else {
        let (command, given) = split_word(behind);
        let command = groups::find(command.strip_prefix('/').unwrap_or(command));
        let arguments = command.map_or(&[][..], |command| command.arguments);
        expected(arguments, given, names)
    };
    let begin = folded(word);
    found.retain(|candidate| folded(candidate).starts_with(&begin));
    let mut seen = BTreeSet::new();
    found.retain(|candidate| seen.insert(candidate.clone()));
    for candidate in &mut found {
        candidate.push(' ');
    }
    (start, found)
}

/// The words that can follow these arguments.
fn expected(all: &[Argument], given: &str, names: &Names) -> Vec<String> {
    let Some(values) = arguments::assign(all, given) else {
        return Vec::new();
    };
    let mut open = Vec::new();
    for (argument, value) in all.iter().zip(&values) {
        match (argument.kind, value) {
            // A text takes all further words, and an option without a value the next one.
            (Kind::Text, Some(_)) | (Kind::Option(_), Some("")) => {
                return offered(argument.source, names);
            }
            (_, Some(_)) => {}
            (_, None) => open.push(argument),
        }
    }
    let required = open.iter().position(|argument| !argument.is_optional);
    let next = required.map_or(&open[..], |at| &open[at..=at]);
    let words = |argument: &&Argument| match argument.kind {
        Kind::Choice(words) => words.iter().map(ToString::to_string).collect(),
        Kind::Option(name) => vec![name.to_owned()],
        _ => offered(argument.source, names),
    };
    next.iter().flat_map(words).collect()
}

fn offered(source: Source, names: &Names) -> Vec<String> {
    let Names {
        users,
        rooms,
        blocked,
        ignored,
    } = names;
    match source {
        Source::Nothing => Vec::new(),
        Source::Users => users.clone(),
        Source::Blocked => blocked.clone(),
        Source::Ignored => ignored.clone(),
        Source::Rooms => rooms.clone(),
        Source::UsersAndRooms => [&users[..], rooms].concat(),
        Source::Conversations => {
            let others = [EVERYONE_NAME, NOTES_NAME].map(str::to_owned);
            [&users[..], rooms, &others].concat()
        }
        Source::Commands => sorted(TABLE.words()),
        Source::Topics => {
            let groups = TABLE.groups.iter().map(|group| group.name);
            sorted(TABLE.words().chain(groups))
        }
    }
}

fn sorted(words: impl Iterator<Item = &'static str>) -> Vec<String> {
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    words.sort_unstable();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            // The most recent first.
            users: ["bob", "bert", "meg", "bob"].map(str::to_owned).to_vec(),
            rooms: ["#bridge", "#deck"].map(str::to_owned).to_vec(),
            blocked: vec!["mallory".to_owned()],
            ignored: Vec::new(),
        }
    }

    fn completed(before: &str) -> (usize, Vec<String>) {
        complete(before, false, &names())
    }

    /// What the tab key offers at the end of a line.
    fn offers(before: &str) -> String {
        let (_, candidates) = completed(before);
        candidates.concat().trim_end().to_owned()
    }

    #[test]
    fn first_word_of_what_is_said_in_a_room_is_no_command_without_its_slash() {
        // "me" and the tab key made "message" of what somebody had begun to say.
        let completed = |before| complete(before, true, &names());
        assert_eq!(completed("me"), (0, vec!["meg ".into()]));
        assert_eq!(completed("q"), (0, vec![]));
        assert_eq!(completed("/q"), (0, vec!["/quit ".into()]));
        assert_eq!(completed("/message m"), (9, vec!["meg ".into()]));
        assert_eq!(completed("message m"), (8, vec!["meg ".into()]));
    }

    #[test]
    fn first_word_is_a_command_with_or_without_its_slash() {
        assert_eq!(
            completed("mes"),
            (0, vec!["message ".into(), "message* ".into()])
        );
        assert_eq!(completed("/q"), (0, vec!["/quit ".into()]));
        let (_, all) = completed("");
        assert!(all.iter().all(|word| word.starts_with('/')), "{all:?}");
    }

    #[test]
    fn words_of_a_text_are_names() {
        assert_eq!(
            completed("message b"),
            (8, vec!["bob ".into(), "bert ".into()])
        );
        assert_eq!(completed("message bo"), (8, vec!["bob ".into()]));
        // However it is written.
        assert_eq!(completed("message BO\u{200b}"), (8, vec!["bob ".into()]));
        assert_eq!(completed("message x"), (8, vec![]));
        assert_eq!(completed("message bob hello m"), (18, vec!["meg ".into()]));
    }

    #[test]
    fn each_argument_has_its_own_words() {
        for (line, words) in [
            ("join #b", "#bridge"),
            ("join #new ", "private"),
            ("leave ", "#bridge #deck"),
            ("enter ", "bob bert meg #bridge #deck everyone notes"),
            ("message #", "#bridge #deck"),
            ("kick ", "bob bert meg"),
            ("kick bob #", "#bridge #deck"),
            ("role bob ", "member moderator owner"),
            ("role bob owner ", "#bridge #deck"),
            (
                "access ",
                "public private readonly private-readonly history",
            ),
            ("block ", "bob bert meg"),
            ("unblock ", "mallory"),
            ("history -", "--before"),
            ("history bob ", "--before"),
            ("history --before ", ""),
            ("history --before 14:02 #", "#bridge #deck"),
            ("help log", "login logout"),
            ("/help log", "login logout"),
            ("help wri", "writing"),
            ("quit ", ""),
            ("quit now ", ""),
            ("nonsense ", ""),
        ] {
            assert_eq!(offers(line), words, "{line}");
        }
    }
}
