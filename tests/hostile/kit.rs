//! A hostile client: sessions from any loopback address, which say whatever a test wants them to.
//!
//! It speaks through the library's transport and protocol, so that everything below its malice is as an honest
//! client's. Nothing it does leaves this machine, and every wait ends.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use udpchat::client::opaque::{LoginBegun, SignUpBegun};
use udpchat::protocol::opaque::KeyStretching;
use udpchat::protocol::{
    AccountId, Bytes, ClientBody, ClientMessage, Command, ConversationId, DeviceId, DeviceSeq,
    Envelope, Failure, Hello, HelloAnswer, Hop, Login, LoginFinish, Origin, Resolve, Resolved,
    Resume, ServerBody, ServerMessage, SessionStart, SignUp, SignUpFinish, Text, encode,
};
use udpchat::transport::{
    Channel, ClientConfig, CloseReason, Endpoint, Event, SendError, SessionId,
};

/// How long a peer waits for an answer before it says that there was none.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The longest datagram that the transport sends, and room for more.
const DATAGRAM_BYTES: usize = 2048;

/// The password of every account that the kit opens.
pub const PASSWORD: &[u8] = b"correct horse battery";

/// Where a peer stands.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Connecting,
    Open,
    Closed(String),
}

/// Who has signed in.
#[derive(Debug, Clone)]
pub struct Pass {
    pub account: AccountId,
    pub device: DeviceId,
    pub ticket: Vec<u8>,
    /// The database's epoch, which every client is told.
    pub epoch: u64,
    pub name: String,
}

/// One address with one session.
pub struct Peer {
    socket: UdpSocket,
    server: SocketAddr,
    endpoint: Endpoint,
    session: SessionId,
    state: State,
    handshake_hash: [u8; 32],
    random: ChaCha20Rng,
    /// What has come and was not looked at.
    inbox: Vec<ServerMessage>,
    /// Bytes that the other end has sent, as UDP payload.
    pub received_bytes: u64,
    /// Whether messages are taken from the transport: who does not take them lets the server's buffers fill.
    pub is_reading: bool,
    /// How many more datagrams it sends; then it falls silent, in the middle of whatever it was saying.
    pub datagrams_left: u64,
}

/// A loopback address for the attacker of this number: 127.1.0.0 and up, each in another /24 than the one before.
pub fn address(number: u16) -> IpAddr {
    let [high, low] = number.to_be_bytes();
    Ipv4Addr::new(127, 1 + high, low, 1).into()
}

/// Mallory, and her conversation with bob.
pub fn mallory_with_bob(server: SocketAddr) -> (Peer, Pass, ConversationId) {
    let (mut mallory, pass) = Peer::enter(server, address(3), "mallory", 1);
    let pair = mallory.resolve("bob").expect("bob is there").conversation;
    (mallory, pass, pair)
}

impl Peer {
    /// A socket at this address, and a handshake that begins.
    pub fn dial(server: SocketAddr, from: IpAddr, seed: u64) -> Self {
        let socket = UdpSocket::bind((from, 0)).expect("a loopback address can be bound");
        socket
            .set_nonblocking(true)
            .expect("a socket can be made non-blocking");
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        let mut endpoint_seed = [0; 32];
        random.fill_bytes(&mut endpoint_seed);
        let now = Instant::now();
        let mut endpoint = Endpoint::client(now, ClientConfig::default(), endpoint_seed);
        let session = endpoint.connect(now, server);
        let mut peer = Self {
            socket,
            server,
            endpoint,
            session,
            state: State::Connecting,
            handshake_hash: [0; 32],
            random,
            inbox: Vec::new(),
            received_bytes: 0,
            is_reading: true,
            datagrams_left: u64::MAX,
        };
        peer.turn();
        peer
    }

    /// [`Peer::dial`] from 127.0.0.1, until the session is open.
    pub fn connect(server: SocketAddr, seed: u64) -> Self {
        Self::connect_from(server, Ipv4Addr::LOCALHOST.into(), seed)
    }

    /// [`Peer::dial`], until the session is open.
    ///
    /// # Panics
    /// If it does not open.
    pub fn connect_from(server: SocketAddr, from: IpAddr, seed: u64) -> Self {
        let mut peer = Self::dial(server, from, seed);
        assert!(
            peer.wait(PATIENCE, |peer| peer.state != State::Connecting),
            "no session within {PATIENCE:?}"
        );
        assert!(peer.is_open(), "the session ended: {:?}", peer.state);
        peer
    }

