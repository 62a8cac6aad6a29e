//! What was typed, and for whom.

/// A line that somebody typed and that others are to see.
pub(super) struct Said {
    /// The hosts that may show it; all of them must, unless it was said in a room.
    pub(super) to: Vec<usize>,
    pub(super) audience: Audience,
}

/// For whom something is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// One account.
    One(usize),
    /// All of them.
    Everyone,
    /// Those who belong to a room when it is stored, if its author does.
    Room,
}
