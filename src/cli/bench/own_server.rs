//! A server of the measurement's own: a child process on loopback, with a database in a temporary directory into
//! which the clients' accounts and tickets are written beforehand, so that no password is stretched.

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};
use tempfile::TempDir;

use super::meter::Meter;
use super::stretching::Input;
use crate::cli::environment;
use crate::cli::operate::database::{self, Secrets};
use crate::net::{self, InputSender};
use crate::protocol::{Access, AccountId, DeviceId, TICKET_BYTES};
use crate::server::{Name, RoomName, hash_ticket};
use crate::store::{Engine, NewAccount, Outcome, Reply, Request, RequestId};
use crate::transport::{Endpoint, Limits, ServerConfig};

/// A file system in memory, if the system has one here: on a disk every commit would wait for it, and it is the
/// server that is measured.
const MEMORY: &str = "/dev/shm";

/// How long the tickets are good: a day, in milliseconds.
const TICKET_LIFE_MS: u64 = 24 * 60 * 60 * 1000;

/// What a client signs in with.
#[derive(Debug, Clone)]
pub struct Pass {
    /// The account.
    pub account: AccountId,
    /// Its device.
    pub device: DeviceId,
    /// The device's ticket.
    pub ticket: Vec<u8>,
}

/// A room in which some of the clients are from the beginning. Were they to join it themselves, each would be told of
/// all who come later: as many entries as half the square of their number.
pub struct Room<'a> {
    /// Its name, with its sign.
    pub name: &'a str,
    /// Who belongs to it, by their places among the names.
    pub members: Vec<usize>,
}

/// The server, until this is dropped. The child ends when its standard input does, so however this process ends,
/// the child does, too.
pub struct OwnServer {
    /// `None` while it is restarted, and if that failed.
    child: Option<Child>,
    address: SocketAddr,
    directory: TempDir,
}

