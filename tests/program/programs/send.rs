//! `udpchat send`: what is reached, what is told of it, and that nothing is lost or said twice, whoever is killed.

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::support::{Host, Server, Workspace, printed};

/// The command of a user with a state directory of this name, not started yet.
fn command(
    workspace: &Workspace,
    state: &str,
    user: &str,
    arguments: &[&str],
) -> std::process::Command {
    super::command("send", workspace, (state, user), arguments)
}

struct Sent {
    json: Value,
    errors: String,
    code: Option<i32>,
}

impl Sent {
    fn of(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Self {
            json: serde_json::from_str(text.trim_end()).unwrap_or(Value::Null),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code(),
        }
    }
}

/// Sends as alice, from a state directory of this name, to a server.
fn send_from(workspace: &Workspace, state: &str, server: &Server, arguments: &[&str]) -> Sent {
    let address = server.address.to_string();
    let arguments = [&[&*address, "--json"], arguments].concat();
    let output = command(workspace, state, "alice", &arguments).output();
    Sent::of(&output.unwrap())
}

fn send(workspace: &Workspace, server: &Server, arguments: &[&str]) -> Sent {
    send_from(workspace, "state-of-alice", server, arguments)
}

/// What bob is shown of what alice has said, when he comes.
fn heard_by_bob(workspace: &Workspace, server: &Server) -> Vec<String> {
    let mut bob = workspace.sign_in(server.address, "bob");
    bob.closes_input();
    assert_eq!(bob.ends(), Some(0), "{}", bob.errors());
    let said = |line: &String| Some(line.split_once("alice: ")?.1.to_owned());
    bob.lines().iter().filter_map(said).collect()
}

#[test]
fn message_is_stored_and_one_object_says_so() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let sent = send(
        &workspace,
        &server,
        &["--to", "bob", "the", "backup", "is done"],
    );
    assert_eq!((sent.code, &*sent.errors), (Some(0), ""));
    assert_eq!(sent.json["reached"], "stored");
    assert_eq!(
        (&sent.json["recipients"], &sent.json["online"]),
        (&1.into(), &0.into())
    );
    assert_eq!(sent.json["entry"], 1);
    let time = sent.json["time"].as_str().unwrap();
    assert!(
        time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok(),
        "{time}"
    );
    assert_eq!(heard_by_bob(&workspace, &server), ["the backup is done"]);
}

#[test]
fn lines_of_standard_input_are_one_message() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    for arguments in [
        &[&*address, "--to", "bob", "-"][..],
        &[&*address, "--to", "bob"],
    ] {
        let mut command = command(&workspace, "state", "alice", arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input
            .write_all(b"\xef\xbb\xbfone\n\ttwo\nthree\n\n")
            .unwrap();
        drop(input);
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b""[..]));
    }
    let history = workspace.sign_in(server.address, "bob");
    history.sees(2, "alice: one");
    history.sees(2, "three");
    assert!(!history.lines().iter().any(|line| line.contains('\u{feff}')));
}

#[test]
fn receipts_are_waited_for_by_name_and_their_absence_is_told() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let late = send(
        &workspace,
        &server,
        &["--to", "bob", "--wait", "received", "--timeout", "1", "x"],
    );
    assert_eq!(late.code, Some(6), "{}", late.errors);
    assert_eq!(late.json["reached"], "stored");
    assert!(
        late.errors
            .contains("stored, but not received by bob within 1 s"),
        "{}",
        late.errors
    );
    let bob = workspace.sign_in(server.address, "bob");
    bob.sees(1, "alice: x");
    let sent = send(
        &workspace,
        &server,
        &["--to", "bob", "--wait", "received", "tea?"],
    );
    assert_eq!((sent.code, &*sent.errors), (Some(0), ""));
    assert_eq!(sent.json["reached"], "received");
    assert_eq!(sent.json["received"][0]["name"], "bob");
    // To whoever is nobody else's it is received as soon as it is stored.
    let note = send(
        &workspace,
        &server,
        &["--to", "notes", "--wait", "received", "rope"],
    );
    assert_eq!(
        (note.code, &note.json["reached"]),
        (Some(0), &"received".into())
    );
}

