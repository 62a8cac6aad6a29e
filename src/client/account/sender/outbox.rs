//! Typed messages that are not yet known to be stored: in the order typed, durable, numbered per conversation.
//!
//! A number, once assigned and durable, belongs to its content for ever: sending again is sending the same bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use crate::client::storage::records::{Numbered, OutboxEntry, QueuedFile};
use crate::protocol::{ConversationId, DeviceSeq};

/// How many messages may wait. Chosen: a long evening offline. At the limit a further one is refused by name.
pub(crate) const OUTBOX_MAX: usize = 1_000;

/// How many numbers of one conversation may be under way, from the lowest one that has no answer: the server keeps the
/// digests of the last 64, so that none of these can have become unknown to it. At the limit the others wait.
pub(crate) const IN_FLIGHT_MAX: usize = 64;

#[derive(Debug)]
struct Slot {
    unsent: OutboxEntry,
    in_flight: bool,
    /// Whether the user was told that it waits.
    is_told: bool,
    /// Nothing if it was typed in an earlier run.
    typed: Option<Typed>,
}

/// When a message was typed, and in which line of a script, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Typed {
    pub(crate) at: Instant,
    pub(crate) line: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{OUTBOX_MAX} messages are already waiting to be sent; this one was not queued")]
pub(crate) struct OutboxFull;

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    slots: BTreeMap<u64, Slot>,
    /// The highest number that was given here, so that none is given twice: it names a message to the user.
    last: u64,
    /// Conversations in which the server expects a number that is under way: what is above waits for it.
    held: HashMap<ConversationId, DeviceSeq>,
}

impl Outbox {
    pub(crate) fn load(entries: Vec<(u64, OutboxEntry)>) -> Self {
        let slot = |unsent| Slot {
            unsent,
            in_flight: false,
            is_told: true,
            typed: None,
        };
        Self {
            last: entries
                .iter()
                .map(|(sequence, _)| *sequence)
                .max()
                .unwrap_or(0),
            slots: entries
                .into_iter()
                .map(|(sequence, unsent)| (sequence, slot(unsent)))
                .collect(),
            held: HashMap::new(),
        }
    }

