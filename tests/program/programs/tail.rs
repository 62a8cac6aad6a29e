//! `udpchat tail`: what a program is told, once, and that a person still sees it.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Host, Script, Server, Workspace, printed};

/// The command of a user with a state directory of this name, not started yet.
fn command(workspace: &Workspace, state: &str, user: &str, arguments: &[&str]) -> Command {
    super::command("tail", workspace, (state, user), arguments)
}

struct Tailed {
    lines: Vec<String>,
    errors: String,
    code: Option<i32>,
}

/// What alice is told.
fn tail_from(workspace: &Workspace, state: &str, server: &Server, arguments: &[&str]) -> Tailed {
    let address = server.address.to_string();
    let arguments = [&[&*address], arguments].concat();
    let output = command(workspace, state, "alice", &arguments)
        .output()
        .unwrap();
    Tailed {
        lines: String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    }
}

/// The same from alice's own state directory, without a word on standard error.
fn tail(workspace: &Workspace, server: &Server, arguments: &[&str]) -> Vec<String> {
    let tailed = tail_from(workspace, "state-of-alice", server, arguments);
    assert_eq!(
        (tailed.code, &*tailed.errors),
        (Some(0), ""),
        "{:?}",
        tailed.lines
    );
    tailed.lines
}

/// The texts in lines of a transcript.
fn texts(lines: &[String]) -> Vec<&str> {
    let said = |line: &'_ String| line.find(": ").map(|at| at + 2);
    lines
        .iter()
        .filter_map(|line| Some(&line[said(line)?..]))
        .collect()
}

/// A device of bob's, who says these texts to alice.
fn says(workspace: &Workspace, server: &Server, texts: &[&str]) -> Script {
    let mut bob = workspace.sign_in(server.address, "bob");
    for text in texts {
        bob.types(&format!("message alice {text}"));
    }
    bob.sees(1, "stored");
    bob
}

#[test]
fn last_lines_are_printed_as_in_a_transcript_and_the_program_ends() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let numbers: Vec<String> = (1..=12).map(|number| number.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut bob = says(&workspace, &server, &numbers);
    // With what is on the server only, and from a device that has it.
    for _ in 0..2 {
        let lines = tail(&workspace, &server, &["bob"]);
        assert_eq!(texts(&lines), numbers[2..], "{lines:?}");
        assert!(lines[0].starts_with("20"), "{lines:?}");
    }
    bob.types("message everyone tea");
    bob.sees(2, "stored");
    let lines = tail(&workspace, &server, &[]);
    assert_eq!(
        lines.iter().filter(|line| line.starts_with("==> ")).count(),
        2,
        "{lines:?}"
    );
    assert_eq!(texts(&tail(&workspace, &server, &["everyone"])), ["tea"]);
    // A device that never was here has nothing, and asks the server for all.
    let fresh = tail_from(
        &workspace,
        "fresh",
        &server,
        &["@bob", "--since", "2000-01-01"],
    );
    assert_eq!(
        (fresh.code, texts(&fresh.lines)),
        (Some(0), numbers),
        "{}",
        fresh.errors
    );
    let none = tail(&workspace, &server, &["@bob", "--since", "2100-01-01"]);
    assert!(none.is_empty(), "{none:?}");
}

#[test]
fn each_entry_is_told_once_across_restarts_and_devices() {
    let workspace = Workspace::new(&["alice", "bob", "carol"]);
    let mut server = workspace.serve();
    let since_last = ["--since", "last", "@bob"];
    let mut bob = says(&workspace, &server, &["one", "two"]);
    assert_eq!(
        texts(&tail(&workspace, &server, &since_last)),
        ["one", "two"]
    );
    assert!(tail(&workspace, &server, &since_last).is_empty());
    bob.types("message alice three");
    bob.sees(2, "stored");
    // Another run does not move the position.
    assert_eq!(tail(&workspace, &server, &["@bob"]).len(), 3);
    server.kill();
    server.restart();
    // The first slot is held by somebody else: a new device has nothing yet.
    let address = server.address.to_string();
    let mut open = workspace.connect(&Host::default(), &address, "alice", "alice");
    open.sees(1, "Greetings from the Chat Room!");
    assert_eq!(texts(&tail(&workspace, &server, &since_last)), ["three"]);
    open.closes_input();
    open.ends();
    assert!(tail(&workspace, &server, &since_last).is_empty());
    // A conversation that has begun meanwhile is told from its beginning.
    let mut carol = workspace.sign_in(server.address, "carol");
    for number in 1..=12 {
        carol.types(&format!("message alice {number}"));
    }
    carol.sees(1, "stored");
    let lines = tail(&workspace, &server, &["--since", "last"]);
    assert_eq!(texts(&lines).len(), 12, "{lines:?}");
}

