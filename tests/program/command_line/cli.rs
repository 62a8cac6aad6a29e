//! The executable as a user meets it: mistakes on the command line, exit codes, plugins.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use tempfile::TempDir;

/// The executable, in an environment that is the test's own.
fn udpchat(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_udpchat"));
    command
        .env_clear()
        .env("HOME", home)
        .env("PATH", home.join("bin"))
        .timeout(std::time::Duration::from_secs(30));
    command
}

fn run(home: &TempDir, arguments: &[&str]) -> Assert {
    udpchat(home.path()).args(arguments).assert()
}

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn script(home: &TempDir, name: &str, text: &str) {
    let directory = home.path().join("bin");
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn unknown_subcommand_is_a_usage_error_that_names_the_nearest() {
    let assert = run(&home(), &["serv"]).code(2);
    let stderr = stderr(&assert);
    assert!(
        stderr.contains("there is no subcommand \"serv\""),
        "{stderr}"
    );
    assert!(stderr.contains("did you mean `udpchat serve`?"), "{stderr}");
}

/// The program looked for the options of what the parser had not taken for a subcommand, and panicked.
#[test]
fn dashes_before_a_subcommand_are_a_usage_error_that_says_so() {
    for words in [
        &["--", "serve"][..],
        &["--", "connect", "x"],
        &["-v", "--", "serve"],
        &["user", "--", "add", "bob"],
        &["store", "--", "check"],
        &["--", "send", "a", "--to", "b", "hi"],
        &["--", "user", "add", "x"],
    ] {
        let assert = run(&home(), words).code(2);
        let stderr = stderr(&assert);
        assert!(
            stderr.contains("`--` stands before a subcommand"),
            "{words:?}: {stderr}"
        );
    }
    run(&home(), &["--", "xyzzy"]).code(2);
}

#[test]
fn unknown_subcommand_of_a_group_is_named_whole_with_the_nearest() {
    for (words, hint) in [
        (
            &["store", "chekc"][..],
            "did you mean `udpchat store check`?",
        ),
        (&["user", "xyzzy"], "see `udpchat help user`"),
        (&["help", "stroe"], "did you mean `udpchat help store`?"),
        (
            &["help", "store", "chekc"],
            "did you mean `udpchat help store check`?",
        ),
        (&["help", "status", "all"], "see `udpchat help status`"),
    ] {
        let stderr = stderr(&run(&home(), words).code(2));
        assert!(stderr.contains("there is no subcommand"), "{stderr}");
        assert!(stderr.contains(hint), "{words:?}: {stderr}");
    }
}

#[test]
fn help_is_given_at_every_level() {
    let assert = run(&home(), &["help", "store", "retain"]).success();
    assert!(stdout(&assert).contains("--megabytes"));
}

#[test]
fn unknown_option_is_a_usage_error_that_names_the_nearest() {
    let assert = run(&home(), &["serve", "--lisen", "x"]).code(2);
    let stderr = stderr(&assert);
    assert!(stderr.contains("--listen"), "{stderr}");
}

#[test]
fn no_subcommand_shows_the_menu_and_is_a_usage_error() {
    let assert = run(&home(), &[]).code(2);
    assert!(stderr(&assert).contains("connect"));
}

#[test]
fn version_and_help_go_to_standard_output() {
    let assert = run(&home(), &["--version"]).success();
    assert_eq!(
        stdout(&assert),
        concat!("udpchat ", env!("CARGO_PKG_VERSION"), "\n")
    );
    let assert = run(&home(), &["help", "connect"]).success();
    assert!(stdout(&assert).contains("--accept-new"));
}

#[test]
fn plugin_runs_with_its_arguments_and_its_exit_code_is_ours() {
    let home = home();
    script(
        &home,
        "udpchat-wave",
        "#!/bin/sh\nprintf '%s|' \"$@\" \"$UDPCHAT\"\nexit 9\n",
    );
    let assert = run(&home, &["wave", "--at", "bob"]).code(9);
    let stdout = stdout(&assert);
    assert!(stdout.starts_with("--at|bob|/"), "{stdout}");
    assert!(
        stdout.trim_end_matches('|').ends_with("udpchat"),
        "{stdout}"
    );
}

#[test]
fn help_lists_the_plugins_it_finds() {
    let home = home();
    script(&home, "udpchat-wave", "#!/bin/sh\n");
    let assert = run(&home, &["help"]).success();
    assert!(stdout(&assert).contains("Plugins: wave"));
}

#[test]
fn plugin_does_not_take_the_place_of_a_subcommand() {
    let home = home();
    script(&home, "udpchat-completions", "#!/bin/sh\nexit 9\n");
    run(&home, &["completions", "bash"]).success();
}

#[test]
fn address_that_does_not_parse_is_a_usage_error() {
    for bad in ["a:b", "host:0", "::1:7777x", "a b"] {
        let assert = run(&home(), &["connect", bad]).code(2);
        assert!(stderr(&assert).contains(bad), "{bad}");
    }
    run(&home(), &["serve", "--listen", "7777"]).code(2);
}

#[test]
fn fingerprint_that_is_none_is_a_usage_error() {
    let assert = run(&home(), &["connect", "--server-key", "SHA256:abc"]).code(2);
    assert!(stderr(&assert).contains("not a fingerprint"));
}

#[test]
fn password_without_terminal_and_file_is_a_usage_error_that_says_how() {
    let assert = run(&home(), &["user", "add", "alice"]).code(2);
    assert!(stderr(&assert).contains("--password-file"));
}

#[test]
fn empty_password_is_refused() {
    let home = home();
    let mut command = udpchat(home.path());
    command.args(["user", "add", "alice", "--password-file", "-"]);
    let assert = command.write_stdin("\n").assert().code(2);
    assert!(stderr(&assert).contains("cannot be empty"));
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let assert = run(&home(), &["completions", shell]).success();
        assert!(stdout(&assert).contains("udpchat"), "{shell}");
    }
    run(&home(), &["completions", "tcsh"]).code(2);
}

