//! The server's data directory as its operator meets it: whose its files are, what makes and what leaves it, and which paths
//! it may have.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;

use crate::support::{Host, PASSWORD, Server, Workspace, printed};

const ACCOUNTS: &[&str] = &["alice", "bob"];

/// Everything that can be told of the files of a directory, and of itself.
fn state(directory: &Path) -> BTreeMap<String, String> {
    let entries = |directory: &Path| {
        let entries = fs::read_dir(directory).into_iter().flatten();
        entries
            .map(|entry| entry.unwrap().path())
            .collect::<Vec<_>>()
    };
    let log = entries(&directory.join("udpchat.redb.segments"));
    let paths = entries(directory)
        .into_iter()
        .chain(log)
        .chain([directory.to_owned()]);
    paths
        .map(|path| {
            let of = fs::symlink_metadata(&path).unwrap();
            let bytes = fs::read(&path).map_or(0, |bytes| {
                bytes.iter().fold(7_u64, |sum, byte| {
                    sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
                })
            });
            let times = (of.mtime(), of.mtime_nsec(), of.ctime(), of.ctime_nsec());
            let text = format!(
                "{bytes} {times:?} {} {} {:o}",
                of.uid(),
                of.gid(),
                of.mode()
            );
            (path.display().to_string(), text)
        })
        .collect()
}

/// Commands that only show something.
const READING: [&[&str]; 5] = [
    &["user", "list"],
    &["store", "check"],
    &["store", "check", "--json"],
    &["store", "retain"],
    &["store", "retain", "everyone"],
];

#[test]
fn command_that_only_shows_something_writes_nothing_also_after_a_kill() {
    // `user list`, run by root, made a file that the server's user could not open.
    let workspace = Workspace::new(ACCOUNTS);
    let mut server = workspace.serve();
    workspace.add("carol");
    server.kill();
    let before = state(&workspace.data());
    for command in READING {
        let (text, code) = workspace.run(command);
        assert_eq!(code, Some(0), "{command:?}: {text}");
        assert_eq!(state(&workspace.data()), before, "{command:?}");
    }
    let (text, _) = workspace.run(&["user", "list"]);
    assert!(text.contains("carol"), "what only the log has: {text}");
}

#[test]
fn only_serve_user_add_and_restore_make_a_database() {
    // `user list` with a typing error in --data made an empty one there.
    let workspace = Workspace::new(&[]);
    let copy = workspace.file("copy");
    let changing: [&[&str]; 5] = [
        &["room", "add", "bridge", "--owner", "alice"],
        &["store", "retain", "everyone", "--days", "1"],
        &["store", "retain", "everyone", "--default"],
        &["store", "backup", &copy],
        &["store", "rescue", &copy],
    ];
    for command in READING.into_iter().chain(changing) {
        for is_there in [false, true] {
            if is_there {
                fs::create_dir(workspace.data()).unwrap();
            }
            let (text, code) = workspace.run(command);
            assert_eq!(code, Some(1), "{command:?}: {text}");
            let named = format!("there is no database in {}", workspace.data().display());
            assert!(text.contains(&named), "{command:?}: {text}");
            assert!(text.contains("--data DIR"), "{command:?}: {text}");
            if is_there {
                fs::remove_dir(workspace.data()).expect("it is empty");
            }
            assert!(!workspace.data().exists(), "{command:?}");
            assert!(!workspace.path("copy").exists(), "{command:?}");
        }
    }
    let text = printed(&workspace.try_add("alice"));
    assert!(text.contains("made a new database in"), "{text}");
    let text = printed(&workspace.try_add("bob"));
    assert!(!text.contains("new database"), "{text}");
}

#[test]
fn what_root_makes_in_a_directory_of_another_user_is_theirs() {
    const NOBODY: u32 = 65534;
    let workspace = Workspace::new(&[]);
    let top = workspace.path("");
    if chown(&top, Some(NOBODY), Some(NOBODY)).is_err() {
        // Only root can give a directory away.
        return;
    }
    workspace.add("alice");
    let backup = workspace.data().join("backup");
    let backup = backup.display().to_string();
    assert_eq!(workspace.run(&["store", "backup", &backup]).1, Some(0));
    let (text, code) = workspace.run(&["store", "restore", &backup, "--replace"]);
    assert_eq!(code, Some(0), "{text}");
    let rescued = workspace.data().join("rescued").display().to_string();
    let (text, code) = workspace.run(&["store", "rescue", &rescued]);
    assert_eq!(code, Some(0), "{text}");
    let set = ["store", "retain", "everyone", "--days", "1"];
    assert_eq!(workspace.run(&set).1, Some(0));
    let entries = fs::read_dir(workspace.data()).unwrap();
    let owners: Vec<_> = entries
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name(), entry.metadata().unwrap().uid())
        })
        .collect();
    // Database, log, generation, both copies, and the two that the restore has replaced.
    assert_eq!(owners.len(), 7, "{owners:?}");
    assert!(owners.iter().all(|(_, uid)| *uid == NOBODY), "{owners:?}");
    let segments = fs::read_dir(workspace.data().join("udpchat.redb.segments")).unwrap();
    let segments: Vec<_> = segments
        .map(|entry| entry.unwrap().metadata().unwrap().uid())
        .collect();
    assert!(
        !segments.is_empty() && segments.iter().all(|uid| *uid == NOBODY),
        "{segments:?}"
    );
    assert_eq!(fs::metadata(workspace.data()).unwrap().uid(), NOBODY);
    let (text, code) = workspace.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(1), "it would run as root: {text}");
    assert!(text.contains("belongs to user"), "{text}");
}

