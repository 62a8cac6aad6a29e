//! Tests of the logic without a link: a script speaks the server's part, message by message.

mod accounts;
mod bytes;
mod chat;
mod files;
mod gaps;
mod link;
mod mending;
mod offline;
mod places;
mod presence;
mod race;
mod receipts;
mod receiving;
mod restore;
mod rooms;
mod scripts;
mod server;
mod sign_in;
mod signed_out;
mod waiting;

use std::time::Duration;

use opaque_ke::{
    CredentialFinalization, CredentialRequest, RegistrationRequest, RegistrationUpload,
    ServerLogin, ServerLoginParameters, ServerRegistration, ServerSetup,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_bytes::ByteBuf;

use super::commands;
use super::core::Core;
use super::testing::{Memory, Screen, instant};
use super::{Ask, End, Fault, Input, Options, Password, ProgramOptions, Until};
use crate::protocol::opaque::{IDENTITIES, KeyStretching, Suite, context};
use crate::protocol::{
    AccountId, Bytes, ClientBody, ClientMessage, ConversationId, DeviceId, DeviceSeq,
    EVERYONE_NAME, EntryId, Envelope, Greeting, Head, HelloAnswer, HistoryEntry, Hop, Login,
    LoginAnswer, LoginFinish, ServerBody, ServerMessage, SessionStart, SignUp, SignUpAnswer,
    SignUpFinish, Text, encode, seal,
};
use crate::transport::{Channel, Now};

const KEY: [u8; 32] = [7; 32];
const HASH: [u8; 32] = [8; 32];
const ERIN: AccountId = AccountId(5);
const BOB: AccountId = AccountId(2);

fn name_of(account: AccountId) -> &'static str {
    match account {
        ERIN => "erin",
        BOB => "bob",
        _ => "carol",
    }
}

/// A text as its author writes it.
fn text_by(sender: AccountId, receiver: ConversationId, text: &str) -> Text {
    Text {
        sender,
        receiver,
        salt: Bytes([7; 16]),
        text: text.into(),
    }
}
const DEVICE: DeviceId = DeviceId(11);
const PAIR: ConversationId = ConversationId(40);
const CREDENTIAL: &[u8] = b"credential identifier";
/// Tuesday, 2026-03-17 14:02:00 UTC.
const START_MS: u64 = 1_773_756_120_000;

/// A client's logic, its screen, and the time.
struct Desk {
    core: Core,
    screen: Screen,
    files: Memory,
    now: Now,
}

fn options() -> Options {
    Options {
        server_name: "host:7777".into(),
        addresses: Vec::new(),
        user: None,
        password: None,
        code: None,
        accept_new: true,
        pinned_fingerprint: None,
        linked: crate::client::LinkOptions::default(),
        key_stretching: KeyStretching::Identity,
        unannounced: false,
        time_zone: jiff::tz::TimeZone::UTC,
        attention: crate::client::AttentionOptions::default(),
        is_restricted: false,
        save_files_below: 0,
        program: ProgramOptions::new(Duration::from_secs(30)),
    }
}

fn with_password(user: &str, password: &str) -> Options {
    Options {
        user: Some(user.into()),
        password: Some(Password::parse(password).unwrap()),
        ..options()
    }
}

/// Those of a program of erin's that only sends.
fn options_of_program(until: Until) -> Options {
    let options = with_password("erin", "secret");
    Options {
        program: options.program.sending(until),
        ..options
    }
}

impl Desk {
    fn new(screen: Screen, options: Options) -> Self {
        Self::with_files(screen, options, Memory::default())
    }

    /// A client with the files of an earlier one.
    fn with_files(screen: Screen, options: Options, files: Memory) -> Self {
        let core = Core::new(options, screen.console(), Box::new(files.clone()), [1; 32]);
        let now = Now {
            instant: instant(),
            unix_ms: START_MS,
        };
        Self {
            core,
            screen,
            files,
            now,
        }
    }

    /// One that is connected.
    fn connected(screen: Screen, options: Options) -> Self {
        let mut desk = Self::new(screen, options);
        desk.core.link_up(desk.now, KEY, HASH);
        desk
    }

    /// One that is signed in as erin, with these conversations.
    fn with_conversations(heads: Vec<Head>) -> Self {
        let mut desk = Self::connected(Screen::interactive(), with_password("erin", "secret"));
        Server::with_signed_in("erin", "secret").log_in(&mut desk);
        desk.settle_heads(heads);
        desk
    }

