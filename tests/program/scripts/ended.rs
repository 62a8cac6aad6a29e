//! Clients without a terminal that have to end although something does not come.

use std::io::{PipeReader, Read as _, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{alice_of, signal, start};
use crate::support::{PATIENCE, Workspace, wait};

/// What a pipe holds, and more.
const FULL: usize = 200;

/// Waits until a pipe that has most of what it can hold gets no more.
fn is_full(pipe: &PipeReader) {
    const MOST: u64 = 32 * 1024;
    const QUIET: Duration = Duration::from_millis(500);
    let deadline = Instant::now() + PATIENCE;
    let held = || rustix::io::ioctl_fionread(pipe).unwrap();
    let (mut before, mut since) = (held(), Instant::now());
    while before < MOST || since.elapsed() < QUIET {
        assert!(Instant::now() < deadline, "{before} bytes");
        std::thread::sleep(Duration::from_millis(20));
        let now = held();
        if now != before {
            (before, since) = (now, Instant::now());
        }
    }
}

/// `contacts` was waited for as long as at a terminal.
#[test]
fn command_that_was_sent_before_the_server_stopped_ends_at_the_timeout() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve();
    let mut client = start(&workspace, &server.address.to_string(), &["--timeout", "2"]);
    client.sees(1, "Greetings from the Chat Room!");
    server.pauses();
    let begin = Instant::now();
    client.types("contacts");
    client.types("rooms");
    client.closes_input();
    assert_eq!(client.ends(), Some(3), "{}", client.errors());
    assert!(
        begin.elapsed() < Duration::from_secs(9),
        "{:?}",
        begin.elapsed()
    );
    assert!(
        client.errors().contains("line 1: no answer"),
        "{}",
        client.errors()
    );
    server.goes_on();
}

/// The end waited for a printer that waited for a reader.
#[test]
fn signal_ends_a_client_whose_output_nobody_reads_and_loses_no_message() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let mut bob = workspace.sign_in(server.address, "bob");
    let signals = [("TERM", 143), ("INT", 130), ("HUP", 129)];
    for (number, (name, code)) in signals.into_iter().enumerate() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut command = alice_of(&workspace, server.address);
        command.stdout(writer).stderr(Stdio::null());
        let mut alice = command.spawn().unwrap();
        drop(command);
        let mut input = alice.stdin.take().unwrap();
        for _ in 0..FULL {
            writeln!(input, "help\nhelp join\nhelp message").unwrap();
        }
        is_full(&reader);
        let text = format!("before {name}");
        bob.types(&format!("message alice {text}"));
        bob.sees(number + 1, "Message received by alice");
        is_full(&reader);
        let begin = Instant::now();
        signal(&alice, name);
        assert_eq!(wait(&mut alice).code(), Some(code), "{name}");
        assert!(
            begin.elapsed() < Duration::from_secs(3),
            "{:?}",
            begin.elapsed()
        );
        let mut printed = String::new();
        reader.read_to_string(&mut printed).unwrap();
        assert!(!printed.contains(&text), "the pipe was full before");
        let mut again = start(&workspace, &server.address.to_string(), &[]);
        again.sees(1, &text);
        again.closes_input();
        assert_eq!(again.ends(), Some(0), "{}", again.errors());
    }
}
