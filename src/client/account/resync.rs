//! Where this device stands in each conversation, settled with the server when a session begins.
//!
//! The device says its positions; the server says what it has and from where it will deliver. Until that is
//! settled nothing is delivered or sent.

use std::collections::BTreeMap;

use super::backlog::Backlog;
use super::conversations::StoredConversation;
use super::{SignOutReason, SignedIn};
use crate::client::effects::Effects;
use crate::client::env::Tone;
use crate::client::name::{is_room, truncate_name};
use crate::client::storage::{Identity, StateError};
use crate::client::ui::render;
use crate::protocol::{
    ConversationId, EntryId, Head, Hello, HelloAnswer, Message, Number, Position, SessionStart,
    Software,
};
use crate::transport::{Channel, Now};

/// How many positions one part of a HELLO holds: about 24 KB of the 64 KB that a message may have.
const POSITIONS_PER_PART: usize = 500;

/// With how many positions a HELLO goes out together with the ticket: about 12 KB of the 16 KB that a server takes
/// from who has not signed in. One with more waits until the ticket is taken.
const EARLY_POSITIONS: usize = 250;

/// How many lines that a crash may have kept from being shown are shown again, per conversation. At the limit
/// the older ones stay in the history only.
const UNDISPLAYED_MAX: usize = 50;

impl SignedIn {
    /// Makes the identity durable, before anything else, and says where this device stands.
    pub(in crate::client) fn start_session(
        &mut self,
        start: &SessionStart,
        effects: &mut Effects,
    ) -> Result<(), StateError> {
        let known = self.state.identity().map(|identity| identity.epoch);
        self.epoch = start.epoch;
        if known.is_some_and(|known| known != start.epoch) {
            self.receipts.forget_marks();
            effects.show(
                Tone::Notice,
                "the server's database was restored from a backup; recent messages may be missing",
            );
        }
        self.name.clone_from(&start.name);
        self.state.set_identity(Identity {
            account: start.account,
            name: start.name.clone(),
            device: Some(start.device),
            // Until the positions are settled they are those of the logs of before.
            epoch: known.unwrap_or(start.epoch),
            ticket: Some(start.ticket.clone()),
        });
        self.state.commit()?;
        if !std::mem::take(&mut self.is_hello_sent) {
            self.send_hello(effects);
        }
        Ok(())
    }

    /// Says where this device stands in the same flight as the ticket: the server takes it when it has taken the
    /// ticket, and refuses it if it refuses that. The lines of the outbox follow only once the answer is there, since
    /// it says which of them the server has, and a restored server counts from elsewhere.
    pub(in crate::client) fn send_hello_early(&mut self, effects: &mut Effects) {
        if self.conversations.iter().count() <= EARLY_POSITIONS {
            self.is_hello_sent = true;
            self.send_hello(effects);
        }
    }

    /// Says where this device stands in each conversation.
    pub(in crate::client) fn send_hello(&mut self, effects: &mut Effects) {
        let positions: Vec<Position> = self
            .conversations
            .iter()
            .map(|(conversation, known)| Position {
                conversation,
                entry: known.stored.received_up_to,
                // Nothing has come since the server said where this device begins.
                digest: known.stored.digest.unwrap_or_default(),
            })
            .collect();
        let epoch = self.state.identity().map(|identity| identity.epoch);
        let mut parts: Vec<&[Position]> = positions.chunks(POSITIONS_PER_PART).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let last = parts.len() - 1;
        for (index, part) in parts.into_iter().enumerate() {
            let hello = Hello {
                positions: part.to_vec(),
                more: index < last,
                epoch,
                software: (index == last).then(|| Software::this(Vec::new())),
            };
            effects.send(Channel::Control, &Message::control(hello));
        }
    }

    /// What the server has for this device; after the last part, messages may flow.
    pub(in crate::client) fn handle_heads(
        &mut self,
        now: Now,
        answer: HelloAnswer,
        effects: &mut Effects,
    ) -> Option<SignOutReason> {
        for mut head in answer.heads {
            head.name = truncate_name(head.name);
            if self.is_behind_its_numbers(&head) {
                self.conflict_in = Some(head.conversation);
            }
            self.settle_position(&head, effects);
            self.settle_membership(&head);
            // As many as there are conversations, however often the server names them.
            if self.conversations.get(head.conversation).is_some() {
                self.heads.insert(head.conversation, head.head);
            }
        }
        if answer.more {
            return None;
        }
        if self.conflict_in.take().is_some() {
            return Some(SignOutReason::Conflict);
        }
        if !self.is_settled {
            self.settle_lost_rooms(effects);
            self.settle_lost_logs();
            self.settle_epoch();
        }
        let mut missing = BTreeMap::new();
        for (id, head) in std::mem::take(&mut self.heads) {
            let position = self.conversations.get(id);
            if position.is_some_and(|known| known.stored.received_up_to < head) {
                missing.insert(id, head);
            }
        }
        if self.is_settled {
            return None;
        }
        self.is_settled = true;
        self.settle_blocked();
        if let Some(earlier) = &mut self.backlog {
            // It is stored, so it does not come again.
            earlier.show_all(effects);
        }
        self.backlog = Some(Backlog::new(now.instant, missing));
        for conversation in self.receipts.conversations() {
            self.ask_receipts(conversation, effects);
        }
        self.roster.begin_session(now, effects);
        self.join_deferred_rooms(now, effects);
        let mut reason = None;
        for bytes in std::mem::take(&mut self.early_messages) {
            reason = reason.or(self.handle_chat(now, &bytes, effects));
        }
        reason
    }

