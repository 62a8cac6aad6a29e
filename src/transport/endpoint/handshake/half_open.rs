//! The server's half-open sessions: the client has proved its address by cookie or token and was sent a `SYN_ACK`,
//! but no DATA has arrived.
//!
//! An entry keeps its `SYN_ACK` even when the session is open: a duplicated SYN must get the identical answer, or the
//! two ends would derive different keys.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use crate::id_map::IdMap;
use crate::transport::endpoint::admission::PlaceId;
use crate::transport::endpoint::admission::prefix_counts::Crowds;
use crate::transport::limits::HALF_OPEN_LIFETIME;
use crate::transport::recovery::rtt::{HandshakeTime, INITIAL_RTT};
use crate::transport::wire::handshake::Established;
use crate::transport::wire::packet::{EPHEMERAL_LEN, SYN_ACK_MESSAGE_LEN};

/// Two SYNs with equal values are duplicates.
pub(crate) type Question = (SocketAddr, u64, [u8; EPHEMERAL_LEN]);

pub(crate) struct HalfOpen {
    question: Question,
    pub(crate) answer: Box<[u8; SYN_ACK_MESSAGE_LEN]>,
    /// When it was last sent.
    answered: Instant,
    repeated: bool,
    /// `None` once the session exists.
    pub(crate) pending: Option<Box<Pending>>,
}

impl HalfOpen {
    /// The address that cookie or token proved.
    pub(crate) fn remote(&self) -> SocketAddr {
        self.question.0
    }

    /// A long time is no measurement: the packet that ends the handshake may have been lost and sent again.
    pub(crate) fn took(&self, now: Instant) -> HandshakeTime {
        let took = now.saturating_duration_since(self.answered);
        HandshakeTime {
            took,
            is_exact: !self.repeated && took <= INITIAL_RTT,
        }
    }
}

pub(crate) struct Pending {
    pub(crate) established: Established,
    pub(crate) client_id: u64,
    /// Its slot until it signs in.
    pub(crate) place: PlaceId,
}

/// All handshakes of the last [`HALF_OPEN_LIFETIME`], by the server's connection id and by the SYN.
#[derive(Default)]
pub(crate) struct HalfOpens {
    by_id: IdMap<u64, HalfOpen>,
    by_question: HashMap<Question, u64>,
    /// All have the same lifetime, so arrival order is expiry order.
    expiry: VecDeque<(Instant, u64, IpAddr)>,
    /// Where they came from, whatever has become of them.
    crowds: Crowds,
}

impl HalfOpens {
    pub(crate) fn insert(
        &mut self,
        now: Instant,
        server_id: u64,
        question: Question,
        answer: [u8; SYN_ACK_MESSAGE_LEN],
        pending: Pending,
    ) {
        let entry = HalfOpen {
            question,
            answer: Box::new(answer),
            answered: now,
            repeated: false,
            pending: Some(Box::new(pending)),
        };
        self.by_id.insert(server_id, entry);
        self.by_question.insert(question, server_id);
        let address = question.0.ip();
        self.crowds.add(address);
        self.expiry
            .push_back((now + HALF_OPEN_LIFETIME, server_id, address));
    }

    /// The earlier answer to this SYN, for a retransmission.
    pub(crate) fn repeat(
        &mut self,
        now: Instant,
        question: &Question,
    ) -> Option<&[u8; SYN_ACK_MESSAGE_LEN]> {
        let entry = self.by_id.get_mut(self.by_question.get(question)?)?;
        entry.answered = now;
        entry.repeated = true;
        Some(&entry.answer)
    }

    pub(crate) fn answer_to(&self, question: &Question) -> Option<&[u8; SYN_ACK_MESSAGE_LEN]> {
        let entry = self.by_id.get(self.by_question.get(question)?)?;
        Some(&entry.answer)
    }

    pub(crate) fn get_mut(&mut self, server_id: u64) -> Option<&mut HalfOpen> {
        self.by_id.get_mut(&server_id)
    }

    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.expiry.front().map(|(at, ..)| *at)
    }

    /// Drops expired entries, and returns the slots of those that never became a session.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<PlaceId> {
        let mut places = Vec::new();
        while let Some((at, id, address)) = self.expiry.front().copied() {
            if at > now {
                break;
            }
            self.expiry.pop_front();
            self.crowds.remove(address);
            places.extend(self.remove(id));
        }
        if self.expiry.is_empty() {
            // Release what a burst has allocated.
            self.expiry = VecDeque::new();
        }
        places
    }

    /// Drops one, and returns its slot if it never became a session.
    pub(crate) fn remove(&mut self, server_id: u64) -> Option<PlaceId> {
        let entry = self.by_id.remove(&server_id)?;
        self.by_question.remove(&entry.question);
        entry.pending.map(|pending| pending.place)
    }

    pub(crate) fn crowds(&self) -> &Crowds {
        &self.crowds
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }
}
