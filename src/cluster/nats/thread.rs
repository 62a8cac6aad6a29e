//! The thread that talks to the servers of the log.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc as answers;
use std::thread;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Message, Subscriber};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::{self, Runtime};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout, timeout_at};

use super::credentials;
use super::servers::{self, Servers};
use super::stream::{Names, Standing, parsed, refused, standing};
use super::{Event, Events, NatsError, Settings};

/// How often a server of the log is asked whether it is there. With the client's own choice, two minutes, one that is stopped
/// and not dead is not noticed.
const PING_EVERY: Duration = Duration::from_secs(1);

/// How long a server may take to accept a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// How long it takes at most until the next server is tried.
const RECONNECT_AFTER_MAX: Duration = Duration::from_secs(1);

/// How many messages wait for the connection, and how many of the live feed, or answers, for this thread.
const TO_SEND_MAX: usize = 256;
pub(super) const FEED_MAX: usize = 128;

/// How often it is asked how the log stands.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long a server that is there says nothing at most: it does so once a second.
const HEARTBEAT_WITHIN: Duration = Duration::from_millis(1300);

/// How long the servers of the log may take to tell of themselves, where it is not known how many there are.
const SERVERS_WITHIN: Duration = Duration::from_secs(1);

/// How long a request may take while the server runs.
const REQUEST_WITHIN: Duration = Duration::from_secs(2);

/// What the thread is to do.
pub(super) enum Command {
    Append(Arc<[u8]>),
    Read(u64),
    Tell(Vec<u8>),
    Create([u8; 16], answers::Sender<Result<(), NatsError>>),
}

/// What runs on a thread of the cluster; none if it cannot.
pub(super) fn runtime() -> Result<Runtime, NatsError> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| NatsError::Refused {
        what: "start",
        reason: error.to_string(),
    })
}

/// Starts a thread of the cluster.
pub(super) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), NatsError> {
    let spawned = thread::Builder::new().name(name.into()).spawn(run);
    spawned.map(drop).map_err(|error| NatsError::Refused {
        what: "start",
        reason: error.to_string(),
    })
}

/// Starts the thread; returns how the log stands, if there is one.
pub(super) fn start(
    settings: Settings,
    commands: Receiver<Command>,
    events: Arc<Events>,
    within: Duration,
) -> Result<Option<Standing>, NatsError> {
    let (answer, answered) = answers::channel();
    let run = move || {
        let runtime = match runtime() {
            Ok(runtime) => runtime,
            Err(error) => {
                // Whoever has asked has given up, or is told.
                let _ = answer.send(Err(error));
                return;
            }
        };
        runtime.block_on(async {
            let begun = timeout(within, Talker::join(settings, events)).await;
            match begun.unwrap_or(Err(NatsError::Silent)) {
                Ok((talker, standing)) => {
                    let _ = answer.send(Ok(standing));
                    talker.run(commands).await;
                }
                Err(error) => {
                    let _ = answer.send(Err(error));
                }
            }
        });
    };
    spawn("cluster", run)?;
    answered.recv().unwrap_or(Err(NatsError::Silent))
}

/// Connects to one of the servers of the log, and from now on to another one whenever it is lost.
pub(super) async fn connect(
    servers: &[String],
    credentials: Option<PathBuf>,
    name: String,
) -> Result<Client, NatsError> {
    let failed = |reason: String| NatsError::Connect {
        servers: servers.join(", "),
        reason,
    };
    let mut options = ConnectOptions::new()
        .name(name)
        .ping_interval(PING_EVERY)
        .connection_timeout(CONNECT_WITHIN)
        .request_timeout(Some(REQUEST_WITHIN))
        .max_reconnects(None)
        .reconnect_delay_callback(|attempts| {
            let millis = u64::try_from(attempts).unwrap_or(u64::MAX);
            Duration::from_millis(millis.saturating_mul(50)).min(RECONNECT_AFTER_MAX)
        })
        .client_capacity(TO_SEND_MAX)
        .subscription_capacity(FEED_MAX)
        .event_callback(|event| async move {
            tracing::info!("the connection to the cluster's log: {event}");
        });
    if let Some(file) = credentials {
        options = credentials::add(options, &file).map_err(failed)?;
    }
    let client = options.connect(servers).await;
    client.map_err(|error| failed(error.to_string()))
}

struct Talker {
    client: Client,
    names: Names,
    replicas: u64,
    events: Arc<Events>,
    live: Subscriber,
    /// What other servers tell.
    told: Subscriber,
    /// Where acknowledgements, answers to readings and other answers come.
    answers: Subscriber,
    inbox: String,
    /// The last position that the reading under way has brought.
    through: u64,
    /// Whether there was no room for one of its records.
    is_cut: bool,
}