impl OwnServer {
    /// Makes accounts of these names and a room, if it is to have members, and starts a server that has them.
    ///
    /// # Errors
    /// If the database cannot be written, or the server does not start.
    pub fn start(names: &[String], room: &Room<'_>) -> anyhow::Result<(Self, Vec<Pass>)> {
        let directory = directory()?;
        let passes = prepare(directory.path(), names, room)?;
        let mut server = Self {
            child: None,
            address: ([127, 0, 0, 1], 0).into(),
            directory,
        };
        server.spawn()?;
        Ok((server, passes))
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What reads off how it does.
    #[must_use]
    pub fn meter(&self) -> Option<Meter> {
        let child = self.child.as_ref()?;
        Some(Meter::new(child.id(), self.directory.path().to_owned()))
    }

    fn spawn(&mut self) -> anyhow::Result<()> {
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let mut command = Command::new(program);
        for name in environment::own_variables() {
            command.env_remove(name);
        }
        let mut child = command
            .args(["serve", "--measured", "--listen"])
            .arg(self.address.to_string())
            .arg("--data")
            .arg(self.directory.path())
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
    ///
    /// # Errors
    /// If it does not start.
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

/// Writes accounts, each with a device and its ticket, and a room into the database of a server that does not run yet.
fn prepare(data: &Path, names: &[String], room: &Room<'_>) -> anyhow::Result<Vec<Pass>> {
    let mut engine = database::open(data)?;
    let secrets = Secrets::of(&mut engine)?;
    let seed = net::seed().context("the operating system gives no randomness")?;
    let mut random = ChaCha20Rng::from_seed(seed);
    let now = net::now();
    let config = ServerConfig {
        static_key: secrets.static_key,
        reset_key: secrets.reset_key,
        unix_ms: now.unix_ms,
        limits: Limits::default(),
    };
    let endpoint = Endpoint::server(now.instant, config, seed);
    let server_key = endpoint.public_key().context("a server has a key")?;
    let accounts = names
        .iter()
        .map(|name| {
            let name = Name::parse(name)?;
            let mut credential_identifier = [0; 16];
            random.fill_bytes(&mut credential_identifier);
            Ok(Request::CreateAccount(NewAccount {
                name: name.canonical().to_owned(),
                skeleton: name.skeleton().to_owned(),
                record: Vec::new(),
                credential_identifier,
                time_ms: now.unix_ms,
            }))
        })
        .collect::<anyhow::Result<_>>()?;
    let mut tickets = Vec::with_capacity(names.len());
    let mut devices = Vec::with_capacity(names.len());
    for reply in execute(&mut engine, accounts)? {
        let Reply::Account(account) = reply else {
            bail!("the database answered something else");
        };
        let mut ticket = vec![0; TICKET_BYTES];
        random.fill_bytes(&mut ticket);
        devices.push(Request::OpenDevice {
            account: account.id,
            device: None,
            ticket: hash_ticket(&server_key, account.id, &ticket),
            expires_ms: now.unix_ms + TICKET_LIFE_MS,
        });
        tickets.push(ticket);
    }
    let replies = execute(&mut engine, devices)?;
    let passes = replies.into_iter().zip(tickets).map(|(reply, ticket)| {
        let Reply::Device {
            account, device, ..
        } = reply
        else {
            bail!("the database answered something else");
        };
        Ok(Pass {
            account,
            device,
            ticket,
        })
    });
    let passes = passes.collect::<anyhow::Result<Vec<Pass>>>()?;
    fill(&mut engine, room, &passes, now.unix_ms)?;
    Ok(passes)
}

/// Makes those members of a room who are to be. They have received already that the others have joined.
fn fill(engine: &mut Engine, room: &Room<'_>, passes: &[Pass], time_ms: u64) -> anyhow::Result<()> {
    let (name, skeleton) = RoomName::parse(room.name)?.into_forms();
    let members = || room.members.iter().map(|member| &passes[*member]);
    let joins = members().map(|pass| Request::Join {
        account: pass.account,
        device: pass.device,
        name: name.clone(),
        skeleton: skeleton.clone(),
        access: Access::Public,
        may_make: true,
        time_ms,
    });
    let Some(last) = execute(engine, joins.collect())?.pop() else {
        return Ok(());
    };
    let Reply::Joined(last) = last else {
        bail!("the database answered something else");
    };
    let conversation = last.standing.conversation;
    let head = last.event.context("nobody joins twice")?.stored.entry;
    let marks = members().map(|pass| (conversation, pass.account, head));
    let advance = Request::Advance {
        marks: marks.collect(),
        seen: Vec::new(),
    };
    execute(engine, vec![advance])?;
    Ok(())
}

fn execute(engine: &mut Engine, requests: Vec<Request>) -> anyhow::Result<Vec<Reply>> {
    let batch = requests.into_iter().map(|it| (RequestId(0), it)).collect();
    let completions = engine.execute(batch).into_iter();
    let replies = completions.map(|completion| match completion.outcome {
        Outcome::Done(reply) => Ok(reply),
        other => bail!("cannot prepare the database: {other:?}"),
    });
    replies.collect()
}

/// The thread that keeps the server and restarts it when it is told to: that takes seconds, in which the network
/// thread hears goodbyes.
pub struct Keeper {
    orders: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Takes the server over.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start(mut server: OwnServer, inputs: InputSender<Input>) -> anyhow::Result<Self> {
        let (orders, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("keeper".into())
            .spawn(move || {
                for () in queue {
                    let result = server.restart().map_err(|error| format!("{error:#}"));
                    // If the network thread has ended, so does this one.
                    let _ = inputs.send_reserved(Input::Restarted(result));
                }
            })
            .context("cannot start a thread")?;
        Ok(Self {
            orders: Some(orders),
            thread: Some(thread),
        })
    }

    /// Has the server restarted; [`Input::Restarted`] says when it is.
    pub fn restart(&self) {
        if let Some(orders) = &self.orders {
            // Should the thread have ended, the run ends when its time is over.
            let _ = orders.send(());
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // The server ends with the thread; a panic there has said so itself.
            let _ = thread.join();
        }
    }
}

/// A server of the measurement's own, as the crowd has it.
pub struct Own {
    /// Reads off how it does.
    pub meter: Meter,
    /// Restarts it.
    pub keeper: Keeper,
    /// What the clients sign in with.
    pub passes: Vec<Pass>,
}

/// How long a restart may take, the goodbyes of all sessions included.
pub const RESTART_WAIT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_the_room_stand_behind_all_who_joined_it() {
        // Each would be told of those who joined after it when it comes: as many entries as half the square of their
        // number, before anything can be measured.
        let directory = directory().unwrap();
        let names = ["bench-1-0", "bench-1-1", "bench-1-2", "bench-1-3"].map(String::from);
        let room = Room {
            name: "#bench-1",
            members: vec![0, 1, 3],
        };
        let passes = prepare(directory.path(), &names, &room).unwrap();
        let mut engine = database::open(directory.path()).unwrap();
        let mut told = Vec::new();
        for pass in passes {
            let hello = Request::Hello {
                account: pass.account,
                device: pass.device,
                epoch: None,
                positions: Vec::new(),
            };
            let Ok([Reply::Hello { standings }]) =
                <[Reply; 1]>::try_from(execute(&mut engine, vec![hello]).unwrap())
            else {
                panic!("expected an answer to HELLO");
            };
            let standing = standings.into_iter().find(|it| it.name == room.name);
            told.push(standing.map(|standing| (standing.start.0, standing.head.0)));
        }
        assert_eq!(told, [Some((3, 3)), Some((3, 3)), None, Some((3, 3))]);
    }
}
