//! How lines look at a pseudo-terminal: colours, symbols, and what the environment and the settings have to say about them.

use crate::support::{Host, Person, Server, Workspace};

/// Somebody who signs in with these variables and arguments.
fn signed_in(name: &str, server: &Server, variables: &[(&str, &str)], more: &[&str]) -> Person {
    let state = tempfile::TempDir::new().expect("a directory");
    let mut command = Host::default().udpchat();
    command
        .env_remove("NO_COLOR")
        .envs(variables.iter().copied());
    let arguments = ["--accept-new", "--user", name];
    command
        .args(["connect", &server.address.to_string(), "--state"])
        .arg(state.path().join("state"))
        .args(arguments)
        .args(more);
    let mut person = Person::runs(command, name).keeping(state);
    person.signs_in(name);
    person
}

#[test]
fn names_are_coloured_as_the_terminal_and_the_theme_have_it() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let exact = [("COLORTERM", "truecolor")];
    let mut bob = signed_in("bob", &server, &exact, &["--theme", "private=bold #ff0000"]);
    let mut alice = signed_in("alice", &server, &[], &[]);
    alice.types("/message bob hi");
    bob.sees("\u{1b}[1;38;2;255;0;0m✉ \u{1b}[0m\u{1b}[38;2;");
    bob.sees("malice\u{1b}[0m: hi");
    alice.sees("\u{1b}[32m✓ ");
    bob.types("/message alice ho");
    // One of the sixteen that every terminal has.
    alice.sees("\u{1b}[35m✉ \u{1b}[0m\u{1b}[9");
    alice.sees("mbob\u{1b}[0m: ho");
}

#[test]
fn terminal_without_utf_8_is_written_to_in_ascii_and_a_screen_reader_is_told_words() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let latin = [("LC_ALL", "de_DE.ISO-8859-1"), ("TERM", "xterm")];
    let mut bob = signed_in("bob", &server, &latin, &["--color", "never"]);
    let mut alice = signed_in("alice", &server, &[], &["--plain"]);
    alice.types("/message bob \u{db}2J \u{2713} ok");
    // The second byte of the first letter begins a control sequence there.
    bob.sees("[private] alice: ?2J + ok");
    let seen = alice.sees("Message received by bob");
    assert!(
        !seen.contains('\u{2713}') && !seen.contains("\u{1b}[32m"),
        "{seen:?}"
    );
    bob.types("/message alice ho");
    bob.sees("+ Message received by alice");
    alice.sees(" private: bob: ho");
    alice.types("/nonsense");
    alice.sees("error: unknown command");
    // Nothing is drawn again, so that nothing is read aloud twice.
    alice.types("/message bob once");
    let seen = alice.sees("Message received by bob");
    assert!(!seen.contains("\u{1b}[K"), "{seen:?}");
}

/// Read aloud, and where it rings by its name, others' letters reached such a terminal as they came.
#[test]
fn terminal_without_utf_8_is_written_to_in_ascii_also_where_it_is_read_aloud() {
    let workspace = Workspace::new(&["ěva", "bob"]);
    let server = workspace.serve();
    let latin = [("LC_ALL", "de_DE.ISO-8859-1"), ("TERM", "xterm")];
    let more = ["--plain", "--notify-by", "osc9"];
    let mut bob = signed_in("bob", &server, &latin, &more);
    let mut eva = signed_in("ěva", &server, &[], &["--plain"]);
    eva.types("/message bob \u{db}2J ok");
    let seen = bob.sees("?va: ?2J ok");
    assert!(seen.is_ascii(), "{seen:?}");
    let rung = bob.sees("]9;udpchat: ?va");
    assert!(rung.is_ascii(), "{rung:?}");
}

#[test]
fn theme_is_a_table_of_the_settings_and_what_is_wrong_in_it_is_told() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let file = directory.path().join("config.toml");
    let check = |text: &str| {
        std::fs::write(&file, text).expect("it can be written");
        let mut command = Host::default().udpchat();
        command
            .args(["config", "check", "client", "--config"])
            .arg(&file);
        let output = command.output().expect("it runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let good = "user = 'erin'\n[theme]\nown = 'bold green'\nname = 'hue'\nvision = 'red-green'\n[profiles.ship]\n";
    assert_eq!(check(good).0, Some(0));
    assert_eq!(check("[theme]\n#own = 'bold'\n").0, Some(0));
    for (wrong, why) in [
        (
            "[theme]\nrecipt = 'green'\n",
            "there is no part recipt; did you mean receipt?",
        ),
        ("[theme]\nown = 'blod'\n", "blod is no style"),
        (
            "[theme]\nown = 7\n",
            "own: expected a text in quotation marks, found a number",
        ),
        (
            "theme = 7\n",
            "theme: expected a table of texts in quotation marks, found a number",
        ),
    ] {
        let (code, text) = check(wrong);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(why), "{text}");
    }
}

/// The draft stood there as it was typed, without its time.
#[test]
fn what_one_says_becomes_a_line_with_its_time_in_the_place_of_the_draft() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let _bob = signed_in("bob", &server, &[], &["--color", "never"]);
    let mut alice = signed_in("alice", &server, &[], &["--color", "never"]);
    // One that fills its row leaves no empty one behind.
    for text in ["hi".to_owned(), "x".repeat(60), "y".repeat(61)] {
        alice.types(&format!("/message bob {text}"));
        // The longest goes on in a second row.
        alice.sees_like(&format!(
            r"\x1b\[\?7l… \d\d:\d\d ✉ \(you\) to bob:\s+{text}"
        ));
        alice.sees("✓ Message received by bob");
        let rows = alice.rows();
        let own = rows.iter().rposition(|row| row.contains("(you) to bob:"));
        let own = &rows[own.expect("it was seen")..];
        let receipt = own.iter().position(|row| row.starts_with("✓ Message"));
        let between = &own[..receipt.expect("it was seen")];
        assert!(between.iter().all(|row| !row.is_empty()), "{rows:#?}");
    }
    alice.types("/enter bob");
    alice.sees("alice bob> ");
    alice.types("here");
    alice.sees_like(r"… \d\d:\d\d ✉ \(you\): here");
    // A command stays as it was typed.
    alice.types("/contacts");
    let seen = alice.sees("alice bob> ");
    assert!(!seen.contains("(you): /contacts"), "{seen:?}");
}
