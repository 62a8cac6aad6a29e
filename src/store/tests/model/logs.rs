//! The model: what stands in each log, and what a store answers.

use std::collections::BTreeMap;

use super::{User, words};
use crate::protocol::{AccountId, DeviceSeq, EntryId, EntryKind};
use crate::store::{Outcome, Refusal, Reply, StoreLimit};

/// A reading of `count` entries that are not deleted, in bytes: `log::ENTRY_OVERHEAD_BYTES` and a text each.
pub(super) const ENTRY_BYTES: usize = 106;

/// An entry of a log.
struct Said {
    user: usize,
    number: u64,
    text: u8,
    relation: Option<(EntryKind, u64)>,
    deleted_by: Option<usize>,
}

impl Said {
    /// Whether it goes with an entry.
    fn goes_with(&self, entry: u64) -> bool {
        let goes = [EntryKind::Edit, EntryKind::React];
        self.relation
            .is_some_and(|(kind, to)| to == entry && goes.contains(&kind))
    }

    fn goes_with_any(&self) -> bool {
        self.relation.is_some_and(|(_, to)| self.goes_with(to))
    }

    /// Whether somebody has said it.
    fn is_said(&self) -> bool {
        self.relation.is_none_or(|(kind, _)| kind.is_said())
    }

    fn content(&self) -> Vec<u8> {
        if self.deleted_by.is_some() {
            Vec::new()
        } else {
            words(self.text).into_bytes()
        }
    }
}

/// What a reader is told of an entry: its place, the one before it, whose it is, who has deleted it, and what it
/// says.
pub(super) type Told = (
    EntryId,
    EntryId,
    AccountId,
    DeviceSeq,
    Option<AccountId>,
    Vec<u8>,
);

#[derive(Default)]
pub(super) struct Model {
    /// Of each conversation; entry n is at n - 1.
    logs: [Vec<Said>; 2],
    /// (conversation, user) to what each of its numbers became: an index into the log, or void.
    numbers: BTreeMap<(usize, usize), Vec<Option<usize>>>,
    /// (conversation, user) to its mark.
    pub(super) marks: BTreeMap<(usize, usize), u64>,
}

impl Model {
    pub(super) fn last(&mut self, conversation: usize, user: usize) -> &mut Vec<Option<usize>> {
        self.numbers.entry((conversation, user)).or_default()
    }

    /// Whether the number is the next; else the refusal, or what it became.
    pub(super) fn check(&mut self, at: (usize, usize), number: u64) -> Result<bool, Refusal> {
        let last = self.last(at.0, at.1).len() as u64;
        if number > last + 1 || number == 0 {
            return Err(Refusal::Expect(DeviceSeq(last + 1)));
        }
        Ok(number == last + 1)
    }

    pub(super) fn append(
        &mut self,
        at: (usize, usize),
        number: u64,
        text: u8,
        relation: Option<(EntryKind, u64)>,
    ) -> Result<u64, Refusal> {
        if self.check(at, number)? {
            let index = self.logs[at.0].len();
            self.logs[at.0].push(Said {
                user: at.1,
                number,
                text,
                relation,
                deleted_by: None,
            });
            self.last(at.0, at.1).push(Some(index));
            return Ok(index as u64 + 1);
        }
        let index = usize::try_from(number - 1).expect("numbers are small here");
        let became = self.last(at.0, at.1)[index];
        match became {
            Some(index) if self.logs[at.0][index].text == text => Ok(index as u64 + 1),
            _ => Err(Refusal::Conflict),
        }
    }

    /// Refers to an entry; returns which one does, and under which number.
    pub(super) fn refer(
        &mut self,
        at: (usize, usize),
        (kind, entry): (EntryKind, u64),
    ) -> (u64, Result<u64, Refusal>) {
        let number = self.last(at.0, at.1).len() as u64 + 1;
        let may = self.may_refer(at, kind, entry);
        let stored = may.and_then(|()| self.append(at, number, 0, Some((kind, entry))));
        if stored.is_ok() && kind == EntryKind::Delete {
            self.delete(at, entry);
        }
        (number, stored)
    }

