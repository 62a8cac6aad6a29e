//! Whose the program's files are: what it makes is its owner's alone, whatever the umask and whatever another user has
//! put in its way, and what belongs to another user is not used.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
#[cfg(target_os = "linux")]
use std::thread;
#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

use crate::support::{Host, PATIENCE, Script, Workspace, printed};
use tempfile::TempDir;

/// A user who is not the one that runs the tests, where that is root.
const SOMEBODY: u32 = 12_345;

/// A directory in which everybody may make files, as /tmp is.
fn shared(workspace: &Workspace) -> PathBuf {
    let shared = workspace.path("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).unwrap();
    shared
}

/// The names in a directory that another user may have planted for a file that will be called `copy`.
fn planted(shared: &Path) -> Vec<PathBuf> {
    ["copy.part", "copy.new", "copy.restored", "copy.tmp"]
        .map(|name| shared.join(name))
        .to_vec()
}

#[test]
fn backup_fills_no_file_that_another_user_has_put_in_its_way() {
    // Root's `store backup /tmp/copy` wrote the server's keys into a `/tmp/copy.part` of another user's, who had it open.
    let workspace = Workspace::new(&["alice"]);
    let shared = shared(&workspace);
    let victim = workspace.path("victim");
    for (number, path) in planted(&shared).iter().enumerate() {
        if number % 2 == 0 {
            // An empty database, into which the server's would be copied.
            drop(redb::Database::create(path).unwrap());
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
            // Only root can give a file away; what must not happen is the same without.
            let _ = chown(path, Some(SOMEBODY), None);
        } else {
            symlink(&victim, path).unwrap();
        }
    }
    let bytes = || {
        planted(&shared)
            .iter()
            .map(fs::read)
            .map(Result::ok)
            .collect::<Vec<_>>()
    };
    let before = bytes();
    let is_untouched = || {
        assert!(!victim.exists(), "a link was followed");
        assert!(bytes() == before, "a file of another user's was written to");
    };
    let copy = shared.join("copy");
    let file = copy.to_str().unwrap();
    let made = |output: &Output| {
        assert!(output.status.success(), "{}", printed(output));
        is_untouched();
        let metadata = fs::symlink_metadata(&copy).unwrap();
        assert!(metadata.is_file());
        assert_eq!(metadata.mode() & 0o777, 0o600);
        assert_eq!(
            metadata.uid(),
            fs::metadata(workspace.data()).unwrap().uid()
        );
        fs::remove_file(&copy).unwrap();
    };
    made(&workspace.output(&["store", "backup", file]));
    made(&workspace.output(&["store", "rescue", file]));
    // The same from a running server.
    let server = workspace.serve();
    made(&workspace.output(&["store", "backup", file]));
    drop(server);
    let names = fs::read_dir(&shared).unwrap().count();
    assert_eq!(names, planted(&shared).len(), "nothing is left behind");
}

#[test]
fn backup_follows_and_replaces_nothing_that_has_its_name() {
    let workspace = Workspace::new(&["alice"]);
    let shared = shared(&workspace);
    let victim = workspace.path("victim");
    let copy = shared.join("copy");
    let file = copy.to_str().unwrap();
    let refused = |kind: &str| {
        for command in ["backup", "rescue"] {
            let output = workspace.output(&["store", command, file]);
            let text = printed(&output);
            assert_eq!(output.status.code(), Some(1), "{command}: {text}");
            assert!(text.contains(kind), "{command}: {text}");
            assert!(text.contains(file), "{command}: {text}");
        }
    };
    symlink(&victim, &copy).unwrap();
    refused("a symbolic link");
    assert!(!victim.exists(), "the link was followed");
    fs::remove_file(&copy).unwrap();
    fs::create_dir(&copy).unwrap();
    refused("a directory");
    fs::remove_dir(&copy).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&copy)
            .status()
            .unwrap()
            .success()
    );
    refused("a named pipe");
    fs::remove_file(&copy).unwrap();
    fs::write(&copy, "mine").unwrap();
    refused("name another file");
    assert_eq!(fs::read_to_string(&copy).unwrap(), "mine");
    let nowhere = shared.join("not-there/copy");
    let text = printed(&workspace.output(&["store", "backup", nowhere.to_str().unwrap()]));
    assert!(text.contains("make it first"), "{text}");
}

#[test]
fn backup_that_another_user_can_have_changed_is_not_restored() {
    // The server's keys are in it: whoever writes the backup is the server afterwards.
    let workspace = Workspace::new(&["alice"]);
    let copy = workspace.path("copy");
    let file = copy.to_str().unwrap();
    assert!(
        workspace
            .output(&["store", "backup", file])
            .status
            .success()
    );
    let refused = |command: &str| {
        let output = workspace.output(&["store", "restore", file, "--replace"]);
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(command), "{text}");
    };
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o620)).unwrap();
    refused("chmod go-w");
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
    if chown(&copy, Some(SOMEBODY), None).is_ok() {
        refused(&SOMEBODY.to_string());
        chown(&copy, Some(0), None).unwrap();
    }
    let pipe = workspace.path("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let output = workspace.output(&["store", "restore", pipe.to_str().unwrap(), "--replace"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        workspace
            .output(&["store", "restore", file, "--replace"])
            .status
            .success()
    );
}