    /// All positions are those of the server's logs as they are now.
    fn settle_epoch(&mut self) {
        let Some(mut identity) = self.state.identity().cloned() else {
            return;
        };
        if identity.epoch != self.epoch {
            identity.epoch = self.epoch;
            self.state.set_identity(identity);
        }
    }

    /// Whether the server has numbers of this device that this state directory knows nothing of: then it is an older one
    /// or a copy, and what waits in its outbox may have been sent by the other.
    fn is_behind_its_numbers(&self, head: &Head) -> bool {
        if self.is_settled {
            return false;
        }
        // A server that was restored knows fewer numbers, and never more. A conversation is known here before anything of
        // this device has a number in it.
        let known = self.conversations.get(head.conversation);
        let used = known.map_or(Some(Number(0)), |known| known.stored.last_own_seq);
        let given = self.outbox.last_number(head.conversation);
        used.is_some_and(|used| head.last_number > given.map_or(used, |given| given.max(used)))
    }

    /// Whether the positions were settled with logs of another epoch than the server's are now.
    fn is_restored(&self) -> bool {
        let identity = self.state.identity();
        identity.is_some_and(|identity| identity.epoch != self.epoch)
    }

    /// Takes over what the server says of one conversation.
    fn settle_position(&mut self, head: &Head, effects: &mut Effects) {
        let id = head.conversation;
        let has_lines = self.outbox.len() > 0;
        let is_restored = self.is_restored();
        if let Some(known) = self.conversations.get_mut(id) {
            known.last_number = Some(head.last_number);
            if self.conflict_in != Some(id) {
                known.stored.last_own_seq = Some(head.last_number);
            }
            let is_others =
                is_restored && !known.stored.name.is_empty() && known.stored.name != head.name;
            known.stored.name.clone_from(&head.name);
            let position = known.stored.received_up_to;
            let end = head.until.map_or(head.head, |until| head.head.min(until));
            let is_other_log = is_restored || head.start < position;
            if has_lines && is_other_log && !self.is_settled {
                known.stored.hold_until = end;
            }
            // Retention may have removed the end of what was to be read.
            known.stored.hold_until = known.stored.hold_until.min(end);
            if head.expired && !self.is_settled {
                show_expired(&head.name, effects);
            }
            if head.start != position && !self.is_settled {
                let StoredConversation {
                    displayed_up_to,
                    unread,
                    rewound_from,
                    last_own_seq,
                    hold_until,
                    ..
                } = known.stored;
                known.stored = StoredConversation {
                    displayed_up_to: displayed_up_to.min(head.start),
                    unread,
                    rewound_from: rewound_from.max(displayed_up_to),
                    last_own_seq,
                    hold_until,
                    ..StoredConversation::at(&head.name, head.start)
                };
                if head.start < position {
                    for lost in self.receipts.forget_after(id, head.start) {
                        self.state.put_awaited(id, lost, None);
                    }
                    effects.show(
                        Tone::Notice,
                        format!(
                            "{}: the server's log has changed; reading it again from the last entry that matches",
                            head.name
                        ),
                    );
                }
            }
            if is_others {
                // The database that was put back has given this id to others since.
                self.unnumber(id);
            }
        } else if self
            .conversations
            .insert(id, StoredConversation::at(&head.name, head.start))
        {
            if let Some(known) = self.conversations.get_mut(id) {
                known.last_number = Some(head.last_number);
                known.stored.last_own_seq = Some(head.last_number);
            }
            if head.expired {
                show_expired(&head.name, effects);
            }
        } else {
            return;
        }
        self.save_conversation(id);
    }

    /// Takes over whether the user belongs to a room, and from where its log begins.
    fn settle_membership(&mut self, head: &Head) {
        let Some(known) = self.conversations.get_mut(head.conversation) else {
            return;
        };
        known.floor = head.floor;
        let is_left = head.until.is_some();
        if is_room(&head.name) && known.stored.is_left != is_left {
            known.stored.is_left = is_left;
            self.save_conversation(head.conversation);
        }
        self.roster.names_changed();
    }

