//! What the store's tests share: an engine on a disk in memory, and short ways to ask it.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};

use super::files::fault_disk::MemoryDisk;
use super::schema::buffer::Writing;
use super::{
    Account, Append, Completion, ConversationState, Engine, Entry, NewAccount, Outcome, Quota,
    Read, Refusal, Relation, Reply, Request, RequestId, Retention, StoredEntry, TicketHash, Write,
};
use crate::protocol::{
    Access, AccountId, Bytes, Change, ClientMessage, ConversationId, DeviceId, DeviceSeq, Digest,
    EntryBody, EntryId, EntryKind, FileRoot, Origin, Position, seal,
};
use crate::text::skeleton::skeleton;

/// An account on one of its devices.
pub(super) type User = (AccountId, DeviceId);

/// A store under test.
pub(super) struct Bench {
    pub(super) disk: MemoryDisk,
    pub(super) engine: Engine,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::on(MemoryDisk::new())
    }

    pub(super) fn on(disk: MemoryDisk) -> Self {
        let database = disk.files().expect("the disk holds a database or nothing");
        let again = disk.clone();
        let engine = Engine::new(database, [7; 32])
            .expect("the schema is this program's")
            .with_reopen(Box::new(move || {
                again
                    .files()
                    .map_err(|error| super::OpenError::Store(error.into()))
            }));
        Self { disk, engine }
    }

    /// The machine loses power and comes up again.
    pub(super) fn crash(self) -> Self {
        self.disk.crash();
        drop(self.engine);
        Self::on(self.disk)
    }

    /// Makes the checkpoint that is due by the clock, if something is to be written; whether there was one.
    pub(super) fn checkpoint_by_the_clock(&mut self) -> bool {
        let Some(checkpoint) = self.engine.begin_checkpoint(true) else {
            return false;
        };
        let written = checkpoint.write(&Writing::default());
        self.engine.end_checkpoint(written);
        true
    }

    pub(super) fn outcomes(&mut self, requests: Vec<impl Into<Request>>) -> Vec<Outcome> {
        let batch = requests
            .into_iter()
            .zip(0..)
            .map(|(request, id)| (RequestId(id), request.into()))
            .collect();
        let completions: Vec<Completion> = self.engine.execute(batch);
        completions
            .into_iter()
            .zip(0..)
            .map(|(completion, id)| {
                assert_eq!(completion.id, RequestId(id), "answers come in order");
                completion.outcome
            })
            .collect()
    }

    pub(super) fn ask(&mut self, request: impl Into<Request>) -> Outcome {
        self.outcomes(vec![request.into()]).remove(0)
    }

    pub(super) fn done(&mut self, request: impl Into<Request>) -> Reply {
        match self.ask(request) {
            Outcome::Done(reply) => reply,
            other => panic!("expected it to be done, not {other:?}"),
        }
    }

    pub(super) fn refused(&mut self, request: impl Into<Request>) -> Refusal {
        match self.ask(request) {
            Outcome::Refused(refusal) => refusal,
            other => panic!("expected a refusal, not {other:?}"),
        }
    }

    pub(super) fn account(&mut self, name: &str) -> Account {
        match self.done(Write::CreateAccount(new_account(name))) {
            Reply::Account(account) => account,
            other => panic!("expected an account, not {other:?}"),
        }
    }

    pub(super) fn device(&mut self, account: AccountId) -> DeviceId {
        let request = Write::OpenDevice {
            account,
            device: None,
            ticket: ticket(0),
            expires_ms: 1000,
        };
        match self.done(request) {
            Reply::Device { device, .. } => device,
            other => panic!("expected a device, not {other:?}"),
        }
    }

    pub(super) fn user(&mut self, name: &str) -> (AccountId, DeviceId) {
        let account = self.account(name).id;
        (account, self.device(account))
    }

    pub(super) fn resolve(&mut self, user: (AccountId, DeviceId), name: &str) -> ConversationState {
        match self.done(resolve(user, name)) {
            Reply::Resolved { standing, .. } => standing,
            other => panic!("expected a conversation, not {other:?}"),
        }
    }

    pub(super) fn say(
        &mut self,
        user: (AccountId, DeviceId),
        conversation: ConversationId,
        number: u64,
        text: &str,
    ) -> StoredEntry {
        match self.done(append(user, conversation, number, text)) {
            Reply::Stored(stored) => stored,
            other => panic!("expected it to be stored, not {other:?}"),
        }
    }

    pub(super) fn read(
        &mut self,
        reader: AccountId,
        conversation: ConversationId,
        after: u64,
    ) -> Vec<Entry> {
        match self.done(read(reader, conversation, after, usize::MAX)) {
            Reply::Entries { entries, .. } => entries,
            other => panic!("expected entries, not {other:?}"),
        }
    }

    pub(super) fn hello(
        &mut self,
        (account, device): (AccountId, DeviceId),
        positions: Vec<Position>,
    ) -> Vec<ConversationState> {
        let request = Write::Hello {
            account,
            device,
            epoch: None,
            positions,
        };
        match self.done(request) {
            Reply::Hello { standings, .. } => standings,
            other => panic!("expected standings, not {other:?}"),
        }
    }

    /// The marks of a conversation as (name, entry).
    pub(super) fn marks(
        &mut self,
        account: AccountId,
        conversation: ConversationId,
    ) -> Vec<(String, u64)> {
        let request = Read::Marks {
            conversation,
            account,
            named_max: u32::MAX,
        };
        match self.done(request) {
            Reply::Marks { marks, .. } => marks
                .into_iter()
                .map(|mark| (mark.name, mark.entry.0))
                .collect(),
            other => panic!("expected marks, not {other:?}"),
        }
    }
}

