//! What tests see of an endpoint that its users do not.

use super::slot::Session;
use super::{Connection, Endpoint};
use crate::transport::SessionId;
use crate::transport::wire::packet::{Packet, parse};

impl Endpoint {
    /// Sessions and handshakes that are held.
    pub(in crate::transport) fn held(&self) -> usize {
        let half_open = self
            .acceptor
            .as_ref()
            .map_or(0, |acceptor| acceptor.half_open.len());
        assert!(self.by_id.len() == self.sessions.len());
        self.sessions.len() + half_open
    }

    /// What a DATA packet for this end holds.
    pub(in crate::transport) fn peek(&self, datagram: &[u8]) -> Option<Vec<u8>> {
        let Ok(Packet::Data(header)) = parse(datagram) else {
            return None;
        };
        let session = self.by_id.get(&header.connection_id)?;
        self.connection(*session)?.peek(header, datagram)
    }

    /// An open session's inside.
    pub(in crate::transport) fn connection_mut(&mut self, session: SessionId) -> &mut Connection {
        match self
            .sessions
            .get_mut(&session)
            .map(|slot| &mut slot.session)
        {
            Some(Session::Open(connection)) => connection,
            _ => panic!("{session:?} is not open"),
        }
    }
}
