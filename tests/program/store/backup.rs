//! Where a backup is made, by whom, and what of it is left when it cannot be made.

use std::fs;
use std::os::unix::fs::{
    FileExt as _, MetadataExt as _, PermissionsExt as _, chown, lchown, symlink,
};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Host, Workspace, printed};

const ACCOUNTS: &[&str] = &["alice", "bob"];

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Runs a script of the shell with a disk of this size of its own on the directory `$OUT`; none where that is not permitted.
fn with_own_disk(workspace: &Workspace, size: &str, script: &str) -> Option<Output> {
    let script = format!("mount -t tmpfs -o size={size} none \"$OUT\" || exit 99\n{script}");
    let udpchat = Host::default().udpchat();
    let output = Host::default()
        .command("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", &script])
        .env("OUT", workspace.path("out"))
        .env("UDPCHAT", udpchat.get_program())
        .env("UDPCHAT_DATA", workspace.data())
        .output();
    match output {
        Ok(output) if !printed(&output).contains("unshare failed") => Some(output),
        other => {
            eprintln!("passed over: no mount namespace can be made here ({other:?})");
            None
        }
    }
}

#[test]
fn backup_of_a_running_server_is_where_the_command_was_given() {
    // The server wrote it to that path: to a file of its own container, where no operator looks.
    let workspace = Workspace::new(ACCOUNTS);
    fs::create_dir(workspace.path("out")).unwrap();
    let _server = workspace.serve();
    let restored = workspace.file("restored");
    let script = format!(
        "\"$UDPCHAT\" store backup \"$OUT/copy\" && \"$UDPCHAT\" store restore \"$OUT/copy\" --data {restored}"
    );
    let Some(output) = with_own_disk(&workspace, "64m", &script) else {
        return;
    };
    assert!(output.status.success(), "{}", printed(&output));
    assert_eq!(names(&workspace.path("out")), [""; 0]);
    let (text, _) = workspace.run_plain(&["user", "list", "--data", &restored]);
    assert!(text.contains("alice") && text.contains("bob"), "{text}");
}

#[test]
fn backup_that_finds_no_room_leaves_nothing_and_names_its_file() {
    let workspace = Workspace::new(ACCOUNTS);
    fs::create_dir(workspace.path("out")).unwrap();
    let script = "\"$UDPCHAT\" store backup \"$OUT/copy\"; echo \"exit $?\"; ls -A \"$OUT\"";
    for is_running in [false, true] {
        let _server = is_running.then(|| workspace.serve());
        let Some(output) = with_own_disk(&workspace, "16k", script) else {
            return;
        };
        let text = printed(&output);
        let file = workspace.file("out/copy");
        assert!(
            text.contains(&format!("cannot back up to {file}: ")),
            "{text}"
        );
        assert!(text.contains("No space left"), "{text}");
        assert!(text.contains("free some space there"), "{text}");
        assert!(
            text.starts_with("exit 1\n") && !text.contains("\ncopy"),
            "{text}"
        );
    }
}

