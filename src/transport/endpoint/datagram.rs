//! Receives a datagram: parses it and passes it to its session or handshake.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use super::handshake::client::Dial;
use super::handshake::half_open::Pending;
use super::{Endpoint, Session, Slot};
use crate::transport::connection::{Beginning, Connection, Ignored, Role};
use crate::transport::route::Route;
use crate::transport::wire::cookie::token_matches;
use crate::transport::wire::packet::{
    COOKIE_LEN, DataHeader, PROTOCOL_VERSION, Packet, PacketError, SYN_ACK_MESSAGE_LEN, TOKEN_LEN,
    encode_reset, encode_version, parse,
};
use crate::transport::{CloseReason, Event, SessionId};

impl Endpoint {
    pub(super) fn dispatch(&mut self, now: Instant, route: Route, datagram: &mut [u8]) {
        let length = datagram.len();
        match parse(datagram) {
            Err(PacketError::SmallSyn) => self.counters.small_syns += 1,
            Err(_) => self.counters.malformed += 1,
            Ok(Packet::Data(header)) => self.on_data(now, route, header, datagram),
            Ok(Packet::Syn {
                client_id,
                ephemeral,
                proof,
            }) => {
                let Some(acceptor) = &mut self.acceptor else {
                    return self.counters.unexpected += 1;
                };
                let syn = acceptor.on_syn(
                    now,
                    &mut self.answers,
                    &mut self.counters,
                    (route, length),
                    client_id,
                    ephemeral,
                    proof,
                    &self.waiting,
                );
                let is_lost = syn.is_some_and(|syn| !self.waiting.push(syn));
                self.counters.refused_rate += u64::from(is_lost);
            }
            Ok(Packet::SynOfOtherVersion { version, client_id }) if self.acceptor.is_some() => {
                self.counters.other_versions += 1;
                self.answers.push(route, length, |out| {
                    encode_version(out, client_id, version, &[PROTOCOL_VERSION]);
                });
            }
            Ok(Packet::SynOfOtherVersion { .. }) => self.counters.unexpected += 1,
            Ok(Packet::Cookie { client_id, cookie }) => {
                self.on_cookie(now, route, client_id, cookie);
            }
            Ok(Packet::SynAck { client_id, message }) => {
                self.on_syn_ack(now, route, client_id, message);
            }
            Ok(Packet::Reset {
                connection_id,
                token,
            }) => self.on_reset(now, connection_id, token),
            Ok(Packet::Version {
                client_id,
                offered,
                versions,
            }) => {
                let heeded = offered == PROTOCOL_VERSION && !versions.contains(PROTOCOL_VERSION);
                match self.dial_mut(route, client_id) {
                    Some((session, dial)) if heeded && dial.is_standby() => self.forget(session),
                    Some((session, _)) if heeded => {
                        self.drop_session(session, CloseReason::Version);
                    }
                    _ => self.counters.unexpected += 1,
                }
            }
        }
    }

    fn on_data(&mut self, now: Instant, route: Route, header: DataHeader, datagram: &mut [u8]) {
        let id = header.connection_id;
        let known = self.by_id.get(&id).copied();
        let opened = known.or_else(|| self.open_session(now, route, header, datagram));
        let Some(session) = opened else {
            return;
        };
        let result = self.with_connection(now, session, |connection, context| {
            connection.handle_data(context, header, route, datagram)
        });
        match result {
            Some(Err(Ignored::Replayed)) => self.counters.replayed += 1,
            Some(Err(Ignored::Forged)) => self.counters.forged += 1,
            // The server is alive and knows the session.
            Some(Ok(())) if self.acceptor.is_none() => self.cancel_standby(session),
            Some(Ok(())) => {}
            // A client may receive DATA before it has its keys, if packets are reordered.
            None => self.counters.unknown_session += 1,
        }
    }

    /// The first DATA packet of a half-open session completes the handshake. It must decrypt with the session's key.
    fn open_session(
        &mut self,
        now: Instant,
        route: Route,
        header: DataHeader,
        datagram: &mut [u8],
    ) -> Option<SessionId> {
        let server_id = header.connection_id;
        let Some(acceptor) = &mut self.acceptor else {
            self.counters.unknown_session += 1;
            return None;
        };
        let Some(entry) = acceptor.half_open.get_mut(server_id) else {
            self.reset_unknown(now, route, server_id, datagram.len());
            return None;
        };
        // An entry whose session exists or has ended only answers duplicates of its SYN.
        let pending = entry.pending.as_ref()?;
        if !pending.established.keys.recognises(header, datagram) {
            self.counters.forged += 1;
            return None;
        }
        let handshake = entry.took(now);
        // The SYN validated this address. If the packet came from another, the session migrates as usual.
        let remote = entry.remote();
        let Pending {
            established,
            client_id,
            place,
        } = *entry.pending.take()?;
        let session = self.next_session();
        let beginning = Beginning {
            session,
            role: Role::Server,
            local_id: server_id,
            remote_id: client_id,
            keys: established.keys,
            route: Route { remote, ..route },
            handshake: Some(handshake),
            frugal: false,
        };
        self.later.push_back(Event::Connected {
            session,
            peer_key: None,
            handshake_hash: established.handshake_hash,
        });
        let mut slot = self.begin(now, beginning);
        slot.counted = Some(place);
        if let Some(acceptor) = &mut self.acceptor {
            acceptor.admission.open(place, session);
        }
        self.sessions.insert(session, slot);
        self.by_id.insert(server_id, session);
        Some(session)
    }

