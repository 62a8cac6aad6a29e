//! What users read is plain English: phrases that once stood in messages, manuals and README, and their like, stay out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use udpchat::client::commands;

use crate::layers::sources;

/// Phrases that no message, manual page or README needs, and what to write instead.
const PHRASES: &[(&str, &str)] = &[
    (" no more ", "no longer, at most"),
    ("any more", "no longer"),
    ("any longer", "no longer"),
    ("anew", "again"),
    ("by halves", "partly"),
    ("goes before it", "takes precedence"),
    ("given out", "assigned, served"),
    ("given twice alike", "do not match"),
    ("has gone", "went offline"),
    ("have gone", "went offline"),
    ("how the link does", "connection statistics"),
    ("cannot be right", "is invalid"),
    ("in vain", "without success"),
    ("is no empty", "is not an empty"),
    ("is said", "is sent, is reported"),
    ("is told in", "is reported in"),
    ("made again", "created again, replayed"),
    ("of which that was said", "name the thing"),
    ("put back", "restored"),
    ("says so", "name what is said"),
    ("stand in", "be in, be a member of"),
    ("stands in", "is in, is a member of"),
    ("steps out", "leaves, returns"),
    ("that there is not yet", "that does not exist"),
    ("the same again", "repeat"),
    ("upon that", "because of that"),
    ("was said", "messages, was sent"),
    ("whoever", "name the actor"),
];

/// The pages of the manual, the texts of the repository, and the literals of the program's source.
fn texts() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = ["README.md", "CHANGELOG.md", "SECURITY.md"]
        .iter()
        .map(|name| root.join(name))
        .collect();
    let pages = fs::read_dir(root.join("man")).unwrap();
    paths.extend(pages.map(|entry| entry.unwrap().path()));
    sources(&root.join("src"), &mut paths);
    paths.retain(|path| !path.iter().any(|part| part == "tests"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        let text = if is_source { literals(&text) } else { text };
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

/// The string literals of a source text before its test module, one a line.
fn literals(text: &str) -> String {
    let program = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text);
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code = program
        .lines()
        .filter(is_code)
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = String::new();
    let mut signs = code.chars();
    while let Some(sign) = signs.next() {
        if sign == '\'' {
            // A character may be a quotation mark; a lifetime has no second one.
            let mut ahead = signs.clone();
            if ahead.next() == Some('\\') || ahead.next() == Some('\'') {
                signs.nth(1);
            }
        }
        if sign == '"' {
            while let Some(sign) = signs.next().filter(|sign| *sign != '"') {
                match sign {
                    '\\' => found.extend(signs.next().filter(|sign| *sign != '\n')),
                    _ => found.push(sign),
                }
            }
            found.push('\n');
        }
    }
    found
}

#[test]
fn what_users_read_is_plain_english() {
    let mut wrong = Vec::new();
    for (path, text) in texts() {
        // A phrase may go on in the next line.
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ").to_lowercase();
        for (phrase, instead) in PHRASES {
            for (at, _) in text.match_indices(phrase) {
                let from = text.floor_char_boundary(at.saturating_sub(40));
                let to = text.floor_char_boundary(at + 60);
                let around = &text[from..to];
                wrong.push(format!("{}: …{around}… ({instead})", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// In a room "message bob …" is said to the room: whoever learnt it without a slash says in public what was for one.
#[test]
fn chat_commands_are_taught_with_their_slash() {
    let manual = commands::manual();
    let slashed = manual
        .split_whitespace()
        .filter_map(|word| word.strip_prefix('/'));
    let names: BTreeSet<&str> = slashed.map(|name| name.trim_end_matches(',')).collect();
    assert!(names.contains("message*") && names.contains("msg"));
    let subcommands = commands::subcommands();
    let mut wrong = Vec::new();
    for (path, text) in texts() {
        // Of these the shell has one too.
        let is_clear = |name: &&str| !subcommands.contains(name);
        for name in names.iter().copied().filter(is_clear) {
            for end in ["`", " "] {
                let bare = format!("`{name}{end}");
                if text.contains(&bare) {
                    wrong.push(format!("{}: {bare}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn literals_are_found_in_source_and_comments_are_not() {
    let text = "// \"no\"\nfn f() { g('\"', \"one \\\n  two\"); h('\\'', \"three\") }\n#[cfg(test)]\nmod t { \"four\" }";
    assert_eq!(literals(text), "one   two\nthree\n");
}