#[test]
fn output_that_cannot_be_written_is_an_error_and_is_told_again() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let since_last = ["--since", "last", "@bob"];
    let _bob = says(&workspace, &server, &["one"]);
    for follow in [&[][..], &["--follow"]] {
        let arguments = [&[&*address], &since_last[..], follow].concat();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (reader, pipe) = std::io::pipe().unwrap();
        drop(reader);
        for output in [Stdio::from(full), Stdio::from(pipe)] {
            let mut command = command(&workspace, "state-of-alice", "alice", &arguments);
            let output = command.stdout(output).output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(errors.contains("cannot write standard output"), "{errors}");
        }
    }
    assert_eq!(texts(&tail(&workspace, &server, &since_last)), ["one"]);
    assert!(tail(&workspace, &server, &since_last).is_empty());
}

#[test]
fn objects_have_what_was_said_and_what_changed_it() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let mut bob = says(&workspace, &server, &["teh \u{9b}31m\u{1b}[31m\"tea\""]);
    bob.types("edit --in alice the tea");
    bob.types("message alice gone");
    bob.types("delete --in alice");
    bob.closes_input();
    assert_eq!(bob.ends(), Some(0), "{}", bob.errors());
    let lines = tail(&workspace, &server, &["@bob", "--json"]);
    let objects: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<&str> = objects
        .iter()
        .map(|object| object["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["text", "edit", "deleted", "delete"], "{lines:?}");
    assert_eq!(
        (&objects[0]["conversation"], &objects[0]["author"]),
        (&"bob".into(), &"bob".into())
    );
    assert_eq!(objects[1]["changes"], objects[0]["entry"]);
    assert_eq!(objects[1]["text"], "the tea");
    assert_eq!(objects[3]["changes"], objects[2]["entry"]);
    assert!(lines.iter().all(|line| !line.contains(char::is_control)));
    let text = objects[0]["text"].as_str().unwrap();
    assert!(text.contains("\"tea\""), "{text}");
    for object in &objects {
        let time = object["time"].as_str().unwrap();
        assert!(
            time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok(),
            "{time}"
        );
    }
}

#[test]
fn what_comes_is_followed_through_a_restart_of_the_server_and_nobody_has_read_it() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let address = server.address.to_string();
    let mut bob = says(&workspace, &server, &["one"]);
    let arguments = [&address, "@bob", "--follow", "--since", "last"];
    let mut follower = Script::spawn(&mut command(
        &workspace,
        "state-of-alice",
        "alice",
        &arguments,
    ));
    follower.sees(1, "bob: one");
    bob.types("message alice two");
    follower.sees(1, "bob: two");
    // A device has it, so that there is a receipt.
    bob.sees(1, "received by alice");
    server.kill();
    server.restart();
    bob.types("message alice three");
    follower.sees(1, "bob: three");
    assert_eq!(follower.lines().len(), 3, "{:?}", follower.lines());
    let pid = follower.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(follower.ends(), Some(143), "{}", follower.errors());
    assert!(tail(&workspace, &server, &["@bob", "--since", "last"]).is_empty());
    // Nor by a program that only sends.
    let mut command = Host::default().udpchat();
    command.args([
        "send", &address, "--to", "bob", "four", "--user", "alice", "--state",
    ]);
    let sent = command
        .arg(workspace.path("state-of-alice"))
        .output()
        .unwrap();
    assert_eq!(sent.status.code(), Some(0), "{}", printed(&sent));
    let alice = workspace.connect(&Host::default(), &address, "alice", "alice");
    for text in ["bob: one", "bob: two", "bob: three"] {
        alice.sees(1, text);
    }
    // None was shown to her before.
    let lines = alice.lines();
    assert!(
        !lines.iter().any(|line| line.contains("perhaps")),
        "{lines:?}"
    );
}

