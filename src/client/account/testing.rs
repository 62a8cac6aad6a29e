//! What the parts are tested with, without a client around them.

use jiff::tz::TimeZone;

use super::ctx::conversations::Conversations;
use super::ctx::focus::Focus;
use super::ctx::hidden::Hidden;
use super::ctx::pending::PendingRequests;
use super::ctx::{Ctx, Me, SessionState, Shared};
use crate::client::effects::{Effects, Outgoing};
use crate::client::storage::State;
use crate::client::storage::records::StoredConversation;
use crate::client::testing::{Screen, database, instant};
use crate::protocol::{
    AccountId, ClientBody, ConversationId, DeviceId, DeviceSeq, EntryId, Envelope,
};
use crate::transport::Now;

/// The user of the tests.
pub(super) const ERIN: AccountId = AccountId(5);

/// What the parts share, for erin in a session whose positions are settled, and what they want done.
pub(super) struct Workbench {
    pub(super) shared: Shared,
    pub(super) now: Now,
    effects: Effects,
}

impl Workbench {
    pub(super) fn new() -> Self {
        let instant = instant();
        Self {
            shared: Shared {
                me: Me {
                    id: ERIN,
                    name: "erin".into(),
                    device: DeviceId(11),
                    signed_in_at: instant,
                    time_zone: TimeZone::UTC,
                    is_unannounced: false,
                    is_sending_only: false,
                    is_restricted: false,
                    is_told_progress: false,
                    is_tailing: false,
                },
                session: SessionState {
                    has_link: true,
                    is_settled: true,
                    ..SessionState::default()
                },
                state: State::open(database()).expect("memory does not fail"),
                conversations: Conversations::default(),
                pending: PendingRequests::default(),
                focus: Focus::default(),
                hidden: Hidden::default(),
            },
            now: Now {
                instant,
                unix_ms: 0,
            },
            effects: Effects::default(),
        }
    }

    /// Makes a conversation known, of which nothing has been received.
    pub(super) fn knows(mut self, id: ConversationId, name: &str) -> Self {
        let stored = StoredConversation::at(name, EntryId::START);
        assert!(self.shared.conversations.insert(id, stored));
        let known = self.shared.conversations.get_mut(id);
        known.expect("inserted above").last_number = Some(DeviceSeq(0));
        self
    }

    pub(super) fn ctx(&mut self) -> Ctx<'_> {
        self.shared.ctx(self.now, &mut self.effects)
    }

    /// What was sent since the last time.
    pub(super) fn sent(&mut self) -> Vec<ClientBody> {
        let messages = self.effects.take_messages().into_iter();
        let body = |message: Outgoing| {
            let envelope = Envelope::decode(&message.bytes).expect("the client encodes messages");
            envelope.open().expect("with the right digest").body
        };
        messages.map(body).collect()
    }

    /// What was shown since the last time.
    pub(super) fn lines(&mut self) -> Vec<String> {
        let screen = Screen::plain();
        self.effects.flush_lines(&mut *screen.console());
        screen.lines()
    }
}
