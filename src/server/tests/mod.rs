//! What peers that do not keep the rules can do to the hub, over real sessions and upon a real store, which answers
//! when the test lets it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::ctx::Ctx;
use super::hello::Hellos;
use super::hub::applied::{Applied, on_applied};
use super::hub::services::Services;
use super::messages::catch_up;
use super::session::User;
use super::{Hub, HubConfig, Input, OpaqueServer};
use crate::kit::{QueuedBlobs, QueuedStore};
use crate::protocol::{
    Access, AccountId, Bytes, ClientMessage, Command, ContactsRequest, ConversationId,
    DeliverAgain, DeviceId, DeviceSeq, Digest, EntryId, Envelope, ErrorCode, Hello, Hop, Origin,
    Position, ReceiptsRequest, Received, ServerBody, Text, encode, seal,
};
use crate::store::fault_disk::MemoryDisk;
use crate::store::{
    Append, Completion, ConversationState, Engine, MemoryBlobs, NewAccount, Outcome, Quota, Read,
    Refusal, Reply, Request, RequestId, TicketHash, Write,
};
use crate::testing::instant;
use crate::transport::{
    App, Channel, ClientConfig, CloseReason, Endpoint, Event, Limits, Now, ServerConfig, SessionId,
};

mod accounts;
mod addressing;
mod bans;
mod blocks;
mod files;
mod keys;
mod limits;
mod listing;
mod names;
mod people;
mod quota;
mod rates;
mod readers;
mod reading;
mod retention;
mod rooms;
mod tickets;

/// How many requests the store takes at once, and the blobs.
const SLOTS: usize = 64;

/// A session as both ends call it.
#[derive(Clone, Copy)]
struct Link {
    client: SessionId,
    server: SessionId,
}

/// HELLO, complete, of a device that has nothing yet.
fn hello() -> Hello {
    Hello {
        positions: Vec::new(),
        more: false,
        epoch: None,
        software: None,
        unannounced: None,
        sends_only: None,
    }
}

struct Bench {
    now: Now,
    hub: Hub,
    server: Endpoint,
    client: Endpoint,
    engine: Engine,
    store: QueuedStore,
    /// The disk of the blobs.
    disk: MemoryBlobs,
    blobs: QueuedBlobs,
    /// Whether the store answers nothing for now.
    is_held: bool,
    /// Whether the blobs answer nothing for now.
    are_blobs_held: bool,
    /// Whether a session may come to its end.
    may_close: bool,
    /// How sessions of clients have.
    closed: Vec<(SessionId, CloseReason)>,
    /// Where the client is.
    place: SocketAddr,
    /// What binds a proof to each session.
    handshake_hashes: BTreeMap<SessionId, [u8; 32]>,
}

impl Bench {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    /// With other limits of the transport.
    fn with(limits: Limits) -> Self {
        let now = Now {
            instant: instant(),
            unix_ms: 1_773_756_120_000,
        };
        let database = MemoryDisk::new().files().expect("an empty disk");
        let engine = Engine::new(database, [1; 32]).expect("an empty database");
        let store = QueuedStore::new(SLOTS);
        let disk = MemoryBlobs::default();
        let blobs = QueuedBlobs::on(&disk, SLOTS);
        Self {
            now,
            hub: hub(now, HubConfig::default(), &store, &blobs),
            server: endpoint(now, limits),
            client: Endpoint::client(now.instant, ClientConfig::default(), [8; 32]),
            engine,
            store,
            disk,
            blobs,
            is_held: false,
            are_blobs_held: false,
            may_close: false,
            closed: Vec::new(),
            place: ([192, 0, 2, 1], 4000).into(),
            handshake_hashes: BTreeMap::new(),
        }
    }

    /// The server is killed, and another goes on with its disks.
    fn restart(&mut self) {
        self.store = QueuedStore::new(SLOTS);
        self.blobs = QueuedBlobs::on(&self.disk, SLOTS);
        let config = self.hub.core.config.clone();
        self.hub = hub(self.now, config, &self.store, &self.blobs);
        self.server = endpoint(self.now, Limits::default());
        self.may_close = true;
    }