#[test]
fn each_failure_has_its_code_and_says_what_to_do() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let _bob = says(&workspace, &server, &["one"]);
    for (arguments, code, said) in [
        (&["@nobody1"][..], 5, "no messages with nobody1"),
        (&["#none"], 5, "not a member of #none"),
        (&["a b"], 2, "\"a b\" is no conversation"),
        (&["#"], 2, "is no conversation"),
        (&["--since", "soon"], 2, "--since soon: expected last"),
    ] {
        let tailed = tail_from(&workspace, "state-of-alice", &server, arguments);
        assert_eq!(tailed.code, Some(code), "{arguments:?}: {}", tailed.errors);
        assert!(
            tailed.errors.contains(said),
            "{arguments:?}: {}",
            tailed.errors
        );
    }
    let both = tail_from(&workspace, "state-of-alice", &server, &["#none", "bob"]);
    assert_eq!(
        (both.code, texts(&both.lines).len()),
        (Some(5), 1),
        "{}",
        both.errors
    );
    let mut away = command(
        &workspace,
        "fresh",
        "bob",
        &["127.0.0.1:9", "--timeout", "1"],
    );
    let output = away.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    for follow in [&[][..], &["--follow"]] {
        let mut nobody = Host::default().udpchat();
        nobody.args([
            "tail",
            &server.address.to_string(),
            "--accept-new",
            "--state",
        ]);
        nobody.arg(workspace.path("nobody")).args(follow);
        let output = nobody.stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
        assert!(
            printed(&output).contains("--user NAME"),
            "{}",
            printed(&output)
        );
    }
    // A device that could begin without a server has not heard of everything.
    let address = server.address.to_string();
    drop(server);
    let output = command(
        &workspace,
        "state-of-alice",
        "alice",
        &[&address, "--timeout", "1"],
    )
    .output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    assert!(output.stdout.is_empty());
}

/// Positions were numbers alone: what was said after a restore under a number that had been printed was never printed.
#[test]
fn what_is_new_after_a_restored_backup_is_printed_though_its_number_was_told_before() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    drop(says(&workspace, &server, &["one"]));
    let copy = workspace.file("copy");
    let (text, code) = workspace.run(&["store", "backup", &copy]);
    assert_eq!(code, Some(0), "{text}");
    let mut bob = says(&workspace, &server, &["two"]);
    bob.closes_input();
    assert_eq!(bob.ends(), Some(0), "{}", bob.errors());
    let told = tail(&workspace, &server, &["--since", "last"]);
    assert_eq!(texts(&told), ["one", "two"]);
    server.kill();
    let data = workspace.data();
    std::fs::remove_dir_all(&data).unwrap();
    let data = data.display().to_string();
    let (text, code) = workspace.run_plain(&["store", "restore", &copy, "--data", &data]);
    assert_eq!(code, Some(0), "{text}");
    server.restart();
    let address = server.address.to_string();
    let three = [&*address, "--to", "alice", "three"];
    let sent = super::command("send", &workspace, ("other-state", "bob"), &three).output();
    let sent = sent.unwrap();
    assert!(sent.status.success(), "{}", printed(&sent));
    // Another client of the same device is the first to see the restored log.
    let all = tail_from(&workspace, "state-of-alice", &server, &[]);
    assert!(texts(&all.lines).ends_with(&["three"]), "{:?}", all.lines);
    let told = tail_from(&workspace, "state-of-alice", &server, &["--since", "last"]);
    assert_eq!(texts(&told.lines), ["three"], "{}", told.errors);
    let told = tail(&workspace, &server, &["--since", "last"]);
    assert_eq!(told, [] as [&str; 0]);
}

#[test]
fn damaged_position_is_an_error() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let _bob = says(&workspace, &server, &["one"]);
    assert_eq!(tail(&workspace, &server, &["--since", "last"]).len(), 2);
    let state = workspace.path("state-of-alice");
    let servers = std::fs::read_dir(&state).unwrap().filter_map(Result::ok);
    let positions = servers.map(|server| server.path().join("alice/tail_positions"));
    let positions = positions.into_iter().find(|path| path.exists()).unwrap();
    std::fs::write(&positions, "{").unwrap();
    let tailed = tail_from(&workspace, "state-of-alice", &server, &["--since", "last"]);
    assert_eq!(
        (tailed.code, tailed.lines.len()),
        (Some(1), 0),
        "{}",
        tailed.errors
    );
    assert!(tailed.errors.contains("move it away"), "{}", tailed.errors);
}