    /// Adds a message that was typed just now, and of which the user is told already that it waits, or not.
    pub(crate) fn add(
        &mut self,
        typed: Typed,
        unsent: OutboxEntry,
        is_told: bool,
    ) -> Result<u64, OutboxFull> {
        if self.slots.len() >= OUTBOX_MAX {
            return Err(OutboxFull);
        }
        self.last += 1;
        let sequence = self.last;
        self.slots.insert(
            sequence,
            Slot {
                unsent,
                in_flight: false,
                is_told,
                typed: Some(typed),
            },
        );
        Ok(sequence)
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Every message, in the order typed.
    pub(crate) fn sequences(&self) -> Vec<u64> {
        self.slots.keys().copied().collect()
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&OutboxEntry> {
        self.slots.get(&sequence).map(|slot| &slot.unsent)
    }

    /// When it was typed, if that was in this run.
    pub(crate) fn typed(&self, sequence: u64) -> Option<Instant> {
        Some(self.slots.get(&sequence)?.typed?.at)
    }

    /// What was typed in this run and was never given a number: no copy of this device can have sent it either.
    pub(crate) fn never_sent(&self) -> Vec<(u64, Typed)> {
        let unnumbered = self.slots.iter();
        let unnumbered = unnumbered.filter(|(_, slot)| slot.unsent.numbered.is_none());
        unnumbered
            .filter_map(|(sequence, slot)| Some((*sequence, slot.typed?)))
            .collect()
    }

    /// The line of a script that it was typed in.
    pub(crate) fn line(&self, sequence: u64) -> Option<u64> {
        self.slots.get(&sequence)?.typed?.line
    }

    /// A message of an earlier run is typed again.
    pub(crate) fn note_typed(&mut self, sequence: u64, typed: Typed) {
        if let Some(slot) = self.slots.get_mut(&sequence) {
            slot.typed = Some(typed);
        }
    }

    /// Those that have no number yet and may have one, in the order typed.
    pub(crate) fn unnumbered(&self) -> Vec<(u64, String)> {
        self.without_number(|unsent| {
            unsent.waits_for().is_none() && unsent.awaits_upload().is_none()
        })
    }

    /// The files that have to be brought to the server first, in the order typed.
    pub(crate) fn uploads(&self) -> impl Iterator<Item = (u64, &OutboxEntry, &QueuedFile)> {
        let slots = self.slots.iter();
        slots.filter_map(|(sequence, slot)| {
            let file = slot.unsent.awaits_upload()?;
            Some((*sequence, &slot.unsent, file))
        })
    }

    /// All files that may have to be brought to the server, whether they are there or not.
    pub(crate) fn files(&self) -> impl Iterator<Item = &QueuedFile> {
        let unsent = self.slots.values().map(|slot| &slot.unsent);
        let unsent = unsent.filter(|unsent| !unsent.refused);
        unsent.filter_map(|unsent| unsent.file.as_ref())
    }

    /// Those that have no number yet, in the order typed.
    pub(crate) fn all_unnumbered(&self) -> Vec<(u64, String)> {
        self.without_number(|_| true)
    }

    fn without_number(&self, is_meant: impl Fn(&OutboxEntry) -> bool) -> Vec<(u64, String)> {
        let unsent = self
            .slots
            .iter()
            .map(|(sequence, slot)| (sequence, &slot.unsent));
        unsent
            .filter(|(_, unsent)| unsent.numbered.is_none() && is_meant(unsent))
            .map(|(sequence, unsent)| (*sequence, unsent.target.clone()))
            .collect()
    }

    /// What changes or answers another one, and of which the user may have to be told that it waits, with when it was typed.
    fn untold(&self) -> impl Iterator<Item = (u64, Instant)> {
        let slots = self.slots.iter().filter(|(_, slot)| {
            let unsent = &slot.unsent;
            !slot.is_told && !unsent.refused && unsent.refers_to.is_some()
        });
        slots.filter_map(|(sequence, slot)| Some((*sequence, slot.typed?.at)))
    }

    /// When the first of these was typed.
    pub(crate) fn first_untold(&self) -> Option<Instant> {
        self.untold().map(|(_, at)| at).min()
    }

    /// Those of them that were typed by this time; each once.
    pub(crate) fn take_untold(&mut self, until: Instant) -> Vec<&OutboxEntry> {
        let slow = self.untold().filter(|(_, at)| *at <= until);
        let slow: Vec<u64> = slow.map(|(sequence, _)| sequence).collect();
        for sequence in &slow {
            if let Some(slot) = self.slots.get_mut(sequence) {
                slot.is_told = true;
            }
        }
        slow.into_iter()
            .filter_map(|sequence| self.get(sequence))
            .collect()
    }

    /// Those that are about this one and wait for it.
    pub(crate) fn waiting_for(&self, sequence: u64) -> Vec<u64> {
        let waits = |slot: &Slot| slot.unsent.waits_for() == Some(sequence);
        let waiting = self.slots.iter().filter(|(_, slot)| waits(slot));
        waiting.map(|(waiting, _)| *waiting).collect()
    }

    /// Changes a message that has no number yet, and says what must be made durable.
    pub(crate) fn change(
        &mut self,
        sequence: u64,
        change: impl FnOnce(&mut OutboxEntry),
    ) -> Option<&OutboxEntry> {
        let slot = self.slots.get_mut(&sequence)?;
        if slot.unsent.numbered.is_some() {
            return None;
        }
        change(&mut slot.unsent);
        Some(&slot.unsent)
    }

    /// The highest number given in a conversation.
    pub(crate) fn last_number(&self, conversation: ConversationId) -> Option<DeviceSeq> {
        self.of(conversation)
            .map(|(_, numbered)| numbered.number)
            .max()
    }

    fn of(&self, conversation: ConversationId) -> impl Iterator<Item = (u64, &Numbered)> {
        self.slots.iter().filter_map(move |(sequence, slot)| {
            let numbered = slot.unsent.numbered.as_ref()?;
            (numbered.conversation == conversation).then_some((*sequence, numbered))
        })
    }

    pub(crate) fn find(&self, conversation: ConversationId, number: DeviceSeq) -> Option<u64> {
        self.of(conversation)
            .find(|(_, numbered)| numbered.number == number)
            .map(|(sequence, _)| sequence)
    }

    /// Every message of a conversation that has a number.
    pub(crate) fn numbered(&self, conversation: ConversationId) -> Vec<u64> {
        self.of(conversation)
            .map(|(sequence, _)| sequence)
            .collect()
    }

    /// Gives a message its place, or another one, and says what must be made durable.
    pub(crate) fn assign(&mut self, sequence: u64, numbered: Numbered) -> Option<&OutboxEntry> {
        let slot = self.slots.get_mut(&sequence)?;
        slot.in_flight = false;
        slot.unsent.numbered = Some(numbered);
        Some(&slot.unsent)
    }

    pub(crate) fn conversations(&self) -> BTreeSet<ConversationId> {
        let numbered = self
            .slots
            .values()
            .filter_map(|slot| slot.unsent.numbered.as_ref());
        numbered.map(|numbered| numbered.conversation).collect()
    }

    /// Takes the number of a message back, and says what must be made durable.
    pub(crate) fn unnumber(&mut self, sequence: u64) -> Option<&OutboxEntry> {
        let slot = self.slots.get_mut(&sequence)?;
        slot.in_flight = false;
        slot.unsent.numbered = None;
        if let Some(file) = &mut slot.unsent.file {
            // Whether it is there yet has to be asked again, where the log is another one; with a key by the message itself.
            file.is_there = slot.unsent.key.is_some();
        }
        Some(&slot.unsent)
    }

    /// Marks a message as refused for good, and says what must be made durable.
    pub(crate) fn refuse(&mut self, sequence: u64) -> Option<&OutboxEntry> {
        let slot = self.slots.get_mut(&sequence)?;
        slot.in_flight = false;
        slot.unsent.refused = true;
        Some(&slot.unsent)
    }

    /// Has a message that is refused wait again under another number: only its old number is left where it was. Returns where it
    /// waits now.
    pub(crate) fn begin_again(
        &mut self,
        sequence: u64,
        change: impl FnOnce(&mut OutboxEntry),
    ) -> Option<u64> {
        let slot = self.slots.get(&sequence)?;
        let (typed, mut unsent) = (slot.typed, slot.unsent.clone());
        unsent.numbered = None;
        change(&mut unsent);
        self.refuse(sequence);
        self.last += 1;
        let slot = Slot {
            unsent,
            in_flight: false,
            is_told: true,
            typed,
        };
        self.slots.insert(self.last, slot);
        Some(self.last)
    }

    /// Removes a message that is stored, voided or given up.
    pub(crate) fn remove(&mut self, sequence: u64) -> Option<OutboxEntry> {
        let slot = self.slots.remove(&sequence)?;
        if let Some(numbered) = &slot.unsent.numbered
            && self.held.get(&numbered.conversation) == Some(&numbered.number)
        {
            self.held.remove(&numbered.conversation);
        }
        Some(slot.unsent)
    }

    /// The server expects `expected` before it takes `sequence`, which is to be sent again after that.
    pub(crate) fn hold(
        &mut self,
        conversation: ConversationId,
        expected: DeviceSeq,
        sequence: u64,
    ) {
        self.requeue(sequence);
        self.held.insert(conversation, expected);
    }

    /// This message is to be sent again.
    pub(crate) fn requeue(&mut self, sequence: u64) {
        if let Some(slot) = self.slots.get_mut(&sequence) {
            slot.in_flight = false;
        }
    }

    /// Everything is to be sent again: the session is over, or the server asks for it.
    pub(crate) fn requeue_all(&mut self) {
        self.held.clear();
        for slot in self.slots.values_mut() {
            slot.in_flight = false;
        }
    }

    /// What is to be sent now, in order, to the conversations of which that is allowed; it counts as under way from here
    /// on.
    pub(crate) fn take_sendable(&mut self, is_open: impl Fn(ConversationId) -> bool) -> Vec<u64> {
        let mut lowest: HashMap<ConversationId, DeviceSeq> = HashMap::new();
        for slot in self.slots.values() {
            if let Some(numbered) = &slot.unsent.numbered {
                let known = lowest
                    .entry(numbered.conversation)
                    .or_insert(numbered.number);
                *known = numbered.number.min(*known);
            }
        }
        let mut waiting: Vec<(DeviceSeq, u64, ConversationId)> = self
            .slots
            .iter()
            .filter(|(_, slot)| !slot.in_flight)
            .filter_map(|(sequence, slot)| {
                let numbered = slot.unsent.numbered.as_ref()?;
                Some((numbered.number, *sequence, numbered.conversation))
            })
            .collect();
        // By number, because what a conversation had renumbered need not stand in the order typed.
        waiting.sort_by_key(|(number, sequence, _)| (*number, *sequence));
        let mut sendable = Vec::new();
        for (number, sequence, conversation) in waiting {
            let first = lowest.get(&conversation).map_or(number.0, |first| first.0);
            let is_held = self
                .held
                .get(&conversation)
                .is_some_and(|expected| number > *expected);
            if number.0 - first < IN_FLIGHT_MAX as u64 && !is_held && is_open(conversation) {
                sendable.push(sequence);
            }
        }
        for sequence in &sendable {
            if let Some(slot) = self.slots.get_mut(sequence) {
                slot.in_flight = true;
            }
        }
        sendable
    }
}

#[cfg(test)]
mod tests {
    use serde_bytes::ByteBuf;

    use super::*;
    use crate::client::testing::instant;
    use crate::protocol::Digest;

    const PAIR: ConversationId = ConversationId(7);

    fn numbered(number: u64) -> Numbered {
        Numbered {
            conversation: PAIR,
            number: DeviceSeq(number),
            content: ByteBuf::new(),
            digest: Digest::of(b""),
        }
    }

    fn typed() -> Typed {
        let at = instant();
        Typed { at, line: None }
    }

    fn outbox(count: u64) -> Outbox {
        let mut outbox = Outbox::default();
        for number in 1..=count {
            let sequence = outbox
                .add(typed(), OutboxEntry::new("bob".into(), "x".into()), true)
                .expect("below the limit");
            assert!(outbox.assign(sequence, numbered(number)).is_some());
        }
        outbox
    }

    fn sendable(outbox: &mut Outbox) -> Vec<u64> {
        outbox.take_sendable(|_| true)
    }

    #[test]
    fn window_bounds_what_is_under_way_and_moves_with_the_answers() {
        let mut outbox = outbox(70);
        assert_eq!(sendable(&mut outbox), (1..=64).collect::<Vec<_>>());
        assert!(sendable(&mut outbox).is_empty());
        outbox.remove(1);
        assert_eq!(sendable(&mut outbox), [65]);
    }

    #[test]
    fn window_does_not_leave_behind_what_has_to_be_sent_again() {
        // The server had no room to say that the first one was stored; while it was asked again, 64 others were, and it
        // had forgotten the digest of the first: unconfirmed. (Seed 11 of the simulator's retention, with large texts.)
        let mut outbox = outbox(70);
        assert_eq!(sendable(&mut outbox).len(), 64);
        for sequence in 2..=64 {
            outbox.remove(sequence);
        }
        outbox.requeue(1);
        assert_eq!(sendable(&mut outbox), [1]);
        outbox.remove(1);
        assert_eq!(sendable(&mut outbox), (65..=70).collect::<Vec<_>>());
    }

    #[test]
    fn what_follows_a_refused_number_waits_until_it_is_used_up() {
        let mut outbox = outbox(3);
        assert_eq!(sendable(&mut outbox), [1, 2, 3]);
        outbox.refuse(1);
        assert_eq!(sendable(&mut outbox), [1]);
        outbox.hold(PAIR, DeviceSeq(1), 2);
        outbox.hold(PAIR, DeviceSeq(1), 3);
        assert!(sendable(&mut outbox).is_empty());
        outbox.remove(1);
        assert_eq!(sendable(&mut outbox), [2, 3]);
    }

    #[test]
    fn lost_session_sends_everything_again_in_order() {
        let mut outbox = outbox(3);
        assert_eq!(sendable(&mut outbox), [1, 2, 3]);
        outbox.requeue_all();
        assert_eq!(sendable(&mut outbox), [1, 2, 3]);
    }

    #[test]
    fn full_outbox_refuses_by_name() {
        let mut outbox = outbox(OUTBOX_MAX as u64);
        let refused = outbox.add(typed(), OutboxEntry::new("bob".into(), "x".into()), true);
        assert_eq!(refused, Err(OutboxFull));
    }
}
