//! The run's own server: a child process on loopback. [`prepare()`] writes accounts and tickets to its database, in a
//! temporary directory, before it starts, so that no password is stretched.

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
pub use meter::{Meter, cpu_of, rss_of};
use prepare::prepare;
pub use prepare::{DeviceTicket, Room};

/// Where Linux has a file system in memory. The run measures the server, not the disk that its commits would wait for.
const MEMORY: &str = "/dev/shm";

/// Stops the server when dropped. The child exits when its standard input ends, so it also exits however this process
/// ends.
pub struct OwnServer {
    /// `None` during a restart, and after a failed one.
    child: Option<Child>,
    address: SocketAddr,
    directory: TempDir,
    host: Host,
}

impl OwnServer {
    /// Creates accounts with these names and the rooms, and starts a server with this database.
    pub fn start(
        host: Host,
        names: &[String],
        rooms: &[Room],
    ) -> anyhow::Result<(Self, Vec<DeviceTicket>)> {
        let directory = directory()?;
        let (mut engine, server_key) = (host.open_database)(directory.path())?;
        let tickets = prepare(&mut engine, &server_key, names, rooms)?;
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

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn meter(&self) -> Option<Meter> {
        let child = self.child.as_ref()?;
        Some(Meter::new(
            child.id(),
            self.directory.path().to_owned(),
            self.host.counts,
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
        // Its few further lines must not fill the pipe.
        std::thread::Builder::new()
            .name("server's output".into())
            .spawn(move || output.read_to_end(&mut Vec::new()))
            .context("cannot start a thread")?;
        Ok(())
    }

    /// Stops the server in order and starts it again, at the same address.
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
            // The database is deleted too, so an orderly stop is pointless. An error means that the child has ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A directory that only this user can enter.
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

/// A thread that owns the server and restarts it on request. A restart takes seconds, and meanwhile the network thread
/// must handle the ends of the sessions.
pub struct Restarter {
    orders: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Restarter {
    /// Calls `on_restarted` after each restart.
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

    pub fn restart(&self) {
        if let Some(orders) = &self.orders {
            // If the thread has ended, the run times out.
            let _ = orders.send(());
        }
    }
}

impl Drop for Restarter {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // The server ends with the thread; a panic there has already been printed.
            let _ = thread.join();
        }
    }
}

/// What the network thread keeps of the run's own server.
pub struct OwnServerHandle {
    pub meter: Meter,
    pub restarter: Restarter,
    pub tickets: Vec<DeviceTicket>,
}

/// The longest restart, closing all sessions included.
pub const RESTART_WAIT: Duration = Duration::from_mins(1);
