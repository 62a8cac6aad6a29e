//! The poll loop: the network thread of server and client.
//!
//! It waits for sockets, other threads and the next deadline, passes what has arrived to the endpoint and the
//! application, and sends what they produce, until the application is finished.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Interest, Poll, Token};

use super::clock;
use super::input::{self, InputReceiver, InputSender};
use super::outbox::Outbox;
use super::roam::{Notice, Observation, Roamer, local_address};
use super::socket::{Socket, SocketCounters};
use super::traffic::Traffic;
use crate::stalls::Stalls;
use crate::transport::{App, Endpoint, Now, Transmit};

/// The waker's token; sockets have tokens from 0 on.
const WAKER: Token = Token(usize::MAX);

/// Events that one poll returns; the next poll returns the others.
const EVENTS_PER_POLL: usize = 64;

/// Batches read from one socket per turn, so that a flood on one leaves time for the others. The next turn reads the
/// rest.
const BATCHES_PER_TURN: usize = 16;

/// Transmits per turn, so that sending leaves time for receiving. The next turn sends the rest.
const TRANSMITS_PER_TURN: usize = 1024;

/// Datagrams for one peer that are sent with one call, where the kernel supports that. Chosen: an initial window; 12
/// kB are far below the kernel's limit, and other peers do not wait for long.
const SEGMENTS_PER_TRANSMIT: usize = 10;

/// Rounds per turn for an application that keeps causing events. The next turn continues.
const ROUNDS_PER_TURN: usize = 8;

/// Counters of all sockets together, and of the loop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// The sum over all sockets.
    pub sockets: SocketCounters,
    /// Changes of the local port, at a client.
    pub hops: u64,
    /// Datagrams without a socket of their address family.
    pub unroutable: u64,
    /// Turns of the loop.
    pub turns: u64,
}

/// A socket, and whether it may have data to read.
struct Port {
    socket: Socket,
    readable: bool,
}

/// Drives an endpoint and the application on top of it.
pub struct Driver<A: App> {
    poll: Poll,
    events: Events,
    ports: Vec<Port>,
    inputs: InputReceiver<A::Input>,
    endpoint: Endpoint,
    app: A,
    outbox: Outbox,
    /// The socket that is full; nothing is sent until it is writable.
    full: Option<usize>,
    /// At a client.
    roamer: Option<Roamer>,
    /// Work is left that no event will announce.
    busy: bool,
    /// Of sockets only those that were replaced.
    counted: Counters,
    stalls: Arc<Stalls>,
    traffic: Arc<Traffic>,
}

/// The poll and its input queue, which exist before the application: other threads need the sender early.
pub struct Setup<I> {
    poll: Poll,
    inputs: InputReceiver<I>,
    stalls: Arc<Stalls>,
    traffic: Arc<Traffic>,
}

impl<I> Setup<I> {
    /// Creates a poll and the queue to it.
    ///
    /// # Errors
    /// If the operating system refuses a poll.
    pub fn new() -> io::Result<(Self, InputSender<I>)> {
        let poll = Poll::new()?;
        let (sender, inputs) = input::queue(input::waker(&poll, WAKER)?);
        let setup = Self {
            poll,
            inputs,
            stalls: Arc::default(),
            traffic: Arc::default(),
        };
        Ok((setup, sender))
    }

    /// How long the turns of the loop take.
    #[must_use]
    pub fn stalls(&self) -> Arc<Stalls> {
        Arc::clone(&self.stalls)
    }

    /// What goes through the sockets.
    #[must_use]
    pub fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }
}

impl<A: App> Driver<A> {
    /// Connects endpoint and application with these sockets.
    ///
    /// # Errors
    /// If a socket cannot be registered.
    pub fn new(
        setup: Setup<A::Input>,
        sockets: Vec<Socket>,
        endpoint: Endpoint,
        app: A,
    ) -> io::Result<Self> {
        let mut ports = Vec::with_capacity(sockets.len());
        for (index, mut socket) in sockets.into_iter().enumerate() {
            setup
                .poll
                .registry()
                .register(socket.source(), Token(index), Interest::READABLE)?;
            // No event announces datagrams that arrived before the registration.
            ports.push(Port {
                socket,
                readable: true,
            });
        }
        Ok(Self {
            poll: setup.poll,
            events: Events::with_capacity(EVENTS_PER_POLL),
            ports,
            inputs: setup.inputs,
            endpoint,
            app,
            outbox: Outbox::default(),
            full: None,
            roamer: None,
            busy: true,
            counted: Counters::default(),
            stalls: setup.stalls,
            traffic: setup.traffic,
        })
    }

