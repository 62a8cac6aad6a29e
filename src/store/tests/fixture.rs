//! A database with something in every table: what the tests of damage, of salvage and of migrations begin with.

use rand_core::RngCore as _;

use super::super::testing::{Bench, User, append, change, join, leave, read, under_key};
use super::super::{
    Account, ConversationState, Entry, Outcome, Read, Reply, Request, Retention, Write,
};
use crate::protocol::{
    Access, AccountId, Change, ConversationId, DeviceId, EventKind, MemberRole, Room,
};
use crate::store::files::fault_disk::MemoryDisk;

/// How many accounts there are.
pub(super) const USERS: u64 = 8;

/// How many messages stand in each conversation.
const SAID: u64 = 30;

/// What an account was told of a conversation.
type Told<T> = (ConversationId, AccountId, Vec<T>);

/// What the database answered when it was well.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Truth {
    pub(super) accounts: Vec<Account>,
    pub(super) users: Vec<User>,
    /// What each conversation's readers read.
    pub(super) logs: Vec<Told<Entry>>,
    /// Each account's standings, of a device that has received nothing.
    pub(super) standings: Vec<Vec<ConversationState>>,
    /// Each account's rooms.
    pub(super) rooms: Vec<Vec<Room>>,
    /// The names of each room's members, and what they may do.
    pub(super) members: Vec<Told<(String, MemberRole)>>,
    /// How far each member of a conversation has received.
    pub(super) marks: Vec<Told<(String, u64)>>,
    pub(super) retained: Vec<(String, Retention)>,
    pub(super) secret: Vec<u8>,
}

/// A request of a change of a room.
fn about(kind: EventKind, subject: Option<&str>, text: Option<&str>) -> Change {
    Change {
        kind,
        subject: subject.map(Into::into),
        text: text.map(Into::into),
        role: None,
        access: None,
    }
}

fn said(number: u64, conversation: ConversationId) -> String {
    format!("{number} in {}: {}", conversation.0, "x".repeat(200))
}

/// Eight accounts, one of them with two devices; pairs, two rooms, one of them private, with topics, roles, an
/// invitation, one who has left and one who was kicked; marks, limits and a secret.
pub(super) fn populated() -> (MemoryDisk, Truth) {
    let mut bench = Bench::new();
    secret(&mut bench);
    let users: Vec<User> = (0..USERS)
        .map(|n| bench.user(&format!("user{n}")))
        .collect();
    bench.device(users[0].0);
    let mut conversations = vec![ConversationId::EVERYONE];
    for pair in 1..USERS {
        conversations.push(bench.resolve(users[0], &format!("user{pair}")).conversation);
    }
    for (name, guests) in [("#bridge", 1..6), ("#galley", 1..3)] {
        let Reply::Joined(joined) = bench.done(join(users[0], name)) else {
            panic!("the room is made");
        };
        let room = joined.standing.conversation;
        for guest in guests {
            bench.done(join(users[guest], name));
        }
        let topic = about(EventKind::Topic, None, Some("what it is about"));
        bench.done(change(users[0], room, topic));
        conversations.push(room);
    }
    let (bridge, galley) = (conversations[8], conversations[9]);
    let private = Change {
        access: Some(Access::Private),
        ..about(EventKind::Access, None, None)
    };
    let promoted = Change {
        role: Some(MemberRole::Moderator),
        ..about(EventKind::Role, Some("user2"), None)
    };
    for (room, request) in [
        (galley, private),
        (bridge, promoted),
        (galley, about(EventKind::Invited, Some("user7"), None)),
        (
            bridge,
            about(EventKind::Kicked, Some("user5"), Some("noise")),
        ),
    ] {
        bench.done(change(users[0], room, request));
    }
    bench.done(leave(users[4], bridge));
    for number in 1..=SAID {
        let says = conversations.iter().map(|id| {
            let said = append(users[0], *id, number, &said(number, *id));
            if number > 3 {
                return said;
            }
            under_key(said, id.0 * SAID + number)
        });
        let outcomes = bench.outcomes(says.collect());
        assert!(outcomes.iter().all(|one| matches!(one, Outcome::Done(_))));
    }
    let mark = |id: &ConversationId| (*id, users[1].0, crate::protocol::EntryId(9));
    bench.done(Write::Advance {
        marks: [0, 1, 8].iter().map(|n| mark(&conversations[*n])).collect(),
        seen: vec![(users[1].0, 77)],
    });
    for (name, days) in [("everyone", 30), ("#bridge", 0)] {
        bench.done(Write::Retain {
            name: name.into(),
            keep: Retention {
                days: Some(days),
                ..Retention::default()
            },
        });
    }
    let truth = ask_all(&mut bench, users, &conversations);
    (bench.disk.clone(), truth)
}

