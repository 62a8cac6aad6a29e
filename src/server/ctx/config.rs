//! What an operator can choose, and what the hub has counted.

use std::net::SocketAddr;

use crate::server::limits::Limits;
use crate::server::policy::{Registration, RoomCreationPolicy, ShowAddresses};
use crate::store::{Retention, StoreLimit};

/// What an operator can choose.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// Whether anybody may sign up.
    pub registration: Registration,
    /// Whether users create rooms.
    pub rooms: RoomCreationPolicy,
    /// Who is shown at which address other users are.
    pub show_addresses: ShowAddresses,
    /// The welcome that everybody is shown.
    pub greeting: String,
    /// How much each account may do.
    pub limits: Limits,
    /// How much of each conversation is kept, where the conversation has no rule of its own.
    pub retention: Retention,
    /// How long an attached file is kept, in milliseconds; none is as long as an entry has it.
    pub files_kept_ms: Option<u64>,
    /// Where clients find other servers of the cluster when this one is gone.
    pub other_servers: Vec<SocketAddr>,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            registration: Registration::Open,
            rooms: RoomCreationPolicy::Open,
            show_addresses: ShowAddresses::All,
            greeting: "Greetings from the Chat Room!".into(),
            limits: Limits::default(),
            retention: Retention::default(),
            files_kept_ms: None,
            other_servers: Vec::new(),
        }
    }
}

/// What was counted since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HubCounters {
    /// Messages with a wrong digest.
    pub damaged: u64,
    /// Messages that could not be decoded.
    pub malformed: u64,
    /// Messages that were stored.
    pub stored: u64,
    /// Deliveries handed to the transport.
    pub delivered: u64,
    /// Messages refused because their author, or all accounts together, had stored as much as they may.
    pub over_quota: u64,
    /// How often what an account asked for was refused because of each limit of the store, in the order of
    /// [`StoreLimit::ALL`].
    pub at_store_limits: [u64; StoreLimit::ALL.len()],
    /// Files that were uploaded, each once.
    pub uploads: u64,
    /// Bytes of files that came and were verified.
    pub uploaded_bytes: u64,
    /// Bytes of files that were sent.
    pub downloaded_bytes: u64,
    /// How often an upload was refused because of each limit of files.
    pub at_file_limits: AtFileLimits,
    /// How often a session on which nobody is signed in asked so much that it was not read for a while.
    pub strangers_slowed: u64,
    /// Sessions closed to make room for others: there were too many, or their HELLO or what they did not read was too
    /// much.
    pub evicted: u64,
}

/// How often an upload was refused because of each limit of files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AtFileLimits {
    /// The file is too large.
    pub file: u64,
    /// The account has as much as it may have.
    pub account: u64,
    /// All accounts have.
    pub all: u64,
    /// The account has uploaded as much as it may in a day.
    pub day: u64,
    /// There are too many uploads.
    pub uploads: u64,
}
