//! Clients without a terminal, as scripts use them: exit codes, bounded waits, and what goes to which stream.

use std::process::{Command, Stdio};

use crate::support::{Host, Script, Workspace};

/// Sends a signal to a client, or to whatever runs it.
fn signal(script: &Script, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &script.child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[test]
fn client_that_is_ended_by_a_signal_exits_with_128_and_its_number() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    for (name, code) in [("HUP", 129), ("INT", 130), ("TERM", 143)] {
        let mut alice = workspace.sign_in(server.address, "alice");
        signal(&alice, name);
        assert_eq!(alice.ends(), Some(code), "{name}: {}", alice.errors());
    }
}

#[test]
fn signal_that_was_ignored_at_the_start_stays_ignored() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve();
    let mut command = Command::new("sh");
    let client = Host::default().udpchat();
    command
        .args(["-c", "trap '' HUP; exec \"$@\"", "sh"])
        .arg(client.get_program())
        .args(["connect", &server.address.to_string(), "--accept-new"])
        .args(["--user", "alice", "--password-file"])
        .arg(workspace.password_file("alice"))
        .arg("--state")
        .arg(workspace.path("state"))
        .stdin(Stdio::piped());
    let mut alice = Script::spawn(&mut command);
    alice.sees(1, "Greetings from the Chat Room!");
    signal(&alice, "HUP");
    alice.types("contacts");
    alice.sees(1, "nobody else is online");
    alice.closes_input();
    assert_eq!(alice.ends(), Some(0), "{}", alice.errors());
}
