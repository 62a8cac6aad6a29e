//! What goes on changing on the screen while a line is typed: the prompt's row, and the last line above it.

use nix::sys::signal::Signal;

use crate::prompt::signed_in;
use crate::support::{Host, Person, Server, Workspace};

const ACCOUNTS: &[&str] = &["alice", "bob", "carol"];

/// Somebody at a terminal of the usual size, without colours.
fn at_terminal(name: &str, workspace: &Workspace, server: &Server) -> Person {
    let mut shell = Host::default().command("bash");
    shell.args(["-c", "stty rows 24 cols 80 && exec \"$@\"", "bash"]);
    shell.arg(env!("CARGO_BIN_EXE_udpchat")).arg("connect");
    shell.args([&server.address.to_string(), "--accept-new"]);
    shell.args(["--user", name, "--color", "never", "--state"]);
    shell.arg(workspace.path(&format!("state-{name}")));
    shell.env("TERM", "xterm");
    let mut person = Person::runs(shell, name);
    person.signs_in(name);
    person
}

/// The only row that contains this, and those below it.
fn rows_from<'r>(rows: &'r [String], text: &str) -> &'r [String] {
    let mut found = rows.iter().enumerate();
    let mut found = found.by_ref().filter(|(_, row)| row.contains(text));
    let (Some((at, _)), None) = (found.next(), found.next()) else {
        panic!("not one row with {text:?}: {rows:#?}");
    };
    &rows[at..]
}

/// A row with a mark and a time before this text.
fn is_marked(row: &str, mark: &str, text: &str) -> bool {
    let behind = row.strip_prefix(mark).and_then(|row| row.get(6..));
    behind.is_some_and(|behind| behind.starts_with(text))
}

fn shows_marked(person: &mut Person, mark: &str, text: &str) -> Vec<String> {
    person.shows(&format!("{mark}{text}"), |rows| {
        rows.iter().any(|row| is_marked(row, mark, text))
    })
}

/// `offline` stayed until the next Enter, and what had become unread was not counted before that.
#[test]
fn prompt_shows_what_is_unread_and_a_lost_link_beside_the_line_that_is_typed() {
    let workspace = Workspace::new(ACCOUNTS);
    let mut server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = at_terminal("alice", &workspace, &server);
    for person in [&mut bob, &mut alice] {
        person.types("/join #deck");
        person.sees("#deck> ");
    }
    alice.types("/back");
    alice.sees("alice> ");
    alice.types_without_enter("/contacts");
    bob.types("one");
    let has_state = |state: &'static str| {
        move |rows: &[String]| {
            let row = rows.iter().rfind(|row| row.starts_with("alice> /contacts"));
            row.is_some_and(|row| row["alice> /contacts".len()..].trim_start() == state)
        }
    };
    alice.shows("one unread", has_state("(1)"));
    bob.types("hello alice");
    let rows = alice.shows("a mention", has_state("(1, 1!)"));
    let row = rows_from(&rows, "alice> /contacts").first().cloned();
    assert_eq!(row.map(|row| row.chars().count()), Some(79), "{rows:#?}");
    // It gives way to the line, and comes back.
    alice.types_without_enter(&"x".repeat(60));
    alice.shows("the line alone", |rows| {
        rows.iter().any(|row| row.ends_with(&"x".repeat(60)))
    });
    alice.types_without_enter(&"\x7f".repeat(60));
    alice.shows("the mention again", has_state("(1, 1!)"));
    assert!(server.signal("TERM").success());
    alice.shows("the lost link", has_state("(1, 1!) offline"));
    server.restart();
    alice.shows("the link again", has_state("(1, 1!)"));
    assert_eq!(alice.cursor().1, 16);
    // What stays of a command is what was typed.
    alice.types("");
    alice.sees("(you)");
    let rows = alice.rows();
    assert!(
        rows.iter().any(|row| row == "alice> /contacts"),
        "{rows:#?}"
    );
}

