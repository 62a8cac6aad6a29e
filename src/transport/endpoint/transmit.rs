//! Chooses the next datagram: first those of sessions in turn, then answers without a session.

use std::time::Instant;

use super::{Endpoint, Schedule, Session, Slot};
use crate::transport::SessionId;
use crate::transport::connection::Context;
use crate::transport::limits::SMALL_DATAGRAM;
use crate::transport::route::Transmit;

impl Endpoint {
    /// Writes the next datagram into `buffer` (cleared first).
    pub fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Transmit> {
        self.poll_transmit_batch(now, buffer, 1)
    }

    /// Writes the next datagrams for one peer into `buffer` (cleared first): one, or up to `max_segments` of equal
    /// size. The last of them may be smaller.
    pub fn poll_transmit_batch(
        &mut self,
        now: Instant,
        buffer: &mut Vec<u8>,
        max_segments: usize,
    ) -> Option<Transmit> {
        buffer.clear();
        if let Some(held) = self.held.take() {
            std::mem::swap(buffer, &mut self.spare);
            return Some(held);
        }
        let (session, mut transmit) = self.poll_one(now, buffer)?;
        if let Some(session) = session {
            self.extend_batch(now, session, buffer, &mut transmit, max_segments);
        }
        Some(transmit)
    }

    /// Appends the next packets of the same session after a full one.
    fn extend_batch(
        &mut self,
        now: Instant,
        session: SessionId,
        buffer: &mut Vec<u8>,
        transmit: &mut Transmit,
        max_segments: usize,
    ) {
        let segment = transmit.len;
        // A small packet is mostly the last.
        let mut may_follow = segment >= SMALL_DATAGRAM;
        for _ in 1..max_segments {
            if !may_follow {
                return;
            }
            self.spare.clear();
            let mut context = Context::new(now, &mut self.random, &mut self.events);
            let slot = self.sessions.get_mut(&session);
            let next = slot
                .and_then(Slot::connection_mut)
                .and_then(|connection| connection.poll_transmit(&mut context, &mut self.spare));
            let Some(next) = next else {
                return;
            };
            let same_way = (next.remote, next.local_ip) == (transmit.remote, transmit.local_ip);
            if next.len > segment || !same_way {
                // The next call returns it.
                self.held = Some(next);
                return;
            }
            may_follow = next.len == segment;
            buffer.extend_from_slice(&self.spare);
            transmit.len = buffer.len();
            transmit.segment_size = Some(segment);
        }
    }

    fn poll_one(
        &mut self,
        now: Instant,
        buffer: &mut Vec<u8>,
    ) -> Option<(Option<SessionId>, Transmit)> {
        // Sessions come before handshakes.
        loop {
            let Some(session) = self.schedule.next_ready() else {
                // The records of sent packets use memory, too.
                if self.shed(now) {
                    continue;
                }
                break;
            };
            let mut context = Context::new(now, &mut self.random, &mut self.events);
            let Some(slot) = self.sessions.get_mut(&session) else {
                continue;
            };
            let transmit = match &mut slot.session {
                Session::Dialling(dial) => dial.poll_transmit(now, buffer),
                Session::Open(connection) => connection.poll_transmit(&mut context, buffer),
            };
            if let Some(transmit) = transmit {
                self.schedule.put_back(session);
                if slot.standby.is_some() {
                    self.send_with(now, session, false);
                }
                return Some((Some(session), transmit));
            }
            buffer.clear();
            if self.acceptor.is_some()
                && let Session::Open(connection) = &mut slot.session
            {
                let (bytes, is_user) = (connection.memory(), connection.is_signed_in());
                self.memory.note(session, &mut slot.holding, bytes, is_user);
            }
            Schedule::unmark(&mut slot.scheduling);
            slot.arm(&mut self.schedule, now, session);
        }
        self.serve_waiting(now);
        self.answers.pop(buffer).map(|transmit| (None, transmit))
    }
}
