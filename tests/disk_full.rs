//! The server's disk is full, and has room again: nothing is called stored meanwhile, reading goes on, and writing
//! resumes by itself.
//!
//! The disk is a small tmpfs in a mount namespace of its own; where that is not permitted, the test says so and is
//! passed over.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "processes live in real time")]

mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use support::{Place, Script, Server, user_add};
use tempfile::TempDir;

/// The size of the disk. Chosen: an empty database takes 1.6 MB, and with all that is said here 6 MB.
const DISK: &str = "size=12m";

/// How many messages are sent, and how long they are in bytes. Chosen: together more than there is room for in the
/// file as it is when the disk fills up.
const MESSAGES: usize = 300;
const LENGTH: usize = 8_000;

/// How long after the disk has room again everything may take. The store asks for it every 5 s at most, the client
/// repeats what was not answered.
const RESUMED_WITHIN: Duration = Duration::from_secs(30);

/// How long nothing new must have come for the disk to count as full.
const STILL: Duration = Duration::from_secs(2);

#[test]
fn server_survives_a_full_disk() {
    let own = std::env::current_exe().unwrap();
    let in_namespace = |program: &Path, arguments: &[&str]| {
        Command::new("unshare")
            .args(["--mount", "--map-root-user"])
            .arg(program)
            .args(arguments)
            .output()
    };
    match in_namespace(Path::new("true"), &[]) {
        Ok(output) if output.status.success() => {}
        other => {
            eprintln!("passed over: no mount namespace can be made here ({other:?})");
            return;
        }
    }
    let inner = [
        "--exact",
        "in_a_namespace_of_its_own",
        "--ignored",
        "--nocapture",
    ];
    let output = in_namespace(&own, &inner).unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

#[test]
#[ignore = "mounts a disk: the test above runs it in a mount namespace"]
fn in_a_namespace_of_its_own() {
    let directory = TempDir::new().unwrap();
    // The clients write too, and need not wait for a real disk.
    mount(directory.path(), "size=256m");
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    mount(&data, DISK);
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let here = Place::default();
    let server = Server::on_loopback(&data);
    let client = |name: &str, device: &str| {
        let password = directory.path().join(format!("password-of-{name}"));
        let state = directory.path().join(format!("state-of-{device}"));
        let more = ["--password-file", password.to_str().unwrap()];
        let script = Script::connect(&here, name, &server.address.to_string(), &state, &more);
        script.sees(1, "Greetings from the Chat Room!");
        script
    };
    for name in ["alice", "bob"] {
        let added = user_add(&here, &data, name, "swordfish");
        assert!(added.status.success(), "{added:?}");
    }
    let (mut alice, bob) = (client("alice", "alice"), client("bob", "bob"));
    alice.types("message bob before");
    bob.sees(1, "before");
    alice.sees(1, "Message received by bob");
    // It begins where bob has received everything, so the server has to tell it what was said before.
    let mut elsewhere = client("bob", "bob-elsewhere");
    elsewhere.types("contacts");
    elsewhere.sees(1, "alice");

    let filler = data.join("filler");
    fill(&filler);
    // A script's line waits while 64 messages are not answered: the typing ends only once there is room again.
    let typing = thread::spawn(move || {
        let long = "x".repeat(LENGTH);
        for number in 0..MESSAGES {
            alice.types(&format!("message bob {number:03}-{long}"));
        }
        alice
    });
    let stored = settled(&bob);
    assert!(stored < MESSAGES, "the disk is not full: all were stored");
    elsewhere.types("contacts");
    elsewhere.sees(2, "alice");
    elsewhere.types("history alice");
    elsewhere.sees(1, "before");
    assert_eq!(numbers(&bob).len(), stored, "the disk is full");

    let start = Instant::now();
    fs::remove_file(&filler).unwrap();
    while numbers(&bob).len() < MESSAGES {
        assert!(
            start.elapsed() < RESUMED_WITHIN,
            "{stored} messages came before and {} in all",
            numbers(&bob).len()
        );
        thread::sleep(Duration::from_millis(50));
    }
    println!(
        "{stored} of {MESSAGES} stored while the disk was full, the others {:?} later",
        start.elapsed()
    );
    let alice = typing.join().unwrap();
    alice.sees(MESSAGES + 1, "Message received by bob");
    assert_eq!(numbers(&bob), (0..MESSAGES).collect::<Vec<_>>());
    drop(server);
}

fn mount(path: &Path, size: &str) {
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", size, "tmpfs"]).arg(path);
    let mounted = command.status().unwrap();
    assert!(mounted.success(), "a user that is root here may mount");
}

/// Waits until nothing new comes for a while; how many have come then.
fn settled(bob: &Script) -> usize {
    let mut known = (usize::MAX, Instant::now());
    loop {
        let count = numbers(bob).len();
        if count != known.0 {
            known = (count, Instant::now());
        } else if known.1.elapsed() > STILL {
            return count;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// The numbers of the messages that have come, in their order.
fn numbers(reader: &Script) -> Vec<usize> {
    let number = |line: &String| {
        let (before, _) = line.split_once("-xxxx")?;
        before.get(before.len() - 3..)?.parse().ok()
    };
    reader.lines().iter().filter_map(number).collect()
}

/// Takes all the room that there is.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    let chunk = [0; 4096];
    while file.write_all(&chunk).is_ok() {}
}
