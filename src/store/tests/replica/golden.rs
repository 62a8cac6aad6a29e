//! What the records of a cluster's log mean: servers of two versions that follow one log must come to the same.
//!
//! The hashes here were recorded. Where one changes, a write has other bytes or comes to something else than in versions before:
//! then a cluster cannot be updated one server after the other, and its servers would stop when they notice.

use crate::protocol::{
    Access, AccountId, AccountRole, Change, ConversationId, DeviceId, EntryId, EntryKind, EventKind,
};
use crate::store::testing::{
    Bench, append, change, delete, join, leave, new_account, refer, ticket, under_key, void,
};
use crate::store::{
    Audited, Ban, BanSubject, Completion, CompletionBox, DeviceUse, LogOf, Outcome, Quota,
    RequestId, Retention, Write, encode_shared,
};

const EVERYONE: ConversationId = ConversationId(1);
const ROOM: ConversationId = ConversationId(2);
const ALICE: (AccountId, DeviceId) = (AccountId(1), DeviceId(1));
const BOB: (AccountId, DeviceId) = (AccountId(2), DeviceId(2));

fn open(account: AccountId) -> Write {
    Write::OpenDevice {
        account,
        device: None,
        ticket: ticket(1),
        expires_ms: 9_000_000,
    }
}

/// The log: its records.
fn records() -> Vec<Vec<Write>> {
    vec![
        vec![
            Write::CreateAccount(new_account("alice")),
            Write::CreateAccount(new_account("bob")),
            Write::CreateAccount(new_account("alice")),
        ],
        vec![open(ALICE.0), open(BOB.0)],
        vec![join(ALICE, "#bridge"), join(BOB, "#bridge")],
        conversation(),
        of_rooms(),
        of_devices(),
        administration(),
        upkeep(),
    ]
}

fn conversation() -> Vec<Write> {
    vec![
        append(ALICE, EVERYONE, 1, "tea?"),
        append(BOB, EVERYONE, 1, "tea!"),
        // Once more, and with a number left out.
        append(BOB, EVERYONE, 1, "tea!"),
        append(BOB, EVERYONE, 3, "milk"),
        void(BOB, EVERYONE, 2),
        under_key(append(BOB, EVERYONE, 3, "milk"), 77),
        under_key(append(BOB, EVERYONE, 4, "milk"), 77),
        refer(BOB, EVERYONE, 4, (EntryKind::React, 1, "+1")),
        delete(ALICE.0, EVERYONE, 1),
        delete(BOB.0, EVERYONE, 4711),
        Write::Advance {
            marks: vec![(EVERYONE, BOB.0, EntryId(2)), (ROOM, BOB.0, EntryId(1))],
            seen: vec![(ALICE.0, 500), (BOB.0, 600)],
        },
        Write::Read {
            reads: vec![(EVERYONE, BOB.0, EntryId(2))],
        },
        Write::Mute {
            conversation: EVERYONE,
            account: ALICE.0,
            until_ms: 700,
        },
    ]
}

fn of_rooms() -> Vec<Write> {
    let topic = Change {
        kind: EventKind::Topic,
        subject: None,
        text: Some("tea".into()),
        role: None,
        access: None,
    };
    vec![
        append(ALICE, ROOM, 1, "here"),
        change(ALICE, ROOM, topic),
        leave(BOB, ROOM),
        append(BOB, ROOM, 1, "gone"),
        Write::SetAccess {
            name: "#bridge".into(),
            access: Access::Private,
            time_ms: 300,
        },
        Write::Block {
            account: ALICE.0,
            name: "bob".into(),
            is_blocking: true,
        },
    ]
}

fn of_devices() -> Vec<Write> {
    let resume = |used, successor, now_ms| Write::Resume {
        account: ALICE.0,
        device: ALICE.1,
        ticket: ticket(used),
        successor: ticket(successor),
        now_ms,
        expires_ms: 9_000_000,
        attempt: now_ms,
    };
    vec![
        resume(1, 2, 400),
        resume(1, 3, 401),
        resume(9, 4, 402),
        // An earlier attempt comes late.
        resume(1, 4, 399),
        Write::NoteUses(vec![DeviceUse {
            account: ALICE.0,
            device: ALICE.1,
            time_ms: 450,
            address: None,
        }]),
        Write::RevokeTickets {
            account: BOB.0,
            device: BOB.1,
        },
        Write::AddFile {
            account: ALICE.0,
            root: crate::protocol::Bytes([5; 32]),
            size: 100,
            time_ms: 450,
            quota: Quota {
                account_bytes: Some(1 << 20),
                all_bytes: None,
            },
        },
    ]
}

fn administration() -> Vec<Write> {
    let audited = |write| {
        Write::Audited(Audited {
            by: None,
            time_ms: 800,
            write: Box::new(write),
        })
    };
    vec![
        audited(Write::SetRole {
            account: ALICE.0,
            role: AccountRole::Administrator,
        }),
        audited(Write::Rename {
            account: BOB.0,
            name: "robert".into(),
            skeleton: "robert".into(),
        }),
        audited(Write::Ban {
            subject: BanSubject::Account(BOB.0),
            ban: Ban {
                until_ms: None,
                reason: "spam".into(),
                since_ms: 800,
            },
        }),
        audited(Write::Announce {
            author: None,
            text: "tea at four".into(),
            time_ms: 800,
        }),
        Write::DeleteEntry {
            log: LogOf::Everyone,
            entry: EntryId(2),
            time_ms: 900,
        },
        audited(Write::DeleteAccount {
            account: BOB.0,
            proved: None,
            time_ms: 900,
        }),
    ]
}

fn upkeep() -> Vec<Write> {
    let keep = Retention {
        messages: Some(2),
        ..Retention::default()
    };
    vec![
        Write::Retain {
            name: "#bridge".into(),
            keep,
        },
        Write::Expire {
            from: ConversationId(0),
            keep: Retention::default(),
            now_ms: 1_000_000,
        },
    ]
}

#[test]
fn log_means_what_it_meant() {
    let mut bench = Bench::new();
    let state = bench.engine.found_cluster().unwrap().clone();
    let mut bytes = blake3::Hasher::new();
    let mut outcomes = Vec::new();
    for writes in records() {
        for write in &writes {
            bytes.update(&encode_shared(write));
        }
        let ask = |write: Write| Completion::new(RequestId(0), write.into(), Outcome::Unknown);
        let mut record: Vec<CompletionBox> =
            writes.into_iter().map(|write| ask(write).into()).collect();
        bench.engine.apply(&mut record, |_| state.clone()).unwrap();
        let short = |outcome: &Outcome| match outcome {
            Outcome::Done(_) => '+',
            Outcome::Refused(_) => '-',
            Outcome::Unknown => '?',
        };
        outcomes.push(
            record
                .iter()
                .map(|done| short(&done.outcome))
                .collect::<String>(),
        );
    }
    assert!(bench.checkpoint_by_the_clock());
    let hash = bench.engine.snapshots().state_hash().unwrap();
    let hash = blake3::Hash::from_bytes(hash).to_hex();
    let found = [
        outcomes.join(" "),
        bytes.finalize().to_hex()[..16].to_owned(),
        hash[..16].to_owned(),
    ];
    assert_eq!(found, GOLDEN);
}

const GOLDEN: [&str; 3] = [
    "+++ ++ ++ +++-++-++-+++ +++-++ ++--+++ ++++++ ++",
    "0ee1f27196357b69",
    "0b5997023a421cce",
];
