//! What comes on the chat channel from others: checked, put in order, made durable, then acknowledged and
//! shown.
//!
//! A delivery is taken only if it follows where this device stands. What stands there already is acknowledged
//! once more and not shown; a gap is asked for; what came damaged is asked for once more, and if it stays so it
//! is reported and holds nothing up.

use serde_bytes::ByteBuf;

use super::conversations::StoredConversation;
use super::receipts::News;
use super::send::is_temporary;
use super::{SignOutReason, SignedIn};
use crate::client::effects::Effects;
use crate::client::env::Tone;
use crate::client::name::{is_room, truncate_name};
use crate::client::storage::entry::{Entry, Said};
use crate::client::ui::render;
use crate::protocol::{
    Command, ConversationId, DecodeError, DeliverAgain, Delivery, Digest, EntryId, Envelope,
    ErrorCode, EventKind, Failure, Message, Number, ReceiptCounts, Receipts, ServerBody,
    ServerMessage,
};
use crate::transport::{Channel, Now};

impl SignedIn {
    /// Something has come on the chat channel, and the positions are settled.
    pub(in crate::client) fn handle_settled_chat(
        &mut self,
        now: Now,
        bytes: &[u8],
        effects: &mut Effects,
    ) -> Option<SignOutReason> {
        let Ok(envelope) = Envelope::decode(bytes) else {
            self.damaged += 1;
            // It may have been the answer to any message that is under way.
            self.outbox.requeue_all();
            return None;
        };
        if let Some(delivery) = envelope.hop.delivery {
            self.handle_delivery(now, &envelope, delivery, effects);
            return self.conflict_in.take().map(|_| SignOutReason::Conflict);
        }
        let Ok(message) = envelope.open() else {
            self.damaged += 1;
            self.outbox.requeue_all();
            return None;
        };
        match message.body {
            ServerBody::Stored(stored) => self.handle_stored(now, &stored, effects),
            ServerBody::Voided(voided) => self.handle_voided(voided.conversation, voided.number),
            ServerBody::SendAgain(again) => self.handle_send_again(again.damaged, effects),
            ServerBody::Receipts(receipts) => self.handle_receipts(&receipts),
            ServerBody::ReceiptCounts(counts) => self.handle_counts(&counts),
            ServerBody::Failure(failure) => {
                return self.handle_failure(now, message.header.command, &failure, effects);
            }
            _ => return self.handle_control(now, message, effects),
        }
        None
    }

    /// An entry of a conversation's log.
    fn handle_delivery(
        &mut self,
        now: Now,
        envelope: &Envelope<'_>,
        delivery: Delivery<'_>,
        effects: &mut Effects,
    ) {
        let id = delivery.conversation;
        if delivery.entry <= delivery.prev {
            return;
        }
        let opened = envelope.open();
        if self.conversations.get(id).is_none() {
            // The first word of somebody new: the conversation begins where the server lets this reader in.
            let said = opened.as_ref().ok();
            let said = said.map(|message| Said::of(message, id, delivery.author, self.own()));
            let name = truncate_name(self.name_from(&delivery, said.as_ref()));
            if !self
                .conversations
                .insert(id, StoredConversation::at(&name, delivery.prev))
            {
                return;
            }
        }
        let Some(known) = self.conversations.get_mut(id) else {
            return;
        };
        if delivery.entry <= known.stored.received_up_to {
            self.pending_acks.insert(id, known.stored.received_up_to);
            return;
        }
        if delivery.prev != known.stored.received_up_to {
            self.request_missing(now, id, delivery.entry, effects);
            return;
        }
        if matches!(opened, Err(DecodeError::Digest)) {
            self.damaged += 1;
            if known.damaged != Some(delivery.entry) {
                known.damaged = Some(delivery.entry);
                self.request_missing(now, id, delivery.entry, effects);
                return;
            }
        }
        self.take_delivery(now, envelope, delivery, opened, effects);
    }

