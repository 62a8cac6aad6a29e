//! What one private message costs on the wire, part by part: from alice's prompt by way of the server to bob's
//! screen, acknowledgements and receipts included, on a path that loses nothing. The real client, hub and store, in
//! virtual time. `cargo test --lib bytes_on_the_wire -- --nocapture` prints it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::{Ask, Client, Input as Typed, Options, ProgramOptions};
use crate::kit::{Memory, QueuedBlobs, QueuedStore, Screen, UnderWay, settle};
use crate::protocol::opaque::KeyStretching;
use crate::protocol::{Envelope, ServerBody};
use crate::server::{Hub, HubConfig, Input, OpaqueServer};
use crate::store::fault_disk::MemoryDisk;
use crate::store::{Completion, Engine};
use crate::testing::instant;
use crate::transport::tests::packet_dump::{PACKET_OVERHEAD, Piece, pieces};
use crate::transport::{App, ClientConfig, Endpoint, Limits, Now, ServerConfig};

/// Three times what IRC over TLS takes: 204 bytes.
const LIMIT_BYTES: usize = 612;

/// Bytes of the headers of IPv4 (RFC 791) and UDP (RFC 768).
const IP_AND_UDP: usize = 20 + 8;

/// One way to the server.
const DELAY: Duration = Duration::from_millis(25);

/// How many requests the store takes at once.
const SLOTS: usize = 64;

/// How long a commit takes.
const COMMIT: Duration = Duration::from_millis(2);

const SERVER: ([u8; 4], u16) = ([198, 51, 100, 1], 7777);

struct User {
    name: &'static str,
    address: SocketAddr,
    endpoint: Endpoint,
    client: Client,
    screen: Screen,
    /// What is typed at the prompt next.
    line: Option<String>,
}

impl User {
    fn new(now: Now, name: &'static str, number: u8) -> Self {
        let mut endpoint = Endpoint::client(now.instant, ClientConfig::default(), [number; 32]);
        let screen = Screen::interactive();
        let options = Options {
            server_name: "server:7777".into(),
            addresses: vec![SERVER.into()],
            user: Some(name.into()),
            password: None,
            code: None,
            accept_new: true,
            pinned_fingerprint: None,
            linked: crate::client::LinkOptions::default(),
            key_stretching: KeyStretching::Identity,
            unannounced: false,
            time_zone: jiff::tz::TimeZone::UTC,
            attention: udpchat::client::AttentionOptions::default(),
            is_restricted: false,
            save_files_below: 0,
            program: ProgramOptions::new(Duration::from_secs(30)),
        };
        let files = Box::new(Memory::default());
        let mut client = Client::new(now, options, screen.console(), files, [number; 32]);
        client.start(now, &mut endpoint);
        Self {
            name,
            address: ([192, 0, 2, number], 5000).into(),
            endpoint,
            client,
            screen,
            line: None,
        }
    }

    /// The person's answer to what is asked.
    fn answer(&mut self) -> Option<String> {
        let mut seen = self.screen.seen();
        let answer = match seen.ask()? {
            Ask::Secret(_) => "a good password".into(),
            Ask::Line(_) => "y".into(),
            Ask::Command(_) | Ask::Inside { .. } => self.line.take()?,
        };
        seen.asks.clear();
        Some(answer)
    }
}

