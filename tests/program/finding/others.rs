//! Clients of several servers with one key: here two that have copies of one database, each of which can take the other's place.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::support::{Host, Server, Workspace};

/// The longest that a user waits for another server.
const MOVED: Duration = Duration::from_secs(10);

/// A server on a copy of the database, in which alice and bob have devices, and where the first one was.
fn second(workspace: &Workspace) -> (Server, String) {
    let mut first = workspace.serve();
    for name in ["alice", "bob"] {
        let mut script = workspace.sign_in(first.address, name);
        script.closes_input();
        assert_eq!(script.ends(), Some(0));
    }
    assert!(first.signal("TERM").success());
    let copy: PathBuf = workspace.path("copy");
    let mut command = Command::new("cp");
    let copied = command.arg("-a").arg(workspace.data()).arg(&copy).status();
    assert!(copied.expect("cp runs").success());
    let second = Server::start(&Host::default(), &copy, &["127.0.0.1:0"], &[]);
    (second, first.address.to_string())
}

#[test]
fn client_of_a_server_that_is_killed_or_stands_still_goes_on_with_the_one_it_was_told_of() {
    for is_killed in [true, false] {
        let workspace = Workspace::new(&[]);
        let (second, place) = second(&workspace);
        let peer = second.address.to_string();
        let listen = [&*place];
        let told = ["--cluster-peers", &*peer];
        let host = Host::default();
        let mut first = Server::start(&host, &workspace.data(), &listen, &told);
        let mut alice = workspace.sign_in(first.address, "alice");
        let bob = workspace.sign_in(second.address, "bob");
        if is_killed {
            first.kill();
        } else {
            first.pauses();
        }
        alice.types("message bob there you are");
        bob.sees_within(MOVED, 1, "there you are");
        alice.sees_within(MOVED, 1, "Message received by bob");
        alice.closes_input();
        assert_eq!(alice.ends(), Some(0));
        let lines = alice.lines();
        let tells = |line: &&String| line.contains("lost") || line.contains("is back");
        assert_eq!(lines.iter().find(tells), None, "it is no news");
        let count = bob
            .lines()
            .iter()
            .filter(|it| it.contains("there you are"))
            .count();
        assert_eq!(count, 1);
    }
}

#[test]
fn client_of_a_server_that_stops_in_order_is_told_so_and_goes_on_with_another_one() {
    let workspace = Workspace::new(&[]);
    let (second, place) = second(&workspace);
    let peer = second.address.to_string();
    let told = ["--cluster-peers", &*peer];
    let mut first = Server::start(&Host::default(), &workspace.data(), &[&*place], &told);
    let mut alice = workspace.sign_in(first.address, "alice");
    let bob = workspace.sign_in(second.address, "bob");
    assert!(first.signal("TERM").success());
    alice.types("message bob there you are");
    bob.sees_within(MOVED, 1, "there you are");
    alice.sees(
        1,
        "is stopping; connecting to another server of its cluster",
    );
}

#[test]
fn every_server_of_a_list_is_tried_and_the_first_gives_its_name_to_what_is_kept() {
    let workspace = Workspace::new(&[]);
    let (second, place) = second(&workspace);
    // Nobody is at the first one's place.
    let list = format!("{place},{}", second.address);
    let host = Host::default();
    let alice = workspace.connect(&host, &list, "alice", "alice");
    alice.sees_within(MOVED, 1, "Greetings from the Chat Room!");
    let known = workspace.path("state-of-alice").join("known_servers");
    let known = std::fs::read_to_string(known).expect("it is kept");
    assert!(known.contains(&place), "{known}");
    assert!(!known.contains(&second.address.to_string()), "{known}");
}