    /// Endpoint and application, for use before the loop runs (a client's first connection).
    pub fn parts(&mut self) -> (&mut Endpoint, &mut A) {
        (&mut self.endpoint, &mut self.app)
    }

    /// Makes this a client's loop, which reacts to a new local address and to a port that no longer receives.
    pub fn roam(&mut self) {
        self.roamer = Some(Roamer::new(clock::now()));
    }

    /// Since the start; sockets that were replaced count, too.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let ports = self.ports.iter().map(|port| port.socket.counters());
        Counters {
            sockets: ports.fold(self.counted.sockets, SocketCounters::plus),
            ..self.counted
        }
    }

    /// Runs until the application is finished and everything is sent; returns the application.
    ///
    /// # Errors
    /// Only if polling fails. Failures of single datagrams are counted.
    pub fn run(mut self) -> io::Result<A> {
        loop {
            self.wait()?;
            let begun = clock::now();
            self.turn(begun);
            let taken = clock::now().instant - begun.instant;
            self.stalls.record(taken);
            self.traffic.note(self.counters().sockets);
            if self.app.is_finished() && self.outbox.is_empty() && !self.busy {
                tracing::debug!(counters = ?self.counters(), "the network thread ends");
                return Ok(self.app);
            }
        }
    }

    fn wait(&mut self) -> io::Result<()> {
        let roaming = self.roamer.as_ref().and_then(Roamer::deadline);
        let deadline = [self.endpoint.poll_timeout(), self.app.poll_timeout()]
            .into_iter()
            .chain([roaming])
            .flatten()
            .min();
        let timeout = if self.busy || self.ports.iter().any(|port| port.readable) {
            Some(Duration::ZERO)
        } else {
            let now = clock::now().instant;
            deadline.map(|deadline| deadline.saturating_duration_since(now))
        };
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        for event in &self.events {
            if let Some(port) = self.ports.get_mut(event.token().0) {
                port.readable |= event.is_readable() || event.is_error();
            }
        }
        Ok(())
    }

    /// Does everything that is due now.
    fn turn(&mut self, now: Now) {
        self.counted.turns += 1;
        self.busy = false;
        self.receive(now);
        for input in self.inputs.take() {
            self.app.on_input(now, &mut self.endpoint, input);
        }
        if is_due(self.endpoint.poll_timeout(), now) {
            self.endpoint.handle_timeout(now.instant);
        }
        self.look_around(now);
        if is_due(self.app.poll_timeout(), now) {
            self.app.on_timeout(now, &mut self.endpoint);
        }
        self.settle(now);
        self.transmit(now);
    }

    /// At a client: checks whether the network has changed.
    fn look_around(&mut self, now: Now) {
        if self.roamer.is_none() {
            return;
        }
        let send_errors = self.counters().sockets.send_errors;
        let Some(roamer) = &mut self.roamer else {
            return;
        };
        let path = self.endpoint.path();
        let seen = Observation {
            remote: path.map(|(remote, _)| remote),
            unanswered: path.and_then(|(_, unanswered)| unanswered),
            send_errors,
        };
        match roamer.observe(now, seen, local_address) {
            Notice::Nothing => {}
            Notice::NetworkChanged => {
                tracing::debug!("the network is another");
                self.endpoint.network_changed(now.instant);
            }
            Notice::Hop => {
                if let Some(remote) = seen.remote {
                    self.hop(remote);
                }
                self.endpoint.port_changed(now.instant);
            }
        }
    }

    /// Replaces the socket to a server by one with another port. Datagrams that still arrive at the old port are
    /// lost; none had arrived for long.
    fn hop(&mut self, remote: SocketAddr) {
        for (index, port) in self.ports.iter_mut().enumerate() {
            let local = port.socket.local();
            if local.is_ipv4() != remote.is_ipv4() {
                continue;
            }
            let replaced = Socket::bind((local.ip(), 0).into()).and_then(|mut socket| {
                let registry = self.poll.registry();
                registry.register(socket.source(), Token(index), Interest::READABLE)?;
                registry.deregister(port.socket.source())?;
                Ok(std::mem::replace(&mut port.socket, socket))
            });
            match replaced {
                Ok(old) => {
                    let counted = &mut self.counted;
                    counted.sockets = counted.sockets.plus(old.counters());
                    counted.hops += 1;
                    port.readable = true;
                    tracing::debug!(from = %local, to = %port.socket.local(), "no answer: another port");
                }
                // Keep the old one, which may still receive an answer.
                Err(error) => tracing::warn!(%error, "cannot take another port"),
            }
        }
        self.outbox.clear();
    }

    fn receive(&mut self, now: Now) {
        for port in &mut self.ports {
            let mut batches = 0;
            while port.readable && batches < BATCHES_PER_TURN {
                batches += 1;
                let endpoint = &mut self.endpoint;
                port.readable = port.socket.receive(|local, remote, ecn, bytes| {
                    endpoint.handle_datagram(now.instant, local, remote, ecn, bytes);
                });
                // Handle events after each batch, so that their queue stays as short as a batch.
                while let Some(event) = self.endpoint.poll_event() {
                    self.app.on_event(now, &mut self.endpoint, event);
                }
            }
        }
    }

    fn settle(&mut self, now: Now) {
        for _ in 0..ROUNDS_PER_TURN {
            while let Some(event) = self.endpoint.poll_event() {
                self.app.on_event(now, &mut self.endpoint, event);
            }
            self.app.on_settled(now, &mut self.endpoint);
            let Some(event) = self.endpoint.poll_event() else {
                return;
            };
            self.app.on_event(now, &mut self.endpoint, event);
        }
        self.busy = true;
    }

    fn transmit(&mut self, now: Now) {
        if !self.flush() {
            return;
        }
        for _ in 0..TRANSMITS_PER_TURN {
            let mut bytes = self.outbox.buffer();
            let transmit =
                self.endpoint
                    .poll_transmit_batch(now.instant, &mut bytes, SEGMENTS_PER_TRANSMIT);
            let port = transmit.and_then(|transmit| self.port_for(&transmit));
            let (Some(transmit), Some(port)) = (transmit, port) else {
                self.outbox.put_back(bytes);
                if transmit.is_some() {
                    self.counted.unroutable += 1;
                    continue;
                }
                self.flush();
                return;
            };
            self.outbox.push(port, transmit, bytes);
            if self.outbox.is_full() && !self.flush() {
                return;
            }
        }
        self.busy |= self.flush();
    }

    /// Sends what is gathered. `false`: a socket is full; it announces when it is writable.
    fn flush(&mut self) -> bool {
        let ports = &mut self.ports;
        let full = self
            .outbox
            .flush(|port, packets| ports[port].socket.send(packets));
        if full != self.full {
            if let Some(port) = std::mem::replace(&mut self.full, full) {
                self.wait_for(port, Interest::READABLE);
            }
            if let Some(port) = full {
                self.wait_for(port, Interest::READABLE | Interest::WRITABLE);
            }
        }
        full.is_none()
    }

    /// Sets the events of a port. Writability is requested only while it is full: otherwise the kernel would wake the
    /// loop for each datagram that leaves.
    fn wait_for(&mut self, port: usize, interest: Interest) {
        let source = self.ports[port].socket.source();
        if let Err(error) = self
            .poll
            .registry()
            .reregister(source, Token(port), interest)
        {
            tracing::warn!(%error, "cannot wait for a socket as is needed");
            // Without events the loop must try by itself.
            self.busy = true;
        }
    }

    fn port_for(&self, transmit: &Transmit) -> Option<usize> {
        choose(&self.ports.iter().map(|port| port.socket.local()), transmit)
    }
}

fn is_due(deadline: Option<std::time::Instant>, now: Now) -> bool {
    deadline.is_some_and(|deadline| deadline <= now.instant)
}

/// The socket bound to the local address, else one bound to all addresses of the family, else any of the family.
fn choose(
    locals: &(impl Iterator<Item = SocketAddr> + Clone),
    transmit: &Transmit,
) -> Option<usize> {
    let of_family = || {
        locals
            .clone()
            .enumerate()
            .filter(|(_, local)| local.is_ipv4() == transmit.remote.is_ipv4())
    };
    of_family()
        .find(|(_, local)| Some(local.ip()) == transmit.local_ip)
        .or_else(|| of_family().find(|(_, local)| local.ip().is_unspecified()))
        .or_else(|| of_family().next())
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests;
