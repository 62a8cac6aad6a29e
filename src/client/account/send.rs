//! What this user says, from the prompt to the server's word that it is stored, or that it is refused.
//!
//! The steps, and what is durable when: a line is durable in the outbox before it is called queued; its number,
//! content and digest before it is sent; `Stored` moves it from the outbox to the history in one commit. A line
//! that is refused for good uses its number up by a VOID.

use rand_core::RngCore;
use std::time::Duration;

use serde_bytes::ByteBuf;

use super::conversations::StoredConversation;
use super::outbox::{Numbered, OutboxEntry};
use super::receipts::Awaited;
use super::{SignOutReason, SignedIn, show_unconfirmed, tag_of};
use crate::client::effects::Effects;
use crate::client::env::Tone;
use crate::client::name::{canonical, canonical_target, is_room, truncate_name};
use crate::client::storage::entry::Entry;
use crate::client::ui::render;
use crate::protocol::{
    Bytes, ClientMessage, Command, ConversationId, EVERYONE_NAME, Envelope, ErrorCode, Failure,
    Hop, Message, Number, Origin, Resolve, Resolved, Stored, Text, Void, seal,
};
use crate::text::printable;
use crate::transport::{Channel, Now};

/// How long the client waits before it tries again what the server could not do. Chosen: the server reopens its
/// storage in about that time.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// How many names may be looked up at the server at once. At the limit the others wait.
const RESOLVING_MAX: usize = 64;

/// How often in one session the server may ask for everything again. Chosen: a path that damages messages so
/// often will not carry them. At the limit they wait for the next session.
const SEND_AGAIN_MAX: u32 = 16;

impl SignedIn {
    /// The user says something to somebody, or to everyone.
    pub(in crate::client) fn send_text(
        &mut self,
        now: Now,
        target: &str,
        text: &str,
        is_linked: bool,
        effects: &mut Effects,
    ) {
        let refused = if text.trim().is_empty() {
            Some("the text is empty".to_owned())
        } else if printable::is_blank(text) {
            Some(render::NOTHING_SEEN.to_owned())
        } else if text.len() > self.server.text_max {
            Some(format!(
                "the text is too long: {} bytes, and a message has at most {}; send it in parts",
                text.len(),
                self.server.text_max
            ))
        } else if canonical(target) == self.name {
            Some("you cannot send a message to yourself".to_owned())
        } else {
            self.check_target(target).err()
        };
        if let Some(refused) = refused {
            effects.show(Tone::Error, refused);
            return;
        }
        self.warn_of_block(target, effects);
        let unsent = OutboxEntry::new(target.to_owned(), text.to_owned());
        match self.outbox.add(now.instant, unsent.clone()) {
            Ok(sequence) => {
                self.state.put_unsent(sequence, &unsent);
                if !is_linked {
                    effects.show(
                        Tone::Notice,
                        "● queued; will be sent when the server answers",
                    );
                }
            }
            Err(full) => effects.show(Tone::Error, full.to_string()),
        }
    }

    /// Looks names up, gives numbers, and sends what may be sent.
    pub(in crate::client) fn send_pending(&mut self, now: Now, effects: &mut Effects) {
        for (sequence, target) in self.outbox.unnumbered() {
            let name = canonical_target(&target);
            let id = if name == EVERYONE_NAME {
                Some(ConversationId::EVERYONE)
            } else {
                self.conversations.by_name(&name)
            };
            let known = id.and_then(|id| Some((id, self.conversations.get(id)?)));
            match known.and_then(|(id, known)| Some((id, known.last_number?))) {
                Some((id, last_number)) => self.assign_seq(sequence, id, last_number),
                None if is_room(&name) && self.is_silent => {}
                None if is_room(&name) => {
                    let access = self.rooms_to_join.get(&name).copied().flatten();
                    self.ask_to_join(now, name, access, false, effects);
                }
                None => {
                    self.resolve(&target, effects);
                }
            }
        }
        let conversations = &self.conversations;
        for sequence in self.outbox.take_sendable(|id| conversations.is_open(id)) {
            let Some(unsent) = self.outbox.get(sequence) else {
                continue;
            };
            let Some(numbered) = unsent.numbered.clone() else {
                continue;
            };
            if unsent.refused {
                let void = Void {
                    conversation: numbered.conversation,
                    number: numbered.number,
                };
                effects.send(Channel::Chat, &Message::control(void));
                continue;
            }
            self.ask_receipts(numbered.conversation, effects);
            let envelope = Envelope {
                hop: Hop::default(),
                content: &numbered.content,
                digest: numbered.digest,
            };
            effects.send_bytes(Channel::Chat, envelope.encode());
        }
    }

