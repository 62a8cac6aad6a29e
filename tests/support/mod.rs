//! The real program under test: a server as a process, people at pseudo-terminals, clients at pipes.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary uses its part of this"
)]
#![allow(clippy::disallowed_methods, reason = "processes live in real time")]

#[path = "../kit/older.rs"]
pub mod older;
mod person;
pub mod relay;
mod script;
#[path = "../kit/told.rs"]
pub mod told;
mod workspace;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

pub use person::Person;
pub use script::Script;
pub use workspace::Workspace;

/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The password of every account.
pub const PASSWORD: &str = "swordfish in tea";

/// Signals that this process was started to ignore, as in the background of a shell, are not ignored by its children: a
/// signal with a handler is an ordinary one again in a new program.
fn let_signals_end_children() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            if ignored.unwrap_or(0) & (1 << (signal - 1)) != 0 {
                signal_hook::flag::register(signal, Arc::default()).expect("it can be handled");
            }
        }
    });
}

/// Where a process runs: here, or in a network namespace.
#[derive(Debug, Clone, Default)]
pub struct Host {
    pub namespace: Option<String>,
}

impl Host {
    /// A command that runs there, with nothing of the environment that could change what it does.
    pub fn command(&self, program: &str) -> Command {
        let_signals_end_children();
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
        for name in [
            "CLICOLOR",
            "CLICOLOR_FORCE",
            "COLORTERM",
            "LC_ALL",
            "LC_CTYPE",
        ] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm").env("LANG", "C.UTF-8");
        // Colours stand between the words that are looked for; what is about colours wants them.
        command.env("NO_COLOR", "1");
        command.env("XDG_CONFIG_HOME", "/nonexistent");
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
        Self::start_as(host, data, listen, more, |_| {})
    }

    /// The same with a command that is made ready in another way.
    pub fn start_as(
        host: &Host,
        data: &Path,
        listen: &[&str],
        more: &[&str],
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let mut command = host.udpchat();
        prepare(&mut command);
        command.arg("serve").arg("--data").arg(data);
        for address in listen {
            command.args(["--listen", address]);
        }
        let mut child = command
            .args(more)
            .args(cluster_of_one(data))
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

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
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

    /// Is sent a signal by its name, which does not end it.
    pub fn is_sent(&self, signal: &str) {
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

/// Whether that is so. Then a server that was killed has on its disk what it had at its last checkpoint, and the log has the rest.
pub fn is_cluster_of_one() -> bool {
    std::env::var_os("UDPCHAT_TESTS_CLUSTER").is_some()
}

/// What makes a server the only one of a cluster of its own, if the tests are to be run so: `UDPCHAT_TESTS_CLUSTER` says where
/// there is a NATS server for that, which must be able to make streams.
fn cluster_of_one(data: &Path) -> Vec<String> {
    let Ok(url) = std::env::var("UDPCHAT_TESTS_CLUSTER") else {
        return Vec::new();
    };
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    let name = format!("test-{:x}", hasher.finish());
    let options = [
        "--cluster",
        &url,
        "--cluster-name",
        &name,
        "--cluster-replicas",
        "1",
        "--node",
        "one",
    ];
    options.map(str::to_owned).to_vec()
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
