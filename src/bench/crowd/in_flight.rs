//! Messages that not all readers have received.

use std::collections::HashMap;
use std::time::Instant;

use crate::bench::workload::Outgoing;
use crate::protocol::{ConversationId, DeviceSeq};

/// A message: its author, the conversation, and its number there.
pub type Key = (usize, ConversationId, DeviceSeq);

#[derive(Debug, Clone, Copy)]
struct Message {
    at: Instant,
    /// Readers that have not received it.
    left: usize,
    is_counted: bool,
}

/// What a delivery means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// When the message was due.
    pub at: Instant,
    pub is_counted: bool,
    /// No other reader is left.
    pub is_last: bool,
}

#[derive(Debug, Default)]
pub struct InFlight(HashMap<Key, Message>);

impl InFlight {
    pub fn sent(&mut self, key: Key, outgoing: &Outgoing) {
        if outgoing.readers > 0 {
            let message = Message {
                at: outgoing.at,
                left: outgoing.readers,
                is_counted: outgoing.is_counted,
            };
            self.0.insert(key, message);
        }
    }

    /// Another reader has received a message; nothing if it is none of the run's, or all have it.
    pub fn heard(&mut self, key: Key) -> Option<Heard> {
        let message = self.0.get_mut(&key)?;
        message.left -= 1;
        let heard = Heard {
            at: message.at,
            is_counted: message.is_counted,
            is_last: message.left == 0,
        };
        if heard.is_last {
            self.0.remove(&key);
        }
        Some(heard)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    #[test]
    fn message_is_in_flight_until_its_last_reader_has_it() {
        let key = |author| (author, ConversationId(5), DeviceSeq(1));
        let outgoing = |readers| Outgoing {
            member: 0,
            talk: 0,
            at: instant(),
            readers,
            is_counted: true,
        };
        let mut in_flight = InFlight::default();
        in_flight.sent(key(0), &outgoing(2));
        in_flight.sent(key(1), &outgoing(0));
        assert_eq!(in_flight.heard(key(1)), None, "nobody reads it");
        let is_last = |heard: Option<Heard>| heard.map(|heard| heard.is_last);
        assert_eq!(is_last(in_flight.heard(key(0))), Some(false));
        assert_eq!(is_last(in_flight.heard(key(0))), Some(true));
        assert_eq!(in_flight.heard(key(0)), None, "all have it");
        assert!(in_flight.is_empty());
    }
}
