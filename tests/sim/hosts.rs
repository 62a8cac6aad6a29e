//! The hosts: a server with its disk, and clients with their people.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use redb::Database;
use udpchat::client::{Ask, Client, Console, Files, Input, Options, Tone, Trust};
use udpchat::protocol::opaque::KeyStretching;
use udpchat::server::{self, Hub, HubConfig, Registrar};
use udpchat::store::{Completion, Engine, Request, RequestId, Store, memory::MemoryDisk};
use udpchat::transport::{App, ClientConfig, Endpoint, Limits, Now, ServerConfig};

use crate::network::{Datagram, Network};

/// How many requests the store takes at once.
const STORE_SLOTS: usize = 256;
/// The largest group that is committed together.
const BATCH: usize = 128;
/// How long a commit takes.
const COMMIT: Duration = Duration::from_millis(2);
/// What a monotonic clock shows when the world begins. Only differences count.
pub fn moment(base: Instant, now: Duration) -> Now {
    // Saturday, 2026-01-03 00:00 UTC.
    Now {
        instant: base + now,
        unix_ms: 1_767_398_400_000 + now.as_millis() as u64,
    }
}

/// The queue before the store.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<(RequestId, Request)>,
    taken: usize,
}

struct QueuedStore(Arc<Mutex<Queue>>);

impl Store for QueuedStore {
    fn submit(&mut self, id: RequestId, request: Request) -> bool {
        let mut queue = self.0.lock().unwrap();
        if queue.taken >= STORE_SLOTS {
            return false;
        }
        queue.taken += 1;
        queue.waiting.push_back((id, request));
        true
    }

    fn room(&self) -> usize {
        STORE_SLOTS - self.0.lock().unwrap().taken
    }

    fn release(&mut self) {
        self.0.lock().unwrap().taken -= 1;
    }
}

/// An endpoint with what stands on top of it: all that a process has.
pub struct Process<A: App> {
    base: Instant,
    address: SocketAddr,
    pub endpoint: Endpoint,
    pub app: A,
}

impl<A: App> Process<A> {
    /// Lets everything happen that can happen now, and puts what is to be sent on the network.
    pub fn settle(&mut self, now: Duration, network: &mut Network) {
        let at = moment(self.base, now);
        if self
            .endpoint
            .poll_timeout()
            .is_some_and(|deadline| deadline <= at.instant)
        {
            self.endpoint.handle_timeout(at.instant);
        }
        if self
            .app
            .poll_timeout()
            .is_some_and(|deadline| deadline <= at.instant)
        {
            self.app.on_timeout(at, &mut self.endpoint);
        }
        let mut buffer = Vec::new();
        loop {
            let mut quiet = true;
            while let Some(event) = self.endpoint.poll_event() {
                self.app.on_event(at, &mut self.endpoint, event);
                quiet = false;
            }
            self.app.on_settled(at, &mut self.endpoint);
            while let Some(transmit) = self.endpoint.poll_transmit(at.instant, &mut buffer) {
                let size = transmit.segment_size.unwrap_or(transmit.len).max(1);
                for datagram in buffer[..transmit.len].chunks(size) {
                    assert!(
                        datagram.len() <= 1200,
                        "a datagram has {} bytes",
                        datagram.len()
                    );
                    network.send(now, self.address, transmit.remote, datagram);
                }
                quiet = false;
            }
            if quiet {
                break;
            }
        }
        let surviving = self.deadline().filter(|deadline| *deadline <= now);
        assert!(
            surviving.is_none(),
            "a deadline survived being polled at {now:?}"
        );
    }

    pub fn deadline(&self) -> Option<Duration> {
        let deadlines = [self.endpoint.poll_timeout(), self.app.poll_timeout()];
        let first = deadlines.into_iter().flatten().min()?;
        Some(first.saturating_duration_since(self.base))
    }

    pub fn take(&mut self, now: Duration, mut datagram: Datagram) {
        let at = moment(self.base, now);
        let (local, remote) = (Some(self.address.ip()), datagram.from);
        self.endpoint
            .handle_datagram(at.instant, local, remote, None, &mut datagram.bytes);
    }

