//! The identifiers that both ends and the log share.
//!
//! Each is a number of its own type, so that a device can never be taken for an account. None is ever used
//! again once given out: names point to ids, never the other way round.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// One account. Ids begin at 1.
    AccountId
);
id!(
    /// One device of an account: a state directory that signs in and numbers what it sends. Begins at 1.
    DeviceId
);
id!(
    /// One conversation: a pair of accounts, an account's notes, a room, or [`ConversationId::EVERYONE`].
    ConversationId
);
id!(
    /// The place of an entry in its conversation's log. Increasing and opaque: gaps mean nothing. Zero is the
    /// place before the first entry.
    EntryId
);
id!(
    /// A device's own count of what it sent in one conversation: 1, 2, 3 and so on, without gaps.
    DeviceSeq
);

impl ConversationId {
    /// The conversation to which every account belongs; `message*` speaks to it.
    pub const EVERYONE: Self = Self(1);
}

impl AccountId {
    /// No account: the operator's doing.
    pub const OPERATOR: Self = Self(0);
}

impl DeviceId {
    /// No device: the server itself wrote the entry.
    pub const SERVER: Self = Self(0);
}

impl EntryId {
    /// Before the first entry of a log.
    pub const START: Self = Self(0);

    /// The first place that an entry after this one can have.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl DeviceSeq {
    /// The number that follows this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
