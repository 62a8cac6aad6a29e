//! Agrees with the server on the position in each conversation when a session begins.
//!
//! The device sends its positions; the server answers with the end of each log and the position from which it will
//! deliver. Until then nothing is delivered or sent.

use std::collections::BTreeMap;

use crate::client::account::ctx::Ctx;
use crate::client::account::reading;
use crate::client::account::receipts::Receipts;
use crate::client::account::rooms;
use crate::client::account::sender::{Sender, amend};
use crate::client::account::switching;
use crate::client::name::{is_room, truncate_name};
use crate::client::storage::records::StoredConversation;
use crate::protocol::{
    ConversationId, DeviceSeq, EntryId, Head, Hello, HelloAnswer, Message, Position, Software,
};
use crate::transport::Channel;

/// How many positions one part of a HELLO holds: about 24 KB of the 64 KB that a message may have.
const POSITIONS_PER_PART: usize = 500;

/// With how many positions a HELLO goes out together with the ticket: about 12 KB of the 16 KB that a server takes
/// from who has not signed in. One with more waits until the ticket is taken.
const EARLY_POSITIONS: usize = 250;

/// The state of the resync.
#[derive(Debug, Default)]
pub(crate) struct Resync {
    /// The positions were sent together with the ticket, and need not be once that is taken.
    pub(crate) is_hello_sent: bool,
    /// The last entries of the conversations that the server has named so far.
    pub(crate) heads: BTreeMap<ConversationId, EntryId>,
    /// A conversation in which the server has numbers of this device of which nothing is known here.
    conflict_in: Option<ConversationId>,
}

/// What follows from a part of the server's answer.
pub(crate) enum Settled {
    /// Another part is to come, or all was settled before.
    Nothing,
    /// The device has to give its id up.
    Conflict,
    /// Messages may flow; these are the last entries of conversations that the device does not stand at the end of.
    Missing(BTreeMap<ConversationId, EntryId>),
}

impl Resync {
    /// Says where this device stands in the same flight as the ticket: the server takes it when it has taken the
    /// ticket, and refuses it if it refuses that. The lines of the outbox follow only once the answer is there, since
    /// it says which of them the server has, and a restored server counts from elsewhere.
    pub(crate) fn send_hello_early(&mut self, ctx: &mut Ctx<'_>) {
        if ctx.conversations.iter().count() <= EARLY_POSITIONS {
            self.is_hello_sent = true;
            send_hello(ctx);
        }
    }