#[test]
fn restore_makes_the_directory_and_only_with_a_backup_to_put_there() {
    let workspace = Workspace::new(ACCOUNTS);
    let backup = workspace.file("backup");
    assert_eq!(workspace.run(&["store", "backup", &backup]).1, Some(0));
    let new = workspace.path("new/and/deeper");
    let restore = |file: &str| {
        let mut command = Host::default().udpchat();
        command.args(["store", "restore", file, "--data"]).arg(&new);
        command.output().unwrap()
    };
    let missing = restore(&workspace.file("missing"));
    assert_eq!(missing.status.code(), Some(2));
    assert!(!workspace.path("new").exists(), "nothing is made");
    let done = restore(&backup);
    assert!(done.status.success(), "{}", printed(&done));
    for directory in ["new", "new/and", "new/and/deeper"] {
        let mode = fs::metadata(workspace.path(directory)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700, "{directory}");
    }
}

#[test]
fn backup_replaces_a_file_only_with_force_and_never_the_store_itself() {
    let workspace = Workspace::new(ACCOUNTS);
    let backup = workspace.file("backup");
    let target = workspace.path("target");
    for command in ["backup", "rescue"] {
        fs::write(&backup, "mine").unwrap();
        let (text, code) = workspace.run(&["store", command, &backup]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(&format!("{backup} exists")), "{text}");
        assert!(text.contains("--force"), "{text}");
        assert_eq!(fs::read(&backup).unwrap(), b"mine");
        let (text, code) = workspace.run(&["store", command, &backup, "--force"]);
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(fs::metadata(&backup).unwrap().mode() & 0o777, 0o600);
        // What is no file stays what it is.
        fs::create_dir(&target).unwrap();
        let directory = target.display().to_string();
        let (text, code) = workspace.run(&["store", command, &directory, "--force"]);
        assert_eq!(code, Some(1), "{text}");
        fs::remove_dir(&target).expect("it is a directory still");
        let before = state(&workspace.data());
        for own in [
            "udpchat.redb",
            "udpchat.redb.segments",
            "udpchat.redb.segments/00000001.log",
            "udpchat.generation",
        ] {
            let own = workspace.data().join(own).display().to_string();
            let (text, code) = workspace.run(&["store", command, &own, "--force"]);
            assert_eq!(code, Some(1), "{text}");
            assert!(text.contains("is a file of a server"), "{text}");
        }
        assert_eq!(state(&workspace.data()), before);
    }
}

#[test]
fn directory_that_others_could_enter_is_made_private_and_that_is_said_once() {
    // systemd makes it with mode 0755.
    let workspace = Workspace::new(&[]);
    let enterable = Permissions::from_mode(0o755);
    fs::create_dir(workspace.data()).unwrap();
    fs::set_permissions(workspace.data(), enterable.clone()).unwrap();
    let text = printed(&workspace.try_add("alice"));
    assert!(text.contains("it is private now"), "{text}");
    let mode = fs::metadata(workspace.data()).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700);
    let text = printed(&workspace.try_add("bob"));
    assert!(!text.contains("private"), "{text}");
    // A directory of other things, named by mistake, stays as it is.
    let other = workspace.path("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("photo"), "").unwrap();
    fs::set_permissions(&other, enterable).unwrap();
    let mut command = Host::default().udpchat();
    let password = workspace.password_file("alice");
    command.args(["user", "add", "carol", "--data"]).arg(&other);
    command.arg("--password-file").arg(password);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = printed(&output);
    assert!(text.contains("StateDirectoryMode=0700"), "{text}");
    assert_eq!(fs::metadata(&other).unwrap().mode() & 0o777, 0o755);
}

