//! A log in the very directory that the program makes, or makes private, before it uses it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Host, PATIENCE, Workspace, printed};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Makes the data directory as systemd does, with these files in it.
fn enterable(workspace: &Workspace, files: &[(&str, &str)]) {
    fs::create_dir(workspace.data()).unwrap();
    for (name, text) in files {
        fs::write(workspace.data().join(name), text).unwrap();
    }
    fs::set_permissions(workspace.data(), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn server_starts_with_its_log_in_its_own_directory_whatever_that_was_before() {
    // The log was begun first: a new directory was not there yet, and one that others could enter held a file too many.
    let settings = ("server.toml", "log = \"server.log\"\n");
    let cases = [
        None,
        Some(vec![]),
        Some(vec![("server.log", ""), ("server.log.1", "")]),
        Some(vec![settings]),
        Some(vec![settings, ("server.log", "")]),
    ];
    for before in cases {
        let workspace = Workspace::new(&[]);
        if let Some(files) = &before {
            enterable(&workspace, files);
        }
        let is_option = before
            .as_ref()
            .is_none_or(|files| !files.contains(&settings));
        let log = workspace.data().join("server.log");
        let option = ["--log", log.to_str().unwrap()];
        let more: &[&str] = if is_option { &option } else { &[] };
        for _ in 0..2 {
            let mut server = workspace.serve_with(more);
            assert_eq!(mode(&workspace.data()), 0o700, "{before:?}");
            fs::remove_file(&log).unwrap();
            server.is_sent("HUP");
            let start = Instant::now();
            while !log.exists() {
                assert!(start.elapsed() < PATIENCE, "the log is not opened again");
                thread::sleep(Duration::from_millis(10));
            }
            assert_eq!(mode(&log), 0o600);
            assert_eq!(server.signal("TERM").code(), Some(0));
            // systemd sets it at every start.
            fs::set_permissions(workspace.data(), Permissions::from_mode(0o755)).unwrap();
        }
    }
}

#[test]
fn directory_of_other_things_stays_as_it_is_and_gets_no_log() {
    let workspace = Workspace::new(&[]);
    enterable(&workspace, &[("photo", "")]);
    let log = workspace.data().join("server.log");
    let (text, code) = workspace.run(&["serve", "--log", log.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("is open to other users"), "{text}");
    assert_eq!(mode(&workspace.data()), 0o755);
    assert!(!log.exists());
}

#[test]
fn client_begins_its_log_in_a_state_directory_that_it_makes() {
    let workspace = Workspace::new(&[]);
    let state = workspace.path("new/state");
    let mut command = Host::default().udpchat();
    command.args(["connect", "127.0.0.1:9", "--timeout", "1", "--state"]);
    command.arg(&state).arg("--log").arg(state.join("log"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(&state.join("log")), 0o600);
}

#[test]
fn log_that_cannot_be_opened_says_why() {
    let workspace = Workspace::new(&[]);
    let nowhere = workspace.file("nowhere/log");
    let directory = workspace.file("");
    for name in [
        "udpchat.redb",
        "udpchat.redb.segments",
        "udpchat.redb.segments/00000001.log",
        "udpchat.generation",
        "control.sock",
        "server.toml",
        "other.redb",
    ] {
        // It was written into the database, which could not be opened any more.
        let log = workspace.data().join(name);
        let (text, code) = workspace.run(&["serve", "--log", log.to_str().unwrap()]);
        assert_eq!(code, Some(2), "{name}: {text}");
        assert!(text.contains("it is a file of udpchat"), "{text}");
        assert!(!log.exists(), "{name} was made");
    }
    for (log, why) in [
        (nowhere.as_str(), "/nowhere; make it first"),
        (directory.as_str(), "it is a directory"),
        ("/dev/null", "it is not a regular file"),
    ] {
        let (text, code) = workspace.run(&["serve", "--log", log]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(why), "{text}");
    }
}
