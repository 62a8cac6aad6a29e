//! A room against a model of a few lines: random requests, each asked again whenever a failing disk or a loss of power
//! leaves it unknown whether it was done.

use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use crate::protocol::{Access, Change, ConversationId, EntryId, EventKind};
use crate::store::testing::{Bench, User, append, change, join, leave};
use crate::store::{Outcome, Read, Refusal, Reply, Write};

/// How many seeds are run. Chosen: a few seconds on two cores.
const SEEDS: u64 = 60;

/// How many requests are made with each. Chosen: several memberships for each of the users.
const STEPS: usize = 60;

const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

#[derive(Debug, Clone, Copy)]
struct Span {
    since: u64,
    until: Option<u64>,
    owner: bool,
    kicked_by: Option<usize>,
}

/// What each request is expected to come to: the entry of a message, or nothing to compare.
type Expected = Result<Option<u64>, Refusal>;

#[derive(Default)]
struct Model {
    private: bool,
    /// The author of each entry; entry n is at n - 1.
    log: Vec<usize>,
    spans: BTreeMap<usize, Span>,
    invited: BTreeSet<usize>,
    /// How many messages each has said.
    numbers: [u64; NAMES.len()],
    /// How many invitations stand in the log of each pair, the lower user first.
    invitations: BTreeMap<(usize, usize), usize>,
}

impl Model {
    fn current(&self, user: usize) -> Option<Span> {
        let span = self.spans.get(&user).copied();
        span.filter(|span| span.until.is_none())
    }

    fn head(&self) -> u64 {
        self.log.len() as u64
    }

    fn join(&mut self, user: usize) -> Expected {
        if self.current(user).is_some() {
            return Ok(None);
        }
        let empty = self.spans.values().all(|span| span.until.is_some());
        let back = empty && (self.log.is_empty() || self.spans.contains_key(&user));
        if self.private && !back && !self.invited.contains(&user) {
            return Err(Refusal::NotInvited);
        }
        self.invited.remove(&user);
        let span = Span {
            since: self.head(),
            until: None,
            owner: empty,
            kicked_by: None,
        };
        self.spans.insert(user, span);
        self.log.push(user);
        Ok(None)
    }

    fn end(&mut self, user: usize, by: usize) {
        self.log.push(by);
        let until = Some(self.head());
        let span = self.spans.get_mut(&user).expect("it is a member");
        span.until = until;
        span.owner = false;
        span.kicked_by = (by != user).then_some(by);
    }

    fn leave(&mut self, user: usize) {
        if self.current(user).is_some() {
            self.end(user, user);
            let left = self.spans.values_mut().filter(|span| span.until.is_none());
            let mut left: Vec<_> = left.collect();
            left.sort_by_key(|span| span.since);
            if left.iter().all(|span| !span.owner)
                && let Some(heir) = left.first_mut()
            {
                heir.owner = true;
            }
        }
    }

    fn kick(&mut self, actor: usize, subject: usize) -> Expected {
        let acting = self.current(actor).ok_or(Refusal::NotPermitted)?;
        let span = *self.spans.get(&subject).ok_or(Refusal::NotAMember)?;
        if span.until.is_some() {
            let repeated = span.kicked_by == Some(actor);
            return repeated.then_some(None).ok_or(Refusal::NotAMember);
        }
        if actor == subject || !acting.owner {
            return Err(Refusal::NotPermitted);
        }
        self.end(subject, actor);
        Ok(None)
    }

    fn invite(&mut self, actor: usize, subject: usize) -> Expected {
        let acting = self.current(actor).ok_or(Refusal::NotPermitted)?;
        if self.invited.contains(&subject) || self.current(subject).is_some() {
            return Ok(None);
        }
        if self.private && !acting.owner {
            return Err(Refusal::NotPermitted);
        }
        self.invited.insert(subject);
        let pair = (actor.min(subject), actor.max(subject));
        *self.invitations.entry(pair).or_default() += 1;
        Ok(None)
    }

    fn say(&mut self, user: usize) -> Expected {
        self.current(user).ok_or(Refusal::NotPermitted)?;
        self.numbers[user] += 1;
        self.log.push(user);
        Ok(Some(self.head()))
    }

    /// The entries that a user may read, with their authors.
    fn readable(&self, user: usize) -> Vec<(u64, usize)> {
        let Some(span) = self.spans.get(&user) else {
            return Vec::new();
        };
        (1..)
            .zip(self.log.iter().copied())
            .filter(|(entry, _)| *entry > span.since && *entry <= span.until.unwrap_or(u64::MAX))
            .collect()
    }
}