#[test]
fn directory_of_another_user_is_refused_with_its_owners_name() {
    // A data directory that another user owns is one in which they can change everything, whatever its mode.
    let workspace = Workspace::new(&["alice"]);
    let copy = workspace.path("copy");
    assert!(
        workspace
            .output(&["store", "backup", copy.to_str().unwrap()])
            .status
            .success()
    );
    // Only root can give a directory away; everybody else is refused one of root's.
    let own = workspace.data();
    let (data, owner) = if chown(&own, Some(SOMEBODY), None).is_ok() {
        (own.clone(), SOMEBODY.to_string())
    } else {
        (PathBuf::from("/usr"), "root".to_owned())
    };
    let state = workspace.path("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    let state = if chown(&state, Some(SOMEBODY), None).is_ok() {
        state
    } else {
        data.clone()
    };
    let (data, state) = (data.to_str().unwrap(), state.to_str().unwrap());
    let mut refused = vec![
        vec!["serve", "--listen", "127.0.0.1:0", "--data", data],
        vec!["connect", "127.0.0.1:9", "--accept-new", "--state", state],
    ];
    if data == "/usr" {
        // Root acts as the owner there.
        refused.push(vec!["user", "list", "--data", data]);
        refused.push(vec![
            "store",
            "restore",
            copy.to_str().unwrap(),
            "--data",
            data,
        ]);
    }
    for arguments in refused {
        let output = bounded()
            .args(&arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
        assert!(text.contains(&owner), "{arguments:?}: {text}");
        assert!(text.contains("belongs to"), "{arguments:?}: {text}");
    }
    for file in ["udpchat.redb", "udpchat.redb.segments"] {
        let file = own.join(file);
        if chown(&own, Some(0), None).is_err() || chown(&file, Some(SOMEBODY), None).is_err() {
            continue;
        }
        let output = workspace.output(&["store", "retain", "everyone", "--default"]);
        let text = printed(&output);
        assert!(text.contains("belongs to"), "{text}");
        assert!(text.contains(file.to_str().unwrap()), "{text}");
        chown(&file, Some(0), None).unwrap();
    }
}

/// The program, which is ended where it should have ended by itself.
fn bounded() -> Command {
    let mut command = Host::default().command("timeout");
    let patience = PATIENCE.as_secs().to_string();
    command.args([&*patience, env!("CARGO_BIN_EXE_udpchat")]);
    command
}

/// The program with a umask that takes nothing away.
fn with_open_umask(arguments: &[&str]) -> Command {
    let mut command = Host::default().command("sh");
    command.args(["-c", "umask 000; exec \"$0\" \"$@\""]);
    command.arg(env!("CARGO_BIN_EXE_udpchat")).args(arguments);
    command
}

/// Everything below a directory, with its mode.
fn modes(below: &Path, found: &mut Vec<(PathBuf, u32)>) {
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        found.push((path.clone(), metadata.mode() & 0o777));
        if metadata.is_dir() {
            modes(&path, found);
        }
    }
}

#[test]
fn no_file_follows_the_umask() {
    // `--log FILE` was made 0666 where the umask is 000.
    let directory = TempDir::new().unwrap();
    let own = directory.path().join("own");
    fs::create_dir(&own).unwrap();
    let name = |name: &str| own.join(name).to_str().unwrap().to_owned();
    let (data, state, log, copy) = (name("data"), name("state"), name("log"), name("copy"));
    let password = directory.path().join("password");
    fs::write(&password, "swordfish in tea\n").unwrap();
    let password = password.to_str().unwrap();
    let run = |arguments: &[&str]| {
        let output = with_open_umask(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            printed(&output)
        );
    };
    for user in ["alice", "bob"] {
        run(&[
            "user",
            "add",
            user,
            "--data",
            &data,
            "--password-file",
            password,
        ]);
    }
    run(&["store", "backup", &copy, "--data", &data]);
    run(&["store", "rescue", &name("rescued"), "--data", &data]);
    run(&["store", "restore", &copy, "--replace", "--data", &data]);
    let mut serve = with_open_umask(&["serve", "-v", "--log", &log, "--listen", "127.0.0.1:0"]);
    let serve = serve.args(["--data", &data]);
    let server = Script::spawn(serve);
    server.sees(1, "registration");
    let address = server.lines()[0].rsplit(' ').next().unwrap().to_owned();
    let client_log = name("client-log");
    let mut client = with_open_umask(&["connect", &address, "--accept-new", "--user", "alice"]);
    client.args(["--state", &state, "--password-file", password]);
    let mut alice = Script::spawn(client.args(["-v", "--log", &client_log]));
    alice.sees(1, "Greetings from the Chat Room!");
    alice.types("message bob tea at four?");
    alice.sees(1, "stored; bob is offline");
    alice.types("history bob");
    alice.sees(1, "tea at four?");
    run(&[
        "store",
        "backup",
        &name("copy-of-a-running-one"),
        "--data",
        &data,
    ]);
    let mut found = Vec::new();
    modes(&own, &mut found);
    assert!(found.len() > 12, "{found:?}");
    for end in [
        "log",
        "client-log",
        "control.sock",
        "udpchat.redb.segments",
        "00000001.log",
        "known_servers",
    ] {
        assert!(
            found.iter().any(|(path, _)| path.ends_with(end)),
            "{end}: {found:?}"
        );
    }
    found.retain(|(_, mode)| mode & 0o077 != 0);
    assert!(found.is_empty(), "others may use these: {found:?}");
}

