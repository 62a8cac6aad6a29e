//! Files against a model of a few lines, over random sequences of requests, batches, checkpoints and crashes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{ask, blob, has, is_sound, keep, sweep};
use crate::protocol::ConversationId;
use crate::store::ops::files::upkeep::UNUSED_MS;
use crate::store::testing::{Bench, User, add_file, append, delete, say_file};
use crate::store::{BlobKey, Outcome, Request, RequestId};

/// Files that are kept no longer.
type Freed = BTreeSet<(usize, u8)>;

/// What may happen. Users are 0 and 1, conversations 0 (everyone) and 1 (the pair), files 0 to 2 of each user.
#[derive(Debug, Clone)]
enum Step {
    Add {
        user: usize,
        file: u8,
    },
    Attach {
        user: usize,
        conversation: usize,
        file: u8,
    },
    Say {
        user: usize,
        conversation: usize,
    },
    Delete {
        user: usize,
        conversation: usize,
        entry: usize,
    },
    Expire {
        messages: u64,
    },
    Sweep {
        is_late: bool,
        kept_ms: Option<u64>,
    },
    /// What came before is executed as one batch.
    Flush,
    Checkpoint,
    /// The power fails.
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let (user, conversation) = (0..2_usize, 0..2_usize);
    prop_oneof![
        4 => (user.clone(), 0..3_u8).prop_map(|(user, file)| Step::Add { user, file }),
        8 => (user.clone(), conversation.clone(), 0..3_u8).prop_map(
            |(user, conversation, file)| Step::Attach { user, conversation, file }
        ),
        1 => (user.clone(), conversation.clone())
            .prop_map(|(user, conversation)| Step::Say { user, conversation }),
        6 => (user, conversation, 1..12_usize).prop_map(
            |(user, conversation, entry)| Step::Delete { user, conversation, entry }
        ),
        1 => (1..6_u64).prop_map(|messages| Step::Expire { messages }),
        1 => (any::<bool>(), prop::option::of(1..200_u64))
            .prop_map(|(is_late, kept_ms)| Step::Sweep { is_late, kept_ms }),
        3 => Just(Step::Flush),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Crash),
    ]
}

/// What stands in the place of an entry.
#[derive(Clone, Copy)]
struct Said {
    user: usize,
    file: Option<u8>,
}

#[derive(Default)]
struct Model {
    /// Of each conversation; entry n is at n - 1.
    logs: [Vec<Said>; 2],
    floors: [usize; 2],
    /// The last number of each (conversation, user).
    numbers: BTreeMap<(usize, usize), u64>,
    /// The files that are there, and those that expired although entries have them.
    files: BTreeSet<(usize, u8)>,
}

impl Model {
    fn refs(&self, file: (usize, u8)) -> usize {
        let said = self.logs.iter().flatten();
        said.filter(|said| (said.user, said.file) == (file.0, Some(file.1)))
            .count()
    }

    /// Takes the file of an entry away; returns it if nothing else has it.
    fn detach(&mut self, conversation: usize, index: usize) -> Option<(usize, u8)> {
        let said = &mut self.logs[conversation][index];
        let file = (said.user, said.file.take()?);
        (self.refs(file) == 0 && self.files.remove(&file)).then_some(file)
    }

