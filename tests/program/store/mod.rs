//! The database as its operator meets it: checked, copied, restored, and pruned, with real processes.

mod backup;
mod damage;
mod data;
mod log;
mod older;
mod series;

use std::fs;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};

use crate::support::{Workspace, printed};

const ACCOUNTS: &[&str] = &["alice", "bob"];

#[test]
fn sound_database_is_called_so_whether_the_server_runs_or_not() {
    let workspace = Workspace::new(ACCOUNTS);
    let before = fs::read(workspace.database()).unwrap();
    let (text, code) = workspace.run(&["store", "check"]);
    assert!(text.starts_with("nothing is wrong: "), "{text}");
    assert!(text.contains("every page was read"), "{text}");
    assert_eq!(code, Some(0));
    assert!(
        fs::read(workspace.database()).unwrap() == before,
        "it wrote"
    );
    let mut server = workspace.serve();
    let (text, code) = workspace.run(&["store", "check"]);
    assert!(text.contains("because the server is running"), "{text}");
    assert_eq!(code, Some(0));
    // What a kill has left is looked at, and left so.
    server.kill();
    let before = fs::read(workspace.database()).unwrap();
    let (text, code) = workspace.run(&["store", "check", "--json"]);
    assert!(text.contains("\"findings\":[]"), "{text}");
    assert_eq!(code, Some(0));
    assert!(
        fs::read(workspace.database()).unwrap() == before,
        "it wrote"
    );
}

