//! The real program on loopback: a server and its clients as processes, people at pseudo-terminals.

use std::time::Duration;

use crate::support::{Host, Script, Server, transcript, user_add};
use tempfile::TempDir;

#[test]
fn people_talk_as_in_the_readme() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let server = Server::on_loopback(&data);
    transcript(
        &Host::default(),
        &Host::default(),
        &server.address.to_string(),
        &data,
    );
}

/// Signs a script in, with an account that the operator has made.
fn script(directory: &TempDir, server: &Server, name: &str) -> Script {
    let data = directory.path().join("data");
    let here = Host::default();
    let file = directory.path().join(format!("password-of-{name}"));
    if !file.exists() {
        assert!(user_add(&here, &data, name, "swordfish").status.success());
    }
    let state = directory.path().join(format!("state-of-{name}"));
    let file = file.to_str().unwrap().to_owned();
    let address = server.address.to_string();
    let script = Script::connect(&here, name, &address, &state, &["--password-file", &file]);
    script.sees(1, "Greetings from the Chat Room!");
    script
}

#[test]
fn clients_come_back_by_ticket_after_the_server_was_killed_and_nothing_stands_twice() {
    let directory = TempDir::new().unwrap();
    let mut server = Server::on_loopback(&directory.path().join("data"));
    let mut alice = script(&directory, &server, "alice");
    let bob = script(&directory, &server, "bob");
    alice.types("message bob before the kill");
    bob.sees(1, "before the kill");
    alice.sees(1, "Message received by bob");
    // If a password were needed now, there would be none.
    for name in ["alice", "bob"] {
        std::fs::remove_file(directory.path().join(format!("password-of-{name}"))).unwrap();
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
        let directory = TempDir::new().unwrap();
        let data = directory.path().join("data");
        let mut server = Server::on_loopback(&data);
        let alice = script(&directory, &server, "alice");
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
            !data.join("control.sock").exists(),
            "the control socket was left behind"
        );
        let listed = Host::default()
            .udpchat()
            .args(["user", "list", "--data"])
            .arg(&data)
            .output();
        assert!(
            String::from_utf8(listed.unwrap().stdout)
                .unwrap()
                .contains("alice")
        );
    }
}

#[test]
fn messages_typed_before_the_end_of_input_still_arrive() {
    let directory = TempDir::new().unwrap();
    let server = Server::on_loopback(&directory.path().join("data"));
    let bob = script(&directory, &server, "bob");
    let mut alice = script(&directory, &server, "alice");
    for number in 0..50 {
        alice.types(&format!("message bob line {number}."));
    }
    alice.closes_input();
    assert_eq!(crate::support::wait(&mut alice.child).code(), Some(0));
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
    let directory = TempDir::new().unwrap();
    let server = Server::on_loopback(&directory.path().join("data"));
    let mut erin = script(&directory, &server, "erin");
    erin.types("/status");
    erin.sees(1, "signed in as erin for ");
    erin.sees(1, "; the server sees 127.0.0.1:");
    erin.sees(1, &format!("at {}: round trip ", server.address));
    erin.sees(1, "retransmissions");
}
