//! The state that the parts of a signed-in user share, and the [`Ctx`] in which it is handed to them.
//!
//! A part owns its own state and takes a [`Ctx`]; if it needs another part, that is an argument beside it. So each part
//! can be read and tested without the others.

pub(crate) mod conversations;
pub(crate) mod focus;
pub(crate) mod hidden;
pub(crate) mod lines;
pub(crate) mod pending;
pub(crate) mod server;

use std::time::Instant;

use jiff::tz::TimeZone;

use crate::client::account::ctx::conversations::Conversations;
use crate::client::account::ctx::focus::Focus;
use crate::client::account::ctx::hidden::Hidden;
use crate::client::account::ctx::pending::{PendingRequest, PendingRequests};
use crate::client::account::ctx::server::Server;
use crate::client::bot::Answer;
use crate::client::effects::Effects;
use crate::client::env::{Fault, Tone};
use crate::client::name::is_room;
use crate::client::program::Report;
use crate::client::storage::{State, StateError};
use crate::client::ui::time::Clock;
use crate::protocol::{AccountId, ClientBody, ConversationId, DeviceId, Digest, EntryId, Message};
use crate::protocol::{ReceiptsRequest, Resolve};
use crate::transport::{Channel, Now};

/// Shown for a command that needs a link.
pub(crate) const NO_LINK: &str = "not connected; try again when the connection is back";

/// Who the user is, and on which device.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Me {
    pub(crate) id: AccountId,
    pub(crate) name: String,
    pub(crate) device: DeviceId,
    /// When the user signed in, in this run.
    pub(crate) signed_in_at: Instant,
    pub(crate) time_zone: TimeZone,
    /// Whether others are not told that this session comes and goes.
    pub(crate) is_unannounced: bool,
    /// Whether this session is there to send only.
    pub(crate) is_sending_only: bool,
    /// Whether nothing may be done that needs files.
    pub(crate) is_restricted: bool,
    /// Whether lines tell how far files are, since the prompt cannot.
    pub(crate) is_told_progress: bool,
    /// Whether what others say goes to a program: nobody is shown it.
    pub(crate) is_tailing: bool,
}

#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct SessionState {
    pub(crate) epoch: u64,
    /// Whether there is a link, so that what is said leaves once the positions are settled.
    pub(crate) has_link: bool,
    /// Whether the positions are settled and messages may flow.
    pub(crate) is_settled: bool,
    /// The server has not answered for a while, and somebody who sits there is told so instead of having to wait.
    pub(crate) is_silent: bool,
    /// The limits and features that the server announced.
    pub(crate) server: Server,
    /// Whether the tab key is to complete other names than before.
    pub(crate) has_new_names: bool,
}

/// What the parts share.
pub(crate) struct Shared {
    pub(crate) me: Me,
    pub(crate) session: SessionState,
    pub(crate) state: State,
    pub(crate) conversations: Conversations,
    pub(crate) pending: PendingRequests,
    pub(crate) focus: Focus,
    pub(crate) hidden: Hidden,
}

impl Shared {
    pub(crate) fn ctx<'a>(&'a mut self, now: Now, effects: &'a mut Effects) -> Ctx<'a> {
        Ctx {
            now,
            effects,
            me: &self.me,
            session: &mut self.session,
            state: &mut self.state,
            conversations: &mut self.conversations,
            pending: &mut self.pending,
            focus: &mut self.focus,
            hidden: &mut self.hidden,
        }
    }
}

/// What a part is handed with each call.
pub(crate) struct Ctx<'a> {
    pub(crate) now: Now,
    pub(crate) effects: &'a mut Effects,
    pub(crate) me: &'a Me,
    pub(crate) session: &'a mut SessionState,
    pub(crate) state: &'a mut State,
    pub(crate) conversations: &'a mut Conversations,
    pub(crate) pending: &'a mut PendingRequests,
    pub(crate) focus: &'a mut Focus,
    pub(crate) hidden: &'a mut Hidden,
}

impl<'a> Ctx<'a> {
    /// Shows why something that was asked for was not reached.
    pub(crate) fn fail(&mut self, fault: Fault, text: impl AsRef<str>) {
        self.effects.fail(fault, text);
    }

    /// What was read from this device's database; nothing if that failed, which is shown.
    pub(crate) fn read<T>(&mut self, read: Result<T, StateError>) -> Option<T> {
        read.map_err(|error| self.fail(Fault::Failed, error.to_string()))
            .ok()
    }

