//! Bad input, by name: each mistake that a user, an operator or a disk can make is answered with its own exit code
//! and with what to do about it, and nothing is lost by it. Mistakes on the command line alone are in `cli.rs`, a
//! second server in `serve.rs`, datagrams in `abuse.rs`.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Host, Script, Server, Workspace, databases_under};
use redb::{Database, TableDefinition};

/// A client at pipes. All share a state directory, and with it the servers they know.
fn client(workspace: &Workspace, server: &str, user: &str, password: &str) -> Script {
    let file = workspace.file(&format!("typed-by-{user}"));
    fs::write(&file, format!("{password}\n")).unwrap();
    let state = workspace.path("state");
    Script::connect(
        &Host::default(),
        user,
        server,
        &state,
        &["--password-file", &file],
    )
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs udpchat without a terminal and without input, and checks its exit code and the essential words.
#[track_caller]
fn fails(command: &mut Command, code: i32, words: &[&str]) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is missing: {text}");
    }
}

fn udpchat(arguments: &[&str]) -> Command {
    let mut command = Host::default().udpchat();
    command.args(arguments);
    command
}

/// Every way to open a server's database and write to it, with this directory.
fn operator(data: &Path) -> [Command; 2] {
    let data = data.to_str().unwrap();
    [
        udpchat(&["serve", "--listen", "127.0.0.1:0", "--data", data]),
        udpchat(&["store", "retain", "everyone", "--default", "--data", data]),
    ]
}

/// One that only reads.
fn reader(data: &Path) -> Command {
    udpchat(&["user", "list", "--data", data.to_str().unwrap()])
}

/// The accounts of a sound database.
fn users(workspace: &Workspace) -> String {
    let (listed, code) = workspace.run(&["user", "list"]);
    assert_eq!(code, Some(0), "{listed}");
    listed
}

#[test]
fn nobody_there_is_said_after_half_a_minute_with_what_to_check() {
    let workspace = Workspace::new(&[]);
    // A port on which somebody listens and nobody answers, and one on which nobody listens.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addresses = [&silent, &closed].map(|socket| socket.local_addr().unwrap().to_string());
    drop(closed);
    let start = Instant::now();
    thread::scope(|scope| {
        for address in &addresses {
            let state = workspace.path(&format!("state-{address}"));
            scope.spawn(move || {
                let state = state.to_str().unwrap();
                // The hint is a line of its own.
                let words = [
                    "no answer from",
                    address,
                    "\nhint: is the server running",
                    "port",
                    "firewall",
                ];
                fails(
                    &mut udpchat(&["connect", address, "--state", state]),
                    3,
                    &words,
                );
            });
        }
    });
    let took = start.elapsed();
    assert!(
        took > Duration::from_secs(20) && took < Duration::from_secs(45),
        "{took:?}"
    );
}

#[test]
fn changed_server_key_stops_the_client_with_both_fingerprints_and_the_place_of_the_old_one() {
    let workspace = Workspace::new(&["alice"]);
    let mut server = workspace.serve();
    let address = server.address.to_string();
    let fingerprint = |server: &Server| {
        let words = server.first_lines[1].split_whitespace();
        let mut keys = words.filter(|word| word.starts_with("SHA256:"));
        keys.next().unwrap().to_owned()
    };
    let known = fingerprint(&server);
    let mut alice = client(&workspace, &address, "alice", "swordfish in tea");
    alice.closes_input();
    assert_eq!(alice.ends(), Some(0), "{}", alice.errors());
    server.kill();

    let host = Host::default();
    let mut impostor = Server::start(&host, &workspace.path("other"), &[&address], &[]);
    let shown = fingerprint(&impostor);
    let file = workspace.path("state").join("known_servers");
    let before = fs::read(&file).unwrap();
    let line = format!("{} line 1", file.display());
    let state = workspace.path("state");
    let state = state.to_str().unwrap();
    // A changed key is refused by --accept-new too.
    for more in [&["--accept-new"][..], &[]] {
        fails(
            udpchat(&["connect", &address, "--state", state, "--user", "alice"]).args(more),
            4,
            &["has changed", &known, &shown, "remove the old one", &line],
        );
    }
    assert_eq!(fs::read(&file).unwrap(), before);

    // Once the old key is removed, as the message says, the new one is asked about like any other.
    fs::write(&file, "").unwrap();
    fails(
        &mut udpchat(&["connect", &address, "--state", state]),
        4,
        &["not known", &shown, "--server-key", "--accept-new"],
    );
    fails(
        &mut udpchat(&[
            "connect",
            &address,
            "--state",
            state,
            "--server-key",
            &known,
        ]),
        4,
        &["different server key", &known, &shown],
    );
    impostor.kill();
}