    /// Gives a message the next number of its conversation.
    pub(in crate::client) fn assign_seq(
        &mut self,
        sequence: u64,
        id: ConversationId,
        last_number: Number,
    ) {
        let last = self
            .outbox
            .last_number(id)
            .map_or(last_number, |own| own.max(last_number));
        self.seal_as(sequence, id, last.next());
    }

    /// Gives a message this number, and makes that durable with the batch.
    fn seal_as(&mut self, sequence: u64, id: ConversationId, number: Number) {
        let Some(unsent) = self.outbox.get(sequence) else {
            return;
        };
        let origin = Origin {
            conversation: id,
            device: self.device,
            number,
        };
        let mut salt = [0; 16];
        self.random.fill_bytes(&mut salt);
        let text = Text {
            sender: self.id,
            receiver: id,
            salt: Bytes(salt),
            text: unsent.text.clone(),
        };
        let (content, digest) = seal(&ClientMessage::chat(origin, &text));
        let numbered = Numbered {
            conversation: id,
            number,
            content: ByteBuf::from(content),
            digest,
        };
        if let Some(known) = self.conversations.get_mut(id) {
            known.last_number = Some(number);
        }
        if let Some(unsent) = self.outbox.assign(sequence, numbered) {
            self.state.put_unsent(sequence, unsent);
        }
    }

    /// Asks for the conversation with a user, unless that is being asked already. Returns whether it is being asked.
    pub(in crate::client) fn resolve(&mut self, target: &str, effects: &mut Effects) -> bool {
        if self.resolving.values().any(|asked| asked == target) {
            return true;
        }
        if self.resolving.len() >= RESOLVING_MAX {
            return false;
        }
        let tag = self.take_tag();
        self.resolving.insert(tag, target.to_owned());
        let name = target.to_owned();
        effects.send(Channel::Control, &Message::control(Resolve { tag, name }));
        true
    }

    /// A conversation was found.
    pub(in crate::client) fn handle_resolved(
        &mut self,
        resolved: &Resolved,
        effects: &mut Effects,
    ) {
        let Some(target) = self.resolving.remove(&resolved.tag) else {
            return;
        };
        let (id, name) = (resolved.conversation, truncate_name(resolved.name.clone()));
        if self
            .focus_state
            .resolving_focus
            .take_if(|named| *named == target)
            .is_some()
        {
            self.focus_on(&name, effects);
        }
        if self.conversations.get(id).is_none()
            && !self
                .conversations
                .insert(id, StoredConversation::at(&name, resolved.start))
        {
            return;
        }
        if let Some(known) = self.conversations.get_mut(id) {
            known.set_last_seq(resolved.last_number);
            known.stored.name = name;
        }
        self.save_conversation(id);
        // What was typed may differ from the canonical name in ways that only the server knows.
        for (sequence, typed) in self.outbox.unnumbered() {
            if typed == target {
                self.assign_seq(sequence, id, resolved.last_number);
            }
        }
    }

    /// A message is durable at the server: it moves from the outbox to the history.
    pub(in crate::client) fn handle_stored(
        &mut self,
        now: Now,
        stored: &Stored,
        effects: &mut Effects,
    ) {
        let id = stored.conversation;
        if let Some(known) = self.conversations.get_mut(id) {
            known.set_last_seq(stored.number);
        }
        let Some(sequence) = self.outbox.find(id, stored.number) else {
            return;
        };
        let typed = self.outbox.typed(sequence);
        let Some(numbered) = self
            .outbox
            .remove(sequence)
            .and_then(|unsent| unsent.numbered)
        else {
            return;
        };
        self.state.remove_unsent(sequence);
        self.save_conversation(id);
        let entry = Entry {
            author: self.id,
            time_ms: stored.time_ms,
            content: numbered.content,
            digest: numbered.digest,
            prev: stored.prev,
            author_name: None,
        };
        self.state.put_entry(id, stored.entry, &entry);
        self.move_to_stored(now, stored, &numbered.digest, effects);

        let line = if id == ConversationId::EVERYONE {
            render::stored_for_many(stored.recipients, stored.online, None)
        } else if is_room(self.name_of(id)) {
            let room = Some(self.name_of(id));
            render::stored_for_many(stored.recipients, stored.online, room)
        } else if stored.online == 0 {
            let name = self.conversations.get(id).map(|known| &*known.stored.name);
            let last_seen = stored.last_seen_ms.map(|at| self.clock(now).show(at));
            name.map(|name| render::stored_offline(name, last_seen.as_deref()))
        } else {
            None
        };
        if let Some(line) = line {
            effects.show(Tone::Notice, line);
        }
        if stored.recipients > 0 {
            let online = stored.online.min(stored.recipients);
            let awaited = Awaited::new(stored.recipients, online);
            self.state.put_awaited(id, stored.entry, Some(&awaited));
            let place = (id, self.is_many(id));
            let forgotten = self
                .receipts
                .track(now.instant, place, stored.entry, awaited, typed);
            if let Some((conversation, entry)) = forgotten {
                self.state.put_awaited(conversation, entry, None);
            }
        }
    }

