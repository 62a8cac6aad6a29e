//! What peers that do not keep the rules can do to the hub, over real sessions and upon a real store, which answers
//! when the test lets it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::session::{Stage, User};
use super::{Hub, HubConfig, Input, Registrar};
use crate::protocol::{
    AccountId, Body, Command, ContactsRequest, ConversationId, DeliverAgain, DeviceId, Digest,
    EntryId, Envelope, ErrorCode, Hello, Hop, Message, Number, Origin, Position, ReceiptsRequest,
    Received, Text, encode, seal,
};
use crate::store::memory::MemoryDisk;
use crate::store::{
    Append, Engine, NewAccount, Outcome, Reply, Request, RequestId, Standing, Store, TicketHash,
};
use crate::transport::{
    App, Channel, ClientConfig, Endpoint, Event, Limits, Now, ServerConfig, SessionId,
};

/// How many requests the store takes at once.
const SLOTS: usize = 64;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(RequestId, Request)>,
    taken: usize,
}

struct QueuedStore(Arc<Mutex<Queue>>);

impl QueuedStore {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().expect("no test panics while it holds this")
    }
}

impl Store for QueuedStore {
    fn submit(&mut self, id: RequestId, request: Request) -> bool {
        let mut queue = self.queue();
        let has_room = queue.taken < SLOTS;
        if has_room {
            queue.taken += 1;
            queue.waiting.push_back((id, request));
        }
        has_room
    }

    fn room(&self) -> usize {
        SLOTS - self.queue().taken
    }

    fn release(&mut self) {
        self.queue().taken -= 1;
    }
}

/// A session as both ends call it.
#[derive(Clone, Copy)]
struct Link {
    client: SessionId,
    server: SessionId,
}

struct Bench {
    now: Now,
    hub: Hub,
    server: Endpoint,
    client: Endpoint,
    engine: Engine,
    queue: Arc<Mutex<Queue>>,
    /// Whether the store answers nothing for now.
    is_held: bool,
    /// Whether a session may come to its end.
    may_close: bool,
}