#[test]
fn own_line_goes_from_queued_to_stored_to_received_in_its_place() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = at_terminal("alice", &workspace, &server);
    bob.sees("alice is online");
    alice.types("/message carol you are away");
    alice.sees("stored; carol is offline");
    shows_marked(&mut alice, "● ", "✉ (you) to carol: you are away");
    alice.types("/enter bob");
    alice.sees("alice bob> ");
    // One of several rows, and a draft of several rows below it.
    let text = ["tea at four"; 20].join(" ");
    server.pauses();
    alice.types(&text);
    shows_marked(&mut alice, "… ", "✉ (you): tea");
    let draft = "d".repeat(200);
    alice.types_without_enter(&draft);
    server.goes_on();
    alice.sees("Message received by bob");
    let rows = alice.shows("the draft below it", |rows| {
        let drafts = rows.iter().filter(|row| row.contains("ddd"));
        drafts.map(|row| row.matches('d').count()).sum::<usize>() == 200
    });
    assert!(!rows.iter().any(|row| row.starts_with("… ")), "{rows:#?}");
    let said = rows_from(&rows, "✉ (you): tea");
    assert!(is_marked(&said[0], "✓ ", "✉ (you): tea"), "{rows:#?}");
    let own: Vec<&str> = said[..4].iter().map(|row| row.trim()).collect();
    assert!(own.join(" ").ends_with(&text), "{rows:#?}");
    assert!(
        said[4].starts_with("✓ Message received by bob"),
        "{rows:#?}"
    );
    assert!(said[5].starts_with("alice bob> ddd"), "{rows:#?}");
    assert!(
        rows[..rows.len() - said.len()]
            .concat()
            .contains("carol is offline")
    );
}

/// What has come between must not be written over.
#[test]
fn own_line_that_may_not_be_the_last_stays_and_its_receipt_follows() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = at_terminal("alice", &workspace, &server);
    bob.sees("alice is online");
    alice.types("/enter bob");
    alice.sees("alice bob> ");
    let mut says = |alice: &mut Person, text: &str, meanwhile: &dyn Fn(&mut Person)| {
        server.pauses();
        alice.types(text);
        shows_marked(alice, "… ", &format!("✉ (you): {text}"));
        alice.sees("alice bob> ");
        meanwhile(alice);
        server.goes_on();
        bob.sees(&format!("alice: {text}"));
        alice.sees("Message received by bob");
        alice.sees("alice bob> ");
        alice.rows()
    };
    let rows = says(&mut alice, "one", &|alice| {
        alice.types_without_enter("/h\t\t");
        alice.sees("/history");
    });
    let said = rows_from(&rows, "✉ (you): one");
    assert!(said[0].starts_with("… "), "{rows:#?}");
    assert_eq!(said[1], "alice bob> /h", "{rows:#?}");
    assert!(said[2].starts_with("/help"), "{rows:#?}");
    assert!(
        said[3].starts_with("✓ Message received by bob"),
        "{rows:#?}"
    );
    alice.presses('c');
    let rows = says(&mut alice, "two", &|alice| alice.presses('l'));
    let screen = &rows[rows.len() - 24..];
    assert!(
        screen[0].starts_with("✓ Message received by bob"),
        "{rows:#?}"
    );
    let rows = says(&mut alice, "three", &|alice| alice.resizes(24, 100));
    let said = rows_from(&rows, "✉ (you): three");
    assert!(said[0].starts_with("… "), "{rows:#?}");
    assert!(
        said[1].starts_with("✓ Message received by bob"),
        "{rows:#?}"
    );
}

#[test]
fn receipts_of_a_room_go_up_in_one_line_while_that_is_the_last() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut carol = signed_in("carol", &server);
    let mut alice = at_terminal("alice", &workspace, &server);
    for person in [&mut alice, &mut bob, &mut carol] {
        person.types("/join #deck");
        person.sees("#deck> ");
    }
    alice.sees("carol joined #deck");
    carol.is_sent(Signal::SIGSTOP);
    alice.types("drill");
    alice.sees("✓ Message received by bob (1 of 2");
    carol.is_sent(Signal::SIGCONT);
    let rows = alice.shows("both in one line", |rows| {
        let both = |row: &String| row.starts_with("✓ Message received by bob, carol (2 of 2");
        rows.iter().any(both)
    });
    assert!(!rows.concat().contains("(1 of 2"), "{rows:#?}");
    let said = rows_from(&rows, "(you): drill");
    assert!(said[0].starts_with("✓ "), "{rows:#?}");
    assert!(said[1].contains("bob, carol (2 of 2"), "{rows:#?}");
    // Not the last any more.
    carol.is_sent(Signal::SIGSTOP);
    alice.types("again");
    alice.sees("✓ Message received by bob (1 of 2");
    alice.types("/members");
    alice.sees("carol  member");
    carol.is_sent(Signal::SIGCONT);
    alice.sees("✓ Message received by carol (2 of 2");
    let rows = alice.rows();
    assert!(rows.concat().contains("bob (1 of 2"), "{rows:#?}");
}