#[test]
fn directory_may_have_a_path_of_any_length_absolute_or_relative() {
    // A path of 110 bytes is too long for the address of a socket.
    let workspace = Workspace::new(&[]);
    let password = workspace.path("password");
    fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    fs::set_permissions(&password, Permissions::from_mode(0o600)).unwrap();
    let long = format!("{}/with a blank, and \u{e4}\u{4e16}", "d".repeat(200));
    for data in [workspace.path(&long), Path::new(&long).join("below")] {
        let run = |arguments: &[&str]| {
            let mut command = Host::default().udpchat();
            command.current_dir(workspace.path("")).args(arguments);
            let output = command.arg("--data").arg(&data).output().unwrap();
            (printed(&output), output.status.code())
        };
        let file = password.display().to_string();
        let (text, code) = run(&["user", "add", "alice", "--password-file", &file]);
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(run(&["status"]).1, Some(3));
        assert_eq!(run(&["store", "check"]).1, Some(0));
        let place = workspace.path("").join(&data);
        let mut server = Server::start(&Host::default(), &place, &["127.0.0.1:0"], &[]);
        let (text, code) = run(&["status"]);
        assert_eq!(code, Some(0), "{text}");
        let (text, code) = run(&["user", "list"]);
        assert!(text.contains("alice") && code == Some(0), "{text}");
        server.signal("TERM");
        assert!(!place.join("control.sock").exists());
    }
}

#[test]
fn server_whose_files_are_gone_stores_nothing_and_says_so() {
    // It went on and called messages stored, in files that no restart would find.
    let workspace = Workspace::new(ACCOUNTS);
    let log = workspace.file("log");
    let mut server = workspace.serve_with(&["--log", &log]);
    let mut alice = workspace.sign_in(server.address, "alice");
    alice.types("message bob before");
    alice.sees(1, "bob is offline");
    let moved = workspace.path("moved");
    let status = || workspace.run(&["status"]);
    let gone = "NOTHING IS STORED";
    assert!(!status().0.contains(gone));
    fs::rename(workspace.database(), &moved).unwrap();
    assert!(status().0.contains(gone), "{}", status().0);
    assert!(workspace.try_add("carol").status.code() != Some(0));
    alice.types("message bob after");
    // What is open can still be saved.
    let copy = workspace.file("copy");
    let (text, code) = workspace.run(&["store", "backup", &copy]);
    assert_eq!(code, Some(0), "{text}");
    // Of the whole directory, too.
    fs::rename(&moved, workspace.database()).unwrap();
    fs::rename(workspace.data(), &moved).unwrap();
    let (text, code) = status();
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("there is no directory"), "{text}");
    fs::rename(&moved, workspace.data()).unwrap();
    assert!(!status().0.contains(gone));
    alice.sees(2, "bob is offline");
    let said = fs::read_to_string(log).unwrap();
    for part in ["udpchat.redb was removed or replaced", "files are back"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(server.signal("TERM").code(), Some(0));
    workspace.serve();
}

#[test]
fn link_that_leads_nowhere_is_named_and_nothing_is_made_behind_it() {
    // "File exists", of what is not there: the disk was not mounted.
    let workspace = Workspace::new(ACCOUNTS);
    let link = workspace.file("link");
    std::os::unix::fs::symlink("/nowhere/disk", &link).unwrap();
    let below = format!("{link}/below");
    let said = format!("{link} is a symbolic link to /nowhere/disk, which is not there");
    for data in [&link, &below] {
        let commands: [&[&str]; 6] = [
            &["serve", "--data", data],
            &["user", "list", "--data", data],
            &["store", "check", "--data", data],
            &["store", "backup", "copy", "--data", data],
            &["config", "init", "server", "--data", data],
            &["connect", "127.0.0.1:9", "--state", data],
        ];
        for command in commands {
            let (text, code) = workspace.run_plain(command);
            assert_eq!(code, Some(1), "{command:?}: {text}");
            assert!(text.contains(&said), "{command:?}: {text}");
        }
    }
}

#[test]
fn every_command_that_makes_a_file_says_why_it_cannot() {
    let workspace = Workspace::new(ACCOUNTS);
    let path = |name: &str| workspace.file(name);
    let (directory, pipe, file) = (path("directory"), path("pipe"), path("file"));
    fs::create_dir(&directory).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    fs::write(&file, "mine").unwrap();
    let cases = [
        (directory, "(a directory): name another", 1),
        (pipe, "(a named pipe): name another", 1),
        ("/dev/full".into(), "(a device): name another", 1),
        (path("missing/file"), "missing; make it first", 1),
        (file.clone(), "file exists: name another file, or", 1),
        (format!("{file}/below"), "ot a directory", 2),
        (path(&"x".repeat(300)), "File name too long", 2),
    ];
    for (target, why, expected) in cases {
        let commands: [&[&str]; 3] = [
            &["store", "backup", &target],
            &["store", "rescue", &target],
            &["config", "init", "client", "--config", &target],
        ];
        for command in commands {
            let output = if command[0] == "config" {
                workspace.run_plain(command)
            } else {
                workspace.run(command)
            };
            let (text, code) = output;
            assert_eq!(code, Some(expected), "{command:?}: {text}");
            assert!(text.contains(why), "{command:?}: {text}");
        }
    }
    let left = fs::read_dir(workspace.path("")).unwrap();
    let left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(left.into_iter().all(|name| !name.contains(".new-")));
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}
