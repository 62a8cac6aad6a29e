//! The completion scripts in the shells that they are for. A shell that is not installed is left out with a word on
//! standard error, or fails the test where CI is set.

use std::process::Command;

use rexpect::session::{PtySession, spawn_command};

use crate::support::{Host, printed};

/// How long a shell may take for its answer, in milliseconds.
const PATIENCE_MS: u64 = 30_000;

/// What shells print when a script calls something that does not exist, or gives it what it cannot read.
const COMPLAINTS: &[&str] = &[
    "not found",
    "no such",
    "Unknown command",
    "syntax error",
    "parse error",
    "bad ",
    "_arguments:",
    "error:",
];

/// Lines, and what must be offered after each.
const OFFERS: &[(&str, &[&str])] = &[
    ("udpchat ser", &["serve"]),
    ("udpchat connect --serv", &["--server-key"]),
    ("udpchat user ", &["add", "list"]),
    ("udpchat store re", &["rescue", "restore", "retain"]),
    ("udpchat serve --registration ", &["open", "closed"]),
    ("udpchat help ", &["serve", "user", "completions"]),
    ("udpchat help user ", &["add", "list"]),
    ("udpchat user help ", &["add", "list"]),
    ("udpchat completions ", &["bash", "zsh"]),
    ("udpchat bench ", &["bulk", "pairs"]),
    ("udpchat bench --baseline Car", &["Cargo."]),
    ("udpchat store restore Car", &["Cargo."]),
    ("udpchat connect --config Car", &["Cargo."]),
];

/// Lines, and what must not be offered after each: files of this directory, and an option that is hidden.
const REFUSALS: &[(&str, &str)] = &[
    ("udpchat help Car", "Cargo"),
    ("udpchat completions Car", "Cargo"),
    ("udpchat bench Car", "Cargo"),
    ("udpchat connect Car", "Cargo"),
    ("udpchat user add Car", "Cargo"),
    ("udpchat connect --user Car", "Cargo"),
    ("udpchat connect --server-key Car", "Cargo"),
    ("udpchat serve --listen Car", "Cargo"),
    ("udpchat serve --me", "measured"),
];

fn is_installed(shell: &str) -> bool {
    let is_there = Command::new(shell).arg("--version").output().is_ok();
    assert!(
        is_there || std::env::var_os("CI").is_none(),
        "{shell} must be installed"
    );
    if !is_there {
        eprintln!("NOT TESTED: {shell} is not installed");
    }
    is_there
}