    fn may_refer(
        &self,
        (conversation, user): (usize, usize),
        kind: EntryKind,
        entry: u64,
    ) -> Result<(), Refusal> {
        let log = &self.logs[conversation];
        let index = usize::try_from(entry).expect("entries are few here");
        let target = index.checked_sub(1).and_then(|index| log.get(index));
        let target = target.ok_or(Refusal::BadReference(""))?;
        let has_own_kind = kind == EntryKind::Delete && target.goes_with_any();
        let is_gone = target.deleted_by.is_some() && !kind.is_said();
        if !target.is_said() && !has_own_kind {
            return Err(Refusal::BadReference(""));
        }
        if matches!(kind, EntryKind::Edit | EntryKind::Delete) && target.user != user {
            return Err(Refusal::OnlyOthers(""));
        }
        if is_gone {
            return Err(Refusal::BadReference(""));
        }
        let reactions = log.iter().filter(|said| {
            let is_own = said.user == user && said.deleted_by.is_none();
            is_own && said.relation == Some((EntryKind::React, entry))
        });
        if kind == EntryKind::React && reactions.count() >= 16 {
            return Err(Refusal::LimitReached(StoreLimit::OwnReactions));
        }
        Ok(())
    }

    pub(super) fn delete(&mut self, at: (usize, usize), entry: u64) -> Outcome {
        let index = usize::try_from(entry).expect("entries are few here");
        let log = &mut self.logs[at.0];
        let said = index.checked_sub(1).and_then(|index| log.get(index));
        if said.is_none_or(|said| said.user != at.1) {
            return Outcome::Refused(Refusal::NotPermitted);
        }
        for (place, said) in (1..).zip(log) {
            if place == entry || said.goes_with(entry) {
                said.deleted_by.get_or_insert(at.1);
            }
        }
        Outcome::Done(Reply::Nothing)
    }

    /// What is read after an entry, within so many bytes, and at least one.
    pub(super) fn read(
        &self,
        conversation: usize,
        after: u64,
        bytes: usize,
        users: &[User; 2],
    ) -> Vec<Told> {
        let mut left = bytes;
        let mut told: Vec<Told> = Vec::new();
        for (entry, said) in (1..)
            .zip(&self.logs[conversation])
            .skip_while(|it| it.0 <= after)
        {
            let content = said.content();
            let cost = ENTRY_BYTES - words(0).len() + content.len();
            if cost > left && !told.is_empty() {
                break;
            }
            left = left.saturating_sub(cost);
            let (author, number) = (users[said.user].0, DeviceSeq(said.number));
            told.push((
                EntryId(entry),
                EntryId(entry - 1),
                author,
                number,
                said.deleted_by.map(|user| users[user].0),
                content,
            ));
        }
        told
    }

    /// Whether a conversation has begun: the pair's does with the first message.
    pub(super) fn has_begun(&self, conversation: usize) -> bool {
        conversation == 0 || !self.logs[conversation].is_empty()
    }

    /// What a Hello answers: which conversation it is about, where it starts, and the last numbers in those that it tells
    /// of.
    pub(super) fn standings(
        &mut self,
        at: (usize, usize),
        entry: u64,
        text: u8,
    ) -> (usize, u64, Vec<u64>) {
        let start = self.start(at, entry, text);
        let told = (0..2).filter(|index| self.has_begun(*index) || *index == at.0);
        let told: Vec<usize> = told.collect();
        let last = told
            .into_iter()
            .map(|index| self.last(index, at.1).len() as u64);
        (at.0, start, last.collect())
    }

    fn start(&mut self, at: (usize, usize), entry: u64, text: u8) -> u64 {
        let head = self.logs[at.0].len() as u64;
        let mark = self.marks.entry(at).or_default();
        if entry == 0 {
            return 0;
        }
        let index = usize::try_from(entry - 1).expect("entries are few here");
        if entry <= head && self.logs[at.0][index].text == text {
            *mark = entry.max(*mark);
            return entry;
        }
        if *mark < entry { *mark } else { 0 }
    }
}
