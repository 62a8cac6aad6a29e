//! Flow control of a session as a whole: what its channels may hold together, at either end. Each channel has its
//! own window beside it; without the common one a peer could fill all of them at once.

use super::channels::ChannelState;
use super::{Connection, Role};
use crate::transport::Channel;
use crate::transport::limits::{SESSION_WINDOW, SESSION_WINDOW_UNAUTHENTICATED};

/// Both directions of a session's common window. Offsets are sums over the channels: of where each one's stream
/// ends so far, for what is sent and received, and of what the application has taken.
#[derive(Debug)]
pub(super) struct Credit {
    /// The sum of sent bytes at which the peer wants to be waited for.
    send_max: u64,
    /// The sum of received bytes that the peer was allowed.
    receive_max: u64,
    /// Bytes that the peer may send ahead of the application, on all channels together.
    window: u64,
    /// The peer is to be told of a wider window.
    pub(super) due: bool,
}

impl Credit {
    /// As with the channels' windows, a server takes little from those who have not signed in.
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

    /// The advertised end of the window.
    pub(super) const fn receive_max(&self) -> u64 {
        self.receive_max
    }

    /// The peer takes this much. A smaller figure than before is an old packet's, and ignored.
    pub(super) fn allow(&mut self, max: u64) {
        self.send_max = self.send_max.max(max);
    }

    /// New bytes that may still be sent.
    pub(super) fn left(&self, channels: &[ChannelState; 3]) -> u64 {
        let sent: u64 = channels.iter().map(|state| state.sender.sent_to()).sum();
        self.send_max.saturating_sub(sent)
    }

    /// Whether a fragment that ends here keeps to the window.
    pub(super) fn admits(&self, channels: &[ChannelState; 3], channel: Channel, end: u64) -> bool {
        let highest = |state: &ChannelState| state.assembler.highest();
        let all: u64 = channels.iter().map(highest).sum();
        let gained = end.saturating_sub(highest(&channels[channel as usize]));
        all.checked_add(gained)
            .is_some_and(|all| all <= self.receive_max)
    }

    /// Moves the window on when half of it has been used up, or when little is left of it: so that messages that
    /// have come in part on several channels can become whole.
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
    /// How much new data the peer takes, over all channels.
    pub(super) fn credit_left(&self) -> u64 {
        self.credit.left(&self.channels)
    }

    /// Allows the peer more, or less from the next update on.
    pub(super) fn set_session_window(&mut self, signed_in: bool) {
        self.credit.window = if signed_in {
            SESSION_WINDOW
        } else {
            SESSION_WINDOW_UNAUTHENTICATED
        };
        self.credit.update(&self.channels);
    }
}