impl Bench {
    fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "some moment to count from")]
        let instant = Instant::now();
        let now = Now {
            instant,
            unix_ms: 1_773_756_120_000,
        };
        let database = MemoryDisk::new().open().expect("an empty disk");
        let engine = Engine::new(database, [1; 32]).expect("an empty database");
        let setup = Registrar::generate(&mut ChaCha20Rng::from_seed([2; 32]));
        let registrar = Registrar::load(&setup).expect("made just now");
        let config = ServerConfig {
            static_key: [3; 32],
            reset_key: [4; 32],
            limits: Limits::default(),
        };
        let queue = Arc::new(Mutex::new(Queue::default()));
        let store = Box::new(QueuedStore(Arc::clone(&queue)));
        Self {
            now,
            hub: Hub::new(
                now,
                HubConfig::default(),
                store,
                registrar,
                [5; 32],
                [6; 32],
            ),
            server: Endpoint::server(instant, config, [7; 32]),
            client: Endpoint::client(instant, ClientConfig::default(), [8; 32]),
            engine,
            queue,
            is_held: false,
            may_close: false,
        }
    }

    fn done(&mut self, request: Request) -> Reply {
        match self
            .engine
            .execute(vec![(RequestId(0), request)])
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
        let Reply::Account(account) = self.done(Request::CreateAccount(account)) else {
            panic!("an account was asked for");
        };
        let device = Request::OpenDevice {
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

    fn pair(&mut self, (account, device): (AccountId, DeviceId), name: &str) -> ConversationId {
        let name = name.into();
        let request = Request::Resolve {
            account,
            device,
            name,
        };
        let Reply::Resolved { standing, .. } = self.done(request) else {
            panic!("a conversation was asked for");
        };
        standing.conversation
    }

    fn connect(&mut self) -> Link {
        let client = self
            .client
            .connect(self.now.instant, ([198, 51, 100, 1], 7777).into());
        self.pass(100);
        let server = *self
            .hub
            .sessions
            .keys()
            .next_back()
            .expect("it is connected");
        Link { client, server }
    }

    /// A session of a user who is signed in, without the sign-in.
    fn signed_in(&mut self, name: &str, (account, device): (AccountId, DeviceId)) -> Link {
        let link = self.connect();
        let user = User::new(account, name.into(), device);
        let session = self
            .hub
            .sessions
            .get_mut(&link.server)
            .expect("it is connected");
        session.stage = Stage::SignedIn(Box::new(user));
        self.hub.presence.arrive(account, name, link.server);
        self.server
            .set_signed_in(self.now.instant, link.server, true);
        self.pass(50);
        let hello = Hello {
            positions: Vec::new(),
            more: false,
        };
        self.say(link, Channel::Control, &Message::control(hello));
        self.pass(50);
        self.heard(link);
        link
    }

    fn say(&mut self, link: Link, channel: Channel, message: &Message) {
        let bytes = encode(message, Hop::default());
        self.client
            .send(self.now.instant, link.client, channel, &bytes)
            .expect("there is room");
    }

    /// Everything that has come on a session.
    fn heard(&mut self, link: Link) -> Vec<Body> {
        let mut bodies = Vec::new();
        for channel in Channel::ALL {
            while let Some(bytes) = self.client.receive(self.now.instant, link.client, channel) {
                let envelope = Envelope::decode(&bytes).expect("the server encodes messages");
                bodies.push(envelope.open().expect("with the right digest").body);
            }
        }
        self.pass(50);
        bodies
    }

    fn user_of(&mut self, link: Link) -> &mut User {
        let session = self.hub.sessions.get_mut(&link.server);
        session.and_then(|it| it.user_mut()).expect("signed in")
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
        self.client.handle_timeout(now.instant);
        self.server.handle_timeout(now.instant);
        if self.hub.poll_timeout().is_some_and(|at| at <= now.instant) {
            self.hub.on_timeout(now, &mut self.server);
        }
        let address = |last| ([192, 0, 2, last], 4000).into();
        let mut buffer = Vec::new();
        loop {
            let mut is_quiet = true;
            while self
                .client
                .poll_transmit(now.instant, &mut buffer)
                .is_some()
            {
                self.server
                    .handle_datagram(now.instant, None, address(1), None, &mut buffer);
                is_quiet = false;
            }
            while let Some(event) = self.server.poll_event() {
                self.hub.on_event(now, &mut self.server, event);
            }
            let waiting: Vec<_> = if self.is_held {
                Vec::new()
            } else {
                let mut queue = self
                    .queue
                    .lock()
                    .expect("no test panics while it holds this");
                queue.waiting.drain(..).collect()
            };
            for completion in self.engine.execute(waiting) {
                self.hub
                    .on_input(now, &mut self.server, Input::Completion(completion));
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
                let is_closed = matches!(event, Event::Closed { .. });
                assert!(self.may_close || !is_closed, "{event:?}");
            }
            if is_quiet {
                return;
            }
        }
    }
}

fn text(sender: &str, receiver: &str, said: &str, origin: Origin) -> Message {
    let text = Text {
        sender: sender.into(),
        receiver: receiver.into(),
        text: said.into(),
    };
    Message::chat(origin, text)
}

fn contacts() -> Message {
    Message::control(ContactsRequest { tag: 1 })
}

#[test]
fn no_stalled_session_is_forgotten_when_the_store_has_room_again() {
    // Each completion let one stalled channel go on. Where that one asked nothing of the store, no other completion
    // came for the next, and the client waited for ever.
    let mut bench = Bench::new();
    let busy = bench.user("busy");
    let busy = bench.signed_in("busy", busy);
    let patient = bench.user("patient");
    let patient: Vec<Link> = (0..150)
        .map(|_| bench.signed_in("patient", patient))
        .collect();
    bench.is_held = true;
    for conversation in 0..40 {
        let again = DeliverAgain {
            conversation: ConversationId(conversation),
            after: EntryId(u64::MAX),
        };
        bench.say(busy, Channel::Chat, &Message::control(again));
        let receipts = ReceiptsRequest {
            conversation: ConversationId(conversation),
        };
        bench.say(busy, Channel::Chat, &Message::control(receipts));
    }
    bench.pass(100);
    for link in &patient {
        bench.say(*link, Channel::Control, &contacts());
    }
    bench.pass(100);
    bench.is_held = false;
    bench.pass(300);
    for link in patient {
        let heard = bench.heard(link);
        assert!(
            heard
                .iter()
                .any(|body| matches!(body, Body::ListContacts(_))),
            "{heard:?}"
        );
    }
}

#[test]
fn account_has_no_more_sessions_than_its_limit() {
    // Each sign-in could be that of a new device, and each session have windows of 1.5 MiB: one account could hold
    // thousands of them, for 15 minutes after its last word.
    let mut bench = Bench::new();
    let (account, _) = bench.user("mallory");
    for device in 0..40 {
        let link = bench.connect();
        let outcome = Outcome::Done(Reply::Device {
            account,
            name: "mallory".into(),
            device: DeviceId(100 + device),
            epoch: 1,
        });
        let turn = &mut super::hub::Turn {
            now: bench.now,
            endpoint: &mut bench.server,
        };
        let ticket = vec![0; 32];
        bench
            .hub
            .device_known(turn, link.server, Command::LoginFinish, ticket, outcome);
        bench.may_close = true;
        bench.pass(500);
    }
    assert!(
        bench.hub.sessions.len() <= 16,
        "{}",
        bench.hub.sessions.len()
    );
}

#[test]
fn hello_without_end_costs_no_more_than_its_limit() {
    // What was beyond the limit was refused, but kept, and the next part added to it.
    let mut bench = Bench::new();
    let mallory = bench.user("mallory");
    let link = bench.signed_in("mallory", mallory);
    bench.user_of(link).ready = false;
    let position = Position {
        conversation: ConversationId::EVERYONE,
        entry: EntryId(u64::MAX),
        digest: Digest([7; 32]),
    };
    for _ in 0..50 {
        let hello = Hello {
            positions: vec![position; 500],
            more: true,
        };
        bench.say(link, Channel::Control, &Message::control(hello));
        bench.pass(30);
        assert!(bench.user_of(link).hello.len() <= 10_000);
    }
    let heard = bench.heard(link);
    assert!(heard.iter().any(|body| matches!(body, Body::Failure(_))));
}

#[test]
fn repeated_message_takes_no_receipt_back() {
    // A device resends what it does not know to be stored. The answer named an older entry than had been delivered
    // since, and the device's acknowledgement of that was then cut down to the older one: its author was never told.
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.pair(alice, "bob");
    let link = bench.signed_in("bob", bob);
    let origin = Origin {
        conversation: pair,
        device: bob.1,
        number: Number(1),
    };
    let first = text("bob", "alice", "one", origin);
    bench.say(link, Channel::Chat, &first);
    bench.pass(50);
    let alices = bench.signed_in("alice", alice);
    let origin = Origin {
        device: alice.1,
        ..origin
    };
    bench.say(alices, Channel::Chat, &text("alice", "bob", "two", origin));
    bench.pass(50);
    bench.say(link, Channel::Chat, &first);
    bench.pass(50);
    let received = Received {
        conversation: pair,
        entry: EntryId(2),
    };
    bench.say(link, Channel::Chat, &Message::control(received));
    bench.pass(50);
    let heard = bench.heard(alices);
    let marks = heard.iter().filter_map(|body| match body {
        Body::Receipts(receipts) => receipts.marks.iter().map(|mark| mark.entry).max(),
        _ => None,
    });
    assert_eq!(marks.max(), Some(EntryId(2)), "{heard:?}");
}

#[test]
fn receipts_are_told_to_nobody_before_the_store_has_permitted_it_and_are_not_lost_meanwhile() {
    // A session that asked was told from then on, also while the store had not yet said that it belongs to the
    // conversation: a stranger who asked again and again learned who talked with whom, and when.
    let mut bench = Bench::new();
    let (alice, bob, mallory) = (
        bench.user("alice"),
        bench.user("bob"),
        bench.user("mallory"),
    );
    let pair = bench.pair(alice, "bob");
    let bobs = bench.signed_in("bob", bob);
    let origin = Origin {
        conversation: pair,
        device: alice.1,
        number: Number(1),
    };
    let (content, digest) = seal(&text("alice", "bob", "tea?", origin));
    let append = Append {
        conversation: pair,
        author: alice.0,
        device: alice.1,
        number: Number(1),
        digest,
        content,
        time_ms: 1,
    };
    bench.done(Request::Append(append));
    bench.user_of(bobs).note_sent(pair, EntryId(1));
    let (alices, strangers) = (
        bench.signed_in("alice", alice),
        bench.signed_in("mallory", mallory),
    );
    bench.is_held = true;
    let request = Message::control(ReceiptsRequest { conversation: pair });
    bench.say(alices, Channel::Chat, &request);
    bench.say(strangers, Channel::Chat, &request);
    bench.pass(50);
    let received = Received {
        conversation: pair,
        entry: EntryId(1),
    };
    bench.say(bobs, Channel::Chat, &Message::control(received));
    bench.pass(50);
    assert_eq!(bench.heard(strangers), []);
    bench.is_held = false;
    bench.pass(1500);
    let is_receipt =
        |body: &Body| matches!(body, Body::Receipts(receipts) if !receipts.marks.is_empty());
    assert!(bench.heard(alices).iter().any(is_receipt));
    let heard = bench.heard(strangers);
    assert!(!heard.iter().any(is_receipt), "{heard:?}");
}

#[test]
fn device_that_asks_for_deliveries_again_and_again_costs_one_reading_at_a_time() {
    let mut bench = Bench::new();
    let bob = bench.user("bob");
    let link = bench.signed_in("bob", bob);
    bench.is_held = true;
    for _ in 0..20 {
        let again = DeliverAgain {
            conversation: ConversationId::EVERYONE,
            after: EntryId::START,
        };
        bench.say(link, Channel::Chat, &Message::control(again));
    }
    bench.pass(50);
    let waiting = bench.queue.lock().expect("held by nobody").waiting.len();
    assert_eq!(waiting, 1);
}

#[test]
fn conversation_that_cannot_be_read_holds_up_no_other() {
    // The first conversation in which a device was behind was read again and again, each second, as long as the store
    // could not; the others waited behind it.
    let mut bench = Bench::new();
    let bob = bench.user("bob");
    let link = bench.signed_in("bob", bob);
    bench.is_held = true;
    let (damaged, sound) = (ConversationId(100), ConversationId(200));
    for conversation in [damaged, sound] {
        let again = DeliverAgain {
            conversation,
            after: EntryId::START,
        };
        bench.say(link, Channel::Chat, &Message::control(again));
    }
    bench.pass(50);
    let turn = &mut super::hub::Turn {
        now: bench.now,
        endpoint: &mut bench.server,
    };
    let (after, outcome) = (EntryId::START, Outcome::Unknown);
    bench.hub.read(turn, link.server, damaged, after, outcome);
    let queue = bench.queue.lock().expect("held by nobody");
    let last = queue.waiting.back().map(|(_, request)| request);
    assert!(
        matches!(last, Some(Request::Read { conversation, .. }) if *conversation == sound),
        "{last:?}"
    );
}

#[test]
fn message_that_no_delivery_could_hold_is_refused_and_holds_nobody_up() {
    // A message of 64 KiB was stored, but with what a delivery adds it fitted into none: its readers asked for it for
    // ever, and got nothing that came after it, in any conversation.
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.pair(alice, "bob");
    let (alices, bobs) = (bench.signed_in("alice", alice), bench.signed_in("bob", bob));
    let origin = Origin {
        conversation: pair,
        device: alice.1,
        number: Number(1),
    };
    let receiver = |length| text("alice", &"b".repeat(length), "tea?", origin);
    let around = encode(&receiver(60_000), Hop::default()).len() - 60_000;
    let largest = receiver(64 * 1024 - around);
    bench.say(alices, Channel::Chat, &largest);
    bench.pass(100);
    bench.say(alices, Channel::Chat, &receiver(3));
    bench.pass(100);
    let refused = |body: &Body| matches!(body, Body::Failure(failure) if failure.code == ErrorCode::TextTooLong);
    assert!(bench.heard(alices).iter().any(refused));
    let heard = bench.heard(bobs);
    assert!(
        heard.iter().any(|body| matches!(body, Body::Text(_))),
        "{heard:?}"
    );
}

#[test]
fn however_many_are_online_asking_for_them_ends_no_session() {
    // The whole list was sent at once; from some five thousand users on it did not fit into a send buffer, and each
    // client that asked, as all do when they sign in, was closed for not reading.
    let mut bench = Bench::new();
    let erin = bench.user("erin");
    let link = bench.signed_in("erin", erin);
    for number in 0..10_000_u64 {
        let name = format!("{number:0>32}");
        bench
            .hub
            .presence
            .arrive(AccountId(1_000 + number), &name, link.server);
    }
    bench.say(link, Channel::Control, &contacts());
    bench.pass(500);
    let heard = bench.heard(link);
    let lists = heard.iter().filter_map(|body| match body {
        Body::ListContacts(list) => Some(list),
        _ => None,
    });
    let names: Vec<&str> = lists
        .flat_map(|list| &list.contacts)
        .map(|contact| &*contact.name)
        .collect();
    assert!(
        names.len() >= 1000 && names.contains(&"erin"),
        "{}",
        names.len()
    );
}

#[test]
fn however_many_talk_to_an_account_it_can_sign_in() {
    // Anybody may open a conversation with anybody. With some thousands of them the answer to HELLO did not fit into a
    // send buffer, and the owner was closed for not reading, at each sign-in.
    let mut bench = Bench::new();
    let erin = bench.user("erin");
    let link = bench.signed_in("erin", erin);
    let standing = |number: u64| Standing {
        conversation: ConversationId(1_000_000 + number),
        name: format!("{number:0>32}"),
        head: EntryId::START,
        last_number: Number(0),
        start: EntryId::START,
        since: EntryId::START,
        mark: EntryId::START,
    };
    let standings = (0..9_000).map(standing).collect();
    let outcome = Outcome::Done(Reply::Hello { standings });
    let now = bench.now;
    let turn = &mut super::hub::Turn {
        now,
        endpoint: &mut bench.server,
    };
    bench
        .hub
        .greet(turn, link.server, Channel::Control, outcome);
    let mut heads = 0;
    let mut is_greeted = false;
    for _ in 0..40 {
        bench.pass(100);
        for body in bench.heard(link) {
            match body {
                Body::HelloAnswer(answer) => heads += answer.heads.len(),
                Body::Greeting(_) => is_greeted = true,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!((heads, is_greeted), (9_000, true));
    bench.say(link, Channel::Control, &contacts());
    bench.pass(100);
    assert_eq!(bench.heard(link).len(), 1);
}
