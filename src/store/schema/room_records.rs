//! The record of a room, as `records` has those of the others.

use serde::{Deserialize, Serialize};

use crate::protocol::Access;

/// A row of `rooms`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::store) struct RoomRecord {
    /// In canonical form, with the sign.
    pub(in crate::store) name: String,
    pub(in crate::store) topic: String,
    pub(in crate::store) access: Access,
    #[serde(default, skip_serializing_if = "History::is_none")]
    pub(in crate::store) history: History,
    /// Whether it was deleted. Then `history` says something: what follows that in a record is written only with it.
    #[serde(default, skip_serializing_if = "is_no")]
    pub(in crate::store) is_deleted: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_no(flag: &bool) -> bool {
    !*flag
}

/// What newcomers of a room may read of what was said before they joined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct History {
    /// How many of the last entries; 0 for none.
    pub(in crate::store) last: u64,
    /// Nothing up to this entry: while it was said newcomers were to read nothing.
    pub(in crate::store) after: u64,
}

impl History {
    /// Newcomers read nothing.
    pub(in crate::store) const NONE: Self = Self { last: 0, after: 0 };

    const fn is_none(&self) -> bool {
        self.last == 0 && self.after == 0
    }

    /// The entry after which somebody may read who joins where the log ends with `head`, if that is before their joining.
    pub(in crate::store) fn readable_after(self, head: u64) -> Option<u64> {
        let after = head.saturating_sub(self.last).max(self.after);
        (after < head).then_some(after)
    }
}