fn script(file: &str) -> String {
    format!("{}/completions/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// Each option that takes a value, as it is typed: `udpchat user add --data `.
fn lines_that_need_a_value() -> Vec<String> {
    let (mut lines, mut paths) = (Vec::new(), vec![Vec::<String>::new()]);
    while let Some(path) = paths.pop() {
        let mut command = Host::default().udpchat();
        let help = printed(&command.arg("help").args(&path).output().expect("it runs"));
        let mut is_command = false;
        for line in help.lines() {
            is_command = if line.starts_with(' ') {
                is_command
            } else {
                line == "Commands:"
            };
            let word = line.split_whitespace().next().unwrap_or_default();
            if is_command && line.starts_with("  ") && !line.starts_with("   ") {
                paths.push([&path[..], &[word.to_owned()]].concat());
            }
            if let Some((option, _)) = line.trim_start().split_once(" <")
                && let Some(option) = option
                    .split_whitespace()
                    .last()
                    .filter(|word| word.starts_with("--"))
            {
                let words = [&["udpchat".to_owned()][..], &path, &[option.to_owned()]].concat();
                lines.push(words.join(" ") + " ");
            }
        }
    }
    assert!(
        lines.iter().any(|line| line == "udpchat user add --data "),
        "{lines:#?}"
    );
    assert!(lines.len() > 40, "{lines:#?}");
    lines
}

fn complains(said: &str) -> bool {
    COMPLAINTS.iter().any(|complaint| said.contains(complaint))
}

/// Asks a shell about all lines, by a function that gives what it says to some of them.
fn check(shell: &str, mut complete: impl FnMut(&[String]) -> String) {
    for (line, offers) in OFFERS {
        let said = complete(&[(*line).to_owned()]);
        for offer in *offers {
            assert!(
                said.contains(offer),
                "{shell}: {line:?} does not offer {offer}: {said}"
            );
        }
    }
    for (line, offer) in REFUSALS {
        let said = complete(&[(*line).to_owned()]);
        assert!(
            !said.contains(offer),
            "{shell}: {line:?} offers {offer}: {said}"
        );
    }
    let said = complete(&lines_that_need_a_value());
    assert!(!complains(&said), "{shell}: {said}");
}

#[test]
fn bash_completes() {
    const ASK: &str = r#"source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }
        _udpchat udpchat "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"; printf '%s\n' "${COMPREPLY[@]}""#;
    if !is_installed("bash") {
        return;
    }
    let complete = |line: &String| {
        let mut shell = Command::new("bash");
        shell.args([
            "--norc",
            "--noprofile",
            "-c",
            ASK,
            "bash",
            &script("udpchat.bash"),
        ]);
        printed(&shell.args(line.split(' ')).output().expect("it runs"))
    };
    check("bash", |lines| lines.iter().map(complete).collect());
    // It splits a word at the sign.
    for line in [
        "udpchat serve --registration =",
        "udpchat serve --registration = o",
    ] {
        assert!(complete(&line.to_owned()).contains("open"), "{line}");
    }
    // Where a script offers nothing, it would offer files.
    let text = std::fs::read_to_string(script("udpchat.bash")).expect("it is there");
    assert!(!text.contains("-o default"));
}

#[test]
fn fish_completes() {
    if !is_installed("fish") {
        return;
    }
    let complete = |line: &String| {
        let mut shell = Command::new("fish");
        shell.args(["--no-config", "-c", "source $argv[1]; complete -C $argv[2]"]);
        let shell = shell.args([&script("udpchat.fish"), line]);
        printed(&shell.output().expect("it runs"))
    };
    check("fish", |lines| lines.iter().map(complete).collect());
}

#[test]
fn zsh_completes_and_runs_nothing_that_a_value_is_named_after() {
    // The value of `--server-key` was named SHA256:…, and zsh ran a command `…`.
    if !is_installed("zsh") {
        return;
    }
    let mut shell = Zsh::start();
    check("zsh", |lines| shell.complete(lines));
    shell.ends();
}

/// A zsh at a terminal, where alone it completes.
struct Zsh {
    session: PtySession,
    asked: u32,
}

impl Zsh {
    fn start() -> Self {
        let mut command = Command::new("zsh");
        command.args(["-f", "-i"]).env("TERM", "dumb");
        let session = spawn_command(command, Some(PATIENCE_MS)).expect("zsh starts");
        let mut zsh = Self { session, asked: 0 };
        zsh.says(&format!(
            "PS1=; LISTMAX=1000; stty -echo cols 250; fpath=({}/completions $fpath)",
            env!("CARGO_MANIFEST_DIR")
        ));
        zsh.says("autoload -Uz compinit; compinit -u -D; setopt no_always_last_prompt; compdef _udpchat udpchat");
        zsh
    }

    /// What it shows when the tab key is pressed after each of these lines, which Ctrl-U clears.
    fn complete(&mut self, lines: &[String]) -> String {
        self.says(&(lines.join("\t\u{15}") + "\t\u{15}"))
    }

    /// It ignores SIGTERM, for which a dropped session waits long.
    fn ends(mut self) {
        self.session.send_line("exit").expect("it reads");
        self.session.exp_eof().expect("it ends");
    }

    /// What it shows until it has run this line.
    fn says(&mut self, line: &str) -> String {
        self.asked += 1;
        let line = format!("{line}\nprint en''d-{}.", self.asked);
        self.session.send_line(&line).expect("it reads");
        self.session
            .exp_string(&format!("end-{}.", self.asked))
            .expect("an answer")
    }
}
