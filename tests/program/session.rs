//! The real program on loopback: a server and its clients as processes, people at pseudo-terminals.

use std::time::Duration;

use crate::support::{Host, Workspace};
use crate::transcript::transcript;

#[test]
fn people_talk_as_in_the_readme() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    transcript(&workspace, &Host::default(), &server.address.to_string());
}

#[test]
fn clients_come_back_by_ticket_after_the_server_was_killed_and_nothing_stands_twice() {
    let workspace = Workspace::new(&[]);
    let mut server = workspace.serve();
    let mut alice = workspace.sign_in(server.address, "alice");
    let bob = workspace.sign_in(server.address, "bob");
    alice.types("message bob before the kill");
    bob.sees(1, "before the kill");
    alice.sees(1, "Message received by bob");
    // If a password were needed now, there would be none.
    for name in ["alice", "bob"] {
        std::fs::remove_file(workspace.password_file(name)).unwrap();
    }
    server.kill();
    alice.types("message bob while it was down");
    server.restart();
    bob.sees(1, "while it was down");
    alice.sees(2, "Message received by bob");
    alice.types("message bob after the kill");
    bob.sees(1, "after the kill");
    alice.sees(3, "Message received by bob");
    let lines = bob.lines();
    for text in ["before the kill", "while it was down", "after the kill"] {
        assert_eq!(
            lines.iter().filter(|line| line.contains(text)).count(),
            1,
            "{lines:?}"
        );
    }
}

#[test]
fn orderly_stop_tells_the_clients_and_leaves_a_clean_database() {
    for signal in ["INT", "TERM"] {
        let workspace = Workspace::new(&[]);
        let mut server = workspace.serve();
        let alice = workspace.sign_in(server.address, "alice");
        let status = server.signal(signal);
        assert!(status.success() || status.code() == Some(130), "{status:?}");
        let start = std::time::Instant::now();
        while !(alice.lines().join("\n") + &alice.errors()).contains("stopping") {
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "{:?}",
                alice.lines()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(
            !workspace.data().join("control.sock").exists(),
            "the control socket was left behind"
        );
        let (listed, _) = workspace.run(&["user", "list"]);
        assert!(listed.contains("alice"), "{listed}");
    }
}

#[test]
fn messages_typed_before_the_end_of_input_still_arrive() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let bob = workspace.sign_in(server.address, "bob");
    let mut alice = workspace.sign_in(server.address, "alice");
    for number in 0..50 {
        alice.types(&format!("message bob line {number}."));
    }
    alice.closes_input();
    assert_eq!(alice.ends(), Some(0));
    bob.sees(50, "line ");
    let said: Vec<String> = bob
        .lines()
        .into_iter()
        .filter(|line| line.contains("line "))
        .collect();
    for (number, line) in said.iter().enumerate() {
        assert!(line.ends_with(&format!("line {number}.")), "{said:?}");
    }
}

#[test]
fn status_at_the_prompt_shows_the_link() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let mut erin = workspace.sign_in(server.address, "erin");
    erin.types("/status");
    erin.sees(1, "signed in as erin for ");
    erin.sees(1, "; the server sees 127.0.0.1:");
    erin.sees(1, &format!("at {}: round trip ", server.address));
    erin.sees(1, "retransmissions");
}
