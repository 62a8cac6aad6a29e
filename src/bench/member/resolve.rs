//! How a client comes to its conversations: the room that it joins on its way in, and the partners whom it looks up
//! once everybody is there.

use super::talk::{Contact, Found, Talk};
use super::{ATTEMPT_WAIT, Line, Member, News, Step};
use crate::bench::workload::With;
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
    pub(super) fn arrive(&mut self, line: &mut Line<'_>) -> Option<News> {
        while let Some(contact) = self.missing(With::Room) {
            let name = contact.receiver.clone();
            let Some(head) = self.rooms.iter().find(|head| head.name == name) else {
                self.join(line, name);
                return None;
            };
            let found = Found {
                conversation: head.conversation,
                last_number: head.last_number,
                start: head.start,
            };
            self.begin(found)?;
        }
        self.step = Step::Inside;
        self.due = None;
        Some(News::SignedIn)
    }

    fn join(&mut self, line: &mut Line<'_>, name: String) {
        self.step = Step::Join;
        self.due = Some(line.now + ATTEMPT_WAIT);
        // Whoever comes first makes it.
        let join = ClientMessage::control(Join {
            tag: 1,
            name,
            access: None,
        });
        // On the channel of the deliveries, so that none of them can come before the answer.
        self.send(line, Channel::Chat, encode(&join, Hop::default()));
    }

    /// It belongs to the room that it has asked for.
    pub(super) fn joined(&mut self, line: &mut Line<'_>, joined: &Joined) -> Option<News> {
        let found = Found {
            conversation: joined.room.conversation,
            last_number: joined.last_number,
            start: joined.start,
        };
        self.begin(found)?;
        self.arrive(line)
    }

    /// Looks its partners up, one after the other. `true`: it has found them already.
    pub fn find(&mut self, line: &mut Line<'_>) -> bool {
        let is_found = !self.find_next(line);
        if is_found {
            self.step = Step::Talking;
        }
        is_found
    }

    /// Looks the first partner up whose conversation is not known. `false`: there is none.
    fn find_next(&mut self, line: &mut Line<'_>) -> bool {
        let Some(contact) = self.missing(With::Member) else {
            return false;
        };
        let resolve = Resolve {
            tag: 1,
            name: contact.name.clone(),
        };
        self.step = Step::Resolve;
        self.due = Some(line.now + ATTEMPT_WAIT);
        self.request(line, &Message::control(resolve));
        true
    }

    /// The partner is found.
    pub(super) fn resolved(&mut self, line: &mut Line<'_>, resolved: &Resolved) -> Option<News> {
        let conversation = resolved.conversation;
        self.begin(Found {
            conversation,
            last_number: resolved.last_number,
            start: resolved.start,
        })?;
        let request = ClientMessage::control(ReceiptsRequest { conversation });
        self.send(line, Channel::Chat, encode(&request, Hop::default()));
        if self.find_next(line) {
            return None;
        }
        self.step = Step::Talking;
        self.due = None;
        Some(News::Ready)
    }

    /// The first of its contacts with whom it has no conversation yet, if that one is of this kind.
    fn missing(&self, with: With) -> Option<&Contact> {
        let contact = self.contacts.get(self.talks.len())?;
        (contact.partner.with == with).then_some(contact)
    }

    /// The conversation with the first of them begins.
    fn begin(&mut self, found: Found) -> Option<()> {
        let device = self.device?;
        let contact = self.contacts.get(self.talks.len())?.clone();
        let talk = Talk::new(device, self.name.clone(), contact, found);
        self.talks.push(talk);
        Some(())
    }
}