impl Talker {
    async fn join(
        settings: Settings,
        events: Arc<Events>,
    ) -> Result<(Self, Option<Standing>), NatsError> {
        let names = Names::of(&settings);
        let Settings {
            servers,
            credentials,
            node,
            replicas,
            is_unchecked,
            ..
        } = settings;
        let failed = |reason: String| NatsError::Connect {
            servers: servers.join(", "),
            reason,
        };
        let client = connect(&servers, credentials, format!("udpchat {node}")).await?;
        let inbox = client.new_inbox();
        let subscribed = |subject: String| client.subscribe(subject);
        let live = subscribed(names.live.clone()).await;
        let live = live.map_err(|error| failed(error.to_string()))?;
        let told = subscribed(names.told.clone()).await;
        let told = told.map_err(|error| failed(error.to_string()))?;
        let answers = subscribed(format!("{inbox}.*")).await;
        let answers = answers.map_err(|error| failed(error.to_string()))?;
        let talker = Self {
            client,
            names,
            replicas,
            events,
            live,
            told,
            answers,
            inbox,
            through: 0,
            is_cut: false,
        };
        let standing = talker.first_look().await?;
        talker.check_name(node).await?;
        if !is_unchecked {
            talker.check_servers(standing.as_ref()).await?;
        }
        Ok((talker, standing))
    }

    /// How the log stands, once it has a leader that says so; whoever asks waits so long at most.
    async fn first_look(&self) -> Result<Option<Standing>, NatsError> {
        loop {
            match self.look().await {
                Err(NatsError::Silent) => sleep(RECONNECT_AFTER_MAX).await,
                looked => return looked,
            }
        }
    }

    /// How the log stands.
    async fn look(&self) -> Result<Option<Standing>, NatsError> {
        let answer = self.client.request(self.names.info(), "".into()).await;
        let answer = answer.map_err(|error| {
            tracing::debug!(%error, "the cluster's log says nothing of itself");
            NatsError::Silent
        })?;
        standing(&self.names, self.replicas, &answer.payload)
    }

    /// Listens whether another server says that it is there under this one's name.
    async fn check_name(&self, node: String) -> Result<(), NatsError> {
        let heard = self.client.subscribe(self.names.tell.clone()).await;
        let mut heard = heard.map_err(|error| NatsError::Refused {
            what: "let this server listen",
            reason: error.to_string(),
        })?;
        match timeout(HEARTBEAT_WITHIN, heard.next()).await {
            Ok(Some(_)) => Err(NatsError::NameInUse(node)),
            _ => Ok(()),
        }
    }

    /// Asks the servers of the log whether they are fit to keep it.
    async fn check_servers(&self, standing: Option<&Standing>) -> Result<(), NatsError> {
        let failed = |reason: String| NatsError::Refused {
            what: "tell of themselves",
            reason,
        };
        let inbox = self.client.new_inbox();
        let mut answers = self
            .client
            .subscribe(inbox.clone())
            .await
            .map_err(|error| failed(error.to_string()))?;
        self.client
            .publish_with_reply(servers::ASK, inbox, "".into())
            .await
            .map_err(|error| failed(error.to_string()))?;
        let names: Vec<String> = standing.map_or_else(Vec::new, |standing| {
            let followers = standing.followers.iter().cloned();
            followers.chain(standing.leader.clone()).collect()
        });
        let mut servers = Servers::default();
        let until = Instant::now() + SERVERS_WITHIN;
        while !servers.has_all(&names)
            && let Ok(Some(answer)) = timeout_at(until, answers.next()).await
        {
            if answer.status.is_none() {
                servers.take(&answer.payload, Timestamp::now())?;
            }
        }
        servers.check()
    }