#[test]
fn damage_is_named_and_the_exit_code_says_so() {
    let workspace = Workspace::new(ACCOUNTS);
    let image = fs::read(workspace.database()).unwrap();
    // The last one is in the newest page; any copy will do to be damaged.
    let offsets: Vec<usize> = image
        .windows(5)
        .enumerate()
        .filter(|(_, bytes)| *bytes == b"alice")
        .map(|(offset, _)| offset)
        .collect();
    let file = fs::File::options()
        .write(true)
        .open(workspace.database())
        .unwrap();
    for offset in offsets {
        file.write_all_at(b"A", offset as u64).unwrap();
    }
    let (text, code) = workspace.run(&["store", "check"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("accounts: 1: its checksum does not fit") || text.contains("damaged"),
        "{text}"
    );
}

#[test]
fn backup_of_a_running_server_is_whole_and_restoring_it_makes_a_new_epoch() {
    let workspace = Workspace::new(ACCOUNTS);
    let mut server = workspace.serve();
    let backup = workspace.file("backup");
    let (text, code) = workspace.run(&["store", "backup", &backup]);
    assert_eq!(code, Some(0), "{text}");
    let mode = fs::metadata(&backup).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (text, code) = workspace.run(&["store", "backup", &backup]);
    assert_eq!(code, Some(1), "it is not replaced: {text}");
    assert!(text.contains("exists: name another file"), "{text}");
    let forced = workspace.run(&["store", "backup", &backup, "--force"]);
    assert_eq!(forced.1, Some(0), "{}", forced.0);
    let (text, code) = workspace.run(&["store", "restore", &backup, "--replace"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("the server is running"), "{text}");
    workspace.add("carol");
    server.signal("TERM");
    let (text, code) = workspace.run(&["store", "restore", &backup, "--replace"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("is kept in"), "{text}");
    let (text, _) = workspace.run(&["user", "list"]);
    assert!(text.contains("bob") && !text.contains("carol"), "{text}");
    let text = printed(&workspace.try_add("dave"));
    assert!(text.contains("it has a new epoch"), "{text}");
    let text = printed(&workspace.try_add("erin"));
    assert!(!text.contains("new epoch"), "only once: {text}");
    let (text, code) = workspace.run(&["store", "check"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn database_of_a_killed_server_is_restored_with_its_log_or_not_at_all() {
    // Only the file of the tables was copied: what the server had acknowledged since its last checkpoint was gone, and
    // nothing was said.
    let workspace = Workspace::new(&["alice"]);
    let mut server = workspace.serve();
    workspace.add("bob");
    let database = workspace.database();
    let file = database.display().to_string();
    let elsewhere = workspace.file("elsewhere");
    let restored = ["store", "restore", &file, "--data", &elsewhere];
    let (text, code) = workspace.run_plain(&restored);
    assert_eq!(code, Some(1), "a server has it: {text}");
    server.kill();
    let (text, code) = workspace.run_plain(&restored);
    assert_eq!(code, Some(0), "{text}");
    let (text, _) = workspace.run_plain(&["user", "list", "--data", &elsewhere]);
    assert!(text.contains("bob"), "{text}");

    // Without its log it is no backup.
    let alone = workspace.file("alone");
    fs::copy(&database, &alone).unwrap();
    let nowhere = workspace.file("nowhere");
    let (text, code) = workspace.run_plain(&["store", "restore", &alone, "--data", &nowhere]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("lacks its message log"), "{text}");
    assert!(!fs::exists(&nowhere).unwrap(), "nothing is made");
}

#[test]
fn database_that_is_restored_by_hand_is_noticed() {
    let workspace = Workspace::new(ACCOUNTS);
    let copy = workspace.file("copy");
    fs::copy(workspace.database(), &copy).unwrap();
    workspace.serve().signal("TERM");
    fs::copy(&copy, workspace.database()).unwrap();
    let text = printed(&workspace.try_add("carol"));
    assert!(text.contains("it has a new epoch"), "{text}");
}

#[test]
fn damaged_backup_is_refused_and_nothing_changes() {
    let workspace = Workspace::new(ACCOUNTS);
    let backup = workspace.file("backup");
    assert_eq!(workspace.run(&["store", "backup", &backup]).1, Some(0));
    let mut bytes = fs::read(&backup).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&backup, bytes).unwrap();
    let before = fs::read(workspace.database()).unwrap();
    let (text, code) = workspace.run(&["store", "restore", &backup, "--replace"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("it is damaged") && text.contains("name another backup"),
        "{text}"
    );
    assert!(fs::read(workspace.database()).unwrap() == before);
}

#[test]
fn limits_of_a_room_are_set_under_any_form_of_its_name() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = workspace.sign_in(server.address, "alice");
    alice.types("join #bridge");
    alice.sees(1, "#bridge");
    for name in ["#Bridge", "bridge", "BRIDGE"] {
        let (text, code) = workspace.run(&["store", "retain", name, "--messages", "100"]);
        assert_eq!((text.as_str(), code), ("", Some(0)));
        let listed = ("#bridge  100 messages\n".to_owned(), Some(0));
        assert_eq!(workspace.run(&["store", "retain"]), listed);
        assert_eq!(workspace.run(&["store", "retain", name]), listed);
        assert_eq!(
            workspace.run(&["store", "retain", name, "--default"]).1,
            Some(0)
        );
    }
    let set = workspace.run(&["store", "retain", "bridge", "--messages", "100"]);
    assert_eq!(set, (String::new(), Some(0)));
    let listed = ("#bridge  100 messages\n".to_owned(), Some(0));
    drop(alice);
    drop(server);
    assert_eq!(workspace.run(&["store", "retain"]), listed);
    assert_eq!(workspace.run(&["store", "check"]).1, Some(0));
}

#[test]
fn what_can_be_read_of_a_damaged_database_is_brought_back() {
    // Where one page was damaged there was nothing but the last backup.
    let workspace = Workspace::new(ACCOUNTS);
    let mut server = workspace.serve();
    workspace.add("carol");
    server.kill();
    let image = fs::read(workspace.database()).unwrap();
    let file = fs::File::options()
        .write(true)
        .open(workspace.database())
        .unwrap();
    // In the accounts' rows a letter (the form of MessagePack) stands before the name.
    let row: &[u8] = b"\xa5alice";
    for (offset, _) in image
        .windows(row.len())
        .enumerate()
        .filter(|(_, bytes)| *bytes == row)
    {
        file.write_all_at(b"A", offset as u64 + 1).unwrap();
    }
    assert_eq!(workspace.run(&["store", "check"]).1, Some(1));
    let (text, code) = workspace.run(&["user", "list"]);
    assert!(text.contains("bob") && !text.contains("alice"), "{text}");
    // The list was short of one, and nobody was told.
    assert!(text.contains("1 account is damaged"), "{text}");
    assert_eq!(code, Some(1), "it is not all that was asked for: {text}");
    let server = workspace.serve();
    assert_eq!(
        workspace.run(&["user", "list"]),
        (text, code),
        "the same of a running server"
    );
    drop(server);
    let damaged = fs::read(workspace.database()).unwrap();
    let rescued = workspace.file("rescued");
    let (text, code) = workspace.run(&["store", "rescue", &rescued]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("lost: user alice: the password"), "{text}");
    assert!(
        !text.contains("bob") && !text.contains("panicked"),
        "{text}"
    );
    assert!(
        fs::read(workspace.database()).unwrap() == damaged,
        "it wrote"
    );
    let (text, code) = workspace.run(&["store", "restore", &rescued, "--replace"]);
    assert_eq!(code, Some(0), "{text}");
    let (text, code) = workspace.run(&["user", "list"]);
    assert_eq!(code, Some(0), "{text}");
    for name in ["alice", "bob", "carol"] {
        assert!(text.contains(name), "{text}");
    }
    assert_eq!(workspace.run(&["store", "check"]).1, Some(0));
    drop(workspace.serve());
}

#[test]
fn log_that_is_missing_is_named_and_gives_a_new_epoch_once() {
    // Whoever was added last was gone, and nobody was told.
    let workspace = Workspace::new(ACCOUNTS);
    let segments = workspace.data().join("udpchat.redb.segments");
    let mut server = workspace.serve();
    workspace.add("carol");
    server.kill();
    fs::remove_dir_all(&segments).unwrap();
    let (text, code) = workspace.run(&["store", "check"]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("the message log is missing or empty"),
        "{text}"
    );
    let log = workspace.file("log");
    let mut server = workspace.serve_with(&["--log", &log]);
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("ERROR"), "{log}");
    assert!(
        log.contains("the message log is missing or empty: stored messages are lost"),
        "{log}"
    );
    let status = |arguments: &[&str]| workspace.run(&[&["status"], arguments].concat()).0;
    let lost = "lost before the start: the message log is missing or empty";
    assert!(status(&[]).contains(lost));
    assert!(status(&["--json"]).contains("\"lost\":\"the message log is missing or empty\""));
    server.signal("TERM");
    assert_eq!(workspace.run(&["store", "check"]).1, Some(0));
    // After an orderly stop it is needed too.
    fs::remove_dir_all(&segments).unwrap();
    assert_eq!(workspace.run(&["store", "check"]).1, Some(1));
    let mut server = workspace.serve();
    assert!(status(&[]).contains(lost));
    server.signal("TERM");
    let server = workspace.serve();
    assert!(!status(&[]).contains("lost before"));
    assert!(status(&["--json"]).contains("\"lost\":null"));
    drop(server);
}

#[test]
fn database_that_is_gone_is_not_begun_again() {
    // An empty one took its place, and everybody signed up again.
    let workspace = Workspace::new(ACCOUNTS);
    let backup = workspace.file("backup");
    assert_eq!(workspace.run(&["store", "backup", &backup]).1, Some(0));
    fs::remove_file(workspace.database()).unwrap();
    let (text, code) = workspace.run(&["user", "list"]);
    assert_eq!(code, Some(1));
    for part in [
        "udpchat.redb is gone",
        "udpchat.generation",
        "udpchat.redb.segments",
        "store restore FILE",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!workspace.database().exists());
    let (text, code) = workspace.run(&["store", "restore", &backup, "--replace"]);
    assert_eq!(code, Some(0), "{text}");
    let (text, code) = workspace.run(&["user", "list"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("alice"), "{text}");
    let text = printed(&workspace.try_add("dave"));
    assert!(text.contains("new epoch"), "{text}");
    // What is left is kept, and it is up to the operator to remove it.
    let kept = fs::read_dir(workspace.data()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
        name.contains(".replaced.") && name.ends_with(".segments")
    });
    assert_eq!(kept.count(), 1);
    for name in ["udpchat.redb", "udpchat.generation"] {
        fs::remove_file(workspace.data().join(name)).unwrap();
    }
    fs::remove_dir_all(workspace.data().join("udpchat.redb.segments")).unwrap();
    workspace.add("alice");
}

#[test]
fn limits_of_a_conversation_are_set_and_listed_whether_the_server_runs_or_not() {
    let workspace = Workspace::new(ACCOUNTS);
    let set = [
        "store",
        "retain",
        "everyone",
        "--days",
        "30",
        "--messages",
        "0",
    ];
    assert_eq!(workspace.run(&set), (String::new(), Some(0)));
    let listed = ("everyone  30 days  all messages\n".to_owned(), Some(0));
    assert_eq!(workspace.run(&["store", "retain"]), listed);
    let server = workspace.serve();
    assert_eq!(workspace.run(&["store", "retain"]), listed);
    // To name it alone erased its limits.
    assert_eq!(workspace.run(&["store", "retain", "Everyone"]), listed);
    assert_eq!(workspace.run(&["store", "retain", "everyone"]), listed);
    let reset = workspace.run(&["store", "retain", "everyone", "--default"]);
    assert_eq!(reset, (String::new(), Some(0)));
    assert_eq!(
        workspace.run(&["store", "retain"]),
        (String::new(), Some(0))
    );
    let none = ("everyone  no limits of its own\n".to_owned(), Some(0));
    assert_eq!(workspace.run(&["store", "retain", "everyone"]), none);
    for arguments in [&["nowhere"][..], &["#nowhere", "--days", "1"]] {
        let (text, code) = workspace.run(&[&["store", "retain"], arguments].concat());
        assert_eq!(code, Some(5));
        assert!(text.contains("there is no room \"#nowhere\""), "{text}");
    }
    drop(server);
}