    pub fn input(&mut self, now: Duration, input: A::Input) {
        self.app
            .on_input(moment(self.base, now), &mut self.endpoint, input);
    }
}

/// The server: its process, its store, its disk.
pub struct ServerHost {
    pub process: Process<Hub>,
    engine: Engine,
    queue: Arc<Mutex<Queue>>,
    /// What the store has done and not yet said, and when it will.
    done: Option<(Duration, Vec<Completion>)>,
}

impl ServerHost {
    pub fn boot(
        base: Instant,
        now: Duration,
        address: SocketAddr,
        disk: &MemoryDisk,
        seed: [u8; 32],
    ) -> Self {
        let at = moment(base, now);
        let database = Database::builder()
            .create_with_backend(disk.backend())
            .expect("the disk holds a database or nothing");
        let mut engine = Engine::new(database, seed).expect("the schema is ours");
        let secret = |engine: &mut Engine, name: &str| -> [u8; 32] {
            let bytes = engine
                .secret(name, |rng| {
                    let mut key = vec![0; 32];
                    rand_core::RngCore::fill_bytes(rng, &mut key);
                    key
                })
                .expect("the disk does not fail");
            bytes.try_into().expect("keys have 32 bytes")
        };
        let static_key = secret(&mut engine, "noise");
        let reset_key = secret(&mut engine, "reset");
        let setup = engine
            .secret("opaque", |rng| Registrar::generate(rng))
            .expect("the disk does not fail");
        let registrar = Registrar::load(&setup).expect("the setup is ours");
        let config = ServerConfig {
            static_key,
            reset_key,
            limits: Limits::default(),
        };
        let endpoint = Endpoint::server(at.instant, config, seed);
        let server_key = endpoint.public_key().expect("a server has a key");
        let queue = Arc::new(Mutex::new(Queue::default()));
        let store = Box::new(QueuedStore(queue.clone()));
        let hub = Hub::new(at, HubConfig::default(), store, registrar, server_key, seed);
        let process = Process {
            base,
            address,
            endpoint,
            app: hub,
        };
        Self {
            process,
            engine,
            queue,
            done: None,
        }
    }

    pub fn settle(&mut self, now: Duration, network: &mut Network) {
        if self.done.as_ref().is_some_and(|(at, _)| *at <= now) {
            let (_, completions) = self.done.take().expect("just looked at");
            for completion in completions {
                self.process
                    .input(now, server::Input::Completion(completion));
            }
        }
        self.process.settle(now, network);
        if self.done.is_none() {
            let batch: Vec<_> = {
                let mut queue = self.queue.lock().unwrap();
                let length = queue.waiting.len().min(BATCH);
                queue.waiting.drain(..length).collect()
            };
            if !batch.is_empty() {
                self.done = Some((now + COMMIT, self.engine.execute(batch)));
            }
        }
    }

    pub fn deadline(&self) -> Option<Duration> {
        let store = self.done.as_ref().map(|(at, _)| *at);
        [store, self.process.deadline()].into_iter().flatten().min()
    }
}

/// What one person sees and is asked.
#[derive(Default)]
pub struct Screen {
    pub lines: Vec<(Tone, String)>,
    pub ask: Option<Ask>,
}

struct SimConsole(Arc<Mutex<Screen>>);

impl Console for SimConsole {
    fn show(&mut self, tone: Tone, text: &str) {
        self.0.lock().unwrap().lines.push((tone, text.to_owned()));
    }

    fn ask(&mut self, ask: Ask) {
        self.0.lock().unwrap().ask = Some(ask);
    }

    fn set_names(&mut self, _names: Vec<String>) {}

    fn is_interactive(&self) -> bool {
        true
    }
}

/// A client's state directory, on a disk that survives its process.
#[derive(Clone, Default)]
pub struct SimFiles {
    known: Arc<Mutex<Option<[u8; 32]>>>,
    disks: Arc<Mutex<BTreeMap<String, MemoryDisk>>>,
}

