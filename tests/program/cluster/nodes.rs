//! The servers of a cluster under test: processes that somebody starts again when they have ended, as an operator's system does.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::engine::{Engine, free_port};
use crate::support::{Host, PATIENCE, Workspace, printed, wait};

pub const NAMES: [&str; 3] = ["one", "two", "three"];

/// A server of a cluster, whether or not it runs.
pub struct Node {
    pub name: String,
    pub host: Host,
    /// Where clients reach it.
    pub address: String,
    pub data: PathBuf,
    output: PathBuf,
    options: Vec<String>,
    child: Option<Child>,
    /// How often it has ended by itself.
    pub ends: usize,
}

impl Node {
    /// One that is started, and not waited for.
    pub fn begin(seat: (&str, Host, String), data: PathBuf, urls: &str, more: &[&str]) -> Self {
        let (name, host, address) = seat;
        let options = ["--cluster", urls, "--node", name, "--listen", &address];
        let options = options.iter().chain(more).map(|&word| word.to_owned());
        let mut node = Self {
            name: name.to_owned(),
            output: data.with_extension("output"),
            options: options.collect(),
            host,
            address,
            data,
            child: None,
            ends: 0,
        };
        node.run();
        node
    }

    /// Starts it.
    pub fn run(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        let output = File::create(&self.output).expect("a file");
        let mut command = self.host.udpchat();
        command
            .arg("serve")
            .arg("--data")
            .arg(&self.data)
            .args(&self.options);
        command
            .stdin(Stdio::null())
            .stderr(output.try_clone().expect("it is open"))
            .stdout(output);
        self.child = Some(command.spawn().expect("it starts"));
    }

    /// What its process has printed.
    pub fn output(&self) -> String {
        fs::read_to_string(&self.output).unwrap_or_default()
    }

    pub const fn runs(&self) -> bool {
        self.child.is_some()
    }

    /// Whether it runs and has said where it listens.
    pub fn is_up(&self) -> bool {
        self.child.is_some() && self.output().contains("\nserver key ")
    }

    pub fn is_up_within(&mut self, patience: Duration) {
        let start = Instant::now();
        while !self.is_up() {
            let child = self.child.as_mut().expect("it was started");
            let ended = child.try_wait().expect("it is ours");
            assert!(
                ended.is_none(),
                "{} has ended: {ended:?}\n{}",
                self.name,
                self.output()
            );
            assert!(
                start.elapsed() < patience,
                "{} does not start:\n{}",
                self.name,
                self.output()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The exit code, if it has ended by itself since it was started; -1 stands for a signal. It does not run then.
    pub fn ended(&mut self) -> Option<i32> {
        let status = self.child.as_mut()?.try_wait().expect("it is ours")?;
        self.child = None;
        self.ends += 1;
        Some(status.code().unwrap_or(-1))
    }

    /// Sends SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may be gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Ends in order.
    pub fn stops(&mut self) {
        self.is_sent("TERM");
        let mut child = self.child.take().expect("it runs");
        assert!(wait(&mut child).success(), "{}", self.output());
    }

    /// Is sent a signal by its name.
    pub fn is_sent(&self, signal: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Runs udpchat with these arguments on its directory: what it printed, and its exit code.
    pub fn command(&self, arguments: &[&str]) -> (String, Option<i32>) {
        let output = self
            .host
            .udpchat()
            .args(arguments)
            .arg("--data")
            .arg(&self.data)
            .output();
        let output = output.expect("it runs");
        (printed(&output), output.status.code())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A cluster: its nodes, its log, and the directory of them all.
pub struct Cluster {
    pub nodes: Vec<Node>,
    pub engine: Engine,
    // Last, so that it outlives the processes.
    pub workspace: Workspace,
}

impl Cluster {
    /// Three nodes over three nats-servers on this host, with these accounts; none where there is no nats-server.
    pub fn start(accounts: &[&str]) -> Option<Self> {
        Some(Self::sized(accounts, Engine::start(3)?, NAMES.len(), &[]))
    }

    /// So many nodes over these nats-servers, with more options.
    pub fn sized(accounts: &[&str], engine: Engine, nodes: usize, more: &[&str]) -> Self {
        let here = || (Host::default(), format!("127.0.0.1:{}", free_port()));
        let seats = (0..nodes).map(|_| here()).collect();
        Self::seated(Workspace::new(accounts), engine, seats, more)
    }

    /// Nodes at these hosts and addresses. The first founds the cluster with the workspace's database, as one that was a single
    /// server before; the others begin with a backup of it.
    pub fn seated(
        workspace: Workspace,
        engine: Engine,
        seats: Vec<(Host, String)>,
        more: &[&str],
    ) -> Self {
        let urls = engine.urls();
        let mut cluster = Self {
            nodes: Vec::new(),
            engine,
            workspace,
        };
        for (name, (host, address)) in NAMES.into_iter().zip(seats) {
            let data = if cluster.nodes.is_empty() {
                cluster.workspace.data()
            } else {
                cluster.seed(name)
            };
            let mut node = Node::begin((name, host, address), data, &urls, more);
            node.is_up_within(PATIENCE);
            cluster.nodes.push(node);
        }
        cluster
    }

    /// A directory with a copy of the first node's database, which runs.
    pub fn seed(&self, name: &str) -> PathBuf {
        let backup = self.workspace.file(&format!("seed-of-{name}"));
        let (text, code) = self.nodes[0].command(&["store", "backup", &backup]);
        assert_eq!(code, Some(0), "{text}");
        let data = self.workspace.path(&format!("data-of-{name}"));
        let restored = self.workspace.run_plain(&[
            "store",
            "restore",
            &backup,
            "--data",
            &data.display().to_string(),
        ]);
        assert_eq!(restored.1, Some(0), "{}", restored.0);
        data
    }
}
