//! What a peer does as an honest client does it: signing up and in, finding a conversation, saying a line.

use std::net::{IpAddr, SocketAddr};

use udpchat::client::opaque::{LoginBegun, SignUpBegun};
use udpchat::protocol::opaque::KeyStretching;
use udpchat::protocol::{
    AccountId, Bytes, ClientMessage, Command, ConversationId, DeviceId, DeviceSeq, Failure, Hello,
    HelloAnswer, Login, LoginFinish, Origin, Resolve, Resolved, Resume, ServerBody, SessionStart,
    SignUp, SignUpFinish, Text,
};
use udpchat::transport::Channel;

use super::{Peer, address};

/// The password of every account that the kit opens.
const PASSWORD: &[u8] = b"correct horse battery";

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

/// Mallory, and her conversation with bob.
pub fn mallory_with_bob(server: SocketAddr) -> (Peer, Pass, ConversationId) {
    let (mut mallory, pass) = Peer::enter(server, address(3), "mallory", 1);
    let pair = mallory.resolve("bob").expect("bob is there").conversation;
    (mallory, pass, pair)
}

impl Peer {
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
            attempt: 1,
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
            attempt: 1,
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
                ..
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
