//! Flow control of a session as a whole (RFC 9000 §4.1). Each channel has a window of its own; without the common one
//! a peer could fill all of them at once.

use super::channels::ChannelState;
use super::{Connection, Role};
use crate::transport::Channel;
use crate::transport::limits::{SESSION_WINDOW, SESSION_WINDOW_UNAUTHENTICATED};

/// Both directions of the common window. Offsets are sums over the channels.
#[derive(Debug)]
pub(super) struct Credit {
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
    pub(super) const fn new(role: Role) -> Self {
        let (send_max, receive_max) = match role {
            Role::Client => (SESSION_WINDOW_UNAUTHENTICATED, SESSION_WINDOW),
            Role::Server => (SESSION_WINDOW, SESSION_WINDOW_UNAUTHENTICATED),
        };
        Self {
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
    pub(super) fn left(&self, channels: &[ChannelState; 3]) -> u64 {
        let sent: u64 = channels.iter().map(|state| state.sender.sent_to()).sum();
        self.send_max.saturating_sub(sent)
    }

    /// Whether a fragment that ends here respects the window.
    pub(super) fn admits(&self, channels: &[ChannelState; 3], channel: Channel, end: u64) -> bool {
        let highest = |state: &ChannelState| state.assembler.highest();
        let all: u64 = channels.iter().map(highest).sum();
        let gained = end.saturating_sub(highest(&channels[channel as usize]));
        all.checked_add(gained)
            .is_some_and(|all| all <= self.receive_max)
    }

    /// Moves the window when half of it is used, or when little of it is left: messages that arrived in part on
    /// several channels must be able to become whole.
    pub(super) fn update(&mut self, channels: &[ChannelState; 3]) {
        let taken: u64 = channels.iter().map(|state| state.assembler.taken()).sum();
        let received: u64 = channels.iter().map(|state| state.assembler.highest()).sum();
        let wider = taken.saturating_add(self.window);
        let gained = wider.saturating_sub(self.receive_max);
        let left = self.receive_max.saturating_sub(received);
        if gained >= self.window / 2 || (gained > 0 && left < self.window / 4) {
            self.receive_max = wider;
            self.due = true;
        }
    }
}

impl Connection {
    /// Bytes of new data that the peer accepts, over all channels.
    pub(super) fn credit_left(&self) -> u64 {
        self.credit.left(&self.channels)
    }

    /// Sets the window. A smaller one takes effect with the next update.
    pub(super) fn set_session_window(&mut self, signed_in: bool) {
        self.credit.window = if signed_in {
            SESSION_WINDOW
        } else {
            SESSION_WINDOW_UNAUTHENTICATED
        };
        self.credit.update(&self.channels);
    }
}
