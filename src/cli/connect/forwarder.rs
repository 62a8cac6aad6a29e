//! Sends what waits in the other states of an account that has signed in: of its devices that no client has open, such as a
//! second terminal's that was closed while it was offline.
//!
//! Each is a client of its own, on a thread beside the user's, one after the other. It says nothing but what goes wrong, is
//! not announced to others, and ends as soon as its outbox is empty.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use redb::Database;

use super::files::DeviceFiles;
use super::launch::{bind, device_files};
use super::state::StateDirectory;
use crate::cli::address::Servers;
use crate::cli::output::print_error;
use crate::cli::threads::spawn;
use crate::client::{
    Ask, AttentionOptions, Client, Console, End, Files, Input, Line, LinkOptions, OnSignIn,
    Options, Tone, Transfers, Trust, Until, Waiting,
};
use crate::net::{self, Driver, InputSender, Setup};
use crate::protocol::fingerprint;
use crate::store::{self, OpenError};
use crate::transport::{ClientConfig, Endpoint};

/// How long the end of the user's client waits for one that was told to end. Chosen: it closes its tables in a fraction of it.
const END_WAIT: Duration = Duration::from_secs(1);

/// What all of these clients have in common with the user's.
pub struct Plan {
    pub servers: Servers,
    pub options: Options,
    pub state: StateDirectory,
    /// Packets cost money.
    pub frugal: bool,
}

impl Plan {
    /// The user's options, for a client that only sends what waits on a device of this account.
    fn options_for(&self, job: &Job, addresses: Vec<SocketAddr>) -> Options {
        let options = &self.options;
        Options {
            addresses,
            user: Some(job.account.clone()),
            password: options.password_of(Some(&job.account)),
            accept_new: false,
            pinned_fingerprint: Some(fingerprint(&job.key)),
            linked: LinkOptions::default(),
            unannounced: true,
            attention: AttentionOptions::default(),
            is_restricted: true,
            save_files_below: 0,
            program: options.program.clone().sending(Until::Stored),
            ..options.clone()
        }
    }
}

/// An account that has signed in.
struct Job {
    key: [u8; 32],
    account: String,
}

/// The client that runs now, for whoever ends it.
#[derive(Default)]
struct Current {
    inputs: Option<InputSender<Input>>,
    is_ending: bool,
}

pub struct Forwarder {
    jobs: SyncSender<Job>,
    current: Arc<Mutex<Current>>,
    /// It is disconnected once the thread has ended.
    ended: Receiver<()>,
}

impl Forwarder {
    /// Starts the thread. What the user is told becomes an input of their client.
    pub fn start(plan: Plan, user: InputSender<Input>) -> anyhow::Result<Self> {
        // One waits at most: a further one is an account that the user has left already.
        let (jobs, queue) = sync_channel::<Job>(1);
        let (alive, ended) = sync_channel(0);
        let current = Arc::<Mutex<Current>>::default();
        let thread = Thread {
            plan,
            user,
            current: Arc::clone(&current),
        };
        spawn("forwarder", move || {
            for job in queue {
                thread.forward(&job);
            }
            drop(alive);
        })?;
        Ok(Self {
            jobs,
            current,
            ended,
        })
    }

    /// What the user's client calls when an account has signed in.
    pub fn on_sign_in(&self) -> OnSignIn {
        let jobs = self.jobs.clone();
        Box::new(move |key, account| {
            let account = account.to_owned();
            let _ = jobs.try_send(Job { key, account });
        })
    }

    /// The user's client has ended, and [`Forwarder::on_sign_in`] with it. What is being sent is waited for if there is
    /// patience; else it stays where it is, and is sent at the next sign-in.
    pub fn end(self, is_patient: bool) {
        let Self {
            jobs,
            current,
            ended,
        } = self;
        drop(jobs);
        if !is_patient {
            let mut current = lock(&current);
            current.is_ending = true;
            if let Some(inputs) = &current.inputs {
                let _ = inputs.send_reserved(Input::Interrupt);
            }
        }
        // Nothing is ever sent: the thread has ended, or the system's resolver keeps it.
        let _ = if is_patient {
            ended.recv().map_err(RecvTimeoutError::from)
        } else {
            ended.recv_timeout(END_WAIT)
        };
    }
}

fn lock(current: &Mutex<Current>) -> std::sync::MutexGuard<'_, Current> {
    current.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Thread {
    plan: Plan,
    user: InputSender<Input>,
    current: Arc<Mutex<Current>>,
}

