//! The client, without sockets and clocks.
//!
//! [`Client`] joins the link to the server (`link`) and the logic (`core`, with the signed-in user in `account`);
//! `env` declares the console and the files that it needs. What arrives in one batch is made durable together when the
//! batch is settled; only then anything is sent or shown that follows from it.

mod account;
mod app;
pub(super) mod auth;
mod bot;
pub mod commands;
mod core;
mod effects;
mod env;
mod hold;
mod line;
mod link;
mod name;
mod own_line;
mod password;
pub mod path_word;
mod program;
mod script;
mod storage;
mod tail;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod transfers;
mod ui;
mod waiting;

pub use self::core::Core;
pub use account::sender::keys::{KEY_MAX_BYTES, check_key};
pub use auth::opaque;
pub use bot::{Answer, Happening, Kind, MemberInfo, Record, Request, RoomInfo, Sign};
pub use env::{
    Ask, AttentionOptions, Console, End, Fault, Files, Input, LinkOptions, Names, Notify, Options,
    ProgramOptions, Progress, Ring, Status, Tone, Trust,
};
pub use hold::Hold;
pub use line::{Day, Head, INDENT, Line, Manner, Part, Place, Who};
pub use password::{PASSWORD_MAX_BYTES, Password, PasswordError};
pub use program::{LinkReport, Report, Say, Until};
pub(crate) use tail::read_since;
pub use tail::{Positions, Since, TailOptions, Told, ToldUpTo};
pub use transfers::{CopiedFile, SaveAs, TransferId, Transfers};
pub(crate) use ui::render::unreachable;
pub(crate) use ui::time::{Clock, leading_span, rfc3339, rfc3339_seconds, span_ms};
pub use waiting::Waiting;

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use crate::transport::{App, Endpoint, Now};
use link::{Link, LinkEvent};

/// A client of one server.
pub struct Client {
    server_name: String,
    link: Link,
    core: Core,
    random: ChaCha20Rng,
    resolve: Option<Box<dyn FnMut() + Send>>,
    signed_in: Option<OnSignIn>,
}

/// What is called with the server's key and the canonical name of the account when that has signed in.
pub type OnSignIn = Box<dyn FnMut([u8; 32], &str) + Send>;

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
            resolve: None,
            signed_in: None,
        }
    }

    /// Says how to have the server's name resolved again without waiting for it: the answer is [`Input::Addresses`].
    #[must_use]
    pub fn with_resolver(mut self, resolve: Option<Box<dyn FnMut() + Send>>) -> Self {
        self.resolve = resolve;
        self
    }

    /// Says what to do when an account has signed in, for the first time in this run, or after another one.
    #[must_use]
    pub fn on_sign_in(mut self, signed_in: OnSignIn) -> Self {
        self.signed_in = Some(signed_in);
        self
    }

    /// Begins to connect.
    pub fn start(&mut self, now: Now, endpoint: &mut Endpoint) {
        if self.core.begin_offline(now) {
            self.link.keep_trying();
        }
        self.link.connect(now.instant, endpoint);
        self.on_settled(now, endpoint);
    }

    /// How the client ended, if it has.
    #[must_use]
    pub const fn end(&self) -> Option<&End> {
        self.core.end()
    }

    /// The worst failure of a client without a terminal: what its exit code says if it has ended as its input wished.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.core.fault()
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
            LinkEvent::Moved {
                key,
                handshake_hash,
            } => self.core.link_moved(now, key, handshake_hash),
            LinkEvent::Lost { reason, ended } => self.core.link_lost(now, &reason, ended),
            LinkEvent::Banned(words) => {
                let text = format!("{name} has banned your address {words}");
                self.core.give_up(End::Refused(text));
            }
            LinkEvent::Unreachable(heard) => {
                let heard = heard.map(|heard| format!(" ({heard})")).unwrap_or_default();
                let text = self.core.unreachable(&heard);
                self.core.give_up(End::Unreachable(text));
            }
            LinkEvent::NoSuchName(why) => self.core.give_up(End::Unreachable(why)),
            LinkEvent::Unresolved(why) => {
                self.core
                    .show(Tone::Notice, &format!("{why}; still trying"));
            }
            LinkEvent::Impossible(reason) => {
                let text = format!("{name}: {reason}");
                self.core.give_up(End::Failed(text));
            }
            LinkEvent::Silent => {
                let text = format!(
                    "no answer from {name} for 10 s; still trying, and what you type is kept"
                );
                self.core.link_silent(&text);
            }
            LinkEvent::Slow => self.core.link_slow(),
            LinkEvent::Resolve => {
                if let Some(resolve) = &mut self.resolve {
                    resolve();
                }
            }
            LinkEvent::Awake => {
                let text = format!("{name} is back");
                self.core.link_awake(now, &text);
            }
        }
    }
}
