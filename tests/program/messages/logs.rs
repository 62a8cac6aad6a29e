//! Files of what was said: logs that are added to, and exports.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Host, Person, Script, Workspace};

const ACCOUNTS: &[&str] = &["alice", "bob"];

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A file's lines, without their dates and times.
fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let without_time = |line: &str| {
        let line = &line["2026-03-17 14:02:00 ".len()..];
        match line.split_once(" the message of ") {
            Some((before, which)) => format!("{before}{}", &which["14:02:00".len()..]),
            None => line.to_owned(),
        }
    };
    text.lines().map(without_time).collect()
}

#[test]
fn log_is_kept_of_each_conversation_and_goes_on_after_a_kill() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let address = server.address.to_string();
    let mut bob = workspace.sign_in(server.address, "bob");
    let logs = workspace.file("logs");
    let connect = || {
        let more = ["--log-chat", &logs];
        workspace.connect_with(&Host::default(), &address, ("alice", "alice"), &more)
    };
    let mut alice = connect();
    alice.sees(1, "Greetings from the Chat Room!");
    bob.types("/join #bridge");
    bob.sees(1, "#bridge");
    alice.types("/join #bridge");
    bob.sees(1, "alice joined #bridge");
    bob.types("/enter #bridge");
    bob.types("who has the dog watch?");
    alice.sees(1, "who has the dog watch?");
    alice.types("/message bob I have");
    bob.sees(1, "I have");
    bob.types("/message alice tea?");
    alice.sees(1, "tea?");
    bob.types("/enter alice");
    bob.types("/edit tea at four?");
    alice.sees(1, "edited");
    let directory = Path::new(&logs).join(&address).join("alice");
    let pair = directory.join("bob.log");
    let said = ["alice: I have", "bob: tea?", "-- bob edited: tea at four?"];
    assert_eq!(lines(&pair), said);
    let room = directory.join("#bridge.log");
    assert_eq!(
        lines(&room),
        ["-- you joined #bridge", "bob: who has the dog watch?"]
    );
    assert_eq!([mode(&directory), mode(&pair)], [0o700, 0o600]);
    alice.kill();
    alice.ends();
    // A directory takes the place of the file.
    let kept = directory.join("kept");
    fs::rename(&pair, &kept).unwrap();
    fs::create_dir(&pair).unwrap();
    bob.types("/message alice are you there?");
    bob.sees(1, "● stored; ");
    let mut alice = connect();
    alice.sees(1, "cannot write the chat log of bob: ");
    bob.types("/message alice hello?");
    alice.sees(1, "hello?");
    alice.closes_input();
    assert_eq!(alice.ends(), Some(1));
    let errors = alice.errors();
    assert_eq!(errors.matches("chat log").count(), 1, "{errors}");
    fs::remove_dir(&pair).unwrap();
    fs::rename(&kept, &pair).unwrap();
    let mut alice = connect();
    alice.sees(1, "Greetings from the Chat Room!");
    alice.closes_input();
    assert_eq!(alice.ends(), Some(0));
    let found = lines(&pair);
    assert_eq!(found[..3], said);
    // What a kill has kept from being recorded stands there twice.
    assert_eq!(
        found[found.len() - 2..],
        ["bob: are you there?", "bob: hello?"]
    );
    let mut new: Vec<_> = found.iter().collect();
    new.sort();
    new.dedup();
    assert_eq!(new.len(), 5, "{found:?}");
}

#[test]
fn log_is_set_in_a_file_of_settings_and_refused_where_it_must_not_be() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let address = server.address.to_string();
    let settings = workspace.file("config.toml");
    fs::write(&settings, "log-chat = \"~/logs\"\n").unwrap();
    let password = workspace.password_file("alice").display().to_string();
    let connect = |more: &[&str]| {
        let mut command = Host::default().udpchat();
        command.args(["connect", &address, "--accept-new", "--user", "alice"]);
        command.args(["--password-file", &password, "--config", &settings]);
        command.arg("--state").arg(workspace.path("state"));
        command.env("HOME", workspace.path("")).args(more);
        Script::spawn(&mut command)
    };
    let mut alice = connect(&[]);
    alice.types("/message bob tea?");
    alice.closes_input();
    assert_eq!(alice.ends(), Some(0));
    let log = workspace.path("logs").join(&address).join("alice/bob.log");
    assert_eq!(lines(&log), ["alice: tea?"]);
    let mut alice = connect(&["--restricted"]);
    assert_eq!(alice.ends(), Some(2));
    let errors = alice.errors();
    assert!(
        errors.contains("a restricted client keeps no logs"),
        "{errors}"
    );
    let logs = workspace.path("logs");
    fs::set_permissions(&logs, fs::Permissions::from_mode(0o755)).unwrap();
    let mut alice = connect(&[]);
    assert_eq!(alice.ends(), Some(1));
    let errors = alice.errors();
    assert!(errors.contains("chmod 700"), "{errors}");
}

#[test]
fn export_is_its_owners_alone_and_overwrites_nothing() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let address = server.address.to_string();
    let mut bob = workspace.sign_in(server.address, "bob");
    let alice = |more: &[&str]| {
        let mut command = Host::default().udpchat();
        command.args(["connect", &address, "--accept-new", "--user", "alice"]);
        command
            .arg("--state")
            .arg(workspace.path("state"))
            .args(more);
        command.env("HOME", workspace.path("")).env("TERM", "xterm");
        let mut alice = Person::runs(command, "alice");
        alice.signs_in("alice");
        alice
    };
    let mut person = alice(&[]);
    bob.types("/message alice tea?");
    person.sees("bob: tea?");
    person.types("/export bob ~/bob.txt");
    person.sees("1 entries of bob are in ~/bob.txt");
    let file = workspace.path("bob.txt");
    assert_eq!(lines(&file), ["bob: tea?"]);
    assert_eq!(mode(&file), 0o600);
    bob.types("/message alice at four?");
    person.sees("bob: at four?");
    person.types("/enter bob");
    person.types("/export ~/bob.txt");
    person.sees("~/bob.txt is there already; name another file");
    assert_eq!(lines(&file), ["bob: tea?"]);
    person.types("/quit");
    assert_eq!(person.ends(), 0);
    fs::remove_dir_all(workspace.path("state")).unwrap();
    let mut person = alice(&["--restricted"]);
    person.types("/export bob ~/other.txt");
    person.sees("`/export` is not available here");
    assert!(!workspace.path("other.txt").exists());
}
