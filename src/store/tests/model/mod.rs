//! The store against a model of a few lines, over random sequences of requests, batches and crashes.

mod logs;

use proptest::prelude::*;

use super::super::testing::{Bench, append, position, read, refer, void};
use super::super::{Outcome, Refusal, Reply, Request, Write};
use crate::protocol::{AccountId, ConversationId, DeviceId, EntryId, EntryKind};
use logs::{ENTRY_BYTES, Model};

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
    /// Refers to an entry, under the number that is due.
    Refer {
        user: usize,
        conversation: usize,
        kind: EntryKind,
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
        5 => (user.clone(), conversation.clone(), kind(), 0..8_u64).prop_map(
            |(user, conversation, kind, entry)| Step::Refer { user, conversation, kind, entry }
        ),
        2 => (user, conversation, 0..12_u64, 0..2_u8).prop_map(
            |(user, conversation, entry, text)| Step::Hello { user, conversation, entry, text }
        ),
        2 => Just(Step::Flush),
        1 => Just(Step::Crash),
    ]
}

fn kind() -> impl Strategy<Value = EntryKind> {
    let kinds = [
        EntryKind::Text,
        EntryKind::Edit,
        EntryKind::React,
        EntryKind::Delete,
    ];
    (0..kinds.len()).prop_map(move |index| kinds[index])
}

fn words(text: u8) -> String {
    format!("text {text}")
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
            let expected = model.append(at, number, text, None);
            Some((request.into(), is_stored(expected)))
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
                        let deleted_by = e.deleted.map(|deleted| deleted.by);
                        let content = e.content.clone();
                        (e.entry, e.prev, e.author, e.number, deleted_by, content)
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
        Step::Refer {
            user,
            conversation,
            kind,
            entry,
        } => {
            let (number, expected) = model.refer((conversation, user), (kind, entry));
            let about = (kind, entry, &*words(0));
            let request = refer(users[user], conversations[conversation], number, about);
            Some((request.into(), is_stored(expected)))
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

/// An entry is stored here, or refused for such a reason; in which words is not looked at.
fn is_stored(expected: Result<u64, Refusal>) -> Check {
    Box::new(move |outcome| match (&expected, outcome) {
        (Ok(entry), Outcome::Done(Reply::Stored(stored))) => stored.entry.0 == *entry,
        (Err(Refusal::Expect(expected)), Outcome::Refused(refusal)) => {
            *refusal == Refusal::Expect(*expected)
        }
        (Err(expected), Outcome::Refused(refusal)) => {
            std::mem::discriminant(expected) == std::mem::discriminant(refusal)
        }
        _ => false,
    })
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
