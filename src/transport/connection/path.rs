//! Connection migration (RFC 9000 §9): a server follows its client to the source address of the newest authenticated
//! packet, and validates that address (§8.2).

use std::net::SocketAddr;

use rand_core::RngCore;

use super::token::GivenToken;
use super::{Connection, Context, Role};
use crate::transport::Event;
use crate::transport::limits::{AMPLIFICATION, CHALLENGE_TRIES};
use crate::transport::route::Route;
use crate::transport::timer::Timer;

#[derive(Debug)]
pub(super) struct Path {
    pub(super) route: Route,
    pub(super) unproven: Option<Box<Unproven>>,
    /// A challenge to the previous address. Its owner's answer exposes an attacker who only forwards packets (RFC
    /// 9000 §9.3.3).
    pub(super) farewell: Option<Box<Farewell>>,
}

#[derive(Debug)]
pub(super) struct Unproven {
    token: [u8; 8],
    pub(super) challenge_due: bool,
    tries: u8,
    /// Bytes from and to this address.
    received: u64,
    sent: u64,
    proven: Route,
}

#[derive(Debug)]
pub(super) struct Farewell {
    pub(super) route: Route,
    pub(super) token: [u8; 8],
}

impl Path {
    pub(super) fn new(route: Route) -> Self {
        Self {
            route,
            unproven: None,
            farewell: None,
        }
    }

    /// Bytes that may still be sent to this address.
    pub(super) fn budget(&self) -> usize {
        self.unproven.as_ref().map_or(usize::MAX, |unproven| {
            let left = (AMPLIFICATION * unproven.received).saturating_sub(unproven.sent);
            usize::try_from(left).unwrap_or(usize::MAX)
        })
    }

    pub(super) fn on_sent(&mut self, bytes: usize) {
        if let Some(unproven) = &mut self.unproven {
            unproven.sent += bytes as u64;
        }
    }

    fn on_received(&mut self, remote: SocketAddr, bytes: usize) {
        if let Some(unproven) = self
            .unproven
            .as_mut()
            .filter(|_| remote == self.route.remote)
        {
            unproven.received += bytes as u64;
        }
    }

    pub(super) fn is_challenge_due(&self) -> bool {
        let unproven = self.unproven.as_ref();
        unproven.is_some_and(|unproven| unproven.challenge_due)
    }

    pub(super) fn take_challenge(&mut self) -> Option<[u8; 8]> {
        let unproven = self.unproven.as_mut()?;
        std::mem::take(&mut unproven.challenge_due).then_some(unproven.token)
    }
}

impl Connection {
    /// An authenticated packet came from this address. Only a server migrates: a client knows its server's address.
    pub(super) fn on_packet_from(
        &mut self,
        context: &mut Context<'_>,
        route: Route,
        bytes: usize,
        newest: bool,
    ) {
        if newest && self.role == Role::Server {
            if route.remote == self.path.route.remote {
                self.path.route = route;
            } else {
                self.move_to(context, route);
            }
        }
        self.path.on_received(route.remote, bytes);
    }

    fn move_to(&mut self, context: &mut Context<'_>, route: Route) {
        let unproven = self.path.unproven.take();
        let proven = unproven.map_or(self.path.route, |unproven| unproven.proven);
        let mut draw = || {
            let mut token = [0; 8];
            context.random.fill_bytes(&mut token);
            token
        };
        if route.remote == proven.remote {
            self.path.farewell = None;
            self.timers.clear(Timer::Path);
        } else {
            self.path.unproven = Some(Box::new(Unproven {
                token: draw(),
                challenge_due: true,
                tries: 1,
                received: 0,
                sent: 0,
                proven,
            }));
            self.path.farewell = Some(Box::new(Farewell {
                route: proven,
                token: draw(),
            }));
            let wait = self.recovery.rtt.pto_base();
            self.timers.set(Timer::Path, context.now + wait);
        }
        self.use_route(context, route);
    }

    fn use_route(&mut self, context: &mut Context<'_>, route: Route) {
        let same_host = route.remote.ip() == self.path.route.remote.ip();
        self.path.route = route;
        if !same_host {
            self.recovery.on_path_change(context.now);
            self.mtu.on_path_change();
            self.token = GivenToken::default();
            self.arm_loss_timer(context.now);
        }
        context.events.push_back(Event::Moved {
            session: self.session,
            remote: route.remote,
        });
    }

    /// The local network has changed.
    pub(crate) fn on_network_changed(&mut self, context: &mut Context<'_>) {
        self.recovery.on_path_change(context.now);
        self.mtu.on_path_change();
        self.on_port_changed(context);
    }

    /// The local port has changed: probes from there if anything is in flight, else pings.
    pub(crate) fn on_port_changed(&mut self, context: &mut Context<'_>) {
        self.recovery.wake();
        if self.recovery.sent.is_empty() {
            self.ping = true;
        } else {
            self.probe(context.now);
        }
        self.arm_loss_timer(context.now);
    }

    /// Whether the peer has answered at its current address.
    pub(crate) const fn is_path_validated(&self) -> bool {
        self.path.unproven.is_none()
    }

    pub(super) fn on_path_response(&mut self, context: &mut Context<'_>, token: [u8; 8]) {
        let answered = |unproven: &mut Box<Unproven>| unproven.token == token;
        if self.path.unproven.take_if(answered).is_some() {
            self.timers.clear(Timer::Path);
            context.events.push_back(Event::PathValidated {
                session: self.session,
            });
        }
    }

    /// The path challenge was not answered: sends another, or returns to the validated address.
    pub(super) fn on_path_timer(&mut self, context: &mut Context<'_>) {
        let wait = self.recovery.rtt.pto_base();
        let Some(unproven) = &mut self.path.unproven else {
            return;
        };
        if unproven.tries < CHALLENGE_TRIES {
            unproven.tries += 1;
            unproven.challenge_due = true;
            self.timers.set(Timer::Path, context.now + wait);
            return;
        }
        let proven = unproven.proven;
        self.path.unproven = None;
        self.path.farewell = None;
        self.use_route(context, proven);
    }
}
