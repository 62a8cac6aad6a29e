//! A directory of a test's own: a server's data, the passwords of its accounts, what its clients remember.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::{Host, PASSWORD, Script, Server, printed};

/// A test's directory, and the host on which its server runs.
pub struct Workspace {
    directory: TempDir,
    host: Host,
}

impl Workspace {
    /// One here, with these accounts in its database; without any there is no database yet.
    pub fn new(accounts: &[&str]) -> Self {
        Self::on(Host::default(), accounts)
    }

    pub fn on(host: Host, accounts: &[&str]) -> Self {
        let directory = TempDir::new().expect("a directory");
        let workspace = Self { directory, host };
        for name in accounts {
            workspace.add(name);
        }
        workspace
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The same as an argument.
    pub fn file(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn database(&self) -> PathBuf {
        self.data().join("udpchat.redb")
    }

    /// The file with the password of an account.
    pub fn password_file(&self, name: &str) -> PathBuf {
        self.path(&format!("password-of-{name}"))
    }

    /// Adds an account as the operator does.
    pub fn add(&self, name: &str) {
        let added = self.try_add(name);
        assert!(added.status.success(), "{added:?}");
    }

    pub fn try_add(&self, name: &str) -> Output {
        let file = self.password_file(name);
        fs::write(&file, format!("{PASSWORD}\n")).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("it is ours");
        let file = file.display().to_string();
        self.output(&["user", "add", name, "--password-file", &file])
    }

    /// Runs udpchat with these arguments on the data directory.
    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    /// That, before it runs.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.host.udpchat();
        command.args(arguments).arg("--data").arg(self.data());
        command
    }

    /// The same: what it printed, and its exit code.
    pub fn run(&self, arguments: &[&str]) -> (String, Option<i32>) {
        let output = self.output(arguments);
        (printed(&output), output.status.code())
    }

    /// Runs udpchat with these arguments alone: what it printed, and its exit code.
    pub fn run_plain(&self, arguments: &[&str]) -> (String, Option<i32>) {
        let output = self.host.udpchat().args(arguments).output();
        let output = output.expect("it runs");
        (printed(&output), output.status.code())
    }

    /// A server of this data, on loopback and a port of its own.
    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    pub fn serve_with(&self, more: &[&str]) -> Server {
        Server::start(&self.host, &self.data(), &["127.0.0.1:0"], more)
    }

    /// A client at pipes that is signed in, with a state directory of its own. Opens the account if need be.
    pub fn sign_in(&self, server: SocketAddr, name: &str) -> Script {
        if !self.password_file(name).exists() {
            self.add(name);
        }
        let script = self.connect(&self.host, &server.to_string(), name, name);
        script.sees(1, "Greetings from the Chat Room!");
        script
    }

    /// A client at pipes on this host, whose device has this state directory. It signs in by itself.
    pub fn connect(&self, host: &Host, server: &str, name: &str, device: &str) -> Script {
        self.connect_with(host, server, (name, device), &[])
    }

    /// The same with more arguments.
    pub fn connect_with(
        &self,
        host: &Host,
        server: &str,
        (name, device): (&str, &str),
        more: &[&str],
    ) -> Script {
        let password = self.password_file(name).display().to_string();
        let state = self.path(&format!("state-of-{device}"));
        let arguments = [&["--password-file", &password], more].concat();
        Script::connect(host, name, server, &state, &arguments)
    }
}