    /// Begins another session from the same socket, after one that is over or not.
    pub fn redial(&mut self) {
        self.session = self.endpoint.connect(Instant::now(), self.server);
        self.state = State::Connecting;
        self.turn();
    }

    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Why the session ended, if it has.
    pub fn why_closed(&self) -> Option<&str> {
        match &self.state {
            State::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    pub fn local(&self) -> SocketAddr {
        self.socket.local_addr().expect("it is bound")
    }

    /// Takes in what has come, does what is due, sends what is to be sent. Never waits.
    pub fn turn(&mut self) {
        let mut datagram = [0; DATAGRAM_BYTES];
        let now = Instant::now();
        loop {
            match self.socket.recv_from(&mut datagram) {
                Ok((length, remote)) => {
                    self.received_bytes += length as u64;
                    self.endpoint
                        .handle_datagram(now, None, remote, None, &mut datagram[..length]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // The port may be closed for now: the transport tries again.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(error) => panic!("receiving: {error}"),
            }
        }
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(now);
        }
        while let Some(event) = self.endpoint.poll_event() {
            self.on_event(now, event);
        }
        self.flush(now);
    }

    fn on_event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Connected {
                session,
                handshake_hash,
                ..
            } if session == self.session => {
                self.handshake_hash = handshake_hash;
                self.state = State::Open;
            }
            Event::Closed { session, reason } if session == self.session => {
                self.take_messages(now);
                self.state = State::Closed(match reason {
                    CloseReason::Peer { code, reason } => format!("code {code}: {reason}"),
                    other => other.to_string(),
                });
            }
            Event::Readable { .. } => self.take_messages(now),
            _ => {}
        }
    }

    fn take_messages(&mut self, now: Instant) {
        if !self.is_reading {
            return;
        }
        for channel in Channel::ALL {
            while let Some(bytes) = self.endpoint.receive(now, self.session, channel) {
                let message = Envelope::decode(&bytes).and_then(|envelope| envelope.open());
                self.inbox.push(message.expect("the server is honest"));
            }
        }
    }

    fn flush(&mut self, now: Instant) {
        let mut buffer = Vec::new();
        while let Some(transmit) = self.endpoint.poll_transmit(now, &mut buffer) {
            if self.datagrams_left == 0 {
                buffer.clear();
                continue;
            }
            self.datagrams_left -= 1;
            // What a full socket loses is sent again, as on any path.
            let _ = self
                .socket
                .send_to(&buffer[..transmit.len], transmit.remote);
            buffer.clear();
        }
    }

    /// Turns until `is_done`; `false` when the time is over first.
    pub fn wait(&mut self, at_most: Duration, mut is_done: impl FnMut(&mut Self) -> bool) -> bool {
        let end = Instant::now() + at_most;
        loop {
            self.turn();
            if is_done(self) {
                return true;
            }
            if Instant::now() >= end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends the session, for this reason.
    pub fn hang_up(&mut self, reason: &str) {
        self.endpoint.close(Instant::now(), self.session, 7, reason);
        self.turn();
    }

    /// Bytes to the server from this address that are no session's.
    pub fn send_raw(&self, datagram: &[u8]) {
        let _ = self.socket.send_to(datagram, self.server);
    }

    /// Queues a message as any bytes.
    ///
    /// # Errors
    /// As [`Endpoint::send`].
    pub fn send_bytes(&mut self, channel: Channel, bytes: &[u8]) -> Result<(), SendError> {
        let sent = self
            .endpoint
            .send(Instant::now(), self.session, channel, bytes);
        self.turn();
        sent
    }

    /// Queues a message.
    ///
    /// # Errors
    /// As [`Endpoint::send`].
    pub fn send(&mut self, channel: Channel, message: &ClientMessage) -> Result<(), SendError> {
        self.send_bytes(channel, &encode(message, Hop::default()))
    }

    /// Queues a request on the control channel.
    ///
    /// # Panics
    /// If there is no room for it.
    pub fn ask(&mut self, body: impl Into<ClientBody>) {
        self.send(Channel::Control, &ClientMessage::control(body))
            .expect("a request finds room");
    }

    /// What has come since this was called last.
    pub fn take_inbox(&mut self) -> Vec<ServerMessage> {
        self.turn();
        std::mem::take(&mut self.inbox)
    }

    /// The first message that `wanted` makes something of; it is taken out, the others stay.
    pub fn next<T>(
        &mut self,
        at_most: Duration,
        mut wanted: impl FnMut(&ServerMessage) -> Option<T>,
    ) -> Option<T> {
        let mut found = None;
        self.wait(at_most, |peer| {
            let index = peer.inbox.iter().position(|message| {
                found = wanted(message);
                found.is_some()
            });
            if let Some(index) = index {
                peer.inbox.remove(index);
            }
            found.is_some() || !matches!(peer.state, State::Open)
        });
        found
    }

    /// What answers a request: what `wanted` makes of the answer, or the refusal.
    ///
    /// # Errors
    /// The refusal, or that nothing came.
    pub fn answer<T>(
        &mut self,
        command: Command,
        mut wanted: impl FnMut(&ServerBody) -> Option<T>,
    ) -> Result<T, Option<Failure>> {
        self.next(PATIENCE, |message| match &message.body {
            ServerBody::Failure(failure) if message.header.command == command => {
                Some(Err(Some(failure.clone())))
            }
            body => wanted(body).map(Ok),
        })
        .unwrap_or(Err(None))
    }

    /// Opens an account.
    ///
    /// # Errors
    /// The refusal, or that nothing came.
    pub fn sign_up(&mut self, name: &str) -> Result<(), Option<Failure>> {
        let (begun, request) = SignUpBegun::new(&mut self.random, PASSWORD).expect("it begins");
        self.ask(SignUp {
            name: name.into(),
            request,
        });
        let answer = self.answer(Command::SignUp, |body| match body {
            ServerBody::SignUpAnswer(answer) => Some(answer.clone()),
            _ => None,
        })?;
        let upload = begun
            .finish(
                &mut self.random,
                PASSWORD,
                &answer.response,
                KeyStretching::Argon2id,
            )
            .expect("the server's answer is OPAQUE's");
        self.ask(SignUpFinish { upload });
        self.answer(Command::SignUpFinish, |body| {
            matches!(body, ServerBody::SignedUp(_)).then_some(())
        })
    }

    /// Signs in by password, as a new device or as this one.
    ///
    /// # Errors
    /// The refusal, or that nothing came.
    pub fn log_in(
        &mut self,
        name: &str,
        device: Option<DeviceId>,
    ) -> Result<Pass, Option<Failure>> {
        let (begun, request) = LoginBegun::new(&mut self.random, PASSWORD).expect("it begins");
        self.ask(Login {
            name: name.into(),
            request,
        });
        let answer = self.answer(Command::Login, |body| match body {
            ServerBody::LoginAnswer(answer) => Some(answer.clone()),
            _ => None,
        })?;
        let finalization = begun
            .finish(
                &mut self.random,
                PASSWORD,
                &answer.response,
                &self.handshake_hash,
                KeyStretching::Argon2id,
            )
            .expect("the password is right");
        self.ask(LoginFinish {
            finalization,
            device,
        });
        self.session_start(Command::LoginFinish)
    }

    /// Begins a login with a wrong password, as which it shows only here.
    ///
    /// # Errors
    /// The refusal, or that nothing came.
    pub fn guess(&mut self, name: &str) -> Result<(), Option<Failure>> {
        let (_, request) = LoginBegun::new(&mut self.random, b"wrong").expect("it begins");
        self.ask(Login {
            name: name.into(),
            request,
        });
        self.answer(Command::Login, |body| {
            matches!(body, ServerBody::LoginAnswer(_)).then_some(())
        })
    }

    /// Signs in by ticket.
    ///
    /// # Errors
    /// The refusal, or that nothing came.
    pub fn resume(
        &mut self,
        account: AccountId,
        device: DeviceId,
        ticket: &[u8],
    ) -> Result<Pass, Option<Failure>> {
        self.ask(Resume {
            account,
            device,
            ticket: ticket.to_vec().into(),
        });
        self.session_start(Command::Resume)
    }

    fn session_start(&mut self, command: Command) -> Result<Pass, Option<Failure>> {
        self.answer(command, |body| match body {
            ServerBody::SessionStart(SessionStart {
                account,
                name,
                device,
                epoch,
                ticket,
            }) => Some(Pass {
                account: *account,
                device: *device,
                ticket: ticket.to_vec(),
                epoch: *epoch,
                name: name.clone(),
            }),
            _ => None,
        })
    }

    /// Says HELLO without positions, and reads what the server has for this device.
    pub fn hello(&mut self) -> HelloAnswer {
        self.ask(Hello {
            positions: Vec::new(),
            more: false,
            epoch: None,
            software: None,
            unannounced: None,
            sends_only: None,
        });
        self.answer(Command::Hello, |body| match body {
            ServerBody::HelloAnswer(answer) => Some(answer.clone()),
            _ => None,
        })
        .expect("HELLO is answered")
    }

    /// An account of this name that is signed in and has said HELLO.
    pub fn enter(server: SocketAddr, from: IpAddr, name: &str, seed: u64) -> (Self, Pass) {
        let mut peer = Self::connect_from(server, from, seed);
        peer.sign_up(name).expect("the name is free");
        let pass = peer.log_in(name, None).expect("the account is there");
        peer.hello();
        (peer, pass)
    }

    /// Finds the conversation with a user.
    ///
    /// # Errors
    /// The refusal, or that nothing came.
    pub fn resolve(&mut self, name: &str) -> Result<Resolved, Option<Failure>> {
        self.ask(Resolve {
            tag: 1,
            name: name.into(),
        });
        self.answer(Command::Resolve, |body| match body {
            ServerBody::Resolved(resolved) => Some(resolved.clone()),
            _ => None,
        })
    }

    /// A line as an honest client makes it.
    pub fn line(
        pass: &Pass,
        conversation: ConversationId,
        number: u64,
        text: &str,
    ) -> ClientMessage {
        let origin = Origin {
            conversation,
            device: pass.device,
            number: DeviceSeq(number),
        };
        let text = Text {
            sender: pass.account,
            receiver: conversation,
            salt: Bytes([7; 16]),
            text: text.into(),
        };
        ClientMessage::chat(origin, &text)
    }

    /// Says a line and waits until it is stored.
    ///
    /// # Errors
    /// The refusal, or that nothing came.
    pub fn say(&mut self, line: &ClientMessage) -> Result<(), Option<Failure>> {
        self.send(Channel::Chat, line).expect("a line finds room");
        self.answer(line.header.command, |body| {
            matches!(body, ServerBody::Stored(_)).then_some(())
        })
    }
}