fn about(kind: EventKind, subject: usize) -> Change {
    Change {
        kind,
        subject: Some(NAMES[subject].into()),
        text: None,
        role: None,
        access: None,
    }
}

/// Asks until it is known what came of it: on a disk that may fail, and a machine that may lose power.
fn insist(mut bench: Bench, rng: &mut ChaCha20Rng, request: &Write) -> (Bench, Outcome) {
    loop {
        let fault = rng.next_u32() % 4;
        if fault != 0 {
            bench.disk.fail_after(Some(u64::from(rng.next_u32() % 24)));
        }
        let outcome = bench.ask(request.clone());
        bench.disk.fail_after(None);
        if fault == 1 {
            bench
                .disk
                .crash_keeping(|_| rng.next_u32().is_multiple_of(2));
            bench = bench.crash();
        } else if bench.engine.is_broken() {
            bench.engine.recover().expect("the disk is healed");
        }
        if outcome != Outcome::Unknown {
            return (bench, outcome);
        }
    }
}

/// What a reader finds, forwards and backwards.
fn check_readers(bench: &mut Bench, model: &Model, users: &[User], room: ConversationId) {
    for (user, (account, _)) in users.iter().enumerate() {
        if !model.spans.contains_key(&user) {
            continue;
        }
        let read = bench.read(*account, room, 0);
        let found = read.iter().map(|entry| {
            let author = users.iter().position(|(id, _)| *id == entry.author);
            (entry.entry.0, author.expect("one of them"))
        });
        assert_eq!(found.collect::<Vec<_>>(), model.readable(user));
        let back = bench.done(Read::History {
            conversation: room,
            reader: *account,
            before: EntryId(u64::MAX),
            max_entries: usize::MAX,
            max_bytes: usize::MAX,
        });
        let all = Reply::History {
            entries: read,
            more: false,
        };
        assert_eq!(back, all);
    }
}

#[test]
fn a_room_does_what_the_model_does_over_every_failure() {
    for seed in 0..SEEDS {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut bench = Bench::new();
        let users = NAMES.map(|name| bench.user(name));
        let mut model = Model {
            private: seed % 2 == 1,
            ..Model::default()
        };
        let enter = |user: usize| {
            let mut request = join(users[user], "#bridge");
            if let Write::Join { access, .. } = &mut request
                && seed % 2 == 1
            {
                *access = Access::Private;
            }
            request
        };
        let Reply::Joined(made) = bench.done(enter(0)) else {
            panic!("expected a membership");
        };
        model.join(0).expect("it is the first");
        let room = made.standing.conversation;
        for step in 0..STEPS {
            let mut pick = || usize::try_from(rng.next_u32() % 4).expect("it is small");
            let (actor, subject) = (pick(), pick());
            let (request, expected) = match rng.next_u32() % 8 {
                0 | 1 => (enter(actor), model.join(actor)),
                2 => {
                    model.leave(actor);
                    (leave(users[actor], room), Ok(None))
                }
                3 => (
                    change(users[actor], room, about(EventKind::Kicked, subject)),
                    model.kick(actor, subject),
                ),
                4 => (
                    change(users[actor], room, about(EventKind::Invited, subject)),
                    model.invite(actor, subject),
                ),
                _ => {
                    let number = model.numbers[actor] + 1;
                    (append(users[actor], room, number, "x"), model.say(actor))
                }
            };
            let outcome;
            (bench, outcome) = insist(bench, &mut rng, &request);
            let fits = match (&expected, &outcome) {
                (Ok(Some(entry)), Outcome::Done(Reply::Stored(stored))) => stored.entry.0 == *entry,
                (Ok(None), Outcome::Done(_)) => true,
                (Err(refusal), Outcome::Refused(found)) => refusal == found,
                _ => false,
            };
            assert!(
                fits,
                "seed {seed}, step {step}: {request:?} came to {outcome:?}, not {expected:?}"
            );
            check_readers(&mut bench, &model, &users, room);
        }
        for ((low, high), count) in &model.invitations {
            let pair = bench.resolve(users[*low], NAMES[*high]).conversation;
            let log = bench.read(users[*low].0, pair, 0);
            assert_eq!(log.len(), *count, "seed {seed}: each invitation once");
        }
    }
}
