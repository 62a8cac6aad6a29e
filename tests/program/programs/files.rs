//! `udpchat send --file`: what is reached, what is told of it, and that a file goes on whoever is killed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Host, Script, Server, Workspace, printed};

/// How long something may take that goes on for some megabytes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A file that takes a second or two.
const LARGE_BYTES: usize = 24_000_000;

fn command(workspace: &Workspace, server: &Server, arguments: &[&str]) -> Command {
    let address = server.address.to_string();
    let arguments = [&[&*address, "--to", "bob"], arguments].concat();
    super::command("send", workspace, ("state-of-alice", "alice"), &arguments)
}

fn send(workspace: &Workspace, server: &Server, arguments: &[&str]) -> Output {
    command(workspace, server, arguments).output().unwrap()
}

/// Some bytes that are not the same again.
fn content(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..length).map(next).collect()
}

/// bob, whose client saves to a folder of this name.
fn bob(workspace: &Workspace, server: &Server, folder: &str) -> Script {
    let folder = workspace.file(folder);
    let address = server.address.to_string();
    let more = ["--download-dir", &folder];
    workspace.connect_with(&Host::default(), &address, ("bob", "bob"), &more)
}

/// The files below a directory.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let each = entries.map(|entry| entry.unwrap().path());
    each.flat_map(|path| {
        if path.is_dir() {
            files_below(&path)
        } else {
            vec![path]
        }
    })
    .collect()
}

/// The copies, or parts, that a client keeps.
fn kept(workspace: &Workspace, state: &str, kind: &str) -> Vec<PathBuf> {
    let mut files = files_below(&workspace.path(state));
    files.retain(|file| file.parent().is_some_and(|parent| parent.ends_with(kind)));
    files
}

/// Waits until one of these files has so many bytes.
fn wait_for(bytes: u64, files: impl Fn() -> Vec<PathBuf>) {
    let start = Instant::now();
    let length = |file: &PathBuf| fs::metadata(file).map_or(0, |metadata| metadata.len());
    while files().iter().all(|file| length(file) < bytes) {
        assert!(start.elapsed() < PATIENCE, "nothing comes");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn file_is_sent_with_its_text_and_what_is_reached_is_told() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let content = content(300_000);
    fs::write(workspace.path("chart.pdf"), &content).unwrap();
    let file = workspace.file("chart.pdf");
    let arguments = ["--json", "--id", "one", "--file", &file, "the new chart"];
    let output = send(&workspace, &server, &arguments);
    assert!(output.status.success(), "{}", printed(&output));
    let sent: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&sent["reached"], &sent["entry"]),
        (&"stored".into(), &1.into())
    );
    assert_eq!(
        sent["file"],
        serde_json::json!({"name": "chart.pdf", "size": 300_000})
    );
    let errors = String::from_utf8(output.stderr).unwrap();
    let progress = errors
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let progress: Vec<Value> = progress.collect();
    assert!(
        progress.is_sorted_by_key(|line| line["sent"].as_u64()),
        "{errors}"
    );
    let whole = serde_json::json!({"sent": 300_000, "size": 300_000, "percent": 100});
    assert_eq!(progress.last(), Some(&whole));
    assert_eq!(
        kept(&workspace, "state-of-alice", "outgoing"),
        [] as [PathBuf; 0]
    );

    // What became of the file does not matter, and nothing is sent twice.
    fs::write(&file, "changed").unwrap();
    let again = send(&workspace, &server, &arguments);
    assert!(again.status.success(), "{}", printed(&again));
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(
        (&again["said_before"], &again["entry"]),
        (&true.into(), &1.into())
    );
    assert_eq!(again["file"], Value::Null, "{again}");

    let mut bob = bob(&workspace, &server, "downloads");
    bob.sees(1, "alice: [file] chart.pdf, 300 kB, PDF: the new chart");
    for (number, name) in [(1, "chart.pdf"), (2, "chart (2).pdf")] {
        bob.types("/save --in alice #1");
        bob.sees(number, "● saved as ");
        let saved = workspace.path("downloads").join(name);
        assert!(fs::read(&saved).unwrap() == content, "{name}");
        let mode = fs::metadata(&saved).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    bob.closes_input();
    assert_eq!(bob.ends(), Some(0), "{}", bob.errors());
    assert_eq!(
        kept(&workspace, "state-of-bob", "incoming"),
        [] as [PathBuf; 0]
    );
}

#[test]
fn what_cannot_be_sent_is_named_at_once_and_nothing_is_queued() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve_with(&["--limit-file", "1M"]);
    let pipe = workspace.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::write(workspace.path("large"), content((1 << 20) + 1)).unwrap();
    for (file, why) in [
        ("nothing", "No such file"),
        ("pipe", "not a regular file"),
        ("data", "as with tar"),
        ("large", "at most 1"),
    ] {
        let output = send(&workspace, &server, &["--file", &workspace.file(file)]);
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(1), "{file}: {text}");
        assert!(text.contains(file) && text.contains(why), "{file}: {text}");
    }
    assert_eq!(
        kept(&workspace, "state-of-alice", "outgoing"),
        [] as [PathBuf; 0]
    );
    let sent = send(&workspace, &server, &["--json", "a text alone"]);
    let sent: Value = serde_json::from_slice(&sent.stdout).unwrap();
    assert_eq!((&sent["entry"], &sent["file"]), (&1.into(), &Value::Null));
}

#[test]
fn file_goes_on_after_client_and_server_were_killed() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let content = content(LARGE_BYTES);
    fs::write(workspace.path("chart.pdf"), &content).unwrap();
    let file = workspace.file("chart.pdf");
    let mut command = command(&workspace, &server, &["--file", &file]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let at_server = || {
        let mut files = files_below(&workspace.data());
        files.retain(|file| file.to_string_lossy().ends_with(".part"));
        files
    };
    wait_for(2_000_000, at_server);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(at_server().len(), 1, "it was over before");
    assert_eq!(kept(&workspace, "state-of-alice", "outgoing").len(), 1);
    fs::write(&file, "it has changed since").unwrap();
    server.kill();
    server.restart();
    let output = send(&workspace, &server, &["--timeout", "60", "and a text"]);
    assert!(output.status.success(), "{}", printed(&output));
    assert_eq!(at_server(), [] as [PathBuf; 0]);
    assert_eq!(
        kept(&workspace, "state-of-alice", "outgoing"),
        [] as [PathBuf; 0]
    );

    let mut first = bob(&workspace, &server, "downloads");
    first.sees(1, "alice: [file] chart.pdf, 24 MB");
    first.sees(1, "alice: and a text");
    first.types("/save --in alice");
    wait_for(2_000_000, || kept(&workspace, "state-of-bob", "incoming"));
    first.kill();
    assert!(
        !workspace.path("downloads/chart.pdf").exists(),
        "it was over before"
    );
    let mut second = bob(&workspace, &server, "downloads");
    second.sees(1, "● saved as ");
    let saved = files_below(&workspace.path("downloads"));
    assert_eq!(saved, [workspace.path("downloads/chart.pdf")]);
    assert!(fs::read(&saved[0]).unwrap() == content);
    second.closes_input();
    assert_eq!(second.ends(), Some(0), "{}", second.errors());
    assert_eq!(
        kept(&workspace, "state-of-bob", "incoming"),
        [] as [PathBuf; 0]
    );
}
