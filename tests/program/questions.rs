//! Questions at terminals of all kinds: stopped and continued, without editing, with the output elsewhere.

use std::fs;

use crate::prompt::signed_in;
use crate::support::{Host, Person, Server, Workspace};

const ACCOUNTS: &[&str] = &["alice", "bob"];

fn call(workspace: &Workspace, server: &Server) -> String {
    format!(
        "{} connect {} --state {}",
        env!("CARGO_BIN_EXE_udpchat"),
        server.address,
        workspace.path("state").display()
    )
}

/// A shell at a terminal, which shows what is typed while no program forbids it.
fn shell() -> Person {
    let mut shell = Host::default().command("bash");
    let interactive = "stty echo && PS1='shell$ ' exec bash --norc --noprofile -i";
    shell.args(["-c", interactive]).env("TERM", "xterm");
    let mut person = Person::runs(shell, "alice");
    person.sees("shell$ ");
    person
}

/// Ends the shell after the client, since it would not take a signal for that.
fn leaves(mut person: Person) {
    person.sees("shell$ ");
    person.types("exit");
    assert_eq!(person.ends(), 0);
}

/// The shell ran it.
#[test]
fn what_is_typed_while_a_client_connects_in_vain_goes_nowhere() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = shell();
    server.pauses();
    let other_key = format!("SHA256:{}", "A".repeat(43));
    alice.types(&format!(
        "{} --server-key {other_key}",
        call(&workspace, &server)
    ));
    alice.sees("still trying");
    alice.types("echo LEA''KED");
    alice.sees("LEA''KED");
    server.goes_on();
    alice.sees("has a different server key");
    alice.sees("shell$ ");
    alice.types("echo it is\\ over");
    let seen = alice.sees("it is over");
    assert!(!seen.contains("LEAKED"), "{seen}");
    leaves(alice);
}

/// At a password the terminal took it for a character of that.
#[test]
fn control_z_stops_the_client_at_every_question_and_it_goes_on_with_it() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = shell();
    alice.types(&format!("{} --accept-new", call(&workspace, &server)));
    alice.sees("shows the menu");
    alice.types("/login");
    for (question, answer) in [
        ("username: ", "alice"),
        ("password: ", "swordfish in tea"),
        ("alice> ", "/contacts"),
    ] {
        alice.sees(question);
        let (begun, rest) = answer.split_at(4);
        alice.types_without_enter(begun);
        alice.presses('z');
        alice.sees("Stopped");
        alice.sees("shell$ ");
        alice.types("fg");
        alice.sees(question);
        alice.types(rest);
    }
    let seen = alice.sees("(you)");
    assert!(!seen.contains("fish"), "{seen:?}");
    alice.types("/quit");
    leaves(alice);
}

/// It was taken for no terminal: nothing was asked, and without --password-file one did not get in.
#[test]
fn terminal_that_cannot_edit_lines_is_asked_with_plain_ones() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    for set in ["TERM=dumb", "-u TERM"] {
        let mut alice = shell();
        let call = call(&workspace, &server);
        alice.types(&format!("env {set} {call}"));
        if set == "TERM=dumb" {
            alice.sees("Trust it? [y/N] ");
            alice.types("y");
        }
        alice.sees("> ");
        alice.types("/login alice");
        alice.sees("password: ");
        alice.types("swordfish in tea");
        let seen = alice.sees("alice> ");
        assert!(!seen.contains("swordfish"), "{seen:?}");
        bob.types("/message alice hello");
        alice.sees("bob: hello");
        // The question is asked again below it.
        let seen = alice.sees("alice> ");
        assert!(!seen.contains('\x1b'), "{seen:?}");
        alice.types("/message bob hi");
        bob.sees("alice: hi");
        alice.types("/logout");
        alice.sees("logged out");
        alice.types("/quit");
        leaves(alice);
    }
}

/// As before, the input was read as a script's.
#[test]
fn client_whose_output_goes_elsewhere_asks_at_the_terminal() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = shell();
    let transcript = workspace.path("transcript");
    let call = call(&workspace, &server);
    alice.types(&format!(
        "{call} --user alice | tee {}",
        transcript.display()
    ));
    alice.sees("Trust it? [y/N] ");
    alice.types("y");
    alice.sees("password: ");
    alice.types("swordfish in tea");
    alice.sees("alice> ");
    bob.types("/message alice hello");
    alice.sees("bob: hello");
    alice.types("/message bob hi");
    alice.sees("Message received by bob");
    alice.presses('d');
    leaves(alice);
    let written = fs::read_to_string(transcript).unwrap();
    assert!(written.contains("bob: hello"), "{written}");
    assert!(
        !written.contains("swordfish") && !written.contains("alice> "),
        "{written}"
    );
}