    /// The request of a step, whether it is done, and which files it frees.
    fn translate(
        &mut self,
        step: &Step,
        users: &[User; 2],
        ids: [ConversationId; 2],
    ) -> Option<(Request, bool, Freed)> {
        let none = BTreeSet::new();
        Some(match *step {
            Step::Add { user, file } => {
                self.files.insert((user, file));
                (
                    add_file(users[user].0, file, super::SIZE).into(),
                    true,
                    none,
                )
            }
            Step::Attach {
                user,
                conversation,
                file,
            } => {
                let number = self.numbers.entry((conversation, user)).or_default();
                let request = say_file(users[user], ids[conversation], *number + 1, file);
                let is_there = self.files.contains(&(user, file));
                if is_there {
                    *number += 1;
                    let file = Some(file);
                    self.logs[conversation].push(Said { user, file });
                }
                (request.into(), is_there, none)
            }
            Step::Say { user, conversation } => {
                let number = self.numbers.entry((conversation, user)).or_default();
                *number += 1;
                let file = None;
                self.logs[conversation].push(Said { user, file });
                let said = append(users[user], ids[conversation], *number, "tea?");
                (said.into(), true, none)
            }
            Step::Delete {
                user,
                conversation,
                entry,
            } => {
                let log = &self.logs[conversation];
                let is_there = self.floors[conversation] < entry
                    && log.get(entry - 1).is_some_and(|said| said.user == user);
                let freed = if is_there {
                    self.detach(conversation, entry - 1)
                } else {
                    None
                };
                let request = delete(users[user].0, ids[conversation], entry as u64);
                (request.into(), is_there, freed.into_iter().collect())
            }
            Step::Expire { messages } => {
                let mut freed = none;
                for conversation in 0..2 {
                    let kept = usize::try_from(messages).expect("it is small");
                    let floor = self.logs[conversation].len().saturating_sub(kept);
                    for index in self.floors[conversation]..floor {
                        freed.extend(self.detach(conversation, index));
                    }
                    self.floors[conversation] = floor.max(self.floors[conversation]);
                }
                (keep(messages).into(), true, freed)
            }
            Step::Sweep { is_late, kept_ms } => {
                // Each file came at 100.
                let now_ms = if is_late { 100 + UNUSED_MS } else { 200 };
                let is_old = kept_ms.is_some_and(|kept_ms| 100 + kept_ms <= now_ms);
                let over = |file: &(usize, u8)| is_old || (is_late && self.refs(*file) == 0);
                let freed: BTreeSet<_> = self.files.iter().copied().filter(over).collect();
                self.files.retain(|file| !freed.contains(file));
                (sweep(now_ms, kept_ms).into(), true, freed)
            }
            Step::Checkpoint => (Request::Checkpoint, true, none),
            Step::Flush | Step::Crash => return None,
        })
    }

    /// Whether the store gives the files that there are, and no others.
    fn is_told(&self, bench: &mut Bench, users: &[User; 2], ids: [ConversationId; 2]) {
        let mut bytes = 0;
        for file in [0, 1]
            .into_iter()
            .flat_map(|user| (0..3).map(move |file| (user, file)))
        {
            let (is_there, _, all) = has(bench, users[file.0].0, file.1);
            assert_eq!(is_there, self.files.contains(&file), "{file:?}");
            bytes = all;
        }
        assert_eq!(bytes, self.files.len() as u64 * super::SIZE);
        for (conversation, id) in ids.into_iter().enumerate() {
            for (said, entry) in self.logs[conversation].iter().zip(1..) {
                let given = ask(bench, users[0], (id, entry)).ok();
                let file = said
                    .file
                    .filter(|file| self.files.contains(&(said.user, *file)));
                let expected = file.map(|file| blob(users[said.user].0, file));
                assert_eq!(given, expected, "{id:?}, entry {entry}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn files_are_kept_and_freed_as_the_model_says(steps in prop::collection::vec(step(), 1..80)) {
        let mut bench = Bench::new();
        let users = ["alice", "bob"].map(|name| bench.user(name));
        let ids = [ConversationId::EVERYONE, bench.resolve(users[0], "bob").conversation];
        let mut model = Model::default();
        let (mut requests, mut expected) = (Vec::new(), Vec::new());
        for step in steps.iter().chain([&Step::Crash]) {
            if let Some((request, is_done, freed)) = model.translate(step, &users, ids) {
                requests.push((RequestId(0), request));
                expected.push((is_done, freed));
                continue;
            }
            for (completion, (is_done, freed)) in
                bench.engine.execute(std::mem::take(&mut requests)).into_iter().zip(expected.drain(..))
            {
                prop_assert_eq!(matches!(completion.outcome, Outcome::Done(_)), is_done);
                let blobs: BTreeSet<BlobKey> = completion.freed.into_iter().collect();
                let freed = freed.into_iter().map(|(user, file)| blob(users[user].0, file));
                prop_assert_eq!(blobs, freed.collect());
            }
            if matches!(step, Step::Crash) {
                bench = bench.crash();
                prop_assert_eq!(bench.engine.loss(), None);
                model.is_told(&mut bench, &users, ids);
            }
        }
        is_sound(&mut bench);
    }
}
