//! Where a backup is made, by whom, and what of it is left when it cannot be made.

use std::fs;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _, chown};
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