#[test]
fn roots_backup_of_another_users_server_is_roots_own() {
    // The server could not write into root's directory, which root had named.
    const NOBODY: u32 = 65534;
    let workspace = Workspace::new(&[]);
    if chown(workspace.path(""), Some(NOBODY), Some(NOBODY)).is_err() {
        // Only root can give a directory away.
        return;
    }
    workspace.add("alice");
    // Where the tests are built, nobody may not enter.
    let program = workspace.path("udpchat");
    fs::copy(Host::default().udpchat().get_program(), &program).unwrap();
    let mut serve = Command::new(&program);
    serve.args(["serve", "--measured", "--listen", "127.0.0.1:0", "--data"]);
    serve.arg(workspace.data()).uid(NOBODY).gid(NOBODY);
    serve.env_clear().stdin(std::process::Stdio::piped());
    let mut server = serve.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    let mut output = std::io::BufReader::new(server.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut output, &mut first).unwrap();
    assert!(first.contains("listening"), "{first}");

    let own = tempfile::tempdir().unwrap();
    fs::set_permissions(own.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let copy = own.path().join("copy");
    let (text, code) = workspace.run(&["store", "backup", copy.to_str().unwrap()]);
    // Its standard input ends, and with it the server.
    drop(server.stdin.take());
    assert!(server.wait().unwrap().success());
    assert_eq!(code, Some(0), "{text}");
    let metadata = fs::metadata(&copy).unwrap();
    assert_eq!((metadata.uid(), metadata.mode() & 0o777), (0, 0o600));
    let restored = own.path().join("data").display().to_string();
    let restore = [
        "store",
        "restore",
        copy.to_str().unwrap(),
        "--data",
        &restored,
    ];
    let (text, code) = workspace.run_plain(&restore);
    assert_eq!(code, Some(0), "{text}");
}

/// Root became the owner of the data first, who could not reach the backup; that nothing stands in the way had been said.
#[test]
fn root_restores_for_another_user_what_only_root_can_reach() {
    const NOBODY: u32 = 65534;
    let workspace = Workspace::new(ACCOUNTS);
    let target = tempfile::tempdir().unwrap();
    if chown(target.path(), Some(NOBODY), Some(NOBODY)).is_err() {
        // Only root can give a directory away.
        return;
    }
    let server = workspace.serve();
    let attached = workspace.path("chart");
    fs::write(&attached, vec![7; 300_000]).unwrap();
    let mut command = Host::default().udpchat();
    command.args(["send", &server.address.to_string(), "--to", "bob"]);
    command.args(["--accept-new", "--user", "alice", "--file"]);
    command.arg(&attached).arg("--password-file");
    command.arg(workspace.password_file("alice"));
    let sent = command
        .arg("--state")
        .arg(workspace.path("state"))
        .output()
        .unwrap();
    assert!(sent.status.success(), "{}", printed(&sent));
    let own = tempfile::tempdir().unwrap();
    fs::set_permissions(own.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let copy = own.path().join("copy");
    let file = copy.to_str().unwrap();
    assert_eq!(workspace.run(&["store", "backup", file]).1, Some(0));
    let data = target.path().join("data");
    let data = data.to_str().unwrap();
    for mode in [0o666, 0o620, 0o600] {
        fs::set_permissions(&copy, fs::Permissions::from_mode(mode)).unwrap();
        let restore = ["store", "restore", file, "--data", data];
        let (looked, code) = workspace.run_plain(&[&restore[..], &["--dry-run"]].concat());
        assert_eq!(code, Some(0), "{looked}");
        let (text, code) = workspace.run_plain(&restore);
        let is_refused = mode != 0o600;
        assert_eq!(code, Some(i32::from(is_refused)), "{mode:o}: {text}");
        let would = format!("would be refused: other users can write to {file}");
        assert_eq!(looked.contains(&would), is_refused, "{looked}");
        assert_eq!(looked.contains("would be restored"), !is_refused);
    }
    let (text, code) = workspace.run_plain(&["store", "check", "--data", data]);
    assert_eq!(code, Some(0), "{text}");
    let mut open = vec![data.into()];
    let mut seen = 0;
    while let Some(path) = open.pop() {
        let path: std::path::PathBuf = path;
        let metadata = fs::symlink_metadata(&path).unwrap();
        assert_eq!(metadata.uid(), NOBODY, "{path:?}");
        if metadata.is_dir() {
            let inside = fs::read_dir(&path).unwrap();
            open.extend(inside.map(|entry| entry.unwrap().path()));
        }
        seen += usize::from(metadata.len() >= 300_000 && metadata.is_file());
    }
    assert_eq!(seen, 2, "the database and the attached file");
    // A copy by hand, with a log beside it.
    drop(server);
    let mut copy = Command::new("cp");
    copy.arg("-a").arg(workspace.data()).arg(own.path());
    assert!(copy.status().unwrap().success());
    let file = own.path().join("data/udpchat.redb");
    let data = target.path().join("other").display().to_string();
    let restore = ["store", "restore", file.to_str().unwrap(), "--data", &data];
    let (text, code) = workspace.run_plain(&restore);
    assert_eq!(code, Some(0), "{text}");
}

/// Whom the data belongs to had a link be the backup, to one that only root could read, and was given a copy of that.
#[test]
fn root_restores_for_another_user_nothing_that_this_one_can_have_put_there() {
    const NOBODY: u32 = 65534;
    let workspace = Workspace::new(ACCOUNTS);
    let theirs = tempfile::tempdir().unwrap();
    if chown(theirs.path(), Some(NOBODY), Some(NOBODY)).is_err() {
        // Only root can give a directory away.
        return;
    }
    let own = tempfile::tempdir().unwrap();
    fs::set_permissions(own.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let copy = own.path().join("udpchat.redb");
    let file = copy.to_str().unwrap();
    assert_eq!(workspace.run(&["store", "backup", file]).1, Some(0));
    let make = |name: &str| {
        let directory = theirs.path().join(name);
        fs::create_dir(&directory).unwrap();
        chown(&directory, Some(NOBODY), Some(NOBODY)).unwrap();
        directory
    };
    let link = |to: &Path, at: &Path| {
        symlink(to, at).unwrap();
        lchown(at, Some(NOBODY), Some(NOBODY)).unwrap();
    };
    // The file is a link; its directory is; what is beside a file is; and root has put its own file there.
    let linked = make("linked").join("udpchat.redb");
    link(&copy, &linked);
    let directory = theirs.path().join("directory");
    link(own.path(), &directory);
    let beside = make("beside").join("udpchat.redb");
    fs::copy(&copy, &beside).unwrap();
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o600)).unwrap();
    link(own.path(), &beside.with_file_name("udpchat.redb.segments"));
    let put = make("put").join("udpchat.redb");
    fs::copy(&copy, &put).unwrap();
    fs::set_permissions(&put, fs::Permissions::from_mode(0o600)).unwrap();
    for backup in [&linked, &directory, &beside, &put] {
        let data = theirs.path().join("data");
        let restore = ["store", "restore", backup.to_str().unwrap(), "--data"];
        let restore = [&restore[..], &[data.to_str().unwrap()]].concat();
        let (looked, code) = workspace.run_plain(&[&restore[..], &["--dry-run"]].concat());
        assert_eq!(code, Some(0), "{looked}");
        assert!(looked.contains("would be refused"), "{looked}");
        let (text, code) = workspace.run_plain(&restore);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("cannot read"), "{text}");
        assert!(!data.exists());
    }
}

