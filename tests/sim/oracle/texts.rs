//! What a client says, as far as the oracle reads it.

/// What ends a line that an earlier run may have shown.
pub(super) const AGAIN: &str = "(perhaps shown before)";

/// What a client says where a promise is broken, or something that these runs never do is refused.
pub(super) const ALARMS: &[&str] = &["not sent", "damaged", "too long", "no user"];

/// What it says where its state directory is an older one, or a copy of one that is in use.
pub(super) const ALARMS_OF_COPIES: &[&str] = &["unconfirmed", "a copy"];

/// What it says of a conversation, behind its name, where something has expired that this reader never had.
pub(super) const EXPIRED: &str = ": some messages expired while you were away";

/// What stands above what is shown again because somebody looks at a conversation where it is unread.
pub(super) const UNREAD: &str = "── unread ──";

/// What is said of lines that were left out, where many were missed, behind how many they are.
pub(super) const LEFT_OUT: &str = " not shown; `/history ";
