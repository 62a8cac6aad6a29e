//! SIGHUP to a server: the log is opened again, and the settings are read again.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Server, Workspace};

/// Waits until what is read holds a text so many times, and returns it.
#[track_caller]
fn awaited(read: impl Fn() -> String, count: usize, text: &str) -> String {
    let start = Instant::now();
    loop {
        let lines = read();
        if lines.matches(text).count() >= count {
            return lines;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "{text:?} does not come: {lines}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

#[track_caller]
fn logged(log: &Path, text: &str) -> String {
    awaited(|| fs::read_to_string(log).unwrap_or_default(), 1, text)
}

/// A server with a file of settings beside its database, its log, and that file.
fn served(workspace: &Workspace) -> (Server, PathBuf, PathBuf) {
    let log = workspace.path("log");
    let server = workspace.serve_with(&["--log", &workspace.file("log")]);
    (server, log, workspace.data().join("server.toml"))
}

#[test]
fn hangup_takes_over_the_settings_and_a_moved_log_and_signs_nobody_out() {
    let workspace = Workspace::new(&["alice"]);
    let (mut server, log, settings) = served(&workspace);
    let mut alice = workspace.sign_in(server.address, "alice");
    logged(&log, "sign-in ok user=alice");
    let moved = workspace.path("log.1");
    fs::rename(&log, &moved).unwrap();
    fs::write(&settings, "rooms = \"closed\"\nlimit-buffers = \"64M\"\n").unwrap();
    server.is_sent("HUP");
    logged(&log, "changed: rooms");
    logged(&log, "only a restart takes over: limit-buffers");
    alice.types("join #lounge");
    let refused = "only the operator can create rooms here";
    awaited(|| alice.errors(), 1, refused);
    let kept = fs::read_to_string(moved).unwrap();
    assert!(!kept.contains("SIGHUP"), "{kept}");

    // A mistake changes nothing, but the log can still be moved away.
    fs::remove_file(&log).unwrap();
    fs::write(&settings, "rooms = \"open\"\nregistation = \"closed\"\n").unwrap();
    server.is_sent("HUP");
    logged(&log, "server.toml:2:1: unknown key");
    // A file that is gone does not open what it had closed.
    fs::remove_file(&settings).unwrap();
    server.is_sent("HUP");
    logged(&log, "server.toml is there no longer");
    alice.types("/join #bridge");
    awaited(|| alice.errors(), 2, refused);
    assert!(server.signal("TERM").success());
}

#[test]
fn options_of_the_command_line_stay_after_a_hangup() {
    let workspace = Workspace::new(&["alice"]);
    let (mut server, log, settings) = served(&workspace);
    // The file would have the log elsewhere.
    let elsewhere = workspace.file("elsewhere");
    fs::write(&settings, format!("log = {elsewhere:?}\nkeep-days = 3\n")).unwrap();
    server.is_sent("HUP");
    assert!(logged(&log, "changed: ").contains("changed: keep-days\n"));
    assert!(!Path::new(&elsewhere).exists());
    assert!(server.signal("TERM").success());
}
