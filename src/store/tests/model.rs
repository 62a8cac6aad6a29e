//! The store against a model of a few lines, over random sequences of requests, batches and crashes.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::testing::{Bench, append, position, read, void};
use super::super::{Outcome, Refusal, Reply, Request, Write};
use crate::protocol::{AccountId, ConversationId, DeviceId, DeviceSeq, EntryId};

/// What may happen. Users are 0 and 1, conversations 0 (everyone) and 1 (the pair).
#[derive(Debug, Clone)]
enum Step {
    /// `offset` is added to the number that is due: 2 is the next one, less repeats, more is too high.
    Append {
        user: usize,
        conversation: usize,
        offset: u64,
        text: u8,
    },
    Void {
        user: usize,
        conversation: usize,
        offset: u64,
    },
    Read {
        user: usize,
        conversation: usize,
        after: u64,
        count: usize,
    },
    Delete {
        user: usize,
        conversation: usize,
        entry: u64,
    },
    Hello {
        user: usize,
        conversation: usize,
        entry: u64,
        text: u8,
    },
    /// What came before is executed as one batch.
    Flush,
    /// The same, and then the power fails.
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let (user, conversation) = (0..2_usize, 0..2_usize);
    prop_oneof![
        8 => (user.clone(), conversation.clone(), 0..4_u64, 0..2_u8).prop_map(
            |(user, conversation, offset, text)| Step::Append { user, conversation, offset, text }
        ),
        1 => (user.clone(), conversation.clone(), 0..4_u64)
            .prop_map(|(user, conversation, offset)| Step::Void { user, conversation, offset }),
        2 => (user.clone(), conversation.clone(), 0..12_u64, 0..4_usize).prop_map(
            |(user, conversation, after, count)| Step::Read { user, conversation, after, count }
        ),
        1 => (user.clone(), conversation.clone(), 0..6_u64)
            .prop_map(|(user, conversation, entry)| Step::Delete { user, conversation, entry }),
        2 => (user, conversation, 0..12_u64, 0..2_u8).prop_map(
            |(user, conversation, entry, text)| Step::Hello { user, conversation, entry, text }
        ),
        2 => Just(Step::Flush),
        1 => Just(Step::Crash),
    ]
}

fn words(text: u8) -> String {
    format!("text {text}")
}

/// A reading of `count` entries that are not deleted, in bytes: `log::ENTRY_OVERHEAD_BYTES` and a text each.
const ENTRY_BYTES: usize = 106;

/// An entry of a log.
struct Said {
    user: usize,
    number: u64,
    text: u8,
    is_deleted: bool,
}

impl Said {
    fn content(&self) -> Vec<u8> {
        if self.is_deleted {
            Vec::new()
        } else {
            words(self.text).into_bytes()
        }
    }
}

/// What a reader is told of an entry: its place, the one before it, whose it is, whether it is deleted, and what it says.
type Told = (EntryId, EntryId, AccountId, DeviceSeq, bool, Vec<u8>);

#[derive(Default)]
struct Model {
    /// Of each conversation; entry n is at n - 1.
    logs: [Vec<Said>; 2],
    /// (conversation, user) to what each of its numbers became: an index into the log, or void.
    numbers: BTreeMap<(usize, usize), Vec<Option<usize>>>,
    /// (conversation, user) to its mark.
    marks: BTreeMap<(usize, usize), u64>,
}

impl Model {
    fn last(&mut self, conversation: usize, user: usize) -> &mut Vec<Option<usize>> {
        self.numbers.entry((conversation, user)).or_default()
    }

    /// Whether the number is the next; else the refusal, or what it became.
    fn check(&mut self, at: (usize, usize), number: u64) -> Result<bool, Refusal> {
        let last = self.last(at.0, at.1).len() as u64;
        if number > last + 1 || number == 0 {
            return Err(Refusal::Expect(DeviceSeq(last + 1)));
        }
        Ok(number == last + 1)
    }