#[test]
fn wrong_password_without_a_terminal_is_refused_and_the_right_one_still_works() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let mut wrong = client(&workspace, &address, "alice", "sardine");
    wrong.types("message* must not be sent");
    assert_eq!(wrong.ends(), Some(4));
    assert!(
        wrong.errors().contains("wrong password"),
        "{}",
        wrong.errors()
    );
    let mut right = client(&workspace, &address, "alice", "swordfish in tea");
    right.sees(1, "(nobody else is online)");
    right.closes_input();
    assert_eq!(right.ends(), Some(0), "{}", right.errors());
    assert!(!right.lines().join("\n").contains("must not be sent"));
}

#[test]
fn user_without_an_account_is_refused_without_a_terminal() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve();
    for (name, words) in [
        ("zelda", "there is no user \"zelda\""),
        ("nobody", "reserved: it means no user"),
    ] {
        let mut client = client(
            &workspace,
            &server.address.to_string(),
            name,
            "swordfish in tea",
        );
        assert_eq!(client.ends(), Some(4), "{}", client.errors());
        assert!(client.errors().contains(words), "{}", client.errors());
    }
}

#[test]
fn data_directory_below_a_regular_file_is_named() {
    let workspace = Workspace::new(&[]);
    let file = workspace.path("file");
    fs::write(&file, "keep me").unwrap();
    for data in [file.clone(), file.join("below")] {
        for mut command in operator(&data) {
            let named = format!("{} is not a directory", file.display());
            fails(&mut command, 2, &[&named, "--data"]);
        }
    }
    let server = workspace.serve();
    let state = file.join("state");
    let address = server.address.to_string();
    fails(
        &mut udpchat(&["connect", &address, "--state", state.to_str().unwrap()]),
        2,
        &["is not a directory", "--state"],
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "keep me");
}

#[test]
fn data_directory_on_a_read_only_file_system_is_named_and_left_as_it_is() {
    let workspace = Workspace::new(&["alice"]);
    let data = workspace.data();
    // The mount is seen in this namespace only, and goes with it.
    let mount = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"";
    let alone = |rest: &str| {
        let mut command = Host::default().command("unshare");
        command.args(["--mount", "sh", "-c", &format!("{mount} {rest}")]);
        command.arg(&data);
        command
    };
    if !alone("")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        eprintln!("skipped: no file system can be mounted here");
        return;
    }
    for command in operator(&data) {
        let mut inside = alone("&& exec \"$@\"");
        inside.arg(command.get_program()).args(command.get_args());
        fails(
            &mut inside,
            1,
            &[
                "cannot write to",
                "Read-only file system",
                "check its owner",
            ],
        );
    }
    assert!(users(&workspace).starts_with("alice "));
}