    /// What the server has for this device; after the last part, messages may flow.
    pub(crate) fn handle_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        sender: &mut Sender,
        receipts: &mut Receipts,
        answer: HelloAnswer,
    ) -> Settled {
        for mut head in answer.heads {
            head.name = truncate_name(head.name);
            if is_behind_its_numbers(ctx, sender, &head) {
                self.conflict_in = Some(head.conversation);
            }
            if ctx.conversations.get(head.conversation).is_some() {
                self.settle_position(ctx, sender, receipts, &head);
            } else {
                begin_conversation(ctx, &head);
            }
            settle_membership(ctx, &head);
            reading::settle_head(ctx, &head);
            // As many as there are conversations, however often the server names them.
            if ctx.conversations.get(head.conversation).is_some() {
                self.heads.insert(head.conversation, head.head);
            }
        }
        if answer.more {
            return Settled::Nothing;
        }
        if self.conflict_in.take().is_some() {
            return Settled::Conflict;
        }
        if ctx.session.is_settled {
            self.heads.clear();
            return Settled::Nothing;
        }
        self.settle_lost_rooms(ctx, sender);
        self.settle_lost_logs(ctx, sender, receipts);
        settle_epoch(ctx);
        ctx.session.is_settled = true;
        let mut missing = std::mem::take(&mut self.heads);
        missing.retain(|id, head| {
            let known = ctx.conversations.get(*id);
            known.is_some_and(|known| known.stored.received_up_to < *head)
        });
        Settled::Missing(missing)
    }

    /// Takes over what the server says of a conversation that is known here.
    fn settle_position(
        &self,
        ctx: &mut Ctx<'_>,
        sender: &mut Sender,
        receipts: &mut Receipts,
        head: &Head,
    ) {
        let id = head.conversation;
        let (is_restored, is_settling) = (is_restored(ctx), !ctx.session.is_settled);
        let Some(known) = ctx.conversations.get_mut(id) else {
            return;
        };
        known.last_number = Some(head.last_number);
        let stored = &mut known.stored;
        if self.conflict_in != Some(id) {
            stored.last_own_seq = Some(head.last_number);
        }
        let is_others = is_restored && !stored.name.is_empty() && stored.name != head.name;
        stored.name.clone_from(&head.name);
        let position = stored.received_up_to;
        let end = head.until.map_or(head.head, |until| head.head.min(until));
        let is_other_log = is_restored || head.start < position;
        if sender.waiting() > 0 && is_other_log && is_settling {
            stored.hold_until = end;
        }
        // Retention may have removed the end of what was to be read.
        stored.hold_until = stored.hold_until.min(end);
        if head.start != position && is_settling {
            *stored = rewound(stored, head);
        }
        if head.expired && is_settling {
            show_expired(ctx, &head.name);
        }
        if is_other_log && is_settling {
            let place = (id, &*head.name);
            let outbox = &mut sender.outbox;
            let common = head.start.min(position);
            amend::drop_about_lost(ctx, outbox, place, common, head.last_number);
        }
        if head.start < position && is_settling {
            ctx.state.remove_amendments_after(id, head.start);
            receipts.drop_after(ctx, id, head.start);
            let text = format!(
                "{}: the server's log has changed; reading it again from the last entry that matches",
                head.name
            );
            ctx.notice(text);
        }
        if is_others {
            // The database that was put back has given this id to others since.
            sender.unnumber(ctx, id);
        }
        ctx.save_conversation(id);
    }

    /// A room of which the server says nothing is not this user's any more: left on another device, or lost with what
    /// a restored backup did not have.
    fn settle_lost_rooms(&self, ctx: &mut Ctx<'_>, sender: &mut Sender) {
        let lost: Vec<(ConversationId, String)> = ctx
            .conversations
            .iter()
            .filter(|(id, known)| {
                is_room(&known.stored.name) && !known.stored.is_left && !self.heads.contains_key(id)
            })
            .map(|(id, known)| (id, known.stored.name.clone()))
            .collect();
        for (id, name) in lost {
            ctx.notice(format!(
                "you are no longer a member of {name}; its history on this device stays"
            ));
            if rooms::mark_left(ctx, sender, id) {
                switching::show_focus_lost(ctx, &name);
            }
        }
        let gone = ctx.focus.current.clone().filter(|focus| {
            let id = ctx.conversations.by_name(focus);
            let known = id.and_then(|id| ctx.conversations.get(id));
            known.is_some_and(|known| known.stored.is_left)
        });
        if let Some(name) = gone {
            ctx.focus.current = None;
            switching::show_focus_lost(ctx, &name);
        }
    }

    /// What has a number in a conversation of which the server says nothing stands in no log of that server (a restored
    /// backup): it is sent again to the intended receiver, in the conversation that they have now.
    ///
    /// A room may come to be again under its id, with another log: nothing of that has been received.
    fn settle_lost_logs(&self, ctx: &mut Ctx<'_>, sender: &mut Sender, receipts: &mut Receipts) {
        // A server of the same epoch may have a conversation of which it can say nothing, since it is damaged.
        if !is_restored(ctx) {
            return;
        }
        let known = ctx.conversations.iter().map(|(id, _)| id);
        let lost: Vec<ConversationId> = known.filter(|id| !self.heads.contains_key(id)).collect();
        for id in lost {
            if let Some(known) = ctx.conversations.get_mut(id) {
                let place = &known.stored;
                known.stored = StoredConversation {
                    unread: place.unread,
                    is_left: place.is_left,
                    rewound_from: place.rewound_from.max(place.displayed_up_to),
                    ..StoredConversation::at(&place.name, EntryId::START)
                };
            }
            ctx.save_conversation(id);
            ctx.state.remove_amendments_after(id, EntryId::START);
            receipts.drop_after(ctx, id, EntryId::START);
        }
        for id in sender.outbox.conversations() {
            if !self.heads.contains_key(&id) {
                sender.unnumber(ctx, id);
            }
        }
    }
}

/// A conversation that is read again from where the server lets this device begin.
fn rewound(stored: &StoredConversation, head: &Head) -> StoredConversation {
    StoredConversation {
        displayed_up_to: stored.displayed_up_to.min(head.start),
        unread: stored.unread,
        rewound_from: stored.rewound_from.max(stored.displayed_up_to),
        last_own_seq: stored.last_own_seq,
        hold_until: stored.hold_until,
        read_up_to: stored.read_up_to.min(head.start),
        muted_until_ms: stored.muted_until_ms,
        logged_up_to: stored.logged_up_to.min(head.start),
        ..StoredConversation::at(&head.name, head.start)
    }
}

/// Sends this device's position in each conversation.
pub(crate) fn send_hello(ctx: &mut Ctx<'_>) {
    let positions: Vec<Position> = ctx
        .conversations
        .iter()
        .map(|(conversation, known)| Position {
            conversation,
            entry: known.stored.received_up_to,
            // Nothing has come since the server said where this device begins.
            digest: known.stored.digest.unwrap_or_default(),
        })
        .collect();
    ctx.conversations.were_none = positions.is_empty();
    let epoch = ctx.state.identity().map(|identity| identity.epoch);
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
            unannounced: (index == last && ctx.me.is_unannounced).then_some(true),
            sends_only: (index == last && ctx.me.is_sending_only).then_some(true),
        };
        ctx.effects.send(Channel::Control, &Message::control(hello));
    }
}

