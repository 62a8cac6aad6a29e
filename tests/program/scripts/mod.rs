//! Clients without a terminal, as scripts use them: exit codes, bounded waits, and what goes to which stream.

mod ended;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Host, Script, Workspace, wait};

/// A client of alice's that reads from a pipe; its other streams are still to be chosen.
fn alice_of(workspace: &Workspace, server: SocketAddr) -> Command {
    let mut command = Host::default().udpchat();
    command
        .args(["connect", &server.to_string(), "--accept-new"])
        .args(["--user", "alice", "--password-file"])
        .arg(workspace.password_file("alice"))
        .arg("--state")
        .arg(workspace.path("state-of-alice"))
        .stdin(Stdio::piped());
    command
}

/// Sends a signal to a client, or to whatever runs it.
fn signal(client: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &client.id().to_string()])
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
        signal(&alice.child, name);
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
    signal(&alice.child, "HUP");
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

/// What was written to a closed stream went to /dev/null, and counted as printed.
#[test]
fn stream_that_was_closed_at_the_start_is_an_error_if_it_is_used() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve();
    let program = Host::default().udpchat();
    let connect = format!(
        "connect {} --accept-new --user alice --password-file {} --state {}",
        server.address,
        workspace.password_file("alice").display(),
        workspace.path("state").display()
    );
    for (arguments, redirection, code, said) in [
        (
            "--version",
            ">&-",
            1,
            "cannot write standard output: it is closed",
        ),
        (
            "completions bash",
            ">&-",
            1,
            "cannot write standard output: it is closed",
        ),
        ("--version", "2>&- <&-", 0, ""),
        ("nonsense", "2>&-", 2, ""),
        (&*connect, "</dev/null >&-", 0, ""),
        (
            &*connect,
            "<&-",
            1,
            "cannot read standard input: it is closed",
        ),
        (&*connect, "</dev/null 2>&-", 1, ""),
        (&*connect, ">/dev/null </dev/null", 0, ""),
    ] {
        let output = Command::new("sh")
            .args(["-c", &format!("exec \"$@\" {redirection}"), "sh"])
            .arg(program.get_program())
            .args(arguments.split(' '))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments} {redirection}: {errors}"
        );
        assert!(errors.contains(said), "{arguments} {redirection}: {errors}");
    }
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

/// A client of alice's that reads this script to its end: its exit code, and what it printed.
fn run(workspace: &Workspace, server: &str, script: &str, more: &[&str]) -> Script {
    let mut client = start(workspace, server, more);
    client.types_without_enter(script);
    client.closes_input();
    client
}

fn start(workspace: &Workspace, server: &str, more: &[&str]) -> Script {
    workspace.connect_with(&Host::default(), server, ("alice", "alice"), more)
}

#[test]
fn script_exits_with_the_worst_of_its_commands_and_says_which_lines_failed() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let long = format!("message bob {}\n", "z".repeat(17_000));
    let endless = format!("message bob {}\n", "z".repeat(70_000));
    for (script, code, said) in [
        ("message bob tea?\n", 0, ""),
        ("\u{feff}message bob with a mark\r\n", 0, ""),
        ("", 0, ""),
        (&*long, 2, "line 1: the text is too long"),
        (&endless, 2, "line 1: a line has at most 65536 bytes"),
        ("\n\nmesage bob tea?\n", 2, "line 3: unknown command"),
        (
            "message nobody hi\n",
            5,
            "line 1: there is no user \"nobody\"",
        ),
        (
            "message bob a\nmessage nobody hi\nnonsense\nmessage bob b",
            5,
            "line 2: there is no user \"nobody\"",
        ),
        ("message #nowhere hi\n", 5, "line 1: you are not a member"),
        ("history nobody\n", 5, "line 1: there is no user \"nobody\""),
        ("history bob\n", 0, ""),
        ("join not,a,room\nmessage bob hi\n", 5, "line 1: "),
        ("message alice hi\n", 5, "line 1: you cannot send a message"),
        ("join #b\n/kick zoe #b\n", 5, "line 2: "),
        ("logout\nmessage bob late\n", 2, "line 2: sign in first"),
    ] {
        let mut client = run(&workspace, &address, script, &[]);
        let ended = client.ends();
        let errors = client.errors();
        assert_eq!(ended, Some(code), "{script:.60}: {errors}");
        assert!(errors.contains(said), "{script:.60}: {errors}");
    }
}

