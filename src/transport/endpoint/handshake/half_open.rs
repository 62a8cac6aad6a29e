//! The server's half of handshakes under way: sessions that have proved their address by cookie or token, and have been
//! sent a `SYN_ACK`, and from which no DATA has come yet.
//!
//! The `SYN_ACK` is kept for as long as the entry, also once the session is open: a SYN that the network duplicated
//! must get the identical answer, or the two ends would derive different keys.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::transport::endpoint::admission::PlaceId;
use crate::transport::endpoint::admission::prefix_counts::Crowds;
use crate::transport::limits::HALF_OPEN_LIFETIME;
use crate::transport::wire::handshake::Established;
use crate::transport::wire::packet::{EPHEMERAL_LEN, SYN_ACK_MESSAGE_LEN};

/// What makes two SYNs the same.
pub(crate) type Question = (SocketAddr, u64, [u8; EPHEMERAL_LEN]);

/// One handshake.
pub(crate) struct HalfOpen {
    question: Question,
    pub(crate) answer: Box<[u8; SYN_ACK_MESSAGE_LEN]>,
    /// When the answer was made, and whether it was given more than once.
    answered: Instant,
    repeated: bool,
    /// What the session will start from; `None` once it has.
    pub(crate) pending: Option<Box<Pending>>,
}

impl HalfOpen {
    /// The address that has proved itself by cookie or token.
    pub(crate) fn remote(&self) -> SocketAddr {
        self.question.0
    }

    /// The round trip time, if the handshake has measured it.
    pub(crate) fn round_trip(&self, now: Instant) -> Option<Duration> {
        (!self.repeated).then(|| now.saturating_duration_since(self.answered))
    }
}

/// What a session starts from.
pub(crate) struct Pending {
    pub(crate) established: Established,
    pub(crate) client_id: u64,
    /// What it counts against until it signs in.
    pub(crate) place: PlaceId,
}

/// All handshakes of the last ten seconds, by the server's connection id and by the SYN.
#[derive(Default)]
pub(crate) struct HalfOpens {
    by_id: HashMap<u64, HalfOpen>,
    by_question: HashMap<Question, u64>,
    /// All live equally long, so that the order of arrival is that of expiry.
    expiry: VecDeque<(Instant, u64, IpAddr)>,
    /// Where they are from, whatever has become of them.
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
        let expiry = (now + HALF_OPEN_LIFETIME, server_id, address);
        self.expiry.push_back(expiry);
    }

    /// The answer that this SYN got before, to be given again.
    pub(crate) fn repeat(&mut self, question: &Question) -> Option<&[u8; SYN_ACK_MESSAGE_LEN]> {
        let id = self.by_question.get(question)?;
        let entry = self.by_id.get_mut(id)?;
        entry.repeated = true;
        Some(&entry.answer)
    }

    /// The answer to this SYN.
    pub(crate) fn answer_to(&self, question: &Question) -> Option<&[u8; SYN_ACK_MESSAGE_LEN]> {
        let id = self.by_question.get(question)?;
        self.by_id.get(id).map(|entry| &*entry.answer)
    }

    pub(crate) fn get_mut(&mut self, server_id: u64) -> Option<&mut HalfOpen> {
        self.by_id.get_mut(&server_id)
    }

    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.expiry.front().map(|(at, ..)| *at)
    }

    /// Forgets those whose time has come, and gives the places of those of which no session has come.
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
            // The storm is over.
            self.expiry = VecDeque::new();
        }
        places
    }

    /// Forgets one, and gives its place, if no session has come of it.
    pub(crate) fn remove(&mut self, server_id: u64) -> Option<PlaceId> {
        let entry = self.by_id.remove(&server_id)?;
        self.by_question.remove(&entry.question);
        entry.pending.map(|pending| pending.place)
    }

    /// The handshakes of the last ten seconds by where they are from.
    pub(crate) fn crowds(&self) -> &Crowds {
        &self.crowds
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }
}
