//! The real program under test: a server as a process, people at pseudo-terminals, scripts at pipes.

#![allow(dead_code, reason = "each test binary uses its part of this")]
#![allow(clippy::disallowed_methods, reason = "processes live in real time")]

pub mod relay;
mod workspace;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};
use tempfile::TempDir;

pub use workspace::Workspace;

/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The password of every account.
pub const PASSWORD: &str = "swordfish";

/// Where a process runs: here, or in a network namespace.
#[derive(Debug, Clone, Default)]
pub struct Host {
    pub namespace: Option<String>,
}

impl Host {
    /// A command that runs there, with nothing of the environment that could change what it does.
    pub fn command(&self, program: &str) -> Command {
        let mut command = match &self.namespace {
            None => Command::new(program),
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace, program]);
                command
            }
        };
        for (name, _) in std::env::vars() {
            if name.starts_with("UDPCHAT_") {
                command.env_remove(name);
            }
        }
        command.env("TERM", "xterm").env_remove("NO_COLOR");
        command
    }

    pub fn udpchat(&self) -> Command {
        self.command(env!("CARGO_BIN_EXE_udpchat"))
    }
}

/// A running server and its data directory.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub first_lines: [String; 2],
    data: PathBuf,
    host: Host,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub fn start(host: &Host, data: &Path, listen: &[&str], more: &[&str]) -> Self {
        let mut command = host.udpchat();
        command.arg("serve").arg("--data").arg(data);
        for address in listen {
            command.args(["--listen", address]);
        }
        let mut child = command
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut line = || {
            lines
                .next()
                .expect("the server says where it listens")
                .unwrap()
        };
        let first_lines = [line(), line()];
        let address = first_lines[0]
            .split_whitespace()
            .find_map(|word| word.parse().ok())
            .expect("an address is named");
        thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            address,
            first_lines,
            data: data.to_owned(),
            host: host.clone(),
        }
    }

    /// Starts it again, on the same port and data, after it was killed.
    pub fn restart(&mut self) {
        let address = self.address.to_string();
        *self = Self::start(&self.host.clone(), &self.data.clone(), &[&address], &[]);
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Sends a signal by its name and waits for the end.
    pub fn signal(&mut self, name: &str) -> ExitStatus {
        self.is_sent(name);
        wait(&mut self.child)
    }

    /// Stands still, and answers nothing.
    pub fn pauses(&self) {
        self.is_sent("STOP");
    }

    pub fn goes_on(&self) {
        self.is_sent("CONT");
    }

    fn is_sent(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.expect("kill runs").success());
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The memory that it has taken, in KiB.
    pub fn resident_kib(&self) -> i64 {
        let path = format!("/proc/{}/status", self.pid());
        let status = std::fs::read_to_string(path).expect("it runs");
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number
            .and_then(|it| it.parse().ok())
            .expect("Linux says it")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a process, but not for ever.
pub fn wait(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("it is ours") {
            return status;
        }
        assert!(start.elapsed() < PATIENCE, "the process does not end");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A person at a terminal.
pub struct Person {
    pub name: String,
    pty: PtySession,
    /// Kept as long as the client may use it.
    state: Option<TempDir>,
}

impl Person {
    /// Somebody who starts the client, with a state directory of their own.
    pub fn connect(host: &Host, name: &str, server: &str, more: &[&str]) -> Self {
        let state = TempDir::new().expect("a directory");
        let mut command = host.udpchat();
        command
            .arg("connect")
            .arg(server)
            .arg("--state")
            .arg(state.path().join("state"))
            .args(more);
        Self {
            state: Some(state),
            ..Self::runs(command, name)
        }
    }

    /// Somebody who runs this command.
    pub fn runs(command: Command, name: &str) -> Self {
        let timeout = u64::try_from(PATIENCE.as_millis()).ok();
        let options = Options::new()
            .timeout_ms(timeout)
            .strip_ansi_escape_codes(false);
        let pty = spawn_with_options(command, options).expect("a pseudo-terminal");
        Self {
            name: name.to_owned(),
            pty,
            state: None,
        }
    }

    /// Waits until the screen has shown this text.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> String {
        match self.pty.exp_string(&as_read(text)) {
            Ok(before) => before,
            Err(error) => panic!("{} did not see {text:?}: {error}", self.name),
        }
    }

    /// Waits until the screen has shown something like this.
    #[track_caller]
    pub fn sees_like(&mut self, pattern: &str) -> String {
        match self.pty.exp_regex(&as_read(pattern)) {
            Ok((_, found)) => found,
            Err(error) => panic!("{} did not see /{pattern}/: {error}", self.name),
        }
    }

    pub fn types(&mut self, line: &str) {
        self.pty.send_line(line).expect("the terminal takes it");
    }

    pub fn presses(&mut self, control: char) {
        self.pty
            .send_control(control)
            .expect("the terminal takes it");
    }

    pub fn types_without_enter(&mut self, text: &str) {
        self.pty.send(text).expect("the terminal takes it");
        self.pty.flush().expect("the terminal takes it");
    }

    /// Waits for the end and gives the exit code.
    pub fn ends(mut self) -> i32 {
        self.pty
            .exp_eof()
            .unwrap_or_else(|error| panic!("{} does not end: {error}", self.name));
        // The crate gives the status in a type that it does not name.
        let status = format!("{:?}", self.pty.process().wait());
        let code = status
            .rsplit(", ")
            .next()
            .and_then(|tail| tail.trim_end_matches(')').parse().ok());
        code.filter(|_| status.contains("Exited"))
            .unwrap_or_else(|| panic!("{} ended otherwise: {status}", self.name))
    }

    /// Trusts the server's key and signs up.
    pub fn signs_up(&mut self) {
        self.sees("(not seen before). Trust it? [y/N]");
        self.types("y");
        self.sees("Greetings from the Chat Room!");
        self.types("login");
        self.sees("username: ");
        self.types(&self.name.clone());
        self.sees(&format!(
            "No account \"{}\" here. Sign up? [Y/n]",
            self.name
        ));
        self.types("y");
        self.sees_like("(?i)password");
        self.types("correct horse");
        self.sees_like("(?i)again|repeat|once more|confirm");
        self.types("correct horse");
        self.sees(&format!("{}> ", self.name));
    }
}

/// The crate takes each byte of the screen for a character; so must what is looked for.
fn as_read(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

/// A client at pipes.
pub struct Script {
    pub child: Child,
    input: Option<ChildStdin>,
    output: Arc<Mutex<Vec<String>>>,
    errors: Arc<Mutex<String>>,
}

impl Script {
    pub fn connect(host: &Host, name: &str, server: &str, state: &Path, more: &[&str]) -> Self {
        let mut command = host.udpchat();
        command
            .args(["connect", server, "--accept-new", "--user", name])
            .arg("--state")
            .arg(state);
        Self::spawn(command.args(more))
    }

    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let output = Arc::new(Mutex::new(Vec::new()));
        let errors = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let sink = output.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                sink.lock().unwrap().push(line);
            }
        });
        let mut pipe = child.stderr.take().expect("it is piped");
        let sink = errors.clone();
        thread::spawn(move || {
            let mut chunk = [0; 1024];
            while let Ok(length @ 1..) = pipe.read(&mut chunk) {
                sink.lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&chunk[..length]));
            }
        });
        let input = child.stdin.take();
        Self {
            child,
            input,
            output,
            errors,
        }
    }

    pub fn types(&mut self, line: &str) {
        let input = self.input.as_mut().expect("it is open");
        writeln!(input, "{line}")
            .and_then(|()| input.flush())
            .expect("the client reads");
    }

    pub fn types_without_enter(&mut self, text: &str) {
        let input = self.input.as_mut().expect("it is open");
        write!(input, "{text}")
            .and_then(|()| input.flush())
            .expect("the client reads");
    }

    /// There is no more input.
    pub fn closes_input(&mut self) {
        self.input = None;
    }

    pub fn lines(&self) -> Vec<String> {
        self.output.lock().unwrap().clone()
    }

    pub fn errors(&self) -> String {
        self.errors.lock().unwrap().clone()
    }

    /// Waits until so many lines hold this text.
    #[track_caller]
    pub fn sees(&self, count: usize, text: &str) {
        self.sees_within(PATIENCE, count, text);
    }

    #[track_caller]
    pub fn sees_within(&self, patience: Duration, count: usize, text: &str) {
        let start = Instant::now();
        while self
            .lines()
            .iter()
            .filter(|line| line.contains(text))
            .count()
            < count
        {
            assert!(
                start.elapsed() < patience,
                "{text:?} was not seen {count} times; output:\n{}\nerrors:\n{}",
                self.lines().join("\n"),
                self.errors()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All that a process has printed.
pub fn printed(output: &Output) -> String {
    let text = [&*output.stdout, &*output.stderr].concat();
    String::from_utf8(text).expect("what is printed is text")
}

/// The databases anywhere below a client's state directory.
pub fn databases_under(state: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![state.to_owned()];
    while let Some(directory) = directories.pop() {
        for item in std::fs::read_dir(directory).into_iter().flatten() {
            let path = item.expect("a directory can be read").path();
            if path.is_dir() {
                directories.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "redb")
            {
                found.push(path);
            }
        }
    }
    found
}

/// The session that the issue and the README show, between a server and people who may be on other hosts.
pub fn transcript(workspace: &Workspace, people: &Host, address: &str) {
    workspace.add("alice");
    let mut bob = Person::connect(people, "bob", address, &[]);
    bob.signs_up();
    let mut carol = Person::connect(people, "carol", address, &[]);
    carol.signs_up();
    bob.sees("carol is online");
    let mut erin = Person::connect(people, "erin", address, &[]);
    erin.signs_up();
    bob.sees("erin is online");
    erin.types("message bob tea at four?");
    bob.sees_like(r"\d\d:\d\d .*erin.*: tea at four\?");
    // In green.
    erin.sees_like("\u{1b}\\[[0-9;]*32m.*✓ Message received by bob \\([0-9.]+ m?s\\)");
    erin.types("message* lifeboat drill at three");
    // alice has an account, and has never been here.
    erin.sees("✓ Message received by bob, carol (2 of 3)");
    bob.sees("lifeboat drill at three");
    carol.sees("lifeboat drill at three");
    erin.types("join #bridge");
    erin.sees("in #bridge: what you type is said here");
    bob.types("join #bridge");
    erin.sees("bob joined #bridge");
    erin.types("who has the dog watch?");
    bob.sees_like(r"\d\d:\d\d .*erin.*: who has the dog watch\?");
    erin.sees("✓ Message received by bob (1 of 1)");
    bob.types("I have");
    erin.sees_like(r"\d\d:\d\d .*bob.*: I have");
    erin.types("/invite carol");
    erin.sees("you invited carol to #bridge");
    carol.sees("erin invites you to #bridge");
    carol.types("join #bridge");
    erin.sees("carol joined #bridge");
    erin.types("/invite carol");
    erin.sees("carol belongs to #bridge, or is invited, already");
    erin.types("/back");
    let mut dave = Person::connect(people, "dave", address, &[]);
    dave.signs_up();
    erin.sees("dave is online");
    erin.types("contacts");
    for name in ["bob", "carol", "dave"] {
        erin.sees_like(&format!(r"{name}\s.*:\d+"));
    }
    erin.types("message erin hello me");
    erin.sees_like("yourself|oneself");
    erin.types("message zoe hello");
    erin.sees_like("(?i)no .*\"zoe\"");
    erin.types("mesage bob typo");
    erin.sees("message");
    erin.types("login");
    erin.sees("already logged in as erin");
    dave.types("quit");
    assert_eq!(dave.ends(), 0);
    erin.sees_like("dave (has gone|is offline|left)");
    erin.types("logout");
    bob.sees_like("erin (has gone|is offline|left)");
    erin.sees("> ");
    erin.types("quit");
    assert_eq!(erin.ends(), 0);
    bob.types("/contacts");
    bob.sees_like(r"carol\s.*:\d+");
    bob.presses('d');
    assert_eq!(bob.ends(), 0);
    carol.types_without_enter("half a line");
    carol.presses('c');
    carol.presses('c');
    carol.presses('c');
    assert_eq!(carol.ends(), 130);
}
