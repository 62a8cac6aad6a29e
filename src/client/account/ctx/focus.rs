//! The focus: the conversation to which plain text goes.

use crate::client::hold::Hold;
use crate::protocol::{ConversationId, EntryId};

/// Where plain text goes.
#[derive(Debug, Default)]
pub(crate) struct Focus {
    /// The conversation, by name.
    pub(crate) current: Option<String>,
    /// The user to whom it is about to go, as typed, while the server is asked whether there is one.
    pub(crate) resolving: Option<String>,
    /// Whether the user was told in this run how commands are typed inside.
    pub(crate) knows_slash: bool,
    /// What looked like a command and was not said, where no editor asks about it: it is said if it comes again.
    pub(crate) hold: Hold,
    /// What is about to be shown because the user has just switched to it.
    pub(crate) to_show: Option<ToShow>,
}

/// What is shown of a conversation that the user has switched to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToShow {
    /// What is unread there, and how much that is.
    Unread(ConversationId, u32),
    /// What was said there before this entry.
    Before(ConversationId, EntryId),
}

impl Focus {
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.current.as_deref() == Some(name)
    }

    /// Leaves a conversation. Returns whether it had the focus.
    pub(crate) fn leave(&mut self, name: &str) -> bool {
        self.current.take_if(|focus| focus == name).is_some()
    }

    /// Whether the server was asked for this user, as typed, to have the focus; answered now.
    pub(crate) fn take_resolving(&mut self, target: &str) -> bool {
        self.resolving.take_if(|named| named == target).is_some()
    }
}