pub(super) fn new_account(name: &str) -> NewAccount {
    NewAccount {
        name: name.into(),
        skeleton: skeleton(name),
        record: vec![3; 192],
        credential_identifier: [4; 16],
        time_ms: 5,
    }
}

pub(super) fn ticket(byte: u8) -> TicketHash {
    TicketHash([byte; 32])
}

pub(super) fn resolve((account, device): (AccountId, DeviceId), name: &str) -> Read {
    Read::Resolve {
        account,
        device,
        name: name.into(),
    }
}

/// What refers to an entry.
pub(super) fn refer(
    user: User,
    conversation: ConversationId,
    number: u64,
    (kind, to, text): (EntryKind, u64, &str),
) -> Write {
    let Write::Append(said) = append(user, conversation, number, text) else {
        unreachable!("it is an append");
    };
    Write::Append(Append {
        relation: Some(Relation {
            kind,
            refers_to: EntryId(to),
        }),
        time_ms: 200,
        ..said
    })
}

pub(super) fn append(
    (author, device): (AccountId, DeviceId),
    conversation: ConversationId,
    number: u64,
    text: &str,
) -> Write {
    Write::Append(Append {
        conversation,
        author,
        device,
        number: DeviceSeq(number),
        digest: Digest::of(text.as_bytes()),
        content: text.into(),
        time_ms: 100,
        quota: Quota::default(),
        relation: None,
        has_file: false,
        key: None,
    })
}

/// The root of a file, of this one byte.
pub(super) const fn root(byte: u8) -> FileRoot {
    Bytes([byte; 32])
}

/// A file of so many bytes has come.
pub(super) fn add_file(account: AccountId, byte: u8, size: u64) -> Write {
    Write::AddFile {
        account,
        root: root(byte),
        size,
        time_ms: 100,
        quota: Quota::default(),
    }
}

/// A message with a file, as a client writes it.
pub(super) fn say_file(user: User, conversation: ConversationId, number: u64, byte: u8) -> Write {
    say_root(user, conversation, number, root(byte))
}