#[test]
fn log_is_appended_to_a_file_of_ones_own_and_to_nothing_else() {
    let workspace = Workspace::new(&["alice"]);
    let path = |name: &str| workspace.path(name);
    let (log, victim) = (path("log"), path("victim"));
    let serve = |log: &Path| {
        let mut command = bounded();
        command.args(["serve", "-vv", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(workspace.data()).arg("--log").arg(log);
        command
    };
    let refused = |log: &Path, what: &str| {
        let output = serve(log).stdin(Stdio::null()).output().unwrap();
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(what), "{text}");
        assert!(text.contains(log.to_str().unwrap()), "{text}");
    };
    symlink(&victim, &log).unwrap();
    refused(&log, "symbolic link");
    assert!(!victim.exists());
    fs::remove_file(&log).unwrap();
    assert!(Command::new("mkfifo").arg(&log).status().unwrap().success());
    refused(&log, "not a regular file");
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    refused(&log, "directory");
    fs::remove_dir(&log).unwrap();
    fs::write(&log, "before\n").unwrap();
    fs::set_permissions(&log, fs::Permissions::from_mode(0o666)).unwrap();
    refused(&log, "chmod go-w");
    fs::set_permissions(&log, fs::Permissions::from_mode(0o640)).unwrap();
    if chown(&log, Some(SOMEBODY), None).is_ok() {
        refused(&log, "belongs to");
        chown(&log, Some(0), None).unwrap();
    }
    let mut server = Script::spawn(&mut serve(&log));
    server.sees(1, "registration");
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    server.ends();
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.starts_with("before\n") && text.len() > 7, "{text}");
    assert_eq!(fs::metadata(&log).unwrap().mode() & 0o777, 0o640);
}

#[test]
fn no_path_on_the_control_socket_is_written_to() {
    // A relative one was one in whatever directory the server had been started in.
    let workspace = Workspace::new(&["alice"]);
    let _server = workspace.serve();
    let mut socket = UnixStream::connect(workspace.data().join("control.sock")).unwrap();
    let planted = workspace.path("planted-by-a-test");
    let absolute = planted.to_str().unwrap();
    for path in ["planted-by-a-test", absolute, ""] {
        let request = format!("{{\"op\":\"store_backup\",\"path\":\"{path}\"}}\n");
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        let mut reader = BufReader::new(socket.try_clone().unwrap());
        reader.read_line(&mut answer).unwrap();
        assert!(answer.contains("no file came with"), "{answer}");
        assert!(!planted.exists());
    }
    // The command resolves it against its own directory, not the server's.
    let directory = workspace.path("elsewhere");
    fs::create_dir(&directory).unwrap();
    let mut command = Host::default().udpchat();
    command.args(["store", "backup", "copy", "--data"]);
    let output = command
        .arg(workspace.data())
        .current_dir(&directory)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", printed(&output));
    assert!(directory.join("copy").is_file());
}

/// How many descriptors a process has open.
#[cfg(target_os = "linux")]
fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

#[test]
#[cfg(target_os = "linux")]
fn control_socket_answers_a_server_without_descriptors_and_does_not_end() {
    // One moment without a free descriptor ended the control socket until the next start.
    let workspace = Workspace::new(&["alice"]);
    let log = workspace.path("log");
    let server = workspace.serve_with(&["--log", log.to_str().unwrap()]);
    let asked = || workspace.output(&["status"]);
    // The limit is set once it runs: a server may have been handed descriptors that were open when it was started.
    let mut used = 0;
    while used != descriptors(server.pid()) {
        used = descriptors(server.pid());
        thread::sleep(Duration::from_millis(200));
    }
    println!("{used} descriptors are open in a server at rest");
    assert!(used < 32, "{used}");
    let limited = Command::new("prlimit")
        .arg(format!("--pid={}", server.pid()))
        .arg(format!("--nofile={used}"))
        .status();
    assert!(limited.unwrap().success(), "the limit was not set");
    for _ in 0..3 {
        let output = asked();
        assert!(output.status.success(), "{}", printed(&output));
    }
    let socket = workspace.data().join("control.sock");
    let idle: Vec<UnixStream> = (0..6)
        .map(|_| UnixStream::connect(&socket).unwrap())
        .collect();
    let start = Instant::now();
    while !fs::read_to_string(&log)
        .unwrap()
        .contains("cannot accept a control connection")
    {
        assert!(start.elapsed() < PATIENCE, "nothing was short");
        thread::sleep(Duration::from_millis(10));
    }
    drop(idle);
    let output = asked();
    assert!(output.status.success(), "{}", printed(&output));
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.lines().count() < 20, "{text}");
}