#[test]
fn same_id_says_nothing_twice_from_any_state_directory() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let once = ["--to", "bob", "--id", "backup-1", "done"];
    let first = send(&workspace, &server, &once);
    assert_eq!(
        (first.code, &first.json["said_before"]),
        (Some(0), &Value::Null)
    );
    server.kill();
    server.restart();
    for state in ["state-of-alice", "other-state"] {
        let again = send_from(&workspace, state, &server, &once);
        let said = (again.code, &again.json["said_before"]);
        assert_eq!(said, (Some(0), &true.into()), "{}", again.errors);
        assert_eq!(again.json["entry"], first.json["entry"]);
        assert_eq!(again.json["reached"], "stored");
    }
    // To somebody else nothing was said, and that is no success.
    let elsewhere = ["--to", "everyone", "--id", "backup-1", "done"];
    let elsewhere = send_from(&workspace, "third", &server, &elsewhere);
    assert_eq!(
        (elsewhere.code, &elsewhere.json["reached"]),
        (Some(2), &"nothing".into())
    );
    assert_eq!(
        (
            &elsewhere.json["said_before"],
            &elsewhere.json["conversation"]
        ),
        (&true.into(), &"bob".into())
    );
    let told = "nothing was sent to everyone: the id was used for a message to bob; use another id";
    assert!(elsewhere.errors.contains(told), "{}", elsewhere.errors);
    assert_eq!(heard_by_bob(&workspace, &server), ["done"]);
}

#[test]
fn what_waits_under_an_id_that_another_device_has_used_meanwhile_is_not_sent_by_any_later_client() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let sent = send(&workspace, &server, &["--to", "bob", "first"]);
    assert_eq!(sent.code, Some(0), "{}", sent.errors);
    server.kill();
    let queued = ["--to", "bob", "--id", "k1", "--wait", "queued", "once"];
    for _ in 0..2 {
        let sent = send(&workspace, &server, &queued);
        let reached = &sent.json["reached"];
        assert_eq!((sent.code, reached), (Some(0), &"queued".into()));
    }
    server.restart();
    let once = ["--to", "bob", "--id", "k1", "once"];
    let sent = send_from(&workspace, "other-state", &server, &once);
    let before = &sent.json["said_before"];
    assert_eq!((sent.code, before), (Some(0), &Value::Null));
    // It brings what waits.
    let sent = send(&workspace, &server, &["--to", "bob", "last"]);
    assert_eq!(sent.code, Some(0), "{}", sent.errors);
    assert_eq!(heard_by_bob(&workspace, &server), ["first", "once", "last"]);
}

#[test]
fn what_is_queued_without_a_server_is_brought_by_the_next_client_from_any_slot() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    // Two slots of the state directory: one is held while the other one signs in.
    let mut open = workspace.connect(
        &Host::default(),
        &server.address.to_string(),
        "alice",
        "alice",
    );
    open.sees(1, "Greetings from the Chat Room!");
    assert_eq!(
        send(&workspace, &server, &["--to", "bob", "one"]).code,
        Some(0)
    );
    server.signal("TERM");
    let queued = send(
        &workspace,
        &server,
        &["--to", "bob", "--wait", "queued", "two"],
    );
    assert_eq!(
        (queued.code, &queued.json["reached"]),
        (Some(0), &"queued".into()),
        "{}",
        queued.errors
    );
    let late = send(
        &workspace,
        &server,
        &["--to", "bob", "--timeout", "1", "three"],
    );
    assert_eq!(
        (late.code, &late.json["reached"]),
        (Some(6), &"queued".into())
    );
    assert!(
        late.errors.contains("do not send it again"),
        "{}",
        late.errors
    );
    open.closes_input();
    open.ends();
    server.restart();
    // It takes the first slot, and finds what waits in the second.
    assert_eq!(
        send(&workspace, &server, &["--to", "bob", "four"]).code,
        Some(0)
    );
    let mut heard = heard_by_bob(&workspace, &server);
    heard.sort();
    assert_eq!(heard, ["four", "one", "three", "two"]);
}

