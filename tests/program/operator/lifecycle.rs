//! A server that is told to end or to read its settings again, by its operator and by a service manager.

use std::fs::{self, OpenOptions};
use std::io::{self, PipeWriter, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::prompt::signed_in;
use crate::support::{Host, PATIENCE, Server, Workspace};

#[test]
fn stop_tells_the_users_and_returns_when_the_server_has_ended_and_they_come_back_by_themselves() {
    let workspace = Workspace::new(&["alice"]);
    let mut server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    let stopped = workspace.does(&["stop"]);
    // Its files are closed; what is left is the kernel's.
    let returned = Instant::now();
    assert!(server.wait().success());
    assert!(
        returned.elapsed() < Duration::from_millis(200),
        "it returns at the end"
    );
    assert!(
        stopped.starts_with("the server has ended, after "),
        "{stopped}"
    );
    alice.sees("is stopping; connecting again when it is back");
    for command in ["stop", "reload"] {
        let (text, code) = workspace.run(&[command]);
        assert!(text.contains("no server is running"), "{text}");
        assert_eq!(code, Some(3), "{text}");
    }
    server.restart();
    let before = alice.sees("is back");
    assert!(!before.contains("assword"), "{before:?}");
    let stopped = workspace.tells(&["stop", "--timeout", "20"]);
    assert_eq!(stopped["action"], "stop");
    assert!(stopped["seconds"].as_f64().is_some_and(|it| it < 10.0));
    let stop = json!({"by": "operator", "action": "stop", "subject": null, "detail": null});
    assert_eq!(workspace.audited()[1..], [stop.clone(), stop]);
}

#[test]
fn reload_prints_what_has_changed_and_what_is_wrong() {
    let workspace = Workspace::new(&["alice"]);
    let settings = workspace.data().join("server.toml");
    let mut server = workspace.serve();
    let unchanged = "the settings were read again: nothing has changed\n";
    assert_eq!(workspace.does(&["reload"]), unchanged);
    fs::write(
        &settings,
        "registration = \"closed\"\nannounce = false\nlimit-buffers = \"64M\"\n",
    )
    .expect("a file");
    assert_eq!(
        workspace.does(&["reload"]),
        "registration has changed\nlimit-buffers changes when the server is started again\n"
    );
    fs::write(&settings, "registration = \"ajar\"\n").expect("a file");
    let (text, code) = workspace.run(&["reload"]);
    assert!(
        text.contains("the settings stay as they were") && text.contains("ajar"),
        "{text}"
    );
    assert_eq!(code, Some(2), "{text}");
    fs::write(&settings, "registration = \"open\"\n").expect("a file");
    assert_eq!(
        workspace.tells(&["reload"]),
        json!({"action": "reload", "changed": ["registration"], "at_restart": []})
    );
    // What was refused is not in the audit log.
    let audited = workspace.audited();
    let reloads = audited.iter().filter(|line| line["action"] == "reload");
    assert_eq!(reloads.count(), 3, "{audited:?}");
    server.kill();
}

/// A service manager, as far as it listens.
struct Manager(UnixDatagram);

impl Manager {
    /// One that listens on a socket in this workspace, and the path of that.
    fn listening(workspace: &Workspace) -> (Self, PathBuf) {
        let path = workspace.path("notify.sock");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a limit");
        (Self(socket), path)
    }

    /// Waits until it is told this, and returns what it was told with it.
    fn hears(&self, word: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut buffer = [0; 4096];
            let length = self.0.recv(&mut buffer).expect("it is told something");
            let text = String::from_utf8(buffer[..length].to_vec()).expect("text");
            if text.lines().any(|line| line == word) {
                return text;
            }
            assert!(Instant::now() < end, "no {word}, but {text:?}");
        }
    }
}

#[test]
fn service_manager_is_told_when_the_server_serves_answers_reloads_and_ends() {
    let workspace = Workspace::new(&["alice"]);
    let (manager, path) = Manager::listening(&workspace);
    let watchdog = Duration::from_millis(300).as_micros().to_string();
    let mut server = Server::start_as(
        &Host::default(),
        &workspace.data(),
        &["127.0.0.1:0"],
        &[],
        |command| {
            command
                .env("NOTIFY_SOCKET", &path)
                .env("WATCHDOG_USEC", watchdog);
        },
    );
    manager.hears("READY=1");
    let text = manager.hears("WATCHDOG=1");
    assert!(
        text.contains("STATUS=users online: 0, sessions: 0\n"),
        "{text:?}"
    );
    let _alice = workspace.sign_in(server.address, "alice");
    manager.hears("STATUS=users online: 1, sessions: 1");
    workspace.does(&["reload"]);
    let text = manager.hears("RELOADING=1");
    assert!(text.contains("MONOTONIC_USEC="), "{text:?}");
    manager.hears("READY=1");
    server.is_sent("HUP");
    manager.hears("RELOADING=1");
    manager.hears("READY=1");
    server.is_sent("TERM");
    manager.hears("STOPPING=1");
    assert!(server.wait().success());
}

/// Fills a pipe, so that who writes to it hangs. The end that is filled is another one than the server's, which waits for room.
fn fill(pipe: &PipeWriter) {
    let path = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    let opened = OpenOptions::new()
        .write(true)
        .custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits())
        .open(path);
    let mut end = opened.expect("it is there");
    for piece in [&[b'x'; 4096][..], b"x"] {
        while end.write(piece).is_ok() {}
    }
}

#[test]
fn server_that_hangs_is_given_up_by_its_watchdog_and_ends_within_ten_seconds_of_being_told_to() {
    // The one that had waited for long enough hung with the others: it had something to say of that.
    let workspace = Workspace::new(&["alice"]);
    let (manager, path) = Manager::listening(&workspace);
    let (_reader, stderr) = io::pipe().expect("a pipe");
    let its = stderr.try_clone().expect("another one");
    let mut server = Server::start_as(
        &Host::default(),
        &workspace.data(),
        &["127.0.0.1:0"],
        &[],
        |command| {
            command
                .stderr(its)
                .env("NOTIFY_SOCKET", &path)
                .env("WATCHDOG_USEC", "300000");
        },
    );
    let address = server.address.to_string();
    let (state, password) = (
        workspace.file("state"),
        workspace.password_file("alice").display().to_string(),
    );
    manager.hears("WATCHDOG=1");
    fill(&stderr);
    // The line of the log that tells of a sign-in is written on the network thread.
    let mut alice = Host::default().udpchat();
    alice.args(["connect", &address, "--user", "alice", "--accept-new"]);
    alice.args(["--state", &state, "--password-file", &password]);
    alice.stdin(Stdio::null()).stdout(Stdio::null());
    let mut alice = alice.stderr(Stdio::null()).spawn().expect("it starts");
    let quiet = Duration::from_secs(2);
    manager.0.set_read_timeout(Some(quiet)).expect("a limit");
    let mut buffer = [0; 4096];
    let end = Instant::now() + PATIENCE;
    while manager.0.recv(&mut buffer).is_ok() {
        assert!(Instant::now() < end, "the watchdog hears of it still");
    }
    // A reload that hangs keeps nothing from its turn.
    server.is_sent("HUP");
    std::thread::sleep(Duration::from_millis(200));
    let told = Instant::now();
    server.is_sent("TERM");
    let status = server.wait();
    let took = told.elapsed();
    assert!(took > Duration::from_secs(9), "it did not hang: {took:?}");
    assert!(took < Duration::from_secs(12), "{took:?}");
    assert_eq!(status.code(), Some(1));
    alice.kill().expect("it is ours");
    alice.wait().expect("it ends");
}