impl Files for SimFiles {
    fn check_server(&mut self, key: &[u8; 32]) -> io::Result<Trust> {
        Ok(match *self.known.lock().unwrap() {
            None => Trust::Unknown,
            Some(known) if known == *key => Trust::Known,
            Some(_) => Trust::Changed {
                known: "another".into(),
                place: "memory".into(),
            },
        })
    }

    fn trust_server(&mut self, key: &[u8; 32]) -> io::Result<()> {
        *self.known.lock().unwrap() = Some(*key);
        Ok(())
    }

    fn open_device(&mut self, _key: &[u8; 32], name: &str) -> anyhow::Result<Database> {
        let mut disks = self.disks.lock().unwrap();
        let disk = disks.entry(name.to_owned()).or_default();
        Ok(Database::builder().create_with_backend(disk.backend())?)
    }
}

/// A client: its process, its screen, and the person before it.
pub struct ClientHost {
    pub name: String,
    pub process: Process<Client>,
    pub screen: Arc<Mutex<Screen>>,
    /// Lines that the person will type, and when.
    pub script: VecDeque<(Duration, String)>,
}

impl ClientHost {
    pub fn boot(
        base: Instant,
        now: Duration,
        name: &str,
        address: SocketAddr,
        server: SocketAddr,
        files: SimFiles,
        seed: [u8; 32],
    ) -> Self {
        let at = moment(base, now);
        let screen = Arc::new(Mutex::new(Screen::default()));
        let mut endpoint = Endpoint::client(at.instant, ClientConfig::default(), seed);
        let options = Options {
            server_name: server.to_string(),
            addresses: vec![server],
            user: Some(name.to_owned()),
            password: None,
            accept_new: true,
            pinned_fingerprint: None,
            key_stretching: KeyStretching::Identity,
            utc_offset_seconds: 0,
        };
        let console = Box::new(SimConsole(screen.clone()));
        let mut client = Client::new(at, options, console, Box::new(files), seed);
        client.start(at, &mut endpoint);
        let process = Process {
            base,
            address,
            endpoint,
            app: client,
        };
        Self {
            name: name.to_owned(),
            process,
            screen,
            script: VecDeque::new(),
        }
    }

    /// Whether the person stands at the prompt of a signed-in client.
    pub fn is_signed_in(&self) -> bool {
        let prompt = format!("{}> ", self.name);
        matches!(&self.screen.lock().unwrap().ask, Some(Ask::Command(text)) if *text == prompt)
    }

    pub fn settle(&mut self, now: Duration, network: &mut Network) {
        self.process.settle(now, network);
        while let Some(line) = self.next_line(now) {
            self.screen.lock().unwrap().ask = None;
            self.process.input(now, Input::Line(line));
            self.process.settle(now, network);
        }
    }

    fn next_line(&mut self, now: Duration) -> Option<String> {
        let ask = self.screen.lock().unwrap().ask.clone()?;
        match ask {
            Ask::Secret(_) => Some(format!("password of {}", self.name)),
            Ask::Line(question) if question.contains("Sign up?") => Some("y".into()),
            Ask::Line(question) => panic!("{} was asked {question:?}", self.name),
            Ask::Command(_) if self.is_signed_in() => self
                .script
                .pop_front_if(|(at, _)| *at <= now)
                .map(|(_, line)| line),
            // The sign-in failed for a while (too many attempts, a crash): once more.
            Ask::Command(_) => Some(format!("login {}", self.name)),
        }
    }

    pub fn deadline(&self) -> Option<Duration> {
        let typed = if self.is_signed_in() {
            self.script.front().map(|(at, _)| *at)
        } else {
            None
        };
        [typed, self.process.deadline()].into_iter().flatten().min()
    }
}

/// A generator for one purpose of one run.
pub fn generator(seed: u64, purpose: u8) -> ChaCha20Rng {
    let mut bytes = [purpose; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    ChaCha20Rng::from_seed(bytes)
}
