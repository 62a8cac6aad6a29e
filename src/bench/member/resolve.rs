//! Finds a client's conversations. It joins its room while it signs in, and resolves its partners once all are signed in.

use super::conversation::{Contact, Conversation, ConversationStart};
use super::{ATTEMPT_WAIT, Ctx, Member, MemberEvent, Step};
use crate::protocol::{
    ClientMessage, ConversationId, Head, Hop, Join, Joined, Message, ROOM_SIGN, ReceiptsRequest,
    Resolve, Resolved, encode,
};
use crate::transport::Channel;

impl Member {
    /// Keeps the rooms in an answer to HELLO.
    pub(super) fn note_rooms(&mut self, heads: Vec<Head>) {
        let rooms = heads
            .into_iter()
            .filter(|head| head.name.starts_with(ROOM_SIGN));
        self.rooms.extend(rooms);
    }

    /// Joins the rooms that are missing, and reports [`MemberEvent::SignedIn`] when none is.
    ///
    /// Joining is a part of signing in, so that as few clients join at a time as sign in, and a server with closed rooms
    /// refuses before all have accounts. Each client receives an entry for each later member: half a million entries for
    /// 1,000 clients, less work than stretching as many passwords.
    pub(super) fn arrive(&mut self, ctx: &mut Ctx<'_>) -> Option<MemberEvent> {
        while let Some(contact) = self.missing(Contact::is_room) {
            let name = contact.receiver.clone();
            let Some(head) = self.rooms.iter().find(|head| head.name == name) else {
                self.join(ctx, name);
                return None;
            };
            let found = ConversationStart {
                conversation: head.conversation,
                last_number: head.last_number,
                start: head.start,
            };
            self.begin(found)?;
        }
        self.step = Step::Inside;
        self.due = None;
        Some(MemberEvent::SignedIn)
    }

    fn join(&mut self, ctx: &mut Ctx<'_>, name: String) {
        self.step = Step::Join;
        self.due = Some(ctx.now + ATTEMPT_WAIT);
        // The first client creates it.
        let join = ClientMessage::control(Join {
            tag: 1,
            name,
            access: None,
            must_exist: None,
        });
        // On the channel of the deliveries, so that the answer arrives before any of them.
        self.send(ctx, Channel::Chat, encode(&join, Hop::default()));
    }

    pub(super) fn joined(&mut self, ctx: &mut Ctx<'_>, joined: &Joined) -> Option<MemberEvent> {
        let found = ConversationStart {
            conversation: joined.room.conversation,
            last_number: joined.last_number,
            start: joined.start,
        };
        self.begin(found)?;
        self.arrive(ctx)
    }

    /// Resolves the partners one after the other. Returns whether all are found already.
    pub fn find(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let is_found = !self.find_next(ctx);
        if is_found {
            self.step = Step::Talking;
        }
        is_found
    }

    /// Resolves the next partner. Returns whether there is one.
    fn find_next(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some(contact) = self.missing(|contact| !contact.is_room()) else {
            return false;
        };
        let resolve = Resolve {
            tag: 1,
            name: contact.receiver.clone(),
        };
        self.step = Step::Resolve;
        self.due = Some(ctx.now + ATTEMPT_WAIT);
        self.request(ctx, &Message::control(resolve));
        true
    }

    pub(super) fn resolved(
        &mut self,
        ctx: &mut Ctx<'_>,
        resolved: &Resolved,
    ) -> Option<MemberEvent> {
        let conversation = resolved.conversation;
        self.begin(ConversationStart {
            conversation,
            last_number: resolved.last_number,
            start: resolved.start,
        })?;
        self.ask_for_receipts(ctx, conversation);
        if self.find_next(ctx) {
            return None;
        }
        self.step = Step::Talking;
        self.due = None;
        Some(MemberEvent::Ready)
    }

    pub(super) fn ask_for_receipts(&mut self, ctx: &mut Ctx<'_>, conversation: ConversationId) {
        let request = ClientMessage::control(ReceiptsRequest { conversation });
        self.send(ctx, Channel::Chat, encode(&request, Hop::default()));
    }

    /// The first contact without a conversation, if it is of this kind.
    fn missing(&self, is_meant: impl FnOnce(&Contact) -> bool) -> Option<&Contact> {
        let contact = self.contacts.get(self.conversations.len())?;
        is_meant(contact).then_some(contact)
    }

    /// Begins the conversation with the first contact that has none.
    fn begin(&mut self, found: ConversationStart) -> Option<()> {
        let pass = self.pass.as_ref()?;
        let (account, device) = (pass.account, pass.device);
        let contact = self.contacts.get(self.conversations.len())?.clone();
        let talk = Conversation::new(account, device, contact, found);
        self.conversations.push(talk);
        Some(())
    }
}