/// The same with any root.
pub(super) fn say_root(
    (author, device): User,
    conversation: ConversationId,
    number: u64,
    root: FileRoot,
) -> Write {
    let origin = Origin {
        conversation,
        device,
        number: DeviceSeq(number),
    };
    let body = EntryBody(vec![7; 9].into());
    let mut message = ClientMessage::entry(origin, (EntryKind::File, None), body);
    if let Some(entry) = &mut message.header.entry {
        entry.root = Some(root);
    }
    let (content, digest) = seal(&message);
    let Write::Append(said) = append((author, device), conversation, number, "") else {
        unreachable!("it is an append");
    };
    Write::Append(Append {
        digest,
        content,
        has_file: true,
        ..said
    })
}

pub(super) fn void(
    (account, device): (AccountId, DeviceId),
    conversation: ConversationId,
    number: u64,
) -> Write {
    Write::Void {
        conversation,
        account,
        device,
        number: DeviceSeq(number),
    }
}

pub(super) fn read(
    reader: AccountId,
    conversation: ConversationId,
    after: u64,
    max_bytes: usize,
) -> Read {
    Read::Entries {
        conversation,
        reader,
        after: EntryId(after),
        max_bytes,
    }
}

pub(super) fn position(conversation: ConversationId, entry: u64, text: &str) -> Position {
    Position {
        conversation,
        entry: EntryId(entry),
        digest: Digest::of(text.as_bytes()),
    }
}

/// One step of a pass of retention that keeps so many last messages of each conversation.
pub(super) fn expire(bench: &mut Bench, messages: u64) {
    let keep = Retention {
        messages: Some(messages),
        ..Retention::default()
    };
    bench.done(Write::Expire {
        from: ConversationId(0),
        keep,
        now_ms: 1000,
    });
}

/// The same message under an idempotency key.
pub(super) fn under_key(said: Write, key: u64) -> Write {
    let Write::Append(append) = said else {
        unreachable!("it is an append");
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&key.to_le_bytes());
    Write::Append(Append {
        key: Some(bytes),
        ..append
    })
}

/// Joins a room, which may be made and is public then.
pub(super) fn join((account, device): User, name: &str) -> Write {
    Write::Join {
        account,
        device,
        name: name.into(),
        skeleton: skeleton(name),
        access: Access::Public,
        may_make: true,
        time_ms: 100,
    }
}

pub(super) fn leave(user: User, conversation: ConversationId) -> Write {
    Write::Leave {
        conversation,
        account: user.0,
        time_ms: 100,
    }
}

pub(super) fn change(user: User, conversation: ConversationId, change: Change) -> Write {
    Write::ChangeRoom {
        conversation,
        actor: user.0,
        change,
        time_ms: 100,
    }
}

pub(super) const fn delete(actor: AccountId, conversation: ConversationId, entry: u64) -> Write {
    Write::Delete {
        conversation,
        actor,
        entry: EntryId(entry),
        time_ms: 200,
    }
}

/// Has the power fail at every write of some work on a copy of this disk, each time in four ways: of what was not synced nothing is
/// there, or all, or any sectors of it. `work` returns what it was told, and whether it came to its end; `found` gets the
/// store as it starts then. Returns how often the work was cut short.
pub(super) fn fail_at_every_write<T>(
    disk: &MemoryDisk,
    mut work: impl FnMut(&mut Bench, &str) -> (T, bool),
    mut found: impl FnMut(Bench, T, &str),
) -> u32 {
    let mut failures = 0;
    for successes in 0.. {
        let mut is_through = false;
        for seed in 0..4 {
            let what = format!("after {successes} writes, seed {seed}");
            let mut bench = Bench::on(disk.copy());
            bench.disk.fail_after(Some(successes));
            let told;
            (told, is_through) = work(&mut bench, &what);
            failures += u32::from(!is_through);
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            match seed {
                0 => bench.disk.crash(),
                1 => bench.disk.crash_keeping(|_| true),
                _ => bench
                    .disk
                    .crash_tearing(|| rng.next_u32().is_multiple_of(2)),
            }
            drop(bench.engine);
            found(Bench::on(bench.disk), told, &what);
        }
        if is_through {
            break;
        }
    }
    failures
}
