//! Typed messages that are not yet known to be stored: in the order typed, durable, numbered per conversation.
//!
//! A number, once assigned and durable, belongs to its content for ever: sending again is sending the same bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use crate::client::name::canonical_target;
use crate::client::storage::records::{Numbered, OutboxEntry, QueuedFile, Referred};
use crate::protocol::{ConversationId, DeviceSeq, Digest, EntryKind};

/// How many messages may wait. Chosen: a long evening offline. At the limit a further one is refused by name.
pub(crate) const OUTBOX_MAX: usize = 1_000;

/// How many numbers of one conversation may be under way, from the lowest one that has no answer: the server keeps the
/// digests of the last 64, so that none of these can have become unknown to it. At the limit the others wait.
pub(crate) const IN_FLIGHT_MAX: usize = 64;

#[cfg(test)]
mod tests;

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

    /// What an earlier run has left to wait and is the same, with the same key: it is sent, and counts as typed now. Returns its
    /// number.
    pub(crate) fn adopt(&mut self, typed: Typed, unsent: &OutboxEntry) -> Option<u64> {
        unsent.key.as_ref()?;
        let is_same = |waiting: &OutboxEntry| {
            let is_sent = waiting.key == unsent.key && !waiting.refused;
            let root = |unsent: &OutboxEntry| unsent.file.as_ref().map(|file| file.root);
            let is_alike = waiting.text == unsent.text && root(waiting) == root(unsent);
            is_sent && waiting.target == unsent.target && is_alike
        };
        let mut all = self.sequences().into_iter();
        let waiting = all.find(|sequence| {
            let is_earlier = self.typed(*sequence).is_none();
            is_earlier && self.get(*sequence).is_some_and(is_same)
        })?;
        self.note_typed(waiting, typed);
        Some(waiting)
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

    /// A message that waits under this number.
    pub(crate) fn waiting_at(&self, sequence: u64) -> Option<&OutboxEntry> {
        let unsent = self.get(sequence)?;
        (unsent.kind.is_said() && !unsent.refused).then_some(unsent)
    }

    /// What is said and waits, for a conversation of this canonical name or for all, in the order typed.
    pub(crate) fn said_waiting(
        &self,
        name: Option<&str>,
    ) -> impl DoubleEndedIterator<Item = (u64, &OutboxEntry)> {
        let all = self.sequences().into_iter();
        let said = all.filter_map(|sequence| Some((sequence, self.waiting_at(sequence)?)));
        said.filter(move |(_, unsent)| {
            name.is_none_or(|name| canonical_target(&unsent.target) == name)
        })
    }

    /// The last of these that is not to be deleted.
    pub(crate) fn last_waiting(&self, name: Option<&str>) -> Option<(u64, &OutboxEntry)> {
        let is_kept = |(sequence, _): &(u64, &OutboxEntry)| {
            let changes = self.waiting_for(*sequence).into_iter();
            let mut changes = changes.filter_map(|waiting| self.get(waiting));
            !changes.any(|unsent| unsent.kind == EntryKind::Delete)
        };
        self.said_waiting(name).rev().find(is_kept)
    }

    /// What waits about the messages of a conversation, each with the one that it is about, in the order typed.
    pub(crate) fn changes_waiting(&self, name: &str) -> Vec<(Referred, String)> {
        let all = self.sequences().into_iter();
        let all = all.filter_map(|sequence| self.get(sequence));
        let there =
            all.filter(|unsent| !unsent.refused && canonical_target(&unsent.target) == name);
        there
            .filter_map(|unsent| Some((unsent.refers_to?, unsent.queued_note()?)))
            .collect()
    }

    /// A reaction that waits and puts this sign to this entry of a conversation.
    pub(crate) fn waiting_reaction(
        &self,
        (name, target): (&str, Referred),
        sign: &str,
    ) -> Option<u64> {
        let is_it = |unsent: &OutboxEntry| {
            let is_there = unsent.target == name && unsent.refers_to == Some(target);
            let is_same = is_there && unsent.text == sign;
            unsent.kind == EntryKind::React && is_same && !unsent.refused
        };
        let mut all = self.sequences().into_iter();
        all.find(|sequence| self.get(*sequence).is_some_and(is_it))
    }

    /// Whether what waits under this number is a file.
    pub(crate) fn is_file(&self, sequence: u64) -> bool {
        let unsent = self.get(sequence);
        unsent.is_some_and(|unsent| unsent.file.is_some())
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

    /// An own message has come as a delivery: the server had no room to say that it is stored. Asked again, it says so; or
    /// else, where a copy of this device has used the number up, that this is one.
    pub(crate) fn requeue_number(&mut self, id: ConversationId, number: DeviceSeq) {
        if let Some(sequence) = self.find(id, number) {
            self.requeue(sequence);
        }
    }

    /// The same where what it said has been deleted since, and only its digest tells which it was.
    pub(crate) fn requeue_digest(&mut self, id: ConversationId, digest: &Digest) {
        let mut numbered = self.numbered(id).into_iter();
        let is_meant = |sequence: &u64| {
            let unsent = self.get(*sequence);
            let numbered = unsent.and_then(|unsent| unsent.numbered.as_ref());
            numbered.is_some_and(|numbered| numbered.digest == *digest)
        };
        if let Some(sequence) = numbered.find(is_meant) {
            self.requeue(sequence);
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
