//! Exit codes of wrong arguments, as udpchat(1) has them.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::process::Stdio;

use crate::support::{Host, Workspace, printed};

/// Names that no user and no room can have.
fn no_names() -> Vec<String> {
    let bad = [
        "",
        "a b",
        "a\u{1}b",
        "\u{1b}[31mred",
        "../x",
        "x\n",
        "\u{200b}",
        "@bob",
    ];
    let long = "x".repeat(3000);
    bad.into_iter().map(str::to_owned).chain([long]).collect()
}

/// Runs it, and checks that it ends with this code, with an error that is short and commands no terminal.
#[track_caller]
fn ends_with(code: i32, arguments: &[&OsStr]) -> String {
    let mut command = Host::default().udpchat();
    // What is not refused ends soon, too.
    command.args(arguments).env("UDPCHAT_TIMEOUT", "1");
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    let is_clean = |sign: char| sign == '\n' || !sign.is_control();
    assert!(text.chars().all(is_clean), "{arguments:?}: {text:?}");
    assert!(text.len() < 2300, "{arguments:?}: {text}");
    text
}

/// The words, with this data directory behind them.
#[track_caller]
fn in_data(workspace: &Workspace, code: i32, words: &[&str]) -> String {
    let data = workspace.data();
    let words = words.iter().map(OsStr::new);
    let all: Vec<&OsStr> = words.chain(["--data".as_ref(), data.as_ref()]).collect();
    ends_with(code, &all)
}

#[test]
fn name_that_nobody_can_have_is_a_usage_error_and_one_that_nobody_has_is_another() {
    let workspace = Workspace::new(&["alice"]);
    let password = workspace.password_file("alice").display().to_string();
    // Of a stopped server, then of one that runs.
    let mut server = None;
    for _ in 0..2 {
        for name in &no_names() {
            in_data(
                &workspace,
                2,
                &["user", "add", name, "--password-file", &password],
            );
            in_data(&workspace, 2, &["room", "add", name, "--owner", "alice"]);
            in_data(&workspace, 2, &["room", "add", "bridge", "--owner", name]);
            in_data(&workspace, 2, &["store", "retain", name]);
            in_data(&workspace, 2, &["store", "retain", name, "--days", "1"]);
            in_data(&workspace, 2, &["store", "retain", name, "--default"]);
        }
        for reserved in ["admin", "nobody"] {
            in_data(
                &workspace,
                2,
                &["user", "add", reserved, "--password-file", &password],
            );
            in_data(
                &workspace,
                2,
                &["room", "add", reserved, "--owner", "alice"],
            );
        }
        let said = in_data(
            &workspace,
            5,
            &["room", "add", "bridge", "--owner", "zelda"],
        );
        assert!(said.contains("there is no account \"zelda\""), "{said}");
        for words in [
            &["#nowhere"][..],
            &["nowhere", "--days", "1"],
            &["nowhere", "--default"],
        ] {
            in_data(&workspace, 5, &[&["store", "retain"], words].concat());
        }
        // What exists already is no mistake of the command line.
        in_data(
            &workspace,
            1,
            &["user", "add", "alice", "--password-file", &password],
        );
        server.get_or_insert_with(|| workspace.serve());
    }
}

#[test]
fn user_of_connect_is_checked_before_anybody_is_asked_wherever_it_is_set() {
    let workspace = Workspace::new(&[]);
    let (state, config) = (workspace.file("state"), workspace.file("config.toml"));
    for name in no_names() {
        let user = format!("--user={name}");
        let words = ["connect", "127.0.0.1:9", "--state", &state, &user];
        ends_with(2, &words.map(OsStr::new));
        let text = format!("user = {:?}\n", name.replace(char::is_control, " "));
        fs::write(&config, text).unwrap();
        let words = ["config", "check", "--config", &config];
        ends_with(2, &words.map(OsStr::new));
        let mut command = Host::default().udpchat();
        command.args(["connect", "127.0.0.1:9", "--state", &state]);
        // An empty variable is none.
        if !name.is_empty() {
            let output = command.env("UDPCHAT_USER", name).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
        }
    }
    assert!(!fs::exists(&state).unwrap(), "nothing is made");
}