    /// One that is signed in as erin, with a conversation with bob, and has nothing on its screen.
    fn signed_in(screen: Screen) -> Self {
        Self::signed_in_with(screen, with_password("erin", "secret"))
    }

    fn signed_in_with(screen: Screen, options: Options) -> Self {
        let mut desk = Self::connected(screen, options);
        let mut server = Server::with_signed_in("erin", "secret");
        server.log_in(&mut desk);
        desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
        desk.screen.lines();
        desk.screen.asks();
        desk
    }

    fn settle(&mut self) {
        commands::run_parked(&mut self.core, self.now);
        self.core.settle(self.now);
    }

    /// Ends the batch, and gives what was sent.
    fn sent(&mut self) -> Vec<(Channel, ClientMessage)> {
        self.settle();
        let messages = self.core.take_messages();
        messages
            .into_iter()
            .map(|message| {
                let envelope =
                    Envelope::decode(&message.bytes).expect("the client encodes messages");
                (
                    message.channel,
                    envelope.open().expect("with the right digest"),
                )
            })
            .collect()
    }

    /// Ends the batch, and gives the bodies of what was sent.
    fn bodies(&mut self) -> Vec<ClientBody> {
        let sent = self.sent();
        sent.into_iter().map(|(_, message)| message.body).collect()
    }

    /// Ends the batch, and gives the only body that was sent.
    fn body(&mut self) -> ClientBody {
        let mut bodies = self.bodies();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        bodies.remove(0)
    }

    fn control(&mut self, message: &ServerMessage) {
        let bytes = encode(message, Hop::default());
        self.core.handle_message(self.now, Channel::Control, &bytes);
    }

    fn chat(&mut self, body: impl Into<ServerBody>) {
        let bytes = encode(&ServerMessage::control(body), Hop::default());
        self.core.handle_message(self.now, Channel::Chat, &bytes);
    }

    fn type_line(&mut self, line: &str) {
        let input = Input::Line(line.to_owned());
        if let Some(typed) = self.core.handle_input(self.now, input) {
            commands::run(
                &mut self.core,
                self.now,
                &typed.line,
                typed.focus.as_deref(),
            );
        }
    }

    fn wait(&mut self, span: Duration) {
        self.now.instant += span;
        self.now.unix_ms += u64::try_from(span.as_millis()).expect("tests wait for less");
        self.core.handle_timeout(self.now);
    }

    /// The server answers HELLO.
    fn settle_heads(&mut self, mut heads: Vec<Head>) -> Vec<ClientBody> {
        heads.push(head(ConversationId::EVERYONE, EVERYONE_NAME, 0, 0, 0));
        self.sent();
        self.control(&ServerMessage::control(HelloAnswer { heads, more: false }));
        self.control(&ServerMessage::control(Greeting {
            text: "Welcome.".into(),
            online: 1,
            software: None,
            limits: None,
            others: None,
        }));
        self.bodies()
    }

    /// The lines shown in this batch.
    fn lines(&mut self) -> Vec<String> {
        self.settle();
        self.screen.lines()
    }

    /// The process ends without a word, and another begins with the same files.
    fn restarted(self, screen: Screen, options: Options) -> Self {
        let Self { core, files, .. } = self;
        drop(core);
        let mut desk = Self::with_files(screen, options, files);
        desk.core.link_up(desk.now, KEY, HASH);
        desk
    }

    /// The process is killed, and another begins with the same files and is signed in by its ticket.
    fn killed_and_back(self) -> Self {
        let mut options = options();
        options.user = Some("erin".into());
        let mut desk = self.restarted(Screen::interactive(), options);
        let ClientBody::Resume(_) = desk.body() else {
            panic!("the client has a ticket");
        };
        desk.control(&ServerMessage::control(session_start()));
        desk
    }

    /// What is shown of an earlier run.
    fn lines_again(&mut self) -> Vec<String> {
        let mut lines = self.lines();
        lines.retain(|line| line.ends_with("(perhaps shown before)"));
        lines
    }

    fn refused(&self) -> &str {
        match self.core.end() {
            Some(End::Refused(text)) => text,
            other => panic!("{other:?} is not a refusal"),
        }
    }
}

fn head(id: ConversationId, name: &str, head: u64, last_number: u64, start: u64) -> Head {
    Head {
        conversation: id,
        name: name.into(),
        head: EntryId(head),
        last_number: DeviceSeq(last_number),
        start: EntryId(start),
        floor: EntryId::START,
        until: None,
        expired: false,
        read: None,
        muted_until_ms: None,
        reads_after: None,
    }
}

