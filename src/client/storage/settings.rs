//! What the user has set on this device.

use serde::{Deserialize, Serialize};

/// All of it. What was added later is read as its default where it is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Settings {
    #[serde(default)]
    pub(crate) presence: PresenceLines,
}

/// Of whom the user wants to be told that they come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum PresenceLines {
    Off,
    /// Those with whom a room or a conversation is shared.
    Rooms,
    #[default]
    All,
}

impl PresenceLines {
    /// As `/set presence` takes them.
    pub(crate) const WORDS: &'static [&'static str] = &["off", "rooms", "all"];

    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "off" => Self::Off,
            "rooms" => Self::Rooms,
            "all" => Self::All,
            _ => return None,
        })
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Rooms => "rooms",
            Self::All => "all",
        }
    }
}
