//! The bots in `examples`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Host, PATIENCE, Script, Server, Workspace, printed, wait};

/// Runs one of the examples of bots, with these settings.
fn example(
    workspace: &Workspace,
    server: &Server,
    name: &str,
    variables: &[(&str, &str)],
) -> Command {
    let program = Host::default().udpchat().get_program().to_owned();
    let mut command = Command::new(format!("{}/examples/{name}", env!("CARGO_MANIFEST_DIR")));
    command
        .arg(server.address.to_string())
        .args(["--user", "helper", "--accept-new", "--password-file"])
        .arg(workspace.password_file("helper"))
        .env("UDPCHAT_STATE", workspace.path("state-of-helper"))
        .env("UDPCHAT", program)
        .envs(variables.iter().copied());
    command
}

/// Whether the tests can do without this program here; said where it is.
fn is_missing(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let is_missing = !found.is_ok_and(|status| status.success());
    if is_missing {
        eprintln!("NOT RUN: {program} is not installed");
    }
    is_missing
}

/// Whether a bot with this state directory knows where it begins.
fn has_begun(state: &Path) -> bool {
    let below = |path: &Path| {
        fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
    };
    below(state)
        .flat_map(|server| below(&server).collect::<Vec<_>>())
        .any(|account| account.join("bot_positions").exists())
}

#[test]
fn bot_in_python_answers_what_is_for_it_once_however_often_it_is_killed() {
    if is_missing("python3") {
        return;
    }
    let workspace = Workspace::new(&["helper", "bob"]);
    let server = workspace.serve();
    let mut bob = workspace.sign_in(server.address, "bob");
    bob.types("join #tea");
    bob.sees(1, "#tea");
    bob.types("message helper before it ever ran");
    let mut first = Script::spawn(&mut example(&workspace, &server, "echo.py", &[]));
    bob.types("message helper first");
    let begun = Instant::now();
    while !has_begun(&workspace.path("state-of-helper")) {
        assert!(begun.elapsed() < PATIENCE, "{}", first.errors());
        std::thread::sleep(Duration::from_millis(20));
    }
    first.kill();
    for number in 1..=5 {
        bob.types(&format!("message helper number {number}"));
        let mut helper = Script::spawn(&mut example(&workspace, &server, "echo.py", &[]));
        bob.sees(1, &format!("(you): number {number}"));
        helper.kill();
    }
    let mut helper = Script::spawn(&mut example(&workspace, &server, "echo.py", &[]));
    bob.types("message helper last");
    bob.sees(1, "(you): last");
    let lines = bob.lines();
    for number in 1..=5 {
        let text = format!("(you): number {number}");
        let count = lines.iter().filter(|line| line.contains(&text)).count();
        assert_eq!(count, 1, "{lines:#?}");
    }
    assert!(
        // What is told of it in the end may name it as well.
        !lines
            .iter()
            .any(|line| line.contains("of (you): before it ever ran")),
        "{lines:#?}"
    );
    assert_eq!(helper.errors(), "");
    helper.kill();
}

#[test]
fn bot_in_shell_throws_dice_in_its_room() {
    if is_missing("jq") {
        return;
    }
    let workspace = Workspace::new(&["helper", "bob"]);
    let server = workspace.serve();
    let mut bob = workspace.sign_in(server.address, "bob");
    bob.types("join #games");
    bob.sees(1, "#games");
    let mut helper = Script::spawn(&mut example(
        &workspace,
        &server,
        "dice.sh",
        &[("ROOM", "#games")],
    ));
    bob.sees(1, "helper joined #games");
    bob.types("message #games hello");
    bob.types("message #games !roll");
    bob.sees(1, "1d6: ");
    bob.types("message helper !roll 3d1");
    bob.sees(1, "3d1: 1 1 1 = 3");
    bob.types("message #games !roll 0d6");
    bob.types("message #games !roll 2d1");
    bob.sees(1, "2d1: 1 1 = 2");
    let thrown = bob
        .lines()
        .into_iter()
        .find(|line| line.contains("1d6: "))
        .unwrap();
    let eyes: u32 = thrown.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((1..=6).contains(&eyes), "{thrown}");
    assert!(!bob.lines().iter().any(|line| line.contains("0d6: ")));
    assert_eq!(helper.errors(), "");
    helper.kill();
}

/// A signal changed nothing, and a wrong password was a success.
#[test]
fn bot_in_shell_ends_with_a_signal_and_with_what_its_bot_ends_with() {
    if is_missing("jq") {
        return;
    }
    let workspace = Workspace::new(&["helper", "bob"]);
    let server = workspace.serve();
    let mut bob = workspace.sign_in(server.address, "bob");
    bob.types("join #games");
    bob.sees(1, "#games");
    let dice = || {
        let mut command = example(&workspace, &server, "dice.sh", &[("ROOM", "#games")]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    };
    let mut helper = dice().spawn().unwrap();
    bob.sees(1, "helper joined #games");
    let pid = nix::unistd::Pid::from_raw(helper.id().try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert_eq!(wait(&mut helper).code(), Some(143));

    fs::write(workspace.password_file("helper"), "another\n").unwrap();
    let mut refused = dice();
    refused.arg("--state").arg(workspace.path("new-state"));
    let output = refused.output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", printed(&output));
}