    async fn run(mut self, mut commands: Receiver<Command>) {
        let mut ticks = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.carry_out(command).await,
                    // The server has ended.
                    None => return,
                },
                Some(message) = self.live.next() => self.take_live(&message),
                Some(message) = self.told.next() => self.take_told(&message),
                Some(message) = self.answers.next() => self.take_answer(&message),
                _ = ticks.tick() => self.ask(self.names.info(), "stands", Vec::new()).await,
            }
        }
    }

    async fn carry_out(&mut self, command: Command) {
        match command {
            Command::Append(record) => {
                let own = self.names.own.clone();
                self.ask(own, "stored", record.to_vec()).await;
            }
            Command::Read(from) => {
                (self.through, self.is_cut) = (0, false);
                let (subject, request) = self.names.reading(from);
                self.ask(subject, "read", request.to_string().into()).await;
            }
            Command::Tell(words) => {
                let sent = self.client.publish(self.names.tell.clone(), words.into());
                match timeout(REQUEST_WITHIN, sent).await {
                    Ok(Ok(())) => {}
                    _ => {
                        tracing::debug!("the other servers of the cluster were not told something");
                    }
                }
            }
            Command::Create(cluster, answer) => {
                // Who asked has given up, or is told.
                let _ = answer.send(self.create(&cluster).await);
            }
        }
    }

    /// Asks for something whose answers come to the inbox, or do not.
    async fn ask(&self, subject: String, answer_to: &str, payload: Vec<u8>) {
        let reply = format!("{}.{answer_to}", self.inbox);
        let sent = self
            .client
            .publish_with_reply(subject, reply, payload.into());
        match timeout(REQUEST_WITHIN, sent).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the cluster's log takes nothing"),
            Err(_) => tracing::debug!("the cluster's log takes nothing"),
        }
    }

    async fn create(&self, cluster: &[u8; 16]) -> Result<(), NatsError> {
        let what = "make the stream";
        let (subject, config) = self.names.creation(self.replicas, cluster);
        let answer = self
            .client
            .request(subject, config.to_string().into())
            .await;
        let answer = answer.map_err(|error| NatsError::Refused {
            what,
            reason: error.to_string(),
        })?;
        refused(what, &parsed(what, &answer.payload)?)
    }

    fn take_told(&self, message: &Message) {
        if *message.subject != *self.names.tell
            && let Some((applied, words)) = message.payload.split_first_chunk()
        {
            let node = message.subject.rsplit('.').next().unwrap_or_default();
            let applied = u64::from_be_bytes(*applied);
            self.events.push(Event::Peer { applied });
            self.events.hear(node, words.to_vec());
        }
    }

    fn take_live(&self, message: &Message) {
        if let Some(at) = header(message, "Nats-Sequence") {
            self.events.push(Event::Record(at, record(message)));
        }
    }

    fn take_answer(&mut self, message: &Message) {
        let to = message.subject.rsplit('.').next().unwrap_or_default();
        if to != "read" && message.status.is_some() {
            return tracing::debug!("the log has no leader that could be asked");
        }
        match to {
            // Nobody is there to answer.
            "stored" if message.status.is_some() => {
                tracing::warn!(
                    "the cluster's log has no leader and stores nothing: look at its servers"
                );
            }
            "stored" => match parsed("store a record", &message.payload) {
                Ok(answer) => self.take_acknowledgement(&answer),
                Err(error) => tracing::warn!("{error}"),
            },
            "read" => self.take_read(message),
            _ => match standing(&self.names, self.replicas, &message.payload) {
                Ok(Some(standing)) => {
                    let Standing { first, last, .. } = standing;
                    self.events.progress.note_leader(standing.leader.as_deref());
                    self.events.push(Event::Stands { first, last });
                }
                Ok(None) => tracing::error!("the cluster's log is gone: its stream was removed"),
                Err(error) => tracing::warn!("{error}"),
            },
        }
    }

    fn take_acknowledgement(&self, answer: &Value) {
        match (refused("store a record", answer), answer["seq"].as_u64()) {
            (Ok(()), Some(at)) => {
                self.events.push(Event::Stored(at));
            }
            (Err(error), _) => tracing::warn!("{error}"),
            (Ok(()), None) => {}
        }
    }

    /// What a copy of the log has answered to a reading: a record, or that there is no further one.
    fn take_read(&mut self, message: &Message) {
        if let Some(status) = message.status {
            let pending = header(message, "Nats-Num-Pending").unwrap_or(0);
            if status.as_u16() != 204 && status.as_u16() != 404 {
                tracing::debug!(%status, "the cluster's log was not read");
            }
            let through = self.through;
            let end = through + if through > 0 { pending } else { 0 };
            self.events.push(Event::ReadOver { through, end });
        } else if let Some(at) = header(message, "Nats-Sequence") {
            self.is_cut |= !self.events.push(Event::Record(at, record(message)));
            if !self.is_cut {
                self.through = at;
            }
        }
    }
}

fn record(message: &Message) -> Arc<[u8]> {
    Arc::from(&message.payload[..])
}

/// A number in a message's header.
fn header(message: &Message, name: &str) -> Option<u64> {
    let value = message.headers.as_ref()?.get(name)?;
    value.as_str().parse().ok()
}
