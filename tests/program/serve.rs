//! A running server as its operator meets it: what it prints, accounts through its control socket, and its end.

use crate::support::Host;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use tempfile::TempDir;

struct Server {
    child: Child,
    first_line: String,
    second_line: String,
}

fn udpchat(home: &Path) -> Command {
    let mut command = Host::default().udpchat();
    command.env_clear().env("HOME", home);
    command
}

impl Server {
    fn start(home: &Path, listen: &str) -> Self {
        let mut child = udpchat(home)
            .args(["serve", "--listen", listen])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = [String::new(), String::new()];
        for line in &mut lines {
            output.read_line(line).unwrap();
        }
        let [first_line, second_line] = lines;
        Self {
            child,
            first_line,
            second_line,
        }
    }

    /// The address it listens on, from what it printed.
    fn address(&self) -> String {
        let (_, address) = self
            .first_line
            .trim_end()
            .split_once("listening on ")
            .unwrap();
        address.to_owned()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(status.success());
    }

    fn stop(mut self) -> ExitStatus {
        self.signal("-TERM");
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn user(home: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    operate(home, "user", arguments)
}

fn operate(home: &Path, subcommand: &str, arguments: &[&str]) -> (String, Option<i32>) {
    let mut child = udpchat(home)
        .arg(subcommand)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A list does not read it.
    let _ = child
        .stdin
        .take()
        .unwrap()
        .write_all(b"tea at four today\n");
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.code())
}

fn add(home: &Path, name: &str) -> (String, Option<i32>) {
    user(home, &["add", name, "--password-file", "-"])
}

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn server_says_where_it_listens_and_who_it_is_and_is_the_same_after_a_restart() {
    let home = home();
    let server = Server::start(home.path(), "127.0.0.1:0");
    let version = concat!(
        "udpchat ",
        env!("CARGO_PKG_VERSION"),
        " listening on 127.0.0.1:"
    );
    assert!(
        server.first_line.starts_with(version),
        "{}",
        server.first_line
    );
    assert!(!server.address().ends_with(":0"));
    let said = server.second_line.clone();
    assert!(said.starts_with("server key SHA256:"), "{said}");
    assert!(
        said.contains("   accounts 0   registration open   data /"),
        "{said}"
    );
    assert_eq!(server.stop().code(), Some(0));
    let again = Server::start(home.path(), "127.0.0.1:0");
    assert_eq!(again.second_line, said);
}

#[test]
fn accounts_are_the_same_whether_the_server_runs_or_not() {
    let home = home();
    let home = home.path();
    // The first one makes the database, and says so.
    let (text, code) = add(home, "Alice");
    let lines = text.split_inclusive('\n');
    let first = lines.filter(|line| !line.contains("new database"));
    let first = (first.collect(), code);
    let stopped = (first, add(home, "alice"), add(home, "a b"));
    let server = Server::start(home, "127.0.0.1:0");
    assert!(
        server.second_line.contains("accounts 1"),
        "{}",
        server.second_line
    );
    let list = user(home, &["list"]);
    // Another name, and otherwise the same words.
    let same = |(text, code): (String, Option<i32>)| {
        (text.replace("Bob", "Alice").replace("bob", "alice"), code)
    };
    let running = (
        same(add(home, "Bob")),
        same(add(home, "bob")),
        add(home, "a b"),
    );
    assert_eq!(running, stopped);
    assert_eq!(stopped.0, ("added alice\n".into(), Some(0)));
    let both = user(home, &["list"]);
    assert!(
        both.0.starts_with(&list.0[..5]) && both.0.lines().count() == 2,
        "{both:?}"
    );
    server.stop();
    assert_eq!(user(home, &["list"]), both);
}

#[test]
fn rooms_are_made_alike_whether_the_server_runs_or_not() {
    // With `--rooms closed` nobody could make one at all.
    let home = home();
    let home = home.path();
    add(home, "alice");
    let make = |name: &str, owner: &str| {
        let (text, code) = operate(home, "room", &["add", name, "--owner", owner]);
        (text.replace("deck", "bridge"), code)
    };
    let all = |name: &str| {
        [
            make(name, "Alice"),
            make(&format!("#{name}"), "alice"),
            make("a b", "alice"),
            make("mess", "nobody"),
        ]
    };
    let stopped = all("bridge");
    let server = Server::start(home, "127.0.0.1:0");
    assert_eq!(all("deck"), stopped);
    server.stop();
    let [bridge, again, bad, nobodys] = stopped;
    assert_eq!(bridge, ("added #bridge\n".into(), Some(0)));
    let taken = "udpchat: cannot add \"#bridge\": there is a room of this name\n";
    assert_eq!(again, (taken.into(), Some(1)));
    assert!(bad.0.contains("the rules for user names"), "{bad:?}");
    assert!(
        nobodys.0.contains("there is no account \"nobody\""),
        "{nobodys:?}"
    );
}

#[test]
fn accounts_can_be_listed_after_the_server_was_killed() {
    let home = home();
    let mut server = Server::start(home.path(), "127.0.0.1:0");
    add(home.path(), "alice");
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let (text, code) = user(home.path(), &["list"]);
    assert!(text.starts_with("alice  "), "{text}");
    assert_eq!(code, Some(0));
    assert_eq!(
        Server::start(home.path(), "127.0.0.1:0").stop().code(),
        Some(0)
    );
}

#[test]
fn port_in_use_is_said() {
    let (one, other) = (home(), home());
    let server = Server::start(one.path(), "127.0.0.1:0");
    let address = server.address();
    let output = udpchat(other.path())
        .args(["serve", "--listen", &address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains(&format!("cannot listen on {address}: the port is in use")),
        "{text}"
    );
}

#[test]
fn second_server_of_a_directory_is_refused() {
    let home = home();
    let _server = Server::start(home.path(), "127.0.0.1:0");
    let mut second = Server::start(home.path(), "127.0.0.1:0");
    assert_eq!(second.first_line, "");
    let mut text = String::new();
    second
        .child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.contains("in use by another process"), "{text}");
    assert_eq!(second.child.wait().unwrap().code(), Some(1));
}

#[test]
fn interrupt_ends_the_server_in_order() {
    let home = home();
    let mut server = Server::start(home.path(), "127.0.0.1:0");
    server.signal("-INT");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    assert!(
        !home
            .path()
            .join(".local/share/udpchat/control.sock")
            .exists()
    );
}