    fn append(&mut self, at: (usize, usize), number: u64, text: u8) -> Result<u64, Refusal> {
        if self.check(at, number)? {
            let index = self.logs[at.0].len();
            self.logs[at.0].push(Said {
                user: at.1,
                number,
                text,
                is_deleted: false,
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

    fn delete(&mut self, at: (usize, usize), entry: u64) -> Outcome {
        let index = usize::try_from(entry).expect("entries are few here");
        let said = index
            .checked_sub(1)
            .and_then(|index| self.logs[at.0].get_mut(index));
        match said.filter(|said| said.user == at.1) {
            Some(said) => {
                said.is_deleted = true;
                Outcome::Done(Reply::Nothing)
            }
            None => Outcome::Refused(Refusal::NotPermitted),
        }
    }

    /// What is read behind an entry, within so many bytes, and at least one.
    fn read(&self, conversation: usize, after: u64, bytes: usize, users: &[User; 2]) -> Vec<Told> {
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
                said.is_deleted,
                content,
            ));
        }
        told
    }

    /// Whether a conversation has begun: the pair's does with the first message.
    fn has_begun(&self, conversation: usize) -> bool {
        conversation == 0 || !self.logs[conversation].is_empty()
    }

    /// What a Hello answers: which conversation it is about, where it starts, and the last numbers in those that it tells
    /// of.
    fn standings(&mut self, at: (usize, usize), entry: u64, text: u8) -> (usize, u64, Vec<u64>) {
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

type User = (AccountId, DeviceId);

/// A request for the store, and how its outcome is checked.
type Check = Box<dyn Fn(&Outcome) -> bool>;

fn translate(
    model: &mut Model,
    step: &Step,
    users: &[User; 2],
    conversations: [ConversationId; 2],
) -> Option<(Request, Check)> {
    match *step {
        Step::Append {
            user,
            conversation,
            offset,
            text,
        } => {
            let at = (conversation, user);
            let number = (model.last(at.0, at.1).len() as u64 + offset).saturating_sub(1);
            let request = append(
                users[user],
                conversations[conversation],
                number,
                &words(text),
            );
            let expected = model.append(at, number, text);
            let check: Check = Box::new(move |outcome| match (&expected, outcome) {
                (Ok(entry), Outcome::Done(Reply::Stored(stored))) => stored.entry.0 == *entry,
                (Err(expected), Outcome::Refused(refusal)) => expected == refusal,
                _ => false,
            });
            Some((request.into(), check))
        }
        Step::Void {
            user,
            conversation,
            offset,
        } => {
            let at = (conversation, user);
            let number = (model.last(at.0, at.1).len() as u64 + offset)
                .saturating_sub(1)
                .max(1);
            let expected = match model.check(at, number) {
                Ok(next) => {
                    if next && model.has_begun(conversation) {
                        model.last(at.0, at.1).push(None);
                    }
                    Outcome::Done(Reply::Nothing)
                }
                Err(refusal) => Outcome::Refused(refusal),
            };
            let request = void(users[user], conversations[conversation], number);
            Some((
                request.into(),
                Box::new(move |outcome| *outcome == expected),
            ))
        }
        Step::Read {
            user,
            conversation,
            after,
            count,
        } => {
            let expected = model.read(conversation, after, count * ENTRY_BYTES, users);
            let conversation = conversations[conversation];
            let request = read(users[user].0, conversation, after, count * ENTRY_BYTES);
            let check: Check = Box::new(move |outcome| match outcome {
                Outcome::Done(Reply::Entries { entries, .. }) => entries
                    .iter()
                    .map(|e| {
                        let is_deleted = e.deleted.is_some_and(|deleted| deleted.by == e.author);
                        (
                            e.entry,
                            e.prev,
                            e.author,
                            e.number,
                            is_deleted,
                            e.content.clone(),
                        )
                    })
                    .eq(expected.iter().cloned()),
                _ => false,
            });
            Some((request.into(), check))
        }
        Step::Delete {
            user,
            conversation,
            entry,
        } => {
            let expected = model.delete((conversation, user), entry);
            Some(delete(
                users[user].0,
                conversations[conversation],
                entry,
                expected,
            ))
        }
        Step::Hello {
            user,
            conversation,
            entry,
            text,
        } => {
            let place = (conversations[conversation], entry, text);
            let expected = model.standings((conversation, user), entry, text);
            Some(hello(users[user], place, expected))
        }
        Step::Flush | Step::Crash => None,
    }
}

fn delete(
    actor: AccountId,
    conversation: ConversationId,
    entry: u64,
    expected: Outcome,
) -> (Request, Check) {
    let request = Write::Delete {
        conversation,
        actor,
        entry: EntryId(entry),
        time_ms: 200,
    };
    let check: Check = Box::new(move |outcome| *outcome == expected);
    (request.into(), check)
}

fn hello(
    (account, device): User,
    (conversation, entry, text): (ConversationId, u64, u8),
    (index, start, last): (usize, u64, Vec<u64>),
) -> (Request, Check) {
    let request = Write::Hello {
        account,
        device,
        epoch: None,
        positions: vec![position(conversation, entry, &words(text))],
    };
    let check: Check = Box::new(move |outcome| match outcome {
        Outcome::Done(Reply::Hello { standings, .. }) => {
            standings[index].start.0 == start
                && standings
                    .iter()
                    .map(|it| it.last_number.0)
                    .eq(last.iter().copied())
        }
        _ => false,
    });
    (request.into(), check)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_model_does(steps in prop::collection::vec(step(), 1..60)) {
        let mut bench = Bench::new();
        let users = ["alice", "bob"].map(|name| bench.user(name));
        let pair = bench.resolve(users[0], "bob").conversation;
        let conversations = [ConversationId::EVERYONE, pair];
        let mut model = Model::default();
        let mut requests = Vec::new();
        let mut checks: Vec<Check> = Vec::new();
        for step in steps.iter().chain([&Step::Crash]) {
            if let Some((request, check)) = translate(&mut model, step, &users, conversations) {
                requests.push(request);
                checks.push(check);
                continue;
            }
            let asked = std::mem::take(&mut requests);
            let outcomes = bench.outcomes(asked.clone());
            for ((request, outcome), check) in asked.iter().zip(&outcomes).zip(checks.drain(..)) {
                prop_assert!(check(outcome), "{request:?} came to {outcome:?}");
            }
            if matches!(step, Step::Crash) {
                bench = bench.crash();
            }
        }
        let report = bench.engine.snapshots().check().expect("it can be read");
        prop_assert!(report.is_sound(), "{report:?}");
        for (index, name) in ["alice", "bob"].into_iter().enumerate() {
            for (conversation, id) in conversations.into_iter().enumerate() {
                let mark = model.marks.get(&(conversation, index)).copied().unwrap_or(0);
                let marks = bench.marks(users[0].0, id);
                let found = marks.iter().find(|(other, _)| other == name).map_or(0, |(_, mark)| *mark);
                prop_assert_eq!(found, mark);
            }
        }
    }
}
