//! What the tab key makes of a path behind a command that takes one. Words are parted as the command does it.

use std::fs;

use crate::cli::environment;
use crate::client::path_word::{self, PathWord};
use crate::text::printable;

/// How many names of a directory are looked at. Chosen: a fraction of a second; of a larger one the others are not offered.
const NAMES_MAX: usize = 10_000;

/// The commands, and whether each of their words may be a path, or only one that looks like one.
const COMMANDS: [(&str, bool); 2] = [("file", true), ("save", false)];

/// A word that is being typed.
struct Typed<'a> {
    /// Where it begins in the line.
    start: usize,
    /// As it is typed.
    raw: &'a str,
    /// What it means.
    plain: String,
    quote: Option<char>,
}

/// Where the path before the cursor begins, and what it could become; nothing if there can be none. Inside a conversation the
/// first word may be one, else it is a recipient.
pub fn complete(before: &str, is_inside: bool) -> Option<(usize, Vec<String>)> {
    let line = before.trim_start();
    let (command, behind) = line.split_once(char::is_whitespace)?;
    if is_inside && !command.starts_with('/') {
        return None;
    }
    let name = command.strip_prefix('/').unwrap_or(command);
    let (_, takes_any) = COMMANDS.iter().find(|(known, _)| *known == name)?;
    let (typed, place) = last_word(behind, before.len() - behind.len());
    let is_path = if *takes_any {
        place > 0 || is_inside
    } else {
        typed.plain.contains('/')
    };
    let found = is_path.then(|| candidates(&typed))?;
    (!found.is_empty()).then_some((typed.start, found))
}

/// The last word, which may be empty, and how many stand before it.
fn last_word(line: &str, offset: usize) -> (Typed<'_>, usize) {
    let mut place = 0;
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        let start = offset + line.len() - rest.len();
        let word = PathWord::typing(rest);
        if !word.is_ended {
            let typed = Typed {
                start,
                raw: rest,
                plain: word.plain,
                quote: word.open,
            };
            return (typed, place);
        }
        rest = &rest[word.length..];
        place += 1;
    }
}

/// The files and directories whose names begin so, as they would be typed.
fn candidates(typed: &Typed<'_>) -> Vec<String> {
    let (directory, begin) = match typed.plain.rsplit_once('/') {
        Some((directory, begin)) => (format!("{directory}/"), begin),
        None => (String::new(), &*typed.plain),
    };
    let opened = match &*directory {
        "" => Some(".".into()),
        directory => environment::expanded(directory),
    };
    let entries = opened.and_then(|path| fs::read_dir(path).ok());
    let mut found = Vec::new();
    for entry in entries.into_iter().flatten().flatten().take(NAMES_MAX) {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| name.starts_with(begin)) else {
            continue;
        };
        let is_offered = !name.starts_with('.') || begin.starts_with('.');
        // What a terminal would show as something else.
        if is_offered && printable::line(name) == name {
            found.push(written(typed, &directory, name, entry.path().is_dir()));
        }
    }
    found.sort_unstable();
    found
}

/// A path as it stands in the line.
fn written(typed: &Typed<'_>, directory: &str, name: &str, is_directory: bool) -> String {
    let Some(quote) = typed.quote else {
        // What is typed of the directory stays as it is.
        let kept = typed.raw.rfind('/').map_or(0, |slash| slash + 1);
        let end = if is_directory { '/' } else { ' ' };
        let name = path_word::written(name, None);
        return format!("{}{name}{end}", &typed.raw[..kept]);
    };
    let path = path_word::written(&format!("{directory}{name}"), Some(quote));
    if is_directory {
        format!("{quote}{path}/")
    } else {
        format!("{quote}{path}{quote} ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            let place = tempfile::tempdir().unwrap();
            for name in [
                "chart.pdf",
                "my chart.pdf",
                "it's",
                "say \"a\" \\ b",
                ".hidden",
                "bad\u{1b}[31m",
            ] {
                fs::write(place.path().join(name), "").unwrap();
            }
            fs::create_dir(place.path().join("charts")).unwrap();
            Self(place)
        }

        /// What a line is completed to, in which {} is the directory.
        fn offers(&self, line: &str, is_inside: bool) -> Vec<String> {
            let directory = format!("{}/", self.0.path().display());
            let line = line.replace("{}/", &directory);
            let Some((start, found)) = complete(&line, is_inside) else {
                return Vec::new();
            };
            let whole =
                |word: String| format!("{}{word}", &line[..start]).replace(&directory, "{}/");
            found.into_iter().map(whole).collect()
        }
    }

    #[test]
    fn path_is_completed_as_the_command_reads_it() {
        let place = Place::new();
        for (line, whole) in [
            (
                "/file bob {}/ch",
                &["/file bob {}/chart.pdf ", "/file bob {}/charts/"][..],
            ),
            ("file bob {}/m", &["file bob {}/my\\ chart.pdf "]),
            ("/file bob {}/my\\ ch", &["/file bob {}/my\\ chart.pdf "]),
            ("/file bob \"{}/my ch", &["/file bob \"{}/my chart.pdf\" "]),
            ("/file bob '{}/charts", &["/file bob '{}/charts/"]),
            ("/file bob '{}/it", &["/file bob '{}/it'\\''s' "]),
            (
                "/file bob \"{}/say",
                &["/file bob \"{}/say \\\"a\\\" \\\\ b\" "],
            ),
            (
                "/file bob {}/say",
                &["/file bob {}/say\\ \\\"a\\\"\\ \\\\\\ b "],
            ),
            ("/file bob {}/\"my ch", &["/file bob \"{}/my chart.pdf\" "]),
            ("/file bob {}/it", &["/file bob {}/it\\'s "]),
            ("/file bob {}/.h", &["/file bob {}/.hidden "]),
            ("/file bob {}/bad", &[]),
            ("/file bob {}/none/", &[]),
            ("/file {}/ch", &[]),
            ("/save #4 {}/charts", &["/save #4 {}/charts/"]),
            ("/save {}/m", &["/save {}/my\\ chart.pdf "]),
            ("/save #", &[]),
            ("/message bob {}/ch", &[]),
            ("/file", &[]),
        ] {
            assert_eq!(place.offers(line, false), whole, "{line}");
        }
        let all = place.offers("/file bob {}/", false);
        assert_eq!(all.len(), 5, "{all:?}");
    }

    #[test]
    fn first_word_is_a_path_in_a_conversation_and_only_behind_a_command() {
        let place = Place::new();
        assert_eq!(
            place.offers("/file {}/chart.", true),
            ["/file {}/chart.pdf "]
        );
        assert_eq!(
            place.offers("/file bob {}/chart.", true),
            ["/file bob {}/chart.pdf "]
        );
        assert_eq!(place.offers("file {}/chart.", true), [] as [&str; 0]);
    }

    #[test]
    fn home_stays_as_it_is_typed() {
        let (typed, _) = last_word("~/x", 0);
        assert_eq!(written(&typed, "~/", "xyz", false), "~/xyz ");
    }
}
