//! Clients without a terminal, as scripts use them: exit codes, bounded waits, and what goes to which stream.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
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

/// A server whose sign-in log could not be written panicked, because the library that writes it reported that on the
/// same standard error.
#[test]
fn output_that_cannot_be_written_fails_and_stops_nothing() {
    let workspace = Workspace::new(&["alice"]);
    let data = workspace.data();
    let full = || File::options().write(true).open("/dev/full");
    let run = |arguments: &[&str]| {
        let mut command = Host::default().udpchat();
        command.args(arguments).env("UDPCHAT_DATA", &data);
        command.stdin(Stdio::null());
        command
    };
    for arguments in [
        &["completions", "zsh"][..],
        &["--version"],
        &["--help"],
        &["help", "store", "check"],
        &["user", "list"],
        &["store", "check", "--json"],
    ] {
        let output = run(arguments).stdout(full().unwrap()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains("cannot write standard output: No space left"),
            "{arguments:?}: {said}"
        );
    }
    let usage = run(&["nonsense"]).stderr(full().unwrap()).status().unwrap();
    assert_eq!(usage.code(), Some(2));

    let mut command = run(&["serve", "--listen", "127.0.0.1:0"]);
    command.stdout(Stdio::piped()).stderr(full().unwrap());
    let mut server = command.spawn().unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(server.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let address = line.split_whitespace().find_map(|word| word.parse().ok());
    let mut alice = workspace.sign_in(address.unwrap(), "alice");
    alice.closes_input();
    assert_eq!(alice.ends(), Some(0), "{}", alice.errors());
    let pid = server.id().to_string();
    Command::new("kill").arg(pid).status().unwrap();
    assert_eq!(server.wait().unwrap().code(), Some(1));
}

#[test]
fn output_whose_reader_has_gone_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Host::default()
        .udpchat()
        .args(["completions", "bash"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