    /// For the device that wrote an entry, `Stored` takes the place of its delivery.
    fn move_to_stored(
        &mut self,
        now: Now,
        stored: &Stored,
        digest: &crate::protocol::Digest,
        effects: &mut Effects,
    ) {
        let id = stored.conversation;
        let Some(known) = self.conversations.get_mut(id) else {
            return;
        };
        if stored.entry <= known.stored.received_up_to {
            return;
        }
        if stored.prev == known.stored.received_up_to {
            known.stored.received_up_to = stored.entry;
            known.stored.digest = Some(*digest);
            self.undisplayed.insert(id);
            self.save_conversation(id);
            self.gaps.reached(now.instant, id, stored.entry);
            if let Some(backlog) = &mut self.backlog {
                backlog.reached(id, stored.entry);
            }
        } else {
            self.request_missing(now, id, stored.entry, effects);
        }
    }

    /// A number is used up.
    pub(in crate::client) fn handle_voided(&mut self, id: ConversationId, number: Number) {
        if let Some(known) = self.conversations.get_mut(id) {
            known.set_last_seq(number);
        }
        if let Some(sequence) = self.outbox.find(id, number) {
            self.outbox.remove(sequence);
            self.state.remove_unsent(sequence);
            self.save_conversation(id);
        }
    }

    /// Something of what was under way came damaged at the server.
    pub(in crate::client) fn handle_send_again(&mut self, damaged: u32, effects: &mut Effects) {
        if damaged <= SEND_AGAIN_MAX {
            self.outbox.requeue_all();
        } else if damaged == SEND_AGAIN_MAX + 1 {
            effects.show(
                Tone::Error,
                "messages keep arriving damaged at the server; unsent ones wait for the next session",
            );
        }
    }

    /// The server has refused something.
    pub(in crate::client) fn handle_failure(
        &mut self,
        now: Now,
        command: Command,
        failure: &Failure,
        effects: &mut Effects,
    ) -> Option<SignOutReason> {
        match command {
            Command::Resolve => self.resolve_refused(now, failure, effects),
            Command::Contacts => {
                let text = render::refusal(failure, "");
                self.roster.handle_refusal(&text, effects);
            }
            Command::Join
            | Command::Leave
            | Command::Rooms
            | Command::Members
            | Command::Moderate
            | Command::Block
            | Command::History => self.request_refused(failure, effects),
            Command::SendMessage | Command::SendAllMessage | Command::Void => {
                return self.message_refused(now, failure, effects);
            }
            Command::Receive if failure.code == ErrorCode::Expired => {
                self.show_expired_before(now, failure, effects);
            }
            Command::Receive => self.missing_refused(failure, effects),
            Command::Hello if is_temporary(failure.code) => self.retry_later(now, failure),
            _ => effects.show(
                Tone::Error,
                format!("{command}: {}", render::refusal(failure, "")),
            ),
        }
        None
    }

