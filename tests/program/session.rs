//! The real program on loopback: a server and its clients as processes, people at pseudo-terminals.

use std::process::Stdio;
use std::time::Duration;

use jiff::{Span, Zoned};

use crate::support::{Host, Person, Script, Server, Workspace};
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

/// Without its server the client did not start at all.
#[test]
fn client_begins_without_its_server_and_sends_what_was_typed_when_that_is_back() {
    let workspace = Workspace::new(&[]);
    let mut server = workspace.serve();
    let bob = workspace.sign_in(server.address, "bob");
    let mut alice = workspace.sign_in(server.address, "alice");
    alice.types("/message bob before");
    alice.sees(1, "Message received by bob");
    alice.types("/quit");
    assert_eq!(alice.ends(), Some(0));
    server.kill();
    let state = workspace.file("state-of-alice");
    let connect = |more: &[&str]| {
        let mut command = Host::default().udpchat();
        command.arg("connect").arg(server.address.to_string());
        command.args(["--state", &state]).args(more);
        command
    };
    let mut script = Script::spawn(&mut connect(&["--timeout", "2"]));
    script.types("/message bob from a script");
    script.closes_input();
    assert_eq!(script.ends(), Some(6));
    let mut idle = Script::spawn(&mut connect(&["--timeout", "2"]));
    idle.closes_input();
    assert_eq!(idle.ends(), Some(3));
    let mut person = Person::runs(connect(&[]), "alice");
    person.sees("alice> ");
    person.sees("offline: no answer from");
    person.types("/history bob");
    person.sees("before");
    person.types("/message bob from a person");
    person.sees("● queued");
    server.restart();
    person.sees("connected to");
    bob.sees(1, "from a script");
    bob.sees(1, "from a person");
}

/// What waited in the state of a terminal that was closed stayed there until a client happened to open that state again.
#[test]
fn sign_in_sends_what_waits_in_another_state_of_the_account() {
    let workspace = Workspace::new(&[]);
    let mut server = workspace.serve();
    let alice = workspace.sign_in(server.address, "alice");
    // Each of the two has a state of its own.
    let both = [(); 2].map(|()| workspace.sign_in(server.address, "bob"));
    for mut client in both {
        client.types("/quit");
        assert_eq!(client.ends(), Some(0));
    }
    server.kill();
    let state = workspace.file("state-of-bob");
    let begins = |timeout: &str| {
        let mut command = Host::default().udpchat();
        command.arg("connect").arg(server.address.to_string());
        command.args(["--state", &state, "--timeout", timeout]);
        let script = Script::spawn(&mut command);
        script.sees(1, "offline: no answer from");
        script
    };
    let mut first = begins("60");
    let mut second = begins("5");
    for text in ["one", "two"] {
        second.types(&format!("/message alice {text} of the second"));
    }
    second.types("/message nobody three of the second");
    second.closes_input();
    assert_eq!(second.ends(), Some(6));
    first.kill();
    server.restart();
    let bob = workspace.sign_in(server.address, "bob");
    bob.sees(1, "sending 3 messages that waited since ");
    alice.sees(1, "one of the second");
    alice.sees(1, "two of the second");
    bob.sees(
        1,
        "there is no user \"nobody\" here; not sent: \"three of the second\"",
    );
    bob.sees(1, "(you) to alice: two of the second");
}

#[test]
fn note_is_on_all_devices_of_its_author_and_message_to_oneself_stays_refused() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let mut bob = workspace.sign_in(server.address, "bob");
    let mut alice = workspace.sign_in(server.address, "alice");
    alice.types("/message alice buy rope");
    alice.sees(
        1,
        "you cannot send a message to yourself; `/note TEXT` keeps a note",
    );
    alice.types("/note buy rope");
    alice.sees(1, "● stored");
    let mut other = workspace.sign_in(server.address, "alice");
    other.types("/notes");
    other.sees(1, "(you): buy rope");
    alice.types("/note and tar");
    other.sees(1, "(you) to notes: and tar");
    bob.types("/roster");
    bob.types("/message alice done");
    alice.sees(1, "done");
    assert!(!bob.lines().join("\n").contains("rope"));
    alice.types("/roster");
    alice.sees(1, "bob");
    let lines = alice.lines().join("\n");
    assert!(!lines.contains("received by alice"), "{lines}");
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
    erin.sees(1, &format!("link to {}: round trip ", server.address));
    erin.sees(1, "retransmissions");
}

