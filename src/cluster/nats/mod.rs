//! The log in NATS JetStream: a stream of its own, on a thread of its own, for which nobody waits.
//!
//! Records are published and acknowledged over core NATS. What is written comes to all servers by the stream's republished
//! messages, which may be lost, and is read by direct gets, which any copy of the stream answers.

mod credentials;
mod servers;
mod shelf;
mod stream;
mod thread;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::mpsc;

use super::{Event, Log, Progress};
pub use shelf::NatsShelf;
pub use stream::Standing;
use thread::Command;

/// How many bytes of records wait for the storage thread at most, and how many events. Further records are left out: they are
/// read again.
const EVENTS_MAX_BYTES: usize = 32 * 1024 * 1024;
const EVENTS_MAX: usize = 4096;

/// How many commands wait for the thread at most: a server has one group and one reading under way.
const COMMANDS_MAX: usize = 64;

/// How long a start waits for an answer of the log's servers. Chosen: they elect a leader in less.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Where the log is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The servers that keep it: `nats://HOST:PORT` or `tls://HOST:PORT`.
    pub servers: Vec<String>,
    /// A file that says as whom this server signs in there, if they want that: `NAME:PASSWORD`, or one that the tools of NATS
    /// have made.
    pub credentials: Option<PathBuf>,
    /// The cluster's name, which names the stream too.
    pub cluster: String,
    /// This server's name in it.
    pub node: String,
    /// How many copies of the log there are.
    pub replicas: u64,
    /// Whether its servers are taken as they are, unasked.
    pub is_unchecked: bool,
}

/// Why the log cannot be used.
#[derive(Debug, Error)]
pub enum NatsError {
    /// No server of the log is reached.
    #[error("cannot connect to {servers}: {reason}")]
    Connect {
        /// Those that were tried.
        servers: String,
        /// What went wrong.
        reason: String,
    },
    /// A server of the log has refused something.
    #[error("the log's servers have refused to {what}: {reason}")]
    Refused {
        /// What they were asked for.
        what: &'static str,
        /// What they have answered.
        reason: String,
    },
    /// The stream is not as it has to be.
    #[error("the stream `{stream}` has {found}, and {wanted} is needed")]
    Unsuitable {
        /// Its name.
        stream: String,
        /// How it is.
        found: String,
        /// How it has to be.
        wanted: String,
    },
    /// A server of the log is not fit to keep it.
    #[error("the log's server {server} {found}, and what is needed is {wanted}")]
    Server {
        /// Its name.
        server: String,
        /// How it is.
        found: String,
        /// How it has to be.
        wanted: &'static str,
    },
    /// None of them may be asked how it is.
    #[error(
        "the log's servers cannot be asked whether they sync what they call stored: let their system account answer, as udpchat-cluster(7) says, or take their word with --cluster-unchecked"
    )]
    Unasked,
    /// Another server is called so already.
    #[error("a server runs already as node `{0}`: each needs a name of its own")]
    NameInUse(String),
    /// Nothing was answered.
    #[error("the log's servers have not answered within {} s", ANSWER_WITHIN.as_secs())]
    Silent,
}

/// What is called with what another server tells: its name, and its words.
type Hear = Box<dyn Fn(&str, Vec<u8>) + Send>;

/// What is called when there is an event and there was none.
type Wake = Box<dyn Fn() + Send>;

/// The events that wait.
#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// Of the records among them.
    bytes: usize,
    wake: Option<Wake>,
}

/// How many bytes of a record an event has.
fn size(event: &Event) -> usize {
    match event {
        Event::Record(_, record) => record.len(),
        _ => 0,
    }
}

/// What the thread has for others.
#[derive(Default)]
struct Events {
    waiting: Mutex<Waiting>,
    come: Condvar,
    hear: Mutex<Option<Hear>>,
    progress: Arc<Progress>,
}

