//! What the logic learns of the link, and what it wants of it.

use super::Core;
use crate::client::account::SignOutReason;
use crate::client::env::Tone;
use crate::protocol::EndReason;
use crate::transport::Now;

/// The server at the other end of the link.
pub(in crate::client) struct Peer {
    pub(in crate::client) key: [u8; 32],
    pub(in crate::client) handshake_hash: [u8; 32],
    pub(in crate::client) is_trusted: bool,
}

/// What the logic wants of the link, which it does not know; asked after each batch.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::client) struct LinkRequests {
    /// That it is made anew.
    pub(in crate::client) reconnect: bool,
    /// How it does.
    pub(in crate::client) status: bool,
}

impl Core {
    /// The link stands. Before anything is said, the key is checked.
    pub(in crate::client) fn link_up(&mut self, now: Now, key: [u8; 32], handshake_hash: [u8; 32]) {
        self.peer = Some(Peer {
            key,
            handshake_hash,
            is_trusted: false,
        });
        self.check_key(now);
    }

    /// The link is lost; with it the session of the signed-in user, if there is a reason for its end.
    pub(in crate::client) fn link_lost(&mut self, reason: &str, ended: Option<EndReason>) {
        self.peer = None;
        self.effects.drop_messages();
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.link_lost(&mut self.effects);
        }
        if !std::mem::take(&mut self.is_server_stopping) {
            self.effects.show(
                Tone::Notice,
                format!(
                    "connection to {} lost ({reason}); reconnecting",
                    self.options.server_name
                ),
            );
        }
        if self.signed_in.is_some() {
            self.handle_sign_out(ended.map(SignOutReason::Ended));
        }
        // A question that is open stays open; what waited for the server begins again, or is given up.
        if let Some(sign_in) = self.sign_in.take_if(|sign_in| sign_in.question().is_none())
            && !sign_in.is_reconnection()
            && self.pending_user.is_none()
        {
            self.effects
                .show(Tone::Error, "the sign-in was interrupted; `login` again");
        }
    }

    /// The server has not answered for a while.
    pub(in crate::client) fn link_silent(&mut self, text: &str) {
        self.notice(text);
        // A script waits: its commands follow each other.
        let is_interactive = self.console.is_interactive();
        if let Some(signed_in) = self.signed_in.as_mut().filter(|_| is_interactive) {
            signed_in.is_silent = true;
        }
    }

    /// The server has answered again, in the same session.
    pub(in crate::client) fn link_awake(&mut self, now: Now, text: &str) {
        self.notice(text);
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.on_active(now, &mut self.effects);
        }
    }

    /// Says something about the link.
    pub(in crate::client) fn notice(&mut self, text: &str) {
        self.effects.show(Tone::Notice, text);
    }

    /// Whether the link is no good any more and is to be made again.
    pub(in crate::client) fn take_reconnect_request(&mut self) -> bool {
        std::mem::take(&mut self.link_requests.reconnect)
    }

    /// The user wants to see how the link does.
    pub(in crate::client) fn request_status(&mut self) {
        self.link_requests.status = true;
    }

    /// Whether the figures of the link are to be handed in.
    pub(in crate::client) fn take_status_request(&mut self) -> bool {
        std::mem::take(&mut self.link_requests.status)
    }
}