/// A password that was set in one form was wrong in the other.
#[test]
fn password_is_the_same_in_each_form_of_its_characters() {
    let workspace = Workspace::new(&[]);
    let file = |name: &str, password: &str| {
        std::fs::write(workspace.path(name), password).unwrap();
        workspace.file(name)
    };
    let composed = file("composed", "caf\u{e9} \u{d55c} at four\r\n");
    let decomposed = file(
        "decomposed",
        "cafe\u{301}\u{a0}\u{1112}\u{1161}\u{11ab} at four",
    );
    let (printed, code) = workspace.run(&["user", "add", "erin", "--password-file", &composed]);
    assert_eq!(code, Some(0), "{printed}");
    let server = workspace.serve();
    let address = server.address.to_string();
    let connect = |state: &str, password: &str| {
        let more = ["--password-file", password];
        let state = workspace.path(state);
        Script::connect(&Host::default(), "erin", &address, &state, &more)
    };
    let mut erin = connect("one", &decomposed);
    erin.sees(1, "Greetings from the Chat Room!");
    erin.types("quit");
    assert_eq!(erin.ends(), Some(0));
    let tab = file("tab", "cafe\tau lait\n");
    let mut erin = connect("two", &tab);
    assert_eq!(erin.ends(), Some(2));
    let error = "tab: a password cannot contain U+0009, which is a control character";
    assert!(erin.errors().contains(error), "{}", erin.errors());
}

/// Asia/Tokyo was UTC, whatever data the system had.
#[test]
fn times_are_shown_in_the_zone_that_the_environment_names() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve();
    let mut alice = workspace.sign_in(server.address, "alice");
    alice.types("message* tea");
    alice.sees(1, "stored");
    let sent = Zoned::now();
    alice.types("quit");
    assert_eq!(alice.ends(), Some(0));
    // The minutes of Kathmandu are its own.
    let kathmandu = "Asia/Kathmandu";
    for (zone, zone_data, shown_in) in [
        (kathmandu, None, kathmandu),
        (":Asia/Kathmandu", None, kathmandu),
        ("NPT-5:45", None, kathmandu),
        // Without data of the system the program has its own.
        (kathmandu, Some("/nonexistent"), kathmandu),
        (":Asia/Kathmandu", Some("/nonexistent"), kathmandu),
        ("EST5EDT,M3.2.0,M11.1.0", None, "America/New_York"),
        ("", None, "UTC"),
        (":", None, "UTC"),
        ("Nowhere/Land", None, "UTC"),
        ("EST5EDT,M3.2.0", None, "UTC"),
    ] {
        let mut command = Host::default().udpchat();
        command
            .args(["connect", &server.address.to_string(), "--user", "alice"])
            .arg("--state")
            .arg(workspace.path("state-of-alice"))
            .env("TZ", zone)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(directory) = zone_data {
            command.env("TZDIR", directory);
        }
        let mut client = Script::spawn(&mut command);
        client.types("history everyone");
        client.types("quit");
        assert_eq!(client.ends(), Some(0));
        let lines = client.lines();
        let line = lines.iter().find(|line| line.ends_with(": tea"));
        let line = line.unwrap_or_else(|| panic!("{zone}: {lines:?}"));
        let sent = sent.in_tz(shown_in).expect("a zone");
        let minutes = [0, 1].map(|ago| &sent - Span::new().minutes(ago));
        let minutes = minutes.map(|minute| minute.strftime("%H:%M (you)").to_string());
        let is_right = minutes.iter().any(|minute| line.contains(minute));
        assert!(is_right, "{zone} {zone_data:?}: {line} {minutes:?}");
        let is_unknown = shown_in == "UTC" && zone.len() > 1;
        let told = client.errors().matches("there is no time zone").count();
        assert_eq!(told, usize::from(is_unknown), "{}", client.errors());
    }
}

#[test]
fn address_that_the_server_shows_is_one_that_a_client_can_connect_to() {
    // `connect 0.0.0.0:7777`, as the first line of a server has it, got no answer.
    let workspace = Workspace::new(&["alice"]);
    let host = Host::default();
    let server = Server::start(&host, &workspace.data(), &["0.0.0.0:0"], &[]);
    let port = server.address.port();
    let shown = format!("(on this machine: udpchat connect 127.0.0.1:{port})");
    assert!(
        server.first_lines[0].contains(&shown),
        "{server:?}",
        server = server.first_lines
    );
    for address in [format!("127.0.0.1:{port}"), format!("0.0.0.0:{port}")] {
        let alice = workspace.connect(&host, &address, "alice", "alice");
        alice.sees(1, "Greetings from the Chat Room!  (");
        let is_said = alice
            .errors()
            .contains("stands for every address of this machine");
        assert_eq!(is_said, address.starts_with('0'));
    }
}
