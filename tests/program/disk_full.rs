//! The server's disk is full, and has room again: nothing is called stored meanwhile, reading goes on, and writing
//! resumes by itself.
//!
//! The disk is a small tmpfs in a mount namespace of its own; where that is not permitted, the test says so and is
//! passed over.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Host, Script, Workspace};

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
    in_a_mount_namespace("disk_full::in_a_namespace_of_its_own");
}

/// Runs a test of this file where it may mount; where that is not permitted, it is passed over.
fn in_a_mount_namespace(test: &str) {
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
    let inner = ["--exact", test, "--ignored", "--nocapture"];
    let output = in_namespace(&own, &inner).unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    println!("{shown}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(shown.contains("1 passed"), "no test is called {test}");
}

#[test]
#[ignore = "mounts a disk: the test above runs it in a mount namespace"]
fn in_a_namespace_of_its_own() {
    let workspace = Workspace::new(&[]);
    // The clients write too, and need not wait for a real disk.
    mount(&workspace.path(""), "size=256m");
    let data = workspace.data();
    fs::create_dir(&data).unwrap();
    mount(&data, DISK);
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    // Slowed down it would send less in this time than the disk has room for.
    let server = workspace.serve_with(&["--limit-byte-rate", "0", "--limit-message-rate", "0"]);
    let mut alice = workspace.sign_in(server.address, "alice");
    let bob = workspace.sign_in(server.address, "bob");
    alice.types("message bob before");
    bob.sees(1, "before");
    alice.sees(1, "Message received by bob");
    // It begins where bob has received everything, so the server has to tell it what was said before.
    let address = server.address.to_string();
    let mut elsewhere = workspace.connect(&Host::default(), &address, "bob", "bob-elsewhere");
    elsewhere.sees(1, "Greetings from the Chat Room!");
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
    // The first one by itself, the others in as many lines as they come in.
    while receipts(&alice) < MESSAGES + 1 {
        assert!(
            start.elapsed() < RESUMED_WITHIN,
            "{} receipts",
            receipts(&alice)
        );
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(numbers(&bob), (0..MESSAGES).collect::<Vec<_>>());
    drop(server);
}

#[test]
fn start_on_a_full_disk_names_the_path_and_what_to_do() {
    in_a_mount_namespace("disk_full::small_disks");
}

/// Where a start fails depends on how much room is left: each must name the place.
#[test]
#[ignore = "mounts disks: the test above runs it in a mount namespace"]
fn small_disks() {
    let workspace = Workspace::new(&["alice"]);
    let (disk, backup) = (workspace.path("disk"), workspace.path("copy"));
    let sound = workspace.data();
    let run = |arguments: &[&str], data: &Path| {
        let mut command = Host::default().udpchat();
        let output = command.args(arguments).arg("--data").arg(data).output();
        let output = output.unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let made = run(&["store", "backup", backup.to_str().unwrap()], &sound);
    assert!(made.0, "{made:?}");
    fs::create_dir(&disk).unwrap();
    let copy = disk.join("copy");
    let copy = copy.to_str().unwrap();
    let password = workspace.password_file("alice").display().to_string();
    let add = ["user", "add", "bob", "--password-file", &password];
    let commands: [(&[&str], &Path); 5] = [
        (&add, &disk),
        (&["store", "restore", backup.to_str().unwrap()], &disk),
        (&["store", "backup", copy], &sound),
        (&["store", "rescue", copy], &sound),
        (&add, &disk.join("new")),
    ];
    let mut failures = 0;
    for size in (4..=100).step_by(8).map(|kilobytes| kilobytes * 1024) {
        for (arguments, data) in commands {
            mount(&disk, &format!("size={size},mode=700"));
            let (is_done, errors) = run(arguments, data);
            let left = fs::read_dir(&disk).unwrap().flatten();
            let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
            let unmounted = Command::new("umount").arg(&disk).status().unwrap();
            assert!(unmounted.success());
            // The database was opened, and the account did not fit.
            if is_done || errors.contains("whether the change was made is unknown") {
                continue;
            }
            failures += 1;
            let what = format!("{arguments:?} with {size} bytes: {errors}");
            assert!(errors.contains(disk.to_str().unwrap()), "{what}");
            assert!(errors.contains("free some space"), "{what}");
            assert_eq!(errors.lines().count(), 1, "{what}");
            let is_half = |name: &std::ffi::OsString| name.to_string_lossy().contains(".new-");
            assert!(!left.iter().any(is_half), "{what}: {left:?}");
        }
    }
    println!("{failures} commands failed for want of room");
    assert!(failures > 10, "{failures}");
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

/// How many messages bob has received, as alice was told.
fn receipts(alice: &Script) -> usize {
    let lines = alice.lines();
    let told = lines.iter().filter_map(|line| {
        let of_bob = line.strip_prefix("✓ ")?;
        if of_bob.starts_with("Message received by bob") {
            return Some(1);
        }
        let (count, rest) = of_bob.split_once(' ')?;
        let is_his = rest.starts_with("messages received by bob");
        count.parse::<usize>().ok().filter(|_| is_his)
    });
    told.sum()
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