    /// Takes the entry that follows where this device stands.
    fn take_delivery(
        &mut self,
        now: Now,
        envelope: &Envelope<'_>,
        delivery: Delivery<'_>,
        opened: Result<ServerMessage, DecodeError>,
        effects: &mut Effects,
    ) {
        let id = delivery.conversation;
        let is_own = delivery.author == self.id;
        let is_known = self.has_shown(id, delivery.entry, &envelope.digest, effects);
        let origin = opened
            .as_ref()
            .ok()
            .and_then(|message| message.header.entry)
            .map(|entry| entry.origin);
        let from_here = origin.filter(|origin| is_own && origin.device == self.device);
        let is_from_here = from_here.is_some_and(|origin| {
            let place = (id, delivery.entry);
            self.has_written(place, origin.number, &envelope.digest, effects)
        });
        let Some(known) = self.conversations.get_mut(id) else {
            return;
        };
        // A later state than this one has spoken since the server's database was put back, and perhaps said what waits.
        if from_here.is_some() && !is_from_here && known.stored.is_on_hold() {
            self.conflict_in = Some(id);
        }
        known.damaged = None;
        if (is_known || is_from_here) && known.stored.displayed_up_to == known.stored.received_up_to
        {
            // It needs no showing, and neither does what stands before it.
            known.stored.displayed_up_to = delivery.entry;
        }
        known.stored.received_up_to = delivery.entry;
        known.stored.digest = Some(envelope.digest);
        self.gaps.reached(now.instant, id, delivery.entry);
        let is_damaged = matches!(opened, Err(DecodeError::Digest));
        let said = opened.map_or(Said::Unknown, |message| {
            Said::of(&message, id, delivery.author, self.own())
        });
        let learnt = truncate_name(self.name_from(&delivery, Some(&said)));
        if is_damaged {
            let report = Failure {
                conversation: Some(id),
                ..Failure::new(ErrorCode::Digest, format!("entry {}", delivery.entry))
            };
            effects.send(Channel::Chat, &Message::error(Command::Receive, report));
        } else {
            let entry = Entry {
                author: delivery.author,
                time_ms: delivery.time_ms,
                content: ByteBuf::from(envelope.content),
                digest: envelope.digest,
                prev: delivery.prev,
                author_name: delivery
                    .author_name
                    .map(|name| truncate_name(name.to_owned())),
            };
            self.state.put_entry(id, delivery.entry, &entry);
            self.pending_acks.insert(id, delivery.entry);
        }
        let is_hidden = self.blocked.hides(delivery.author, &said);
        if let Some(known) = self.conversations.get_mut(id) {
            if known.stored.name.is_empty() {
                known.stored.name = learnt;
            }
            let name = &known.stored.name;
            let is_elsewhere = self.focus.as_deref() != Some(&**name);
            let is_news = matches!(said, Said::Text(_)) && !is_own && !is_known && !is_hidden;
            if is_news && is_room(name) && is_elsewhere {
                known.stored.unread = known.stored.unread.saturating_add(1);
            }
        }
        if let Some(origin) = from_here
            && let Some(sequence) = self.outbox.find(id, origin.number)
        {
            // The server had no room to say that it is stored. Asked again, it says so; or else, where a copy of this
            // device has used the number up, that this is one.
            self.outbox.requeue(sequence);
        }
        if !is_from_here && !is_known && !is_hidden {
            self.show_entry(now, delivery, &said, is_damaged, effects);
        }
        if let Said::Event(event) = &said {
            self.apply_event(now, id, event, effects);
        }
        self.undisplayed.insert(id);
        self.save_conversation(id);
        if let Some(backlog) = &mut self.backlog {
            backlog.reached(id, delivery.entry);
        }
    }