/// A datagram that was sent: when, on whose hop, which way, and what it was.
struct Sent {
    at: Duration,
    hop: &'static str,
    up: bool,
    bytes: usize,
    parts: Vec<(&'static str, usize)>,
}

struct World {
    start: Now,
    now: Now,
    hub: Hub,
    server: Endpoint,
    engine: Engine,
    store: QueuedStore,
    done: Option<(Instant, Vec<Completion>)>,
    users: Vec<User>,
    under_way: UnderWay<Instant, (SocketAddr, SocketAddr, Vec<u8>)>,
    sent: Vec<Sent>,
}

impl World {
    fn new() -> Self {
        let now = Now {
            instant: instant(),
            unix_ms: 1_767_398_400_000,
        };
        let disk = MemoryDisk::new();
        let database = disk.files().expect("the disk is empty");
        let mut engine = Engine::new(database, [3; 32]).expect("the schema is ours");
        let setup = engine.secret("opaque", OpaqueServer::generate);
        let opaque = OpaqueServer::load(&setup.expect("the disk works")).expect("it is ours");
        let config = ServerConfig {
            static_key: [5; 32],
            reset_key: [6; 32],
            unix_ms: now.unix_ms,
            limits: Limits::default(),
        };
        let server = Endpoint::server(now.instant, config, [4; 32]);
        let key = server.public_key().expect("a server has a key");
        let store = QueuedStore::new(SLOTS);
        let (at_hub, blobs) = (Box::new(store.clone()), Box::new(QueuedBlobs::new(SLOTS)));
        let hub = Hub::new(
            now,
            HubConfig::default(),
            at_hub,
            blobs,
            opaque,
            key,
            [4; 32],
        );
        Self {
            start: now,
            now,
            hub,
            server,
            engine,
            store,
            done: None,
            users: vec![User::new(now, "alice", 1), User::new(now, "bob", 2)],
            under_way: UnderWay::default(),
            sent: Vec::new(),
        }
    }

    fn put(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        let up = to == SERVER.into();
        let peer = if up { from } else { to };
        let Some(user) = self.users.iter().find(|user| user.address == peer) else {
            return;
        };
        let receiver = if up { &self.server } else { &user.endpoint };
        self.sent.push(Sent {
            at: self.now.instant - self.start.instant,
            hop: user.name,
            up,
            bytes: bytes.len() + IP_AND_UDP,
            parts: parts(receiver, &bytes),
        });
        let arrival = self.now.instant + DELAY;
        self.under_way.put(arrival, (from, to, bytes));
    }

    fn settle(&mut self) {
        let now = self.now;
        if let Some((_, completions)) = self.done.take_if(|(at, _)| *at <= now.instant) {
            for completion in completions {
                let input = Input::Completion(completion.into());
                self.hub.on_input(now, &mut self.server, input);
            }
        }
        let mut datagrams = Vec::new();
        let (server, hub) = (&mut self.server, &mut self.hub);
        settle(now, server, hub, |to, bytes| {
            datagrams.push((SERVER.into(), to, bytes.to_vec()));
        });
        if self.done.is_none() {
            let batch = self.store.take(SLOTS);
            if !batch.is_empty() {
                self.done = Some((now.instant + COMMIT, self.engine.execute(batch)));
            }
        }
        for user in &mut self.users {
            let from = user.address;
            let mut send = |to, bytes: &[u8]| datagrams.push((from, to, bytes.to_vec()));
            settle(now, &mut user.endpoint, &mut user.client, &mut send);
            while let Some(line) = user.answer() {
                let input = Typed::Line(line);
                user.client.on_input(now, &mut user.endpoint, input);
                settle(now, &mut user.endpoint, &mut user.client, &mut send);
            }
        }
        for (from, to, bytes) in datagrams {
            self.put(from, to, bytes);
        }
    }