impl Thread {
    fn forward(&self, job: &Job) {
        for file in self.plan.state.databases(&job.key, &job.account) {
            if lock(&self.current).is_ending {
                return;
            }
            if let Some(waiting) = look(&file) {
                self.forward_from(job, &file, &waiting);
            }
        }
    }

    fn forward_from(&self, job: &Job, file: &Path, waiting: &Waiting) {
        let zone = &self.plan.options.time_zone;
        self.tell(waiting.sending(net::now().unix_ms, zone));
        let ended = self.run(job, file);
        if lock(&self.current).is_ending {
            return;
        }
        let Some(waiting) = look(file) else {
            return;
        };
        let why = match ended {
            Ok(Some(End::Refused(_))) => {
                "their device must sign in with the password; a second client beside this one asks for it".into()
            }
            Ok(Some(End::Failed(text) | End::Unreachable(text))) => text,
            Ok(_) => "they are kept, and sent at the next sign-in".into(),
            Err(error) => format!("{error:#}"),
        };
        self.tell(waiting.not_sent(net::now().unix_ms, zone, &why));
    }

    /// Signs in with the device that has this database, and ends when nothing waits there.
    fn run(&self, job: &Job, file: &Path) -> anyhow::Result<Option<End>> {
        let addresses = self.plan.servers.resolve()?;
        let sockets = bind(&self.plan.servers, &addresses).context("cannot open a socket")?;
        let (setup, inputs) = Setup::new().context("cannot wait for the network")?;
        let now = net::now();
        let config = ClientConfig {
            frugal: self.plan.frugal,
        };
        let endpoint = Endpoint::client(now.instant, config, net::seed()?);
        let console = Quiet {
            user: self.user.clone(),
        };
        let mut transfers = device_files(&inputs);
        transfers.set_database(file);
        let files = OneDevice {
            database: file.to_owned(),
            transfers,
        };
        let client = Client::new(
            now,
            self.plan.options_for(job, addresses),
            Box::new(console),
            Box::new(files),
            net::seed()?,
        );
        let mut driver =
            Driver::new(setup, sockets, endpoint, client).context("cannot wait for the sockets")?;
        {
            let mut current = lock(&self.current);
            if current.is_ending {
                return Ok(None);
            }
            current.inputs = Some(inputs.clone());
        }
        let (endpoint, client) = driver.parts();
        client.start(now, endpoint);
        // It ends when all that waits is stored.
        let _ = inputs.send_reserved(Input::EndOfInput);
        let ended = driver.run().context("cannot wait for the network");
        lock(&self.current).inputs = None;
        Ok(ended?.end().cloned())
    }

    fn tell(&self, line: Line) {
        tell(&self.user, line);
    }
}

/// Shows a line to the user; a client that has ended already can show none.
fn tell(user: &InputSender<Input>, line: Line) {
    let is_error = line.tone == Tone::Error;
    let text = line.text.clone();
    if user.send(Input::Aside(Box::new(line))).is_err() && is_error {
        print_error(format_args!("udpchat: {text}"));
    }
}

/// What waits in a database, if no other client has it open.
fn look(file: &Path) -> Option<Waiting> {
    let waiting = match store::open_file(file) {
        Ok(database) => Waiting::of(database),
        Err(OpenError::InUse { .. }) => return None,
        Err(error) => Err(error.into()),
    };
    waiting.unwrap_or_else(|error| {
        tracing::warn!(
            error = format!("{error:#}"),
            "{} is left out",
            file.display()
        );
        None
    })
}

/// The console of a client that nobody sits at.
struct Quiet {
    user: InputSender<Input>,
}

impl Console for Quiet {
    fn show(&mut self, line: Line) {
        if line.tone == Tone::Error {
            tell(&self.user, line);
        }
    }

    fn ask(&mut self, _: Ask) {}

    fn is_interactive(&self) -> bool {
        false
    }
}

/// The files of one device. That the server is the user's is made sure by the fingerprint that is demanded.
struct OneDevice {
    database: PathBuf,
    transfers: DeviceFiles,
}

impl Files for OneDevice {
    fn check_server(&mut self, _: &[u8; 32]) -> io::Result<Trust> {
        Ok(Trust::Known)
    }

    fn trust_server(&mut self, _: &[u8; 32]) -> io::Result<()> {
        Ok(())
    }

    fn open_device(&mut self, _: &[u8; 32], _: &str) -> anyhow::Result<Database> {
        store::open_file(&self.database).context("cannot open this device's database")
    }

    fn transfers(&mut self) -> Option<&mut dyn Transfers> {
        Some(&mut self.transfers)
    }
}