    /// Whether this very entry was shown, before the server sent this device back.
    fn has_shown(
        &self,
        id: ConversationId,
        entry: EntryId,
        digest: &Digest,
        effects: &mut Effects,
    ) -> bool {
        let known = self.conversations.get(id);
        if known.is_none_or(|known| entry > known.stored.rewound_from) {
            return false;
        }
        self.holds(id, entry, digest, effects)
    }

    /// Whether an entry by this device's id was written with this very state: it waits in the outbox, or the server
    /// has said already where it stands. What a copy of the state wrote, or a later state than was put back here, the
    /// user has not seen.
    pub(in crate::client) fn has_written(
        &self,
        (id, entry): (ConversationId, EntryId),
        number: Number,
        digest: &Digest,
        effects: &mut Effects,
    ) -> bool {
        let waiting = self.outbox.find(id, number);
        let waiting = waiting.and_then(|sequence| self.outbox.get(sequence)?.numbered.as_ref());
        match waiting {
            Some(numbered) => numbered.digest == *digest,
            None => self.holds(id, entry, digest, effects),
        }
    }

    /// Whether this very entry is in the history.
    fn holds(
        &self,
        id: ConversationId,
        entry: EntryId,
        digest: &Digest,
        effects: &mut Effects,
    ) -> bool {
        match self.state.entry(id, entry) {
            Ok(held) => held.is_some_and(|held| held.digest == *digest),
            Err(error) => {
                effects.show(Tone::Error, error.to_string());
                false
            }
        }
    }

    /// Shows an entry, at once or among what was said while the user was away.
    fn show_entry(
        &mut self,
        now: Now,
        delivery: Delivery<'_>,
        said: &Said,
        is_damaged: bool,
        effects: &mut Effects,
    ) {
        let id = delivery.conversation;
        let time = self.clock(now).show(delivery.time_ms);
        let is_own = delivery.author == self.id;
        let place_name = self.name_of(id).to_owned();
        let is_old = self
            .backlog
            .as_ref()
            .is_some_and(|backlog| backlog.is_old(id, delivery.entry));
        let name = delivery
            .author_name
            .map(|name| truncate_name(name.to_owned()));
        let who = self.who(id, delivery.author, name.as_deref());
        let (tone, line) = match said {
            _ if is_damaged => (
                Tone::Error,
                format!(
                    "{time} {place_name}: a message arrived damaged twice and cannot be shown (entry {})",
                    delivery.entry
                ),
            ),
            // Its name is being learnt; that says it.
            Said::Event(_) if place_name.is_empty() => return,
            // The answer to JOIN has said it.
            Said::Event(event)
                if event.kind == EventKind::Joined && is_own && self.is_joined_here(id) =>
            {
                return;
            }
            said => {
                let line = self.live_line((id, delivery.entry), who, &time, said, is_old);
                (said.tone(), line)
            }
        };
        match &mut self.backlog {
            Some(backlog) => {
                let is_text = !matches!(said, Said::Event(_));
                let is_counted = !is_own && is_text && is_old;
                let counted = is_counted.then_some(&*place_name);
                backlog.add(now.instant, delivery.time_ms, tone, line, counted);
            }
            None => effects.show(tone, line),
        }
    }

    /// What stood before the next entry has expired at the server before it was sent to this device.
    pub(in crate::client) fn show_expired_before(
        &mut self,
        now: Now,
        told: &Failure,
        effects: &mut Effects,
    ) {
        let known = told.conversation.and_then(|id| self.conversations.get(id));
        let Some(known) = known else {
            return;
        };
        let name = &known.stored.name;
        let line = format!("{name}: some messages expired before they reached this device");
        match &mut self.backlog {
            Some(backlog) => backlog.add(now.instant, 0, Tone::Notice, line, None),
            None => effects.show(Tone::Notice, line),
        }
    }

