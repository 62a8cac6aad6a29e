//! A server of the measurement's own: a child process on loopback, with a database in a temporary directory that is
//! prepared beforehand ([`prepare()`]), so that no password is stretched.

mod meter;
mod prepare;

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::host::Host;
pub use meter::Meter;
use prepare::prepare;
pub use prepare::{DeviceTicket, Room};

/// A file system in memory, if the system has one here: on a disk every commit would wait for it, and it is the
/// server that is measured.
const MEMORY: &str = "/dev/shm";

/// The server, until this is dropped. The child ends when its standard input does, so however this process ends,
/// the child does, too.
pub struct OwnServer {
    /// `None` while it is restarted, and if that failed.
    child: Option<Child>,
    address: SocketAddr,
    directory: TempDir,
    host: Host,
}

impl OwnServer {
    /// Makes accounts of these names and a room, if it is to have members, and starts a server that has them.
    pub fn start(
        host: Host,
        names: &[String],
        room: &Room<'_>,
    ) -> anyhow::Result<(Self, Vec<DeviceTicket>)> {
        let directory = directory()?;
        let (mut engine, server_key) = (host.open_database)(directory.path())?;
        let tickets = prepare(&mut engine, &server_key, names, room)?;
        drop(engine);
        let mut server = Self {
            child: None,
            address: ([127, 0, 0, 1], 0).into(),
            directory,
            host,
        };
        server.spawn()?;
        Ok((server, tickets))
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What reads off how it does.
    pub fn meter(&self) -> Option<Meter> {
        let child = self.child.as_ref()?;
        Some(Meter::new(
            child.id(),
            self.directory.path().to_owned(),
            self.host.commits,
        ))
    }

    fn spawn(&mut self) -> anyhow::Result<()> {
        let mut child = (self.host.serve)(self.directory.path(), self.address)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a server")?;
        let output = child.stdout.take().context("a server's output is piped")?;
        self.child = Some(child);
        let mut output = BufReader::new(output);
        let mut line = String::new();
        output
            .read_line(&mut line)
            .context("cannot read where the server listens")?;
        self.address = line
            .split_whitespace()
            .find_map(|word| word.parse().ok())
            .context("the server did not start")?;
        // It says little more, and waits for nobody to read it.
        std::thread::Builder::new()
            .name("server's output".into())
            .spawn(move || output.read_to_end(&mut Vec::new()))
            .context("cannot start a thread")?;
        Ok(())
    }

    /// Stops it in order and starts it again, at the same address.
    pub fn restart(&mut self) -> anyhow::Result<Meter> {
        if let Some(mut child) = self.child.take() {
            let pid = Pid::from_raw(i32::try_from(child.id()).context("a process id")?);
            kill(pid, Signal::SIGTERM).context("cannot stop the server")?;
            child.wait().context("cannot stop the server")?;
        }
        self.spawn()?;
        self.meter().context("the server runs")
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Its database goes with it: there is nothing that it could write in order. An error means that it has
            // ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A directory for a database, of this user's alone.
fn directory() -> anyhow::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    let builder = builder
        .prefix("udpchat-bench-")
        .permissions(Permissions::from_mode(0o700));
    builder
        .tempdir_in(MEMORY)
        .or_else(|_| builder.tempdir())
        .context("cannot make a temporary directory")
}

/// The thread that keeps the server and restarts it when it is told to: that takes seconds, in which the network
/// thread hears goodbyes.
pub struct Restarter {
    orders: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Restarter {
    /// Takes the server over, and has this called after each restart.
    pub fn start(
        mut server: OwnServer,
        on_restarted: impl Fn(Result<Meter, String>) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (orders, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("keeper".into())
            .spawn(move || {
                for () in queue {
                    on_restarted(server.restart().map_err(|error| format!("{error:#}")));
                }
            })
            .context("cannot start a thread")?;
        Ok(Self {
            orders: Some(orders),
            thread: Some(thread),
        })
    }

    /// Has the server restarted.
    pub fn restart(&self) {
        if let Some(orders) = &self.orders {
            // Should the thread have ended, the run ends when its time is over.
            let _ = orders.send(());
        }
    }
}

impl Drop for Restarter {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // The server ends with the thread; a panic there has said so itself.
            let _ = thread.join();
        }
    }
}

/// A server of the measurement's own, as the crowd has it.
pub struct OwnServerHandle {
    /// Reads off how it does.
    pub meter: Meter,
    /// Restarts it.
    pub restarter: Restarter,
    /// What the clients sign in with.
    pub tickets: Vec<DeviceTicket>,
}

/// How long a restart may take, the goodbyes of all sessions included.
pub const RESTART_WAIT: Duration = Duration::from_secs(60);
