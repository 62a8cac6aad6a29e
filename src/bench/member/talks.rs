//! A client's conversations: those that it is to have, and those of them that the server has found.

use super::conversation::{Contact, Conversation, ConversationStart};
use crate::bench::server::DeviceTicket;
use crate::protocol::{ConversationId, Head, ROOM_SIGN};

pub(super) struct Talks {
    contacts: Vec<Contact>,
    /// In the order of the contacts, as far as the server has found them.
    pub(super) conversations: Vec<Conversation>,
    /// The rooms in the answer to HELLO.
    rooms: Vec<Head>,
}

impl Talks {
    pub(super) const fn new(contacts: Vec<Contact>) -> Self {
        Self {
            contacts,
            conversations: Vec::new(),
            rooms: Vec::new(),
        }
    }

    pub(super) const fn has_contacts(&self) -> bool {
        !self.contacts.is_empty()
    }

    pub(super) fn position_of(&self, conversation: ConversationId) -> Option<usize> {
        let mut conversations = self.conversations.iter();
        conversations.position(|talk| talk.conversation() == conversation)
    }

    /// A session begins: its answer to HELLO is to come.
    pub(super) fn forget_rooms(&mut self) {
        self.rooms.clear();
    }

    /// Keeps the rooms in an answer to HELLO.
    pub(super) fn note_rooms(&mut self, heads: Vec<Head>) {
        let rooms = heads
            .into_iter()
            .filter(|head| head.name.starts_with(ROOM_SIGN));
        self.rooms.extend(rooms);
    }

    /// Begins the conversations in rooms, up to the first of which it is no member. Returns the name of that.
    pub(super) fn begin_rooms(&mut self, pass: &DeviceTicket) -> Option<String> {
        while let Some(contact) = self.missing(Contact::is_room) {
            let name = contact.receiver.clone();
            let Some(head) = self.rooms.iter().find(|head| head.name == name) else {
                return Some(name);
            };
            let found = ConversationStart {
                conversation: head.conversation,
                last_number: head.last_number,
                start: head.start,
            };
            self.begin(pass, found);
        }
        None
    }

    /// The name of the next partner, unless all are found.
    pub(super) fn next_partner(&self) -> Option<String> {
        let partner = self.missing(|contact| !contact.is_room())?;
        Some(partner.receiver.clone())
    }

    /// The first contact without a conversation, if it is of this kind.
    fn missing(&self, is_meant: impl FnOnce(&Contact) -> bool) -> Option<&Contact> {
        let contact = self.contacts.get(self.conversations.len())?;
        is_meant(contact).then_some(contact)
    }

    /// Begins the conversation with the first contact that has none.
    pub(super) fn begin(&mut self, pass: &DeviceTicket, found: ConversationStart) {
        if let Some(contact) = self.contacts.get(self.conversations.len()) {
            let talk = Conversation::new(pass.account, pass.device, contact.clone(), found);
            self.conversations.push(talk);
        }
    }
}
