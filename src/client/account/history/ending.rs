//! Why a page of history is shown, where it ends, and what is said of that.

use crate::protocol::EntryId;

/// Why a page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageKind {
    /// It was asked for.
    Asked,
    /// The user has switched to the conversation, where so much is unread: it ends where that begins.
    Unread(u32),
    /// The user has joined the room, which lets newcomers read.
    Joined,
}

/// Where a page ends.
pub(super) enum Ending {
    /// It reached what the user has read.
    LeftOff,
    /// It has as many lines as it was to have.
    Full,
    /// It reached the first entry for this user.
    Begin,
    /// The server has removed older entries.
    Expired,
    /// Older entries are on the server, which does not answer.
    NoLink,
}

impl Ending {
    /// What stands before the page of which this is the end, and how to see it.
    pub(super) fn follow_up(
        &self,
        kind: PageKind,
        oldest: Option<EntryId>,
        name: &str,
    ) -> Option<String> {
        let text = match (self, oldest, kind) {
            (Self::LeftOff, ..) | (Self::Begin, _, PageKind::Unread(_) | PageKind::Joined) => {
                return None;
            }
            (Self::Full, _, PageKind::Unread(unread)) => {
                format!("{name}: {unread} unread; `/history {unread}` shows all")
            }
            (Self::Full, Some(oldest), _) => {
                format!("{name}: repeat `/history` for older messages, or use `--before {oldest}`")
            }
            (Self::Full, None, _) => {
                format!("{name}: not that far back yet; repeat `/history` to continue")
            }
            (Self::Begin, ..) => format!("{name}: start of your history"),
            (Self::Expired, ..) => format!("{name}: older messages have expired"),
            (Self::NoLink, ..) => {
                format!("{name}: older messages are on the server, which is not answering now")
            }
        };
        Some(text)
    }
}