    /// Nobody has this session, or no longer: the peer is told, as often as that is allowed.
    fn reset_unknown(&mut self, now: Instant, route: Route, server_id: u64, length: usize) {
        self.counters.unknown_session += 1;
        let acceptor = self.acceptor.as_mut();
        if let Some(token) = acceptor.and_then(|it| it.reset_token(now, server_id)) {
            let write = |out: &mut Vec<u8>| encode_reset(out, server_id, &token);
            let is_queued = self.answers.push(route, length, write);
            self.counters.resets_sent += u64::from(is_queued);
        } else {
            self.counters.resets_withheld += 1;
        }
    }

    fn begin(&mut self, now: Instant, beginning: Beginning) -> Slot {
        let connection = Connection::new(&mut self.context(now), beginning);
        Slot::new(Session::Open(Box::new(connection)))
    }

    /// The client's handshake with this id and this server.
    fn dial_mut(&mut self, route: Route, client_id: u64) -> Option<(SessionId, &mut Dial)> {
        let session = *self.by_id.get(&client_id)?;
        match &mut self.sessions.get_mut(&session)?.session {
            Session::Dialling(dial) if dial.remote == route.remote => Some((session, dial)),
            _ => None,
        }
    }

    fn on_cookie(&mut self, now: Instant, route: Route, client_id: u64, cookie: &[u8; COOKIE_LEN]) {
        let Some((session, dial)) = self.dial_mut(route, client_id) else {
            self.counters.unexpected += 1;
            return;
        };
        dial.on_cookie(now, cookie);
        self.unanswered_since = None;
        self.settle(session);
    }

    fn on_syn_ack(
        &mut self,
        now: Instant,
        route: Route,
        client_id: u64,
        message: &[u8; SYN_ACK_MESSAGE_LEN],
    ) {
        let Some((session, dial)) = self.dial_mut(route, client_id) else {
            self.counters.unexpected += 1;
            return;
        };
        if dial.on_syn_ack(now, route.local_ip, message).is_none() {
            self.counters.forged += 1;
        } else if !dial.is_standby() {
            self.open_dialled(now, session);
        }
    }

    /// Turns an answered handshake into a session.
    pub(super) fn open_dialled(&mut self, now: Instant, session: SessionId) {
        let Some(Slot {
            session: Session::Dialling(dial),
            mut scheduling,
            ..
        }) = self.sessions.remove(&session)
        else {
            return;
        };
        self.schedule.forget(&mut scheduling);
        let (client_id, remote, answer) = (dial.client_id, dial.remote, dial.answer());
        let (Some(answer), Some(established)) = (answer, dial.finish(now)) else {
            return;
        };
        self.events.push_back(Event::Connected {
            session,
            peer_key: Some(answer.peer_key),
            handshake_hash: established.handshake_hash,
        });
        self.unanswered_since = None;
        let beginning = Beginning {
            session,
            role: Role::Client,
            local_id: client_id,
            remote_id: answer.server_id,
            keys: established.keys,
            route: Route {
                remote,
                local_ip: answer.local_ip,
            },
            handshake: answer.took,
            frugal: self.frugal,
        };
        let mut slot = self.begin(now, beginning);
        slot.scheduling = scheduling;
        slot.reset_token = Some(Box::new(answer.reset_token));
        self.sessions.insert(session, slot);
        self.by_peer_id.insert(answer.server_id, session);
        self.settle(session);
    }

    /// A client accepts a RESET only with the token that came encrypted in its `SYN_ACK`.
    fn on_reset(&mut self, now: Instant, connection_id: u64, token: &[u8; TOKEN_LEN]) {
        let session = self.by_peer_id.get(&connection_id).copied();
        let slot = session.and_then(|session| self.sessions.get(&session));
        let given = slot.and_then(|slot| slot.reset_token.as_deref().copied());
        match (session, given) {
            (Some(session), Some(given)) if token_matches(&given, token) => {
                self.detach_standby(now, session);
                self.with_connection(now, session, |connection, context| {
                    connection.abandon(context, CloseReason::Reset);
                });
            }
            _ => self.counters.unexpected += 1,
        }
    }
}

/// Replaces a v4-mapped address by the IPv4 address.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => (ip, address.port()).into(),
        IpAddr::V6(_) => address,
    }
}