#[test]
fn what_others_say_is_left_for_who_reads() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    assert_eq!(
        send(&workspace, &server, &["--to", "bob", "one"]).code,
        Some(0)
    );
    let mut bob = workspace.sign_in(server.address, "bob");
    bob.types("message alice are you there?");
    bob.sees(1, "alice is offline");
    assert_eq!(
        send(
            &workspace,
            &server,
            &["--to", "bob", "--wait", "received", "two"]
        )
        .code,
        Some(0)
    );
    bob.sees(1, "alice: two");
    let alice = workspace.connect(
        &Host::default(),
        &server.address.to_string(),
        "alice",
        "alice",
    );
    alice.sees(1, "bob: are you there?");
    alice.sees(1, "1 message while you were away");
    bob.sees(1, "Message received by alice");
    assert!(
        !alice.lines().iter().any(|line| line.contains("perhaps")),
        "{:?}",
        alice.lines()
    );
}

#[test]
fn each_failure_has_its_code_and_says_what_to_do() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    assert_eq!(
        send(&workspace, &server, &["--to", "bob", "x"]).code,
        Some(0)
    );
    for (arguments, code, said) in [
        (
            &["--to", "nobody1", "x"][..],
            5,
            "there is no user \"nobody1\"",
        ),
        (&["--to", "#none", "x"], 5, "not a member of #none"),
        (&["--to", "alice", "x"], 5, "message to yourself"),
        (&["--to", "a b", "x"], 2, "a user name has letters"),
        (&["--to", "#", "x"], 2, "invalid value"),
        (&["--to", "bob", ""], 2, "the text is empty"),
        (&["--to", "bob"], 2, "the text is empty"),
        (
            &["more", "--to", "bob", "x"],
            2,
            "only the server stands before --to",
        ),
        (
            &["--to", "bob", "--id", "", "x"],
            2,
            "an id cannot be empty",
        ),
        (
            &["--to", "bob", "--wait", "long", "x"],
            2,
            "invalid value 'long'",
        ),
        (&["x"], 2, "--to"),
    ] {
        let sent = send(&workspace, &server, arguments);
        assert_eq!(sent.code, Some(code), "{arguments:?}: {}", sent.errors);
        assert!(sent.errors.contains(said), "{arguments:?}: {}", sent.errors);
    }
    // What could be cut off is refused, whatever stands before it.
    let mut gaps = command(
        &workspace,
        "state-of-alice",
        "alice",
        &[&address, "--to", "bob"],
    );
    let mut gaps = gaps
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = format!("hi{}the tail", "\n".repeat(20_000));
    // It stops reading at its limit.
    let _ = gaps.stdin.take().unwrap().write_all(text.as_bytes());
    assert_eq!(gaps.wait().unwrap().code(), Some(2));
    let long = "x".repeat(20_000);
    let sent = send(&workspace, &server, &["--to", "bob", &long]);
    assert_eq!(sent.code, Some(2), "{}", sent.errors);
    let wrong = command(
        &workspace,
        "fresh",
        "bob",
        &[&address, "--to", "alice", "x"],
    )
    .args([
        "--server-key",
        "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ])
    .output()
    .unwrap();
    assert_eq!(wrong.status.code(), Some(4), "{}", printed(&wrong));
    let away = command(
        &workspace,
        "fresh",
        "bob",
        &["127.0.0.1:9", "--timeout", "1", "--to", "alice", "x"],
    )
    .output()
    .unwrap();
    assert_eq!(away.status.code(), Some(3), "{}", printed(&away));
    assert_eq!(heard_by_bob(&workspace, &server), ["x"]);
}

#[test]
fn message_is_stored_by_a_server_that_was_restored() {
    // What had been said since the backup was lost with it, and the next message waited for good.
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let say = |server: &Server, text: &str| {
        let sent = send(
            &workspace,
            server,
            &["--timeout", "20", "--to", "bob", text],
        );
        assert_eq!((sent.code, &*sent.errors), (Some(0), ""), "{text}");
    };
    say(&server, "one");
    say(&server, "two");
    let copy = workspace.file("copy");
    let (text, code) = workspace.run(&["store", "backup", &copy]);
    assert_eq!(code, Some(0), "{text}");
    say(&server, "three");
    server.signal("TERM");
    let (text, code) = workspace.run(&["store", "restore", &copy, "--replace"]);
    assert_eq!(code, Some(0), "{text}");
    let server = workspace.serve();
    say(&server, "four");
    say(&server, "five");
    // The third is not lost on alice's device, and the server has it no longer.
    assert_eq!(
        heard_by_bob(&workspace, &server),
        ["one", "two", "four", "five"]
    );
}

/// It was refused with exit code 4, and nothing said that it waits: who sent it again said it twice.
#[test]
fn message_of_a_user_who_is_let_in_again_later_stays_queued_and_that_is_said() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    assert_eq!(
        send(&workspace, &server, &["--to", "bob", "one"]).code,
        Some(0)
    );
    for (shut, open, text) in [
        (["ban", "add", "alice"], ["ban", "remove", "alice"], "two"),
        (
            ["user", "disable", "alice"],
            ["user", "enable", "alice"],
            "three",
        ),
    ] {
        workspace.does(&shut);
        let sent = send(&workspace, &server, &["--to", "bob", text]);
        assert_eq!(sent.code, Some(4), "{}", sent.errors);
        assert_eq!(sent.json["reached"], "queued", "{shut:?}");
        let kept = "\nthe message is queued, and the next sign-in sends it: do not send it again";
        assert!(sent.errors.contains(kept), "{}", sent.errors);
        let error = sent.json["error"].as_str().unwrap();
        assert!(error.ends_with(kept), "{error}");
        // A script is told as well, by message.
        let address = server.address.to_string();
        let mut script = workspace.connect(&Host::default(), &address, "alice", "alice");
        script.closes_input();
        assert_eq!(script.ends(), Some(4), "{}", script.errors());
        let kept = format!("not stored yet: message to bob: \"{text}");
        assert!(script.errors().contains(&kept), "{}", script.errors());
        workspace.does(&open);
    }
    let sent = send(&workspace, &server, &["--to", "bob", "four"]);
    assert_eq!(sent.code, Some(0), "{}", sent.errors);
    let heard = heard_by_bob(&workspace, &server);
    assert_eq!(heard, ["one", "two", "three", "four"]);
}

