//! What the servers of a cluster tell each other, besides what stands in their log: who is online, and who has received what. It
//! may be lost on its way.

use serde::{Deserialize, Serialize};

use crate::protocol::{AccountId, ConversationId, Mark, RecipientData};

/// A message to all other servers. A tag and the fields under it are never used for anything else; a server passes over a tag
/// that it does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerMessage {
    /// The server is there. Since its start, which `life` names, it has told so many changes; it has so many sessions, and executes
    /// writes by any meaning up to this one.
    #[serde(rename = "1")]
    Heartbeat {
        life: u64,
        changes: u64,
        sessions: u64,
        meaning: u64,
    },
    /// What has changed, under the number of the change.
    #[serde(rename = "2")]
    Changed {
        life: u64,
        change: u64,
        accounts: Vec<PeerAccount>,
    },
    /// The server of this name is to tell everything.
    #[serde(rename = "3")]
    Ask(String),
    /// A part of everything, as it is after so many changes.
    #[serde(rename = "4")]
    All {
        life: u64,
        changes: u64,
        part: u32,
        parts: u32,
        accounts: Vec<PeerAccount>,
    },
    /// Marks that have moved, before they are written.
    #[serde(rename = "5")]
    Marks(Vec<(ConversationId, Mark)>),
}

/// An account at the server that tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerAccount {
    pub account: AccountId,
    pub name: String,
    /// Whether it has a session there that is not silent. If not, the rest says nothing.
    pub is_online: bool,
    pub is_announced: bool,
    pub is_bot: bool,
    pub away: Option<String>,
    pub address: Option<RecipientData>,
    pub rooms: Vec<ConversationId>,
}

impl PeerMessage {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        rmp_serde::to_vec(self).expect("writing to a Vec cannot fail")
    }

    /// Reads it; none if this version does not know it.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        rmp_serde::from_slice(bytes).ok()
    }
}
