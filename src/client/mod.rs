//! The client, without sockets and clocks.
//!
//! [`Client`] joins three parts: `session` is the link to the server, `core` the logic, and what the console and
//! the files are is said in `env`. The driver of `net`, or a simulator, feeds it as a [`transport::App`]. What
//! arrives in one batch is made durable together when the batch is settled; only then anything is sent or shown
//! that follows from it.
//!
//! [`transport::App`]: crate::transport::App

mod account;
pub(super) mod auth;
pub mod commands;
mod core;
mod effects;
mod env;
mod link;
mod name;
mod storage;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod ui;

pub use self::core::Core;
pub use auth::opaque;
pub use env::{Ask, Console, End, Files, Input, Names, Tone, Trust};

use std::net::SocketAddr;
use std::time::Instant;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use zeroize::Zeroizing;

use crate::protocol::opaque::KeyStretching;
use crate::transport::{App, Channel, Endpoint, Event, Now};
use link::{Link, LinkEvent};

/// What the command line says. It holds a password, so it has no form for logs.
#[derive(Clone)]
pub struct Options {
    /// The server as it was typed, `host:port`.
    pub server_name: String,
    /// Its addresses, the preferred one first.
    pub addresses: Vec<SocketAddr>,
    /// Who is to be signed in at once.
    pub user: Option<String>,
    /// The password, where it came from a file.
    pub password: Option<Zeroizing<String>>,
    /// Whether an unknown server key is taken without asking.
    pub accept_new: bool,
    /// The fingerprint that the server's key must have.
    pub pinned_fingerprint: Option<String>,
    /// How a password is made expensive to guess.
    pub key_stretching: KeyStretching,
    /// The user's zone, in seconds east of UTC; times are shown in it.
    pub utc_offset_seconds: i32,
}

/// A client of one server.
pub struct Client {
    server_name: String,
    link: Link,
    core: Core,
    random: ChaCha20Rng,
}

impl Client {
    /// A client that has not begun. The seed decides all its chances.
    #[must_use]
    pub fn new(
        _now: Now,
        options: Options,
        console: Box<dyn Console>,
        files: Box<dyn Files>,
        seed: [u8; 32],
    ) -> Self {
        let mut random = ChaCha20Rng::from_seed(seed);
        let mut core_seed = [0; 32];
        random.fill_bytes(&mut core_seed);
        Self {
            server_name: options.server_name.clone(),
            link: Link::new(options.addresses.clone()),
            core: Core::new(options, console, files, core_seed),
            random,
        }
    }

    /// Begins to connect.
    pub fn start(&mut self, now: Now, endpoint: &mut Endpoint) {
        self.link.connect(now.instant, endpoint);
        self.on_settled(now, endpoint);
    }

    /// How the client ended, once it has.
    #[must_use]
    pub const fn end(&self) -> Option<&End> {
        self.core.end()
    }

    /// Whether somebody is signed in, and the server has said where they stand in this session.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.core.is_settled()
    }

    fn handle_link(&mut self, now: Now, event: LinkEvent) {
        let name = &self.server_name;
        match event {
            LinkEvent::Up {
                key,
                handshake_hash,
            } => self.core.link_up(now, key, handshake_hash),
            LinkEvent::Lost { reason, ended } => self.core.link_lost(&reason, ended),
            LinkEvent::Unreachable(heard) => {
                let heard = heard.map(|heard| format!(" ({heard})")).unwrap_or_default();
                let text = format!(
                    "no answer from {name}{heard}\n\
                     hint: is the server running, is this its port, and does every firewall on the way let UDP \
                     through?"
                );
                self.core.finish(End::Unreachable(text));
            }
            LinkEvent::Impossible(reason) => {
                let text = format!("{name}: {reason}");
                self.core.finish(End::Failed(text));
            }
            LinkEvent::Silent => {
                let text = format!(
                    "no answer from {name} for 10 s; still trying, and what you type is kept"
                );
                self.core.link_silent(&text);
            }
            LinkEvent::Awake => {
                let text = format!("{name} is back");
                self.core.link_awake(now, &text);
            }
        }
    }
}

impl App for Client {
    type Input = Input;

    fn on_event(&mut self, now: Now, endpoint: &mut Endpoint, event: Event) {
        if let Event::Readable { session, channel } = event {
            if self.link.session() == Some(session) {
                while let Some(bytes) = endpoint.receive(now.instant, session, channel) {
                    self.core.handle_message(now, channel, &bytes);
                }
            }
            return;
        }
        let happened = self
            .link
            .handle_event(now.instant, endpoint, event, &mut self.random);
        if let Some(happened) = happened {
            self.handle_link(now, happened);
        }
    }

    fn on_input(&mut self, now: Now, _endpoint: &mut Endpoint, input: Input) {
        if let Some(typed) = self.core.handle_input(now, input) {
            commands::run(&mut self.core, now, &typed.line, typed.focus.as_deref());
        }
    }

    fn on_timeout(&mut self, now: Now, endpoint: &mut Endpoint) {
        let happened = self
            .link
            .handle_timeout(now.instant, endpoint, &mut self.random);
        if let Some(happened) = happened {
            self.handle_link(now, happened);
        }
        self.core.handle_timeout(now);
        self.on_settled(now, endpoint);
    }

    fn on_settled(&mut self, now: Now, endpoint: &mut Endpoint) {
        if self.core.take_status_request() {
            let status = self.link.status(endpoint);
            self.core.show_status(now, status);
        }
        self.core.settle(now);
        let messages: Vec<(Channel, Vec<u8>)> = self.core.take_messages();
        for (channel, bytes) in messages {
            self.link.send(now.instant, endpoint, channel, bytes);
        }
        if self.core.end().is_some() {
            self.link.close(now.instant, endpoint);
        } else if self.core.take_reconnect_request() {
            self.core
                .link_lost("the server does not answer the sign-in", None);
            self.link.reconnect(now.instant, endpoint, &mut self.random);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let link = self.link.deadline();
        if self.core.end().is_some() {
            return link;
        }
        [link, self.core.deadline()].into_iter().flatten().min()
    }

    fn is_finished(&self) -> bool {
        self.core.end().is_some() && self.link.is_closed()
    }
}