#[test]
fn message_of_a_device_that_a_restored_server_does_not_know_is_sent_as_a_new_one() {
    // It was called queued, and then it was "not known to be stored" and gone, though nothing of it had ever been sent.
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let copy = workspace.file("copy");
    let (text, code) = workspace.run(&["store", "backup", &copy]);
    assert_eq!(code, Some(0), "{text}");
    for state in ["first", "second"] {
        let sent = send_from(&workspace, state, &server, &["--to", "bob", "lost"]);
        assert_eq!(sent.code, Some(0), "{}", sent.errors);
    }
    server.signal("TERM");
    let (text, code) = workspace.run(&["store", "restore", &copy, "--replace"]);
    assert_eq!(code, Some(0), "{text}");
    let server = workspace.serve();
    let sent = send_from(&workspace, "first", &server, &["--to", "bob", "one"]);
    assert_eq!((sent.code, &*sent.errors), (Some(0), ""));
    assert_eq!(sent.json["reached"], "stored");
    let with_key = ["--to", "bob", "--id", "two", "two"];
    let sent = send_from(&workspace, "second", &server, &with_key);
    assert_eq!((sent.code, &*sent.errors), (Some(0), ""));
    assert_eq!(heard_by_bob(&workspace, &server), ["one", "two"]);
}