    fn done(&mut self, request: impl Into<Request>) -> Reply {
        match self
            .engine
            .execute(vec![(RequestId(0), request.into())])
            .remove(0)
            .outcome
        {
            Outcome::Done(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    /// An account with a device.
    fn user(&mut self, name: &str) -> (AccountId, DeviceId) {
        let account = NewAccount {
            name: name.into(),
            skeleton: name.into(),
            record: Vec::new(),
            credential_identifier: [0; 16],
            time_ms: 1,
        };
        let Reply::Account(account) = self.done(Write::CreateAccount(account)) else {
            panic!("an account was asked for");
        };
        let device = Write::OpenDevice {
            account: account.id,
            device: None,
            ticket: TicketHash([0; 32]),
            expires_ms: 0,
        };
        let Reply::Device { device, .. } = self.done(device) else {
            panic!("a device was asked for");
        };
        (account.id, device)
    }

    /// The store joins an account to a room, which is made if need be.
    fn join_room(
        &mut self,
        (account, device): (AccountId, DeviceId),
        name: &str,
        access: Access,
    ) -> ConversationId {
        let request = Write::Join {
            account,
            device,
            name: name.into(),
            skeleton: name.into(),
            access,
            may_make: true,
            time_ms: 1,
        };
        let Reply::Joined(joined) = self.done(request) else {
            panic!("a room was asked for");
        };
        joined.standing.conversation
    }

    fn pair(&mut self, (account, device): (AccountId, DeviceId), name: &str) -> ConversationId {
        let name = name.into();
        let request = Read::Resolve {
            account,
            device,
            name,
        };
        let Reply::Resolved { standing, .. } = self.done(request) else {
            panic!("a conversation was asked for");
        };
        standing.conversation
    }

    /// The store appends what this device says, as its message of this number.
    fn append(&mut self, conversation: ConversationId, author: (AccountId, DeviceId), number: u64) {
        self.append_text(conversation, author, number, "tea?");
    }

    fn append_text(
        &mut self,
        conversation: ConversationId,
        (author, device): (AccountId, DeviceId),
        number: u64,
        said: &str,
    ) {
        let number = DeviceSeq(number);
        let origin = Origin {
            conversation,
            device,
            number,
        };
        let (content, digest) = seal(&text(said, origin));
        self.done(Write::Append(Append {
            conversation,
            author,
            device,
            number,
            digest,
            content,
            time_ms: 1,
            quota: Quota::default(),
            relation: None,
            has_file: false,
            key: None,
        }));
    }

    fn connect(&mut self) -> Link {
        let client = self
            .client
            .connect(self.now.instant, ([198, 51, 100, 1], 7777).into());
        self.pass(100);
        let newest = self.hub.core.sessions.in_order().next_back();
        let (server, _) = newest.expect("it is connected");
        Link { client, server }
    }

    /// A session of a user who is signed in, without the sign-in.
    fn signed_in(&mut self, name: &str, (account, device): (AccountId, DeviceId)) -> Link {
        let link = self.connect();
        self.sign_in_on(link, name, (account, device));
        self.say(link, Channel::Control, &ClientMessage::control(hello()));
        self.pass(50);
        self.heard(link);
        link
    }

    /// Signs a user in on a session that has not said HELLO.
    fn sign_in_on(&mut self, link: Link, name: &str, (account, device): (AccountId, DeviceId)) {
        let user = User::new(account, name, device);
        let session = self
            .hub
            .core
            .sessions
            .get_mut(link.server)
            .expect("it is connected");
        session.sign_in(user);
        self.hub
            .core
            .presence
            .set_active(account, name, link.server);
        self.server
            .set_signed_in(self.now.instant, link.server, true);
        self.pass(50);
    }

    fn say(&mut self, link: Link, channel: Channel, message: &ClientMessage) {
        self.say_bytes(link, channel, &encode(message, Hop::default()));
    }

    fn say_bytes(&mut self, link: Link, channel: Channel, bytes: &[u8]) {
        self.client
            .send(self.now.instant, link.client, channel, bytes)
            .expect("there is room");
    }

    /// Everything that has come on a session, and what that makes room for.
    fn heard(&mut self, link: Link) -> Vec<ServerBody> {
        let bodies = self.heard_now(link);
        self.pass(50);
        bodies
    }

    /// Everything that has come on a session.
    fn heard_now(&mut self, link: Link) -> Vec<ServerBody> {
        let mut bodies = Vec::new();
        for channel in Channel::ALL {
            while let Some(bytes) = self.client.receive(self.now.instant, link.client, channel) {
                let envelope = Envelope::decode(&bytes).expect("the server encodes messages");
                bodies.push(envelope.open().expect("with the right digest").body);
            }
        }
        bodies
    }

    /// Calls the hub's parts as its driver would.
    fn run(&mut self, work: impl FnOnce(&mut Services, &mut Ctx<'_>)) {
        self.hub.run(self.now, &mut self.server, work);
    }

    fn user_of(&mut self, link: Link) -> &mut User {
        self.hub
            .core
            .sessions
            .user_mut(link.server)
            .expect("signed in")
    }

    fn pass(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds.div_ceil(5) {
            self.now.instant += Duration::from_millis(5);
            self.now.unix_ms += 5;
            self.settle();
        }
    }

    fn settle(&mut self) {
        let now = self.now;
        self.disk.set_time(now.unix_ms);
        self.client.handle_timeout(now.instant);
        self.server.handle_timeout(now.instant);
        if self.hub.poll_timeout().is_some_and(|at| at <= now.instant) {
            self.hub.on_timeout(now, &mut self.server);
        }
        let mut buffer = Vec::new();
        loop {
            let mut is_quiet = true;
            while self
                .client
                .poll_transmit(now.instant, &mut buffer)
                .is_some()
            {
                self.server
                    .handle_datagram(now.instant, None, self.place, None, &mut buffer);
                is_quiet = false;
            }
            while let Some(event) = self.server.poll_event() {
                self.hub.on_event(now, &mut self.server, event);
            }
            let at_most = if self.is_held { 0 } else { SLOTS };
            let waiting = self.store.take(at_most);
            for completion in self.engine.execute(waiting) {
                self.hub
                    .on_input(now, &mut self.server, Input::Completion(completion.into()));
                is_quiet = false;
            }
            let done = if self.are_blobs_held {
                Vec::new()
            } else {
                self.blobs.execute()
            };
            for completion in done {
                let input = Input::Blob(completion);
                self.hub.on_input(now, &mut self.server, input);
                is_quiet = false;
            }
            self.hub.on_settled(now, &mut self.server);
            while self
                .server
                .poll_transmit(now.instant, &mut buffer)
                .is_some()
            {
                let from = ([198, 51, 100, 1], 7777).into();
                self.client
                    .handle_datagram(now.instant, None, from, None, &mut buffer);
                is_quiet = false;
            }
            while let Some(event) = self.client.poll_event() {
                match event {
                    Event::Closed { session, reason } => {
                        assert!(self.may_close, "{session:?}: {reason:?}");
                        self.closed.push((session, reason));
                    }
                    Event::Connected {
                        session,
                        handshake_hash,
                        ..
                    } => {
                        self.handshake_hashes.insert(session, handshake_hash);
                    }
                    _ => {}
                }
            }
            if is_quiet {
                return;
            }
        }
    }
}

fn hub(now: Now, config: HubConfig, store: &QueuedStore, blobs: &QueuedBlobs) -> Hub {
    let setup = OpaqueServer::generate(&mut ChaCha20Rng::from_seed([2; 32]));
    let opaque = OpaqueServer::load(&setup).expect("made just now");
    let (store, blobs) = (Box::new(store.clone()), Box::new(blobs.clone()));
    Hub::new(now, config, store, blobs, opaque, [5; 32], [6; 32])
}

fn endpoint(now: Now, limits: Limits) -> Endpoint {
    let config = ServerConfig {
        static_key: [3; 32],
        reset_key: [4; 32],
        unix_ms: now.unix_ms,
        limits,
    };
    Endpoint::server(now.instant, config, [7; 32])
}

/// The message of this number that a device says to everyone.
fn to_everyone((_, device): (AccountId, DeviceId), number: u64) -> Origin {
    Origin {
        conversation: ConversationId::EVERYONE,
        device,
        number: DeviceSeq(number),
    }
}

/// A text; by whom it is the server does not read.
fn text(said: &str, origin: Origin) -> ClientMessage {
    let text = Text {
        sender: AccountId(1),
        receiver: origin.conversation,
        salt: Bytes([7; 16]),
        text: said.into(),
    };
    ClientMessage::chat(origin, &text)
}

fn contacts() -> ClientMessage {
    ClientMessage::control(ContactsRequest { tag: 1 })
}
