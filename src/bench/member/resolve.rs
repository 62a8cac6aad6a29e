//! How a client comes to its conversations: the room that it joins on its way in, and the partners whom it looks up
//! once everybody is there.

use super::conversation::{Contact, Conversation, ConversationStart};
use super::{ATTEMPT_WAIT, Ctx, Member, MemberEvent, Step};
use crate::bench::workload::Audience;
use crate::protocol::{
    ClientMessage, Head, Hop, Join, Joined, Message, ROOM_SIGN, ReceiptsRequest, Resolve, Resolved,
    encode,
};
use crate::transport::Channel;

impl Member {
    /// HELLO has told of these conversations: of the rooms one may be that it is to talk in.
    pub(super) fn note_rooms(&mut self, heads: Vec<Head>) {
        let rooms = heads
            .into_iter()
            .filter(|head| head.name.starts_with(ROOM_SIGN));
        self.rooms.extend(rooms);
    }

    /// It is signed in: it is in its place once it belongs to the rooms that it is to talk in.
    ///
    /// To join belongs to the way in, so that as few join at a time as sign in, and a server that lets nobody make a
    /// room says so before everybody has an account. Each is told of all who join after it, which is half the square of
    /// their number: of 1,000 clients half a million entries, less work than the stretching of as many passwords.
    pub(super) fn arrive(&mut self, ctx: &mut Ctx<'_>) -> Option<MemberEvent> {
        while let Some(contact) = self.missing(Audience::Room) {
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
        // Whoever comes first makes it.
        let join = ClientMessage::control(Join {
            tag: 1,
            name,
            access: None,
        });
        // On the channel of the deliveries, so that none of them can come before the answer.
        self.send(ctx, Channel::Chat, encode(&join, Hop::default()));
    }

    /// It belongs to the room that it has asked for.
    pub(super) fn joined(&mut self, ctx: &mut Ctx<'_>, joined: &Joined) -> Option<MemberEvent> {
        let found = ConversationStart {
            conversation: joined.room.conversation,
            last_number: joined.last_number,
            start: joined.start,
        };
        self.begin(found)?;
        self.arrive(ctx)
    }

    /// Looks its partners up, one after the other. `true`: it has found them already.
    pub fn find(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let is_found = !self.find_next(ctx);
        if is_found {
            self.step = Step::Talking;
        }
        is_found
    }

    /// Looks the first partner up whose conversation is not known. `false`: there is none.
    fn find_next(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some(contact) = self.missing(Audience::Member) else {
            return false;
        };
        let resolve = Resolve {
            tag: 1,
            name: contact.name.clone(),
        };
        self.step = Step::Resolve;
        self.due = Some(ctx.now + ATTEMPT_WAIT);
        self.request(ctx, &Message::control(resolve));
        true
    }

    /// The partner is found.
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
        let request = ClientMessage::control(ReceiptsRequest { conversation });
        self.send(ctx, Channel::Chat, encode(&request, Hop::default()));
        if self.find_next(ctx) {
            return None;
        }
        self.step = Step::Talking;
        self.due = None;
        Some(MemberEvent::Ready)
    }

    /// The first of its contacts with whom it has no conversation yet, if that one is of this kind.
    fn missing(&self, with: Audience) -> Option<&Contact> {
        let contact = self.contacts.get(self.conversations.len())?;
        (contact.partner.with == with).then_some(contact)
    }

    /// The conversation with the first of them begins.
    fn begin(&mut self, found: ConversationStart) -> Option<()> {
        let pass = self.pass.as_ref()?;
        let (account, device) = (pass.account, self.device?);
        let contact = self.contacts.get(self.conversations.len())?.clone();
        let talk = Conversation::new(account, device, contact, found);
        self.conversations.push(talk);
        Some(())
    }
}