#[test]
fn standard_output_of_a_script_holds_nothing_but_data() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let bob = workspace.sign_in(server.address, "bob");
    let mut client = run(
        &workspace,
        &address,
        "message bob tea?\nhistory bob\nnonsense\nenter bob\n/back\n",
        &[],
    );
    assert_eq!(client.ends(), Some(2), "{}", client.errors());
    bob.sees(1, "tea?");
    for line in client.lines() {
        let is_data = line.contains("(you): tea?") || line.starts_with("✓ Message received");
        assert!(is_data, "{line:?}");
    }
    assert!(client.errors().contains("Greetings from the Chat Room!"));
}

/// Once the server had stopped, no further line was read and the client never ended.
#[test]
fn script_goes_on_without_the_server_and_its_end_is_bounded() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let address = server.address.to_string();
    let mut client = start(&workspace, &address, &["--timeout", "3"]);
    client.sees(1, "Greetings from the Chat Room!");
    client.types("message bob before");
    client.sees(1, "bob is offline");
    server.signal("TERM");
    client.sees(1, "is stopping");
    client.types("message bob x");
    client.types("history bob");
    client.sees(1, "(you): before");
    let begin = Instant::now();
    client.closes_input();
    assert_eq!(client.ends(), Some(6), "{}", client.errors());
    assert!(begin.elapsed() < Duration::from_secs(10));
    let errors = client.errors();
    assert!(
        errors.contains("line 2: not stored yet: message to bob: \"x\""),
        "{errors}"
    );
    assert!(errors.contains("1 of 2 messages not stored"), "{errors}");
    assert!(!errors.contains("before\""), "{errors}");
    // It is sent at the next sign-in, as was said.
    server.restart();
    let mut client = run(&workspace, &server.address.to_string(), "", &[]);
    assert_eq!(client.ends(), Some(0), "{}", client.errors());
    let bob = workspace.sign_in(server.address, "bob");
    bob.sees(1, "alice: x");
}

#[test]
fn server_that_stops_answering_is_waited_for_no_longer_than_the_timeout() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let mut known = run(&workspace, &address, "", &[]);
    assert_eq!(known.ends(), Some(0));
    let mut client = start(&workspace, &address, &["--timeout", "2"]);
    client.sees(1, "Greetings from the Chat Room!");
    server.pauses();
    let begin = Instant::now();
    client.types("message bob x");
    client.closes_input();
    assert_eq!(client.ends(), Some(6), "{}", client.errors());
    // A client that never meets it queues what is written, and has nothing to wait for otherwise.
    for (line, code) in [("message bob y\n", 6), ("contacts\n", 3), ("", 3)] {
        let mut client = run(&workspace, &address, line, &["--timeout", "2"]);
        assert_eq!(client.ends(), Some(code), "{}", client.errors());
    }
    assert!(begin.elapsed() < Duration::from_secs(20));
    server.goes_on();
}

/// The greeting could not be written, so no line was read, and the client exited with 0.
#[test]
fn script_whose_output_cannot_be_written_is_carried_out_and_fails() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let bob = workspace.sign_in(server.address, "bob");
    for (number, code) in [(1, 1), (2, 1)] {
        let full = || File::options().write(true).open("/dev/full").unwrap();
        let mut command = alice_of(&workspace, server.address);
        if number == 1 {
            command.stdout(full());
        } else {
            command.stderr(full());
        }
        let mut client = command.spawn().unwrap();
        let mut input = client.stdin.take().unwrap();
        writeln!(input, "message bob number {number}").unwrap();
        drop(input);
        assert_eq!(wait(&mut client).code(), Some(code));
        bob.sees(1, &format!("number {number}"));
    }
}

#[test]
fn script_whose_reader_has_gone_is_carried_out_and_ends_in_silence() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let bob = workspace.sign_in(server.address, "bob");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = alice_of(&workspace, server.address);
    let mut client = command.stdout(writer).spawn().unwrap();
    drop(command);
    // The input stays open.
    let mut input = client.stdin.take().unwrap();
    writeln!(input, "contacts\nmessage bob one\nmessage bob two").unwrap();
    assert_eq!(wait(&mut client).code(), Some(0));
    bob.sees(1, "two");
}