    /// There is no conversation with this name: what waits for it is not sent.
    fn resolve_refused(&mut self, now: Now, failure: &Failure, effects: &mut Effects) {
        let Some(target) = self.resolving.remove(&tag_of(failure)) else {
            return;
        };
        if is_temporary(failure.code) {
            self.retry_later(now, failure);
            if let Some(named) = self
                .focus_state
                .resolving_focus
                .take_if(|named| *named == target)
            {
                self.focus_on(&canonical_target(&named), effects);
            }
            return;
        }
        if self
            .focus_state
            .resolving_focus
            .take_if(|named| *named == target)
            .is_some()
        {
            effects.show(Tone::Error, render::refusal(failure, &target));
        }
        for (sequence, typed) in self.outbox.unnumbered() {
            if typed == target {
                let unsent = self.outbox.remove(sequence);
                self.state.remove_unsent(sequence);
                let text = unsent.map(|unsent| unsent.text).unwrap_or_default();
                effects.show(
                    Tone::Error,
                    format!(
                        "{}; not sent: {}",
                        render::refusal(failure, &target),
                        render::quote(&text)
                    ),
                );
            }
        }
        let name = canonical_target(&target);
        if self.focus.take_if(|focus| *focus == name).is_some() {
            effects.show(Tone::Notice, format!("you are no longer in {name}"));
        }
    }

    /// A message, or a VOID, was refused.
    fn message_refused(
        &mut self,
        now: Now,
        failure: &Failure,
        effects: &mut Effects,
    ) -> Option<SignOutReason> {
        let found = failure
            .conversation
            .zip(failure.number)
            .and_then(|(id, number)| Some((id, number, self.outbox.find(id, number)?)));
        let Some((id, number, sequence)) = found else {
            if failure.number.is_some() {
                return None;
            }
            if failure.code == ErrorCode::TooManyAttempts {
                self.show_slowed(now, failure.wait_ms.unwrap_or_default(), effects);
            } else {
                effects.show(Tone::Error, render::refusal(failure, ""));
            }
            return None;
        };
        match failure.code {
            ErrorCode::Expect => {
                let expected = failure.expected.unwrap_or(number);
                if self.outbox.find(id, expected).is_some() {
                    self.outbox.hold(id, expected, sequence);
                } else {
                    self.renumber(id, expected);
                }
            }
            ErrorCode::Digest => self.outbox.requeue(sequence),
            ErrorCode::Conflict => return Some(SignOutReason::Conflict),
            ErrorCode::UnknownNumber => {
                if let Some(known) = self.conversations.get_mut(id) {
                    known.set_last_seq(number);
                }
                self.save_conversation(id);
                self.state.remove_unsent(sequence);
                if let Some(unsent) = self.outbox.remove(sequence)
                    && !unsent.refused
                {
                    show_unconfirmed(&unsent.target, &unsent.text, effects);
                }
            }
            code if is_temporary(code) => {
                self.outbox.requeue(sequence);
                self.retry_later(now, failure);
            }
            _ => {
                let unsent = self.outbox.get(sequence)?;
                if unsent.refused {
                    // Even the VOID was refused. The number cannot be used up by this device.
                    return Some(SignOutReason::Conflict);
                }
                let reason = render::refusal(failure, &unsent.target);
                let quoted = render::quote(&unsent.text);
                effects.show(Tone::Error, format!("not sent: {reason}: {quoted}"));
                if let Some(unsent) = self.outbox.refuse(sequence) {
                    self.state.put_unsent(sequence, unsent);
                }
            }
        }
        None
    }

    /// The server does not read what this account sends for now. Nothing of it was refused.
    fn show_slowed(&self, now: Now, wait_ms: u64, effects: &mut Effects) {
        // What is not stored yet; the server may speak of another device's.
        if self.outbox.len() > 0 {
            let text = render::slowed(self.outbox.len(), wait_ms, self.clock(now));
            effects.show(Tone::Notice, text);
        }
    }

    /// The server has lost numbers that this device has no content for any more (a restored backup): what waits
    /// takes the numbers that the server expects. None of these was ever taken, so their contents may change.
    fn renumber(&mut self, id: ConversationId, expected: Number) {
        let mut number = expected;
        for sequence in self.outbox.numbered(id) {
            self.seal_as(sequence, id, number);
            number = number.next();
        }
    }

    /// The server cannot do it now.
    fn retry_later(&mut self, now: Now, failure: &Failure) {
        let wait = failure.wait_ms.map_or(RETRY_DELAY, |wait_ms| {
            Duration::from_millis(wait_ms.clamp(1, 60_000))
        });
        self.retry_at = Some(now.instant + wait);
    }
}

/// Whether what was refused may succeed later.
pub(in crate::client) const fn is_temporary(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Unavailable | ErrorCode::TooManyAttempts | ErrorCode::OutOfTurn
    )
}