fn add(home: &TempDir, name: &str) -> Assert {
    udpchat(home.path())
        .args(["user", "add", name, "--password-file", "-"])
        .write_stdin("tea at four today\n")
        .assert()
}

#[test]
fn accounts_of_a_stopped_server_are_added_and_listed() {
    let home = home();
    let none = run(&home, &["user", "list"]).code(1);
    assert!(stderr(&none).contains("there is no database"));
    assert_eq!(stdout(&add(&home, "Alice").success()), "added alice\n");
    assert_eq!(stdout(&add(&home, "bo").success()), "added bo\n");
    let list = stdout(&run(&home, &["user", "list"]).success());
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 2, "{list}");
    assert!(lines[0].starts_with("alice  20"), "{list}");
    assert!(lines[1].starts_with("bo     20"), "{list}");
}

#[test]
fn name_that_is_taken_or_looks_like_another_or_is_none_fails() {
    let home = home();
    add(&home, "paypal").success();
    let taken = add(&home, "PayPal").code(1);
    assert!(stderr(&taken).contains("taken"), "{}", stderr(&taken));
    let alike = add(&home, "paypa1").code(1);
    assert!(
        stderr(&alike).contains("looks like \"paypal\""),
        "{}",
        stderr(&alike)
    );
    for (bad, why) in [
        ("", "empty"),
        ("a b", "letters"),
        ("everyone", "reserved"),
        ("p\u{430}yp\u{430}l", "one script"),
    ] {
        let assert = add(&home, bad).code(2);
        assert!(
            stderr(&assert).contains(why),
            "{bad:?}: {}",
            stderr(&assert)
        );
    }
    add(&home, &"x".repeat(33)).code(2);
}

#[test]
fn file_that_is_no_database_is_named_and_left_alone() {
    let home = home();
    let data = home.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let file = data.join("udpchat.redb");
    fs::write(&file, "x".repeat(10_000)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let assert = run(&home, &["user", "list", "--data", data.to_str().unwrap()]).code(1);
    assert!(
        stderr(&assert).contains("not a udpchat database"),
        "{}",
        stderr(&assert)
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "x".repeat(10_000));
}

#[test]
fn host_that_does_not_resolve_is_unreachable() {
    let assert = run(&home(), &["connect", "no-such-host.invalid"]).code(3);
    assert!(
        stderr(&assert).contains("cannot resolve"),
        "{}",
        stderr(&assert)
    );
}