#[test]
fn database_that_others_may_read_is_refused_with_the_command_that_mends_it() {
    let workspace = Workspace::new(&["alice"]);
    let data = workspace.data();
    let file = data.join("udpchat.redb");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let mend = format!("chmod 600 {}", file.display());
    for mut command in operator(&data) {
        fails(&mut command, 1, &["open to other users (mode 644)", &mend]);
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(users(&workspace).starts_with("alice "));
}

#[test]
fn database_of_another_schema_is_refused_and_left_as_it_is() {
    const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
    let workspace = Workspace::new(&["alice"]);
    let data = workspace.data();
    let file = data.join("udpchat.redb");
    let set_schema = |schema: u64| {
        let database = Database::create(&file).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut meta = transaction.open_table(META).unwrap();
        let old = meta
            .insert("server schema", schema)
            .unwrap()
            .unwrap()
            .value();
        drop(meta);
        transaction.commit().unwrap();
        old
    };
    let ours = set_schema(1000);
    for mut command in operator(&data) {
        fails(&mut command, 1, &["schema 1000", "use a newer one"]);
    }
    assert_eq!(set_schema(1), 1000);
    for mut command in operator(&data) {
        fails(&mut command, 1, &["schema 1,", "new data directory"]);
    }
    assert_eq!(set_schema(ours), 1);
    assert!(users(&workspace).starts_with("alice "));
}

#[test]
fn truncated_database_is_named_left_alone_and_replaced_by_its_backup() {
    let workspace = Workspace::new(&["alice"]);
    let data = workspace.data();
    let file = data.join("udpchat.redb");
    let whole = fs::read(&file).unwrap();
    for bytes in [0, 5, 100, 5_000, whole.len() - 1] {
        fs::write(&file, &whole[..bytes]).unwrap();
        for mut command in operator(&data).into_iter().chain([reader(&data)]) {
            let output = command.stdin(Stdio::null()).output().unwrap();
            let said = text(&output);
            assert_eq!(output.status.code(), Some(1), "{bytes} bytes: {said}");
            assert!(
                said.contains("truncated") || said.contains("damaged"),
                "{bytes} bytes: {said}"
            );
            assert!(
                said.contains(file.to_str().unwrap()),
                "{bytes} bytes: {said}"
            );
            assert!(said.contains("backup"), "{bytes} bytes: {said}");
        }
        assert_eq!(fs::read(&file).unwrap(), whole[..bytes], "{bytes} bytes");
    }
    fs::write(&file, &whole).unwrap();
    assert!(users(&workspace).starts_with("alice "));
}

#[test]
fn file_that_is_no_database_stops_the_server_and_a_client() {
    let workspace = Workspace::new(&[]);
    let data = workspace.path("data");
    fs::DirBuilder::new().mode(0o700).create(&data).unwrap();
    let file = data.join("udpchat.redb");
    let put = |file: &Path| {
        fs::write(file, "a letter to a friend. ".repeat(500)).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    };
    put(&file);
    for mut command in operator(&data).into_iter().chain([reader(&data)]) {
        let words = ["is not a udpchat database", "move it away"];
        fails(&mut command, 1, &words);
    }
    fs::remove_file(&file).unwrap();

    workspace.add("alice");
    let server = workspace.serve();
    let address = server.address.to_string();
    let mut alice = client(&workspace, &address, "alice", "swordfish in tea");
    alice.closes_input();
    assert_eq!(alice.ends(), Some(0));
    let devices = databases_under(&workspace.path("state"));
    let [device] = &devices[..] else {
        panic!("{devices:?}");
    };
    put(device);
    let mut alice = client(&workspace, &address, "alice", "swordfish in tea");
    assert_eq!(alice.ends(), Some(1));
    assert!(
        alice.errors().contains("is not a udpchat database"),
        "{}",
        alice.errors()
    );
    assert!(fs::read_to_string(device).unwrap().starts_with("a letter"));
}

#[test]
fn text_that_is_empty_or_too_long_is_refused_and_the_longest_arrives_whole() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let bob = client(&workspace, &address, "bob", "swordfish in tea");
    bob.sees(1, "nobody else is online");
    let mut alice = client(&workspace, &address, "alice", "swordfish in tea");
    let longest = "é".repeat(8 * 1024);
    for line in ["message bob", "message bob    ", "message*", "message* \t "] {
        alice.types(line);
    }
    alice.types(&format!("message bob {longest}!"));
    alice.types(&format!("message bob {}", "z".repeat(70_000)));
    alice.types(&format!("message bob {longest}"));
    alice.types("message bob that was all");
    alice.closes_input();
    assert_eq!(alice.ends(), Some(2));
    bob.sees(1, "alice: that was all");
    let errors = alice.errors();
    assert_eq!(
        errors.matches("usage: /message USER|#ROOM TEXT").count(),
        2,
        "{errors}"
    );
    assert_eq!(
        errors.matches("usage: /message* TEXT").count(),
        2,
        "{errors}"
    );
    assert!(
        errors.contains("the text is too long: 16385 bytes"),
        "{errors}"
    );
    assert!(
        errors.contains("a line has at most 65536 bytes"),
        "{errors}"
    );
    let said: Vec<String> = bob.lines();
    let said: Vec<&String> = said
        .iter()
        .filter(|line| line.contains("alice: "))
        .collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].ends_with(&format!("alice: {longest}")));
}

#[test]
fn standard_input_that_ends_at_once_or_inside_a_line_ends_the_client_in_order() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let bob = client(&workspace, &address, "bob", "swordfish in tea");
    bob.sees(1, "nobody else is online");
    let mut nothing = client(&workspace, &address, "alice", "swordfish in tea");
    nothing.closes_input();
    assert_eq!(nothing.ends(), Some(0), "{}", nothing.errors());
    let mut half = client(&workspace, &address, "alice", "swordfish in tea");
    half.types_without_enter("message bob no end of line");
    half.closes_input();
    assert_eq!(half.ends(), Some(0), "{}", half.errors());
    bob.sees(1, "alice: no end of line");
}
