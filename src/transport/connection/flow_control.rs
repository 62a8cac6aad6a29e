//! Flow control of a session as a whole (RFC 9000 §4.1). Each channel has a window of its own; without the common one
//! a peer could fill all of them at once.

use super::Role;
use crate::transport::limits::{SESSION_WINDOW, SESSION_WINDOW_UNAUTHENTICATED};

/// Offsets, added up over the channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// The ends of what was sent.
    pub(super) sent: u64,
    /// The ends of what has arrived.
    pub(super) received: u64,
    /// The ends of what the application has read.
    pub(super) taken: u64,
}

/// Both directions of the common window.
#[derive(Debug)]
pub(super) struct Credit {
    pub(super) sums: Sums,
    /// The peer accepts stream data up to this sum.
    send_max: u64,
    /// This end accepts stream data up to this sum.
    receive_max: u64,
    /// Bytes that the peer may send beyond what the application has read.
    window: u64,
    /// A SESSION_WINDOW frame is due.
    pub(super) due: bool,
}

impl Credit {
    /// A server accepts little before sign-in, as with the channels' windows.
    pub(super) fn new(role: Role) -> Self {
        let (send_max, receive_max) = match role {
            Role::Client => (SESSION_WINDOW_UNAUTHENTICATED, SESSION_WINDOW),
            Role::Server => (SESSION_WINDOW, SESSION_WINDOW_UNAUTHENTICATED),
        };
        Self {
            sums: Sums::default(),
            send_max,
            receive_max,
            window: receive_max,
            due: false,
        }
    }

    pub(super) const fn receive_max(&self) -> u64 {
        self.receive_max
    }

    /// Raises the limit. A lower value comes from a reordered packet and is ignored.
    pub(super) fn allow(&mut self, max: u64) {
        self.send_max = self.send_max.max(max);
    }

    /// Bytes of new data that may still be sent.
    pub(super) const fn left(&self) -> u64 {
        self.send_max.saturating_sub(self.sums.sent)
    }

    /// Whether the window has room for so many bytes more.
    pub(super) fn admits(&self, more: u64) -> bool {
        self.sums
            .received
            .checked_add(more)
            .is_some_and(|all| all <= self.receive_max)
    }

    /// Sets the size of the window. A smaller one takes effect with the next update.
    pub(super) fn set_window(&mut self, signed_in: bool) {
        self.window = if signed_in {
            SESSION_WINDOW
        } else {
            SESSION_WINDOW_UNAUTHENTICATED
        };
        self.update();
    }

    /// Moves the window when half of it is used, or when little of it is left: messages that arrived in part on
    /// several channels must be able to become whole.
    pub(super) fn update(&mut self) {
        let wider = self.sums.taken.saturating_add(self.window);
        let gained = wider.saturating_sub(self.receive_max);
        let left = self.receive_max.saturating_sub(self.sums.received);
        if gained >= self.window / 2 || (gained > 0 && left < self.window / 4) {
            self.receive_max = wider;
            self.due = true;
        }
    }
}