    /// Asks for everything behind where this device stands, up to this entry at least, unless that was asked for lately.
    pub(in crate::client) fn request_missing(
        &mut self,
        now: Now,
        id: ConversationId,
        upto: EntryId,
        effects: &mut Effects,
    ) {
        let known = self.conversations.get(id);
        let position = known.map_or(EntryId::START, |known| known.stored.received_up_to);
        if self.gaps.noticed(now.instant, id, position, upto) {
            self.request_after_position(id, effects);
        }
    }

    /// Asks once more for what was asked for and has not come.
    pub(in crate::client) fn gaps_timeout(&mut self, now: Now, effects: &mut Effects) {
        for id in self.gaps.take_due(now.instant) {
            self.request_after_position(id, effects);
        }
    }

    /// The server does not send what was asked for again. What it only cannot do now the clock asks for once more.
    pub(in crate::client) fn missing_refused(&mut self, failure: &Failure, effects: &mut Effects) {
        let id = failure.conversation;
        if is_temporary(failure.code) || id.is_some_and(|id| !self.gaps.refused(id)) {
            return;
        }
        let place = match id.map(|id| self.name_of(id)) {
            Some(name) if !name.is_empty() => format!("{name}: "),
            _ => String::new(),
        };
        let why = render::refusal(failure, "");
        let text = format!("{place}missing messages could not be fetched: {why}");
        effects.show(Tone::Error, text);
    }

    fn request_after_position(&self, id: ConversationId, effects: &mut Effects) {
        if let Some(known) = self.conversations.get(id) {
            let again = DeliverAgain {
                conversation: id,
                after: known.stored.received_up_to,
            };
            effects.send(Channel::Chat, &Message::control(again));
        }
    }

    /// How many have received what, where they are too many to be named.
    fn handle_counts(&mut self, counts: &ReceiptCounts) {
        self.receipts
            .count(counts.conversation, counts.members, &counts.steps);
    }

    fn handle_receipts(&mut self, receipts: &Receipts) {
        for mark in &receipts.marks {
            if mark.account != self.id {
                self.receipts.mark(receipts.conversation, mark);
            }
        }
    }

    /// Says which receipts have come, and keeps what is still awaited.
    pub(in crate::client) fn show_receipts(&mut self, now: Now, effects: &mut Effects) {
        for news in self.receipts.news(now.instant) {
            let which = if news.is_late {
                self.named(now, &news)
            } else {
                None
            };
            let which = which.as_deref();
            let mut line = match (news.is_counted, news.count) {
                (true, Some((have, of))) => render::received_by_count(have, of, which),
                _ => render::received(&news.names, news.elapsed, news.count, which),
            };
            if news.is_again {
                line.push_str(render::AGAIN);
            }
            effects.show(Tone::Receipt, line);
            self.state
                .put_awaited(news.conversation, news.entry, Some(&news.awaited));
            self.receipts_shown.push(news.told);
        }
    }

    /// An own message by its time and its first words; nothing if this device does not have it any more.
    fn named(&self, now: Now, news: &News) -> Option<String> {
        let found = self.state.entry(news.conversation, news.entry);
        // A database that fails says so at the end of the batch.
        let entry = found.ok().flatten()?;
        let time = self.clock(now).show(entry.time_ms);
        Some(match entry.said(news.conversation, self.own()) {
            Some(Said::Text(text)) => format!("{time} {}", render::quote(&text)),
            _ => time,
        })
    }

    /// What the conversation is called of which this delivery is an entry, if that can be told: a room's name is asked
    /// for.
    fn name_from(&self, delivery: &Delivery<'_>, said: Option<&Said>) -> String {
        let is_own = delivery.author == self.id;
        let name = match (delivery.peer_name, said) {
            (Some(name), _) => Some(name),
            (None, Some(Said::Event(event))) if event.kind == EventKind::Invited && is_own => {
                event.subject.as_deref()
            }
            (None, Some(Said::Event(event))) if event.kind == EventKind::Invited => {
                Some(&*event.actor)
            }
            (None, _) => None,
        };
        name.unwrap_or_default().to_owned()
    }
}
