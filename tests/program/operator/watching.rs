//! What an operator watches a server by: its log, as text, as JSON, and through fail2ban.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Host, PATIENCE, Workspace};

/// What is in this file, once it has that.
fn with(path: &str, text: &str) -> String {
    let end = Instant::now() + PATIENCE;
    loop {
        let log = fs::read_to_string(path).unwrap_or_default();
        if log.contains(text) {
            return log;
        }
        assert!(Instant::now() < end, "no {text:?} in {log}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Tries to sign in with a wrong password.
fn guess(workspace: &Workspace, server: &str, name: &str) {
    let wrong = workspace.password_file("wrong");
    if !wrong.exists() {
        workspace.try_add("wrong");
        fs::write(&wrong, "not the password\n").expect("a file");
    }
    let wrong = wrong.display().to_string();
    let state = workspace.file(&format!("guesses-at-{name}"));
    let mut command = Host::default().udpchat();
    command.args(["send", server, "--to", "everyone", "--accept-new", "x"]);
    command.args(["--user", name, "--password-file", &wrong]);
    command.args(["--state", &state]);
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(4), "{output:?}");
}

#[test]
fn log_is_json_where_that_is_asked_for_and_its_level_is_set_while_the_server_runs() {
    let workspace = Workspace::new(&["alice"]);
    let log = workspace.file("server.log");
    let mut server = workspace.serve_with(&["--log", &log, "--log-format", "json"]);
    let level = |words: &[&str]| workspace.run(&[&["log-level"][..], words].concat());
    assert_eq!(level(&[]), ("warn\n".into(), Some(0)));
    let alice = workspace.sign_in(server.address, "alice");
    let text = with(&log, "sign-in ok");
    assert!(!text.contains("DEBUG"), "{text}");
    assert_eq!(level(&["debug"]), ("debug\n".into(), Some(0)));
    assert_eq!(
        level(&["--json"]),
        ("{\"level\":\"debug\"}\n".into(), Some(0))
    );
    drop(alice);
    guess(&workspace, &server.address.to_string(), "alice");
    with(&log, "sign-in refused");
    let text = with(&log, "DEBUG");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let signed_in = lines.iter().find(|line| line["message"] == "sign-in ok");
    let signed_in = signed_in.expect("alice has signed in");
    assert_eq!(signed_in["user"], "alice");
    assert_eq!(signed_in["level"], "INFO");
    assert_eq!(signed_in["target"], "udpchat::sign_in");
    let (text, code) = level(&["loud"]);
    assert_eq!(code, Some(2), "{text}");
    // SIGHUP brings back what the settings say.
    server.is_sent("HUP");
    with(&log, "SIGHUP: the log was opened again");
    assert_eq!(level(&[]), ("warn\n".into(), Some(0)));
    server.kill();
    let (text, code) = level(&[]);
    assert_eq!(code, Some(3), "{text}");
}

/// Where fail2ban is installed, as in CI.
#[test]
fn fail2ban_finds_who_guesses_and_nobody_else() {
    let filter = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/contrib/fail2ban/filter.d-udpchat.conf"
    );
    if Command::new("fail2ban-regex")
        .arg("--version")
        .output()
        .is_err()
    {
        eprintln!("fail2ban is not installed: its filter was not tried");
        return;
    }
    let workspace = Workspace::new(&["alice", "bob"]);
    let log = workspace.file("server.log");
    let server = workspace.serve_with(&["--log", &log]);
    let address = server.address.to_string();
    let _bob = workspace.sign_in(server.address, "bob");
    for _ in 0..2 {
        guess(&workspace, &address, "alice");
    }
    let end = Instant::now() + PATIENCE;
    while fs::read_to_string(&log)
        .unwrap_or_default()
        .matches("NOT_COMPLETED")
        .count()
        < 2
    {
        assert!(Instant::now() < end, "two guesses are logged");
        thread::sleep(Duration::from_millis(20));
    }
    // Others that the server writes, and what a peer may try to look like.
    let mut text = fs::read_to_string(&log).expect("a log");
    let refused = "INFO udpchat::sign_in: sign-in refused reason=";
    for (place, line) in [
        format!("{refused}LOGIN_FAILED from=[2001:db8::7]:5 name=\"bob\""),
        format!("{refused}TICKET_REFUSED from=192.0.2.5:5 name=account:1"),
        "INFO udpchat::sign_in: sign-in ok user=bob from=192.0.2.6:5 device=1 by=ticket".to_owned(),
        format!("WARN udpchat::net: closed reason={refused}LOGIN_FAILED from=192.0.2.7:5 name=x"),
    ]
    .into_iter()
    .enumerate()
    {
        let _ = writeln!(text, "2026-11-29T12:00:0{place}.000000Z  {line}");
    }
    fs::write(&log, text).expect("it is ours");
    let output = Command::new("fail2ban-regex")
        .args(["--out", "ip", &log, filter])
        .output()
        .expect("it runs");
    let found = String::from_utf8(output.stdout.clone()).expect("text");
    let mut found: Vec<&str> = found.lines().collect();
    found.sort_unstable();
    assert_eq!(
        found,
        ["127.0.0.1", "127.0.0.1", "2001:db8::7"],
        "{output:?}"
    );
}