impl Events {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A thread that panicked with the lock held had at most pushed or popped: the queue is intact.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, node: &str, told: Vec<u8>) {
        let hear = self.hear.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hear) = &*hear {
            hear(node, told);
        }
    }

    /// Returns whether there was room for it. Of what may come at any rate some is lost where there is none; all else answers
    /// something that was asked for.
    fn push(&self, event: Event) -> bool {
        let mut waiting = self.lock();
        let bytes = size(&event);
        let is_asked_for = !matches!(event, Event::Record(..) | Event::Peer { .. });
        let is_full =
            waiting.events.len() >= EVENTS_MAX || waiting.bytes + bytes > EVENTS_MAX_BYTES;
        if is_full && !is_asked_for {
            return false;
        }
        let was_empty = waiting.events.is_empty();
        waiting.events.push_back(event);
        waiting.bytes += bytes;
        if was_empty {
            self.come.notify_all();
            if let Some(wake) = &waiting.wake {
                wake();
            }
        }
        true
    }
}

/// The log. Dropped, it is left.
pub struct NatsLog {
    commands: mpsc::Sender<Command>,
    events: Arc<Events>,
}

impl NatsLog {
    /// Connects, and looks how the log stands: none if there is no such log yet.
    ///
    /// # Errors
    /// If no server of it is reached, or it is not fit.
    pub fn connect(settings: Settings) -> Result<(Self, Option<Standing>), NatsError> {
        let events = Arc::<Events>::default();
        let (commands, queue) = mpsc::channel(COMMANDS_MAX);
        let standing = thread::start(settings, queue, Arc::clone(&events), ANSWER_WITHIN)?;
        Ok((Self { commands, events }, standing))
    }

    /// Makes the log of a new cluster.
    ///
    /// # Errors
    /// If that is refused, as where another server has just made one.
    pub fn create(&self, cluster: [u8; 16]) -> Result<(), NatsError> {
        let (answer, answered) = std::sync::mpsc::channel();
        self.order(Command::Create(cluster, answer));
        let answer = answered.recv_timeout(ANSWER_WITHIN);
        answer.unwrap_or(Err(NatsError::Silent))
    }

    /// How far this server is with it.
    #[must_use]
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.events.progress)
    }

    /// A way to tell the other servers something.
    #[must_use]
    pub fn teller(&self) -> Teller {
        Teller {
            commands: self.commands.clone(),
            progress: self.progress(),
        }
    }

    /// A way to wait for its events.
    #[must_use]
    pub fn waits(&self) -> Waits {
        Waits(Arc::clone(&self.events))
    }

    /// A command for which there is no room, or no thread any longer, is given again by whoever misses its effect.
    fn order(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            tracing::debug!("the thread of the cluster's log is busy");
        }
    }
}

/// Tells the other servers something, and how far this one has applied the log; it may be lost.
pub struct Teller {
    commands: mpsc::Sender<Command>,
    progress: Arc<Progress>,
}

impl Teller {
    /// Tells all of them.
    pub fn tell(&self, words: &[u8]) {
        let applied = self.progress.applied().to_be_bytes();
        let told = [&applied, words].concat();
        if self.commands.try_send(Command::Tell(told)).is_err() {
            tracing::debug!("the thread of the cluster's log is busy");
        }
    }
}

/// Waits for what happens to a log.
pub struct Waits(Arc<Events>);

impl Waits {
    /// From now on this is called with what another server tells: its name, and its words.
    pub fn hear_by(&self, hear: impl Fn(&str, Vec<u8>) + Send + 'static) {
        *self.0.hear.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(hear));
    }

    /// From now on this is called when something has happened.
    pub fn wake_by(&self, wake: impl Fn() + Send + 'static) {
        self.0.lock().wake = Some(Box::new(wake));
    }

    /// Waits until something has happened, for so long at most.
    pub fn wait(&self, time: Duration) {
        let waiting = self.0.lock();
        if waiting.events.is_empty() {
            // Why it returns does not matter.
            drop(self.0.come.wait_timeout(waiting, time));
        }
    }
}

impl Log for NatsLog {
    fn append(&mut self, record: Arc<[u8]>) {
        self.order(Command::Append(record));
    }

    fn read(&mut self, from: u64) {
        self.order(Command::Read(from));
    }

    fn poll(&mut self) -> Option<Event> {
        let mut waiting = self.events.lock();
        let event = waiting.events.pop_front()?;
        waiting.bytes -= size(&event);
        Some(event)
    }
}