#[test]
fn directory_that_is_a_file_or_cannot_be_one_is_a_usage_error_everywhere() {
    let workspace = Workspace::new(&[]);
    let file = workspace.file("file");
    fs::write(&file, "keep me").unwrap();
    let password = workspace.password_file("alice").display().to_string();
    let commands: &[&[&str]] = &[
        &["serve", "--measured", "--listen", "127.0.0.1:0"],
        &["user", "add", "alice", "--password-file", &password],
        &["user", "list"],
        &["room", "add", "bridge", "--owner", "alice"],
        &["status"],
        &["store", "check"],
        &["store", "backup", "copy"],
        &["store", "rescue", "copy"],
        &["store", "restore", "copy"],
        &["store", "retain"],
        &["store", "retain", "everyone", "--days", "1"],
        &["config", "init", "server"],
    ];
    for directory in [file.clone(), format!("{file}/below"), "x".repeat(3000)] {
        for words in commands {
            // It reads the backup first.
            ends_with(
                2,
                &[words, &["--data", &directory][..]]
                    .concat()
                    .iter()
                    .map(OsStr::new)
                    .collect::<Vec<_>>(),
            );
        }
        let words = ["connect", "127.0.0.1:9", "--state", &directory];
        ends_with(2, &words.map(OsStr::new));
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "keep me");
}

#[test]
fn backup_goes_to_a_path_of_any_bytes_also_from_a_running_server() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve();
    let data = workspace.data();
    let path = |name: &[u8]| workspace.path("").join(OsString::from_vec(name.to_vec()));
    for name in [&b"caf\xe9"[..], b"a\x01b", b"two\nlines"] {
        let path = path(name);
        let words = [OsStr::new("store"), "backup".as_ref(), path.as_ref()];
        let words = [&words[..], &["--data".as_ref(), data.as_ref()]].concat();
        ends_with(0, &words);
        assert!(path.is_file(), "{path:?}");
    }
    drop(server);
    let path = path(b"caf\xe9");
    for command in ["rescue", "restore"] {
        let words = [OsStr::new("store"), command.as_ref(), path.as_ref()];
        let force: &[&OsStr] = if command == "rescue" {
            &["--force".as_ref()]
        } else {
            &["--replace".as_ref()]
        };
        let words = [&words[..], force, &["--data".as_ref(), data.as_ref()]].concat();
        ends_with(0, &words);
    }
}

#[test]
fn address_that_no_server_can_have_is_a_usage_error_wherever_it_is_written() {
    let workspace = Workspace::new(&[]);
    let file = workspace.file("settings.toml");
    for address in ["224.0.0.1:7", "[::%lo]:7", "127.0.0.1:00080"] {
        in_data(&workspace, 2, &["serve", "--measured", "--listen", address]);
        for words in [&["connect"][..], &["bench", "idle"]] {
            ends_with(
                2,
                &[words, &[address]]
                    .concat()
                    .iter()
                    .map(OsStr::new)
                    .collect::<Vec<_>>(),
            );
        }
        for (key, side, words) in [
            ("host", "client", &["connect"][..]),
            (
                "listen",
                "server",
                &["serve", "--measured", "--data", "/nonexistent"],
            ),
        ] {
            fs::write(&file, format!("{key} = {address:?}\n")).unwrap();
            let check = ["config", "check", side, "--config", &file];
            let said = ends_with(2, &check.map(OsStr::new));
            assert!(
                said.contains(&format!("settings.toml:1:{}: {key}: ", key.len() + 4)),
                "{said}"
            );
            let variable = format!("UDPCHAT_{}", key.to_uppercase());
            let mut command = Host::default().udpchat();
            let output = command
                .args(words)
                .env(&variable, address)
                .output()
                .unwrap();
            let said = printed(&output);
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(
                said.contains(&format!("the variable {variable}: ")),
                "{said}"
            );
        }
    }
}
