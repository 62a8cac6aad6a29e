//! What is needed of the log that the servers of a cluster share. It never waits: what is asked for is answered by events.

use std::sync::Arc;

/// A log that orders records and keeps them durable. Positions count from 1.
pub trait Log {
    /// Publishes a record. [`Event::Stored`] may follow, or nothing: whether it is in the log is seen there.
    fn append(&mut self, record: Arc<[u8]>);

    /// Reads from this position on: [`Event::Record`] for each, as far as one reading goes, then [`Event::ReadOver`]. Without an
    /// answer it may be asked again.
    fn read(&mut self, from: u64);

    /// Takes what has happened.
    fn poll(&mut self) -> Option<Event>;
}

/// What a log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// What stands at this position; of the live feed, or as an answer to a reading.
    Record(u64, Arc<[u8]>),
    /// What was published is durable at this position.
    Stored(u64),
    /// A reading is over. The copy that has answered may be behind others.
    ReadOver {
        /// The last position that it has brought; 0 if none.
        through: u64,
        /// The last one that the copy has, as far as that is known.
        end: u64,
    },
    /// Another server of the cluster is there.
    Peer {
        /// The last position that it has applied; 0 if it does not say so yet.
        applied: u64,
    },
    /// The log as its leader knows it.
    Stands {
        /// The first position that it has; one after the last if it has none.
        first: u64,
        /// The last one that was ever written; 0 if none was.
        last: u64,
    },
}
