//! What a client does besides talking: it reads history, joins and leaves its lobby, and signs in again.
//!
//! Its conversations outlive a session, with their positions and what is not known to be stored: nothing is counted twice
//! that is delivered again, and nothing is lost that was said meanwhile.

use super::conversation::{Contact, Conversation, ConversationStart, DeliveryOutcome};
use super::{ATTEMPT_WAIT, Ctx, Member, MemberEvent, Step};
use crate::bench::workload::{Audience, Errand, Partner};
use crate::protocol::{
    ClientMessage, Delivery, Envelope, Hop, Join, Joined, Leave, ServerBody, encode,
};
use crate::transport::{Channel, SessionId};

impl Member {
    /// With the name of the room that it joins and leaves.
    pub fn with_lobby(mut self, name: Option<String>) -> Self {
        self.lobby = name;
        self
    }

    /// Begins an errand within the session.
    pub fn run_errand(&mut self, ctx: &mut Ctx<'_>, errand: Errand) {
        match errand {
            Errand::History(talk) => {
                if let Some(talk) = self.talks.conversations.get(talk) {
                    let request = talk.read_history();
                    self.send(ctx, Channel::Bulk, request);
                }
            }
            Errand::Membership => self.change_membership(ctx),
            Errand::Reconnection => {}
        }
    }

    /// On the channel of the deliveries, so that the answer arrives before any of them.
    fn change_membership(&mut self, ctx: &mut Ctx<'_>) {
        let request = match (&self.in_lobby, &self.lobby) {
            (Some(lobby), _) => ClientMessage::control(Leave {
                tag: 1,
                conversation: lobby.conversation(),
            }),
            (None, Some(name)) => ClientMessage::control(Join {
                tag: 1,
                name: name.clone(),
                access: None,
                must_exist: None,
            }),
            (None, None) => return,
        };
        self.send(ctx, Channel::Chat, encode(&request, Hop::default()));
    }

    pub(super) const fn is_answer_to_errand(body: &ServerBody) -> bool {
        matches!(
            body,
            ServerBody::History(_) | ServerBody::Joined(_) | ServerBody::Left(_)
        )
    }

    pub(super) fn handle_errand_answer(&mut self, body: ServerBody) -> MemberEvent {
        match body {
            ServerBody::Joined(joined) => self.in_lobby = self.entered(&joined),
            ServerBody::Left(_) => self.in_lobby = None,
            _ => {}
        }
        MemberEvent::ErrandDone
    }

    fn entered(&self, joined: &Joined) -> Option<Conversation> {
        let pass = self.pass.as_ref()?;
        let contact = Contact {
            partner: Partner {
                with: Audience::Room(0),
                channel: Channel::Chat,
                size: 0,
            },
            // Nobody speaks there.
            author: self.name.clone(),
            receiver: self.lobby.clone()?,
        };
        let found = ConversationStart {
            conversation: joined.room.conversation,
            last_number: joined.last_number,
            start: joined.start,
        };
        Some(Conversation::new(pass.account, pass.device, contact, found))
    }

    /// Of those who join and leave. What comes after it has left itself is nothing to it.
    pub(super) fn handle_lobby_delivery(
        &mut self,
        ctx: &mut Ctx<'_>,
        envelope: &Envelope<'_>,
        delivery: Delivery<'_>,
    ) {
        let Some(lobby) = &mut self.in_lobby else {
            return;
        };
        if lobby.handle_delivery(envelope, delivery) == DeliveryOutcome::Gap {
            let again = lobby.ask_again();
            self.send(ctx, Channel::Chat, again);
        }
    }

    /// Whether it talks, so that an errand can begin.
    pub const fn is_talking(&self) -> bool {
        matches!(self.step, Step::Talking)
    }

    /// Closes the session without signing out, as a program that ends does, to sign in again at once.
    pub fn depart(&mut self, ctx: &mut Ctx<'_>) -> Option<SessionId> {
        self.forget_waiting();
        self.tries = 0;
        self.due = Some(ctx.now + ATTEMPT_WAIT);
        self.step = Step::Outside;
        self.forget_session(ctx)
    }

    /// Goes on talking after it has signed in again.
    pub fn come_back(&mut self, ctx: &mut Ctx<'_>) {
        self.step = Step::Talking;
        self.due = None;
        for talk in 0..self.talks.conversations.len() {
            self.talks.conversations[talk].owe_receipt();
            let conversation = self.talks.conversations[talk].conversation();
            if !self.talks.conversations[talk].is_room() {
                self.ask_for_receipts(ctx, conversation);
            }
        }
        self.send_again(ctx);
        self.send_receipts(ctx);
    }
}