    /// Lets so much time pass.
    fn run(&mut self, duration: Duration) {
        let end = self.now.instant + duration;
        loop {
            self.settle();
            let users = self.users.iter().flat_map(|user| {
                [user.endpoint.poll_timeout(), user.client.poll_timeout()]
                    .into_iter()
                    .flatten()
            });
            let arrival = self.under_way.next();
            let server = [self.server.poll_timeout(), self.hub.poll_timeout(), arrival];
            let done = self.done.as_ref().map(|(at, _)| *at);
            let next = users.chain(server.into_iter().flatten()).chain(done).min();
            let next = next.map_or(end, |next| next.min(end));
            let passed = next.saturating_duration_since(self.now.instant);
            self.now.instant = self.now.instant.max(next);
            self.now.unix_ms += u64::try_from(passed.as_millis()).unwrap_or(0);
            if next >= end {
                return;
            }
            while let Some((from, to, mut bytes)) = self.under_way.take(self.now.instant) {
                let users = self.users.iter_mut();
                let receiver = users
                    .filter(|user| user.address == to)
                    .map(|user| &mut user.endpoint)
                    .next()
                    .unwrap_or(&mut self.server);
                receiver.handle_datagram(self.now.instant, None, from, None, &mut bytes);
            }
        }
    }
}

/// The parts of a datagram, in its order.
fn parts(receiver: &Endpoint, datagram: &[u8]) -> Vec<(&'static str, usize)> {
    let mut parts = vec![("IPv4 and UDP", IP_AND_UDP)];
    let Some(pieces) = pieces(receiver, datagram) else {
        parts.push(("handshake", datagram.len()));
        return parts;
    };
    parts.push(("packet header and tag", PACKET_OVERHEAD));
    for piece in pieces {
        match piece {
            Piece::Ack(bytes) => parts.push(("ACK frame", bytes)),
            Piece::Other(bytes) => parts.push(("other frame", bytes)),
            Piece::Stream { overhead, data } => {
                parts.push(("STREAM frame header", overhead));
                messages(&data, &mut parts);
            }
        }
    }
    parts
}

/// The parts of the messages in a piece of a channel; where a message is cut, the rest is one part.
fn messages(mut data: &[u8], parts: &mut Vec<(&'static str, usize)>) {
    while !data.is_empty() {
        let mut rest = data;
        let length = rmp::decode::read_bin_len(&mut rest).ok();
        let whole = length.and_then(|length| rest.split_at_checked(length as usize));
        let opened = whole.and_then(|(message, after)| {
            let envelope = Envelope::decode(message).ok()?;
            Some((
                message,
                after,
                envelope.open::<ServerBody>().ok()?,
                envelope,
            ))
        });
        let Some((message, after, opened, envelope)) = opened else {
            parts.push(("part of a message", data.len()));
            return;
        };
        parts.push(("message length", data.len() - rest.len()));
        let hop = crate::protocol::to_bytes(&envelope.hop).len();
        let digest = crate::protocol::to_bytes(&envelope.digest).len();
        parts.push(("hop (address, place in the log)", hop));
        parts.push((opened.header.message_type.word(), envelope.content.len()));
        parts.push(("digest", digest));
        let rest = message.len() - hop - digest - envelope.content.len();
        parts.push(("envelope", rest));
        data = after;
    }
}

#[test]
fn a_private_message_takes_no_more_than_three_times_what_irc_takes() {
    let mut world = World::new();
    world.run(Duration::from_secs(5));
    // What a first message asks for besides is not what each costs.
    for (index, line) in [(0, "message bob hello"), (1, "message alice hello")] {
        world.users[index].line = Some(line.into());
        world.run(Duration::from_secs(5));
    }
    world.sent.clear();
    world.users[0].line = Some(format!("message bob {}", "x".repeat(64)));
    world.run(Duration::from_secs(5));
    for hop in ["alice", "bob"] {
        let mut sums = BTreeMap::<&str, usize>::new();
        let mut all = 0;
        println!("between {hop} and the server:");
        for sent in world.sent.iter().filter(|sent| sent.hop == hop) {
            let arrow = if sent.up { "up  " } else { "down" };
            println!(
                "  {:>8.1?} {arrow} {:>3} bytes: {:?}",
                sent.at, sent.bytes, sent.parts
            );
            assert_eq!(
                sent.bytes,
                sent.parts.iter().map(|(_, bytes)| bytes).sum::<usize>()
            );
            for (part, bytes) in &sent.parts {
                *sums.entry(part).or_default() += bytes;
            }
            all += sent.bytes;
        }
        println!("  in all {all} bytes (at most {LIMIT_BYTES}): {sums:?}");
        assert!(sums.contains_key("MESSAGE_EXCHANGE"), "it went by {hop}");
        assert!(
            all <= LIMIT_BYTES,
            "{all} bytes between {hop} and the server"
        );
    }
}
