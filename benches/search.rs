//! How long a search in the history of a device takes, from the line that is typed to the last one that is shown, in the
//! real program. `cargo bench --bench search [-- ENTRIES]`, by default 100,000, for which 200 ms are the aim.
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and its arguments"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use support::{Host, Script, Workspace};

const ENTRIES: u64 = 100_000;

/// What is said, nine words of these and a number at a time.
const WORDS: [&str; 8] = [
    "tea",
    "ship",
    "engine",
    "Übergabe",
    "харбор",
    "東京",
    "watch",
    "four",
];

fn said(number: u64) -> String {
    let word =
        |at: u64| WORDS[usize::try_from((number * 7 + at * at * number / 3) % 8).unwrap_or(0)];
    let words: Vec<&str> = (0..9).map(word).collect();
    format!("{} {number}", words.join(" "))
}

fn main() {
    // Cargo adds words of its own.
    let entries = std::env::args().find_map(|word| word.parse().ok());
    let entries = entries.unwrap_or(ENTRIES);
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve_with(&["--limit-message-rate", "0", "--limit-byte-rate", "0"]);
    let address = server.address.to_string();
    let password = workspace.password_file("alice").display().to_string();
    let state = workspace.path("state");
    let connect = || {
        let more = ["--password-file", &password, "--timeout", "3600"];
        Script::connect(&Host::default(), "alice", &address, &state, &more)
    };
    let begun = Instant::now();
    let mut alice = connect();
    for number in 1..=entries {
        alice.types(&format!("/message* {}", said(number)));
    }
    alice.closes_input();
    assert!(alice.child.wait().expect("it is ours").success());
    println!("{entries} entries said and stored in {:?}", begun.elapsed());
    let mut alice = connect();
    alice.sees(1, "Greetings");
    let rare = format!("search {}", entries * 7 / 9);
    for typed in [&rare, "search tea eng", "search kyoto", "search from:alice"] {
        alice.take_printed();
        let begun = Instant::now();
        alice.types(&format!("/{typed}"));
        alice.sees(1, "found");
        let taken = begun.elapsed();
        let [_, errors] = alice.take_printed();
        println!("{typed}: {} in {taken:?}", errors.join(" "));
    }
}