#[test]
fn backup_is_consistent_while_messages_are_stored() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = workspace.sign_in(server.address, "alice");
    for round in 0..3 {
        for number in 0..40 {
            alice.types(&format!("message bob {round} {number}"));
        }
        let copy = workspace.file(&format!("copy-{round}"));
        let (text, code) = workspace.run(&["store", "backup", &copy]);
        assert_eq!(code, Some(0), "{text}");
        let restored = workspace.file(&format!("restored-{round}"));
        let (text, code) = workspace.run_plain(&["store", "restore", &copy, "--data", &restored]);
        assert_eq!(code, Some(0), "{text}");
        let (text, code) = workspace.run_plain(&["store", "check", "--data", &restored]);
        assert_eq!(code, Some(0), "{text}");
    }
}

#[test]
fn copy_of_a_damaged_database_gets_no_name() {
    // It was called a backup, and refused once it was needed.
    let workspace = Workspace::new(ACCOUNTS);
    let image = fs::read(workspace.database()).unwrap();
    let file = fs::File::options().write(true).open(workspace.database());
    let file = file.unwrap();
    for (offset, bytes) in image.windows(5).enumerate() {
        if bytes == b"alice" {
            file.write_all_at(b"A", offset as u64).unwrap();
        }
    }
    fs::create_dir(workspace.path("out")).unwrap();
    let copy = workspace.file("out/copy");
    for is_running in [false, true] {
        let _server = is_running.then(|| workspace.serve());
        let (text, code) = workspace.run(&["store", "backup", &copy]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("damaged"), "{text}");
        assert_eq!(names(&workspace.path("out")), [""; 0]);
    }
}
