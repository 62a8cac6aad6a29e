//! What is written at the prompt: texts of several lines, the user's own text editor, and what is recalled later.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::Signal;

use crate::prompt::signed_in;
use crate::support::{Host, Person, Server, Workspace};

const ACCOUNTS: &[&str] = &["alice", "bob"];

/// Alice's client at a terminal of the usual size, which shows what is typed while the client does not forbid it.
fn client(workspace: &Workspace, server: &Server) -> Command {
    let mut shell = Host::default().command("bash");
    shell.args(["-c", "stty echo rows 24 cols 80 && exec \"$@\"", "bash"]);
    shell.arg(env!("CARGO_BIN_EXE_udpchat")).arg("connect");
    shell.args([
        &server.address.to_string(),
        "--accept-new",
        "--user",
        "alice",
    ]);
    shell.arg("--state").arg(workspace.path("state"));
    shell
}

fn sign_in(mut command: Command, name: &str) -> Person {
    command.env("TERM", "xterm");
    let mut person = Person::runs(command, name);
    person.signs_in(name);
    person
}

/// Each line that arrived left another copy of the draft's beginning behind, and so did each key.
#[test]
fn draft_that_is_taller_than_the_screen_stays_one_draft() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = sign_in(client(&workspace, &server), "alice");
    alice.types("/enter bob");
    alice.sees("alice bob> ");
    let row = |number| format!("row {number} of the draft");
    let draft: Vec<String> = (1..=40).map(row).collect();
    alice.types_without_enter(&format!("\x1b[200~{}\x1b[201~", draft.join("\r")));
    alice.sees("[one text of 40 lines for bob: Enter sends it");
    for text in ["one", "two", "three"] {
        bob.types(&format!("/message alice {text}"));
        alice.sees(&format!("bob: {text}"));
        alice.sees("[one text of 40 lines for bob: Enter sends it");
        alice.types_without_enter("x");
        alice.sees("[one text of 40 lines for bob: Enter sends it");
    }
    let rows = alice.rows();
    for number in 1..=39 {
        let shown = rows
            .iter()
            .filter(|shown| shown.contains(&row(number)))
            .count();
        assert!(shown <= 1, "{number}: {rows:#?}");
    }
    assert!(
        rows.iter().any(|shown| shown.ends_with("bob: three")),
        "{rows:#?}"
    );
    assert!(
        rows[rows.len() - 2].contains("row 40 of the draftxxx"),
        "{rows:#?}"
    );
    // Above what the screen shows.
    alice.types_without_enter(&"\x1b[A".repeat(38));
    alice.types_without_enter("Q");
    alice.sees("row 2 of the draftQ");
    alice.sees("row 25 of the draft");
    bob.types("/message alice four");
    alice.sees("bob: four");
    alice.sees("row 25 of the draft");
    alice.types("");
    alice.sees("Message received by bob");
    bob.sees("alice: row 1 of the draft");
    bob.sees("row 2 of the draftQ");
    bob.sees("row 40 of the draftxxx");
}

#[test]
fn newlines_and_tabs_go_out_as_typed_and_stay_in_the_history() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = signed_in("alice", &server);
    alice.types("/enter bob");
    alice.sees("alice bob> ");
    alice.types_without_enter("tea\x1b\rat four");
    alice.sees("[one text of 2 lines for bob: Enter sends it");
    alice.types_without_enter("\x1b[200~\tor five\x1b[201~");
    alice.types("");
    bob.sees("alice: tea");
    bob.sees_like("\n      at four +or five");
    bob.types("/history alice");
    bob.sees("alice: tea");
    bob.sees_like("\n      at four +or five");
}

/// A text editor that does what a file says.
fn with_text_editor(mut command: Command, workspace: &Workspace) -> Command {
    let script = workspace.path("editor");
    let text = "#!/bin/sh\n. \"$(dirname \"$0\")/what\"\n";
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    fs::create_dir(workspace.path("run")).unwrap();
    command.env_remove("VISUAL").env("EDITOR", script);
    command.env("XDG_RUNTIME_DIR", workspace.path("run"));
    command
}

fn left_behind(workspace: &Workspace) -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace.path("run")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn text_editor_writes_a_message_while_the_client_goes_on_receiving() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = sign_in(
        with_text_editor(client(&workspace, &server), &workspace),
        "alice",
    );
    let does = |what: &str| fs::write(workspace.path("what"), what).unwrap();
    alice.types("/enter bob");
    alice.sees("alice bob> ");
    does("stat -c 'mode %a' \"$1\"; cat \"$1\"; read answer; echo at four >> \"$1\"");
    alice.types("/compose tea");
    alice.sees("mode 600");
    alice.sees("tea\r\n");
    bob.types("/message alice meanwhile");
    bob.sees("Message received by alice");
    alice.types("go on");
    // The terminal was not the client's before.
    alice.sees("go on");
    alice.sees("bob: meanwhile");
    alice.sees("[one text of 2 lines for bob: Enter sends it, Ctrl-C clears it]");
    assert_eq!(left_behind(&workspace), [] as [PathBuf; 0]);
    alice.types("");
    bob.sees_like("alice: tea\r\n      at four");
    for (what, said) in [
        (":", "nothing was changed; nothing is sent"),
        (": > \"$1\"", "the text is empty; nothing is sent"),
        ("exit 3", "failed (exit status: 3); nothing is sent"),
    ] {
        does(what);
        alice.types("/compose not sent");
        alice.sees(said);
        alice.presses('c');
        assert_eq!(left_behind(&workspace), [] as [PathBuf; 0], "{what}");
    }
    alice.types("/message bob last");
    let seen = bob.sees("alice: last");
    assert!(!seen.contains("not sent"), "{seen:?}");
}

#[test]
fn text_editor_and_its_file_do_not_outlive_the_client() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = sign_in(
        with_text_editor(client(&workspace, &server), &workspace),
        "alice",
    );
    fs::write(workspace.path("what"), "echo waits; read answer; sleep 60").unwrap();
    alice.types("/compose bob tea");
    alice.sees("waits");
    assert_eq!(left_behind(&workspace).len(), 1);
    // Ctrl-C is the text editor's.
    alice.is_sent(Signal::SIGINT);
    alice.is_sent(Signal::SIGTERM);
    assert_eq!(alice.ends(), 143);
    assert_eq!(left_behind(&workspace), [] as [PathBuf; 0]);
}

#[test]
fn what_was_typed_is_recalled_after_a_restart_but_no_password() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = sign_in(client(&workspace, &server), "alice");
    alice.types("/message bob remember the tea");
    alice.sees("stored; bob is offline");
    alice.types("/contacts");
    alice.sees("(you)");
    // A kill loses at most the last line.
    alice.is_sent(Signal::SIGKILL);
    drop(alice);
    let mut alice = Person::runs(client(&workspace, &server), "alice");
    alice.sees("nobody else is online");
    alice.types_without_enter("\x1b[A");
    alice.sees("/contacts");
    alice.presses('c');
    alice.presses('r');
    alice.types_without_enter("rememb");
    alice.sees("/message bob remember the tea");
    alice.types("");
    alice.sees("stored; bob is offline");
    alice.types("/quit");
    assert_eq!(alice.ends(), 0);
    let mut folders = vec![workspace.path("state")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let has_password = bytes.windows(9).any(|window| window == b"swordfish");
            assert!(!has_password, "{}", path.display());
        }
    }
}