/// Whether the server has numbers of this device that this state directory knows nothing of: then it is an older one
/// or a copy, and what waits in its outbox may have been sent by the other.
fn is_behind_its_numbers(ctx: &Ctx<'_>, sender: &Sender, head: &Head) -> bool {
    if ctx.session.is_settled {
        return false;
    }
    // A server that was restored knows fewer numbers, and never more. A conversation is known here before anything of
    // this device has a number in it.
    let known = ctx.conversations.get(head.conversation);
    let used = known.map_or(Some(DeviceSeq(0)), |known| known.stored.last_own_seq);
    let given = sender.outbox.last_number(head.conversation);
    used.is_some_and(|used| head.last_number > given.map_or(used, |given| given.max(used)))
}

/// Takes over whether the user belongs to a room, and from where its log begins.
fn settle_membership(ctx: &mut Ctx<'_>, head: &Head) {
    let Some(known) = ctx.conversations.get_mut(head.conversation) else {
        return;
    };
    known.floor = head.floor;
    let stored = &mut known.stored;
    let before = (stored.is_left, stored.nothing_before);
    if is_room(&head.name) {
        stored.is_left = head.until.is_some();
    }
    if let Some(reads_after) = head.reads_after {
        stored.nothing_before = Some(reads_after.min(stored.received_up_to));
    }
    if before != (stored.is_left, stored.nothing_before) {
        ctx.save_conversation(head.conversation);
    }
    ctx.session.has_new_names = true;
}

/// Records that the positions belong to the server's current epoch.
fn settle_epoch(ctx: &mut Ctx<'_>) {
    let Some(mut identity) = ctx.state.identity().cloned() else {
        return;
    };
    if identity.epoch != ctx.session.epoch {
        identity.epoch = ctx.session.epoch;
        ctx.state.set_identity(identity);
    }
}

/// Whether the positions were settled with logs of another epoch than the server's are now.
fn is_restored(ctx: &Ctx<'_>) -> bool {
    let identity = ctx.state.identity();
    identity.is_some_and(|identity| identity.epoch != ctx.session.epoch)
}

/// A conversation that is not known here yet begins where the server says.
fn begin_conversation(ctx: &mut Ctx<'_>, head: &Head) {
    let stored = StoredConversation {
        last_own_seq: Some(head.last_number),
        // What another device has received the user may not have read.
        read_up_to: head.read.unwrap_or(head.start),
        ..StoredConversation::at(&head.name, head.start)
    };
    if !ctx.conversations.insert(head.conversation, stored) {
        return;
    }
    if let Some(known) = ctx.conversations.get_mut(head.conversation) {
        known.last_number = Some(head.last_number);
    }
    if head.expired {
        show_expired(ctx, &head.name);
    }
    ctx.save_conversation(head.conversation);
}

/// Retention has removed entries that this device never received.
fn show_expired(ctx: &mut Ctx<'_>, name: &str) {
    ctx.notice(format!("{name}: some messages expired while you were away"));
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::client::account::testing::Workbench;

    const PAIR: ConversationId = ConversationId(40);

    fn settle(bench: &mut Workbench, last_number: u64, more: bool) -> Settled {
        bench.shared.session.is_settled = false;
        let head = Head {
            conversation: PAIR,
            name: "bob".into(),
            head: EntryId(3),
            last_number: DeviceSeq(last_number),
            start: EntryId::START,
            floor: EntryId::START,
            until: None,
            expired: false,
            read: None,
            muted_until_ms: None,
            reads_after: None,
        };
        let mut sender = Sender::new(Vec::new(), ChaCha20Rng::from_seed([7; 32]));
        let mut receipts = Receipts::default();
        let answer = HelloAnswer {
            heads: vec![head],
            more,
        };
        Resync::default().handle_answer(&mut bench.ctx(), &mut sender, &mut receipts, answer)
    }

    #[test]
    fn messages_flow_after_the_last_part_and_what_is_missing_is_named() {
        let mut bench = Workbench::new().knows(PAIR, "bob");
        assert!(matches!(settle(&mut bench, 0, true), Settled::Nothing));
        assert!(!bench.shared.session.is_settled);
        let Settled::Missing(missing) = settle(&mut bench, 0, false) else {
            panic!("the positions are settled");
        };
        assert_eq!(missing, BTreeMap::from([(PAIR, EntryId(3))]));
        assert!(bench.shared.session.is_settled);
    }

    #[test]
    fn number_that_this_state_has_not_given_shows_that_it_is_a_copy() {
        let mut bench = Workbench::new().knows(PAIR, "bob");
        assert!(matches!(settle(&mut bench, 1, false), Settled::Conflict));
    }
}
