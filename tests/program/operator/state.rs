//! What a server says of itself: to `udpchat status`, once, again and again, and as an exit code.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Host, Workspace, printed};

/// The names of all that is not counted by a name of its own, with those of the object that they are in.
fn names(json: &Value, above: &str, found: &mut BTreeSet<String>) {
    for (name, value) in json.as_object().into_iter().flatten() {
        let path = format!("{above}{name}");
        if ["limits", "ignored"].contains(&path.as_str()) || !value.is_object() {
            found.insert(path);
        } else {
            names(value, &format!("{path}."), found);
        }
    }
}

#[test]
fn names_of_the_json_are_those_that_scripts_know() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let _alice = workspace.sign_in(server.address, "alice");
    workspace.does(&["room", "add", "bridge", "--owner", "bob"]);
    let text = workspace.does(&["status", "--json"]);
    let json: Value = serde_json::from_str(&text).expect("one object");
    let mut found = BTreeSet::new();
    names(&json, "", &mut found);
    let known = include_str!("status_names.txt");
    let known: BTreeSet<String> = known.lines().map(str::to_owned).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    let new: Vec<_> = found.difference(&known).collect();
    assert!(gone.is_empty(), "no longer there: {gone:?}");
    assert!(new.is_empty(), "to be added to status_names.txt: {new:?}");
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["listening"][0], server.address.to_string());
    assert_eq!((&json["accounts"], &json["rooms"]), (&2.into(), &1.into()));
    assert_eq!(
        (&json["online"], &json["serving"]),
        (&1.into(), &true.into())
    );
    for path in [
        "/packets/received",
        "/sizes/database_bytes",
        "/rates/packets_sent_per_s",
    ] {
        let number = json.pointer(path).and_then(Value::as_f64);
        assert!(number > Some(0.0), "{path}: {text}");
    }
    assert!(
        json["key"]
            .as_str()
            .is_some_and(|key| key.starts_with("SHA256:"))
    );
}

#[test]
fn health_check_is_0_for_a_server_that_is_well_and_names_what_is_wrong_otherwise() {
    let workspace = Workspace::new(&["alice"]);
    let check = |words: &[&str]| {
        let output = workspace.output(&[&["status", "--check"], words].concat());
        (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            output.status.code(),
        )
    };
    let (text, code) = check(&[]);
    assert!(text.starts_with("no server is running with "), "{text}");
    assert_eq!((text.lines().count(), code), (1, Some(3)));
    let server = workspace.serve();
    assert_eq!(check(&[]), ("ok\n".into(), Some(0)));
    assert_eq!(
        check(&["--json"]),
        ("{\"ok\":true,\"problems\":[]}\n".into(), Some(0))
    );
    let moved = workspace.path("moved");
    fs::rename(workspace.database(), &moved).expect("it is moved");
    // What is written notices it.
    workspace.output(&["user", "disable", "alice"]);
    let (text, code) = check(&[]);
    assert!(text.starts_with("nothing is stored: "), "{text}");
    assert_eq!((text.lines().count(), code), (1, Some(1)));
    let (text, code) = check(&["--json"]);
    let json: Value = serde_json::from_str(&text).expect("one object");
    assert_eq!(
        (&json["ok"], &json["problems"][0]["name"]),
        (&false.into(), &"store".into())
    );
    assert_eq!(code, Some(1));
    drop(server);
}

#[test]
fn state_is_shown_line_by_line_over_a_restart_where_no_terminal_is() {
    let workspace = Workspace::new(&["alice"]);
    let mut server = workspace.serve();
    let data = workspace.data();
    let mut command: Command = Host::default().udpchat();
    command.args(["status", "--watch", "--data"]).arg(&data);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut watching = command.spawn().expect("it runs");
    let mut lines = BufReader::new(watching.stdout.take().expect("a pipe")).lines();
    let mut errors = BufReader::new(watching.stderr.take().expect("a pipe")).lines();
    let mut next = || lines.next().expect("a line").expect("text");
    assert!(next().contains("   sessions 0   online 0   stored 0.0/s   "));
    server.kill();
    let error = errors.next().expect("a line").expect("text");
    assert!(
        error.starts_with("udpchat: no server is running with "),
        "{error}"
    );
    server.restart();
    assert!(next().contains("   sessions 0   "));
    let pid = watching.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.expect("it runs").success());
    let ended = watching.wait().expect("it ends");
    assert_eq!(ended.signal().or(ended.code()), Some(2), "{ended:?}");
}

#[test]
fn key_is_shown_whether_or_not_the_server_runs_and_as_a_link_where_its_address_is_known() {
    let workspace = Workspace::new(&["alice"]);
    let mut server = workspace.serve();
    let running = workspace.does(&["key", "show"]);
    assert!(
        running.starts_with("SHA256:") && running.lines().count() == 1,
        "{running}"
    );
    server.kill();
    assert_eq!(workspace.does(&["key", "show"]), running);
    let linked = workspace.does(&["key", "show", "--host", "chat.example.org"]);
    let key = running.trim_end();
    assert_eq!(
        linked,
        format!("{key}\nudpchat://chat.example.org:7777/?key={key}\n")
    );
    let json = workspace.does(&["key", "show", "--json"]);
    assert_eq!(json, format!("{{\"key\":\"{key}\",\"link\":null}}\n"));
    let nowhere = workspace.path("nowhere").display().to_string();
    let output = Host::default()
        .udpchat()
        .args(["key", "show", "--data", &nowhere])
        .output();
    assert_ne!(
        output.as_ref().expect("it runs").status.code(),
        Some(0),
        "{}",
        printed(&output.unwrap())
    );
}