fn secret(bench: &mut Bench) -> Vec<u8> {
    let made = bench.engine.secret("a key", |rng| {
        let mut key = vec![0; 32];
        rng.fill_bytes(&mut key);
        key
    });
    made.expect("the disk is well")
}

fn ask_all(bench: &mut Bench, users: Vec<User>, conversations: &[ConversationId]) -> Truth {
    let mut truth = Truth {
        accounts: Vec::new(),
        logs: Vec::new(),
        standings: Vec::new(),
        rooms: Vec::new(),
        members: Vec::new(),
        marks: Vec::new(),
        retained: Vec::new(),
        secret: secret(bench),
        users,
    };
    for request in truth.questions(conversations) {
        let outcome = bench.ask(request.clone());
        truth.put(&request, outcome);
    }
    truth
}

impl Truth {
    /// Everything that can be asked.
    pub(super) fn questions(&self, conversations: &[ConversationId]) -> Vec<Request> {
        let mut questions = vec![Request::from(Read::ListRetained), Read::ListAccounts.into()];
        let reader = self.users[0].0;
        for (account, _) in &self.users {
            questions.push(hello(*account).into());
            let rooms = Read::Rooms {
                account: *account,
                own: true,
                public: Vec::new(),
            };
            questions.push(rooms.into());
        }
        for conversation in conversations {
            let (conversation, account) = (*conversation, reader);
            questions.push(read(account, conversation, 0, usize::MAX).into());
            let marks = Read::Marks {
                conversation,
                account,
                named_max: u32::MAX,
            };
            questions.push(marks.into());
        }
        for conversation in &conversations[conversations.len() - 2..] {
            let members = Read::Members {
                conversation: *conversation,
                account: reader,
            };
            questions.push(members.into());
        }
        questions
    }

    fn put(&mut self, request: &Request, outcome: Outcome) {
        let Outcome::Done(reply) = outcome else {
            panic!("{request:?}: {outcome:?}");
        };
        match (request, reply) {
            (_, Reply::Accounts { accounts, .. }) => self.accounts = accounts,
            (_, Reply::Retained(retained)) => self.retained = retained,
            (_, Reply::Hello { standings, .. }) => self.standings.push(standings),
            (_, Reply::Rooms(rooms)) => self.rooms.push(rooms),
            (
                Request::Read(Read::Entries {
                    conversation,
                    reader,
                    ..
                }),
                Reply::Entries { entries, .. },
            ) => self.logs.push((*conversation, *reader, entries)),
            (
                Request::Read(Read::Marks {
                    conversation,
                    account,
                    ..
                }),
                Reply::Marks { marks, .. },
            ) => {
                let marks = marks.into_iter().map(|mark| (mark.name, mark.entry.0));
                self.marks.push((*conversation, *account, marks.collect()));
            }
            (
                Request::Read(Read::Members {
                    conversation,
                    account,
                }),
                Reply::Members { members, .. },
            ) => {
                let members = members.into_iter().map(|member| (member.name, member.role));
                self.members
                    .push((*conversation, *account, members.collect()));
            }
            (request, reply) => panic!("{request:?} was answered {reply:?}"),
        }
    }

    /// What a database answers that holds the same: for comparing.
    pub(super) fn asked_again(&self, bench: &mut Bench) -> Truth {
        let conversations: Vec<_> = self.logs.iter().map(|(id, _, _)| *id).collect();
        ask_all(bench, self.users.clone(), &conversations)
    }
}

/// Where a device stands that is known and has received nothing.
pub(super) fn hello(account: AccountId) -> Write {
    Write::Hello {
        account,
        device: DeviceId(1),
        epoch: None,
        positions: Vec::new(),
    }
}

#[test]
fn nothing_is_wrong_with_the_fixture_and_it_answers_alike_twice() {
    let (disk, truth) = populated();
    let mut bench = Bench::on(disk);
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
    let again = truth.asked_again(&mut bench);
    assert_eq!(again, truth);
}