/// What bob said, as it stands in the server's history.
fn old(message: &ServerMessage, entry: u64, prev: u64) -> HistoryEntry {
    let (content, digest) = seal(message);
    HistoryEntry {
        entry: EntryId(entry),
        prev: EntryId(prev),
        author: BOB,
        time_ms: START_MS - 120_000,
        digest,
        content: ByteBuf::from(content),
        author_name: Some("bob".into()),
        deleted: None,
    }
}

fn session_start() -> SessionStart {
    SessionStart {
        reset_ms: None,
        account: ERIN,
        name: "erin".into(),
        device: DEVICE,
        epoch: 1,
        ticket: ByteBuf::from([3; 32]),
    }
}

/// The server's half of OPAQUE, for one account.
struct Server {
    setup: ServerSetup<Suite>,
    random: ChaCha20Rng,
    name: String,
    record: Option<ServerRegistration<Suite>>,
    login: Option<ServerLogin<Suite>>,
}

impl Server {
    fn new(name: &str) -> Self {
        let mut random = ChaCha20Rng::from_seed([2; 32]);
        Self {
            setup: ServerSetup::new(&mut random),
            random,
            name: name.into(),
            record: None,
            login: None,
        }
    }

    /// One where this account exists: opened through the client's own code.
    fn with_signed_in(name: &str, password: &str) -> Self {
        let mut server = Self::new(name);
        let mut random = ChaCha20Rng::from_seed([4; 32]);
        let (begun, request) =
            super::auth::opaque::SignUpBegun::new(&mut random, password.as_bytes())
                .expect("randomness suffices");
        let answer = server.sign_up_answer(&SignUp {
            name: name.into(),
            request,
        });
        let upload = begun
            .finish(
                &mut random,
                password.as_bytes(),
                &answer.response,
                KeyStretching::Identity,
            )
            .expect("the answer is OPAQUE's");
        server.take_upload(&SignUpFinish { upload });
        server
    }

    fn sign_up_answer(&mut self, sign_up: &SignUp) -> SignUpAnswer {
        let request = RegistrationRequest::deserialize(&sign_up.request).expect("a request");
        let started = ServerRegistration::<Suite>::start(&self.setup, request, CREDENTIAL)
            .expect("a request that can be answered");
        SignUpAnswer {
            response: ByteBuf::from(started.message.serialize().to_vec()),
        }
    }

    fn take_upload(&mut self, finish: &SignUpFinish) {
        let upload = RegistrationUpload::<Suite>::deserialize(&finish.upload).expect("an upload");
        self.record = Some(ServerRegistration::finish(upload));
    }

    fn login_answer(&mut self, login: &Login) -> LoginAnswer {
        let context = context(&HASH);
        let parameters = ServerLoginParameters {
            context: Some(&context),
            identifiers: IDENTITIES,
        };
        let started = ServerLogin::start(
            &mut self.random,
            &self.setup,
            self.record.clone(),
            CredentialRequest::deserialize(&login.request).expect("a request"),
            CREDENTIAL,
            parameters,
        )
        .expect("a request that can be answered");
        self.login = Some(started.state);
        LoginAnswer {
            response: ByteBuf::from(started.message.serialize().to_vec()),
            name: self.name.clone(),
        }
    }

    fn is_proved(&mut self, finish: &LoginFinish) -> bool {
        let context = context(&HASH);
        let parameters = ServerLoginParameters {
            context: Some(&context),
            identifiers: IDENTITIES,
        };
        let proof = CredentialFinalization::deserialize(&finish.finalization).expect("a proof");
        self.login
            .take()
            .expect("a login has begun")
            .finish(proof, parameters)
            .is_ok()
    }

    /// Answers a login to its end.
    fn log_in(&mut self, desk: &mut Desk) {
        self.log_in_as(desk, session_start());
    }

    /// The same, and the session begins with this.
    fn log_in_as(&mut self, desk: &mut Desk, start: SessionStart) {
        let ClientBody::Login(login) = desk.body() else {
            panic!("the client does not log in");
        };
        let answer = self.login_answer(&login);
        desk.control(&ServerMessage::control(answer));
        let ClientBody::LoginFinish(finish) = desk.body() else {
            panic!("the client does not finish its login");
        };
        assert!(self.is_proved(&finish));
        desk.control(&ServerMessage::control(start));
    }
}

/// The prompt of erin in a conversation.
fn inside(place: &str) -> Ask {
    Ask::Inside {
        prompt: format!("erin {place}> "),
        place: place.to_owned(),
    }
}