    /// Shows something that went wrong without having been asked for.
    pub(crate) fn trouble(&mut self, text: impl AsRef<str>) {
        self.effects.show(Tone::Error, text);
    }

    pub(crate) fn notice(&mut self, text: impl AsRef<str>) {
        self.effects.show(Tone::Notice, text);
    }

    pub(crate) fn plain(&mut self, text: impl AsRef<str>) {
        self.effects.show(Tone::Plain, text);
    }

    pub(crate) const fn clock(&self) -> Clock<'a> {
        Clock {
            now_ms: self.now.unix_ms,
            zone: &self.me.time_zone,
        }
    }

    /// The reader's account and name.
    pub(crate) fn own(&self) -> (AccountId, &str) {
        (self.me.id, &self.me.name)
    }

    /// Whether a request can be expected to be answered.
    pub(crate) const fn can_ask(&self) -> bool {
        self.session.is_settled && !self.session.is_silent
    }

    /// Whether what is said now can be expected to leave soon.
    pub(crate) const fn is_linked(&self) -> bool {
        self.session.has_link && !self.session.is_silent
    }

    /// The name of a conversation; empty while it is not known.
    pub(crate) fn name_of(&self, id: ConversationId) -> &str {
        self.conversations.name_of(id)
    }

    /// Whether more than one reads what this user says there.
    pub(crate) fn is_many(&self, id: ConversationId) -> bool {
        id == ConversationId::EVERYONE || is_room(self.name_of(id))
    }

    /// Saves a conversation with this batch.
    pub(crate) fn save_conversation(&mut self, id: ConversationId) {
        if let Some(known) = self.conversations.get(id) {
            self.state.put_conversation(id, &known.stored);
        }
    }

    /// Whether this very entry is in the history.
    pub(crate) fn holds(&mut self, id: ConversationId, entry: EntryId, digest: &Digest) -> bool {
        match self.state.entry(id, entry) {
            Ok(held) => held.is_some_and(|held| held.digest == *digest),
            Err(error) => {
                self.fail(Fault::Failed, error.to_string());
                false
            }
        }
    }

    /// Sends a request of the user's whose answer bears its tag, or says why not.
    pub(crate) fn request<B: Into<ClientBody>>(
        &mut self,
        request: PendingRequest,
        body: impl FnOnce(u32) -> B,
    ) {
        if !self.can_ask() {
            self.fail(Fault::Unreachable, NO_LINK);
        } else if !self.try_request(Channel::Control, request, body) {
            self.fail(
                Fault::Failed,
                "too many requests wait for the server's answer; try again",
            );
        }
    }

    /// Sends a request whose answer bears its tag; `false` if too many are open.
    pub(crate) fn try_request<B: Into<ClientBody>>(
        &mut self,
        channel: Channel,
        request: PendingRequest,
        body: impl FnOnce(u32) -> B,
    ) -> bool {
        let tag = self.pending.add(self.now.instant, request);
        if let Some(tag) = tag {
            self.effects.send(channel, &Message::control(body(tag)));
        }
        tag.is_some()
    }

    /// Gives a bot what it has asked for, if the answer with this tag, which has just been taken, is for one. Returns whether
    /// it is.
    pub(crate) fn respond(&mut self, tag: u32, answer: impl FnOnce() -> Answer) -> bool {
        let Some(said) = self.pending.take_answered(tag) else {
            return false;
        };
        let answer = answer();
        self.effects.report(Report::Done { said, answer });
        true
    }

    /// Asks for the conversation with a user, unless that is being asked already. Returns whether it is being asked.
    pub(crate) fn resolve(&mut self, target: &str) -> bool {
        let name = target.to_owned();
        let request = PendingRequest::Resolve {
            target: name.clone(),
        };
        self.pending.is_resolving(target)
            || self.try_request(Channel::Control, request, |tag| Resolve { tag, name })
    }

    /// Asks for the receipts of a conversation, once in a session.
    pub(crate) fn ask_receipts(&mut self, id: ConversationId) {
        if let Some(known) = self.conversations.get_mut(id)
            && !known.receipts_asked
            && !known.stored.is_left
        {
            known.receipts_asked = true;
            let request = ReceiptsRequest { conversation: id };
            self.effects.send(Channel::Chat, &Message::control(request));
        }
    }
}