    /// A room of which the server says nothing is not this user's any more: left on another device, or lost with what
    /// a restored backup did not have.
    fn settle_lost_rooms(&mut self, effects: &mut Effects) {
        let lost: Vec<(ConversationId, String)> = self
            .conversations
            .iter()
            .filter(|(id, known)| {
                is_room(&known.stored.name) && !known.stored.is_left && !self.heads.contains_key(id)
            })
            .map(|(id, known)| (id, known.stored.name.clone()))
            .collect();
        for (id, name) in lost {
            effects.show(
                Tone::Notice,
                format!("you are no longer a member of {name}; its history on this device stays"),
            );
            if self.mark_left(id, effects) {
                effects.show(Tone::Notice, format!("you are no longer in {name}"));
            }
        }
        let gone = self.focus.clone().filter(|focus| {
            let id = self.conversations.by_name(focus);
            let known = id.and_then(|id| self.conversations.get(id));
            known.is_some_and(|known| known.stored.is_left)
        });
        if let Some(name) = gone {
            self.focus = None;
            effects.show(Tone::Notice, format!("you are no longer in {name}"));
        }
    }

    /// What has a number in a conversation of which the server says nothing stands in no log of that server (a restored
    /// backup): it is said anew to whom it was meant for, in the conversation that they have now.
    ///
    /// A room may come to be again under its id, with another log: nothing of that has been received.
    fn settle_lost_logs(&mut self) {
        // A server of the same epoch may have a conversation of which it can say nothing, since it is damaged.
        if !self.is_restored() {
            return;
        }
        let known = self.conversations.iter().map(|(id, _)| id);
        let lost: Vec<ConversationId> = known.filter(|id| !self.heads.contains_key(id)).collect();
        for id in lost {
            if let Some(known) = self.conversations.get_mut(id) {
                let place = &known.stored;
                known.stored = StoredConversation {
                    unread: place.unread,
                    is_left: place.is_left,
                    rewound_from: place.rewound_from.max(place.displayed_up_to),
                    ..StoredConversation::at(&place.name, EntryId::START)
                };
            }
            self.save_conversation(id);
            for entry in self.receipts.forget_after(id, EntryId::START) {
                self.state.put_awaited(id, entry, None);
            }
        }
        for id in self.outbox.conversations() {
            if !self.heads.contains_key(&id) {
                self.unnumber(id);
            }
        }
    }

    /// What waits in a conversation waits for whom it was meant for again.
    fn unnumber(&mut self, id: ConversationId) {
        for sequence in self.outbox.numbered(id) {
            let unsent = self.outbox.get(sequence);
            if unsent.is_some_and(|unsent| unsent.refused) {
                // There is nothing left whose number could be missing.
                self.outbox.remove(sequence);
                self.state.remove_unsent(sequence);
            } else if let Some(unsent) = self.outbox.unnumber(sequence) {
                self.state.put_unsent(sequence, unsent);
            }
        }
    }

    /// Lines that stand in the history, but whose showing was not recorded before the last run ended.
    pub(in crate::client) fn show_undisplayed(
        &mut self,
        now: Now,
        effects: &mut Effects,
    ) -> Result<(), StateError> {
        let places: Vec<(ConversationId, EntryId)> = self
            .conversations
            .iter()
            .filter(|(_, known)| known.stored.displayed_up_to < known.stored.received_up_to)
            .map(|(id, known)| (id, known.stored.displayed_up_to))
            .collect();
        for (id, shown) in places {
            let position = self
                .conversations
                .get(id)
                .map_or(EntryId::START, |known| known.stored.received_up_to);
            for (at, entry) in self
                .state
                .last_entries(id, shown, position, UNDISPLAYED_MAX)?
            {
                let is_own = entry.author == self.id;
                let from_here = entry
                    .origin()
                    .filter(|origin| is_own && origin.device == self.device);
                let is_from_here = from_here.is_some_and(|origin| {
                    self.has_written((id, at), origin.number, &entry.digest, effects)
                });
                if let Some(said) = entry.said(id, self.own())
                    && !is_from_here
                    && !self.blocked.hides(entry.author, &said)
                {
                    let time = self.clock(now).show(entry.time_ms);
                    let who = self.who(id, entry.author, entry.author_name.as_deref());
                    let line = self.live_line((id, at), who, &time, &said, true);
                    effects.show(said.tone(), format!("{line}{}", render::AGAIN));
                }
            }
            self.undisplayed.insert(id);
        }
        Ok(())
    }
}

/// Retention has removed what this reader never had.
fn show_expired(name: &str, effects: &mut Effects) {
    effects.show(
        Tone::Notice,
        format!("{name}: some messages expired while you were away"),
    );
}
